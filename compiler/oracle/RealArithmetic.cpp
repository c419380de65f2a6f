//===- RealArithmetic.cpp - sums, products, quotients and comparisons -------===//
//
// Owns the interval arithmetic of the float operators and conversions. Functions are in RealFunctions.cpp.
//
//===------------------------------------------------------------------------===//
#include "Number.h"

#include <algorithm>
#include <limits>

using namespace tenon;
using namespace tenon::oracle;

static constexpr double inf = std::numeric_limits<double>::infinity();
static constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();

const Format &oracle::formatOf(DType type) {
  static const Format f16{0x1p-11, 0x1p-14, 65504.0}, bf16{0x1p-8, 0x1p-126, 0x1.fep127},
      f32{0x1p-24, 0x1p-126, 0x1.fffffep127}, f64{0x1p-53, 0x1p-1022, std::numeric_limits<double>::max()};
  switch (type) {
  case DType::F16:
    return f16;
  case DType::BF16:
    return bf16;
  case DType::F32:
    return f32;
  default:
    return f64;
  }
}

Real oracle::anyReal() { return {0, -inf, inf, Forked | MaybeNan}; }

Real oracle::hull(const Real &a, const Real &b) {
  Real r = a;
  r.flags |= b.flags | Forked;
  if (isSureNan(b)) {
    r.flags |= isSureNan(a) ? 0 : MaybeNan;
  } else if (isSureNan(a)) {
    r.lo = b.lo;
    r.hi = b.hi;
    r.flags |= MaybeNan;
  } else {
    r.lo = std::min(a.lo, b.lo);
    r.hi = std::max(a.hi, b.hi);
  }
  return r;
}

/// Bounds that came out as NaN (inf - inf, 0 * inf) of operands that are not all NaN: anything may come of them.
static Real settle(Real r) {
  if (std::isnan(r.v) && std::isnan(r.lo) && std::isnan(r.hi))
    return r;
  if (std::isnan(r.lo) || std::isnan(r.hi)) {
    r.lo = std::isnan(r.lo) ? -inf : r.lo;
    r.hi = std::isnan(r.hi) ? inf : r.hi;
    r.flags |= Forked | MaybeNan;
  } else if (std::isnan(r.v)) {
    r.flags |= Forked | MaybeNan;
  }
  return r;
}

Real oracle::widen(Real r, DType type, double halfUlps) {
  if (std::isnan(r.lo))
    return r;
  const Format &format = formatOf(type);
  // Doubles are computed in double here as well, and as inexactly.
  double relative = format.unit * (type == DType::F64 ? halfUlps + 2 : halfUlps);
  bool wasInfinite = r.lo == r.hi && std::isinf(r.lo);
  if (!std::isinf(r.lo))
    r.lo -= std::fabs(r.lo) * relative;
  if (!std::isinf(r.hi))
    r.hi += std::fabs(r.hi) * relative;
  if (r.lo > 0 && r.lo < format.minNormal)
    r.lo = 0;
  if (r.hi < 0 && r.hi > -format.minNormal)
    r.hi = 0;
  if (!wasInfinite && r.hi > format.max) {
    r.hi = inf;
    r.flags |= Forked;
  }
  if (!wasInfinite && r.lo < -format.max) {
    r.lo = -inf;
    r.flags |= Forked;
  }
  return r;
}

Real oracle::roundReal(DType type, const Real &a) {
  if (type == DType::F64)
    return a;
  Real r = a;
  r.v = roundTo(type, a.v);
  if (a.lo == a.v && a.hi == a.v) {
    r.lo = r.hi = r.v;
  } else {
    r.lo = roundTo(type, a.lo);
    r.hi = roundTo(type, a.hi);
    if (std::isinf(r.lo) != std::isinf(r.hi))
      r.flags |= Forked;
  }
  const Format &format = formatOf(type);
  if (r.lo > 0 && r.lo < format.minNormal)
    r.lo = 0;
  if (r.hi < 0 && r.hi > -format.minNormal)
    r.hi = 0;
  return r;
}

Real oracle::negate(const Real &a) { return {-a.v, -a.hi, -a.lo, a.flags}; }

Real oracle::addExact(const Real &a, const Real &b) {
  Real r{a.v + b.v, a.lo + b.lo, a.hi + b.hi, static_cast<uint8_t>(a.flags | b.flags)};
  return std::isnan(r.v) || std::isnan(r.lo) || std::isnan(r.hi) ? settle(r) : r;
}

