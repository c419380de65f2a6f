//===- Status.cpp - names and codes of VkResult -------------------------------===//
#include "devices/vulkan/Status.h"

namespace tenon::vulkan {

namespace {

struct Known {
  VkResult result;
  const char *name;
  tnError_t code;
};

#define TENON_VULKAN_RESULT(NAME, CODE) {NAME, #NAME, CODE}
const Known known[] = {
    TENON_VULKAN_RESULT(VK_NOT_READY, tnErrorNotReady),
    TENON_VULKAN_RESULT(VK_TIMEOUT, tnErrorTimeout),
    TENON_VULKAN_RESULT(VK_INCOMPLETE, tnErrorUnknown),
    TENON_VULKAN_RESULT(VK_ERROR_OUT_OF_HOST_MEMORY, tnErrorMemoryAllocation),
    TENON_VULKAN_RESULT(VK_ERROR_OUT_OF_DEVICE_MEMORY, tnErrorMemoryAllocation),
    TENON_VULKAN_RESULT(VK_ERROR_INITIALIZATION_FAILED, tnErrorInitializationError),
    TENON_VULKAN_RESULT(VK_ERROR_DEVICE_LOST, tnErrorDeviceLost),
    TENON_VULKAN_RESULT(VK_ERROR_MEMORY_MAP_FAILED, tnErrorMapBufferObjectFailed),
    TENON_VULKAN_RESULT(VK_ERROR_LAYER_NOT_PRESENT, tnErrorInitializationError),
    TENON_VULKAN_RESULT(VK_ERROR_EXTENSION_NOT_PRESENT, tnErrorNotSupported),
    TENON_VULKAN_RESULT(VK_ERROR_FEATURE_NOT_PRESENT, tnErrorNotSupported),
    TENON_VULKAN_RESULT(VK_ERROR_INCOMPATIBLE_DRIVER, tnErrorInsufficientDriver),
    TENON_VULKAN_RESULT(VK_ERROR_TOO_MANY_OBJECTS, tnErrorMemoryAllocation),
    TENON_VULKAN_RESULT(VK_ERROR_FRAGMENTED_POOL, tnErrorMemoryAllocation),
    TENON_VULKAN_RESULT(VK_ERROR_OUT_OF_POOL_MEMORY, tnErrorMemoryAllocation),
    TENON_VULKAN_RESULT(VK_ERROR_FRAGMENTATION, tnErrorMemoryAllocation),
    TENON_VULKAN_RESULT(VK_ERROR_INVALID_EXTERNAL_HANDLE, tnErrorInvalidValue),
    TENON_VULKAN_RESULT(VK_ERROR_INVALID_SHADER_NV, tnErrorInvalidKernelImage),
    TENON_VULKAN_RESULT(VK_ERROR_UNKNOWN, tnErrorUnknown),
};
#undef TENON_VULKAN_RESULT

const Known *find(VkResult result) {
  for (const Known &entry : known)
    if (entry.result == result)
      return &entry;
  return nullptr;
}

} // namespace

std::string getResultText(VkResult result) {
  const Known *entry = find(result);
  return text("%s (%d)", entry ? entry->name : "an unknown vulkan result", static_cast<int>(result));
}

std::string formatVersion(uint32_t version) {
  return text("%u.%u", VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version));
}

Status check(VkResult result, const char *what) {
  if (result == VK_SUCCESS)
    return {};
  const Known *entry = find(result);
  return error(entry ? entry->code : tnErrorUnknown, "%s: %s", what, getResultText(result).c_str());
}

} // namespace tenon::vulkan
