//===- Stream.cpp - work in order --------------------------------------------------------===//
#include "core/Stream.h"

#include "core/Context.h"
#include "core/Package.h"

#include <thread>

namespace tenon {

Stream::Stream(Context &context, unsigned flags, bool legacy) : context(context), flags(flags), legacy(legacy) {}

Stream::~Stream() {
  if (queue)
    (void)queue->synchronize();
  if (active)
    --context.activeBlocking;
}

Status Stream::init(int priority) { return context.device().createQueue(priority, queue); }

// ---- the default stream
// ----------------------------------------------------------------------------------------------

Status Stream::order() {
  if (!isBlocking())
    return {};
  if (legacy) {
    context.legacyGeneration.fetch_add(1);
    if (context.activeBlocking.load() == 0)
      return {};
    std::unique_lock guard(context.orderLock);
    for (auto &stream : context.allStreams())
      if (!stream->legacy && stream->active.exchange(false)) {
        --context.activeBlocking;
        TENON_TRY(waitForStream(*stream));
      }
    return {};
  }
  uint64_t generation = context.legacyGeneration.load();
  if (seenLegacy.load() == generation && active.load())
    return {};
  std::unique_lock guard(context.orderLock);
  if (seenLegacy.exchange(generation) != generation)
    TENON_TRY(waitForStream(*context.legacy));
  if (!active.exchange(true))
    ++context.activeBlocking;
  return {};
}

Status Stream::waitForStream(Stream &other) {
  {
    std::unique_lock guard(other.lock);
    bool idle = false;
    if (!other.held) {
      Status status = other.queue->query(idle);
      if (!status.ok()) { // belongs to the other stream's next synchronising call
        other.fail(std::move(status));
        idle = true;
      }
    }
    if (idle)
      return {};
  }
  auto record = std::make_shared<tenon::Record>();
  record->context = &context;
  TENON_TRY(context.device().createMarker(false, record->marker));
  TENON_TRY(other.recordUnordered(record));
  return waitUnordered(record);
}

// ---- held work
// ---------------------------------------------------------------------------------------------------------

Status Stream::enqueue(Op op) {
  ops.push_back(std::move(op));
  ++enqueued;
  return {};
}

// Under the lock: from here on work is held back, with `op` first.
Status Stream::hold(Op op) {
  if (!held) {
    TENON_TRY(queue->flush());
    held = true;
    try {
      std::thread([self = shared_from_this()] { self->runHeld(); }).detach();
    } catch (...) {
      held = false;
      return error(tnErrorOperatingSystem, "cannot start a thread for a stream's host work");
    }
  }
  return enqueue(std::move(op));
}

// The worker: while the stream is held nobody else feeds the queue, so nothing is locked here while work runs.
void Stream::runHeld() {
  std::unique_lock guard(lock);
  while (!ops.empty()) {
    {
      Op op = std::move(ops.front());
      ops.pop_front();
      guard.unlock();
      Status status;
      try {
        status = runOp(op);
      } catch (...) {
        status = error(tnErrorMemoryAllocation, "out of memory while running a stream's held work");
      }
      if (!status.ok())
        fail(std::move(status));
    }
    guard.lock();
    ++finished;
    if (ops.empty()) {
      guard.unlock();
      if (Status status = queue->flush(); !status.ok())
        fail(std::move(status));
      guard.lock();
    }
    change.notify_all();
  }
  held = false;
  change.notify_all();
}

Status Stream::runOp(Op &op) {
  switch (op.kind) {
  case Op::Submit:
    return op.work(*queue);
  case Op::Host: {
    Status status = queue->synchronize();
    op.function();
    return status;
  }
  case Op::Wait:
    op.record->awaitReached();
    if (op.record->context == &context)
      return queue->wait(*op.record->marker);
    return op.record->wait();
  case Op::Record:
    return recordNow(*op.record);
  }
  return {};
}

void Stream::fail(Status status) {
  std::unique_lock guard(errorLock);
  if (asynchronous.ok())
    asynchronous = std::move(status);
}

Status Stream::host(std::function<void()> function) {
  TENON_TRY(order());
  std::unique_lock guard(lock);
  return hold({Op::Host, nullptr, std::move(function), nullptr});
}

// ---- events
// --------------------------------------------------------------------------------------------------------------

Status Stream::recordNow(tenon::Record &record) {
  record.faults = faultCount();
  Status status = queue->record(*record.marker);
  record.reach(status.clone());
  return status;
}

Status Stream::record(std::shared_ptr<tenon::Record> record) {
  TENON_TRY(order());
  return recordUnordered(std::move(record));
}

Status Stream::recordUnordered(std::shared_ptr<tenon::Record> record) {
  std::unique_lock guard(lock);
  if (held)
    return enqueue({Op::Record, nullptr, nullptr, std::move(record)});
  return recordNow(*record);
}

Status Stream::wait(std::shared_ptr<tenon::Record> record) {
  TENON_TRY(order());
  return waitUnordered(std::move(record));
}

Status Stream::waitUnordered(std::shared_ptr<tenon::Record> record) {
  bool done = false;
  if (Status status = record->query(done); !status.ok() || done)
    return status;
  std::unique_lock guard(lock);
  if (held)
    return enqueue({Op::Wait, nullptr, nullptr, std::move(record)});
  if (record->isReached() && record->context == &context)
    return queue->wait(*record->marker);
  return hold({Op::Wait, nullptr, nullptr, std::move(record)});
}

// ---- waiting
// -------------------------------------------------------------------------------------------------------------

Status Stream::synchronize() {
  if (legacy)
    TENON_TRY(order());
  {
    std::unique_lock guard(lock);
    uint64_t target = enqueued;
    change.wait(guard, [&] { return !held || finished >= target; });
  }
  auto unused = memory.takeUnused();
  uint64_t faults = faultCount();
  Status status = queue->synchronize();
  if (status.ok()) {
    std::unique_lock guard(errorLock);
    status = std::move(asynchronous);
    asynchronous = {};
  }
  Status fault = collectFaults(faults);
  return status.ok() ? std::move(fault) : std::move(status);
}

Status Stream::query(bool &idle) {
  idle = false;
  {
    std::unique_lock guard(lock);
    if (held)
      return {};
  }
  uint64_t faults = faultCount();
  TENON_TRY(queue->query(idle));
  if (!idle)
    return {};
  {
    std::unique_lock guard(errorLock);
    if (!asynchronous.ok())
      return std::exchange(asynchronous, Status());
  }
  return collectFaults(faults);
}

Status Stream::flush() {
  std::unique_lock guard(lock);
  return held ? Status() : queue->flush();
}

// ---- faults
// --------------------------------------------------------------------------------------------------------------

// Slots are as far apart as any device wants buffer arguments aligned.
static constexpr uint32_t faultSlots = 64, faultStride = 256;

uint64_t Stream::faultCount() {
  std::unique_lock guard(faultLock);
  return faultNumber;
}

Status Stream::takeFault(Queue &feed, Fault &fault) {
  bool full;
  {
    std::unique_lock guard(faultLock);
    full = freeFaults.empty() && !faultPages.empty();
  }
  if (full) {
    // A program that launches without end and never synchronises: look at what has come in so far.
    TENON_TRY(feed.synchronize());
    if (Status status = collectFaults(); !status.ok())
      fail(std::move(status));
  }
  std::unique_lock guard(faultLock);
  if (freeFaults.empty()) {
    FaultPage page;
    TENON_TRY(context.device().allocate(faultSlots * faultStride, page.buffer));
    page.host = std::make_unique<int32_t[]>(faultSlots);
    uint32_t first = faultPages.size() * faultSlots;
    faultPages.push_back(std::move(page));
    for (uint32_t i = faultSlots; i-- > 0;)
      freeFaults.push_back(first + i);
  }
  fault.slot = freeFaults.back();
  freeFaults.pop_back();
  FaultPage &page = faultPages[fault.slot / faultSlots];
  fault.buffer = page.buffer.get();
  fault.offset = fault.slot % faultSlots * faultStride;
  fault.host = &page.host[fault.slot % faultSlots];
  *fault.host = 0;
  return {};
}

void Stream::keepFault(const Fault &fault, std::shared_ptr<const PackageFile> file, const package::Instance *instance,
                       std::string op) {
  std::unique_lock guard(faultLock);
  pendingFaults.push_back({fault, std::move(file), instance, std::move(op), ++faultNumber});
}

Status Stream::collectFaults(uint64_t upTo) {
  std::unique_lock guard(faultLock);
  Status first;
  while (!pendingFaults.empty() && pendingFaults.front().number <= upTo) {
    PendingFault pending = std::move(pendingFaults.front());
    pendingFaults.pop_front();
    freeFaults.push_back(pending.fault.slot);
    int32_t found = *pending.fault.host;
    if (found == 0 || !first.ok())
      continue;
    const auto *messages = pending.instance->faults();
    if (found > 0 && messages && static_cast<uint32_t>(found) <= messages->size())
      first = error(tnErrorKernelFault, "launch %s: %s", pending.op.c_str(), messages->Get(found - 1)->c_str());
    else
      first = error(tnErrorKernelFault, "launch %s: a kernel reported the unknown fault %d", pending.op.c_str(), found);
  }
  return first;
}

} // namespace tenon
