//===- KernelSignature.h - what every target checks of a kernel -------------===//
//
// Owns the check that a module is kernel IR in its outer form: functions, arguments, attributes. Does not own the check
// of operations: a target refuses what it does not know where it meets it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon {

/// The kernels of `module` in order. Failure is an error already emitted: an operation that is no kernel, an argument
/// of a type that kernels do not have, a missing attribute, a name that is no C identifier.
mlir::FailureOr<llvm::SmallVector<mlir::func::FuncOp>> getKernels(mlir::ModuleOp module);

/// Emits "internal error: ..." at `op`: the kernel breaks docs/design/kernel-ir.md, which is our bug, not the user's.
mlir::InFlightDiagnostic emitInternalError(mlir::Operation *op);

/// True for a memref in a work-group's memory.
bool isWorkgroupMemory(mlir::MemRefType type);

} // namespace tenon
