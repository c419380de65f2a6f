//===- Device.cpp - a Vulkan device -------------------------------------------------===//
#include "devices/vulkan/Device.h"

#include "devices/vulkan/Kernel.h"
#include "devices/vulkan/Marker.h"
#include "devices/vulkan/Status.h"
#include "devices/vulkan/Stream.h"

#include <algorithm>
#include <cstring>

namespace tenon::vulkan {

namespace {

DeviceKind getKind(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return DeviceKind::Discrete;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return DeviceKind::Integrated;
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return DeviceKind::Software;
  default:
    return DeviceKind::OtherAccelerator;
  }
}

std::string getVendor(uint32_t id) {
  struct Vendor {
    uint32_t id;
    const char *name;
  };
  // PCI's numbers, and Khronos' own for those without one.
  static const Vendor vendors[] = {{0x1002, "AMD"},
                                   {0x1010, "Imagination"},
                                   {0x106b, "Apple"},
                                   {0x10de, "NVIDIA"},
                                   {0x13b5, "Arm"},
                                   {0x1ae0, "Google"},
                                   {0x5143, "Qualcomm"},
                                   {0x8086, "Intel"},
                                   {VK_VENDOR_ID_MESA, "Mesa"},
                                   {VK_VENDOR_ID_POCL, "PoCL"}};
  for (const Vendor &vendor : vendors)
    if (vendor.id == id)
      return vendor.name;
  return text("0x%x", id);
}

std::string getHex(const uint8_t *bytes, size_t size) {
  std::string hex;
  for (size_t i = 0; i < size; ++i)
    hex += text("%02x", bytes[i]);
  return hex;
}

/// 64-bit FNV-1a: stable between processes and machines.
uint64_t hash(const std::string &bytes, uint64_t seed) {
  uint64_t value = 0xcbf29ce484222325 ^ seed;
  for (unsigned char c : bytes)
    value = (value ^ c) * 0x100000001b3;
  return value;
}

} // namespace

DeviceInfo makeInfo(const DeviceTraits &traits) {
  using package::Property;
  const VkPhysicalDeviceLimits &limits = traits.limits;
  DeviceInfo info;
  info.name = traits.name;
  info.platform = traits.driver.empty() ? traits.name : traits.driver;
  info.platformVersion = "Vulkan " + formatVersion(traits.apiVersion);
  if (!traits.driverInfo.empty())
    info.platformVersion += ", " + traits.driverInfo;
  info.vendor = getVendor(traits.vendorId);
  info.kind = getKind(traits.type);
  bool hasUuid = std::any_of(std::begin(traits.uuid), std::end(traits.uuid), [](uint8_t byte) { return byte != 0; });
  if (hasUuid) {
    memcpy(info.uuid, traits.uuid, sizeof info.uuid);
  } else {
    uint64_t made[2] = {hash(info.platform + "\n" + info.name, 0), hash(info.platform + "\n" + info.name, 1)};
    memcpy(info.uuid, made, sizeof info.uuid);
  }
  if (hasUuid && !traits.isSoftware()) // software drivers number themselves, not the processor
    info.silicon = getHex(traits.uuid, sizeof traits.uuid);

  for (uint32_t i = 0; i < traits.memory.memoryHeapCount; ++i)
    if (traits.memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      info.totalMemory = std::max<uint64_t>(info.totalMemory, traits.memory.memoryHeaps[i].size);
  if (!info.totalMemory)
    info.totalMemory = traits.memory.memoryHeaps[0].size;
  info.maxAllocation = std::min({traits.maxAllocation, traits.maxBuffer, info.totalMemory});
  for (int i = 0; i < 3; ++i) {
    info.maxGrid[i] = limits.maxComputeWorkGroupCount[i];
    info.maxBlock[i] = limits.maxComputeWorkGroupSize[i];
  }
  info.targets = {package::Target::SpirvVulkan};
  info.quirks = traits.quirks;

  info.setProperty(Property::Class, 1); // work-items are lanes, on software drivers too
  info.setProperty(Property::VectorBits, 32);
  info.setProperty(Property::ComputeUnits, traits.computeUnits);
  info.setProperty(Property::MaxGroupSize, limits.maxComputeWorkGroupInvocations);
  info.setProperty(Property::LocalMemory, limits.maxComputeSharedMemorySize);
  info.setProperty(Property::SubgroupSize, traits.subgroupSize);
  info.setProperty(Property::MaxBufferBytes, limits.maxStorageBufferRange);
  info.setProperty(Property::SpirvVersion, traits.getSpirvVersion());
  info.setProperty(Property::Float16, traits.float16);
  info.setProperty(Property::Float64, traits.float64);
  info.setProperty(Property::Int8, traits.int8);
  info.setProperty(Property::Int16, traits.int16);
  info.setProperty(Property::Int64, traits.int64);
  info.setProperty(Property::Storage8, traits.storage8);
  info.setProperty(Property::Storage16, traits.storage16);
  info.setProperty(Property::Fma, traits.fma);
  info.setProperty(Property::SharedMemory, traits.sharesHostMemory());
  return info;
}

Status VulkanDevice::allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer) {
  Piece piece;
  TENON_TRY(context->getDeviceHeap().allocate(bytes, piece));
  buffer = std::make_unique<VulkanBuffer>(context, context->getDeviceHeap(), piece, bytes);
  return {};
}

Status VulkanDevice::allocateHost(uint64_t bytes, std::unique_ptr<Buffer> &buffer) {
  Piece piece;
  TENON_TRY(context->getHostHeap().allocate(bytes, piece));
  auto made = std::make_unique<VulkanBuffer>(context, context->getHostHeap(), piece, bytes);
  made->address = piece.host;
  context->addHostPiece(piece);
  buffer = std::move(made);
  return {};
}

Status VulkanDevice::memory(uint64_t &freeBytes, uint64_t &totalBytes) {
  Heap &heap = context->getDeviceHeap();
  totalBytes = heap.getTotal();
  freeBytes = context->getFree(heap.getHeapIndex());
  return {};
}

Status VulkanDevice::load(const package::Module &module, const std::string &, std::unique_ptr<Program> &program) {
  return VulkanProgram::create(context, module, program);
}

Status VulkanDevice::createQueue(int, std::unique_ptr<Queue> &queue) { return Stream::create(context, queue); }

Status VulkanDevice::createMarker(bool timing, std::unique_ptr<Marker> &marker) {
  marker = std::make_unique<VulkanMarker>(context, timing);
  return {};
}

Status VulkanDevice::elapsed(Marker &from, Marker &to, double &milliseconds) {
  const DeviceTraits &traits = context->traits;
  if (!traits.timestampBits)
    return error(tnErrorNotSupported, "device %s has no timestamps", traits.name.c_str());
  uint64_t begin = 0, end = 0;
  TENON_TRY(static_cast<VulkanMarker &>(from).readTimestamp(begin));
  TENON_TRY(static_cast<VulkanMarker &>(to).readTimestamp(end));
  // The counter wraps at its width; a difference in its upper half is a negative one.
  unsigned shift = 64 - traits.timestampBits;
  int64_t ticks = static_cast<int64_t>((end - begin) << shift) >> shift;
  milliseconds = ticks * double(traits.limits.timestampPeriod) * 1e-6;
  return {};
}

} // namespace tenon::vulkan
