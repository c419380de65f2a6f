//===- Fold.cpp - the value of constant expressions -------------------------===//
//
// Owns the arithmetic of consts, exactly as the language defines it. Does not simplify anything else.
//
//===------------------------------------------------------------------------===//
#include "Scalar.h"

#include <bit>
#include <cmath>

using namespace tenon;

static ScalarValue intValue(DType type, uint64_t bits) { return {type, 0, wrapTo(type, bits)}; }
static ScalarValue realValue(DType type, double value) { return {type, roundTo(type, value), 0}; }

ScalarValue tenon::castValue(const ScalarValue &value, DType type) {
  if (type == value.type)
    return value;
  if (isFloat(value.type)) {
    if (isFloat(type))
      return realValue(type, value.real);
    if (type == DType::Bool)
      return {type, 0, value.real != 0};
    if (std::isnan(value.real))
      return {type, 0, 0};
    // Truncates, then saturates. 2^63 and 2^64 are exact in double, the highest integers are not.
    unsigned bits = getBits(type);
    double low = isSigned(type) ? -std::ldexp(1.0, bits - 1) : 0,
           high = std::ldexp(1.0, isSigned(type) ? bits - 1 : bits);
    double truncated = std::trunc(value.real);
    if (truncated <= low)
      return {type, 0, isSigned(type) ? wrapTo(type, uint64_t(1) << (bits - 1)) : 0};
    if (truncated >= high)
      return intValue(type, isSigned(type) ? (uint64_t(1) << (bits - 1)) - 1 : ~uint64_t(0));
    return {type, 0,
            isSigned(type) ? static_cast<int64_t>(truncated) : static_cast<int64_t>(static_cast<uint64_t>(truncated))};
  }
  if (isFloat(type)) {
    bool wide = value.type == DType::U64;
    if (type == DType::F32) // Straight to the type: through double it could round twice.
      return {type, wide ? static_cast<float>(static_cast<uint64_t>(value.integer)) : static_cast<float>(value.integer),
              0};
    return realValue(type, wide ? static_cast<double>(static_cast<uint64_t>(value.integer))
                                : static_cast<double>(value.integer));
  }
  return intValue(type, static_cast<uint64_t>(value.integer));
}

static std::optional<ScalarValue> foldBinary(BinaryOp op, DType type, const ScalarValue &a, const ScalarValue &b) {
  if (isFloat(type)) {
    switch (op) {
    case BinaryOp::Add:
      return realValue(type, a.real + b.real);
    case BinaryOp::Sub:
      return realValue(type, a.real - b.real);
    case BinaryOp::Mul:
      return realValue(type, a.real * b.real);
    case BinaryOp::Div:
      return realValue(type, a.real / b.real);
    case BinaryOp::Rem:
      return realValue(type, std::fmod(a.real, b.real));
    default:
      return std::nullopt;
    }
  }
  uint64_t x = a.integer, y = b.integer;
  unsigned bits = getBits(type);
  bool isNegativeCount = isSigned(type) && b.integer < 0;
  bool tooFar = isNegativeCount || y >= bits;
  switch (op) {
  case BinaryOp::Add:
    return intValue(type, x + y);
  case BinaryOp::Sub:
    return intValue(type, x - y);
  case BinaryOp::Mul:
    return intValue(type, x * y);
  case BinaryOp::Div:
    if (b.integer == 0)
      return intValue(type, 0);
    if (!isSigned(type))
      return intValue(type, x / y);
    return intValue(type, b.integer == -1 ? -x : static_cast<uint64_t>(a.integer / b.integer));
  case BinaryOp::Rem:
    if (b.integer == 0)
      return a;
    if (!isSigned(type))
      return intValue(type, x % y);
    return intValue(type, b.integer == -1 ? 0 : static_cast<uint64_t>(a.integer % b.integer));
  case BinaryOp::Shl:
    return intValue(type, tooFar ? 0 : x << y);
  case BinaryOp::Shr:
    if (isSigned(type))
      return intValue(type, tooFar ? (a.integer < 0 ? ~uint64_t(0) : 0) : static_cast<uint64_t>(a.integer >> y));
    return intValue(type, tooFar ? 0 : x >> y);
  case BinaryOp::BitAnd:
    return intValue(type, x & y);
  case BinaryOp::BitXor:
    return intValue(type, x ^ y);
  case BinaryOp::BitOr:
    return intValue(type, x | y);
  }
  return std::nullopt;
}

