//===- Harness.cpp - compile kernel IR for every profile and run it --------------------===//
//
// Owns what Harness.h declares.
//
//===------------------------------------------------------------------------===//
#include "Harness.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace tenon::test {

MLIRContext &context() {
  static MLIRContext *context = [] {
    auto *made = new MLIRContext;
    made->loadDialect<arith::ArithDialect, func::FuncDialect, gpu::GPUDialect, math::MathDialect, memref::MemRefDialect,
                      scf::SCFDialect, ub::UBDialect, vector::VectorDialect>();
    return made;
  }();
  return *context;
}

OwningOpRef<ModuleOp> parse(const std::string &text) { return parseSourceString<ModuleOp>(text, &context()); }

const Target &targetOf(Where where) { return where == Where::OpenCL ? getSpirvOpenclTarget() : getSpirvVulkanTarget(); }

const Profile &profileNamed(const std::string &name) {
  static std::vector<Profile> all = [] {
    std::vector<Profile> profiles = getSpirvOpenclTarget().getProfiles();
    for (Profile &profile : getSpirvVulkanTarget().getProfiles())
      profiles.push_back(profile);
    return profiles;
  }();
  for (const Profile &profile : all)
    if (profile.name == name)
      return profile;
  throw std::runtime_error("no profile " + name);
}

FailureOr<CompiledModule> compileText(const std::string &text, const Profile &profile, std::string *errors) {
  std::string collected;
  ScopedDiagnosticHandler handler(&context(), [&](Diagnostic &diagnostic) {
    collected += diagnostic.str() + "\n";
    return success();
  });
  OwningOpRef<ModuleOp> module = parse(text);
  FailureOr<CompiledModule> result = failure();
  if (module) {
    Where where = profile.target == package::Target::SpirvOpenCL ? Where::OpenCL : Where::Vulkan;
    result = targetOf(where).compile(*module, profile);
  }
  if (errors)
    *errors = collected;
  return result;
}

void SpirvTest::everywhere(const std::string &text, Grid grid, const std::vector<Arg> &args, const Verify &verify) {
  for (const Profile &profile : targetOf(GetParam()).getProfiles()) {
    if (onlyProfiles && !onlyProfiles(profile))
      continue;
    SCOPED_TRACE("profile " + profile.name);
    std::string errors;
    FailureOr<CompiledModule> module = compileText(text, profile, &errors);
    ASSERT_TRUE(succeeded(module)) << errors << text;
    auto &devices = GetParam() == Where::OpenCL ? openclDevices() : vulkanDevices();
    for (auto &device : devices) {
      if (!compileOnly.empty())
        break;
      SCOPED_TRACE("device " + device->getName());
      ++attempts;
      bool fits = true;
      for (const package::Requirement &need : module->requirements)
        fits &= device->has(need.property());
      if (!fits)
        continue;
      std::vector<Arg> results = args;
      std::string problem = device->run(*module, module->kernels.front(), grid, results);
      ASSERT_EQ(problem, "");
      verify(results);
      ++runs;
      if (HasFailure())
        return; // the other profiles would say the same at length
    }
  }
}

void SpirvTest::TearDown() {
  if (!runs && !HasFailure())
    GTEST_SKIP() << "compiled and validated only: "
                 << (attempts                      ? "no device here has what the code requires"
                     : GetParam() == Where::OpenCL ? "no OpenCL device here takes SPIR-V"
                                                   : "no Vulkan device here");
}

} // namespace tenon::test
