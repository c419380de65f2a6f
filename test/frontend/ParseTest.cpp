// Every production of the grammar, and where lines end.
#include "Check.h"

#include <cstring>

using namespace tenon;
using namespace tenon::testing;

/// An operator over usual parameters, around statements.
static std::string op(const std::string &body) {
  return "op f(x: f32[n], k: i32[n], z: f32[n, m], s: f32, c: size) -> y: f32[n] {\n" + body +
         "\n  y[i] = x[i] + z[i, 0] * s + f32(k[i]) + f32(c)\n}\n";
}
static std::string body(const std::string &formula, const std::string &type = "") {
  Made made(op("  t[a: n]" + type + " = " + formula + "\n  u[a] = t[a]"));
  return made.instance ? made.bodyOf("t") : "";
}

TEST(Parse, Precedence) {
  auto ints = [](const std::string &text) {
    std::string out;
    for (char c : body(text))
      if (!strchr(":#0 ", c))
        out += c;
    return out;
  };
  EXPECT_EQ(ints("k[a] + k[a] * 2"), "(k[a]+(k[a]*2i32))");
  EXPECT_EQ(ints("k[a] - 1 - 2"), "((k[a]-1i32)-2i32)");
  EXPECT_EQ(ints("k[a] << 1 + 2"), "(k[a]<<(1i32+2i32))");
  EXPECT_EQ(ints("k[a] & 1 | 2 ^ 3 & k[a]"), "((k[a]&1i32)|(2i32^(3i32&k[a])))");
  // C's trap: & is looser than ==.
  EXPECT_EQ(said(op("  t[a] = k[a] & 1 == k[a]\n  u[a] = t[a]")),
            "2:17: error: the operands of '&' are i32 and bool: write i32(1 == k[a])\n");
}

TEST(Parse, PrecedenceOfLogic) {
  EXPECT_EQ(body("k[a] < 1 && k[a] > 2 || k[a] == 3"), "(((k[a#0] < 1:i32) && (k[a#0] > 2:i32)) || (k[a#0] == 3:i32))");
  EXPECT_EQ(said(op("  t[a] = k[a] < 1 == (k[a] > 2)")),
            "2:19: error: a comparison as an operand of '==' needs parentheses\n");
  EXPECT_EQ(body("(k[a] < 1) == (k[a] > 2)"), "((k[a#0] < 1:i32) == (k[a#0] > 2:i32))");
  EXPECT_EQ(body("k[a] > 0 ? k[a] > 1 ? 1 : 2 : k[a] > 3 ? 3 : 4", ": i32"),
            "((k[a#0] > 0:i32) ? ((k[a#0] > 1:i32) ? 1:i32 : 2:i32) : ((k[a#0] > 3:i32) ? 3:i32 : 4:i32))");
  EXPECT_EQ(body("-k[a] * ~k[a]"), "(-k[a#0] * ~k[a#0])");
  EXPECT_EQ(body("!(k[a] > 0)"), "!(k[a#0] > 0:i32)");
  EXPECT_EQ(body("- -k[a]"), "--k[a#0]");
}

TEST(Parse, Numbers) {
  EXPECT_EQ(body("k[a] + 0x2a"), "(k[a#0] + 42:i32)");
  EXPECT_EQ(body("x[a] * 1e-6 + 1.5e2 + 3E+1 + inf"), "((((x[a#0] * 1e-06:f32) + 150:f32) + 30:f32) + inf:f32)");
  EXPECT_EQ(body("x[a] > 0 && true || false"), "(((x[a#0] > 0:f32) && true) || false)");
  EXPECT_EQ(body("sum[q: 1..9](x[a] + f32(q))"), "sum[q#1: 1..9]((x[a#0] + f32(q#1)))");
}

