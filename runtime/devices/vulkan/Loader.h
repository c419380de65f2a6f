//===- Loader.h - the Vulkan loader, opened at run time -----------------------===//
//
// Owns the handle of libvulkan and the tables of functions: global, of an instance, of a device. Does not own an
// instance or a device, and never links to the loader.
//
//===------------------------------------------------------------------------===//
#pragma once

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <vulkan/vulkan_core.h>

#include <string>

namespace tenon::vulkan {

// Functions that any Vulkan 1.1 loader has before there is an instance.
#define TENON_VULKAN_GLOBAL_FUNCTIONS(X)                                                                               \
  X(CreateInstance)                                                                                                    \
  X(EnumerateInstanceVersion)                                                                                          \
  X(EnumerateInstanceLayerProperties)                                                                                  \
  X(EnumerateInstanceExtensionProperties)

#define TENON_VULKAN_INSTANCE_FUNCTIONS(X)                                                                             \
  X(DestroyInstance)                                                                                                   \
  X(EnumeratePhysicalDevices)                                                                                          \
  X(GetPhysicalDeviceProperties2)                                                                                      \
  X(GetPhysicalDeviceFeatures2)                                                                                        \
  X(GetPhysicalDeviceMemoryProperties2)                                                                                \
  X(GetPhysicalDeviceQueueFamilyProperties)                                                                            \
  X(EnumerateDeviceExtensionProperties)                                                                                \
  X(CreateDevice)                                                                                                      \
  X(GetDeviceProcAddr)

// Functions of Vulkan 1.1; every device has them.
#define TENON_VULKAN_DEVICE_FUNCTIONS(X)                                                                               \
  X(DestroyDevice)                                                                                                     \
  X(DeviceWaitIdle)                                                                                                    \
  X(GetDeviceQueue)                                                                                                    \
  X(QueueSubmit)                                                                                                       \
  X(AllocateMemory)                                                                                                    \
  X(FreeMemory)                                                                                                        \
  X(MapMemory)                                                                                                         \
  X(FlushMappedMemoryRanges)                                                                                           \
  X(InvalidateMappedMemoryRanges)                                                                                      \
  X(CreateBuffer)                                                                                                      \
  X(DestroyBuffer)                                                                                                     \
  X(GetBufferMemoryRequirements)                                                                                       \
  X(BindBufferMemory)                                                                                                  \
  X(CreateCommandPool)                                                                                                 \
  X(DestroyCommandPool)                                                                                                \
  X(ResetCommandPool)                                                                                                  \
  X(AllocateCommandBuffers)                                                                                            \
  X(BeginCommandBuffer)                                                                                                \
  X(EndCommandBuffer)                                                                                                  \
  X(CmdBindPipeline)                                                                                                   \
  X(CmdBindDescriptorSets)                                                                                             \
  X(CmdPushConstants)                                                                                                  \
  X(CmdDispatch)                                                                                                       \
  X(CmdCopyBuffer)                                                                                                     \
  X(CmdFillBuffer)                                                                                                     \
  X(CmdPipelineBarrier)                                                                                                \
  X(CmdResetQueryPool)                                                                                                 \
  X(CmdWriteTimestamp)                                                                                                 \
  X(CreateQueryPool)                                                                                                   \
  X(DestroyQueryPool)                                                                                                  \
  X(GetQueryPoolResults)                                                                                               \
  X(CreateFence)                                                                                                       \
  X(DestroyFence)                                                                                                      \
  X(ResetFences)                                                                                                       \
  X(GetFenceStatus)                                                                                                    \
  X(WaitForFences)                                                                                                     \
  X(CreateSemaphore)                                                                                                   \
  X(DestroySemaphore)                                                                                                  \
  X(CreateShaderModule)                                                                                                \
  X(DestroyShaderModule)                                                                                               \
  X(CreateDescriptorSetLayout)                                                                                         \
  X(DestroyDescriptorSetLayout)                                                                                        \
  X(CreatePipelineLayout)                                                                                              \
  X(DestroyPipelineLayout)                                                                                             \
  X(CreateComputePipelines)                                                                                            \
  X(DestroyPipeline)                                                                                                   \
  X(CreatePipelineCache)                                                                                               \
  X(DestroyPipelineCache)                                                                                              \
  X(CreateDescriptorPool)                                                                                              \
  X(DestroyDescriptorPool)                                                                                             \
  X(ResetDescriptorPool)                                                                                               \
  X(AllocateDescriptorSets)                                                                                            \
  X(UpdateDescriptorSets)

// Optional: null where the device has neither the version nor the extension.
#define TENON_VULKAN_OPTIONAL_FUNCTIONS(X)                                                                             \
  X(WaitSemaphores, KHR)                                                                                               \
  X(SignalSemaphore, KHR)                                                                                              \
  X(GetSemaphoreCounterValue, KHR)                                                                                     \
  X(CmdPushDescriptorSetKHR, )

#define TENON_VULKAN_MEMBER(NAME, ...) PFN_vk##NAME NAME = nullptr;

/// The loader library. Opened once, never closed: drivers leave threads and thread-local destructors behind.
struct Loader {
  PFN_vkGetInstanceProcAddr getInstanceProcAddr = nullptr;
  TENON_VULKAN_GLOBAL_FUNCTIONS(TENON_VULKAN_MEMBER)
  std::string path; ///< What was opened: TENON_VULKAN_LOADER, or libvulkan.so.1.

  /// Opens the library. On failure returns false and `why` says what is missing.
  bool open(std::string &why);
};

struct InstanceFunctions {
  TENON_VULKAN_INSTANCE_FUNCTIONS(TENON_VULKAN_MEMBER)
  PFN_vkCreateDebugUtilsMessengerEXT createMessenger = nullptr;
  PFN_vkDestroyDebugUtilsMessengerEXT destroyMessenger = nullptr;

  bool load(const Loader &loader, VkInstance instance, std::string &why);
};

struct DeviceFunctions {
  TENON_VULKAN_DEVICE_FUNCTIONS(TENON_VULKAN_MEMBER)
  TENON_VULKAN_OPTIONAL_FUNCTIONS(TENON_VULKAN_MEMBER)

  bool load(PFN_vkGetDeviceProcAddr get, VkDevice device, std::string &why);
};

#undef TENON_VULKAN_MEMBER

} // namespace tenon::vulkan
