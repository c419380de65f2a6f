//===- CheckCall.cpp - calls of fns and operators ---------------------------===//
//
// Owns the expansion of calls: an fn's expression in place, an operator's definitions with fresh names over the
// caller's tensors and sizes.
//
//===------------------------------------------------------------------------===//
#include "Checker.h"
#include "Limits.h"

using namespace tenon;
using namespace tenon::syntax;

// ---- consts and fns ------------------------------------------------------------------------------------------------

/// Works in a frame of its own until the end of the scope.
namespace {
struct Enter {
  Frame *&slot;
  Frame *outer;
  Enter(Frame *&slot, Frame &inner) : slot(slot), outer(slot) { slot = &inner; }
  ~Enter() { slot = outer; }
};
} // namespace

ExprPtr Checker::constantValue(ConstValue &constant) {
  if (constant.state == ConstValue::State::Done)
    return constant.expr;
  if (constant.state == ConstValue::State::Busy) {
    error(constant.decl->name.range, "const " + constant.decl->name.text + " is defined by itself");
    return nullptr;
  }
  if (callDepth >= maxCallDepth) {
    error(constant.decl->name.range, "consts are nested more than " + std::to_string(maxCallDepth) + " deep");
    return nullptr;
  }
  constant.state = ConstValue::State::Busy;
  ++callDepth;
  Frame inner;
  inner.unit = constant.unit;
  {
    Enter enter(frame, inner);
    auto type = typeNamed(constant.decl->type.text);
    if (!type)
      error(constant.decl->type.range, "unknown type " + constant.decl->type.text);
    else
      constant.expr = require(*constant.decl->value, *type, "const " + constant.decl->name.text);
  }
  --callDepth;
  if (constant.expr && constant.expr->nodes <= maxExpressionNodes)
    if (auto value = foldConstant(constant.expr))
      constant.expr = makeLiteral(*value, constant.decl->value->range);
  constant.state = ConstValue::State::Done;
  return constant.expr;
}

std::optional<ScalarValue> Checker::constantOfType(const Node &node, const Unit &unit, DType type,
                                                   const std::string &what) {
  Frame inner;
  inner.unit = &unit;
  Enter enter(frame, inner);
  ExprPtr expr = require(node, type, what);
  if (!expr)
    return std::nullopt;
  auto value = foldConstant(expr);
  if (!value)
    error(node.range, what + " is not a constant");
  return value;
}

void Checker::checkFn(const FnDecl &fn, const Unit &unit, const std::map<std::string, DType> &types) {
  rootFrame.unit = &unit;
  rootFrame.fn = &fn;
  rootFrame.types = types;
  for (const ParamDecl &param : fn.params) {
    if (typeNamed(param.name.text) || functionNamed(param.name.text) || types.count(param.name.text))
      error(param.name.range, "parameter " + param.name.text + " has the name of a " +
                                  (functionNamed(param.name.text) ? "function" : "type"));
    auto type = typeOf(param.type);
    Binding binding{};
    binding.kind = Binding::Kind::Scalar;
    binding.place = param.name.range;
    binding.broken = !type;
    if (type) {
      // A size parameter of an fn stands for an index or size: what its callers may pass.
      binding.value = make(ExprKind::ScalarParam, *type, param.name.range);
      binding.value->param = instance.params.size();
    }
    auto [at, isNew] = rootFrame.names.emplace(param.name.text, binding);
    if (!isNew)
      error(param.name.range, param.name.text + " is declared twice")
          .notes.push_back({at->second.place, "the first time here"});
    Param out;
    out.name = param.name.text;
    instance.params.push_back(out);
  }
  auto type = typeOf(fn.resultType);
  if (type)
    require(*fn.body, *type, "fn " + fn.name.text);
}

