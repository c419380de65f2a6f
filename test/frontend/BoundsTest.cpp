// Reads: proven, checked at launch, or refused; and that what passes at launch is really inside.
#include "Check.h"

#include <random>

using namespace tenon;
using namespace tenon::testing;

static std::string read(const std::string &formula, const std::string &extra = "") {
  return "op f(x: f32[n], z: f32[m], c: size" + extra + ") -> y: f32[n] {\n  y[i: n] = " + formula + "\n}\n";
}

/// "proven" or the checks of reads.
static std::string checks(const std::string &formula) {
  Made made(read(formula));
  if (!made.instance)
    return "error";
  std::string out;
  for (const LaunchCheck &check : made->checks)
    out += print(check.condition, [&](int s) { return made->symbols[s].name; }) + ";";
  return out.empty() ? "proven" : out;
}

TEST(Bounds, ProvenAtCompileTime) {
  for (const char *formula : {"x[i]",
                              "i > 0 ? x[i - 1] : 0",
                              "i >= 1 && x[i - 1] > 0 ? 1 : 0",
                              "i + 1 < n ? x[i + 1] : 0",
                              "i == 0 || x[i - 1] > 0 ? 1 : 0",
                              "i != 0 ? x[i - 1] : 0",
                              "!(i == 0) ? x[i - 1] : 0",
                              "x[0]",
                              "x[n - 1]",
                              "x[n - 1 - i]",
                              "x[i / 2]",
                              "x[i % 3]",
                              "x[min(i + 3, n - 1)]",
                              "x[max(i - 3, 0)]",
                              "x[clamp(i - 1, 0, n - 1)]",
                              "sum[j: i..n](x[j - i])",
                              "sum[j: 0..i + 1](x[i - j])",
                              "sum[j where j <= i](x[i - j] + x[j])",
                              "sum[j where j >= 1](x[j - 1])",
                              "i - c >= 0 ? x[i - c] : 0",
                              "i < m && x[i] > 0 ? z[i] : 0",
                              "c < n ? x[c] : 0",

                              "x[i32(3)] else 0",
                              "sum[j: 0..i, k: j..i](x[k - j])"})
    EXPECT_EQ(checks(formula), "proven") << formula;
}

TEST(Bounds, CheckedAtLaunch) {
  EXPECT_EQ(checks("x[i + 1]"), "n - 1 < 0 || n < n;");
  EXPECT_EQ(checks("z[i]"), "n - 1 < 0 || n - 1 < m;");
  Made made(read("x[i + c]"));
  EXPECT_EQ(made.launch({{"n", 5}, {"m", 1}, {"c", 0}}), "");
  EXPECT_EQ(made.launch({{"n", 0}, {"m", 1}, {"c", 9}}), "");
  EXPECT_EQ(made.launch({{"n", 5}, {"m", 1}, {"c", 2}}),
            "read x[i + c]: subscript i + c reaches 2..6, dimension 0 of x has size 5 (i in 0..4)");
  Made guard(read("i >= c ? z[i - c] + z[c] : 0"));
  EXPECT_EQ(guard.launch({{"n", 4}, {"m", 4}, {"c", 1}}), "");
  EXPECT_EQ(guard.launch({{"n", 4}, {"m", 1}, {"c", 9}}), ""); // The guard never holds.
  EXPECT_EQ(guard.launch({{"n", 4}, {"m", 2}, {"c", 1}}),
            "read z[i - c]: subscript i - c reaches 0..2, dimension 0 of z has size 2 (i in 1..3)");
}

