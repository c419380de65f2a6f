//===- Compile.cpp - kernels to a validated SPIR-V module ----------------------===//
//
// Owns what Compile.h declares.
//
//===------------------------------------------------------------------------===//
#include "Compile.h"
#include "Emitter.h"
#include "KernelSignature.h"

#include <cstring>
#include <spirv-tools/libspirv.hpp>

using namespace mlir;

namespace tenon::spirv {

/// The complaint of spirv-val, empty when there is none.
static std::string validate(const Words &words, spv_target_env target) {
  spvtools::SpirvTools tools(target);
  std::string text;
  tools.SetMessageConsumer([&](spv_message_level_t, const char *, const spv_position_t &, const char *message) {
    text += text.empty() ? "" : "; ";
    text += message;
  });
  if (tools.Validate(words.data(), words.size()))
    return {};
  return text.empty() ? "no reason given" : text;
}

FailureOr<CompiledModule> compile(ModuleOp kernels, const Profile &profile, Environment environment) {
  FailureOr<SmallVector<func::FuncOp>> functions = getKernels(kernels);
  if (failed(functions))
    return failure();
  bool vulkan = environment == Environment::Vulkan;
  const DeviceDescription &device = profile.device;
  if (!vulkan && !device.int64)
    return (kernels.emitError("profile ") << profile.name << ": OpenCL has 64-bit integers always", failure());
  if (device.indexBits != 32 && device.indexBits != 64)
    return (kernels.emitError("profile ")
                << profile.name << ": an index of " << device.indexBits << " bits, 32 and 64 are possible",
            failure());

  Session session(vulkan, device);
  Module &module = session.module;
  if (vulkan) {
    module.require(spv::Capability::Shader);
  } else {
    for (auto capability : {spv::Capability::Addresses, spv::Capability::Kernel, spv::Capability::Int64})
      module.require(capability);
  }
  CompiledModule result;
  for (func::FuncOp function : *functions) {
    CompiledKernel compiled = describeKernel(function);
    Emitter emitter(session, function);
    if (failed(emitter.run(compiled)))
      return failure();
    result.kernels.push_back(std::move(compiled));
  }

  Words words = module.finish();
  std::vector<spv_target_env> targets = {SPV_ENV_VULKAN_1_1};
  if (!vulkan)
    targets = {SPV_ENV_OPENCL_1_2, SPV_ENV_OPENCL_2_0};
  for (spv_target_env target : targets) {
    std::string complaint = validate(words, target);
    if (complaint.empty())
      continue;
    Operation *at = functions->empty() ? kernels.getOperation() : functions->front().getOperation();
    return (emitInternalError(at) << "spirv-val refuses the module: " << complaint, failure());
  }

  result.code.resize(words.size() * sizeof(uint32_t));
  std::memcpy(result.code.data(), words.data(), result.code.size());
  result.indexBits = device.indexBits;
  result.emulations.assign(session.emulations.begin(), session.emulations.end());
  for (package::Property property : session.needs)
    result.requirements.emplace_back(property, package::Relation::AtLeast, 1);
  return result;
}

FailureOr<std::string> disassemble(const CompiledModule &module) {
  Words words(module.code.size() / sizeof(uint32_t));
  std::memcpy(words.data(), module.code.data(), words.size() * sizeof(uint32_t));
  spvtools::SpirvTools tools(SPV_ENV_UNIVERSAL_1_6);
  std::string text;
  if (!tools.Disassemble(words, &text,
                         SPV_BINARY_TO_TEXT_OPTION_INDENT | SPV_BINARY_TO_TEXT_OPTION_FRIENDLY_NAMES |
                             SPV_BINARY_TO_TEXT_OPTION_NO_HEADER))
    return failure();
  return text;
}

} // namespace tenon::spirv
