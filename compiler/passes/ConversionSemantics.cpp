//===- ConversionSemantics.cpp - conversions that round and saturate alike --===//
//
// Owns conversions between floats and integers and to and from f16 and bf16. Does not own which of them a device does
// itself: Legalize.cpp asks.
//
//===------------------------------------------------------------------------===//
#include "MathFunctions.h"
#include "Semantics.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;

namespace tenon {

template <class Op> static Term convert(Term x, Type element) {
  return {x.e, Op::create(x.e->b, x.e->loc, Emit::like(x.v.getType(), element), x.v)};
}

Term floatToInt(Term x, Type to, bool isSigned) {
  Emit &e = *x.e;
  Type element = getElementTypeOrSelf(to);
  unsigned width = element.getIntOrFloatBitWidth();
  double high = std::ldexp(1.0, isSigned ? width - 1 : width), low = isSigned ? -high : 0;
  Term number = sel(isNan(x), 0.0, x);
  Term above = number >= high, below = number <= low;
  Term safe = sel(above | below, 0.0, number);
  // Bytes and halves are chosen between as words: some drivers' compilers crash over selects of bytes.
  Type word = width < 32 ? e.b.getI32Type() : element;
  Term n = isSigned || width < 32 ? convert<arith::FPToSIOp>(safe, word) : convert<arith::FPToUIOp>(safe, word);
  uint64_t all = ~uint64_t(0) >> (64 - width), top = uint64_t(1) << (width - 1);
  uint64_t least = isSigned ? ~uint64_t(0) << (width - 1) : 0;
  if (width >= 32)
    least &= all;
  Term kept = sel(above, ilit(n, isSigned ? top - 1 : all), sel(below, ilit(n, least), n));
  return width < 32 ? convert<arith::TruncIOp>(kept, element) : kept;
}

/// A number below 2^48 as f32, and rounded to odd if so asked.
static Term fromParts(Term n, Type f32, bool odd) {
  Emit &e = *n.e;
  Term shape{&e, e.lit(Emit::like(n.v.getType(), f32), 0).v};
  // Two halves of 24 bits: exact each, so the sum is the only rounding.
  Term high = toFloat(n >> 24, shape) * 0x1p24, low = toFloat(n & 0xffffff, shape);
  if (!odd)
    return high + low;
  Pair sum = fastTwoSum(high, low);
  return toOdd(sum.hi, sum.lo > 0.0, sum.lo != 0.0);
}

/// i64 or i32 to f32.
static Term wideToFloat(Term x, bool isSigned, bool odd) {
  Emit &e = *x.e;
  Type f32 = e.b.getF32Type();
  Term zero = ilit(x, 0), negative = x < zero;
  Term n = isSigned ? sel(negative, -x, x) : x;
  Term r;
  if (getElementTypeOrSelf(x.v.getType()).getIntOrFloatBitWidth() == 32) {
    r = fromParts(n, f32, odd);
  } else {
    // From 2^42 on the last 16 bits are below a quarter of an ulp: all that counts is whether one is set.
    Term big = logicalNot(ult(n, ilit(n, uint64_t(1) << 42)));
    Term some = sel((n & 0xffff) != zero, ilit(n, 1), zero);
    Term f = fromParts(sel(big, (n >> 16) | some, n), f32, odd);
    r = f * sel(big, lit(f, 65536), lit(f, 1));
  }
  return isSigned ? sel(negative, -r, r) : r;
}

Term intToFloat(Term x, Type to, bool isSigned) {
  Emit &e = *x.e;
  Type element = getElementTypeOrSelf(to), f32 = e.b.getF32Type();
  // A 32-bit index that was widened only because arith has no conversion of its own.
  if (auto cast = x.v.getDefiningOp<arith::IndexCastOp>())
    if (e.device.indexBits == 32 && getElementTypeOrSelf(cast.getIn().getType()).isIndex())
      x = {&e, arith::IndexCastOp::create(e.b, e.loc, Emit::like(x.v.getType(), e.b.getI32Type()), cast.getIn())};
  unsigned width = getElementTypeOrSelf(x.v.getType()).getIntOrFloatBitWidth();
  if (width < 32) {
    x = isSigned ? convert<arith::ExtSIOp>(x, e.b.getI32Type()) : convert<arith::ExtUIOp>(x, e.b.getI32Type());
    isSigned = true;
  }
  auto direct = [&](Type f) { return isSigned ? convert<arith::SIToFPOp>(x, f) : convert<arith::UIToFPOp>(x, f); };
  if (element.isF64())
    return direct(element);
  bool wide = width == 64;
  if (element.isF32())
    return wide ? wideToFloat(x, isSigned, false) : direct(f32);
  // f32 holds every integer that f16 does not round to infinity; for bf16 the first rounding must be to odd.
  bool odd = element.isBF16() && width >= 32;
  if (wide || odd)
    return truncateNarrow(wideToFloat(x, isSigned, odd), to);
  // The bound changes nothing; without it MLIR makes one conversion of the two, which no device has.
  Term f = direct(f32);
  return truncateNarrow(sel(f > 0x1p17, 0x1p17, f), to);
}

static Term toBits16(Term x, Type to) {
  Emit &e = *x.e;
  return e.cast(convert<arith::TruncIOp>(x, e.b.getIntegerType(16)), to);
}

Term extendNarrow(Term x, Type to) {
  Emit &e = *x.e;
  Type from = x.v.getType();
  Type f32 = Emit::like(from, e.b.getF32Type());
  Term r;
  if (getElementTypeOrSelf(from).isF16() && e.device.nativeFloat16Convert) {
    r = {&e, arith::ExtFOp::create(e.b, e.loc, f32, x.v)};
  } else {
    Term i = convert<arith::ExtUIOp>(e.cast(x, Emit::like(from, e.b.getIntegerType(16))), e.b.getI32Type());
    if (getElementTypeOrSelf(from).isBF16()) {
      r = e.cast(i << 16, f32);
    } else {
      Term m = (i & 0x7fff) << 13, sign = (i & 0x8000) << 16, top = ilit(m, 0x0f800000);
      Term normal = m + ilit(m, 112 << 23);
      Term special = m | 0x7f800000;
      // A subnormal is an integer times 2^-24; no subnormal f32 is made on the way.
      Term f = e.cast(normal, f32);
      Term small = bits(toFloat(i & 0x3ff, f) * 0x1p-24);
      Term v = sel(m >= top, special, sel(m < ilit(m, 1 << 23), small, normal));
      r = e.cast(v | sign, f32);
    }
  }
  if (getElementTypeOrSelf(to).isF64())
    return {&e, arith::ExtFOp::create(e.b, e.loc, to, r.v)};
  return r;
}

Term truncateNarrow(Term x, Type to) {
  Emit &e = *x.e;
  Type f32 = Emit::like(x.v.getType(), e.b.getF32Type());
  if (getElementTypeOrSelf(x.v.getType()).isF64()) {
    Term r{&e, arith::TruncFOp::create(e.b, e.loc, f32, x.v)};
    Term lost = x - Term{&e, arith::ExtFOp::create(e.b, e.loc, x.v.getType(), r.v)};
    // Not a finite number minus itself: what overflowed stays infinite, and f16 and bf16 agree.
    x = sel(isFinite(r), toOdd(r, lost > 0.0, lost != 0.0), r);
  }
  if (getElementTypeOrSelf(to).isF16() && e.device.nativeFloat16Convert)
    return {&e, arith::TruncFOp::create(e.b, e.loc, to, x.v)};
  Term i = bits(x);
  Term m = i & 0x7fffffff, nan = m > ilit(m, 0x7f800000);
  if (getElementTypeOrSelf(to).isBF16()) {
    Term rounded = (i + ((i >> 16) & 1) + ilit(i, 0x7fff)) >> 16;
    return toBits16(sel(nan, (i >> 16) | 0x40, rounded), to);
  }
  // Ties to even by adding the kept last bit and just under a half; what carries into the exponent is right, infinity
  // included. A subnormal result is rounded by an addition to 0.5, whose last bit is 2^-24.
  Term normal = (m + ((m >> 13) & 1) + ilit(m, 0xfff - (112 << 23))) >> 13;
  Term half = e.cast(m, f32) + 0.5;
  Term small = bits(half) - ilit(m, 0x3f000000);
  Term v = sel(m < ilit(m, 0x38800000), small, normal);
  v = sel(m >= ilit(m, 0x47800000), sel(nan, ilit(m, 0x7e00), ilit(m, 0x7c00)), v);
  return toBits16(v | ((i >> 16) & 0x8000), to);
}

} // namespace tenon
