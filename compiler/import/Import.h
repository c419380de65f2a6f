//===- Import.h - from inputs to formulas ------------------------------------===//
//
// Owns the ways into the tenon dialect: typed trees of .tn files (ImportTree.cpp) and MLIR modules. Does not own the
// front end itself.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "compiler/frontend/Frontend.h"
#include "dialects/Tenon.h"

namespace tenon {

/// Adds a typed tree to `module` as a tenon.operator. The tree has been checked: this cannot fail.
formula::OperatorOp importTree(const Instance &instance, mlir::ModuleOp module);

} // namespace tenon
