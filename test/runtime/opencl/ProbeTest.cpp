//===- ProbeTest.cpp - finding OpenCL devices -------------------------------===//
#include "Fixture.h"
#include "Quirks.h"
#include "Status.h"

#include <CL/cl.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tenon::opencl::test {
TENON_FOR_EVERY_DRIVER(OpenCLProbe);

using package::Property;
using package::Target;

TEST_P(OpenCLProbe, DescribesTheDevice) {
  EXPECT_FALSE(info->name.empty());
  EXPECT_NE(info->platform.find(GetParam().platform), std::string::npos);
  EXPECT_NE(info->platformVersion.find("OpenCL"), std::string::npos);
  EXPECT_NE(info->platformVersion.find("driver"), std::string::npos);
  EXPECT_EQ(info->kind, DeviceKind::Software) << "all three run on the processor";
  EXPECT_GT(info->totalMemory, 0u);
  EXPECT_GT(info->maxAllocation, 0u);
  EXPECT_GE(info->property(Property::MaxGroupSize), 32);
  EXPECT_GE(info->property(Property::LocalMemory), 32 << 10);
  EXPECT_GE(info->property(Property::ComputeUnits), 1);
  EXPECT_EQ(info->property(Property::MaxBufferBytes), static_cast<int64_t>(info->maxAllocation));
  EXPECT_EQ(info->property(Property::Int64), 1);
  EXPECT_EQ(info->property(Property::SharedMemory), 1);
  EXPECT_GE(info->maxBlock[0], 256u);
  uint8_t zeros[16] = {};
  EXPECT_NE(std::memcmp(info->uuid, zeros, 16), 0);

  EXPECT_EQ(info->property(Property::Class), isRusticl() ? 1 : 0);
  EXPECT_EQ(info->property(Property::Float64), isRusticl() ? 0 : 1);
  EXPECT_EQ(info->property(Property::Float16), isIntel() ? 1 : 0);
  if (isIntel()) {
    EXPECT_GE(info->property(Property::SpirvVersion), 10);
    EXPECT_EQ(info->targets, (std::vector<Target>{Target::SpirvOpenCL, Target::OpenCL}));
  } else {
    EXPECT_EQ(info->property(Property::SpirvVersion), 0);
    EXPECT_EQ(info->targets, std::vector<Target>{Target::OpenCL});
  }
#if defined(__x86_64__)
  EXPECT_EQ(info->property(Property::Fma), !isRusticl() && __builtin_cpu_supports("fma"));
  int bits = __builtin_cpu_supports("avx512f") ? 512 : __builtin_cpu_supports("avx2") ? 256 : 128;
  EXPECT_EQ(info->property(Property::VectorBits), isRusticl() ? 32 : bits);
#endif
  EXPECT_EQ(info->quirks.empty(), isPocl());
}

TEST_P(OpenCLProbe, AnswersTheSameAgain) {
  const Found &found = *find(GetParam());
  std::vector<DeviceInfo> devices;
  std::vector<LeftOut> leftOut;
  ASSERT_OK(openclDriver().probe(found.good.front(), devices, leftOut));
  ASSERT_FALSE(devices.empty());
  EXPECT_EQ(std::memcmp(devices[0].uuid, info->uuid, 16), 0);
  EXPECT_EQ(devices[0].key, info->key);
}

TEST_P(OpenCLProbe, OpensOnlyWhatWasProbedAndIsStillThere) {
  const Found &found = *find(GetParam());
  std::unique_ptr<Device> other;
  EXPECT_FAILS(openclDriver().open(*info, {}, other), tnErrorDevicesUnavailable, info->name, info->unit);
  DeviceInfo changed = *info;
  changed.key = "0:99";
  EXPECT_FAILS(openclDriver().open(changed, found.good, other), tnErrorDevicesUnavailable, "lists it no more");
  changed.key = "99:0";
  EXPECT_FAILS(openclDriver().open(changed, found.good, other), tnErrorDevicesUnavailable, "lists it no more");
  changed.key = "junk";
  EXPECT_FAILS(openclDriver().open(changed, found.good, other), tnErrorInvalidDevice, "junk");
  changed = *info;
  changed.name = "another";
  EXPECT_FAILS(openclDriver().open(changed, found.good, other), tnErrorDevicesUnavailable, "another");
  EXPECT_FALSE(other);
}

