//===- Loader.cpp - OpenCL's entry points, opened at run time ---------------===//
//
// Owns the opening of libraries and the filling of function tables.
//
//===------------------------------------------------------------------------===//
#include "Loader.h"

#include "Status.h"

#include <CL/cl_icd.h>

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <map>
#include <mutex>

namespace tenon::opencl {

constexpr int oldestVersion = 12;

std::string loaderFile() {
  const char *named = std::getenv("TENON_OPENCL_LOADER");
  return named && *named ? named : "libOpenCL.so.1";
}

bool loaderIsNamed() {
  const char *named = std::getenv("TENON_OPENCL_LOADER");
  return named && *named;
}

int parseVersion(const std::string &version) {
  int major = 0, minor = 0;
  if (std::sscanf(version.c_str(), "OpenCL %d.%d", &major, &minor) != 2 || major < 0 || minor < 0 || minor > 9)
    return 0;
  return 10 * major + minor;
}

static Status openFile(const std::string &file, const char *what, void *&library) {
  library = dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library)
    return {};
  const char *why = dlerror();
  return error(tnErrorInitializationError, "the %s cannot be opened: %s", what, why ? why : file.c_str());
}

Status checkLoader() {
  void *library = nullptr;
  return openFile(loaderFile(), "OpenCL loader", library);
}

