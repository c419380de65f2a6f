//===- Reduction.cpp - sums, extremes and the like --------------------------===//
//
// Owns what a reduction gives, and how far a device may be from it: a sum in any order errs by up to its length in
// roundings of the sum of magnitudes.
//
//===------------------------------------------------------------------------===//
#include "Machine.h"

#include <algorithm>
#include <limits>

using namespace tenon;
using namespace tenon::oracle;

static constexpr double inf = std::numeric_limits<double>::infinity();

void Machine::boundsOf(const Loop &loop, int64_t &lo, int64_t &hi) {
  if (loop.symbol >= 0) {
    lo = 0;
    hi = arguments.symbols[loop.symbol];
    return;
  }
  lo = exact(*loop.lo);
  hi = exact(*loop.hi);
}

//===- integers -------------------------------------------------------------===//

/// What a reduction of nothing gives.
static int64_t emptyValue(ReduceKind kind, DType type) {
  switch (kind) {
  case ReduceKind::Prod:
  case ReduceKind::All:
    return 1;
  case ReduceKind::Max:
    return anyInteger(type).lo;
  case ReduceKind::Min:
    return anyInteger(type).hi;
  default:
    return 0;
  }
}

static int64_t combine(ReduceKind kind, DType type, int64_t a, int64_t b) {
  switch (kind) {
  case ReduceKind::Sum:
    return binaryExact(BinaryOp::Add, type, a, b);
  case ReduceKind::Prod:
    return binaryExact(BinaryOp::Mul, type, a, b);
  case ReduceKind::Max:
    return lessExact(type, a, b) ? b : a;
  case ReduceKind::Min:
    return lessExact(type, b, a) ? b : a;
  case ReduceKind::Any:
    return a || b;
  default:
    return a && b;
  }
}

int64_t Machine::reduceExact(const Node &n) {
  auto kind = static_cast<ReduceKind>(n.sub);
  if (kind == ReduceKind::ArgMax || kind == ReduceKind::ArgMin)
    return argExtreme<Integer>(n).v;
  int64_t state = emptyValue(kind, n.type);
  DType type = n.type;
  if (kind == ReduceKind::Sum) {
    uint64_t sum = 0;
    forEachTerm(n, [&](Truth) { sum += static_cast<uint64_t>(exact(*n.a)); });
    return wrapTo(type, sum);
  }
  forEachTerm(n, [&](Truth) { state = combine(kind, type, state, exact(*n.a)); });
  return state;
}

Integer Machine::sumUncertain(const Node &n) {
  uint64_t nominal = 0;
  __int128 lo = 0, hi = 0;
  uint8_t flags = 0;
  auto wide = [&](int64_t value) {
    return n.type == DType::U64 ? static_cast<__int128>(static_cast<uint64_t>(value)) : static_cast<__int128>(value);
  };
  forEachTerm(n, [&](Truth truth) {
    Integer t = integer(*n.a);
    flags |= t.flags;
    if (truth == Truth::Yes) {
      nominal += uint64_t(t.v);
      lo += wide(t.lo);
      hi += wide(t.hi);
      return;
    }
    flags |= Forked;
    if (integer(*n.filter).v)
      nominal += uint64_t(t.v);
    lo += std::min<__int128>(0, wide(t.lo));
    hi += std::max<__int128>(0, wide(t.hi));
  });
  Integer any = anyInteger(n.type);
  any.v = wrapTo(n.type, nominal);
  bool fits = lo >= wide(any.lo) && hi <= wide(any.hi);
  return fits       ? Integer{any.v, static_cast<int64_t>(lo), static_cast<int64_t>(hi), flags}
         : lo == hi ? Integer{any.v, any.v, any.v, flags}
                    : any;
}

