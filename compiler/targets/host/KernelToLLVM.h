//===- KernelToLLVM.h - kernel IR to LLVM IR --------------------------------===//
//
// Owns the translation of kernels (docs/design/kernel-ir.md) into LLVM IR with the host's calling convention. Does not
// own optimisation or code generation.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/IR/Module.h"

namespace tenon::host {

/// Adds `void NAME(const void *const *args, int64_t gx, int64_t gy, int64_t gz)` for `kernel` to `module`. The body
/// uses only instructions that the profile's ISA has, or a call that the imports' check refuses. Failure is an error
/// already emitted at the operation.
llvm::LogicalResult translateKernel(mlir::func::FuncOp kernel, const Profile &profile, llvm::Module &module);

} // namespace tenon::host
