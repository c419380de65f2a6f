//===- TestPackage.h - packages written by hand --------------------------------------------===//
//
// Owns a small description of packages in plain structs and its writing as a FlatBuffer, so that tests need no
// compiler.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Package.h"

#include <string>
#include <vector>

namespace tenon::test {

namespace pk = tenon::package;

struct Exprs {
  std::vector<pk::Expr> list;
  uint32_t base = 0; ///< Ids go on after another list.
  uint32_t add(pk::ExprOp op, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0, int64_t imm = 0) {
    list.emplace_back(op, a, b, c, imm);
    return base + static_cast<uint32_t>(list.size()) - 1;
  }
  uint32_t constant(int64_t value) { return add(pk::ExprOp::Const, 0, 0, 0, value); }
  uint32_t symbol(int64_t index) { return add(pk::ExprOp::Symbol, 0, 0, 0, index); }
  uint32_t loop(int64_t depth) { return add(pk::ExprOp::LoopVar, 0, 0, 0, depth); }
};

struct KernelDesc {
  std::string name;
  std::vector<pk::ArgType> args;
  std::vector<uint32_t> block = {1, 1, 1};
};

struct ParamDesc {
  std::string name, text;
  pk::ParamKind kind = pk::ParamKind::Tensor;
  bool isResult = false;
  pk::DType dtype = pk::DType::F32;
  std::vector<pk::Dim> dims;
  uint32_t symbol = 0;
  bool hasDefault = false;
  uint64_t defaultBits = 0;
};

struct CheckDesc {
  uint32_t condition;
  std::string message;
  std::vector<uint32_t> values;
};

struct StepDesc {
  pk::StepKind kind = pk::StepKind::Launch;
  uint32_t kernel = 0;
  std::vector<uint32_t> grid;
  std::vector<pk::Arg> args;
  uint32_t value = 0; ///< Condition or count.
  std::vector<StepDesc> first, second;

  static StepDesc launch(uint32_t kernel, std::vector<uint32_t> grid, std::vector<pk::Arg> args) {
    StepDesc step;
    step.kernel = kernel;
    step.grid = std::move(grid);
    step.args = std::move(args);
    return step;
  }
  static StepDesc branch(uint32_t condition, std::vector<StepDesc> yes, std::vector<StepDesc> no) {
    StepDesc step;
    step.kind = pk::StepKind::Branch;
    step.value = condition;
    step.first = std::move(yes);
    step.second = std::move(no);
    return step;
  }
  static StepDesc loop(uint32_t count, std::vector<StepDesc> body) {
    StepDesc step;
    step.kind = pk::StepKind::Loop;
    step.value = count;
    step.first = std::move(body);
    return step;
  }
};

struct VariantDesc {
  uint32_t module = 0;
  std::vector<pk::Requirement> needs;
  std::vector<CheckDesc> checks;
  Exprs exprs;
  std::vector<uint32_t> workspace;
  std::vector<StepDesc> plan;
};

struct InstanceDesc {
  std::vector<ParamDesc> params;
  std::vector<std::pair<std::string, pk::SymbolKind>> symbols;
  Exprs exprs;
  std::vector<CheckDesc> checks;
  std::vector<std::string> faults;
  std::vector<uint32_t> inplace;
  std::vector<VariantDesc> variants;
};

class TestPackage {
public:
  uint32_t module(pk::Target target, const std::string &profile, const std::vector<uint8_t> &code,
                  const std::vector<KernelDesc> &kernels, unsigned indexBits = 64);
  void op(const std::string &name, const std::vector<InstanceDesc> &instances);
  std::vector<uint8_t> finish(uint32_t format = packageFormat);

private:
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<pk::Module>> modules;
  std::vector<flatbuffers::Offset<pk::Operator>> operators;
};

/// Makes the content hash right again.
void rehash(std::vector<uint8_t> &bytes);

inline pk::Dim bind(uint32_t symbol) { return {pk::DimKind::Bind, symbol}; }
inline pk::Dim check(uint32_t expression) { return {pk::DimKind::Check, expression}; }
inline pk::Dim pack(uint32_t symbol) { return {pk::DimKind::Pack, symbol}; }
inline pk::Arg tensorArg(uint32_t param) { return {pk::ArgKind::Tensor, pk::ArgType::Buffer, param}; }
inline pk::Arg workspaceArg(uint32_t index) { return {pk::ArgKind::Workspace, pk::ArgType::Buffer, index}; }
inline pk::Arg faultArg() { return {pk::ArgKind::Fault, pk::ArgType::Buffer, 0}; }
inline pk::Arg indexArg(uint32_t expression) { return {pk::ArgKind::Expr, pk::ArgType::Index, expression}; }
inline pk::Arg scalarArg(uint32_t param, pk::ArgType type) { return {pk::ArgKind::Scalar, type, param}; }

/// The tests' host kernels (kernels.c) and the package of operators that most tests use.
const std::vector<uint8_t> &hostCode();
std::vector<uint8_t> operatorsPackage();

} // namespace tenon::test
