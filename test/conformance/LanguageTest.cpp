//===- LanguageTest.cpp - definitions, sizes, packs, calls ------------------===//
#include "Conformance.h"

namespace tenon::conformance {
namespace {

double sigmoid(double v) { return 1 / (1 + std::exp(-v)); }
double affine(double x) {
  double a = x * 2.5, b = a - 3;
  return (b * b - a) * sigmoid(x);
}
/// smooth's t at i and its neighbours.
std::vector<double> smooth(const std::vector<double> &x) {
  size_t n = x.size();
  std::vector<double> t(n), y(n);
  for (size_t i = 0; i < n; ++i)
    t[i] = x[i] * x[i] + 1;
  for (size_t i = 0; i < n; ++i)
    y[i] = t[i ? i - 1 : i] + t[i] + (i + 1 < n ? t[i + 1] : t[i]);
  return y;
}
std::vector<double> realsOf(const Array &x) {
  std::vector<double> list(x.size());
  for (size_t i = 0; i < list.size(); ++i)
    list[i] = x.real(i);
  return list;
}

TEST_P(Conformance, LanguageTemporaries) {
  for (int64_t n : {0, 1, 2, 17, 1009}) {
    Array x = randomArray(Type::F32, {n}, 1), y = x;
    if (!Call("language", "affine").in(x).out(y).run())
      return;
    expectNear(y, [&](size_t i) { return affine(x.real(i)); }, 0, 1e-5, "affine");
    if (n == 0)
      continue;
    Call("language", "smooth").in(x).out(y).run();
    std::vector<double> want = smooth(realsOf(x));
    expectNear(y, [&](size_t i) { return want[i]; }, 0, 1e-5, "smooth");
    Call("language", "chain").in(x).out(y).run();
    expectNear(y, [&](size_t i) { return affine(want[i]) * 0.5 - want[i]; }, 0, 1e-4, "chain");
  }
  Array none(Type::F32, {0}), same = none;
  Call("language", "smooth").in(none).out(same).expectError(tnErrorCheckFailed, "n >= 1");
}

TEST_P(Conformance, LanguageResults) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {3, 5}, {29, 7}, {0, 4}}) {
    Array x = randomArray(Type::F32, {m, n}, 2), rows(Type::F32, {m}), negative(Type::Bool, {m, n}),
          count(Type::I32, {}), largest(Type::F32, {}), doubled(Type::F32, {n, m});
    if (!Call("language", "summary").in(x).out(rows).out(negative).out(count).out(largest).out(doubled).run())
      return;
    std::vector<double> sums(m);
    Array wantNegative = negative, wantCount = count, wantDoubled = doubled;
    double most = -INFINITY;
    int64_t below = 0;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double v = x.real(i * n + j);
        sums[i] += v;
        below += v < 0;
        most = std::max(most, v);
        wantNegative.setInteger(i * n + j, v < 0);
        wantDoubled.setReal(j * m + i, 2 * v);
      }
    wantCount.setInteger(0, below);
    expectNear(rows, [&](size_t i) { return sums[i]; }, 0, 1e-5, "rows");
    expectEqual(negative, wantNegative, "negative");
    expectEqual(count, wantCount, "count");
    expectNear(largest, [&](size_t) { return most; }, 0, 0, "largest");
    expectEqual(doubled, wantDoubled, "doubled");

    Array total(Type::F32, {n, m}), first(Type::F32, {m});
    Call("language", "parts").in(x).out(total).out(first).run();
    expectNear(
        total,
        [&](size_t at) {
          double v = x.real((at % m) * n + at / m);
          return 2 * v + below + most + (v < 0);
        },
        0, 1e-5, "parts");
    expectNear(first, [&](size_t i) { return sums[i]; }, 0, 1e-5, "parts: rows");
  }
}

TEST_P(Conformance, LanguageScalars) {
  Array x = listArray(Type::I32, {7}), y = listArray(Type::I32, {-9}), z(Type::I32, {}), want = z;
  x.shape = y.shape = {};
  want.setInteger(0, 7 * -3 - 9);
  if (Call("language", "rank0").in(x).in(y).scalar(Type::I32, -3).out(z).run())
    expectEqual(z, want, "rank 0");
}