Checker::Result Checker::checkFnCall(const Node &node, const Global &global, std::optional<DType> hint) {
  const FnDecl &fn = *global.fn;
  for (const Frame *f = frame; f; f = f->caller)
    if (f->fn == &fn) {
      error(node.range, "fn " + fn.name.text + " calls itself");
      return {};
    }
  if (callDepth >= maxCallDepth) {
    error(node.range, "calls are nested more than " + std::to_string(maxCallDepth) + " deep");
    return {};
  }
  // Arguments by position, then by name.
  std::vector<const Node *> args(fn.params.size(), nullptr);
  bool named = false;
  for (size_t i = 0; i < node.kids.size(); ++i) {
    size_t at = i;
    const Name &name = node.argNames[i];
    if (!name.text.empty()) {
      named = true;
      for (at = 0; at < fn.params.size() && fn.params[at].name.text != name.text; ++at)
        ;
      if (at == fn.params.size()) {
        error(name.range, fn.name.text + " has no parameter " + name.text);
        return {};
      }
    } else if (named) {
      error(node.kids[i]->range, "an argument by position after one by name");
      return {};
    }
    if (at >= fn.params.size())
      break;
    if (args[at]) {
      error(node.kids[i]->range, "parameter " + fn.params[at].name.text + " of " + fn.name.text + " is given twice");
      return {};
    }
    args[at] = node.kids[i].get();
  }
  bool complete = node.kids.size() == fn.params.size();
  for (const Node *arg : args)
    complete &= arg != nullptr;
  if (!complete) {
    error(node.range, fn.name.text + " takes " + std::to_string(fn.params.size()) +
                          (fn.params.size() == 1 ? " argument" : " arguments") + ", " +
                          std::to_string(node.kids.size()) + " given")
        .notes.push_back({fn.name.range, fn.name.text + " is declared here"});
    return {};
  }
  // What types the arguments have of themselves; a type variable takes the first.
  Frame inner;
  inner.unit = global.unit;
  inner.fn = &fn;
  inner.caller = frame;
  inner.call = node.range;
  auto variables = [&](const std::string &name) -> const Clause * {
    for (const Clause &clause : fn.where)
      if (clause.typeVariable.text == name)
        return &clause;
    return nullptr;
  };
  std::vector<Result> results;
  bool failed = false;
  for (size_t i = 0; i < args.size(); ++i) {
    results.push_back(check(*args[i]));
    failed |= results[i].failed();
    if (results[i].expr && variables(fn.params[i].type.text))
      inner.types.emplace(fn.params[i].type.text, results[i].expr->type);
  }
  if (failed)
    return {};
  if (hint && variables(fn.resultType.text))
    inner.types.emplace(fn.resultType.text, *hint);
  for (const Clause &clause : fn.where) {
    if (clause.typeVariable.text.empty())
      continue;
    auto bound = inner.types.find(clause.typeVariable.text);
    if (bound == inner.types.end())
      return untypedResult(); // Literals alone: the context says.
    bool allowed = false;
    std::string list;
    for (const Name &type : clause.types) {
      allowed |= typeNamed(type.text) == bound->second;
      list += (list.empty() ? "" : ", ") + type.text;
    }
    if (!allowed) {
      error(node.range,
            fn.name.text + " is for " + clause.typeVariable.text + " in {" + list + "}, not " + getName(bound->second))
          .notes.push_back({clause.range, "declared here"});
      return {};
    }
  }
  for (size_t i = 0; i < args.size(); ++i) {
    auto type = typeNamed(fn.params[i].type.text);
    if (!type && inner.types.count(fn.params[i].type.text))
      type = inner.types[fn.params[i].type.text];
    if (!type)
      return {}; // Reported with the fn.
    ExprPtr value = results[i].expr;
    if (results[i].untyped)
      value = check(*args[i], *type).expr;
    if (!value)
      return {};
    if (value->type != *type) {
      error(args[i]->range, "parameter " + fn.params[i].name.text + " of " + fn.name.text + " is " + getName(*type) +
                                ", its argument is " + getName(value->type) + ": write " + getName(*type) + "(" +
                                args[i]->range.oneLine() + ")");
      return {};
    }
    Binding binding{};
    binding.kind = Binding::Kind::Scalar;
    binding.place = fn.params[i].name.range;
    binding.value = value;
    inner.names.emplace(fn.params[i].name.text, binding);
  }
  ++callDepth;
  ExprPtr body;
  {
    Enter enter(frame, inner);
    auto type = typeOf(fn.resultType);
    body = type ? require(*fn.body, *type, "fn " + fn.name.text) : nullptr;
  }
  --callDepth;
  if (body && body->nodes > maxExpressionNodes) {
    tooLarge = true;
    error(node.range, "the formula has more than " + std::to_string(maxExpressionNodes) +
                          " operations once its fns are expanded: define parts of it by name");
    return {};
  }
  return {body};
}

