//===- Loader.cpp - opens libvulkan and fills the function tables -------------===//
//
// Owns the search for the library and for each function. Does not call any of them.
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Loader.h"

#include <cstdlib>
#include <dlfcn.h>

namespace tenon::vulkan {

bool Loader::open(std::string &why) {
  const char *overridePath = getenv("TENON_VULKAN_LOADER");
  path = overridePath && *overridePath ? overridePath : "libvulkan.so.1";
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *error = dlerror();
    why = "the vulkan loader cannot be opened: " + std::string(error ? error : path.c_str());
    return false;
  }
  getInstanceProcAddr = reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
  if (!getInstanceProcAddr) {
    why = "the vulkan loader " + path + " has no vkGetInstanceProcAddr";
    return false;
  }
#define TENON_VULKAN_LOAD(NAME)                                                                                        \
  NAME = reinterpret_cast<PFN_vk##NAME>(getInstanceProcAddr(nullptr, "vk" #NAME));                                     \
  if (!NAME) {                                                                                                         \
    why = "the vulkan loader " + path + " has no vk" #NAME ", which vulkan 1.1 has";                                   \
    return false;                                                                                                      \
  }
  TENON_VULKAN_GLOBAL_FUNCTIONS(TENON_VULKAN_LOAD)
#undef TENON_VULKAN_LOAD
  return true;
}

bool InstanceFunctions::load(const Loader &loader, VkInstance instance, std::string &why) {
#define TENON_VULKAN_LOAD(NAME)                                                                                        \
  NAME = reinterpret_cast<PFN_vk##NAME>(loader.getInstanceProcAddr(instance, "vk" #NAME));                             \
  if (!NAME) {                                                                                                         \
    why = "the vulkan instance of " + loader.path + " has no vk" #NAME;                                                \
    return false;                                                                                                      \
  }
  TENON_VULKAN_INSTANCE_FUNCTIONS(TENON_VULKAN_LOAD)
#undef TENON_VULKAN_LOAD
  createMessenger = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
      loader.getInstanceProcAddr(instance, "vkCreateDebugUtilsMessengerEXT"));
  destroyMessenger = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
      loader.getInstanceProcAddr(instance, "vkDestroyDebugUtilsMessengerEXT"));
  return true;
}

bool DeviceFunctions::load(PFN_vkGetDeviceProcAddr get, VkDevice device, std::string &why) {
#define TENON_VULKAN_LOAD(NAME)                                                                                        \
  NAME = reinterpret_cast<PFN_vk##NAME>(get(device, "vk" #NAME));                                                      \
  if (!NAME) {                                                                                                         \
    why = "the vulkan device has no vk" #NAME;                                                                         \
    return false;                                                                                                      \
  }
  TENON_VULKAN_DEVICE_FUNCTIONS(TENON_VULKAN_LOAD)
#undef TENON_VULKAN_LOAD
  // A 1.2 device has the core name, an older one with the extension the suffixed one.
#define TENON_VULKAN_LOAD(NAME, SUFFIX)                                                                                \
  NAME = reinterpret_cast<PFN_vk##NAME>(get(device, "vk" #NAME));                                                      \
  if (!NAME && *#SUFFIX)                                                                                               \
    NAME = reinterpret_cast<PFN_vk##NAME>(get(device, "vk" #NAME #SUFFIX));
  TENON_VULKAN_OPTIONAL_FUNCTIONS(TENON_VULKAN_LOAD)
#undef TENON_VULKAN_LOAD
  return true;
}

} // namespace tenon::vulkan
