//===- CheckOp.cpp - an operator's signature and statements -----------------===//
//
// Owns parameters, sizes, conditions, definitions and what must hold between declared and defined shapes.
//
//===------------------------------------------------------------------------===//
#include "Checker.h"
#include "Limits.h"

#include <algorithm>

using namespace tenon;
using namespace tenon::syntax;

bool Checker::addCheck(LaunchCheck::Kind kind, SizeExprPtr condition, std::string message,
                       std::vector<SizeExprPtr> values, SourceRange range) {
  if (auto value = constantOf(condition)) {
    if (*value)
      return true;
    // It can never hold: said now, with the numbers that are known.
    for (size_t i = 0; i < values.size(); ++i) {
      std::string placeholder = "{" + std::to_string(i) + "}";
      size_t at = message.find(placeholder);
      if (at != std::string::npos)
        message.replace(at, placeholder.size(), show(values[i]));
    }
    error(range, message);
    return false;
  }
  for (const LaunchCheck &check : instance.checks)
    if (check.message == message && check.range.begin == range.begin && check.range.file == range.file &&
        normalize(check.condition) == normalize(condition))
      return true;
  instance.checks.push_back({kind, std::move(condition), std::move(message), std::move(values), range});
  return true;
}

/// Whether the expression is at least 0 whatever the sizes are.
static bool isNonNegative(const SizeExprPtr &size) {
  using Op = SizeExpr::Op;
  switch (size->op) {
  case Op::Const:
    return size->value >= 0;
  case Op::Symbol:
    return true;
  case Op::Add:
  case Op::Mul:
  case Op::Div:
  case Op::Min:
    return isNonNegative(size->a) && isNonNegative(size->b);
  case Op::Rem:
    return isNonNegative(size->a);
  case Op::Max:
    return isNonNegative(size->a) || isNonNegative(size->b);
  case Op::Sub:
    return false;
  case Op::Select:
    return isNonNegative(size->b) && isNonNegative(size->c);
  default:
    return true;
  }
}

void Checker::checkNonNegative(const std::vector<Dim> &dims, const std::string &name, SourceRange range) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (!dims[i].isPack() && !isNonNegative(dims[i].value))
      addCheck(LaunchCheck::Kind::ResultSize, sizeBinary(SizeExpr::Op::Le, sizeConst(0), dims[i].value),
               "dimension " + std::to_string(i) + " of " + name + " is " + show(dims[i].value) +
                   " = {0}, which is negative",
               {dims[i].value}, range);
}

int Checker::addTensor(Tensor::Role role, const std::string &name, DType type, std::vector<Dim> dims,
                       SourceRange range) {
  for (const Dim &dim : dims)
    if (dim.value->nodes > maxSizeNodes)
      error(range, "a dimension of " + name + " is too large an expression once calls are expanded");
  instance.tensors.push_back({role, name, type, std::move(dims), -1, range});
  return instance.tensors.size() - 1;
}

// ---- signature -----------------------------------------------------------------------------------------------------

void Checker::bindTypes(const Operator &op, const std::vector<DType> &types) {
  instance.op = &op;
  instance.types = types;
  rootFrame.unit = op.unit;
  rootFrame.op = op.syntax;
  for (size_t i = 0; i < op.typeVariables.size() && i < types.size(); ++i) {
    rootFrame.types[op.typeVariables[i].name] = types[i];
    Binding binding{};
    binding.kind = Binding::Kind::Type;
    binding.place = op.typeVariables[i].range;
    rootFrame.names.emplace(op.typeVariables[i].name, binding);
  }
}

/// The name of a dimension that is a bare name, or null.
static const std::string *bareName(const DimDecl &dim) {
  return dim.expr && dim.expr->kind == NodeKind::Name ? &dim.expr->text : nullptr;
}

void Checker::checkSignature(const Operator &op, const std::vector<DType> &types) {
  bindTypes(op, types);
  checkParams(*op.syntax);
  checkConditions(*op.syntax);
}

