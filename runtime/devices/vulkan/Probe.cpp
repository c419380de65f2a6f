//===- Probe.cpp - asks physical devices what they can do ---------------------===//
//
// Owns every query of a physical device. Does not correct answers: Quirks does, as the last step of describe().
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Probe.h"

#include "devices/vulkan/Quirks.h"
#include "devices/vulkan/Status.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace tenon::vulkan {

namespace {

bool hasExtension(const std::vector<VkExtensionProperties> &extensions, const char *name) {
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const VkExtensionProperties &e) { return !strcmp(e.extensionName, name); });
}

/// Links `next` at the head of the chain that `root` begins.
template <typename Root, typename Struct> void chain(Root &root, Struct &next) {
  next.pNext = const_cast<void *>(static_cast<const void *>(root.pNext));
  root.pNext = &next;
}

/// The family with most queues among those that run kernels: streams spread over them.
bool chooseQueues(const Instance &instance, DeviceTraits &traits) {
  uint32_t count = 0;
  instance.vk.GetPhysicalDeviceQueueFamilyProperties(traits.physical, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  instance.vk.GetPhysicalDeviceQueueFamilyProperties(traits.physical, &count, families.data());
  for (uint32_t i = 0; i < count; ++i) {
    if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) || families[i].queueCount <= traits.queueCount)
      continue;
    traits.queueFamily = i;
    traits.queueCount = families[i].queueCount;
    traits.timestampBits = families[i].timestampValidBits;
  }
  return traits.queueCount > 0;
}

int getRank(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return 0;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return 1;
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return 2;
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return 4;
  default:
    return 3;
  }
}

bool isBetter(const DeviceTraits &a, const DeviceTraits &b) {
  if (getRank(a.type) != getRank(b.type))
    return getRank(a.type) < getRank(b.type);
  return memcmp(a.uuid, b.uuid, sizeof a.uuid) < 0;
}

} // namespace

unsigned DeviceTraits::getSpirvVersion() const {
  if (apiVersion >= VK_API_VERSION_1_3)
    return 16;
  return apiVersion >= VK_API_VERSION_1_2 ? 15 : 13;
}

std::string DeviceTraits::describeDriver() const {
  std::string text = "vulkan " + formatVersion(apiVersion);
  if (!driver.empty())
    text += ", " + driver;
  if (!driverInfo.empty())
    text += " " + driverInfo;
  return text;
}

FeatureChain::FeatureChain(const DeviceTraits &traits, const std::vector<VkExtensionProperties> &extensions)
    : available(extensions), apiVersion(traits.apiVersion) {
  chain(features, storage16);
  chain(features, pointers);
  if (use(VK_API_VERSION_1_2, VK_KHR_8BIT_STORAGE_EXTENSION_NAME))
    chain(features, storage8);
  if (use(VK_API_VERSION_1_2, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME))
    chain(features, small);
  if (use(VK_API_VERSION_1_2, VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME))
    chain(features, timeline);
  if (use(VK_API_VERSION_1_2, VK_KHR_BUFFER_DEVICE_ADDRESS_EXTENSION_NAME))
    chain(features, address);
  if (use(VK_API_VERSION_1_2, VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME))
    chain(features, memoryModel);
  if (use(VK_API_VERSION_1_2, VK_KHR_SHADER_SUBGROUP_EXTENDED_TYPES_EXTENSION_NAME))
    chain(features, subgroupTypes);
  if (use(VK_API_VERSION_1_2, VK_EXT_SCALAR_BLOCK_LAYOUT_EXTENSION_NAME))
    chain(features, scalarLayout);
}

bool FeatureChain::use(uint32_t core, const char *extension) {
  if (core && apiVersion >= core)
    return true;
  if (!hasExtension(available, extension))
    return false;
  enabled.push_back(extension);
  return true;
}

void FeatureChain::query(const Instance &instance, VkPhysicalDevice physical) {
  instance.vk.GetPhysicalDeviceFeatures2(physical, &features);
  VkPhysicalDeviceFeatures kept{};
  kept.shaderFloat64 = features.features.shaderFloat64;
  kept.shaderInt64 = features.features.shaderInt64;
  kept.shaderInt16 = features.features.shaderInt16;
  features.features = kept;
  address.bufferDeviceAddressCaptureReplay = VK_FALSE;
  address.bufferDeviceAddressMultiDevice = VK_FALSE;
}

VkResult listExtensions(const Instance &instance, VkPhysicalDevice physical,
                        std::vector<VkExtensionProperties> &extensions) {
  VkResult result;
  do {
    uint32_t count = 0;
    result = instance.vk.EnumerateDeviceExtensionProperties(physical, nullptr, &count, nullptr);
    if (result != VK_SUCCESS)
      return result;
    extensions.resize(count);
    result = instance.vk.EnumerateDeviceExtensionProperties(physical, nullptr, &count, extensions.data());
    extensions.resize(count);
  } while (result == VK_INCOMPLETE);
  return result;
}

