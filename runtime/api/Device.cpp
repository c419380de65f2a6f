//===- Device.cpp - tnGetDevice..., tnSetDevice..., tnDevice... ------------------------------===//
#include "api/Api.h"

#include "core/Package.h"

#include <climits>
#include <cstring>

using namespace tenon;

namespace {

template <size_t N> void copyText(char (&to)[N], const std::string &from) {
  size_t length = from.size() < N - 1 ? from.size() : N - 1;
  memcpy(to, from.data(), length);
  to[length] = 0;
}

template <class T> int clampInt(T value) { return value > static_cast<T>(INT_MAX) ? INT_MAX : static_cast<int>(value); }

const char *kindName(DeviceKind kind) {
  static const char *const names[] = {"discrete", "integrated", "accelerator", "host", "software", "null"};
  return names[static_cast<size_t>(kind)];
}

void fill(tnDeviceProp &prop, const DeviceInfo &info) {
  using package::Property;
  auto has = [&](Property p) { return info.property(p) != 0; };
  memset(&prop, 0, sizeof prop);
  copyText(prop.name, info.name);
  memcpy(prop.uuid.bytes, info.uuid, sizeof info.uuid);
  prop.totalGlobalMem = info.totalMemory;
  prop.sharedMemPerBlock = info.property(Property::LocalMemory);
  prop.warpSize = clampInt(info.property(Property::SubgroupSize));
  prop.memPitch = INT_MAX;
  prop.maxThreadsPerBlock = clampInt(info.property(Property::MaxGroupSize));
  for (int axis = 0; axis < 3; ++axis) {
    prop.maxThreadsDim[axis] = clampInt(info.maxBlock[axis]);
    prop.maxGridSize[axis] = clampInt(info.maxGrid[axis]);
  }
  prop.clockRate = clampInt(uint64_t(info.clockMHz) * 1000);
  prop.multiProcessorCount = clampInt(info.property(Property::ComputeUnits));
  prop.integrated = info.kind == DeviceKind::Integrated;
  prop.concurrentKernels = info.kind != DeviceKind::Host;
  prop.unifiedAddressing = 1;
  prop.memoryPoolsSupported = 1;
  copyText(prop.id, deviceId(info));
  copyText(prop.driver, info.platform);
  copyText(prop.driverVersion, info.platformVersion);
  copyText(prop.vendor, info.vendor);
  copyText(prop.kind, kindName(info.kind));
  std::string targets, quirks;
  for (package::Target target : info.targets)
    targets += std::string(targets.empty() ? "" : " ") + nameOf(target);
  for (const std::string &quirk : info.quirks)
    quirks += (quirks.empty() ? "" : "\n") + quirk;
  copyText(prop.targets, targets);
  copyText(prop.quirks, quirks);
  prop.isGpuClass = has(Property::Class);
  prop.isaLevel = clampInt(info.property(Property::IsaLevel));
  prop.vectorBits = clampInt(info.property(Property::VectorBits));
  prop.spirvVersion = clampInt(info.property(Property::SpirvVersion));
  prop.hasFloat16 = has(Property::Float16);
  prop.hasFloat64 = has(Property::Float64);
  prop.hasInt8 = has(Property::Int8);
  prop.hasInt16 = has(Property::Int16);
  prop.hasInt64 = has(Property::Int64);
  prop.hasStorage8 = has(Property::Storage8);
  prop.hasStorage16 = has(Property::Storage16);
  prop.hasFma = has(Property::Fma);
  prop.sharesHostMemory = has(Property::SharedMemory);
  prop.maxBufferBytes = info.property(Property::MaxBufferBytes);
  prop.maxAllocation = info.maxAllocation;
}

Status attribute(int &value, tnDeviceAttr attr, const tnDeviceProp &prop) {
  switch (attr) {
  case tnDevAttrMaxThreadsPerBlock:
    value = prop.maxThreadsPerBlock;
    break;
  case tnDevAttrMaxBlockDimX:
  case tnDevAttrMaxBlockDimY:
  case tnDevAttrMaxBlockDimZ:
    value = prop.maxThreadsDim[attr - tnDevAttrMaxBlockDimX];
    break;
  case tnDevAttrMaxGridDimX:
  case tnDevAttrMaxGridDimY:
  case tnDevAttrMaxGridDimZ:
    value = prop.maxGridSize[attr - tnDevAttrMaxGridDimX];
    break;
  case tnDevAttrMaxSharedMemoryPerBlock:
    value = clampInt(prop.sharedMemPerBlock);
    break;
  case tnDevAttrWarpSize:
    value = prop.warpSize;
    break;
  case tnDevAttrMaxPitch:
    value = clampInt(prop.memPitch);
    break;
  case tnDevAttrClockRate:
    value = prop.clockRate;
    break;
  case tnDevAttrMultiProcessorCount:
    value = prop.multiProcessorCount;
    break;
  case tnDevAttrIntegrated:
    value = prop.integrated;
    break;
  case tnDevAttrCanMapHostMemory:
    value = prop.canMapHostMemory;
    break;
  case tnDevAttrConcurrentKernels:
    value = prop.concurrentKernels;
    break;
  case tnDevAttrAsyncEngineCount:
    value = prop.asyncEngineCount;
    break;
  case tnDevAttrUnifiedAddressing:
    value = prop.unifiedAddressing;
    break;
  case tnDevAttrComputeCapabilityMajor:
    value = prop.major;
    break;
  case tnDevAttrComputeCapabilityMinor:
    value = prop.minor;
    break;
  case tnDevAttrStreamPrioritiesSupported:
    value = prop.streamPrioritiesSupported;
    break;
  case tnDevAttrManagedMemory:
    value = prop.managedMemory;
    break;
  case tnDevAttrCooperativeLaunch:
    value = prop.cooperativeLaunch;
    break;
  case tnDevAttrMemoryPoolsSupported:
    value = prop.memoryPoolsSupported;
    break;
  case tnDevAttrPageableMemoryAccess:
  case tnDevAttrHostNativeAtomicSupported:
    value = !strcmp(prop.kind, "host");
    break;
  case tnDevAttrTotalConstantMemory:
  case tnDevAttrTextureAlignment:
  case tnDevAttrGpuOverlap:
  case tnDevAttrKernelExecTimeout:
  case tnDevAttrComputeMode:
  case tnDevAttrEccEnabled:
  case tnDevAttrIsMultiGpuBoard:
  case tnDevAttrConcurrentManagedAccess:
  case tnDevAttrCanUseHostPointerForRegisteredMem:
  case tnDevAttrHostRegisterSupported:
    value = 0;
    break;
  default:
    return error(tnErrorInvalidValue, "there is no device attribute %d", static_cast<int>(attr));
  }
  return {};
}

} // namespace