void Checker::checkParams(const OpDecl &op) {
  auto declare = [&](const Name &name, Binding binding) {
    binding.place = name.range;
    auto [at, isNew] = frame->names.emplace(name.text, binding);
    if (!isNew && !at->second.broken)
      error(name.range, name.text + " is declared twice").notes.push_back({at->second.place, "the first time here"});
    return isNew;
  };
  std::vector<const ParamDecl *> decls;
  for (const ParamDecl &param : op.params)
    decls.push_back(&param);
  for (const ParamDecl &param : op.results)
    decls.push_back(&param);
  // Parameters first: a dimension that is called like a size parameter is that parameter.
  bool hadDefault = false;
  for (size_t i = 0; i < decls.size(); ++i) {
    const ParamDecl &decl = *decls[i];
    Param param;
    param.isResult = i >= op.params.size();
    param.name = decl.name.text;
    param.range = decl.range;
    param.text = decl.range.oneLine();
    if (typeNamed(decl.name.text) || functionNamed(decl.name.text))
      error(decl.name.range,
            "parameter " + decl.name.text + " has the name of a " + (typeNamed(decl.name.text) ? "type" : "function"));
    auto type = typeOf(decl.type);
    param.type = type.value_or(DType::F32);
    bool isSize = type == DType::Size;
    if (isSize && (decl.isTensor || param.isResult))
      error(decl.type.range,
            (decl.isTensor ? "a tensor of size is not possible" : "a result of type size is not possible") +
                std::string(": use i64"));
    param.kind = decl.isTensor || param.isResult ? ParamKind::Tensor : isSize ? ParamKind::Size : ParamKind::Scalar;
    Binding binding{};
    binding.broken = !type || (isSize && (decl.isTensor || param.isResult));
    if (param.kind == ParamKind::Size) {
      param.symbol = instance.symbols.size();
      instance.symbols.push_back({param.name, SymbolKind::SizeParam, static_cast<int>(i), -1});
      binding.kind = Binding::Kind::SizeParam;
      binding.size = sizeSymbol(param.symbol);
    } else if (param.kind == ParamKind::Scalar) {
      binding.kind = Binding::Kind::Scalar;
      binding.value = make(ExprKind::ScalarParam, param.type, decl.name.range);
      binding.value->param = i;
    } else {
      binding.kind = Binding::Kind::Tensor;
    }
    if (decl.defaultValue) {
      if (param.kind == ParamKind::Tensor)
        error(decl.defaultValue->range,
              param.isResult ? "a result has no default" : "a tensor has no default: only scalar parameters do");
      else if (type)
        param.defaultValue = constantOfType(*decl.defaultValue, *frame->unit, *type, "the default of " + param.name);
      if (isSize && param.defaultValue && param.defaultValue->integer < 0)
        error(decl.defaultValue->range,
              "the default of " + param.name + " is negative: a size parameter is at least 0");
      hadDefault = true;
    } else if (hadDefault && !param.isResult) {
      error(decl.range,
            "parameter " + param.name + " has no default, but one before it has: only the last parameters may");
    }
    if (!declare(decl.name, binding))
      binding.broken = true;
    if (param.isResult)
      resultParams[param.name] = i;
    instance.params.push_back(std::move(param));
  }
  // Then every size that a bare name of an input binds, and every pack.
  for (size_t i = 0; i < op.params.size(); ++i)
    for (size_t d = 0; d < op.params[i].dims.size(); ++d) {
      const DimDecl &dim = op.params[i].dims[d];
      const Name name = dim.expr ? Name{dim.expr->text, dim.range} : dim.pack;
      if (dim.expr && !bareName(dim))
        continue;
      auto found = frame->names.find(name.text);
      bool isPack = !dim.expr;
      if (found != frame->names.end()) {
        auto kind = found->second.kind;
        if (isPack ? kind != Binding::Kind::Pack : kind == Binding::Kind::Pack)
          error(name.range, name.text + " is " + (isPack ? "no pack" : "a pack of dimensions: write ..." + name.text))
              .notes.push_back({found->second.place, name.text + " is declared here"});
        continue;
      }
      if (!isPack) {
        auto global = frame->unit->scope.find(name.text);
        if (global != frame->unit->scope.end() && global->second.kind == Global::Kind::Const)
          continue; // A const: a fixed dimension.
        if (typeNamed(name.text) || functionNamed(name.text)) {
          error(name.range,
                "a size cannot have the name of a " + std::string(typeNamed(name.text) ? "type" : "function"));
          continue;
        }
      }
      Binding binding{};
      int symbol = instance.symbols.size();
      instance.symbols.push_back(
          {name.text, isPack ? SymbolKind::Pack : SymbolKind::Size, static_cast<int>(i), static_cast<int>(d)});
      binding.kind = isPack ? Binding::Kind::Pack : Binding::Kind::Size;
      binding.size = sizeSymbol(symbol);
      if (isPack)
        binding.pack.push_back({Dim::Kind::Pack, symbol, binding.size, name.range});
      declare(name, binding);
    }
  for (size_t i = 0; i < decls.size(); ++i) {
    Param &param = instance.params[i];
    if (param.kind != ParamKind::Tensor)
      continue;
    checkDims(*decls[i], param.isResult, param);
    auto role = param.isResult ? Tensor::Role::Result : Tensor::Role::Input;
    param.tensor = addTensor(role, param.name, param.type, param.dims, param.range);
    instance.tensors[param.tensor].param = i;
    View view;
    view.tensor = param.tensor;
    view.rank = param.dims.size();
    for (unsigned d = 0; d < param.dims.size(); ++d)
      if (param.dims[d].isPack()) {
        view.packAt = d;
        view.packCount = 1;
      }
    Binding &binding = frame->names[param.name];
    if (binding.kind == Binding::Kind::Tensor)
      binding.view = view;
  }
}

