//===- Instance.cpp - creates the VkInstance ---------------------------------===//
//
// Owns the choice of version, layer and extensions of the instance, and prints what the validation layer says.
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Instance.h"

#include "devices/vulkan/Status.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tenon::vulkan {

namespace {

std::atomic<uint64_t> validationMessages{0};

VKAPI_ATTR VkBool32 VKAPI_CALL printMessage(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                            VkDebugUtilsMessageTypeFlagsEXT type,
                                            const VkDebugUtilsMessengerCallbackDataEXT *data, void *) {
  // The loader reports what it finds on the machine (drivers without hardware, manifests) through the same channel as
  // "general"; only what a layer says about our calls is a message about this runtime.
  if (!(type & (VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT)))
    return VK_FALSE;
  ++validationMessages;
  fprintf(stderr, "vulkan validation: %s\n", data->pMessage);
  return VK_FALSE;
}

const char *const validationLayer = "VK_LAYER_KHRONOS_validation";

bool hasLayer(const Loader &loader) {
  uint32_t count = 0;
  if (loader.EnumerateInstanceLayerProperties(&count, nullptr) != VK_SUCCESS)
    return false;
  std::vector<VkLayerProperties> layers(count);
  if (loader.EnumerateInstanceLayerProperties(&count, layers.data()) < 0)
    return false;
  layers.resize(std::min<size_t>(count, layers.size()));
  return std::any_of(layers.begin(), layers.end(),
                     [](const VkLayerProperties &l) { return !strcmp(l.layerName, validationLayer); });
}

} // namespace

bool Instance::isValidationWanted() {
  const char *value = getenv("TENON_VULKAN_VALIDATION");
  return value && !strcmp(value, "1");
}

uint64_t getValidationMessageCount() { return validationMessages; }

std::shared_ptr<Instance> Instance::create(bool validate, std::string &why) {
  Loader loader;
  if (!loader.open(why))
    return nullptr;
  uint32_t version = VK_API_VERSION_1_0;
  if (VkResult result = loader.EnumerateInstanceVersion(&version); result != VK_SUCCESS) {
    why = "the vulkan loader does not tell its version: " + getResultText(result);
    return nullptr;
  }
  if (version < VK_API_VERSION_1_1) {
    why = "the vulkan loader is version " + formatVersion(version) + ", at least 1.1 is needed";
    return nullptr;
  }
  version = std::min<uint32_t>(version, VK_API_VERSION_1_3);

  if (validate && !hasLayer(loader)) {
    why = "TENON_VULKAN_VALIDATION=1, but the loader does not find VK_LAYER_KHRONOS_validation";
    return nullptr;
  }

  VkDebugUtilsMessengerCreateInfoEXT messenger{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
  messenger.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  messenger.messageType =
      VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
  messenger.pfnUserCallback = printMessage;

  VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
  application.pApplicationName = application.pEngineName = "tenon";
  application.apiVersion = version;
  const char *extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
  VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  info.pApplicationInfo = &application;
  if (validate) {
    info.pNext = &messenger;
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &validationLayer;
    info.enabledExtensionCount = 1;
    info.ppEnabledExtensionNames = &extension;
  }
  VkInstance handle = VK_NULL_HANDLE;
  VkResult result = loader.CreateInstance(&info, nullptr, &handle);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
    why = "the vulkan loader finds no driver";
    return nullptr;
  }
  if (result != VK_SUCCESS) {
    why = "no vulkan instance can be made: " + getResultText(result);
    return nullptr;
  }

  InstanceFunctions functions;
  if (!functions.load(loader, handle, why)) {
    if (functions.DestroyInstance)
      functions.DestroyInstance(handle, nullptr);
    return nullptr;
  }
  std::shared_ptr<Instance> instance(new Instance(loader, functions, handle, version));
  if (validate) {
    result = functions.createMessenger ? functions.createMessenger(handle, &messenger, nullptr, &instance->messenger)
                                       : VK_ERROR_EXTENSION_NOT_PRESENT;
    if (result != VK_SUCCESS) {
      why = "TENON_VULKAN_VALIDATION=1, but no messenger can be made: " + getResultText(result);
      return nullptr;
    }
  }
  return instance;
}

Instance::~Instance() {
  if (messenger && vk.destroyMessenger)
    vk.destroyMessenger(handle, messenger, nullptr);
  vk.DestroyInstance(handle, nullptr);
}

VkResult Instance::enumerate(std::vector<VkPhysicalDevice> &devices) const {
  VkResult result;
  do {
    uint32_t count = 0;
    result = vk.EnumeratePhysicalDevices(handle, &count, nullptr);
    if (result != VK_SUCCESS)
      return result;
    devices.resize(count);
    result = count ? vk.EnumeratePhysicalDevices(handle, &count, devices.data()) : VK_SUCCESS;
    devices.resize(count);
  } while (result == VK_INCOMPLETE);
  return result;
}

} // namespace tenon::vulkan
