//===- Loops.cpp - plain C loops as peers -----------------------------------------===//
//
// Owns loops as a C programmer writes them, compiled for this very machine, and the few threads that share them. The
// threads sleep between calls, so that they take nothing from others in the process.
//
//===------------------------------------------------------------------------===//
#include "Peers.h"

#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace tenon::bench {

namespace {

/// Threads that run one function over equal parts of a range; the caller takes the first part.
class Team {
public:
  explicit Team(int threads) : count(threads) {
    for (int i = 1; i < count; ++i)
      workers.emplace_back([this, i] { work(i); });
  }
  ~Team() {
    {
      std::unique_lock guard(lock);
      ending = true;
    }
    begin.notify_all();
    for (std::thread &worker : workers)
      worker.join();
  }

  void run(int64_t size, const std::function<void(int64_t, int64_t)> &function) {
    {
      std::unique_lock guard(lock);
      total = size;
      current = &function;
      missing = count - 1;
      ++generation;
    }
    begin.notify_all();
    function(0, size / count);
    std::unique_lock guard(lock);
    done.wait(guard, [this] { return missing == 0; });
  }

private:
  void work(int index) {
    uint64_t seen = 0;
    std::unique_lock guard(lock);
    for (;;) {
      begin.wait(guard, [&] { return ending || generation != seen; });
      if (ending)
        return;
      seen = generation;
      const auto &function = *current;
      int64_t from = total * index / count, to = total * (index + 1) / count;
      guard.unlock();
      function(from, to);
      guard.lock();
      if (--missing == 0)
        done.notify_one();
    }
  }

  const int count;
  std::vector<std::thread> workers;
  std::mutex lock;
  std::condition_variable begin, done;
  const std::function<void(int64_t, int64_t)> *current = nullptr;
  int64_t total = 0;
  int missing = 0;
  uint64_t generation = 0;
  bool ending = false;
};

std::unique_ptr<Team> team;

void softmaxRows(const float *__restrict x, float *__restrict y, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r, x += columns, y += columns) {
    float high = x[0];
    for (int64_t c = 1; c < columns; ++c)
      high = x[c] > high ? x[c] : high;
    float sum = 0;
    for (int64_t c = 0; c < columns; ++c) {
      float e = std::exp(x[c] - high);
      y[c] = e;
      sum += e;
    }
    float scale = 1 / sum;
    for (int64_t c = 0; c < columns; ++c)
      y[c] *= scale;
  }
}

void rmsnormRows(const float *__restrict x, const float *__restrict g, float *__restrict y, float eps, int64_t rows,
                 int64_t columns) {
  for (int64_t r = 0; r < rows; ++r, x += columns, y += columns) {
    float sum = 0;
    for (int64_t c = 0; c < columns; ++c)
      sum += x[c] * x[c];
    float scale = 1 / std::sqrt(sum / static_cast<float>(columns) + eps);
    for (int64_t c = 0; c < columns; ++c)
      y[c] = x[c] * scale * g[c];
  }
}

void add(const float *__restrict x, const float *__restrict y, float *__restrict z, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    z[i] = x[i] + y[i];
}

void chain(const float *__restrict x, const float *__restrict g, float *__restrict y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    // tanh by exp, which compilers know in vectors; from 10 on it is 1.
    float sum = x[i] * g[i] + x[i];
    float e = std::exp(2 * (sum < 10 ? sum : 10));
    float value = std::exp((e - 1) / (e + 1)) - 1;
    y[i] = value > 0 ? value : 0;
  }
}

} // namespace

void setLoopThreads(int threads) { team = std::make_unique<Team>(threads); }

Peer makeLoopSoftmax(const float *x, int64_t rows, int64_t columns) {
  return {"C loop", [=](float *y) {
            team->run(rows, [=](int64_t from, int64_t to) {
              softmaxRows(x + from * columns, y + from * columns, to - from, columns);
            });
          }};
}

Peer makeLoopRmsnorm(const float *x, const float *g, float eps, int64_t rows, int64_t columns) {
  return {"C loop", [=](float *y) {
            team->run(rows, [=](int64_t from, int64_t to) {
              rmsnormRows(x + from * columns, g, y + from * columns, eps, to - from, columns);
            });
          }};
}

Peer makeLoopAdd(const float *x, const float *y, int64_t count) {
  return {"C loop", [=](float *z) {
            team->run(count, [=](int64_t from, int64_t to) { add(x + from, y + from, z + from, to - from); });
          }};
}

Peer makeLoopChain(const float *x, const float *g, int64_t count) {
  return {"C loop", [=](float *y) {
            team->run(count, [=](int64_t from, int64_t to) { chain(x + from, g + from, y + from, to - from); });
          }};
}

} // namespace tenon::bench
