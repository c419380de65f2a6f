//===- Compile.h - kernels to a validated SPIR-V module ------------------------===//
//
// Owns the way from a module of kernels to SPIR-V that has passed spirv-val, and back to text. Does not own profiles:
// they belong to the two targets.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Target.h"

namespace tenon::spirv {

/// What runs the module: decides the memory model, how arguments arrive and what spirv-val checks.
enum class Environment { OpenCL, Vulkan };

/// Failure is an error already emitted.
mlir::FailureOr<CompiledModule> compile(mlir::ModuleOp kernels, const Profile &profile, Environment environment);

mlir::FailureOr<std::string> disassemble(const CompiledModule &module);

} // namespace tenon::spirv