// ---- operators -----------------------------------------------------------------------------------------------------

std::optional<std::vector<Checker::Argument>> Checker::matchArguments(const Node &call, const OpDecl &callee) {
  std::vector<Argument> args;
  for (const ParamDecl &param : callee.params)
    args.push_back({&param});
  bool named = false;
  for (size_t i = 0; i < call.kids.size(); ++i) {
    size_t at = i;
    const Name &name = call.argNames[i];
    if (!name.text.empty()) {
      named = true;
      for (at = 0; at < args.size() && args[at].param->name.text != name.text; ++at)
        ;
      if (at == args.size()) {
        error(name.range, callee.name.text + " has no parameter " + name.text);
        return std::nullopt;
      }
    } else if (named) {
      error(call.kids[i]->range, "an argument by position after one by name");
      return std::nullopt;
    }
    if (at >= args.size()) {
      error(call.kids[i]->range, callee.name.text + " takes " + std::to_string(args.size()) +
                                     (args.size() == 1 ? " argument" : " arguments") + ", " +
                                     std::to_string(call.kids.size()) + " given")
          .notes.push_back({callee.name.range, callee.name.text + " is declared here"});
      return std::nullopt;
    }
    if (args[at].node) {
      error(call.kids[i]->range,
            "parameter " + args[at].param->name.text + " of " + callee.name.text + " is given twice");
      return std::nullopt;
    }
    args[at].node = call.kids[i].get();
  }
  for (const Argument &arg : args)
    if (!arg.node && !arg.param->defaultValue) {
      error(call.range, "the call of " + callee.name.text + " lacks an argument for " + arg.param->name.text)
          .notes.push_back({arg.param->range, arg.param->name.text + " is declared here"});
      return std::nullopt;
    }
  return args;
}

/// Type variables from the tensors and typed scalars that are passed, then from what the results are declared as.
bool Checker::bindCallTypes(const std::vector<Argument> &args, const Operator &callee, const Statement &statement,
                            Frame &inner) {
  auto isVariable = [&](const std::string &name) {
    for (const TypeVariable &variable : callee.typeVariables)
      if (variable.name == name)
        return true;
    return false;
  };
  auto bind = [&](const Name &variable, DType type, SourceRange place, const std::string &what) {
    auto [at, isNew] = inner.types.emplace(variable.text, type);
    if (isNew || at->second == type)
      return true;
    error(place, what + " is " + getName(type) + ", but " + variable.text + " of " + callee.name + " is " +
                     getName(at->second) + " already");
    return false;
  };
  for (const Argument &arg : args) {
    if (!arg.node || !arg.param->isTensor || arg.node->kind != NodeKind::Name || !isVariable(arg.param->type.text))
      continue;
    auto found = frame->names.find(arg.node->text);
    if (found == frame->names.end() || found->second.kind != Binding::Kind::Tensor || found->second.broken)
      continue;
    if (!bind(arg.param->type, instance.tensors[found->second.view.tensor].type, arg.node->range, arg.node->text))
      return false;
  }
  for (const Argument &arg : args) {
    if (!arg.node || arg.param->isTensor || !isVariable(arg.param->type.text) ||
        inner.types.count(arg.param->type.text))
      continue;
    Result result = check(*arg.node);
    if (result.failed())
      return false;
    if (result.expr)
      inner.types.emplace(arg.param->type.text, result.expr->type);
  }
  for (size_t i = 0; i < callee.syntax->results.size() && i < statement.names.size(); ++i) {
    const ParamDecl &result = callee.syntax->results[i];
    if (!isVariable(result.type.text) || inner.types.count(result.type.text))
      continue;
    std::optional<DType> type;
    if (statement.type && i == 0)
      type = typeOf(*statement.type);
    else if (auto found = frame->names.find(statement.names[i].text);
             found != frame->names.end() && !found->second.broken)
      type = instance.tensors[found->second.view.tensor].type;
    if (type)
      inner.types.emplace(result.type.text, *type);
  }
  for (const TypeVariable &variable : callee.typeVariables) {
    auto bound = inner.types.find(variable.name);
    if (bound == inner.types.end()) {
      error(statement.value->range, "nothing says which type " + variable.name + " of " + callee.name +
                                        " is in this call: write " + statement.names[0].text + ": f32 = ...");
      return false;
    }
    bool allowed = false;
    std::string list;
    for (DType type : variable.types) {
      allowed |= type == bound->second;
      list += (list.empty() ? "" : ", ") + std::string(getName(type));
    }
    if (!allowed) {
      error(statement.value->range,
            callee.name + " is for " + variable.name + " in {" + list + "}, not " + getName(bound->second))
          .notes.push_back({variable.range, "declared here"});
      return false;
    }
  }
  return true;
}

