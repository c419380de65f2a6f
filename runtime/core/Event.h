//===- Event.h - a point in a stream that others wait for -----------------------------===//
//
// Owns Record: one recording of an event, in software until the stream reaches it, then a device's marker. An event
// holds its latest Record; who waits holds the Record it saw, so recording again changes nothing for him.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace tenon {

class Context;
class Stream;

class Record {
public:
  using Clock = std::chrono::steady_clock;

  ~Record();

  /// Blocks until the stream has reached the record (not until the device has).
  void awaitReached();
  bool isReached() const { return reached.load(std::memory_order_acquire); }
  void reach(Status status);

  /// Whether the work before the record is done; its error if it failed.
  Status query(bool &done);
  Status wait();

  Context *context = nullptr;
  std::weak_ptr<Stream> stream; ///< Where it was recorded.
  uint64_t faults = 0;          ///< The stream's faults up to here belong to the work before the record.
  std::unique_ptr<Marker> marker;
  Clock::time_point time; ///< The host's, when it was first seen done; set by finish.

private:
  void finish();
  std::mutex lock;
  std::condition_variable change;
  std::atomic<bool> reached{false};
  std::atomic<bool> finished{false};
  Status failure;
};

class Event {
public:
  explicit Event(Context &context, unsigned flags) : context(context), flags(flags) {}

  Status record(Stream &stream);
  Status query(bool &done);
  Status synchronize();
  static Status elapsed(Event &from, Event &to, float &milliseconds);
  std::shared_ptr<Record> latest();
  bool timing() const;

  Context &context;
  const unsigned flags;

private:
  std::mutex lock;
  std::shared_ptr<Record> current;
};

} // namespace tenon
