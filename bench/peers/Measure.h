//===- Measure.h - times of several that do the same ------------------------===//
//
// Owns how times are taken: round after round, everyone in every round, so that what else the machine does hits all
// alike. Does not own what is run.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tenon::bench {

struct Contender {
  std::string name;
  std::function<void()> run;
  std::vector<double> samples; ///< Milliseconds a call, one a round.
};

/// The first round warms up and decides how many calls a sample takes; it is not counted. Each sample follows a call
/// that is not timed, which brings caches and threads to where they would be if the contender were alone.
void measure(std::vector<Contender> &contenders, int rounds);

double getMedian(std::vector<double> samples);
/// The distance of the quartiles, as a share of the median: how much to believe of a ratio.
double getSpread(std::vector<double> samples);

} // namespace tenon::bench
