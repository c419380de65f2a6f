//===- FunctionsTest.cpp - accuracy of the math functions -------------------===//
//
// Owns the error bounds that docs/functions.md states: every function in f32 and f64, on every kind of device, against
// the C library in a wider type. TENON_FUNCTION_TABLE=1 prints what was measured.
//
//===------------------------------------------------------------------------===//
#include "Jit.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

namespace tenon::test {
namespace {

using Wide = long double;

struct Case {
  const char *op;
  int arity;
  Wide (*reference)(Wide, Wide);
  double bound32, bound64;
  double low, high; ///< Where samples are dense, besides all bit patterns.
};

void PrintTo(const Case &c, std::ostream *os) { *os << c.op; }

#define ONE(f) [](Wide x, Wide) -> Wide { return f(x); }
const Case cases[] = {
    {"exp", 1, ONE(expl), 1.25, 1.25, -110, 95},
    {"exp2", 1, ONE(exp2l), 1.25, 1.25, -150, 130},
    {"expm1", 1, ONE(expm1l), 2.0, 2.0, -20, 90},
    {"log", 1, ONE(logl), 1.0, 1.0, 0.3, 3},
    {"log2", 1, ONE(log2l), 0.51, 0.51, 0.3, 3},
    {"log10", 1, ONE(log10l), 0.51, 0.51, 0.3, 3},
    {"log1p", 1, ONE(log1pl), 1.5, 1.5, -0.9, 3},
    {"sqrt", 1, ONE(sqrtl), 0.501, 0.501, 0, 4},
    {"rsqrt", 1, [](Wide x, Wide) -> Wide { return 1 / sqrtl(x); }, 1.5, 1.5, 0.1, 4},
    {"cbrt", 1, ONE(cbrtl), 0.75, 0.75, -9, 9},
    {"sin", 1, ONE(sinl), 1.0, 1.0, -20, 20},
    {"cos", 1, ONE(cosl), 1.0, 1.0, -20, 20},
    {"tan", 1, ONE(tanl), 2.5, 2.5, -20, 20},
    {"asin", 1, ONE(asinl), 1.0, 1.0, -1, 1},
    {"acos", 1, ONE(acosl), 1.0, 1.0, -1, 1},
    {"atan", 1, ONE(atanl), 1.0, 1.0, -4, 4},
    {"sinh", 1, ONE(sinhl), 2.5, 2.5, -4, 4},
    {"cosh", 1, ONE(coshl), 2.0, 2.0, -4, 4},
    {"tanh", 1, ONE(tanhl), 2.5, 2.5, -4, 4},
    {"asinh", 1, ONE(asinhl), 2.5, 2.5, -4, 4},
    {"acosh", 1, ONE(acoshl), 2.5, 2.5, 1, 4},
    {"atanh", 1, ONE(atanhl), 2.5, 2.5, -1, 1},
    {"erf", 1, ONE(erfl), 1.5, 1.5, -4, 4},
    {"erfc", 1, ONE(erfcl), 4.0, 4.0, -2, 28},
    {"floor", 1, ONE(floorl), 0, 0, -9, 9},
    {"ceil", 1, ONE(ceill), 0, 0, -9, 9},
    {"trunc", 1, ONE(truncl), 0, 0, -9, 9},
    {"round", 1, ONE(roundl), 0, 0, -9, 9},
    {"roundeven", 1, ONE(rintl), 0, 0, -9, 9},
    {"absf", 1, ONE(fabsl), 0, 0, -9, 9},
    {"atan2", 2, [](Wide y, Wide x) -> Wide { return atan2l(y, x); }, 2.0, 1.5, -4, 4},
    {"powf", 2, [](Wide x, Wide y) -> Wide { return powl(x, y); }, 1.5, 1.5, 0, 20},
    {"copysign", 2, [](Wide x, Wide y) -> Wide { return copysignl(x, y); }, 0, 0, -4, 4},
};

template <class T> struct Bits;
template <> struct Bits<float> {
  using Type = uint32_t;
};
template <> struct Bits<double> {
  using Type = uint64_t;
};

/// Error of `got` in units of the last place of T at `want`; infinity where they differ in kind.
template <class T> double ulps(T got, Wide want) {
  constexpr Wide inf = std::numeric_limits<Wide>::infinity();
  if (std::isnan(want) || std::isnan(got))
    return std::isnan(want) && std::isnan(got) ? 0 : INFINITY;
  T rounded = T(want);
  if (want == 0 || got == 0)
    if (rounded == 0 && got == 0)
      return std::signbit(want) == std::signbit(got) ? (want == 0 ? 0 : 0.5) : INFINITY;
  Wide beyond = ldexpl(1, std::numeric_limits<T>::max_exponent);
  if (std::isinf(want)) // an infinity that is exact must be met
    return got == rounded ? 0 : INFINITY;
  if (std::isinf(rounded) && got == rounded)
    return 0;
  Wide value = std::isinf(got) ? copysignl(beyond, got) : Wide(got);
  int e = want == 0 ? std::numeric_limits<T>::min_exponent : ilogbl(fabsl(want)) + 1;
  e = std::min(std::max(e, std::numeric_limits<T>::min_exponent), std::numeric_limits<T>::max_exponent);
  Wide unit = ldexpl(1, e - std::numeric_limits<T>::digits);
  Wide error = fabsl(value - want) / unit;
  return error < inf ? double(error) : INFINITY;
}

template <class T> std::vector<T> specials() {
  using L = std::numeric_limits<T>;
  std::vector<T> v = {0,
                      1,
                      2,
                      3,
                      T(0.5),
                      T(0.25),
                      T(1.5),
                      T(2.5),
                      10,
                      100,
                      1000,
                      T(1e10),
                      L::min(),
                      L::max(),
                      L::infinity(),
                      L::quiet_NaN(),
                      L::denorm_min(),
                      T(L::min() * T(0.75)),
                      L::epsilon(),
                      T(M_PI),
                      T(M_PI_2),
                      T(M_PI_4),
                      std::nextafter(T(1), T(2)),
                      std::nextafter(T(1), T(0)),
                      std::nextafter(T(0.5), T(1)),
                      T(88.72283),
                      T(88.72284),
                      T(103.97),
                      T(87.33),
                      T(709.78),
                      T(709.79),
                      T(745.1),
                      T(127),
                      T(128),
                      T(149),
                      T(150),
                      T(1023),
                      T(1024),
                      T(89.4),
                      T(89.41),
                      T(89.42),
                      T(710.47),
                      T(710.48),
                      T(8388609.5),
                      T(4194303.5),
                      T(16777215),
                      T(2097151.75),
                      T(1e30),
                      T(16367173),
                      T(0x1.921fb6p+20),
                      T(6381956970095103.0),
                      T(5.319372648326541e+255),
                      T(33),
                      T(22)};
  for (size_t i = 0, n = v.size(); i < n; ++i)
    v.push_back(-v[i]);
  return v;
}

template <class T> void pad(std::vector<T> &v) {
  while (v.size() % 16)
    v.push_back(v.back());
}

template <class T> void samples(const Case &c, std::vector<T> &a, std::vector<T> &b) {
  using U = typename Bits<T>::Type;
  std::mt19937_64 random(12345);
  auto any = [&] { return std::bit_cast<T>(U(random())); };
  auto within = [&](double lo, double hi) { return T(std::uniform_real_distribution<double>(lo, hi)(random)); };
  if (c.arity == 1) {
    a = specials<T>();
    if (sizeof(T) == 4)
      for (uint64_t i = 0; i < (uint64_t(1) << 32); i += 997)
        a.push_back(std::bit_cast<T>(U(i)));
    else
      for (int i = 0; i < 300000; ++i)
        a.push_back(any());
    for (int i = 0; i < 400000; ++i)
      a.push_back(within(c.low, c.high));
    // Small and moderate magnitudes of either sign, log-uniform.
    for (int i = 0; i < 200000; ++i)
      a.push_back(T(std::exp2(std::uniform_real_distribution<double>(-40, 12)(random)) * (i & 1 ? 1 : -1)));
    b = a;
  } else {
    for (T x : specials<T>())
      for (T y : specials<T>()) {
        a.push_back(x);
        b.push_back(y);
      }
    for (int i = 0; i < 300000; ++i) {
      a.push_back(any());
      b.push_back(any());
      a.push_back(within(c.low, c.high));
      b.push_back(within(-40, 40));
      a.push_back(within(c.low, c.high));
      b.push_back(within(-1, 1));
      a.push_back(T(1 + within(-1, 1) / 4096)); // near 1, large exponents
      b.push_back(within(-3e5, 3e5));
      a.push_back(any());
      b.push_back(within(-2, 2));
      a.push_back(std::nearbyint(within(-20, 20)));
      b.push_back(std::nearbyint(within(-20, 20)));
    }
  }
  pad(a);
  pad(b);
}

class Functions : public testing::TestWithParam<Case> {};

template <class T> void check(const Case &c, double bound) {
  std::vector<T> a, b;
  samples(c, a, b);
  std::vector<Wide> want(a.size());
  for (size_t i = 0; i < a.size(); ++i)
    want[i] = c.reference(Wide(a[i]), Wide(b[i]));
  const char *type = sizeof(T) == 4 ? "f32" : "f64";
  std::string body =
      c.arity == 1 ? "%r = math." + std::string(c.op) + " %a : R" : "%r = math." + std::string(c.op) + " %a, %b : R";
  std::vector<std::string> in(c.arity, type);
  for (const Device &device : getDevices()) {
    std::vector<T> got(a.size()), scalar(4096);
    std::vector<const void *> args = {a.data(), b.data()};
    args.resize(c.arity);
    Kernel vector(body, in, type, 8, device.description);
    ASSERT_TRUE(vector.ok()) << vector.error();
    vector.run(args, got.data(), a.size());
    double worst = 0;
    int shown = 0;
    size_t at = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      double e = ulps(got[i], want[i]);
      // The one place where a subnormal is given up for speed.
      if (c.op == std::string("exp") && sizeof(T) == 4 && got[i] == 0 && want[i] < std::numeric_limits<T>::min())
        continue;
      if (e > worst) {
        worst = e;
        at = i;
      }
      if (e > bound && ++shown < 6)
        ADD_FAILURE() << c.op << " " << type << " " << device.name << ": x = " << std::hexfloat << a[i]
                      << " y = " << b[i] << " got " << got[i] << " want " << want[i] << std::defaultfloat << ", " << e
                      << " ulp";
    }
    if (getenv("TENON_FUNCTION_TABLE"))
      printf("TABLE %s %s %s %.3f at %a %a\n", c.op, type, device.name, worst, double(a[at]), double(b[at]));
    // Scalars: the same bits.
    Kernel one(body, in, type, 1, device.description);
    ASSERT_TRUE(one.ok()) << one.error();
    one.run(args, scalar.data(), scalar.size());
    for (size_t i = 0; i < scalar.size(); ++i)
      ASSERT_TRUE(scalar[i] == got[i] || (std::isnan(scalar[i]) && std::isnan(got[i])))
          << c.op << " " << type << " " << device.name << ": scalar and vector differ at " << a[i];
  }
}

TEST_P(Functions, F32) { check<float>(GetParam(), GetParam().bound32); }
TEST_P(Functions, F64) { check<double>(GetParam(), GetParam().bound64); }

INSTANTIATE_TEST_SUITE_P(All, Functions, testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.op); });