TEST(Bounds, KindsStandInTheTree) {
  Made made("op f(x: f32[n], k: i32[n], c: size) -> y: f32[n] {\n"
            "  a[i: n] = x[i + c]\n  b[i: n] = x[i] else 0\n  d[i: n] = x[i - c] else 0\n  e[i] = x[k[i]] else error\n"
            "  y[i] = a[i] + b[i] + d[i] + e[i]\n}\n");
  auto boundsOf = [&](size_t i) { return made->definitions[i].body->bounds; };
  EXPECT_EQ(boundsOf(0), Bounds::AtLaunch);
  ASSERT_EQ(made->definitions[0].body->launchBounds.size(), 1u);
  EXPECT_EQ(boundsOf(1), Bounds::Proven);
  EXPECT_EQ(boundsOf(2), Bounds::Else);
  EXPECT_EQ(boundsOf(3), Bounds::Else);
  EXPECT_EQ(made->checks.size(), 1u);
}

TEST(Bounds, DataNeedsElse) {
  EXPECT_EQ(said("op f(x: f32[n], k: i32[n]) -> y: f32[n] { y[i] = x[k[i] + 1] }\n"),
            "1:52: error: subscript k[i] + 1 of x depends on data (k[i]): write x[k[i] + 1] else 0, or else error\n");
  EXPECT_EQ(said("op f(x: f32[n], k: i32) -> y: f32[n] { y[i: n] = x[k] }\n"),
            "1:52: error: subscript k of x depends on data (k): write x[k] else 0, or else error\n");
  EXPECT_EQ(said("op f(x: f32[n]) -> y: f32 { y = x[argmax[j](x[j])] }\n"),
            "1:35: error: subscript argmax[j](x[j]) of x depends on data (argmax[j](x[j])): write x[argmax[j](x[j])] "
            "else 0, or else error\n");
  EXPECT_EQ(said("op f(x: f32[n]) -> y: f32[n] { y[i: n] = x[popcount(i)] }\n"),
            "1:44: error: subscript popcount(i) of x cannot be bounded from the ranges of its indices: write "
            "x[popcount(i)] else 0\n");
}

TEST(Bounds, FixedSizesFailAtOnce) {
  EXPECT_EQ(said("op f(x: f32[4]) -> y: f32[4] { y[i: 4] = x[i + 1] }\n"),
            "1:42: error: read x[i + 1]: subscript i + 1 reaches 1..4, dimension 0 of x has size 4 (i in 0..3)\n");
  EXPECT_EQ(said("op f(x: f32[4]) -> y: f32[4] { y[i: 4] = i < 3 ? x[i + 1] : 0 }\n"), "");
}

TEST(Bounds, EmptyArgmax) {
  Made made("op f(x: f32[n], m: size) -> y: i64[m] { y[i] = i64(argmax[j](x[j])) }\n");
  EXPECT_EQ(made.launch({{"n", 3}, {"m", 2}}), "");
  EXPECT_EQ(made.launch({{"n", 0}, {"m", 0}}), "");
  EXPECT_EQ(made.launch({{"n", 0}, {"m", 2}}), "argmax over j: its range is empty (0..0)");
  Made scan("op f(x: f32[n]) -> y: i64[n] { y[i] = i64(argmax[j: 0..i + 1](x[j])) }\n");
  EXPECT_TRUE(scan->checks.empty());
}

TEST(Bounds, ConvolutionWithoutPadding) {
  Made made("op conv(x: f32[n], f: f32[k], s: size = 1) -> y: f32[(n - k) / s + 1] where n >= k, s >= 1 {\n"
            "  y[i] = sum[j](x[i * s + j] * f[j])\n}\n");
  for (int n = 1; n < 12; ++n)
    for (int k = 1; k <= n; ++k)
      for (int s = 1; s < 5; ++s)
        EXPECT_EQ(made.launch({{"n", n}, {"k", k}, {"s", s}}), "") << n << " " << k << " " << s;
  EXPECT_EQ(made.launch({{"n", 2}, {"k", 3}}), "conv needs n >= k, but n is 2, k is 3");
}

TEST(Bounds, NegativeSizes) {
  Made made("op f(x: f32[n]) -> y: f32[n - 2] { y[i] = x[i + 1] }\n");
  EXPECT_EQ(made.launch({{"n", 2}}), "");
  EXPECT_EQ(made.launch({{"n", 1}}), "dimension 0 of y is n - 2 = -1, which is negative");
  EXPECT_EQ(said("op f(x: f32[n]) -> y: f32[3 - 4] { y[i] = x[i] }\n"), "1:27: error: a dimension is negative: -1\n");
}

