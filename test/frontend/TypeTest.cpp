// Types of expressions, literals' types, casts and constant arithmetic.
#include "Check.h"
#include "Scalar.h"

#include <cmath>

using namespace tenon;
using namespace tenon::testing;

static const char *const names[] = {"bool", "i8",  "i16", "i32",  "i64", "u8", "u16",
                                    "u32",  "u64", "f16", "bf16", "f32", "f64"};

/// What is said of `y[i] = formula` with x of type X and y of type Y.
static std::string typed(const std::string &x, const std::string &y, const std::string &formula) {
  std::string text = said("op f(x: " + x + "[n]) -> y: " + y + "[n] { y[i] = " + formula + " }\n");
  return text.substr(0, text.find('\n'));
}

TEST(Type, NoImplicitConversion) {
  for (const char *x : names)
    for (const char *y : names) {
      std::string text = typed(x, y, "x[i]");
      if (std::string(x) == y)
        EXPECT_EQ(text, "");
      else
        EXPECT_NE(
            text.find(std::string(": error: y is ") + y + ", but its formula is " + x + ": write " + y + "(x[i])"),
            std::string::npos)
            << text;
      EXPECT_EQ(typed(x, y, std::string(y) + "(x[i])"), "");
    }
}

TEST(Type, OperatorsTakeTheTypesTheyAreFor) {
  for (const char *t : names) {
    bool isBool = t == std::string("bool"), isFloat = t[0] == 'f' || t[0] == 'b';
    isFloat &= !isBool;
    for (const char *op : {"+", "-", "*", "/"})
      EXPECT_EQ(typed(t, t, std::string("x[i] ") + op + " x[i]").empty(), !isBool) << t << op;
    for (const char *op : {"%", "<<", ">>"})
      EXPECT_EQ(typed(t, t, std::string("x[i] ") + op + " x[i]").empty(), !isBool && !isFloat) << t << op;
    for (const char *op : {"&", "|", "^"})
      EXPECT_EQ(typed(t, t, std::string("x[i] ") + op + " x[i]").empty(), !isFloat) << t << op;
    for (const char *op : {"==", "!="})
      EXPECT_EQ(typed(t, "bool", std::string("x[i] ") + op + " x[i]"), "") << t << op;
    for (const char *op : {"<", "<=", ">", ">="})
      EXPECT_EQ(typed(t, "bool", std::string("x[i] ") + op + " x[i]").empty(), !isBool) << t << op;
    for (const char *op : {"&&", "||"})
      EXPECT_EQ(typed(t, "bool", std::string("x[i] ") + op + " x[i]").empty(), isBool) << t << op;
    EXPECT_EQ(typed(t, t, "-x[i]").empty(), !isBool) << t;
    EXPECT_EQ(typed(t, t, "~x[i]").empty(), !isBool && !isFloat) << t;
    EXPECT_EQ(typed(t, t, "!x[i]").empty(), isBool) << t;
    for (const char *fn :
         {"exp",  "exp2", "expm1", "log",  "log2", "log1p", "sqrt", "rsqrt", "cbrt",  "sin",  "cos",   "tan",
          "asin", "acos", "atan",  "sinh", "cosh", "tanh",  "erf",  "erfc",  "floor", "ceil", "round", "trunc"})
      EXPECT_EQ(typed(t, t, std::string(fn) + "(x[i])").empty(), isFloat) << t << fn;
    for (const char *fn : {"isnan", "isinf", "isfinite"})
      EXPECT_EQ(typed(t, "bool", std::string(fn) + "(x[i])").empty(), isFloat) << t << fn;
    for (const char *fn : {"atan2", "pow", "copysign"})
      EXPECT_EQ(typed(t, t, std::string(fn) + "(x[i], x[i])").empty(), isFloat) << t << fn;
    EXPECT_EQ(typed(t, t, "fma(x[i], x[i], x[i])").empty(), isFloat) << t;
    for (const char *fn : {"abs", "sign"})
      EXPECT_EQ(typed(t, t, std::string(fn) + "(x[i])").empty(), !isBool) << t << fn;
    for (const char *fn : {"min", "max"})
      EXPECT_EQ(typed(t, t, std::string(fn) + "(x[i], x[i])").empty(), !isBool) << t << fn;
    EXPECT_EQ(typed(t, t, "clamp(x[i], x[i], x[i])").empty(), !isBool) << t;
    for (const char *fn : {"popcount", "clz", "ctz"})
      EXPECT_EQ(typed(t, t, std::string(fn) + "(x[i])").empty(), !isBool && !isFloat) << t << fn;
  }
}

