//===- Interval.cpp - bounds of expressions over indices --------------------===//
//
// Owns the interval arithmetic: an expression becomes a polynomial over sizes and indices; indices are replaced by
// their bounds from the innermost out, so that what cancels (j - i for j >= i) is exact; quotients, remainders, minima
// and the like have intervals of their own.
//
//===------------------------------------------------------------------------===//
#include "Interval.h"
#include "Limits.h"

#include <algorithm>

using namespace tenon;
using Op = SizeExpr::Op;

// ---- bounds --------------------------------------------------------------------------------------------------------

void Scope::prune(std::vector<Polynomial> &list, bool isLo) {
  std::vector<Polynomial> kept;
  for (const Polynomial &poly : list) {
    if (poly.overflow || std::find(kept.begin(), kept.end(), poly) != kept.end())
      continue;
    // A bound that another one implies is left out, where constants tell.
    bool implied = false;
    for (Polynomial &other : kept)
      if (auto difference = (poly - other).constant()) {
        if (isLo ? *difference > 0 : *difference < 0)
          other = poly;
        implied = true;
        break;
      }
    if (!implied && kept.size() < 6)
      kept.push_back(poly);
  }
  list = std::move(kept);
}

/// The best of several bounds as one expression.
SizeExprPtr Scope::combine(const std::vector<Polynomial> &list, bool isLo) {
  SizeExprPtr result;
  for (const Polynomial &poly : list) {
    SizeExprPtr value = toSize(poly);
    result = result ? sizeBinary(isLo ? Op::Max : Op::Min, result, value) : value;
  }
  return result;
}

/// The greatest index (the innermost) in a polynomial, or -1.
static int innermost(const Polynomial &poly) {
  int id = -1;
  for (const auto &[monomial, coefficient] : poly.terms)
    for (const Atom &atom : monomial)
      if (atom.kind == Atom::Kind::Index)
        id = std::max(id, atom.id);
  return id;
}

static bool mentions(const Polynomial &poly, int id) {
  for (const auto &[monomial, coefficient] : poly.terms)
    for (const Atom &atom : monomial)
      if (atom.kind == Atom::Kind::Index && atom.id == id)
        return true;
  return false;
}

/// Bounds of an index in terms of outer indices: its range, and guards that compare it.
Scope::Interval Scope::indexBounds(int id, std::vector<Polynomial> &lows, std::vector<Polynomial> &highs) {
  lows = {polyOf(indices[id].lo)};
  highs = {polyOf(indices[id].hi) - polyConst(1)};
  Atom self;
  self.kind = Atom::Kind::Index;
  self.id = id;
  for (const Fact &fact : facts) {
    auto term = fact.poly.terms.find(Monomial{self});
    if (term == fact.poly.terms.end() || (term->second != 1 && term->second != -1))
      continue;
    Polynomial rest = fact.poly - polyConst(term->second) * polyAtom(self);
    bool hasInnerOpaque = false;
    for (const auto &[monomial, coefficient] : rest.terms)
      for (const Atom &atom : monomial)
        hasInnerOpaque |= atom.kind == Atom::Kind::Opaque && !atom.value;
    if (mentions(rest, id) || innermost(rest) > id || hasInnerOpaque || rest.overflow)
      continue;
    if (term->second == 1)
      lows.push_back(polyConst(0) - rest);
    else
      highs.push_back(rest);
  }
  if (lows.size() > 4)
    lows.resize(4);
  if (highs.size() > 4)
    highs.resize(4);
  return {};
}

