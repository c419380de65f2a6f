//===- Threads.cpp - the threads that run groups --------------------------------------===//
#include "devices/host/Threads.h"

#include <climits>
#include <csignal>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace tenon::host {

// About 20 us: longer than the gap between launches that follow each other, short enough not to steal from others.
static constexpr int spins = 500;

static inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void futexWait(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
static void futexWake(std::atomic<uint32_t> &word, int count) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

Threads &Threads::get() {
  static Threads &threads = *new Threads; // never destroyed: its threads run until the process ends
  return threads;
}

void Threads::setCount(unsigned count) {
  std::unique_lock guard(busy);
  if (!started)
    numThreads = count;
}

void Threads::startThreads() {
  started = true;
  parts = std::make_unique<Part[]>(numThreads);
  numParts = 1;
  // Signals are the program's business.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (unsigned i = 1; i < numThreads; ++i) {
    try {
      std::thread([this, i] { work(i); }).detach();
      numParts = i + 1;
    } catch (...) {
      break; // as many as there are
    }
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

unsigned Threads::run(Task newTask, void *newContext, int64_t begin, int64_t end) {
  std::unique_lock guard(busy, std::try_to_lock);
  if (numThreads == 1 || end - begin <= 1 || !guard) {
    newTask(newContext, begin, end);
    return 1;
  }
  if (!started)
    startThreads();
  const int64_t total = end - begin;
  const unsigned workers = total < numParts ? static_cast<unsigned>(total) : numParts;
  task = newTask;
  context = newContext;
  // Small enough to even out, large enough not to meet at the counter.
  piece = total / (static_cast<int64_t>(workers) * 8);
  piece = piece < 1 ? 1 : piece;
  for (unsigned i = 0; i < numParts; ++i) {
    int64_t from = i < workers ? begin + static_cast<int64_t>(static_cast<__int128>(total) * i / workers) : end;
    int64_t to = i < workers ? begin + static_cast<int64_t>(static_cast<__int128>(total) * (i + 1) / workers) : end;
    parts[i].next.store(from, std::memory_order_relaxed);
    parts[i].end = to;
  }
  open.store(true);
  generation.fetch_add(1);
  if (uint32_t asleep = sleepers.load())
    futexWake(generation, asleep < workers ? INT_MAX : static_cast<int>(workers - 1));
  takeGroups(0);
  open.store(false);
  for (int spin = 0; active.load() != 0; ++spin) {
    if (spin < spins) {
      relax();
      continue;
    }
    callerSleeps.store(1);
    if (uint32_t left = active.load())
      futexWait(active, left);
    callerSleeps.store(0);
  }
  return workers;
}

void Threads::takeGroups(unsigned self) {
  for (unsigned step = 0; step < numParts; ++step) {
    Part &part = parts[(self + step) % numParts];
    const int64_t end = part.end;
    while (part.next.load(std::memory_order_relaxed) < end) {
      int64_t from = part.next.fetch_add(piece);
      if (from >= end)
        break;
      task(context, from, end - from < piece ? end : from + piece);
    }
  }
}

void Threads::work(unsigned self) {
  uint32_t seen = 0;
  while (true) {
    for (int spin = 0; spin < spins && generation.load() == seen; ++spin)
      relax();
    while (generation.load() == seen) {
      sleepers.fetch_add(1);
      futexWait(generation, seen);
      sleepers.fetch_sub(1);
    }
    seen = generation.load();
    active.fetch_add(1);
    if (open.load())
      takeGroups(self);
    if (active.fetch_sub(1) == 1 && callerSleeps.load())
      futexWake(active, 1);
  }
}

} // namespace tenon::host
