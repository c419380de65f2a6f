//===- Values.cpp - tensors, shapes and arguments ---------------------------===//
//
// Owns the way between memory and the oracle's values, and what is known at launch: shapes and checks.
//
//===------------------------------------------------------------------------===//
#include "Oracle.h"

#include <bit>
#include <cstring>

using namespace tenon;
using namespace tenon::oracle;

size_t oracle::elementBytes(DType type) { return getBits(type) / 8; }

static double halfToDouble(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = exponent == 31  ? (fraction ? NAN : HUGE_VAL)
                 : exponent == 0 ? std::ldexp(fraction, -24)
                                 : std::ldexp(fraction + 1024, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

/// The bits of a double that is a number of the type already.
static uint16_t halfBits(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  value = std::fabs(value);
  if (std::isnan(value))
    return sign | 0x7e00;
  if (std::isinf(value))
    return sign | 0x7c00;
  if (value < 0x1p-14)
    return sign | static_cast<uint16_t>(std::ldexp(value, 24));
  int exponent;
  double fraction = std::frexp(value, &exponent); // In [0.5, 1).
  return sign | static_cast<uint16_t>((exponent + 14) << 10) |
         static_cast<uint16_t>(static_cast<int>(std::ldexp(fraction, 11)) & 1023);
}

template <typename Stored> static Stored load(const void *bytes, size_t i) {
  Stored value;
  std::memcpy(&value, static_cast<const char *>(bytes) + i * sizeof(Stored), sizeof(Stored));
  return value;
}

static double loadReal(DType type, const void *bytes, size_t i) {
  switch (type) {
  case DType::F16:
    return halfToDouble(load<uint16_t>(bytes, i));
  case DType::BF16:
    return std::bit_cast<float>(uint32_t(load<uint16_t>(bytes, i)) << 16);
  case DType::F32:
    return load<float>(bytes, i);
  default:
    return load<double>(bytes, i);
  }
}

static int64_t loadInteger(DType type, const void *bytes, size_t i) {
  switch (type) {
  case DType::Bool:
  case DType::U8:
    return load<uint8_t>(bytes, i);
  case DType::I8:
    return load<int8_t>(bytes, i);
  case DType::I16:
    return load<int16_t>(bytes, i);
  case DType::U16:
    return load<uint16_t>(bytes, i);
  case DType::I32:
    return load<int32_t>(bytes, i);
  case DType::U32:
    return load<uint32_t>(bytes, i);
  default:
    return load<int64_t>(bytes, i);
  }
}

TensorValues oracle::fromBytes(DType type, std::vector<int64_t> shape, const void *bytes) {
  TensorValues values;
  values.type = type;
  size_t count = 1;
  for (int64_t extent : shape)
    count *= static_cast<size_t>(extent);
  values.shape = std::move(shape);
  if (isFloat(type)) {
    values.real.resize(count);
    for (size_t i = 0; i < count; ++i)
      values.real[i] = loadReal(type, bytes, i);
  } else {
    values.integer.resize(count);
    for (size_t i = 0; i < count; ++i)
      values.integer[i] = loadInteger(type, bytes, i);
  }
  return values;
}

std::vector<uint8_t> oracle::toBytes(const TensorValues &values) {
  size_t width = elementBytes(values.type), count = static_cast<size_t>(values.size());
  std::vector<uint8_t> bytes(width * count);
  for (size_t i = 0; i < count; ++i) {
    uint64_t bits;
    if (!isFloat(values.type)) {
      bits = values.integer[i];
    } else {
      double value = roundTo(values.type, values.real[i]);
      bits = values.type == DType::F64   ? std::bit_cast<uint64_t>(value)
             : values.type == DType::F16 ? halfBits(value)
                                         : std::bit_cast<uint32_t>(static_cast<float>(value));
      if (values.type == DType::BF16)
        bits = bits >> 16 | (std::isnan(value) ? 0x40 : 0);
    }
    std::memcpy(bytes.data() + i * width, &bits, width); // Little-endian.
  }
  return bytes;
}

//===- what is known at launch ----------------------------------------------===//

Arguments oracle::argumentsOf(const Instance &instance) {
  Arguments arguments;
  arguments.symbols.resize(instance.symbols.size());
  arguments.packs.resize(instance.symbols.size());
  arguments.scalars.resize(instance.params.size());
  arguments.tensors.resize(instance.params.size());
  for (size_t i = 0; i < instance.params.size(); ++i) {
    const Param &param = instance.params[i];
    if (!param.defaultValue)
      continue;
    if (param.kind == ParamKind::Size)
      arguments.symbols[param.symbol] = param.defaultValue->integer;
    else
      arguments.scalars[i] = *param.defaultValue;
  }
  return arguments;
}

std::optional<std::vector<int64_t>> oracle::shapeOf(const Instance &instance, const std::vector<Dim> &dims,
                                                    const Arguments &arguments, std::string &error) {
  std::vector<int64_t> shape;
  int64_t count = 1;
  for (size_t d = 0; d < dims.size(); ++d) {
    std::vector<int64_t> extents;
    if (dims[d].isPack()) {
      extents = arguments.packs[dims[d].symbol];
    } else {
      std::optional<int64_t> extent = evaluate(dims[d].value, arguments.symbols);
      if (!extent) {
        error = "dimension " + std::to_string(d) + " is past 64 bits";
        return std::nullopt;
      }
      extents.push_back(*extent);
    }
    for (int64_t extent : extents) {
      if (extent < 0) {
        error = "dimension " + std::to_string(d) + " is negative: " + std::to_string(extent);
        return std::nullopt;
      }
      if (__builtin_mul_overflow(count, extent, &count) || count > (int64_t(1) << 40)) {
        error = "a tensor has more than 2^40 elements";
        return std::nullopt;
      }
      shape.push_back(extent);
    }
  }
  return shape;
}

std::string oracle::failedCheck(const Instance &instance, const Arguments &arguments) {
  for (const LaunchCheck &check : instance.checks) {
    std::optional<int64_t> holds = evaluate(check.condition, arguments.symbols);
    if (holds && *holds)
      continue;
    std::string message = check.message;
    for (size_t i = 0; i < check.values.size(); ++i) {
      std::string placeholder = "{" + std::to_string(i) + "}";
      std::optional<int64_t> value = evaluate(check.values[i], arguments.symbols);
      for (size_t at = message.find(placeholder); at != std::string::npos; at = message.find(placeholder, at + 1))
        message.replace(at, placeholder.size(), value ? std::to_string(*value) : "overflow");
    }
    return message;
  }
  return "";
}