void Checker::checkDims(const ParamDecl &decl, bool isResult, Param &param) {
  bool hasPack = false;
  if (decl.dims.size() > maxRank)
    error(decl.range, param.name + " has " + std::to_string(decl.dims.size()) + " dimensions, the limit is " +
                          std::to_string(maxRank));
  for (size_t d = 0; d < decl.dims.size(); ++d) {
    const DimDecl &dim = decl.dims[d];
    Dim out;
    out.range = dim.range;
    out.value = sizeConst(0);
    if (!dim.expr) {
      if (hasPack)
        error(dim.range, "a tensor has at most one pack of dimensions");
      hasPack = true;
      auto found = frame->names.find(dim.pack.text);
      if (found == frame->names.end() || found->second.kind != Binding::Kind::Pack) {
        if (isResult || found == frame->names.end())
          error(dim.range, "pack ..." + dim.pack.text + " is not among the dimensions of an input");
        frame->names[param.name].broken = true;
      } else {
        out = found->second.pack[0];
        out.range = dim.range;
      }
      param.dims.push_back(out);
      continue;
    }
    const std::string *name = bareName(dim);
    if (name) {
      auto found = frame->names.find(*name);
      if (found != frame->names.end()) {
        found->second.used = true;
        const Binding &binding = found->second;
        if (binding.kind == Binding::Kind::Size) {
          const Symbol &symbol = instance.symbols[binding.size->value];
          bool isFirst =
              !isResult && decl.name.text == instance.params[symbol.param].name && symbol.dim == static_cast<int>(d);
          out.kind = isFirst ? Dim::Kind::Bind : Dim::Kind::Expr;
          out.symbol = isFirst ? static_cast<int>(binding.size->value) : -1;
          out.value = binding.size;
          param.dims.push_back(out);
          continue;
        }
        if (binding.kind == Binding::Kind::Pack) {
          if (isResult)
            error(dim.range, *name + " is a pack of dimensions: write ..." + *name);
          frame->names[param.name].broken = true;
          param.dims.push_back(out);
          continue;
        }
      } else if (isResult && !frame->unit->scope.count(*name)) {
        error(dim.range, "size " + *name + " is not a dimension of an input");
        frame->names[param.name].broken = true;
        param.dims.push_back(out);
        continue;
      }
    }
    SizeExprPtr value = requireSize(*dim.expr, "a dimension");
    if (value) {
      out.value = value;
      auto constant = constantOf(value);
      if (constant && *constant < 0) {
        error(dim.range, "a dimension is negative: " + std::to_string(*constant));
        value = nullptr;
      }
    }
    if (!value)
      frame->names[param.name].broken = true;
    param.dims.push_back(out);
  }
  if (isResult && !frame->names[param.name].broken)
    checkNonNegative(param.dims, param.name, param.range);
}

/// The symbols of an expression as it is written.
static void inOrder(const ExprPtr &expr, std::vector<int> &symbols) {
  if (expr->kind == ExprKind::SymbolRef && std::find(symbols.begin(), symbols.end(), expr->symbol) == symbols.end())
    symbols.push_back(expr->symbol);
  for (const ExprPtr &operand : expr->operands)
    inOrder(operand, symbols);
}

