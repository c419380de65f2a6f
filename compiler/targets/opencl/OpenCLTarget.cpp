//===- OpenCLTarget.cpp - OpenCL C 1.2 text ---------------------------------===//
//
// Owns the profiles and the assembly of one text from its kernels. Does not own how a kernel is written.
//
//===------------------------------------------------------------------------===//
#include "KernelEmitter.h"
#include "KernelSignature.h"

using namespace mlir;

namespace tenon {
namespace {

class OpenCLTarget final : public Target {
public:
  llvm::StringRef getName() const override { return "opencl"; }
  std::vector<Profile> getProfiles() const override;
  FailureOr<CompiledModule> compile(ModuleOp kernels, const Profile &profile) const override;
  FailureOr<std::string> disassemble(const CompiledModule &module) const override {
    return std::string(module.code.begin(), module.code.end());
  }
};

std::vector<Profile> OpenCLTarget::getProfiles() const {
  using package::Property;
  using package::Relation;
  using package::Requirement;
  auto makeCpu = [](unsigned vectorBits, unsigned registers) {
    Profile profile;
    profile.name = "opencl-cpu-" + std::to_string(vectorBits);
    profile.target = package::Target::OpenCL;
    profile.device.vectorBits = vectorBits;
    profile.device.vectorRegisters = registers;
    profile.device.nativeFloat16Convert = true; // vload_half and vstore_half_rte are in every OpenCL.
    profile.requirements = {Requirement(Property::Class, Relation::Equal, 0)};
    return profile;
  };
  Profile wide = makeCpu(512, 32), narrow = makeCpu(256, 16);
  wide.requirements.push_back(Requirement(Property::VectorBits, Relation::AtLeast, 512));

  Profile gpu;
  gpu.name = "opencl-gpu";
  gpu.target = package::Target::OpenCL;
  gpu.device.deviceClass = DeviceDescription::Class::Gpu;
  gpu.device.vectorBits = 32;
  gpu.device.vectorRegisters = 64;
  gpu.device.subgroupSize = 32;
  gpu.device.maxGroupSize = 256;
  gpu.device.localMemory = 32 << 10;
  gpu.device.nativeFloat16Convert = true;
  // fma() is right on every device, but unusably slow on one without the hardware (rusticl on llvmpipe), and nothing
  // that a device says tells a compiled text of this profile which of the two it runs on.
  gpu.device.fma = false;
  gpu.requirements = {Requirement(Property::Class, Relation::Equal, 1),
                      Requirement(Property::MaxGroupSize, Relation::AtLeast, 256)};

  // For devices whose groups are small, software ones above all.
  Profile small = gpu;
  small.name = "opencl-gpu-small";
  small.device.subgroupSize = 8;
  small.device.maxGroupSize = 32;
  small.device.maxLoopSteps = 65535; // rusticl on llvmpipe
  small.device.int8 = false;         // there byte arithmetic crashes the driver: division, shifts, clamps
  small.requirements = {Requirement(Property::Class, Relation::Equal, 1)};
  return {wide, narrow, gpu, small};
}

FailureOr<CompiledModule> OpenCLTarget::compile(ModuleOp module, const Profile &profile) const {
  FailureOr<SmallVector<func::FuncOp>> kernels = getKernels(module);
  if (failed(kernels))
    return failure();
  if (profile.device.indexBits != 64)
    return (emitInternalError(module) << "profile " << profile.name << " has an index of " << profile.device.indexBits
                                      << " bits, OpenCL C has 64",
            failure());
  CompiledModule result;
  opencl::Prelude prelude;
  std::string body;
  llvm::raw_string_ostream stream(body);
  for (func::FuncOp kernel : *kernels) {
    stream << "\n";
    if (failed(opencl::KernelEmitter(stream, prelude).emit(kernel)))
      return failure();
    result.kernels.push_back(describeKernel(kernel));
  }
  std::string text = "// " + profile.name + ": OpenCL C 1.2, made by tenonc\n" + prelude.getText() + body;
  result.code.assign(text.begin(), text.end());
  result.buildOptions = "-cl-std=CL1.2";
  result.emulations = prelude.getEmulations();
  if (prelude.float64)
    result.requirements.push_back(package::Requirement(package::Property::Float64, package::Relation::Equal, 1));
  return result;
}

} // namespace

const Target &getOpenclTarget() {
  static const OpenCLTarget target;
  return target;
}

} // namespace tenon
