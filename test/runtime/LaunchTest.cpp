//===- LaunchTest.cpp - launches and all their checks --------------------------------------------===//
#include "RuntimeTest.h"

#include <array>
#include <cmath>
#include <numeric>

using namespace tenon::test;

TEST_F(HostTest, AddRunsForEveryType) {
  for (int64_t n : {0, 1, 63, 64, 65, 1000, 100003}) {
    std::vector<float> x(n), y(n), z(n, -1);
    std::iota(x.begin(), x.end(), 1.f);
    std::iota(y.begin(), y.end(), 10.f);
    Tensor tx(x, f32, {n}), ty(y, f32, {n}), tz(z, f32, {n});
    ASSERT_TN(launch("add", {tx, ty, tz}));
    ASSERT_TN(tnStreamSynchronize(nullptr));
    for (int64_t i = 0; i < n; ++i)
      ASSERT_EQ(z[i], x[i] + y[i]) << i;
  }
  std::vector<int32_t> x{1, 2}, y{3, 4}, z{0, 0};
  Tensor tx(x, i32, {2}), ty(y, i32, {2}), tz(z, i32, {2});
  ASSERT_TN(launch("add", {tx, ty, tz}));
  EXPECT_EQ(z, (std::vector<int32_t>{4, 6}));
}

TEST_F(HostTest, GridVisitsEveryGroupOnce) {
  for (auto [z, y, x] : {std::array<int64_t, 3>{1, 1, 1}, {2, 3, 5}, {7, 1, 311}, {3, 1000, 17}}) {
    std::vector<int8_t> like(z * y * x);
    std::vector<int64_t> g(z * y * x, -1);
    for (int repeat = 0; repeat < 3; ++repeat) {
      std::fill(g.begin(), g.end(), -1);
      Tensor tl(like, i8, {z, y, x}), tg(g, i64, {z, y, x});
      ASSERT_TN(launch("grid", {tl, tg}));
      for (int64_t i = 0; i < z * y * x; ++i)
        ASSERT_EQ(g[i], i % x + 1000 * (i / x % y) + 1000000 * (i / x / y));
    }
  }
}

TEST_F(HostTest, SizeMismatchNamesBothPlaces) {
  std::vector<float> m(100);
  Tensor a(m, f32, {2, 3}), b(m, f32, {4, 5}), c(m, f32, {2, 5});
  EXPECT_FAILS(launch("matmul", {a, b, c}), tnErrorShapeMismatch,
               "launch matmul: size k is 3 (dimension 1 of a) but 4 (dimension 0 of b)");
  std::vector<float> out(100);
  Tensor b2(m, f32, {3, 5}), c2(out, f32, {2, 6});
  EXPECT_FAILS(launch("matmul", {a, b2, c2}), tnErrorShapeMismatch,
               "launch matmul: size n is 5 (dimension 1 of b) but 6 (dimension 1 of c)");
  Tensor a1(m, f32, {6});
  EXPECT_FAILS(launch("matmul", {a1, b2, c2}), tnErrorShapeMismatch,
               "launch matmul: a has 1 dimensions, it must have 2 (a: f32[m, k])");
}

TEST_F(HostTest, MatmulWithZeroSizes) {
  std::vector<float> x(6, 1), y(15, 2), out(10, 9);
  Tensor a(x, f32, {2, 3}), b(y, f32, {3, 5}), c(out, f32, {2, 5});
  ASSERT_TN(launch("matmul", {a, b, c}));
  EXPECT_EQ(out, std::vector<float>(10, 6));
  Tensor a0(nullptr, f32, {2, 0}), b0(nullptr, f32, {0, 5});
  ASSERT_TN(launch("matmul", {a0, b0, c}));
  EXPECT_EQ(out, std::vector<float>(10, 0)); // an empty sum
  Tensor none(nullptr, f32, {0, 3}), cNone(nullptr, f32, {0, 5});
  ASSERT_TN(launch("matmul", {none, b, cNone}));
}

