//===- Probe.cpp - what an OpenCL device says of itself ---------------------===//
//
// Owns the reading of device properties. Corrections come from Quirks.
//
//===------------------------------------------------------------------------===//
#include "Probe.h"

#include "Quirks.h"
#include "Status.h"
#include "Vendors.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace tenon::opencl {

using package::Property;

// From extensions whose macros differ between versions of the headers.
constexpr cl_device_info deviceUuid = 0x106A;         // cl_khr_device_uuid
constexpr cl_device_info warpSizeNv = 0x4003;         // cl_nv_device_attribute_query
constexpr cl_device_info wavefrontWidthAmd = 0x4043;  // cl_amd_device_attribute_query
constexpr cl_device_info subGroupSizesIntel = 0x4108; // cl_intel_required_subgroup_size
constexpr cl_device_info pciBusInfo = 0x410F;         // cl_khr_pci_bus_info

namespace {
/// Reads a device's properties; one that cannot be read is zero or empty, and `failed` remembers it for required ones.
class Reader {
public:
  Reader(const Api &api, cl_device_id device) : api(api), device(device) {}

  template <typename T> bool read(cl_device_info what, T &value) {
    T answer{};
    if (api.GetDeviceInfo(device, what, sizeof answer, &answer, nullptr) != CL_SUCCESS)
      return false;
    value = answer;
    return true;
  }

  template <typename T> T required(cl_device_info what, const char *name) {
    T value{};
    if (!read(what, value) && failed.empty())
      failed = name;
    return value;
  }

  std::string string(cl_device_info what) {
    size_t size = 0;
    if (api.GetDeviceInfo(device, what, 0, nullptr, &size) != CL_SUCCESS || size == 0)
      return {};
    std::string result(size, '\0');
    if (api.GetDeviceInfo(device, what, size, result.data(), nullptr) != CL_SUCCESS)
      return {};
    result.resize(std::strlen(result.c_str()));
    size_t first = result.find_first_not_of(' ');
    return first == std::string::npos ? std::string() : result.substr(first, result.find_last_not_of(' ') - first + 1);
  }

  template <typename T> std::vector<T> list(cl_device_info what) {
    size_t size = 0;
    if (api.GetDeviceInfo(device, what, 0, nullptr, &size) != CL_SUCCESS)
      return {};
    std::vector<T> result(size / sizeof(T));
    if (result.empty() ||
        api.GetDeviceInfo(device, what, result.size() * sizeof(T), result.data(), nullptr) != CL_SUCCESS)
      return {};
    return result;
  }

  std::string failed;

private:
  const Api &api;
  cl_device_id device;
};
} // namespace

/// True where a list of words, as OpenCL gives its extensions, has `word`.
static bool hasWord(const std::string &words, const char *word) {
  size_t length = std::strlen(word);
  for (size_t at = words.find(word); at != std::string::npos; at = words.find(word, at + 1))
    if ((at == 0 || words[at - 1] == ' ') && (at + length == words.size() || words[at + length] == ' '))
      return true;
  return false;
}

/// Newest of "SPIR-V_1.0 SPIR-V_1.2", as 12.
static int newestSpirv(const std::string &versions) {
  int newest = 0;
  for (size_t at = versions.find("SPIR-V_"); at != std::string::npos; at = versions.find("SPIR-V_", at + 1)) {
    int major = 0, minor = 0;
    if (std::sscanf(versions.c_str() + at, "SPIR-V_%d.%d", &major, &minor) == 2 && minor < 10)
      newest = std::max(newest, 10 * major + minor);
  }
  return newest;
}

/// Bits of the host processor's widest vector registers; 0 where they are not known.
static int hostVectorBits() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") ? 512 : __builtin_cpu_supports("avx2") ? 256 : 128;
#elif defined(__aarch64__)
  return 128;
#else
  return 0;
#endif
}

static bool hostHasFma() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
  return true;
#else
  return false;
#endif
}

