//===- Jit.h - running legalized kernels in the test process ----------------===//
//
// Owns turning the text of a one-line kernel into a function over arrays: parse, legalize for a device description,
// lower to LLVM, compile. Does not own what is expected of it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Legalize.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace tenon::test {

struct Device {
  const char *name;
  DeviceDescription description;
};

/// The descriptions that make legalize choose other code: fma or not, f64 or not, native f16 conversion or not, 64- and
/// 8-bit integers or not.
const std::vector<Device> &getDevices();

/// A compiled elementwise kernel.
class Kernel {
public:
  /// `body` defines %r of type `out` from %a, %b, %c of the types `in`, in terms of types written T0, T1, T2 (the
  /// inputs', scalar or vector) and R. `width` 1 is scalar code. A failure leaves ok() false and error() set.
  Kernel(const std::string &body, const std::vector<std::string> &in, const std::string &out, int width,
         const DeviceDescription &device);
  ~Kernel();

  bool ok() const { return entry != nullptr; }
  const std::string &error() const { return message; }
  const std::vector<std::string> &emulations() const { return noted; }
  const std::string &text() const { return legalized; }
  /// n must be a multiple of the width. i1 results are stored as i8.
  void run(const std::vector<const void *> &in, void *out, size_t n) const;

private:
  struct State;
  std::unique_ptr<State> state;
  void *entry = nullptr;
  std::string message, legalized;
  std::vector<std::string> noted;
};

/// Parses, legalizes and prints a whole module, for tests of the IR; empty and `error` set on failure.
std::string legalizeText(const std::string &module, const DeviceDescription &device,
                         std::vector<std::string> &emulations, std::string &error);

} // namespace tenon::test
