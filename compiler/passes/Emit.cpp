//===- Emit.cpp - writing kernel arithmetic as formulas ---------------------===//
//
// Owns the building of the operations behind Emit.h. Does not own any function.
//
//===------------------------------------------------------------------------===//
#include "Emit.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace tenon {

Type Emit::like(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

Format Emit::format(Type type) {
  if (getElementTypeOrSelf(type).isF64())
    return {true, 52, 1023, 64};
  return {false, 23, 127, 32};
}

Type Emit::intLike(Type type) {
  return like(type, b.getIntegerType(getElementTypeOrSelf(type).getIntOrFloatBitWidth()));
}

static TypedAttr splat(Type type, Attribute value) {
  if (auto vector = dyn_cast<VectorType>(type))
    return DenseElementsAttr::get(vector, value);
  return cast<TypedAttr>(value);
}

Term Emit::lit(Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  Attribute attr =
      isa<FloatType>(element) ? Attribute(b.getFloatAttr(element, value)) : b.getIntegerAttr(element, int64_t(value));
  return {this, arith::ConstantOp::create(b, loc, splat(type, attr))};
}

Term Emit::bitsLit(Type type, uint64_t value) {
  Type element = getElementTypeOrSelf(type);
  Attribute attr;
  if (element.isIndex())
    attr = b.getIndexAttr(int64_t(value));
  else
    attr = b.getIntegerAttr(element, APInt(element.getIntOrFloatBitWidth(), value, false, /*implicitTrunc=*/true));
  return {this, arith::ConstantOp::create(b, loc, splat(type, attr))};
}

Term Emit::cmpf(arith::CmpFPredicate p, Term x, Term y) { return {this, arith::CmpFOp::create(b, loc, p, x.v, y.v)}; }
Term Emit::cmpi(arith::CmpIPredicate p, Term x, Term y) { return {this, arith::CmpIOp::create(b, loc, p, x.v, y.v)}; }
Term Emit::cast(Term x, Type type) { return {this, arith::BitcastOp::create(b, loc, type, x.v)}; }

static bool isFloat(Term x) { return isa<FloatType>(getElementTypeOrSelf(x.v.getType())); }

Term lit(Term like, double value) { return like.e->lit(like.v.getType(), value); }
Term ilit(Term like, uint64_t value) { return like.e->bitsLit(like.v.getType(), value); }

template <class F, class I> static Term either(Term a, Term b) {
  return isFloat(a) ? a.e->op<F>(a, b) : a.e->op<I>(a, b);
}
Term operator+(Term a, Term b) { return either<arith::AddFOp, arith::AddIOp>(a, b); }
Term operator-(Term a, Term b) { return either<arith::SubFOp, arith::SubIOp>(a, b); }
Term operator*(Term a, Term b) { return either<arith::MulFOp, arith::MulIOp>(a, b); }
Term operator/(Term a, Term b) { return a.e->op<arith::DivFOp>(a, b); }
Term operator&(Term a, Term b) { return a.e->op<arith::AndIOp>(a, b); }
Term operator|(Term a, Term b) { return a.e->op<arith::OrIOp>(a, b); }
Term operator^(Term a, Term b) { return a.e->op<arith::XOrIOp>(a, b); }
Term operator<<(Term a, Term b) { return a.e->op<arith::ShLIOp>(a, b); }
Term operator>>(Term a, Term b) { return a.e->op<arith::ShRUIOp>(a, b); }

static Term compare(Term a, Term b, arith::CmpFPredicate f, arith::CmpIPredicate i) {
  return isFloat(a) ? a.e->cmpf(f, a, b) : a.e->cmpi(i, a, b);
}
Term operator<(Term a, Term b) { return compare(a, b, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt); }
Term operator>(Term a, Term b) { return compare(a, b, arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt); }
Term operator<=(Term a, Term b) { return compare(a, b, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle); }
Term operator>=(Term a, Term b) { return compare(a, b, arith::CmpFPredicate::OGE, arith::CmpIPredicate::sge); }
Term operator==(Term a, Term b) { return compare(a, b, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq); }
Term operator!=(Term a, Term b) { return compare(a, b, arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne); }
Term operator-(Term a) { return isFloat(a) ? a.e->op<arith::NegFOp>(a) : ilit(a, 0) - a; }

Term sar(Term a, int c) { return a.e->op<arith::ShRSIOp>(a, ilit(a, c)); }
Term ult(Term a, Term b) { return a.e->cmpi(arith::CmpIPredicate::ult, a, b); }
Term sel(Term c, Term a, Term b) { return c.e->select(c, a, b); }
Term sel(Term c, double a, Term b) { return c.e->select(c, lit(b, a), b); }
Term sel(Term c, Term a, double b) { return c.e->select(c, a, lit(a, b)); }
Term logicalNot(Term c) { return c ^ ilit(c, 1); }

Format format(Term x) { return Emit::format(x.v.getType()); }
Term bits(Term x) { return x.e->cast(x, x.e->intLike(x.v.getType())); }
Term fromBits(Term x, Term like) { return x.e->cast(x, like.v.getType()); }
Term abs(Term x) { return x.e->op<math::AbsFOp>(x); }
Term copysign(Term x, Term sign) { return x.e->op<math::CopySignOp>(x, sign); }
Term sqrt(Term x) { return x.e->op<math::SqrtOp>(x); }
Term trunc(Term x) { return x.e->op<math::TruncOp>(x); }

static uint64_t infBits(Term x) {
  Format f = format(x);
  return uint64_t(2 * f.bias + 1) << f.mant;
}
static Term magnitudeBits(Term x) { return bits(x) & (~uint64_t(0) >> (65 - format(x).width)); }

Term isNan(Term x) {
  Term m = magnitudeBits(x);
  return m > ilit(m, infBits(x));
}
Term isInf(Term x) {
  Term m = magnitudeBits(x);
  return m == ilit(m, infBits(x));
}
Term isFinite(Term x) {
  Term m = magnitudeBits(x);
  return m < ilit(m, infBits(x));
}
Term isNegative(Term x) {
  Term i = bits(x);
  return i < ilit(i, 0);
}
Term nan(Term like) { return lit(like, std::numeric_limits<double>::quiet_NaN()); }
Term infinity(Term like) { return lit(like, std::numeric_limits<double>::infinity()); }

Term mulAdd(Term a, Term b, Term c) { return a.e->device.fma ? a.e->op<math::FmaOp>(a, b, c) : a * b + c; }
Term mulAdd(Term a, double b, Term c) { return mulAdd(a, lit(a, b), c); }
Term mulAdd(Term a, Term b, double c) { return mulAdd(a, b, lit(a, c)); }

// The comparison is false for a NaN, so it stays; x86's minps is exactly this.
Term atMost(Term x, double c) {
  Term k = lit(x, c);
  return sel(k < x, k, x);
}
Term atLeast(Term x, double c) {
  Term k = lit(x, c);
  return sel(k > x, k, x);
}

Term toFloat(Term n, Term like) {
  Emit &e = *n.e;
  // From 32 bits, which is cheap on every machine where 64 bits are not.
  Type i32 = Emit::like(n.v.getType(), e.b.getI32Type());
  if (n.v.getType() != i32)
    n = {&e, arith::TruncIOp::create(e.b, e.loc, i32, n.v)};
  return {&e, arith::SIToFPOp::create(e.b, e.loc, like.v.getType(), n.v)};
}

Term polynomial(Term x, ArrayRef<double> c) {
  Term p = lit(x, c.back());
  for (double k : llvm::reverse(c.drop_back()))
    p = mulAdd(p, x, k);
  return p;
}

Pair fastTwoSum(Term a, Term b) {
  Term s = a + b;
  return {s, b - (s - a)};
}
Pair twoSum(Term a, Term b) {
  Term s = a + b, bb = s - a;
  return {s, (a - (s - bb)) + (b - bb)};
}
Pair twoProduct(Term a, Term b) {
  Term p = a * b;
  if (a.e->device.fma)
    return {p, mulAdd(a, b, -p)};
  // Dekker's product on halves that are cut by their bits (Veltkamp's split would overflow). The odd 53 bits of f64 fit
  // two halves of 26 only if the high one is rounded, which gives the low one a sign.
  auto split = [](Term x) {
    Term i = bits(x);
    Term h = fromBits(
        format(x).is64 ? (i + ilit(i, uint64_t(1) << 26)) & (~uint64_t(0) << 27) : i & (~uint64_t(0) << 12), x);
    return Pair{h, x - h};
  };
  Pair x = split(a), y = split(b);
  return {p, (((x.hi * y.hi - p) + x.hi * y.lo) + x.lo * y.hi) + x.lo * y.lo};
}

} // namespace tenon
