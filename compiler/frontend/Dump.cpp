//===- Dump.cpp - the typed tree as text ------------------------------------===//
//
// Owns `tenonc --emit=ast`. For people and tests; nothing reads it back.
//
//===------------------------------------------------------------------------===//
#include "Ast.h"
#include "Frontend.h"

#include <charconv>
#include <cmath>
#include <map>

using namespace tenon;

namespace {
class Dumper {
public:
  explicit Dumper(const Instance &instance) : instance(instance) {
    for (const Definition &definition : instance.definitions) {
      for (const Index &index : definition.indices)
        names[index.id] = index.name;
      collect(*definition.body);
    }
  }

  std::string run() {
    out = "op " + instance.op->name;
    for (size_t i = 0; i < instance.types.size(); ++i)
      out += (i ? ", " : " <") + instance.op->typeVariables[i].name + " = " + getName(instance.types[i]);
    out += instance.types.empty() ? "\n" : ">\n";
    for (const Symbol &symbol : instance.symbols)
      out += std::string("  ") +
             (symbol.kind == SymbolKind::Size   ? "size"
              : symbol.kind == SymbolKind::Pack ? "pack"
                                                : "size param") +
             " " + symbol.name + "\n";
    for (const Param &param : instance.params) {
      out += std::string("  ") + (param.isResult ? "result " : "param ") + param.name + ": " + getName(param.type);
      if (param.kind == ParamKind::Tensor)
        out += dims(param.dims, true);
      if (param.defaultValue)
        out += " = " + literal(*param.defaultValue);
      out += "\n";
    }
    for (const Condition &condition : instance.where)
      out += "  where " + show(condition.value) + "\n";
    for (const Definition &definition : instance.definitions) {
      const Tensor &tensor = instance.tensors[definition.tensor];
      out += "  define " + tensor.name + ": " + getName(tensor.type) + dims(tensor.dims, false) + " [" +
             indices(definition.indices) + "]\n    = " + expr(*definition.body) + "\n";
    }
    for (const LaunchCheck &check : instance.checks)
      out += "  check " + show(check.condition) + ": " + check.message + "\n";
    return std::move(out);
  }

private:
  void collect(const Expr &expr) {
    for (const Index &index : expr.indices) {
      names[index.id] = index.name;
      collect(*index.lo);
      collect(*index.hi);
    }
    if (expr.filter)
      collect(*expr.filter);
    if (expr.elseValue)
      collect(*expr.elseValue);
    for (const Subscript &subscript : expr.subscripts)
      if (subscript.expr)
        collect(*subscript.expr);
    for (const ExprPtr &operand : expr.operands)
      collect(*operand);
  }

  std::string show(const SizeExprPtr &size) const {
    return print(size, [this](int symbol) { return instance.symbols[symbol].name; });
  }

  std::string dims(const std::vector<Dim> &list, bool isParam) const {
    std::string text = "[";
    for (size_t i = 0; i < list.size(); ++i)
      text += (i ? ", " : "") +
              (list[i].isPack()
                   ? "..." + instance.symbols[list[i].symbol].name
                   : std::string(isParam && list[i].kind == Dim::Kind::Bind ? "bind " : "") + show(list[i].value));
    return text + "]";
  }

  std::string indexName(int id) const {
    auto found = names.find(id);
    return (found == names.end() ? "?" : found->second) + "#" + std::to_string(id);
  }

  std::string indices(const std::vector<Index> &list) {
    std::string text;
    for (const Index &index : list) {
      text += (text.empty() ? "" : ", ") + std::string(index.isPack ? "..." : "") + indexName(index.id) + ": ";
      text += index.isPack ? "..." + instance.symbols[index.symbol].name : expr(*index.lo) + ".." + expr(*index.hi);
    }
    return text;
  }

  static std::string literal(const ScalarValue &value) {
    if (value.type == DType::Bool)
      return value.integer ? "true" : "false";
    if (value.type == DType::U64)
      return std::to_string(static_cast<uint64_t>(value.integer));
    if (!isFloat(value.type))
      return std::to_string(value.integer);
    if (std::isnan(value.real))
      return "nan";
    if (std::isinf(value.real))
      return value.real < 0 ? "-inf" : "inf";
    char buffer[40];
    auto end = value.type == DType::F64 ? std::to_chars(buffer, buffer + 40, value.real)
                                        : std::to_chars(buffer, buffer + 40, static_cast<float>(value.real));
    return std::string(buffer, end.ptr);
  }

  std::string expr(const Expr &e) {
    std::string type = std::string(":") + getName(e.type);
    switch (e.kind) {
    case ExprKind::Literal:
      return literal(e.value) + (e.type == DType::Size || e.type == DType::Bool ? "" : type);
    case ExprKind::IndexRef:
      return indexName(e.index);
    case ExprKind::SymbolRef:
      return instance.symbols[e.symbol].name;
    case ExprKind::ScalarParam:
      return instance.params[e.param].name;
    case ExprKind::Read: {
      std::string text = instance.tensors[e.tensor].name + "[";
      for (size_t i = 0; i < e.subscripts.size(); ++i)
        text += (i ? ", " : "") +
                (e.subscripts[i].isPack() ? "..." + indexName(e.subscripts[i].packIndex) : expr(*e.subscripts[i].expr));
      text += "]";
      if (e.bounds == Bounds::AtLaunch)
        text += "?";
      if (e.elseKind == ElseKind::Value)
        text = "(" + text + " else " + expr(*e.elseValue) + ")";
      if (e.elseKind == ElseKind::Error)
        text = "(" + text + " else error)";
      return text;
    }
    case ExprKind::Cast:
      return std::string(getName(e.type)) + "(" + expr(*e.operands[0]) + ")";
    case ExprKind::Unary:
      return std::string(e.unary == UnaryOp::Neg ? "-" : e.unary == UnaryOp::Not ? "!" : "~") + expr(*e.operands[0]);
    case ExprKind::Binary:
      return binary(e, getSpelling(e.binary));
    case ExprKind::Compare:
      return binary(e, getSpelling(e.compare));
    case ExprKind::Logic:
      return binary(e, e.logic == LogicOp::And ? "&&" : "||");
    case ExprKind::Select:
      return "(" + expr(*e.operands[0]) + " ? " + expr(*e.operands[1]) + " : " + expr(*e.operands[2]) + ")";
    case ExprKind::Call: {
      std::string text = std::string(getName(e.function)) + "(";
      for (size_t i = 0; i < e.operands.size(); ++i)
        text += (i ? ", " : "") + expr(*e.operands[i]);
      return text + ")";
    }
    case ExprKind::Reduce: {
      std::string text = std::string(getName(e.reduce)) + "[" + indices(e.indices);
      if (e.filter)
        text += " where " + expr(*e.filter);
      return text + "](" + expr(*e.operands[0]) + ")";
    }
    }
    return "";
  }

  std::string binary(const Expr &e, const char *spelling) {
    return "(" + expr(*e.operands[0]) + " " + spelling + " " + expr(*e.operands[1]) + ")";
  }

  const Instance &instance;
  std::map<int, std::string> names;
  std::string out;
};
} // namespace

std::string tenon::dump(const Instance &instance) { return Dumper(instance).run(); }
