//===- UncertaintyTest.cpp - both sides of a discontinuity ------------------===//
#include "Given.h"

#include <cmath>

using namespace tenon;
using namespace tenon::testing;
using oracle::Verdict;

static oracle::TensorValues mapped(const std::string &result, const std::string &expression, Reals x) {
  int64_t n = x.size();
  return Given("op f(x: f32[n]) -> y: " + result + "[n] { y[i] = " + expression + " }")
      .size("n", n)
      .tensor("x", x)
      .values();
}
static Verdict judge(const oracle::TensorValues &want, size_t i, double got, double tolerance = 1e-6) {
  double error;
  return isFloat(want.type) ? oracle::judge(want.type, want.realAt(i), got, tolerance, error)
                            : oracle::judge(want.type, want.integerAt(i), static_cast<int64_t>(got), 0, error);
}

TEST(Bound, HoldsWhatFloatGives) {
  // Every step done in float, as a device may: inside the interval, which is narrow.
  for (float x = -4; x < 4; x += 0.37f) {
    auto y = mapped("f32", "exp(x[i] * 0.3) / (1 + x[i] * x[i]) - tanh(x[i])", {x});
    float got = std::exp(x * 0.3f) / (1 + x * x) - std::tanh(x);
    EXPECT_LE(y.realLo[0], got);
    EXPECT_GE(y.realHi[0], got);
    EXPECT_LT(y.realHi[0] - y.realLo[0], 1e-5);
    EXPECT_EQ(y.flags[0], 0);
  }
}

TEST(Bound, OfASumGrowsWithItsLength) {
  auto width = [](int64_t n) {
    Reals x(n, 0.1f);
    auto y = Given("op f(x: f32[n]) -> y: f32[] { y = sum[i](x[i]) }").size("n", n).tensor("x", x).values();
    float got = 0;
    for (double term : x)
      got += static_cast<float>(term);
    EXPECT_LE(y.realLo[0], got);
    EXPECT_GE(y.realHi[0], got);
    return (y.realHi[0] - y.realLo[0]) / y.real[0];
  };
  double few = width(16), many = width(16384);
  EXPECT_GT(many, 500 * few);
  EXPECT_LT(many, 3e-3);
}

TEST(Bound, WholeNumbersAreExact) {
  auto y = Given("op f(x: f32[n]) -> y: f32[] { y = sum[i](x[i]) * 3 - 1 }")
               .size("n", 4)
               .tensor("x", Reals{1, 2, 3, 4})
               .values();
  EXPECT_EQ(y.realLo[0], 29);
  EXPECT_EQ(y.realHi[0], 29);
  EXPECT_EQ(mapped("f32", "floor(x[i] / 2)", {6, 7}).flags, (std::vector<uint8_t>{0, 0}));
}

TEST(Either, FloorOfAQuotient) {
  // 0.3f / 0.1f is 3.0000000894 in real numbers, and 3 or a neighbour of it in f32.
  auto y = mapped("f32", "floor(x[i] / 0.1)", {0.3f, 0.25f});
  EXPECT_EQ(judge(y, 0, 3), Verdict::Right);
  EXPECT_EQ(judge(y, 0, 2), Verdict::Either);
  EXPECT_EQ(judge(y, 0, 4), Verdict::Wrong);
  EXPECT_EQ(judge(y, 1, 2), Verdict::Right);
  EXPECT_EQ(judge(y, 1, 3), Verdict::Wrong);
  auto z = mapped("i32", "i32(x[i] / 0.1)", {0.3f, 0.25f});
  EXPECT_EQ(judge(z, 0, 2), Verdict::Either);
  EXPECT_EQ(judge(z, 1, 1), Verdict::Wrong);
}

TEST(Either, ComparisonsAndWhatDependsOnThem) {
  auto y = mapped("bool", "x[i] * x[i] - 2 > 0", {std::sqrt(2.0), 1.5, 1.4});
  EXPECT_EQ(judge(y, 0, !y.integer[0]), Verdict::Either);
  EXPECT_EQ(y.flags[0] & oracle::Forked, oracle::Forked);
  EXPECT_EQ(judge(y, 1, 0), Verdict::Wrong);
  EXPECT_EQ(judge(y, 2, 1), Verdict::Wrong);
  // Exact operands compare exactly, however near.
  EXPECT_EQ(judge(mapped("bool", "x[i] > 1", {1 + 0x1p-23}), 0, 0), Verdict::Wrong);
  auto z = mapped("f32", "exp(x[i]) >= 1 ? 5 : x[i] + 8", {0, 1, -1});
  EXPECT_EQ(judge(z, 0, 5), Verdict::Right);
  EXPECT_EQ(judge(z, 0, 8), Verdict::Either);
  EXPECT_EQ(judge(z, 1, 9), Verdict::Wrong);
  EXPECT_EQ(judge(z, 2, 5), Verdict::Wrong);
}

TEST(Either, TheOtherArmMayReadOutside) {
  // The other side is only possible, so its read outside is no error.
  auto y = Given(
      "op f(x: f32[n]) -> y: f32[n] { s[i] = exp(x[i])\n y[i] = s[i] >= 1 ? 2 : x[i + size(s[i]) * 1000] else 3 }");
  auto values = y.size("n", 1).tensor("x", Reals{0}).values();
  EXPECT_EQ(values.real[0], 2);
  EXPECT_EQ(judge(values, 0, 3), Verdict::Either);
}

