//===- Compare.cpp - whether a device's value is right ----------------------===//
//
// Owns what Compare.h declares.
//
//===------------------------------------------------------------------------===//
#include "Compare.h"

#include <limits>

using namespace tenon;
using namespace tenon::oracle;

static constexpr double inf = std::numeric_limits<double>::infinity();

Verdict oracle::judge(DType type, const Real &want, double got, double tolerance, double &error) {
  if (std::isnan(want.v) || std::isnan(got))
    error = std::isnan(want.v) && std::isnan(got) ? 0 : inf;
  else if (std::isinf(want.v) || std::isinf(got))
    error = want.v == got ? 0 : inf;
  else
    error = std::fabs(got - want.v) / (1 + std::fabs(want.v));
  if (error <= tolerance)
    return Verdict::Right;
  if (!(want.flags & Forked))
    return Verdict::Wrong;
  bool isInside = std::isnan(got) ? (want.flags & MaybeNan) || std::isnan(want.v)
                                  : got >= want.lo - tolerance * (1 + std::fabs(want.lo)) &&
                                        got <= want.hi + tolerance * (1 + std::fabs(want.hi));
  if (!isInside)
    return Verdict::Wrong;
  error = 0;
  return Verdict::Either;
}

Verdict oracle::judge(DType type, const Integer &want, int64_t got, double tolerance, double &error) {
  if (got == want.v) {
    error = 0;
    return Verdict::Right;
  }
  auto real = [type](int64_t value) {
    return type == DType::U64 ? static_cast<long double>(static_cast<uint64_t>(value))
                              : static_cast<long double>(value);
  };
  long double wanted = real(want.v);
  error = static_cast<double>(std::fabs(real(got) - wanted) / (1 + std::fabs(wanted)));
  if (error <= tolerance)
    return Verdict::Right;
  if (!(want.flags & Forked) || lessExact(type, got, want.lo) || lessExact(type, want.hi, got))
    return Verdict::Wrong;
  error = 0;
  return Verdict::Either;
}

Comparison oracle::compare(const TensorValues &want, const TensorValues &got, double tolerance) {
  Comparison result;
  size_t count = static_cast<size_t>(want.size());
  bool isReal = isFloat(want.type);
  for (size_t i = 0; i < count; ++i) {
    double error = 0;
    Verdict verdict = isReal ? judge(want.type, want.realAt(i), got.real[i], tolerance, error)
                             : judge(want.type, want.integerAt(i), got.integer[i], tolerance, error);
    result.either += verdict == Verdict::Either;
    bool isFirstWrong = verdict == Verdict::Wrong && !result.wrong;
    result.wrong += verdict == Verdict::Wrong;
    bool mayLead = verdict == Verdict::Wrong || !result.wrong;
    if (isFirstWrong || (mayLead && (result.worst < 0 || error > result.error))) {
      result.worst = static_cast<int64_t>(i);
      result.error = error;
    }
  }
  return result;
}
