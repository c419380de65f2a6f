//===- Case.h - what is measured ------------------------------------------------===//
//
// Owns the description of a case and of a peer that computes the same, and the list of cases. Does not own how either
// is run or timed.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tenon::bench {

using Shape = std::vector<int64_t>;

int64_t countElements(const Shape &shape);

/// A library, or a loop, that computes a case's result from its inputs (f32, row-major).
struct Peer {
  std::string name;
  std::function<void(float *result)> run;
};

/// Wrong use of a peer or of the runtime, in words for the user.
struct Failure {
  std::string message;
};

struct Case {
  std::string name;
  std::string op;            ///< The operator, and its package: bench_OP.tnb.
  std::vector<Shape> inputs; ///< Of f32.
  Shape result;
  int defaults = 0;                    ///< Scalar parameters between inputs and result, all left at their defaults.
  double tolerance;                    ///< |got - want| <= tolerance * (1 + |want|).
  double flops = 0, bytes = 0;         ///< Of one call, as far as the formula needs them; 0: not the measure.
  double hostLimit = 0, poclLimit = 0; ///< Least ratio peer / Tenon asked for; 0: none.
  std::function<std::vector<Peer>(const Case &, const std::vector<const float *> &inputs)> makePeers;
};

std::vector<Case> getCases();

} // namespace tenon::bench