/// Binds the callee's sizes and pack to an argument's dimensions; what must agree is left for `later`, when all are
/// bound.
bool Checker::bindShape(const ParamDecl &param, const View &view, const std::string &argName, SourceRange place,
                        Frame &inner, std::vector<std::function<bool()>> &later) {
  const Tensor tensor = instance.tensors[view.tensor];
  size_t packAt = param.dims.size();
  for (size_t i = 0; i < param.dims.size(); ++i)
    if (!param.dims[i].expr)
      packAt = i;
  bool hasPack = packAt < param.dims.size();
  size_t count = tensor.dims.size(), wanted = param.dims.size();
  const std::string callee = inner.op->name.text;
  auto refuseRank = [&] {
    std::string has = std::to_string(count) + (count == 1 ? " dimension" : " dimensions");
    for (const Dim &dim : tensor.dims)
      if (dim.isPack())
        has = "a pack of dimensions";
    error(place, argName + " has " + has + ", but parameter " + param.range.oneLine() + " of " + callee + " asks for " +
                     (hasPack ? "at least " + std::to_string(wanted - 1) : std::to_string(wanted)))
        .notes.push_back({param.range, param.name.text + " is declared here"});
    return false;
  };
  if (hasPack ? count + 1 < wanted : count != wanted)
    return refuseRank();
  size_t packCount = hasPack ? count + 1 - wanted : 0;
  for (size_t d = 0; d < wanted; ++d) {
    const DimDecl &dim = param.dims[d];
    if (!dim.expr) {
      std::vector<Dim> part(tensor.dims.begin() + packAt, tensor.dims.begin() + packAt + packCount);
      auto found = inner.names.find(dim.pack.text);
      if (found == inner.names.end()) {
        Binding binding{};
        binding.kind = Binding::Kind::Pack;
        binding.place = dim.range;
        binding.pack = part;
        // Where the caller's own pack lies in it: the caller must find it again in the results.
        if (view.packAt >= static_cast<int>(packAt) && view.packAt + view.packCount <= packAt + packCount) {
          binding.callerPackAt = view.packAt - packAt;
          binding.callerPackCount = view.packCount;
        }
        inner.names.emplace(dim.pack.text, binding);
        continue;
      }
      auto bound = found->second.pack;
      std::string pack = dim.pack.text;
      later.push_back(
          [=, this] { return agreeDims(bound, part, "..." + pack + " of " + callee, "the one of " + argName, place); });
      continue;
    }
    const Dim &actual = tensor.dims[d < packAt ? d : d - 1 + packCount];
    if (actual.isPack())
      return refuseRank();
    std::string where = "dimension " + std::to_string(d < packAt ? d : d - 1 + packCount) + " of " + argName;
    SizeExprPtr value = actual.value;
    if (dim.expr->kind == NodeKind::Name && !inner.names.count(dim.expr->text)) {
      bool isParam = false;
      for (const ParamDecl &other : inner.op->params)
        isParam |= other.name.text == dim.expr->text;
      auto global = inner.unit->scope.find(dim.expr->text);
      bool isConst = global != inner.unit->scope.end() && global->second.kind == Global::Kind::Const;
      if (!isParam && !isConst) {
        Binding binding{};
        binding.kind = Binding::Kind::Size;
        binding.place = dim.range;
        binding.size = value;
        inner.names.emplace(dim.expr->text, binding);
        continue;
      }
    }
    const Node *node = dim.expr.get();
    Frame *target = &inner;
    later.push_back([=, this] {
      Enter enter(frame, *target);
      SizeExprPtr declared = requireSize(*node, "a dimension");
      if (!declared)
        return false;
      if (sameSize(declared, value))
        return true;
      return addCheck(LaunchCheck::Kind::Agree, sizeBinary(SizeExpr::Op::Eq, value, declared),
                      where + " is {0}, but " + callee + " asks for " + node->range.oneLine() + ", which is {1}",
                      {value, declared}, place);
    });
  }
  return true;
}

