//===- ConversionsTest.cpp - casts, f16 and bf16, maximum and comparisons ---===//
//
// Owns what casts mean and how they round. The expected f16 and bf16 come from a search in the ordered list of all
// their values, which shares nothing with the code under test.
//
//===------------------------------------------------------------------------===//
#include "Jit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace tenon::test {
namespace {

/// The value of 16 bits with `exponent` exponent bits.
double valueOf(uint16_t bits, int exponent) {
  int mant = 15 - exponent, bias = (1 << (exponent - 1)) - 1;
  int e = (bits >> mant) & ((1 << exponent) - 1), m = bits & ((1 << mant) - 1);
  double v;
  if (e == (1 << exponent) - 1)
    v = m ? NAN : INFINITY;
  else
    v = e ? std::ldexp((1 << mant) + m, e - bias - mant) : std::ldexp(m, 1 - bias - mant);
  return bits & 0x8000 ? -v : v;
}

/// x to the nearest of them, ties to even.
uint16_t nearest(long double x, int exponent) {
  static std::vector<double> tables[9];
  std::vector<double> &table = tables[exponent];
  int mant = 15 - exponent;
  uint16_t inf = ((1 << exponent) - 1) << mant;
  if (table.empty())
    for (int i = 0; i <= inf; ++i)
      // The infinity stands where the next number would be: that is how rounding to it goes.
      table.push_back(i == inf ? 2 * valueOf(i - 1, exponent) - valueOf(i - 2, exponent) : valueOf(i, exponent));
  uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  long double a = fabsl(x);
  if (std::isnan(x))
    return inf | 1;
  size_t above = std::lower_bound(table.begin(), table.end(), a) - table.begin();
  if (above == table.size())
    return sign | inf;
  if (table[above] == a || above == 0)
    return sign | above;
  long double up = table[above] - a, down = a - table[above - 1];
  bool takeUp = up < down || (up == down && above % 2 == 0);
  return sign | (takeUp ? above : above - 1);
}

bool isNan16(uint16_t bits, int exponent) { return std::isnan(valueOf(bits, exponent)); }

struct Narrow {
  const char *type;
  int exponent;
};
constexpr Narrow narrows[] = {{"f16", 5}, {"bf16", 8}};

template <class F> std::vector<F> floats(int exponent) {
  std::vector<F> v;
  if (sizeof(F) == 4)
    for (uint64_t i = 0; i < (uint64_t(1) << 32); i += 1009)
      v.push_back(F(std::bit_cast<float>(uint32_t(i))));
  std::mt19937_64 random(5);
  // All values, the points half way between them, and their neighbours.
  for (int i = 0; i < 65536; ++i) {
    double x = valueOf(i, exponent), y = valueOf(i + 1, exponent);
    F middle = F((x + y) / 2);
    for (F f : {F(x), middle, std::nextafter(middle, F(INFINITY)), std::nextafter(middle, F(-INFINITY))})
      v.push_back(f);
    v.push_back(F(std::bit_cast<double>(random())));
    v.push_back(F(std::ldexp(1 + double(random() % 1000003) / 1000003, int(random() % 60) - 40)));
  }
  while (v.size() % 16)
    v.push_back(0);
  return v;
}

template <class F> void checkTruncate(const char *type) {
  for (const Narrow &n : narrows) {
    std::vector<F> in = floats<F>(n.exponent);
    for (const Device &device : getDevices()) {
      Kernel k("%r = arith.truncf %a : T0 to R", {type}, n.type, 8, device.description);
      ASSERT_TRUE(k.ok()) << k.error();
      std::vector<uint16_t> got(in.size());
      k.run({in.data()}, got.data(), in.size());
      for (size_t i = 0; i < in.size(); ++i) {
        uint16_t want = nearest(in[i], n.exponent);
        ASSERT_TRUE(got[i] == want || (isNan16(got[i], n.exponent) && isNan16(want, n.exponent)))
            << type << " to " << n.type << " on " << device.name << ": " << std::hexfloat << in[i] << " got "
            << std::hex << got[i] << " want " << want;
      }
    }
  }
}
TEST(Conversions, F32ToNarrow) { checkTruncate<float>("f32"); }
TEST(Conversions, F64ToNarrow) { checkTruncate<double>("f64"); }

template <class F> void checkExtend(const char *type) {
  std::vector<uint16_t> in(65536);
  for (int i = 0; i < 65536; ++i)
    in[i] = i;
  for (const Narrow &n : narrows)
    for (const Device &device : getDevices())
      for (int width : {1, 16}) {
        Kernel k("%r = arith.extf %a : T0 to R", {n.type}, type, width, device.description);
        ASSERT_TRUE(k.ok()) << k.error();
        std::vector<F> got(in.size());
        k.run({in.data()}, got.data(), in.size());
        for (size_t i = 0; i < in.size(); ++i) {
          F want = F(valueOf(i, n.exponent));
          ASSERT_TRUE((std::isnan(want) && std::isnan(got[i])) ||
                      (got[i] == want && std::signbit(got[i]) == std::signbit(want)))
              << n.type << " to " << type << " on " << device.name << ": " << i;
        }
      }
}
TEST(Conversions, NarrowToF32) { checkExtend<float>("f32"); }
TEST(Conversions, NarrowToF64) { checkExtend<double>("f64"); }

TEST(Conversions, NarrowArithmeticRoundsOnce) {
  std::mt19937 random(9);
  std::vector<uint16_t> a(1 << 17), b(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = random();
    b[i] = random();
  }
  struct {
    const char *op;
    double (*want)(double, double);
  } tests[] = {{"arith.addf %a, %b", [](double x, double y) { return x + y; }},
               {"arith.mulf %a, %b", [](double x, double y) { return x * y; }},
               {"arith.subf %a, %b", [](double x, double y) { return x - y; }},
               {"arith.maximumf %a, %b",
                [](double x, double y) { return std::isnan(x) || std::isnan(y) ? NAN : std::max(x, y); }}};
  for (const Narrow &n : narrows)
    for (const Device &device : getDevices())
      for (auto &t : tests) {
        Kernel k("%r = " + std::string(t.op) + " : R", {n.type, n.type}, n.type, 8, device.description);
        ASSERT_TRUE(k.ok()) << k.error();
        EXPECT_FALSE(k.emulations().empty());
        std::vector<uint16_t> got(a.size());
        k.run({a.data(), b.data()}, got.data(), a.size());
        for (size_t i = 0; i < a.size(); ++i) {
          double exact = t.want(valueOf(a[i], n.exponent), valueOf(b[i], n.exponent));
          uint16_t want = nearest(n.exponent == 8 ? double(float(exact)) : exact, n.exponent);
          bool zero = (got[i] & 0x7fff) == 0 && (want & 0x7fff) == 0;
          ASSERT_TRUE(got[i] == want || zero || (isNan16(got[i], n.exponent) && isNan16(want, n.exponent)))
              << n.type << " " << t.op << " " << a[i] << " " << b[i] << " got " << got[i] << " want " << want;
        }
      }
}

// ---- between floats and integers
// -------------------------------------------------------------------------------------

template <class F, class I> void checkToInt(const char *from, const char *to, const char *op) {
  using L = std::numeric_limits<I>;
  std::vector<F> in = {0,
                       F(-0.0),
                       F(0.5),
                       F(-0.5),
                       F(0.99),
                       F(-0.99),
                       1,
                       F(1.5),
                       F(-1.5),
                       127,
                       F(127.9),
                       128,
                       F(-128.5),
                       F(-128.99),
                       -129,
                       255,
                       F(255.5),
                       256,
                       32767,
                       32768,
                       F(-32768.9),
                       65535,
                       65536,
                       F(2147483520.0),
                       F(2147483648.0),
                       F(-2147483648.0),
                       F(4294967040.0),
                       F(4294967296.0),
                       F(0x1p63),
                       F(-0x1p63),
                       F(0x1p64),
                       std::nextafter(F(0x1p63), F(0)),
                       std::nextafter(F(0x1p64), F(0)),
                       std::nextafter(F(-0x1p63), F(-INFINITY)),
                       F(INFINITY),
                       F(-INFINITY),
                       F(NAN),
                       -F(NAN),
                       std::numeric_limits<F>::max(),
                       std::numeric_limits<F>::lowest(),
                       std::numeric_limits<F>::denorm_min()};
  std::mt19937_64 random(21);
  for (int i = 0; i < 100000; ++i) {
    in.push_back(F(std::ldexp(double(int64_t(random())), -int(random() % 64))));
    in.push_back(sizeof(F) == 4 ? F(std::bit_cast<float>(uint32_t(random()))) : F(std::bit_cast<double>(random())));
  }
  while (in.size() % 16)
    in.push_back(0);
  for (const Device &device : getDevices())
    for (int width : {1, 8}) {
      Kernel k("%r = arith." + std::string(op) + " %a : T0 to R", {from}, to, width, device.description);
      ASSERT_TRUE(k.ok()) << k.error();
      std::vector<I> got(in.size());
      k.run({in.data()}, got.data(), in.size());
      for (size_t i = 0; i < in.size(); ++i) {
        long double t = truncl(in[i]);
        I want = std::isnan(in[i])            ? 0
                 : t >= (long double)L::max() ? L::max()
                 : t <= (long double)L::min() ? L::min()
                                              : I(t);
        ASSERT_EQ(got[i], want) << op << " " << from << " to " << to << ": " << in[i] << " on " << device.name;
      }
    }
}

template <class F> void checkAllToInt(const char *from) {
  checkToInt<F, int8_t>(from, "i8", "fptosi");
  checkToInt<F, uint8_t>(from, "i8", "fptoui");
  checkToInt<F, int16_t>(from, "i16", "fptosi");
  checkToInt<F, uint16_t>(from, "i16", "fptoui");
  checkToInt<F, int32_t>(from, "i32", "fptosi");
  checkToInt<F, uint32_t>(from, "i32", "fptoui");
  checkToInt<F, int64_t>(from, "i64", "fptosi");
  checkToInt<F, uint64_t>(from, "i64", "fptoui");
}
TEST(Conversions, F32ToInt) { checkAllToInt<float>("f32"); }
TEST(Conversions, F64ToInt) { checkAllToInt<double>("f64"); }

template <class I> std::vector<I> integers() {
  std::vector<I> in;
  std::mt19937_64 random(31);
  for (int i = 0; i < 64; ++i)
    for (int d = -3; d <= 3; ++d) {
      in.push_back(I((uint64_t(1) << i) + d));
      in.push_back(I(-(uint64_t(1) << i) + d));
      // Ties and their neighbours: 24 bits (or 8), a half, and something far below.
      in.push_back(I((uint64_t(0xffffff) << (i % 40)) + (uint64_t(1) << (i % 40) >> 1) + d));
      in.push_back(I((uint64_t(0x800001) << (i % 40)) + (uint64_t(1) << (i % 40) >> 1) + d));
      in.push_back(I((uint64_t(0x81) << (i % 56)) + (uint64_t(1) << (i % 56) >> 1) + d));
    }
  for (int i = 0; i < 100000; ++i)
    in.push_back(I(int64_t(random()) >> (random() % 64)));
  while (in.size() % 16)
    in.push_back(0);
  return in;
}

template <class I> void checkFromInt(const char *from, const char *op) {
  std::vector<I> in = integers<I>();
  for (const Device &device : getDevices())
    for (int width : {1, 8}) {
      std::string head = "%r = arith." + std::string(op) + " %a : T0 to R";
      Kernel f32(head, {from}, "f32", width, device.description), f64(head, {from}, "f64", width, device.description);
      Kernel f16(head, {from}, "f16", width, device.description), bf16(head, {from}, "bf16", width, device.description);
      ASSERT_TRUE(f32.ok() && f64.ok() && f16.ok() && bf16.ok())
          << f32.error() << f64.error() << f16.error() << bf16.error();
      std::vector<float> s(in.size());
      std::vector<double> d(in.size());
      std::vector<uint16_t> h(in.size()), b(in.size());
      f32.run({in.data()}, s.data(), in.size());
      f64.run({in.data()}, d.data(), in.size());
      f16.run({in.data()}, h.data(), in.size());
      bf16.run({in.data()}, b.data(), in.size());
      for (size_t i = 0; i < in.size(); ++i) {
        ASSERT_EQ(s[i], float(in[i])) << op << " " << from << " " << device.name << " " << width;
        ASSERT_EQ(d[i], double(in[i])) << op << " " << from << " " << device.name << " " << width;
        ASSERT_EQ(h[i], nearest((long double)in[i], 5))
            << op << " " << from << " to f16, " << +in[i] << " " << device.name;
        ASSERT_EQ(b[i], nearest((long double)in[i], 8))
            << op << " " << from << " to bf16, " << +in[i] << " " << device.name;
      }
    }
}
TEST(Conversions, I8ToFloat) { checkFromInt<int8_t>("i8", "sitofp"); }
TEST(Conversions, U8ToFloat) { checkFromInt<uint8_t>("i8", "uitofp"); }
TEST(Conversions, I16ToFloat) { checkFromInt<int16_t>("i16", "sitofp"); }
TEST(Conversions, U16ToFloat) { checkFromInt<uint16_t>("i16", "uitofp"); }
TEST(Conversions, I32ToFloat) { checkFromInt<int32_t>("i32", "sitofp"); }
TEST(Conversions, U32ToFloat) { checkFromInt<uint32_t>("i32", "uitofp"); }
TEST(Conversions, I64ToFloat) { checkFromInt<int64_t>("i64", "sitofp"); }
TEST(Conversions, U64ToFloat) { checkFromInt<uint64_t>("i64", "uitofp"); }

// ---- maximum, minimum, comparisons
// -----------------------------------------------------------------------------------

template <class F> void checkPairs(const char *type) {
  std::vector<F> values = {0,
                           F(-0.0),
                           1,
                           -1,
                           F(INFINITY),
                           F(-INFINITY),
                           F(NAN),
                           -F(NAN),
                           F(2.5),
                           std::numeric_limits<F>::max(),
                           std::numeric_limits<F>::min(),
                           -std::numeric_limits<F>::min()};
  std::vector<F> a, b;
  for (F x : values)
    for (F y : values) {
      a.push_back(x);
      b.push_back(y);
    }
  auto same = [](F x, F y) { return (std::isnan(x) && std::isnan(y)) || x == y; };
  struct {
    const char *op;
    F (*want)(F, F);
  } tests[] = {
      {"maximumf", [](F x, F y) { return std::isnan(x) || std::isnan(y) ? F(NAN) : std::max(x, y); }},
      {"minimumf", [](F x, F y) { return std::isnan(x) || std::isnan(y) ? F(NAN) : std::min(x, y); }},
      {"maxnumf", [](F x, F y) { return std::fmax(x, y); }},
      {"minnumf", [](F x, F y) { return std::fmin(x, y); }},
  };
  struct {
    const char *predicate;
    bool (*want)(F, F);
  } compares[] = {
      {"oeq", [](F x, F y) { return x == y; }},
      {"ogt", [](F x, F y) { return x > y; }},
      {"oge", [](F x, F y) { return x >= y; }},
      {"olt", [](F x, F y) { return x < y; }},
      {"ole", [](F x, F y) { return x <= y; }},
      {"one", [](F x, F y) { return x < y || x > y; }},
      {"ord", [](F x, F y) { return !std::isnan(x) && !std::isnan(y); }},
      {"ueq", [](F x, F y) { return !(x < y || x > y); }},
      {"ugt", [](F x, F y) { return !(x <= y); }},
      {"uge", [](F x, F y) { return !(x < y); }},
      {"ult", [](F x, F y) { return !(x >= y); }},
      {"ule", [](F x, F y) { return !(x > y); }},
      {"une", [](F x, F y) { return x != y; }},
      {"uno", [](F x, F y) { return std::isnan(x) || std::isnan(y); }},
      {"false", [](F, F) { return false; }},
      {"true", [](F, F) { return true; }},
  };
  for (const Device &device : getDevices())
    for (int width : {1, 8}) {
      for (auto &t : tests) {
        Kernel k("%r = arith." + std::string(t.op) + " %a, %b : R", {type, type}, type, width, device.description);
        ASSERT_TRUE(k.ok()) << k.error();
        std::vector<F> got(a.size());
        k.run({a.data(), b.data()}, got.data(), a.size());
        for (size_t i = 0; i < a.size(); ++i)
          ASSERT_TRUE(same(got[i], t.want(a[i], b[i]))) << t.op << " " << a[i] << " " << b[i] << " got " << got[i];
      }
      for (auto &t : compares) {
        Kernel k("%r = arith.cmpf " + std::string(t.predicate) + ", %a, %b : T0", {type, type}, "i1", width,
                 device.description);
        ASSERT_TRUE(k.ok()) << k.error();
        std::vector<uint8_t> got(a.size());
        k.run({a.data(), b.data()}, got.data(), a.size());
        for (size_t i = 0; i < a.size(); ++i)
          ASSERT_EQ(got[i] & 1, t.want(a[i], b[i])) << t.predicate << " " << a[i] << " " << b[i];
      }
    }
}
TEST(Comparisons, F32) { checkPairs<float>("f32"); }
TEST(Comparisons, F64) { checkPairs<double>("f64"); }

} // namespace
} // namespace tenon::test
