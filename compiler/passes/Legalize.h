//===- Legalize.h - one meaning on every device -----------------------------===//
//
// Owns the pass that every kernel goes through between the schedule and a target: it gives operations whose result a
// device could choose (NaN, overflow, traps, rounding, functions) one meaning in operations whose result it cannot.
// What it leaves is in docs/design/kernel-ir.md.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "../targets/Target.h"

#include <string>
#include <vector>

namespace tenon {

/// Rewrites `kernels` in place for `device` and cleans up (canonicalize, CSE, loop-invariant code). Appends to
/// `emulations`, once each, what the device lacks and the code now does by hand. Failure is an error already emitted at
/// the operation at fault.
mlir::LogicalResult legalize(mlir::ModuleOp kernels, const DeviceDescription &device,
                             std::vector<std::string> &emulations);

} // namespace tenon
