// Calls: fns in place, operators as definitions over the caller's shapes.
#include "Check.h"

#include <algorithm>

using namespace tenon;
using namespace tenon::testing;

TEST(Call, FnsExpandInPlace) {
  Made made("fn sq(v: T) -> T where T in {f32, i32} = v * v\nfn lin(v: f32, a: f32, b: f32) -> f32 = a * v + b\n"
            "op f(x: f32[n], k: i32[n]) -> (y: f32[n], w: i32[n]) {\n"
            "  y[i] = lin(sq(x[i]), b = 1, a = sq(2))\n  w[i] = sq(k[i])\n}\n");
  EXPECT_EQ(made.bodyOf("y"), "(((2:f32 * 2:f32) * (x[i#0] * x[i#0])) + 1:f32)");
  EXPECT_EQ(made.bodyOf("w"), "(k[i#1] * k[i#1])");
}

TEST(Call, FnsHaveNoCallersNames) {
  EXPECT_EQ(said("fn g(v: f32) -> f32 = v + s\nop f(x: f32[n], s: f32) -> y: f32[n] { y[i] = g(x[i]) + s }\n"),
            "1:27: error: unknown name s\n");
  Made made("fn g(i: size) -> f32 = f32(i + 1)\nop f(n: size) -> y: f32[n] { y[i] = g(i) + g(n) }\n");
  EXPECT_EQ(made.bodyOf("y"), "(f32((i#0 + 1)) + f32((n + 1)))");
}

TEST(Call, FnErrors) {
  const std::string head = "fn g(v: f32, w: f32) -> f32 = v * w\nop f(x: f32[n], k: i32[n]) -> y: f32[n] { y[i] = ";
  EXPECT_EQ(said(head + "g(x[i]) + f32(k[i]) }\n"), "2:50: error: g takes 2 arguments, 1 given\n");
  EXPECT_EQ(said(head + "g(x[i], k[i]) }\n"),
            "2:58: error: parameter w of g is f32, its argument is i32: write f32(k[i])\n");
  EXPECT_EQ(said(head + "g(x[i], q = 1) + f32(k[i]) }\n"), "2:58: error: g has no parameter q\n");
  EXPECT_EQ(said(head + "g(x[i], v = 1) + f32(k[i]) }\n"), "2:62: error: parameter v of g is given twice\n");
  EXPECT_EQ(said(head + "g(w = 1, x[i]) + f32(k[i]) }\n"), "2:59: error: an argument by position after one by name\n");
  EXPECT_EQ(said("fn g() -> f32 = 1\n"), "1:4: error: an fn has at least one parameter: write a const\n");
  EXPECT_EQ(said("fn g(v: f32[n]) -> f32 = 1\n"), "1:12: error: an fn takes scalars: write an op for tensors\n");
  EXPECT_EQ(said("fn g(v: f32) -> i32 = v\n"), "1:23: error: fn g is f32, but i32 is asked for: write i32(v)\n");
  EXPECT_EQ(said("fn g(v: f32) -> f32 where 1 == 2 = v\n"),
            "1:27: error: an fn has no sizes to put conditions on: only types, T in {...}\n");
}

TEST(Call, ExpandedFnsAreBounded) {
  std::string text = "fn f0(v: f32) -> f32 = v * v\n";
  for (int i = 1; i < 40; ++i)
    text += "fn f" + std::to_string(i) + "(v: f32) -> f32 = f" + std::to_string(i - 1) + "(v) * f" +
            std::to_string(i - 1) + "(v)\n";
  text += "op f(x: f32[n]) -> y: f32[n] { y[i] = f39(x[i]) }\n";
  EXPECT_NE(said(text).find("has more than 50000 operations once its fns are expanded"), std::string::npos);
}

TEST(Call, ExpandedOperatorsAreBounded) {
  std::string text = "op f0(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\n";
  for (int i = 1; i < 14; ++i)
    text += "op f" + std::to_string(i) + "(x: f32[n]) -> y: f32[n] {\n  a = f" + std::to_string(i - 1) +
            "(x)\n  y = f" + std::to_string(i - 1) + "(a)\n}\n";
  EXPECT_NE(said(text).find("more than 2048 definitions once calls are expanded"), std::string::npos);
}

static const std::string matmul = "op matmul(a: T[m, k], b: T[k, n]) -> c: T[m, n] where T in {f32, f16, i32} {\n"
                                  "  c[i, j] = T(sum[p](acc(a[i, p]) * acc(b[p, j])))\n}\n";

