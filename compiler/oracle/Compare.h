//===- Compare.h - whether a device's value is right ------------------------===//
//
// Owns the demand |got - want| <= tol * (1 + |want|), with NaN, infinities, and values that are right on either side of
// a discontinuity.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Oracle.h"

namespace tenon::oracle {

enum class Verdict : uint8_t {
  Right,
  Either, ///< Not near the nominal value, but right: uncertainty reached a discontinuity.
  Wrong
};

/// What comes of comparing one tensor.
struct Comparison {
  uint64_t wrong = 0, either = 0;
  int64_t worst = -1; ///< Position of the worst element: of a wrong one, if there is one.
  double error = 0; ///< Of it: |got - want| / (1 + |want|); infinite where a NaN, an infinity or a sign does not match.
};

/// `error` is |got - want| / (1 + |want|), of a right value on the other side 0.
Verdict judge(DType type, const Real &want, double got, double tolerance, double &error);
Verdict judge(DType type, const Integer &want, int64_t got, double tolerance, double &error);

/// `got` has the shape of `want` and nominal values only.
Comparison compare(const TensorValues &want, const TensorValues &got, double tolerance);

} // namespace tenon::oracle