static bool foldCompare(CompareOp op, const ScalarValue &a, const ScalarValue &b) {
  auto compare = [op](auto x, auto y) {
    switch (op) {
    case CompareOp::Eq:
      return x == y;
    case CompareOp::Ne:
      return x != y;
    case CompareOp::Lt:
      return x < y;
    case CompareOp::Le:
      return x <= y;
    case CompareOp::Gt:
      return x > y;
    case CompareOp::Ge:
      return x >= y;
    }
    return false;
  };
  if (isFloat(a.type))
    return compare(a.real, b.real);
  if (a.type == DType::U64)
    return compare(static_cast<uint64_t>(a.integer), static_cast<uint64_t>(b.integer));
  return compare(a.integer, b.integer);
}

static double minMax(bool isMax, double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  return isMax ? std::fmax(a, b) : std::fmin(a, b);
}

static std::optional<double> foldReal(Function function, const std::vector<ScalarValue> &v) {
  double x = v[0].real, y = v.size() > 1 ? v[1].real : 0, z = v.size() > 2 ? v[2].real : 0;
  switch (function) {
  case Function::Exp:
    return std::exp(x);
  case Function::Exp2:
    return std::exp2(x);
  case Function::Expm1:
    return std::expm1(x);
  case Function::Log:
    return std::log(x);
  case Function::Log2:
    return std::log2(x);
  case Function::Log1p:
    return std::log1p(x);
  case Function::Sqrt:
    return std::sqrt(x);
  case Function::Rsqrt:
    return 1 / std::sqrt(x);
  case Function::Cbrt:
    return std::cbrt(x);
  case Function::Sin:
    return std::sin(x);
  case Function::Cos:
    return std::cos(x);
  case Function::Tan:
    return std::tan(x);
  case Function::Asin:
    return std::asin(x);
  case Function::Acos:
    return std::acos(x);
  case Function::Atan:
    return std::atan(x);
  case Function::Atan2:
    return std::atan2(x, y);
  case Function::Sinh:
    return std::sinh(x);
  case Function::Cosh:
    return std::cosh(x);
  case Function::Tanh:
    return std::tanh(x);
  case Function::Erf:
    return std::erf(x);
  case Function::Erfc:
    return std::erfc(x);
  case Function::Pow:
    return std::pow(x, y);
  case Function::Fma:
    return v[0].type == DType::F32 ? std::fmaf(x, y, z) : std::fma(x, y, z);
  case Function::Floor:
    return std::floor(x);
  case Function::Ceil:
    return std::ceil(x);
  case Function::Round:
    return std::nearbyint(x);
  case Function::Trunc:
    return std::trunc(x);
  case Function::CopySign:
    return std::copysign(x, y);
  case Function::Abs:
    return std::fabs(x);
  case Function::Sign:
    return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0));
  case Function::Min:
    return minMax(false, x, y);
  case Function::Max:
    return minMax(true, x, y);
  case Function::Clamp:
    return minMax(false, minMax(true, x, y), z);
  default:
    return std::nullopt;
  }
}

