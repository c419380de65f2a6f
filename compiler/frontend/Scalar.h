//===- Scalar.h - names and values of scalars -------------------------------===//
//
// Owns the lookup of types and functions by name, rounding and wrapping to a type, and constant folding. Internal to
// the front end, and of use to the oracle.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Ast.h"

#include <string_view>

namespace tenon {

std::optional<DType> typeNamed(std::string_view name);
std::optional<Function> functionNamed(std::string_view name);
unsigned getArity(Function function);

/// Rounds to nearest even; out of range becomes an infinity.
double roundTo(DType type, double value);
/// Keeps the low bits, as the type's value (u64 by its bits).
int64_t wrapTo(DType type, uint64_t bits);
ScalarValue castValue(const ScalarValue &value, DType type);

/// The value of an expression of literals alone (functions in double, then rounded); nothing where it has anything
/// else in it, a reduction included.
std::optional<ScalarValue> foldConstant(const ExprPtr &expr);

} // namespace tenon