Scope::Interval Scope::bound(const Polynomial &poly, int depth) {
  if (poly.overflow || depth > 40 || budget == 0)
    return {};
  --budget;
  if (!poly.hasIndex())
    return {{poly}, {poly}};
  int id = innermost(poly);
  if (id < 0) {
    // A single opaque atom keeps all its bounds apart; several are taken one at a time.
    for (const auto &[monomial, coefficient] : poly.terms) {
      if (monomial.size() != 1 || (coefficient != 1 && coefficient != -1) || monomial[0].value ||
          monomial[0].kind != Atom::Kind::Opaque)
        continue;
      Polynomial rest = poly - polyConst(coefficient) * polyAtom(monomial[0]);
      if (rest.hasIndex())
        break;
      Interval part = boundOpaque(monomial[0], depth + 1), result;
      if (coefficient < 0)
        std::swap(part.lo, part.hi);
      for (const Polynomial &low : part.lo)
        result.lo.push_back(coefficient < 0 ? rest - low : rest + low);
      for (const Polynomial &high : part.hi)
        result.hi.push_back(coefficient < 0 ? rest - high : rest + high);
      prune(result.lo, true);
      prune(result.hi, false);
      return result;
    }
    return boundProducts(poly, depth);
  }
  Atom self;
  self.kind = Atom::Kind::Index;
  self.id = id;
  // poly = factor * index + rest, where the index is in neither.
  Polynomial factor, rest;
  bool linear = true;
  for (const auto &[monomial, coefficient] : poly.terms) {
    Monomial other;
    unsigned power = 0;
    for (const Atom &atom : monomial)
      if (atom == self)
        ++power;
      else
        other.push_back(atom);
    linear &= power <= 1;
    Polynomial &target = power ? factor : rest;
    target.terms[other] += coefficient;
  }
  linear &= !factor.hasIndex();
  if (!linear)
    return boundProducts(poly, depth);
  bool isPositive = provesNonNegative(factor), isNegative = !isPositive && provesNonNegative(polyConst(0) - factor);
  if (!isPositive && !isNegative)
    return boundProducts(poly, depth);
  std::vector<Polynomial> lows, highs;
  indexBounds(id, lows, highs);
  Interval result;
  for (const Polynomial &low : isPositive ? lows : highs)
    for (const Polynomial &candidate : bound(factor * low + rest, depth + 1).lo)
      result.lo.push_back(candidate);
  for (const Polynomial &high : isPositive ? highs : lows)
    for (const Polynomial &candidate : bound(factor * high + rest, depth + 1).hi)
      result.hi.push_back(candidate);
  prune(result.lo, true);
  prune(result.hi, false);
  return result;
}

/// Term by term: the sum of the intervals of products.
Scope::Interval Scope::boundProducts(const Polynomial &poly, int depth) {
  Polynomial fixed, lo, hi;
  for (const auto &[monomial, coefficient] : poly.terms) {
    Polynomial single;
    single.terms[monomial] = coefficient;
    if (!single.hasIndex()) {
      fixed = fixed + single;
      continue;
    }
    // The interval of the product, factor by factor.
    SizeExprPtr a = sizeConst(coefficient), b = a;
    bool isFirst = true;
    Polynomial exactLo = polyConst(coefficient), exactHi = exactLo;
    bool isExact = coefficient > 0;
    for (const Atom &atom : monomial) {
      Interval part;
      if (atom.kind == Atom::Kind::Index || (atom.kind == Atom::Kind::Opaque && !atom.value))
        part = atom.kind == Atom::Kind::Index ? bound(polyAtom(atom), depth + 1) : boundOpaque(atom, depth + 1);
      else
        part = {{polyAtom(atom)}, {polyAtom(atom)}};
      if (!part.good())
        return {};
      SizeExprPtr low = combine(part.lo, true), high = combine(part.hi, false);
      bool nonNegative = false;
      for (const Polynomial &candidate : part.lo)
        nonNegative |= provesNonNegative(candidate);
      // Products of what is at least 0 keep their ends; one factor of either sign, the first one, does too if positive.
      if (isFirst ? true : nonNegative && isExact) {
        exactLo = exactLo * normalize(low);
        exactHi = exactHi * normalize(high);
        if (!nonNegative && monomial.size() > 1)
          isExact = false;
      } else {
        isExact = false;
      }
      auto least = [](SizeExprPtr x, SizeExprPtr y) { return sizeBinary(Op::Min, x, y); };
      auto most = [](SizeExprPtr x, SizeExprPtr y) { return sizeBinary(Op::Max, x, y); };
      SizeExprPtr p = a * low, q = a * high, r = b * low, s = b * high;
      if (isFirst) {
        a = least(p, q);
        b = most(p, q);
      } else {
        a = least(least(p, q), least(r, s));
        b = most(most(p, q), most(r, s));
      }
      isFirst = false;
      if (a->nodes > maxSizeNodes || b->nodes > maxSizeNodes)
        return {};
    }
    lo = lo + (isExact ? exactLo : normalize(a));
    hi = hi + (isExact ? exactHi : normalize(b));
  }
  lo = lo + fixed;
  hi = hi + fixed;
  if (lo.overflow || hi.overflow)
    return {};
  return {{lo}, {hi}};
}

Scope::Interval Scope::boundOpaque(const Atom &atom, int depth) {
  auto found = opaque.find(atom.key);
  return found == opaque.end() ? Interval{} : boundExpr(found->second, depth);
}

