//===- ContractionTest.cpp - matrix products and convolutions ---------------===//
#include "Conformance.h"

namespace tenon::conformance {
namespace {

/// Sizes m, n, k: none, one, primes, one past tiles, a few hundred.
const std::vector<Shape> sizes = {{0, 3, 4}, {3, 0, 4},   {3, 4, 0},    {1, 1, 1},    {1, 37, 13},    {7, 1, 5},
                                  {5, 7, 3}, {17, 33, 9}, {65, 67, 31}, {8, 300, 40}, {131, 129, 127}};

/// What a device may lose over a sum of k products of numbers about 1.
double toleranceOf(Type type, int64_t k) {
  return double(ulpOf(type == Type::F64 ? Type::F64 : Type::F32, 1)) * (4 * std::sqrt(double(k)) + 8);
}

/// Compares with sums over p < k of terms; integers wrap.
template <class Term> void check(const Array &c, int64_t k, Term term, const std::string &what) {
  if (isFloat(c.type)) {
    bool narrow = c.type == Type::F16 || c.type == Type::BF16;
    return expectNear(
        c,
        [&](size_t at) {
          double sum = 0;
          for (int64_t p = 0; p < k; ++p)
            sum += double(term(at, p));
          return sum;
        },
        narrow ? 0.51 : 0, toleranceOf(c.type, k), what);
  }
  Array want = c;
  for (size_t at = 0; at < c.size(); ++at) {
    int64_t sum = 0;
    for (int64_t p = 0; p < k; ++p)
      sum += int64_t(term(at, p));
    want.setInteger(at, sum);
  }
  expectEqual(c, want, what);
}

/// A product with either factor transposed.
void multiply(const char *op, bool transposedA, bool transposedB, const std::vector<Type> &types) {
  for (Type type : types)
    for (const Shape &s : sizes) {
      int64_t m = s[0], n = s[1], k = s[2];
      Array a = randomArray(type, transposedA ? Shape{k, m} : Shape{m, k}, 1),
            b = randomArray(type, transposedB ? Shape{n, k} : Shape{k, n}, 2), c(type, {m, n});
      if (!Call("contractions", op).in(a).in(b).out(c).run())
        break;
      check(
          c, k,
          [&](size_t at, int64_t p) {
            int64_t i = at / n, j = at % n;
            return a.real(transposedA ? p * m + i : i * k + p) * b.real(transposedB ? j * k + p : p * n + j);
          },
          std::string(op) + " " + std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k));
    }
}

TEST_P(Conformance, ContractPlain) {
  multiply("matmul", false, false, {Type::F32, Type::F16, Type::BF16, Type::F64, Type::I32, Type::I64, Type::U8});
}
TEST_P(Conformance, ContractTransposed) {
  multiply("matmul_tn", true, false, {Type::F32, Type::F16, Type::F64, Type::I32});
  multiply("matmul_nt", false, true, {Type::F32, Type::BF16, Type::F64, Type::I32});
  multiply("matmul_tt", true, true, {Type::F32, Type::F16, Type::F64, Type::I32});
}

TEST_P(Conformance, ContractBatched) {
  for (Type type : {Type::F32, Type::F16})
    for (const Shape &s : {Shape{}, Shape{3}, Shape{2, 3}, Shape{0}}) {
      int64_t m = 9, n = 17, k = 11;
      Shape sa = s, sb = s, sc = s;
      sa.insert(sa.end(), {m, k});
      sb.insert(sb.end(), {k, n});
      sc.insert(sc.end(), {m, n});
      Array a = randomArray(type, sa, 1), b = randomArray(type, sb, 2), c(type, sc);
      if (!Call("contractions", "batched").in(a).in(b).out(c).run())
        break;
      check(
          c, k,
          [&](size_t at, int64_t p) {
            size_t z = at / (m * n), i = at / n % m, j = at % n;
            return a.real((z * m + i) * k + p) * b.real((z * k + p) * n + j);
          },
          "batched");
    }
  Array a = randomArray(Type::F32, {3, 5, 19}, 3), b = randomArray(Type::F32, {19, 33}, 4), c(Type::F32, {3, 5, 33});
  if (Call("contractions", "shared").in(a).in(b).out(c).run())
    check(c, 19, [&](size_t at, int64_t p) { return a.real(at / 33 * 19 + p) * b.real(p * 33 + at % 33); }, "shared");
}

TEST_P(Conformance, ContractMixedTypes) {
  for (const Shape &s : sizes) {
    int64_t m = s[0], n = s[1], k = s[2];
    Array a = uniformArray(Type::I8, {m, k}, 1, -128, 127), b = uniformArray(Type::I8, {k, n}, 2, -128, 127),
          c(Type::I32, {m, n});
    auto product = [&](const Array &x, const Array &y) {
      return [&x, &y, n, k](size_t at, int64_t p) { return x.real(at / n * k + p) * y.real(p * n + at % n); };
    };
    if (Call("contractions", "quantized").in(a).in(b).out(c).run())
      check(c, k, product(a, b), "i8 to i32");
    Array x = randomArray(Type::F16, {m, k}, 3), y = randomArray(Type::F16, {k, n}, 4), z(Type::F32, {m, n});
    if (Call("contractions", "widened").in(x).in(y).out(z).run())
      check(z, k, product(x, y), "f16 to f32");
    Array f = randomArray(Type::F32, {m, k}, 5), w = uniformArray(Type::U8, {k, n}, 6, 0, 15),
          scale = randomArray(Type::F32, {n}, 7), zero = uniformArray(Type::U8, {n}, 8, 6, 9), d(Type::F32, {m, n});
    if (Call("contractions", "dequantized").in(f).in(w).in(scale).in(zero).out(d).run())
      expectNear(
          d,
          [&](size_t at) {
            double sum = 0;
            for (int64_t p = 0; p < k; ++p)
              sum += f.real(at / n * k + p) * (w.real(p * n + at % n) - zero.real(at % n));
            return sum * scale.real(at % n);
          },
          0, 16 * toleranceOf(Type::F32, k), "dequantized");
  }
}

TEST_P(Conformance, ContractEpilogues) {
  for (const Shape &s : sizes) {
    int64_t m = s[0], n = s[1], k = s[2];
    for (Type type : {Type::F32, Type::F16}) {
      Array x = randomArray(type, {m, k}, 1), w = randomArray(type, {k, n}, 2), bias = randomArray(type, {n}, 3),
            y(type, {m, n});
      if (!Call("contractions", "dense").in(x).in(w).in(bias).scalar(Type::F32, -0.5).out(y).run())
        break;
      expectNear(
          y,
          [&](size_t at) {
            double sum = bias.real(at % n);
            for (int64_t p = 0; p < k; ++p)
              sum += x.real(at / n * k + p) * w.real(p * n + at % n);
            return std::max(sum, -0.5);
          },
          type == Type::F16 ? 0.51 : 0, toleranceOf(type, k), "dense");
    }
    Array x = randomArray(Type::F32, {m, k}, 4), w = randomArray(Type::F32, {k, n}, 5),
          r = randomArray(Type::F32, {m, n}, 6), scale = randomArray(Type::F32, {m}, 7), y = r;
    if (!Call("contractions", "residual").in(x).in(w).in(r).in(scale).out(y).run())
      return;
    expectNear(
        y,
        [&](size_t at) {
          double sum = 0;
          for (int64_t p = 0; p < k; ++p)
            sum += x.real(at / n * k + p) * w.real(p * n + at % n);
          return r.real(at) + scale.real(at / n) * sum;
        },
        0, 4 * toleranceOf(Type::F32, k), "residual");
  }
}

TEST_P(Conformance, ContractVectors) {
  for (auto [m, k] : {std::pair<int64_t, int64_t>{1, 1}, {3, 200}, {67, 33}, {5, 0}}) {
    Array a = randomArray(Type::F32, {m, k}, 1), x = randomArray(Type::F32, {k}, 2), y(Type::F32, {m});
    if (!Call("contractions", "vector").in(a).in(x).out(y).run())
      return;
    check(y, k, [&](size_t i, int64_t p) { return a.real(i * k + p) * x.real(p); }, "matrix by vector");
    Array b = randomArray(Type::F32, {k, m}, 3), z(Type::F32, {m});
    Call("contractions", "covector").in(x).in(b).out(z).run();
    check(z, k, [&](size_t j, int64_t p) { return x.real(p) * b.real(p * m + j); }, "vector by matrix");
    Array g(Type::F32, {m, m});
    Call("contractions", "gram").in(b).out(g).run();
    check(g, k, [&](size_t at, int64_t p) { return b.real(p * m + at / m) * b.real(p * m + at % m); }, "gram");
    Array o(Type::F32, {m, k}), v = randomArray(Type::F32, {m}, 4);
    Call("contractions", "outer").in(v).in(x).out(o).run();
    check(o, 1, [&](size_t at, int64_t) { return v.real(at / k) * x.real(at % k); }, "outer");
  }
  for (Type type : {Type::F32, Type::F64, Type::I32})
    for (int64_t n : {0, 1, 1000, 4099}) {
      Array x = randomArray(type, {n}, 5), y = randomArray(type, {n}, 6), z(type, {});
      if (!Call("contractions", "dot").in(x).in(y).out(z).run())
        break;
      check(z, n, [&](size_t, int64_t p) { return x.real(p) * y.real(p); }, "dot");
    }
}

TEST_P(Conformance, ContractChains) {
  int64_t m = 7, k = 5, l = 9, n = 11;
  Array a = randomArray(Type::F32, {m, k}, 1), b = randomArray(Type::F32, {k, l}, 2),
        c = randomArray(Type::F32, {l, n}, 3), y(Type::F32, {m, n});
  if (!Call("contractions", "triple").in(a).in(b).in(c).out(y).run())
    return;
  check(
      y, k * l,
      [&](size_t at, int64_t pq) {
        int64_t p = pq / l, q = pq % l;
        return a.real(at / n * k + p) * b.real(p * l + q) * c.real(q * n + at % n);
      },
      "triple");
  int64_t s = 5, t = 9, h = 3, d = 7;
  Array q = randomArray(Type::F32, {s, h, d}, 4), key = randomArray(Type::F32, {t, h, d}, 5), z(Type::F32, {h, s, t});
  Call("contractions", "heads").in(q).in(key).out(z).run();
  check(
      z, d,
      [&](size_t at, int64_t p) {
        int64_t head = at / (s * t), i = at / t % s, j = at % t;
        return q.real((i * h + head) * d + p) * key.real((j * h + head) * d + p);
      },
      "heads");
  Array u = randomArray(Type::F32, {6, 3, 5}, 6), v = randomArray(Type::F32, {3, 5, 17}, 7), w(Type::F32, {6, 17});
  Call("contractions", "double_sum").in(u).in(v).out(w).run();
  check(w, 15, [&](size_t at, int64_t p) { return u.real(at / 17 * 15 + p) * v.real(p * 17 + at % 17); }, "double sum");
}

TEST_P(Conformance, ContractConvolutions) {
  struct Case {
    int64_t n, ci, h, w, co, kh, kw, stride, pad;
  };
  for (Type type : {Type::F32, Type::F16})
    for (Case k :
         {Case{1, 1, 1, 1, 1, 1, 1, 1, 0}, Case{2, 3, 9, 11, 5, 3, 3, 1, 1}, Case{1, 4, 8, 9, 3, 3, 2, 2, 0},
          Case{1, 2, 5, 5, 2, 5, 5, 1, 2}, Case{2, 1, 7, 13, 4, 1, 1, 3, 0}, Case{0, 2, 4, 4, 2, 3, 3, 1, 1}}) {
      int64_t oh = (k.h + 2 * k.pad - k.kh) / k.stride + 1, ow = (k.w + 2 * k.pad - k.kw) / k.stride + 1;
      Array x = randomArray(type, {k.n, k.ci, k.h, k.w}, 1), f = randomArray(type, {k.co, k.ci, k.kh, k.kw}, 2),
            y(type, {k.n, k.co, oh, ow});
      if (!Call("contractions", "conv2d").in(x).in(f).size(k.stride).size(k.pad).out(y).run())
        break;
      check(
          y, k.ci * k.kh * k.kw,
          [&](size_t at, int64_t p) {
            int64_t c = at % ow, r = at / ow % oh, o = at / ow / oh % k.co, b = at / ow / oh / k.co;
            int64_t v = p % k.kw, u = p / k.kw % k.kh, i = p / k.kw / k.kh;
            int64_t row = r * k.stride + u - k.pad, column = c * k.stride + v - k.pad;
            if (row < 0 || row >= k.h || column < 0 || column >= k.w)
              return 0.0;
            return x.real(((b * k.ci + i) * k.h + row) * k.w + column) * f.real(((o * k.ci + i) * k.kh + u) * k.kw + v);
          },
          "conv2d");
    }
  Array x = randomArray(Type::F32, {100}, 3), f = randomArray(Type::F32, {7}, 4), y(Type::F32, {94});
  if (!Call("contractions", "conv1d").in(x).in(f).out(y).run())
    return;
  check(y, 7, [&](size_t i, int64_t p) { return x.real(i + p) * f.real(p); }, "conv1d");
  Array d = randomArray(Type::F32, {3, 37}, 5), g = randomArray(Type::F32, {3, 5}, 6), e = d;
  Call("contractions", "depthwise").in(d).in(g).out(e).run();
  check(
      e, 5,
      [&](size_t at, int64_t p) {
        int64_t i = int64_t(at % 37) + p - 2;
        return i < 0 || i >= 37 ? 0 : d.real(at / 37 * 37 + i) * g.real(at / 37 * 5 + p);
      },
      "depthwise");
  Array image = randomArray(Type::F32, {2, 9, 13}, 7), hi(Type::F32, {2, 4, 6}), mean = hi;
  Call("contractions", "pool").in(image).none().out(hi).out(mean).run();
  auto corner = [&](size_t at, int64_t p) {
    return image.real((at / 24 * 9 + at / 6 % 4 * 2 + p / 2) * 13 + at % 6 * 2 + p % 2);
  };
  expectNear(
      hi,
      [&](size_t at) {
        return std::max(std::max(corner(at, 0), corner(at, 1)), std::max(corner(at, 2), corner(at, 3)));
      },
      0, 0, "max pool");
  check(mean, 4, [&](size_t at, int64_t p) { return corner(at, p) / 4; }, "mean pool");
  Array small(Type::F32, {1, 1, 2, 2}), big(Type::F32, {1, 1, 3, 3}), none(Type::F32, {1, 1, 0, 0});
  Call("contractions", "conv2d").in(small).in(big).none().none().out(none).expectError(tnErrorCheckFailed, "kh");
}

} // namespace
} // namespace tenon::conformance