bool describe(const Instance &instance, VkPhysicalDevice physical, DeviceTraits &traits, std::string &why) {
  traits = {};
  traits.physical = physical;

  // The plain properties first: what may be chained depends on the version in them.
  VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  instance.vk.GetPhysicalDeviceProperties2(physical, &properties);
  traits.name = properties.properties.deviceName;
  traits.type = properties.properties.deviceType;
  traits.vendorId = properties.properties.vendorID;
  traits.driverVersion = properties.properties.driverVersion;
  traits.apiVersion = std::min(properties.properties.apiVersion, instance.apiVersion | VK_API_VERSION_PATCH(~0u));
  if (traits.apiVersion < VK_API_VERSION_1_1) {
    why = "it is vulkan " + formatVersion(properties.properties.apiVersion) + ", at least 1.1 is needed";
    return false;
  }

  std::vector<VkExtensionProperties> extensions;
  if (VkResult result = listExtensions(instance, physical, extensions); result != VK_SUCCESS) {
    why = "its extensions cannot be listed: " + getResultText(result);
    return false;
  }

  VkPhysicalDeviceIDProperties id{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
  VkPhysicalDeviceMaintenance3Properties maintenance{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES};
  VkPhysicalDeviceSubgroupProperties subgroup{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
  VkPhysicalDeviceDriverProperties driver{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
  VkPhysicalDeviceMaintenance4Properties maintenance4{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES};
  VkPhysicalDevicePushDescriptorPropertiesKHR push{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PUSH_DESCRIPTOR_PROPERTIES_KHR};
  VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nvidia{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV};
  VkPhysicalDeviceShaderCorePropertiesAMD amd{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD};
  chain(properties, id);
  chain(properties, maintenance);
  chain(properties, subgroup);
  FeatureChain features(traits, extensions);
  if (features.use(VK_API_VERSION_1_2, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME))
    chain(properties, driver);
  if (features.use(VK_API_VERSION_1_3, VK_KHR_MAINTENANCE_4_EXTENSION_NAME))
    chain(properties, maintenance4);
  if (features.use(0, VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME))
    chain(properties, push);
  if (features.use(0, VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME))
    chain(properties, nvidia);
  if (features.use(0, VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME))
    chain(properties, amd);
  instance.vk.GetPhysicalDeviceProperties2(physical, &properties);

  traits.limits = properties.properties.limits;
  memcpy(traits.uuid, id.deviceUUID, sizeof traits.uuid);
  traits.driver = driver.driverName;
  traits.driverInfo = driver.driverInfo;
  traits.driverId = driver.driverID;
  traits.maxAllocation = maintenance.maxMemoryAllocationSize;
  traits.maxBuffer = maintenance4.maxBufferSize ? maintenance4.maxBufferSize : traits.maxAllocation;
  traits.subgroupSize = std::max(1u, subgroup.subgroupSize);
  traits.maxPushDescriptors = push.maxPushDescriptors;
  traits.pushDescriptors = push.maxPushDescriptors > 0;
  traits.memoryBudget = features.use(0, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  if (nvidia.shaderSMCount)
    traits.computeUnits = nvidia.shaderSMCount;
  else if (amd.shaderEngineCount)
    traits.computeUnits = amd.shaderEngineCount * amd.shaderArraysPerEngineCount * amd.computeUnitsPerShaderArray;
  else if (traits.isSoftware())
    traits.computeUnits = std::max(1u, std::thread::hardware_concurrency());

  features.query(instance, physical);
  traits.float64 = features.features.features.shaderFloat64;
  traits.int64 = features.features.features.shaderInt64;
  traits.int16 = features.features.features.shaderInt16;
  traits.int8 = features.small.shaderInt8;
  traits.float16 = features.small.shaderFloat16;
  traits.storage16 = features.storage16.storageBuffer16BitAccess;
  traits.storage8 = features.storage8.storageBuffer8BitAccess;
  traits.timeline = features.timeline.timelineSemaphore;
  traits.bufferDeviceAddress = features.address.bufferDeviceAddress;

  VkPhysicalDeviceMemoryProperties2 memory{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
  instance.vk.GetPhysicalDeviceMemoryProperties2(physical, &memory);
  traits.memory = memory.memoryProperties;
  if (!traits.memory.memoryTypeCount || !traits.memory.memoryHeapCount) {
    why = "it reports no memory";
    return false;
  }
  if (!chooseQueues(instance, traits)) {
    why = "it has no compute queue";
    return false;
  }
  applyQuirks(traits);
  return true;
}

std::vector<DeviceTraits> probe(const Instance &instance, std::vector<std::string> &leftOut) {
  std::vector<VkPhysicalDevice> physical;
  std::vector<DeviceTraits> devices;
  if (VkResult result = instance.enumerate(physical); result != VK_SUCCESS) {
    leftOut.push_back("its devices cannot be listed: " + getResultText(result));
    return devices;
  }
  if (physical.empty())
    leftOut.push_back("the driver has no device");
  for (VkPhysicalDevice handle : physical) {
    DeviceTraits traits;
    std::string why;
    if (describe(instance, handle, traits, why))
      devices.insert(std::upper_bound(devices.begin(), devices.end(), traits, isBetter), traits);
    else
      leftOut.push_back((traits.name.empty() ? "a device" : traits.name) + ": " + why);
  }
  return devices;
}

} // namespace tenon::vulkan
