//===- MathFunctions.cpp - the language's functions as arithmetic -----------===//
//
// Owns the entry point, maximum and minimum, and fma for devices without it. Does not own the elementary functions:
// Exponentials.cpp, Logarithms.cpp, Trigonometry.cpp.
//
//===------------------------------------------------------------------------===//
#include "MathFunctions.h"

#include <cmath>
#include <iterator>

using namespace mlir;

namespace tenon {

Term propagatingMax(Term a, Term b, bool isMax) {
  // A NaN in b makes the comparison false and is taken; one in a is found by its bits.
  return sel(isNan(a), a, sel(isMax ? a > b : a < b, a, b));
}

Term droppingMax(Term a, Term b, bool isMax) { return sel(isNan(b), a, sel(isMax ? a > b : a < b, a, b)); }

Term toOdd(Term r, Term positive, Term inexact) {
  Term i = bits(r), one = ilit(i, 1);
  Term outward = positive ^ (i < ilit(i, 0)); // away from zero: the integer grows
  Term next = sel(outward, i + one, i - one);
  return fromBits(sel(inexact & ((i & 1) == ilit(i, 0)), next, i), r);
}

namespace functions {

static Term rsqrt(Term x) { return 1.0 / sqrt(x); }

/// Half away from zero, C's round (the language's own is math.roundeven).
static Term round(Term x) {
  Term t = trunc(x);
  Term r = sel(abs(x - t) >= 0.5, t + copysign(lit(x, 1.0), x), t);
  return copysign(r, x);
}

/// For devices without fma.
Term fma(Term a, Term b, Term c) {
  Format f = format(a);
  // Boldo and Melquiond: exact while nothing over- or underflows on the way, so very large and very small numbers are
  // scaled first: the larger factor down, or the smaller one up.
  double high = std::ldexp(1.0, f.bias - f.mant / 2 - 4), low = std::ldexp(1.0, 2 * f.mant + 6 - f.bias);
  double down = std::ldexp(1.0, -f.mant - 2), up = std::ldexp(1.0, f.bias - f.mant - 4);
  Term plain = a * b + c, p = abs(a * b), sizeA = abs(a), sizeB = abs(b), sizeC = abs(c);
  Term big = (p >= high) | (sizeA >= high) | (sizeB >= high) | (sizeC >= high);
  Term small = logicalNot(big) & (p <= low) & (sizeC <= std::ldexp(1.0, f.mant - 20));
  Term one = lit(a, 1), scale = sel(big, down, sel(small, up, one));
  Term isA = sel(big, ilit(big, 1), ilit(big, 0)) ^ (sizeA < sizeB);
  Term a1 = a * sel(isA, scale, one), b1 = b * sel(isA, one, scale), c1 = c * scale;
  Pair u = twoProduct(a1, b1), t = twoSum(c1, u.lo), v = twoSum(u.hi, t.hi), z = twoSum(t.lo, v.lo);
  Term exact = v.hi + toOdd(z.hi, z.lo > 0.0, z.lo != 0.0);
  // A sum that is out of range even then is out of range, and a product of nothing leaves c.
  Term valid = isFinite(exact) & (abs(u.hi) > 0.0);
  return sel(valid, exact * sel(big, 1 / down, sel(small, 1 / up, one)), plain);
}

} // namespace functions

// In the order of the enumeration.
static constexpr Term (*unary[])(Term) = {
    functions::exp,   functions::exp2,  functions::expm1, functions::log,  functions::log2, functions::log10,
    functions::log1p, functions::rsqrt, functions::cbrt,  functions::sin,  functions::cos,  functions::tan,
    functions::asin,  functions::acos,  functions::atan,  functions::sinh, functions::cosh, functions::tanh,
    functions::asinh, functions::acosh, functions::atanh, functions::erf,  functions::erfc, functions::round};
static_assert(std::size(unary) == size_t(Function::Atan2), "a function of one operand is missing");

Value expandFunction(OpBuilder &b, Location loc, Function function, ValueRange args, const DeviceDescription &device) {
  Emit e(b, loc, device);
  Term x = e(args[0]);
  switch (function) {
  case Function::Atan2:
    return functions::atan2(x, e(args[1])).v;
  case Function::Pow:
    return functions::pow(x, e(args[1])).v;
  case Function::Fma:
    return functions::fma(x, e(args[1]), e(args[2])).v;
  default:
    return unary[size_t(function)](x).v;
  }
}

} // namespace tenon