bool Checker::agreeDims(const std::vector<Dim> &a, const std::vector<Dim> &b, const std::string &nameA,
                        const std::string &nameB, SourceRange range) {
  auto list = [&](const std::vector<Dim> &dims) {
    std::string text = "[";
    for (const Dim &dim : dims)
      text +=
          (text.size() > 1 ? ", " : "") + (dim.isPack() ? "..." + instance.symbols[dim.symbol].name : show(dim.value));
    return text + "]";
  };
  bool matches = a.size() == b.size();
  for (size_t i = 0; matches && i < a.size(); ++i)
    matches = a[i].isPack() == b[i].isPack() && a[i].symbol == (a[i].isPack() ? b[i].symbol : a[i].symbol);
  if (!matches) {
    error(range, nameA + " is " + list(a) + ", but " + nameB + " is " + list(b));
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i)
    if (!a[i].isPack() && !sameSize(a[i].value, b[i].value))
      addCheck(LaunchCheck::Kind::Agree, sizeBinary(SizeExpr::Op::Eq, a[i].value, b[i].value),
               "dimension " + std::to_string(i) + " of " + nameA + " is {0}, but of " + nameB + " it is {1}",
               {a[i].value, b[i].value}, range);
  return true;
}

bool Checker::bindArguments(const std::vector<Argument> &args, const Operator &callee, Frame &inner) {
  std::vector<std::function<bool()>> later;
  bool good = true;
  // Sizes first come from `size` parameters, which dimensions may name.
  for (const Argument &arg : args) {
    const ParamDecl &param = *arg.param;
    if (param.isTensor)
      continue;
    auto type = typeNamed(param.type.text);
    if (!type)
      type = inner.types.count(param.type.text) ? std::optional(inner.types[param.type.text]) : std::nullopt;
    if (!type)
      return false;
    std::string what = "parameter " + param.name.text + " of " + callee.name;
    Binding binding{};
    binding.place = param.name.range;
    ExprPtr value;
    if (arg.node) {
      value = require(*arg.node, *type, what);
    } else if (auto constant =
                   constantOfType(*param.defaultValue, *callee.unit, *type, "the default of " + param.name.text)) {
      value = makeLiteral(*constant, param.defaultValue->range);
    }
    if (!value) {
      good = false;
      continue;
    }
    if (*type == DType::Size) {
      binding.kind = Binding::Kind::SizeParam;
      binding.size = toSizeExpr(value, what);
      if (!binding.size) {
        good = false;
        continue;
      }
      auto constant = constantOf(binding.size);
      if (constant && *constant < 0) {
        error(value->range, what + " is " + std::to_string(*constant) + ": a size parameter is at least 0");
        good = false;
        continue;
      }
      addCheck(LaunchCheck::Kind::Where, sizeBinary(SizeExpr::Op::Le, sizeConst(0), binding.size),
               what + " is {0}: a size parameter is at least 0", {binding.size}, value->range);
    } else {
      binding.kind = Binding::Kind::Scalar;
      bool isSimple = value->kind == ExprKind::Literal || value->kind == ExprKind::ScalarParam ||
                      (value->kind == ExprKind::Read && value->subscripts.empty());
      if (!isSimple) { // Computed once, and rounded to its type, as an argument is.
        int tensor = addTensor(Tensor::Role::Temporary, inner.prefix + param.name.text, *type, {}, value->range);
        addDefinition(tensor, {}, value, value->range);
        value = make(ExprKind::Read, *type, value->range);
        value->tensor = tensor;
      }
      binding.value = value;
    }
    inner.names.emplace(param.name.text, binding);
  }
  for (const Argument &arg : args) {
    const ParamDecl &param = *arg.param;
    if (!param.isTensor)
      continue;
    const Node &node = *arg.node;
    const Global *global = nullptr;
    if (node.kind != NodeKind::Name) {
      if (isOperatorCall(node, &global))
        error(node.range, "an argument is the name of a tensor: define it first, t = " + node.range.oneLine());
      else
        error(node.range,
              "parameter " + param.name.text + " of " + callee.name + " is a tensor: its argument is the name of one");
      good = false;
      continue;
    }
    auto found = frame->names.find(node.text);
    if (found == frame->names.end()) {
      Diagnostic &diagnostic = error(node.range, "unknown tensor " + node.text);
      if (auto later = frame->laterNames.find(node.text); later != frame->laterNames.end()) {
        diagnostic.message = node.text + " is used before its definition";
        diagnostic.notes.push_back({later->second, node.text + " is defined here"});
      }
      good = false;
      continue;
    }
    found->second.used = true;
    if (found->second.broken) {
      good = false;
      continue;
    }
    if (found->second.kind != Binding::Kind::Tensor) {
      error(node.range,
            "parameter " + param.name.text + " of " + callee.name + " is a tensor, " + node.text + " is not");
      good = false;
      continue;
    }
    const Tensor tensor = instance.tensors[found->second.view.tensor];
    auto type = typeNamed(param.type.text);
    if (!type)
      type = inner.types.count(param.type.text) ? std::optional(inner.types[param.type.text]) : std::nullopt;
    if (type && tensor.type != *type) {
      error(node.range, "parameter " + param.name.text + " of " + callee.name + " is " + getName(*type) + ", but " +
                            node.text + " is " + getName(tensor.type));
      good = false;
      continue;
    }
    if (!bindShape(param, found->second.view, node.text, node.range, inner, later)) {
      good = false;
      continue;
    }
    Binding binding{};
    binding.kind = Binding::Kind::Tensor;
    binding.place = param.name.range;
    binding.view.tensor = found->second.view.tensor;
    binding.view.rank = param.dims.size();
    for (size_t i = 0; i < param.dims.size(); ++i)
      if (!param.dims[i].expr) {
        binding.view.packAt = i;
        binding.view.packCount = tensor.dims.size() + 1 - param.dims.size();
      }
    inner.names.emplace(param.name.text, binding);
  }
  if (!good)
    return false;
  for (auto &check : later)
    good &= check();
  return good;
}

