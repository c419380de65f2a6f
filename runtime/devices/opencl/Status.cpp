//===- Status.cpp - OpenCL's errors as the runtime's ------------------------===//
//
// Owns the table of codes.
//
//===------------------------------------------------------------------------===//
#include "Status.h"

#include "Loader.h"

#include <cstdarg>
#include <cstdio>

namespace tenon::opencl {

namespace {
struct Row {
  int code;
  const char *name;
  tnError_t meaning;
};
} // namespace

#define ROW(name, meaning) {name, #name, meaning}
// Codes that are not here are our own mistakes in calling OpenCL, or the driver's: tnErrorUnknown.
static const Row rows[] = {
    ROW(CL_DEVICE_NOT_FOUND, tnErrorNoDevice),
    ROW(CL_DEVICE_NOT_AVAILABLE, tnErrorDevicesUnavailable),
    ROW(CL_COMPILER_NOT_AVAILABLE, tnErrorJitCompilerNotFound),
    ROW(CL_MEM_OBJECT_ALLOCATION_FAILURE, tnErrorMemoryAllocation),
    ROW(CL_OUT_OF_RESOURCES, tnErrorLaunchOutOfResources),
    ROW(CL_OUT_OF_HOST_MEMORY, tnErrorMemoryAllocation),
    ROW(CL_PROFILING_INFO_NOT_AVAILABLE, tnErrorNotSupported),
    ROW(CL_MEM_COPY_OVERLAP, tnErrorInvalidValue),
    ROW(CL_BUILD_PROGRAM_FAILURE, tnErrorInvalidSource),
    ROW(CL_MAP_FAILURE, tnErrorMapBufferObjectFailed),
    ROW(CL_MISALIGNED_SUB_BUFFER_OFFSET, tnErrorMisalignedAddress),
    ROW(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, tnErrorLaunchFailure),
    ROW(CL_COMPILE_PROGRAM_FAILURE, tnErrorInvalidSource),
    ROW(CL_LINKER_NOT_AVAILABLE, tnErrorJitCompilerNotFound),
    ROW(CL_LINK_PROGRAM_FAILURE, tnErrorInvalidSource),
    ROW(CL_INVALID_VALUE, tnErrorInvalidValue),
    ROW(CL_INVALID_DEVICE_TYPE, tnErrorUnknown),
    ROW(CL_INVALID_PLATFORM, tnErrorUnknown),
    ROW(CL_INVALID_DEVICE, tnErrorInvalidDevice),
    ROW(CL_INVALID_CONTEXT, tnErrorUnknown),
    ROW(CL_INVALID_QUEUE_PROPERTIES, tnErrorNotSupported),
    ROW(CL_INVALID_COMMAND_QUEUE, tnErrorUnknown),
    ROW(CL_INVALID_HOST_PTR, tnErrorInvalidHostPointer),
    ROW(CL_INVALID_MEM_OBJECT, tnErrorUnknown),
    ROW(CL_INVALID_BINARY, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_BUILD_OPTIONS, tnErrorInvalidSource),
    ROW(CL_INVALID_PROGRAM, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_PROGRAM_EXECUTABLE, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_KERNEL_NAME, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_KERNEL_DEFINITION, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_KERNEL, tnErrorUnknown),
    ROW(CL_INVALID_ARG_INDEX, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_ARG_VALUE, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_ARG_SIZE, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_KERNEL_ARGS, tnErrorInvalidKernelImage),
    ROW(CL_INVALID_WORK_DIMENSION, tnErrorInvalidConfiguration),
    ROW(CL_INVALID_WORK_GROUP_SIZE, tnErrorInvalidConfiguration),
    ROW(CL_INVALID_WORK_ITEM_SIZE, tnErrorInvalidConfiguration),
    ROW(CL_INVALID_GLOBAL_OFFSET, tnErrorInvalidConfiguration),
    ROW(CL_INVALID_EVENT_WAIT_LIST, tnErrorUnknown),
    ROW(CL_INVALID_EVENT, tnErrorUnknown),
    ROW(CL_INVALID_OPERATION, tnErrorNotSupported),
    ROW(CL_INVALID_BUFFER_SIZE, tnErrorMemoryAllocation),
    ROW(CL_INVALID_GLOBAL_WORK_SIZE, tnErrorInvalidConfiguration),
    ROW(CL_INVALID_PROPERTY, tnErrorUnknown),
    ROW(CL_PLATFORM_NOT_FOUND_KHR, tnErrorNoDevice),
};
#undef ROW

static const Row *find(int code) {
  for (const Row &row : rows)
    if (row.code == code)
      return &row;
  return nullptr;
}

const char *codeName(int code) {
  const Row *row = find(code);
  return row ? row->name : nullptr;
}

tnError_t errorOf(int code) {
  const Row *row = find(code);
  return row ? row->meaning : tnErrorUnknown;
}

Status failure(int code, const char *what, ...) {
  char place[512];
  va_list args;
  va_start(args, what);
  vsnprintf(place, sizeof place, what, args);
  va_end(args);
  const char *name = codeName(code);
  return error(errorOf(code), "%s: %s (%d)", place, name ? name : "the OpenCL driver gives a number of its own", code);
}

} // namespace tenon::opencl