TEST_F(HostTest, TypesThatAreNotAccepted) {
  std::vector<double> d(4);
  std::vector<float> f(4), g(4);
  std::vector<int32_t> n(4);
  Tensor td(d, f64, {4}), tf(f, f32, {4}), tg(g, f32, {4}), tn(n, i32, {4});
  EXPECT_FAILS(launch("add", {td, tf, tg}), tnErrorTypeMismatch,
               "launch add: x is f64, accepted types are f32, i32 (x: T[n])");
  EXPECT_FAILS(
      launch("add", {tf, tn, tg}), tnErrorTypeMismatch,
      "launch add: types of (x, y, z) are (f32, i32, f32), accepted types are (f32, f32, f32), (i32, i32, i32)");
  tf.tensor.dtype.lanes = 4;
  EXPECT_FAILS(launch("add", {tf, tg, tg}), tnErrorTypeMismatch,
               "launch add: x is (code 2, 32 bits, 4 lanes), accepted types are f32, i32 (x: T[n])");
}

TEST_F(HostTest, NullArguments) {
  std::vector<float> x(4), y(4), z(4);
  Tensor tx(x, f32, {4}), ty(y, f32, {4}), tz(z, f32, {4});
  EXPECT_FAILS(launch("add", {tx, nullptr, tz}), tnErrorInvalidValue,
               "launch add: argument 1 is null, it must be a tensor (y: T[n])");
  EXPECT_FAILS(tnOpLaunch(op("add"), nullptr, nullptr), tnErrorInvalidValue, "launch add: args is null");
  ty.tensor.data = nullptr;
  EXPECT_FAILS(launch("add", {tx, ty, tz}), tnErrorInvalidTensor, "launch add: y has null data but 4 elements");
  ty.tensor.shape = nullptr;
  EXPECT_FAILS(launch("add", {tx, ty, tz}), tnErrorInvalidTensor, "launch add: y has 1 dimensions but a null shape");
  Tensor bad(x, f32, {-2});
  EXPECT_FAILS(launch("add", {bad, ty, tz}), tnErrorInvalidTensor, "launch add: dimension 0 of x is -2");
  bad.tensor.ndim = 17;
  EXPECT_FAILS(launch("add", {bad, ty, tz}), tnErrorInvalidTensor,
               "launch add: x has 17 dimensions, a tensor has 0 to 16");
  bad.tensor.ndim = -1;
  EXPECT_FAILS_WITH(launch("add", {bad, ty, tz}), tnErrorInvalidTensor, "x has -1 dimensions");
}

TEST_F(HostTest, StridesMustBeRowMajor) {
  std::vector<float> x(12, 1), y(12);
  Tensor tx(x, f32, {3, 4}), ty(y, f32, {3, 4});
  std::vector<int64_t> good{4, 1}, bad{1, 3}, wide{8, 1};
  tx.tensor.strides = good.data();
  EXPECT_TN(launch("scale", {tx, nullptr, ty}));
  tx.tensor.strides = bad.data();
  EXPECT_FAILS(launch("scale", {tx, nullptr, ty}), tnErrorInvalidTensor,
               "launch scale: x is not row-major: its stride of dimension 1 is 3 elements, it must be 1");
  tx.tensor.strides = wide.data();
  EXPECT_FAILS(launch("scale", {tx, nullptr, ty}), tnErrorInvalidTensor,
               "launch scale: x is not row-major: its stride of dimension 0 is 8 elements, it must be 4");
  // Extents of one and empty tensors have no strides to speak of.
  Tensor one(x, f32, {1, 4}), oneOut(y, f32, {1, 4}), empty(x, f32, {0, 4}), emptyOut(y, f32, {0, 4});
  std::vector<int64_t> any{77, 1}, nonsense{5, 9};
  one.tensor.strides = any.data();
  empty.tensor.strides = nonsense.data();
  EXPECT_TN(launch("scale", {one, nullptr, oneOut}));
  EXPECT_TN(launch("scale", {empty, nullptr, emptyOut}));
}

