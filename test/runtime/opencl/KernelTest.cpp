//===- KernelTest.cpp - code on OpenCL devices ------------------------------===//
#include "Fixture.h"

#include <algorithm>
#include <numeric>

namespace tenon::opencl::test {
TENON_FOR_EVERY_DRIVER(OpenCLKernel);

using package::ArgType;
using package::Property;
using package::Target;

static std::vector<float> ramp(size_t count, float step) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = step * static_cast<float>(i);
  return values;
}

TEST_P(OpenCLKernel, RunsEveryTargetThatTheDeviceAccepts) {
  auto queue = makeQueue();
  for (Target target : info->targets) {
    SCOPED_TRACE(package::EnumNameTarget(target));
    auto program = loadKernels(target);
    ASSERT_TRUE(program);
    const size_t n = 1000;
    auto x = makeBuffer(*queue, ramp(n, 1)), y = makeBuffer(*queue, ramp(n, 0.5));
    auto z = makeBuffer(n * 4);
    ASSERT_OK(queue->launch(
        Launch(*program, Axpy, {bufferArg(*x), bufferArg(*y), bufferArg(*z), scalarArg<int64_t>(n), scalarArg(3.0f)},
               (n + 15) / 16)));
    EXPECT_EQ(read<float>(*queue, *z, n), ramp(n, 3.5));
  }
}

TEST_P(OpenCLKernel, RefusesATargetThatTheDeviceDoesNotAccept) {
  std::unique_ptr<Program> program;
  for (Target target : {Target::Host, Target::OpenCL, Target::SpirvOpenCL, Target::SpirvVulkan})
    if (std::find(info->targets.begin(), info->targets.end(), target) == info->targets.end()) {
      ModuleBytes module(target, "....", {{"k", {}}});
      EXPECT_FAILS(device->load(*module, "test", program), tnErrorNoKernelImageForDevice, "test-profile",
                   package::EnumNameTarget(target), info->name);
    }
}

TEST_P(OpenCLKernel, AddsByteOffsetsToBuffers) {
  auto queue = makeQueue();
  for (Target target : info->targets) {
    auto program = loadKernels(target);
    // Offsets of 4 and 12 bytes: aligned to an element and no more. All three are one buffer.
    auto buffer = makeBuffer(*queue, ramp(64, 1));
    ASSERT_OK(queue->launch(Launch(*program, Axpy,
                                   {bufferArg(*buffer, 4), bufferArg(*buffer, 12), bufferArg(*buffer, 132),
                                    scalarArg<int64_t>(7), scalarArg(2.0f)},
                                   1)));
    auto got = read<float>(*queue, *buffer, 64);
    auto expected = ramp(64, 1);
    for (int i = 0; i < 7; ++i)
      expected[33 + i] = 2.0f * (1 + i) + (3 + i);
    EXPECT_EQ(got, expected);
  }
}

TEST_P(OpenCLKernel, WritesInPlace) {
  auto queue = makeQueue();
  auto program = loadKernels();
  auto x = makeBuffer(*queue, ramp(100, 1));
  ASSERT_OK(queue->launch(Launch(
      *program, Axpy, {bufferArg(*x), bufferArg(*x), bufferArg(*x), scalarArg<int64_t>(100), scalarArg(1.0f)}, 7)));
  EXPECT_EQ(read<float>(*queue, *x, 100), ramp(100, 2));
}

TEST_P(OpenCLKernel, TakesEmptyTensorsWithoutMemory) {
  auto queue = makeQueue();
  auto program = loadKernels();
  KernelArg nothing;
  ASSERT_OK(
      queue->launch(Launch(*program, Axpy, {nothing, nothing, nothing, scalarArg<int64_t>(0), scalarArg(1.0f)}, 1)));
  ASSERT_OK(queue->synchronize());
  nothing.bytes = 4;
  EXPECT_FAILS(
      queue->launch(Launch(*program, Axpy, {nothing, nothing, nothing, scalarArg<int64_t>(0), scalarArg(1.0f)}, 1)),
      tnErrorInvalidValue, "launch axpy", "argument 0", "4 bytes");
}

TEST_P(OpenCLKernel, PassesScalarsOfEveryWidth) {
  auto queue = makeQueue();
  for (Target target : info->targets) {
    auto program = loadKernels(target);
    auto out = makeBuffer(4 * 8);
    ASSERT_OK(queue->launch(Launch(*program, Scalars,
                                   {bufferArg(*out), scalarArg<int32_t>(-5), scalarArg<int64_t>(-(1ll << 40)),
                                    scalarArg(1.5f), scalarArg<int64_t>((1ll << 33) + 1)},
                                   1)));
    EXPECT_EQ(read<int64_t>(*queue, *out, 4), (std::vector<int64_t>{-5, -(1ll << 40), 0x3FC00000, (1ll << 33) + 1}));
  }
}

