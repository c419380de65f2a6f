//===- OpCases.cpp - every operation on every type, with its answer ---------===//
//
// Owns the table; see OpCases.h.
//
//===------------------------------------------------------------------------===//
#include "OpCases.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <type_traits>

namespace tenon::test {
namespace {

constexpr size_t count = 256;
/// Elements a group: llvmpipe ends a work-item's loops after 65535 iterations, all of its loops together.
constexpr size_t chunk = 1024;
constexpr unsigned widths[] = {1, 2, 4, 8, 16};

/// f16 and bf16 as their bits.
struct Half {
  uint16_t bits;
};
struct Brain {
  uint16_t bits;
};
/// An i1 in a byte.
struct Bit {
  uint8_t value;
};
/// A 64-bit integer that the kernel calls index.
struct Index {
  int64_t value;
};

template <typename T> std::string nameOf() {
  if constexpr (std::is_same_v<T, float>)
    return "f32";
  else if constexpr (std::is_same_v<T, double>)
    return "f64";
  else if constexpr (std::is_same_v<T, Half>)
    return "f16";
  else if constexpr (std::is_same_v<T, Brain>)
    return "bf16";
  else
    return "i" + std::to_string(8 * sizeof(T));
}

/// Numbers that find mistakes, then random ones.
template <typename T> std::vector<T> getValues(size_t size = count, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::vector<T> values;
  if constexpr (std::is_floating_point_v<T>) {
    T inf = std::numeric_limits<T>::infinity();
    values = {T(0),    T(-0.0),  T(1),         T(-1),   T(0.5), T(1.5),
              T(2.5),  T(-2.5),  T(3e30),      inf,     -inf,   std::numeric_limits<T>::quiet_NaN(),
              T(1e-3), T(-7.25), T(8388609.5), T(-0.75)};
    std::normal_distribution<double> normal(0, 100);
    while (values.size() < size)
      values.push_back(T(normal(random)));
  } else {
    using L = std::numeric_limits<T>;
    values = {T(0),
              T(1),
              T(-1),
              T(2),
              T(-2),
              T(3),
              T(7),
              T(-10),
              L::min(),
              L::max(),
              T(L::min() + 1),
              T(L::max() - 1),
              T(0x5555555555555555),
              T(0x3333333333333333),
              T(100),
              T(-100)};
    while (values.size() < size)
      values.push_back(T(random()));
  }
  values.resize(size);
  return values;
}

/// All pairs of the first 16 values.
template <typename T> void getPairs(std::vector<T> &a, std::vector<T> &b) {
  std::vector<T> values = getValues<T>(16);
  for (size_t i = 0; i < count; ++i) {
    a.push_back(values[i % 16]);
    b.push_back(values[i / 16]);
  }
}

class Table {
public:
  std::vector<OpCase> cases;

  template <typename R, typename A, typename F>
  OpCase &unary(const std::string &name, const std::string &body, const std::vector<A> &a, F f) {
    std::vector<R> expected;
    for (A value : a)
      expected.push_back(f(value));
    return add(name, {nameOf<A>()}, nameOf<R>(), body, {toBytes(a)}, toBytes(expected));
  }

  template <typename R, typename A, typename F>
  OpCase &binary(const std::string &name, const std::string &body, const std::vector<A> &a, const std::vector<A> &b,
                 F f) {
    std::vector<R> expected;
    for (size_t i = 0; i < a.size(); ++i)
      expected.push_back(f(a[i], b[i]));
    return add(name, {nameOf<A>(), nameOf<A>()}, nameOf<R>(), body, {toBytes(a), toBytes(b)}, toBytes(expected));
  }