template <typename Function> static Function look(void *library, const char *name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

static std::string platformText(decltype(&::clGetPlatformInfo) getInfo, cl_platform_id platform,
                                cl_platform_info what) {
  size_t size = 0;
  if (getInfo(platform, what, 0, nullptr, &size) != CL_SUCCESS || size == 0)
    return {};
  std::string result(size, '\0');
  if (getInfo(platform, what, size, result.data(), nullptr) != CL_SUCCESS)
    return {};
  result.resize(std::char_traits<char>::length(result.c_str()));
  return result;
}

/// Fills name, version, problem and api. `find(member, name)` sets a member of the table to OpenCL's function `name`.
template <typename Find>
static void describePlatform(Platform &platform, decltype(&::clGetPlatformInfo) getInfo, Find &&fill) {
  platform.name = platformText(getInfo, platform.id, CL_PLATFORM_NAME);
  platform.version = platformText(getInfo, platform.id, CL_PLATFORM_VERSION);
  int version = parseVersion(platform.version);
  // An older driver's table ends before the functions that are used here, so it must not even be read.
  if (version < oldestVersion) {
    platform.problem = text("platform %s is %s, but at least OpenCL 1.2 is needed", platform.name.c_str(),
                            platform.version.empty() ? "of no version" : platform.version.c_str());
    return;
  }
  Api &api = platform.api;
  fill(api, version);
  const char *missing = nullptr;
#define TENON_OPENCL_CHECK(name)                                                                                       \
  if (!api.name && !missing)                                                                                           \
    missing = "cl" #name;
  TENON_OPENCL_FUNCTIONS(TENON_OPENCL_CHECK)
#undef TENON_OPENCL_CHECK
  if (missing) {
    platform.problem = text("platform %s lacks the function %s", platform.name.c_str(), missing);
    return;
  }
  // Before OpenCL 2.1 an extension has the same function under its own name.
  std::string extensions = platformText(getInfo, platform.id, CL_PLATFORM_EXTENSIONS);
  if (!api.CreateProgramWithIL && extensions.find("cl_khr_il_program") != std::string::npos)
    api.CreateProgramWithIL = reinterpret_cast<decltype(api.CreateProgramWithIL)>(
        api.GetExtensionFunctionAddressForPlatform(platform.id, "clCreateProgramWithILKHR"));
}

/// Asks a function of clGetPlatformIDs' form for all platforms.
static Status listPlatforms(decltype(&::clGetPlatformIDs) getIds, std::vector<Platform> &platforms) {
  cl_uint count = 0;
  cl_int code = getIds(0, nullptr, &count);
  // CL_PLATFORM_NOT_FOUND_KHR is how "none" is spelt.
  if (code == CL_PLATFORM_NOT_FOUND_KHR || (code == CL_SUCCESS && count == 0))
    return {};
  if (code != CL_SUCCESS)
    return failure(code, "list platforms");
  std::vector<cl_platform_id> ids(count);
  code = getIds(count, ids.data(), &count);
  if (code != CL_SUCCESS)
    return failure(code, "list platforms");
  for (cl_platform_id id : ids)
    if (id)
      platforms.push_back({id, {}, {}, {}, {}});
  return {};
}

static Status openAsLoader(const std::string &file, std::vector<Platform> &platforms) {
  void *library = nullptr;
  TENON_TRY(openFile(file, "OpenCL loader", library));
  auto getIds = look<decltype(&::clGetPlatformIDs)>(library, "clGetPlatformIDs");
  auto getInfo = look<decltype(&::clGetPlatformInfo)>(library, "clGetPlatformInfo");
  if (!getIds || !getInfo)
    return error(tnErrorInitializationError, "the OpenCL loader %s lacks the function %s", file.c_str(),
                 getIds ? "clGetPlatformInfo" : "clGetPlatformIDs");
  TENON_TRY(listPlatforms(getIds, platforms));
  for (Platform &platform : platforms)
    describePlatform(platform, getInfo, [&](Api &api, int version) {
#define TENON_OPENCL_LOOKUP(name) api.name = look<decltype(api.name)>(library, "cl" #name);
      TENON_OPENCL_FUNCTIONS(TENON_OPENCL_LOOKUP)
      if (version >= 21)
        TENON_OPENCL_LOOKUP(CreateProgramWithIL)
#undef TENON_OPENCL_LOOKUP
    });
  return {};
}

static Status openAsDriver(const std::string &file, std::vector<Platform> &platforms) {
  void *library = nullptr;
  TENON_TRY(openFile(file, "driver", library));
  auto getAddress = look<decltype(&::clGetExtensionFunctionAddress)>(library, "clGetExtensionFunctionAddress");
  auto getIds = look<decltype(&::clGetPlatformIDs)>(library, "clIcdGetPlatformIDsKHR");
  if (!getIds && getAddress)
    getIds = reinterpret_cast<decltype(getIds)>(getAddress("clIcdGetPlatformIDsKHR"));
  if (!getIds)
    return error(tnErrorInitializationError, "%s is not an OpenCL driver: it has no clIcdGetPlatformIDsKHR",
                 file.c_str());
  TENON_TRY(listPlatforms(getIds, platforms));
  for (Platform &platform : platforms) {
    const cl_icd_dispatch *table = *reinterpret_cast<const cl_icd_dispatch *const *>(platform.id);
    if (!table || !table->clGetPlatformInfo) {
      platform.problem = "a platform of it has no dispatch table (cl_khr_icd)";
      continue;
    }
    describePlatform(platform, table->clGetPlatformInfo, [&](Api &api, int version) {
#define TENON_OPENCL_LOOKUP(name) api.name = table->cl##name;
      TENON_OPENCL_FUNCTIONS(TENON_OPENCL_LOOKUP)
      if (version >= 21)
        TENON_OPENCL_LOOKUP(CreateProgramWithIL)
#undef TENON_OPENCL_LOOKUP
    });
  }
  return {};
}

Status openLibrary(LibraryKind kind, const std::string &file, const std::vector<Platform> *&platforms) {
  // Both are leaked on purpose: drivers' threads may still be at work when the process ends.
  static std::mutex &mutex = *new std::mutex;
  static auto &open = *new std::map<std::string, std::vector<Platform>>;
  std::lock_guard lock(mutex);
  auto found = open.find(file);
  if (found == open.end()) {
    std::vector<Platform> listed;
    TENON_TRY(kind == LibraryKind::Loader ? openAsLoader(file, listed) : openAsDriver(file, listed));
    found = open.emplace(file, std::move(listed)).first;
  }
  platforms = &found->second;
  return {};
}

} // namespace tenon::opencl
