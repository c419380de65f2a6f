//===- Tensor.h - tensors of the tests, held in double ----------------------===//
//
// Owns tensors as the tests compute with them, their random contents, and their bytes in every type. Knows nothing of
// Tenon.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace tenon::ops {

enum class Type { Bool, I8, U8, I32, I64, F16, BF16, F32, F64 };
const char *nameOf(Type type);
size_t bytesOf(Type type);
bool isFloat(Type type);
/// How far a result of the type may be off, for formulas that sum little: |got - want| <= tolerance * (1 + |want|).
double toleranceOf(Type type);

using Shape = std::vector<int64_t>;
using Index = std::vector<int64_t>;
size_t countOf(const Shape &shape);

/// Row-major. The values are such that the type holds them, where they come from random() or rounded().
struct Tensor {
  Tensor(Type type, Shape shape) : type(type), shape(std::move(shape)), values(countOf(this->shape)) {}
  /// Computes every element.
  Tensor(Type type, Shape shape, const std::function<double(const Index &)> &element);

  template <typename... Int> double operator()(Int... index) const { return element({static_cast<int64_t>(index)...}); }
  /// The element, or `value` where the place is outside.
  template <typename... Int> double orElse(double value, Int... index) const {
    Index place{static_cast<int64_t>(index)...};
    return isInside(place) ? element(place) : value;
  }
  double element(const Index &index) const;
  bool isInside(const Index &index) const;
  /// Another view of the same elements.
  Tensor as(Shape other) const;

  std::vector<uint8_t> encode() const;
  void decode(const std::vector<uint8_t> &bytes);

  Type type;
  Shape shape;
  std::vector<double> values;
};

/// Uniform from low to high, rounded to the type (integers: both ends). The same in every run.
Tensor random(Type type, Shape shape, unsigned seed, double low = -2, double high = 2);
/// The same, as the type has it.
Tensor rounded(Tensor tensor);
/// The derivative of a loss by every element of a tensor, by central differences in double.
Tensor differences(const Tensor &at, const std::function<double(const Tensor &)> &loss);

} // namespace tenon::ops
