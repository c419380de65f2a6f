//===- MathTest.cpp - every function on floats ------------------------------===//
//
// The bounds are those that docs/functions.md states for f32 and f64; f16 and bf16 are computed in f32 and rounded.
//
//===------------------------------------------------------------------------===//
#include "Conformance.h"

#include <random>

namespace tenon::conformance {
namespace {

using Real = long double;
using Function = Real (*)(Real);

struct Expected {
  const char *name;
  double ulps;
  Function function;
};

/// Special values, then numbers of every size and a dense part.
Array inputs(Type type, double low, double high) {
  std::vector<double> list = specialsOf(type);
  for (double v : {0.25,
                   0.75,
                   1e-3,
                   1e-4,
                   1e-5,
                   3.141592653589793,
                   1.5707963267948966,
                   0.7853981633974483,
                   88.72,
                   88.73,
                   87.34,
                   103.0,
                   709.7,
                   709.8,
                   127.99,
                   128.0,
                   1023.5,
                   2.718281828459045,
                   1.4142135623730951,
                   9.0,
                   27.0,
                   1e4,
                   6e4,
                   33.3})
    for (double w : {v, -v})
      list.push_back(w);
  std::mt19937 random(17);
  std::uniform_real_distribution<double> dense(low, high), exponent(-12, 12);
  for (int i = 0; i < 600; ++i)
    list.push_back(dense(random));
  for (int i = 0; i < 200; ++i)
    list.push_back((i & 1 ? 1 : -1) * std::exp2(exponent(random)));
  return listArray(type, list);
}

void check(const char *op, double low, double high, const std::vector<Expected> &results) {
  for (Type type : floats) {
    Array x = inputs(type, low, high);
    std::vector<Array> got(results.size(), x);
    Call call("math", op);
    call.in(x);
    for (Array &result : got)
      call.out(result);
    if (!call.run())
      continue;
    bool narrow = type == Type::F16 || type == Type::BF16;
    for (size_t r = 0; r < results.size(); ++r)
      expectNear(
          got[r], [&](size_t i) { return results[r].function(x.real(i)); },
          narrow ? (results[r].ulps ? 0.51 : 0) : results[r].ulps, 0, results[r].name);
  }
}

TEST_P(Conformance, MathExponentials) {
  check("exponentials", -90, 90,
        {{"exp", 1.25, [](Real x) { return expl(x); }},
         {"exp2", 1.25, [](Real x) { return exp2l(x); }},
         {"expm1", 2, [](Real x) { return expm1l(x); }}});
}
TEST_P(Conformance, MathLogarithms) {
  check("logarithms", -0.9, 3,
        {{"log", 1, [](Real x) { return logl(x); }},
         {"log2", 0.51, [](Real x) { return log2l(x); }},
         {"log1p", 1.5, [](Real x) { return log1pl(x); }}});
}
TEST_P(Conformance, MathRoots) {
  check("roots", 0, 9,
        {{"sqrt", 0.501, [](Real x) { return sqrtl(x); }},
         {"rsqrt", 1.5, [](Real x) { return 1 / sqrtl(x); }},
         {"cbrt", 0.75, [](Real x) { return cbrtl(x); }}});
}
TEST_P(Conformance, MathCircular) {
  check("circular", -20, 20,
        {{"sin", 1, [](Real x) { return sinl(x); }},
         {"cos", 1, [](Real x) { return cosl(x); }},
         {"tan", 2.5, [](Real x) { return tanl(x); }}});
}
TEST_P(Conformance, MathArcs) {
  check("arcs", -1, 1,
        {{"asin", 1, [](Real x) { return asinl(x); }},
         {"acos", 1, [](Real x) { return acosl(x); }},
         {"atan", 1, [](Real x) { return atanl(x); }}});
}
TEST_P(Conformance, MathHyperbolic) {
  check("hyperbolic", -4, 4,
        {{"sinh", 2.5, [](Real x) { return sinhl(x); }},
         {"cosh", 2, [](Real x) { return coshl(x); }},
         {"tanh", 2.5, [](Real x) { return tanhl(x); }}});
}
TEST_P(Conformance, MathErrors) {
  check("errors", -3, 9, {{"erf", 1.5, [](Real x) { return erfl(x); }}, {"erfc", 4, [](Real x) { return erfcl(x); }}});
}

TEST_P(Conformance, MathRounding) {
  for (Type type : floats) {
    Array x = inputs(type, -9, 9);
    std::vector<Array> got(4, x), is(3, Array(Type::Bool, x.shape));
    Call call("math", "rounding");
    call.in(x);
    for (auto *list : {&got, &is})
      for (Array &result : *list)
        call.out(result);
    if (!call.run())
      continue;
    const Expected results[] = {{"floor", 0, [](Real v) { return floorl(v); }},
                                {"ceil", 0, [](Real v) { return ceill(v); }},
                                {"round", 0, [](Real v) { return rintl(v); }},
                                {"trunc", 0, [](Real v) { return truncl(v); }}};
    for (size_t r = 0; r < got.size(); ++r)
      expectNear(got[r], [&](size_t i) { return results[r].function(x.real(i)); }, 0, 0, results[r].name);
    for (size_t i = 0; i < x.size(); ++i) {
      double v = x.real(i);
      ASSERT_EQ(is[0].integer(i), std::isnan(v)) << "isnan of " << v << " in " << nameOf(type);
      ASSERT_EQ(is[1].integer(i), std::isinf(v)) << "isinf of " << v << " in " << nameOf(type);
      ASSERT_EQ(is[2].integer(i), std::isfinite(v)) << "isfinite of " << v << " in " << nameOf(type);
    }
  }
}

TEST_P(Conformance, MathPairs) {
  for (Type type : floats) {
    std::vector<double> specials = specialsOf(type), first, second;
    for (double x : specials)
      for (double y : specials) {
        first.push_back(x);
        second.push_back(y);
      }
    std::mt19937 random(5);
    std::uniform_real_distribution<double> base(0, 9), power(-8, 8);
    for (int i = 0; i < 400; ++i) {
      first.push_back(i % 3 ? base(random) : -std::floor(base(random)));
      second.push_back(i % 3 ? power(random) : std::floor(power(random)));
    }
    Array x = listArray(type, first), y = listArray(type, second);
    std::vector<Array> got(4, x);
    Call call("math", "pairs");
    call.in(x).in(y);
    for (Array &result : got)
      call.out(result);
    if (!call.run())
      continue;
    auto near = [&](size_t r, Real (*f)(Real, Real), double ulps, const char *name) {
      bool narrow = type == Type::F16 || type == Type::BF16;
      expectNear(got[r], [&](size_t i) { return f(x.real(i), y.real(i)); }, narrow && ulps ? 0.51 : ulps, 0, name);
    };
    near(0, [](Real a, Real b) { return atan2l(a, b); }, 1.5, "atan2");
    near(1, [](Real a, Real b) { return powl(a, b); }, 1.5, "pow");
    near(2, [](Real a, Real b) { return copysignl(a, b); }, 0, "copysign");
    // One rounding: in long double the product is exact for all but f64, where the sum may round twice.
    near(3, [](Real a, Real b) { return fmal(a, b, a); }, 0.501, "fma");
    for (size_t i = 0; i < x.size(); ++i)
      if (!std::isnan(x.real(i)) && !std::isnan(y.real(i)))
        ASSERT_EQ(std::signbit(got[2].real(i)), std::signbit(y.real(i))) << "the sign of copysign";
  }
}

} // namespace
} // namespace tenon::conformance