TEST(Either, ArgmaxOfNearTies) {
  // exp gives one of them a last place more or less.
  auto run = [](Reals x) {
    int64_t n = x.size();
    return Given("op f(x: f32[n]) -> y: i64[] where n >= 1 { e[i] = exp(x[i])\n y = i64(argmax[i](e[i])) }")
        .size("n", n)
        .tensor("x", x)
        .values();
  };
  auto y = run({0, 0.5, 0.1, 0.5, -3});
  EXPECT_EQ(y.integer[0], 1);
  EXPECT_EQ(judge(y, 0, 3), Verdict::Either);
  EXPECT_EQ(judge(y, 0, 4), Verdict::Wrong);
  EXPECT_EQ(judge(y, 0, 0), Verdict::Wrong);
  y = run({0, 0.5, 0.1, 0.4});
  EXPECT_EQ(judge(y, 0, 3), Verdict::Wrong);
  // Equal inputs are a sure tie: the first one.
  auto z = Given("op f(x: f32[n]) -> y: i64[] where n >= 1 { y = i64(argmax[i](x[i])) }")
               .size("n", 3)
               .tensor("x", Reals{1, 2, 2})
               .values();
  EXPECT_EQ(judge(z, 0, 2), Verdict::Wrong);
}

TEST(Either, UncertainFiltersAndSubscripts) {
  auto y = Given("op f(x: f32[n]) -> y: f32[] { y = sum[i where exp(x[i]) > 1](10) }")
               .size("n", 3)
               .tensor("x", Reals{0, 1, -1})
               .values();
  EXPECT_EQ(y.real[0], 10);
  EXPECT_EQ(judge(y, 0, 20), Verdict::Either);
  EXPECT_EQ(judge(y, 0, 0), Verdict::Wrong);
  auto z = Given("op f(x: f32[n], t: f32[k]) -> y: f32[n] { y[i] = t[i32(floor(x[i] / 0.1))] else -1 }")
               .size("n", 2)
               .size("k", 4)
               .tensor("x", Reals{0.3f, 0.15})
               .tensor("t", Reals{100, 101, 102, 103})
               .values();
  EXPECT_EQ(z.real, (Reals{103, 101}));
  EXPECT_EQ(judge(z, 0, 102), Verdict::Either);
  EXPECT_EQ(judge(z, 0, 101), Verdict::Wrong);
  EXPECT_EQ(judge(z, 1, 102), Verdict::Wrong);
}

TEST(Either, OverflowInside) {
  // In f16 the product is infinite, kept in f32 it is not.
  Given run("op f(x: f16[n]) -> y: f16[n] { y[i] = x[i] * x[i] / x[i] }");
  auto y = run.size("n", 2).tensor("x", Reals{300, 100}).values();
  EXPECT_EQ(y.real, (Reals{300, 100}));
  EXPECT_EQ(judge(y, 0, INFINITY), Verdict::Either);
  EXPECT_EQ(judge(y, 1, INFINITY), Verdict::Wrong);
  // A sigmoid stays tight where exp overflows in f32.
  auto s = mapped("f32", "1 / (1 + exp(-x[i]))", {-200});
  EXPECT_EQ(judge(s, 0, 0), Verdict::Right);
  EXPECT_EQ(judge(s, 0, 1e-3), Verdict::Wrong);
  EXPECT_EQ(judge(s, 0, NAN), Verdict::Wrong);
}

TEST(Judge, TolerancesNanAndInfinities) {
  double error;
  auto judge = [&](double want, double got, double tolerance) {
    return oracle::judge(DType::F32, oracle::point(want), got, tolerance, error);
  };
  EXPECT_EQ(judge(1, 1.001, 1e-3), Verdict::Right);
  EXPECT_NEAR(error, 5e-4, 1e-9);
  EXPECT_EQ(judge(1, 1.01, 1e-3), Verdict::Wrong);
  EXPECT_EQ(judge(0, 1e-3, 1e-3), Verdict::Right);
  EXPECT_EQ(judge(NAN, NAN, 0), Verdict::Right);
  EXPECT_EQ(judge(NAN, 1, 1e9), Verdict::Wrong);
  EXPECT_EQ(judge(1, NAN, 1e9), Verdict::Wrong);
  EXPECT_EQ(judge(INFINITY, INFINITY, 0), Verdict::Right);
  EXPECT_EQ(judge(INFINITY, -INFINITY, 1e9), Verdict::Wrong);
  EXPECT_EQ(judge(INFINITY, 3e38, 1e9), Verdict::Wrong);
  EXPECT_EQ(oracle::judge(DType::I32, oracle::exactly(5), 6, 0, error), Verdict::Wrong);
  EXPECT_EQ(oracle::judge(DType::I32, oracle::exactly(5), 6, 0.5, error), Verdict::Right);
  EXPECT_EQ(oracle::judge(DType::U64, oracle::exactly(-1), 0, 0.5, error), Verdict::Wrong);
}

TEST(Judge, FindsTheWorst) {
  oracle::TensorValues want, got;
  want.type = got.type = DType::F32;
  want.real = {1, 2, 3, 4};
  got.real = {1, 2.5, 7, 4.0001};
  oracle::Comparison result = oracle::compare(want, got, 1e-3);
  EXPECT_EQ(result.wrong, 2u);
  EXPECT_EQ(result.worst, 2);
  EXPECT_EQ(result.error, 1);
  got.real = {1, 2, 3, 4.0001};
  result = oracle::compare(want, got, 1e-3);
  EXPECT_EQ(result.wrong, 0u);
  EXPECT_EQ(result.worst, 3);
}
