//===- Kernel.cpp - makes pipelines and packs arguments ---------------------------===//
//
// Owns the checks of what a package says of a kernel, and the buffer windows: Vulkan binds ranges that begin on an
// alignment and end at a limit, so the rest of an offset goes to the kernel as a number of elements.
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Kernel.h"

#include "devices/vulkan/Spirv.h"
#include "devices/vulkan/Status.h"

#include <algorithm>
#include <cstring>

namespace tenon::vulkan {

namespace {

using package::ArgType;

uint32_t getScalarBytes(ArgType type, bool narrowIndex) {
  switch (type) {
  case ArgType::I32:
  case ArgType::F32:
    return 4;
  case ArgType::Index:
    return narrowIndex ? 4 : 8;
  default:
    return 8;
  }
}

Status damaged(const std::string &kernel, const char *what, uint64_t value, uint64_t limit) {
  return error(tnErrorInvalidPackage, "kernel %s: %s is %llu, expected %llu", kernel.c_str(), what,
               (unsigned long long)value, (unsigned long long)limit);
}

Status beyond(const std::string &kernel, const char *what, uint64_t value, uint64_t limit) {
  return error(tnErrorLaunchOutOfResources, "kernel %s: %llu %s, device allows %llu", kernel.c_str(),
               (unsigned long long)value, what, (unsigned long long)limit);
}

/// Copies what the package says of a kernel, and checks that it holds together.
Status readKernel(const package::Kernel &from, unsigned indexBits, KernelCode &to) {
  to.name = from.name()->str();
  if (from.block()->size() != 3)
    return damaged(to.name, "the number of block sizes", from.block()->size(), 3);
  std::copy(from.block()->begin(), from.block()->end(), to.block);
  for (uint32_t extent : to.block)
    if (!extent)
      return error(tnErrorInvalidPackage, "kernel %s: a block of no work-items", to.name.c_str());
  for (auto type : *from.args())
    to.args.push_back(static_cast<ArgType>(type));
  while (to.numBuffers < to.args.size() && to.args[to.numBuffers] == ArgType::Buffer)
    ++to.numBuffers;
  if (std::find(to.args.begin() + to.numBuffers, to.args.end(), ArgType::Buffer) != to.args.end())
    return error(tnErrorInvalidPackage, "kernel %s: a buffer argument stands after a scalar", to.name.c_str());
  to.access.assign(from.access()->begin(), from.access()->end());
  if (to.access.size() != to.numBuffers)
    return damaged(to.name, "the number of accesses", to.access.size(), to.numBuffers);
  if (from.element_bytes())
    to.elementBytes.assign(from.element_bytes()->begin(), from.element_bytes()->end());
  if (to.elementBytes.size() != to.numBuffers)
    return damaged(to.name, "the number of element sizes", to.elementBytes.size(), to.numBuffers);
  for (uint8_t bytes : to.elementBytes)
    if (!bytes || (bytes & (bytes - 1)) || bytes > 16)
      return error(tnErrorInvalidPackage, "kernel %s: an element of %u bytes", to.name.c_str(), bytes);
  if (from.arg_offsets())
    to.argOffsets.assign(from.arg_offsets()->begin(), from.arg_offsets()->end());
  if (to.argOffsets.size() != to.args.size())
    return damaged(to.name, "the number of argument offsets", to.argOffsets.size(), to.args.size());
  to.argBytes = from.arg_bytes();
  if (to.argBytes > maxArgBytes)
    return beyond(to.name, "bytes of arguments", to.argBytes, maxArgBytes);
  to.narrowIndex = indexBits == 32;
  for (size_t i = 0; i < to.args.size(); ++i) {
    uint64_t bytes = i < to.numBuffers ? 4 : getScalarBytes(to.args[i], to.narrowIndex);
    if (to.argOffsets[i] + bytes > to.argBytes)
      return damaged(to.name, "the end of an argument in its block", to.argOffsets[i] + bytes, to.argBytes);
  }
  return {};
}

Status checkLimits(const KernelCode &kernel, uint64_t localBytes, const DeviceTraits &traits) {
  const VkPhysicalDeviceLimits &limits = traits.limits;
  uint32_t bindings =
      std::min({limits.maxPerStageDescriptorStorageBuffers, limits.maxDescriptorSetStorageBuffers, maxBindings});
  if (kernel.getNumBindings() > bindings)
    return beyond(kernel.name, "buffers", kernel.getNumBindings(), bindings);
  uint64_t items = uint64_t(kernel.block[0]) * kernel.block[1] * kernel.block[2];
  if (items > limits.maxComputeWorkGroupInvocations)
    return beyond(kernel.name, "work-items per group", items, limits.maxComputeWorkGroupInvocations);
  for (int i = 0; i < 3; ++i)
    if (kernel.block[i] > limits.maxComputeWorkGroupSize[i])
      return beyond(kernel.name, "work-items in one dimension of a group", kernel.block[i],
                    limits.maxComputeWorkGroupSize[i]);
  if (localBytes > limits.maxComputeSharedMemorySize)
    return beyond(kernel.name, "bytes of workgroup memory", localBytes, limits.maxComputeSharedMemorySize);
  return {};
}

} // namespace

Status KernelCode::pack(Context &context, const KernelLaunch &launch, ArgumentBlock &block) const {
  const VkPhysicalDeviceLimits &limits = context.traits.limits;
  memset(block.bytes.data(), 0, getPushBytes());
  // At least 16, so that kernels that read vectors of words from narrow or scalar elements stay aligned.
  uint64_t alignment = std::max<uint64_t>(limits.minStorageBufferOffsetAlignment, 16);
  for (uint32_t i = 0; i < numBuffers; ++i) {
    const KernelArg &arg = launch.args[i];
    Window &window = block.windows[i];
    if (!arg.buffer) {
      if (arg.bytes)
        return error(tnErrorInvalidDevicePointer, "launch %s: argument %u is null", name.c_str(), i);
      const Piece &nothing = context.getNothing();
      window = {nothing.buffer, nothing.offset, nothing.bytes};
      continue;
    }
    if (arg.bits % elementBytes[i])
      return error(tnErrorMisalignedAddress,
                   "launch %s: argument %u begins at byte %llu, not on an element of %u bytes", name.c_str(), i,
                   (unsigned long long)arg.bits, elementBytes[i]);
    const Piece &piece = static_cast<const VulkanBuffer *>(arg.buffer)->piece;
    if (arg.bits > piece.bytes || arg.bytes > piece.bytes - arg.bits)
      return error(tnErrorInvalidValue, "launch %s: argument %u covers bytes %llu to %llu of a buffer of %llu",
                   name.c_str(), i, (unsigned long long)arg.bits, (unsigned long long)(arg.bits + arg.bytes),
                   (unsigned long long)piece.bytes);
    if (!arg.bytes) {
      window = {piece.buffer, piece.offset, piece.bytes < pieceAlignment ? piece.bytes : pieceAlignment};
      continue;
    }
    // The piece begins on a multiple of the alignment, so the window never begins before it.
    uint64_t begin = arg.bits / alignment * alignment, rest = arg.bits - begin;
    if (rest + arg.bytes > limits.maxStorageBufferRange)
      return error(tnErrorLaunchOutOfResources, "launch %s: argument %u covers %llu bytes, device binds %u at once",
                   name.c_str(), i, (unsigned long long)(rest + arg.bytes), limits.maxStorageBufferRange);
    // Whole words, for kernels that pack narrow elements: pieces are longer than what was asked for.
    uint64_t end = (arg.bits + arg.bytes + 15) / 16 * 16;
    window = {piece.buffer, piece.offset + begin, std::min<uint64_t>(end - begin, limits.maxStorageBufferRange)};
    uint32_t elements = rest / elementBytes[i];
    memcpy(&block.bytes[argOffsets[i]], &elements, sizeof elements);
  }
  for (size_t i = numBuffers; i < args.size(); ++i) {
    uint64_t bits = launch.args[i].bits;
    if (args[i] == ArgType::Index && narrowIndex && static_cast<int64_t>(bits) != static_cast<int32_t>(bits))
      return error(tnErrorIndexRange, "launch %s: argument %zu is %lld, its code indexes with 32 bits", name.c_str(), i,
                   (long long)bits);
    memcpy(&block.bytes[argOffsets[i]], &bits, getScalarBytes(args[i], narrowIndex)); // little-endian
  }
  return {};
}

Status VulkanProgram::create(std::shared_ptr<Context> context, const package::Module &module,
                             std::unique_ptr<Program> &program) {
  const DeviceTraits &traits = context->traits;
  if (module.target() != package::Target::SpirvVulkan)
    return error(tnErrorNoKernelImageForDevice, "the module is for target %s, a vulkan device takes %s",
                 package::EnumNameTarget(module.target()), package::EnumNameTarget(package::Target::SpirvVulkan));
  if (module.index_bits() != 32 && module.index_bits() != 64)
    return error(tnErrorInvalidPackage, "the module indexes with %u bits, expected 32 or 64", module.index_bits());
  SpirvModule spirv;
  TENON_TRY(readSpirv(module.code()->data(), module.code()->size(), traits, spirv));

  std::unique_ptr<VulkanProgram> made(new VulkanProgram(std::move(context)));
  for (const package::Kernel *from : *module.kernels()) {
    KernelCode kernel;
    TENON_TRY(readKernel(*from, module.index_bits(), kernel));
    if (!spirv.entryPoints.count(kernel.name))
      return error(tnErrorInvalidKernelImage, "the spir-v module has no kernel %s", kernel.name.c_str());
    TENON_TRY(checkLimits(kernel, from->local_bytes(), traits));
    kernel.pushesDescriptors = traits.pushDescriptors && kernel.getNumBindings() <= traits.maxPushDescriptors;
    made->kernels.push_back(std::move(kernel));
  }
  VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  info.codeSize = spirv.words.size() * 4;
  info.pCode = spirv.words.data();
  TENON_TRY(check(made->context->vk.CreateShaderModule(made->context->handle, &info, nullptr, &made->shader),
                  "create a shader module"));
  program = std::move(made);
  return {};
}

VulkanProgram::~VulkanProgram() {
  for (KernelCode &kernel : kernels) {
    context->vk.DestroyPipeline(context->handle, kernel.pipeline, nullptr);
    context->vk.DestroyPipelineLayout(context->handle, kernel.layout, nullptr);
    context->vk.DestroyDescriptorSetLayout(context->handle, kernel.setLayout, nullptr);
  }
  context->vk.DestroyShaderModule(context->handle, shader, nullptr);
}

Status VulkanProgram::getKernel(const KernelLaunch &launch, const KernelCode *&result) {
  if (launch.kernel >= kernels.size())
    return error(tnErrorInvalidDeviceFunction, "launch: kernel %u of a module that has %zu", launch.kernel,
                 kernels.size());
  KernelCode &kernel = kernels[launch.kernel];
  if (launch.numArgs != kernel.args.size())
    return error(tnErrorInvalidValue, "launch %s: %zu arguments, the kernel takes %zu", kernel.name.c_str(),
                 launch.numArgs, kernel.args.size());
  if (launch.block && !std::equal(launch.block, launch.block + 3, kernel.block))
    return error(tnErrorInvalidConfiguration, "launch %s: block %u x %u x %u, the kernel is compiled for %u x %u x %u",
                 kernel.name.c_str(), launch.block[0], launch.block[1], launch.block[2], kernel.block[0],
                 kernel.block[1], kernel.block[2]);
  if (launch.localBytes)
    return error(tnErrorNotSupported, "launch %s: %llu bytes of further workgroup memory, vulkan takes 0",
                 kernel.name.c_str(), (unsigned long long)launch.localBytes);
  const uint32_t *maxGrid = context->traits.limits.maxComputeWorkGroupCount;
  for (int i = 0; i < 3; ++i)
    if (launch.grid[i] > maxGrid[i])
      return error(tnErrorInvalidConfiguration, "launch %s: %llu groups in dimension %d, device allows %u",
                   kernel.name.c_str(), (unsigned long long)launch.grid[i], i, maxGrid[i]);
  std::lock_guard lock(mutex);
  if (!kernel.pipeline)
    TENON_TRY(build(kernel).in("kernel " + kernel.name));
  result = &kernel;
  return {};
}

Status VulkanProgram::build(KernelCode &kernel) {
  if (!kernel.setLayout) {
    std::vector<VkDescriptorSetLayoutBinding> bindings(kernel.getNumBindings());
    for (uint32_t i = 0; i < bindings.size(); ++i)
      bindings[i] = {i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
    VkDescriptorSetLayoutCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
    info.flags = kernel.pushesDescriptors ? VK_DESCRIPTOR_SET_LAYOUT_CREATE_PUSH_DESCRIPTOR_BIT_KHR : 0;
    info.bindingCount = bindings.size();
    info.pBindings = bindings.data();
    TENON_TRY(check(context->vk.CreateDescriptorSetLayout(context->handle, &info, nullptr, &kernel.setLayout),
                    "create a descriptor set layout"));
  }
  if (!kernel.layout) {
    VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, kernel.getPushBytes()};
    VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    info.setLayoutCount = 1;
    info.pSetLayouts = &kernel.setLayout;
    info.pushConstantRangeCount = kernel.argBytes && kernel.pushesArguments() ? 1 : 0;
    info.pPushConstantRanges = &range;
    TENON_TRY(check(context->vk.CreatePipelineLayout(context->handle, &info, nullptr, &kernel.layout),
                    "create a pipeline layout"));
  }
  VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  info.stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO};
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = shader;
  info.stage.pName = kernel.name.c_str();
  info.layout = kernel.layout;
  info.basePipelineIndex = -1;
  return check(
      context->vk.CreateComputePipelines(context->handle, context->pipelineCache, 1, &info, nullptr, &kernel.pipeline),
      "create a pipeline");
}

} // namespace tenon::vulkan
