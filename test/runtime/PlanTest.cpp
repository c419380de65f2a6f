//===- PlanTest.cpp - expressions of plans -----------------------------------------------------------===//
#include "core/Plan.h"
#include "RuntimeTest.h"

using namespace tenon;
using namespace tenon::test;
using Op = pk::ExprOp;

namespace {

// Evaluates one operation on constants; the error's message where it has no value.
struct PlanTest : testing::Test {
  Status evaluate(const Exprs &exprs, int64_t &value) {
    InstanceDesc instance;
    instance.exprs = exprs;
    ParamDesc x;
    x.name = "x";
    x.dims = {check(0)};
    instance.params = {x};
    TestPackage p;
    p.module(pk::Target::Host, "m", {1}, {});
    p.op("f", {instance});
    bytes = p.finish();
    DeviceInfo device;
    device.setProperty(pk::Property::ComputeUnits, 12);
    Values values;
    values.reset(*pk::GetPackage(bytes.data())->operators()->Get(0)->instances()->Get(0), device);
    values.evaluate();
    return values.get(exprs.list.size() - 1, value);
  }
  int64_t binary(Op op, int64_t a, int64_t b) {
    Exprs e;
    uint32_t x = e.constant(a), y = e.constant(b);
    e.add(op, x, y);
    int64_t value = -999;
    Status status = evaluate(e, value);
    EXPECT_TRUE(status.ok()) << status.message();
    return value;
  }
  std::string failure(Op op, int64_t a, int64_t b) {
    Exprs e;
    uint32_t x = e.constant(a), y = e.constant(b);
    e.add(op, x, y);
    int64_t value = 0;
    return evaluate(e, value).message();
  }
  std::vector<uint8_t> bytes;
};

} // namespace

TEST_F(PlanTest, Arithmetic) {
  EXPECT_EQ(binary(Op::Add, 2, 3), 5);
  EXPECT_EQ(binary(Op::Sub, 2, 3), -1);
  EXPECT_EQ(binary(Op::Mul, -4, 3), -12);
  EXPECT_EQ(binary(Op::FloorDiv, -7, 2), -4);
  EXPECT_EQ(binary(Op::FloorDiv, 7, 2), 3);
  EXPECT_EQ(binary(Op::FloorDiv, -8, 2), -4);
  EXPECT_EQ(binary(Op::CeilDiv, 7, 2), 4);
  EXPECT_EQ(binary(Op::CeilDiv, -7, 2), -3);
  EXPECT_EQ(binary(Op::CeilDiv, INT64_MAX, 64), (INT64_MAX - 63) / 64 + 1);
  EXPECT_EQ(binary(Op::Mod, -7, 4), 1);
  EXPECT_EQ(binary(Op::Mod, 7, 4), 3);
  EXPECT_EQ(binary(Op::Div, -7, 2), -3);
  EXPECT_EQ(binary(Op::Div, 7, 0), 0);
  EXPECT_EQ(binary(Op::Div, 7, -1), -7);
  EXPECT_EQ(binary(Op::Rem, -7, 4), -3);
  EXPECT_EQ(binary(Op::Rem, 7, 0), 7);
  EXPECT_EQ(binary(Op::Rem, INT64_MIN, -1), 0);
  EXPECT_EQ(binary(Op::Min, -2, 3), -2);
  EXPECT_EQ(binary(Op::Max, -2, 3), 3);
  EXPECT_EQ(binary(Op::Eq, 3, 3), 1);
  EXPECT_EQ(binary(Op::Ne, 3, 3), 0);
  EXPECT_EQ(binary(Op::Lt, 3, 3), 0);
  EXPECT_EQ(binary(Op::Le, 3, 3), 1);
  EXPECT_EQ(binary(Op::And, 2, 4), 1);
  EXPECT_EQ(binary(Op::Or, 0, 4), 1);
}

TEST_F(PlanTest, OverflowAndBadDivisorsAreErrors) {
  const char *overflow = "a number computed from the sizes does not fit in 64 bits";
  EXPECT_EQ(failure(Op::Add, INT64_MAX, 1), overflow);
  EXPECT_EQ(failure(Op::Sub, INT64_MIN, 1), overflow);
  EXPECT_EQ(failure(Op::Mul, int64_t(1) << 32, int64_t(1) << 31), overflow);
  EXPECT_EQ(failure(Op::Div, INT64_MIN, -1), overflow);
  const char *divisor = "a number computed from the sizes is divided by zero or a negative number";
  EXPECT_EQ(failure(Op::FloorDiv, 1, 0), divisor);
  EXPECT_EQ(failure(Op::CeilDiv, 1, -2), divisor);
  EXPECT_EQ(failure(Op::Mod, INT64_MIN, -1), divisor);
}

TEST_F(PlanTest, WhatIsNotTakenDoesNoHarm) {
  Exprs e;
  uint32_t zero = e.constant(0), one = e.constant(1), big = e.constant(INT64_MAX);
  uint32_t bad = e.add(Op::Add, big, one);
  Exprs select = e, conjunction = e, used = e;
  select.add(Op::Select, one, zero, bad);
  conjunction.add(Op::And, zero, bad);
  used.add(Op::Select, zero, zero, bad);
  int64_t value = -1;
  EXPECT_TRUE(evaluate(select, value).ok());
  EXPECT_EQ(value, 0);
  EXPECT_TRUE(evaluate(conjunction, value).ok());
  EXPECT_EQ(value, 0);
  EXPECT_FALSE(evaluate(used, value).ok());
  Exprs device;
  device.add(Op::Device, 0, 0, 0, static_cast<int64_t>(pk::Property::ComputeUnits));
  EXPECT_TRUE(evaluate(device, value).ok());
  EXPECT_EQ(value, 12);
  Exprs loop;
  loop.loop(0);
  EXPECT_EQ(evaluate(loop, value).code(), tnErrorInvalidPackage);
}
