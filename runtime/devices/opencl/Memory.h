//===- Memory.h - memory of an OpenCL device --------------------------------===//
//
// Owns buffers: on the device, and pinned on the host. Does not own pointers: core reserves the addresses that stand
// for a device buffer.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Device.h"

namespace tenon::opencl {

class ClBuffer final : public Buffer {
public:
  /// Memory is real when this returns: a driver that allocates on first use is made to do it now.
  static Status make(ClDevice &device, uint64_t bytes, std::unique_ptr<Buffer> &buffer);
  ~ClBuffer() override;

  cl_mem memory() const { return object; }
  /// Never used again, unlike the address of a cl_mem.
  uint64_t serial() const { return number; }

private:
  ClBuffer(ClDevice &device, cl_mem object, uint64_t bytes);

  ClDevice &device;
  const cl_mem object;
  const uint64_t number;
};

/// Host memory that the driver has allocated, mapped for as long as it lives.
class ClHostBuffer final : public Buffer {
public:
  static Status make(ClDevice &device, uint64_t bytes, std::unique_ptr<Buffer> &buffer);
  ~ClHostBuffer() override;

private:
  ClHostBuffer(ClDevice &device, cl_mem object, void *mapped, uint64_t bytes);

  ClDevice &device;
  const cl_mem object;
};

} // namespace tenon::opencl