TEST_F(HostTest, PacksTakeAnyNumberOfDimensions) {
  for (std::vector<int64_t> dims : {std::vector<int64_t>{5}, {3, 5}, {2, 3, 5}, {0, 5}, {1, 2, 1, 3, 5}}) {
    int64_t count = 1;
    for (int64_t d : dims)
      count *= d;
    std::vector<float> x(count), y(count);
    std::iota(x.begin(), x.end(), 0.f);
    Tensor tx(x, f32, dims), ty(y, f32, dims);
    ASSERT_TN(launch("scale", {tx, nullptr, ty}));
    for (int64_t i = 0; i < count; ++i)
      EXPECT_EQ(y[i], 2 * x[i]);
  }
  std::vector<float> x(24), y(24);
  Tensor tx(x, f32, {2, 3, 4}), ty(y, f32, {3, 2, 4}), flat(y, f32, {6, 4}), scalar(y, f32, {});
  EXPECT_FAILS(launch("scale", {tx, nullptr, ty}), tnErrorShapeMismatch,
               "launch scale: dimensions ...b are [2, 3] in x but [3, 2] in y");
  EXPECT_FAILS(launch("scale", {tx, nullptr, flat}), tnErrorShapeMismatch,
               "launch scale: dimensions ...b are [2, 3] in x but [6] in y");
  EXPECT_FAILS(launch("scale", {scalar, nullptr, ty}), tnErrorShapeMismatch,
               "launch scale: x has 0 dimensions, it must have at least 1 (x: f32[...b, d])");
}

TEST_F(HostTest, ScalarsComeByPointerOrDefault) {
  std::vector<float> x{1, 2}, y(2);
  Tensor tx(x, f32, {2}), ty(y, f32, {2});
  float s = 5;
  ASSERT_TN(launch("scale", {tx, &s, ty}));
  EXPECT_EQ(y, (std::vector<float>{5, 10}));
  ASSERT_TN(launch("scale", {tx, nullptr, ty}));
  EXPECT_EQ(y, (std::vector<float>{2, 4}));
  EXPECT_FAILS(launch("head", {tx, nullptr, ty}), tnErrorInvalidValue,
               "launch head: argument 1 is null, but keep has no default (keep: size)");
}

TEST_F(HostTest, ScalarsOfEveryTypeAreWidened) {
  uint8_t b = 7;
  int8_t s8 = -8;
  int16_t s16 = -1600;
  int32_t s32 = -320000;
  uint8_t w8 = 200;
  uint16_t w16 = 60000;
  uint32_t w32 = 2000000000;
  int64_t s64 = -(int64_t(1) << 40);
  uint64_t w64 = uint64_t(1) << 50;
  uint16_t half = 0xc100, brain = 0xbf40; // -2.5, -0.75
  float single = 1.25f;
  double wide = 3.5;
  std::vector<double> out(13);
  Tensor to(out, f64, {13});
  std::vector<void *> args{&b, &s8, &s16, &s32, &w8, &w16, &w32, &s64, &w64, &half, &brain, &single, &wide, to};
  ASSERT_TN(launch("scalars", args));
  EXPECT_EQ(out, (std::vector<double>{1, -8, -1600, -320000, 200, 60000, 2000000000, -std::pow(2, 40), std::pow(2, 50),
                                      -2.5, -0.75, 1.25, 3.5}));
  half = 0x0001; // the smallest subnormal
  ASSERT_TN(launch("scalars", args));
  EXPECT_EQ(out[9], std::pow(2, -24));
}

TEST_F(HostTest, BoolIsCodeSixOrUInt8) {
  std::vector<uint8_t> b{0, 1, 1}, c(3);
  Tensor tb(b, boolean, {3}), tu(b, u8, {3}), tc(c, boolean, {3}), bytes(b, i8, {3});
  ASSERT_TN(launch("negate", {tb, tc}));
  EXPECT_EQ(c, (std::vector<uint8_t>{1, 0, 0}));
  ASSERT_TN(launch("negate", {tu, tc}));
  EXPECT_FAILS_WITH(launch("negate", {bytes, tc}), tnErrorTypeMismatch, "b is i8, accepted types are bool");
}

TEST_F(HostTest, ScalarTensors) {
  std::vector<float> x{4}, y{0};
  Tensor tx(x, f32, {}), ty(y, f32, {});
  ASSERT_TN(launch("first", {tx, ty}));
  EXPECT_EQ(y[0], 4);
}