extern "C" {

tnError_t tnGetDeviceCount(int *count) {
  return api("tnGetDeviceCount", [&] {
    TENON_TRY(checkOut(count, "count"));
    return DeviceList::get().count(*count);
  });
}

tnError_t tnSetDevice(int device) {
  return api("tnSetDevice", [&] {
    Context *context;
    TENON_TRY(DeviceList::get().open(device, context));
    setCurrentContext(context);
    return Status();
  });
}

tnError_t tnGetDevice(int *device) {
  return api("tnGetDevice", [&] {
    TENON_TRY(checkOut(device, "device"));
    *device = 0;
    if (Context *context = chosenContext())
      *device = DeviceList::get().numberOf(*context);
    return Status();
  });
}

tnError_t tnSetDeviceByName(const char *name) {
  return api("tnSetDeviceByName", [&] {
    TENON_TRY(checkOut(name, "name"));
    Context *context;
    TENON_TRY(DeviceList::get().openByName(name, context));
    setCurrentContext(context);
    return Status();
  });
}

tnError_t tnGetDeviceByName(int *device, const char *name) {
  return api("tnGetDeviceByName", [&] {
    TENON_TRY(checkOut(device, "device"));
    TENON_TRY(checkOut(name, "name"));
    return DeviceList::get().numberByName(name, *device);
  });
}

tnError_t tnGetDeviceProperties(tnDeviceProp *prop, int device) {
  return api("tnGetDeviceProperties", [&] {
    TENON_TRY(checkOut(prop, "prop"));
    const DeviceInfo *info;
    TENON_TRY(DeviceList::get().info(device, info));
    fill(*prop, *info);
    return Status();
  });
}

tnError_t tnDeviceGetAttribute(int *value, tnDeviceAttr attr, int device) {
  return api("tnDeviceGetAttribute", [&] {
    TENON_TRY(checkOut(value, "value"));
    const DeviceInfo *info;
    TENON_TRY(DeviceList::get().info(device, info));
    tnDeviceProp prop;
    fill(prop, *info);
    return attribute(*value, attr, prop);
  });
}

tnError_t tnDeviceSynchronize(void) {
  return api("tnDeviceSynchronize", [&] {
    Context *context;
    TENON_TRY(currentContext(context));
    return context->synchronize();
  });
}

tnError_t tnDeviceReset(void) {
  return api("tnDeviceReset", [&] {
    Context *context;
    TENON_TRY(currentContext(context));
    return context->reset();
  });
}

tnError_t tnMemGetInfo(size_t *free, size_t *total) {
  return api("tnMemGetInfo", [&] {
    TENON_TRY(checkOut(free, "free"));
    TENON_TRY(checkOut(total, "total"));
    Context *context;
    TENON_TRY(currentContext(context));
    uint64_t freeBytes = 0, totalBytes = 0;
    TENON_TRY(context->device().memory(freeBytes, totalBytes));
    *free = freeBytes;
    *total = totalBytes;
    return Status();
  });
}

tnError_t tnDriverGetVersion(int *version) {
  return api("tnDriverGetVersion", [&] {
    TENON_TRY(checkOut(version, "version"));
    *version = TENON_VERSION;
    return Status();
  });
}

tnError_t tnRuntimeGetVersion(int *version) {
  return api("tnRuntimeGetVersion", [&] {
    TENON_TRY(checkOut(version, "version"));
    *version = TENON_VERSION;
    return Status();
  });
}

tnError_t tnDeviceGetLeftOutCount(int *count) {
  return api("tnDeviceGetLeftOutCount", [&] {
    TENON_TRY(checkOut(count, "count"));
    const std::vector<LeftOut> *list;
    TENON_TRY(DeviceList::get().leftOut(list));
    *count = static_cast<int>(list->size());
    return Status();
  });
}

tnError_t tnDeviceGetLeftOut(const char **name, const char **reason, int index) {
  return api("tnDeviceGetLeftOut", [&] {
    TENON_TRY(checkOut(name, "name"));
    TENON_TRY(checkOut(reason, "reason"));
    const std::vector<LeftOut> *list;
    TENON_TRY(DeviceList::get().leftOut(list));
    if (index < 0 || index >= static_cast<int>(list->size()))
      return error(tnErrorInvalidValue, "index is %d, %zu are left out", index, list->size());
    *name = (*list)[index].name.c_str();
    *reason = (*list)[index].reason.c_str();
    return Status();
  });
}

tnError_t tnGetDLDevice(DLDevice *device) {
  return api("tnGetDLDevice", [&] {
    TENON_TRY(checkOut(device, "device"));
    Context *context;
    TENON_TRY(currentContext(context));
    *device = context->dlDevice();
    return Status();
  });
}
}