/// One correctly rounded operation on points: nothing is lost where the result is a number of the type.
static bool isExactResult(DType type, const Real &a, const Real &b, double result) {
  return isPoint(a) && isPoint(b) && roundTo(type, result) == result;
}

Real oracle::add(DType type, const Real &a, const Real &b) {
  Real r = addExact(a, b);
  return isExactResult(type, a, b, r.v) ? r : widen(r, type, 1);
}

Real oracle::subtract(DType type, const Real &a, const Real &b) { return add(type, a, negate(b)); }

Real oracle::multiplyExact(const Real &a, const Real &b) {
  Real r;
  r.v = a.v * b.v;
  r.flags = a.flags | b.flags;
  if (a.lo == a.hi && b.lo == b.hi) {
    r.lo = r.hi = a.lo * b.lo;
    return std::isnan(r.lo) ? settle(r) : r;
  }
  if (isSureNan(a) || isSureNan(b))
    return {nan_, nan_, nan_, r.flags};
  double c[4] = {a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi};
  for (double corner : c)
    if (std::isnan(corner)) {
      r.lo = -inf;
      r.hi = inf;
      r.flags |= Forked | MaybeNan;
      return r;
    }
  r.lo = std::min(std::min(c[0], c[1]), std::min(c[2], c[3]));
  r.hi = std::max(std::max(c[0], c[1]), std::max(c[2], c[3]));
  return std::isnan(r.v) ? settle(r) : r;
}

Real oracle::multiply(DType type, const Real &a, const Real &b) {
  Real r = multiplyExact(a, b);
  // Of doubles the product itself is rounded here; a device with one fma for product and sum does not.
  if (isExactResult(type, a, b, r.v) && (type != DType::F64 || std::fma(a.v, b.v, -r.v) == 0))
    return r;
  return widen(r, type, 1);
}

Real oracle::divide(DType type, const Real &a, const Real &b) {
  Real r;
  r.v = a.v / b.v;
  r.flags = a.flags | b.flags;
  if (isSureNan(a) || isSureNan(b))
    return {nan_, nan_, nan_, r.flags};
  if (b.lo == b.hi) {
    r.lo = std::min(a.lo / b.lo, a.hi / b.lo);
    r.hi = std::max(a.lo / b.lo, a.hi / b.lo);
    if (b.lo == 0 && !isPoint(a) && !(a.lo > 0) && !(a.hi < 0)) { // 0 / 0 or an infinity of either sign.
      r.lo = -inf;
      r.hi = inf;
      r.flags |= Forked | MaybeNan;
    }
    int exponent;
    if (isPoint(a) && std::fabs(std::frexp(b.lo, &exponent)) == 0.5 && roundTo(type, r.v) == r.v)
      return settle(r); // By a power of two every division is exact.
  } else if (b.lo <= 0 && b.hi >= 0) {
    r.lo = -inf;
    r.hi = inf;
    r.flags |= Forked;
    if (a.lo <= 0 && a.hi >= 0)
      r.flags |= MaybeNan;
    else if (b.lo == 0 && a.lo > 0)
      r.lo = a.lo / b.hi;
    return r;
  } else {
    double c[4] = {a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi};
    r.lo = std::min(std::min(c[0], c[1]), std::min(c[2], c[3]));
    r.hi = std::max(std::max(c[0], c[1]), std::max(c[2], c[3]));
    for (double corner : c)
      if (std::isnan(corner)) {
        r.lo = -inf;
        r.hi = inf;
        r.flags |= Forked | MaybeNan;
      }
  }
  // The device's own division: up to 2.5 ULP in f32 (OpenCL, Vulkan), and what is computed in f32.
  return widen(settle(r), type, type == DType::F64 ? 1 : 5);
}

Real oracle::lesser(const Real &a, const Real &b) {
  Real r;
  r.flags = a.flags | b.flags;
  if (isSureNan(a) || isSureNan(b))
    return {nan_, nan_, nan_, r.flags};
  r.v = std::isnan(a.v) || std::isnan(b.v) ? nan_ : std::min(a.v, b.v);
  r.lo = std::min(a.lo, b.lo);
  r.hi = std::min(a.hi, b.hi);
  return r;
}

Real oracle::greater(const Real &a, const Real &b) { return negate(lesser(negate(a), negate(b))); }

static bool holds(CompareOp op, double x, double y) {
  switch (op) {
  case CompareOp::Eq:
    return x == y;
  case CompareOp::Ne:
    return x != y;
  case CompareOp::Lt:
    return x < y;
  case CompareOp::Le:
    return x <= y;
  case CompareOp::Gt:
    return x > y;
  case CompareOp::Ge:
    return x >= y;
  }
  return false;
}

