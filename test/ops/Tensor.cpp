//===- Tensor.cpp -----------------------------------------------------------===//
#include "Tensor.h"

#include <cstring>
#include <random>
#include <stdexcept>

namespace tenon::ops {

const char *nameOf(Type type) {
  static const char *const names[] = {"bool", "i8", "u8", "i32", "i64", "f16", "bf16", "f32", "f64"};
  return names[static_cast<int>(type)];
}

size_t bytesOf(Type type) {
  static const size_t sizes[] = {1, 1, 1, 4, 8, 2, 2, 4, 8};
  return sizes[static_cast<int>(type)];
}

bool isFloat(Type type) { return type >= Type::F16; }

double toleranceOf(Type type) {
  switch (type) {
  case Type::F16:
    return 1e-3;
  case Type::BF16:
    return 8e-3;
  case Type::F32:
    return 1e-5;
  case Type::F64:
    return 1e-13;
  default:
    return 0;
  }
}

size_t countOf(const Shape &shape) {
  size_t count = 1;
  for (int64_t extent : shape)
    count *= static_cast<size_t>(extent);
  return count;
}

Tensor::Tensor(Type type, Shape shape, const std::function<double(const Index &)> &element)
    : Tensor(type, std::move(shape)) {
  Index index(this->shape.size());
  for (double &value : values) {
    value = element(index);
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < this->shape[d])
        break;
      index[d] = 0;
    }
  }
}

bool Tensor::isInside(const Index &index) const {
  if (index.size() != shape.size())
    throw std::logic_error("an index of another rank");
  for (size_t d = 0; d < shape.size(); ++d)
    if (index[d] < 0 || index[d] >= shape[d])
      return false;
  return true;
}

double Tensor::element(const Index &index) const {
  if (!isInside(index))
    throw std::logic_error("an index outside");
  int64_t place = 0;
  for (size_t d = 0; d < shape.size(); ++d)
    place = place * shape[d] + index[d];
  return values[static_cast<size_t>(place)];
}

Tensor Tensor::as(Shape other) const {
  if (countOf(other) != values.size())
    throw std::logic_error("a view of another size");
  Tensor result = *this;
  result.shape = std::move(other);
  return result;
}

template <typename T> static void put(uint8_t *at, T value) { std::memcpy(at, &value, sizeof value); }
template <typename T> static double get(const uint8_t *at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<double>(value);
}

/// To nearest even. The tests' numbers were rounded to bf16 before, or come from f32 arithmetic with bits to spare.
static uint16_t bfloatOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (std::isnan(value))
    return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

std::vector<uint8_t> Tensor::encode() const {
  size_t width = bytesOf(type);
  std::vector<uint8_t> bytes(values.size() * width);
  for (size_t i = 0; i < values.size(); ++i) {
    uint8_t *at = bytes.data() + i * width;
    double v = values[i];
    switch (type) {
    case Type::Bool:
      put<uint8_t>(at, v != 0);
      break;
    case Type::I8:
      put(at, static_cast<int8_t>(v));
      break;
    case Type::U8:
      put(at, static_cast<uint8_t>(v));
      break;
    case Type::I32:
      put(at, static_cast<int32_t>(v));
      break;
    case Type::I64:
      put(at, static_cast<int64_t>(v));
      break;
    case Type::F16:
      put(at, static_cast<_Float16>(v));
      break;
    case Type::BF16:
      put(at, bfloatOf(static_cast<float>(v)));
      break;
    case Type::F32:
      put(at, static_cast<float>(v));
      break;
    case Type::F64:
      put(at, v);
      break;
    }
  }
  return bytes;
}

void Tensor::decode(const std::vector<uint8_t> &bytes) {
  size_t width = bytesOf(type);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint8_t *at = bytes.data() + i * width;
    switch (type) {
    case Type::Bool:
    case Type::U8:
      values[i] = get<uint8_t>(at);
      break;
    case Type::I8:
      values[i] = get<int8_t>(at);
      break;
    case Type::I32:
      values[i] = get<int32_t>(at);
      break;
    case Type::I64:
      values[i] = get<int64_t>(at);
      break;
    case Type::F16:
      values[i] = get<_Float16>(at);
      break;
    case Type::BF16: {
      uint8_t wide[4] = {0, 0, at[0], at[1]};
      values[i] = get<float>(wide);
      break;
    }
    case Type::F32:
      values[i] = get<float>(at);
      break;
    case Type::F64:
      values[i] = get<double>(at);
      break;
    }
  }
}

Tensor rounded(Tensor tensor) {
  tensor.decode(tensor.encode());
  return tensor;
}

Tensor random(Type type, Shape shape, unsigned seed, double low, double high) {
  std::mt19937 engine(seed);
  Tensor result(type, std::move(shape));
  for (double &value : result.values) {
    double unit = engine() / 4294967296.0;
    value = isFloat(type) ? low + unit * (high - low) : std::floor(low + unit * (high - low + 1));
  }
  return rounded(std::move(result));
}

Tensor differences(const Tensor &at, const std::function<double(const Tensor &)> &loss) {
  constexpr double step = 1e-4;
  Tensor moved = at, result(at.type, at.shape);
  for (size_t i = 0; i < at.values.size(); ++i) {
    moved.values[i] = at.values[i] + step;
    double above = loss(moved);
    moved.values[i] = at.values[i] - step;
    result.values[i] = (above - loss(moved)) / (2 * step);
    moved.values[i] = at.values[i];
  }
  return result;
}

} // namespace tenon::ops
