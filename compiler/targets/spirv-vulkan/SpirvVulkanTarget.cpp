//===- SpirvVulkanTarget.cpp - SPIR-V for Vulkan ---------------------------------===//
//
// Owns the target spirv-vulkan: its profiles. The code is the shared emitter's (compiler/targets/spirv).
//
//===------------------------------------------------------------------------===//
#include "Target.h"
#include "spirv/Compile.h"

namespace tenon {

using package::Property;
using package::Relation;
using package::Requirement;

namespace {

class SpirvVulkanTarget final : public Target {
public:
  llvm::StringRef getName() const override { return "spirv-vulkan"; }

  std::vector<Profile> getProfiles() const override { return {cpu(), gpu(), basic()}; }

  mlir::FailureOr<CompiledModule> compile(mlir::ModuleOp kernels, const Profile &profile) const override {
    return spirv::compile(kernels, profile, spirv::Environment::Vulkan);
  }

  mlir::FailureOr<std::string> disassemble(const CompiledModule &module) const override {
    return spirv::disassemble(module);
  }

private:
  /// What any device can be counted on for; features that the code needs are asked for by the code (compile()).
  static Profile common(const char *name) {
    Profile profile;
    profile.name = name;
    profile.target = package::Target::SpirvVulkan;
    profile.device.deviceClass = DeviceDescription::Class::Gpu;
    profile.device.vectorBits = 32;
    profile.device.vectorRegisters = 64;
    profile.device.subgroupSize = 32;
    profile.device.maxGroupSize = 256;
    profile.device.localMemory = 16 << 10;
    profile.device.indexBits = 32;
    profile.device.nativeFloat16Convert = true; // by the emitter's own bit arithmetic, exact
    profile.requirements = {Requirement(Property::Class, Relation::Equal, 1),
                            Requirement(Property::SpirvVersion, Relation::AtLeast, 13),
                            Requirement(Property::MaxGroupSize, Relation::AtLeast, 256),
                            Requirement(Property::LocalMemory, Relation::AtLeast, 16 << 10)};
    return profile;
  }

  static Profile gpu() {
    Profile profile = common("vulkan-gpu");
    profile.requirements.emplace_back(Property::Fma, Relation::AtLeast, 1);
    return profile;
  }

  /// Vulkan on a CPU: a subgroup is a vector register, memory is the host's, and an fma would be a library call.
  static Profile cpu() {
    Profile profile = common("vulkan-cpu");
    profile.device.subgroupSize = 8;
    profile.device.fma = false;
    profile.device.maxLoopSteps = 65535; // lavapipe; its code generator ends loops there
    profile.requirements.emplace_back(Property::SharedMemory, Relation::Equal, 1);
    profile.requirements.emplace_back(Property::Fma, Relation::Equal, 0);
    return profile;
  }

  /// 32-bit integers and floats are all there is.
  static Profile basic() {
    Profile profile = common("vulkan-basic");
    profile.onlyForNarrowTypes = true;
    profile.device.subgroupSize = 4;
    profile.device.fma = profile.device.float64 = profile.device.int64 = false;
    profile.device.storage8 = profile.device.storage16 = false;
    profile.device.int8 = profile.device.int16 = false;
    return profile;
  }
};

} // namespace

const Target &getSpirvVulkanTarget();
const Target &getSpirvVulkanTarget() {
  static const SpirvVulkanTarget target;
  return target;
}

} // namespace tenon
