//===- ProbeTest.cpp - drivers found and drivers left out ----------------------------------===//
#include "VulkanTest.h"

#include "devices/vulkan/Instance.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace tenon::vulkan {

namespace {

namespace fs = std::filesystem;

class ProbeTest : public testing::Test {
protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / ("tenon-vulkan-" + std::to_string(getpid()));
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  std::string writeFile(const std::string &name, const std::string &text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }

  fs::path folder;
  std::vector<ProbeUnit> units;
  std::vector<LeftOut> leftOut;
  std::vector<DeviceInfo> devices;
};

TEST_F(ProbeTest, ALoaderThatIsMissingIsTheReason) {
  ScopedVariable loader("TENON_VULKAN_LOADER", "/nowhere/libvulkan.so.1");
  vulkanDriver().units(units, leftOut);
  EXPECT_TRUE(units.empty());
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_EQ(leftOut[0].name, "vulkan");
  EXPECT_NE(leftOut[0].reason.find("/nowhere/libvulkan.so.1"), std::string::npos) << leftOut[0].reason;
}

TEST_F(ProbeTest, ALibraryThatIsNoLoaderIsTheReason) {
  ScopedVariable loader("TENON_VULKAN_LOADER", "libm.so.6");
  vulkanDriver().units(units, leftOut);
  EXPECT_TRUE(units.empty());
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_NE(leftOut[0].reason.find("vkGetInstanceProcAddr"), std::string::npos) << leftOut[0].reason;
}

TEST_F(ProbeTest, NoManifestIsTheReason) {
  ScopedVariable files("VK_DRIVER_FILES", (folder / "none.json").string());
  vulkanDriver().units(units, leftOut);
  EXPECT_TRUE(units.empty());
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_NE(leftOut[0].reason.find((folder / "none.json").string()), std::string::npos) << leftOut[0].reason;
}

TEST_F(ProbeTest, EachManifestIsAUnit) {
  writeFile("b.json", R"({"ICD": {"library_path": "./libb.so", "api_version": "1.1.0"}})");
  writeFile("a.json", "not json at all");
  writeFile("libb.so", "");
  std::string other = writeFile("other.json.txt", "");
  ScopedVariable files("VK_DRIVER_FILES", folder.string() + ":" + (folder / "b.json").string());
  vulkanDriver().units(units, leftOut);
  EXPECT_TRUE(leftOut.empty());
  ASSERT_EQ(units.size(), 2u);
  EXPECT_EQ(units[0].name, (folder / "a.json").string());
  EXPECT_EQ(units[0].files, std::vector<std::string>{units[0].name});
  EXPECT_EQ(units[1].name, (folder / "b.json").string());
  ASSERT_EQ(units[1].files.size(), 2u);
  EXPECT_TRUE(fs::equivalent(units[1].files[1], folder / "libb.so"));
  ASSERT_FALSE(units[1].environment.empty());
  EXPECT_EQ(units[1].environment[0].first, "VK_DRIVER_FILES");
  EXPECT_EQ(units[1].environment[0].second, units[1].name);
}

TEST_F(ProbeTest, ManifestsAreSearchedWhereTheLoaderSearches) {
  fs::create_directories(folder / "vulkan/icd.d");
  std::string manifest = writeFile("vulkan/icd.d/x.json", "{}");
  ScopedVariable files("VK_DRIVER_FILES", ""), oldFiles("VK_ICD_FILENAMES", "");
  ScopedVariable data("XDG_DATA_DIRS", folder.string());
  vulkanDriver().units(units, leftOut);
  ASSERT_FALSE(units.empty());
  EXPECT_EQ(units.back().name, manifest);
}

TEST_F(ProbeTest, ADriverWithoutALibraryIsLeftOut) {
  std::string manifest = writeFile(
      "gone.json",
      R"({"file_format_version": "1.0.0", "ICD": {"library_path": "/nowhere/libgone.so", "api_version": "1.1.0"}})");
  ScopedVariable files("VK_DRIVER_FILES", manifest), oldFiles("VK_ICD_FILENAMES", manifest);
  vulkanDriver().units(units, leftOut);
  ASSERT_EQ(units.size(), 1u);
  EXPECT_TRUE(vulkanDriver().probe(units[0], devices, leftOut).ok());
  EXPECT_TRUE(devices.empty());
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_EQ(leftOut[0].name, "vulkan: " + manifest);
  EXPECT_NE(leftOut[0].reason, "");
}

TEST_F(ProbeTest, DevicesAreDescribed) {
  for (const Setting &setting : getInstalledSettings()) {
    if (*setting.disable)
      continue;
    SCOPED_TRACE(setting.name);
    std::string manifest = findManifest(setting.driver);
    ScopedVariable files("VK_DRIVER_FILES", manifest), oldFiles("VK_ICD_FILENAMES", manifest);
    units.clear();
    devices.clear();
    vulkanDriver().units(units, leftOut);
    ASSERT_EQ(units.size(), 1u);
    EXPECT_GE(units[0].files.size(), 2u) << "the driver's library was not found";
    ASSERT_OK(vulkanDriver().probe(units[0], devices, leftOut));
    ASSERT_EQ(devices.size(), 1u);
    using package::Property;
    const DeviceInfo &info = devices[0];
    EXPECT_NE(info.name, "");
    EXPECT_NE(info.key, "");
    EXPECT_NE(info.platform, "");
    EXPECT_EQ(info.platformVersion.rfind("Vulkan 1.", 0), 0u) << info.platformVersion;
    EXPECT_EQ(info.kind, DeviceKind::Software);
    EXPECT_EQ(info.silicon, "");
    EXPECT_GT(info.totalMemory, 0u);
    EXPECT_GT(info.maxAllocation, 0u);
    EXPECT_EQ(info.targets, std::vector<package::Target>{package::Target::SpirvVulkan});
    EXPECT_FALSE(info.quirks.empty());
    EXPECT_EQ(info.property(Property::Class), 1);
    EXPECT_EQ(info.property(Property::Fma), 0);
    EXPECT_EQ(info.property(Property::SharedMemory), 1);
    EXPECT_GE(info.property(Property::SubgroupSize), 1);
    EXPECT_GE(info.property(Property::MaxGroupSize), 128);
    EXPECT_GE(info.property(Property::LocalMemory), 16384);
    EXPECT_GE(info.property(Property::MaxBufferBytes), 1 << 27);
    EXPECT_GE(info.property(Property::ComputeUnits), 1);
    EXPECT_GE(info.property(Property::SpirvVersion), 13);
  }
}

TEST_F(ProbeTest, ADeviceThatIsGoneCannotBeOpened) {
  std::vector<Setting> settings = getInstalledSettings();
  ASSERT_FALSE(settings.empty()) << "no Vulkan driver is installed";
  std::string manifest = findManifest(settings[0].driver);
  ScopedVariable files("VK_DRIVER_FILES", manifest), oldFiles("VK_ICD_FILENAMES", manifest);
  vulkanDriver().units(units, leftOut);
  ASSERT_OK(vulkanDriver().probe(units.at(0), devices, leftOut));
  ASSERT_FALSE(devices.empty());
  std::unique_ptr<Device> device;
  DeviceInfo info = devices[0];
  info.unit = "elsewhere";
  expectError(vulkanDriver().open(info, units, device), tnErrorInvalidDevice, {"elsewhere", info.name.c_str()});
  info.unit = units[0].name;
  info.key = "no such key";
  expectError(vulkanDriver().open(info, units, device), tnErrorDevicesUnavailable, {"no more", info.name.c_str()});
}

TEST_F(ProbeTest, TheValidationLayerIsHeard) {
  // Else every test that expects no message of it would pass without it.
  std::string manifest = findManifest(getInstalledSettings().at(0).driver);
  ScopedVariable files("VK_DRIVER_FILES", manifest), oldFiles("VK_ICD_FILENAMES", manifest);
  std::string why;
  std::shared_ptr<Instance> instance = Instance::create(true, why);
  ASSERT_TRUE(instance) << why;
  std::vector<VkPhysicalDevice> physical;
  ASSERT_EQ(instance->enumerate(physical), VK_SUCCESS);
  ASSERT_FALSE(physical.empty());
  uint64_t before = getValidationMessageCount();
  VkPhysicalDeviceProperties2 wrong{}; // without its sType
  instance->vk.GetPhysicalDeviceProperties2(physical[0], &wrong);
  EXPECT_GT(getValidationMessageCount(), before);
}

TEST_F(ProbeTest, OnlyGoodDriversAreLoaded) {
  // Of two drivers one is not good: the process must get the other alone, and the environment must be as before.
  std::string lavapipe = findManifest("lavapipe"), swiftshader = findManifest("swiftshader");
  if (lavapipe.empty() || swiftshader.empty())
    GTEST_SKIP() << "needs two drivers";
  std::string both = lavapipe + ":" + swiftshader;
  ScopedVariable files("VK_DRIVER_FILES", both), oldFiles("VK_ICD_FILENAMES", "");
  vulkanDriver().units(units, leftOut);
  ASSERT_EQ(units.size(), 2u);
  {
    ScopedVariable one("VK_DRIVER_FILES", swiftshader);
    ASSERT_OK(vulkanDriver().probe(units[1], devices, leftOut));
  }
  ASSERT_EQ(devices.size(), 1u);
  devices[0].unit = swiftshader;
  std::unique_ptr<Device> device;
  ASSERT_OK(vulkanDriver().open(devices[0], {units[1]}, device));
  EXPECT_EQ(getenv("VK_DRIVER_FILES"), both);
  EXPECT_EQ(getenv("VK_ICD_FILENAMES"), nullptr);
  ASSERT_OK(vulkanDriver().open(devices[0], units, device));
}

} // namespace

} // namespace tenon::vulkan
