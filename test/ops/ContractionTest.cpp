//===- ContractionTest.cpp - products of matrices, attention ----------------===//
#include "Run.h"

namespace tenon::ops {
namespace {

/// Sums of some hundred products: inputs are rounded, sums are in f32.
double sumTolerance(Type t) { return t == Type::F32 ? 5e-5 : toleranceOf(t); }

TEST_P(Operators, Matmul) {
  std::vector<Type> types = largeKernelTypes();
  types.insert(types.end(), {Type::F64, Type::I32});
  for (Type t : types)
    for (auto [m, k, n] : {std::tuple{3, 17, 29}, {37, 65, 50}}) {
      Tensor a = random(t, {m, k}, 1), b = random(t, {k, n}, 2);
      Tensor c(t, {m, n}, [&, k = k](const Index &i) {
        double sum = 0;
        for (int p = 0; p < k; ++p)
          sum += a(i[0], p) * b(p, i[1]);
        return sum;
      });
      check("matmul", "matmul", {a, b}, {{c, sumTolerance(t)}});
    }
}

TEST_P(Operators, MatmulI8) {
  for (auto [m, k, n] : {std::tuple{3, 17, 29}, {37, 65, 50}}) {
    Tensor a = random(Type::I8, {m, k}, 1, -128, 127), b = random(Type::I8, {k, n}, 2, -128, 127);
    Tensor c(Type::I32, {m, n}, [&, k = k](const Index &i) {
      double sum = 0;
      for (int p = 0; p < k; ++p)
        sum += a(i[0], p) * b(p, i[1]);
      return sum;
    });
    check("matmul_i8", "matmul_i8", {a, b}, {c});
  }
}

TEST_P(Operators, BatchMatmul) {
  for (Type t : largeKernelTypes())
    for (auto [l, m, k, n] : {std::tuple{2, 3, 17, 29}, {3, 20, 33, 18}}) {
      Tensor a = random(t, {l, m, k}, 1), b = random(t, {l, k, n}, 2);
      Tensor c(t, {l, m, n}, [&, k = k](const Index &i) {
        double sum = 0;
        for (int p = 0; p < k; ++p)
          sum += a(i[0], i[1], p) * b(i[0], p, i[2]);
        return sum;
      });
      check("batch_matmul", "batch_matmul", {a, b}, {{c, sumTolerance(t)}});
    }
}

TEST_P(Operators, Linear) {
  for (Type t : largeKernelTypes())
    for (const Shape &s : {Shape{5}, Shape{2, 11}}) {
      Tensor w = random(t, {19, 35}, 2), b = random(t, {19}, 3);
      Shape in = s, out = s;
      in.push_back(35);
      out.push_back(19);
      Tensor x = random(t, in, 1);
      Tensor y(t, out, [&](const Index &i) {
        double sum = b(i.back());
        Index at = i;
        for (int p = 0; p < 35; ++p) {
          at.back() = p;
          sum += x.element(at) * w(i.back(), p);
        }
        return sum;
      });
      check("linear", "linear", {x, w, b}, {{y, sumTolerance(t)}});
    }
}

/// Heads of q share those of k and v in groups.
Tensor attention(const Tensor &q, const Tensor &k, const Tensor &v) {
  int64_t share = q.shape[1] / k.shape[1], t = k.shape[2], d = q.shape[3];
  return Tensor(q.type, {q.shape[0], q.shape[1], q.shape[2], v.shape[3]}, [&, share, t, d](const Index &i) {
    int64_t head = i[1] / share;
    std::vector<double> score(static_cast<size_t>(t));
    double high = -INFINITY, sum = 0, result = 0;
    for (int64_t j = 0; j < t; ++j) {
      for (int64_t c = 0; c < d; ++c)
        score[j] += q(i[0], i[1], i[2], c) * k(i[0], head, j, c);
      score[j] /= std::sqrt(double(d));
      high = std::fmax(high, score[j]);
    }
    for (int64_t j = 0; j < t; ++j) {
      double e = std::exp(score[j] - high);
      sum += e;
      result += e * v(i[0], head, j, i[3]);
    }
    return result / sum;
  });
}

TEST_P(Operators, Attention) {
  for (Type t : largeKernelTypes())
    for (auto [n, h, s, u, d, e] : {std::tuple{1, 2, 5, 9, 8, 12}, {2, 3, 17, 33, 16, 16}}) {
      Tensor q = random(t, {n, h, s, d}, 1), k = random(t, {n, h, u, d}, 2), v = random(t, {n, h, u, e}, 3);
      check("attention", "attention", {q, k, v}, {{attention(q, k, v), 2 * toleranceOf(t)}});
    }
}

TEST_P(Operators, AttentionGqa) {
  for (Type t : largeKernelTypes())
    for (auto [n, h, g, s, u, d] : {std::tuple{1, 4, 2, 5, 9, 8}, {2, 6, 2, 11, 19, 16}}) {
      Tensor q = random(t, {n, h, s, d}, 1), k = random(t, {n, g, u, d}, 2), v = random(t, {n, g, u, d}, 3);
      check("attention", "attention_gqa", {q, k, v}, {{attention(q, k, v), 2 * toleranceOf(t)}});
    }
  Tensor q = random(Type::F32, {1, 3, 4, 8}, 1), k = random(Type::F32, {1, 2, 4, 8}, 2);
  expectError("attention", "attention_gqa", {q, k, k}, q, tnErrorCheckFailed, "h % g == 0");
}

TEST_P(Operators, Rotary) {
  for (Type t : largeKernelTypes())
    for (auto [b, s, d] : {std::tuple{1, 5, 8}, {3, 11, 34}}) {
      Tensor x = random(t, {b, s, d}, 1);
      int64_t half = d / 2, offset = 4;
      Tensor y(t, x.shape, [&, d = d](const Index &i) {
        int64_t pair = i[2] % half;
        double angle = double(i[1] + offset) * std::pow(10000.0, -2.0 * double(pair) / d);
        double first = x(i[0], i[1], pair), second = x(i[0], i[1], pair + half);
        return i[2] < half ? first * std::cos(angle) - second * std::sin(angle)
                           : second * std::cos(angle) + first * std::sin(angle);
      });
      check("rotary", "rotary", {x, Default{}, Size{offset}}, {y});
    }
}

} // namespace
} // namespace tenon::ops