// ---- what passes is inside -----------------------------------------------------------------------------------------

namespace {
/// Evaluates size expressions over indices, and finds reads outside.
struct Walker {
  const Instance &instance;
  std::vector<int64_t> symbols;
  std::vector<int64_t> values;
  bool outside = false;
  size_t reads = 0;

  Walker(const Instance &instance, std::vector<int64_t> symbols)
      : instance(instance), symbols(std::move(symbols)), values(instance.indexCount) {}

  int64_t eval(const Expr &e) {
    auto at = [&](int i) { return eval(*e.operands[i]); };
    switch (e.kind) {
    case ExprKind::Literal:
      return e.value.integer;
    case ExprKind::IndexRef:
      return values[e.index];
    case ExprKind::SymbolRef:
      return symbols[e.symbol];
    case ExprKind::Cast:
      return e.type == DType::U8   ? static_cast<uint8_t>(at(0))
             : e.type == DType::I8 ? static_cast<int8_t>(at(0))
                                   : at(0);
    case ExprKind::Unary:
      return e.unary == UnaryOp::Neg ? -at(0) : !at(0);
    case ExprKind::Select:
      return at(0) ? at(1) : at(2);
    case ExprKind::Logic:
      return e.logic == LogicOp::And ? at(0) && at(1) : at(0) || at(1);
    case ExprKind::Compare: {
      int64_t a = at(0), b = at(1);
      switch (e.compare) {
      case CompareOp::Eq:
        return a == b;
      case CompareOp::Ne:
        return a != b;
      case CompareOp::Lt:
        return a < b;
      case CompareOp::Le:
        return a <= b;
      case CompareOp::Gt:
        return a > b;
      case CompareOp::Ge:
        return a >= b;
      }
      return 0;
    }
    case ExprKind::Binary: {
      int64_t a = at(0), b = at(1);
      switch (e.binary) {
      case BinaryOp::Add:
        return a + b;
      case BinaryOp::Sub:
        return a - b;
      case BinaryOp::Mul:
        return a * b;
      case BinaryOp::Div:
        return b ? a / b : 0;
      case BinaryOp::Rem:
        return b ? a % b : a;
      case BinaryOp::BitAnd:
        return a & b;
      case BinaryOp::Shr:
        return b < 0 || b > 63 ? (a < 0 ? -1 : 0) : a >> b;
      default:
        return 0;
      }
    }
    case ExprKind::Call:
      switch (e.function) {
      case Function::Min:
        return std::min(at(0), at(1));
      case Function::Max:
        return std::max(at(0), at(1));
      case Function::Clamp:
        return std::min(std::max(at(0), at(1)), at(2));
      case Function::Abs:
        return std::abs(at(0));
      case Function::Sign:
        return (at(0) > 0) - (at(0) < 0);
      default:
        return 0;
      }
    case ExprKind::Read:
      for (size_t d = 0; d < e.subscripts.size(); ++d) {
        int64_t at = eval(*e.subscripts[d].expr);
        ++reads;
        outside |= at < 0 || at >= *evaluate(instance.tensors[e.tensor].dims[d].value, symbols);
      }
      return 0;
    case ExprKind::Reduce:
      loop(e.indices, 0, [&] {
        if (!e.filter || eval(*e.filter))
          eval(*e.operands[0]);
      });
      return 0;
    default:
      return 0;
    }
  }

