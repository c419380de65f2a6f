//===- Stream.cpp - batches, submissions and copies ------------------------------===//
//
// Owns the policy: the first command of an idle stream is submitted at once, then batches of 2, 4, ... 64 commands, so
// that the device starts early and many small commands cost few submissions.
//
//===------------------------------------------------------------------------===//
#include "devices/vulkan/Stream.h"

#include "devices/vulkan/Status.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tenon::vulkan {

namespace {

constexpr unsigned maxBatchCommands = 64;
/// Batches with the driver before the host waits for the oldest: bounds the memory of a long queue.
constexpr size_t maxRunning = 32;
/// What is copied at once into a batch's own memory instead of waiting for the stream to drain.
constexpr uint64_t smallCopy = 256 << 10;
/// What the host may do itself on an idle stream with mapped memory where nobody asked to wait.
constexpr uint64_t hostWork = 64 << 10;
constexpr uint64_t stagingBytes = 4 << 20;

const Piece &getPiece(Place place) { return static_cast<const VulkanBuffer *>(place.buffer)->piece; }

std::byte *getHost(Place place) {
  const Piece &piece = getPiece(place);
  return piece.host ? piece.host + place.offset : nullptr;
}

} // namespace

Status Stream::create(std::shared_ptr<Context> context, std::unique_ptr<Queue> &stream) {
  std::unique_ptr<Stream> made(new Stream(context));
  made->hardware = &context->nextQueue();
  TENON_TRY(Timeline::create(context, *made, made->timeline));
  TENON_TRY(context->getPacer().add(*made));
  stream = std::move(made);
  return {};
}

Stream::~Stream() {
  if (timeline) {
    context->getPacer().remove(*this);
    // Errors have nowhere to go from here; what must hold is that nothing of this stream is in use any more.
    (void)flush().ok();
    if (!timeline->wait(timeline->getSubmitted()).ok())
      context->waitIdle();
    timeline->detach();
  }
  for (Staging &each : staging)
    context->getHostHeap().release(each.piece);
}

void Stream::recycle() {
  while (!running.empty() && timeline->isKnownDone(running.front()->value)) {
    std::unique_ptr<Batch> done = std::move(running.front());
    running.pop_front();
    if (done->reset().ok()) // one that cannot be reset is dropped
      spare.push_back(std::move(done));
  }
}

Status Stream::waitFor(Lock &lock, uint64_t value) {
  if (timeline->isKnownDone(value))
    return {};
  lock.unlock();
  Status status = timeline->wait(value);
  lock.lock();
  return status;
}

Status Stream::getBatch(Lock &lock, Batch *&batch) {
  if (!open) {
    bool done = true;
    if (!running.empty())
      TENON_TRY(timeline->query(running.front()->value, done));
    if (running.size() >= maxRunning && !done)
      TENON_TRY(waitFor(lock, running.front()->value));
    recycle();
  }
  // Giving up the lock let others in, but only this thread opens batches.
  if (!open) {
    std::unique_ptr<Batch> next;
    if (spare.empty()) {
      TENON_TRY(Batch::create(*context, next));
    } else {
      next = std::move(spare.back());
      spare.pop_back();
    }
    TENON_TRY(next->begin());
    next->value = timeline->getSubmitted() + 1;
    open = std::move(next);
    context->getPacer().notice();
  }
  batch = open.get();
  return {};
}

Status Stream::finishCommand() {
  if (open->getCount() < limit)
    return {};
  limit = std::min(limit * 2, maxBatchCommands);
  return submit();
}

