//===- CheckTest.cpp - test declarations ------------------------------------===//
//
// Owns what a `test` binds, with which values, and its tolerances. Does not run anything.
//
//===------------------------------------------------------------------------===//
#include "Checker.h"

using namespace tenon;
using namespace tenon::syntax;

SizeExprPtr Checker::testSize(const Node &node, const std::set<std::string> &bound) {
  SizeExprPtr size = requireSize(node, "a size of a test");
  if (!size)
    return nullptr;
  std::vector<int> symbols;
  collectSymbols(size, symbols);
  for (int symbol : symbols)
    if (!bound.count(instance.symbols[symbol].name)) {
      error(node.range, instance.symbols[symbol].name + " has no value here: bind it before");
      return nullptr;
    }
  return size;
}

double Test::toleranceOf(DType type) const {
  if (exact)
    return 0;
  for (const auto &[named, value] : tolerances)
    if (named == type)
      return value;
  return tolerance && isFloat(type) ? *tolerance : 0;
}

namespace {
class TestChecker {
public:
  TestChecker(const TestDecl &decl, const Operator &op, const Unit &unit, Diagnostics &diagnostics)
      : decl(decl), op(op), unit(unit), diagnostics(diagnostics), checker(diagnostics, instance) {}

  Test run() {
    test.op = &op;
    test.range = decl.range;
    // The signature of any combination has the same symbols and params; its errors are the operator's.
    auto all = combinations(op);
    if (all.empty())
      return std::move(test);
    Diagnostics silent;
    Checker signature(silent, instance);
    signature.checkSignature(op, all[0]);
    if (silent.hasErrors())
      return std::move(test);
    instance = Instance();
    checker.checkSignature(op, all[0]);
    instance.checks.clear();
    for (const BindDecl &bind : decl.binds)
      checkBind(bind);
    for (const Symbol &symbol : instance.symbols) {
      bool hasDefault = symbol.kind == SymbolKind::SizeParam && instance.params[symbol.param].defaultValue;
      if (!bound.count(symbol.name) && !hasDefault && !failed.count(symbol.name))
        diagnostics.error(decl.op.range, (symbol.kind == SymbolKind::Pack ? "pack " : "size ") + symbol.name + " of " +
                                             op.name + " is not bound: write " + symbol.name +
                                             (symbol.kind == SymbolKind::Pack ? " in {[], [3]}" : ": 1..100"));
    }
    for (const WithDecl &with : decl.with)
      checkWith(with);
    checkTolerance();
    return std::move(test);
  }

private:
  double realOf(const ScalarValue &value) const {
    return isFloat(value.type)        ? value.real
           : value.type == DType::U64 ? static_cast<double>(static_cast<uint64_t>(value.integer))
                                      : static_cast<double>(value.integer);
  }

  std::optional<double> number(const Node &node, const std::string &what) {
    auto value = checker.constantOfType(node, unit, DType::F64, what);
    return value ? std::optional(value->real) : std::nullopt;
  }

  void checkBind(const BindDecl &decl) {
    const std::string &name = decl.name.text;
    if (bound.count(name)) {
      diagnostics.error(decl.name.range, name + " is bound twice");
      return;
    }
    TestBinding binding;
    binding.name = name;
    binding.range = decl.range;
    binding.isSet = decl.isSet;
    bool found = false;
    for (size_t i = 0; i < instance.symbols.size(); ++i)
      if (instance.symbols[i].name == name) {
        auto kind = instance.symbols[i].kind;
        binding.kind = kind == SymbolKind::Size   ? TestBinding::Kind::Size
                       : kind == SymbolKind::Pack ? TestBinding::Kind::Pack
                                                  : TestBinding::Kind::SizeParam;
        binding.symbol = i;
        found = true;
      }
    for (size_t i = 0; i < instance.params.size(); ++i)
      if (instance.params[i].name == name && !instance.params[i].isResult &&
          instance.params[i].kind != ParamKind::Tensor) {
        if (instance.params[i].kind == ParamKind::Scalar)
          binding.kind = TestBinding::Kind::Scalar;
        binding.param = i;
        found = true;
      }
    const TypeVariable *variable = nullptr;
    for (const TypeVariable &other : op.typeVariables)
      if (other.name == name) {
        binding.kind = TestBinding::Kind::Type;
        variable = &other;
        found = true;
      }
    failed.insert(name);
    if (!found) {
      diagnostics.error(decl.name.range, op.name + " has no size, scalar or type " + name)
          .notes.push_back({op.nameRange, op.name + " is declared here"});
      return;
    }
    if (decl.isSet ? !checkSet(decl, binding, variable) : !checkRange(decl, binding))
      return;
    bound.insert(name);
    test.bindings.push_back(std::move(binding));
  }