TEST_P(OpenCLKernel, PassesDoublesWhereTheDeviceHasThem) {
  const char *code = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
                     "__kernel void twice(__global double *x, ulong o, double a) { x[o / 8] = 2 * a; }";
  ModuleBytes module(Target::OpenCL, code, {{"twice", {ArgType::Buffer, ArgType::F64}}});
  std::unique_ptr<Program> program;
  if (!info->property(Property::Float64)) {
    EXPECT_TRUE(isRusticl());
    return;
  }
  ASSERT_OK(device->load(*module, "test", program));
  auto queue = makeQueue();
  auto out = makeBuffer(16);
  ASSERT_OK(queue->launch(Launch(*program, 0, {bufferArg(*out, 8), scalarArg(0.1)}, 1)));
  EXPECT_EQ(read<double>(*queue, *out, 1, 8), std::vector<double>{0.2});
}

TEST_P(OpenCLKernel, PassesNarrowIndicesAsTheModuleSays) {
  ModuleBytes module(Target::OpenCL, readFile(TENON_TEST_KERNELS),
                     {{"narrow", {ArgType::Buffer, ArgType::Index, ArgType::I32}}}, "-cl-std=CL1.2", 32);
  std::unique_ptr<Program> program;
  ASSERT_OK(device->load(*module, "test", program));
  auto queue = makeQueue();
  auto out = makeBuffer(8);
  ASSERT_OK(
      queue->launch(Launch(*program, 0, {bufferArg(*out), scalarArg<int64_t>(2000000000), scalarArg<int32_t>(-3)}, 1)));
  EXPECT_EQ(read<int32_t>(*queue, *out, 2), (std::vector<int32_t>{2000000000, -3}));
}

TEST_P(OpenCLKernel, LaunchesInThreeDimensions) {
  auto queue = makeQueue();
  auto program = loadKernels();
  for (bool other : {false, true}) {
    const uint32_t block[3] = {2, 1, 2};
    const uint32_t used[3] = {other ? 2u : 4u, other ? 1u : 2u, other ? 2u : 1u};
    const uint64_t grid[3] = {3, 2, 5};
    size_t x = grid[0] * used[0], y = grid[1] * used[1], z = grid[2] * used[2];
    auto out = makeBuffer(x * y * z * 4);
    Launch launch(*program, Ids, {bufferArg(*out)}, grid[0], grid[1], grid[2]);
    if (other)
      launch.block = block;
    ASSERT_OK(queue->launch(launch));
    std::vector<int> expected;
    for (size_t k = 0; k < z; ++k)
      for (size_t j = 0; j < y; ++j)
        for (size_t i = 0; i < x; ++i)
          expected.push_back(i / used[0] + 100 * (j / used[1]) + 10000 * (k / used[2]) +
                             1000000 * (i % used[0] + 10 * (j % used[1]) + 100 * (k % used[2])));
    EXPECT_EQ(read<int>(*queue, *out, expected.size()), expected);
  }
}

TEST_P(OpenCLKernel, KeepsTheHighDimensionWhereTheOthersAreOne) {
  auto queue = makeQueue();
  auto program = loadKernels();
  const uint32_t block[3] = {1, 1, 1};
  auto out = makeBuffer(6 * 4);
  Launch launch(*program, Ids, {bufferArg(*out)}, 1, 1, 6);
  launch.block = block;
  ASSERT_OK(queue->launch(launch));
  EXPECT_EQ(read<int>(*queue, *out, 6), (std::vector<int>{0, 10000, 20000, 30000, 40000, 50000}));
}

