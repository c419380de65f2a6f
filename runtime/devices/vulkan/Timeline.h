//===- Timeline.h - how far a stream has come ----------------------------------===//
//
// Owns the counter of one stream's submissions: a timeline semaphore, or a list of fences where the device has none.
// Outlives its stream, so that markers can still be asked. Does not own the submissions.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"
#include "devices/vulkan/Loader.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

namespace tenon::vulkan {

class Context;
class Stream;

class Timeline {
public:
  static Status create(std::shared_ptr<Context> context, Stream &owner, std::shared_ptr<Timeline> &timeline);
  ~Timeline();
  Timeline(const Timeline &) = delete;
  Timeline &operator=(const Timeline &) = delete;

  /// Whether submission `value` is done.
  Status query(uint64_t value, bool &done);
  /// Blocks until submission `value`, which must have been submitted, is done.
  Status wait(uint64_t value);
  /// Makes the stream submit its open batch if `value` is that. Takes the stream's lock.
  Status ensureSubmitted(uint64_t value);

  // For the stream alone.

  /// What vkQueueSubmit gets to signal `value`: the semaphore, or else a fence.
  VkSemaphore getSemaphore() const { return semaphore; }
  Status prepare(uint64_t value, VkFence &fence);
  /// The submission is with the driver.
  void commit(uint64_t value) { submitted = value; }
  /// The submission failed: passes `value` as soon as those before it are done, so that nobody waits for ever.
  void abandon(uint64_t value);
  void detach();
  bool isKnownDone(uint64_t value) const { return completed >= value; }
  uint64_t getSubmitted() const { return submitted; }

private:
  explicit Timeline(std::shared_ptr<Context> context) : context(std::move(context)) {}
  void advance(uint64_t value);

  struct Fence {
    Fence(const Context &context, VkFence handle) : context(context), handle(handle) {}
    ~Fence();
    const Context &context;
    VkFence handle;
  };
  struct Pending {
    uint64_t value;
    std::shared_ptr<Fence> fence;
  };
  /// The fence of the first pending submission at or after `value`; null when that is done.
  std::shared_ptr<Fence> findFence(uint64_t value);

  std::shared_ptr<Context> context;
  VkSemaphore semaphore = VK_NULL_HANDLE;
  std::atomic<uint64_t> completed{0}, submitted{0};
  std::mutex fenceMutex;
  std::deque<Pending> fences;
  std::mutex ownerMutex;
  Stream *owner = nullptr;
};

} // namespace tenon::vulkan