  OpCase &add(const std::string &name, std::vector<std::string> inputs, const std::string &output,
              const std::string &body, std::vector<Bytes> data, Bytes expected) {
    OpCase result;
    result.name = name;
    result.inputs = std::move(inputs);
    result.output = output;
    result.body = body;
    result.data = std::move(data);
    result.expected = std::move(expected);
    cases.push_back(std::move(result));
    return cases.back();
  }
};

std::string replaceAll(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

//===-- Integers ------------------------------------------------------------===//

/// `type` is nameOf<T>, or index with casts around it.
template <typename T> void addIntegers(Table &table, const std::string &type) {
  using U = std::make_unsigned_t<T>;
  constexpr int bits = 8 * sizeof(T);
  bool isIndex = type == "index";
  auto in = [&](const std::string &body) {
    std::string text = replaceAll(body, "$T", "{" + type + "}");
    if (!isIndex)
      return text;
    // The buffers hold i64; %a and %b of the operation are index.
    text = replaceAll(replaceAll(text, "%a", "%ai"), "%b", "%bi");
    return "%ai = arith.index_cast %a : {i64} to {index}\n%bi = arith.index_cast %b : {i64} to {index}\n" + text;
  };
  auto binary = [&](const std::string &op, const std::vector<T> &a, const std::vector<T> &b, auto f) {
    std::string body = isIndex ? "%q = arith." + op + " %a, %b : $T\n%r = arith.index_cast %q : $T to {i64}"
                               : "%r = arith." + op + " %a, %b : $T";
    table.binary<T>(op + "_" + type, in(body), a, b, f);
  };
  std::vector<T> a, b;
  getPairs(a, b);
  binary("addi", a, b, [](T x, T y) { return T(U(x) + U(y)); });
  binary("subi", a, b, [](T x, T y) { return T(U(x) - U(y)); });
  binary("muli", a, b, [](T x, T y) { return T(uint64_t(x) * uint64_t(y)); });
  binary("andi", a, b, [](T x, T y) { return T(x & y); });
  binary("ori", a, b, [](T x, T y) { return T(x | y); });
  binary("xori", a, b, [](T x, T y) { return T(x ^ y); });
  binary("maxsi", a, b, [](T x, T y) { return std::max(x, y); });
  binary("minsi", a, b, [](T x, T y) { return std::min(x, y); });
  binary("maxui", a, b, [](T x, T y) { return T(std::max(U(x), U(y))); });
  binary("minui", a, b, [](T x, T y) { return T(std::min(U(x), U(y))); });

  std::vector<T> divisor = b, shift = b;
  for (size_t i = 0; i < count; ++i) {
    if (divisor[i] == 0 || (divisor[i] == -1 && a[i] == std::numeric_limits<T>::min()))
      divisor[i] = 1;
    shift[i] = T(U(i) % bits);
  }
  binary("divsi", a, divisor, [](T x, T y) { return T(x / y); });
  binary("remsi", a, divisor, [](T x, T y) { return T(x % y); });
  binary("divui", a, divisor, [](T x, T y) { return T(U(x) / U(y)); });
  binary("remui", a, divisor, [](T x, T y) { return T(U(x) % U(y)); });
  binary("floordivsi", a, divisor, [](T x, T y) { return T(x / y - (x % y != 0 && ((x ^ y) < 0))); });
  binary("ceildivsi", a, divisor, [](T x, T y) { return T(x / y + (x % y != 0 && ((x ^ y) >= 0))); });
  binary("ceildivui", a, divisor, [](T x, T y) { return T(U(x) / U(y) + (U(x) % U(y) != 0)); });
  binary("shli", a, shift, [](T x, T y) { return T(uint64_t(x) << y); });
  binary("shrsi", a, shift, [](T x, T y) { return T(x >> y); });
  binary("shrui", a, shift, [](T x, T y) { return T(U(x) >> y); });

  auto compare = [&](const std::string &predicate, auto f) {
    table.binary<uint8_t>("cmpi_" + predicate + "_" + type,
                          in("%p = arith.cmpi " + predicate + ", %a, %b : $T\n%r = arith.extui %p : {i1} to {i8}"), a,
                          b, [&](T x, T y) { return uint8_t(f(x, y)); });
  };
  compare("eq", [](T x, T y) { return x == y; });
  compare("ne", [](T x, T y) { return x != y; });
  compare("slt", [](T x, T y) { return x < y; });
  compare("sle", [](T x, T y) { return x <= y; });
  compare("sgt", [](T x, T y) { return x > y; });
  compare("sge", [](T x, T y) { return x >= y; });
  compare("ult", [](T x, T y) { return U(x) < U(y); });
  compare("ule", [](T x, T y) { return U(x) <= U(y); });
  compare("ugt", [](T x, T y) { return U(x) > U(y); });
  compare("uge", [](T x, T y) { return U(x) >= U(y); });
  if (isIndex)
    return;

  table.binary<T>("select_" + type, in("%p = arith.cmpi sgt, %a, %b : $T\n%r = arith.select %p, %b, %a : {i1}, $T"), a,
                  b, [](T x, T y) { return x > y ? y : x; });
  table.binary<T>("scalar_select_" + type, in("%s = arith.constant 1 : i1\n%r = arith.select %s, %b, %a : $T"), a, b,
                  [](T, T y) { return y; });
  auto unaryMath = [&](const std::string &op, auto f) {
    table.unary<T>(op + "_" + type, in("%r = math." + op + " %a : $T"), getValues<T>(), f);
  };
  unaryMath("ctpop", [](T x) { return T(std::popcount(U(x))); });
  unaryMath("ctlz", [](T x) { return T(std::countl_zero(U(x))); });
  unaryMath("cttz", [](T x) { return T(std::countr_zero(U(x))); });
  using Wide = __int128;
  auto half = [&](const std::string &op, bool high, auto f) {
    table.binary<T>(
        op + (high ? "_high_" : "_low_") + type,
        in("%l, %h = arith." + op + " %a, %b : $T\n%r = arith.ori " + (high ? "%h, %h" : "%l, %l") + " : $T"), a, b, f);
  };
  half("mulsi_extended", false, [](T x, T y) { return T(Wide(x) * y); });
  half("mulsi_extended", true, [](T x, T y) { return T((Wide(x) * y) >> bits); });
  half("mului_extended", true, [](T x, T y) { return T((unsigned __int128)(U(x)) * U(y) >> bits); });
  table.binary<uint8_t>("addui_extended_" + type,
                        in("%l, %h = arith.addui_extended %a, %b : $T, {i1}\n%r = arith.extui %h : {i1} to {i8}"), a, b,
                        [](T x, T y) { return uint8_t(U(U(x) + U(y)) < U(x)); });
  // Constants: of both signs, the lowest one, and (for vectors) lanes that differ.
  table.unary<T>("constant_" + type,
                 in("%k = arith.constant {" + std::to_string(std::numeric_limits<T>::min()) + " : " + type +
                    "}\n%r = arith.addi %a, %k : $T"),
                 getValues<T>(), [](T x) { return T(U(x) + U(std::numeric_limits<T>::min())); });
  table.unary<T>("negative_constant_" + type,
                 in("%k = arith.constant {-5 : " + type + "}\n%r = arith.muli %a, %k : $T"), getValues<T>(),
                 [](T x) { return T(uint64_t(x) * uint64_t(-5)); });
}

//===-- Floats --------------------------------------------------------------===//

template <typename T> void addFloats(Table &table) {
  std::string type = nameOf<T>(), t = "{" + type + "}";
  std::vector<T> a, b;
  getPairs(a, b);
  auto binary = [&](const std::string &op, auto f) -> OpCase & {
    return table.binary<T>(op + "_" + type, "%r = arith." + op + " %a, %b : " + t, a, b, f);
  };
  binary("addf", [](T x, T y) { return x + y; });
  binary("subf", [](T x, T y) { return x - y; });
  binary("mulf", [](T x, T y) { return x * y; });
  binary("divf", [](T x, T y) { return x / y; }).ulp = 3;
  table.binary<T>("copysign_" + type, "%r = math.copysign %a, %b : " + t, a, b,
                  [](T x, T y) { return std::copysign(x, y); });
  auto unary = [&](const std::string &op, auto f) -> OpCase & {
    std::string dialect = op == "negf" ? "arith." : "math.";
    return table.unary<T>(op + "_" + type, "%r = " + dialect + op + " %a : " + t, getValues<T>(), f);
  };
  unary("negf", [](T x) { return -x; });
  unary("absf", [](T x) { return std::fabs(x); });
  unary("sqrt", [](T x) { return std::sqrt(x); }).ulp = 3;
  unary("floor", [](T x) { return std::floor(x); });
  unary("ceil", [](T x) { return std::ceil(x); });
  unary("trunc", [](T x) { return std::trunc(x); });
  unary("roundeven", [](T x) { return std::nearbyint(x); });

  // math.fma rounds once, mulf and addf twice: x * x - round(x * x) tells.
  std::vector<T> x = getValues<T>(count, 3);
  table
      .unary<T>("fma_" + type,
                "%m = arith.mulf %a, %a : " + t + "\n%neg = arith.negf %m : " + t +
                    "\n%r = math.fma %a, %a, %neg : " + t,
                x, [](T v) { return std::fma(v, v, -(v * v)); })
      .needsFma = true;
  table.unary<T>("no_contraction_" + type,
                 "%m = arith.mulf %a, %a : " + t + "\n%k = arith.constant {1.0 : " + type +
                     "}\n%s = arith.addf %m, %k : " + t + "\n%d = arith.subf %s, %m : " + t +
                     "\n%r = arith.addf %d, %a : " + t,
                 x, [](T v) {
                   volatile T product = v * v;
                   volatile T sum = product + T(1);
                   volatile T rest = sum - product;
                   return T(rest + v);
                 });
  auto compare = [&](const std::string &predicate, auto f) {
    table.binary<uint8_t>("cmpf_" + predicate + "_" + type,
                          "%p = arith.cmpf " + predicate + ", %a, %b : " + t + "\n%r = arith.extui %p : {i1} to {i8}",
                          a, b, [&](T x, T y) { return uint8_t(f(x, y)); });
  };
  auto unordered = [](T x, T y) { return std::isnan(x) || std::isnan(y); };
  compare("oeq", [&](T x, T y) { return x == y; });
  compare("ogt", [&](T x, T y) { return x > y; });
  compare("oge", [&](T x, T y) { return x >= y; });
  compare("olt", [&](T x, T y) { return x < y; });
  compare("ole", [&](T x, T y) { return x <= y; });
  compare("one", [&](T x, T y) { return !unordered(x, y) && x != y; });
  compare("ord", [&](T x, T y) { return !unordered(x, y); });
  compare("ueq", [&](T x, T y) { return unordered(x, y) || x == y; });
  compare("ugt", [&](T x, T y) { return unordered(x, y) || x > y; });
  compare("uge", [&](T x, T y) { return unordered(x, y) || x >= y; });
  compare("ult", [&](T x, T y) { return unordered(x, y) || x < y; });
  compare("ule", [&](T x, T y) { return unordered(x, y) || x <= y; });
  compare("une", [&](T x, T y) { return unordered(x, y) || x != y; });
  compare("uno", [&](T x, T y) { return unordered(x, y); });
  compare("true", [&](T, T) { return true; });
  compare("false", [&](T, T) { return false; });
  table.binary<T>("select_" + type,
                  "%p = arith.cmpf ogt, %a, %b : " + t + "\n%r = arith.select %p, %a, %b : {i1}, " + t, a, b,
                  [](T x, T y) { return x > y ? x : y; });
  using I = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
  table.unary<I>("bitcast_" + type, "%r = arith.bitcast %a : " + t + " to {" + nameOf<I>() + "}", x,
                 [](T v) { return std::bit_cast<I>(v); });
  std::vector<I> bits;
  for (T v : x)
    bits.push_back(std::bit_cast<I>(v));
  table.unary<T>("bitcast_to_" + type, "%r = arith.bitcast %a : {" + nameOf<I>() + "} to " + t, bits,
                 [](I v) { return std::bit_cast<T>(v); });
  // Literals that only exact spelling gets right; a NaN and infinities.
  std::pair<const char *, T> constants[] = {{"third", T(1) / T(3)},
                                            {"big", T(1e30)},
                                            {"minus", T(-0.1)},
                                            {"zero", T(-0.0)},
                                            {"inf", std::numeric_limits<T>::infinity()},
                                            {"minus_inf", -std::numeric_limits<T>::infinity()},
                                            {"nan", std::numeric_limits<T>::quiet_NaN()}};
  for (auto [name, value] : constants) {
    char hex[32];
    std::snprintf(hex, sizeof hex, sizeof(T) == 4 ? "0x%08llX" : "0x%016llX",
                  (unsigned long long)std::make_unsigned_t<I>(std::bit_cast<I>(value)));
    table.unary<T>(std::string("constant_") + name + "_" + type,
                   "%k = arith.constant {" + std::string(hex) + " : " + type + "}\n%z = arith.cmpf une, %a, %a : " + t +
                       "\n%r = arith.select %z, %a, %k : {i1}, " + t,
                   x, [value = value](T v) { return std::isnan(v) ? v : value; });
  }
}

//===-- Casts ---------------------------------------------------------------===//

template <typename From, typename To> void addIntegerCast(Table &table) {
  std::string from = nameOf<From>(), to = nameOf<To>();
  std::string types = " %a : {" + from + "} to {" + to + "}";
  if constexpr (sizeof(From) < sizeof(To)) {
    table.unary<To>("extsi_" + from + "_" + to, "%r = arith.extsi" + types, getValues<From>(),
                    [](From x) { return To(x); });
    table.unary<To>("extui_" + from + "_" + to, "%r = arith.extui" + types, getValues<From>(),
                    [](From x) { return To(std::make_unsigned_t<From>(x)); });
  } else if constexpr (sizeof(From) > sizeof(To))
    table.unary<To>("trunci_" + from + "_" + to, "%r = arith.trunci" + types, getValues<From>(),
                    [](From x) { return To(x); });
}

template <typename I, typename F> void addFloatCast(Table &table) {
  std::string i = nameOf<I>(), f = nameOf<F>();
  using U = std::make_unsigned_t<I>;
  std::string up = " %a : {" + i + "} to {" + f + "}", down = " %a : {" + f + "} to {" + i + "}";
  table.unary<F>("sitofp_" + i + "_" + f, "%r = arith.sitofp" + up, getValues<I>(), [](I x) { return F(x); });
  table.unary<F>("uitofp_" + i + "_" + f, "%r = arith.uitofp" + up, getValues<I>(), [](I x) { return F(U(x)); });
  std::vector<F> inside, positive;
  std::mt19937_64 random(7);
  // Within the type, to a float's precision: the largest float below 2^63 is far from it.
  double top = std::min(double(std::numeric_limits<I>::max()), std::ldexp(1.0, 8 * sizeof(I) - 1) * (1 - 0x1p-20));
  std::uniform_real_distribution<double> both(-top, top), above(0, 2 * top);
  for (size_t k = 0; k < count; ++k) {
    inside.push_back(F(k % 2 ? both(random) : std::fmod(both(random), 100)));
    positive.push_back(F(k % 2 ? above(random) : std::fmod(above(random), 100)));
  }
  table.unary<I>("fptosi_" + f + "_" + i, "%r = arith.fptosi" + down, inside, [](F x) { return I(x); });
  table.unary<I>("fptoui_" + f + "_" + i, "%r = arith.fptoui" + down, positive, [](F x) { return I(U(x)); });
}

void addCasts(Table &table) {
  auto all = [&]<typename From>(From) {
    addIntegerCast<From, int8_t>(table);
    addIntegerCast<From, int16_t>(table);
    addIntegerCast<From, int32_t>(table);
    addIntegerCast<From, int64_t>(table);
    addFloatCast<From, float>(table);
    addFloatCast<From, double>(table);
  };
  all(int8_t());
  all(int16_t());
  all(int32_t());
  all(int64_t());
  table.unary<double>("extf_f32_f64", "%r = arith.extf %a : {f32} to {f64}", getValues<float>(),
                      [](float x) { return double(x); });
  table.unary<float>("truncf_f64_f32", "%r = arith.truncf %a : {f64} to {f32}", getValues<double>(),
                     [](double x) { return float(x); });
  table.unary<int64_t>("index_cast_i32",
                       "%i = arith.index_cast %a : {i32} to {index}\n%r = arith.index_cast %i : {index} to {i64}",
                       getValues<int32_t>(), [](int32_t x) { return int64_t(x); });
  table.unary<int64_t>("index_castui_i32",
                       "%i = arith.index_castui %a : {i32} to {index}\n%r = arith.index_castui %i : {index} to {i64}",
                       getValues<int32_t>(), [](int32_t x) { return int64_t(uint32_t(x)); });
  table.unary<int32_t>("index_cast_to_i32",
                       "%i = arith.index_cast %a : {i64} to {index}\n%r = arith.index_cast %i : {index} to {i32}",
                       getValues<int64_t>(), [](int64_t x) { return int32_t(x); });
}

//===-- f16 and bf16 --------------------------------------------------------===//

float extend(Half h) {
  int exponent = h.bits >> 10 & 31, mantissa = h.bits & 1023;
  float value = exponent == 31  ? (mantissa ? NAN : INFINITY)
                : exponent == 0 ? std::ldexp(float(mantissa), -24)
                                : std::ldexp(float(mantissa + 1024), exponent - 25);
  return std::copysign(value, h.bits & 0x8000 ? -1.0f : 1.0f);
}
float extend(Brain b) { return std::bit_cast<float>(uint32_t(b.bits) << 16); }

/// To nearest even, by searching: slow and plain. f16 and bf16 are ordered as their bits are.
template <typename N> N truncate(double value) {
  constexpr uint16_t infinity = std::is_same_v<N, Half> ? 0x7c00 : 0x7f80;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value))
    return {uint16_t(sign | infinity | (infinity == 0x7c00 ? 0x200 : 0x40))};
  double magnitude = std::fabs(value);
  uint16_t low = 0, high = infinity; // extend(low) <= magnitude < extend(high), unless it is infinite.
  if (std::isinf(magnitude))
    return {uint16_t(sign | infinity)};
  while (high - low > 1) {
    uint16_t middle = (low + high) / 2;
    (extend(N{middle}) <= magnitude ? low : high) = middle;
  }
  // The number after the largest finite one is where rounding to infinity would be even.
  double step = extend(N{low}) - (low ? double(extend(N{uint16_t(low - 1)})) : 0.0);
  double next = high == infinity ? extend(N{low}) + step : double(extend(N{high}));
  double toLow = magnitude - extend(N{low}), toHigh = next - magnitude;
  return {uint16_t(sign | (toLow < toHigh || (toLow == toHigh && low % 2 == 0) ? low : high))};
}

template <typename N> void addNarrow(Table &table) {
  std::string type = nameOf<N>(), t = "{" + type + "}";
  std::vector<N> every;
  for (unsigned bits = 0; bits < 0x10000; ++bits)
    every.push_back({uint16_t(bits)});
  std::vector<N> some;
  for (unsigned i = 0; i < count; ++i)
    some.push_back({uint16_t(i * 257 + 3)});
  auto isNan = [](N n) { return std::isnan(extend(n)); };
  bool isHalf = type == "f16";
  auto mark = [&](OpCase &c) { c.needsFloat16 = isHalf; };
  mark(table.unary<float>("extf_" + type + "_f32", "%r = arith.extf %a : " + t + " to {f32}", every,
                          [](N n) { return extend(n); }));
  mark(table.unary<double>("extf_" + type + "_f64", "%r = arith.extf %a : " + t + " to {f64}", every,
                           [](N n) { return double(extend(n)); }));
  // Every number, what lies halfway to the next, and its neighbours.
  std::vector<float> singles;
  std::vector<double> doubles;
  for (unsigned bits = 0; bits < 0x10000; bits += 3) {
    if (isNan({uint16_t(bits)})) {
      singles.insert(singles.end(), 4, NAN);
      doubles.insert(doubles.end(), 4, NAN);
      continue;
    }
    float value = extend(N{uint16_t(bits)}), next = extend(N{uint16_t(bits + 1)});
    double middle = std::isfinite(next) && std::isfinite(value) ? (double(value) + next) / 2 : double(value);
    for (float x : {value, float(middle), std::nextafter(float(middle), 0.0f), std::nextafter(float(middle), 1e38f)})
      singles.push_back(std::fpclassify(x) == FP_SUBNORMAL ? 0.0f : x);
    for (double x : {double(value), middle, std::nextafter(middle, 0.0), std::nextafter(middle, 1e300)})
      doubles.push_back(std::fabs(x) < 0x1p-126 ? 0.0 : x);
  }
  for (double x : {65504.0, 65519.0, 65520.0, 1e6, 3e38, 1e-8, 5.96e-8, 2.98e-8, 2.99e-8, 1e300, -1e300}) {
    singles.push_back(float(x));
    doubles.push_back(x);
  }
  singles.resize(singles.size() / 16 * 16 + 16);
  doubles.resize(doubles.size() / 16 * 16 + 16);
  mark(table.unary<N>("truncf_f32_" + type, "%r = arith.truncf %a : {f32} to " + t, singles,
                      [](float x) { return truncate<N>(x); }));
  mark(table.unary<N>("truncf_f64_" + type, "%r = arith.truncf %a : {f64} to " + t, doubles,
                      [](double x) { return truncate<N>(x); }));
  // A rounded value that is looked at again, and stored: the conversion cannot hide in the store.
  std::vector<float> normal = getValues<float>();
  mark(table.unary<float>("round_to_" + type,
                          "%h = arith.truncf %a : {f32} to " + t + "\n%r = arith.extf %h : " + t + " to {f32}", normal,
                          [](float x) { return extend(truncate<N>(x)); }));
  // Moving bits needs no conversion at all.
  table.unary<N>("move_" + type, "%b = arith.bitcast %a : " + t + " to {i16}\n%r = arith.bitcast %b : {i16} to " + t,
                 some, [](N n) { return n; });
  table.unary<N>("constant_" + type,
                 "%z = arith.bitcast %a : " + t +
                     " to {i16}\n%o = arith.constant {7 : i16}\n%p = arith.cmpi sgt, %z, %o : {i16}\n"
                     "%k = arith.constant {-1.5 : " +
                     type + "}\n%r = arith.select %p, %a, %k : {i1}, " + t,
                 some, [](N n) { return int16_t(n.bits) > 7 ? n : truncate<N>(-1.5); });
}

//===-- i1 ------------------------------------------------------------------===//

void addBools(Table &table) {
  std::vector<int32_t> a, b;
  for (size_t i = 0; i < count; ++i) {
    a.push_back(i % 3 == 0);
    b.push_back(i % 5 < 2);
  }
  auto binary = [&](const std::string &name, const std::string &op, auto f) {
    table.binary<int32_t>(name + "_i1",
                          "%p = arith.trunci %a : {i32} to {i1}\n%q = arith.trunci %b : {i32} to {i1}\n%s = " + op +
                              " %p, %q : {i1}\n%r = arith.extui %s : {i1} to {i32}",
                          a, b, [&](bool x, bool y) { return int32_t(f(x, y)); });
  };
  binary("andi", "arith.andi", [](bool x, bool y) { return x && y; });
  binary("ori", "arith.ori", [](bool x, bool y) { return x || y; });
  binary("xori", "arith.xori", [](bool x, bool y) { return x != y; });
  binary("addi", "arith.addi", [](bool x, bool y) { return x != y; });
  binary("muli", "arith.muli", [](bool x, bool y) { return x && y; });
  binary("maxsi", "arith.maxsi", [](bool x, bool y) { return x && y; });
  binary("maxui", "arith.maxui", [](bool x, bool y) { return x || y; });
  binary("minsi", "arith.minsi", [](bool x, bool y) { return x || y; });
  binary("minui", "arith.minui", [](bool x, bool y) { return x && y; });
  binary("eq", "arith.cmpi eq,", [](bool x, bool y) { return x == y; });
  binary("slt", "arith.cmpi slt,", [](bool x, bool y) { return x && !y; });
  binary("ult", "arith.cmpi ult,", [](bool x, bool y) { return !x && y; });
  auto cast = [&]<typename R>(const std::string &op, R yes) {
    table.unary<R>(op + "_i1_" + nameOf<R>(),
                   "%p = arith.trunci %a : {i32} to {i1}\n%r = arith." + op + " %p : {i1} to {" + nameOf<R>() + "}", a,
                   [&](int32_t x) { return x ? yes : R(0); });
  };
  cast("extsi", int8_t(-1));
  cast("extsi", int32_t(-1));
  cast("extsi", int64_t(-1));
  cast("extui", int8_t(1));
  cast("extui", int64_t(1));
  cast("sitofp", float(-1));
  cast("uitofp", float(1));
  cast("uitofp", double(1));
  table.unary<int32_t>(
      "not_i1",
      "%p = arith.trunci %a : {i32} to {i1}\n%t = arith.constant {true}\n%q = arith.xori %p, %t : {i1}\n"
      "%u = arith.select %q, %p, %q : {i1}, {i1}\n%s = arith.ori %u, %q : {i1}\n%r = arith.extui %s : {i1} to {i32}",
      a, [](int32_t x) { return int32_t(!x); });
}

} // namespace

