/* A Vulkan driver that misbehaves, for the tests of probing: which way is chosen by the macro FAKE_.... */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vulkan/vk_icd.h>
#include <vulkan/vulkan.h>

#ifdef FAKE_CRASH_ON_LOAD
__attribute__((constructor)) static void crash(void) { abort(); }
#endif

struct instance {
  VK_LOADER_DATA loader; /* first, as the loader demands */
};

static VkResult VKAPI_CALL createInstance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                                          VkInstance *out) {
#ifdef FAKE_CRASH_ON_INSTANCE
  abort();
#endif
#ifdef FAKE_HANG
  sleep(1000);
#endif
  struct instance *made = calloc(1, sizeof *made);
  set_loader_magic_value(made);
  *out = (VkInstance)made;
  return VK_SUCCESS;
}

static void VKAPI_CALL destroyInstance(VkInstance instance, const VkAllocationCallbacks *allocator) { free(instance); }

static VkResult VKAPI_CALL noDevices(VkInstance instance, uint32_t *count, VkPhysicalDevice *devices) {
  *count = 0;
  return VK_SUCCESS;
}

static VkResult VKAPI_CALL noExtensions(const char *layer, uint32_t *count, VkExtensionProperties *properties) {
  *count = 0;
  return VK_SUCCESS;
}

static VkResult VKAPI_CALL version(uint32_t *number) {
  *number = VK_API_VERSION_1_1;
  return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *number) {
  if (*number > 5)
    *number = 5;
  return VK_SUCCESS;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetInstanceProcAddr(VkInstance instance, const char *name) {
#ifdef FAKE_EMPTY
  return NULL;
#endif
  if (strcmp(name, "vkCreateInstance") == 0)
    return (PFN_vkVoidFunction)createInstance;
  if (strcmp(name, "vkDestroyInstance") == 0)
    return (PFN_vkVoidFunction)destroyInstance;
  if (strcmp(name, "vkEnumeratePhysicalDevices") == 0)
    return (PFN_vkVoidFunction)noDevices;
  if (strcmp(name, "vkEnumerateInstanceExtensionProperties") == 0)
    return (PFN_vkVoidFunction)noExtensions;
  if (strcmp(name, "vkEnumerateInstanceVersion") == 0)
    return (PFN_vkVoidFunction)version;
  /* The rest is asked for and, without a device, not called. */
  return strncmp(name, "vk_icd", 6) == 0 ? NULL : (PFN_vkVoidFunction)abort;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetPhysicalDeviceProcAddr(VkInstance instance, const char *name) {
  return NULL;
}
