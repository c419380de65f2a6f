//===- MathFunctions.h - the language's functions as arithmetic -------------===//
//
// Owns the list of functions that have an expansion and the entry point that writes one. The expansions are
// branch-free, alike for scalars and vectors of f32 and f64, and use fma only where the device has it; bounds are in
// docs/functions.md. Does not own f16 and bf16: legalize carries those out in f32.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Emit.h"

namespace tenon {

/// The functions of one operand, then those of two and three.
enum class Function {
  Exp,
  Exp2,
  Expm1,
  Log,
  Log2,
  Log10,
  Log1p,
  Rsqrt,
  Cbrt,
  Sin,
  Cos,
  Tan,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Tanh,
  Asinh,
  Acosh,
  Atanh,
  Erf,
  Erfc,
  Round,
  Atan2,
  Pow,
  Fma
};

/// Writes `function` of `args` (all of one type: f32, f64 or a vector of them) as operations that every target takes.
mlir::Value expandFunction(mlir::OpBuilder &b, mlir::Location loc, Function function, mlir::ValueRange args,
                           const DeviceDescription &device);

inline mlir::Value expandExp(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, const DeviceDescription &device) {
  return expandFunction(b, loc, Function::Exp, x, device);
}
inline mlir::Value expandLog(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, const DeviceDescription &device) {
  return expandFunction(b, loc, Function::Log, x, device);
}
inline mlir::Value expandTanh(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, const DeviceDescription &device) {
  return expandFunction(b, loc, Function::Tanh, x, device);
}
inline mlir::Value expandErf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, const DeviceDescription &device) {
  return expandFunction(b, loc, Function::Erf, x, device);
}
inline mlir::Value expandRsqrt(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, const DeviceDescription &device) {
  return expandFunction(b, loc, Function::Rsqrt, x, device);
}

/// The maximum or minimum that propagates NaN (`lhs` is the one whose NaN is tested late: give a reduction's
/// accumulator as `rhs`), and the one that drops a NaN.
Term propagatingMax(Term lhs, Term rhs, bool isMax);
Term droppingMax(Term lhs, Term rhs, bool isMax);

/// r, a rounded to nearest sum, rounded to odd instead: what was lost is told by its sign and whether there is any. A
/// later rounding to fewer bits is then as good as one from the exact sum.
Term toOdd(Term r, Term positive, Term inexact);

namespace functions {
// Exponentials.cpp
Term exp(Term x);
Term exp2(Term x);
Term expm1(Term x);
Term sinh(Term x);
Term cosh(Term x);
Term tanh(Term x);
Term erf(Term x);
Term erfc(Term x);
// Logarithms.cpp
Term log(Term x);
Term log2(Term x);
Term log10(Term x);
Term log1p(Term x);
Term asinh(Term x);
Term acosh(Term x);
Term atanh(Term x);
Term cbrt(Term x);
Term pow(Term x, Term y);
// Trigonometry.cpp
Term sin(Term x);
Term cos(Term x);
Term tan(Term x);
Term asin(Term x);
Term acos(Term x);
Term atan(Term x);
Term atan2(Term y, Term x);
// MathFunctions.cpp
Term fma(Term a, Term b, Term c);
/// e^(h + l), |l| small beside h, with the whole range of h; Exponentials.cpp.
Term expPair(Term h, Term l, Term factor);
} // namespace functions
} // namespace tenon
