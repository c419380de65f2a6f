//===- NetworkTest.cpp - whole formulas as users write them -----------------===//
#include "Conformance.h"

namespace tenon::conformance {
namespace {

const std::vector<Type> small = {Type::F32, Type::F16, Type::BF16};
double ulpsOf(Type type) { return type == Type::F32 ? 0 : 1.01; }

const std::vector<Shape> rowShapes = {{1}, {7, 1}, {3, 37}, {2, 5, 64}, {4, 1031}, {0, 5}, {300, 5}};

TEST_P(Conformance, NetworkNormalizations) {
  for (Type type : small)
    for (const Shape &s : rowShapes) {
      int64_t d = s.back();
      Array x = randomArray(type, s, 1), g = randomArray(type, {d}, 2), g32 = randomArray(Type::F32, {d}, 3),
            c32 = randomArray(Type::F32, {d}, 4), y = x;
      std::vector<double> mean(x.size() / d), squares(x.size() / d), variance(x.size() / d);
      for (size_t i = 0; i < x.size(); ++i) {
        mean[i / d] += x.real(i) / d;
        squares[i / d] += x.real(i) * x.real(i) / d;
      }
      for (size_t i = 0; i < x.size(); ++i)
        variance[i / d] += (x.real(i) - mean[i / d]) * (x.real(i) - mean[i / d]) / d;
      if (!Call("networks", "rmsnorm").in(x).in(g).none().out(y).run())
        break;
      expectNear(
          y, [&](size_t i) { return x.real(i) / std::sqrt(squares[i / d] + 1e-6) * g.real(i % d); }, ulpsOf(type), 1e-5,
          "rmsnorm");
      Call("networks", "layernorm").in(x).in(g32).in(c32).scalar(Type::F32, 1e-3).out(y).run();
      expectNear(
          y,
          [&](size_t i) {
            return (x.real(i) - mean[i / d]) / std::sqrt(variance[i / d] + 1e-3) * g32.real(i % d) + c32.real(i % d);
          },
          ulpsOf(type), 1e-4, "layernorm");
    }
}

/// exp(x - max) / sum along groups of elements `step` apart.
std::vector<double> softmaxOf(const Array &x, int64_t n, int64_t step) {
  std::vector<double> y(x.size());
  for (size_t first = 0; first < x.size(); ++first) {
    if (int64_t(first) / step % n)
      continue;
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < n; ++j)
      most = std::max(most, x.real(first + j * step));
    for (int64_t j = 0; j < n; ++j)
      sum += std::exp(x.real(first + j * step) - most);
    for (int64_t j = 0; j < n; ++j)
      y[first + j * step] = std::exp(x.real(first + j * step) - most) / sum;
  }
  return y;
}

TEST_P(Conformance, NetworkSoftmax) {
  for (Type type : small)
    for (const Shape &s : rowShapes) {
      Array x = uniformArray(type, s, 1, -60, 60), y = x;
      if (!Call("networks", "softmax").in(x).out(y).run())
        break;
      std::vector<double> want = softmaxOf(x, s.back(), 1);
      expectNear(y, [&](size_t i) { return want[i]; }, ulpsOf(type), 1e-5, "softmax");
    }
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {37, 5}, {3, 200}}) {
    Array x = randomArray(Type::F32, {m, n}, 2), y = x;
    if (!Call("networks", "softmax_columns").in(x).out(y).run())
      return;
    std::vector<double> want = softmaxOf(x, m, n);
    expectNear(y, [&](size_t i) { return want[i]; }, 0, 1e-5, "softmax by columns");

    Array d = randomArray(Type::F64, {m, n}, 3), l = d;
    if (Call("networks", "log_softmax").in(d).out(l).run()) {
      std::vector<double> p = softmaxOf(d, n, 1);
      expectNear(l, [&](size_t i) { return std::log(p[i]); }, 0, 1e-13, "log softmax");
    }
    Array labels = uniformArray(Type::I32, {m}, 4, 0, n - 1), loss(Type::F32, {}), grad = x;
    Call("networks", "cross_entropy").in(x).in(labels).out(loss).out(grad).run();
    std::vector<double> p = softmaxOf(x, n, 1);
    double total = 0;
    for (int64_t i = 0; i < m; ++i)
      total -= std::log(p[i * n + labels.integer(i)]) / m;
    expectNear(loss, [&](size_t) { return total; }, 0, 1e-5, "cross entropy");
    expectNear(
        grad, [&, m = m, n = n](size_t i) { return (p[i] - (labels.integer(i / n) == int64_t(i) % n)) / m; }, 0, 1e-6,
        "gradient of cross entropy");
  }
  Array x = listArray(Type::F32, {-INFINITY, 1, 2, -INFINITY, NAN, 3, INFINITY, 1, 2}), y = x;
  x.shape = y.shape = {3, 3};
  if (!Call("networks", "softmax").in(x).out(y).run())
    return;
  double two = 1 / (1 + std::exp(-1.0));
  std::vector<double> want = {0, 1 - two, two, NAN, NAN, NAN, NAN, NAN, NAN};
  expectNear(y, [&](size_t i) { return want[i]; }, 0, 1e-6, "softmax of infinities");
}

