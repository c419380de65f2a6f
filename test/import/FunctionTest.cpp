//===- FunctionTest.cpp - functions on tensors compute what they say ---------===//
#include "Run.h"

using namespace tenon;
using namespace tenon::test;

namespace {

using FunctionTest = Run;

const char *mlp = R"(
func.func @mlp(%x: tensor<XxSxf32>, %w: tensor<SxNxf32>, %b: tensor<Nxf32>) -> tensor<XxNxf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<XxSxf32>
  %n = tensor.dim %w, %c1 : tensor<SxNxf32>
  %e = tensor.empty(SIZES) : tensor<XxNxf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<XxNxf32>) -> tensor<XxNxf32>
  %p = linalg.matmul ins(%x, %w : tensor<XxSxf32>, tensor<SxNxf32>) outs(%f : tensor<XxNxf32>) -> tensor<XxNxf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
                                        affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%p, %b : tensor<XxNxf32>, tensor<Nxf32>) outs(%e : tensor<XxNxf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    %r = arith.maximumf %s, %z : f32
    linalg.yield %r : f32
  } -> tensor<XxNxf32>
  return %y : tensor<XxNxf32>
})";

std::string replaced(std::string text, const std::map<std::string, std::string> &with) {
  for (const auto &[from, to] : with)
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  return text;
}

Array<float> mlpOf(Array<float> x, Array<float> w, Array<float> b) {
  Array<float> y({x.shape[0], w.shape[1]});
  for (int64_t i = 0; i < x.shape[0]; ++i)
    for (int64_t j = 0; j < w.shape[1]; ++j) {
      double sum = b({j});
      for (int64_t k = 0; k < x.shape[1]; ++k)
        sum += double(x({i, k})) * w({k, j});
      y({i, j}) = std::max(sum, 0.0);
    }
  return y;
}

TEST_F(FunctionTest, MatmulBiasReluOfStaticSizes) {
  compile(replaced(mlp, {{"SIZES", ""}, {"XxS", "5x7"}, {"XxN", "5x9"}, {"SxN", "7x9"}, {"<Nxf", "<9xf"}}));
  auto x = numbers({5, 7}), w = numbers({7, 9}, 2), b = numbers({9}, 3);
  expect(input("x", x) + input("w", w) + input("b", b), "y", mlpOf(x, w, b));
  Answer wrong = call("tenon-run module.tnb --device=host" + input("x", numbers({5, 6})) + input("w", w));
  EXPECT_EQ(wrong.status, 1) << wrong.output;
}

TEST_F(FunctionTest, MatmulBiasReluOfDynamicSizes) {
  compile(replaced(mlp, {{"SIZES", "%m, %n"}, {"XxS", "?x?"}, {"XxN", "?x?"}, {"SxN", "?x?"}, {"<Nxf", "<?xf"}}));
  for (auto [m, k, n] : {std::array<int64_t, 3>{1, 1, 1}, {5, 7, 9}, {33, 17, 65}, {0, 3, 2}, {2, 0, 3}}) {
    auto x = numbers({m, k}), w = numbers({k, n}, 2), b = numbers({n}, 3);
    expect(input("x", x) + input("w", w) + input("b", b), "y", mlpOf(x, w, b));
  }
  // The inner sizes are one size, and the message names it.
  Answer wrong = call("tenon-run module.tnb --device=host" + input("x", numbers({5, 7})) + input("w", numbers({8, 9})) +
                      input("b", numbers({9})));
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.output.find("x_d1"), std::string::npos) << wrong.output;
}