  void loop(const std::vector<Index> &indices, size_t at, const std::function<void()> &body) {
    if (at == indices.size())
      return body();
    int64_t lo = eval(*indices[at].lo), hi = eval(*indices[at].hi);
    for (int64_t i = lo; i < hi; ++i) {
      values[indices[at].id] = i;
      loop(indices, at + 1, body);
    }
  }
};

/// Random expressions over the indices i and j, sizes and small numbers.
struct Random {
  std::mt19937 engine;
  int pick(int n) { return engine() % n; }
  std::string size(int depth) {
    static const char *const leaves[] = {"i", "i", "j", "j", "n", "m", "c", "1", "2", "3"};
    if (depth == 0 || pick(4) == 0)
      return leaves[pick(10)];
    std::string a = size(depth - 1), b = size(depth - 1);
    switch (pick(14)) {
    case 0:
    case 1:
    case 2:
      return "(" + a + " + " + b + ")";
    case 3:
    case 4:
      return "(" + a + " - " + b + ")";
    case 5:
      return "(" + a + " * " + b + ")";
    case 6:
      return "(" + a + " / " + b + ")";
    case 7:
      return "(" + a + " % " + b + ")";
    case 8:
      return "min(" + a + ", " + b + ")";
    case 9:
      return "max(" + a + ", " + b + ")";
    case 10:
      return "clamp(" + a + ", 0, " + b + ")";
    case 11:
      return pick(2) ? "abs(" + a + ")" : "sign(" + a + ")";
    case 12:
      return "(" + condition(0) + " ? " + a + " : " + b + ")";
    default:
      return pick(2) ? "size(u8(" + a + "))" : "size(i8(" + a + "))";
    }
  }
  std::string condition(int depth) {
    static const char *const compares[] = {" < ", " <= ", " > ", " >= ", " == ", " != "};
    if (depth > 0 && pick(2))
      return "(" + condition(depth - 1) + (pick(2) ? " && " : " || ") + condition(depth - 1) + ")";
    std::string text = "(" + size(1) + compares[pick(6)] + size(1) + ")";
    return pick(4) ? text : "!" + text;
  }
};
} // namespace

TEST(Bounds, WhatPassesLaunchIsInside) {
  Random random{std::mt19937(7)};
  size_t passed = 0, failed = 0, evaluated = 0;
  for (int round = 0; round < 1500; ++round) {
    static const char *const ranges[] = {"j: m", "j: n", "j: 0..i + 1", "j: i..n", "j: 1..m", "j: c..n", "j: i..i + c"};
    std::string text = "op f(x: f32[n], z: f32[m], c: size) -> y: f32[n] {\n  y[i: n] = " + random.condition(1) +
                       " ? sum[" + ranges[random.pick(7)] + (random.pick(2) ? " where " + random.condition(1) : "") +
                       "](" + (random.pick(2) ? "x[" : "z[") + random.size(2) + "]) : x[" +
                       (random.pick(2) ? "i" : "min(i + c, n - 1)") + "]\n}\n";
    Checked checked(text, false);
    ASSERT_FALSE(checked.diagnostics.hasErrors()) << text << checked.diagnostics.print();
    auto instance = instantiate(*checked.module->operators()[0], {}, checked.diagnostics);
    if (!instance)
      continue; // Cannot be bounded, or never inside: refused.
    for (int trial = 0; trial < 12; ++trial) {
      std::vector<int64_t> symbols(instance->symbols.size());
      for (int64_t &value : symbols)
        value = random.pick(7);
      bool holds = true;
      for (const LaunchCheck &check : instance->checks)
        holds &= evaluate(check.condition, symbols).value_or(0) != 0;
      (holds ? passed : failed) += 1;
      if (!holds)
        continue;
      Walker walker(*instance, symbols);
      const Definition &definition = instance->definitions[0];
      walker.loop(definition.indices, 0, [&] { walker.eval(*definition.body); });
      evaluated += walker.reads;
      ASSERT_FALSE(walker.outside) << text << dump(*instance) << "n " << symbols[1] << " m " << symbols[2] << " c "
                                   << symbols[0];
    }
  }
  EXPECT_GT(passed, 2000u); // Otherwise the test says little.
  EXPECT_GT(failed, 1000u);
  EXPECT_GT(evaluated, 2000u);
}