static std::optional<ScalarValue> foldCall(const Expr &expr, const std::vector<ScalarValue> &v) {
  switch (expr.function) {
  case Function::IsNan:
    return ScalarValue{DType::Bool, 0, std::isnan(v[0].real)};
  case Function::IsInf:
    return ScalarValue{DType::Bool, 0, std::isinf(v[0].real)};
  case Function::IsFinite:
    return ScalarValue{DType::Bool, 0, std::isfinite(v[0].real)};
  default:
    break;
  }
  if (isFloat(expr.type)) {
    auto value = foldReal(expr.function, v);
    return value ? std::optional(realValue(expr.type, *value)) : std::nullopt;
  }
  auto less = [](const ScalarValue &a, const ScalarValue &b) { return foldCompare(CompareOp::Lt, a, b); };
  uint64_t bits = getBits(v[0]);
  int64_t width = getBits(v[0].type);
  switch (expr.function) {
  case Function::Abs:
    return intValue(expr.type, isSigned(expr.type) && v[0].integer < 0 ? -uint64_t(v[0].integer) : v[0].integer);
  case Function::Sign:
    return intValue(expr.type, isSigned(expr.type) && v[0].integer < 0 ? ~uint64_t(0) : v[0].integer != 0);
  case Function::Min:
    return less(v[1], v[0]) ? v[1] : v[0];
  case Function::Max:
    return less(v[0], v[1]) ? v[1] : v[0];
  case Function::Clamp: {
    ScalarValue low = less(v[0], v[1]) ? v[1] : v[0];
    return less(v[2], low) ? v[2] : low;
  }
  case Function::PopCount:
    return intValue(expr.type, std::popcount(bits));
  case Function::Clz:
    return intValue(expr.type, std::countl_zero(bits) - (64 - width));
  case Function::Ctz:
    return intValue(expr.type, bits ? std::countr_zero(bits) : width);
  default:
    return std::nullopt;
  }
}

std::optional<ScalarValue> tenon::foldConstant(const ExprPtr &expr) {
  if (expr->kind == ExprKind::Literal)
    return expr->value;
  if (expr->kind == ExprKind::IndexRef || expr->kind == ExprKind::SymbolRef || expr->kind == ExprKind::ScalarParam ||
      expr->kind == ExprKind::Read || expr->kind == ExprKind::Reduce)
    return std::nullopt;
  auto first = foldConstant(expr->operands[0]);
  if (!first)
    return std::nullopt;
  if (expr->kind == ExprKind::Logic && (expr->logic == LogicOp::And ? !first->integer : first->integer != 0))
    return first;
  if (expr->kind == ExprKind::Select)
    return foldConstant(expr->operands[first->integer ? 1 : 2]);
  std::vector<ScalarValue> values{*first};
  for (size_t i = 1; i < expr->operands.size(); ++i) {
    auto value = foldConstant(expr->operands[i]);
    if (!value)
      return std::nullopt;
    values.push_back(*value);
  }
  switch (expr->kind) {
  case ExprKind::Cast:
    return castValue(*first, expr->type);
  case ExprKind::Unary:
    if (expr->unary == UnaryOp::Not)
      return ScalarValue{DType::Bool, 0, !first->integer};
    if (expr->unary == UnaryOp::BitNot)
      return intValue(expr->type, ~static_cast<uint64_t>(first->integer));
    if (isFloat(expr->type))
      return ScalarValue{expr->type, -first->real, 0};
    return intValue(expr->type, -static_cast<uint64_t>(first->integer));
  case ExprKind::Binary:
    if (expr->type == DType::Bool) // & | ^ on bool
      return ScalarValue{DType::Bool, 0,
                         expr->binary == BinaryOp::BitAnd  ? first->integer & values[1].integer
                         : expr->binary == BinaryOp::BitOr ? first->integer | values[1].integer
                                                           : first->integer ^ values[1].integer};
    return foldBinary(expr->binary, expr->type, *first, values[1]);
  case ExprKind::Compare:
    return ScalarValue{DType::Bool, 0, foldCompare(expr->compare, *first, values[1])};
  case ExprKind::Logic:
    return values[1];
  case ExprKind::Call:
    return foldCall(*expr, values);
  default:
    return std::nullopt;
  }
}