/// An integer that wraps into `type`: its interval where that fits, else all of the type.
Scope::Interval Scope::fit(Interval interval, DType type) {
  if (!interval.good() || type == DType::Size || type == DType::I64)
    return interval;
  if (type == DType::Bool || isFloat(type) || type == DType::U64)
    return {};
  unsigned bits = getBits(type);
  int64_t least = isSigned(type) ? -(int64_t(1) << (bits - 1)) : 0;
  int64_t most = (int64_t(1) << (isSigned(type) ? bits - 1 : bits)) - 1;
  SizeExprPtr lo = combine(interval.lo, true), hi = combine(interval.hi, false);
  SizeExprPtr fits =
      sizeBinary(Op::And, sizeBinary(Op::Le, sizeConst(least), lo), sizeBinary(Op::Le, hi, sizeConst(most)));
  return {{normalize(sizeSelect(fits, lo, sizeConst(least)))}, {normalize(sizeSelect(fits, hi, sizeConst(most)))}};
}

Scope::Interval Scope::boundExpr(const ExprPtr &expr, int depth) {
  if (depth > 40 || budget == 0)
    return {};
  --budget;
  auto part = [&](int i) { return bound(polyOf(expr->operands[i]), depth + 1); };
  auto anyNonNegative = [&](const std::vector<Polynomial> &list) {
    for (const Polynomial &poly : list)
      if (provesNonNegative(poly))
        return true;
    return false;
  };
  auto one = [](SizeExprPtr lo, SizeExprPtr hi) -> Interval {
    if (lo->nodes > maxSizeNodes || hi->nodes > maxSizeNodes)
      return {};
    return {{normalize(lo)}, {normalize(hi)}};
  };
  auto least = [](SizeExprPtr x, SizeExprPtr y) { return sizeBinary(Op::Min, x, y); };
  auto most = [](SizeExprPtr x, SizeExprPtr y) { return sizeBinary(Op::Max, x, y); };
  auto all = [](std::vector<Polynomial> x, const std::vector<Polynomial> &y) {
    x.insert(x.end(), y.begin(), y.end());
    return x;
  };
  SizeExprPtr zero = sizeConst(0);
  bool isCall = expr->kind == ExprKind::Call;
  if (expr->kind == ExprKind::Cast) {
    DType from = expr->operands[0]->type;
    if (!isInteger(from) || !isInteger(expr->type))
      return {};
    Interval inner = part(0);
    return fit(inner, expr->type);
  }
  if (!isInteger(expr->type))
    return {};
  if (expr->kind == ExprKind::Select) {
    Interval arms[2];
    for (int arm : {0, 1}) {
      auto before = mark();
      assume(expr->operands[0], arm == 0);
      arms[arm] = part(1 + arm);
      reset(before);
      if (!arms[arm].good())
        return {};
    }
    return one(least(combine(arms[0].lo, true), combine(arms[1].lo, true)),
               most(combine(arms[0].hi, false), combine(arms[1].hi, false)));
  }
  if (expr->kind == ExprKind::Unary && expr->unary == UnaryOp::Neg) {
    Interval a = part(0);
    if (!a.good())
      return {};
    return fit(one(zero - combine(a.hi, false), zero - combine(a.lo, true)), expr->type);
  }
  std::vector<Interval> parts;
  for (size_t i = 0; i < expr->operands.size(); ++i) {
    parts.push_back(part(i));
    if (!parts.back().good())
      return {};
  }
  if (isCall) {
    switch (expr->function) {
    case Function::Min:
      return {{normalize(least(combine(parts[0].lo, true), combine(parts[1].lo, true)))},
              all(parts[0].hi, parts[1].hi)};
    case Function::Max:
      return {all(parts[0].lo, parts[1].lo),
              {normalize(most(combine(parts[0].hi, false), combine(parts[1].hi, false)))}};
    case Function::Clamp: { // min(max(x, l), h)
      SizeExprPtr lower = most(combine(parts[0].lo, true), combine(parts[1].lo, true));
      SizeExprPtr upper = most(combine(parts[0].hi, false), combine(parts[1].hi, false));
      Interval result{{normalize(least(lower, combine(parts[2].lo, true)))}, parts[2].hi};
      result.hi.push_back(normalize(upper));
      // Both ends provably at least 0 say so of the minimum, which the expression itself may hide.
      if ((anyNonNegative(parts[1].lo) || anyNonNegative(parts[0].lo)) && anyNonNegative(parts[2].lo))
        result.lo.push_back(polyConst(0));
      return result;
    }
    case Function::Abs: {
      if (!isSigned(expr->type) || anyNonNegative(parts[0].lo))
        return parts[0];
      SizeExprPtr lo = combine(parts[0].lo, true), hi = combine(parts[0].hi, false);
      return fit(one(most(zero, most(lo, zero - hi)), most(hi, zero - lo)), expr->type);
    }
    case Function::Sign:
      return one(sizeConst(-1), sizeConst(1));
    default:
      return {};
    }
  }
  if (expr->kind != ExprKind::Binary)
    return {};
  const Interval &a = parts[0], &b = parts[1];
  SizeExprPtr al = combine(a.lo, true), ah = combine(a.hi, false), bl = combine(b.lo, true), bh = combine(b.hi, false);
  if (al->nodes + ah->nodes + bl->nodes + bh->nodes > maxSizeNodes)
    return {};
  bool aPositive = anyNonNegative(a.lo), bPositive = anyNonNegative(b.lo);
  switch (expr->binary) {
  case BinaryOp::Add:
    return fit(one(al + bl, ah + bh), expr->type);
  case BinaryOp::Sub:
    return fit(one(al - bh, ah - bl), expr->type);
  case BinaryOp::Mul:
    return fit(one(least(least(al * bl, al * bh), least(ah * bl, ah * bh)),
                   most(most(al * bl, al * bh), most(ah * bl, ah * bh))),
               expr->type);
  case BinaryOp::Div: {
    if (expr->type == DType::U64)
      return {};
    auto div = [](SizeExprPtr x, SizeExprPtr y) { return sizeBinary(Op::Div, x, y); };
    bool fixedDivisor = sameSize(bl, bh);
    if (fixedDivisor && aPositive && bPositive) {
      Interval result = one(div(al, bl), div(ah, bl));
      result.hi.insert(result.hi.end(), a.hi.begin(), a.hi.end());
      return result;
    }
    if (fixedDivisor) // By one divisor, of any sign: the ends are at the ends.
      return fit(one(least(div(al, bl), div(ah, bl)), most(div(al, bl), div(ah, bl))), expr->type);
    if (aPositive && bPositive) // Never more than the dividend; 0 by a large divisor, or by zero.
      return one(zero, ah);
    SizeExprPtr magnitude = most(ah, zero - al);
    return fit(one(least(zero, zero - magnitude), most(zero, magnitude)), expr->type);
  }
  case BinaryOp::Rem: {
    if (expr->type == DType::U64)
      return {};
    // By zero it is the dividend; else below the divisor's magnitude, with the dividend's sign.
    SizeExprPtr magnitude = most(bh, zero - bl) - sizeConst(1);
    bool neverZero = false;
    for (const Polynomial &poly : b.lo)
      neverZero |= provesNonNegative(poly - polyConst(1));
    SizeExprPtr mayBeZero = sizeBinary(Op::And, sizeBinary(Op::Le, bl, zero), sizeBinary(Op::Le, zero, bh));
    Interval result;
    if (aPositive) {
      result.lo = {polyConst(0)};
      result.hi = a.hi;
      if (neverZero)
        for (const Polynomial &poly : b.hi)
          result.hi.push_back(poly - polyConst(1));
      else
        result.hi = {normalize(sizeSelect(mayBeZero, ah, least(ah, magnitude)))};
      return result;
    }
    return one(least(zero, sizeSelect(mayBeZero, al, most(al, zero - magnitude))),
               most(zero, sizeSelect(mayBeZero, ah, least(ah, magnitude))));
  }
  case BinaryOp::BitAnd:
    if (aPositive || bPositive) // Not above what is at least 0.
      return one(zero, aPositive && bPositive ? least(ah, bh) : aPositive ? ah : bh);
    return {};
  case BinaryOp::Shr:
    if (aPositive)
      return one(zero, ah);
    return {};
  default:
    return {};
  }
}

