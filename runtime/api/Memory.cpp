//===- Memory.cpp - tnMalloc, tnFree, tnMemcpy, tnMemset ------------------------------------===//
#include "api/Api.h"

#include "core/Copy.h"

using namespace tenon;

namespace {

Status allocate(void **pointer, size_t size, MemoryKind kind, const char *name) {
  TENON_TRY(checkOut(pointer, name));
  *pointer = nullptr;
  Context *context;
  TENON_TRY(currentContext(context));
  return context->allocate(size, kind, *pointer);
}

Status release(void *pointer, MemoryKind kind) {
  if (!pointer)
    return {};
  Context *context;
  TENON_TRY(currentContext(context));
  return context->release(pointer, kind);
}

Status copy(const CopyShape &shape, tnStream_t handle, bool wait) {
  Stream *stream;
  TENON_TRY(toStream(handle, stream));
  return copyMemory(shape, *stream, wait);
}

Status copy2D(const CopyShape &shape, tnStream_t handle, bool wait) {
  if (shape.width > shape.toPitch || shape.width > shape.fromPitch)
    return error(tnErrorInvalidPitchValue, "rows of %llu bytes do not fit in pitches of %llu and %llu",
                 static_cast<unsigned long long>(shape.width), static_cast<unsigned long long>(shape.toPitch),
                 static_cast<unsigned long long>(shape.fromPitch));
  return copy(shape, handle, wait);
}

} // namespace

extern "C" {

tnError_t tnMalloc(void **devPtr, size_t size) {
  return api("tnMalloc", [&] { return allocate(devPtr, size, MemoryKind::Device, "devPtr"); });
}

tnError_t tnFree(void *devPtr) {
  return api("tnFree", [&] { return release(devPtr, MemoryKind::Device); });
}

tnError_t tnMallocHost(void **ptr, size_t size) {
  return api("tnMallocHost", [&] { return allocate(ptr, size, MemoryKind::Host, "ptr"); });
}

tnError_t tnHostAlloc(void **ptr, size_t size, unsigned int flags) {
  return api("tnHostAlloc", [&] {
    if (flags & ~(tnHostAllocPortable | tnHostAllocMapped | tnHostAllocWriteCombined))
      return error(tnErrorInvalidValue, "flags is 0x%x, known flags are 0x7", flags);
    return allocate(ptr, size, MemoryKind::Host, "ptr");
  });
}

tnError_t tnFreeHost(void *ptr) {
  return api("tnFreeHost", [&] { return release(ptr, MemoryKind::Host); });
}

tnError_t tnMallocAsync(void **devPtr, size_t size, tnStream_t stream) {
  return api("tnMallocAsync", [&] {
    TENON_TRY(checkOut(devPtr, "devPtr"));
    *devPtr = nullptr;
    Stream *on;
    TENON_TRY(toStream(stream, on));
    return on->context.allocateAsync(size, *on, *devPtr);
  });
}

tnError_t tnFreeAsync(void *devPtr, tnStream_t stream) {
  return api("tnFreeAsync", [&] {
    Stream *on;
    TENON_TRY(toStream(stream, on));
    return on->context.releaseAsync(devPtr, *on);
  });
}

tnError_t tnMemcpy(void *dst, const void *src, size_t count, tnMemcpyKind kind) {
  return api("tnMemcpy", [&] { return copy({dst, count, src, count, count, 1, kind}, nullptr, true); });
}

tnError_t tnMemcpyAsync(void *dst, const void *src, size_t count, tnMemcpyKind kind, tnStream_t stream) {
  return api("tnMemcpyAsync", [&] { return copy({dst, count, src, count, count, 1, kind}, stream, false); });
}

tnError_t tnMemcpy2D(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
                     tnMemcpyKind kind) {
  return api("tnMemcpy2D", [&] { return copy2D({dst, dpitch, src, spitch, width, height, kind}, nullptr, true); });
}

tnError_t tnMemcpy2DAsync(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
                          tnMemcpyKind kind, tnStream_t stream) {
  return api("tnMemcpy2DAsync", [&] { return copy2D({dst, dpitch, src, spitch, width, height, kind}, stream, false); });
}

tnError_t tnMemset(void *devPtr, int value, size_t count) {
  return api("tnMemset", [&] {
    Stream *on;
    TENON_TRY(toStream(nullptr, on));
    return fillMemory(devPtr, value, count, *on, true);
  });
}

tnError_t tnMemsetAsync(void *devPtr, int value, size_t count, tnStream_t stream) {
  return api("tnMemsetAsync", [&] {
    Stream *on;
    TENON_TRY(toStream(stream, on));
    return fillMemory(devPtr, value, count, *on, false);
  });
}

tnError_t tnPointerGetAttributes(tnPointerAttributes *attributes, const void *ptr) {
  return api("tnPointerGetAttributes", [&] {
    TENON_TRY(checkOut(attributes, "attributes"));
    *attributes = {};
    attributes->device = -1;
    Found found = findAllocation(ptr);
    void *pointer = const_cast<void *>(ptr);
    if (!found.context) {
      attributes->type = tnMemoryTypeUnregistered;
      attributes->hostPointer = pointer;
      return Status();
    }
    bool isDevice = found.kind == MemoryKind::Device, host = found.context->isHost();
    attributes->type = isDevice ? tnMemoryTypeDevice : tnMemoryTypeHost;
    attributes->device = DeviceList::get().numberOf(*found.context);
    attributes->devicePointer = isDevice || host ? pointer : nullptr;
    attributes->hostPointer = !isDevice || host ? pointer : nullptr;
    attributes->allocation = reinterpret_cast<void *>(found.base);
    attributes->size = found.size;
    return Status();
  });
}
}
