//===- Values.cpp -----------------------------------------------------------===//
#include "Values.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <sstream>

namespace tenon::conformance {

const std::vector<Type> integers = {Type::I8, Type::I16, Type::I32, Type::I64,
                                    Type::U8, Type::U16, Type::U32, Type::U64};
const std::vector<Type> floats = {Type::F16, Type::BF16, Type::F32, Type::F64};
const std::vector<Type> numbers = {Type::I8,  Type::I16, Type::I32, Type::I64,  Type::U8,  Type::U16,
                                   Type::U32, Type::U64, Type::F16, Type::BF16, Type::F32, Type::F64};

const char *nameOf(Type type) {
  static const char *const names[] = {"bool", "i8",  "i16", "i32",  "i64", "u8", "u16",
                                      "u32",  "u64", "f16", "bf16", "f32", "f64"};
  return names[static_cast<int>(type)];
}

unsigned bytesOf(Type type) {
  static const unsigned char bytes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
  return bytes[static_cast<int>(type)];
}

bool isFloat(Type type) { return type >= Type::F16; }
bool isSigned(Type type) { return isFloat(type) || (type >= Type::I8 && type <= Type::I64); }

FloatFormat formatOf(Type type) {
  switch (type) {
  case Type::F16:
    return {11, -14, 15};
  case Type::BF16:
    return {8, -126, 127};
  case Type::F32:
    return {24, -126, 127};
  default:
    return {53, -1022, 1023};
  }
}

long double ulpOf(Type type, long double value) {
  FloatFormat format = formatOf(type);
  int exponent = value == 0 || !std::isfinite(value) ? format.least : std::ilogb(value);
  return std::ldexp(1.0L, std::clamp(exponent, format.least, format.greatest) - format.digits + 1);
}

long double roundTo(Type type, long double value) {
  if (value == 0 || !std::isfinite(value))
    return value;
  FloatFormat format = formatOf(type);
  int exponent = std::max(std::ilogb(value), format.least);
  long double unit = std::ldexp(1.0L, exponent - format.digits + 1);
  long double rounded = std::nearbyint(value / unit) * unit;
  if (std::fabs(rounded) >= std::ldexp(1.0L, format.greatest + 1))
    return std::copysign(std::numeric_limits<long double>::infinity(), value);
  return rounded == 0 ? std::copysign(0.0L, value) : rounded;
}

//===- elements -------------------------------------------------------------===//

size_t Array::size() const {
  size_t result = 1;
  for (int64_t extent : shape)
    result *= static_cast<size_t>(extent);
  return result;
}

/// The 16 bits of f16 and bf16, by the definition of the formats.
static uint16_t encodeHalf(Type type, long double value) {
  FloatFormat format = formatOf(type);
  int stored = format.digits - 1;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0, infinity = ((format.greatest * 2 + 1) << stored) & 0x7fff;
  if (std::isnan(value))
    return infinity | (1 << (stored - 1));
  long double magnitude = std::fabs(roundTo(type, value));
  if (std::isinf(magnitude))
    return sign | infinity;
  if (magnitude < std::ldexp(1.0L, format.least))
    return sign | static_cast<uint16_t>(std::ldexp(magnitude, stored - format.least));
  int exponent = std::ilogb(magnitude);
  auto fraction = static_cast<uint16_t>(std::ldexp(magnitude, stored - exponent)) - (1 << stored);
  return sign | static_cast<uint16_t>((exponent + format.greatest) << stored) | fraction;
}

static double decodeHalf(Type type, uint16_t bits) {
  FloatFormat format = formatOf(type);
  int stored = format.digits - 1, exponent = (bits & 0x7fff) >> stored, fraction = bits & ((1 << stored) - 1);
  double value;
  if (exponent == format.greatest * 2 + 1)
    value = fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  else if (exponent == 0)
    value = std::ldexp(fraction, format.least - stored);
  else
    value = std::ldexp(fraction + (1 << stored), exponent - format.greatest - stored);
  return bits & 0x8000 ? -value : value;
}

template <class T> static T peek(const Array &array, size_t i) {
  T value;
  std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}
template <class T> static void poke(Array &array, size_t i, T value) {
  std::memcpy(array.bytes.data() + i * sizeof(T), &value, sizeof(T));
}

double Array::real(size_t i) const {
  switch (type) {
  case Type::F16:
  case Type::BF16:
    return decodeHalf(type, peek<uint16_t>(*this, i));
  case Type::F32:
    return peek<float>(*this, i);
  case Type::F64:
    return peek<double>(*this, i);
  case Type::U64:
    return static_cast<double>(peek<uint64_t>(*this, i));
  default:
    return static_cast<double>(integer(i));
  }
}

void Array::setReal(size_t i, long double value) {
  switch (type) {
  case Type::F16:
  case Type::BF16:
    return poke(*this, i, encodeHalf(type, value));
  case Type::F32:
    return poke(*this, i, static_cast<float>(value));
  case Type::F64:
    return poke(*this, i, static_cast<double>(value));
  case Type::U64:
    return poke(*this, i, static_cast<uint64_t>(value));
  case Type::Bool:
    return poke(*this, i, static_cast<uint8_t>(value != 0));
  default:
    return setInteger(i, static_cast<int64_t>(value));
  }
}

int64_t Array::integer(size_t i) const {
  switch (type) {
  case Type::I8:
    return peek<int8_t>(*this, i);
  case Type::I16:
    return peek<int16_t>(*this, i);
  case Type::I32:
    return peek<int32_t>(*this, i);
  case Type::Bool:
  case Type::U8:
    return peek<uint8_t>(*this, i);
  case Type::U16:
    return peek<uint16_t>(*this, i);
  case Type::U32:
    return peek<uint32_t>(*this, i);
  case Type::I64:
  case Type::U64:
    return peek<int64_t>(*this, i);
  default:
    return static_cast<int64_t>(real(i));
  }
}

void Array::setInteger(size_t i, int64_t value) {
  if (isFloat(type))
    return setReal(i, value);
  if (type == Type::Bool)
    value = value != 0;
  std::memcpy(bytes.data() + i * bytesOf(type), &value, bytesOf(type)); // little-endian: the low bytes
}

//===- data -----------------------------------------------------------------===//

Array randomArray(Type type, Shape shape, unsigned seed) {
  if (!isFloat(type))
    return type == Type::Bool ? uniformArray(type, shape, seed, 0, 1)
                              : uniformArray(type, shape, seed, isSigned(type) ? -9 : 0, 9);
  Array array(type, std::move(shape));
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  for (size_t i = 0, n = array.size(); i < n; ++i)
    array.setReal(i, normal(random));
  return array;
}

Array uniformArray(Type type, Shape shape, unsigned seed, int64_t low, int64_t high) {
  Array array(type, std::move(shape));
  std::mt19937 random(seed);
  std::uniform_int_distribution<int64_t> uniform(low, high);
  for (size_t i = 0, n = array.size(); i < n; ++i)
    array.setInteger(i, uniform(random));
  return array;
}

Array listArray(Type type, const std::vector<double> &values) {
  Array array(type, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i)
    array.setReal(i, values[i]);
  return array;
}

std::vector<double> specialsOf(Type type) {
  FloatFormat format = formatOf(type);
  double greatest = std::ldexp(2 - std::ldexp(1.0, 1 - format.digits), format.greatest);
  double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> list = {0,
                              1,
                              0.5,
                              1.5,
                              2.5,
                              3,
                              7,
                              0.1,
                              0.333,
                              13,
                              100,
                              255.5,
                              1000,
                              12345,
                              65519,
                              greatest,
                              std::ldexp(1.0, format.least),
                              infinity};
  for (size_t i = 0, n = list.size(); i < n; ++i)
    list.push_back(-list[i]);
  list.push_back(std::numeric_limits<double>::quiet_NaN());
  return list;
}

std::vector<int64_t> specialIntegersOf(Type type) {
  unsigned width = 8 * bytesOf(type);
  int64_t high = isSigned(type) ? int64_t(~uint64_t(0) >> (65 - width)) : int64_t(~uint64_t(0) >> (64 - width));
  std::vector<int64_t> list = {0, 1, 2, 3, 5, 7, 8, 31, 32, 63, 64, 100, high, high - 1, high / 2 + 1};
  for (unsigned w : {width, width - 1, width + 1})
    list.push_back(w);
  if (isSigned(type))
    for (int64_t v : {int64_t(-1), int64_t(-2), int64_t(-3), int64_t(-8), int64_t(-100), -high, -high - 1})
      list.push_back(v);
  return list;
}

//===- comparison -----------------------------------------------------------===//

static std::string placeOf(const Array &array, size_t i) {
  std::string text;
  for (size_t d = array.shape.size(); d-- > 0; i /= array.shape[d])
    text = std::to_string(i % array.shape[d]) + (text.empty() ? "" : ", ") + text;
  return "[" + text + "]";
}

void expectEqual(const Array &got, const Array &want, const std::string &what) {
  ASSERT_EQ(got.shape, want.shape) << what;
  ASSERT_EQ(got.type, want.type) << what;
  size_t bad = 0, first = 0;
  for (size_t i = 0, n = got.size(); i < n; ++i) {
    bool same = isFloat(got.type) ? got.real(i) == want.real(i) || (std::isnan(got.real(i)) && std::isnan(want.real(i)))
                                  : got.integer(i) == want.integer(i);
    if (!same && bad++ == 0)
      first = i;
  }
  if (!bad)
    return;
  std::ostringstream text;
  text.precision(17);
  if (isFloat(got.type))
    text << "got " << got.real(first) << ", want " << want.real(first);
  else
    text << "got " << got.integer(first) << ", want " << want.integer(first);
  ADD_FAILURE() << what << " (" << nameOf(got.type) << "): " << bad << " of " << got.size() << " differ, first at "
                << placeOf(got, first) << ": " << text.str();
}

void expectNear(const Array &got, const std::function<long double(size_t)> &want, double ulps, double tolerance,
                const std::string &what) {
  size_t bad = 0, worst = 0;
  long double worstError = 0;
  FloatFormat format = formatOf(got.type);
  for (size_t i = 0, n = got.size(); i < n; ++i) {
    long double expected = want(i), value = got.real(i), rounded = roundTo(got.type, expected), error = 0, allowed = 1;
    if (std::isnan(expected) || std::isnan(value)) {
      error = std::isnan(expected) && std::isnan(value) ? 0 : INFINITY;
    } else if (std::isinf(expected) || (std::isinf(value) && std::isinf(rounded))) {
      error = value == rounded ? 0 : INFINITY;
    } else if (std::isinf(value)) {
      // One step past the greatest number is an error of the last place there.
      error = std::fabs(std::copysign(std::ldexp(1.0L, format.greatest + 1), value) - expected);
      allowed = ulps * ulpOf(got.type, expected) + tolerance * (1 + std::fabs(expected));
    } else {
      error = std::fabs(value - expected);
      allowed = ulps * ulpOf(got.type, expected) + tolerance * (1 + std::fabs(expected));
      // A subnormal may be flushed, also on the way to a number just above.
      long double least = std::ldexp(1.0L, format.least);
      if (got.type != Type::F16 && std::fabs(rounded) <= 2 * least && ulps > 0)
        allowed = std::max(allowed, least);
      if (got.type != Type::F16 && value == 0 && std::fabs(rounded) <= least)
        error = 0;
    }
    if (error > allowed) {
      if (bad++ == 0 || error > worstError) {
        worst = i;
        worstError = error;
      }
    }
  }
  if (!bad)
    return;
  std::ostringstream text;
  text.precision(17);
  text << "got " << got.real(worst) << ", want " << static_cast<double>(want(worst)) << ", "
       << static_cast<double>(worstError / ulpOf(got.type, want(worst))) << " ulp";
  ADD_FAILURE() << what << " (" << nameOf(got.type) << "): " << bad << " of " << got.size() << " too far, worst at "
                << placeOf(got, worst) << ": " << text.str();
}

} // namespace tenon::conformance
