//===- VulkanTest.h - what tests of the Vulkan device share -----------------------===//
//
// Owns the list of drivers and settings that every test runs on, the opened devices, and modules made by hand. A
// message of the validation layer fails the test in which it comes.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace tenon {

Driver &vulkanDriver();

namespace vulkan {

/// A driver, and the features of it that are switched off.
struct Setting {
  const char *name;
  const char *driver; ///< "lavapipe", "swiftshader"
  const char *disable;
};
void PrintTo(const Setting &setting, std::ostream *out);

/// For INSTANTIATE_TEST_SUITE_P. A suite with no driver installed at all is an error of GoogleTest's.
std::vector<Setting> getInstalledSettings();
std::string getSettingName(const testing::TestParamInfo<Setting> &info);

#define EXPECT_OK(EXPRESSION)                                                                                          \
  do {                                                                                                                 \
    ::tenon::Status testStatus = (EXPRESSION);                                                                         \
    EXPECT_TRUE(testStatus.ok()) << testStatus.message();                                                              \
  } while (false)
#define ASSERT_OK(EXPRESSION)                                                                                          \
  do {                                                                                                                 \
    ::tenon::Status testStatus = (EXPRESSION);                                                                         \
    ASSERT_TRUE(testStatus.ok()) << testStatus.message();                                                              \
  } while (false)
/// An error of this code whose message holds every one of `parts`.
void expectError(const Status &status, tnError_t code, std::initializer_list<const char *> parts);

/// Sets a variable while it lives; an empty value unsets it.
class ScopedVariable {
public:
  ScopedVariable(const char *name, const std::string &value);
  ~ScopedVariable();

private:
  std::string name, before;
};

/// The manifest of "lavapipe" or "swiftshader", or empty where it is not installed.
std::string findManifest(const std::string &driver);

/// Opens the first device of a manifest.
Status openDevice(const std::string &manifest, std::unique_ptr<Device> &device);

/// What a module says of one kernel of kernels.spvasm; tests damage it.
struct KernelSpec {
  std::string name;
  std::vector<uint32_t> block{64, 1, 1};
  std::vector<package::ArgType> args;
  std::vector<uint8_t> access, elementBytes;
  std::vector<uint32_t> argOffsets;
  uint32_t argBytes = 0;
  uint64_t localBytes = 0;
};
enum { Add, Increment, Many, Spin };
std::vector<KernelSpec> getKernelSpecs();
std::vector<uint8_t> getKernelCode();

/// A package::Module in memory of its own.
class ModuleBytes {
public:
  ModuleBytes(const std::vector<uint8_t> &code, const std::vector<KernelSpec> &kernels,
              package::Target target = package::Target::SpirvVulkan);
  const package::Module &get() const;

private:
  std::vector<uint8_t> bytes;
};

class VulkanTest : public testing::TestWithParam<Setting> {
protected:
  void SetUp() override;
  void TearDown() override;

  std::unique_ptr<Queue> makeQueue();
  std::unique_ptr<Marker> makeMarker(bool timing = false);
  std::unique_ptr<Buffer> makeBuffer(uint64_t bytes);

  static KernelArg bufferArg(Buffer &buffer, uint64_t offset, uint64_t bytes) { return {&buffer, offset, bytes}; }
  static KernelArg scalarArg(uint64_t value) { return {nullptr, value, 0}; }
  Status launch(Queue &queue, uint32_t kernel, uint64_t groups, const std::vector<KernelArg> &args);
  /// x[i] = 2 * x[i] + 1 for `count` words from byte `offset` on.
  Status increment(Queue &queue, Buffer &buffer, uint64_t offset, uint32_t count);

  template <typename T> Status write(Queue &queue, Buffer &buffer, uint64_t offset, const std::vector<T> &values) {
    return queue.copyIn({&buffer, offset}, values.data(), values.size() * sizeof(T), HostMemory::Transient);
  }
  template <typename T> std::vector<T> read(Queue &queue, Buffer &buffer, uint64_t offset, size_t count) {
    std::vector<T> values(count);
    EXPECT_OK(queue.copyOut(values.data(), {&buffer, offset}, count * sizeof(T), HostMemory::Transient));
    return values;
  }

  Device *device = nullptr;
  Program *program = nullptr; ///< kernels.spvasm

private:
  uint64_t messagesBefore = 0;
};

} // namespace vulkan
} // namespace tenon
