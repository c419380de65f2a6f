//===- Target.h - what a target is to the compiler --------------------------===//
//
// Owns the interface that every folder under compiler/targets implements, and the description of a device that
// schedules and targets read. Does not own the list of targets (Targets.cpp expands it) or the package's form.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"
#include "package_generated.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tenon {

/// What a schedule and a target may count on. Sizes are in bytes where nothing else is said.
struct DeviceDescription {
  enum class Class { Cpu, Gpu };
  Class deviceClass = Class::Cpu;
  unsigned vectorBits = 128;        ///< Width of a vector register; 32 for Gpu, whose lanes are work-items.
  unsigned vectorRegisters = 16;    ///< Of that width.
  unsigned subgroupSize = 1;
  unsigned maxGroupSize = 1;        ///< Work-items.
  uint64_t localMemory = 0;
  uint64_t l1Bytes = 32 << 10, l2Bytes = 512 << 10;
  unsigned indexBits = 64;
  unsigned maxLoopSteps = 0;         ///< A work-item's loops together end, silently, after so many steps; 0: never.
  bool fma = true, float64 = true, int64 = true;
  bool nativeFloat16Convert = false; ///< f16 <-> f32 rounds to nearest even in hardware or the target's own code.
  bool storage8 = true, storage16 = true; ///< Memory of 8- and 16-bit elements can be addressed.
  bool int8 = true, int16 = true;         ///< Arithmetic on them.
};

/// One set of choices that code is made for, for instance "host-x86-64-v3".
struct Profile {
  std::string name;
  package::Target target;
  DeviceDescription device;
  std::vector<package::Requirement> requirements;
  /// True for a profile that is only worth its bytes when another one cannot take the kernel's types (a device without 16-bit
  /// storage, say): it is made only for instances that use such types.
  bool onlyForNarrowTypes = false;
};

/// How one kernel is called; the fields are those of package.fbs.
struct CompiledKernel {
  std::string name;
  uint32_t block[3];
  std::vector<package::ArgType> args;
  std::vector<uint8_t> access;
  std::vector<uint8_t> elementBytes; ///< One a buffer argument.
  std::vector<uint32_t> argOffsets;
  uint32_t argBytes = 0;
  uint64_t localBytes = 0;
};

struct CompiledModule {
  std::vector<char> code;
  std::vector<CompiledKernel> kernels;
  unsigned indexBits = 64;
  std::string buildOptions;
  std::vector<std::string> emulations;
  std::vector<package::Requirement> requirements; ///< What this code needs beyond its profile's, e.g. Float64.
  bool unvalidated = false;
};

class Target {
public:
  virtual ~Target() = default;

  /// The name users type: "host", "opencl", "spirv-opencl", "spirv-vulkan".
  virtual llvm::StringRef getName() const = 0;

  /// The profiles made by default, best first.
  virtual std::vector<Profile> getProfiles() const = 0;

  /// Compiles legalized kernels (docs/design/kernel-ir.md). Consumes `kernels`. Failure is an error already emitted
  /// at the location of the operation at fault.
  virtual mlir::FailureOr<CompiledModule> compile(mlir::ModuleOp kernels, const Profile &profile) const = 0;

  /// Code as text for `--emit=`: OpenCL C, SPIR-V disassembly, assembly.
  virtual mlir::FailureOr<std::string> disassemble(const CompiledModule &module) const = 0;
};

/// Every target there is, in the order in which a package lists them.
llvm::ArrayRef<const Target *> getTargets();

/// Fills the parts of `kernel` that do not depend on the target, from a kernel's signature and attributes.
CompiledKernel describeKernel(mlir::Operation *func);

} // namespace tenon
