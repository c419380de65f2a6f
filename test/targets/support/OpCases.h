//===- OpCases.h - every operation on every type, with its answer -----------===//
//
// Owns the table of element-wise operations of kernel IR: a kernel for each, its inputs and what plain C++ says comes
// out. The same table is run by every target.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Run.h"

namespace tenon::test {

/// One operation: applied to scalars and to vectors of 2, 4, 8 and 16 in one kernel.
struct OpCase {
  std::string name;                ///< "addi_i32": the kernel's name.
  std::vector<std::string> inputs; ///< Element types.
  std::string output;
  std::string body; ///< From %a, %b, %c to %r; {f32} stands for f32 or a vector of it.
  std::vector<Bytes> data;
  Bytes expected;
  unsigned ulp = 0; ///< Of f32 and f64 results: how far from `expected` a device may be.
  bool needsFma = false, needsFloat16 = false;
};

/// Groups: "i8" "i16" "i32" "i64" "index" "f32" "f64" "casts" "f16" "bf16" "i1".
std::vector<std::string> getOpGroups();
std::vector<OpCase> getOpCases(const std::string &group);

/// A module with one kernel for each case.
std::string getKernelText(const std::vector<OpCase> &cases);

/// Leaves out the cases with f64, for devices without it.
void removeFloat64(std::vector<OpCase> &cases);

/// Compiles the cases for `profile`, those that it cannot run left out, and checks each result.
void checkOps(const Target &target, const Profile &profile, std::vector<OpCase> cases, const Runner &run);

} // namespace tenon::test
