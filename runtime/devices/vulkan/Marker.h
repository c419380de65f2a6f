//===- Marker.h - a point in a stream -------------------------------------------===//
//
// Owns where a marker was last recorded, and its timestamp. Does not own the stream.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"
#include "devices/vulkan/Context.h"
#include "devices/vulkan/Timeline.h"

namespace tenon::vulkan {

class VulkanMarker final : public Marker {
public:
  VulkanMarker(std::shared_ptr<Context> context, bool timing) : timing(timing), context(std::move(context)) {}

  Status query(bool &done) override;
  Status wait() override;

  /// Where it was recorded; a null timeline if never.
  struct Point {
    std::shared_ptr<Timeline> timeline;
    uint64_t value = 0;
    std::shared_ptr<Timestamp> timestamp;
  };
  Point getPoint();
  void setPoint(Point point);

  /// The device's clock at the point, in ticks. Waits for it.
  Status readTimestamp(uint64_t &ticks);

  const bool timing;

private:
  std::shared_ptr<Context> context;
  std::mutex mutex;
  Point point;
};

} // namespace tenon::vulkan
