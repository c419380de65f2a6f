//===- ReductionTest.cpp - reductions of every kind and axis ----------------===//
#include "Conformance.h"

#include <algorithm>

namespace tenon::conformance {
namespace {

const std::vector<std::pair<int64_t, int64_t>> shapes = {{0, 5},  {5, 0},  {0, 0},    {1, 1},    {3, 7},
                                                         {17, 2}, {2, 33}, {13, 131}, {1, 1031}, {211, 3}};

std::string label(const char *what, Type type, int64_t m, int64_t n) {
  return std::string(what) + " of " + std::to_string(m) + " x " + std::to_string(n) + " " + nameOf(type);
}

/// Products stay in range: floats near 1 (three quarters to five quarters), integers wrap.
Array factors(Type type, Shape shape, unsigned seed) {
  if (!isFloat(type))
    return uniformArray(type, std::move(shape), seed, isSigned(type) ? -7 : 0, 7);
  Array array = uniformArray(type, std::move(shape), seed, -16, 16);
  for (size_t i = 0; i < array.size(); ++i)
    array.setReal(i, (array.real(i) < 0 && i % 3 ? -1 : 1) + array.real(i) / 64);
  return array;
}

/// Sum, product, greatest and least of some elements.
struct Fold {
  explicit Fold(Type type) : type(type) {
    if (isFloat(type))
      return;
    unsigned width = 8 * bytesOf(type);
    high = isSigned(type) ? int64_t(uint64_t(1) << (width - 1)) : 0;
    low = isSigned(type) ? int64_t((uint64_t(1) << (width - 1)) - 1) : int64_t(~uint64_t(0) >> (64 - width));
    if (isSigned(type) && width < 64)
      high = -high;
  }
  void add(const Array &x, size_t i) {
    if (isFloat(type)) {
      double v = x.real(i);
      sum += v;
      size += std::fabs(v);
      product *= v;
      greatest = std::isnan(v) || std::isnan(greatest) ? NAN : std::max(greatest, v);
      least = std::isnan(v) || std::isnan(least) ? NAN : std::min(least, v);
      return;
    }
    int64_t v = x.integer(i);
    whole += uint64_t(v);
    times *= uint64_t(v);
    bool isLess = isSigned(type) ? v < low : uint64_t(v) < uint64_t(low);
    bool isMore = isSigned(type) ? v > high : uint64_t(v) > uint64_t(high);
    low = isLess ? v : low;
    high = isMore ? v : high;
  }
  Type type;
  double sum = 0, size = 0, product = 1, greatest = -INFINITY, least = INFINITY;
  uint64_t whole = 0, times = 1;
  int64_t high = 0, low = 0;
};

/// Compares the four results with what each group of elements gives.
void check(const std::vector<Array> &got, const std::vector<Fold> &want, size_t length, const std::string &what) {
  Type type = got[0].type;
  if (!isFloat(type)) {
    const char *names[] = {"sum ", "prod ", "max ", "min "};
    for (size_t r = 0; r < 4; ++r) {
      Array expected = got[r];
      for (size_t i = 0; i < want.size(); ++i) {
        const Fold &f = want[i];
        int64_t values[] = {int64_t(f.whole), int64_t(f.times), f.high, f.low};
        expected.setInteger(i, values[r]);
      }
      expectEqual(got[r], expected, names[r] + what);
    }
    return;
  }
  Type inner = type == Type::F64 ? Type::F64 : Type::F32;
  double epsilon = double(ulpOf(inner, 1)), largest = 0;
  for (const Fold &f : want)
    largest = std::max(largest, f.size);
  double rounding = type == inner ? 0 : 0.51;
  expectNear(got[0], [&](size_t i) { return want[i].sum; }, rounding, epsilon * (largest + 8), "sum " + what);
  expectNear(got[1], [&](size_t i) { return want[i].product; }, rounding, epsilon * (length + 2), "prod " + what);
  expectNear(got[2], [&](size_t i) { return want[i].greatest; }, 0, 0, "max " + what);
  expectNear(got[3], [&](size_t i) { return want[i].least; }, 0, 0, "min " + what);
}

TEST_P(Conformance, ReduceRows) {
  for (Type type : numbers)
    for (auto [m, n] : shapes) {
      Array x = factors(type, {m, n}, unsigned(m + n));
      std::vector<Array> got(4, Array(type, {m}));
      if (!Call("reductions", "rows").in(x).out(got[0]).out(got[1]).out(got[2]).out(got[3]).run())
        break;
      std::vector<Fold> want(m, Fold(type));
      for (int64_t i = 0; i < m * n; ++i)
        want[i / n].add(x, i);
      check(got, want, n, label("by rows", type, m, n));
    }
}

TEST_P(Conformance, ReduceColumns) {
  for (Type type : numbers)
    for (auto [m, n] : shapes) {
      Array x = factors(type, {m, n}, unsigned(m + n));
      std::vector<Array> got(4, Array(type, {n}));
      if (!Call("reductions", "columns").in(x).out(got[0]).out(got[1]).out(got[2]).out(got[3]).run())
        break;
      std::vector<Fold> want(n, Fold(type));
      for (int64_t i = 0; i < m * n; ++i)
        want[i % n].add(x, i);
      check(got, want, m, label("by columns", type, m, n));
    }
}

TEST_P(Conformance, ReduceWhole) {
  for (Type type : numbers)
    for (auto [m, n] : shapes) {
      Array x = factors(type, {m, n}, unsigned(m + n));
      std::vector<Array> got(4, Array(type, {}));
      if (!Call("reductions", "whole").in(x).out(got[0]).out(got[1]).out(got[2]).out(got[3]).run())
        break;
      std::vector<Fold> want(1, Fold(type));
      for (int64_t i = 0; i < m * n; ++i)
        want[0].add(x, i);
      check(got, want, m * n, label("whole", type, m, n));
    }
}

TEST_P(Conformance, ReduceAxes) {
  for (const Shape &s : {Shape{3, 5, 7}, Shape{1, 1, 1}, Shape{4, 0, 3}, Shape{2, 17, 65}, Shape{19, 2, 1}}) {
    int64_t a = s[0], b = s[1], c = s[2];
    Array x = randomArray(Type::F32, s, 6), middle(Type::F32, {a, c}), outer(Type::F32, {b}), later(Type::F32, {a}),
          first(Type::F32, {b, c});
    if (!Call("reductions", "axes").in(x).out(middle).out(outer).out(later).out(first).run())
      return;
    std::vector<Fold> m(a * c, Fold(Type::F32)), o(b, Fold(Type::F32)), l(a, Fold(Type::F32)),
        f(b * c, Fold(Type::F32));
    for (int64_t i = 0; i < a; ++i)
      for (int64_t j = 0; j < b; ++j)
        for (int64_t k = 0; k < c; ++k) {
          size_t at = (i * b + j) * c + k;
          m[i * c + k].add(x, at);
          o[j].add(x, at);
          l[i].add(x, at);
          f[j * c + k].add(x, at);
        }
    expectNear(middle, [&](size_t i) { return m[i].sum; }, 0, 1e-5, "the middle axis");
    expectNear(outer, [&](size_t i) { return o[i].sum; }, 0, 1e-4, "the first and last axis");
    expectNear(later, [&](size_t i) { return l[i].greatest; }, 0, 0, "the later axes");
    expectNear(first, [&](size_t i) { return f[i].least; }, 0, 0, "the first axis");
  }
}

TEST_P(Conformance, ReducePacks) {
  for (const Shape &s : {Shape{}, Shape{5}, Shape{3, 4}, Shape{2, 3, 7}, Shape{2, 1, 3, 9}, Shape{4, 0}}) {
    Array x = randomArray(Type::F32, s, 8), t(Type::F32, {}), hi(Type::F32, {});
    if (!Call("reductions", "total").in(x).out(t).out(hi).run())
      return;
    Fold all(Type::F32);
    for (size_t i = 0; i < x.size(); ++i)
      all.add(x, i);
    expectNear(t, [&](size_t) { return all.sum; }, 0, 1e-5, "sum of a pack of " + std::to_string(s.size()));
    expectNear(hi, [&](size_t) { return all.greatest; }, 0, 0, "max of a pack of " + std::to_string(s.size()));
    for (int64_t n : {1, 6}) {
      Shape with = s;
      with.push_back(n);
      Array y = randomArray(Type::F32, with, 9), rows(Type::F32, s), over(Type::F32, {n});
      Call("reductions", "inner").in(y).out(rows).out(over).run();
      std::vector<Fold> row(rows.size(), Fold(Type::F32)), column(n, Fold(Type::F32));
      for (size_t i = 0; i < y.size(); ++i) {
        row[i / n].add(y, i);
        column[i % n].add(y, i);
      }
      expectNear(rows, [&](size_t i) { return row[i].sum; }, 0, 1e-5, "sum beside a pack");
      expectNear(over, [&](size_t i) { return column[i].sum; }, 0, 1e-5, "sum over a pack");
    }
  }
}

TEST_P(Conformance, ReduceTruth) {
  for (auto [m, n] : shapes)
    for (int density : {1, 12}) {
      Array x = uniformArray(Type::Bool, {m, n}, 3, 0, density);
      for (size_t i = 0; i < x.size(); ++i)
        x.setInteger(i, uniformArray(Type::I32, {1}, unsigned(i) + density, 0, density).integer(0) == 0);
      std::vector<Array> got = {Array(Type::Bool, {m}), Array(Type::Bool, {m}), Array(Type::Bool, {n}),
                                Array(Type::Bool, {n}), Array(Type::Bool, {}),  Array(Type::Bool, {})};
      std::vector<Array> want = got;
      Call call("reductions", "truth");
      call.in(x);
      for (Array &result : got)
        call.out(result);
      if (!call.run())
        return;
      for (size_t r = 0; r < want.size(); ++r)
        for (size_t i = 0; i < want[r].size(); ++i)
          want[r].setInteger(i, r % 2);
      for (int64_t i = 0; i < m * n; ++i) {
        size_t at[] = {size_t(i / n), size_t(i / n), size_t(i % n), size_t(i % n), 0, 0};
        for (size_t r = 0; r < want.size(); ++r)
          if (x.integer(i) != int64_t(r % 2))
            want[r].setInteger(at[r], !(r % 2));
      }
      for (size_t r = 0; r < want.size(); ++r)
        expectEqual(got[r], want[r], label(r % 2 ? "all" : "any", Type::Bool, m, n) + " " + std::to_string(r / 2));
    }
}

/// The first of the extreme elements, the first NaN if there is one; `none` where nothing counts.
template <class Counts>
int64_t extremeAt(const Array &x, size_t start, size_t step, int64_t count, bool isMax, int64_t none, Counts counts) {
  int64_t best = none;
  bool found = false;
  for (int64_t i = 0; i < count; ++i) {
    size_t at = start + i * step, bestAt = start + best * step;
    if (!counts(at))
      continue;
    bool better;
    if (!found)
      better = true;
    else if (isFloat(x.type))
      better = !std::isnan(x.real(bestAt)) &&
               (std::isnan(x.real(at)) || (isMax ? x.real(at) > x.real(bestAt) : x.real(at) < x.real(bestAt)));
    else if (isSigned(x.type))
      better = isMax ? x.integer(at) > x.integer(bestAt) : x.integer(at) < x.integer(bestAt);
    else
      better = isMax ? uint64_t(x.integer(at)) > uint64_t(x.integer(bestAt))
                     : uint64_t(x.integer(at)) < uint64_t(x.integer(bestAt));
    if (better)
      best = i;
    found = true;
  }
  return best;
}

TEST_P(Conformance, ReduceArguments) {
  auto always = [](size_t) { return true; };
  for (Type type : {Type::I8, Type::I32, Type::U8, Type::I64, Type::U64, Type::F16, Type::BF16, Type::F32, Type::F64})
    for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {3, 7}, {17, 2}, {5, 133}, {1, 1031}}) {
      // Few different values, so that there are ties; a NaN here and there.
      Array x = uniformArray(type, {m, n}, 5, isSigned(type) ? -5 : 0, 5);
      if (isFloat(type))
        for (size_t i = 4; i < x.size(); i += 11)
          x.setReal(i, i % 3 ? NAN : -INFINITY);
      std::vector<Array> got = {Array(Type::I64, {m}), Array(Type::I64, {m}), Array(Type::I64, {n}),
                                Array(Type::I64, {n})};
      std::vector<Array> want = got;
      Call call("reductions", "arg");
      call.in(x);
      for (Array &result : got)
        call.out(result);
      if (!call.run())
        break;
      for (size_t r = 0; r < 4; ++r) {
        for (size_t i = 0; i < want[r].size(); ++i)
          want[r].setInteger(i, r < 2 ? extremeAt(x, i * n, 1, n, r % 2 == 0, 0, always)
                                      : extremeAt(x, i, n, m, r % 2 == 0, 0, always));
        expectEqual(got[r], want[r], label(r % 2 ? "argmin" : "argmax", type, m, n) + (r < 2 ? " by rows" : ""));
      }
    }
  Array empty(Type::F32, {3, 0}), three(Type::I64, {3}), zero(Type::I64, {0});
  Call("reductions", "arg").in(empty).out(three).out(three).out(zero).out(zero).expectError(tnErrorCheckFailed, "arg");
}