/// Sets a variable for one test.
class Setting {
public:
  Setting(const char *name, const std::string &value) : name(name) {
    if (const char *old = std::getenv(name))
      before = old;
    setenv(name, value.c_str(), 1);
  }
  ~Setting() {
    if (before)
      setenv(name, before->c_str(), 1);
    else
      unsetenv(name);
  }

private:
  const char *name;
  std::optional<std::string> before;
};

/// A folder of .icd files that goes away.
class VendorFolder {
public:
  VendorFolder() {
    std::string pattern = testing::TempDir() + "/vendorsXXXXXX";
    path = mkdtemp(pattern.data());
  }
  ~VendorFolder() { std::filesystem::remove_all(path); }
  std::string add(const char *name, const std::string &line) {
    std::string file = path + "/" + name;
    std::ofstream(file) << line;
    return file;
  }
  std::string path;
};

static std::string fake(const char *name) { return std::string(TENON_TEST_FAKES) + "/libopencl-fake-" + name + ".so"; }

static std::vector<LeftOut> probeAll(std::vector<DeviceInfo> &devices) {
  std::vector<ProbeUnit> units;
  std::vector<LeftOut> leftOut;
  openclDriver().units(units, leftOut);
  for (const ProbeUnit &unit : units)
    EXPECT_OK(openclDriver().probe(unit, devices, leftOut));
  return leftOut;
}

/// Probes a folder with one driver in it, and expects that it is left out for a reason with these parts.
static void expectLeftOut(const std::string &library, std::vector<std::string> parts) {
  VendorFolder folder;
  std::string file = folder.add("only.icd", library + "\n");
  Setting setting("OCL_ICD_VENDORS", folder.path);
  std::vector<DeviceInfo> devices;
  std::vector<LeftOut> leftOut = probeAll(devices);
  EXPECT_TRUE(devices.empty());
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_EQ(leftOut[0].name, file);
  for (const std::string &part : parts)
    EXPECT_NE(leftOut[0].reason.find(part), std::string::npos) << leftOut[0].reason;
}

TEST(OpenCLUnits, AMissingLoaderIsSaid) {
  Setting setting("TENON_OPENCL_LOADER", "/nowhere/libOpenCL.so.1");
  std::vector<ProbeUnit> units;
  std::vector<LeftOut> leftOut;
  openclDriver().units(units, leftOut);
  EXPECT_TRUE(units.empty());
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_EQ(leftOut[0].name, "opencl");
  EXPECT_NE(leftOut[0].reason.find("the OpenCL loader cannot be opened"), std::string::npos);
  EXPECT_NE(leftOut[0].reason.find("/nowhere/libOpenCL.so.1"), std::string::npos);
}

TEST(OpenCLUnits, ALoaderWithoutFunctionsIsSaid) {
  Setting setting("TENON_OPENCL_LOADER", fake("no_device"));
  std::vector<DeviceInfo> devices;
  std::vector<LeftOut> leftOut = probeAll(devices);
  EXPECT_TRUE(devices.empty());
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_NE(leftOut[0].reason.find("lacks the function clGetPlatformIDs"), std::string::npos) << leftOut[0].reason;
}

TEST(OpenCLUnits, ANamedLoaderIsAsked) {
  Setting setting("TENON_OPENCL_LOADER", "libOpenCL.so.1");
  std::vector<ProbeUnit> units;
  std::vector<LeftOut> leftOut;
  openclDriver().units(units, leftOut);
  ASSERT_EQ(units.size(), 1u);
  std::vector<DeviceInfo> devices;
  ASSERT_OK(openclDriver().probe(units[0], devices, leftOut));
  ASSERT_FALSE(devices.empty());
  devices[0].unit = units[0].name;
  std::unique_ptr<Device> device;
  ASSERT_OK(openclDriver().open(devices[0], units, device));
  std::unique_ptr<Buffer> buffer;
  EXPECT_OK(device->allocate(100, buffer));
}

TEST(OpenCLUnits, AnEmptyFolderIsSaid) {
  VendorFolder folder;
  Setting setting("OCL_ICD_VENDORS", folder.path);
  std::vector<DeviceInfo> devices;
  std::vector<LeftOut> leftOut = probeAll(devices);
  EXPECT_TRUE(devices.empty());
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_NE(leftOut[0].reason.find(folder.path), std::string::npos) << leftOut[0].reason;
}