TEST_F(FunctionTest, Conv2dNhwc) {
  compile(R"(
func.func @conv(%x: tensor<2x?x?x3xf32>, %f: tensor<3x2x3x5xf32>, %h: index, %w: index) -> tensor<2x?x?x5xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty(%h, %w) : tensor<2x?x?x5xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<2x?x?x5xf32>) -> tensor<2x?x?x5xf32>
  %y = linalg.conv_2d_nhwc_hwcf {strides = dense<[2, 1]> : tensor<2xi64>, dilations = dense<[1, 2]> : tensor<2xi64>}
    ins(%x, %f : tensor<2x?x?x3xf32>, tensor<3x2x3x5xf32>) outs(%i : tensor<2x?x?x5xf32>) -> tensor<2x?x?x5xf32>
  return %y : tensor<2x?x?x5xf32>
})");
  auto x = numbers({2, 9, 8, 3}), f = numbers({3, 2, 3, 5}, 2);
  Array<float> y({2, 4, 6, 5});
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t r = 0; r < 4; ++r)
      for (int64_t c = 0; c < 6; ++c)
        for (int64_t o = 0; o < 5; ++o)
          for (int64_t u = 0; u < 3; ++u)
            for (int64_t v = 0; v < 2; ++v)
              for (int64_t i = 0; i < 3; ++i)
                y({n, r, c, o}) += x({n, 2 * r + u, c + 2 * v, i}) * f({u, v, i, o});
  std::string inputs = input("x", x) + input("f", f);
  expect(inputs + " --input h=4 --input w=6", "y", y);
  // One row more would read behind the input.
  Answer wrong = call("tenon-run module.tnb --device=host" + inputs + " --input h=5 --input w=6");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.output.find("is read from 0 to 10, it has 9 elements"), std::string::npos) << wrong.output;
}

TEST_F(FunctionTest, SoftmaxOfGenerics) {
  compile(R"(
#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %low = arith.constant 0xFF800000 : f32
  %z = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %e1 = tensor.empty(%m) : tensor<?xf32>
  %e2 = tensor.empty(%m, %n) : tensor<?x?xf32>
  %f1 = linalg.fill ins(%low : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x?xf32>) outs(%f1 : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.maximumf %a, %o : f32
    linalg.yield %r : f32
  } -> tensor<?xf32>
  %exp = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<?x?xf32>, tensor<?xf32>) outs(%e2 : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    %r = math.exp %d : f32
    linalg.yield %r : f32
  } -> tensor<?x?xf32>
  %f2 = linalg.fill ins(%z : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<?x?xf32>) outs(%f2 : tensor<?xf32>) dimensions = [1]
  %y = linalg.generic {indexing_maps = [#all, #row, #all], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<?x?xf32>, tensor<?xf32>) outs(%e2 : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.divf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
})");
  auto x = numbers({6, 37});
  Array<float> y({6, 37});
  for (int64_t i = 0; i < 6; ++i) {
    double sum = 0;
    for (int64_t j = 0; j < 37; ++j)
      sum += std::exp(x({i, j}));
    for (int64_t j = 0; j < 37; ++j)
      y({i, j}) = std::exp(x({i, j})) / sum;
  }
  expect(input("x", x), "y", y);
}