Integer Machine::reduceInteger(const Node &n) {
  auto kind = static_cast<ReduceKind>(n.sub);
  switch (kind) {
  case ReduceKind::ArgMax:
  case ReduceKind::ArgMin:
    return n.a->isReal ? argExtreme<Real>(n) : argExtreme<Integer>(n);
  case ReduceKind::Sum:
    return sumUncertain(n);
  default:
    break;
  }
  Integer state = exactly(emptyValue(kind, n.type));
  forEachTerm(n, [&](Truth truth) {
    auto termOf = [&] { return integer(*n.a); };
    bool counts = truth == Truth::Yes || integer(*n.filter).v;
    Integer t = counts ? termOf() : speculate<Integer>(n.type, termOf);
    Integer with;
    if (kind == ReduceKind::Prod)
      with = binary(BinaryOp::Mul, n.type, state, t);
    else // Monotone in both.
      with = {combine(kind, n.type, state.v, t.v), combine(kind, n.type, state.lo, t.lo),
              combine(kind, n.type, state.hi, t.hi), static_cast<uint8_t>(state.flags | t.flags)};
    if (truth == Truth::Yes)
      state = with;
    else
      state = counts ? hull(n.type, with, state) : hull(n.type, state, with);
  });
  return state;
}

//===- floats ---------------------------------------------------------------===//

namespace {
/// A sum that keeps more than its terms have, and what its error is bounded by.
struct Sum {
  long double v = 0;
  double lo = 0, hi = 0, magnitude = 0;
  uint64_t count = 0;
  uint8_t flags = 0;
  bool isWhole = true; ///< Every term is exactly an integer.

  void add(const Real &t) {
    v += t.v;
    lo += t.lo;
    hi += t.hi;
    magnitude += std::max(std::fabs(t.lo), std::fabs(t.hi));
    flags |= t.flags;
    isWhole = isWhole && isPoint(t) && t.v == std::trunc(t.v);
    ++count;
  }

  Real finish(DType type) const {
    const Format &format = formatOf(type);
    double nominal = static_cast<double>(v);
    // Small integers are summed exactly in any order.
    if (count == 0 || (isWhole && magnitude <= 0.5 / format.unit))
      return {nominal, lo, hi, flags};
    Real r{nominal, lo, hi, flags};
    if (std::isnan(lo) || std::isnan(hi)) {
      if (std::isnan(nominal) && std::isnan(lo) && std::isnan(hi))
        return r;
      return {nominal, -inf, inf, static_cast<uint8_t>(flags | Forked | MaybeNan)};
    }
    if (std::isnan(nominal))
      return {nominal, lo, hi, static_cast<uint8_t>(flags | Forked | MaybeNan)};
    // A device computes doubles as inexactly as lo and hi are computed here.
    double error = static_cast<double>(count) * format.unit * magnitude * (type == DType::F64 ? 2 : 1);
    if (std::isfinite(magnitude) && magnitude > format.max) // In some order a partial sum overflows.
      return {nominal, -inf, inf, static_cast<uint8_t>(flags | Forked | MaybeNan)};
    if (std::isfinite(error)) {
      r.lo -= error;
      r.hi += error;
    }
    return widen(r, type, 1);
  }
};
} // namespace

Real Machine::reduceReal(const Node &n) {
  auto kind = static_cast<ReduceKind>(n.sub);
  // Whether the term counts nominally, the term, and the same without uncertainty's other side.
  auto eachTerm = [&](auto &&take) {
    forEachTerm(n, [&](Truth truth) {
      if (truth == Truth::Yes) {
        take(real(*n.a), true, true);
        return;
      }
      bool counts = integer(*n.filter).v;
      take(counts ? real(*n.a) : speculate<Real>(n.type, [&] { return real(*n.a); }), counts, false);
    });
  };
  if (kind == ReduceKind::Sum) {
    Sum sum;
    // A product's own rounding is one of the sum's, so that a device may use an fma or not.
    eachTerm([&](Real t, bool counts, bool isSure) {
      if (!isSure)
        t = counts ? hull(t, point(0)) : hull(point(0), t);
      sum.add(t);
    });
    return sum.finish(n.type);
  }
  Real state = point(kind == ReduceKind::Prod ? 1 : kind == ReduceKind::Max ? -inf : inf);
  uint64_t count = 0;
  eachTerm([&](const Real &t, bool counts, bool isSure) {
    Real with = kind == ReduceKind::Prod  ? multiply(n.type, state, t)
                : kind == ReduceKind::Max ? greater(state, t)
                                          : lesser(state, t);
    state = isSure ? with : counts ? hull(with, state) : hull(state, with);
    ++count;
  });
  // Partial products in another order may underflow or overflow on their way; that is within the language's liberties,
  // and the bound of one rounding a factor is in `multiply` already.
  return state;
}

//===- argmax ---------------------------------------------------------------===//

