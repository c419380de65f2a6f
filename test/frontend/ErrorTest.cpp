// Every message of the front end, with its place: one bad text each.
#include "Check.h"

using namespace tenon::testing;

namespace {
struct Case {
  const char *name, *text, *said;
};
} // namespace

static const Case cases[] = {
    {"Disagree", "op f(x: f32[b, d], g: f32[n]) -> y: f32[b, d] {\n  y[i, j] = x[i, j] * g[j]\n}\n",
     "2:25: error: index j runs over d (dimension 1 of y) and over n (dimension 0 of g)\n"},
    {"Types",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + h[i]\n}\n",
     "2:17: error: the operands of '+' are f32 and f16: write f32(h[i])\n"},
    {"Deftype",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = h[i]\n}\n",
     "2:10: error: y is f32, but its formula is f16: write f32(h[i])\n"},
    {"Lit",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = k[i] + 1.5 > 0 ? "
     "x[i] : 0\n}\n",
     "2:17: error: the literal 1.5 is not an integer, but i32 is asked for\n"},
    {"Fit",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  t: i8 = 300\n  y[i] = "
     "x[i]\n}\n",
     "2:11: error: the literal 300 does not fit i8 (-128 to 127)\n"},
    {"Untyped",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  t = 1\n  y[i] = x[i]\n}\n",
     "2:3: error: nothing says which type t has: write t: f32 = ...\n"},
    {"Data",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[k[i]]\n}\n",
     "2:12: error: subscript k[i] of x depends on data (k[i]): write x[k[i]] else 0, or else error\n"},
    {"Unknown",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + foo\n}\n",
     "2:17: error: unknown name foo\n"},
    {"Before",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + t\n  t = "
     "s\n}\n",
     "2:17: error: t is used before its definition\n"},
    {"Rank", "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = z[i]\n}\n",
     "2:10: error: z has 2 dimensions, read with 1 subscript: write z[i, j]\n"},
    {"Notindexed",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x * 2\n}\n",
     "2:10: error: x is a tensor of 1 dimension: read it as x[i]\n"},
    {"Copy", "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y = x\n}\n",
     "2:7: error: x is a tensor: copy it as y[i] = x[i]\n"},
    {"Clash", "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[n] = x[n]\n}\n",
     "2:5: error: index n has the name of a size\n"},
    {"Clash2",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = sum[i](x[i])\n}\n",
     "2:14: error: index i has the name of an index that is in use here\n"},
    {"Noidx",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = sum(x[i])\n}\n",
     "2:10: error: 'sum' needs its indices: sum[i](...)\n"},
    {"Norange",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + "
     "f32(sum[q](1 + i32(q)))\n}\n",
     "2:25: error: index q has no range: no read without 'else' has it as a subscript; write q: n\n"},
    {"Boolsum",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + sum[j](x[j] "
     "> 0)\n}\n",
     "2:24: error: the operand of sum is bool, but a number is asked for: write i32(x[j] > 0)\n"},
    {"Cmp",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = 0 < x[i] < 1 ? 1 : "
     "0\n}\n",
     "2:19: error: a comparison as an operand of '<' needs parentheses\n"},
    {"Fnunk",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = foo(x[i])\n}\n",
     "2:10: error: unknown function foo\n"},
    {"Two",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] +\n  t[i] = = "
     "3\n  u[i] = x[i] * )\n  v[i] = h[i] + x[i]\n}\n",
     "3:3: error: unknown tensor t\n3:8: error: expected the end of the line or ';', found '='\n4:17: error: expected "
     "an expression, found ')'\n5:17: error: the operands of '+' are f16 and f32: write f16(x[i])\n"},
    {"Arity",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = pow(x[i])\n}\n",
     "2:10: error: pow takes 2 arguments, 1 given\n"},
    {"Floatfn",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + "
     "f32(exp(k[i]))\n}\n",
     "2:21: error: exp is for floats, its argument is i32: write exp(f32(k[i]))\n"},
    {"Undef", "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  t[i] = x[i]\n}\n",
     "1:73: error: result y is not defined\n"},
    {"Twice",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i]\n  y[i] = "
     "x[i]\n}\n",
     "3:3: error: y is defined twice\n"},
    {"DefineInput",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  x[i] = 1\n  y[i] = "
     "x[i]\n}\n",
     "2:3: error: x is an input and cannot be defined\n"},
    {"Paren",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = (x[i] + 1\n}\n",
     "3:1: error: expected ')', found '}'\n"},
    {"Pack",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[...i]\n}\n",
     "2:10: error: x has no pack of dimensions: read it as x[i]\n"},
    {"Argmaxidx",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = f32(argmax[a, "
     "b](z[a, b]))\n}\n",
     "2:24: error: argmax takes one index\n"},
    {"Elseopp",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] else 0 * "
     "s\n}\n",
     "1:17: warning: parameter z is not used\n1:31: warning: parameter h is not used\n1:42: warning: parameter k is "
     "not used\n1:61: warning: parameter c is not used\n2:15: warning: 'else' takes only '0': '*' applies to the whole "
     "read; write parentheses to say which is meant\n"},
    {"Elsetype",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i - 1] else "
     "k[i]\n}\n",
     "2:24: error: the value after 'else' is i32, but f32 is asked for: write f32(k[i])\n"},
    {"Bool",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] && true ? 1 : "
     "0\n}\n",
     "2:10: error: the left operand of '&&' is f32, but bool is asked for: write bool(x[i])\n"},
    {"Subs", "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[s]\n}\n",
     "2:12: error: a subscript is size or an integer, this one is f32\n"},
    {"Datarange",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = sum[j: "
     "0..size(k[i])](x[j])\n}\n",
     "2:25: error: the range of index j depends on data: use a range over sizes and a filter, sum[j: n where ...]\n"},
    {"Leftidx",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i: 3..n] = x[i]\n}\n",
     "2:9: error: an index on the left starts at 0: write 'i: n'\n"},
    {"Explicit",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i: m] = x[i]\n}\n",
     "2:8: error: index i runs over n (dimension 0 of y) and over m (its own range)\n"},
    {"Reserved",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  sum[i] = x[i]\n}\n",
     "2:3: error: 'sum' is a reserved word; expected a statement\n"},
    {"Fnname",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  exp[i] = x[i]\n y[i] = "
     "x[i]\n}\n",
     "2:3: error: definition exp has the name of a function\n"},
    {"Scalarread",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = s[i]\n}\n",
     "2:10: error: s is a scalar, not a tensor\n"},
    {"Resultdecl", "op f(x: f32[n]) -> y: f32[q] {\n  y[i] = x[i]\n}\n",
     "1:27: error: size q is not a dimension of an input\n"},
    {"Packres", "op f(x: f32[n]) -> y: f32[...b] {\n  y[i] = x[i]\n}\n",
     "1:27: error: pack ...b is not among the dimensions of an input\n"},
    {"Dflt", "op f(a: f32 = 1, x: f32[n]) -> y: f32[n] {\n  y[i] = x[i]\n}\n",
     "1:18: error: parameter x has no default, but one before it has: only the last parameters may\n"},
    {"Dfltneg", "op f(x: f32[n], a: size = -1) -> y: f32[n] {\n  y[i] = x[i]\n}\n",
     "1:27: error: the default of a is negative: a size parameter is at least 0\n"},
    {"Unktype", "op f(x: Q[n]) -> y: f32[n] {\n  y[i] = x[i]\n}\n",
     "1:9: error: unknown type Q: a type variable is declared by 'where Q in {...}'\n"},
    {"Sizet", "op f(x: size[n]) -> y: f32[n] {\n  y[i] = x[i]\n}\n",
     "1:9: error: a tensor of size is not possible: use i64\n"},
    {"Dup", "op f(x: f32[n], x: f32[n]) -> y: f32[n] {\n  y[i] = x[i]\n}\n", "1:17: error: x is declared twice\n"},
    {"Tvar", "op f(x: f32[n]) -> y: f32[n] where T in {f32} {\n  y[i] = x[i]\n}\n",
     "1:36: error: type variable T types no tensor parameter and no result\n"},
    {"Where", "op f(x: f32[n], e: f32) -> y: f32[n] where e > 0, n {\n  y[i] = x[i]\n}\n",
     "1:44: error: a condition of where depends on e: only sizes and size parameters are known at launch\n1:51: error: "
     "a condition of where is size, but bool is asked for: write bool(n)\n"},
    {"Wherenever", "op f(x: f32[n]) -> y: f32[n] where 1 > 2 {\n  y[i] = x[i]\n}\n",
     "1:36: error: nothing says which type the operands of '>' have: write a cast, as in f32(1)\n"},
    {"Combo", "op f(x: T[n]) -> y: T[n] where T in {f32, f16, i32} {\n  y[i] = x[i] + f32(1)\n}\n",
     "2:21: error: the operands of '+' are f16 and f32: write f16(f32(1))\n"},
    {"Combo2", "op f(x: T[n]) -> y: T[n] where T in {f32, i32} {\n  y[i] = exp(x[i])\n}\n",
     "2:10: error: exp is for floats, its argument is i32: write exp(f32(x[i]))\n"},
    {"Sumwarn", "op f(x: T[n]) -> y: T where T in {f32, f16} {\n  y = sum[i](x[i])\n}\n",
     "2:7: warning: a sum in f16 loses precision: write sum[...](acc(...))\n"},
    {"Unused", "op f(x: f32[n], q: f32) -> y: f32[n] {\n  t[i] = x[i]\n  y[i] = x[i]\n}\n",
     "1:17: warning: parameter q is not used\n2:3: warning: definition t is not used\n"},
    {"Fnrec", "fn a(v: f32) -> f32 = b(v)\nfn b(v: f32) -> f32 = a(v)\n",
     "1:23: error: fn b calls itself\n2:23: error: fn a calls itself\n"},
    {"Constrec", "const A: i32 = B\nconst B: i32 = A\n", "1:7: error: const A is defined by itself\n"},
    {"Const", "const N: u8 = 256\nconst M: f32 = 1 / 0\nconst E: i32 = 2.5\n",
     "1:15: error: the literal 256 does not fit u8 (0 to 255)\n3:16: error: the literal 2.5 is not an integer, but i32 "
     "is asked for\n"},
    {"Top",
     "foo\nop f(x: f32[n]) -> y: f32[n] { y[i] = x[i] + }\nop g(x: f32[n]) -> y: f32[n] { y[i] = x[i] + bar }\nkernel "
     "k\n",
     "1:1: error: expected 'op', 'fn', 'const', 'test' or 'import', found 'foo'\n2:46: error: expected an expression, "
     "found '}'\n3:46: error: unknown name bar\n4:1: error: 'kernel' is reserved: kernels are not part of version 1 of "
     "the language\n"},
    {"Test",
     "op g(a: T[m, k], q: T = 1) -> b: T[m, k] where T in {f32, f16} {\n  b[i, j] = a[i, j] * q\n}\ntest g(m: 1..4, k: "
     "4..4, z: 3) tol 1e-5\ntest g(m: 3, T in {f32, i32}, k in {1, 2, [3]}) with b in 0..1 tol {f32: -1}\ntest h() tol "
     "exact\ntest g(m: 1..9) tol exact\ntest g(m: k, k: 3) tol exact",
     "4:17: error: the range is empty: its end is not above its start\n4:26: error: g has no size, scalar or type "
     "z\n5:25: error: i32 is not one of the types of T\n5:43: error: k is not a pack: its values are no lists\n5:54: "
     "error: g has no tensor or scalar parameter b\n5:74: error: a tolerance is at least 0\n6:6: error: unknown "
     "operator h\n7:6: error: size k of g is not bound: write k: 1..100\n8:11: error: k has no value here: bind it "
     "before\n"},
    {"Chars",
     "op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] $ 2 }\n// \303\251\nop g(x: f32[n]) -> y: f32[n] { y[i] = x[i] + 1x + "
     ".5 + 1. }\nconst \303\251: f32 = 1\n",
     "1:44: error: unexpected character '$'\n3:47: error: 'x' directly after a number: a number has no suffix\n3:51: "
     "error: a number has a digit before its point: 0.5\n3:56: error: a number has a digit after its point: 1.0\n4:7: "
     "error: characters outside ASCII belong in comments only\n"},
    {"Kernel", "kernel foo\n", "1:1: error: 'kernel' is reserved: kernels are not part of version 1 of the language\n"},
    {"Fold",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + f32(1 / "
     "c)\n}\n",
     "1:17: warning: parameter z is not used\n1:31: warning: parameter h is not used\n1:42: warning: parameter k is "
     "not used\n1:53: warning: parameter s is not used\n"},
    {"Twopacks", "op f(x: f32[...a, ...b]) -> y: f32[...a] { y[...i] = x[...i] }\n",
     "1:19: error: a tensor has at most one pack of dimensions\n1:54: error: x has 2 dimensions (its pack counts as "
     "one), read with 1 subscript: write x[i, ...j]\n"},
    {"Packassize", "op f(x: f32[...b, n]) -> y: f32[b, n] { y[i, j] = 1 }\n",
     "1:33: error: b is a pack of dimensions: write ...b\n"},
    {"Packindex", "op f(x: f32[...b, n]) -> y: f32[...b, n] { y[...i, j] = x[...i, j] + f32(i) }\n",
     "1:74: error: i is a pack of indices, not a number: it stands as a subscript, ...i\n"},
    {"Packindex2", "op f(x: f32[...b, n]) -> y: f32[...b, n] { y[...i, j] = x[j, j] }\n",
     "1:59: error: dimension 0 of x is a pack: write ...i, an index over all of it\n"},
    {"Packindex3", "op f(x: f32[...b, n]) -> y: f32[...b, n] { y[i, j] = x[...i, j] }\n",
     "1:46: error: dimension 0 of y is a pack: write y[...i, j] = ...\n"},
    {"Packindex4", "op f(x: f32[...b, n]) -> y: f32[...b, n] { y[...i, j] = x[...q, j] }\n",
     "1:59: error: unknown index ...q\n"},
    {"Packindex5", "op f(x: f32[...b, n]) -> y: f32 { y = sum[...i](1 + 0) }\n",
     "1:43: error: index ...i has no range: no read has it as a subscript\n"},
    {"Packdisagree", "op f(x: f32[...a], z: f32[...b]) -> y: f32[...a] { y[...i] = x[...i] + z[...i] }\n",
     "1:74: error: index ...i runs over ...a (the pack of y) and over ...b (the pack of z)\n"},
    {"Packrange", "op f(x: f32[...a]) -> y: f32[...a] { y[...i: 3] = x[...i] }\n",
     "1:44: error: a pack of indices takes its range from what it reads, not from ':'\n"},
    {"Calledtype", "op f(f32: f32[n]) -> y: f32[n] { y[i] = f32[i] }\n",
     "1:6: error: parameter f32 has the name of a type\n"},
    {"Resultdefault", "op f(x: f32[n]) -> y: f32[n] = 1 { y[i] = x[i] }\n", "1:32: error: a result has no default\n"},
    {"Tensordefault", "op f(x: f32[n] = 1) -> y: f32[n] { y[i] = x[i] }\n",
     "1:18: error: a tensor has no default: only scalar parameters do\n"},
    {"Noresults", "op f(x: f32[n]) -> () { y[i] = x[i] }\n", "1:20: error: an op has at least one result\n"},
    {"Wheretype", "op f(x: T[n]) -> y: T[n] where T in {f32, foo, f32, size} { y[i] = x[i] }\n",
     "1:43: error: unknown type foo\n1:48: error: type f32 is listed twice\n1:53: error: a type variable cannot be "
     "size: use i64\n"},
    {"Wheretwice", "op f(x: T[n]) -> y: T[n] where T in {f32}, T in {f16} { y[i] = x[i] }\n",
     "1:44: error: type variable T is declared twice\n"},
    {"Optwice", "op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\nop f(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\n",
     "2:4: error: f is declared twice\n"},
    {"Opexp", "op exp(x: f32[n]) -> y: f32[n] { y[i] = x[i] }\nconst f16: f32 = 1\n",
     "1:4: error: exp is the name of a function of the language\n2:7: error: f16 is the name of a type of the "
     "language\n"},
    {"Sizeconst", "const N: f32 = 3\nop f(x: f32[N]) -> y: f32[N] { y[i] = x[i] }\n",
     "2:13: error: a dimension is f32, but size is asked for: write size(N)\n2:27: error: a dimension is f32, but size "
     "is asked for: write size(N)\n"},
    {"Dimbool", "op f(x: f32[true]) -> y: f32 { y = 1 }\n",
     "1:13: error: a dimension is bool, but size is asked for: write size(true)\n"},
    {"Dimread", "op f(x: f32[n], s: f32) -> y: f32[n + size(s)] { y[i] = x[i] }\n",
     "1:35: error: a dimension depends on s: only sizes and size parameters are known at launch\n"},
    {"Unbound", "op f(x: f32[2 * n]) -> y: f32[3] { y[i: 3] = x[0] }\n", "1:17: error: unknown name n\n"},
    {"Typevalue",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + f32\n}\n",
     "2:17: error: f32 is a type, not a value\n"},
    {"Fnvalue",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + exp\n}\n",
     "2:17: error: exp is a function: call it, exp(...)\n"},
    {"Calltensor",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x(i)\n}\n",
     "2:10: error: x is not a function: a tensor is read as x[...]\n"},
    {"Named",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = exp(v = x[i])\n}\n",
     "2:10: error: exp takes its arguments by position\n"},
    {"Selecttypes",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] > 0 ? x[i] : "
     "h[i]\n}\n",
     "2:28: error: the arms of '? :' are f32 and f16: write f32(h[i])\n"},
    {"Selectcond",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] ? 1 : 0\n}\n",
     "2:10: error: the condition of '? :' is f32, but bool is asked for: write bool(x[i])\n"},
    {"Notbool",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = !x[i] ? 1 : 0\n}\n",
     "2:11: error: the operand of '!' is f32, but bool is asked for: write bool(x[i])\n"},
    {"Negbool",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = f32(-(x[i] > "
     "0))\n}\n",
     "2:14: error: the operand of '-' is bool, but a number is asked for\n"},
    {"Filter",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = sum[j where "
     "x[j]](x[j])\n}\n",
     "2:22: error: the filter is f32, but bool is asked for: write bool(x[j])\n"},
    {"Anynum",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = any[j](x[j]) ? 1 : "
     "0\n}\n",
     "2:17: error: the operand of any is f32, but bool is asked for: write bool(x[j])\n"},
    {"Maxbool",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = max[j](x[j] > 0) ? "
     "1 : 0\n}\n",
     "2:17: error: the operand of max is bool, but a number is asked for: any and all are for bool\n"},
    {"Annotated",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i]: f16 = x[i]\n}\n",
     "2:9: error: y is declared f32, here it is f16\n"},
    {"Leftrank",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i, j] = x[i]\n}\n",
     "2:3: error: y is declared with 1 dimension, here it has 2: write y[i] = ...\n"},
    {"Leftnone", "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y = 1\n}\n",
     "2:3: error: y is declared with 1 dimension, here it has 0: write y[i] = ...\n"},
    {"Lefttwice",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  t[i, i] = z[i, i]\n  y[i] "
     "= x[i]\n}\n",
     "2:8: error: index i has the name of an index that is in use here\n2:18: error: index i runs over n (dimension 0 "
     "of z) and over m (dimension 1 of z)\n"},
    {"Leftdata",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i]\n  t[i: "
     "size(k[0])] = x[i]\n}\n",
     "3:8: error: the range of index i depends on k[0]: only sizes and size parameters are known at launch\n"},
    {"Elseneg",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i + 1] else "
     "-s\n}\n",
     "2:25: error: 'else' takes one primary: write parentheses, else (-...)\n"},
    {"Elsepack",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = ...i\n}\n",
     "2:10: error: a pack of indices stands as a whole subscript only, as in x[...i]\n"},
    {"Missing", "op f(x: f32[n]) -> (y: f32[n], z: f32[n]) { y[i] = x[i] }\n",
     "1:32: error: result z is not defined\n"},
    {"String",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = \"abc\n}\n",
     "2:10: error: the string has no closing '\"' on its line\n"},
    {"Importmissing", "import foo\n", "1:8: error: expected a string after 'import', found 'foo'\n"},
    {"Consttype", "const N: T = 1\n", "1:10: error: unknown type T\n"},
    {"Deepternary",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] > 0 ? 1\n}\n",
     "2:22: error: expected ':' of '? :' before the end of the line\n"},
    {"Fnonly", "fn g(v: f32) -> f32 = v\nop f(x: f32[n]) -> y: f32[n] { y[i] = x[i] * g }\n",
     "2:46: error: g is an fn: call it, g(...)\n"},
    {"Oponly", "op g(v: f32) -> y: f32 { y = v }\nop f(x: f32[n]) -> y: f32[n] { y[i] = x[i] * g }\n",
     "2:46: error: g is an operator: call it, g(...)\n"},
    {"Constcall", "const C: f32 = 1\nop f(x: f32[n]) -> y: f32[n] { y[i] = x[i] * C(1) }\n",
     "2:46: error: C is a const, not a function\n"},
    {"Unaryplus",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = +x[i]\n}\n",
     "2:10: error: expected an expression, found '+'\n"},
    {"Laterindex",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[t] = x[t]\n  t = s\n}\n",
     "2:5: error: index t has the name of a definition\n2:12: error: t is used before its definition\n"},
    {"Argmaxempty", "op f(x: f32[0]) -> y: i64 { y = i64(argmax[j](x[j])) }\n",
     "1:37: error: argmax over j: its range is empty (0..0)\n"},
    {"Sizenarrow", "op f(x: f32[n], s: u8 = 300, c: size = 99999999999999999999) -> y: f32[n] { y[i] = x[i] }\n",
     "1:25: error: the literal 300 does not fit u8 (0 to 255)\n1:40: error: the literal 99999999999999999999 does not "
     "fit size (-9223372036854775808 to 9223372036854775807)\n"},
    {"Elserange",
     "op f(x: f32[n], z: f32[n, m], h: f16[n], k: i32[n], s: f32, c: size) -> y: f32[n] {\n  y[i] = x[i] + sum[j](x[j] "
     "else 0)\n}\n",
     "1:17: warning: parameter z is not used\n1:31: warning: parameter h is not used\n1:42: warning: parameter k is "
     "not used\n1:53: warning: parameter s is not used\n1:61: warning: parameter c is not used\n"},
    {"Control", "op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] \001 }\n",
     "1:44: error: unexpected control character 0x01\n"},
    {"Dimtensor", "op f(x: f32[n], z: f32[x + n]) -> y: f32[z[0]] { y[i] = x[i] }\n",
     "1:24: error: x is a tensor of 1 dimension: read it as x[i]\n"},
    {"Dimself", "op f(x: f32[x]) -> y: f32[y] { y[i] = x[i] }\n",
     "1:13: error: x is a tensor, not a size\n1:27: error: y is a tensor, not a size\n"},
    {"Badhex", "const N: i32 = 0x\n", "1:16: error: a hexadecimal number needs digits after 0x\n"},
};

class Error : public ::testing::TestWithParam<Case> {};

TEST_P(Error, IsSaidAtItsPlace) { EXPECT_EQ(said(GetParam().text), GetParam().said); }

INSTANTIATE_TEST_SUITE_P(All, Error, ::testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(ErrorForm, PlaceLineCaretAndNotes) {
  Checked checked("op rows(x: f32[b, d], g: f32[n]) -> y: f32[b, d] {\n\ty[i, j] = x[i, j] * g[j]\n}\n");
  EXPECT_EQ(checked.diagnostics.print(),
            "t.tn:2:24: error: index j runs over d (dimension 1 of y) and over n (dimension 0 of g)\n"
            "\ty[i, j] = x[i, j] * g[j]\n\t                      ^\n"
            "t.tn:2:7: note: j runs over d here\n\ty[i, j] = x[i, j] * g[j]\n\t     ^\n");
}

TEST(ErrorForm, LongLinesAreCut) {
  Checked checked("// " + std::string(3000, 'a') + "\nop f(x: f32[n]) -> y: f32[n] { y[i] = x[i]" +
                  std::string(3000, ' ') + "$ }\n");
  EXPECT_LT(checked.diagnostics.print().size(), 600u);
}
