//===- Fixture.cpp - tests over every OpenCL driver -------------------------===//
#include "Fixture.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

namespace tenon::opencl::test {

using package::ArgType;

const Candidate candidates[3] = {
    {"Pocl", "Portable Computing Language", "pocl"},
    {"Intel", "Intel(R) OpenCL", "intel"},
    {"Rusticl", "rusticl", "rusticl"},
};

void expectFailure(const Status &status, tnError_t code, std::vector<std::string> parts, const char *expression) {
  EXPECT_FALSE(status.ok()) << expression << " succeeded";
  if (status.ok())
    return;
  EXPECT_EQ(status.code(), code) << expression << ": " << status.message();
  for (const std::string &part : parts)
    EXPECT_NE(std::string(status.message()).find(part), std::string::npos)
        << expression << ": \"" << status.message() << "\" does not say \"" << part << "\"";
}

const std::optional<Found> &find(const Candidate &candidate) {
  static std::map<std::string, std::optional<Found>> found;
  auto [entry, fresh] = found.try_emplace(candidate.label);
  if (!fresh)
    return entry->second;
  std::vector<ProbeUnit> units;
  std::vector<LeftOut> leftOut;
  openclDriver().units(units, leftOut);
  // Others need not be opened when the file's name tells.
  std::sort(units.begin(), units.end(), [&](const ProbeUnit &a, const ProbeUnit &b) {
    return (a.name.find(candidate.unit) != std::string::npos) > (b.name.find(candidate.unit) != std::string::npos);
  });
  for (const ProbeUnit &unit : units) {
    std::vector<DeviceInfo> devices;
    EXPECT_OK(openclDriver().probe(unit, devices, leftOut));
    for (DeviceInfo &device : devices)
      if (device.platform.find(candidate.platform) != std::string::npos) {
        device.driver = "opencl";
        device.unit = unit.name;
        entry->second = Found{device, {unit}};
        return entry->second;
      }
  }
  return entry->second;
}

bool isRequired(const Candidate &candidate) {
  const char *names = std::getenv("TENON_TEST_REQUIRE");
  return std::string(candidate.label) == "Pocl" ||
         (names && std::string(names).find(candidate.label) != std::string::npos);
}

void OpenCLTest::SetUp() {
  const std::optional<Found> &found = find(GetParam());
  if (!found) {
    ASSERT_FALSE(isRequired(GetParam())) << "driver " << GetParam().label << " is not found";
    GTEST_SKIP() << "driver " << GetParam().label << " is not on this machine";
  }
  info = &found->info;
  ASSERT_OK(openclDriver().open(found->info, found->good, device));
}

std::unique_ptr<Buffer> OpenCLTest::makeBuffer(uint64_t bytes) {
  std::unique_ptr<Buffer> buffer;
  EXPECT_OK(device->allocate(bytes, buffer));
  return buffer;
}

std::unique_ptr<Queue> OpenCLTest::makeQueue() {
  std::unique_ptr<Queue> queue;
  EXPECT_OK(device->createQueue(0, queue));
  return queue;
}

std::unique_ptr<Program> OpenCLTest::loadKernels(package::Target target) {
  std::unique_ptr<Program> program;
  EXPECT_OK(device->load(*kernelsModule(target), "test", program));
  return program;
}

ModuleBytes::ModuleBytes(package::Target target, const std::string &code, const std::vector<KernelSpec> &kernels,
                         const char *options, unsigned indexBits) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<package::Kernel>> offsets;
  for (const KernelSpec &kernel : kernels) {
    std::vector<uint32_t> block(kernel.block, kernel.block + 3);
    std::vector<uint8_t> access;
    for (ArgType type : kernel.args)
      if (type == ArgType::Buffer)
        access.push_back(3);
    auto name = builder.CreateString(kernel.name);
    auto blockOffset = builder.CreateVector(block);
    auto args = builder.CreateVector(kernel.args);
    auto accessOffset = builder.CreateVector(access);
    package::KernelBuilder made(builder);
    made.add_name(name);
    made.add_block(blockOffset);
    made.add_args(args);
    made.add_access(accessOffset);
    offsets.push_back(made.Finish());
  }
  auto profile = builder.CreateString("test-profile");
  auto bytes = builder.CreateVector(reinterpret_cast<const uint8_t *>(code.data()), code.size());
  auto list = builder.CreateVector(offsets);
  auto optionsOffset = builder.CreateString(options);
  package::ModuleBuilder module(builder);
  module.add_target(target);
  module.add_profile(profile);
  module.add_code(bytes);
  module.add_kernels(list);
  module.add_index_bits(indexBits);
  if (target == package::Target::OpenCL)
    module.add_build_options(optionsOffset);
  builder.Finish(module.Finish());
  buffer = builder.Release();
}

std::string readFile(const char *path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.good()) << path;
  return {std::istreambuf_iterator<char>(stream), {}};
}

ModuleBytes kernelsModule(package::Target target) {
  constexpr ArgType B = ArgType::Buffer, X = ArgType::Index, I = ArgType::I32, L = ArgType::I64, F = ArgType::F32;
  std::string code = readFile(target == package::Target::OpenCL ? TENON_TEST_KERNELS : TENON_TEST_SPIRV);
  return ModuleBytes(target, code,
                     {{"axpy", {B, B, B, X, F}, {16, 1, 1}},
                      {"ids", {B}, {4, 2, 1}},
                      {"scalars", {B, I, L, F, X}},
                      {"reverse", {B}, {8, 1, 1}},
                      {"churn", {B, I}}});
}

KernelArg bufferArg(Buffer &buffer, uint64_t offset) { return {&buffer, offset, buffer.size - offset}; }

Launch::Launch(Program &owner, uint32_t index, std::vector<KernelArg> given, uint64_t x, uint64_t y, uint64_t z)
    : values(std::move(given)) {
  program = &owner;
  kernel = index;
  grid[0] = x;
  grid[1] = y;
  grid[2] = z;
  args = values.data();
  numArgs = values.size();
}

} // namespace tenon::opencl::test

int main(int argc, char **argv) {
  // rusticl lists nothing otherwise.
  setenv("RUSTICL_ENABLE", "llvmpipe", /*overwrite=*/0);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
