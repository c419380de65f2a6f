//===- RefusalTest.cpp - what is refused, with its place ---------------------===//
#include "Run.h"

using namespace tenon;
using namespace tenon::test;

namespace {

struct Case {
  const char *name, *text, *message;
};

class RefusalTest : public Run, public testing::WithParamInterface<Case> {};

TEST_P(RefusalTest, SaysWhatAndWhere) {
  folder += GetParam().name;
  std::filesystem::create_directories(folder);
  std::string text = GetParam().text, list = "[0";
  for (int i = 1; i < 300; ++i)
    list += ", " + std::to_string(i);
  if (size_t at = text.find("NUMBERS"); at != std::string::npos)
    text.replace(at, 7, list + "]");
  write("module.mlir", text);
  Answer answer = call("tenonc module.mlir --target native -o module.tnb");
  EXPECT_EQ(answer.status, 1) << answer.output;
  EXPECT_NE(answer.output.find(GetParam().message), std::string::npos) << answer.output;
  EXPECT_FALSE(std::filesystem::exists(folder / "module.tnb"));
}

const Case cases[] = {
    {"syntax", "func.func @f(", "module.mlir:1:13: error: expected"},
    {"while",
     R"(func.func @f(%x: tensor<4xi32>) -> tensor<4xi32> {
  %c0 = arith.constant 0 : index
  %y = scf.while (%a = %x) : (tensor<4xi32>) -> tensor<4xi32> {
    %e = tensor.extract %a[%c0] : tensor<4xi32>
    %c = arith.trunci %e : i32 to i1
    scf.condition(%c) %a : tensor<4xi32>
  } do {
  ^bb0(%a: tensor<4xi32>):
    %n = arith.addi %a, %a : tensor<4xi32>
    scf.yield %n : tensor<4xi32>
  }
  return %y : tensor<4xi32>
})",
     "module.mlir:3:8: error: scf.while is not supported: whether it goes on depends on data"},
    {"if",
     R"(func.func @f(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4xf32>
  %y = scf.if %c -> (tensor<4xf32>) {
    %n = arith.addf %x, %x : tensor<4xf32>
    scf.yield %n : tensor<4xf32>
  } else {
    %n = math.exp %x : tensor<4xf32>
    scf.yield %n : tensor<4xf32>
  }
  return %y : tensor<4xf32>
})",
     "module.mlir:3:8: error: scf.if is not supported: its condition depends on data"},
    {"unknown_dialect",
     "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = foo.bar %x : tensor<4xf32>\n  return %y : "
     "tensor<4xf32>\n}",
     "module.mlir:2:8: error: foo.bar is not supported: a module may use func"},
    {"unranked", "func.func @f(%x: tensor<*xf32>) -> tensor<*xf32> {\n  return %x : tensor<*xf32>\n}",
     "module.mlir:1:14: error: argument x has type 'tensor<*xf32>', which operators cannot take"},
    {"memref",
     "func.func @f(%x: memref<4xf32>) -> f32 {\n  %c = arith.constant 0 : index\n  %y = memref.load %x[%c] : "
     "memref<4xf32>\n  return %y : f32\n}",
     "module.mlir:1:14: error: argument x has type 'memref<4xf32>', which operators cannot take"},
    {"complex",
     "func.func @f(%x: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {\n  return %x : tensor<4xcomplex<f32>>\n}",
     "argument x has type 'tensor<4xcomplex<f32>>', which operators cannot take"},
    {"odd_integer",
     "func.func @f(%x: tensor<4xi32>) -> tensor<4xi32> {\n  %a = arith.trunci %x : tensor<4xi32> to tensor<4xi7>\n  %b "
     "= arith.extsi %a : tensor<4xi7> to tensor<4xi32>\n  return %b : tensor<4xi32>\n}",
     "module.mlir:2:8: error: arith.trunci on elements of 'i7' is not supported"},
    {"data_size",
     R"(func.func @f(%x: tensor<?xf32>, %n: tensor<1xindex>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
})",
     "argument n has type 'tensor<1xindex>'"},
    {"size_from_data",
     R"(func.func @f(%x: tensor<8xf32>, %n: i32) -> tensor<?xf32> {
  %s = arith.index_cast %n : i32 to index
  %y = tensor.extract_slice %x[0] [%s] [1] : tensor<8xf32> to tensor<?xf32>
  return %y : tensor<?xf32>
})",
     "module.mlir:3:8: error: tensor.extract_slice has a size or offset that depends on data"},
    {"no_result", "func.func @f(%x: tensor<4xf32>) {\n  return\n}", "module.mlir:1:1: error: function f has no result"},
    {"no_function", "func.func private @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  return %x : tensor<4xf32>\n}",
     "module.mlir: error: the module has no public function with a body and no tenon.operator"},
    {"recursion",
     "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = func.call @f(%x) : (tensor<4xf32>) -> tensor<4xf32>\n "
     " return %y : tensor<4xf32>\n}",
     "module.mlir:2:8: error: func.call is not supported: the function that it calls has no body here, or calls "
     "itself"},
    {"undefined",
     R"(func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %y = arith.addf %x, %e : tensor<4xf32>
  return %y : tensor<4xf32>
})",
     "module.mlir:3:8: error: arith.addf reads elements of tensor.empty, which nothing has defined"},
    {"large_constant",
     "func.func @f() -> tensor<300xi32> {\n  %y = arith.constant dense<NUMBERS> : tensor<300xi32>\n  return %y : "
     "tensor<300xi32>\n}",
     "a constant of 300 different elements is too large (256 at most); make it an argument"},
    {"recurrence",
     R"(func.func @f(%x: tensor<4x8xf32>, %i: tensor<4xf32>) -> tensor<4xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<4x8xf32>) outs(%i : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %h = arith.mulf %o, %a : f32
    %s = arith.addf %h, %a : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
})",
     "module.mlir:2:8: error: linalg.generic is not supported: its output goes through an operation other than the "
     "reduction"},
    {"remainder",
     "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = arith.remf %x, %x : tensor<4xf32>\n  return %y : "
     "tensor<4xf32>\n}",
     "module.mlir:2:8: error: arith.remf is not supported: no device computes it"},
    {"tosa",
     "func.func @f(%x: tensor<4xi32>) -> tensor<4xi32> {\n  %y = tosa.custom %x {domain_name = \"d\", "
     "implementation_attrs = \"\", operator_name = \"o\"} : (tensor<4xi32>) -> tensor<4xi32>\n  return %y : "
     "tensor<4xi32>\n}",
     "error: tosa.custom is not supported"},
    {"outside",
     R"(func.func @f(%x: tensor<4xf32>) -> tensor<3xf32> {
  %c = arith.constant 2 : index
  %y = tensor.generate {
  ^bb0(%i: index):
    %j = arith.addi %i, %c : index
    %v = tensor.extract %x[%j] : tensor<4xf32>
    tensor.yield %v : f32
  } : tensor<3xf32>
  return %y : tensor<3xf32>
})",
     "module.mlir:6:10: error: subscript 0 runs from 2 to 4, the dimension has 4"},
    {"blocks",
     R"(func.func @f(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> {
  cf.cond_br %c, ^a, ^b
^a:
  return %x : tensor<4xf32>
^b:
  %y = arith.addf %x, %x : tensor<4xf32>
  return %y : tensor<4xf32>
})",
     "module.mlir:1:1: error: function f has several blocks"},
};

