//===- RealFunctions.cpp - the language's functions on floats ---------------===//
//
// Owns what each function makes of a value and its interval, and the error bounds that docs/functions.md states for
// every device.
//
//===------------------------------------------------------------------------===//
#include "Number.h"

#include <algorithm>
#include <limits>

using namespace tenon;
using namespace tenon::oracle;

static constexpr double inf = std::numeric_limits<double>::infinity();
static constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();
static constexpr double pi = 3.14159265358979323846;

/// docs/functions.md, in ULP, with the allowance for a device's own `/` (2.5) and `sqrt` (3) where a function rests on
/// it.
static double boundOf(Function function, DType type) {
  bool wide = type == DType::F64;
  double quotient = wide ? 0 : 2.5, root = wide ? 0 : 3;
  switch (function) {
  case Function::Exp:
  case Function::Exp2:
    return 1.25;
  case Function::Expm1:
    return 2;
  case Function::Log:
    return 1;
  case Function::Log2:
    return 0.51;
  case Function::Log1p:
    return 1.5;
  case Function::Sqrt:
    return 0.501 + root;
  case Function::Rsqrt:
    return 1.5 + root + quotient;
  case Function::Cbrt:
    return 0.75;
  case Function::Sin:
  case Function::Cos:
  case Function::Asin:
  case Function::Acos:
  case Function::Atan:
    return 1;
  case Function::Tan:
  case Function::Sinh:
  case Function::Tanh:
    return 2.5 + quotient;
  case Function::Atan2:
    return 2;
  case Function::Cosh:
    return 2 + quotient;
  case Function::Erf:
    return 1.5;
  case Function::Erfc:
    return 4 + quotient;
  case Function::Pow:
    return 1.5;
  default:
    return 0.5;
  }
}

static double evaluate(Function function, double x, double y) {
  switch (function) {
  case Function::Exp:
    return std::exp(x);
  case Function::Exp2:
    return std::exp2(x);
  case Function::Expm1:
    return std::expm1(x);
  case Function::Log:
    return std::log(x);
  case Function::Log2:
    return std::log2(x);
  case Function::Log1p:
    return std::log1p(x);
  case Function::Sqrt:
    return std::sqrt(x);
  case Function::Rsqrt:
    return 1 / std::sqrt(x);
  case Function::Cbrt:
    return std::cbrt(x);
  case Function::Sin:
    return std::sin(x);
  case Function::Cos:
    return std::cos(x);
  case Function::Tan:
    return std::tan(x);
  case Function::Asin:
    return std::asin(x);
  case Function::Acos:
    return std::acos(x);
  case Function::Atan:
    return std::atan(x);
  case Function::Atan2:
    return std::atan2(x, y);
  case Function::Sinh:
    return std::sinh(x);
  case Function::Cosh:
    return std::cosh(x);
  case Function::Tanh:
    return std::tanh(x);
  case Function::Erf:
    return std::erf(x);
  case Function::Erfc:
    return std::erfc(x);
  case Function::Pow:
    return std::pow(x, y);
  case Function::Floor:
    return std::floor(x);
  case Function::Ceil:
    return std::ceil(x);
  case Function::Round:
    return std::nearbyint(x);
  case Function::Trunc:
    return std::trunc(x);
  case Function::Sign:
    return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0));
  default:
    return nan_;
  }
}

/// Lowest and highest argument of a function with holes in its domain; outside of it the result is NaN.
static void domainOf(Function function, double &low, double &high) {
  low = -inf;
  high = inf;
  switch (function) {
  case Function::Log:
  case Function::Log2:
  case Function::Sqrt:
  case Function::Rsqrt:
    low = 0;
    break;
  case Function::Log1p:
    low = -1;
    break;
  case Function::Asin:
  case Function::Acos:
    low = -1;
    high = 1;
    break;
  default:
    break;
  }
}

