//===- Event.cpp - a point in a stream that others wait for ---------------------------===//
#include "core/Event.h"

#include "core/Context.h"

namespace tenon {

Record::~Record() {
  if (marker && !finished)
    context->bury(std::move(marker));
}

void Record::awaitReached() {
  if (isReached())
    return;
  std::unique_lock guard(lock);
  change.wait(guard, [&] { return isReached(); });
}

void Record::reach(Status status) {
  std::unique_lock guard(lock);
  failure = std::move(status);
  // Where the device works inline (host) the work is done already, and this is its time.
  bool done = false;
  if (failure.ok() && marker && context->isHost() && marker->query(done).ok() && done)
    finish();
  reached.store(true, std::memory_order_release);
  change.notify_all();
}

void Record::finish() {
  if (finished)
    return;
  time = Clock::now();
  finished.store(true, std::memory_order_release);
}

Status Record::query(bool &done) {
  done = false;
  if (!isReached())
    return {};
  std::unique_lock guard(lock);
  if (!failure.ok())
    return failure.clone();
  done = finished;
  if (!done)
    TENON_TRY(marker->query(done));
  if (done)
    finish();
  return {};
}

Status Record::wait() {
  awaitReached();
  if (finished.load(std::memory_order_acquire))
    return {};
  {
    std::unique_lock guard(lock);
    if (!failure.ok())
      return failure.clone();
  }
  TENON_TRY(marker->wait());
  std::unique_lock guard(lock);
  finish();
  return {};
}

bool Event::timing() const { return !(flags & tnEventDisableTiming); }

std::shared_ptr<Record> Event::latest() {
  std::unique_lock guard(lock);
  return current;
}

Status Event::record(Stream &stream) {
  auto record = std::make_shared<Record>();
  record->context = &context;
  record->stream = stream.weak_from_this();
  TENON_TRY(context.device().createMarker(timing(), record->marker));
  TENON_TRY(stream.record(record));
  std::unique_lock guard(lock);
  current.swap(record);
  return {};
}

Status Event::query(bool &done) {
  auto record = latest();
  done = true;
  if (!record)
    return {};
  TENON_TRY(record->query(done));
  if (!done)
    return {};
  if (auto stream = record->stream.lock())
    return stream->collectFaults(record->faults);
  return {};
}

Status Event::synchronize() {
  auto record = latest();
  if (!record)
    return {};
  TENON_TRY(record->wait());
  if (auto stream = record->stream.lock())
    return stream->collectFaults(record->faults);
  return {};
}

Status Event::elapsed(Event &from, Event &to, float &milliseconds) {
  if (!from.timing() || !to.timing())
    return error(tnErrorInvalidResourceHandle, "elapsed time of an event made with tnEventDisableTiming");
  auto first = from.latest(), second = to.latest();
  if (!first || !second)
    return error(tnErrorInvalidResourceHandle, "elapsed time of an event that was never recorded");
  if (first->context != second->context)
    return error(tnErrorInvalidResourceHandle, "elapsed time between events of two devices, %s and %s",
                 first->context->id().c_str(), second->context->id().c_str());
  bool done = false;
  TENON_TRY(first->query(done));
  bool also = false;
  TENON_TRY(second->query(also));
  if (!done || !also)
    return error(tnErrorNotReady, "elapsed time of an event whose work is not done");
  double exact = 0;
  Status status = first->context->device().elapsed(*first->marker, *second->marker, exact);
  if (status.code() == tnErrorNotSupported) {
    exact = std::chrono::duration<double, std::milli>(second->time - first->time).count();
    status = {};
  }
  milliseconds = static_cast<float>(exact);
  return status;
}

} // namespace tenon