TEST_P(Conformance, NetworkScans) {
  for (int64_t n : {0, 1, 63, 300}) {
    Array x = randomArray(Type::F32, {n}, 1), y = x;
    if (!Call("networks", "cumsum").in(x).out(y).run())
      return;
    double sum = 0;
    std::vector<double> want(n);
    for (int64_t i = 0; i < n; ++i)
      want[i] = sum += x.real(i);
    expectNear(y, [&](size_t i) { return want[i]; }, 0, 1e-5, "cumsum");
    Array a = randomArray(Type::I32, {3, n}, 2), b = a, wantB = a;
    Call("networks", "cumsum_rows").in(a).out(b).run();
    for (int64_t i = 0; i < 3 * n; ++i)
      wantB.setInteger(i, a.integer(i) + (i % n ? wantB.integer(i - 1) : 0));
    expectEqual(b, wantB, "cumsum by rows");
    Array v = uniformArray(Type::I32, {n}, 3, -2, 12), h(Type::I32, {11}), wantH = h;
    Call("networks", "histogram").in(v).size(11).out(h).run();
    for (int64_t i = 0; i < n; ++i)
      if (v.integer(i) >= 0 && v.integer(i) < 11)
        wantH.setInteger(v.integer(i), wantH.integer(v.integer(i)) + 1);
    expectEqual(h, wantH, "histogram");
  }
}

/// softmax(q k^T / sqrt(d)) v for one head.
std::vector<double> attentionOf(const Array &q, const Array &k, const Array &v, int64_t head, int64_t s, int64_t t,
                                int64_t d, bool causal) {
  std::vector<double> o(s * d);
  for (int64_t i = 0; i < s; ++i) {
    int64_t end = causal ? i + 1 : t;
    std::vector<double> z(end);
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < end; ++j) {
      for (int64_t c = 0; c < d; ++c)
        z[j] += q.real((head * s + i) * d + c) * k.real((head * t + j) * d + c) / std::sqrt(double(d));
      most = std::max(most, z[j]);
    }
    for (int64_t j = 0; j < end; ++j)
      sum += z[j] = std::exp(z[j] - most);
    for (int64_t j = 0; j < end; ++j)
      for (int64_t c = 0; c < d; ++c)
        o[i * d + c] += z[j] / sum * v.real((head * t + j) * d + c);
  }
  return o;
}

TEST_P(Conformance, NetworkAttention) {
  for (auto [s, d] : {std::pair<int64_t, int64_t>{1, 1}, {5, 7}, {33, 16}, {65, 9}}) {
    Array q = randomArray(Type::F32, {s, d}, 1), k = randomArray(Type::F32, {s, d}, 2),
          v = randomArray(Type::F32, {s, d}, 3), o = q;
    if (!Call("networks", "causal").in(q).in(k).in(v).out(o).run())
      return;
    std::vector<double> want = attentionOf(q, k, v, 0, s, s, d, true);
    expectNear(o, [&](size_t i) { return want[i]; }, 0, 1e-5, "causal attention");
  }
  for (Type type : {Type::F32, Type::F16})
    for (auto [h, s, t, d] :
         {std::tuple<int64_t, int64_t, int64_t, int64_t>{1, 1, 1, 1}, {2, 5, 9, 8}, {3, 17, 33, 5}}) {
      Array q = randomArray(type, {h, s, d}, 4), k = randomArray(type, {h, t, d}, 5),
            v = randomArray(type, {h, t, d}, 6), o = q;
      if (!Call("networks", "attention").in(q).in(k).in(v).out(o).run())
        break;
      std::vector<double> want;
      for (int64_t head = 0; head < h; ++head)
        for (double value : attentionOf(q, k, v, head, s, t, d, false))
          want.push_back(value);
      expectNear(o, [&](size_t i) { return want[i]; }, ulpsOf(type), 1e-5, "attention");
    }
}

