//===- FormulaTest.cpp - formulas against closed forms ----------------------===//
#include "Given.h"

#include <chrono>
#include <cmath>

using namespace tenon;
using namespace tenon::testing;

static std::vector<double> mapped(DType type, const std::string &expression, Reals x) {
  int64_t n = x.size();
  return Given(std::string("op f(x: ") + getName(type) + "[n]) -> y: " + getName(type) + "[n] { y[i] = " + expression +
               " }")
      .size("n", n)
      .tensor("x", x)
      .reals();
}

TEST(Float, RoundsWhereDefinedAndCast) {
  // 1/3 in f32; and the difference to 1/3 that is left when a cast rounds inside.
  EXPECT_EQ(mapped(DType::F32, "x[i] / 3", {1}), (Reals{static_cast<float>(1.0 / 3)}));
  Reals y = Given("op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] / 3 - f32(x[i] / 3) }")
                .size("n", 1)
                .tensor("x", Reals{1})
                .reals();
  EXPECT_EQ(y[0], static_cast<float>(1.0 / 3 - static_cast<float>(1.0 / 3)));
  EXPECT_EQ(mapped(DType::F16, "x[i] + 1", {0x1p-11}), (Reals{1})); // To even.
  EXPECT_EQ(mapped(DType::F16, "x[i] + 1", {3 * 0x1p-11}), (Reals{1 + 0x1p-9}));
  EXPECT_EQ(mapped(DType::BF16, "x[i] * x[i]", {1.0078125}), (Reals{1.015625}));
  EXPECT_EQ(mapped(DType::F16, "x[i] * 2", {65504}), (Reals{INFINITY}));
}

TEST(Float, FunctionsAtKnownPlaces) {
  auto near = [](const std::string &expression, double x, double want) {
    EXPECT_NEAR(mapped(DType::F64, expression, {x})[0], want, 1e-14 * (1 + std::fabs(want))) << expression;
  };
  near("exp(x[i])", 1, 2.718281828459045);
  near("exp2(x[i])", 10, 1024);
  near("expm1(x[i])", 1e-10, 1.00000000005e-10);
  near("log(x[i])", 2, 0.6931471805599453);
  near("log2(x[i])", 8, 3);
  near("log1p(x[i])", 1e-10, 9.9999999995e-11);
  near("sqrt(x[i])", 2, 1.4142135623730951);
  near("rsqrt(x[i])", 4, 0.5);
  near("cbrt(x[i])", -27, -3);
  near("sin(x[i])", 0.5235987755982988, 0.5);
  near("cos(x[i])", 1.0471975511965976, 0.5);
  near("tan(x[i])", 0.7853981633974483, 1);
  near("asin(x[i])", 1, 1.5707963267948966);
  near("acos(x[i])", -1, 3.141592653589793);
  near("atan(x[i])", 1, 0.7853981633974483);
  near("atan2(x[i], -1)", 0, 3.141592653589793);
  near("sinh(x[i])", 1, 1.1752011936438014);
  near("cosh(x[i])", 1, 1.5430806348152437);
  near("tanh(x[i])", 0.5, 0.46211715726000973);
  near("erf(x[i])", 1, 0.8427007929497149);
  near("erfc(x[i])", 1, 0.15729920705028513);
  near("pow(x[i], 3)", -2, -8);
  near("fma(x[i], 3, 4)", 2, 10);
  near("floor(x[i])", -1.5, -2);
  near("ceil(x[i])", -1.5, -1);
  near("round(x[i])", 2.5, 2);
  near("round(x[i])", 3.5, 4);
  near("trunc(x[i])", -1.9, -1);
  near("copysign(x[i], -1)", 3, -3);
  near("abs(x[i])", -3, 3);
  near("sign(x[i])", -0.1, -1);
  near("clamp(x[i], -1, 1)", 7, 1);
}

TEST(Float, NanGoesThroughMaxAndMin) {
  for (const char *expression : {"max(x[i], 1)", "min(1, x[i])", "clamp(x[i], 0, 1)", "sign(x[i])", "abs(x[i])"})
    EXPECT_TRUE(std::isnan(mapped(DType::F32, expression, {NAN})[0])) << expression;
  EXPECT_TRUE(std::isnan(mapped(DType::F32, "sqrt(x[i])", {-1})[0]));
  EXPECT_TRUE(std::isnan(mapped(DType::F32, "x[i] - x[i]", {INFINITY})[0]));
  EXPECT_EQ(Given("op f(x: f32[n]) -> y: bool[n] { y[i] = isnan(x[i]) || isinf(x[i]) && !isfinite(x[i]) }")
                .size("n", 3)
                .tensor("x", Reals{NAN, INFINITY, 1})
                .integers(),
            (Integers{1, 1, 0}));
}

