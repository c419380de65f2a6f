//===- Measure.cpp - times of several that do the same ------------------------===//
#include "Measure.h"

#include <algorithm>
#include <chrono>

namespace tenon::bench {

using Clock = std::chrono::steady_clock;

// Long enough for the clock and for one wake-up of a thread not to matter.
static constexpr double sampleMilliseconds = 20;
static constexpr int mostCalls = 100;

static double timeCalls(const Contender &contender, int calls) {
  Clock::time_point begin = Clock::now();
  for (int i = 0; i < calls; ++i)
    contender.run();
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count() / calls;
}

void measure(std::vector<Contender> &contenders, int rounds) {
  std::vector<int> calls;
  for (Contender &contender : contenders) {
    contender.run();
    double once = timeCalls(contender, 1);
    calls.push_back(std::clamp(static_cast<int>(sampleMilliseconds / std::max(once, 1e-3)) + 1, 1, mostCalls));
    contender.samples.clear();
  }
  for (int round = 0; round < rounds; ++round) {
    // Whoever comes first in a round is someone else each time.
    for (size_t i = 0; i < contenders.size(); ++i) {
      size_t index = (i + static_cast<size_t>(round)) % contenders.size();
      contenders[index].run();
      contenders[index].samples.push_back(timeCalls(contenders[index], calls[index]));
    }
  }
}

static double getQuantile(std::vector<double> &sorted, double share) {
  if (sorted.empty())
    return 0;
  double place = share * static_cast<double>(sorted.size() - 1);
  size_t below = static_cast<size_t>(place), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

double getMedian(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return getQuantile(samples, 0.5);
}

double getSpread(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  double median = getQuantile(samples, 0.5);
  return median > 0 ? (getQuantile(samples, 0.75) - getQuantile(samples, 0.25)) / median : 0;
}

} // namespace tenon::bench