TEST(Parse, LinesGoOn) {
  EXPECT_EQ(said(op("  t[a] =\n    x[a] +\n    (x[a]\n    * 2) -\n    max(x[a],\n    1); u[a] = t[a] ; v[a] = u[a]\n"
                    "  w[a] = v[a] > 0 ?\n 1 :\n w2[a]")),
            "10:2: error: unknown tensor w2\n");
  EXPECT_EQ(said("op f(x: f32[n])\n  -> y: f32[n]\n  where n >= 1,\n    n < 10\n{\n  y[i] = x[i]\n}\n"), "");
  EXPECT_EQ(said("op f(x: f32[n]) ->\n  y: f32[n] where\n  n >= 1 {\n  y[i] = x[i + 1] else\n    0\n}\n"), "");
  EXPECT_EQ(said("op f(x: f32[n]) -> y: f32[n] {\n  y[i] = x[i]\n    + 1\n}\n"),
            "3:5: error: expected a statement, found '+'\n");
  EXPECT_EQ(
      said("fn g(v: f32) -> f32 =\n  v + 1; const K: f32 = 2; op f(x: f32[n]) -> y: f32[n] { y[i] = g(x[i]) * K }"),
      "");
}

TEST(Parse, Declarations) {
  EXPECT_EQ(said("op f(s: f32, u: bool) -> (a: f32, b: T[], c: f32[3]) where T in {f32, i64} {\n"
                 "  a = u ? s : -s; b = T(s)\n  c[i] = s * f32(i)\n}\n"),
            "");
  EXPECT_EQ(said("op iota(n: size) -> y: i64[n] { y[i] = i64(i) }\n"), "");
  EXPECT_EQ(said("op f() -> y: f32[4] { y[i] = f32(i) }\n"), "");
  EXPECT_EQ(said("op f(x: f32[2*n, n], z: f32[n, n + 1]) -> y: f32[n] { y[i: n] = x[i, i] + z[i, i] }\n"), "");
  EXPECT_EQ(said("op f(x: f32[n, 4]) -> y: f32[n, 4] { y[i, j: 4] = x[i, j] }\n"), "");
}

TEST(Parse, Reads) {
  EXPECT_EQ(body("x[a + 1] else -1"), "(x[(a#0 + 1)] else -1:f32)");
  EXPECT_EQ(body("x[a + 1] else -inf"), "(x[(a#0 + 1)] else -inf:f32)");
  EXPECT_EQ(body("x[k[a]] else error"), "(x[k[a#0]] else error)");
  EXPECT_EQ(body("x[a + 1] else x[a + 2] else (1 + s)"), "(x[(a#0 + 1)] else (x[(a#0 + 2)] else (1:f32 + s)))");
  Made made("op f(x: f32[...b, n], t: f32[]) -> y: f32[...b, n] { y[...i, j] = x[...i, j] * t + t[] }\n");
  EXPECT_EQ(made.bodyOf("y"), "((x[...i#0, j#1] * t[]) + t[])");
}

TEST(Parse, Reductions) {
  EXPECT_EQ(body("sum[i, j where i != j](z[i, j]) + x[a]"),
            "(sum[i#1: 0..n, j#2: 0..m where (i#1 != j#2)](z[i#1, j#2]) + x[a#0])");
  EXPECT_EQ(body("prod[j: a..n, i: j](x[j]) + x[a]"), "(prod[j#1: a#0..n, i#2: 0..j#1](x[j#1]) + x[a#0])");
  EXPECT_EQ(body("any[j](x[j] > 0) == all[j](x[j] > x[a])"),
            "(any[j#1: 0..n]((x[j#1] > 0:f32)) == all[j#2: 0..n]((x[j#2] > x[a#0])))");
  EXPECT_EQ(body("argmin[j](x[j] * x[a])"), "argmin[j#1: 0..n]((x[j#1] * x[a#0]))");
  EXPECT_EQ(body("max(min[j](x[j]), x[a])"), "max(min[j#1: 0..n](x[j#1]), x[a#0])");
  Made made("op f(x: f32[...b]) -> y: f32 { y = max[...i](x[...i]) }\n");
  EXPECT_EQ(made.bodyOf("y"), "max[...i#0: ...b](x[...i#0])");
}