TEST_F(HostTest, MisalignedDataIsAnError) {
  alignas(8) char memory[64] = {};
  std::vector<float> y(4), z(4);
  Tensor tx(memory + 2, f32, {4}), ty(y, f32, {4}), tz(z, f32, {4});
  EXPECT_FAILS_WITH(launch("add", {tx, ty, tz}), tnErrorMisalignedAddress,
                    "which is not a multiple of its element's 4 bytes");
  // Alignment to the element is enough, and the byte offset counts.
  Tensor odd(memory, f32, {4});
  odd.tensor.byte_offset = 4;
  EXPECT_TN(launch("add", {odd, ty, tz}));
  odd.tensor.byte_offset = 6;
  EXPECT_FAILS_WITH(launch("add", {odd, ty, tz}), tnErrorMisalignedAddress, "x is at 0x");
  odd.tensor.byte_offset = UINT64_MAX - 3;
  EXPECT_FAILS_WITH(launch("add", {odd, ty, tz}), tnErrorInvalidTensor, "past the end of the address space");
}

TEST_F(HostTest, ResultsMayBeAnInputOnlyWhereThePlanSaysSo) {
  std::vector<float> x{1, 2, 3, 4, 5}, y{1, 1, 1, 1, 1};
  Tensor tx(x, f32, {4}), ty(y, f32, {4}), shifted(x.data() + 1, f32, {4});
  ASSERT_TN(launch("add", {tx, ty, tx})); // z is x: allowed
  EXPECT_EQ(x, (std::vector<float>{2, 3, 4, 5, 5}));
  EXPECT_FAILS_WITH(launch("add", {tx, ty, ty}), tnErrorOverlap, "launch add: result z (16 bytes at");
  EXPECT_FAILS_WITH(launch("add", {tx, ty, shifted}), tnErrorOverlap, "they may be exactly the same memory");
  EXPECT_EQ(x, (std::vector<float>{2, 3, 4, 5, 5}));
  Tensor touching(x.data() + 4, f32, {1}), one(x, f32, {1}), oneY(y, f32, {1});
  EXPECT_TN(launch("add", {one, oneY, touching}));
}

TEST_F(HostTest, DeviceOfTensorMustBeTheModules) {
  std::vector<float> x(4), y(4), z(4);
  Tensor tx(x, f32, {4}), ty(y, f32, {4}), tz(z, f32, {4});
  EXPECT_EQ(tx.tensor.device.device_type, kDLCPU);
  tx.tensor.device = {kDLCUDA, 3};
  EXPECT_FAILS(launch("add", {tx, ty, tz}), tnErrorWrongDevice,
               "launch add: x is on DLPack device {2, 3}, the launch is on host, which is {1, 0}");
  tx.tensor.device = {kDLExtDev, 0}; // host's number here
  EXPECT_TN(launch("add", {tx, ty, tz}));
  tx.tensor.device = {kDLExtDev, 1};
  EXPECT_FAILS_WITH(launch("add", {tx, ty, tz}), tnErrorWrongDevice, "{12, 1}");
}

TEST_F(HostTest, TensorsThatLeaveTheirAllocation) {
  void *p = nullptr;
  ASSERT_TN(tnMalloc(&p, 64));
  std::vector<float> y(32), z(32);
  Tensor tx(p, f32, {16}), ty(y, f32, {16}), tz(z, f32, {16}), large(p, f32, {17}), y17(y, f32, {17}),
      z17(z, f32, {17});
  EXPECT_TN(launch("add", {tx, ty, tz}));
  EXPECT_FAILS_WITH(launch("add", {large, y17, z17}), tnErrorInvalidTensor, "x needs 68 bytes");
  EXPECT_TN(tnFree(p));
}

TEST_F(HostTest, ConditionsAndResultSizes) {
  std::vector<float> x(8, 3), y(8);
  Tensor tx(x, f32, {8}), y6(y, f32, {6}), y5(y, f32, {5});
  int64_t keep = 2;
  ASSERT_TN(launch("head", {tx, &keep, y6}));
  EXPECT_FAILS(launch("head", {tx, &keep, y5}), tnErrorShapeMismatch,
               "launch head: dimension 0 of y is 5, it must be 6 (y: f32[n - keep])");
  keep = 5;
  EXPECT_FAILS(launch("head", {tx, &keep, y5}), tnErrorCheckFailed,
               "launch head: keep <= 4 does not hold: keep is 5, n is 8, {2} stays");
  keep = -1;
  EXPECT_FAILS(launch("head", {tx, &keep, y5}), tnErrorInvalidValue,
               "launch head: size parameter keep is -1, it must be at least 0");
  keep = 4;
  Tensor x3(x, f32, {3}), y0(y, f32, {0});
  EXPECT_FAILS(launch("head", {x3, &keep, y0}), tnErrorShapeMismatch,
               "launch head: dimension 0 of y comes out as -1 (y: f32[n - keep])");
}