std::vector<std::string> getOpGroups() {
  return {"i8", "i16", "i32", "i64", "index", "f32", "f64", "casts", "f16", "bf16", "i1"};
}

std::vector<OpCase> getOpCases(const std::string &group) {
  Table table;
  if (group == "i8")
    addIntegers<int8_t>(table, "i8");
  if (group == "i16")
    addIntegers<int16_t>(table, "i16");
  if (group == "i32")
    addIntegers<int32_t>(table, "i32");
  if (group == "i64")
    addIntegers<int64_t>(table, "i64");
  if (group == "index")
    addIntegers<int64_t>(table, "index");
  if (group == "f32")
    addFloats<float>(table);
  if (group == "f64")
    addFloats<double>(table);
  if (group == "casts")
    addCasts(table);
  if (group == "f16")
    addNarrow<Half>(table);
  if (group == "bf16")
    addNarrow<Brain>(table);
  if (group == "i1")
    addBools(table);
  return table.cases;
}

/// {f32} becomes f32 or vector<4xf32>; a constant's {5 : i32} becomes 5 : i32 or dense<5> : vector<4xi32>. A scalar i1
/// of arith.select is not written.
static std::string instantiate(std::string body, unsigned width) {
  std::string result;
  for (size_t at = 0; at < body.size();) {
    if (body[at] != '{') {
      result += body[at++];
      continue;
    }
    size_t end = body.find('}', at);
    std::string inner = body.substr(at + 1, end - at - 1);
    at = end + 1;
    size_t colon = inner.find(" : ");
    std::string vector = "vector<" + std::to_string(width) + "x";
    if (inner == "true")
      result += width == 1 ? "true" : "dense<true> : " + vector + "i1>";
    else if (colon != std::string::npos)
      result +=
          width == 1 ? inner : "dense<" + inner.substr(0, colon) + "> : " + vector + inner.substr(colon + 3) + ">";
    else if (inner == "i1" && width == 1 && body.compare(at, 2, ", ") == 0)
      at += 2;
    else
      result += width == 1 ? inner : vector + inner + ">";
  }
  return result;
}