Integer oracle::compareReal(CompareOp op, const Real &a, const Real &b) {
  bool nominal = holds(op, a.v, b.v);
  if ((isPoint(a) && isPoint(b)) || isSureNan(a) || isSureNan(b))
    return exactly(nominal);
  // The comparison holds for all pairs, for none, or it depends.
  bool all = nominal, none = !nominal;
  switch (op) {
  case CompareOp::Eq:
  case CompareOp::Ne: {
    bool apart = a.hi < b.lo || b.hi < a.lo, same = a.lo == a.hi && b.lo == b.hi && a.lo == b.lo;
    all = op == CompareOp::Eq ? same : apart;
    none = op == CompareOp::Eq ? apart : same;
    break;
  }
  case CompareOp::Lt:
    all = a.hi < b.lo;
    none = a.lo >= b.hi;
    break;
  case CompareOp::Le:
    all = a.hi <= b.lo;
    none = a.lo > b.hi;
    break;
  case CompareOp::Gt:
    all = a.lo > b.hi;
    none = a.hi <= b.lo;
    break;
  case CompareOp::Ge:
    all = a.lo >= b.hi;
    none = a.hi < b.lo;
    break;
  }
  if ((a.flags | b.flags) & MaybeNan) { // With a NaN every comparison but != is false.
    all &= op == CompareOp::Ne;
    none &= op != CompareOp::Ne;
  }
  if (all || none)
    return exactly(nominal);
  return {nominal, 0, 1, Forked};
}

Integer oracle::classify(Function function, const Real &a) {
  auto test = [function](double x) {
    return function == Function::IsNan ? std::isnan(x) : function == Function::IsInf ? std::isinf(x) : std::isfinite(x);
  };
  bool nominal = test(a.v), other = nominal;
  if (!isSureNan(a)) {
    bool maybe = a.flags & MaybeNan;
    // Infinities are at the ends of the interval; what is between them is finite.
    for (double x : {a.lo, a.hi, a.lo == a.hi ? a.lo : 0.0, maybe ? nan_ : a.lo})
      if (test(x) != nominal)
        other = !nominal;
  }
  return other == nominal ? exactly(nominal) : Integer{nominal, 0, 1, Forked};
}

//===- conversions ----------------------------------------------------------===//

Real oracle::toReal(DType type, DType from, const Integer &a) {
  auto convert = [&](int64_t value) { return castValue({from, 0, value}, type).real; };
  if (isPoint(a)) {
    Real r = point(convert(a.v));
    r.flags = a.flags & Forked;
    return r;
  }
  return {convert(a.v), convert(a.lo), convert(a.hi), a.flags};
}

Integer oracle::toInteger(DType type, const Real &a) {
  auto convert = [&](double value) { return castValue({DType::F64, value, 0}, type).integer; };
  int64_t nominal = convert(a.v);
  if (isPoint(a) || isSureNan(a))
    return {nominal, nominal, nominal, static_cast<uint8_t>(a.flags & Forked)};
  Integer r{nominal, convert(a.lo), convert(a.hi), static_cast<uint8_t>(a.flags & Forked)};
  if (type == DType::Bool) { // Not monotone: 0 is the only false.
    bool zero = a.lo <= 0 && a.hi >= 0, other = a.lo != 0 || a.hi != 0 || (a.flags & MaybeNan);
    r.lo = !zero;
    r.hi = other;
  } else if (a.flags & MaybeNan) {
    if (lessExact(type, 0, r.lo))
      r.lo = 0;
    if (lessExact(type, r.hi, 0))
      r.hi = 0;
  }
  if (r.lo != r.hi)
    r.flags |= Forked;
  return r;
}

Integer oracle::toInteger(DType type, DType from, const Integer &a) {
  auto convert = [&](int64_t value) { return castValue({from, 0, value}, type).integer; };
  int64_t nominal = convert(a.v);
  if (isPoint(a))
    return {nominal, nominal, nominal, a.flags};
  if (type == DType::Bool)
    return {nominal, convert(a.lo) && convert(a.hi) && (!lessExact(from, a.lo, 0) || lessExact(from, a.hi, 0)), 1,
            a.flags};
  // Wrapping keeps the order only where the ends are as far apart as before.
  int64_t lo = convert(a.lo), hi = convert(a.hi);
  if (uint64_t(hi) - uint64_t(lo) == uint64_t(a.hi) - uint64_t(a.lo) && !lessExact(type, hi, lo))
    return {nominal, lo, hi, a.flags};
  Integer r = anyInteger(type);
  r.v = nominal;
  return r;
}