static std::string hex(const uint8_t *bytes, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i)
    result += text("%02x", bytes[i]);
  return result;
}

/// A number from text that is the same in every process (FNV-1a).
static uint64_t hash(const std::string &bytes, uint64_t seed) {
  uint64_t value = 0xcbf29ce484222325u ^ seed;
  for (unsigned char byte : bytes)
    value = (value ^ byte) * 0x100000001b3u;
  return value;
}

static void identify(Reader &reader, const std::string &extensions, DeviceInfo &info) {
  struct Bytes {
    uint8_t value[16];
  } uuid{};
  struct Pci {
    cl_uint domain, bus, device, function;
  } pci{};
  if (hasWord(extensions, "cl_khr_device_uuid") && reader.read(deviceUuid, uuid)) {
    std::memcpy(info.uuid, uuid.value, sizeof info.uuid);
    info.silicon = hex(uuid.value, sizeof uuid.value);
    return;
  }
  if (hasWord(extensions, "cl_khr_pci_bus_info") && reader.read(pciBusInfo, pci))
    info.silicon = text("%04x:%02x:%02x.%x", pci.domain, pci.bus, pci.device, pci.function);
  std::string names = info.platform + '\n' + info.vendor + '\n' + info.name + '\n' + info.key + '\n' + info.silicon;
  for (int half = 0; half < 2; ++half) {
    uint64_t value = hash(names, half);
    std::memcpy(info.uuid + 8 * half, &value, sizeof value);
  }
}

static int subgroupSize(Reader &reader, const std::string &extensions, bool gpuClass) {
  cl_uint size = 0;
  if (!gpuClass)
    return 1;
  if (hasWord(extensions, "cl_nv_device_attribute_query") && reader.read(warpSizeNv, size))
    return size;
  if (hasWord(extensions, "cl_amd_device_attribute_query") && reader.read(wavefrontWidthAmd, size))
    return size;
  if (hasWord(extensions, "cl_intel_required_subgroup_size")) {
    size_t widest = 1;
    for (size_t candidate : reader.list<size_t>(subGroupSizesIntel))
      widest = std::max(widest, candidate);
    return static_cast<int>(widest);
  }
  return 1; // Not known: nothing may be built on it.
}

