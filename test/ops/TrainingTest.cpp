//===- TrainingTest.cpp - losses, gradients and updates ---------------------===//
//
// Gradients are compared with central differences of the operator itself, written plainly in double.
//
//===------------------------------------------------------------------------===//
#include "Run.h"

namespace tenon::ops {
namespace {

/// Sum of y times g: its gradient by x is what an operator's gradient gives for g.
double dot(const Tensor &y, const Tensor &g) {
  double sum = 0;
  for (size_t i = 0; i < y.values.size(); ++i)
    sum += y.values[i] * g.values[i];
  return sum;
}

double gradientTolerance(Type t) { return t == Type::F32 ? 5e-5 : 2 * toleranceOf(t); }

double crossEntropy(const Tensor &x, const Tensor &labels) {
  double loss = 0;
  for (int64_t r = 0; r < x.shape[0]; ++r) {
    double sum = 0;
    for (int64_t k = 0; k < x.shape[1]; ++k)
      sum += std::exp(x(r, k));
    loss += std::log(sum) - x(r, labels(r));
  }
  return loss / double(x.shape[0]);
}

TEST_P(Operators, CrossEntropy) {
  for (Type t : largeKernelTypes())
    for (auto [n, c] : {std::pair{3, 7}, {17, 33}}) {
      Tensor x = random(t, {n, c}, 1), labels = random(Type::I32, {n}, 2, 0, c - 1);
      check("cross_entropy", "cross_entropy", {x, labels},
            {Tensor(Type::F32, {}, [&](const Index &) { return crossEntropy(x, labels); })});
      Tensor dx = differences(x, [&](const Tensor &at) { return 2.5 * crossEntropy(at, labels); });
      check("cross_entropy", "cross_entropy_gradient", {x, labels, Scalar{Type::F32, 2.5}}, {dx});
    }
  Tensor x = random(Type::F32, {3, 7}, 1), labels(Type::I32, {3}, [](const Index &i) { return i[0] == 1 ? 7 : 0; });
  check("cross_entropy", "cross_entropy", {x, labels}, {Tensor(Type::F32, {}, [](const Index &) { return NAN; })});
}

Tensor linear(const Tensor &x, const Tensor &w, const Tensor &b) {
  return Tensor(x.type, {x.shape[0], w.shape[0]}, [&](const Index &i) {
    double sum = b(i[1]);
    for (int64_t k = 0; k < x.shape[1]; ++k)
      sum += x(i[0], k) * w(i[1], k);
    return sum;
  });
}

TEST_P(Operators, LinearGradient) {
  for (Type t : largeKernelTypes())
    for (auto [r, p, q] : {std::tuple{3, 7, 5}, {12, 9, 19}}) {
      Tensor x = random(t, {r, p}, 1), w = random(t, {q, p}, 2), b(t, {q}), g = random(t, {r, q}, 3);
      Tensor dx = differences(x, [&](const Tensor &at) { return dot(linear(at, w, b), g); });
      Tensor dw = differences(w, [&](const Tensor &at) { return dot(linear(x, at, b), g); });
      Tensor db = differences(b, [&](const Tensor &at) { return dot(linear(x, w, at), g); });
      double off = gradientTolerance(t);
      check("linear_gradient", "linear_gradient", {x, w, g}, {{dx, off}, {dw, off}, {db, off}});
      if (r % 3 == 0)
        check("linear_gradient", "linear_gradient", {x.as({3, r / 3, p}), w, g.as({3, r / 3, q})},
              {{dx.as({3, r / 3, p}), off}, {dw, off}, {db, off}});
    }
}

TEST_P(Operators, ReluGradient) {
  for (Type t : {Type::F32, Type::F16, Type::BF16})
    for (const Shape &shape : {Shape{3, 7}, Shape{2, 5, 67}}) {
      Tensor x = random(t, shape, 1), g = random(t, shape, 2);
      x.values[0] = 0;
      check("relu_gradient", "relu_gradient", {x, g},
            {{Tensor(t, shape, [&](const Index &i) { return x.element(i) > 0 ? g.element(i) : 0; }), 0}});
    }
}

Tensor layernorm(const Tensor &x, const Tensor &gamma, const Tensor &beta) {
  int64_t d = x.shape[1];
  Tensor y = x;
  for (int64_t r = 0; r < x.shape[0]; ++r) {
    double mean = 0, var = 0;
    for (int64_t j = 0; j < d; ++j)
      mean += x(r, j) / double(d);
    for (int64_t j = 0; j < d; ++j)
      var += (x(r, j) - mean) * (x(r, j) - mean) / double(d);
    for (int64_t j = 0; j < d; ++j)
      y.values[size_t(r * d + j)] = (x(r, j) - mean) / std::sqrt(var + 1e-5) * gamma(j) + beta(j);
  }
  return y;
}

TEST_P(Operators, LayernormGradient) {
  for (Type t : largeKernelTypes())
    for (auto [r, d] : {std::pair{3, 7}, {6, 33}}) {
      Tensor x = random(t, {r, d}, 1), gamma = random(t, {d}, 2), beta(t, {d}), g = random(t, {r, d}, 3);
      Tensor dx = differences(x, [&](const Tensor &at) { return dot(layernorm(at, gamma, beta), g); });
      Tensor dgamma = differences(gamma, [&](const Tensor &at) { return dot(layernorm(x, at, beta), g); });
      Tensor dbeta = differences(beta, [&](const Tensor &at) { return dot(layernorm(x, gamma, at), g); });
      double off = gradientTolerance(t);
      check("layernorm_gradient", "layernorm_gradient", {x, gamma, g, Default{}},
            {{dx, off}, {dgamma, off}, {dbeta, off}});
    }
}

struct Strides {
  int64_t stride, pad, dilation;
};

Tensor conv2d(const Tensor &x, const Tensor &f, Strides c, const Shape &shape) {
  return Tensor(x.type, shape, [&](const Index &i) {
    double sum = 0;
    for (int64_t q = 0; q < f.shape[1]; ++q)
      for (int64_t u = 0; u < f.shape[2]; ++u)
        for (int64_t v = 0; v < f.shape[3]; ++v)
          sum +=
              x.orElse(0, i[0], q, i[2] * c.stride + u * c.dilation - c.pad, i[3] * c.stride + v * c.dilation - c.pad) *
              f(i[1], q, u, v);
    return sum;
  });
}

TEST_P(Operators, Conv2dGradient) {
  for (Type t : largeKernelTypes())
    for (Strides c : {Strides{1, 1, 1}, Strides{2, 1, 2}}) {
      Tensor x = random(t, {2, 2, 6, 7}, 1), f = random(t, {3, 2, 3, 2}, 2);
      auto extent = [&](int64_t length, int64_t k) {
        return (length + 2 * c.pad - c.dilation * (k - 1) - 1) / c.stride + 1;
      };
      Shape shape = {2, 3, extent(6, 3), extent(7, 2)};
      Tensor g = random(t, shape, 3);
      Tensor dx = differences(x, [&](const Tensor &at) { return dot(conv2d(at, f, c, shape), g); });
      Tensor df = differences(f, [&](const Tensor &at) { return dot(conv2d(x, at, c, shape), g); });
      double off = gradientTolerance(t);
      check("conv2d_gradient", "conv2d_gradient", {x, f, g, Size{c.stride}, Size{c.pad}, Size{c.dilation}},
            {{dx, off}, {df, off}});
    }
}

TEST_P(Operators, Sgd) {
  for (const Shape &shape : {Shape{3, 7}, Shape{2, 5, 67}}) {
    Tensor w = random(Type::F32, shape, 1), v = random(Type::F32, shape, 2), g = random(Type::F32, shape, 3);
    Tensor v2(Type::F32, shape,
              [&](const Index &i) { return 0.9 * v.element(i) + g.element(i) + 0.01 * w.element(i); });
    Tensor w2(Type::F32, shape, [&](const Index &i) { return w.element(i) - 0.1 * v2.element(i); });
    std::vector<Argument> args = {w, v, g, Scalar{Type::F32, 0.1}, Scalar{Type::F32, 0.9}, Scalar{Type::F32, 0.01}};
    check("sgd", "sgd", args, {w2, v2});
    check("sgd", "sgd", args, {Expected(w2).in(0), Expected(v2).in(1)});
  }
}

TEST_P(Operators, Adamw) {
  for (const Shape &shape : {Shape{3, 7}, Shape{2, 5, 67}})
    for (int step : {1, 100}) {
      Tensor w = random(Type::F32, shape, 1), m = random(Type::F32, shape, 2), v = random(Type::F32, shape, 3, 0.1, 1),
             g = random(Type::F32, shape, 4);
      Tensor m2(Type::F32, shape, [&](const Index &i) { return 0.9 * m.element(i) + 0.1 * g.element(i); });
      Tensor v2(Type::F32, shape,
                [&](const Index &i) { return 0.999 * v.element(i) + 0.001 * g.element(i) * g.element(i); });
      Tensor w2(Type::F32, shape, [&](const Index &i) {
        double mh = m2.element(i) / (1 - std::pow(0.9, step)),
               vh = v2.element(i) / (1 - std::pow(double(0.999f), step));
        return w.element(i) * (1 - 0.01 * 0.01) - 0.01 * mh / (std::sqrt(vh) + 1e-8);
      });
      std::vector<Argument> args = {
          w,         m,         v,         g,        Scalar{Type::I32, double(step)}, Scalar{Type::F32, 0.01},
          Default{}, Default{}, Default{}, Default{}};
      check("adamw", "adamw", args, {w2, m2, v2});
      check("adamw", "adamw", args, {Expected(w2).in(0), Expected(m2).in(1), Expected(v2).in(2)});
    }
}

} // namespace
} // namespace tenon::ops
