//===- Quirks.cpp - the table of corrections ---------------------------------===//
//
// Owns one row a fact that Vulkan has no query for, or that a driver is known to answer wrongly, each with its reason.
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Quirks.h"

#include "devices/vulkan/Probe.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace tenon::vulkan {

namespace {

struct Quirk {
  const char *reason;
  bool (*applies)(const DeviceTraits &);
  void (*correct)(DeviceTraits &);
};

/// Whether TENON_VULKAN_DISABLE, a list with commas, names `feature`: a way round a driver whose feature is broken.
bool isDisabled(std::string_view feature) {
  const char *list = getenv("TENON_VULKAN_DISABLE");
  std::string_view rest = list ? list : "";
  while (!rest.empty()) {
    size_t comma = std::min(rest.find(','), rest.size());
    if (rest.substr(0, comma) == feature)
      return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

const Quirk quirks[] = {
    {"its memory is the host's: copies go without staging",
     [](const DeviceTraits &t) { return t.sharesHostMemory() && !isDisabled("mapped-memory"); },
     [](DeviceTraits &t) { t.mapDeviceMemory = true; }},
    {"software drivers take memory from malloc, which does not stop at the heap's size",
     [](const DeviceTraits &t) { return t.isSoftware(); }, [](DeviceTraits &t) { t.enforceHeapSize = true; }},
    {"timeline semaphores are switched off by TENON_VULKAN_DISABLE",
     [](const DeviceTraits &t) { return t.timeline && isDisabled("timeline"); },
     [](DeviceTraits &t) { t.timeline = false; }},
    {"push descriptors are switched off by TENON_VULKAN_DISABLE",
     [](const DeviceTraits &t) { return t.pushDescriptors && isDisabled("push-descriptors"); },
     [](DeviceTraits &t) { t.pushDescriptors = false; }},
    {"timestamps are switched off by TENON_VULKAN_DISABLE",
     [](const DeviceTraits &t) { return t.timestampBits && isDisabled("timestamps"); },
     [](DeviceTraits &t) { t.timestampBits = 0; }},
    {"software drivers compute fma() in a library call or with two roundings, and vulkan has no query for it",
     [](const DeviceTraits &t) { return t.isSoftware(); }, [](DeviceTraits &t) { t.fma = false; }},
    {"llvmpipe ends the loops of a work-item without an error after 65535 iterations in all: kernels must stay below",
     [](const DeviceTraits &t) { return t.driverId == VK_DRIVER_ID_MESA_LLVMPIPE; }, [](DeviceTraits &) {}},
    {"vulkan does not tell the number of compute units; a count near that of small devices is enough to split work",
     [](const DeviceTraits &t) { return t.computeUnits == 0; }, [](DeviceTraits &t) { t.computeUnits = 16; }},
    {"a timestamp period of zero makes every elapsed time zero; without timestamps the host's clock is used",
     [](const DeviceTraits &t) { return !(t.limits.timestampPeriod > 0); },
     [](DeviceTraits &t) { t.timestampBits = 0; }},
    {"alignments of zero are reported where there is none, and divide by zero",
     [](const DeviceTraits &t) { return !t.limits.minStorageBufferOffsetAlignment || !t.limits.nonCoherentAtomSize; },
     [](DeviceTraits &t) {
       t.limits.minStorageBufferOffsetAlignment = std::max<VkDeviceSize>(1, t.limits.minStorageBufferOffsetAlignment);
       t.limits.nonCoherentAtomSize = std::max<VkDeviceSize>(1, t.limits.nonCoherentAtomSize);
     }},
};

} // namespace

void applyQuirks(DeviceTraits &traits) {
  for (const Quirk &quirk : quirks) {
    if (quirk.applies(traits)) {
      quirk.correct(traits);
      traits.quirks.push_back(quirk.reason);
    }
  }
}

} // namespace tenon::vulkan
