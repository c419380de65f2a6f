//===- Instance.h - one VkInstance and what the validation layer says ---------===//
//
// Owns the VkInstance, its function table and the debug messenger. Does not know devices. Shared by all devices that
// were opened through it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "devices/vulkan/Loader.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tenon::vulkan {

class Instance {
public:
  /// Opens the loader and creates an instance. Null, and the reason in `why`, where that fails.
  static std::shared_ptr<Instance> create(bool validate, std::string &why);

  /// Whether TENON_VULKAN_VALIDATION=1 asks for the validation layer.
  static bool isValidationWanted();
  ~Instance();
  Instance(const Instance &) = delete;
  Instance &operator=(const Instance &) = delete;

  /// Every physical device, in the driver's order.
  VkResult enumerate(std::vector<VkPhysicalDevice> &devices) const;

  const Loader loader;
  const InstanceFunctions vk;
  const VkInstance handle;
  const uint32_t apiVersion; ///< What was asked for: the newest version known here, at most the loader's.

private:
  Instance(const Loader &loader, const InstanceFunctions &functions, VkInstance handle, uint32_t apiVersion)
      : loader(loader), vk(functions), handle(handle), apiVersion(apiVersion) {}

  VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
};

/// How many warnings and errors the validation layer has given in this process.
uint64_t getValidationMessageCount();

} // namespace tenon::vulkan