static size_t sizeOf(const std::string &type) { return type == "bf16" ? 2 : std::stoul(type.substr(1)) / 8; }

std::string getKernelText(const std::vector<OpCase> &cases) {
  std::string text;
  for (const OpCase &c : cases) {
    std::string names[] = {"a", "b", "c"}, access;
    text += "func.func @" + c.name + "(";
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      text += "%m" + names[i] + ": memref<?x" + c.inputs[i] + ">, ";
      access += "1, ";
    }
    text += "%y: memref<?x" + c.output +
            ">, %n: index) attributes {tenon.block = array<i64: 1, 1, 1>, tenon.access = "
            "array<i64: " +
            access + "2>} {\n%chunk = arith.constant " + std::to_string(chunk) +
            " : index\n%g = gpu.block_id x\n%first = arith.muli %g, %chunk : index\n"
            "%end = arith.addi %first, %chunk : index\n%last = arith.minsi %end, %n : index\n";
    for (size_t w = 0; w < std::size(widths); ++w) {
      unsigned width = widths[w];
      std::string id = std::to_string(width);
      auto type = [&](const std::string &element) {
        return width == 1 ? element : "vector<" + id + "x" + element + ">";
      };
      std::string load = width == 1 ? "memref.load" : "vector.load",
                  store = width == 1 ? "memref.store" : "vector.store";
      text += "%step" + id + " = arith.constant " + id + " : index\n%w" + id + " = arith.constant " +
              std::to_string(w) + " : index\n%base" + id + " = arith.muli %w" + id +
              ", %n : index\nscf.for %at = %first to %last step %step" + id + " {\n";
      for (size_t i = 0; i < c.inputs.size(); ++i)
        text += "%" + names[i] + " = " + load + " %m" + names[i] + "[%at] : memref<?x" + c.inputs[i] + ">" +
                (width == 1 ? "" : ", " + type(c.inputs[i])) + "\n";
      std::string body = instantiate(c.body, width);
      if (c.inputs.size() == 1 && body.find("%bi") != std::string::npos)
        body = "%b = arith.ori %a, %a : " + type(c.inputs[0]) + "\n" + body;
      text += body + "\n%to = arith.addi %base" + id + ", %at : index\n" + store + " %r, %y[%to] : memref<?x" +
              c.output + ">" + (width == 1 ? "" : ", " + type(c.output)) + "\n}\n";
    }
    text += "return\n}\n";
  }
  return text;
}