TEST(Parse, Tuples) {
  Made made("op two(x: f32[n]) -> (a: f32, b: f32[n]) {\n  a = sum[i](x[i])\n  b[i] = x[i] / a\n}\n"
            "op f(x: f32[n]) -> y: f32[n] {\n  (s, t) = two(x)\n  y[i] = t[i] + s\n}\n");
  EXPECT_EQ(made.bodyOf("t"), "(x[i#1] / s[])");
}

TEST(Parse, GoesOnAfterErrors) {
  EXPECT_EQ(said("op a(x: f32[n]) -> y: f32[n] {\n  y[i] = x[i] * * 2\n  z[i] = q\n  w[i] = (x[i]\n  v[i] = r\n}\n"
                 "op b(x f32) -> y: f32 { }\nfn c(v: f32) -> f32 = v +\nconst D: f32 = 1 1\n"
                 "op e(x: f32[n]) -> y: f32[n] { y[i] = b(x) + c(x[i]) + D + zz }\n"),
            "2:17: error: expected an expression, found '*'\n3:5: error: index i has no range: no read without 'else' "
            "has it as a subscript; write i: n\n3:10: error: unknown name q\n"
            "5:3: error: expected ')', found 'v'\n5:5: error: index i has no range: no read without 'else' has it as a "
            "subscript; write i: n\n5:10: error: unknown name r\n7:8: error: expected ':' and the "
            "parameter's type, found 'f32'\n8:26: error: expected an expression before the end of the line\n"
            "9:18: error: expected the end of the line, found '1'\n10:60: error: unknown name zz\n");
}

TEST(Parse, EndsAreFound) {
  EXPECT_EQ(said("op f(x: f32[n]) -> y: f32[n] {\n  y[i] = x[i]\n"),
            "3:1: error: expected '}', found the end of the file\n");
  EXPECT_EQ(said("op f(x: f32[n]) -> y: f32[n] {\n  y[i] = x[i]\nop g(x: f32[n]) -> y: f32[n] { y[i] = q }\n"),
            "3:1: error: expected '}', found 'op'\n3:39: error: unknown name q\n");
  EXPECT_EQ(said("op"), "1:3: error: expected the name of the op before the end of the line\n");
}

TEST(Parse, NestingIsBounded) {
  for (const char *pair : {"()", "x[]", "-", "exp()", "1+(", "1?1:", "sum[i: 3]("}) {
    std::string open(pair), close;
    if (open.back() == ')' || open.back() == ']') {
      close = open.back();
      open.pop_back();
    }
    std::string text = "op f(x: f32[n]) -> y: f32[n] { y[i] = ";
    for (int i = 0; i < 100000; ++i)
      text += open;
    EXPECT_NE(said(text + "1").find("nested more than 200 levels deep"), std::string::npos) << pair;
  }
  std::string chain = "op f(x: f32[n]) -> y: f32[n] { y[i] = x[i]";
  for (int i = 0; i < 100000; ++i)
    chain += " + x[i]";
  EXPECT_NE(said(chain + " }").find("nested more than 200 levels deep"), std::string::npos);
}

TEST(Parse, TheTestDeclaration) {
  const std::string head = "op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\n";
  EXPECT_EQ(said(head + "test f(n: 64) tol exact\ntest f(n in {1, 2})\n  with x in -1..1\n  tol {f32: 1, f16: 2e-3}\n"),
            "");
  EXPECT_EQ(said(head + "test f(n 3) tol exact\n"), "2:10: error: expected ':' or 'in', found '3'\n");
  EXPECT_EQ(said(head + "test f(n: 3)\n"),
            "2:13: error: expected 'tol' and the tolerance before the end of the line\n");
  EXPECT_EQ(said(head + "test f(n: 3) with x in 1 tol exact\n"),
            "2:26: error: expected '..' and the range's end, found 'tol'\n");
}
