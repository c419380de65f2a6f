//===- HostRunner.h - running host code in this process ---------------------===//
//
// Owns loading a shared object from memory and calling a kernel for every group.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Run.h"

namespace tenon::test {

/// A Runner: see Run.h.
std::string runOnHost(const CompiledModule &module, const std::string &name, std::vector<Argument> &arguments,
                      Grid grid);

/// The x86-64 level of this machine: 1 to 4.
unsigned getHostLevel();

} // namespace tenon::test