TEST_F(FunctionTest, TosaGraph) {
  compile(R"(
func.func @graph(%a: tensor<1x4x6xf32>, %b: tensor<1x6x5xf32>, %c: tensor<1x1x5xf32>)
    -> (tensor<1x4x5xf32>, tensor<1x4x1xf32>, tensor<4xi32>) {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = tosa.matmul %a, %b, %z, %z : (tensor<1x4x6xf32>, tensor<1x6x5xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x5xf32>
  %s = tosa.add %p, %c : (tensor<1x4x5xf32>, tensor<1x1x5xf32>) -> tensor<1x4x5xf32>
  %y = tosa.clamp %s {min_val = -2.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x5xf32>) -> tensor<1x4x5xf32>
  %sum = tosa.reduce_sum %y {axis = 2 : i32} : (tensor<1x4x5xf32>) -> tensor<1x4x1xf32>
  %shape = tosa.const_shape {values = dense<[4, 5]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %flat = tosa.reshape %s, %shape : (tensor<1x4x5xf32>, !tosa.shape<2>) -> tensor<4x5xf32>
  %best = tosa.argmax %flat {axis = 1 : i32} : (tensor<4x5xf32>) -> tensor<4xi32>
  return %y, %sum, %best : tensor<1x4x5xf32>, tensor<1x4x1xf32>, tensor<4xi32>
})");
  auto a = numbers({1, 4, 6}), b = numbers({1, 6, 5}, 2), c = numbers({1, 1, 5}, 3);
  Array<float> y({1, 4, 5}), sum({1, 4, 1});
  Array<int32_t> best({4});
  for (int64_t i = 0; i < 4; ++i) {
    float top = -1e30f;
    for (int64_t j = 0; j < 5; ++j) {
      float s = c({0, 0, j});
      for (int64_t k = 0; k < 6; ++k)
        s += a({0, i, k}) * b({0, k, j});
      y({0, i, j}) = std::min(std::max(s, -2.0f), 6.0f);
      sum({0, i, 0}) += y({0, i, j});
      if (s > top)
        top = s, best({i}) = j;
    }
  }
  std::string inputs = input("a", a) + input("b", b) + input("c", c);
  expect(inputs, "y", y);
  expect(inputs, "sum", sum);
  expect(inputs, "best", best);
}

TEST_F(FunctionTest, PadAndPooling) {
  compile(R"(
func.func @pool(%x: tensor<1x?x?x2xf32>) -> tensor<1x?x?x2xf32> {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %low = arith.constant 0xFF800000 : f32
  %p = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 1, 0] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %low : f32
  } : tensor<1x?x?x2xf32> to tensor<1x?x?x2xf32>
  %h = tensor.dim %x, %c1 : tensor<1x?x?x2xf32>
  %w = tensor.dim %x, %c2 : tensor<1x?x?x2xf32>
  %win = tensor.empty() : tensor<3x3xf32>
  %e = tensor.empty(%h, %w) : tensor<1x?x?x2xf32>
  %f = linalg.fill ins(%low : f32) outs(%e : tensor<1x?x?x2xf32>) -> tensor<1x?x?x2xf32>
  %y = linalg.pooling_nhwc_max {strides = dense<1> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
    ins(%p, %win : tensor<1x?x?x2xf32>, tensor<3x3xf32>) outs(%f : tensor<1x?x?x2xf32>) -> tensor<1x?x?x2xf32>
  return %y : tensor<1x?x?x2xf32>
})");
  auto x = numbers({1, 7, 5, 2});
  Array<float> y({1, 7, 5, 2});
  for (int64_t r = 0; r < 7; ++r)
    for (int64_t c = 0; c < 5; ++c)
      for (int64_t d = 0; d < 2; ++d) {
        float top = -INFINITY;
        for (int64_t u = std::max<int64_t>(0, r - 1); u < std::min<int64_t>(7, r + 2); ++u)
          for (int64_t v = std::max<int64_t>(0, c - 1); v < std::min<int64_t>(5, c + 2); ++v)
            top = std::max(top, x({0, u, v, d}));
        y({0, r, c, d}) = top;
      }
  expect(input("x", x), "y", y);
}

TEST_F(FunctionTest, SlicesConcatAndShapes) {
  compile(R"(
func.func @move(%x: tensor<?x4xf32>, %k: index) -> (tensor<?x2xf32>, tensor<?x4xf32>, tensor<?xf32>, tensor<4x?xf32>, tensor<?x2x2xf32>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %rows = arith.subi %n, %k : index
  %slice = tensor.extract_slice %x[%k, 1] [%rows, 2] [1, 2] : tensor<?x4xf32> to tensor<?x2xf32>
  %cat = tensor.concat dim(0) %x, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %flat = tensor.collapse_shape %x [[0, 1]] : tensor<?x4xf32> into tensor<?xf32>
  %e = tensor.empty(%n) : tensor<4x?xf32>
  %turned = linalg.transpose ins(%x : tensor<?x4xf32>) outs(%e : tensor<4x?xf32>) permutation = [1, 0]
  %parts = tensor.expand_shape %x [[0], [1, 2]] output_shape [%n, 2, 2] : tensor<?x4xf32> into tensor<?x2x2xf32>
  return %slice, %cat, %flat, %turned, %parts : tensor<?x2xf32>, tensor<?x4xf32>, tensor<?xf32>, tensor<4x?xf32>, tensor<?x2x2xf32>
})");
  auto x = numbers({5, 4});
  Array<float> slice({3, 2}), cat({10, 4}), flat({20}), turned({4, 5}), parts({5, 2, 2});
  for (int64_t i = 0; i < 5; ++i)
    for (int64_t j = 0; j < 4; ++j) {
      if (i >= 2 && j % 2 == 1)
        slice({i - 2, j / 2}) = x({i, j});
      cat({i, j}) = cat({i + 5, j}) = flat({4 * i + j}) = turned({j, i}) = parts({i, j / 2, j % 2}) = x({i, j});
    }
  std::string inputs = input("x", x) + " --input k=2";
  expect(inputs, "slice", slice);
  expect(inputs, "cat", cat);
  expect(inputs, "flat", flat);
  expect(inputs, "turned", turned);
  expect(inputs, "parts", parts);
  Answer wrong = call("tenon-run module.tnb --device=host" + input("x", x) + " --input k=6");
  EXPECT_EQ(wrong.status, 1) << wrong.output;
}

TEST_F(FunctionTest, InsertGenerateConstantsAndGather) {
  compile(R"(
func.func @place(%x: tensor<2x3xf32>, %ids: tensor<4xi32>) -> (tensor<5x6xf32>, tensor<3x4xi32>, tensor<3xf32>, tensor<4x3xf32>) {
  %one = arith.constant 1.0 : f32
  %s = tensor.splat %one : tensor<5x6xf32>
  %into = tensor.insert_slice %x into %s[1, 0] [2, 3] [2, 2] : tensor<2x3xf32> into tensor<5x6xf32>
  %made = tensor.generate {
  ^bb0(%i: index, %j: index):
    %p = arith.muli %i, %j : index
    %v = arith.index_cast %p : index to i32
    tensor.yield %v : i32
  } : tensor<3x4xi32>
  %table = arith.constant dense<[1.5, -2.0, 7.0]> : tensor<3xf32>
  %r = math.absf %table : tensor<3xf32>
  %e = tensor.empty() : tensor<4x3xf32>
  %taken = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%ids : tensor<4xi32>) outs(%e : tensor<4x3xf32>) {
  ^bb0(%id: i32, %o: f32):
    %at = arith.index_cast %id : i32 to index
    %j = linalg.index 1 : index
    %v = tensor.extract %x[%at, %j] : tensor<2x3xf32>
    linalg.yield %v : f32
  } -> tensor<4x3xf32>
  return %into, %made, %r, %taken : tensor<5x6xf32>, tensor<3x4xi32>, tensor<3xf32>, tensor<4x3xf32>
})");
  auto x = numbers({2, 3});
  Array<int32_t> ids({4}), made({3, 4});
  ids.data = {1, 0, 0, 1};
  Array<float> into({5, 6}), r({3}), taken({4, 3});
  std::fill(into.data.begin(), into.data.end(), 1.0f);
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j)
      into({1 + 2 * i, 2 * j}) = x({i, j});
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 4; ++j)
      made({i, j}) = i * j;
  r.data = {1.5f, 2.0f, 7.0f};
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < 3; ++j)
      taken({i, j}) = x({ids({i}), j});
  std::string inputs = input("x", x) + input("ids", ids);
  expect(inputs, "into", into);
  expect(inputs, "made", made);
  expect(inputs, "r", r);
  expect(inputs, "taken", taken);
  // What depends on data is checked when it runs.
  ids.data = {1, 0, 2, 1};
  Answer wrong = call("tenon-run module.tnb --device=host" + input("x", x) + input("ids", ids));
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.output.find("module.mlir:20: tensor.extract: a subscript is outside"), std::string::npos)
      << wrong.output;
}