TEST_P(Conformance, LanguageSizes) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{0, 0}, {1, 1}, {4, 7}, {13, 101}, {0, 5}}) {
    Array flat(Type::I64, {m, n}), share(Type::F32, {m, n}), want = flat;
    if (!Call("language", "positions").size(m).size(n).out(flat).out(share).run())
      return;
    for (int64_t i = 0; i < m * n; ++i)
      want.setInteger(i, i);
    expectEqual(flat, want, "positions");
    expectNear(share, [&](size_t at) { return double(at / n + 1) / double(m + n); }, 2.5, 0, "share");
  }
  for (int64_t n : {1, 2, 31, 1000}) {
    Array x = uniformArray(Type::I32, {n}, 3, -1000000, 1000000), y(Type::I32, {n - 1}), want = y;
    if (!Call("language", "differences").in(x).out(y).run())
      return;
    for (int64_t i = 0; i + 1 < n; ++i)
      want.setInteger(i, x.integer(i + 1) - x.integer(i));
    expectEqual(y, want, "differences");

    Array squares(Type::I32, {n}), wantSquares = squares;
    Call("language", "iota").size(n).out(squares).run();
    for (int64_t i = 0; i < n; ++i)
      wantSquares.setInteger(i, i * i);
    expectEqual(squares, wantSquares, "iota");
  }
  for (int64_t n : {5, 64})
    for (int64_t step : {0, 1, 3})
      for (int64_t start : {0, 2, 5}) {
        int64_t stride = step ? step : 2;
        Array x = randomArray(Type::F32, {n}, 4), y(Type::F32, {(n - start + stride - 1) / stride}), want = y;
        Call call("language", "strided");
        call.in(x);
        if (step)
          call.size(step);
        else
          call.none();
        if (!call.size(start).out(y).run())
          return;
        for (size_t i = 0; i < y.size(); ++i)
          want.setReal(i, x.real(start + i * stride));
        expectEqual(y, want, "strided");
      }
  Array x(Type::F32, {5}), y(Type::F32, {3});
  Call("language", "strided").in(x).size(0).none().out(y).expectError(tnErrorCheckFailed, "step");
  Call("language", "strided").in(x).none().size(6).out(y).expectError(tnErrorCheckFailed, "start");
  Array wrong(Type::F32, {4});
  Call("language", "strided").in(x).none().none().out(wrong).expectError(tnErrorShapeMismatch, "y");
  for (int64_t n : {1, 2, 50}) {
    Array z = randomArray(Type::F32, {n}, 5), w(Type::F32, {(n + 1) / 3}), want = w;
    if (!Call("language", "named").in(z).out(w).run())
      return;
    for (size_t i = 0; i < w.size(); ++i)
      want.setReal(i, z.real(1 + 3 * i));
    expectEqual(w, want, "named arguments");
  }
}

TEST_P(Conformance, LanguageResultSizes) {
  for (auto [a, b] : {std::pair<int64_t, int64_t>{1, 1}, {4, 7}, {11, 3}, {5, 64}}) {
    Array x = uniformArray(Type::U8, {a, b}, 6, 0, 255), lo(Type::U8, {std::min(a, b)}), hi(Type::U8, {std::max(a, b)}),
          rest(Type::U8, {a % 3}), twice(Type::U8, {2 * a + 1});
    if (!Call("language", "sized").in(x).out(lo).out(hi).out(rest).out(twice).run())
      return;
    Array wantLo = lo, wantHi = hi, wantRest = rest, wantTwice = twice;
    for (int64_t i = 0; i < std::min(a, b); ++i)
      wantLo.setInteger(i, x.integer(i * b + i));
    for (int64_t i = 0; i < std::max(a, b); ++i)
      wantHi.setInteger(i, x.integer(i % a * b + i % b));
    for (int64_t i = 0; i < a % 3; ++i)
      wantRest.setInteger(i, x.integer(i * b));
    for (int64_t i = 0; i < 2 * a + 1; ++i)
      wantTwice.setInteger(i, i / 2 < a ? x.integer(i / 2 * b) : i);
    expectEqual(lo, wantLo, "min(a, b)");
    expectEqual(hi, wantHi, "max(a, b)");
    expectEqual(rest, wantRest, "a % 3");
    expectEqual(twice, wantTwice, "2 * a + 1");
  }
  for (int64_t n : {0, 1, 33}) {
    Array x = randomArray(Type::F32, {2 * n}, 7), y = randomArray(Type::F32, {n}, 8), z = y;
    if (!Call("language", "checked").in(x).in(y).out(z).run())
      return;
    expectNear(
        z, [&](size_t i) { return x.real(2 * i) * y.real(i) + x.real(2 * i + 1); }, 0, 1e-6, "a dimension of 2*n");
    Array w = randomArray(Type::F32, {3, n}, 9), v = y;
    Call("language", "fixed").in(w).out(v).run();
    expectNear(
        v, [&](size_t i) { return w.real(i) * 100 + w.real(n + i) * 10 + w.real(2 * n + i); }, 0, 1e-5,
        "a dimension of 3");
  }
  Array five(Type::F32, {5}), two(Type::F32, {2}), result = two;
  Call("language", "checked").in(five).in(two).out(result).expectError(tnErrorShapeMismatch, "x");
}

