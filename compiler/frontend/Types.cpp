//===- Types.cpp - element types, operations' names and values --------------===//
//
// Owns the tables of types, functions and operators, and rounding to a type.
//
//===------------------------------------------------------------------------===//
#include "Ast.h"
#include "Scalar.h"

#include <bit>
#include <cmath>
#include <cstring>

using namespace tenon;

const char *tenon::getName(DType type) {
  static const char *const names[] = {"bool", "i8",  "i16", "i32",  "i64", "u8",  "u16",
                                      "u32",  "u64", "f16", "bf16", "f32", "f64", "size"};
  return names[static_cast<int>(type)];
}
bool tenon::isFloat(DType type) { return type >= DType::F16 && type <= DType::F64; }
bool tenon::isInteger(DType type) { return type != DType::Bool && !isFloat(type); }
bool tenon::isSigned(DType type) { return type != DType::Bool && !(type >= DType::U8 && type <= DType::U64); }

unsigned tenon::getBits(DType type) {
  static const unsigned bits[] = {8, 8, 16, 32, 64, 8, 16, 32, 64, 16, 16, 32, 64, 64};
  return bits[static_cast<int>(type)];
}

DType tenon::getAccumulator(DType type) {
  switch (type) {
  case DType::F16:
  case DType::BF16:
    return DType::F32;
  case DType::I8:
  case DType::I16:
    return DType::I32;
  case DType::U8:
  case DType::U16:
    return DType::U32;
  default:
    return type;
  }
}

static const char *const functionNames[] = {
    "exp",      "exp2", "expm1", "log",   "log2", "log1p", "sqrt",     "rsqrt", "cbrt",  "sin",
    "cos",      "tan",  "asin",  "acos",  "atan", "atan2", "sinh",     "cosh",  "tanh",  "erf",
    "erfc",     "pow",  "fma",   "floor", "ceil", "round", "trunc",    "isnan", "isinf", "isfinite",
    "copysign", "abs",  "sign",  "min",   "max",  "clamp", "popcount", "clz",   "ctz"};
const char *tenon::getName(Function function) { return functionNames[static_cast<int>(function)]; }

const char *tenon::getName(ReduceKind kind) {
  static const char *const names[] = {"sum", "prod", "max", "min", "any", "all", "argmax", "argmin"};
  return names[static_cast<int>(kind)];
}
const char *tenon::getSpelling(BinaryOp op) {
  static const char *const names[] = {"+", "-", "*", "/", "%", "<<", ">>", "&", "^", "|"};
  return names[static_cast<int>(op)];
}
const char *tenon::getSpelling(CompareOp op) {
  static const char *const names[] = {"==", "!=", "<", "<=", ">", ">="};
  return names[static_cast<int>(op)];
}

std::optional<DType> tenon::typeNamed(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(DType::Size); ++i)
    if (name == getName(static_cast<DType>(i)))
      return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<Function> tenon::functionNamed(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Function::Ctz); ++i)
    if (name == functionNames[i])
      return static_cast<Function>(i);
  return std::nullopt;
}

unsigned tenon::getArity(Function function) {
  switch (function) {
  case Function::Atan2:
  case Function::Pow:
  case Function::CopySign:
  case Function::Min:
  case Function::Max:
    return 2;
  case Function::Fma:
  case Function::Clamp:
    return 3;
  default:
    return 1;
  }
}

/// Rounds to `digits` significant bits, to nearest even, with the exponent range of a small format.
static double roundBits(double value, int digits, int minExponent, double highest) {
  if (!std::isfinite(value) || value == 0)
    return value;
  int exponent;
  std::frexp(value, &exponent); // value = m * 2^exponent, m in [0.5, 1)
  int ulp = std::max(exponent - digits, minExponent);
  double scaled = std::nearbyint(std::ldexp(value, -ulp));
  double result = std::ldexp(scaled, ulp);
  return std::fabs(result) > highest ? std::copysign(INFINITY, value) : result;
}

double tenon::roundTo(DType type, double value) {
  switch (type) {
  case DType::F16:
    return roundBits(value, 11, -24, 65504.0);
  case DType::BF16:
    return roundBits(value, 8, -133, 0x1.fep127);
  case DType::F32:
    return static_cast<float>(value);
  default:
    return value;
  }
}

int64_t tenon::wrapTo(DType type, uint64_t bits) {
  switch (type) {
  case DType::Bool:
    return bits != 0;
  case DType::I8:
    return static_cast<int8_t>(bits);
  case DType::I16:
    return static_cast<int16_t>(bits);
  case DType::I32:
    return static_cast<int32_t>(bits);
  case DType::U8:
    return static_cast<uint8_t>(bits);
  case DType::U16:
    return static_cast<uint16_t>(bits);
  case DType::U32:
    return static_cast<uint32_t>(bits);
  default:
    return static_cast<int64_t>(bits);
  }
}

uint64_t tenon::getBits(const ScalarValue &value) {
  switch (value.type) {
  case DType::F64:
    return std::bit_cast<uint64_t>(value.real);
  case DType::F32:
    return std::bit_cast<uint32_t>(static_cast<float>(value.real));
  case DType::BF16: // Already rounded, so the upper half of the f32 is it; a NaN stays one.
    return std::isnan(value.real) ? 0x7fc0 : std::bit_cast<uint32_t>(static_cast<float>(value.real)) >> 16;
  case DType::F16: {
    uint64_t sign = std::signbit(value.real) ? 0x8000 : 0;
    double magnitude = std::fabs(value.real);
    if (std::isnan(magnitude))
      return 0x7e00;
    if (std::isinf(magnitude))
      return sign | 0x7c00;
    if (magnitude < 0x1p-14)
      return sign | static_cast<uint64_t>(std::ldexp(magnitude, 24));
    int exponent;
    double mantissa = std::frexp(magnitude, &exponent);
    return sign | static_cast<uint64_t>(exponent + 14) << 10 |
           (static_cast<uint64_t>(std::ldexp(mantissa, 11)) & 0x3ff);
  }
  default: {
    unsigned bits = getBits(value.type);
    uint64_t mask = bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
    return static_cast<uint64_t>(value.integer) & mask;
  }
  }
}
