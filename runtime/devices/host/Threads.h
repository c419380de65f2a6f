//===- Threads.h - the threads that run groups ---------------------------------------===//
//
// Owns the pool of threads of the process: splitting a range of groups into a contiguous part a thread, taking from
// others when done, waking and sleeping. One range at a time uses the pool; who finds it busy runs alone.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace tenon::host {

class Threads {
public:
  /// Runs groups [begin, end).
  using Task = void (*)(void *context, int64_t begin, int64_t end);

  static Threads &get();
  /// How many threads work, the caller included. Set once, before the first run.
  void setCount(unsigned count);
  unsigned count() const { return numThreads; }

  /// Runs all of [begin, end), which may be split in any way; returns when done. The number of threads that worked.
  unsigned run(Task task, void *context, int64_t begin, int64_t end);

private:
  struct alignas(64) Part {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };
  void startThreads();
  void work(unsigned self);
  void takeGroups(unsigned self);

  unsigned numThreads = 1;
  bool started = false;
  std::mutex busy;
  std::unique_ptr<Part[]> parts;
  Task task = nullptr;
  void *context = nullptr;
  int64_t piece = 1;
  unsigned numParts = 1;

  // A job is open while its parts may be read. Workers count themselves in before they look, the caller closes before
  // it waits for the count to fall to zero: so no worker reads the parts of a job that is over.
  alignas(64) std::atomic<uint32_t> generation{0};
  std::atomic<uint32_t> sleepers{0};
  alignas(64) std::atomic<bool> open{false};
  std::atomic<uint32_t> active{0};
  std::atomic<uint32_t> callerSleeps{0};
};

} // namespace tenon::host