static Real monotone(Function function, DType type, const Real &a) {
  Real r;
  r.v = evaluate(function, a.v, 0);
  r.flags = a.flags;
  double low, high;
  domainOf(function, low, high);
  if (isPoint(a)) {
    r.lo = r.hi = r.v;
  } else {
    double lo = std::max(a.lo, low), hi = std::min(a.hi, high);
    if (lo != a.lo || hi != a.hi)
      r.flags |= Forked | MaybeNan;
    if (lo > hi) {
      r.lo = r.hi = nan_;
    } else {
      double x = evaluate(function, lo == 0 ? std::fabs(lo) : lo, 0),
             y = evaluate(function, hi == 0 ? std::fabs(hi) : hi, 0);
      r.lo = std::min(x, y);
      r.hi = std::max(x, y);
      // 1 / sqrt of a zero of either sign.
      if (function == Function::Rsqrt && lo == 0)
        r.hi = inf;
    }
  }
  bool isUncertain = !isPoint(a);
  r = widen(r, type, 2 * boundOf(function, type));
  // docs/functions.md: exp in f32 gives 0 a little above the smallest normal.
  if (function == Function::Exp && r.lo > 0 && r.lo < 0x1p-126 && isUncertain)
    r.lo = 0;
  return r;
}

/// Sine and cosine never change faster than their argument.
static Real wave(Function function, DType type, const Real &a) {
  double v = evaluate(function, a.v, 0);
  if (isPoint(a))
    return widen({v, v, v, 0}, type, 2 * boundOf(function, type));
  double far = std::max(a.hi - a.v, a.v - a.lo);
  Real r{v, -1, 1, a.flags};
  if (std::isfinite(far) && !std::isnan(v)) {
    r.lo = std::max(v - far, -1.0);
    r.hi = std::min(v + far, 1.0);
  }
  if (std::isinf(a.lo) || std::isinf(a.hi))
    r.flags |= Forked | MaybeNan;
  return widen(r, type, 2 * boundOf(function, type));
}

static Real tangent(DType type, const Real &a) {
  double v = std::tan(a.v);
  if (isPoint(a))
    return widen({v, v, v, 0}, type, 2 * boundOf(Function::Tan, type));
  if (!(a.hi - a.lo < 1) || std::floor(a.lo / pi + 0.5) != std::floor(a.hi / pi + 0.5)) {
    Real r{v, -inf, inf, static_cast<uint8_t>(a.flags | Forked)}; // Over a pole.
    if (std::isinf(a.lo) || std::isinf(a.hi))
      r.flags |= MaybeNan;
    return r;
  }
  return widen({v, std::tan(a.lo), std::tan(a.hi), a.flags}, type, 2 * boundOf(Function::Tan, type));
}

static Real evenFunction(Function function, DType type, const Real &a) {
  auto f = [function](double x) { return function == Function::Abs ? std::fabs(x) : std::cosh(x); };
  Real r{f(a.v), std::min(f(a.lo), f(a.hi)), std::max(f(a.lo), f(a.hi)), a.flags};
  if (a.lo < 0 && a.hi > 0)
    r.lo = f(0);
  return function == Function::Abs ? r : widen(r, type, 2 * boundOf(function, type));
}

/// Floor and the like: exact, with steps.
static Real step(Function function, const Real &a) {
  Real r{evaluate(function, a.v, 0), evaluate(function, a.lo, 0), evaluate(function, a.hi, 0), a.flags};
  if (r.lo < r.hi)
    r.flags |= Forked;
  return r;
}

static Real corners(Function function, DType type, const Real &a, const Real &b) {
  Real r;
  r.v = evaluate(function, a.v, b.v);
  r.lo = r.hi = r.v;
  r.flags = a.flags | b.flags;
  for (double x : {a.lo, a.hi})
    for (double y : {b.lo, b.hi}) {
      double value = evaluate(function, x, y);
      if (std::isnan(value) && !std::isnan(r.v))
        r.flags |= Forked | MaybeNan;
      r.lo = std::fmin(r.lo, value);
      r.hi = std::fmax(r.hi, value);
    }
  return widen(r, type, 2 * boundOf(function, type));
}

static Real unknown(double v, double lo, double hi, uint8_t flags) {
  return {v, lo, hi, static_cast<uint8_t>(flags | Forked)};
}

