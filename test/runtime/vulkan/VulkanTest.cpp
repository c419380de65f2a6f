//===- VulkanTest.cpp - the fixture, and main ---------------------------------------===//
#include "VulkanTest.h"

#include "devices/vulkan/Instance.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace tenon::vulkan {

namespace {

/// A device is opened once a process for each setting.
struct Opened {
  std::string problem;
  std::unique_ptr<Device> device;
  std::unique_ptr<Program> program;
};
std::map<std::string, Opened> opened;

/// Closes the devices, so that the validation layer says what they left behind.
class CloseDevices : public testing::Environment {
  void TearDown() override {
    uint64_t before = getValidationMessageCount();
    opened.clear();
    EXPECT_EQ(getValidationMessageCount(), before) << "closing the devices made the validation layer complain";
  }
};

const Setting settings[] = {
    {"Lavapipe", "lavapipe", ""},
    {"LavapipeStaged", "lavapipe", "mapped-memory,timestamps"},
    {"LavapipePlain", "lavapipe", "timeline,push-descriptors"},
    {"SwiftShader", "swiftshader", ""},
    {"SwiftShaderStaged", "swiftshader", "mapped-memory"},
    {"SwiftShaderPlain", "swiftshader", "timeline,mapped-memory"},
};

} // namespace

std::vector<Setting> getInstalledSettings() {
  std::vector<Setting> installed;
  for (const Setting &setting : settings)
    if (!findManifest(setting.driver).empty())
      installed.push_back(setting);
  return installed;
}

std::string getSettingName(const testing::TestParamInfo<Setting> &info) { return info.param.name; }

void PrintTo(const Setting &setting, std::ostream *out) { *out << setting.name; }

void expectError(const Status &status, tnError_t code, std::initializer_list<const char *> parts) {
  EXPECT_EQ(status.code(), code) << status.message();
  for (const char *part : parts)
    EXPECT_NE(std::string(status.message()).find(part), std::string::npos)
        << "'" << part << "' is missing in: " << status.message();
}

ScopedVariable::ScopedVariable(const char *name, const std::string &value) : name(name) {
  if (const char *old = getenv(name))
    before = old;
  if (value.empty())
    unsetenv(name);
  else
    setenv(name, value.c_str(), 1);
}

ScopedVariable::~ScopedVariable() {
  if (before.empty())
    unsetenv(name.c_str());
  else
    setenv(name.c_str(), before.c_str(), 1);
}

std::string findManifest(const std::string &driver) {
  std::error_code ignored;
  if (driver == "swiftshader") {
    const char *own = getenv("TENON_SWIFTSHADER_ICD");
    std::string path = own ? own : "/usr/lib/chromium/vk_swiftshader_icd.json";
    return std::filesystem::exists(path, ignored) ? path : "";
  }
  for (const auto &entry : std::filesystem::directory_iterator("/usr/share/vulkan/icd.d", ignored))
    if (entry.path().filename().string().rfind("lvp_icd", 0) == 0)
      return entry.path().string();
  return "";
}

Status openDevice(const std::string &manifest, std::unique_ptr<Device> &device) {
  ScopedVariable files("VK_DRIVER_FILES", manifest), oldFiles("VK_ICD_FILENAMES", manifest);
  std::vector<ProbeUnit> units;
  std::vector<LeftOut> leftOut;
  vulkanDriver().units(units, leftOut);
  if (units.size() != 1)
    return error(tnErrorNoDevice, "%zu units for %s", units.size(), manifest.c_str());
  std::vector<DeviceInfo> devices;
  TENON_TRY(vulkanDriver().probe(units[0], devices, leftOut));
  if (devices.empty())
    return error(tnErrorNoDevice, "%s", leftOut.empty() ? "no device, and no reason" : leftOut[0].reason.c_str());
  devices[0].unit = units[0].name;
  return vulkanDriver().open(devices[0], units, device);
}