TEST_F(HostTest, PlansBranchLoopAndUseWorkspace) {
  std::vector<float> x{1, 2, 3, 4}, y(4);
  Tensor tx(x, f32, {4}), ty(y, f32, {4});
  ASSERT_TN(launch("steps", {tx, nullptr, ty})); // 0+1 + 10+11 + 20+21
  EXPECT_EQ(y, (std::vector<float>{64, 65, 66, 67}));
  int64_t count = 0;
  ASSERT_TN(launch("steps", {tx, &count, ty}));
  EXPECT_EQ(y, x);
  count = 1;
  ASSERT_TN(launch("steps", {tx, &count, ty}));
  EXPECT_EQ(y, (std::vector<float>{2, 3, 4, 5}));
  Tensor x2(x, f32, {2}), y2(y, f32, {2});
  ASSERT_TN(launch("steps", {x2, nullptr, y2})); // the branch without workspace
  EXPECT_EQ(y[0], 1);
  count = int64_t(1) << 40;
  EXPECT_FAILS_WITH(launch("steps", {tx, &count, ty}), tnErrorInvalidPackage, "the plan has more than");
}

TEST_F(HostTest, WorkspaceSizeIsWhatALaunchTakes) {
  Tensor tx(nullptr, f32, {1000}), ty(nullptr, f32, {1000});
  std::vector<void *> args{tx, nullptr, ty};
  size_t bytes = 0;
  ASSERT_TN(tnOpGetWorkspaceSize(&bytes, op("steps"), args.data()));
  EXPECT_EQ(bytes, 256u + 4096u);
  args[2] = nullptr; // results are not needed
  ASSERT_TN(tnOpGetWorkspaceSize(&bytes, op("steps"), args.data()));
  EXPECT_EQ(bytes, 256u + 4096u);
  Tensor huge(nullptr, f32, {int64_t(1) << 61});
  args[0] = huge;
  EXPECT_FAILS_WITH(tnOpGetWorkspaceSize(&bytes, op("steps"), args.data()), tnErrorInvalidValue, "64 bits");
  Tensor large(nullptr, f32, {int64_t(1) << 55});
  args[0] = large;
  EXPECT_FAILS_WITH(tnOpGetWorkspaceSize(&bytes, op("steps"), args.data()), tnErrorMemoryAllocation, "out of memory");
}

TEST_F(HostTest, FaultsComeBackAtTheNextSynchronisingCall) {
  std::vector<float> x{1, 2, 3}, y(2);
  std::vector<int32_t> ids{2, 0}, below{0, -1}, above{3, 0};
  Tensor tx(x, f32, {3}), good(ids, i32, {2}), low(below, i32, {2}), high(above, i32, {2}), ty(y, f32, {2});
  ASSERT_TN(launch("gather", {tx, good, ty}));
  ASSERT_TN(tnStreamSynchronize(nullptr));
  EXPECT_EQ(y, (std::vector<float>{3, 1}));
  ASSERT_TN(launch("gather", {tx, low, ty}));
  EXPECT_FAILS(tnStreamSynchronize(nullptr), tnErrorKernelFault, "launch gather: x[ids[i]] is read below 0");
  EXPECT_TN(tnStreamSynchronize(nullptr)); // reported once
  ASSERT_TN(launch("gather", {tx, high, ty}));
  EXPECT_FAILS(tnDeviceSynchronize(), tnErrorKernelFault, "launch gather: x[ids[i]] is read past its end");
  // An event knows the faults before it, not those after.
  tnEvent_t event;
  ASSERT_TN(tnEventCreate(&event));
  ASSERT_TN(tnEventRecord(event, nullptr));
  ASSERT_TN(launch("gather", {tx, high, ty}));
  EXPECT_TN(tnEventSynchronize(event));
  ASSERT_TN(tnEventRecord(event, nullptr));
  EXPECT_EQ(tnEventSynchronize(event), tnErrorKernelFault);
  ASSERT_TN(tnEventDestroy(event));
  // More faults than slots.
  for (int i = 0; i < 1000; ++i)
    ASSERT_TN(launch("gather", {tx, i == 500 ? low : good, ty}));
  EXPECT_EQ(tnStreamSynchronize(nullptr), tnErrorKernelFault);
  EXPECT_TN(tnStreamSynchronize(nullptr));
}