TEST_P(Conformance, LanguageTypes) {
  for (Type a : {Type::I8, Type::F16})
    for (Type b : {Type::F32, Type::I32}) {
      Array x = uniformArray(a, {71}, 1, -100, 100), y = uniformArray(b, {71}, 2, -100, 100), z = y, want = y;
      if (!Call("language", "mixed").in(x).in(y).out(z).run())
        continue;
      for (size_t i = 0; i < x.size(); ++i)
        want.setInteger(i, int64_t(x.real(i) + y.real(i)));
      expectEqual(z, want, "two type variables");
    }
}

TEST_P(Conformance, LanguagePacks) {
  for (const Shape &s : {Shape{}, Shape{1}, Shape{37}, Shape{5, 3}, Shape{2, 3, 4}, Shape{2, 1, 5, 7}, Shape{3, 0}}) {
    std::string rank = " of rank " + std::to_string(s.size());
    for (Type type : {Type::F32, Type::I16}) {
      Array x = uniformArray(type, s, 1, -50, 50), y = uniformArray(type, s, 2, -50, 50), z = x, want = x;
      if (!Call("language", "packed").in(x).in(y).scalar(type, 3).out(z).run())
        continue;
      for (size_t i = 0; i < x.size(); ++i)
        want.setInteger(i, int64_t(3 * x.real(i) - y.real(i)));
      expectEqual(z, want, "a pack" + rank);
    }
    for (int64_t n : {0, 1, 5}) {
      Shape after = s, before = s;
      after.push_back(n);
      before.insert(before.begin(), n);
      Array x = randomArray(Type::F32, after, 3), g = randomArray(Type::F32, {n}, 4), r = randomArray(Type::F32, s, 5),
            y = x;
      if (!Call("language", "broadcast").in(x).in(g).in(r).out(y).run())
        return;
      expectNear(
          y, [&](size_t i) { return x.real(i) * g.real(i % n) + r.real(i / n); }, 0, 1e-6,
          "a pack and an index" + rank);
      Array w = randomArray(Type::F32, before, 6), v(Type::F32, after), want = v;
      Call("language", "behind").in(w).in(g).out(v).run();
      size_t count = r.size();
      expectNear(
          v, [&](size_t i) { return w.real(i % n * count + i / n) + g.real(i % n); }, 0, 1e-6,
          "a pack behind an index" + rank);
    }
  }
}

TEST_P(Conformance, LanguageInPlace) {
  Array w = randomArray(Type::F32, {1009}, 1), g = randomArray(Type::F32, {1009}, 2), u = w;
  auto check = [&](const char *what) {
    expectNear(u, [&](size_t i) { return w.real(i) - 0.25 * g.real(i); }, 0, 1e-6, what);
  };
  if (!Call("language", "step").in(w).in(g).scalar(Type::F32, 0.25).out(u).run())
    return;
  check("a step");
  Call("language", "step").in(w).in(g).scalar(Type::F32, 0.25).outIn(u, 0).run();
  check("a step in the weights' memory");
  Call("language", "step").in(w).in(g).scalar(Type::F32, 0.25).outIn(u, 1).run();
  check("a step in the gradient's memory");

  Array x = randomArray(Type::I32, {333}, 3), y = randomArray(Type::I32, {333}, 4), a = x, b = y;
  Call("language", "swap").in(x).in(y).outIn(a, 0).outIn(b, 1).run();
  expectEqual(a, y, "swapped in place");
  expectEqual(b, x, "swapped in place");

  Array r = w;
  Call("language", "reversed").in(w).outIn(r, 0).expectError(tnErrorOverlap, "x");
  Call("language", "reversed").in(w).out(r).run();
  Array want = w;
  for (size_t i = 0; i < w.size(); ++i)
    want.setReal(i, w.real(w.size() - 1 - i));
  expectEqual(r, want, "reversed");
}

} // namespace
} // namespace tenon::conformance