TEST(Type, ReductionsKeepTypes) {
  for (const char *t : names) {
    std::string type = t;
    bool isBool = type == "bool";
    bool isNarrow = type == "f16" || type == "bf16" || type == "i8" || type == "u8" || type == "i16" || type == "u16";
    std::string text = typed(t, t, "sum[j](x[j])");
    EXPECT_EQ(text.empty(), !isBool && !isNarrow) << t << text;
    EXPECT_EQ(text.find("warning: a sum in " + type) != std::string::npos, isNarrow) << t << text;
    for (const char *kind : {"prod", "max", "min"})
      EXPECT_EQ(typed(t, t, std::string(kind) + "[j](x[j])").empty(), !isBool) << t << kind;
    for (const char *kind : {"argmax", "argmin"})
      EXPECT_EQ(typed(t, "i64", std::string("i64(") + kind + "[j: 3](x[i]))").empty(), !isBool) << t << kind;
    for (const char *kind : {"any", "all"})
      EXPECT_EQ(typed(t, "bool", std::string(kind) + "[j](x[j])").empty(), isBool) << t << kind;
  }
}

TEST(Type, AccIsTheAccumulator) {
  for (auto [from, to] : std::map<std::string, std::string>{{"f16", "f32"},
                                                            {"bf16", "f32"},
                                                            {"i8", "i32"},
                                                            {"i16", "i32"},
                                                            {"u8", "u32"},
                                                            {"u16", "u32"},
                                                            {"f32", "f32"},
                                                            {"f64", "f64"},
                                                            {"i32", "i32"},
                                                            {"i64", "i64"},
                                                            {"u32", "u32"},
                                                            {"u64", "u64"}})
    EXPECT_EQ(typed(from, to, "acc(x[i])"), "") << from;
}

TEST(Type, LiteralsTakeTheContext) {
  for (const char *formula :
       {"1", "x[i] + 1", "1 + (2 + (3 * x[i]))", "x[i] > 0 ? 1 : 2 - 1", "max(x[i], 0)", "sum[j: 3](1)",
        "clamp(1, 0, x[i])", "-1 + x[i]", "(x[i] else 0) + 1", "abs(1 - 2) * x[i]", "true ? 1 : x[i]"})
    for (const char *t : {"i8", "i32", "f16", "f64"}) {
      std::string text = typed(t, t, formula);
      EXPECT_TRUE(text.empty() || text.find("warning") != std::string::npos) << t << formula << text;
    }
  Made made("op f(x: f32[n]) -> y: f32[n] { y[i] = x[i] * f32(1 / 2) * f32(i32(1 / 2)) * f32(0x10) }\n");
  EXPECT_EQ(made.bodyOf("y"), "(((x[i#0] * f32((1:f32 / 2:f32))) * f32((1:i32 / 2:i32))) * 16:f32)");
}

TEST(Type, LiteralsMustFit) {
  struct Case {
    const char *type, *literal;
    bool fits;
  };
  for (auto [type, literal, fits] : {Case{"i8", "127", true},
                                     {"i8", "128", false},
                                     {"i8", "-128", true},
                                     {"i8", "-129", false},
                                     {"u8", "255", true},
                                     {"u8", "256", false},
                                     {"u8", "-1", false},
                                     {"u8", "-0", true},
                                     {"i16", "32768", false},
                                     {"u16", "65535", true},
                                     {"i32", "2147483647", true},
                                     {"i32", "2147483648", false},
                                     {"i32", "-2147483648", true},
                                     {"i64", "9223372036854775807", true},
                                     {"i64", "9223372036854775808", false},
                                     {"i64", "-9223372036854775808", true},
                                     {"u64", "18446744073709551615", true},
                                     {"u64", "18446744073709551616", false},
                                     {"u64", "0xffffffffffffffff", true},
                                     {"i32", "1.5", false},
                                     {"i32", "1e3", false},
                                     {"i32", "inf", false},
                                     {"u8", "nan", false},
                                     {"f16", "65504", true},
                                     {"f16", "65520", false},
                                     {"f32", "3.4e38", true},
                                     {"f32", "3.5e38", false},
                                     {"f32", "1e-45", true},
                                     {"f32", "1e-60", false},
                                     {"f64", "1e308", true},
                                     {"f64", "1e309", false},
                                     {"f64", "1e-400", false},
                                     {"bf16", "3e38", true},
                                     {"f32", "0e5", true},
                                     {"f32", "0.0", true},
                                     {"bool", "1", false},
                                     {"bool", "true", true},
                                     {"f32", "99999999999999999999999999", true},
                                     {"f32", "-inf", true}}) {
    std::string text = typed("f32", type, literal);
    bool isFine = text.empty() || text.find("parameter x is not used") != std::string::npos;
    EXPECT_EQ(isFine, fits) << type << " " << literal << " " << text;
  }
  EXPECT_EQ(typed("f32", "f32", std::string("x[i] + ") + std::string(5000, '9')).find("1:46: error: the literal 9999"),
            0u);
}

