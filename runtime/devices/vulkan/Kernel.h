//===- Kernel.h - programs and their kernels -------------------------------------===//
//
// Owns shader modules, pipelines and the way arguments are packed (docs/design/kernel-ir.md). Does not record commands.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"
#include "devices/vulkan/Context.h"

#include <array>
#include <mutex>
#include <string>
#include <vector>

namespace tenon::vulkan {

/// Bindings of one kernel, the argument block's included: an upper bound of ours beside the device's own.
constexpr uint32_t maxBindings = 64;
/// Bytes of an argument block.
constexpr uint32_t maxArgBytes = 2048;
/// The largest argument block that goes as push constants; part of the kernels' calling convention.
constexpr uint32_t maxPushBytes = 128;

/// What a binding covers, in bytes of its VkBuffer.
struct Window {
  VkBuffer buffer = VK_NULL_HANDLE;
  uint64_t offset = 0, bytes = 0;
};

struct ArgumentBlock {
  std::array<Window, maxBindings> windows;
  std::array<uint8_t, maxArgBytes> bytes;
};

/// One kernel of a program.
struct KernelCode {
  std::string name;
  uint32_t block[3] = {1, 1, 1};
  std::vector<package::ArgType> args;
  std::vector<uint8_t> access, elementBytes;
  std::vector<uint32_t> argOffsets;
  uint32_t argBytes = 0, numBuffers = 0;
  bool narrowIndex = false; ///< Index arguments are 32 bits.

  bool pushesDescriptors = false;
  VkDescriptorSetLayout setLayout = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkPipeline pipeline = VK_NULL_HANDLE;

  bool pushesArguments() const { return argBytes <= maxPushBytes; }
  uint32_t getPushBytes() const { return (argBytes + 3) & ~3u; } ///< Vulkan wants words.
  uint32_t getNumBindings() const { return numBuffers + !pushesArguments(); }

  /// Finds each buffer's window and lays out the argument block.
  Status pack(Context &context, const KernelLaunch &launch, ArgumentBlock &block) const;
};

class VulkanProgram final : public Program {
public:
  static Status create(std::shared_ptr<Context> context, const package::Module &module,
                       std::unique_ptr<Program> &program);
  ~VulkanProgram() override;

  /// The kernel for `launch`, checked against what it asks for; its pipeline is made at the first launch.
  Status getKernel(const KernelLaunch &launch, const KernelCode *&kernel);

private:
  explicit VulkanProgram(std::shared_ptr<Context> context) : context(std::move(context)) {}
  Status build(KernelCode &kernel);

  std::shared_ptr<Context> context;
  VkShaderModule shader = VK_NULL_HANDLE;
  std::mutex mutex; ///< Guards the making of pipelines.
  std::vector<KernelCode> kernels;
};

} // namespace tenon::vulkan
