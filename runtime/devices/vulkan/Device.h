//===- Device.h - a Vulkan device ------------------------------------------------===//
//
// Owns the translation of what was probed into DeviceInfo, and the making of buffers, programs, streams and markers.
// Does not own any of them.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"
#include "devices/vulkan/Context.h"

namespace tenon::vulkan {

/// Everything of DeviceInfo but driver, index, unit and key.
DeviceInfo makeInfo(const DeviceTraits &traits);

class VulkanDevice final : public Device {
public:
  VulkanDevice(DeviceInfo info, std::shared_ptr<Context> context)
      : Device(std::move(info)), context(std::move(context)) {}

  Status allocate(uint64_t bytes, std::unique_ptr<Buffer> &buffer) override;
  Status allocateHost(uint64_t bytes, std::unique_ptr<Buffer> &buffer) override;
  Status memory(uint64_t &freeBytes, uint64_t &totalBytes) override;
  Status load(const package::Module &module, const std::string &key, std::unique_ptr<Program> &program) override;
  Status createQueue(int priority, std::unique_ptr<Queue> &queue) override;
  Status createMarker(bool timing, std::unique_ptr<Marker> &marker) override;
  Status elapsed(Marker &from, Marker &to, double &milliseconds) override;

private:
  std::shared_ptr<Context> context;
};

} // namespace tenon::vulkan
