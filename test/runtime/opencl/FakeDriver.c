/* A driver that misbehaves, for the tests of probing: which way is chosen by the macro FAKE_.... */
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#include <CL/cl.h>
#include <CL/cl_icd.h>
#include <stdlib.h>
#include <string.h>

static struct _cl_icd_dispatch table;
struct platform {
  const struct _cl_icd_dispatch *table;
};
static struct platform only;

#ifdef FAKE_CRASH_ON_LOAD
__attribute__((constructor)) static void crash(void) { abort(); }
#endif

static cl_int CL_API_CALL platformInfo(cl_platform_id platform, cl_platform_info what, size_t size, void *value,
                                       size_t *needed) {
  const char *text = "";
  if (what == CL_PLATFORM_NAME)
    text = "Fake";
#ifdef FAKE_OLD
  if (what == CL_PLATFORM_VERSION)
    text = "OpenCL 1.1 fake";
#else
  if (what == CL_PLATFORM_VERSION)
    text = "OpenCL 1.2 fake";
#endif
  if (needed)
    *needed = strlen(text) + 1;
  if (value)
    strncpy(value, text, size);
  return CL_SUCCESS;
}

static cl_int CL_API_CALL deviceIds(cl_platform_id platform, cl_device_type type, cl_uint room, cl_device_id *ids,
                                    cl_uint *count) {
#ifdef FAKE_CRASH_ON_DEVICES
  abort();
#endif
  if (count)
    *count = 0;
  return CL_DEVICE_NOT_FOUND;
}

cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint room, cl_platform_id *ids, cl_uint *count) {
#ifdef FAKE_NO_PLATFORM
  if (!count || !ids)
    return CL_PLATFORM_NOT_FOUND_KHR;
#endif
  if (count)
    *count = 1;
#ifdef FAKE_NO_TABLE
  only.table = NULL;
#else
  only.table = &table;
#endif
  /* Something in every place, so that only what is really missing is complained of. */
  void **entries = (void **)&table;
  for (size_t i = 0; i < sizeof table / sizeof *entries; ++i)
    entries[i] = (void *)abort;
  table.clGetPlatformInfo = platformInfo;
  table.clGetDeviceIDs = deviceIds;
  if (ids)
    ids[0] = (cl_platform_id)&only;
  return CL_SUCCESS;
}

void *CL_API_CALL clGetExtensionFunctionAddress(const char *name) {
  return strcmp(name, "clIcdGetPlatformIDsKHR") == 0 ? (void *)clIcdGetPlatformIDsKHR : NULL;
}