Status Stream::submitBatch(Batch &batch) {
  std::vector<VkSemaphore> semaphores;
  std::vector<uint64_t> values;
  if (context->traits.timeline) {
    if (uint64_t previous = batch.value - 1; previous && !timeline->isKnownDone(previous)) {
      semaphores.push_back(timeline->getSemaphore());
      values.push_back(previous);
    }
    for (const Wait &wait : waits) {
      if (wait.timeline->isKnownDone(wait.value))
        continue;
      semaphores.push_back(wait.timeline->getSemaphore());
      values.push_back(wait.value);
    }
  }
  TENON_TRY(batch.end());
  VkFence fence = VK_NULL_HANDLE;
  TENON_TRY(timeline->prepare(batch.value, fence));

  std::vector<VkPipelineStageFlags> stages(semaphores.size(), VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
  VkSemaphore signal = timeline->getSemaphore();
  VkCommandBuffer commands = batch.getCommands();
  VkTimelineSemaphoreSubmitInfo timelineInfo{VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO};
  timelineInfo.waitSemaphoreValueCount = values.size();
  timelineInfo.pWaitSemaphoreValues = values.data();
  timelineInfo.signalSemaphoreValueCount = 1;
  timelineInfo.pSignalSemaphoreValues = &batch.value;
  VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  if (context->traits.timeline) {
    info.pNext = &timelineInfo;
    info.waitSemaphoreCount = semaphores.size();
    info.pWaitSemaphores = semaphores.data();
    info.pWaitDstStageMask = stages.data();
    info.signalSemaphoreCount = 1;
    info.pSignalSemaphores = &signal;
  }
  std::lock_guard lock(hardware->mutex);
  return check(context->vk.QueueSubmit(hardware->handle, 1, &info, fence), "submit work");
}

Status Stream::submit() {
  if (!open)
    return {};
  std::unique_ptr<Batch> batch = std::move(open);
  Status status = submitBatch(*batch);
  waits.clear();
  if (!status.ok()) {
    timeline->abandon(batch->value);
    return status;
  }
  timeline->commit(batch->value);
  running.push_back(std::move(batch));
  return {};
}

Status Stream::isIdle(bool &idle) {
  idle = false;
  if (open)
    return {};
  TENON_TRY(timeline->query(timeline->getSubmitted(), idle));
  if (idle)
    recycle();
  return {};
}

Status Stream::drain(Lock &lock) {
  TENON_TRY(submit());
  TENON_TRY(waitFor(lock, timeline->getSubmitted()));
  recycle();
  return {};
}

Status Stream::launch(const KernelLaunch &launch) {
  const KernelCode *kernel = nullptr;
  TENON_TRY(static_cast<VulkanProgram *>(launch.program)->getKernel(launch, kernel));
  Lock lock(mutex);
  Batch *batch = nullptr;
  TENON_TRY(getBatch(lock, batch));
  TENON_TRY(batch->launch(*kernel, launch));
  return finishCommand();
}

Status Stream::getStaging(Lock &lock, unsigned turn, Staging *&result) {
  Staging &each = staging[turn % 2];
  if (!each.piece)
    TENON_TRY(context->getHostHeap().allocate(stagingBytes, each.piece));
  if (open && each.value >= open->value)
    TENON_TRY(submit());
  TENON_TRY(waitFor(lock, each.value));
  result = &each;
  return {};
}

Status Stream::writeStaged(Lock &lock, const Piece &to, uint64_t offset, const std::byte *from, uint64_t bytes) {
  for (uint64_t at = 0, turn = 0; at < bytes; at += stagingBytes, ++turn) {
    uint64_t part = std::min(bytes - at, stagingBytes);
    Staging *each = nullptr;
    TENON_TRY(getStaging(lock, turn, each));
    memcpy(each->piece.host, from + at, part);
    Batch *batch = nullptr;
    TENON_TRY(getBatch(lock, batch));
    batch->copy(to, offset + at, each->piece, 0, part);
    each->value = batch->value;
    TENON_TRY(submit());
  }
  return {};
}

Status Stream::readStaged(Lock &lock, std::byte *to, const Piece &from, uint64_t offset, uint64_t bytes) {
  // The device fills one piece while the host empties the other.
  Staging *last = nullptr;
  uint64_t lastAt = 0;
  for (uint64_t at = 0, turn = 0; at < bytes; at += stagingBytes, ++turn) {
    Staging *each = nullptr;
    TENON_TRY(getStaging(lock, turn, each));
    Batch *batch = nullptr;
    TENON_TRY(getBatch(lock, batch));
    batch->copy(each->piece, 0, from, offset + at, std::min(bytes - at, stagingBytes));
    each->value = batch->value;
    TENON_TRY(submit());
    if (last) {
      TENON_TRY(waitFor(lock, last->value));
      memcpy(to + lastAt, last->piece.host, stagingBytes);
    }
    last = each;
    lastAt = at;
  }
  TENON_TRY(waitFor(lock, last->value));
  memcpy(to + lastAt, last->piece.host, bytes - lastAt);
  return {};
}

Status Stream::copyIn(Place to, const void *from, uint64_t bytes, HostMemory memory) {
  Lock lock(mutex);
  const Piece &piece = getPiece(to);
  Piece pinned = memory == HostMemory::Stable ? context->findHostPiece(from, bytes) : Piece();
  std::byte *host = getHost(to);
  bool idle = false;
  if (host && (!pinned || bytes <= hostWork))
    TENON_TRY(isIdle(idle));
  if (!idle && (pinned || bytes <= smallCopy)) {
    Batch *batch = nullptr;
    TENON_TRY(getBatch(lock, batch));
    if (!pinned) {
      TENON_TRY(batch->allocate(bytes, pinned));
      memcpy(pinned.host, from, bytes);
    }
    batch->copy(piece, to.offset, pinned, 0, bytes);
    return finishCommand();
  }
  if (!host)
    return writeStaged(lock, piece, to.offset, static_cast<const std::byte *>(from), bytes);
  if (!idle)
    TENON_TRY(drain(lock));
  memcpy(host, from, bytes);
  return {};
}

Status Stream::copyOut(void *to, Place from, uint64_t bytes, HostMemory memory) {
  Lock lock(mutex);
  const Piece &piece = getPiece(from);
  Piece pinned = memory == HostMemory::Stable ? context->findHostPiece(to, bytes) : Piece();
  std::byte *host = getHost(from);
  bool idle = false;
  if (host && (!pinned || bytes <= hostWork))
    TENON_TRY(isIdle(idle));
  if (!idle && pinned) {
    Batch *batch = nullptr;
    TENON_TRY(getBatch(lock, batch));
    batch->copy(pinned, 0, piece, from.offset, bytes);
    return finishCommand();
  }
  if (!host)
    return readStaged(lock, static_cast<std::byte *>(to), piece, from.offset, bytes);
  if (!idle)
    TENON_TRY(drain(lock));
  memcpy(to, host, bytes);
  return {};
}

Status Stream::copy(Place to, Place from, uint64_t bytes) {
  Lock lock(mutex);
  bool idle = false;
  if (bytes <= hostWork && getHost(to) && getHost(from))
    TENON_TRY(isIdle(idle));
  if (idle) {
    memmove(getHost(to), getHost(from), bytes);
    return {};
  }
  Batch *batch = nullptr;
  TENON_TRY(getBatch(lock, batch));
  batch->copy(getPiece(to), to.offset, getPiece(from), from.offset, bytes);
  return finishCommand();
}

Status Stream::fill(Place to, uint8_t value, uint64_t bytes) {
  Lock lock(mutex);
  bool idle = false;
  if (bytes <= hostWork && getHost(to))
    TENON_TRY(isIdle(idle));
  if (idle) {
    memset(getHost(to), value, bytes);
    return {};
  }
  Batch *batch = nullptr;
  TENON_TRY(getBatch(lock, batch));
  TENON_TRY(batch->fill(getPiece(to), to.offset, value, bytes));
  return finishCommand();
}

Status Stream::record(Marker &marker) {
  auto &target = static_cast<VulkanMarker &>(marker);
  VulkanMarker::Point point;
  point.timeline = timeline;
  Lock lock(mutex);
  if (target.timing && context->traits.timestampBits) {
    Batch *batch = nullptr;
    TENON_TRY(getBatch(lock, batch));
    TENON_TRY(batch->stamp(point.timestamp));
  }
  // An open batch's value stands for everything so far, waits included.
  point.value = open ? open->value : timeline->getSubmitted();
  target.setPoint(std::move(point));
  return {};
}

Status Stream::wait(Marker &marker) {
  VulkanMarker::Point point = static_cast<VulkanMarker &>(marker).getPoint();
  if (!point.timeline || point.timeline == timeline || point.timeline->isKnownDone(point.value))
    return {};
  // Before taking the own lock: two streams that wait for each other's markers must not hold both. Once it is with the
  // driver, nothing here can hold it back.
  TENON_TRY(point.timeline->ensureSubmitted(point.value));
  Lock lock(mutex);
  // What is open must not wait for more than was asked, and an empty batch must carry the wait for markers to see.
  if (open && open->getCount())
    TENON_TRY(submit());
  for (Wait &wait : waits) {
    if (wait.timeline == point.timeline) {
      wait.value = std::max(wait.value, point.value);
      return {};
    }
  }
  Batch *batch = nullptr;
  TENON_TRY(getBatch(lock, batch));
  waits.push_back({point.timeline, point.value});
  return {};
}

Status Stream::flush() {
  Lock lock(mutex);
  return submit();
}

void Stream::submitOpen() {
  Lock lock(mutex);
  if (Status status = submit(); !status.ok() && late.ok())
    late = std::move(status);
}

Status Stream::synchronize() {
  Lock lock(mutex);
  limit = 1;
  Status status = drain(lock);
  return late.ok() ? std::move(status) : std::exchange(late, Status());
}

Status Stream::query(bool &idle) {
  Lock lock(mutex);
  TENON_TRY(submit());
  TENON_TRY(isIdle(idle));
  return std::exchange(late, Status());
}

} // namespace tenon::vulkan
