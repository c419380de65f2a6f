//===- Spirv.cpp - reads the head of a SPIR-V module -----------------------------===//
#include "devices/vulkan/Spirv.h"

#include "devices/vulkan/Probe.h"

#include <cstring>

namespace tenon::vulkan {

namespace {

// Numbers of the SPIR-V specification.
constexpr uint32_t magic = 0x07230203;
constexpr uint32_t headerWords = 5;
constexpr uint32_t opCapability = 17;
constexpr uint32_t opEntryPoint = 15;
constexpr uint32_t opFunction = 54;
constexpr uint32_t modelGlCompute = 5;

struct Capability {
  uint32_t number;
  const char *name;
  bool DeviceTraits::*has;
};

const Capability capabilities[] = {
    {9, "Float16", &DeviceTraits::float16},
    {10, "Float64", &DeviceTraits::float64},
    {11, "Int64", &DeviceTraits::int64},
    {22, "Int16", &DeviceTraits::int16},
    {39, "Int8", &DeviceTraits::int8},
    {4433, "StorageBuffer16BitAccess", &DeviceTraits::storage16},
    {4448, "StorageBuffer8BitAccess", &DeviceTraits::storage8},
    {5347, "PhysicalStorageBufferAddresses", &DeviceTraits::bufferDeviceAddress},
};

Status checkCapability(uint32_t number, const DeviceTraits &traits) {
  constexpr uint32_t kernelCapability = 6;
  if (number == kernelCapability)
    return error(tnErrorInvalidKernelImage, "the spir-v module is for opencl, not for vulkan");
  for (const Capability &capability : capabilities)
    if (capability.number == number && !(traits.*capability.has))
      return error(tnErrorNoKernelImageForDevice, "the spir-v module needs %s, which device %s lacks", capability.name,
                   traits.name.c_str());
  return {};
}

} // namespace

Status readSpirv(const uint8_t *code, size_t size, const DeviceTraits &traits, SpirvModule &module) {
  if (size % 4 || size < headerWords * 4)
    return error(tnErrorInvalidKernelImage, "not a spir-v module: %zu bytes", size);
  std::vector<uint32_t> &words = module.words;
  words.resize(size / 4);
  memcpy(words.data(), code, size);
  if (words[0] != magic)
    return error(tnErrorInvalidKernelImage, "not a spir-v module: it begins with 0x%08x", words[0]);
  unsigned version = 10 * ((words[1] >> 16) & 0xff) + ((words[1] >> 8) & 0xff);
  if (version > traits.getSpirvVersion())
    return error(tnErrorNoKernelImageForDevice, "the spir-v module is version %u.%u, device %s takes %u.%u",
                 version / 10, version % 10, traits.name.c_str(), traits.getSpirvVersion() / 10,
                 traits.getSpirvVersion() % 10);
  for (size_t at = headerWords; at < words.size();) {
    uint32_t length = words[at] >> 16, op = words[at] & 0xffff;
    if (!length || length > words.size() - at)
      return error(tnErrorInvalidKernelImage, "the spir-v module is cut off at word %zu of %zu", at, words.size());
    if (op == opCapability && length > 1)
      TENON_TRY(checkCapability(words[at + 1], traits));
    if (op == opEntryPoint && length > 3 && words[at + 1] == modelGlCompute) {
      const char *name = reinterpret_cast<const char *>(&words[at + 3]);
      module.entryPoints.emplace(name, strnlen(name, (length - 3) * 4));
    }
    if (op == opFunction)
      break; // Everything of interest stands before the first one.
    at += length;
  }
  return {};
}

} // namespace tenon::vulkan