TEST_P(Conformance, ReduceArgumentsWhere) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {7, 5}, {3, 77}, {2, 1000}})
    for (double least : {-9.0, 0.0, 9.0}) {
      Array x = randomArray(Type::F32, {m, n}, 15), hi(Type::I64, {m}), lo(Type::I64, {m}), wantHi = hi, wantLo = lo;
      if (!Call("reductions", "arg_where").in(x).scalar(Type::F32, least).out(hi).out(lo).run())
        return;
      for (int64_t i = 0; i < m; ++i) {
        wantHi.setInteger(i, extremeAt(x, i * n, 1, n, true, n, [&](size_t at) { return x.real(at) < least; }));
        wantLo.setInteger(i, extremeAt(x, i * n, 1, n, false, n, [&](size_t at) { return x.real(at) > least; }));
      }
      expectEqual(hi, wantHi, label("argmax with a filter", Type::F32, m, n));
      expectEqual(lo, wantLo, label("argmin with a filter", Type::F32, m, n));
    }
}

TEST_P(Conformance, ReduceFiltered) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{0, 3}, {3, 0}, {1, 1}, {5, 9}, {37, 37}, {3, 129}, {70, 2}}) {
    Array x = factors(Type::F32, {m, n}, 31);
    Array off(Type::F32, {}), below(Type::F32, {m}), positive(Type::F32, {n}), even(Type::I32, {m}),
        best(Type::F32, {m}), every(Type::Bool, {m});
    if (!Call("reductions", "filtered").in(x).out(off).out(below).out(positive).out(even).out(best).out(every).run())
      return;
    double wantOff = 0;
    std::vector<double> wantBelow(m), wantPositive(n, 1), wantBest(m, -INFINITY);
    Array wantEven = even, wantEvery = every;
    for (int64_t i = 0; i < m; ++i) {
      wantEven.setInteger(i, (n + 1) / 2);
      wantEvery.setInteger(i, 1);
      for (int64_t j = 0; j < n; ++j) {
        double v = x.real(i * n + j);
        wantOff += i != j ? v : 0;
        wantBelow[i] += j <= i ? v : 0;
        wantPositive[j] *= v > 0 ? v : 1;
        wantBest[i] = j != i ? std::max(wantBest[i], v) : wantBest[i];
        if (j > i && !(v > 0))
          wantEvery.setInteger(i, 0);
      }
    }
    std::string what = label("", Type::F32, m, n);
    expectNear(off, [&](size_t) { return wantOff; }, 0, 1e-4, "sum off the diagonal" + what);
    expectNear(below, [&](size_t i) { return wantBelow[i]; }, 0, 1e-5, "sum below the diagonal" + what);
    expectNear(positive, [&](size_t i) { return wantPositive[i]; }, 0, 1e-5, "product where positive" + what);
    expectEqual(even, wantEven, "count" + what);
    expectNear(best, [&](size_t i) { return wantBest[i]; }, 0, 0, "max off the diagonal" + what);
    expectEqual(every, wantEvery, "all above the diagonal" + what);
  }
}

