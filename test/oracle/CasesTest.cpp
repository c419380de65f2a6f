//===- CasesTest.cpp - what tenon-check draws -------------------------------===//
#include "tenon-check/Cases.h"
#include "Given.h"
#include "tenon-check/Cut.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <unistd.h>

using namespace tenon;
using namespace tenon::testing;
using namespace tenon::check;

namespace {
struct Drawing {
  explicit Drawing(const std::string &text, CaseLimits limits = {})
      : given(text), oracle(*given.instance),
        maker(*given.instance, given.module->tests().empty() ? nullptr : &given.module->tests()[0], oracle, limits) {}
  std::vector<Case> draw(unsigned count, uint64_t seed = 0) {
    std::vector<Case> cases;
    for (unsigned number = 0; number < count; ++number) {
      std::string error;
      std::optional<Case> drawn = maker.make(number, seed, error);
      if (drawn)
        cases.push_back(std::move(*drawn));
      else
        failed = error;
    }
    return cases;
  }
  std::set<int64_t> values(const std::vector<Case> &cases, size_t symbol) {
    std::set<int64_t> all;
    for (const Case &drawn : cases)
      all.insert(drawn.arguments.symbols[symbol]);
    return all;
  }
  size_t symbol(const std::string &name) {
    size_t s = 0;
    while (s + 1 < given.instance->symbols.size() && given.instance->symbols[s].name != name)
      ++s;
    return s;
  }
  Given given;
  oracle::Oracle oracle;
  CaseMaker maker;
  std::string failed;
};
} // namespace

TEST(Edges, EndsPrimesAndPowers) {
  EXPECT_EQ(edgesOf(0, 10), (Integers{0, 1, 2, 3, 4, 5, 7, 8, 9}));
  EXPECT_EQ(edgesOf(5, 6), (Integers{5}));
  Integers edges = edgesOf(2, 1000);
  for (int64_t value : {2, 31, 32, 33, 127, 257, 512, 999})
    EXPECT_TRUE(std::binary_search(edges.begin(), edges.end(), value)) << value;
  EXPECT_FALSE(std::binary_search(edges.begin(), edges.end(), 1));
  EXPECT_FALSE(std::binary_search(edges.begin(), edges.end(), 1000));
}

TEST(Cases, BothEndsOfEverySize) {
  Drawing drawing("op f(x: f32[m, n]) -> y: f32[m, n] { y[i, j] = x[i, j] }\ntest f(m: 2..100, n: 0..50) tol exact");
  ASSERT_LE(drawing.maker.leastCases(), 12u);
  auto cases = drawing.draw(12);
  ASSERT_EQ(cases.size(), 12u);
  auto m = drawing.values(cases, 0), n = drawing.values(cases, 1);
  EXPECT_EQ(*m.begin(), 2);
  EXPECT_EQ(*m.rbegin(), 99);
  EXPECT_EQ(*n.begin(), 0);
  EXPECT_EQ(*n.rbegin(), 49);
  // The ends of one come with other values of the other, too.
  EXPECT_GT(m.size(), 4u);
}

TEST(Cases, WhereHolds) {
  Drawing drawing("op f(x: f32[n], k: size) -> y: f32[n - k] where n >= k + 2, k % 3 == 0 { y[i] = x[i + k] }\n"
                  "test f(n: 0..100, k: 0..n) tol exact");
  auto cases = drawing.draw(20);
  EXPECT_EQ(cases.size(), 20u) << drawing.failed;
  for (const Case &drawn : cases) {
    int64_t n = drawn.arguments.symbols[drawing.symbol("n")], k = drawn.arguments.symbols[drawing.symbol("k")];
    EXPECT_GE(n, k + 2);
    EXPECT_EQ(k % 3, 0);
  }
  Drawing never("op f(x: f32[n]) -> y: f32[n] where n >= 10 { y[i] = x[i] }\ntest f(n: 0..5) tol exact");
  EXPECT_TRUE(never.draw(1).empty());
  EXPECT_NE(never.failed.find("n >= 10"), std::string::npos) << never.failed;
}

