//===- Pacer.h - sees to it that batches do not lie about -------------------------===//
//
// Owns a thread a device that submits the open batches of its streams after a moment, so that work goes on without
// further calls from the program. It sleeps while nothing is open. Does not own streams.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Status.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace tenon::vulkan {

class Stream;

class Pacer {
public:
  ~Pacer();

  Status add(Stream &stream);
  /// On return the stream is not touched any more. Not to be called with the stream's lock held.
  void remove(Stream &stream);
  /// A batch has been opened. Costs next to nothing when called again before the thread has come round.
  void notice();

private:
  void run();

  std::mutex mutex; ///< Taken before any stream's.
  std::set<Stream *> streams;
  std::thread thread;
  std::atomic<bool> noticed{false}, stopping{false};
};

} // namespace tenon::vulkan
