//===- KernelTest.cpp - programs, arguments and windows ----------------------------------===//
#include "VulkanTest.h"

#include <functional>

namespace tenon::vulkan {

namespace {

class KernelTest : public VulkanTest {
protected:
  /// Loads kernels.spvasm with a damaged description.
  Status loadDamaged(const std::function<void(KernelSpec &)> &damage) {
    std::vector<KernelSpec> specs = getKernelSpecs();
    damage(specs[Add]);
    std::unique_ptr<Program> unused;
    return device->load(ModuleBytes(getKernelCode(), specs).get(), "damaged", unused);
  }
  Status loadCode(const std::vector<uint8_t> &code) {
    std::unique_ptr<Program> unused;
    return device->load(ModuleBytes(code, getKernelSpecs()).get(), "damaged", unused);
  }
};
INSTANTIATE_TEST_SUITE_P(Vulkan, KernelTest, testing::ValuesIn(getInstalledSettings()), getSettingName);

TEST_P(KernelTest, AddsWithPushConstants) {
  auto queue = makeQueue();
  constexpr uint32_t count = 1000;
  std::vector<float> a(count), b(count);
  for (uint32_t i = 0; i < count; ++i) {
    a[i] = i;
    b[i] = 0.5f * i;
  }
  auto da = makeBuffer(count * 4), db = makeBuffer(count * 4), dc = makeBuffer(count * 4);
  EXPECT_OK(write(*queue, *da, 0, a));
  EXPECT_OK(write(*queue, *db, 0, b));
  EXPECT_OK(launch(
      *queue, Add, 16,
      {bufferArg(*da, 0, count * 4), bufferArg(*db, 0, count * 4), bufferArg(*dc, 0, count * 4), scalarArg(count)}));
  std::vector<float> c = read<float>(*queue, *dc, 0, count);
  for (uint32_t i = 0; i < count; ++i)
    ASSERT_EQ(c[i], 1.5f * i) << i;
}

TEST_P(KernelTest, TakesOffsetsOfAnyElement) {
  auto queue = makeQueue();
  constexpr uint32_t count = 300;
  std::vector<float> values(2000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i;
  auto in = makeBuffer(8000), out = makeBuffer(8000);
  EXPECT_OK(write(*queue, *in, 0, values));
  for (uint64_t element : {0, 1, 3, 5, 63, 64, 65, 777}) {
    EXPECT_OK(queue->fill({out.get(), 0}, 0, 8000));
    EXPECT_OK(launch(*queue, Add, 5,
                     {bufferArg(*in, element * 4, count * 4), bufferArg(*in, (element + 1) * 4, count * 4),
                      bufferArg(*out, (element + 7) * 4, count * 4), scalarArg(count)}));
    std::vector<float> got = read<float>(*queue, *out, 0, 2000), want(2000, 0.0f);
    for (uint32_t i = 0; i < count; ++i)
      want[element + 7 + i] = 2 * (element + i) + 1;
    ASSERT_EQ(got, want) << element;
  }
}

TEST_P(KernelTest, PassesManyArgumentsInABuffer) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(1024);
  for (uint32_t seed : {1, 2, 3}) { // one after the other: each launch has a block of its own
    std::vector<KernelArg> args{bufferArg(*buffer, 20 * seed, 160)};
    for (uint32_t i = 0; i < 40; ++i)
      args.push_back(scalarArg(seed * 1000 + i));
    EXPECT_OK(launch(*queue, Many, 1, args));
  }
  std::vector<uint32_t> got = read<uint32_t>(*queue, *buffer, 0, 60);
  EXPECT_EQ(got[5], 1000u);
  EXPECT_EQ(got[9], 1004u);
  EXPECT_EQ(got[10], 2000u);
  EXPECT_EQ(got[14], 2004u);
  for (uint32_t i = 0; i < 40; ++i)
    ASSERT_EQ(got[15 + i], 3000 + i) << i;
}

TEST_P(KernelTest, TakesNullForAnEmptyTensor) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(256);
  EXPECT_OK(launch(*queue, Add, 1, {KernelArg{}, bufferArg(*buffer, 4, 0), KernelArg{}, scalarArg(0)}));
  EXPECT_OK(queue->synchronize());
  expectError(launch(*queue, Add, 1, {KernelArg{nullptr, 0, 4}, KernelArg{}, KernelArg{}, scalarArg(0)}),
              tnErrorInvalidDevicePointer, {"launch add", "argument 0", "null"});
}

TEST_P(KernelTest, RefusesWrongLaunches) {
  auto queue = makeQueue();
  auto buffer = makeBuffer(4096);
  KernelArg whole = bufferArg(*buffer, 0, 4096);
  expectError(launch(*queue, Add, 1, {bufferArg(*buffer, 2, 4), whole, whole, scalarArg(1)}), tnErrorMisalignedAddress,
              {"launch add", "argument 0", "byte 2", "4 bytes"});
  expectError(launch(*queue, Add, 1, {whole, bufferArg(*buffer, 4000, 200), whole, scalarArg(1)}), tnErrorInvalidValue,
              {"argument 1", "4000 to 4200", "4096"});
  expectError(launch(*queue, Add, 1, {whole, whole, whole}), tnErrorInvalidValue, {"3 arguments", "takes 4"});
  expectError(launch(*queue, 9, 1, {}), tnErrorInvalidDeviceFunction, {"kernel 9", "4"});
  expectError(launch(*queue, Add, 1, {whole, whole, whole, scalarArg(uint64_t(1) << 31)}), tnErrorIndexRange,
              {"argument 3", "2147483648", "32 bits"});
  expectError(launch(*queue, Add, device->info().maxGrid[0] + 1, {whole, whole, whole, scalarArg(1)}),
              tnErrorInvalidConfiguration,
              {"groups in dimension 0", std::to_string(device->info().maxGrid[0]).c_str()});
  KernelArg args[] = {whole, scalarArg(1)};
  uint32_t block[3] = {32, 1, 1};
  KernelLaunch launch;
  launch.program = program;
  launch.kernel = Increment;
  launch.args = args;
  launch.numArgs = 2;
  launch.block = block;
  expectError(queue->launch(launch), tnErrorInvalidConfiguration, {"32 x 1 x 1", "64 x 1 x 1"});
  block[0] = 64;
  EXPECT_OK(queue->launch(launch));
  launch.localBytes = 16;
  expectError(queue->launch(launch), tnErrorNotSupported, {"16 bytes"});
  EXPECT_OK(queue->synchronize());
}

TEST_P(KernelTest, RefusesWindowsBeyondTheLimit) {
  auto queue = makeQueue();
  uint64_t limit = device->info().property(package::Property::MaxBufferBytes);
  if (limit + 4096 > device->info().maxAllocation)
    GTEST_SKIP() << "no allocation is as large as what can be bound, " << limit << " bytes";
  auto buffer = makeBuffer(limit + 4096);
  ASSERT_TRUE(buffer);
  EXPECT_OK(launch(*queue, Increment, 1, {bufferArg(*buffer, 0, limit), scalarArg(1)}));
  EXPECT_OK(launch(*queue, Increment, 1, {bufferArg(*buffer, 2048, limit), scalarArg(1)}));
  EXPECT_OK(queue->synchronize());
  expectError(launch(*queue, Increment, 1, {bufferArg(*buffer, 0, limit + 4), scalarArg(1)}),
              tnErrorLaunchOutOfResources,
              {"argument 0", std::to_string(limit + 4).c_str(), std::to_string(limit).c_str()});
}

TEST_P(KernelTest, RefusesDamagedDescriptions) {
  using package::ArgType;
  expectError(loadDamaged([](KernelSpec &k) { k.name = "subtract"; }), tnErrorInvalidKernelImage, {"subtract"});
  expectError(loadDamaged([](KernelSpec &k) { k.block = {64, 1}; }), tnErrorInvalidPackage, {"kernel add", "2", "3"});
  expectError(loadDamaged([](KernelSpec &k) { k.block = {0, 1, 1}; }), tnErrorInvalidPackage, {"no work-items"});
  expectError(
      loadDamaged([](KernelSpec &k) { k.block = {4096, 4, 1}; }), tnErrorLaunchOutOfResources,
      {"16384 work-items per group", std::to_string(device->info().property(package::Property::MaxGroupSize)).c_str()});
  expectError(loadDamaged([](KernelSpec &k) { k.localBytes = 1 << 30; }), tnErrorLaunchOutOfResources, {"1073741824"});
  expectError(loadDamaged([](KernelSpec &k) { k.args = {ArgType::Index, ArgType::Buffer}; }), tnErrorInvalidPackage,
              {"after a scalar"});
  expectError(loadDamaged([](KernelSpec &k) { k.access = {1}; }), tnErrorInvalidPackage, {"accesses", "1", "3"});
  expectError(loadDamaged([](KernelSpec &k) { k.elementBytes = {}; }), tnErrorInvalidPackage, {"element sizes"});
  expectError(loadDamaged([](KernelSpec &k) { k.elementBytes = {4, 0, 4}; }), tnErrorInvalidPackage, {"0 bytes"});
  expectError(loadDamaged([](KernelSpec &k) { k.elementBytes = {4, 3, 4}; }), tnErrorInvalidPackage, {"3 bytes"});
  expectError(loadDamaged([](KernelSpec &k) { k.argOffsets = {0, 4, 8}; }), tnErrorInvalidPackage, {"offsets"});
  expectError(loadDamaged([](KernelSpec &k) { k.argOffsets[3] = 0xfffffffe; }), tnErrorInvalidPackage, {"16"});
  expectError(loadDamaged([](KernelSpec &k) { k.argBytes = 12; }), tnErrorInvalidPackage, {"16", "12"});
  expectError(loadDamaged([](KernelSpec &k) { k.argBytes = 1 << 20; }), tnErrorLaunchOutOfResources, {"1048576"});
}

TEST_P(KernelTest, RefusesDamagedCode) {
  std::vector<uint8_t> code = getKernelCode();
  ASSERT_GT(code.size(), 100u);
  expectError(loadCode({}), tnErrorInvalidKernelImage, {"0 bytes"});
  expectError(loadCode({code.begin(), code.begin() + 42}), tnErrorInvalidKernelImage, {"42 bytes"});
  expectError(loadCode({code.begin(), code.begin() + 48}), tnErrorInvalidKernelImage, {"cut off"});
  std::vector<uint8_t> other = code;
  other[0] = 0;
  expectError(loadCode(other), tnErrorInvalidKernelImage, {"0x07230200"});
  other = code;
  other[5] = 0;
  other[6] = 9; // version 9.0
  expectError(loadCode(other), tnErrorNoKernelImageForDevice, {"version 9.0", "takes"});
  other = code;
  ASSERT_EQ(other[20], 17); // the first instruction is OpCapability
  other[24] = 6;            // Kernel
  expectError(loadCode(other), tnErrorInvalidKernelImage, {"opencl"});
  std::unique_ptr<Program> unused;
  expectError(device->load(ModuleBytes(code, getKernelSpecs(), package::Target::OpenCL).get(), "x", unused),
              tnErrorNoKernelImageForDevice, {"OpenCL", "SpirvVulkan"});
  if (!device->info().property(package::Property::Float16)) {
    other = code;
    other[24] = 9; // Float16
    expectError(loadCode(other), tnErrorNoKernelImageForDevice, {"Float16", device->info().name.c_str()});
  }
}

} // namespace

} // namespace tenon::vulkan