TEST(Call, OperatorsBecomeDefinitions) {
  Made made(matmul + "op f(x: f16[r, s], w: f16[q, r]) -> y: f16[r, r] {\n  y = matmul(x, w)\n}\n");
  EXPECT_EQ(made.bodyOf("y"), "f16(sum[p#2: 0..s]((f32(x[i#0, p#2]) * f32(w[p#2, j#1]))))");
  ASSERT_EQ(made->definitions.size(), 1u);
  EXPECT_EQ(made->definitions[0].calls.size(), 1u);
  EXPECT_EQ(made.launch({{"r", 2}, {"s", 3}, {"q", 3}}), "");
  EXPECT_EQ(made.launch({{"r", 2}, {"s", 3}, {"q", 4}}), "dimension 0 of w is 4, but matmul asks for k, which is 3");
}

TEST(Call, FixedDimensionsDisagreeAtOnce) {
  EXPECT_EQ(said(matmul + "op f(x: f32[2, 3], w: f32[4, 2]) -> y: f32[2, 2] { y = matmul(x, w) }\n"),
            "4:66: error: dimension 0 of w is 4, but matmul asks for k, which is 3\n");
}

TEST(Call, PacksTakeWhatTheCallerHas) {
  const std::string norm = "op norm(x: f32[...b, n], w: f32[n], eps: f32 = 1) -> y: f32[...b, n] {\n"
                           "  s[...i] = sum[j](x[...i, j])\n  y[...i, j] = x[...i, j] / (s[...i] + eps) * w[j]\n}\n";
  Made fixed(norm + "op f(x: f32[p, q, r], w: f32[r]) -> y: f32[p, q, r] { y = norm(x, w, eps = 2) }\n");
  EXPECT_EQ(fixed.bodyOf("y.s"), "sum[j#2: 0..r](x[i.0#0, i.1#1, j#2])");
  EXPECT_EQ(fixed.bodyOf("y"), "((x[i.0#3, i.1#4, j#5] / (y.s[i.0#3, i.1#4] + 2:f32)) * w[j#5])");
  Made mixed(norm + "op f(x: f32[...c, q, r], w: f32[r]) -> y: f32[...c, q, r] {\n  t = norm(x, w)\n"
                    "  y[...i, a, j] = t[...i, a, j]\n}\n");
  EXPECT_EQ(mixed.bodyOf("t.s"), "sum[j#2: 0..r](x[...i.0#0, i.1#1, j#2])");
  EXPECT_EQ(mixed.bodyOf("y"), "t[...i#6, a#7, j#8]");
  Made none(norm + "op f(x: f32[r], w: f32[r]) -> y: f32[r] { y = norm(x, w) }\n");
  EXPECT_EQ(none.bodyOf("y.s"), "sum[j#0: 0..r](x[j#0])");
  // A caller's pack stays one where its own caller has single dimensions.
  Made twice(norm + "op f(x: f32[...c, r], w: f32[r]) -> y: f32[...c, r] {\n  t = norm(x, w)\n"
                    "  y[...i, j] = t[...i, j]\n}\n"
                    "op g(x: f32[p, q, r], w: f32[r]) -> y: f32[p, q, r] { y = f(x, w) }\n");
  EXPECT_EQ(twice.bodyOf("y"), "y.t[i.0#6, i.1#7, j#8]");
}

TEST(Call, PacksThatCannotAgree) {
  EXPECT_EQ(said("op g(x: f32[...b], z: f32[...b]) -> y: f32[...b] { y[...i] = x[...i] + z[...i] }\n"
                 "op f(x: f32[n, m], z: f32[n]) -> y: f32[n, m] { y = g(x, z) }\n"),
            "2:58: error: ...b of g is [n, m], but the one of z is [n]\n");
  EXPECT_EQ(said("op g(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\nop f(x: f32[...b]) -> y: f32[...b] { y = g(x) }\n"),
            "2:44: error: x has a pack of dimensions, but parameter x: f32[n] of g asks for 1\n");
}

TEST(Call, SizesAndScalars) {
  Made made("op pad(x: f32[n], by: size, v: f32 = 0) -> y: f32[n + 2*by] where by >= 1 {\n"
            "  y[i] = x[i - by] else v\n}\n"
            "op f(x: f32[n], c: size, s: f32) -> y: f32[n + 2*c] { y = pad(x, c, s * 2) }\n");
  EXPECT_EQ(made.bodyOf("y.v"), "(s * 2:f32)");
  EXPECT_EQ(made.bodyOf("y"), "(x[(i#0 - c)] else y.v[])");
  EXPECT_EQ(made.launch({{"n", 4}, {"c", 0}}), "pad needs by >= 1, but c is 0");
  EXPECT_EQ(made.launch({{"n", 4}, {"c", 1}}), "");
}