INSTANTIATE_TEST_SUITE_P(All, RefusalTest, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case> &info) { return std::string(info.param.name); });

using RefusalOfFiles = Run;

TEST_F(RefusalOfFiles, WithTooManyOperations) {
  std::string text = "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n", last = "%x";
  for (int i = 0; i < 9000; ++i) {
    std::string next = "%" + std::to_string(i);
    text += "  " + next + " = arith.addf " + last + ", %x : tensor<4xf32>\n";
    last = next;
  }
  write("module.mlir", text + "  return " + last + " : tensor<4xf32>\n}");
  Answer answer = call("tenonc module.mlir --target native");
  EXPECT_EQ(answer.status, 1);
  EXPECT_NE(answer.output.find("function f has 9002 operations, 8192 are allowed"), std::string::npos) << answer.output;
}

TEST_F(RefusalOfFiles, ThatCannotBeRead) {
  Answer missing = call("tenonc nowhere.mlir");
  EXPECT_EQ(missing.status, 1);
  EXPECT_NE(missing.output.find("nowhere.mlir: error: cannot read: No such file or directory"), std::string::npos)
      << missing.output;
  write("junk.mlirbc", "ML\xefR this is no bytecode at all");
  EXPECT_EQ(call("tenonc junk.mlirbc").status, 1);
  write("module.mlir", "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  return %x : tensor<4xf32>\n}");
  EXPECT_EQ(call("tenonc module.mlir --types f32").status, 2);
  EXPECT_EQ(call("tenonc module.mlir --emit=ast").status, 2);
}

} // namespace
