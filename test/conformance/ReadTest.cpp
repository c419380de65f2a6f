//===- ReadTest.cpp - reads outside, gathers, movement of data --------------===//
#include "Conformance.h"

namespace tenon::conformance {
namespace {

/// An element, or `otherwise` outside of the tensor.
double readOr(const Array &x, std::initializer_list<int64_t> subscripts, double otherwise) {
  size_t at = 0, d = 0;
  for (int64_t s : subscripts) {
    if (s < 0 || s >= x.shape[d])
      return otherwise;
    at = at * x.shape[d++] + s;
  }
  return x.real(at);
}
void copyElement(Array &to, size_t i, const Array &from, size_t j) {
  for (unsigned b = 0; b < bytesOf(to.type); ++b)
    to.bytes[i * bytesOf(to.type) + b] = from.bytes[j * bytesOf(from.type) + b];
}

TEST_P(Conformance, ReadPadding) {
  for (int64_t n : {0, 1, 7, 130})
    for (int64_t left : {0, 1, 9}) {
      Array x = randomArray(Type::F32, {n}, 1), y(Type::F32, {n + left + 2}), want = y;
      if (!Call("reads", "padded").in(x).size(left).size(2).scalar(Type::F32, 5).out(y).run())
        return;
      for (size_t i = 0; i < y.size(); ++i)
        want.setReal(i, readOr(x, {int64_t(i) - left}, 5));
      expectEqual(y, want, "padded");
    }
  for (Type type : {Type::Bool, Type::I8, Type::U16, Type::I32, Type::U64, Type::F16, Type::BF16, Type::F32, Type::F64})
    for (int64_t by : {0, 1, 5, 1000}) {
      Array x = randomArray(type, {3, 67}, 2), y = x, want = x;
      if (!Call("reads", "shifted").in(x).size(by).out(y).run())
        break;
      for (int64_t i = 0; i < 3; ++i)
        for (int64_t j = 0; j < 67; ++j)
          copyElement(want, i * 67 + j, x, i * 67 + (j + by < 67 ? j + by : 0));
      expectEqual(y, want, "shifted by " + std::to_string(by));
    }
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {5, 33}, {17, 2}}) {
    Array x = randomArray(Type::F32, {m, n}, 3), y = x;
    if (!Call("reads", "neighbours").in(x).out(y).run())
      return;
    expectNear(
        y,
        [&, n = n](size_t at) {
          int64_t i = at / n, j = at % n;
          return readOr(x, {i - 1, j}, 0) + readOr(x, {i + 1, j}, 0) + readOr(x, {i, j - 1}, 0) +
                 readOr(x, {i, j + 1}, 0) - 4 * x.real(at);
        },
        0, 1e-5, "neighbours");
  }
}

TEST_P(Conformance, ReadGuards) {
  for (int64_t n : {0, 1, 2, 65, 200}) {
    Array x = randomArray(Type::I32, {n}, 1), back = x, sums = x, wantBack = x, wantSums = x;
    if (!Call("reads", "guarded").in(x).out(back).out(sums).run())
      return;
    for (int64_t i = 0; i < n; ++i) {
      wantBack.setInteger(i, i > 0 && x.integer(i - 1) > 0 ? x.integer(i - 1) : -1);
      wantSums.setInteger(i, x.integer(i) - x.integer(0));
    }
    expectEqual(back, wantBack, "the one before");
    expectEqual(sums, wantSums, "telescoping sum");
  }
}

