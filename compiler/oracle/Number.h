//===- Number.h - values that know how far a device may be from them --------===//
//
// Owns the two kinds of number that the oracle computes with and their arithmetic: the nominal value, as the language
// defines it, and an interval that holds what every conforming device may have instead (its rounding, its functions'
// documented errors, and both sides of a discontinuity that the uncertainty reaches). Does not own trees or tensors.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Scalar.h"

#include <cmath>

namespace tenon::oracle {

enum Flag : uint8_t {
  Forked = 1,  ///< Uncertainty reached a discontinuity: everything in the interval is right.
  MaybeNan = 2 ///< NaN is right too.
};

/// A float. `v` is exact in double between rounding points. Where `v` is NaN and nothing else is possible, `lo` and
/// `hi` are NaN too.
struct Real {
  double v = 0, lo = 0, hi = 0;
  uint8_t flags = 0;
};

/// An integer or bool, u64 by its bits. Ordered as its type orders.
struct Integer {
  int64_t v = 0, lo = 0, hi = 0;
  uint8_t flags = 0;
};

enum class Truth : uint8_t { No, Yes, Unknown };

/// What a float type's arithmetic does to a result.
struct Format {
  double unit;      ///< Half an ULP of 1: the relative error of one rounding.
  double minNormal; ///< What is nearer to zero may be flushed.
  double max;
};
const Format &formatOf(DType type);

inline Real point(double value) { return {value, value, value, 0}; }
inline Integer exactly(int64_t value) { return {value, value, value, 0}; }
inline bool isPoint(const Real &a) { return a.lo == a.hi && !a.flags; }
inline bool isPoint(const Integer &a) { return a.lo == a.hi; }
inline bool isSureNan(const Real &a) { return std::isnan(a.v) && std::isnan(a.lo); }

Real anyReal(); ///< Nothing is known.
Integer anyInteger(DType type);
Real hull(const Real &nominal, const Real &other); ///< Forked, with the nominal's value.
Integer hull(DType type, const Integer &nominal, const Integer &other);

/// Allows for `halfUlps` times half an ULP of `type`, for flushed subnormals and for overflow.
Real widen(Real a, DType type, double halfUlps);
/// The rounding of a cast or a definition.
Real roundReal(DType type, const Real &a);

Real negate(const Real &a);
Real add(DType type, const Real &a, const Real &b);
Real subtract(DType type, const Real &a, const Real &b);
Real multiply(DType type, const Real &a, const Real &b);
Real divide(DType type, const Real &a, const Real &b);
/// Without rounding: for sums of products in one step.
Real multiplyExact(const Real &a, const Real &b);
Real addExact(const Real &a, const Real &b);
Real lesser(const Real &a, const Real &b);
Real greater(const Real &a, const Real &b);
/// Any function whose result is a float.
Real callReal(Function function, DType type, const Real *operands);
/// isnan, isinf, isfinite.
Integer classify(Function function, const Real &a);
Integer compareReal(CompareOp op, const Real &a, const Real &b);

int64_t binaryExact(BinaryOp op, DType type, int64_t a, int64_t b);
int64_t callExact(Function function, DType type, const int64_t *operands);
bool compareExact(CompareOp op, DType type, int64_t a, int64_t b);
/// min, max and the like of integers order by this.
inline bool lessExact(DType type, int64_t a, int64_t b) {
  return type == DType::U64 ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
}
Integer binary(BinaryOp op, DType type, const Integer &a, const Integer &b);
Integer unary(UnaryOp op, DType type, const Integer &a);
Integer callInteger(Function function, DType type, const Integer *operands);
Integer compareInteger(CompareOp op, DType type, const Integer &a, const Integer &b);

Real toReal(DType type, DType from, const Integer &a);
Integer toInteger(DType type, const Real &a);
Integer toInteger(DType type, DType from, const Integer &a);

inline Truth truthOf(const Integer &a) { return a.lo != a.hi ? Truth::Unknown : a.v ? Truth::Yes : Truth::No; }

} // namespace tenon::oracle
