//===- Probe.h - what a physical device can do --------------------------------===//
//
// Owns the description of a physical device: names, limits, features, memory types and queues, asked once. Does not
// open the device. What a driver says wrongly is put right by Quirks before anyone else reads it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "devices/vulkan/Instance.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tenon::vulkan {

/// A physical device, as found. Sizes are in bytes.
struct DeviceTraits {
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  std::string name, driver, driverInfo;
  VkDriverId driverId{};
  uint32_t driverVersion = 0;
  VkPhysicalDeviceType type = VK_PHYSICAL_DEVICE_TYPE_OTHER;
  uint32_t vendorId = 0;
  uint32_t apiVersion = 0; ///< The newest version that device, loader and this runtime know.
  uint8_t uuid[VK_UUID_SIZE] = {};

  VkPhysicalDeviceLimits limits{};
  uint64_t maxAllocation = 0; ///< One vkAllocateMemory.
  uint64_t maxBuffer = 0;     ///< One VkBuffer.
  uint32_t subgroupSize = 1;
  uint32_t computeUnits = 0; ///< 0 where the driver does not tell.
  VkPhysicalDeviceMemoryProperties memory{};

  uint32_t queueFamily = 0, queueCount = 0;
  uint32_t timestampBits = 0;

  bool float16 = false, float64 = false, int8 = false, int16 = false, int64 = false;
  bool storage8 = false, storage16 = false;
  bool timeline = false, pushDescriptors = false, bufferDeviceAddress = false, memoryBudget = false;
  uint32_t maxPushDescriptors = 0;

  // Set by Quirks: Vulkan has no query for them, or drivers answer wrongly.
  bool fma = true;              ///< In hardware.
  bool mapDeviceMemory = false; ///< The host reads and writes device memory at full speed.
  bool enforceHeapSize = false; ///< The driver itself does not stop at the heap's size.
  std::vector<std::string> quirks;

  bool isSoftware() const { return type == VK_PHYSICAL_DEVICE_TYPE_CPU; }
  bool sharesHostMemory() const { return isSoftware() || type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU; }

  /// The newest SPIR-V that a shader module may have, 10 * major + minor.
  unsigned getSpirvVersion() const;

  /// "vulkan 1.3, llvmpipe Mesa 22.3.6 (LLVM 15.0.6)".
  std::string describeDriver() const;
};

/// The features that are enabled on a device, as a chain for vkCreateDevice, and the extensions that carry them.
struct FeatureChain {
  FeatureChain(const DeviceTraits &traits, const std::vector<VkExtensionProperties> &extensions);
  FeatureChain(const FeatureChain &) = delete;
  FeatureChain &operator=(const FeatureChain &) = delete;

  /// True for a feature of core version `core`, or where the extension is there; the extension is then enabled.
  bool use(uint32_t core, const char *extension);

  VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
  VkPhysicalDevice16BitStorageFeatures storage16{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES};
  VkPhysicalDeviceVariablePointersFeatures pointers{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VARIABLE_POINTERS_FEATURES};
  VkPhysicalDevice8BitStorageFeatures storage8{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES};
  VkPhysicalDeviceShaderFloat16Int8Features small{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES};
  VkPhysicalDeviceTimelineSemaphoreFeatures timeline{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES};
  VkPhysicalDeviceBufferDeviceAddressFeatures address{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES};
  VkPhysicalDeviceVulkanMemoryModelFeatures memoryModel{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES};
  VkPhysicalDeviceShaderSubgroupExtendedTypesFeatures subgroupTypes{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SUBGROUP_EXTENDED_TYPES_FEATURES};
  VkPhysicalDeviceScalarBlockLayoutFeatures scalarLayout{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SCALAR_BLOCK_LAYOUT_FEATURES};
  std::vector<const char *> enabled; ///< Extensions.

  /// Asks the driver and switches off what is never used (robustness costs time, graphics is not for us).
  void query(const Instance &instance, VkPhysicalDevice physical);

private:
  const std::vector<VkExtensionProperties> &available;
  uint32_t apiVersion;
};

VkResult listExtensions(const Instance &instance, VkPhysicalDevice physical,
                        std::vector<VkExtensionProperties> &extensions);

/// Describes one device, quirks applied. False, and the reason in `why`, where it cannot run kernels.
bool describe(const Instance &instance, VkPhysicalDevice physical, DeviceTraits &traits, std::string &why);

/// Every usable device of an instance, best first: discrete, integrated, virtual, software, then by UUID. `leftOut`
/// gets "NAME: REASON" for each of the others.
std::vector<DeviceTraits> probe(const Instance &instance, std::vector<std::string> &leftOut);

} // namespace tenon::vulkan