template <class T> void checkFma(const char *type) {
  std::mt19937_64 random(7);
  auto any = [&](int low, int high) {
    T fraction = std::ldexp(T(random() >> 11), -53) + 1;
    return std::ldexp(random() & 1 ? -fraction : fraction, std::uniform_int_distribution<int>(low, high)(random));
  };
  std::vector<T> a, b, c;
  for (int i = 0; i < 400000; ++i) {
    a.push_back(any(-20, 20));
    b.push_back(any(-20, 20));
    // Half of them cancel.
    c.push_back(i & 1 ? any(-60, 60) : -a.back() * b.back() * (1 + T(i % 5) * std::numeric_limits<T>::epsilon()));
  }
  for (const Device &device : getDevices()) {
    Kernel k("%r = math.fma %a, %b, %c : R", {type, type, type}, type, 8, device.description);
    ASSERT_TRUE(k.ok()) << k.error();
    std::vector<T> got(a.size());
    k.run({a.data(), b.data(), c.data()}, got.data(), got.size());
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_EQ(got[i], std::fma(a[i], b[i], c[i]))
          << device.name << std::hexfloat << " " << a[i] << " " << b[i] << " " << c[i];
  }
}
TEST(Fma, F32IsOneRoundingEverywhere) { checkFma<float>("f32"); }
TEST(Fma, F64IsOneRoundingEverywhere) { checkFma<double>("f64"); }

