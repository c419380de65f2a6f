//===- Kernel.h - code on an OpenCL device ----------------------------------===//
//
// Owns programs: how they are built from a package's module, and what is known of their kernels. Does not own kernel
// objects: clSetKernelArg is not thread-safe, so every queue has its own (Stream.h).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Device.h"

namespace tenon::opencl {

/// What a launch needs to know of a kernel.
struct KernelFacts {
  std::string name;
  std::vector<package::ArgType> args; ///< Buffers first; each is two of OpenCL's arguments.
  uint32_t block[3] = {1, 1, 1};      ///< The package's.
  size_t requiredBlock[3] = {};       ///< What the code was compiled for; zeros if it takes any.
  uint64_t maxGroup = 1;              ///< Work-items a group that the device can run it with.
};

class ClProgram final : public Program {
public:
  /// Builds a module. The error holds the driver's log. `key` is unused until there is a cache of binaries.
  static Status make(ClDevice &device, const package::Module &module, const std::string &key,
                     std::unique_ptr<Program> &program);
  ~ClProgram() override;

  /// See ClDevice::enrollProgram.
  uint64_t number() const { return ownNumber; }
  const std::vector<KernelFacts> &kernels() const { return facts; }
  /// Bytes of an Index argument.
  unsigned indexBytes() const { return bytesOfIndex; }

  /// A kernel object for one queue, owned by the caller.
  Status makeKernel(size_t index, cl_kernel &kernel) const;

private:
  ClProgram(ClDevice &device, cl_program object);
  Status build(const package::Module &module);
  Status describe(const package::Kernel &kernel);

  ClDevice &device;
  const cl_program object;
  const uint64_t ownNumber;
  unsigned bytesOfIndex = 8;
  std::vector<KernelFacts> facts;
};

} // namespace tenon::opencl
