//===- TestPackage.cpp - a small package for tests --------------------------===//
//
// Owns what TestPackage.h declares.
//
//===------------------------------------------------------------------------===//
#include "TestPackage.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstring>

using namespace tenon::package;

namespace tenon::test {

namespace {

/// Symbols of every instance, by their place.
enum : int64_t { b, n, times };

flatbuffers::Offset<Instance> makeInstance(flatbuffers::FlatBufferBuilder &builder, DType type) {
  std::vector<flatbuffers::Offset<Symbol>> symbols = {CreateSymbolDirect(builder, "b", SymbolKind::Pack),
                                                      CreateSymbolDirect(builder, "n", SymbolKind::Size),
                                                      CreateSymbolDirect(builder, "times", SymbolKind::SizeParam)};
  std::vector<Expr> expressions = {
      Expr(ExprOp::Symbol, 0, 0, 0, n), Expr(ExprOp::Symbol, 0, 0, 0, times), Expr(ExprOp::Mul, 0, 1, 0, 0),
      Expr(ExprOp::Const, 0, 0, 0, 1),  Expr(ExprOp::Le, 3, 1, 0, 0),         Expr(ExprOp::Symbol, 0, 0, 0, b),
      Expr(ExprOp::Const, 0, 0, 0, 16), Expr(ExprOp::CeilDiv, 2, 6, 0, 0),    Expr(ExprOp::Add, 0, 3, 0, 0),
      Expr(ExprOp::Mul, 8, 5, 0, 0),
  };
  std::vector<Expr> more = {Expr(ExprOp::LoopVar, 0, 0, 0, 0)};
  std::vector<Dim> xDims = {Dim(DimKind::Pack, b), Dim(DimKind::Bind, n)};
  std::vector<Dim> yDims = {Dim(DimKind::Pack, b), Dim(DimKind::Check, 2)};
  std::vector<flatbuffers::Offset<Param>> params = {
      CreateParamDirect(builder, "x", ParamKind::Tensor, false, type, &xDims, 0, false, 0, "x: T[...b, n]"),
      CreateParamDirect(builder, "k", ParamKind::Scalar, false, DType::F32, nullptr, 0, true,
                        std::bit_cast<uint32_t>(2.0f), "k: f32 = 2"),
      CreateParamDirect(builder, "times", ParamKind::Size, false, DType::I64, nullptr, times, false, 0, "times: size"),
      CreateParamDirect(builder, "y", ParamKind::Tensor, true, type, &yDims, 0, false, 0, "y: T[...b, n * times]")};
  std::vector<uint32_t> values = {1}, grid = {7, 5, 3};
  std::vector<flatbuffers::Offset<Check>> checks = {
      CreateCheckDirect(builder, 4, "times is {0}, wanted at least 1", &values, 3)};
  std::vector<Arg> args = {Arg(ArgKind::Tensor, ArgType::Buffer, 0), Arg(ArgKind::Tensor, ArgType::Buffer, 3),
                           Arg(ArgKind::Workspace, ArgType::Buffer, 0), Arg(ArgKind::Scalar, ArgType::F32, 1),
                           Arg(ArgKind::Expr, ArgType::Index, 10)};
  auto launch = [&] {
    return CreateStep(builder, StepKind::Launch, CreateLaunchDirect(builder, 0, &grid, &args).Union());
  };
  std::vector<flatbuffers::Offset<Step>> body = {launch()}, then = {launch()};
  std::vector<flatbuffers::Offset<Step>> otherwise = {
      CreateStep(builder, StepKind::Loop, CreateLoopDirect(builder, 1, &body).Union())};
  std::vector<flatbuffers::Offset<Step>> plan = {
      CreateStep(builder, StepKind::Branch, CreateBranchDirect(builder, 4, &then, &otherwise).Union())};
  std::vector<Requirement> requirements = {Requirement(Property::Class, Relation::Equal, 0),
                                           Requirement(Property::VectorBits, Relation::AtLeast, 256)};
  std::vector<Workspace> workspace = {Workspace(9)};
  std::vector<flatbuffers::Offset<Variant>> variants = {
      CreateVariantDirect(builder, 0, &requirements, nullptr, &more, &workspace, &plan)};
  std::vector<DType> types = {type};
  return CreateInstance(builder, builder.CreateVector(types), builder.CreateVector(params),
                        builder.CreateVector(symbols), builder.CreateVectorOfStructs(expressions),
                        builder.CreateVector(checks), 0, 0, builder.CreateVector(variants));
}

} // namespace

std::vector<uint8_t> makePackage() {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<Instance>> instances = {makeInstance(builder, DType::F32),
                                                          makeInstance(builder, DType::F16)};
  std::vector<flatbuffers::Offset<flatbuffers::String>> variables = {builder.CreateString("T")};
  std::vector<flatbuffers::Offset<Operator>> operators = {
      CreateOperatorDirect(builder, "scale", "y repeats k x.", &variables, &instances, "scale.tn", "")};
  const std::string code = "__kernel void scale_0() {}\n";
  std::vector<uint8_t> bytes(code.begin(), code.end());
  std::vector<uint32_t> block = {1, 1, 1};
  std::vector<ArgType> args = {ArgType::Buffer, ArgType::Buffer, ArgType::Buffer, ArgType::F32, ArgType::Index};
  std::vector<uint8_t> access = {1, 2, 3};
  std::vector<flatbuffers::Offset<Kernel>> kernels = {CreateKernelDirect(builder, "scale_0", &block, &args, &access)};
  std::vector<flatbuffers::Offset<flatbuffers::String>> emulations = {builder.CreateString("f16 arithmetic in f32")};
  std::vector<flatbuffers::Offset<Module>> modules = {CreateModuleDirect(
      builder, Target::OpenCL, "opencl-cpu-256", &bytes, &kernels, 64, "-cl-std=CL1.2", &emulations)};
  FinishPackageBuffer(builder, CreatePackageDirect(builder, 1, 1, "a test", &operators, &modules));
  std::vector<uint8_t> file(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());

  const Package *package = GetPackage(file.data());
  auto *field = const_cast<uint8_t *>(
      reinterpret_cast<const flatbuffers::Table *>(package)->GetAddressOf(Package::VT_CONTENT_HASH));
  std::memset(field, 0, sizeof(uint64_t));
  uint64_t hash = XXH64(file.data(), file.size(), 0);
  std::memcpy(field, &hash, sizeof hash);
  return file;
}

} // namespace tenon::test
