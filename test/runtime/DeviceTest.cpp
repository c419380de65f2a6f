//===- DeviceTest.cpp - numbers, names, probing, errors, exports ------------------------------------------===//
#include "RuntimeTest.h"
#include "core/Probe.h"
#include "core/ProbeText.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace tenon;
using namespace tenon::test;

TEST(Devices, NumbersAndNames) {
  int count = 0, device = -1;
  ASSERT_TN(tnGetDeviceCount(&count));
  EXPECT_EQ(count, 2); // TENON_VISIBLE_DEVICES=host,null
  ASSERT_TN(tnSetDeviceByName("null"));
  ASSERT_TN(tnGetDevice(&device));
  EXPECT_EQ(device, 1);
  ASSERT_TN(tnSetDeviceByName("0"));
  ASSERT_TN(tnGetDevice(&device));
  EXPECT_EQ(device, 0);
  ASSERT_TN(tnGetDeviceByName(&device, "Tenon NULL")); // a part of any driver's name, whatever its case
  EXPECT_EQ(device, 1);
  ASSERT_TN(tnSetDevice(1));
  std::thread([&] {
    int own = -1;
    EXPECT_TN(tnGetDevice(&own)); // a thread's own
    EXPECT_EQ(own, 0);
  }).join();
  EXPECT_FAILS(tnSetDevice(2), tnErrorInvalidDevice, "device 2 does not exist: there are 2, numbered from 0");
  EXPECT_EQ(tnSetDevice(-1), tnErrorInvalidDevice);
  EXPECT_FAILS(tnSetDeviceByName("cuda:0"), tnErrorInvalidDevice,
               "no device 'cuda:0': a name begins with one of host, null, opencl, vulkan");
  EXPECT_FAILS_WITH(tnSetDeviceByName("Tenon"), tnErrorAmbiguousDevice,
                    "'Tenon' matches 2 devices: host (Tenon host, ");
  EXPECT_FAILS_WITH(tnSetDeviceByName("host:3"), tnErrorInvalidDevice, "no device 'host:3'; there are host");
  EXPECT_EQ(tnSetDeviceByName(""), tnErrorInvalidDevice);
  EXPECT_EQ(tnSetDeviceByName(nullptr), tnErrorInvalidValue);
}

TEST(Devices, Properties) {
  tnDeviceProp prop;
  ASSERT_TN(tnGetDeviceProperties(&prop, 0));
  EXPECT_STREQ(prop.id, "host");
  EXPECT_STREQ(prop.kind, "host");
  EXPECT_STREQ(prop.targets, "host");
  EXPECT_GE(prop.multiProcessorCount, 1);
  EXPECT_GT(prop.totalGlobalMem, 0u);
  EXPECT_EQ(prop.isGpuClass, 0);
  EXPECT_EQ(prop.sharesHostMemory, 1);
  int value = 0;
  ASSERT_TN(tnDeviceGetAttribute(&value, tnDevAttrMultiProcessorCount, 0));
  EXPECT_EQ(value, prop.multiProcessorCount);
  ASSERT_TN(tnDeviceGetAttribute(&value, tnDevAttrMaxThreadsPerBlock, 1));
  EXPECT_EQ(value, 1024);
  EXPECT_FAILS(tnDeviceGetAttribute(&value, static_cast<tnDeviceAttr>(4711), 0), tnErrorInvalidValue,
               "there is no device attribute 4711");
  EXPECT_EQ(tnGetDeviceProperties(&prop, 9), tnErrorInvalidDevice);
  int version = 0;
  ASSERT_TN(tnRuntimeGetVersion(&version));
  EXPECT_EQ(version, TENON_VERSION);
}

TEST(Errors, LastErrorOfAThread) {
  EXPECT_TN(tnSetDeviceByName("host"));
  tnGetLastError();
  EXPECT_EQ(tnMalloc(nullptr, 1), tnErrorInvalidValue);
  EXPECT_TN(tnSetDeviceByName("host")); // success leaves it
  EXPECT_EQ(tnPeekAtLastError(), tnErrorInvalidValue);
  std::thread([] {
    EXPECT_EQ(tnGetLastError(), tnSuccess);
    EXPECT_STREQ(tnGetLastErrorMessage(), "");
  }).join();
  EXPECT_EQ(tnGetLastError(), tnErrorInvalidValue);
  EXPECT_EQ(tnGetLastError(), tnSuccess);
  EXPECT_STREQ(tnGetLastErrorMessage(), "devPtr is null");
  EXPECT_STREQ(tnGetErrorName(tnErrorInvalidDevicePointer), "tnErrorInvalidDevicePointer");
  EXPECT_STREQ(tnGetErrorString(tnErrorNotReady), "device not ready");
  EXPECT_STREQ(tnGetErrorName(static_cast<tnError_t>(77777)), "unrecognized error code");
}

// ---- probing
// ------------------------------------------------------------------------------------------------------------

