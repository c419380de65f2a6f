//===- Timeline.cpp - timeline semaphores, and fences in their place ----------===//
#include "devices/vulkan/Timeline.h"

#include "devices/vulkan/Context.h"
#include "devices/vulkan/Status.h"
#include "devices/vulkan/Stream.h"

namespace tenon::vulkan {

Status Timeline::create(std::shared_ptr<Context> context, Stream &owner, std::shared_ptr<Timeline> &timeline) {
  std::shared_ptr<Timeline> made(new Timeline(std::move(context)));
  made->owner = &owner;
  if (made->context->traits.timeline) {
    uint64_t value = 0;
    TENON_TRY(made->context->takeSemaphore(made->semaphore, value));
    made->completed = made->submitted = value;
  }
  timeline = std::move(made);
  return {};
}

Timeline::~Timeline() {
  fences.clear();
  if (semaphore)
    context->giveSemaphore(semaphore, submitted);
}

Timeline::Fence::~Fence() { context.vk.DestroyFence(context.handle, handle, nullptr); }

void Timeline::advance(uint64_t value) {
  uint64_t seen = completed;
  while (seen < value && !completed.compare_exchange_weak(seen, value)) {
  }
}

std::shared_ptr<Timeline::Fence> Timeline::findFence(uint64_t value) {
  std::lock_guard lock(fenceMutex);
  while (!fences.empty() && fences.front().value <= completed)
    fences.pop_front();
  for (const Pending &pending : fences)
    if (pending.value >= value)
      return pending.fence;
  return nullptr;
}

Status Timeline::query(uint64_t value, bool &done) {
  done = true;
  if (isKnownDone(value))
    return {};
  if (semaphore) {
    uint64_t reached = 0;
    TENON_TRY(check(context->vk.GetSemaphoreCounterValue(context->handle, semaphore, &reached), "query a semaphore"));
    advance(reached);
    done = reached >= value;
    return {};
  }
  if (value > submitted) {
    done = false;
    return {};
  }
  if (std::shared_ptr<Fence> fence = findFence(value)) {
    VkResult result = context->vk.GetFenceStatus(context->handle, fence->handle);
    if (result == VK_NOT_READY) {
      done = false;
      return {};
    }
    TENON_TRY(check(result, "query a fence"));
  }
  advance(value);
  return {};
}

Status Timeline::wait(uint64_t value) {
  if (isKnownDone(value))
    return {};
  if (semaphore) {
    VkSemaphoreWaitInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO};
    info.semaphoreCount = 1;
    info.pSemaphores = &semaphore;
    info.pValues = &value;
    TENON_TRY(check(context->vk.WaitSemaphores(context->handle, &info, UINT64_MAX), "wait for the device"));
  } else if (std::shared_ptr<Fence> fence = findFence(value)) {
    TENON_TRY(check(context->vk.WaitForFences(context->handle, 1, &fence->handle, VK_TRUE, UINT64_MAX),
                    "wait for the device"));
  }
  advance(value);
  return {};
}

Status Timeline::ensureSubmitted(uint64_t value) {
  if (submitted >= value)
    return {};
  std::lock_guard lock(ownerMutex);
  return owner ? owner->flush() : Status();
}

Status Timeline::prepare(uint64_t value, VkFence &fence) {
  fence = VK_NULL_HANDLE;
  if (semaphore)
    return {};
  VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
  TENON_TRY(check(context->vk.CreateFence(context->handle, &info, nullptr, &fence), "create a fence"));
  std::lock_guard lock(fenceMutex);
  fences.push_back({value, std::make_shared<Fence>(*context, fence)});
  return {};
}

void Timeline::abandon(uint64_t value) {
  {
    std::lock_guard lock(fenceMutex);
    while (!fences.empty() && fences.back().value >= value)
      fences.pop_back();
  }
  // Where the device is lost both calls fail, and so does everyone else's wait: nothing more can be done here.
  if (wait(value - 1).ok() && semaphore) {
    VkSemaphoreSignalInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO};
    info.semaphore = semaphore;
    info.value = value;
    if (context->vk.SignalSemaphore(context->handle, &info) != VK_SUCCESS)
      return;
  }
  advance(value);
  submitted = value;
}

void Timeline::detach() {
  std::lock_guard lock(ownerMutex);
  owner = nullptr;
}

} // namespace tenon::vulkan
