//===- Values.cpp - elements of tensors as numbers and text -----------------===//
//
// Owns what Values.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-run/Values.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace tenon {

using package::DType;

npy::Type npyType(DType type) {
  uint8_t bytes = static_cast<uint8_t>(typeBytes(type));
  switch (type) {
  case DType::Bool:
    return {npy::Kind::Bool, 1};
  case DType::I8:
  case DType::I16:
  case DType::I32:
  case DType::I64:
    return {npy::Kind::Int, bytes};
  case DType::F16:
  case DType::F32:
  case DType::F64:
    return {npy::Kind::Float, bytes};
  default:
    return {npy::Kind::UInt, bytes};
  }
}

namespace {

/// Rounds to nearest even; NaN stays NaN.
uint16_t toBf16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

uint64_t floatBits(DType type, double value) {
  switch (type) {
  case DType::F16:
    return std::bit_cast<uint16_t>(static_cast<_Float16>(value));
  case DType::BF16:
    return toBf16(static_cast<float>(value));
  case DType::F32:
    return std::bit_cast<uint32_t>(static_cast<float>(value));
  default:
    return std::bit_cast<uint64_t>(value);
  }
}

bool isFloat(DType type) {
  return type == DType::F16 || type == DType::BF16 || type == DType::F32 || type == DType::F64;
}

template <typename Number> bool parseAll(const std::string &text, Number &number) {
  const char *begin = text.data(), *end = begin + text.size();
  // from_chars takes no plus sign.
  if (begin != end && *begin == '+')
    ++begin;
  auto [stop, failure] = std::from_chars(begin, end, number);
  return failure == std::errc() && stop == end;
}

template <typename Integer> bool parseInteger(const std::string &text, uint64_t &bits) {
  Integer value = 0;
  if (!parseAll(text, value))
    return false;
  bits = static_cast<std::make_unsigned_t<Integer>>(value);
  return true;
}

} // namespace

bool parseValue(const std::string &text, DType type, uint64_t &bits) {
  if (isFloat(type)) {
    double value = 0;
    if (!parseAll(text, value))
      return false;
    bits = floatBits(type, value);
    return true;
  }
  switch (type) {
  case DType::Bool:
    bits = text == "true" || text == "1";
    return bits || text == "false" || text == "0";
  case DType::I8:
    return parseInteger<int8_t>(text, bits);
  case DType::I16:
    return parseInteger<int16_t>(text, bits);
  case DType::I32:
    return parseInteger<int32_t>(text, bits);
  case DType::I64:
    return parseInteger<int64_t>(text, bits);
  case DType::U8:
    return parseInteger<uint8_t>(text, bits);
  case DType::U16:
    return parseInteger<uint16_t>(text, bits);
  case DType::U32:
    return parseInteger<uint32_t>(text, bits);
  default:
    return parseInteger<uint64_t>(text, bits);
  }
}

uint64_t bitsAt(const std::vector<uint8_t> &data, DType type, int64_t index) {
  uint64_t bits = 0;
  size_t bytes = static_cast<size_t>(typeBytes(type));
  std::memcpy(&bits, data.data() + static_cast<size_t>(index) * bytes, bytes);
  return bits;
}

void drawValues(std::mt19937_64 &generator, DType type, int64_t count, std::vector<uint8_t> &data) {
  size_t bytes = static_cast<size_t>(typeBytes(type));
  data.resize(static_cast<size_t>(count) * bytes);
  std::normal_distribution<double> normal;
  bool isSigned = npyType(type).kind == npy::Kind::Int;
  std::uniform_int_distribution<int> uniform(isSigned ? -8 : 0, type == DType::Bool ? 1 : 8);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    uint64_t bits = isFloat(type) ? floatBits(type, normal(generator))
                                  : static_cast<uint64_t>(static_cast<int64_t>(uniform(generator)));
    std::memcpy(data.data() + i * bytes, &bits, bytes);
  }
}

namespace {

constexpr int64_t edge = 4; ///< How many rows or elements are shown at each end of what is too long.

class TensorPrinter {
public:
  TensorPrinter(DType type, const std::vector<int64_t> &shape, const std::vector<uint8_t> &data)
      : type(type), shape(shape), data(data) {}

  std::string print() {
    print(0, 0, 2);
    return std::move(text);
  }

private:
  void print(size_t axis, int64_t offset, size_t indent) {
    if (axis == shape.size()) {
      text += valueText(type, bitsAt(data, type, offset));
      return;
    }
    bool inner = axis + 1 == shape.size();
    int64_t stride = 1;
    for (size_t i = axis + 1; i < shape.size(); ++i)
      stride *= shape[i];
    text += "[";
    for (int64_t i = 0; i < shape[axis]; ++i) {
      if (i)
        text += inner ? ", " : ",\n" + std::string(indent + axis + 1, ' ');
      if (shape[axis] > 2 * edge + 1 && i == edge) {
        text += "...";
        i = shape[axis] - edge - 1;
        continue;
      }
      print(axis + 1, offset + i * stride, indent);
    }
    text += "]";
  }

  DType type;
  const std::vector<int64_t> &shape;
  const std::vector<uint8_t> &data;
  std::string text;
};

} // namespace

std::string tensorText(const std::string &name, DType type, const std::vector<int64_t> &shape,
                       const std::vector<uint8_t> &data) {
  std::string head = name + ": " + typeName(type) + "[";
  int64_t count = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    head += (i ? ", " : "") + std::to_string(shape[i]);
    count *= shape[i];
  }
  head += "]";
  if (shape.empty())
    return head + " = " + valueText(type, bitsAt(data, type, 0)) + "\n";
  if (count == 0)
    return head + "\n";
  return head + "\n  " + TensorPrinter(type, shape, data).print() + "\n";
}

} // namespace tenon
