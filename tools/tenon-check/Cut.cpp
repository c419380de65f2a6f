//===- Cut.cpp - operators that end after each definition -------------------===//
//
// Owns what Cut.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Cut.h"

#include "Unit.h"

#include <algorithm>
#include <filesystem>

namespace tenon::check {

static std::string dimsText(const Instance &instance, const std::vector<Dim> &dims) {
  std::string text;
  for (const Dim &dim : dims) {
    text += text.empty() ? "" : ", ";
    if (dim.isPack())
      text += "..." + instance.symbols[dim.symbol].name;
    else
      text += print(dim.value, [&](int symbol) { return instance.symbols[symbol].name; });
  }
  return "[" + text + "]";
}

static const Tensor *tensorNamed(const Instance &instance, const std::string &name) {
  for (const Tensor &tensor : instance.tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

CutFile cutAfterEach(const Module &module, const Instance &instance, const std::string &path) {
  CutFile file;
  const syntax::OpDecl &op = *instance.op->syntax;
  std::error_code ignored;
  file.text = "import \"" + std::filesystem::absolute(path, ignored).string() + "\"\n";
  // What the file imports is not visible through it.
  for (const syntax::ImportDecl &import : module.units.front()->file->imports)
    file.text += "import \"" + import.path + "\"\n";
  std::string params, where, statements;
  for (const syntax::ParamDecl &param : op.params)
    params += (params.empty() ? "" : ", ") + param.range.oneLine();
  for (size_t v = 0; v < instance.types.size(); ++v)
    where += (where.empty() ? " where " : ", ") + instance.op->typeVariables[v].name + " in {" +
             getName(instance.types[v]) + "}";
  for (const syntax::Clause &clause : op.where)
    if (clause.condition)
      where += (where.empty() ? " where " : ", ") + clause.range.oneLine();
  std::vector<std::string> kept; // Results defined so far.
  for (const syntax::Statement &statement : op.statements) {
    statements += "  " + statement.range.oneLine() + "\n";
    CutPoint point;
    bool canBeResult = true;
    for (const syntax::Name &name : statement.names) {
      const Tensor *tensor = tensorNamed(instance, name.text);
      // A package has no tensors of size.
      canBeResult &= tensor && tensor->type != DType::Size;
      if (!tensor)
        continue;
      std::string result = name.text + ": " + getName(tensor->type) + dimsText(instance, tensor->dims);
      if (tensor->role == Tensor::Role::Result)
        kept.push_back(result);
      else
        point.tensors.push_back(result);
    }
    if (!canBeResult)
      continue;
    std::string results;
    for (const auto *list : {&kept, &point.tensors})
      for (const std::string &result : *list)
        results += (results.empty() ? "" : ", ") + result;
    point.op = instance.op->name + "__cut" + std::to_string(file.points.size());
    file.text += "op " + point.op + "(" + params + ") -> (" + results + ")" + where + " {\n" + statements + "}\n";
    point.tensors.clear();
    for (const syntax::Name &name : statement.names)
      point.tensors.push_back(name.text);
    point.statement = statement.range;
    file.points.push_back(std::move(point));
  }
  return file;
}

} // namespace tenon::check