TEST_P(Conformance, ReadGathers) {
  for (Type type : {Type::I8, Type::U16, Type::F16, Type::F32, Type::I64, Type::Bool, Type::F64})
    for (Type index : {Type::I32, Type::I64, Type::U32}) {
      Array x = randomArray(type, {50}, 1), at = uniformArray(index, {203}, 2, isSigned(index) ? -5 : 0, 55);
      at.setInteger(3, isSigned(index) ? -1 : int64_t(4294967295));
      at.setInteger(4, index == Type::I64 ? int64_t(1) << 40 : 2147483647);
      at.setInteger(5, index == Type::I64 ? (int64_t(1) << 32) + 7 : 50);
      at.setInteger(6, index == Type::I64 ? -(int64_t(1) << 32) + 7 : 49);
      Array y(type, {203}), want = y;
      if (!Call("reads", "gather").in(x).in(at).out(y).run())
        continue;
      for (size_t i = 0; i < y.size(); ++i) {
        int64_t k = at.integer(i);
        copyElement(want, i, x, k >= 0 && k < 50 ? k : 0);
      }
      expectEqual(y, want, std::string("gather by ") + nameOf(index));
    }
  for (Type type : {Type::F32, Type::F16})
    for (auto [v, n, d] : {std::tuple<int64_t, int64_t, int64_t>{1, 1, 1}, {100, 17, 33}, {5, 0, 3}, {0, 4, 2}}) {
      Array table = randomArray(type, {v, d}, 3), ids = uniformArray(Type::I32, {n}, 4, -1, v), y(type, {n, d}),
            want = y;
      if (!Call("reads", "embedding").in(table).in(ids).out(y).run())
        break;
      for (int64_t i = 0; i < n * d; ++i)
        want.setReal(i, readOr(table, {ids.integer(i / d), i % d}, 0));
      expectEqual(y, want, "embedding");
    }
  Array x = randomArray(Type::F32, {6, 40}, 5), at = uniformArray(Type::I64, {6, 31}, 6, -2, 41), y(Type::F32, {6, 31}),
        want = y;
  if (!Call("reads", "gather_rows").in(x).in(at).out(y).run())
    return;
  for (int64_t i = 0; i < 6 * 31; ++i)
    want.setReal(i, readOr(x, {i / 31, at.integer(i)}, NAN));
  expectEqual(y, want, "gather in rows");

  Array image = randomArray(Type::F32, {9, 14}, 7), py = randomArray(Type::F32, {101}, 8),
        px = randomArray(Type::F32, {101}, 9), out(Type::F32, {101});
  for (size_t i = 0; i < py.size(); ++i) {
    py.setReal(i, py.real(i) * 6 + 4);
    px.setReal(i, px.real(i) * 9 + 7);
  }
  Call("reads", "bilinear").in(image).in(py).in(px).out(out).run();
  expectNear(
      out,
      [&](size_t i) {
        auto r = int64_t(std::floor(py.real(i))), c = int64_t(std::floor(px.real(i)));
        double fy = py.real(i) - r, fx = px.real(i) - c;
        return (readOr(image, {r, c}, 0) * (1 - fx) + readOr(image, {r, c + 1}, 0) * fx) * (1 - fy) +
               (readOr(image, {r + 1, c}, 0) * (1 - fx) + readOr(image, {r + 1, c + 1}, 0) * fx) * fy;
      },
      0, 1e-5, "bilinear");
}

TEST_P(Conformance, ReadFaults) {
  Array x = randomArray(Type::F32, {50}, 1), at = uniformArray(Type::I32, {77}, 2, 0, 49), y(Type::F32, {77}), want = y;
  if (!Call("reads", "lookup").in(x).in(at).out(y).run())
    return;
  for (size_t i = 0; i < y.size(); ++i)
    copyElement(want, i, x, at.integer(i));
  expectEqual(y, want, "lookup");
  for (int64_t bad : {-1, 50, 1 << 30}) {
    Array wrong = at;
    wrong.setInteger(76, bad);
    Call("reads", "lookup").in(x).in(wrong).out(y).expectFault("x[at[i]]");
  }
  // The error is told once, and what follows works.
  EXPECT_TN(tnStreamSynchronize(nullptr));
  Array wild = uniformArray(Type::I32, {77}, 3, -50, 99), use(Type::Bool, {77});
  for (size_t i = 0; i < use.size(); ++i)
    use.setInteger(i, wild.integer(i) >= 0 && wild.integer(i) < 50);
  Call("reads", "lookup_where").in(x).in(wild).in(use).out(y).run();
  for (size_t i = 0; i < y.size(); ++i)
    want.setReal(i, use.integer(i) ? x.real(wild.integer(i)) : -1);
  expectEqual(y, want, "lookup where it is wanted");
}

TEST_P(Conformance, ReadPermutations) {
  for (Type type : {Type::Bool, Type::I8, Type::I16, Type::I32, Type::I64, Type::F16, Type::BF16, Type::F32, Type::F64})
    for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {0, 3}, {5, 37}, {64, 33}}) {
      Array x = randomArray(type, {m, n}, 1), y(type, {n, m}), want = y;
      if (!Call("reads", "transpose").in(x).out(y).run())
        break;
      for (int64_t i = 0; i < m * n; ++i)
        copyElement(want, i % n * m + i / n, x, i);
      expectEqual(y, want, "transpose");
    }
  Array x = randomArray(Type::F32, {3, 4, 5, 7}, 2), y(Type::F32, {7, 4, 3, 5}), want = y;
  if (!Call("reads", "permute").in(x).out(y).run())
    return;
  for (int64_t l = 0, at = 0; l < 7; ++l)
    for (int64_t j = 0; j < 4; ++j)
      for (int64_t i = 0; i < 3; ++i)
        for (int64_t k = 0; k < 5; ++k)
          copyElement(want, at++, x, ((i * 4 + j) * 5 + k) * 7 + l);
  expectEqual(y, want, "permute");
  Array f = uniformArray(Type::I64, {6, 43}, 3, -1000000000000, 1000000000000), g = f, wantFlip = f;
  Call("reads", "flip").in(f).out(g).run();
  for (size_t i = 0; i < f.size(); ++i)
    copyElement(wantFlip, i, f, f.size() - 1 - i);
  expectEqual(g, wantFlip, "flip");
}