namespace {

/// A driver whose probe is a shell script in place of tenon-probe.
class ScriptDriver : public Driver {
public:
  const char *name() const override { return "script"; }
  void units(std::vector<ProbeUnit> &units, std::vector<LeftOut> &) override {
    units.push_back({"unit", {file}, {{"SCRIPT_VALUE", "from the unit"}}});
  }
  Status probe(const ProbeUnit &, std::vector<DeviceInfo> &, std::vector<LeftOut> &) override { return {}; }
  Status open(const DeviceInfo &, const std::vector<ProbeUnit> &, std::unique_ptr<Device> &) override { return {}; }
  std::string file;
};

struct ProbeTest : testing::Test {
  void SetUp() override {
    char name[] = "/tmp/tenon-test-XXXXXX";
    folder = mkdtemp(name);
    setenv("TENON_CACHE_DIR", (folder + "/cache").c_str(), 1);
    setenv("TENON_PROBE", (folder + "/probe").c_str(), 1);
    driver.file = folder + "/driver";
    std::ofstream(driver.file) << "driver";
  }
  void TearDown() override {
    unsetenv("TENON_PROBE");
    unsetenv("TENON_CACHE_DIR");
    (void)!system(("rm -rf " + folder).c_str());
  }
  void script(const std::string &body) {
    std::ofstream(folder + "/probe") << "#!/bin/sh\necho run >> " << folder << "/runs\n" << body << "\n";
    chmod((folder + "/probe").c_str(), 0755);
  }
  void probe() {
    good.clear();
    devices.clear();
    leftOut.clear();
    probeDriver(driver, good, devices, leftOut);
  }
  int runs() {
    std::ifstream in(folder + "/runs");
    int count = 0;
    for (std::string line; std::getline(in, line);)
      ++count;
    return count;
  }
  std::string folder;
  ScriptDriver driver;
  std::vector<ProbeUnit> good;
  std::vector<DeviceInfo> devices;
  std::vector<LeftOut> leftOut;
};

} // namespace

TEST_F(ProbeTest, CrashesAndSilenceLeaveTheUnitOut) {
  script("kill -SEGV $$");
  probe();
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_TRUE(good.empty());
  EXPECT_EQ(leftOut[0].name, "script: unit");
  EXPECT_NE(leftOut[0].reason.find("crashed while it was probed (signal 11"), std::string::npos) << leftOut[0].reason;
  script("exit 0");
  probe();
  ASSERT_EQ(leftOut.size(), 1u);
  EXPECT_EQ(leftOut[0].reason, "the probe of the driver ended without an answer");
  script("exit 3");
  probe();
  EXPECT_EQ(leftOut.at(0).reason, "the probe of the driver ended with status 3");
  setenv("TENON_PROBE_SECONDS", "1", 1);
  script("exec sleep 60");
  probe();
  EXPECT_EQ(leftOut.at(0).reason, "the driver did not answer within 1 s");
  unsetenv("TENON_PROBE_SECONDS");
  unlink((folder + "/probe").c_str());
  probe();
  EXPECT_NE(leftOut.at(0).reason.find("cannot start"), std::string::npos) << leftOut[0].reason;
}

TEST_F(ProbeTest, FindingsAreCachedUntilTheDriverChanges) {
  DeviceInfo info;
  info.name = "two\nlines \\ and a slash";
  info.platform = "platform";
  info.kind = DeviceKind::Discrete;
  info.targets = {pk::Target::SpirvVulkan};
  info.quirks = {"odd"};
  info.totalMemory = uint64_t(3) << 40;
  info.setProperty(pk::Property::LocalMemory, 12345);
  std::ofstream(folder + "/answer") << writeFindings({info}, {{"left", "why"}});
  script("test \"$1 $2 $SCRIPT_VALUE\" = 'script unit from the unit' && cat " + folder + "/answer >&3");
  for (int i = 0; i < 3; ++i) {
    probe();
    ASSERT_EQ(devices.size(), 1u) << (leftOut.empty() ? "" : leftOut[0].reason);
    EXPECT_EQ(devices[0].name, info.name);
    EXPECT_EQ(devices[0].kind, DeviceKind::Discrete);
    EXPECT_EQ(devices[0].targets, info.targets);
    EXPECT_EQ(devices[0].quirks, info.quirks);
    EXPECT_EQ(devices[0].totalMemory, info.totalMemory);
    EXPECT_EQ(devices[0].property(pk::Property::LocalMemory), 12345);
    EXPECT_EQ(devices[0].unit, "unit");
    EXPECT_EQ(leftOut.at(0).reason, "why");
    EXPECT_EQ(good.size(), 1u);
  }
  EXPECT_EQ(runs(), 1);
  std::ofstream(driver.file) << "driver, newer";
  probe();
  EXPECT_EQ(runs(), 2);
  // A damaged cache is probed again.
  (void)!system(("for f in " + folder + "/cache/probe-*; do truncate -s -3 $f; done").c_str());
  probe();
  EXPECT_EQ(devices.size(), 1u);
  EXPECT_EQ(runs(), 3);
}

// ---- the library itself
// --------------------------------------------------------------------------------------------------

static std::string output(const std::string &command) {
  std::string result;
  if (FILE *pipe = popen(command.c_str(), "r")) {
    char block[4096];
    while (size_t got = fread(block, 1, sizeof block, pipe))
      result.append(block, got);
    pclose(pipe);
  }
  return result;
}

TEST(Library, ExportsExactlyTheHeader) {
  std::ifstream in(TENON_TEST_HEADER);
  std::string line, declared;
  std::vector<std::string> names;
  while (std::getline(in, line)) {
    if (line.rfind("TN_API", 0) != 0)
      continue;
    size_t open = line.find('('), start = line.find_last_of(" *", open) + 1;
    names.push_back(line.substr(start, open - start));
  }
  std::sort(names.begin(), names.end());
  for (const std::string &name : names)
    declared += name + "\n";
  EXPECT_GT(names.size(), 50u);
  EXPECT_EQ(output("nm -D --defined-only " TENON_TEST_LIBRARY " | awk '{print $3}' | LC_ALL=C sort"), declared);
}

TEST(Library, NeedsNoDriverAndNoCompiler) {
  std::string needed = output("objdump -p " TENON_TEST_LIBRARY " | grep NEEDED");
  EXPECT_NE(needed.find("libc.so"), std::string::npos);
  for (const char *foreign : {"LLVM", "MLIR", "OpenCL", "vulkan", "stdc++"})
    EXPECT_EQ(needed.find(foreign), std::string::npos) << needed;
}
