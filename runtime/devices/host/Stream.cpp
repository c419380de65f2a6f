//===- Stream.cpp - host's queue ----------------------------------------------------------------===//
#include "devices/host/Stream.h"

#include "devices/host/Kernel.h"
#include "devices/host/Threads.h"

#include <cstring>

namespace tenon::host {

using Clock = std::chrono::steady_clock;

static void *address(Place place) {
  return place.buffer ? static_cast<char *>(place.buffer->address) + place.offset
                      : reinterpret_cast<void *>(place.offset);
}

namespace {
struct Groups {
  Entry entry;
  const void *const *args;
  int64_t gx, gy;
};
} // namespace

static void runGroups(void *context, int64_t begin, int64_t end) {
  const Groups &groups = *static_cast<Groups *>(context);
  int64_t x = begin % groups.gx, rest = begin / groups.gx, y = rest % groups.gy, z = rest / groups.gy;
  for (int64_t n = begin; n < end; ++n) {
    groups.entry(groups.args, x, y, z);
    if (++x == groups.gx) {
      x = 0;
      if (++y == groups.gy) {
        y = 0;
        ++z;
      }
    }
  }
}

// Waking a thread costs some microseconds: not for less work than this. Up to `unclear` a parallel run measures the
// waking more than the work, so now and then a launch runs alone to measure again.
static constexpr float worthWaking = 6000, unclear = 60000;
static constexpr uint32_t remeasure = 32;

Status HostQueue::launch(const KernelLaunch &launch) {
  Kernel &kernel = static_cast<HostProgram *>(launch.program)->kernel(launch.kernel);
  const void *few[32];
  std::vector<const void *> many;
  const void **args = few;
  if (launch.numArgs > std::size(few)) {
    many.resize(launch.numArgs);
    args = many.data();
  }
  for (size_t i = 0; i < launch.numArgs; ++i) {
    const KernelArg &arg = launch.args[i];
    args[i] = kernel.args[i] == package::ArgType::Buffer ? address({arg.buffer, arg.bits})
                                                         : static_cast<const void *>(&arg.bits);
  }
  int64_t total = 0;
  if (__builtin_mul_overflow(launch.grid[0], launch.grid[1], &total) ||
      __builtin_mul_overflow(static_cast<uint64_t>(total), launch.grid[2], &total))
    return error(tnErrorInvalidConfiguration, "a grid of %llu x %llu x %llu groups is more than 2^63",
                 static_cast<unsigned long long>(launch.grid[0]), static_cast<unsigned long long>(launch.grid[1]),
                 static_cast<unsigned long long>(launch.grid[2]));
  Groups groups{kernel.entry, args, static_cast<int64_t>(launch.grid[0]), static_cast<int64_t>(launch.grid[1])};
  if (total == 1) {
    kernel.entry(args, 0, 0, 0);
    return {};
  }

  int64_t first = 0;
  float groupTime = kernel.groupTime.load(std::memory_order_relaxed);
  auto start = Clock::now();
  if (groupTime == 0) {
    // Never run before: the first group tells how long one takes.
    runGroups(&groups, 0, 1);
    first = 1;
    auto now = Clock::now();
    groupTime = static_cast<float>(std::chrono::duration<double, std::nano>(now - start).count());
    start = now;
  }
  const float estimate = groupTime * static_cast<float>(total - first);
  const bool isUnclear = estimate < unclear;
  bool alone = estimate <= worthWaking;
  if (!alone && isUnclear)
    alone = kernel.unclearLaunches.fetch_add(1, std::memory_order_relaxed) % remeasure == 0;
  unsigned threads = 1;
  if (alone)
    runGroups(&groups, first, total);
  else
    threads = Threads::get().run(runGroups, &groups, first, total);
  if (threads > 1 && isUnclear)
    return {};
  double spent = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
  auto measured = static_cast<float>(spent * threads / static_cast<double>(total - first));
  // Half the way: one interruption must not decide how the next launches run. Never 0, which is "not known".
  kernel.groupTime.store(0.5f * (groupTime + measured) + 0.01f, std::memory_order_relaxed);
  return {};
}

namespace {
struct Move {
  char *to;
  const char *from;
  uint64_t bytes;
};
} // namespace

static constexpr uint64_t copyPiece = 1 << 20;

static void movePieces(void *context, int64_t begin, int64_t end) {
  const Move &move = *static_cast<Move *>(context);
  uint64_t at = begin * copyPiece, stop = end * copyPiece < move.bytes ? end * copyPiece : move.bytes;
  memcpy(move.to + at, move.from + at, stop - at);
}

static Status moveBytes(void *to, const void *from, uint64_t bytes) {
  Move move{static_cast<char *>(to), static_cast<const char *>(from), bytes};
  bool apart = move.to + bytes <= move.from || move.from + bytes <= move.to;
  if (apart && bytes >= 4 * copyPiece)
    Threads::get().run(movePieces, &move, 0, static_cast<int64_t>((bytes + copyPiece - 1) / copyPiece));
  else
    memmove(to, from, bytes);
  return {};
}

Status HostQueue::copyIn(Place to, const void *from, uint64_t bytes, HostMemory) {
  return moveBytes(address(to), from, bytes);
}
Status HostQueue::copyOut(void *to, Place from, uint64_t bytes, HostMemory) {
  return moveBytes(to, address(from), bytes);
}
Status HostQueue::copy(Place to, Place from, uint64_t bytes) { return moveBytes(address(to), address(from), bytes); }

Status HostQueue::fill(Place to, uint8_t value, uint64_t bytes) {
  memset(address(to), value, bytes);
  return {};
}

Status HostQueue::record(Marker &marker) {
  static_cast<HostMarker &>(marker).time = Clock::now().time_since_epoch().count();
  return {};
}

} // namespace tenon::host