TEST_P(OpenCLKernel, SkipsEmptyGrids) {
  auto queue = makeQueue();
  auto program = loadKernels();
  auto x = makeBuffer(*queue, std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8});
  ASSERT_OK(queue->launch(Launch(*program, Reverse, {bufferArg(*x)}, 0)));
  ASSERT_OK(queue->launch(Launch(*program, Reverse, {bufferArg(*x)}, 1, 0)));
  EXPECT_EQ(read<int>(*queue, *x, 8), (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_P(OpenCLKernel, SharesWorkgroupMemory) {
  auto queue = makeQueue();
  for (Target target : info->targets) {
    auto program = loadKernels(target);
    std::vector<int> values(24);
    std::iota(values.begin(), values.end(), 0);
    auto x = makeBuffer(*queue, values);
    ASSERT_OK(queue->launch(Launch(*program, Reverse, {bufferArg(*x)}, 3)));
    for (int i = 0; i < 24; ++i)
      values[i] = i / 8 * 8 + 7 - i % 8;
    EXPECT_EQ(read<int>(*queue, *x, 24), values);
  }
}

TEST_P(OpenCLKernel, RefusesLaunchesThatCannotWork) {
  auto queue = makeQueue();
  auto program = loadKernels();
  auto x = makeBuffer(*queue, std::vector<int>(64, 9));
  Launch launch(*program, Reverse, {bufferArg(*x)}, 1);
  const uint32_t four[3] = {4, 1, 1};
  launch.block = four;
  EXPECT_FAILS(queue->launch(launch), tnErrorInvalidConfiguration, "launch reverse", "{4, 1, 1}", "{8, 1, 1}");
  const uint32_t huge[3] = {static_cast<uint32_t>(info->maxBlock[0] + 1), 1, 1};
  launch.block = huge;
  EXPECT_FAILS(queue->launch(launch), tnErrorInvalidConfiguration, std::to_string(info->maxBlock[0] + 1),
               std::to_string(info->maxBlock[0]));
  const uint32_t none[3] = {1, 0, 1};
  launch.block = none;
  EXPECT_FAILS(queue->launch(launch), tnErrorInvalidConfiguration, "0 work-items in dimension 1");
  launch.block = nullptr;
  launch.localBytes = 64;
  EXPECT_FAILS(queue->launch(launch), tnErrorNotSupported, "64 bytes of dynamic workgroup memory");
  launch.localBytes = 0;
  launch.numArgs = 0;
  EXPECT_FAILS(queue->launch(launch), tnErrorInvalidValue, "0 arguments given, it takes 1");

  Launch wide(*program, Ids, {bufferArg(*x)}, 1);
  auto side = static_cast<uint32_t>(info->property(Property::MaxGroupSize));
  const uint32_t over[3] = {side, 2, 1};
  wide.block = over;
  EXPECT_FAILS(queue->launch(wide), tnErrorInvalidConfiguration, "launch ids", std::to_string(2 * side),
               "work-items per group, device allows");
  EXPECT_EQ(read<int>(*queue, *x, 64), std::vector<int>(64, 9));
}

TEST_P(OpenCLKernel, ABuildFailureShowsTheLog) {
  ModuleBytes module(Target::OpenCL, "__kernel void k(__global float *x, ulong o) { x[0] = no_such_name; }",
                     {{"k", {ArgType::Buffer}}});
  std::unique_ptr<Program> program;
  EXPECT_FAILS(device->load(*module, "test", program), tnErrorInvalidSource, "build module test-profile", info->name,
               "the driver's log", "no_such_name");
  EXPECT_FALSE(program);
}

TEST_P(OpenCLKernel, BadModulesAreErrors) {
  std::unique_ptr<Program> program;
  std::string source = "__kernel void k(__global float *x, ulong o) { x[o / 4] = 1; }";
  EXPECT_FAILS(device->load(*ModuleBytes(Target::OpenCL, source, {{"missing", {ArgType::Buffer}}}), "test", program),
               tnErrorInvalidKernelImage, "kernel missing", "CL_INVALID_KERNEL_NAME");
  EXPECT_FAILS(
      device->load(*ModuleBytes(Target::OpenCL, source, {{"k", {ArgType::Buffer, ArgType::I32}}}), "test", program),
      tnErrorInvalidKernelImage, "kernel k takes 2 arguments, the package says 3");
  EXPECT_FAILS(device->load(*ModuleBytes(Target::OpenCL, "", {{"k", {ArgType::Buffer}}}), "test", program),
               tnErrorInvalidKernelImage, "has no code");
  EXPECT_FAILS(device->load(*ModuleBytes(Target::OpenCL, source, {{"k", {ArgType::Buffer}}}, "", 16), "test", program),
               tnErrorInvalidPackage, "16 index bits");
  if (info->property(Property::SpirvVersion)) {
    EXPECT_FAILS(device->load(*ModuleBytes(Target::SpirvOpenCL, "12345", {{"k", {}}}), "test", program),
                 tnErrorInvalidKernelImage, "5 bytes of SPIR-V");
    EXPECT_FALSE(device->load(*ModuleBytes(Target::SpirvOpenCL, "12345678", {{"k", {}}}), "test", program).ok());
  }
  EXPECT_FALSE(program);
}

TEST_P(OpenCLKernel, ProgramsMayComeAndGo) {
  auto queue = makeQueue();
  auto out = makeBuffer(4);
  for (int i = 0; i < 12; ++i) {
    // Each has another constant: a kernel object kept from a program before would give the wrong one.
    std::string source = "__kernel void k(__global int *x, ulong o) { x[0] = " + std::to_string(i % 3) + "; }";
    std::unique_ptr<Program> program;
    ASSERT_OK(device->load(*ModuleBytes(Target::OpenCL, source, {{"k", {ArgType::Buffer}}}), "test", program));
    ASSERT_OK(queue->launch(Launch(*program, 0, {bufferArg(*out)}, 1)));
    EXPECT_EQ(read<int>(*queue, *out, 1), std::vector<int>{i % 3});
  }
}

TEST_P(OpenCLKernel, BuffersMayComeAndGo) {
  auto queue = makeQueue();
  auto program = loadKernels();
  for (int i = 0; i < 50; ++i) {
    auto x = makeBuffer(*queue, std::vector<int>{i, 1, 2, 3, 4, 5, 6, 7});
    ASSERT_OK(queue->launch(Launch(*program, Reverse, {bufferArg(*x)}, 1)));
    ASSERT_EQ(read<int>(*queue, *x, 8), (std::vector<int>{7, 6, 5, 4, 3, 2, 1, i}));
  }
}

} // namespace tenon::opencl::test