TEST_F(FunctionTest, OtherReductionsAndTypes) {
  compile(R"(
func.func @reduce(%x: tensor<3x?xi32>, %m: tensor<3x?xi1>) -> (tensor<3xi32>, tensor<3xi32>, tensor<3xi1>, tensor<i32>) {
  %zero = arith.constant dense<5> : tensor<3xi32>
  %no = arith.constant dense<false> : tensor<3xi1>
  %top = arith.constant dense<2147483647> : tensor<3xi32>
  %one = arith.constant dense<1> : tensor<i32>
  %sum = linalg.reduce { arith.addi } ins(%x : tensor<3x?xi32>) outs(%zero : tensor<3xi32>) dimensions = [1]
  %least = linalg.reduce { arith.minsi } ins(%x : tensor<3x?xi32>) outs(%top : tensor<3xi32>) dimensions = [1]
  %any = linalg.reduce { arith.ori } ins(%m : tensor<3x?xi1>) outs(%no : tensor<3xi1>) dimensions = [1]
  %all = linalg.reduce { arith.addi } ins(%x : tensor<3x?xi32>) outs(%one : tensor<i32>) dimensions = [0, 1]
  return %sum, %least, %any, %all : tensor<3xi32>, tensor<3xi32>, tensor<3xi1>, tensor<i32>
})");
  auto x = numbers<int32_t>({3, 11});
  Array<bool> m({3, 11});
  Array<int32_t> sum({3}), least({3}), all(std::vector<int64_t>{});
  Array<int32_t> one({3});
  all.data[0] = 1;
  m.data[12] = m.data[32] = true;
  Array<bool> any({3});
  for (int64_t i = 0; i < 3; ++i) {
    sum({i}) = 5, least({i}) = 2147483647;
    for (int64_t j = 0; j < 11; ++j) {
      sum({i}) += x({i, j});
      all.data[0] += x({i, j});
      least({i}) = std::min(least({i}), x({i, j}));
      any.data[i] = any.data[i] || m.data[11 * i + j];
    }
  }
  std::string inputs = input("x", x) + input("m", m);
  expect(inputs, "sum", sum);
  expect(inputs, "least", least);
  expect(inputs, "any", any);
  expect(inputs, "all", all);
}

