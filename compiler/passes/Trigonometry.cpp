//===- Trigonometry.cpp - sin, cos, tan and their inverses ------------------===//
//
// Owns the trigonometric functions. Every angle above pi/4 is reduced as Payne and Hanek do, in integers: the product
// of the fraction with the bits of 2/pi that matter, modulo 4. So huge angles are right and devices cannot differ.
//
//===------------------------------------------------------------------------===//
#include "Coefficients.h"
#include "MathFunctions.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

namespace tenon::functions {
namespace c = coefficients;
using namespace mlir;

#define TENON_TABLE(x, name)                                                                                           \
  (format(x).is64 ? llvm::ArrayRef<double>(c::name##64) : llvm::ArrayRef<double>(c::name##32))

/// High and low word of a product of unsigned words.
static Pair wideProduct(Term a, Term b) {
  Emit &e = *a.e;
  Type type = a.v.getType();
  if (getElementTypeOrSelf(type).getIntOrFloatBitWidth() == 32) {
    if (!e.device.int64) {
      auto product = arith::MulUIExtendedOp::create(e.b, e.loc, a.v, b.v);
      return {{&e, product.getHigh()}, {&e, product.getLow()}};
    }
    Type wide = Emit::like(type, e.b.getI64Type());
    Term p = Term{&e, arith::ExtUIOp::create(e.b, e.loc, wide, a.v)} *
             Term{&e, arith::ExtUIOp::create(e.b, e.loc, wide, b.v)};
    return {{&e, arith::TruncIOp::create(e.b, e.loc, type, (p >> 32).v)},
            {&e, arith::TruncIOp::create(e.b, e.loc, type, p.v)}};
  }
  // 64 bits from 32-bit halves: no target needs 128-bit integers.
  uint64_t mask = 0xffffffff;
  Term al = a & mask, ah = a >> 32, bl = b & mask, bh = b >> 32;
  Term ll = al * bl, lh = al * bh, hl = ah * bl;
  Term middle = (ll >> 32) + (lh & mask) + (hl & mask);
  return {ah * bh + (lh >> 32) + (hl >> 32) + (middle >> 32), a * b};
}

namespace {
/// x = quadrant * pi/2 + (hi + lo), |hi| <= pi/4 (a little more by rounding).
struct Angle {
  Term hi, lo, quadrant;
};
} // namespace

/// For a finite a >= 0; anything for others.
static Angle reduceAngle(Term a) {
  Format f = format(a);
  llvm::ArrayRef<uint64_t> stream = f.is64 ? llvm::ArrayRef<uint64_t>(c::twoOverPi64) : c::twoOverPi32;
  int w = f.width, logw = f.is64 ? 6 : 5;
  Term i = bits(a), zero = ilit(i, 0);
  // a = m 2^-w 2^e with m's top bit set, so a * 2/pi * 2^(w-2) mod 2^w is m times the bits of 2/pi from bit e - w
  // on: those before give multiples of 4, and after three words comes less than the last bit.
  Term e = (i >> f.mant) - ilit(i, f.bias - 1);
  e = sel(e < zero, zero, e);
  Term m = (i << (w - 1 - f.mant)) | (uint64_t(1) << (w - 1));
  Term word = e >> logw, shift = e & uint64_t(w - 1);

  // Four words from `word` on: a barrel of selects, widest step first.
  llvm::SmallVector<Term> words;
  for (uint64_t bitsOfWord : stream)
    words.push_back(ilit(i, bitsOfWord));
  for (int step = f.is64 ? 16 : 4; step; step /= 2) {
    Term taken = (word & uint64_t(step)) != zero;
    llvm::SmallVector<Term> next;
    for (int k = 0; k < step - 1 + 4; ++k)
      next.push_back(k + step < int(words.size()) ? sel(taken, words[k + step], words[k]) : words[k]);
    words = next;
  }
  Term up = ilit(i, w - 1) - shift;
  auto window = [&](int k) { return (words[k] << shift) | ((words[k + 1] >> 1) >> up); };

  Pair middle = wideProduct(window(1), m);
  Term low = middle.lo + wideProduct(window(2), m).hi;
  Term carry = sel(ult(low, middle.lo), ilit(i, 1), zero);
  Term high = window(0) * m + middle.hi + carry;
  Term quadrant = (high + ilit(i, uint64_t(1) << (w - 3))) >> (w - 2);
  Term top = high - (quadrant << (w - 2)); // signed: the fraction in [-1/2, 1/2)

  // To floating point in exact pieces of half a word.
  int h = w / 2;
  uint64_t mask = (uint64_t(1) << h) - 1;
  auto piece = [&](Term n, int exponent) {
    // A half word of 32 bits is unsigned, which no 32-bit conversion of signed numbers takes: count from its middle.
    if (!f.is64)
      return toFloat(n, a) * std::ldexp(1.0, exponent);
    Term biased = fromBits(n | llvm::bit_cast<uint64_t>(std::ldexp(1.0, 52)), a) - std::ldexp(1.0, 52);
    return biased * std::ldexp(1.0, exponent);
  };
  int unit = -(w - 2);
  Term first = f.is64 ? toFloat(sar(top, h), a) * std::ldexp(1.0, unit + h) : piece(sar(top, h), unit + h);
  Pair sum = fastTwoSum(first, piece(top & mask, unit));
  Term rest = piece(low >> h, unit - h) + piece(low & mask, unit - 2 * h);
  Pair r = fastTwoSum(sum.hi, sum.lo + rest);

  llvm::ArrayRef<double> halfPi = TENON_TABLE(a, halfPi);
  Pair t = twoProduct(r.hi, lit(a, halfPi[0]));
  t.lo = t.lo + mulAdd(r.hi, halfPi[1], r.lo * halfPi[0]);
  Term small = a < M_PI_4;
  return {sel(small, a, t.hi), sel(small, 0.0, t.lo), sel(small, zero, quadrant)};
}

static Term sinOf(const Angle &t) {
  Term z = t.hi * t.hi;
  Term lo = mulAdd(z * -0.5, t.lo, t.lo);
  return t.hi + mulAdd(t.hi * z, polynomial(z, TENON_TABLE(z, sinP)), lo);
}

static Term cosOf(const Angle &t) {
  Term z = t.hi * t.hi;
  Term half = z * 0.5, w = 1.0 - half;
  Term tail = z * z * polynomial(z, TENON_TABLE(z, cosP)) - t.hi * t.lo;
  return w + (((1.0 - w) - half) + tail);
}

/// value with the sign bit flipped where bit 1 of `quadrant` is set, and by `sign` (integer) if given.
static Term flip(Term value, Term quadrant, Term sign) {
  int w = format(value).width;
  Term flips = (quadrant & 2) << (w - 2);
  if (sign)
    flips = flips ^ (sign & (uint64_t(1) << (w - 1)));
  return fromBits(bits(value) ^ flips, value);
}

static Term isOdd(Term quadrant) { return (quadrant & 1) != ilit(quadrant, 0); }

Term sin(Term x) {
  Angle t = reduceAngle(abs(x));
  Term r = flip(sel(isOdd(t.quadrant), cosOf(t), sinOf(t)), t.quadrant, bits(x));
  return sel(isFinite(x), r, nan(x));
}

Term cos(Term x) {
  Angle t = reduceAngle(abs(x));
  Term r = sel(isOdd(t.quadrant), sinOf(t), cosOf(t));
  r = flip(r, t.quadrant + ilit(t.quadrant, 1), Term());
  // cos(t + q pi/2): cos, -sin, -cos, sin.
  return sel(isFinite(x), r, nan(x));
}

Term tan(Term x) {
  Angle t = reduceAngle(abs(x));
  Term s = sinOf(t), k = cosOf(t), odd = isOdd(t.quadrant);
  Term r = sel(odd, k, s) / sel(odd, s, k);
  r = flip(r, t.quadrant << 1, bits(x));
  return sel(isFinite(x), r, nan(x));
}

namespace {
/// asin of the reduced s + c, s^2 <= 1/4: either x itself or, where |x| > 1/2, sqrt((1 - |x|) / 2).
struct ReducedArc {
  Term big, s, tail; ///< asin = s + tail, tail small; of x's magnitude where big, of x elsewhere
};
} // namespace

static ReducedArc reduceArc(Term x) {
  Term a = abs(x), big = a > 0.5;
  Term z = sel(big, (1.0 - a) * 0.5, x * x);
  Term root = sqrt(z);
  // What the root lost, by rounding or by a device's own root.
  Pair square = twoProduct(root, root);
  Term lost = ((z - square.hi) - square.lo) / (sel(z == 0.0, 1.0, root) * 2.0);
  Term s = sel(big, root, x);
  return {big, s, mulAdd(s * z, polynomial(z, TENON_TABLE(z, asinP)), sel(big, lost, lit(x, 0)))};
}

Term asin(Term x) {
  llvm::ArrayRef<double> halfPi = TENON_TABLE(x, halfPi);
  ReducedArc r = reduceArc(x);
  Pair sum = fastTwoSum(lit(x, halfPi[0]), r.s * -2.0);
  Term far = copysign(sum.hi + (mulAdd(r.tail, -2.0, sum.lo) + halfPi[1]), x);
  Term near = sel(x == 0.0, x, r.s + r.tail); // keeps -0
  return sel(abs(x) > 1.0, nan(x), sel(r.big, far, near));
}

Term acos(Term x) {
  llvm::ArrayRef<double> halfPi = TENON_TABLE(x, halfPi), pi = TENON_TABLE(x, pi);
  ReducedArc r = reduceArc(x);
  // pi - 2 asin(s), 2 asin(s) or pi/2 - asin(x)
  Term negative = x < 0.0;
  Term factor = sel(r.big, sel(negative, lit(x, -2), lit(x, 2)), lit(x, -1));
  Term hi = sel(r.big, sel(negative, lit(x, pi[0]), lit(x, 0)), lit(x, halfPi[0]));
  Term lo = sel(r.big, sel(negative, lit(x, pi[1]), lit(x, 0)), lit(x, halfPi[1]));
  Pair sum = fastTwoSum(hi, r.s * factor);
  Term value = sum.hi + (mulAdd(r.tail, factor, sum.lo) + lo);
  return sel(abs(x) > 1.0, nan(x), value);
}

namespace {
/// An arc tangent before its offset is added.
struct Arc {
  Term t, tail, below, above; ///< t + tail; below: no offset, above: pi/2, else pi/4.
};
} // namespace

/// atan(y / x) for x, y >= 0, not both 0.
static Arc arc(Term y, Term x) {
  constexpr double low = 0.41421356, high = 2.41421356; // tan(pi/8) and its inverse; need not be exact
  Term below = y <= x * low, above = y >= x * high;
  Pair difference = twoSum(y, -x), total = twoSum(y, x);
  Term n = sel(below, y, sel(above, -x, difference.hi));
  Term d = sel(below, x, sel(above, y, total.hi));
  Term between = logicalNot(below | above);
  Term inverse = 1.0 / d;
  Term t = n * inverse;
  // What t lost: beside pi/4 it would cost an ulp or two.
  Pair p = twoProduct(t, d);
  Term rest = ((n - p.hi) - p.lo) + sel(between, difference.lo - t * total.lo, lit(t, 0));
  // Near the subnormals the product's error term is not exact.
  Format f = format(t);
  rest = sel(abs(n) < std::ldexp(1.0, 2 * f.mant - f.bias), 0.0, rest);
  Term z = t * t;
  return {t, mulAdd(t * z, polynomial(z, TENON_TABLE(z, atanP)), rest * inverse), below, above};
}

static Term choose(const Arc &a, double below, double above, double between) {
  return sel(a.below, lit(a.t, below), sel(a.above, lit(a.t, above), lit(a.t, between)));
}

static Term withOffset(Term hi, Term lo, Term t, Term tail) {
  Pair sum = fastTwoSum(hi, t);
  return sum.hi + (sum.lo + (tail + lo));
}

Term atan(Term x) {
  llvm::ArrayRef<double> halfPi = TENON_TABLE(x, halfPi), quarterPi = TENON_TABLE(x, quarterPi);
  // Beyond this the answer is pi/2; an infinity would make 0 * infinity in the comparisons.
  Arc a = arc(atMost(abs(x), std::ldexp(1.0, 60)), lit(x, 1.0));
  Term r = withOffset(choose(a, 0, halfPi[0], quarterPi[0]), choose(a, 0, halfPi[1], quarterPi[1]), a.t, a.tail);
  return copysign(r, x);
}

Term atan2(Term y, Term x) {
  Format f = format(x);
  llvm::ArrayRef<double> pi = TENON_TABLE(x, pi), halfPi = TENON_TABLE(x, halfPi);
  llvm::ArrayRef<double> quarterPi = TENON_TABLE(x, quarterPi), threeQuarterPi = TENON_TABLE(x, threeQuarterPi);
  Term ay = abs(y), ax = abs(x);
  Term most = sel(ay > ax, ay, ax);
  // Away from overflow of y + x and from the subnormals.
  Term factor = sel(most >= std::ldexp(1.0, f.bias - 4), lit(x, 0.0625),
                    sel(most < std::ldexp(1.0, 2 * f.mant - f.bias), lit(x, std::ldexp(1.0, f.mant + 2)), lit(x, 1)));
  // The same angle with finite numbers.
  Term infiniteX = isInf(x), infiniteY = isInf(y), infinite = infiniteX | infiniteY;
  ay = sel(infinite, sel(infiniteY, lit(x, 1), lit(x, 0)), ay * factor);
  ax = sel(infinite, sel(infiniteX, lit(x, 1), lit(x, 0)), sel(most == 0.0, 1.0, ax * factor));
  Arc a = arc(ay, ax);
  Term left = isNegative(x);
  Term t = sel(left, -a.t, a.t), tail = sel(left, -a.tail, a.tail);
  Term hi = sel(left, choose(a, pi[0], halfPi[0], threeQuarterPi[0]), choose(a, 0, halfPi[0], quarterPi[0]));
  Term lo = sel(left, choose(a, pi[1], halfPi[1], threeQuarterPi[1]), choose(a, 0, halfPi[1], quarterPi[1]));
  Term r = copysign(withOffset(hi, lo, t, tail), y);
  return sel(isNan(x) | isNan(y), nan(x), r);
}

} // namespace tenon::functions
