//===- Prelude.h - the head of the text -------------------------------------===//
//
// Owns what stands above the kernels: pragmas, the streaming store, conversions of f16 and bf16. Only what is used is
// written.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <set>
#include <string>
#include <vector>

namespace tenon::opencl {

struct Prelude {
  bool float64 = false, streamingStores = false, int64Atomics = false;
  /// The same conversion is written for each width that is used; 1 is a scalar.
  std::set<unsigned> float16ToFloat32, float32ToFloat16, float32ToBfloat16, float64ToOdd;
  bool bfloat16 = false;

  /// The call of a conversion, which is noted as used.
  static std::string call(std::set<unsigned> &widths, const char *function, unsigned width, const std::string &value);

  std::string getText() const;
  /// What the code does by hand, for the package.
  std::vector<std::string> getEmulations() const;
};

} // namespace tenon::opencl