TEST(Type, LiteralsWithoutContext) {
  auto body = [](const std::string &text) { return said("op f(x: f32[n]) -> y: f32[n] {\n  " + text + "\n}\n"); };
  EXPECT_EQ(body("k = 1\n  y[i] = x[i]"), "2:3: error: nothing says which type k has: write k: f32 = ...\n");
  EXPECT_EQ(body("k: i32 = 1\n  y[i] = x[i] + f32(k)"), "");
  EXPECT_EQ(body("y[i] = 1 < 2 ? x[i] : 0"),
            "2:10: error: nothing says which type the operands of '<' have: write a cast, as in f32(1)\n");
  EXPECT_EQ(body("y[i] = x[i] + f32(argmax[j: 3](1))"),
            "2:34: error: nothing says which type 1 has: write a cast, as in f32(1)\n");
  EXPECT_EQ(body("y[i] = isnan(1) ? x[i] : 0"),
            "2:16: error: nothing says which type 1 has: write a cast, as in f32(1)\n");
}

TEST(Type, IndicesAndSizesAreSize) {
  EXPECT_EQ(typed("f32", "f32", "x[i] + f32(i) * f32(n)"), "");
  EXPECT_EQ(typed("f32", "f32", "x[i] + i"), "1:46: error: the operands of '+' are f32 and size: write f32(i)");
  EXPECT_EQ(typed("i64", "i64", "x[i] + i64(i % 3 + n / 2)"), "");
}

TEST(Type, RoundingAndBits) {
  EXPECT_EQ(roundTo(DType::F16, 65519), 65504);
  EXPECT_TRUE(std::isinf(roundTo(DType::F16, 65520)));
  EXPECT_EQ(roundTo(DType::F16, 2049), 2048);
  EXPECT_EQ(roundTo(DType::F16, 2051), 2052);
  EXPECT_EQ(roundTo(DType::F16, 0x1p-25), 0);
  EXPECT_EQ(roundTo(DType::F16, 0x1.8p-25), 0x1p-24);
  EXPECT_EQ(roundTo(DType::BF16, 257), 256);
  EXPECT_EQ(roundTo(DType::BF16, 259), 260);
  EXPECT_EQ(getBits(ScalarValue{DType::F16, 1.5, 0}), 0x3e00u);
  EXPECT_EQ(getBits(ScalarValue{DType::F16, -0x1p-24, 0}), 0x8001u);
  EXPECT_EQ(getBits(ScalarValue{DType::F16, 0x1p-14, 0}), 0x0400u);
  EXPECT_EQ(getBits(ScalarValue{DType::BF16, 1.5, 0}), 0x3fc0u);
  EXPECT_EQ(getBits(ScalarValue{DType::I8, 0, -1}), 0xffu);
  EXPECT_EQ(getBits(ScalarValue{DType::F64, -0.0, 0}), 0x8000000000000000u);
}

TEST(Type, CastsOfValues) {
  auto real = [](double value, DType type) { return castValue({DType::F64, value, 0}, type).integer; };
  EXPECT_EQ(real(-1.9, DType::I32), -1);
  EXPECT_EQ(real(300, DType::I8), 127);
  EXPECT_EQ(real(-300, DType::I8), -128);
  EXPECT_EQ(real(-1, DType::U8), 0);
  EXPECT_EQ(real(NAN, DType::I64), 0);
  EXPECT_EQ(real(INFINITY, DType::I64), INT64_MAX);
  EXPECT_EQ(real(INFINITY, DType::U64), -1);
  EXPECT_EQ(real(1e10, DType::U32), 0xffffffff);
  EXPECT_EQ(real(0.5, DType::Bool), 1);
  EXPECT_EQ(castValue({DType::I32, 0, 511}, DType::I8).integer, -1);
  EXPECT_EQ(castValue({DType::I64, 0, 16777217}, DType::F32).real, 16777216);
  EXPECT_EQ(castValue({DType::U64, 0, -1}, DType::F64).real, 0x1p64);
}