TEST(Reduce, ClosedForms) {
  Reals x;
  for (int i = 1; i <= 100; ++i)
    x.push_back(i);
  auto of = [&](const std::string &body) {
    return Given("op f(x: f32[n]) -> y: f32[] { y = " + body + " }").size("n", 100).tensor("x", x).reals()[0];
  };
  EXPECT_EQ(of("sum[i](x[i])"), 5050);
  EXPECT_EQ(of("sum[i](x[i] * x[i])"), 338350);
  EXPECT_EQ(of("sum[i where i % 2 == 0](x[i])"), 2500);
  EXPECT_EQ(of("sum[i: n, j: n where i < j](1)"), 4950);
  EXPECT_EQ(of("sum[i: 10..20](x[i])"), 155);
  EXPECT_EQ(of("sum[i: n, j: 0..i](1)"), 4950);
  EXPECT_EQ(of("max[i](x[i])"), 100);
  EXPECT_EQ(of("min[i where i >= 5](x[i])"), 6);
  EXPECT_EQ(of("prod[i: 5](x[i])"), 120);
  EXPECT_EQ(of("sum[i: 5..3](x[i])"), 0);
}

TEST(Reduce, Empty) {
  auto of = [&](const std::string &type, const std::string &body) {
    Given run("op f(x: " + type + "[n]) -> y: " + type + "[] { y = " + body + " }");
    oracle::TensorValues y = run.size("n", 0).tensor("x", Reals{}).values();
    return isFloat(y.type) ? y.real[0] : static_cast<double>(y.integer[0]);
  };
  EXPECT_EQ(of("f32", "sum[i](x[i])"), 0);
  EXPECT_EQ(of("f32", "prod[i](x[i])"), 1);
  EXPECT_EQ(of("f32", "max[i](x[i])"), -INFINITY);
  EXPECT_EQ(of("f16", "min[i](x[i])"), INFINITY);
  EXPECT_EQ(of("i8", "max[i](x[i])"), -128);
  EXPECT_EQ(of("u16", "min[i](x[i])"), 65535);
  EXPECT_EQ(of("bool", "any[i](x[i])"), 0);
  EXPECT_EQ(of("bool", "all[i](x[i])"), 1);
}

TEST(Reduce, ArgmaxRules) {
  auto of = [](const std::string &body, Reals x) {
    int64_t n = x.size();
    return Given("op f(x: f32[n]) -> y: i64[] where n >= 1 { y = i64(" + body + ") }")
        .size("n", n)
        .tensor("x", x)
        .integers()[0];
  };
  EXPECT_EQ(of("argmax[i](x[i])", {1, 3, 3, 2}), 1);
  EXPECT_EQ(of("argmin[i](x[i])", {2, 1, 3, 1}), 1);
  EXPECT_EQ(of("argmax[i](x[i])", {1, NAN, 9, NAN}), 1);
  EXPECT_EQ(of("argmin[i](x[i])", {1, -2, NAN}), 2);
  EXPECT_EQ(of("argmax[i where i > 1](x[i])", {9, 8, 1, 2}), 3);
  EXPECT_EQ(of("argmax[i where x[i] > 100](x[i])", {9, 8, 1, 2}), 4);
  EXPECT_EQ(of("argmax[i: 2..4](x[i])", {9, 8, 1, 2}), 3);
  EXPECT_EQ(of("argmax[i](x[i])", {-INFINITY, -INFINITY}), 0);
}

TEST(Formula, ScanHistogramAndPacks) {
  EXPECT_EQ(Given("op f(x: f32[n]) -> y: f32[n] { y[i] = sum[j where j <= i](x[j]) }")
                .size("n", 4)
                .tensor("x", Reals{1, 2, 3, 4})
                .reals(),
            (Reals{1, 3, 6, 10}));
  EXPECT_EQ(Given("op f(x: i32[n], bins: size) -> y: i32[bins] { y[b] = sum[i where x[i] == i32(b)](1) }")
                .size("n", 6)
                .size("bins", 3)
                .tensor("x", Integers{0, 2, 2, 7, -1, 2})
                .integers(),
            (Integers{1, 0, 3}));
  oracle::TensorValues y =
      Given("op f(x: f32[...b, n], r: f32[...b]) -> y: f32[...b, n] { y[...i, j] = x[...i, j] - r[...i] }")
          .pack("b", {2, 1})
          .size("n", 2)
          .tensor("x", Reals{1, 2, 3, 4})
          .tensor("r", Reals{10, 20})
          .values();
  EXPECT_EQ(y.real, (Reals{-9, -8, -17, -16}));
  EXPECT_EQ(y.shape, (Integers{2, 1, 2}));
  EXPECT_EQ(
      Given("op f(x: f32[...b]) -> y: f32[] { y = sum[...i](x[...i]) }").pack("b", {}).tensor("x", Reals{5}).reals(),
      (Reals{5}));
}

