//===- IntegerTest.cpp - integers, bool and conversions ---------------------===//
#include "Given.h"

using namespace tenon;
using namespace tenon::testing;

static Integers apply(DType type, const std::string &expression, Integers a, Integers b) {
  std::string text = std::string("op f(a: ") + getName(type) + "[n], b: " + getName(type) +
                     "[n]) -> y: " + getName(type) + "[n] { y[i] = " + expression + " }";
  int64_t n = a.size();
  return Given(text).size("n", n).tensor("a", a).tensor("b", b).integers();
}

TEST(Integer, WrapsInItsOwnType) {
  EXPECT_EQ(apply(DType::I8, "a[i] + b[i]", {127, -128}, {1, -1}), (Integers{-128, 127}));
  EXPECT_EQ(apply(DType::U8, "a[i] + b[i]", {255, 0}, {2, 0}), (Integers{1, 0}));
  EXPECT_EQ(apply(DType::U8, "a[i] - b[i]", {0}, {1}), (Integers{255}));
  EXPECT_EQ(apply(DType::I16, "a[i] * b[i]", {300}, {300}), (Integers{24464}));
  EXPECT_EQ(apply(DType::I32, "a[i] * b[i]", {65536}, {65536}), (Integers{0}));
  EXPECT_EQ(apply(DType::I64, "-a[i] + b[i] * 0", {INT64_MIN}, {0}), (Integers{INT64_MIN}));
}

TEST(Integer, DividesWithoutTraps) {
  EXPECT_EQ(apply(DType::I32, "a[i] / b[i]", {7, -7, 7, 5}, {2, 2, -2, 0}), (Integers{3, -3, -3, 0}));
  EXPECT_EQ(apply(DType::I32, "a[i] % b[i]", {7, -7, 7, 5}, {2, 2, -2, 0}), (Integers{1, -1, 1, 5}));
  EXPECT_EQ(apply(DType::I32, "a[i] / b[i]", {INT32_MIN}, {-1}), (Integers{INT32_MIN}));
  EXPECT_EQ(apply(DType::I32, "a[i] % b[i]", {INT32_MIN}, {-1}), (Integers{0}));
  EXPECT_EQ(apply(DType::I64, "a[i] / b[i]", {INT64_MIN}, {-1}), (Integers{INT64_MIN}));
  EXPECT_EQ(apply(DType::U64, "a[i] / b[i]", {-1}, {2}), (Integers{INT64_MAX}));
  EXPECT_EQ(apply(DType::U64, "a[i] % b[i]", {-1}, {10}), (Integers{5}));
}

TEST(Integer, ShiftsByAnyCount) {
  EXPECT_EQ(apply(DType::I8, "a[i] << b[i]", {1, 1, 1, 3}, {7, 8, -1, 1}), (Integers{-128, 0, 0, 6}));
  EXPECT_EQ(apply(DType::I8, "a[i] >> b[i]", {-128, -128, 64, 64, -5}, {1, 8, 9, 2, -3}),
            (Integers{-64, -1, 0, 16, -1}));
  EXPECT_EQ(apply(DType::U32, "a[i] >> b[i]", {4294967295, 8}, {31, 32}), (Integers{1, 0}));
}

TEST(Integer, Functions) {
  EXPECT_EQ(apply(DType::I8, "abs(a[i]) + b[i]", {-128, -5}, {0, 0}), (Integers{-128, 5}));
  EXPECT_EQ(apply(DType::I32, "sign(a[i]) * b[i]", {-9, 0, 4}, {1, 1, 1}), (Integers{-1, 0, 1}));
  EXPECT_EQ(apply(DType::U64, "max(a[i], b[i])", {-1, 3}, {1, 4}), (Integers{-1, 4}));
  EXPECT_EQ(apply(DType::I16, "clz(a[i]) + ctz(b[i])", {0, 1}, {0, 8}), (Integers{32, 18}));
  EXPECT_EQ(apply(DType::I8, "popcount(a[i]) + b[i]", {-1, 5}, {0, 0}), (Integers{8, 2}));
  EXPECT_EQ(apply(DType::I32, "clamp(a[i], b[i], 3)", {5, -9, 2}, {0, 0, 0}), (Integers{3, 0, 2}));
}

TEST(Convert, FloatToIntegerSaturates) {
  auto cast = [](const std::string &type, Reals x) {
    int64_t n = x.size();
    return Given("op f(x: f32[n]) -> y: " + type + "[n] { y[i] = " + type + "(x[i]) }")
        .size("n", n)
        .tensor("x", x)
        .integers();
  };
  EXPECT_EQ(cast("i8", {1.9, -1.9, 200, -200, NAN, INFINITY}), (Integers{1, -1, 127, -128, 0, 127}));
  EXPECT_EQ(cast("u8", {-3, 255.5, 1e9}), (Integers{0, 255, 255}));
  EXPECT_EQ(cast("i64", {1e30, -1e30}), (Integers{INT64_MAX, INT64_MIN}));
  EXPECT_EQ(cast("u64", {1e30, 1.5}), (Integers{-1, 1}));
  EXPECT_EQ(cast("bool", {0, -0.0, 0.5, NAN}), (Integers{0, 0, 1, 1}));
}

TEST(Convert, IntegerToFloatRoundsToEven) {
  EXPECT_EQ(Given("op f(x: i32[n]) -> y: f32[n] { y[i] = f32(x[i]) }")
                .size("n", 3)
                .tensor("x", Integers{16777217, 16777219, -5})
                .reals(),
            (Reals{16777216, 16777220, -5}));
  EXPECT_EQ(Given("op f(x: u64[n]) -> y: f64[n] { y[i] = f64(x[i]) }").size("n", 1).tensor("x", Integers{-1}).reals(),
            (Reals{0x1p64}));
  EXPECT_EQ(
      Given("op f(x: i32[n]) -> y: i8[n] { y[i] = i8(x[i]) }").size("n", 2).tensor("x", Integers{300, -129}).integers(),
      (Integers{44, 127}));
}

TEST(Convert, MemoryAndBack) {
  for (DType type : {DType::F16, DType::BF16, DType::F32, DType::F64}) {
    oracle::TensorValues values;
    values.type = type;
    values.real = {0, 1, -2.5, INFINITY, -INFINITY, roundTo(type, 1e-7), roundTo(type, 3.14159), roundTo(type, 60000)};
    values.shape = {8};
    std::vector<uint8_t> bytes = oracle::toBytes(values);
    EXPECT_EQ(oracle::fromBytes(type, {8}, bytes.data()).real, values.real) << getName(type);
  }
  const uint16_t half[] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x7c00};
  EXPECT_EQ(oracle::fromBytes(DType::F16, {6}, half).real, (Reals{1, -2, 65504, 0x1p-24, 1023 * 0x1p-24, INFINITY}));
  const int8_t bytes[] = {-1, 127};
  EXPECT_EQ(oracle::fromBytes(DType::I8, {2}, bytes).integer, (Integers{-1, 127}));
  EXPECT_EQ(oracle::fromBytes(DType::U8, {2}, bytes).integer, (Integers{255, 127}));
}