TEST(Cases, AllValuesOfASetAndSmallWithoutATest) {
  Drawing drawing("op f(x: f32[...b, n], s: f32 = 2) -> y: f32[...b, n] { y[...i, j] = x[...i, j] * s }\n"
                  "test f(b in {[], [3], [2, 5]}, n in {1, 7, 64}) with x in 3..4 tol exact");
  auto cases = drawing.draw(12);
  EXPECT_EQ(drawing.values(cases, 1), (std::set<int64_t>{1, 7, 64}));
  std::set<std::vector<int64_t>> packs;
  for (const Case &drawn : cases) {
    packs.insert(drawn.arguments.packs[0]);
    for (double value : drawn.arguments.tensors[0].real) {
      EXPECT_GE(value, 3);
      EXPECT_LE(value, 4);
    }
    EXPECT_TRUE(drawn.isDefault[1]);
  }
  EXPECT_EQ(packs.size(), 3u);
  Drawing without("op f(x: i8[n]) -> y: i8[n] { y[i] = x[i] }");
  for (const Case &drawn : without.draw(12))
    EXPECT_LT(drawn.arguments.symbols[0], 20);
}

TEST(Cases, LimitsHold) {
  std::string text = "op f(a: f32[m, k], b: f32[k, n]) -> y: f32[m, n] { y[i, j] = sum[p](a[i, p] * b[p, j]) }\n"
                     "test f(m: 1..5000, n: 1..5000, k: 1..5000) tol 1e-3";
  CaseLimits limits;
  limits.cost = 1e5;
  Drawing drawing(text, limits);
  auto cases = drawing.draw(20);
  EXPECT_EQ(cases.size(), 20u) << drawing.failed;
  for (const Case &drawn : cases)
    EXPECT_LE(drawing.oracle.cost(drawn.arguments.symbols), 1e5);
  EXPECT_EQ(*drawing.values(cases, 0).rbegin(), 4999); // An end is kept where the others make room.
  limits.size = 6;
  Drawing small(text, limits);
  for (const Case &drawn : small.draw(20))
    for (int64_t value : drawn.arguments.symbols)
      EXPECT_LE(value, 6);
}

TEST(Cases, TheSameSeedIsTheSameCase) {
  Drawing drawing("op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\ntest f(n: 1..1000) tol exact");
  auto once = drawing.draw(6, 5), again = drawing.draw(6, 5), other = drawing.draw(6, 6);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(once[i].arguments.tensors[0].real, again[i].arguments.tensors[0].real);
    EXPECT_NE(once[i].arguments.tensors[0].real, other[i].arguments.tensors[0].real);
    // And its own seed and sizes repeat it.
    std::string error;
    auto repeated = drawing.maker.fill(once[i].arguments, once[i].isDefault, once[i].seed, error);
    ASSERT_TRUE(repeated) << error;
    EXPECT_EQ(repeated->arguments.tensors[0].real, once[i].arguments.tensors[0].real);
  }
  EXPECT_EQ(sizesText(*drawing.given.instance, once[1]), "n=999");
}

TEST(Cut, OneOperatorAfterEachStatement) {
  std::string path = std::string(::testing::TempDir()) + "tenon-cut-" + std::to_string(getpid()) + ".tn";
  {
    std::ofstream file(path);
    file << "fn half(v: f32) -> f32 = v / 2\n"
            "op g(x: f32[n]) -> y: f32[n] { y[i] = half(x[i]) }\n"
            "op f(x: T[...b, n], k: size = 1, eps: f32 = 1e-6) -> (y: T[...b, n], z: f32[...b]) where T in {f32, f16}, "
            "n >= 1 {\n"
            "  a[...i]    = sum[j](f32(x[...i, j]))\n"
            "  y[...i, j] = T(half(a[...i]) + eps + f32(k))\n"
            "  z[...i]    = f32(y[...i, 0])\n"
            "}\n";
  }
  Diagnostics diagnostics;
  auto module = parseModule(path, {}, diagnostics);
  ASSERT_TRUE(module && !diagnostics.hasErrors()) << diagnostics.print();
  auto instance = instantiate(*module->find("f"), {DType::F16}, diagnostics);
  ASSERT_TRUE(instance);
  CutFile cut = cutAfterEach(*module, *instance, path);
  ASSERT_EQ(cut.points.size(), 3u);
  EXPECT_EQ(cut.points[0].tensors, (std::vector<std::string>{"a"}));
  EXPECT_EQ(cut.points[1].statement.line(), 5u);
  std::string cutPath = path + ".cut.tn";
  std::ofstream(cutPath) << cut.text;
  auto parsed = parseModule(cutPath, {}, diagnostics);
  EXPECT_TRUE(parsed && checkModule(*parsed, diagnostics)) << cut.text << diagnostics.print();
  std::remove(path.c_str());
  std::remove(cutPath.c_str());
}
