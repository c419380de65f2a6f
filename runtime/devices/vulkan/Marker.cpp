//===- Marker.cpp - queries and waits of a point --------------------------------===//
#include "devices/vulkan/Marker.h"

#include "devices/vulkan/Status.h"

namespace tenon::vulkan {

VulkanMarker::Point VulkanMarker::getPoint() {
  std::lock_guard lock(mutex);
  return point;
}

void VulkanMarker::setPoint(Point next) {
  std::lock_guard lock(mutex);
  point = std::move(next);
}

Status VulkanMarker::query(bool &done) {
  Point at = getPoint();
  done = true;
  if (!at.timeline || at.timeline->isKnownDone(at.value))
    return {};
  TENON_TRY(at.timeline->ensureSubmitted(at.value));
  return at.timeline->query(at.value, done);
}

Status VulkanMarker::wait() {
  Point at = getPoint();
  if (!at.timeline || at.timeline->isKnownDone(at.value))
    return {};
  TENON_TRY(at.timeline->ensureSubmitted(at.value));
  return at.timeline->wait(at.value);
}

Status VulkanMarker::readTimestamp(uint64_t &ticks) {
  TENON_TRY(wait());
  Point at = getPoint();
  if (!at.timestamp)
    return error(tnErrorInvalidResourceHandle, timing ? "the event was never recorded" : "the event has no timing");
  return check(context->vk.GetQueryPoolResults(context->handle, at.timestamp->pool, at.timestamp->query, 1,
                                               sizeof ticks, &ticks, sizeof ticks, VK_QUERY_RESULT_64_BIT),
               "read a timestamp");
}

} // namespace tenon::vulkan