/// The callee's results become the names on the left.
bool Checker::defineResults(const Statement &statement, const OpDecl &callee, Frame &inner) {
  Frame *outer = frame;
  for (size_t r = 0; r < callee.results.size(); ++r) {
    const ParamDecl &result = callee.results[r];
    const Name &name = statement.names[r];
    View view, callerView;
    std::vector<Dim> dims;
    std::optional<DType> type;
    {
      Enter enter(frame, inner);
      type = typeOf(result.type);
      for (size_t d = 0; d < result.dims.size(); ++d) {
        const DimDecl &dim = result.dims[d];
        if (!dim.expr) {
          auto found = inner.names.find(dim.pack.text);
          if (found == inner.names.end() || found->second.kind != Binding::Kind::Pack)
            return false;
          view.packAt = d;
          view.packCount = found->second.pack.size();
          if (found->second.callerPackAt >= 0) {
            callerView.packAt = dims.size() + found->second.callerPackAt;
            callerView.packCount = found->second.callerPackCount;
          }
          dims.insert(dims.end(), found->second.pack.begin(), found->second.pack.end());
          continue;
        }
        Dim out;
        out.value = requireSize(*dim.expr, "a dimension");
        out.range = dim.range;
        if (!out.value)
          return false;
        dims.push_back(out);
      }
    }
    if (!type)
      return false;
    for (Dim &dim : dims)
      if (!dim.isPack())
        dim = {Dim::Kind::Expr, -1, dim.value, dim.range};
    view.rank = result.dims.size();
    if (statement.type && r == 0) {
      auto wanted = typeOf(*statement.type);
      if (wanted && *wanted != *type) {
        error(statement.type->range, name.text + " is said to be " + getName(*wanted) + ", but " + callee.name.text +
                                         " gives " + getName(*type));
        return false;
      }
    }
    auto found = outer->names.find(name.text);
    if (found != outer->names.end() && isResult(name.text)) {
      if (found->second.broken)
        return false;
      Tensor tensor = instance.tensors[found->second.view.tensor];
      if (tensor.type != *type) {
        error(name.range, name.text + " is declared " + getName(tensor.type) + ", but " + callee.name.text + " gives " +
                              getName(*type))
            .notes.push_back({found->second.place, name.text + " is declared here"});
        return false;
      }
      if (!agreeDims(tensor.dims, dims, name.text, "the result of " + callee.name.text, name.range))
        return false;
      view.tensor = found->second.view.tensor;
    } else {
      checkNonNegative(dims, outer->prefix + name.text, statement.range);
      view.tensor = addTensor(Tensor::Role::Temporary, outer->prefix + name.text, *type, dims, name.range);
      Binding binding{};
      binding.kind = Binding::Kind::Tensor;
      binding.place = name.range;
      binding.view = callerView;
      binding.view.tensor = view.tensor;
      binding.view.rank = dims.size() - (callerView.packAt >= 0 ? callerView.packCount - 1 : 0);
      outer->names.emplace(name.text, binding);
    }
    Binding binding{};
    binding.kind = Binding::Kind::Tensor;
    binding.place = result.name.range;
    binding.view = view;
    inner.names.emplace(result.name.text, binding);
  }
  return true;
}