TEST_F(FunctionTest, ScalarsCallsAndConditionsOnSizes) {
  compile(R"(
func.func private @scale(%x: tensor<?xf32>, %k: f32) -> tensor<?xf32> {
  %n0 = arith.constant 0 : index
  %n = tensor.dim %x, %n0 : tensor<?xf32>
  %s = tensor.splat %k[%n] : tensor<?xf32>
  %y = arith.mulf %x, %s : tensor<?xf32>
  return %y : tensor<?xf32>
}
func.func @pick(%x: tensor<?xf32>, %k: f32, %times: i32) -> (tensor<?xf32>, f32) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %scaled = func.call @scale(%x, %k) : (tensor<?xf32>, f32) -> tensor<?xf32>
  %small = arith.cmpi slt, %n, %c4 : index
  %y = scf.if %small -> (tensor<?xf32>) {
    scf.yield %x : tensor<?xf32>
  } else {
    scf.yield %scaled : tensor<?xf32>
  }
  %t = arith.sitofp %times : i32 to f32
  %first = tensor.extract %x[%c0] : tensor<?xf32>
  %s = arith.mulf %t, %first : f32
  return %y, %s : tensor<?xf32>, f32
})");
  for (int64_t n : {3, 9}) {
    auto x = numbers({n});
    Array<float> y({n}), s(std::vector<int64_t>{});
    for (int64_t i = 0; i < n; ++i)
      y({i}) = n < 4 ? x({i}) : x({i}) * 1.5f;
    s.data[0] = 3 * x({0});
    std::string inputs = input("x", x) + " --input k=1.5 --input times=3";
    expect(inputs, "y", y);
    expect(inputs, "s", s);
  }
}