TEST(OpenCLUnits, EachDriverIsAUnitByItself) {
  VendorFolder folder;
  std::string second = folder.add("b.icd", "libsecond.so");
  std::string first = folder.add("a.icd", "  \nlibhidden.so");
  std::string third = folder.add("c.icd", "/opt/libthird.so \r\n");
  folder.add("d.icd", "libsecond.so");
  folder.add("notes.txt", "libnotes.so");
  Setting setting("OCL_ICD_VENDORS", folder.path);
  std::vector<ProbeUnit> units;
  std::vector<LeftOut> leftOut;
  openclDriver().units(units, leftOut);
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_EQ(leftOut[0].name, first);
  ASSERT_EQ(units.size(), 2u);
  EXPECT_EQ(units[0].name, second);
  EXPECT_EQ(units[1].files, (std::vector<std::string>{third, "/opt/libthird.so"}));
}

TEST(OpenCLUnits, OneFileOrLibraryMayBeNamed) {
  VendorFolder folder;
  std::string file = folder.add("one.icd", "libone.so");
  folder.add("two.icd", "libtwo.so");
  std::vector<ProbeUnit> units;
  std::vector<LeftOut> leftOut;
  {
    Setting setting("OCL_ICD_VENDORS", file);
    openclDriver().units(units, leftOut);
  }
  ASSERT_EQ(units.size(), 1u);
  EXPECT_EQ(units[0].name, file);
  Setting setting("OCL_ICD_VENDORS", fake("no_device"));
  std::vector<DeviceInfo> devices;
  leftOut = probeAll(devices);
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_NE(leftOut[0].reason.find("Fake lists no device"), std::string::npos) << leftOut[0].reason;
}

TEST(OpenCLUnits, ADriverThatIsNotThereIsLeftOut) {
  expectLeftOut("/nowhere/libdriver.so", {"the driver cannot be opened", "/nowhere/libdriver.so"});
}
TEST(OpenCLUnits, ALibraryThatIsNoDriverIsLeftOut) {
  expectLeftOut("libm.so.6", {"libm.so.6 is not an OpenCL driver"});
}
TEST(OpenCLUnits, ADriverWithoutPlatformsIsLeftOut) {
  expectLeftOut(fake("no_platform"), {"the driver lists no platform"});
}
TEST(OpenCLUnits, ADriverWithoutDevicesIsLeftOut) {
  expectLeftOut(fake("no_device"), {"platform Fake lists no device"});
}
TEST(OpenCLUnits, ADriverThatIsTooOldIsLeftOut) {
  expectLeftOut(fake("old"), {"platform Fake is OpenCL 1.1 fake", "at least OpenCL 1.2"});
}
TEST(OpenCLUnits, ADriverWithoutATableIsLeftOut) { expectLeftOut(fake("no_table"), {"no dispatch table"}); }

// A crash is the probing process's, and of the driver's own unit: listing the units does not touch the driver.
TEST(OpenCLUnitsDeathTest, ADriverThatCrashesDoesSoOnlyWhenProbed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const char *name : {"crash_on_load", "crash_on_devices"}) {
    VendorFolder folder;
    folder.add("only.icd", fake(name));
    Setting setting("OCL_ICD_VENDORS", folder.path);
    std::vector<ProbeUnit> units;
    std::vector<LeftOut> leftOut;
    openclDriver().units(units, leftOut);
    ASSERT_EQ(units.size(), 1u);
    std::vector<DeviceInfo> devices;
    EXPECT_EXIT((void)openclDriver().probe(units[0], devices, leftOut), testing::KilledBySignal(SIGABRT), "");
  }
}

TEST(OpenCLStatus, NamesTheDriversCodes) {
  EXPECT_FAILS(failure(CL_OUT_OF_HOST_MEMORY, "allocate %d bytes", 5), tnErrorMemoryAllocation,
               "allocate 5 bytes: CL_OUT_OF_HOST_MEMORY (-6)");
  EXPECT_FAILS(failure(-12345, "launch"), tnErrorUnknown, "-12345");
}

TEST(OpenCLQuirks, AreFoundByName) {
  EXPECT_TRUE(findQuirks("rusticl", "llvmpipe (LLVM 15)").gpuClass.value_or(false));
  EXPECT_FALSE(findQuirks("rusticl", "Intel Graphics").gpuClass.has_value());
  EXPECT_TRUE(findQuirks("rusticl", "Intel Graphics").bogusTimestamps);
  EXPECT_TRUE(findQuirks("NVIDIA CUDA", "NVIDIA H100").note.empty());
  EXPECT_FALSE(findHint("rusticl").empty());
  EXPECT_TRUE(findHint("NVIDIA CUDA").empty());
}

} // namespace tenon::opencl::test