TEST_P(Conformance, ReduceRanges) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 2}, {5, 9}, {40, 17}, {3, 131}})
    for (int64_t from : {0, 1, 2, 300}) {
      Array x = randomArray(Type::F32, {m, n}, 13), core(Type::F32, {m}), start = core, end = core, shifted = core,
            window = x;
      Call call("reductions", "ranges");
      call.in(x).size(from).out(core).out(start).out(end).out(shifted).out(window);
      if (!call.run())
        return;
      auto sum = [&](int64_t i, int64_t lo, int64_t hi, auto f) {
        double total = 0;
        for (int64_t j = lo; j < hi; ++j)
          total += f(x.real(i * n + j), j);
        return total;
      };
      auto plain = [](double v, int64_t) { return v; };
      std::string what = label("", Type::F32, m, n);
      expectNear(core, [&](size_t i) { return sum(i, 1, n - 1, plain); }, 0, 1e-5, "sum of the core" + what);
      expectNear(
          start, [&](size_t i) { return sum(i, 0, std::min<int64_t>(i + 1, n), plain); }, 0, 1e-5,
          "sum of a start" + what);
      expectNear(
          end,
          [&](size_t i) {
            double best = -INFINITY;
            for (int64_t j = std::min<int64_t>(i, n); j < n; ++j)
              best = std::max(best, x.real(i * n + j));
            return best;
          },
          0, 0, "max of an end" + what);
      expectNear(
          shifted, [&](size_t i) { return sum(i, from, n, [&](double v, int64_t j) { return v * double(j - from); }); },
          0, 1e-3, "sum of a shifted range" + what);
      expectNear(
          window,
          [&](size_t at) {
            int64_t i = at / n, j = at % n;
            return sum(i, std::max<int64_t>(j, 1) - 1, std::min(j + 2, n), plain);
          },
          0, 1e-5, "sum of a window" + what);
    }
}