void Checker::checkConditions(const OpDecl &op) {
  for (const Clause &clause : op.where) {
    if (!clause.condition)
      continue;
    ExprPtr expr = require(*clause.condition, DType::Bool, "a condition of where");
    SizeExprPtr value = expr ? toSizeExpr(expr, "a condition of where") : nullptr;
    if (!value)
      continue;
    std::string text = clause.range.oneLine();
    if (frame == &rootFrame)
      instance.where.push_back({value, text, clause.range});
    std::string message = op.name.text + " needs " + text;
    std::vector<int> symbols;
    std::vector<SizeExprPtr> values;
    inOrder(expr, symbols);
    for (int symbol : symbols) {
      message += (values.empty() ? ", but " : ", ") + instance.symbols[symbol].name + " is {" +
                 std::to_string(values.size()) + "}";
      values.push_back(sizeSymbol(symbol));
    }
    auto constant = constantOf(value);
    if (constant && !*constant) {
      error(frame->caller ? frame->call : clause.range,
            frame->caller ? message + ", which does not hold in this call" : "this condition never holds");
      continue;
    }
    addCheck(LaunchCheck::Kind::Where, value, message, values, frame->caller ? frame->call : clause.range);
  }
}

// ---- statements ----------------------------------------------------------------------------------------------------

void Checker::checkOperator(const Operator &op, const std::vector<DType> &types) {
  checkSignature(op, types);
  checkStatements(*op.syntax);
  for (const ParamDecl &result : op.syntax->results)
    if (!frame->laterNames.count(result.name.text) && !op.syntax->broken)
      error(result.name.range, "result " + result.name.text + " is not defined");
  std::stable_sort(instance.checks.begin(), instance.checks.end(),
                   [](const LaunchCheck &a, const LaunchCheck &b) { return a.kind < b.kind; });
  instance.indexCount = indices.size();
}

bool Checker::isResult(const std::string &name) const {
  for (const ParamDecl &result : frame->op->results)
    if (result.name.text == name)
      return true;
  return false;
}

void Checker::checkStatements(const OpDecl &op) {
  for (const Statement &statement : op.statements)
    for (const Name &name : statement.names)
      frame->laterNames.emplace(name.text, name.range);
  for (const Name &name : op.brokenNames) {
    Binding binding{};
    binding.kind = Binding::Kind::Tensor;
    binding.place = name.range;
    binding.broken = true;
    frame->names.emplace(name.text, binding);
  }
  std::set<std::string> defined;
  for (const Statement &statement : op.statements) {
    created = 0;
    tooLarge = false;
    bool isTwice = false;
    for (const Name &name : statement.names)
      if (!defined.insert(name.text).second) {
        error(name.range, name.text + " is defined twice")
            .notes.push_back({frame->laterNames[name.text], "the first time here"});
        isTwice = true;
      }
    if (!isTwice && defineNames(statement))
      checkStatement(statement);
    if (instance.definitions.size() > maxDefinitions) {
      error(statement.range, "more than " + std::to_string(maxDefinitions) + " definitions once calls are expanded");
      return;
    }
  }
}

/// Whether the names may be defined.
bool Checker::defineNames(const Statement &statement) {
  for (const Name &name : statement.names) {
    auto found = frame->names.find(name.text);
    if (typeNamed(name.text) || functionNamed(name.text)) {
      error(name.range,
            "definition " + name.text + " has the name of a " + (typeNamed(name.text) ? "type" : "function"));
      return false;
    }
    if (found == frame->names.end() || isResult(name.text))
      continue;
    static const char *const kinds[] = {"a size",      "a size parameter", "a pack of dimensions",
                                        "a parameter", "an input",         "a type variable"};
    error(name.range, name.text + " is " + kinds[static_cast<int>(found->second.kind)] + " and cannot be defined")
        .notes.push_back({found->second.place, name.text + " is declared here"});
    return false;
  }
  return true;
}

/// After an error: later uses of what it would have defined say nothing.
void Checker::markBroken(const Statement &statement) {
  // Never silently: an operator that is refused has an error.
  if (!diagnostics.hasErrors())
    error(statement.range, "our bug: this statement was refused without a reason; please report it");
  for (const Name &name : statement.names) {
    Binding &binding = frame->names[name.text];
    binding.kind = Binding::Kind::Tensor;
    binding.place = name.range;
    binding.broken = binding.used = true;
  }
}

bool Checker::isOperatorCall(const Node &node, const Global **global) const {
  if (node.kind != NodeKind::Call || node.token == TokenKind::Acc || typeNamed(node.text) ||
      frame->types.count(node.text) || functionNamed(node.text))
    return false;
  auto found = frame->unit->scope.find(node.text);
  if (found == frame->unit->scope.end() || found->second.kind != Global::Kind::Op)
    return false;
  *global = &found->second;
  return true;
}