  bool checkSet(const BindDecl &decl, TestBinding &binding, const TypeVariable *variable) {
    for (const BindValue &value : decl.values) {
      TestValue out;
      bool isPack = binding.kind == TestBinding::Kind::Pack, isType = binding.kind == TestBinding::Kind::Type;
      if (isPack != (value.kind == BindValue::Kind::Pack)) {
        diagnostics.error(value.range, isPack ? decl.name.text + " is a pack: its values are lists, [2, 5]"
                                              : decl.name.text + " is not a pack: its values are no lists");
        return false;
      }
      if (isType) {
        auto type = value.kind == BindValue::Kind::Type ? typeNamed(value.type.text) : std::nullopt;
        bool allowed = false;
        for (DType other : variable->types)
          allowed |= type == other;
        if (!allowed) {
          diagnostics.error(value.range, value.range.oneLine() + " is not one of the types of " + decl.name.text)
              .notes.push_back({variable->range, decl.name.text + " is declared here"});
          return false;
        }
        out.type = *type;
      } else if (isPack) {
        for (const NodePtr &node : value.sizes) {
          auto size = checker.constantOfType(*node, unit, DType::Size, "a dimension");
          if (!size)
            return false;
          if (size->integer < 0) {
            diagnostics.error(node->range, "a dimension is negative: " + std::to_string(size->integer));
            return false;
          }
          out.sizes.push_back(size->integer);
        }
      } else {
        auto scalar = checker.constantOfType(*value.expr, unit, typeFor(binding), "a value of " + decl.name.text);
        if (!scalar)
          return false;
        if (binding.kind != TestBinding::Kind::Scalar && scalar->integer < 0) {
          diagnostics.error(value.range, decl.name.text + " is negative: " + std::to_string(scalar->integer));
          return false;
        }
        out.scalar = *scalar;
      }
      binding.values.push_back(std::move(out));
    }
    return true;
  }

  /// A scalar of a type variable's type is written as f64 and rounded for each combination.
  DType typeFor(const TestBinding &binding) const {
    if (binding.kind != TestBinding::Kind::Scalar)
      return DType::Size;
    for (const ParamDecl &param : op.syntax->params)
      if (param.name.text == binding.name)
        return typeNamed(param.type.text).value_or(DType::F64);
    return DType::F64;
  }