TEST(Formula, TransposesAndConvolves) {
  EXPECT_EQ(Given("op f(x: i32[m, n]) -> y: i32[n, m] { y[j, i] = x[i, j] }")
                .size("m", 2)
                .size("n", 3)
                .tensor("x", Integers{1, 2, 3, 4, 5, 6})
                .integers(),
            (Integers{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(Given("op f(x: f32[n], w: f32[k]) -> y: f32[n] { y[i] = sum[j]((x[i + j - 1] else 0) * w[j]) }")
                .size("n", 4)
                .size("k", 3)
                .tensor("x", Reals{1, 2, 3, 4})
                .tensor("w", Reals{1, 10, 100})
                .reals(),
            (Reals{210, 321, 432, 43}));
}

TEST(Formula, CallsOfOperators) {
  EXPECT_EQ(Given("op twice(x: f32[n], k: f32 = 2) -> y: f32[n] { t[i] = x[i] * k\n y[i] = t[i] + 1 }\n"
                  "op f(a: f32[n]) -> y: f32[n] { b = twice(a)\n y = twice(b, k=10) }")
                .size("n", 2)
                .tensor("a", Reals{1, 2})
                .reals(),
            (Reals{31, 51}));
}

TEST(Read, LazyWhereNotTaken) {
  EXPECT_EQ(Given("op f(x: f32[n]) -> y: f32[n] { y[i] = i > 0 ? x[i - 1] : 7 }")
                .size("n", 3)
                .tensor("x", Reals{1, 2, 3})
                .reals(),
            (Reals{7, 1, 2}));
  EXPECT_EQ(Given("op f(x: f32[n]) -> y: bool[n] { y[i] = i + 1 < n && x[i + 1] > x[i] }")
                .size("n", 3)
                .tensor("x", Reals{1, 2, 0})
                .integers(),
            (Integers{1, 0, 0}));
}

TEST(Read, ElseDecidesByElement) {
  EXPECT_EQ(Given("op f(t: f32[v], ids: i32[n]) -> y: f32[n] { y[i] = t[ids[i]] else -inf }")
                .size("v", 2)
                .size("n", 4)
                .tensor("t", Reals{5, 6})
                .tensor("ids", Integers{1, -1, 2, 0})
                .reals(),
            (Reals{6, -INFINITY, -INFINITY, 5}));
  Given run("op f(t: f32[v], ids: i32[n]) -> y: f32[n] { y[i] = t[ids[i]] else error }");
  run.size("v", 2).size("n", 2).tensor("t", Reals{5, 6}).tensor("ids", Integers{1, 2});
  oracle::Outcome outcome = run.go();
  EXPECT_EQ(outcome.kind, oracle::Outcome::Kind::Fault);
  EXPECT_NE(outcome.message.find("subscript 0 is 2, the dimension has 2"), std::string::npos) << outcome.message;
}

TEST(Refused, WhatDoesNotFit) {
  Given run("op f(x: f32[n]) -> y: f32[n - 2] where n >= 2 { y[i] = x[i + 1] }");
  oracle::Outcome outcome = run.size("n", 1).tensor("x", Reals{1}).go();
  EXPECT_EQ(outcome.kind, oracle::Outcome::Kind::Refused);
  EXPECT_NE(outcome.message.find("n"), std::string::npos);
  Given shape("op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] }");
  outcome = shape.size("n", 3).tensor("x", Reals{1}).go();
  EXPECT_EQ(outcome.kind, oracle::Outcome::Kind::Refused);
}

TEST(Speed, MatmulOf64) {
  Reals a(64 * 64), b(64 * 64);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<double>(i % 7) - 3;
    b[i] = static_cast<double>(i % 5) - 2;
  }
  Given run("op f(a: f32[m, k], b: f32[k, n]) -> y: f32[m, n] { y[i, j] = sum[p](a[i, p] * b[p, j]) }");
  for (const char *name : {"m", "n", "k"})
    run.size(name, 64);
  run.tensor("a", a).tensor("b", b);
  auto start = std::chrono::steady_clock::now();
  Reals y = run.reals();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double want = 0;
  for (int p = 0; p < 64; ++p)
    want += a[5 * 64 + p] * b[p * 64 + 9];
  EXPECT_EQ(y[5 * 64 + 9], want);
  EXPECT_LT(seconds, 1);
  EXPECT_NEAR(oracle::Oracle(*run.instance).cost({64, 64, 64}), 64 * 64 * 64 * 3, 64 * 64 * 64);
}
