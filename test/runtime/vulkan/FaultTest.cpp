//===- FaultTest.cpp - every call to the driver fails once --------------------------------===//
//
// With any one call failing, an error comes back or the result is right, nothing hangs, nothing leaks (the validation
// layer says so when the device is closed), and the next correct call works.
//
//===------------------------------------------------------------------------===//
#include "VulkanTest.h"

#include "devices/vulkan/Instance.h"

#include <atomic>
#include <dlfcn.h>

namespace tenon::vulkan {

namespace {

class FaultTest : public testing::TestWithParam<Setting> {
protected:
  void SetUp() override {
    void *library = dlopen(TENON_TEST_FAULTY_LOADER, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    callsUntilFault = static_cast<std::atomic<long> *>(dlsym(library, "tenonCallsUntilFault"));
    ASSERT_NE(callsUntilFault, nullptr);
    messagesBefore = getValidationMessageCount();
  }
  void TearDown() override {
    *callsUntilFault = -1;
    EXPECT_EQ(getValidationMessageCount(), messagesBefore) << "the validation layer complained";
  }

  /// A bit of everything. `right` tells whether the data came back as it must.
  Status work(Device &device, bool &right) {
    right = false;
    std::unique_ptr<Program> program;
    std::unique_ptr<Buffer> buffer, other, pinned;
    std::unique_ptr<Queue> queue, second;
    std::unique_ptr<Marker> marker, timing;
    TENON_TRY(device.load(ModuleBytes(getKernelCode(), getKernelSpecs()).get(), "test", program));
    TENON_TRY(device.allocate(1 << 20, buffer));
    TENON_TRY(device.allocate(16 << 20, other));
    TENON_TRY(device.allocateHost(4096, pinned));
    TENON_TRY(device.createMarker(false, marker));
    TENON_TRY(device.createMarker(true, timing));
    TENON_TRY(device.createQueue(0, queue));
    TENON_TRY(device.createQueue(0, second));
    std::vector<uint32_t> values(100'000, 3), got(100'000);
    TENON_TRY(queue->copyIn({buffer.get(), 0}, values.data(), 400'000, HostMemory::Transient));
    for (int i = 0; i < 5; ++i) {
      KernelArg args[] = {{buffer.get(), 0, 400'000}, {nullptr, 100'000, 0}};
      KernelLaunch launch;
      launch.program = program.get();
      launch.kernel = Increment;
      launch.grid[0] = 1563;
      launch.args = args;
      launch.numArgs = 2;
      TENON_TRY(queue->launch(launch));
    }
    TENON_TRY(queue->copyIn({buffer.get(), 8}, values.data(), 4, HostMemory::Transient));
    std::vector<KernelArg> many{{buffer.get(), 4000, 160}};
    for (uint32_t i = 0; i < 40; ++i)
      many.push_back({nullptr, i, 0});
    KernelLaunch launch;
    launch.program = program.get();
    launch.kernel = Many;
    launch.args = many.data();
    launch.numArgs = many.size();
    TENON_TRY(queue->launch(launch));
    TENON_TRY(queue->record(*timing));
    TENON_TRY(queue->record(*marker));
    TENON_TRY(second->wait(*marker));
    TENON_TRY(second->copy({other.get(), 4}, {buffer.get(), 0}, 400'000));
    TENON_TRY(second->fill({other.get(), 5}, 0, 3));
    TENON_TRY(second->record(*marker));
    TENON_TRY(queue->wait(*marker));
    TENON_TRY(queue->copyOut(pinned->address, {other.get(), 0}, 4096, HostMemory::Stable));
    TENON_TRY(queue->copyOut(got.data(), {other.get(), 4}, 400'000, HostMemory::Transient));
    bool done = false;
    TENON_TRY(marker->query(done));
    TENON_TRY(queue->synchronize());
    TENON_TRY(second->query(done));
    TENON_TRY(second->synchronize());
    uint32_t want = 2 * (2 * (2 * (2 * (2 * 3 + 1) + 1) + 1) + 1) + 1;
    right = got[0] == (want & 0xff) && got[1] == want && got[2] == 3 && got[999] == want && got[1000] == 0 &&
            got[1039] == 39 && got[99'999] == want && static_cast<uint32_t *>(pinned->address)[2] == want;
    return {};
  }

  std::atomic<long> *callsUntilFault = nullptr;
  uint64_t messagesBefore = 0;
};
INSTANTIATE_TEST_SUITE_P(Vulkan, FaultTest, testing::ValuesIn(getInstalledSettings()), getSettingName);

TEST_P(FaultTest, OpeningFailsAtEveryCall) {
  ScopedVariable loader("TENON_VULKAN_LOADER", TENON_TEST_FAULTY_LOADER);
  ScopedVariable disable("TENON_VULKAN_DISABLE", GetParam().disable);
  // The layer costs a tenth of a second for each instance.
  ScopedVariable validation("TENON_VULKAN_VALIDATION", "");
  std::string manifest = findManifest(GetParam().driver);
  for (long call = 0;; ++call) {
    ASSERT_LT(call, 1000);
    *callsUntilFault = call;
    std::unique_ptr<Device> device;
    Status status = openDevice(manifest, device);
    bool came = *callsUntilFault < 0;
    *callsUntilFault = -1;
    if (!came) {
      ASSERT_OK(std::move(status));
      EXPECT_GT(call, 10);
      break;
    }
    EXPECT_NE(std::string(status.message()), status.ok() ? "no message" : "") << call;
  }
}

TEST_P(FaultTest, WorkFailsAtEveryCall) {
  ScopedVariable loader("TENON_VULKAN_LOADER", TENON_TEST_FAULTY_LOADER);
  ScopedVariable disable("TENON_VULKAN_DISABLE", GetParam().disable);
  std::unique_ptr<Device> device;
  ASSERT_OK(openDevice(findManifest(GetParam().driver), device));
  bool right = false;
  int failures = 0;
  for (long call = 0;; ++call) {
    ASSERT_LT(call, 1000);
    *callsUntilFault = call;
    Status status = work(*device, right);
    bool came = *callsUntilFault < 0;
    *callsUntilFault = -1;
    if (status.ok())
      EXPECT_TRUE(right) << "no error at call " << call << ", but wrong data";
    else
      EXPECT_EQ(status.code(), tnErrorMemoryAllocation) << status.message();
    failures += !status.ok();
    if (!came) {
      ASSERT_OK(std::move(status));
      break;
    }
    if (call % 8 == 0) {
      ASSERT_OK(work(*device, right));
      EXPECT_TRUE(right) << "after a fault at call " << call;
    }
  }
  EXPECT_GT(failures, 20);
  ASSERT_OK(work(*device, right));
  EXPECT_TRUE(right);
}

} // namespace

} // namespace tenon::vulkan
