//===- Report.h - what was measured, for people and programs ----------------===//
//
// Owns the table and the JSON. Does not own what is in them.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Case.h"

#include <string>
#include <vector>

namespace tenon::bench {

/// One case on one device.
struct Row {
  std::string caseName, device, deviceName;
  double tenonMs = 0, tenonSpread = 0;
  std::vector<double> tenonSamples;
  std::string peer;
  double peerMs = 0, peerSpread = 0;
  double limit = 0; ///< Of the ratio; 0: none.
  double rate = 0;
  std::string unit;      ///< Of `rate`.
  double difference = 0; ///< Largest |Tenon - peer| / (1 + |peer|).
  size_t workspace = 0;
  std::string error; ///< Not empty: nothing was measured, and why.

  double getRatio() const { return tenonMs > 0 ? peerMs / tenonMs : 0; }
  bool isBelow() const { return !error.empty() || (limit > 0 && getRatio() < limit); }
};

/// A peer's time in a case, whether it was the best or not.
struct PeerTime {
  std::string caseName, peer;
  double ms, spread;
};

void printHeading();
void printRow(const Row &row);
/// Throws Failure.
void writeJson(const std::string &path, const std::vector<Row> &rows, const std::vector<PeerTime> &peers, int threads,
               int rounds);

} // namespace tenon::bench
