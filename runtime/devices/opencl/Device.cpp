//===- Device.cpp - an OpenCL device ----------------------------------------===//
//
// Owns the making of a context and of what is made from it.
//
//===------------------------------------------------------------------------===//
#include "Device.h"

#include "Kernel.h"
#include "Memory.h"
#include "Quirks.h"
#include "Status.h"
#include "Stream.h"

namespace tenon::opencl {

ClDevice::ClDevice(const DeviceInfo &info, const OpenedDevice &opened, cl_context context, bool saneTimestamps)
    : Device(info), cl(opened.platform->api), id(opened.id), context(context), saneTimestamps(saneTimestamps) {}

Status ClDevice::open(const DeviceInfo &info, const OpenedDevice &opened, std::unique_ptr<Device> &device) {
  const Api &cl = opened.platform->api;
  cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                        reinterpret_cast<cl_context_properties>(opened.platform->id), 0};
  cl_int code = CL_SUCCESS;
  cl_context context = cl.CreateContext(properties, 1, &opened.id, nullptr, nullptr, &code);
  TENON_CL(code, "open %s", info.name.c_str());
  bool saneTimestamps = !findQuirks(opened.platform->name, info.name).bogusTimestamps;
  std::unique_ptr<ClDevice> made(new ClDevice(info, opened, context, saneTimestamps));
  made->ownQueue = cl.CreateCommandQueue(context, opened.id, 0, &code);
  TENON_CL(code, "open %s: make a queue", info.name.c_str());
  made->emptyBuffer = cl.CreateBuffer(context, CL_MEM_READ_WRITE, 256, nullptr, &code);
  TENON_CL(code, "open %s: allocate 256 bytes", info.name.c_str());
  device = std::move(made);
  return {};
}

ClDevice::~ClDevice() {
  if (emptyBuffer)
    cl.ReleaseMemObject(emptyBuffer);
  if (ownQueue)
    cl.ReleaseCommandQueue(ownQueue);
  cl.ReleaseContext(context);
}

bool ClDevice::reserve(uint64_t bytes) {
  uint64_t before = usedBytes.fetch_add(bytes, std::memory_order_relaxed);
  if (before <= info().totalMemory && bytes <= info().totalMemory - before)
    return true;
  unreserve(bytes);
  return false;
}

// OpenCL does not tell what other processes use.
Status ClDevice::memory(uint64_t &freeBytes, uint64_t &totalBytes) {
  totalBytes = info().totalMemory;
  uint64_t now = used();
  freeBytes = now < totalBytes ? totalBytes - now : 0;
  return {};
}

Status ClDevice::allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer) {
  return ClBuffer::make(*this, bytes, buffer);
}

Status ClDevice::allocateHost(uint64_t bytes, std::unique_ptr<Buffer> &buffer) {
  return ClHostBuffer::make(*this, bytes, buffer);
}

Status ClDevice::load(const package::Module &module, const std::string &key, std::unique_ptr<Program> &program) {
  return ClProgram::make(*this, module, key, program);
}

// Priorities are hints in OpenCL too, and no driver seen so far heeds them: ignored.
Status ClDevice::createQueue(int, std::unique_ptr<Queue> &queue) { return ClQueue::make(*this, saneTimestamps, queue); }

Status ClDevice::createMarker(bool timing, std::unique_ptr<Marker> &marker) {
  marker = std::make_unique<ClMarker>(*this, timing);
  return {};
}

Status ClDevice::elapsed(Marker &from, Marker &to, double &milliseconds) {
  if (!saneTimestamps)
    return Device::elapsed(from, to, milliseconds);
  uint64_t start = 0, end = 0;
  TENON_TRY(static_cast<ClMarker &>(from).time(start));
  TENON_TRY(static_cast<ClMarker &>(to).time(end));
  milliseconds = (end >= start ? 1e-6 : -1e-6) * static_cast<double>(end >= start ? end - start : start - end);
  return {};
}

uint64_t ClDevice::enrollProgram() {
  std::lock_guard lock(programsMutex);
  programs.insert(++lastProgram);
  return lastProgram;
}

void ClDevice::retireProgram(uint64_t number) {
  std::lock_guard lock(programsMutex);
  programs.erase(number);
  retired.fetch_add(1, std::memory_order_release);
}

bool ClDevice::programIsAlive(uint64_t number) {
  std::lock_guard lock(programsMutex);
  return programs.count(number) != 0;
}

} // namespace tenon::opencl