void Checker::checkStatement(const Statement &statement) {
  struct ClearIndices {
    Frame &frame;
    ~ClearIndices() {
      frame.indices.clear();
      frame.packIndices.clear();
    }
  } clear{*frame};
  const Global *global = nullptr;
  if (isOperatorCall(*statement.value, &global)) {
    checkCallStatement(statement, *global);
    return;
  }
  const Name &name = statement.names[0];
  if (statement.isTuple) {
    error(statement.value->range, "several names are defined by a call of an operator with as many results only");
    return markBroken(statement);
  }
  Binding *declared = isResult(name.text) ? &frame->names[name.text] : nullptr;
  if (declared && declared->broken)
    declared = nullptr;
  // y = x, of tensors.
  if (!statement.hasIndices && statement.value->kind == NodeKind::Name &&
      !frame->indices.count(statement.value->text)) {
    auto found = frame->names.find(statement.value->text);
    if (found != frame->names.end() && found->second.kind == Binding::Kind::Tensor && !found->second.broken &&
        found->second.view.rank > 0) {
      std::string subs;
      for (unsigned i = 0; i < found->second.view.rank; ++i)
        subs += (i ? ", " : "") + std::string(static_cast<int>(i) == found->second.view.packAt ? "..." : "") +
                "ijklmnopqrstuvwx"[i % 16];
      found->second.used = true;
      error(statement.value->range, statement.value->text + " is a tensor: copy it as " + name.text + "[" + subs +
                                        "] = " + statement.value->text + "[" + subs + "]");
      return markBroken(statement);
    }
  }
  std::optional<DType> type;
  if (statement.type) {
    type = typeOf(*statement.type);
    if (!type)
      return markBroken(statement);
  }
  if (declared) {
    DType wanted = instance.tensors[declared->view.tensor].type;
    if (type && *type != wanted)
      error(statement.type->range, name.text + " is declared " + getName(wanted) + ", here it is " + getName(*type));
    type = wanted;
    if (!checkLeftShape(statement, *declared))
      return markBroken(statement);
  }
  leftBroken = isResult(name.text) && !declared;
  auto left = leftIndices(statement, declared);
  leftBroken = false;
  if (!left)
    return markBroken(statement);

  Result result = check(*statement.value);
  if (result.untyped) {
    if (!type) {
      error(name.range, "nothing says which type " + name.text + " has: write " + name.text +
                            (statement.hasIndices ? "[...]" : "") + ": f32 = ...");
      return markBroken(statement);
    }
    result = check(*statement.value, type);
  }
  if (!result.expr)
    return markBroken(statement);
  if (type && result.expr->type != *type) {
    std::string text = statement.value->range.oneLine();
    error(statement.value->range, name.text + " is " + getName(*type) + ", but its formula is " +
                                      getName(result.expr->type) + ": write " + getName(*type) +
                                      (text.size() > 60 ? "(...)" : "(" + text + ")"));
    return markBroken(statement);
  }
  if (result.expr->nodes > maxExpressionNodes) {
    error(statement.range, "the formula of " + name.text + " has more than " + std::to_string(maxExpressionNodes) +
                               " operations once its fns are expanded: define parts of it by name");
    return markBroken(statement);
  }
  int tensor;
  std::vector<Index> flat;
  View view;
  view.rank = left->size();
  std::vector<Dim> dims;
  for (size_t i = 0; i < left->size(); ++i) {
    if (statement.indices[i].isPack) {
      view.packAt = i;
      view.packCount = (*left)[i].size();
    }
    for (const Index &index : (*left)[i]) {
      Dim dim;
      dim.kind = index.isPack ? Dim::Kind::Pack : Dim::Kind::Expr;
      dim.symbol = index.symbol;
      dim.value = index.hiSize;
      dim.range = index.range;
      dims.push_back(dim);
      flat.push_back(index);
    }
  }
  if (declared) {
    tensor = declared->view.tensor;
  } else {
    if (dims.size() > maxRank)
      error(statement.range,
            name.text + " has " + std::to_string(dims.size()) + " dimensions, the limit is " + std::to_string(maxRank));
    if (result.expr->type == DType::Size && isResult(name.text))
      return markBroken(statement);
    checkNonNegative(dims, frame->prefix + name.text, statement.range);
    tensor = addTensor(Tensor::Role::Temporary, frame->prefix + name.text, result.expr->type, dims, statement.range);
    view.tensor = tensor;
    Binding binding{};
    binding.kind = Binding::Kind::Tensor;
    binding.place = name.range;
    binding.view = view;
    binding.broken = isResult(name.text); // Its declaration has an error.
    auto [at, isNew] = frame->names.emplace(name.text, binding);
    if (!isNew)
      at->second.view = view;
  }
  addDefinition(tensor, std::move(flat), result.expr, statement.range);
}