TEST_P(Conformance, ReadAssembly) {
  for (Type type : {Type::U8, Type::F16, Type::F32})
    for (auto [m, a, b] : {std::tuple<int64_t, int64_t, int64_t>{1, 1, 1}, {3, 5, 40}, {2, 0, 7}, {5, 33, 0}}) {
      Array x = randomArray(type, {m, a}, 1), y = randomArray(type, {m, b}, 2), z(type, {m, a + b}), want = z;
      if (!Call("reads", "concat").in(x).in(y).out(z).run())
        break;
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < a + b; ++j)
          copyElement(want, i * (a + b) + j, j < a ? x : y, j < a ? i * a + j : i * b + j - a);
      expectEqual(z, want, "concat");
    }
  Array x = randomArray(Type::I16, {71}, 1), y = randomArray(Type::I16, {71}, 2), z(Type::I16, {2, 71}), want = z;
  if (!Call("reads", "stack").in(x).in(y).out(z).run())
    return;
  for (size_t i = 0; i < 142; ++i)
    copyElement(want, i, i < 71 ? x : y, i % 71);
  expectEqual(z, want, "stack");
  for (Type type : {Type::F32, Type::U8})
    for (int64_t k : {1, 2, 3}) {
      Array u = randomArray(type, {5, 11}, 3), v(type, {5 * k, 11 * k}), wantV = v;
      if (!Call("reads", "upsample").in(u).size(k).out(v).run())
        continue;
      for (size_t i = 0; i < v.size(); ++i)
        copyElement(wantV, i, u, int64_t(i) / (11 * k) / k * 11 + int64_t(i) % (11 * k) / k);
      expectEqual(v, wantV, "upsample");
    }
  Array t = randomArray(Type::U8, {3, 5}, 4), tiled(Type::U8, {6, 20}), wantTiled = tiled;
  Call("reads", "tiles").in(t).size(2).size(4).out(tiled).run();
  for (size_t i = 0; i < tiled.size(); ++i)
    copyElement(wantTiled, i, t, i / 20 % 3 * 5 + i % 20 % 5);
  expectEqual(tiled, wantTiled, "tiles");
}

TEST_P(Conformance, ReadShapes) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {4, 9}, {30, 7}, {0, 3}}) {
    Array x = randomArray(Type::F32, {m, n}, 1), y(Type::F32, {m * n}), want = y;
    if (!Call("reads", "ravel").in(x).out(y).run())
      return;
    want.bytes = x.bytes;
    expectEqual(y, want, "ravel");
    for (int64_t k : {0, 1, 3}) {
      Array upper = x, lower = x, wantUpper = x, wantLower = x;
      Call("reads", "triangle").in(x).size(k).out(upper).out(lower).run();
      for (int64_t i = 0; i < m * n; ++i)
        (i % n >= i / n + k ? wantLower : wantUpper).setReal(i, 0);
      expectEqual(upper, wantUpper, "upper triangle");
      expectEqual(lower, wantLower, "lower triangle");
    }
    Array d = randomArray(Type::F64, {m, n}, 2), e(Type::F64, {std::min(m, n)}), wantE = e;
    if (Call("reads", "diagonal").in(d).out(e).run()) {
      for (size_t i = 0; i < e.size(); ++i)
        copyElement(wantE, i, d, i * n + i);
      expectEqual(e, wantE, "diagonal");
    }
  }
  Array ids = uniformArray(Type::I32, {19}, 3, -1, 7), hot(Type::F32, {19, 7}), want = hot;
  if (!Call("reads", "one_hot").in(ids).size(7).out(hot).run())
    return;
  for (int64_t i = 0; i < 19 * 7; ++i)
    want.setReal(i, ids.integer(i / 7) == i % 7);
  expectEqual(hot, want, "one hot");
}

} // namespace
} // namespace tenon::conformance
