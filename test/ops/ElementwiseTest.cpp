//===- ElementwiseTest.cpp - operators that take element by element ---------===//
#include "Run.h"

namespace tenon::ops {
namespace {

const std::vector<Shape> shapes = {{3, 7}, {2, 5, 67}};

using Unary = double (*)(double);
using Binary = double (*)(double, double);

Tensor map(Type type, const Tensor &x, const std::function<double(double)> &f) {
  return Tensor(type, x.shape, [&](const Index &i) { return f(x.element(i)); });
}

void checkUnary(const char *package, const char *op, const std::vector<Type> &types, Unary f, double low = -4,
                double high = 4) {
  for (Type t : types)
    for (const Shape &shape : shapes) {
      Tensor x = random(t, shape, 1, low, high);
      check(package, op, {x}, {map(t, x, f)});
    }
}

void checkBinary(const char *op, Binary f) {
  for (Type t : {Type::F32, Type::F16, Type::BF16, Type::F64, Type::I32, Type::I64})
    for (const Shape &shape : shapes) {
      Tensor x = random(t, shape, 1, -9, 9), y = random(t, shape, 2, -9, 9);
      for (double &v : y.values)
        v = v == 0 ? 3 : v;
      Tensor z(t, shape, [&](const Index &i) { return f(x.element(i), y.element(i)); });
      if (!isFloat(t))
        for (double &v : z.values)
          v = std::trunc(v);
      check(op, op, {x, y}, {z});
    }
}

const std::vector<Type> small = {Type::F32, Type::F16, Type::BF16};
const std::vector<Type> withDouble = {Type::F32, Type::F16, Type::BF16, Type::F64};

TEST_P(Operators, Add) {
  checkBinary("add", [](double x, double y) { return x + y; });
}
TEST_P(Operators, Sub) {
  checkBinary("sub", [](double x, double y) { return x - y; });
}
TEST_P(Operators, Mul) {
  checkBinary("mul", [](double x, double y) { return x * y; });
}
TEST_P(Operators, Div) {
  checkBinary("div", [](double x, double y) { return x / y; });
  Tensor x(Type::I32, {1}, [](const Index &) { return 7; }), zero(Type::I32, {1});
  check("div", "div", {x, zero}, {zero});
}

TEST_P(Operators, Relu) {
  checkUnary("relu", "relu", small, [](double x) { return x > 0 ? x : 0; });
}
TEST_P(Operators, Gelu) {
  checkUnary("gelu", "gelu", small, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); });
  checkUnary("gelu", "gelu_tanh", small,
             [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); });
}
TEST_P(Operators, Silu) {
  checkUnary("silu", "silu", small, [](double x) { return x / (1 + std::exp(-x)); }, -100, 100);
}
TEST_P(Operators, Sigmoid) {
  checkUnary("sigmoid", "sigmoid", small, [](double x) { return 1 / (1 + std::exp(-x)); }, -100, 100);
}
TEST_P(Operators, Tanh) {
  checkUnary("tanh", "map_tanh", withDouble, [](double x) { return std::tanh(x); });
}
TEST_P(Operators, Exp) {
  checkUnary("exp", "map_exp", withDouble, [](double x) { return std::exp(x); }, -9, 9);
}

/// What the language says of casts.
double castTo(Type from, Type to, double x) {
  if (isFloat(to))
    return x;
  double low = to == Type::I8   ? -128
               : to == Type::U8 ? 0
                                : -2147483648.0,
         high = to == Type::I8   ? 127
                : to == Type::U8 ? 255
                                 : 2147483647.0;
  if (isFloat(from))
    return std::isnan(x) ? 0 : std::fmin(std::fmax(std::trunc(x), low), high);
  auto whole = static_cast<int32_t>(x);
  return to == Type::I8 ? static_cast<int8_t>(whole) : to == Type::U8 ? static_cast<uint8_t>(whole) : whole;
}

TEST_P(Operators, Cast) {
  const Type types[] = {Type::F32, Type::F16, Type::BF16, Type::I32, Type::I8, Type::U8};
  for (Type from : types)
    for (Type to : types) {
      bool isSmall = from == Type::I8 || from == Type::U8;
      Tensor x = random(from, {3, 67}, 1, from == Type::I8 ? -128 : from == Type::U8 ? 0 : -400, isSmall ? 127 : 400);
      if (isFloat(from)) {
        x.values[0] = NAN;
        x.values[1] = INFINITY;
        x.values[2] = -INFINITY;
      }
      check("cast", "cast", {x}, {{map(to, x, [&](double v) { return castTo(from, to, v); }), 0}});
    }
}

TEST_P(Operators, Clip) {
  for (Type t : {Type::F32, Type::F16, Type::BF16, Type::I32})
    for (const Shape &shape : shapes) {
      Tensor x = random(t, shape, 1, -4, 4);
      if (isFloat(t))
        x.values[3] = NAN;
      check("clip", "clip", {x, Scalar{t, -1}, Scalar{t, 2}},
            {{map(t, x, [](double v) { return v < -1  ? -1
                                              : v > 2 ? 2
                                                      : v; }), 0}});
    }
}

TEST_P(Operators, Select) {
  for (Type t : {Type::F32, Type::F16, Type::BF16, Type::I32, Type::I8})
    for (const Shape &shape : shapes) {
      Tensor c = random(Type::Bool, shape, 3, 0, 1), x = random(t, shape, 1), y = random(t, shape, 2);
      check("select", "select", {c, x, y},
            {{Tensor(t, shape, [&](const Index &i) { return c.element(i) != 0 ? x.element(i) : y.element(i); }), 0}});
    }
}

TEST_P(Operators, Quantise) {
  for (Type q : {Type::I8, Type::U8})
    for (const Shape &shape : shapes) {
      double low = q == Type::I8 ? -128 : 0, zero = q == Type::I8 ? 3 : 128;
      // Multiples of a quarter of the scale: some lie in the middle.
      Tensor x = map(Type::F32, random(Type::I32, shape, 1, -700, 700), [](double v) { return v / 64; });
      Tensor want =
          map(q, x, [&](double v) { return std::fmin(std::fmax(std::nearbyint(v * 16) + zero, low), low + 255); });
      check("quantise", "quantise", {x, Scalar{Type::F32, 0.0625}, Scalar{Type::I32, zero}}, {want});
    }
}

TEST_P(Operators, Dequantise) {
  for (Type q : {Type::I8, Type::U8})
    for (const Shape &shape : shapes) {
      Tensor x = random(q, shape, 1, q == Type::I8 ? -128 : 0, q == Type::I8 ? 127 : 255);
      check("dequantise", "dequantise", {x, Scalar{Type::F32, 0.1}, Scalar{Type::I32, 3}},
            {map(Type::F32, x, [](double v) { return (v - 3) * double(0.1f); })});
    }
}

} // namespace
} // namespace tenon::ops