template <typename T> static bool isClose(const uint8_t *got, const uint8_t *want, unsigned ulp) {
  T a, b;
  std::memcpy(&a, got, sizeof a);
  std::memcpy(&b, want, sizeof b);
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) && std::isnan(b);
  if (!ulp || !std::isfinite(a) || !std::isfinite(b))
    return a == b && std::signbit(a) == std::signbit(b);
  return std::fabs(a - b) <= ulp * std::fabs(std::nextafter(b, T(INFINITY)) - b);
}

static bool isEqual(const OpCase &c, const uint8_t *got, const uint8_t *want) {
  if (c.output == "f32")
    return isClose<float>(got, want, c.ulp);
  if (c.output == "f64")
    return isClose<double>(got, want, c.ulp);
  size_t size = sizeOf(c.output);
  if (c.output == "f16" || c.output == "bf16") {
    uint16_t a, b, infinity = c.output == "f16" ? 0x7c00 : 0x7f80;
    std::memcpy(&a, got, 2);
    std::memcpy(&b, want, 2);
    if ((b & 0x7fff) > infinity)
      return (a & 0x7fff) > infinity;
  }
  return std::memcmp(got, want, size) == 0;
}

static std::string toHex(const uint8_t *bytes, size_t size) {
  std::string text = "0x";
  char digits[3];
  for (size_t i = size; i-- > 0;) {
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

void removeFloat64(std::vector<OpCase> &cases) {
  std::erase_if(cases, [](const OpCase &c) {
    std::string types = c.output + c.body;
    for (const std::string &input : c.inputs)
      types += input;
    return types.find("f64") != std::string::npos;
  });
}

void checkOps(const Target &target, const Profile &profile, std::vector<OpCase> cases, const Runner &run) {
  std::erase_if(cases, [&](const OpCase &c) {
    return (c.needsFma && !profile.device.fma) || (c.needsFloat16 && !profile.device.nativeFloat16Convert);
  });
  ASSERT_FALSE(cases.empty());
  KernelContext context;
  auto module = context.parse(getKernelText(cases));
  ASSERT_TRUE(module);
  auto compiled = target.compile(*module, profile);
  ASSERT_TRUE(mlir::succeeded(compiled)) << context.errors;
  for (const OpCase &c : cases) {
    size_t size = sizeOf(c.output), n = c.expected.size() / size;
    std::vector<Argument> arguments;
    for (const Bytes &data : c.data)
      arguments.push_back({true, data});
    arguments.push_back({true, Bytes(c.expected.size() * std::size(widths), 0xcc)});
    arguments.push_back(Argument::scalar<int64_t>(n));
    std::string error = run(*compiled, c.name, arguments, {int64_t((n + chunk - 1) / chunk), 1, 1});
    ASSERT_EQ(error, "") << c.name;
    const Bytes &got = arguments[c.data.size()].bytes;
    unsigned wrong = 0;
    for (size_t i = 0; i < n * std::size(widths); ++i) {
      const uint8_t *want = &c.expected[i % n * size];
      if (isEqual(c, &got[i * size], want) || ++wrong > 3)
        continue;
      std::string inputs;
      for (size_t k = 0; k < c.data.size(); ++k)
        inputs += " " + toHex(&c.data[k][i % n * sizeOf(c.inputs[k])], sizeOf(c.inputs[k]));
      ADD_FAILURE() << c.name << " width " << widths[i / n] << ", inputs" << inputs << ": got "
                    << toHex(&got[i * size], size) << ", want " << toHex(want, size);
    }
  }
}

} // namespace tenon::test
