//===- PackageWriter.h - instances and modules as a .tnb ----------------------===//
//
// Owns what an instance looks like in a package, and the file's bytes: the same input gives the same bytes. The form
// itself is the runtime's (runtime/package/package.fbs).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "compiler/schedule/PlanBuilder.h"
#include "dialects/Tenon.h"

namespace tenon {

/// The newest format that this compiler writes and the runtime reads.
constexpr uint32_t packageFormat = 1;

/// Fills everything of an instance that all variants share. `plan` then holds its expressions.
std::unique_ptr<package::InstanceT> describeInstance(formula::OperatorOp op, PlanBuilder &plan);

/// The package's bytes, with its content hash.
std::vector<char> writePackage(const package::PackageT &package);

} // namespace tenon
