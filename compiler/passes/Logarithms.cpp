//===- Logarithms.cpp - log and what is made of it --------------------------===//
//
// Owns the logarithms, the inverse hyperbolic functions, pow and cbrt: what takes a number apart into exponent and
// fraction. Subnormals are taken apart as integers, so that a device that flushes them gives the same.
//
//===------------------------------------------------------------------------===//
#include "Coefficients.h"
#include "MathFunctions.h"

#include <cmath>

namespace tenon::functions {
namespace c = coefficients;

#define TENON_TABLE(x, name)                                                                                           \
  (format(x).is64 ? llvm::ArrayRef<double>(c::name##64) : llvm::ArrayRef<double>(c::name##32))

static uint64_t bitsOf(const Format &f, double v) {
  return f.is64 ? llvm::bit_cast<uint64_t>(v) : llvm::bit_cast<uint32_t>(float(v));
}

namespace {
/// x = m 2^k.
struct Parts {
  Term m, k; ///< k is an integer.
};
} // namespace

/// The bits of a positive number, a subnormal one multiplied by 2^mant; `sub` says which.
static Term normalBits(Term x, Term &sub) {
  Format f = format(x);
  Term i = bits(x);
  sub = i < ilit(i, uint64_t(1) << f.mant);
  // The fraction as a number: exact, and no operation sees a subnormal. Its unit is 2^(1 - bias - mant).
  Term number = fromBits(i | bitsOf(f, std::ldexp(1.0, f.mant)), x) - std::ldexp(1.0, f.mant);
  return sel(sub, bits(number), i);
}

/// m in [sqrt(1/2), sqrt(2)).
static Parts decompose(Term x) {
  Format f = format(x);
  Term sub;
  Term i = normalBits(x, sub);
  Term k = sar(i - ilit(i, bitsOf(f, std::sqrt(0.5))), f.mant);
  Term m = fromBits(i - (k << f.mant), x);
  Term offset = sel(sub, ilit(i, uint64_t(int64_t(1 - f.bias - f.mant))), ilit(i, 0));
  return {m, k + offset};
}

/// `value` where x is positive and finite; what a logarithm is elsewhere.
static Term logSpecial(Term x, Term value) {
  Format f = format(x);
  Term i = bits(x);
  Term good = ult(i - ilit(i, 1), ilit(i, (uint64_t(2 * f.bias + 1) << f.mant) - 1));
  Term zero = (i << 1) == ilit(i, 0);
  Term other = sel(i > ilit(i, 0), x, nan(x));
  return sel(good, value, sel(zero, -infinity(x), other));
}

/// log((1 + g) 2^k), |g| at most 0.42.
static Term logOf(Term g, Term k) {
  llvm::ArrayRef<double> ln2 = TENON_TABLE(g, ln2);
  Term z = g * g;
  if (!format(g).is64) {
    Term y = g * z * polynomial(g, c::logP32);
    y = mulAdd(z, -0.5, mulAdd(k, ln2[1], y));
    return mulAdd(k, ln2[0], g + y);
  }
  Term s = g / (g + 2.0), w = s * s, half = z * 0.5;
  Term r = w * mulAdd(polynomial(w, c::logQ64), w, 2.0 / 3);
  Term low = mulAdd(s, half + r, k * ln2[1]);
  return k * ln2[0] - ((half - low) - g);
}

/// log(m) as a pair, about 2^-10 of an ulp; m in [sqrt(1/2), sqrt(2)).
static Pair logPair(Term m) {
  llvm::ArrayRef<double> c1 = TENON_TABLE(m, twoThirds);
  Term g = m - 1.0;
  Term dh = g + 2.0, dl = g - (dh - 2.0);
  Term inverse = 1.0 / dh;
  Term s = g * inverse;
  Pair p = twoProduct(s, dh);
  Term sl = (((g - p.hi) - p.lo) - s * dl) * inverse;
  // log(m) = 2s + s z (2/3 + z Q(z)), z = s^2
  Pair z = twoProduct(s, s);
  z.lo = mulAdd(s * 2.0, sl, z.lo);
  Pair inner = fastTwoSum(lit(m, c1[0]), z.hi * polynomial(z.hi, TENON_TABLE(m, logQ)));
  inner.lo = inner.lo + c1[1];
  Pair t = twoProduct(z.hi, inner.hi);
  t.lo = t.lo + (z.hi * inner.lo + z.lo * inner.hi);
  Pair u = twoProduct(s, t.hi);
  u.lo = u.lo + (s * t.lo + sl * t.hi);
  Pair sum = fastTwoSum(s * 2.0, u.hi);
  return fastTwoSum(sum.hi, sum.lo + (u.lo + sl * 2.0));
}

static Pair addExponent(Pair l, Term k) {
  llvm::ArrayRef<double> ln2 = TENON_TABLE(k, ln2);
  Pair sum = fastTwoSum(k * ln2[0], l.hi);
  return fastTwoSum(sum.hi, sum.lo + mulAdd(k, ln2[1], l.lo));
}

static Pair times(Pair a, llvm::ArrayRef<double> b) {
  Term bh = lit(a.hi, b[0]);
  Pair p = twoProduct(a.hi, bh);
  p.lo = p.lo + mulAdd(a.hi, b[1], a.lo * bh);
  return p;
}

Term log(Term x) {
  Parts p = decompose(x);
  return logSpecial(x, logOf(p.m - 1.0, toFloat(p.k, x)));
}

Term log2(Term x) {
  Parts p = decompose(x);
  Pair l = times(logPair(p.m), TENON_TABLE(x, invLn2));
  Pair sum = fastTwoSum(toFloat(p.k, x), l.hi);
  return logSpecial(x, sum.hi + (sum.lo + l.lo));
}

Term log10(Term x) {
  Parts p = decompose(x);
  Pair l = times(addExponent(logPair(p.m), toFloat(p.k, x)), TENON_TABLE(x, invLn10));
  return logSpecial(x, l.hi + l.lo);
}

/// log1p without its special values' zero.
static Term log1pOf(Term x) {
  Format f = format(x);
  Pair u = twoSum(lit(x, 1.0), x);
  Parts p = decompose(u.hi);
  // What the sum lost counts only while 1 is not small beside x.
  Term limit = ilit(p.k, 100), k = sel(p.k > limit, limit, p.k);
  Term inverse = fromBits((ilit(k, f.bias) - k) << f.mant, x);
  Term g = mulAdd(u.lo, inverse, p.m - 1.0);
  return logSpecial(u.hi, logOf(g, toFloat(p.k, x)));
}

Term log1p(Term x) { return sel(abs(x) < std::ldexp(1.0, format(x).is64 ? -54 : -25), x, log1pOf(x)); }

Term asinh(Term x) {
  Format f = format(x);
  Term a = abs(x);
  Term big = a > std::ldexp(1.0, f.mant + 3);
  Term b = sel(big, 1.0, a), s = b * b;
  Term r = log1pOf(sel(big, a, b + s / (sqrt(s + 1.0) + 1.0))) + sel(big, lit(x, M_LN2), lit(x, 0));
  return sel(a < std::ldexp(1.0, f.is64 ? -28 : -13), x, copysign(r, x));
}

Term acosh(Term x) {
  Term big = x > std::ldexp(1.0, format(x).mant + 3);
  Term t = sel(big, 1.0, x - 1.0);
  Term r = log1pOf(sel(big, x, t + sqrt(t * (t + 2.0)))) + sel(big, lit(x, M_LN2), lit(x, 0));
  return sel(x < 1.0, nan(x), r);
}

Term atanh(Term x) {
  Term a = abs(x);
  Term r = log1pOf((a * 2.0) / (1.0 - a)) * 0.5;
  return sel(a < std::ldexp(1.0, format(x).is64 ? -28 : -13), x, copysign(sel(a > 1.0, nan(x), r), x));
}

Term cbrt(Term x) {
  Format f = format(x);
  Term a = abs(x), sub;
  Term i = normalBits(a, sub);
  Term fraction = i & ((uint64_t(1) << f.mant) - 1);
  // e + 3 third, which is positive; 43691 / 2^17 is a third for numbers this small.
  int third = f.is64 ? 360 : 51;
  Term e = (i >> f.mant) + sel(sub, ilit(i, uint64_t(int64_t(3 * third + 1 - 2 * f.bias - f.mant))),
                               ilit(i, uint64_t(int64_t(3 * third - f.bias))));
  Term q = (e * ilit(e, 43691)) >> 17;
  Term rest = e - q * ilit(e, 3);
  Term m = fromBits(fraction | bitsOf(f, 1.0), x);
  Term v = fromBits(fraction | ((rest + ilit(e, f.bias)) << f.mant), x);
  Term root =
      sel(rest == ilit(e, 1), lit(x, std::cbrt(2.0)), sel(rest == ilit(e, 2), lit(x, std::cbrt(4.0)), lit(x, 1)));
  Term y = polynomial(m, TENON_TABLE(x, cbrtP)) * root;
  if (f.is64) { // Halley, then Newton with an exact residual.
    Term cube = y * y * y;
    y = y * ((v * 2.0 + cube) / (cube * 2.0 + v));
  }
  Pair square = twoProduct(y, y), cube = twoProduct(square.hi, y);
  Term residual = (v - cube.hi) - mulAdd(square.lo, y, cube.lo);
  y = y + residual / (square.hi * 3.0);
  y = y * fromBits((q + ilit(q, uint64_t(int64_t(f.bias - third)))) << f.mant, x);
  Term keeps = (a == 0.0) | logicalNot(isFinite(x));
  return sel(keeps, x, copysign(y, x));
}

Term pow(Term x, Term y) {
  Format f = format(x);
  Term a = abs(x);
  Parts p = decompose(a);
  Pair l = addExponent(logPair(p.m), toFloat(p.k, x));
  // Beyond this every power over- or underflows, or the base is 1.
  double limit = std::ldexp(1.0, f.is64 ? 75 : 40);
  Term w = atLeast(atMost(y, limit), -limit);
  Pair h = twoProduct(w, l.hi);
  Term r = expPair(h.hi, mulAdd(w, l.lo, h.lo), Term());

  Term zero = a == 0.0, infinite = isInf(x), down = y < 0.0;
  r = sel(zero | infinite, sel(zero ^ down, lit(x, 0.0), infinity(x)), r);
  Term half = y * 0.5;
  Term whole = trunc(y) == y, odd = whole & (trunc(half) != half);
  Term i = bits(x), none = ilit(i, 0);
  Term sign = sel(odd, i & (uint64_t(1) << (f.width - 1)), none);
  r = fromBits(bits(r) | sign, x);
  r = sel((x < 0.0) & logicalNot(infinite | whole), nan(x), r);
  r = sel(isNan(x) | isNan(y), nan(x), r);
  return sel((y == 0.0) | (x == 1.0), lit(x, 1.0), r);
}

} // namespace tenon::functions