TEST_P(Conformance, ReduceNested) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {5, 9}, {3, 65}}) {
    Array x = randomArray(Type::F32, {m, n}, 23), peak(Type::F32, {}), spread(Type::F32, {m}), weighted(Type::F32, {m});
    if (!Call("reductions", "nested").in(x).out(peak).out(spread).out(weighted).run())
      return;
    double wantPeak = -INFINITY;
    std::vector<double> wantSpread(m), wantWeighted(m);
    for (int64_t i = 0; i < m; ++i) {
      double total = 0, most = -INFINITY;
      for (int64_t j = 0; j < n; ++j) {
        wantWeighted[i] += x.real(i * n + j) * total;
        total += x.real(i * n + j);
        most = std::max(most, x.real(i * n + j));
      }
      for (int64_t j = 0; j < n; ++j)
        wantSpread[i] += std::fabs(x.real(i * n + j) - most);
      wantPeak = std::max(wantPeak, total);
    }
    expectNear(peak, [&](size_t) { return wantPeak; }, 0, 1e-5, "max of sums");
    expectNear(spread, [&](size_t i) { return wantSpread[i]; }, 0, 1e-5, "sum of distances");
    expectNear(weighted, [&](size_t i) { return wantWeighted[i]; }, 0, 1e-4, "sum of sums");
  }
}

