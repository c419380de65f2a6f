//===- SpirvOpenclTarget.cpp - SPIR-V for OpenCL --------------------------------===//
//
// Owns the target spirv-opencl: its profiles. The code is the shared emitter's (compiler/targets/spirv).
//
//===------------------------------------------------------------------------===//
#include "Target.h"
#include "spirv/Compile.h"

namespace tenon {

using package::Property;
using package::Relation;
using package::Requirement;

namespace {

class SpirvOpenclTarget final : public Target {
public:
  llvm::StringRef getName() const override { return "spirv-opencl"; }

  std::vector<Profile> getProfiles() const override { return {cpu(512, 32), cpu(256, 16), gpu()}; }

  mlir::FailureOr<CompiledModule> compile(mlir::ModuleOp kernels, const Profile &profile) const override {
    return spirv::compile(kernels, profile, spirv::Environment::OpenCL);
  }

  mlir::FailureOr<std::string> disassemble(const CompiledModule &module) const override {
    return spirv::disassemble(module);
  }

private:
  /// One work-item per group, explicit vectors.
  static Profile cpu(unsigned vectorBits, unsigned registers) {
    Profile profile;
    profile.name = "spirv-opencl-cpu-" + std::to_string(vectorBits);
    profile.target = package::Target::SpirvOpenCL;
    profile.device.deviceClass = DeviceDescription::Class::Cpu;
    profile.device.vectorBits = vectorBits;
    profile.device.vectorRegisters = registers;
    profile.device.nativeFloat16Convert = true;
    profile.requirements = {Requirement(Property::Class, Relation::Equal, 0),
                            Requirement(Property::VectorBits, Relation::AtLeast, vectorBits),
                            Requirement(Property::SpirvVersion, Relation::AtLeast, 10),
                            Requirement(Property::Fma, Relation::AtLeast, 1)};
    return profile;
  }

  static Profile gpu() {
    Profile profile;
    profile.name = "spirv-opencl-gpu";
    profile.target = package::Target::SpirvOpenCL;
    profile.device.deviceClass = DeviceDescription::Class::Gpu;
    profile.device.vectorBits = 32;
    profile.device.vectorRegisters = 64;
    profile.device.subgroupSize = 32;
    profile.device.maxGroupSize = 256;
    profile.device.localMemory = 32 << 10;
    profile.device.nativeFloat16Convert = true;
    profile.requirements = {
        Requirement(Property::Class, Relation::Equal, 1), Requirement(Property::MaxGroupSize, Relation::AtLeast, 256),
        Requirement(Property::LocalMemory, Relation::AtLeast, 32 << 10),
        Requirement(Property::SpirvVersion, Relation::AtLeast, 10), Requirement(Property::Fma, Relation::AtLeast, 1)};
    return profile;
  }
};

} // namespace

const Target &getSpirvOpenclTarget();
const Target &getSpirvOpenclTarget() {
  static const SpirvOpenclTarget target;
  return target;
}

} // namespace tenon