// ---- questions -----------------------------------------------------------------------------------------------------

std::pair<SizeExprPtr, SizeExprPtr> Scope::range(int id) {
  Atom self;
  self.kind = Atom::Kind::Index;
  self.id = id;
  budget = 2000;
  Interval interval = bound(polyAtom(self), 0);
  if (!interval.good())
    return {};
  return {combine(interval.lo, true), combine(interval.hi, false)};
}

SizeExprPtr Scope::neverEvaluated() {
  SizeExprPtr never = sizeConst(0);
  std::vector<Polynomial> seen;
  auto addNegative = [&](const Polynomial &poly) { // Never, where poly < 0.
    if (poly.overflow || std::find(seen.begin(), seen.end(), poly) != seen.end() || obviouslyNonNegative(poly))
      return;
    seen.push_back(poly);
    SizeExprPtr value = toSize(poly);
    if (value->nodes + never->nodes < maxSizeNodes)
      never = sizeBinary(Op::Or, never, sizeBinary(Op::Lt, value, sizeConst(0)));
  };
  // Facts about indices are what the question is about, so they are set aside while it is asked: what is obvious here
  // must be so for all sizes.
  std::vector<Fact> guards;
  guards.swap(facts);
  for (int id : active) {
    Polynomial count = polyOf(indices[id].hi) - polyOf(indices[id].lo) - polyConst(1);
    budget = std::max(budget, 200u);
    facts = guards;
    Interval counts = bound(count, 0);
    std::vector<Polynomial> lows, highs;
    auto [lo, hi] = range(id);
    facts.clear();
    budget = std::max(budget, 200u);
    for (const Polynomial &most : counts.hi)
      addNegative(most);
    if (lo && hi && lo->nodes + hi->nodes < maxSizeNodes) { // Narrowed by guards.
      Polynomial narrowed = normalize(hi) - normalize(lo);
      addNegative(narrowed);
    }
  }
  for (const Fact &guard : guards)
    if (guard.isGuard && !guard.poly.hasIndex())
      addNegative(guard.poly);
  facts.swap(guards);
  return never;
}