  bool checkRange(const BindDecl &decl, TestBinding &binding) {
    if (binding.kind == TestBinding::Kind::Type || binding.kind == TestBinding::Kind::Pack) {
      diagnostics.error(decl.range, decl.name.text + (binding.kind == TestBinding::Kind::Type
                                                          ? " is a type: write " + decl.name.text + " in {f32}"
                                                          : " is a pack: write " + decl.name.text + " in {[], [3]}"));
      return false;
    }
    if (binding.kind == TestBinding::Kind::Scalar) {
      auto lo = checker.constantOfType(*decl.lo, unit, typeFor(binding), "a value of " + decl.name.text);
      if (!lo)
        return false;
      if (!decl.hi) { // Fixed: a set of one.
        binding.isSet = true;
        binding.values.push_back({*lo, DType::Bool, {}});
        return true;
      }
      auto hi = checker.constantOfType(*decl.hi, unit, typeFor(binding), "a value of " + decl.name.text);
      if (!hi)
        return false;
      binding.realLo = realOf(*lo);
      binding.realHi = realOf(*hi);
      return checkOrder(decl.range, binding.realLo, binding.realHi);
    }
    binding.lo = checker.testSize(*decl.lo, bound);
    if (!binding.lo)
      return false;
    binding.hi = decl.hi ? checker.testSize(*decl.hi, bound) : binding.lo + sizeConst(1);
    if (!binding.hi)
      return false;
    auto lo = constantOf(binding.lo), hi = constantOf(binding.hi);
    if (lo && *lo < 0) {
      diagnostics.error(decl.lo->range, decl.name.text + " is negative: " + std::to_string(*lo));
      return false;
    }
    return !lo || !hi || checkOrder(decl.range, *lo, *hi);
  }

  bool checkOrder(SourceRange range, double lo, double hi) {
    if (lo < hi)
      return true;
    diagnostics.error(range, "the range is empty: its end is not above its start");
    return false;
  }

  void checkWith(const WithDecl &with) {
    TestInput input{-1, 0, 0, with.range};
    for (size_t i = 0; i < instance.params.size(); ++i)
      if (instance.params[i].name == with.name.text && !instance.params[i].isResult &&
          instance.params[i].kind != ParamKind::Size)
        input.param = i;
    if (input.param < 0) {
      diagnostics.error(with.name.range, op.name + " has no tensor or scalar parameter " + with.name.text)
          .notes.push_back({op.nameRange, op.name + " is declared here"});
      return;
    }
    auto lo = number(*with.lo, "the start of a range"), hi = number(*with.hi, "the end of a range");
    if (!lo || !hi || !checkOrder(with.range, *lo, *hi))
      return;
    input.lo = *lo;
    input.hi = *hi;
    test.inputs.push_back(input);
  }

  void checkTolerance() {
    auto positive = [&](const Node &node) -> std::optional<double> {
      auto value = number(node, "a tolerance");
      if (value && !(*value >= 0)) {
        diagnostics.error(node.range, "a tolerance is at least 0");
        return std::nullopt;
      }
      return value;
    };
    test.exact = decl.tol.exact;
    if (decl.tol.all)
      test.tolerance = positive(*decl.tol.all);
    for (const auto &[name, node] : decl.tol.byType) {
      auto type = typeNamed(name.text);
      if (!type || type == DType::Size) {
        diagnostics.error(name.range, "unknown type " + name.text);
        continue;
      }
      for (const auto &[other, value] : test.tolerances)
        if (other == *type)
          diagnostics.error(name.range, "type " + name.text + " is listed twice");
      if (auto value = positive(*node))
        test.tolerances.emplace_back(*type, *value);
    }
  }

  const TestDecl &decl;
  const Operator &op;
  const Unit &unit;
  Diagnostics &diagnostics;
  Instance instance;
  Checker checker;
  Test test;
  std::set<std::string> bound, failed;
};
} // namespace

namespace tenon {
void checkTests(Module &module, Diagnostics &diagnostics);
}

void tenon::checkTests(Module &module, Diagnostics &diagnostics) {
  const Unit &unit = *module.units.front();
  for (const auto &decl : unit.file->tests) {
    auto found = unit.scope.find(decl->op.text);
    if (found == unit.scope.end()) {
      diagnostics.error(decl->op.range, "unknown operator " + decl->op.text);
      continue;
    }
    if (found->second.kind == Global::Kind::Broken)
      continue;
    if (found->second.kind != Global::Kind::Op) {
      diagnostics.error(decl->op.range, decl->op.text + " is not an operator");
      continue;
    }
    module.testList.push_back(TestChecker(*decl, *found->second.op, unit, diagnostics).run());
  }
}