TEST(Call, ConditionsThatCannotHold) {
  EXPECT_EQ(said("op g(x: f32[n], by: size) -> y: f32[n] where by >= 1 { y[i] = x[i] * f32(by) }\n"
                 "op f(x: f32[n]) -> y: f32[n] { y = g(x, 0) }\n"),
            "2:36: error: g needs by >= 1, which does not hold in this call\n");
  EXPECT_EQ(said("op g(x: f32[n], by: size) -> y: f32[n] { y[i] = x[i] * f32(by) }\n"
                 "op f(x: f32[n]) -> y: f32[n] { y = g(x, 0 - 1) }\n"),
            "2:41: error: parameter by of g is -1: a size parameter is at least 0\n");
  EXPECT_EQ(said("op g(x: f32[n], by: size) -> y: f32[n] { y[i] = x[i] * f32(by) }\n"
                 "op f(x: f32[n], k: i32) -> y: f32[n] { y = g(x, size(k)) }\n"),
            "2:49: error: parameter by of g depends on k: only sizes and size parameters are known at launch\n");
}

TEST(Call, TypesComeFromArgumentsOrResults) {
  const std::string fill = "op fill(n: size, v: T) -> y: T[n] where T in {f32, i32} { y[i] = v }\n"
                           "op zero(n: size) -> y: T[n] where T in {f32, i32} { y[i] = 0 }\n";
  Made made(fill + "op f(n: size, k: i32) -> (a: i32[n], b: f32[n], c: f32[n]) {\n  a = fill(n, k)\n"
                   "  b = fill(n, 2)\n  t: f32 = zero(n)\n  c[i] = t[i]\n}\n");
  EXPECT_EQ(made.bodyOf("b"), "2:f32");
  EXPECT_EQ(made.bodyOf("t"), "0:f32");
  EXPECT_EQ(said(fill + "op f(n: size) -> y: f32[n] {\n  t = zero(n)\n  y[i] = t[i]\n}\n"),
            "4:7: error: nothing says which type T of zero is in this call: write t: f32 = ...\n");
}

TEST(Call, ErrorsOfCalls) {
  const std::string g =
      "op g(a: T[m, k], q: T = 1) -> b: T[m, k] where T in {f32, f16} {\n  b[i, j] = a[i, j] * q\n}\n";
  auto call = [&](const std::string &body) {
    return said(g + "op f(x: f32[n, m], v: f32[n], k: i32[n, m]) -> y: f32[n, m] {\n  " + body + "\n}\n");
  };
  EXPECT_EQ(call("y = g(g(x))"), "5:9: error: an argument is the name of a tensor: define it first, t = g(x)\n");
  EXPECT_EQ(call("y[i, j] = x[i, j] + g(x)"), "5:23: error: a call of an operator stands alone on the right of a "
                                              "statement: define it first, t = g(x)\n");
  EXPECT_EQ(call("y[i, j] = g(x)"), "5:3: error: a call of an operator defines a whole tensor: write y = g(x)\n");
  EXPECT_EQ(call("y = g(v)"), "5:9: error: v has 1 dimension, but parameter a: T[m, k] of g asks for 2\n");
  EXPECT_EQ(call("y = g(k)"), "5:7: error: g is for T in {f32, f16}, not i32\n");
  EXPECT_EQ(call("y = g(x + 1)"), "5:9: error: parameter a of g is a tensor: its argument is the name of one\n");
  EXPECT_EQ(call("y = g(n)"), "5:9: error: parameter a of g is a tensor, n is not\n");
  EXPECT_EQ(call("y = g(x, true)"), "5:12: error: parameter q of g is bool, but f32 is asked for: write f32(true)\n");
  EXPECT_EQ(call("(y, t) = g(x)"), "5:3: error: g has 1 result, 2 names are on the left\n");
  EXPECT_EQ(call("y = g()"), "5:7: error: the call of g lacks an argument for a\n");
  EXPECT_EQ(call("y = g(x, 1, 2)"), "5:15: error: g takes 2 arguments, 3 given\n");
  EXPECT_EQ(call("y = f(x, v, k)"), "5:7: error: operator f calls itself\n");
  EXPECT_EQ(call("(y, t) = x[0, 0]"),
            "5:12: error: several names are defined by a call of an operator with as many results only\n");
}