TEST_P(Conformance, NetworkLayers) {
  for (auto [n, i, h, o] :
       {std::tuple<int64_t, int64_t, int64_t, int64_t>{1, 1, 1, 1}, {5, 7, 11, 3}, {33, 20, 40, 10}}) {
    Array x = randomArray(Type::F32, {n, i}, 1), w1 = randomArray(Type::F32, {i, h}, 2),
          w2 = randomArray(Type::F32, {h, o}, 3), y(Type::F32, {n, o});
    if (!Call("networks", "mlp").in(x).in(w1).in(w2).out(y).run())
      return;
    std::vector<double> want(n * o);
    for (int64_t r = 0; r < n; ++r)
      for (int64_t c = 0; c < h; ++c) {
        double a = 0;
        for (int64_t p = 0; p < i; ++p)
          a += x.real(r * i + p) * w1.real(p * h + c);
        a /= 1 + std::exp(-a);
        for (int64_t p = 0; p < o; ++p)
          want[r * o + p] += a * w2.real(c * o + p);
      }
    expectNear(y, [&](size_t at) { return want[at]; }, 0, 1e-4, "mlp");
  }
  for (auto [s, d] : {std::pair<int64_t, int64_t>{1, 2}, {9, 16}, {40, 6}}) {
    Array x = randomArray(Type::F32, {s, d}, 4), y = x;
    if (!Call("networks", "rope").in(x).out(y).run())
      return;
    expectNear(
        y,
        [&, d = d](size_t at) {
          int64_t i = at / d, j = at % d, half = d / 2;
          double angle = i * std::exp2(-double(2 * (j % half)) / d * 13.2877123795);
          double other = x.real(i * d + (j < half ? j + half : j - half));
          return x.real(at) * std::cos(angle) + (j < half ? -other : other) * std::sin(angle);
        },
        0, 2e-5, "rotary positions");
  }
  for (Type type : floats) {
    Array x = randomArray(type, {3, 101}, 5), y = x;
    if (Call("networks", "gelu").in(x).out(y).run())
      expectNear(
          y, [&](size_t i) { return 0.5 * x.real(i) * (1 + std::erf(x.real(i) * 0.70710678118654752)); },
          type == Type::F16 || type == Type::BF16 ? 0.51 : 0, type == Type::F64 ? 1e-15 : 1e-6, "gelu");
  }
}

TEST_P(Conformance, NetworkUpdates) {
  int64_t n = 517;
  Array w = randomArray(Type::F32, {n}, 1), g = randomArray(Type::F32, {n}, 2), m = randomArray(Type::F32, {n}, 3),
        v = randomArray(Type::F32, {n}, 4), w2 = w, m2 = w, v2 = w;
  for (int64_t i = 0; i < n; ++i)
    v.setReal(i, std::fabs(v.real(i)));
  for (bool inPlace : {false, true}) {
    Call call("networks", "adam");
    call.in(w).in(g).in(m).in(v).scalar(Type::I32, 3);
    if (inPlace)
      call.outIn(w2, 0).outIn(m2, 2).outIn(v2, 3);
    else
      call.out(w2).out(m2).out(v2);
    if (!call.run())
      return;
    auto first = [&](size_t i) { return 0.9 * m.real(i) + 0.1 * g.real(i); };
    auto second = [&](size_t i) { return 0.999 * v.real(i) + 0.001 * g.real(i) * g.real(i); };
    expectNear(m2, first, 0, 1e-6, "the first moment");
    expectNear(v2, second, 0, 1e-6, "the second moment");
    expectNear(
        w2,
        [&](size_t i) {
          return w.real(i) -
                 0.01 * (first(i) / (1 - std::pow(0.9, 3))) / (std::sqrt(second(i) / (1 - std::pow(0.999, 3))) + 1e-8);
        },
        0, 1e-5, "the weights");
  }
}

/// Every launch of the same work gives the same bits: reductions over all of it above all.
TEST_P(Conformance, NetworkDeterminism) {
  Array x = randomArray(Type::F32, {300, 211}, 1), t(Type::F32, {}), hi = t;
  std::vector<uint8_t> bits;
  for (int round = 0; round < 8; ++round) {
    if (!Call("reductions", "total").in(x).out(t).out(hi).run())
      return;
    if (round)
      ASSERT_EQ(t.bytes, bits) << "launch " << round;
    bits = t.bytes;
  }
}

} // namespace
} // namespace tenon::conformance