TEST_P(Conformance, ReduceScans) {
  for (Type type : {Type::F32, Type::I32})
    for (int64_t n : {0, 1, 7, 64, 311}) {
      Array x = randomArray(type, {n}, 3), y = x;
      if (!Call("reductions", "prefix").in(x).out(y).run())
        return;
      std::vector<double> want(n);
      for (int64_t i = 0; i < n; ++i)
        want[i] = (i ? want[i - 1] : 0) + x.real(i);
      expectNear(y, [&](size_t i) { return want[i]; }, 0, isFloat(type) ? 1e-5 : 0, "prefix sums");
    }
  for (int64_t n : {0, 1, 500})
    for (int64_t bins : {0, 1, 9}) {
      Array x = uniformArray(Type::I32, {n}, 5, -1, 9), h(Type::I32, {bins}), want = h;
      Array v = randomArray(Type::F32, {n}, 6), y(Type::F32, {bins});
      if (!Call("reductions", "histogram").in(x).size(bins).out(h).run())
        return;
      Call("reductions", "scatter").in(v).in(x).size(bins).out(y).run();
      std::vector<double> sums(bins);
      for (int64_t i = 0; i < n; ++i)
        if (int64_t b = x.integer(i); b >= 0 && b < bins) {
          want.setInteger(b, want.integer(b) + 1);
          sums[b] += v.real(i);
        }
      expectEqual(h, want, "histogram");
      expectNear(y, [&](size_t i) { return sums[i]; }, 0, 1e-5, "scatter");
    }
}

} // namespace
} // namespace tenon::conformance
