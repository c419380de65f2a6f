//===- Exponentials.cpp - exp and what is made of it ------------------------===//
//
// Owns exp, exp2, expm1, the hyperbolic functions, erf and erfc. All of them reduce x to n ln2 + r with the rounding
// of 1.5 * 2^mant + n, whose low bits are then n plus a bias that the constant carries already.
//
//===------------------------------------------------------------------------===//
#include "Coefficients.h"
#include "MathFunctions.h"

#include <cmath>

namespace tenon::functions {
namespace c = coefficients;

#define TENON_TABLE(x, name)                                                                                           \
  (format(x).is64 ? llvm::ArrayRef<double>(c::name##64) : llvm::ArrayRef<double>(c::name##32))

namespace {
struct Reduced {
  Term r;      ///< What is left, at most ln2/2 (or 1/2 for exp2).
  Term biased; ///< Integer whose low bits are n + bias.
};
} // namespace

static double rounder(Term x, int bias) { return std::ldexp(1.5, format(x).mant) + bias; }

static Reduced reduce(Term x, int bias) {
  double magic = rounder(x, bias);
  llvm::ArrayRef<double> ln2 = TENON_TABLE(x, ln2);
  Term t = mulAdd(x, TENON_TABLE(x, invLn2)[0], lit(x, magic));
  Term n = t - magic;
  Term r = mulAdd(n, -ln2[1], mulAdd(n, -ln2[0], x));
  return {r, bits(t)};
}

/// e^r for a reduced r.
static Term expPolynomial(Term r) {
  Term q = polynomial(r, TENON_TABLE(r, expFastQ));
  return mulAdd(mulAdd(q, r, 1.0), r, 1.0);
}

/// e^r - 1 for a reduced r.
static Term expm1Polynomial(Term r) { return mulAdd(r * r, polynomial(r, TENON_TABLE(r, expQ)), r); }

/// 2^n, n + bias being the low bits; the rest is shifted out.
static Term power(Term biased, Term like) { return fromBits(biased << format(like).mant, like); }

/// p 2^n where the low bits of `biased` are n + 2 bias: in two steps, so that overflow and gradual underflow come by
/// themselves.
static Term scale(Term p, Term biased) {
  Term half = biased >> 1;
  return p * power(half, p) * power(biased - half, p);
}

/// f32: softmax lives on this, so it is kept to about 15 instructions. One scaling by 2^n does where n is at most 127,
/// which leaves r up to ln2 for the last results before infinity. Results below about 2^-126.5 are 0: there n is -127
/// and the scale's bits are 0. Infinity and NaN come by themselves; -infinity needs the bound.
static Term shortExp(Term x) {
  double magic = rounder(x, 127);
  x = atLeast(x, -88);
  Term t = atMost(mulAdd(x, c::invLn232[0], lit(x, magic)), magic + 127);
  Term n = t - magic;
  Term r = mulAdd(n, -c::ln232[1], mulAdd(n, -c::ln232[0], x));
  Term p = mulAdd(mulAdd(polynomial(r, c::expWideQ32), r, 1.0), r, 1.0);
  return p * power(bits(t), x);
}

Term exp(Term x) {
  Format f = format(x);
  if (!f.is64)
    return shortExp(x);
  x = atLeast(atMost(x, 710), -746);
  Reduced m = reduce(x, 2 * f.bias);
  return scale(expPolynomial(m.r), m.biased);
}

Term expPair(Term h, Term l, Term factor) {
  Format f = format(h);
  double high = f.is64 ? 711 : 90, low = f.is64 ? -760 : -115;
  l = sel((h > high) | (h < low), 0.0, l);
  h = atLeast(atMost(h, high), low);
  Reduced m = reduce(h, 2 * f.bias);
  Term p = expPolynomial(m.r + l);
  return scale(factor ? p * factor : p, m.biased);
}

Term exp2(Term x) {
  Format f = format(x);
  x = atLeast(atMost(x, f.is64 ? 1025 : 129), f.is64 ? -1076 : -151);
  double magic = rounder(x, 2 * f.bias);
  Term t = x + magic;
  Term r = x - (t - magic);
  return scale(mulAdd(polynomial(r, TENON_TABLE(x, exp2Q)), r, 1.0), bits(t));
}

/// (e^x - 1) / 4, which is finite up to where sinh overflows.
static Term expm1Quarter(Term x) {
  Format f = format(x);
  x = atLeast(atMost(x, f.is64 ? 710.7 : 89.7), f.is64 ? -60 : -30);
  Reduced m = reduce(x, f.bias - 2);
  Term s = power(m.biased, x);
  return mulAdd(s, expm1Polynomial(m.r), s - 0.25);
}

/// Where f(x) rounds to x; it also keeps the sign of zero.
static Term orItself(Term x, int exponent32, int exponent64, Term value) {
  return sel(abs(x) < std::ldexp(1.0, format(x).is64 ? exponent64 : exponent32), x, value);
}

Term expm1(Term x) { return orItself(x, -26, -55, expm1Quarter(x) * 4.0); }

Term sinh(Term x) {
  Term u = expm1Quarter(abs(x));
  Term r = mulAdd(u / (u + 0.25), 0.25, u) * 2.0;
  return orItself(x, -13, -28, copysign(r, x));
}

Term cosh(Term x) {
  Format f = format(x);
  Reduced m = reduce(atMost(abs(x), f.is64 ? 710.7 : 89.7), f.bias - 2);
  Term quarter = expPolynomial(m.r) * power(m.biased, x);
  return (quarter + 0.0625 / quarter) * 2.0;
}

Term tanh(Term x) {
  // With e = e^(-2|x|), which cannot overflow: (1 - e) / (1 + e), for large x as 1 - 2e / (1 + e), where e is small and
  // its error smaller still.
  Format f = format(x);
  Term a = abs(x);
  Reduced m = reduce(atLeast(a * -2.0, f.is64 ? -60 : -30), f.bias);
  Term s = power(m.biased, x), p = expm1Polynomial(m.r);
  Term e = mulAdd(s, p, s), less = mulAdd(s, p, s - 1.0);
  Term big = a > 0.55;
  Term q = sel(big, e * 2.0, -less) / (less + 2.0);
  return orItself(x, -13, -28, copysign(sel(big, 1.0 - q, q), x));
}

Term erf(Term x) {
  Format f = format(x);
  Term a = abs(x);
  Term small = mulAdd(a, polynomial(a * a, TENON_TABLE(x, erfP)), a);
  // 1 - e^L(a): the argument stays above -40, so one scaling is enough.
  Term l = polynomial(atMost(a, f.is64 ? 6 : 4), TENON_TABLE(x, erfL));
  Reduced m = reduce(l, f.bias);
  Term big = 1.0 - expPolynomial(m.r) * power(m.biased, x);
  return copysign(sel(a < 1.0, small, big), x);
}

Term erfc(Term x) {
  Format f = format(x);
  Term a = atMost(abs(x), f.is64 ? 27.4 : 10.2);
  Term scaled = polynomial((a - 4.0) / (a + 4.0), TENON_TABLE(x, erfcxP)) / mulAdd(a, 2.0, lit(a, 1.0));
  Pair square = twoProduct(a, a);
  Term r = expPair(-square.hi, -square.lo, scaled);
  r = sel(isNegative(x), 2.0 - r, r);
  // Near 0 the result is near 1, where erf has the smaller error.
  Term near = 1.0 - mulAdd(x, polynomial(x * x, TENON_TABLE(x, erfP)), x);
  return sel(abs(x) < 0.5, near, r);
}

} // namespace tenon::functions