std::vector<KernelSpec> getKernelSpecs() {
  using package::ArgType;
  KernelSpec add{"add"};
  add.args = {ArgType::Buffer, ArgType::Buffer, ArgType::Buffer, ArgType::Index};
  add.access = {1, 1, 2};
  add.elementBytes = {4, 4, 4};
  add.argOffsets = {0, 4, 8, 12};
  add.argBytes = 16;
  KernelSpec increment{"increment"};
  increment.args = {ArgType::Buffer, ArgType::Index};
  increment.access = {3};
  increment.elementBytes = {4};
  increment.argOffsets = {0, 4};
  increment.argBytes = 8;
  KernelSpec many{"many"};
  many.args.assign(41, ArgType::I32);
  many.args[0] = ArgType::Buffer;
  many.access = {2};
  many.elementBytes = {4};
  for (uint32_t i = 0; i < 41; ++i)
    many.argOffsets.push_back(4 * i);
  many.argBytes = 164;
  KernelSpec spin = increment;
  spin.name = "spin";
  spin.block = {1, 1, 1};
  return {add, increment, many, spin};
}

std::vector<uint8_t> getKernelCode() {
  std::ifstream file(TENON_TEST_KERNELS, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ModuleBytes::ModuleBytes(const std::vector<uint8_t> &code, const std::vector<KernelSpec> &specs,
                         package::Target target) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<package::Kernel>> kernels;
  for (const KernelSpec &spec : specs) {
    std::vector<package::ArgType> args(spec.args.begin(), spec.args.end());
    kernels.push_back(package::CreateKernelDirect(builder, spec.name.c_str(), &spec.block, &args, &spec.access,
                                                  &spec.elementBytes, &spec.argOffsets, spec.argBytes,
                                                  spec.localBytes));
  }
  builder.Finish(package::CreateModuleDirect(builder, target, "test", &code, &kernels, 32));
  bytes.assign(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

const package::Module &ModuleBytes::get() const { return *flatbuffers::GetRoot<package::Module>(bytes.data()); }

void VulkanTest::SetUp() {
  Opened &entry = opened[GetParam().name];
  if (!entry.device && entry.problem.empty()) {
    ScopedVariable disable("TENON_VULKAN_DISABLE", GetParam().disable);
    Status status = openDevice(findManifest(GetParam().driver), entry.device);
    if (status.ok())
      status = entry.device->load(ModuleBytes(getKernelCode(), getKernelSpecs()).get(), "test", entry.program);
    if (!status.ok())
      entry.problem = status.message();
  }
  ASSERT_EQ(entry.problem, "");
  device = entry.device.get();
  program = entry.program.get();
  messagesBefore = getValidationMessageCount();
}

void VulkanTest::TearDown() {
  EXPECT_EQ(getValidationMessageCount(), messagesBefore) << "the validation layer complained";
}

std::unique_ptr<Queue> VulkanTest::makeQueue() {
  std::unique_ptr<Queue> queue;
  EXPECT_OK(device->createQueue(0, queue));
  return queue;
}

std::unique_ptr<Marker> VulkanTest::makeMarker(bool timing) {
  std::unique_ptr<Marker> marker;
  EXPECT_OK(device->createMarker(timing, marker));
  return marker;
}

std::unique_ptr<Buffer> VulkanTest::makeBuffer(uint64_t bytes) {
  std::unique_ptr<Buffer> buffer;
  EXPECT_OK(device->allocate(bytes, buffer));
  return buffer;
}

Status VulkanTest::launch(Queue &queue, uint32_t kernel, uint64_t groups, const std::vector<KernelArg> &args) {
  KernelLaunch launch;
  launch.program = program;
  launch.kernel = kernel;
  launch.grid[0] = groups;
  launch.args = args.data();
  launch.numArgs = args.size();
  return queue.launch(launch);
}

Status VulkanTest::increment(Queue &queue, Buffer &buffer, uint64_t offset, uint32_t count) {
  return launch(queue, Increment, (count + 63) / 64,
                {bufferArg(buffer, offset, uint64_t(count) * 4), scalarArg(count)});
}

} // namespace tenon::vulkan

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(new tenon::vulkan::CloseDevices);
  return RUN_ALL_TESTS();
}