namespace {
/// What argmax and argmin compare: of integers the order of their type.
struct Candidate {
  int64_t index;
  long double lo, hi;
  bool isSure; ///< Its filter holds for sure.
  bool isNan, maybeNan;
};
} // namespace

static void describe(DType, const Real &t, bool isMax, Candidate &c) {
  c.isNan = isSureNan(t);
  c.maybeNan = c.isNan || (t.flags & MaybeNan) || std::isnan(t.v);
  c.lo = isMax ? t.lo : -t.hi;
  c.hi = isMax ? t.hi : -t.lo;
}
static void describe(DType type, const Integer &t, bool isMax, Candidate &c) {
  auto wide = [type](int64_t v) {
    return type == DType::U64 ? static_cast<long double>(static_cast<uint64_t>(v)) : static_cast<long double>(v);
  };
  c.isNan = c.maybeNan = false;
  c.lo = isMax ? wide(t.lo) : -wide(t.hi);
  c.hi = isMax ? wide(t.hi) : -wide(t.lo);
}
static bool beats(DType, const Real &t, const Real &best, bool isMax) {
  if (std::isnan(best.v))
    return false;
  return std::isnan(t.v) || (isMax ? t.v > best.v : t.v < best.v);
}
static bool beats(DType type, const Integer &t, const Integer &best, bool isMax) {
  return isMax ? lessExact(type, best.v, t.v) : lessExact(type, t.v, best.v);
}

template <typename Value> Integer Machine::argExtreme(const Node &n) {
  bool isMax = static_cast<ReduceKind>(n.sub) == ReduceKind::ArgMax;
  const Loop &loop = n.loops[0];
  int64_t lo, hi;
  boundsOf(loop, lo, hi);
  // The end of the range where nothing passes the filter.
  int64_t end = std::max(lo, hi), nominal = end;
  Value best{};
  bool any = false, isPlain = true;
  std::vector<Candidate> all;
  uint8_t flags = 0;
  forEachTerm(n, [&](Truth truth) {
    bool isSure = truth == Truth::Yes, counts = isSure || integer(*n.filter).v;
    auto termOf = [&] { return eval<Value>(*n.a); };
    Value t = counts ? termOf() : speculate<Value>(n.a->type, termOf);
    int64_t index = indices[loop.slot];
    if (counts && (!any || beats(n.a->type, t, best, isMax))) {
      best = t;
      nominal = index;
      any = true;
    }
    Candidate c;
    c.index = index;
    c.isSure = isSure;
    describe(n.a->type, t, isMax, c);
    isPlain &= isSure && (c.lo == c.hi || c.isNan) && !(t.flags);
    all.push_back(c);
  });
  if (isPlain)
    return exactly(nominal);
  // An element may be the answer if no other one is surely better: a sure NaN before all numbers, else a higher low
  // end, or an equal one before it.
  size_t count = all.size();
  std::vector<long double> after(count + 1, -std::numeric_limits<long double>::infinity());
  for (size_t i = count; i-- > 0;)
    after[i] = std::max(after[i + 1], all[i].isSure && !all[i].isNan ? all[i].lo : after[i + 1]);
  bool hasSureNan = false, sureNanBefore = false, hasSure = false;
  for (const Candidate &c : all) {
    hasSureNan |= c.isSure && c.isNan;
    hasSure |= c.isSure;
  }
  long double before = -std::numeric_limits<long double>::infinity();
  bool hasBefore = false;
  Integer result = exactly(nominal);
  auto admit = [&](int64_t index) {
    result.lo = std::min(result.lo, index);
    result.hi = std::max(result.hi, index);
  };
  for (size_t i = 0; i < count; ++i) {
    const Candidate &c = all[i];
    bool asNan = c.maybeNan && !sureNanBefore;
    bool asNumber = !c.isNan && !hasSureNan && (!hasBefore || c.hi > before) && c.hi >= after[i + 1];
    if (asNan || asNumber)
      admit(c.index);
    if (c.isSure && c.isNan)
      sureNanBefore = true;
    else if (c.isSure) {
      before = std::max(before, c.lo);
      hasBefore = true;
    }
  }
  if (!hasSure)
    admit(end);
  if (result.lo != result.hi)
    flags |= Forked;
  result.flags = flags;
  return result;
}