template <class T> void checkClass(const char *type) {
  using U = typename Bits<T>::Type;
  std::vector<T> a = specials<T>();
  std::mt19937_64 random(3);
  for (int i = 0; i < 100000; ++i)
    a.push_back(std::bit_cast<T>(U(random())));
  pad(a);
  struct {
    const char *op;
    bool (*want)(T);
  } tests[] = {{"math.isnan %a : R0", [](T x) { return std::isnan(x); }},
               {"math.isinf %a : R0", [](T x) { return std::isinf(x); }},
               {"math.isfinite %a : R0", [](T x) { return std::isfinite(x); }},
               {"math.isnormal %a : R0", [](T x) { return std::isnormal(x); }}};
  for (const Device &device : getDevices())
    for (auto &t : tests) {
      std::string op(t.op);
      op.replace(op.find("R0"), 2, "T0");
      Kernel k("%r = " + op, {type}, "i1", 8, device.description);
      ASSERT_TRUE(k.ok()) << k.error();
      EXPECT_EQ(k.text().find("cmpf"), std::string::npos) << "a NaN test must be on bits";
      std::vector<uint8_t> got(a.size());
      k.run({a.data()}, got.data(), a.size());
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_EQ(got[i] & 1, t.want(a[i])) << t.op << " " << a[i];
    }
}
TEST(Classify, F32) { checkClass<float>("f32"); }
TEST(Classify, F64) { checkClass<double>("f64"); }

