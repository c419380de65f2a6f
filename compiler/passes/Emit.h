//===- Emit.h - writing kernel arithmetic as formulas -----------------------===//
//
// Owns the notation in which the expansions of this folder are written: terms with C++ operators that build arith and
// math operations, alike for scalars and vectors, and the error-free sums and products. Does not own any function.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "../targets/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace tenon {

class Emit;

/// A value of a kernel in a formula. Operators build arith operations: float or integer ones by the type; `<` and its
/// kin are ordered for floats and signed for integers; `>>` is logical.
struct Term {
  Emit *e = nullptr;
  mlir::Value v;
  explicit operator bool() const { return static_cast<bool>(v); }
};

/// An unevaluated sum; |lo| is at most half an ulp of hi.
struct Pair {
  Term hi, lo;
};

/// What depends on the width of a float type.
struct Format {
  bool is64;
  int mant, bias, width;
};

class Emit {
public:
  Emit(mlir::OpBuilder &b, mlir::Location loc, const DeviceDescription &device) : b(b), loc(loc), device(device) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  const DeviceDescription &device;

  Term operator()(mlir::Value v) { return {this, v}; }
  template <class Op, class... Args> Term op(Args... args) { return {this, Op::create(b, loc, args.v...)}; }

  /// `type` with its element replaced.
  static mlir::Type like(mlir::Type type, mlir::Type element);
  static Format format(mlir::Type type);
  mlir::Type intLike(mlir::Type type);
  /// A constant of the (float, integer or index) type of `t`.
  Term lit(mlir::Type type, double value);
  Term bitsLit(mlir::Type type, uint64_t value);

  Term cmpf(mlir::arith::CmpFPredicate p, Term a, Term b);
  Term cmpi(mlir::arith::CmpIPredicate p, Term a, Term b);
  Term select(Term c, Term a, Term b) { return op<mlir::arith::SelectOp>(c, a, b); }
  Term cast(Term x, mlir::Type type); ///< bitcast
};

Term lit(Term like, double value);
Term ilit(Term like, uint64_t bits); ///< An integer constant of the type of `like`.
Term operator+(Term a, Term b);
Term operator-(Term a, Term b);
Term operator*(Term a, Term b);
Term operator/(Term a, Term b);
Term operator&(Term a, Term b);
Term operator|(Term a, Term b);
Term operator^(Term a, Term b);
Term operator<<(Term a, Term b);
Term operator>>(Term a, Term b);
Term operator<(Term a, Term b);
Term operator>(Term a, Term b);
Term operator<=(Term a, Term b);
Term operator>=(Term a, Term b);
Term operator==(Term a, Term b);
Term operator!=(Term a, Term b);
Term operator-(Term a);

inline Term operator+(Term a, double c) { return a + lit(a, c); }
inline Term operator-(Term a, double c) { return a - lit(a, c); }
inline Term operator*(Term a, double c) { return a * lit(a, c); }
inline Term operator-(double c, Term a) { return lit(a, c) - a; }
inline Term operator/(double c, Term a) { return lit(a, c) / a; }
inline Term operator<(Term a, double c) { return a < lit(a, c); }
inline Term operator>(Term a, double c) { return a > lit(a, c); }
inline Term operator<=(Term a, double c) { return a <= lit(a, c); }
inline Term operator>=(Term a, double c) { return a >= lit(a, c); }
inline Term operator==(Term a, double c) { return a == lit(a, c); }
inline Term operator!=(Term a, double c) { return a != lit(a, c); }
inline Term operator&(Term a, uint64_t c) { return a & ilit(a, c); }
inline Term operator|(Term a, uint64_t c) { return a | ilit(a, c); }
inline Term operator^(Term a, uint64_t c) { return a ^ ilit(a, c); }
inline Term operator<<(Term a, int c) { return a << ilit(a, c); }
inline Term operator>>(Term a, int c) { return a >> ilit(a, c); }

Term sar(Term a, int c);
Term ult(Term a, Term b);
Term sel(Term c, Term a, Term b);
Term sel(Term c, double a, Term b);
Term sel(Term c, Term a, double b);
Term logicalNot(Term c);

Format format(Term x);
Term bits(Term x);                     ///< A float's bits.
Term fromBits(Term x, Term floatLike); ///< A float of the type of `floatLike`.
Term abs(Term x);
Term copysign(Term x, Term sign);
Term sqrt(Term x);
Term trunc(Term x);
Term isNan(Term x); ///< By the bits: drivers' own tests are not to be trusted.
Term isInf(Term x);
Term isFinite(Term x);
Term isNegative(Term x); ///< The sign bit.
Term nan(Term like);
Term infinity(Term like);
/// a * b + c: one rounding where the device has fma, else two.
Term mulAdd(Term a, Term b, Term c);
Term mulAdd(Term a, double b, Term c);
Term mulAdd(Term a, Term b, double c);
/// The lesser of x and c, and x if it is a NaN.
Term atMost(Term x, double c);
Term atLeast(Term x, double c);
/// An integer as a float of the type of `floatLike`; |n| < 2^24 is exact.
Term toFloat(Term n, Term floatLike);
/// Horner; lowest coefficient first.
Term polynomial(Term x, llvm::ArrayRef<double> coefficients);

Pair fastTwoSum(Term a, Term b); ///< Needs |a| >= |b| or a == 0.
Pair twoSum(Term a, Term b);
Pair twoProduct(Term a, Term b);

} // namespace tenon
