//===- Kernel.h - host code of a package ----------------------------------------------------===//
//
// Owns a loaded shared object and its kernels' entry points.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <atomic>

namespace tenon::host {

/// The entry of a kernel: called once for each group (docs/design/kernel-ir.md).
using Entry = void (*)(const void *const *args, int64_t gx, int64_t gy, int64_t gz);

struct Kernel {
  Entry entry = nullptr;
  std::vector<package::ArgType> args;
  /// Measured nanoseconds of a group, 0 until known: decides whether waking threads pays.
  std::atomic<float> groupTime{0};
  std::atomic<uint32_t> unclearLaunches{0};
};

class HostProgram : public Program {
public:
  ~HostProgram() override;
  Status load(const package::Module &module);
  Kernel &kernel(uint32_t index) { return kernels[index]; }

private:
  void *library = nullptr;
  int file = -1; ///< Open as long as the library.
  std::unique_ptr<Kernel[]> kernels;
};

} // namespace tenon::host
