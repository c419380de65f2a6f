//===- IntegerSemantics.cpp - divisions and shifts that cannot trap ---------===//
//
// Owns integer division, remainder and shifts as the language means them. A constant divisor or count needs no guard
// and gets none. Does not own conversions: ConversionSemantics.cpp.
//
//===------------------------------------------------------------------------===//
#include "Semantics.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <optional>

using namespace mlir;

namespace tenon {

static std::optional<APInt> constantOf(Term t) {
  APInt value;
  if (matchPattern(t.v, m_ConstantInt(&value)))
    return value;
  return std::nullopt;
}

static Term quotientSigned(Term a, Term b) { return a.e->op<arith::DivSIOp>(a, b); }
static Term quotientUnsigned(Term a, Term b) { return a.e->op<arith::DivUIOp>(a, b); }

Term divideSigned(Term a, Term b) {
  if (std::optional<APInt> c = constantOf(b)) {
    if (c->isZero())
      return ilit(a, 0);
    return c->isAllOnes() ? -a : quotientSigned(a, b);
  }
  // For 0 and -1 the answer is a * b, and they are the only divisors that can trap.
  Term one = ilit(b, 1);
  Term unsafe = ult(b + one, ilit(b, 2));
  return sel(unsafe, a * b, quotientSigned(a, sel(unsafe, one, b)));
}

Term divideUnsigned(Term a, Term b) {
  if (std::optional<APInt> c = constantOf(b))
    return c->isZero() ? ilit(a, 0) : quotientUnsigned(a, b);
  Term zero = b == ilit(b, 0);
  return sel(zero, ilit(a, 0), quotientUnsigned(a, sel(zero, ilit(b, 1), b)));
}

// By the quotient: with x / 0 = 0 the cases of zero come by themselves, and a driver's signed remainder is not asked.
Term remainderSigned(Term a, Term b) { return a - divideSigned(a, b) * b; }
Term remainderUnsigned(Term a, Term b) { return a - divideUnsigned(a, b) * b; }

/// Whether q = a / b left a remainder, and its sign against b's; never for b = 0.
static Term inexact(Term q, Term a, Term b, Term &opposite) {
  Term zero = ilit(b, 0);
  Term r = a - q * b;
  opposite = (r ^ b) < zero;
  std::optional<APInt> c = constantOf(b);
  Term some = r != zero;
  return c && !c->isZero() ? some : some & (b != zero);
}

Term floorDivideSigned(Term a, Term b) {
  Term opposite, q = divideSigned(a, b);
  Term some = inexact(q, a, b, opposite);
  return sel(some & opposite, q - ilit(q, 1), q);
}

Term ceilDivideSigned(Term a, Term b) {
  Term opposite, q = divideSigned(a, b);
  Term some = inexact(q, a, b, opposite);
  return sel(some & logicalNot(opposite), q + ilit(q, 1), q);
}

Term ceilDivideUnsigned(Term a, Term b) {
  Term opposite, q = divideUnsigned(a, b);
  Term some = inexact(q, a, b, opposite);
  return sel(some, q + ilit(q, 1), q);
}

static unsigned widthOf(Term a) {
  Type element = getElementTypeOrSelf(a.v.getType());
  return element.isIndex() ? a.e->device.indexBits : element.getIntOrFloatBitWidth();
}

/// 1: the count is in range, 0: it is not, nothing: not known here.
static std::optional<bool> knownInRange(Term a, Term count) {
  std::optional<APInt> c = constantOf(count);
  if (!c)
    return std::nullopt;
  return c->ult(widthOf(a));
}

template <class Op> static Term shiftToZero(Term a, Term count) {
  if (std::optional<bool> known = knownInRange(a, count))
    return *known ? a.e->op<Op>(a, count) : ilit(a, 0);
  Term inRange = ult(count, ilit(count, widthOf(a))), zero = ilit(a, 0);
  return sel(inRange, a.e->op<Op>(a, sel(inRange, count, zero)), zero);
}

Term shiftLeft(Term a, Term count) { return shiftToZero<arith::ShLIOp>(a, count); }
Term shiftRightLogical(Term a, Term count) { return shiftToZero<arith::ShRUIOp>(a, count); }

Term shiftRightArithmetic(Term a, Term count) {
  Term last = ilit(count, widthOf(a) - 1);
  if (std::optional<bool> known = knownInRange(a, count))
    return a.e->op<arith::ShRSIOp>(a, *known ? count : last);
  return a.e->op<arith::ShRSIOp>(a, sel(ult(count, ilit(count, widthOf(a))), count, last));
}

} // namespace tenon
