//===- Host.h - the host target's own entry points --------------------------===//
//
// Owns what the compiler asks of this target alone; everything else goes through Target.h.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Target.h"

namespace tenon {

const Target &getHostTarget();

/// The optimised LLVM IR of the kernels, for `--emit=llvm`. Consumes `kernels`.
mlir::FailureOr<std::string> printHostLLVM(mlir::ModuleOp kernels, const Profile &profile);

} // namespace tenon