static Real power(DType type, const Real &a, const Real &b) {
  double v = std::pow(a.v, b.v);
  uint8_t flags = a.flags | b.flags;
  if ((isPoint(a) && isPoint(b)) || isSureNan(a) || isSureNan(b))
    return widen({v, v, v, flags}, type, 2 * boundOf(Function::Pow, type));
  if (a.lo > 0) {
    Real r = corners(Function::Pow, type, a, b);
    if (a.lo < 1 && a.hi > 1) // Passes x = 1, where every power is 1.
      r.lo = std::min(r.lo, 1.0), r.hi = std::max(r.hi, 1.0);
    return r;
  }
  bool isWhole = isPoint(b) && b.v == std::trunc(b.v);
  if (isWhole && b.v > 0) {
    Real r = corners(Function::Pow, type, a, b);
    if (a.lo < 0 && a.hi > 0)
      r.lo = std::min(r.lo, 0.0);
    return r;
  }
  if (isWhole && a.hi < 0)
    return corners(Function::Pow, type, a, b);
  return unknown(v, -inf, inf, flags | MaybeNan);
}

static Real arcTangent2(DType type, const Real &y, const Real &x) {
  bool straddles = y.lo <= 0 && y.hi >= 0 && !(y.lo == y.hi && isPoint(y));
  if ((straddles && x.lo < 0) || (straddles && x.lo <= 0 && x.hi >= 0))
    return unknown(std::atan2(y.v, x.v), -pi * (1 + 1e-3), pi * (1 + 1e-3), y.flags | x.flags);
  if (y.v == 0 && isPoint(y) && x.lo <= 0 && x.hi >= 0 && !isPoint(x))
    return unknown(std::atan2(y.v, x.v), -pi * (1 + 1e-3), pi * (1 + 1e-3), y.flags | x.flags);
  return corners(Function::Atan2, type, y, x);
}

static Real copySign(const Real &a, const Real &b) {
  Real magnitude = evenFunction(Function::Abs, DType::F64, a);
  Real r = std::signbit(b.v) ? negate(magnitude) : magnitude;
  r.v = std::copysign(a.v, b.v);
  r.flags |= b.flags;
  bool isZeroInDoubt = b.lo <= 0 && b.hi >= 0 && !isPoint(b);
  return isZeroInDoubt || (b.flags & MaybeNan) ? hull(r, negate(r)) : r;
}

Real oracle::callReal(Function function, DType type, const Real *v) {
  const Real &a = v[0];
  switch (function) {
  case Function::Min:
    return lesser(a, v[1]);
  case Function::Max:
    return greater(a, v[1]);
  case Function::Clamp:
    return lesser(greater(a, v[1]), v[2]);
  case Function::Abs:
    return isSureNan(a) ? a : evenFunction(function, type, a);
  case Function::CopySign:
    return isSureNan(a) ? a : copySign(a, v[1]);
  case Function::Fma: {
    Real r = addExact(multiplyExact(a, v[1]), v[2]);
    r.v = std::fma(a.v, v[1].v, v[2].v);
    bool isSame = isPoint(a) && isPoint(v[1]) && isPoint(v[2]);
    if (isSame && !std::isnan(r.v)) {
      r.lo = r.hi = r.v;
      if (roundTo(type, r.v) == r.v)
        return r;
    }
    return widen(r, type, 2);
  }
  case Function::Pow: // pow(1, nan) is 1, and pow(nan, 0).
    return power(type, a, v[1]);
  case Function::Atan2:
    return isSureNan(a) || isSureNan(v[1]) ? point(nan_) : arcTangent2(type, a, v[1]);
  default:
    break;
  }
  if (isSureNan(a))
    return a;
  switch (function) {
  case Function::Sin:
  case Function::Cos:
    return wave(function, type, a);
  case Function::Tan:
    return tangent(type, a);
  case Function::Cosh:
    return evenFunction(function, type, a);
  case Function::Floor:
  case Function::Ceil:
  case Function::Round:
  case Function::Trunc:
  case Function::Sign:
    return step(function, a);
  default:
    return monotone(function, type, a);
  }
}
