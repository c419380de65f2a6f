//===- IntegersTest.cpp - integer operations that cannot trap ---------------===//
//
// Owns the language's integer semantics: exhaustive for i8, edges and random numbers for the rest.
//
//===------------------------------------------------------------------------===//
#include "Jit.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

namespace tenon::test {
namespace {

template <class T> using U = std::make_unsigned_t<T>;

template <class T> struct Operation {
  const char *op;
  T (*want)(T, T);
};

template <class T> constexpr int width = sizeof(T) * 8;

// In 128 bits nothing overflows.
using Big = __int128;

template <class T> T divide(T a, T b) { return b == 0 ? 0 : T(Big(a) / Big(b)); }
template <class T> T remainder(T a, T b) { return b == 0 ? a : T(Big(a) % Big(b)); }
template <class T> T floorDivide(T a, T b) {
  if (b == 0)
    return 0;
  Big q = Big(a) / Big(b);
  return T(q - ((Big(a) % Big(b)) != 0 && ((a < 0) != (b < 0))));
}
template <class T> T ceilDivide(T a, T b) {
  if (b == 0)
    return 0;
  Big q = Big(a) / Big(b);
  return T(q + ((Big(a) % Big(b)) != 0 && ((a < 0) == (b < 0))));
}
template <class T, auto F> T asUnsigned(T a, T b) { return T(F(U<T>(a), U<T>(b))); }
template <class T> bool inRange(T n) { return U<T>(n) < U<T>(width<T>); }

template <class T> std::vector<Operation<T>> operations() {
  return {
      {"divsi", divide<T>},
      {"remsi", remainder<T>},
      {"divui", asUnsigned<T, divide<U<T>>>},
      {"remui", asUnsigned<T, remainder<U<T>>>},
      {"floordivsi", floorDivide<T>},
      {"ceildivsi", ceilDivide<T>},
      {"ceildivui", asUnsigned<T, ceilDivide<U<T>>>},
      {"shli", [](T a, T n) { return inRange(n) ? T(U<T>(a) << n) : T(0); }},
      {"shrui", [](T a, T n) { return inRange(n) ? T(U<T>(a) >> n) : T(0); }},
      {"shrsi", [](T a, T n) { return inRange(n) ? T(a >> n) : T(a < 0 ? -1 : 0); }},
      {"maxsi", [](T a, T b) { return std::max(a, b); }},
      {"minsi", [](T a, T b) { return std::min(a, b); }},
      {"maxui", [](T a, T b) { return T(std::max(U<T>(a), U<T>(b))); }},
      {"minui", [](T a, T b) { return T(std::min(U<T>(a), U<T>(b))); }},
      {"addi", [](T a, T b) { return T(U<T>(a) + U<T>(b)); }},
      {"muli", [](T a, T b) { return T(uint64_t(a) * uint64_t(b)); }},
  };
}

template <class T> void inputs(std::vector<T> &a, std::vector<T> &b) {
  if (sizeof(T) == 1) {
    for (int i = 0; i < 65536; ++i) {
      a.push_back(T(i));
      b.push_back(T(i >> 8));
    }
    return;
  }
  using L = std::numeric_limits<T>;
  std::vector<T> edges = {
      0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 63, 64, 65, 15, 16, L::min(), L::max(), T(L::min() + 1), T(L::max() - 1)};
  for (T x : edges)
    for (T y : edges) {
      a.push_back(x);
      b.push_back(y);
    }
  std::mt19937_64 random(11);
  for (int i = 0; i < 40000; ++i) {
    a.push_back(T(random()));
    b.push_back(i & 1 ? T(random()) : T(int(random() % 140) - 70));
  }
  while (a.size() % 16) {
    a.push_back(0);
    b.push_back(0);
  }
}

template <class T> void check(const char *type, int width) {
  std::vector<T> a, b;
  inputs(a, b);
  for (const Device &device : getDevices())
    for (const Operation<T> &o : operations<T>()) {
      Kernel k("%r = arith." + std::string(o.op) + " %a, %b : R", {type, type}, type, width, device.description);
      ASSERT_TRUE(k.ok()) << k.error();
      std::vector<T> got(a.size());
      k.run({a.data(), b.data()}, got.data(), a.size());
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_EQ(got[i], o.want(a[i], b[i])) << o.op << " " << type << " x " << width << " on " << device.name << ": "
                                              << int64_t(a[i]) << ", " << int64_t(b[i]);
    }
}

TEST(Integers, I8) { check<int8_t>("i8", 16); }
TEST(Integers, I8Scalar) { check<int8_t>("i8", 1); }
TEST(Integers, I16) { check<int16_t>("i16", 8); }
TEST(Integers, I32) { check<int32_t>("i32", 8); }
TEST(Integers, I32Scalar) { check<int32_t>("i32", 1); }
TEST(Integers, I64) { check<int64_t>("i64", 4); }
TEST(Integers, I64Scalar) { check<int64_t>("i64", 1); }

TEST(Integers, Index) {
  std::vector<int64_t> a, b;
  inputs(a, b);
  DeviceDescription device;
  for (const Operation<int64_t> &o : operations<int64_t>()) {
    Kernel k("%p = arith.index_cast %a : i64 to index\n%q = arith.index_cast %b : i64 to index\n%s = arith." +
                 std::string(o.op) + " %p, %q : index\n%r = arith.index_cast %s : index to i64",
             {"i64", "i64"}, "i64", 1, device);
    ASSERT_TRUE(k.ok()) << k.error();
    std::vector<int64_t> got(a.size());
    k.run({a.data(), b.data()}, got.data(), a.size());
    for (size_t i = 0; i < a.size(); ++i)
      ASSERT_EQ(got[i], o.want(a[i], b[i])) << o.op << " " << a[i] << " " << b[i];
  }
}

TEST(Integers, ConstantDivisorsAndCounts) {
  std::vector<int32_t> a, b;
  inputs(a, b);
  for (int32_t c : {0, 1, -1, 3, -7, 31, 32, std::numeric_limits<int32_t>::min()})
    for (const Operation<int32_t> &o : operations<int32_t>()) {
      Kernel k("%k = arith.constant dense<" + std::to_string(c) + "> : R\n%r = arith." + std::string(o.op) +
                   " %a, %k : R",
               {"i32"}, "i32", 8, getDevices()[0].description);
      ASSERT_TRUE(k.ok()) << k.error();
      if (c == 3 && std::string(o.op) == "divsi") {
        EXPECT_EQ(k.text().find("select"), std::string::npos) << "a constant divisor needs no guard";
      }
      std::vector<int32_t> got(a.size());
      k.run({a.data()}, got.data(), a.size());
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_EQ(got[i], o.want(a[i], c)) << o.op << " " << a[i] << ", constant " << c;
    }
}

template <class T> void checkBits(const char *type, int lanes) {
  std::vector<T> a, b;
  inputs(a, b);
  struct {
    const char *op;
    int (*want)(U<T>);
  } tests[] = {{"ctpop", [](U<T> x) { return std::popcount(x); }},
               {"ctlz", [](U<T> x) { return std::countl_zero(x); }},
               {"cttz", [](U<T> x) { return std::countr_zero(x); }},
               {"absi", [](U<T> x) { return T(x) < 0 ? int(U<T>(0) - x) : int(x); }}};
  for (const Device &device : getDevices())
    for (auto &t : tests) {
      Kernel k("%r = math." + std::string(t.op) + " %a : R", {type}, type, lanes, device.description);
      ASSERT_TRUE(k.ok()) << k.error();
      std::vector<T> got(a.size());
      k.run({a.data()}, got.data(), a.size());
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_EQ(int(got[i]), int(T(t.want(U<T>(a[i])))))
            << t.op << " " << type << " " << int64_t(a[i]) << " " << device.name;
    }
}
TEST(Integers, Bits8) { checkBits<int8_t>("i8", 16); }
TEST(Integers, Bits16) { checkBits<int16_t>("i16", 8); }
TEST(Integers, Bits32) { checkBits<int32_t>("i32", 8); }

/// A widened number beside a constant is compared as it was, with the same answer, on either side and past its range.
TEST(Integers, WidenedComparisons) {
  std::vector<int32_t> a, b;
  inputs(a, b);
  for (int64_t c : {int64_t(0), int64_t(-3), int64_t(1) << 31, (int64_t(1) << 31) - 1})
    for (bool isLeft : {false, true}) {
      std::string sides = isLeft ? "%c, %w" : "%w, %c";
      Kernel k("%c = arith.constant " + std::to_string(c) + " : index\n%v = arith.extsi %a : i32 to i64\n" +
                   "%w = arith.index_cast %v : i64 to index\n%r = arith.cmpi sle, " + sides + " : index",
               {"i32"}, "i1", 1, getDevices()[0].description);
      ASSERT_TRUE(k.ok()) << k.error();
      EXPECT_EQ(k.text().find("index_cast") == std::string::npos, c < int64_t(1) << 31) << k.text();
      std::vector<uint8_t> got(a.size());
      k.run({a.data()}, got.data(), a.size());
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_EQ(got[i] & 1, isLeft ? c <= a[i] : a[i] <= c) << a[i] << " and " << c;
    }
}

TEST(Integers, NarrowComparisons) {
  std::vector<int8_t> a, b;
  inputs(a, b);
  for (const Device &device : getDevices()) {
    Kernel s("%r = arith.cmpi slt, %a, %b : T0", {"i8", "i8"}, "i1", 16, device.description);
    Kernel u("%r = arith.cmpi ult, %a, %b : T0", {"i8", "i8"}, "i1", 16, device.description);
    ASSERT_TRUE(s.ok() && u.ok()) << s.error() << u.error();
    std::vector<uint8_t> less(a.size()), below(a.size());
    s.run({a.data(), b.data()}, less.data(), a.size());
    u.run({a.data(), b.data()}, below.data(), a.size());
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(less[i] & 1, a[i] < b[i]);
      ASSERT_EQ(below[i] & 1, uint8_t(a[i]) < uint8_t(b[i]));
    }
  }
}

} // namespace
} // namespace tenon::test
