//===- Memory.cpp - memory of an OpenCL device ------------------------------===//
//
// Owns allocation and its limits.
//
//===------------------------------------------------------------------------===//
#include "Memory.h"

#include "Status.h"

#include <cinttypes>

namespace tenon::opencl {

static std::atomic<uint64_t> lastSerial = 0;

/// Drivers say so in several ways.
static bool isOutOfMemory(cl_int code) {
  return code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES || code == CL_OUT_OF_HOST_MEMORY ||
         code == CL_INVALID_BUFFER_SIZE;
}

static Status allocationFailure(ClDevice &device, uint64_t bytes, cl_int code) {
  if (!isOutOfMemory(code))
    return failure(code, "allocate %" PRIu64 " bytes on %s", bytes, device.info().name.c_str());
  const char *name = codeName(code);
  return error(tnErrorMemoryAllocation,
               "allocate %" PRIu64 " bytes on %s: the driver has no memory left (%s), %" PRIu64 " of %" PRIu64
               " bytes are in use",
               bytes, device.info().name.c_str(), name, device.used(), device.info().totalMemory);
}

static Status checkSize(const DeviceInfo &info, uint64_t bytes) {
  if (bytes > info.maxAllocation)
    return error(tnErrorMemoryAllocation,
                 "allocate %" PRIu64 " bytes on %s: the device allows %" PRIu64 " in one allocation", bytes,
                 info.name.c_str(), info.maxAllocation);
  return {};
}

ClBuffer::ClBuffer(ClDevice &device, cl_mem object, uint64_t bytes)
    : device(device), object(object), number(lastSerial.fetch_add(1, std::memory_order_relaxed) + 1) {
  size = bytes;
}

Status ClBuffer::make(ClDevice &device, uint64_t bytes, std::unique_ptr<Buffer> &buffer) {
  const DeviceInfo &info = device.info();
  TENON_TRY(checkSize(info, bytes));
  if (!device.reserve(bytes))
    return error(tnErrorMemoryAllocation,
                 "allocate %" PRIu64 " bytes on %s: %" PRIu64 " of %" PRIu64 " bytes are in use", bytes,
                 info.name.c_str(), device.used(), info.totalMemory);

  const Api &cl = device.cl;
  cl_int code = CL_SUCCESS;
  cl_mem object = cl.CreateBuffer(device.context, CL_MEM_READ_WRITE, bytes, nullptr, &code);
  if (code != CL_SUCCESS) {
    device.unreserve(bytes);
    return allocationFailure(device, bytes, code);
  }
  // Many drivers allocate at the first use, when an error could only come out of a launch.
  std::unique_ptr<ClBuffer> made(new ClBuffer(device, object, bytes));
  code = cl.EnqueueMigrateMemObjects(device.housekeeping(), 1, &object, CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED, 0,
                                     nullptr, nullptr);
  if (code == CL_SUCCESS)
    code = cl.Finish(device.housekeeping());
  if (code != CL_SUCCESS)
    return allocationFailure(device, bytes, code);
  buffer = std::move(made);
  return {};
}

ClBuffer::~ClBuffer() {
  device.cl.ReleaseMemObject(object);
  device.unreserve(size);
}

ClHostBuffer::ClHostBuffer(ClDevice &device, cl_mem object, void *mapped, uint64_t bytes)
    : device(device), object(object) {
  size = bytes;
  address = mapped;
}

Status ClHostBuffer::make(ClDevice &device, uint64_t bytes, std::unique_ptr<Buffer> &buffer) {
  TENON_TRY(checkSize(device.info(), bytes).in("pinned memory"));
  const Api &cl = device.cl;
  cl_int code = CL_SUCCESS;
  cl_mem object = cl.CreateBuffer(device.context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes, nullptr, &code);
  if (code != CL_SUCCESS)
    return allocationFailure(device, bytes, code).in("pinned memory");
  void *mapped = cl.EnqueueMapBuffer(device.housekeeping(), object, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes, 0,
                                     nullptr, nullptr, &code);
  if (code == CL_SUCCESS && !mapped)
    code = CL_MAP_FAILURE;
  if (code != CL_SUCCESS) {
    cl.ReleaseMemObject(object);
    return allocationFailure(device, bytes, code).in("pinned memory");
  }
  buffer.reset(new ClHostBuffer(device, object, mapped, bytes));
  return {};
}

ClHostBuffer::~ClHostBuffer() {
  const Api &cl = device.cl;
  if (cl.EnqueueUnmapMemObject(device.housekeeping(), object, address, 0, nullptr, nullptr) == CL_SUCCESS)
    cl.Finish(device.housekeeping());
  cl.ReleaseMemObject(object);
}

} // namespace tenon::opencl