Scope::Outcome Scope::inside(const ExprPtr &subscript, const SizeExprPtr &size) {
  Outcome outcome{Outcome::Kind::Proven, nullptr, nullptr, nullptr, {}};
  if (findData(subscript, outcome.culprit)) {
    outcome.kind = Outcome::Kind::Data;
    return outcome;
  }
  budget = 4000;
  Polynomial poly = polyOf(subscript), limit = normalize(size) - polyConst(1);
  // A guard may be about the very subscript.
  auto guarded = [&](const Polynomial &wanted) {
    for (const Fact &fact : facts)
      if (obviouslyNonNegative(wanted - fact.poly))
        return true;
    return false;
  };
  Interval interval = bound(poly, 0);
  budget = std::max(budget, 2000u);
  Interval room = bound(limit - poly, 0); // Together, so that what cancels does.
  bool lowProven = guarded(poly), highProven = guarded(limit - poly);
  budget = std::max(budget, 2000u);
  for (const Polynomial &low : interval.lo)
    lowProven = lowProven || provesNonNegative(low);
  for (const Polynomial &low : room.lo)
    highProven = highProven || provesNonNegative(low);
  for (const Polynomial &high : interval.hi)
    highProven = highProven || provesNonNegative(limit - high);
  if (lowProven && highProven)
    return outcome;
  if (!interval.good()) {
    outcome.kind = Outcome::Kind::Unbounded;
    return outcome;
  }
  outcome.kind = Outcome::Kind::Check;
  outcome.lo = combine(interval.lo, true);
  outcome.hi = combine(interval.hi, false);
  SizeExprPtr good = sizeConst(1);
  if (!lowProven)
    good = sizeBinary(Op::And, good, sizeBinary(Op::Le, sizeConst(0), outcome.lo));
  if (!highProven)
    good = sizeBinary(Op::And, good, sizeBinary(Op::Lt, outcome.hi, size));
  outcome.condition = sizeBinary(Op::Or, neverEvaluated(), good);
  if (auto value = constantOf(outcome.condition); value && *value)
    outcome.kind = Outcome::Kind::Proven;
  return outcome;
}

Scope::Outcome Scope::nonEmpty(const Index &index) {
  Outcome outcome{Outcome::Kind::Proven, nullptr, nullptr, nullptr, {}};
  budget = 4000;
  Interval count = bound(polyOf(index.hi) - polyOf(index.lo) - polyConst(1), 0);
  for (const Polynomial &low : count.lo)
    if (provesNonNegative(low))
      return outcome;
  if (!count.good()) {
    outcome.kind = Outcome::Kind::Unbounded;
    return outcome;
  }
  outcome.kind = Outcome::Kind::Check;
  outcome.condition = sizeBinary(Op::Or, neverEvaluated(), sizeBinary(Op::Le, sizeConst(0), combine(count.lo, true)));
  if (auto value = constantOf(outcome.condition); value && *value)
    outcome.kind = Outcome::Kind::Proven;
  return outcome;
}
