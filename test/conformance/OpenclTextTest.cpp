//===- OpenclTextTest.cpp - OpenCL C builds without a word -------------------===//
//
// Owns one claim: every OpenCL C text of the suite's packages builds on every OpenCL driver, and no driver warns. Asks
// the drivers themselves, not libtenon, which keeps logs to itself. Texts of a profile are built together, since a
// driver's start costs more than the text.
//
//===------------------------------------------------------------------------===//
#define CL_TARGET_OPENCL_VERSION 120
#include "Conformance.h"
#include "package_generated.h"

#include <CL/cl.h>
#include <algorithm>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <map>

namespace tenon::conformance {
namespace {

/// The entry points that the test needs, from the loader on this machine.
struct OpenCl {
  OpenCl() : library(dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL)) {}
  template <class Function> Function *find(Function *, const char *name) const {
    return reinterpret_cast<Function *>(dlsym(library, name));
  }
  void *library;
};
#define CL(NAME) cl.find(NAME##_type, #NAME)
constexpr decltype(&clGetPlatformIDs) clGetPlatformIDs_type = nullptr;
constexpr decltype(&clGetPlatformInfo) clGetPlatformInfo_type = nullptr;
constexpr decltype(&clGetDeviceIDs) clGetDeviceIDs_type = nullptr;
constexpr decltype(&clGetDeviceInfo) clGetDeviceInfo_type = nullptr;
constexpr decltype(&clCreateContext) clCreateContext_type = nullptr;
constexpr decltype(&clCreateProgramWithSource) clCreateProgramWithSource_type = nullptr;
constexpr decltype(&clCompileProgram) clCompileProgram_type = nullptr;
constexpr decltype(&clGetProgramBuildInfo) clGetProgramBuildInfo_type = nullptr;
constexpr decltype(&clReleaseProgram) clReleaseProgram_type = nullptr;
constexpr decltype(&clReleaseContext) clReleaseContext_type = nullptr;

struct Source {
  std::string text, options;
  bool needsFloat64 = false;
};

/// Adds a text, leaving out the helper functions that are there already: they stand between empty lines.
void append(std::string &to, const std::string &text) {
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find("\n\n", start);
    end = end == std::string::npos ? text.size() : end + 2;
    std::string part = text.substr(start, end - start);
    if (part.rfind("static inline", 0) != 0 || to.find(part) == std::string::npos)
      to += part.back() == '\n' ? part : part + "\n\n";
    start = end;
  }
  to += "\n";
}

std::map<std::string, Source> readSources(const std::string &name) {
  std::map<std::string, Source> sources;
  std::ifstream file(std::string(TENON_CONFORMANCE_PACKAGES "/conformance_") + name + ".tnb", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_FALSE(bytes.empty()) << name;
  if (bytes.empty())
    return sources;
  const package::Package &package = *package::GetPackage(bytes.data());
  std::vector<bool> needsFloat64(package.modules()->size());
  for (const package::Operator *op : *package.operators())
    for (const package::Instance *instance : *op->instances())
      for (const package::Variant *variant : *instance->variants())
        if (variant->requires_())
          for (const package::Requirement *requirement : *variant->requires_())
            if (requirement->property() == package::Property::Float64)
              needsFloat64[variant->module_()] = true;
  for (uint32_t i = 0; i < package.modules()->size(); ++i) {
    const package::Module &module = *package.modules()->Get(i);
    if (module.target() != package::Target::OpenCL)
      continue;
    Source &source = sources[module.profile()->str() + (needsFloat64[i] ? " with f64" : "")];
    source.needsFloat64 = needsFloat64[i];
    if (module.build_options())
      source.options = module.build_options()->str();
    append(source.text, std::string(module.code()->begin(), module.code()->end()));
  }
  EXPECT_FALSE(sources.empty()) << name << " has no OpenCL C";
  return sources;
}

class OpenclText : public testing::TestWithParam<const char *> {};

TEST_P(OpenclText, BuildsWithoutWarnings) {
  OpenCl cl;
  if (!cl.library)
    GTEST_SKIP() << "no OpenCL loader";
  std::map<std::string, Source> sources = readSources(GetParam());
  cl_uint count = 0;
  if (CL(clGetPlatformIDs)(0, nullptr, &count) != CL_SUCCESS || count == 0)
    GTEST_SKIP() << "no OpenCL driver";
  std::vector<cl_platform_id> platforms(count);
  CL(clGetPlatformIDs)(count, platforms.data(), nullptr);
  for (cl_platform_id platform : platforms) {
    char platformName[256] = "", extensions[16384] = "";
    CL(clGetPlatformInfo)(platform, CL_PLATFORM_NAME, sizeof platformName - 1, platformName, nullptr);
    cl_device_id device;
    // A platform without devices, or one that is too old for tenon, is none of the suite's.
    bool isListed = std::any_of(getDevices().begin(), getDevices().end(), [&](const Device &d) {
      return std::string(d.properties.id).rfind("opencl", 0) == 0 &&
             std::string(d.properties.driver).find(platformName) == 0;
    });
    if (!isListed || CL(clGetDeviceIDs)(platform, CL_DEVICE_TYPE_ALL, 1, &device, nullptr) != CL_SUCCESS)
      continue;
    CL(clGetDeviceInfo)(device, CL_DEVICE_EXTENSIONS, sizeof extensions - 1, extensions, nullptr);
    bool hasFloat64 = std::string(extensions).find("cl_khr_fp64") != std::string::npos;
    cl_context context = CL(clCreateContext)(nullptr, 1, &device, nullptr, nullptr, nullptr);
    ASSERT_TRUE(context) << platformName;
    for (const auto &[profile, source] : sources) {
      if (source.needsFloat64 && !hasFloat64)
        continue;
      const char *text = source.text.c_str();
      cl_program program = CL(clCreateProgramWithSource)(context, 1, &text, nullptr, nullptr);
      ASSERT_TRUE(program) << platformName;
      cl_int status =
          CL(clCompileProgram)(program, 1, &device, source.options.c_str(), 0, nullptr, nullptr, nullptr, nullptr);
      size_t size = 0;
      CL(clGetProgramBuildInfo)(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size);
      std::string log(size, '\0');
      CL(clGetProgramBuildInfo)(program, device, CL_PROGRAM_BUILD_LOG, size, log.data(), nullptr);
      EXPECT_EQ(status, CL_SUCCESS) << platformName << ", " << profile << ": " << log.substr(0, 2000);
      std::transform(log.begin(), log.end(), log.begin(), [](unsigned char c) { return std::tolower(c); });
      EXPECT_EQ(log.find("warning"), std::string::npos)
          << platformName << ", " << profile << ": " << log.substr(0, 2000);
      CL(clReleaseProgram)(program);
    }
    CL(clReleaseContext)(context);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, OpenclText,
                         testing::Values("elementwise", "casts", "math", "language", "reductions", "reads",
                                         "contractions", "networks"),
                         [](const testing::TestParamInfo<const char *> &info) { return std::string(info.param); });

} // namespace
} // namespace tenon::conformance
