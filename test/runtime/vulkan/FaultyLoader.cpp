//===- FaultyLoader.cpp - a Vulkan loader in which one call fails ------------------------===//
//
// Owns a shared library that stands in front of the real loader (TENON_VULKAN_LOADER) and lets a chosen call among
// those that return a VkResult fail without reaching the driver. Tests set `tenonCallsUntilFault`.
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Loader.h"

#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <type_traits>

extern "C" {
/// The fault comes in the call that finds 0 here; negative: never. Counts down with each call.
__attribute__((visibility("default"))) std::atomic<long> tenonCallsUntilFault{-1};
}

namespace {

bool isFaulty() { return tenonCallsUntilFault >= 0 && tenonCallsUntilFault-- == 0; }

template <typename Tag, typename Function> struct Wrapper;
template <typename Tag, typename Result, typename... Args> struct Wrapper<Tag, Result (*)(Args...)> {
  using Function = Result (*)(Args...);
  static inline Function real = nullptr;
  static Result call(Args... args) {
    if (isFaulty())
      return VK_ERROR_OUT_OF_HOST_MEMORY;
    return real(args...);
  }
  static PFN_vkVoidFunction wrap(PFN_vkVoidFunction function) {
    real = reinterpret_cast<Function>(function);
    return function ? reinterpret_cast<PFN_vkVoidFunction>(&call) : nullptr;
  }
};
template <typename Tag, typename... Args> struct Wrapper<Tag, void (*)(Args...)> {
  static PFN_vkVoidFunction wrap(PFN_vkVoidFunction function) { return function; }
};

PFN_vkVoidFunction wrap(const char *name, PFN_vkVoidFunction function) {
#define TENON_WRAP(NAME, ...)                                                                                          \
  if (!strcmp(name, "vk" #NAME)) {                                                                                     \
    struct Tag;                                                                                                        \
    return Wrapper<Tag, PFN_vk##NAME>::wrap(function);                                                                 \
  }
  TENON_VULKAN_GLOBAL_FUNCTIONS(TENON_WRAP)
  TENON_WRAP(EnumeratePhysicalDevices)
  TENON_WRAP(EnumerateDeviceExtensionProperties)
  TENON_WRAP(CreateDevice)
  TENON_VULKAN_DEVICE_FUNCTIONS(TENON_WRAP)
  TENON_VULKAN_OPTIONAL_FUNCTIONS(TENON_WRAP)
#undef TENON_WRAP
  return function;
}

PFN_vkGetDeviceProcAddr realGetDeviceProcAddr = nullptr;

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getDeviceProcAddr(VkDevice device, const char *name) {
  return wrap(name, realGetDeviceProcAddr(device, name));
}

} // namespace

extern "C" __attribute__((visibility("default"))) VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
vkGetInstanceProcAddr(VkInstance instance, const char *name) {
  static auto real = reinterpret_cast<PFN_vkGetInstanceProcAddr>(
      dlsym(dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL), "vkGetInstanceProcAddr"));
  PFN_vkVoidFunction function = real(instance, name);
  if (!strcmp(name, "vkGetDeviceProcAddr")) {
    realGetDeviceProcAddr = reinterpret_cast<PFN_vkGetDeviceProcAddr>(function);
    return reinterpret_cast<PFN_vkVoidFunction>(&getDeviceProcAddr);
  }
  return wrap(name, function);
}