TEST_F(FunctionTest, MoreNamedOperations) {
  compile(R"(
func.func @named(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>, %v: tensor<4xf32>, %i: tensor<1x3x6x6xf32>,
                 %f: tensor<2x3x3x3xf32>, %d: tensor<1x6x6x3xf32>, %g: tensor<2x2x3xf32>)
    -> (tensor<2x3x5xf32>, tensor<3xf32>, tensor<1x2x4x4xf32>, tensor<1x5x5x3xf32>, tensor<2x3x4xf32>) {
  %z = arith.constant 0.0 : f32
  %zb = arith.constant dense<0.0> : tensor<2x3x5xf32>
  %batch = linalg.batch_matmul ins(%a, %b : tensor<2x3x4xf32>, tensor<2x4x5xf32>) outs(%zb : tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %a0 = tensor.extract_slice %a[0, 0, 0] [1, 3, 4] [1, 1, 1] : tensor<2x3x4xf32> to tensor<3x4xf32>
  %zv = arith.constant dense<1.0> : tensor<3xf32>
  %vec = linalg.matvec ins(%a0, %v : tensor<3x4xf32>, tensor<4xf32>) outs(%zv : tensor<3xf32>) -> tensor<3xf32>
  %zc = arith.constant dense<0.0> : tensor<1x2x4x4xf32>
  %conv = linalg.conv_2d_nchw_fchw {strides = dense<1> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
    ins(%i, %f : tensor<1x3x6x6xf32>, tensor<2x3x3x3xf32>) outs(%zc : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %zd = arith.constant dense<0.0> : tensor<1x5x5x3xf32>
  %deep = linalg.depthwise_conv_2d_nhwc_hwc {strides = dense<1> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
    ins(%d, %g : tensor<1x6x6x3xf32>, tensor<2x2x3xf32>) outs(%zd : tensor<1x5x5x3xf32>) -> tensor<1x5x5x3xf32>
  %eb = tensor.empty() : tensor<2x3x4xf32>
  %wide = linalg.broadcast ins(%v : tensor<4xf32>) outs(%eb : tensor<2x3x4xf32>) dimensions = [0, 1]
  %both = linalg.map { arith.addf } ins(%a, %wide : tensor<2x3x4xf32>, tensor<2x3x4xf32>) outs(%eb : tensor<2x3x4xf32>)
  return %batch, %vec, %conv, %deep, %both : tensor<2x3x5xf32>, tensor<3xf32>, tensor<1x2x4x4xf32>, tensor<1x5x5x3xf32>, tensor<2x3x4xf32>
})");
  auto a = numbers({2, 3, 4}), b = numbers({2, 4, 5}, 2), v = numbers({4}, 3), i = numbers({1, 3, 6, 6}, 4),
       f = numbers({2, 3, 3, 3}, 5), d = numbers({1, 6, 6, 3}, 6), g = numbers({2, 2, 3}, 7);
  Array<float> batch({2, 3, 5}), vec({3}), conv({1, 2, 4, 4}), deep({1, 5, 5, 3}), both({2, 3, 4});
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t r = 0; r < 3; ++r)
      for (int64_t k = 0; k < 4; ++k) {
        both({n, r, k}) = a({n, r, k}) + v({k});
        for (int64_t c = 0; c < 5; ++c)
          batch({n, r, c}) += a({n, r, k}) * b({n, k, c});
      }
  for (int64_t r = 0; r < 3; ++r) {
    vec({r}) = 1;
    for (int64_t k = 0; k < 4; ++k)
      vec({r}) += a({0, r, k}) * v({k});
  }
  for (int64_t o = 0; o < 2; ++o)
    for (int64_t r = 0; r < 4; ++r)
      for (int64_t c = 0; c < 4; ++c)
        for (int64_t p = 0; p < 27; ++p)
          conv({0, o, r, c}) += i({0, p / 9, r + p / 3 % 3, c + p % 3}) * f({o, p / 9, p / 3 % 3, p % 3});
  for (int64_t r = 0; r < 5; ++r)
    for (int64_t c = 0; c < 5; ++c)
      for (int64_t p = 0; p < 3; ++p)
        for (int64_t q = 0; q < 4; ++q)
          deep({0, r, c, p}) += d({0, r + q / 2, c + q % 2, p}) * g({q / 2, q % 2, p});
  std::string inputs =
      input("a", a) + input("b", b) + input("v", v) + input("i", i) + input("f", f) + input("d", d) + input("g", g);
  expect(inputs, "batch", batch);
  expect(inputs, "vec", vec);
  expect(inputs, "conv", conv);
  expect(inputs, "deep", deep);
  expect(inputs, "both", both);
}

TEST_F(FunctionTest, TosaInIntegers) {
  compile(R"(
func.func @quantized(%a: tensor<1x4x6xi8>, %b: tensor<1x6x5xi8>) -> (tensor<1x4x5xi8>, tensor<1x5x4xi8>) {
  %z = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %p = tosa.matmul %a, %b, %z, %z : (tensor<1x4x6xi8>, tensor<1x6x5xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x5xi32>
  %m = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %s = "tosa.const"() {values = dense<32> : tensor<1xi8>} : () -> tensor<1xi8>
  %zi = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %y = tosa.rescale %p, %m, %s, %zi, %z {rounding_mode = SINGLE_ROUND, scale32 = true, per_channel = false,
    input_unsigned = false, output_unsigned = false}
    : (tensor<1x4x5xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x5xi8>
  %r = tosa.reverse %y {axis = 1 : i32} : (tensor<1x4x5xi8>) -> tensor<1x4x5xi8>
  %t = tosa.transpose %r {perms = array<i32: 0, 2, 1>} : (tensor<1x4x5xi8>) -> tensor<1x5x4xi8>
  return %y, %t : tensor<1x4x5xi8>, tensor<1x5x4xi8>
})");
  auto a = numbers<int8_t>({1, 4, 6}), b = numbers<int8_t>({1, 6, 5}, 2);
  Array<int8_t> y({1, 4, 5}), t({1, 5, 4});
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < 5; ++j) {
      int sum = 0;
      for (int64_t k = 0; k < 6; ++k)
        sum += a({0, i, k}) * b({0, k, j});
      // A quarter, halves upward.
      y({0, i, j}) = t({0, j, 3 - i}) = std::clamp<int>(std::floor(sum / 4.0 + 0.5), -128, 127);
    }
  std::string inputs = input("a", a) + input("b", b);
  expect(inputs, "y", y);
  expect(inputs, "t", t);
}

TEST_F(FunctionTest, TosaWithDynamicSizesBroadcasts) {
  compile(R"(
func.func @add(%a: tensor<?x4xf32>, %b: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = tosa.add %a, %b : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
})");
  for (auto [m, n] : {std::pair<int64_t, int64_t>{5, 5}, {1, 6}, {7, 1}, {1, 1}}) {
    auto a = numbers({m, 4}), b = numbers({n, 4}, 2);
    Array<float> y({std::max(m, n), 4});
    for (int64_t i = 0; i < y.shape[0]; ++i)
      for (int64_t j = 0; j < 4; ++j)
        y({i, j}) = a({m == 1 ? 0 : i, j}) + b({n == 1 ? 0 : i, j});
    expect(input("a", a) + input("b", b), "y", y);
  }
  Answer wrong = call("tenon-run module.tnb --device=host" + input("a", numbers({5, 4})) + input("b", numbers({3, 4})));
  EXPECT_EQ(wrong.status, 1) << wrong.output;
}

TEST_F(FunctionTest, Bytecode) {
  write("text.mlir",
        replaced(mlp, {{"SIZES", "%m, %n"}, {"XxS", "?x?"}, {"XxN", "?x?"}, {"SxN", "?x?"}, {"<Nxf", "<?xf"}}));
  Answer made = call("tenon-opt text.mlir --emit-bytecode -o module.mlirbc");
  ASSERT_EQ(made.status, 0) << made.output;
  Answer answer = call("tenonc module.mlirbc --target native -o module.tnb");
  ASSERT_EQ(answer.status, 0) << answer.output;
  auto x = numbers({5, 7}), w = numbers({7, 9}, 2), b = numbers({9}, 3);
  // Bytecode has no names.
  std::string inputs = input("arg0", x) + input("arg1", w) + input("arg2", b);
  expect(inputs, "result", mlpOf(x, w, b));
  // Half of it is refused.
  std::string whole = read("module.mlirbc");
  write("half.mlirbc", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(call("tenonc half.mlirbc --target native").status, 1);
}

TEST_F(FunctionTest, TheSameModuleIsTheSameBytes) {
  compile(replaced(mlp, {{"SIZES", "%m, %n"}, {"XxS", "?x?"}, {"XxN", "?x?"}, {"SxN", "?x?"}, {"<Nxf", "<?xf"}}));
  std::string first = read("module.tnb");
  ASSERT_EQ(call("tenonc module.mlir --target native -j 4 -o again.tnb").status, 0);
  EXPECT_EQ(first, read("again.tnb"));
}

} // namespace