TEST_F(HostTest, VariantsThatDoNotFitAreNamed) {
  std::vector<float> x(16, 1), y(16);
  Tensor tx(x, f32, {16}), ty(y, f32, {16}), x8(x, f32, {8}), y8(y, f32, {8});
  EXPECT_TN(launch("ranged", {x8, y8}));
  EXPECT_FAILS(launch("ranged", {tx, ty}), tnErrorIndexRange,
               "launch ranged: no variant runs on host: host-test: n is 16, this code takes 8");
  EXPECT_FAILS(launch("nowhere", {tx, ty}), tnErrorNoVariant,
               "launch nowhere: no variant runs on host: opencl-test is opencl code, the device takes host");
}

TEST_F(HostTest, InferShapes) {
  int64_t shape[16] = {};
  DLTensor result = {};
  result.shape = shape;
  Tensor tx(nullptr, f32, {2, 3, 4});
  std::vector<void *> args{tx, nullptr, &result};
  ASSERT_TN(tnOpInferShapes(op("scale"), args.data()));
  EXPECT_EQ(result.ndim, 3);
  EXPECT_EQ(std::vector<int64_t>(shape, shape + 3), (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(result.dtype.code, kDLFloat);
  EXPECT_EQ(result.dtype.bits, 32);

  Tensor a(nullptr, i32, {7}), b(nullptr, i32, {7});
  args = {a, b, &result};
  ASSERT_TN(tnOpInferShapes(op("add"), args.data()));
  EXPECT_EQ(result.ndim, 1);
  EXPECT_EQ(shape[0], 7);
  EXPECT_EQ(result.dtype.code, kDLInt);

  Tensor flat(nullptr, f32, {9});
  int64_t keep = 2;
  args = {flat, &keep, &result};
  ASSERT_TN(tnOpInferShapes(op("head"), args.data()));
  EXPECT_EQ(shape[0], 7);
  Tensor tiny(nullptr, f32, {1});
  args[0] = tiny;
  EXPECT_FAILS_WITH(tnOpInferShapes(op("head"), args.data()), tnErrorShapeMismatch, "comes out as -1");
  result.shape = nullptr;
  EXPECT_FAILS_WITH(tnOpInferShapes(op("head"), args.data()), tnErrorInvalidValue, "y has a null shape");
}

TEST_F(HostTest, Params) {
  int count = 0;
  ASSERT_TN(tnOpGetParamCount(&count, op("scale")));
  ASSERT_EQ(count, 3);
  tnOpParam p;
  ASSERT_TN(tnOpGetParam(&p, op("scale"), 0));
  EXPECT_STREQ(p.name, "x");
  EXPECT_STREQ(p.text, "x: f32[...b, d]");
  EXPECT_EQ(p.kind, tnOpParamTensor);
  EXPECT_EQ(p.minDims, 1);
  EXPECT_EQ(p.hasPack, 1);
  ASSERT_TN(tnOpGetParam(&p, op("scale"), 1));
  EXPECT_EQ(p.kind, tnOpParamScalar);
  EXPECT_EQ(p.hasDefault, 1);
  ASSERT_TN(tnOpGetParam(&p, op("add"), 2));
  EXPECT_EQ(p.isResult, 1);
  ASSERT_EQ(p.numTypes, 2);
  EXPECT_EQ(p.types[1].code, kDLInt);
  EXPECT_FAILS(tnOpGetParam(&p, op("add"), 3), tnErrorInvalidValue, "index is 3, add has 3 parameters");
}

TEST_F(HostTest, Modules) {
  tnOp_t o = nullptr;
  EXPECT_FAILS_WITH(tnModuleGetOp(&o, module, "sub"), tnErrorSymbolNotFound,
                    "no operator 'sub' in the module; it has add, matmul,");
  tnFunction_t f = nullptr;
  EXPECT_FAILS(tnModuleGetFunction(&f, module, "sub"), tnErrorSymbolNotFound, "no kernel 'sub' in the module");
  tnModule_t none = nullptr;
  EXPECT_FAILS_WITH(tnModuleLoad(&none, "/no/such/file.tnb"), tnErrorFileNotFound, "cannot open /no/such/file.tnb");
  EXPECT_EQ(none, nullptr);
  o = op("add");
  ASSERT_TN(tnModuleUnload(module));
  std::vector<float> x(4);
  Tensor tx(x, f32, {4});
  std::vector<void *> args{tx, tx, tx};
  EXPECT_FAILS_WITH(tnOpLaunch(o, args.data(), nullptr), tnErrorInvalidResourceHandle, "its module is unloaded");
  EXPECT_EQ(tnModuleUnload(module), tnErrorInvalidResourceHandle);
  module = nullptr;
}

TEST_F(HostTest, SingleKernels) {
  tnFunction_t f = nullptr;
  ASSERT_TN(tnModuleGetFunction(&f, module, "add_f32"));
  std::vector<float> x(100, 1), y(100, 2), z(100);
  void *px = x.data(), *py = y.data(), *pz = z.data();
  int64_t n = 100;
  void *args[] = {&px, &py, &pz, &n};
  ASSERT_TN(tnLaunchKernel(f, {2, 1, 1}, {1, 1, 1}, args, 0, nullptr));
  ASSERT_TN(tnStreamSynchronize(nullptr));
  EXPECT_EQ(z, std::vector<float>(100, 3));
  EXPECT_FAILS(tnLaunchKernel(f, {2, 1, 1}, {64, 1, 1}, args, 0, nullptr), tnErrorInvalidConfiguration,
               "launch add_f32: a block of 64x1x1, the kernel is compiled for 1x1x1");
  EXPECT_FAILS_WITH(tnLaunchKernel(f, {0, 1, 1}, {1, 1, 1}, args, 0, nullptr), tnErrorInvalidConfiguration,
                    "0 groups in x");
  EXPECT_FAILS_WITH(tnLaunchKernel(f, {2, 1, 1}, {1, 1, 1}, args, 100, nullptr), tnErrorInvalidConfiguration,
                    "100 bytes of workgroup memory, device has 0");
  args[1] = nullptr;
  EXPECT_FAILS(tnLaunchKernel(f, {2, 1, 1}, {1, 1, 1}, args, 0, nullptr), tnErrorInvalidValue,
               "launch add_f32: argument 1 of 4 is null");
}

TEST_F(NullTest, OnlyDeviceMemoryIsTaken) {
  std::vector<float> x(4);
  void *p = nullptr, *q = nullptr, *pinned = nullptr;
  ASSERT_TN(tnMalloc(&p, 1024));
  ASSERT_TN(tnMalloc(&q, 16));
  ASSERT_TN(tnMallocHost(&pinned, 64));
  Tensor own(p, f32, {4}), hostly(x, f32, {4}), out(q, f32, {4}), held(pinned, f32, {4});
  Tensor inner(static_cast<char *>(p) + 512, f32, {4});
  EXPECT_EQ(own.tensor.device.device_type, kDLExtDev);
  EXPECT_EQ(own.tensor.device.device_id, 1);
  EXPECT_TN(launch("add", {own, inner, out})); // pointers with arithmetic
  EXPECT_FAILS_WITH(launch("add", {hostly, own, out}), tnErrorWrongDevice, "which is no device memory of null");
  EXPECT_FAILS_WITH(launch("add", {held, own, out}), tnErrorWrongDevice, "which is no device memory of null");
  Tensor large(q, f32, {5}), five(p, f32, {5});
  EXPECT_FAILS_WITH(launch("add", {five, five, large}), tnErrorInvalidTensor, "its allocation has 16 left");
  ASSERT_TN(tnSetDeviceByName("host"));
  std::vector<void *> args{own, inner, out};
  EXPECT_FAILS(tnOpLaunch(op("add"), args.data(), nullptr), tnErrorInvalidResourceHandle,
               "launch add: the stream is of host, the module is loaded on null");
  ASSERT_TN(tnFree(p));
  ASSERT_TN(tnFree(q));
  ASSERT_TN(tnFreeHost(pinned));
}
