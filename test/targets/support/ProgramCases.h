//===- ProgramCases.h - small kernels with their answers --------------------===//
//
// Owns the kernels that test control flow, memory, vector moves, ids and arguments. Every target runs the same ones.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Run.h"

namespace tenon::test {

struct ProgramCase {
  std::string name; ///< The kernel's name as well.
  std::string text;
  std::vector<Argument> arguments;
  Grid grid = {1, 1, 1};
  std::vector<Bytes> expected; ///< Of the buffers, in order; empty: not looked at.
  bool needsWorkgroup = false; ///< More than one work-item a group.
  bool needsFloat16 = false;   ///< Converts f16.
  bool needsInt64Atomics = false;
};

std::vector<ProgramCase> getProgramCases();

/// Compiles and runs one case.
void checkProgram(const Target &target, const Profile &profile, const ProgramCase &program, const Runner &run);

} // namespace tenon::test