void Checker::addDefinition(int tensor, std::vector<Index> left, ExprPtr body, SourceRange range) {
  Definition definition{tensor, std::move(left), std::move(body), range, {}};
  for (Frame *f = frame; f->caller; f = f->caller)
    definition.calls.insert(definition.calls.begin(), f->call);
  instance.definitions.push_back(std::move(definition));
}

/// Whether the left side has the declared number of dimensions, the pack at its place.
bool Checker::checkLeftShape(const Statement &statement, const Binding &declared) {
  const std::string &name = statement.names[0].text;
  const View &view = declared.view;
  std::string form = name;
  for (unsigned i = 0; i < view.rank; ++i)
    form +=
        (i ? ", " : "[") + std::string(static_cast<int>(i) == view.packAt ? "..." : "") + "ijklmnopqrstuvwx"[i % 16];
  form += view.rank ? "]" : "";
  if (statement.indices.size() != view.rank) {
    error(statement.names[0].range, name + " is declared with " + std::to_string(view.rank) +
                                        (view.rank == 1 ? " dimension" : " dimensions") + ", here it has " +
                                        std::to_string(statement.indices.size()) + ": write " + form + " = ...")
        .notes.push_back({declared.place, name + " is declared here"});
    return false;
  }
  for (unsigned i = 0; i < view.rank; ++i)
    if (statement.indices[i].isPack != (static_cast<int>(i) == view.packAt)) {
      error(statement.indices[i].range, "dimension " + std::to_string(i) + " of " + name + " is " +
                                            (statement.indices[i].isPack ? "not a pack" : "a pack") + ": write " +
                                            form + " = ...");
      return false;
    }
  return true;
}

/// The indices of the left side, each as its parts; they are in scope afterwards.
std::optional<std::vector<std::vector<Index>>> Checker::leftIndices(const Statement &statement,
                                                                    const Binding *declared) {
  std::vector<std::vector<Index>> result;
  bool bad = false, hasPack = false;
  for (size_t i = 0; i < statement.indices.size(); ++i) {
    const IndexDecl &decl = statement.indices[i];
    if (clash(decl.name, "index")) {
      bad = true;
      continue;
    }
    if (decl.isPack && hasPack) {
      error(decl.range, "a tensor has at most one pack of dimensions");
      bad = true;
      continue;
    }
    hasPack |= decl.isPack;
    std::optional<Candidate> shape;
    if (declared)
      shape = candidateAt(declared->view, statement.names[0].text, i, decl.range);
    std::optional<std::vector<Dim>> dims;
    if (decl.hi) {
      SizeExprPtr size = requireSize(*decl.hi, "the range of index " + decl.name.text);
      if (size) {
        Dim dim;
        dim.value = size;
        dim.range = decl.range;
        dims = std::vector<Dim>{dim};
        if (shape) {
          Candidate own{*dims, decl.hi->range, "its own range", show(size)};
          if (!agree(decl.name.text, *shape, own))
            dims.reset();
        }
      }
    } else {
      dims = inferRange(decl, shape ? &*shape : nullptr, {statement.value.get()});
    }
    if (i + 1 == statement.indices.size())
      leftBroken = false;
    if (!dims) {
      bad = true;
      if (decl.isPack) {
        bindIndices(decl.name.text, true, {});
        continue;
      }
      Dim dim; // Keeps the name, so that its uses say nothing.
      dim.value = sizeConst(0);
      dims = std::vector<Dim>{dim};
    }
    if (shape && !bad)
      dims = shape->dims;
    result.push_back(makeIndices(decl, *dims));
    bindIndices(decl.name.text, decl.isPack, result.back());
  }
  if (!bad)
    return result;
  // The formula's own errors are independent of what is wrong on the left.
  if (check(*statement.value).untyped)
    check(*statement.value, DType::F32);
  return std::nullopt;
}

void Checker::warnUnused(const OpDecl &op) {
  if (diagnostics.hasErrors() || op.broken)
    return;
  for (const ParamDecl &param : op.params)
    if (!frame->names[param.name.text].used)
      warning(param.name.range, "parameter " + param.name.text + " is not used");
  for (const Statement &statement : op.statements)
    for (const Name &name : statement.names)
      if (!isResult(name.text) && !frame->names[name.text].used && !statement.isTuple)
        warning(name.range, "definition " + name.text + " is not used");
}