/// Fills `info`, or says in `reason` why the device cannot be used.
static void describe(const Platform &platform, cl_device_id id, DeviceInfo &info, std::string &reason) {
  Reader reader(platform.api, id);
  info.name = reader.string(CL_DEVICE_NAME);
  info.platform = platform.name;
  info.platformVersion = platform.version;
  if (std::string driver = reader.string(CL_DRIVER_VERSION); !driver.empty())
    info.platformVersion += ", driver " + driver;
  info.vendor = reader.string(CL_DEVICE_VENDOR);
  std::string version = reader.string(CL_DEVICE_VERSION);
  std::string extensions = reader.string(CL_DEVICE_EXTENSIONS);
  Quirks quirks = findQuirks(platform.name, info.name);
  if (!quirks.note.empty())
    info.quirks.emplace_back(quirks.note);

  auto type = reader.required<cl_device_type>(CL_DEVICE_TYPE, "CL_DEVICE_TYPE");
  bool isCpu = type & CL_DEVICE_TYPE_CPU;
  bool gpuClass = quirks.gpuClass.value_or(!isCpu);
  bool shared = false;
  if (cl_bool answer = CL_FALSE; reader.read(CL_DEVICE_HOST_UNIFIED_MEMORY, answer))
    shared = answer;
  if (isCpu)
    info.kind = DeviceKind::Software;
  else if (type & CL_DEVICE_TYPE_GPU)
    info.kind = shared ? DeviceKind::Integrated : DeviceKind::Discrete;
  else
    info.kind = DeviceKind::OtherAccelerator;

  info.totalMemory = reader.required<cl_ulong>(CL_DEVICE_GLOBAL_MEM_SIZE, "CL_DEVICE_GLOBAL_MEM_SIZE");
  info.maxAllocation = reader.required<cl_ulong>(CL_DEVICE_MAX_MEM_ALLOC_SIZE, "CL_DEVICE_MAX_MEM_ALLOC_SIZE");
  reader.read(CL_DEVICE_MAX_CLOCK_FREQUENCY, info.clockMHz);
  std::vector<size_t> block = reader.list<size_t>(CL_DEVICE_MAX_WORK_ITEM_SIZES);
  for (size_t i = 0; i < 3 && i < block.size(); ++i)
    info.maxBlock[i] = block[i];

  auto single = reader.required<cl_device_fp_config>(CL_DEVICE_SINGLE_FP_CONFIG, "CL_DEVICE_SINGLE_FP_CONFIG");
  bool fma = single & CL_FP_FMA;
  if (quirks.fma != FmaAnswer::Reported)
    fma = quirks.fma == FmaAnswer::HostCpu && hostHasFma();
  cl_uint nativeFloats = 1;
  reader.read(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, nativeFloats);
  int vectorBits = isCpu && !gpuClass ? hostVectorBits() : 0;
  if (!vectorBits)
    vectorBits = 32 * std::max<cl_uint>(nativeFloats, 1);
  cl_device_fp_config doubles = 0;
  reader.read(CL_DEVICE_DOUBLE_FP_CONFIG, doubles);
  bool embedded = reader.string(CL_DEVICE_PROFILE) == "EMBEDDED_PROFILE";
  bool int64 = !embedded || hasWord(extensions, "cles_khr_int64");
  int spirv = platform.api.CreateProgramWithIL ? newestSpirv(reader.string(CL_DEVICE_IL_VERSION)) : 0;
  auto compiler = reader.required<cl_bool>(CL_DEVICE_COMPILER_AVAILABLE, "CL_DEVICE_COMPILER_AVAILABLE");

  info.setProperty(Property::Class, gpuClass);
  info.setProperty(Property::VectorBits, vectorBits);
  info.setProperty(Property::ComputeUnits,
                   reader.required<cl_uint>(CL_DEVICE_MAX_COMPUTE_UNITS, "CL_DEVICE_MAX_COMPUTE_UNITS"));
  size_t maxGroupSize = reader.required<size_t>(CL_DEVICE_MAX_WORK_GROUP_SIZE, "CL_DEVICE_MAX_WORK_GROUP_SIZE");
  info.setProperty(Property::MaxGroupSize, quirks.maxGroupSize ? quirks.maxGroupSize : maxGroupSize);
  info.setProperty(Property::LocalMemory,
                   reader.required<cl_ulong>(CL_DEVICE_LOCAL_MEM_SIZE, "CL_DEVICE_LOCAL_MEM_SIZE"));
  info.setProperty(Property::SubgroupSize, subgroupSize(reader, extensions, gpuClass));
  info.setProperty(Property::MaxBufferBytes, static_cast<int64_t>(std::min<uint64_t>(info.maxAllocation, INT64_MAX)));
  info.setProperty(Property::SpirvVersion, spirv);
  info.setProperty(Property::Float16, hasWord(extensions, "cl_khr_fp16"));
  info.setProperty(Property::Float64, doubles != 0 || hasWord(extensions, "cl_khr_fp64"));
  for (Property property : {Property::Int8, Property::Int16, Property::Int64, Property::Storage8, Property::Storage16})
    info.setProperty(property, 1);
  info.setProperty(Property::Fma, fma);
  info.setProperty(Property::SharedMemory, shared);
  if (spirv >= 10)
    info.targets.push_back(package::Target::SpirvOpenCL);
  info.targets.push_back(package::Target::OpenCL);
  identify(reader, extensions, info);

  if (!reader.failed.empty())
    reason = "the driver does not answer " + reader.failed;
  else if (!reader.required<cl_bool>(CL_DEVICE_AVAILABLE, "CL_DEVICE_AVAILABLE"))
    reason = "the driver says that the device is not available";
  else if (parseVersion(version) < 12)
    reason = text("the device is %s, but at least OpenCL 1.2 is needed", version.c_str());
  else if (!compiler)
    reason = "the driver has no compiler for it";
  else if (!reader.required<cl_bool>(CL_DEVICE_ENDIAN_LITTLE, "CL_DEVICE_ENDIAN_LITTLE"))
    reason = "the device is big-endian, packages are little-endian";
  else if (!int64)
    reason = "the device has no 64-bit integers (embedded profile without cles_khr_int64)";
  else if (info.maxAllocation == 0 || info.totalMemory == 0)
    reason = "the driver gives it no memory";
}