/// How many operations the loop of a legalized kernel holds, besides the load and the store.
int operationsPerVector(const char *op, const DeviceDescription &device) {
  Kernel k("%r = math." + std::string(op) + " %a : R", {"f32"}, "f32", 8, device);
  EXPECT_TRUE(k.ok()) << k.error();
  std::string loop = k.text().substr(k.text().find("scf.for"));
  int count = 0;
  for (const char *dialect : {" = arith.", " = math."})
    for (size_t at = 0; (at = loop.find(dialect, at)) != std::string::npos; ++at)
      ++count;
  if (getenv("TENON_FUNCTION_TABLE"))
    printf("OPERATIONS %s %d\n", op, count);
  return count;
}

// Softmax lives on exp, gelu on tanh and erf. x86 does a comparison and its select in one instruction.
TEST(Speed, HotFunctionsAreShort) {
  const DeviceDescription &device = getDevices()[0].description;
  EXPECT_LE(operationsPerVector("exp", device), 20);
  EXPECT_LE(operationsPerVector("rsqrt", device), 2);
  EXPECT_LE(operationsPerVector("tanh", device), 36);
  EXPECT_LE(operationsPerVector("erf", device), 38);
  EXPECT_LE(operationsPerVector("log", device), 40);
}

} // namespace
} // namespace tenon::test
