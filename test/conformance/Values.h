//===- Values.h - tensors of the suite, and how they are compared -----------===//
//
// Owns tensors in the test's own memory in every type of the language, rounding to those types in plain C++, test data,
// and the comparison of what a device gave with what was expected. Knows nothing of Tenon's libraries.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace tenon::conformance {

enum class Type { Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64 };

/// The twelve types of numbers, and parts of them.
extern const std::vector<Type> numbers, integers, floats;

const char *nameOf(Type type);
unsigned bytesOf(Type type);
bool isFloat(Type type);
bool isSigned(Type type);
/// Of a float type: bits of the significand with the hidden one, and the exponents of the least and greatest normals.
struct FloatFormat {
  int digits, least, greatest;
};
FloatFormat formatOf(Type type);
/// Rounded to nearest even, as the type has it.
long double roundTo(Type type, long double value);
/// The distance of neighbours of the type around a value.
long double ulpOf(Type type, long double value);

using Shape = std::vector<int64_t>;

/// A row-major tensor.
struct Array {
  Array(Type type, Shape shape) : type(type), shape(std::move(shape)), bytes(size() * bytesOf(type)) {}

  size_t size() const;
  /// An element as a number; 64-bit integers only where 53 bits hold them.
  double real(size_t i) const;
  /// Rounds (floats) or wraps (integers); bool is whether it is not zero.
  void setReal(size_t i, long double value);
  /// An integer element, extended by its own sign; u64 by its bits.
  int64_t integer(size_t i) const;
  void setInteger(size_t i, int64_t value);

  Type type;
  Shape shape;
  std::vector<uint8_t> bytes;
};

/// Numbers that are the same in every run: floats about 1 (normal deviates), integers small, bool half of each.
Array randomArray(Type type, Shape shape, unsigned seed);
/// Integers uniformly from low to high, both ends included, as numbers of any type.
Array uniformArray(Type type, Shape shape, unsigned seed, int64_t low, int64_t high);
/// The values of a list, rounded to the type.
Array listArray(Type type, const std::vector<double> &values);
/// Zeros, ones, limits and other numbers that go wrong.
std::vector<double> specialsOf(Type floatType);
std::vector<int64_t> specialIntegersOf(Type integerType);

/// Elements must be equal; NaN equals NaN, and zeros are equal.
void expectEqual(const Array &got, const Array &want, const std::string &what);
/// |got - want| <= ulps * ulp(want) + tolerance * (1 + |want|); NaN matches NaN, an infinity its sign; a subnormal may
/// be flushed.
void expectNear(const Array &got, const std::function<long double(size_t)> &want, double ulps, double tolerance,
                const std::string &what);

} // namespace tenon::conformance