void Checker::checkCallStatement(const Statement &statement, const Global &global) {
  const Operator &callee = *global.op;
  const OpDecl &decl = *callee.syntax;
  const Node &call = *statement.value;
  if (statement.hasIndices) {
    error(statement.range, "a call of an operator defines a whole tensor: write " + statement.names[0].text + " = " +
                               call.range.oneLine());
    return markBroken(statement);
  }
  if (statement.names.size() != decl.results.size()) {
    error(statement.range, callee.name + " has " + std::to_string(decl.results.size()) +
                               (decl.results.size() == 1 ? " result" : " results") + ", " +
                               std::to_string(statement.names.size()) +
                               (statement.names.size() == 1 ? " name is" : " names are") + " on the left")
        .notes.push_back({decl.name.range, callee.name + " is declared here"});
    return markBroken(statement);
  }
  for (const Frame *f = frame; f; f = f->caller)
    if (f->op == &decl) {
      error(call.range, "operator " + callee.name + " calls itself");
      return markBroken(statement);
    }
  if (callDepth >= maxCallDepth) {
    error(call.range, "calls are nested more than " + std::to_string(maxCallDepth) + " deep");
    return markBroken(statement);
  }
  if (decl.broken)
    return markBroken(statement);
  Frame inner;
  inner.unit = callee.unit;
  inner.op = &decl;
  inner.caller = frame;
  inner.call = call.range;
  inner.prefix = frame->prefix + statement.names[0].text + ".";
  auto args = matchArguments(call, decl);
  if (!args || !bindCallTypes(*args, callee, statement, inner) || !bindArguments(*args, callee, inner))
    return markBroken(statement);
  for (const TypeVariable &variable : callee.typeVariables) {
    Binding binding{};
    binding.kind = Binding::Kind::Type;
    binding.place = variable.range;
    inner.names.emplace(variable.name, binding);
  }
  if (!defineResults(statement, decl, inner))
    return markBroken(statement);
  ++callDepth;
  {
    Enter enter(frame, inner);
    checkConditions(decl);
    checkStatements(decl);
  }
  --callDepth;
}