static Status listDevices(const Platform &platform, std::vector<cl_device_id> &devices) {
  cl_uint count = 0;
  cl_int code = platform.api.GetDeviceIDs(platform.id, CL_DEVICE_TYPE_ALL, 0, nullptr, &count);
  if (code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && count == 0))
    return {};
  TENON_CL(code, "list the devices of platform %s", platform.name.c_str());
  devices.resize(count);
  TENON_CL(platform.api.GetDeviceIDs(platform.id, CL_DEVICE_TYPE_ALL, count, devices.data(), &count),
           "list the devices of platform %s", platform.name.c_str());
  return {};
}

Status probeUnit(const ProbeUnit &unit, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &leftOut) {
  const std::vector<Platform> *platforms = nullptr;
  if (Status status = openUnit(unit, platforms); !status.ok()) {
    leftOut.push_back({unit.name, status.message()});
    return {};
  }
  if (platforms->empty())
    leftOut.push_back({unit.name, "the driver lists no platform"});
  for (size_t p = 0; p < platforms->size(); ++p) {
    const Platform &platform = (*platforms)[p];
    std::vector<cl_device_id> ids;
    std::string problem = platform.problem;
    if (problem.empty()) {
      Status status = listDevices(platform, ids);
      if (!status.ok())
        problem = status.message();
      else if (ids.empty())
        problem = text("platform %s lists no device", platform.name.c_str());
    }
    if (!problem.empty()) {
      if (std::string_view hint = findHint(platform.name); ids.empty() && !hint.empty())
        problem += ": " + std::string(hint);
      leftOut.push_back({unit.name, problem});
      continue;
    }
    for (size_t d = 0; d < ids.size(); ++d) {
      DeviceInfo info;
      info.key = text("%zu:%zu", p, d);
      std::string reason;
      describe(platform, ids[d], info, reason);
      if (reason.empty())
        devices.push_back(std::move(info));
      else
        leftOut.push_back({unit.name + ": " + info.name, reason});
    }
  }
  return {};
}

Status findDevice(const DeviceInfo &info, const ProbeUnit &unit, OpenedDevice &device) {
  const std::vector<Platform> *platforms = nullptr;
  TENON_TRY(openUnit(unit, platforms).in("open " + info.name));
  size_t p = 0, d = 0;
  if (std::sscanf(info.key.c_str(), "%zu:%zu", &p, &d) != 2)
    return error(tnErrorInvalidDevice, "open %s: the key %s is not one of an OpenCL device", info.name.c_str(),
                 info.key.c_str());
  Status gone = error(tnErrorDevicesUnavailable, "open %s: %s lists it no more", info.name.c_str(), unit.name.c_str());
  if (p >= platforms->size())
    return gone;
  const Platform &platform = (*platforms)[p];
  if (!platform.problem.empty())
    return error(tnErrorDevicesUnavailable, "open %s: %s", info.name.c_str(), platform.problem.c_str());
  std::vector<cl_device_id> ids;
  TENON_TRY(listDevices(platform, ids));
  if (d >= ids.size())
    return gone;
  Reader reader(platform.api, ids[d]);
  if (reader.string(CL_DEVICE_NAME) != info.name)
    return gone;
  device = {&platform, ids[d]};
  return {};
}

} // namespace tenon::opencl
