//===- CheckRead.cpp - names, reads, reductions and index ranges ------------===//
//
// Owns what a name stands for in an expression, how subscripts match a tensor, and over what an index runs. Does not
// decide whether a read stays inside (Bounds.cpp).
//
//===------------------------------------------------------------------------===//
#include "Checker.h"
#include "Limits.h"

using namespace tenon;
using namespace tenon::syntax;

std::string Checker::show(const SizeExprPtr &size) const {
  return print(size, [this](int symbol) { return instance.symbols[symbol].name; });
}

static std::string plural(size_t count, const char *word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

/// "x[...i, j]" for a tensor: how it would be written.
static std::string readForm(const std::string &name, const View &view) {
  static const char letters[] = "ijklmnopqrstuvwx";
  std::string text = name + "[";
  for (unsigned i = 0; i < view.rank; ++i)
    text += (i ? ", " : "") + std::string(static_cast<int>(i) == view.packAt ? "..." : "") + letters[i % 16];
  return text + "]";
}

// ---- names ---------------------------------------------------------------------------------------------------------

Checker::Result Checker::checkName(const Node &node) {
  const std::string &name = node.text;
  auto index = frame->indices.find(name);
  if (index != frame->indices.end()) {
    if (frame->packIndices.count(name)) {
      error(node.range, name + " is a pack of indices, not a number: it stands as a subscript, ..." + name);
      return {};
    }
    ExprPtr expr = make(ExprKind::IndexRef, DType::Size, node.range);
    expr->index = index->second[0];
    return {expr};
  }
  auto found = frame->names.find(name);
  if (found != frame->names.end()) {
    Binding &binding = found->second;
    binding.used = true;
    if (binding.broken)
      return {};
    switch (binding.kind) {
    case Binding::Kind::Size:
    case Binding::Kind::SizeParam:
      return {makeSizeExpr(binding.size, node.range)};
    case Binding::Kind::Pack:
      error(node.range, name + " is a pack of dimensions, not a size");
      return {};
    case Binding::Kind::Type:
      error(node.range, name + " is a type, not a value");
      return {};
    case Binding::Kind::Scalar: {
      if (!binding.value)
        return {};
      // Leaves get the place of their use; what is larger is shared.
      if (binding.value->operands.empty() && binding.value->subscripts.empty()) {
        auto copy = std::make_shared<Expr>(*binding.value);
        copy->range = node.range;
        return {copy};
      }
      return {binding.value};
    }
    case Binding::Kind::Tensor: {
      if (binding.view.tensor < 0) { // In a signature, where tensors have no elements yet.
        error(node.range, name + " is a tensor, not a size");
        return {};
      }
      if (binding.view.rank > 0) {
        error(node.range, name + " is a tensor of " + plural(binding.view.rank, "dimension") + ": read it as " +
                              readForm(name, binding.view));
        return {};
      }
      ExprPtr expr = make(ExprKind::Read, instance.tensors[binding.view.tensor].type, node.range);
      expr->tensor = binding.view.tensor;
      return {expr};
    }
    }
  }
  auto global = frame->unit->scope.find(name);
  if (global != frame->unit->scope.end()) {
    if (global->second.kind == Global::Kind::Broken)
      return {};
    if (global->second.kind != Global::Kind::Const) {
      error(node.range, name + " is " + (global->second.kind == Global::Kind::Fn ? "an fn" : "an operator") +
                            ": call it, " + name + "(...)");
      return {};
    }
    ExprPtr value = constantValue(*global->second.constant);
    if (!value)
      return {};
    if (value->kind != ExprKind::Literal)
      return {value};
    return {makeLiteral(value->value, node.range)};
  }
  Diagnostic &diagnostic = error(node.range, "unknown name " + name);
  auto later = frame->laterNames.find(name);
  if (later != frame->laterNames.end()) {
    diagnostic.message = name + " is used before its definition";
    diagnostic.notes.push_back({later->second, name + " is defined here"});
  } else if (typeNamed(name) || frame->types.count(name)) {
    diagnostic.message = name + " is a type, not a value";
  } else if (functionNamed(name)) {
    diagnostic.message = name + " is a function: call it, " + name + "(...)";
  }
  return {};
}

// ---- reads ---------------------------------------------------------------------------------------------------------

Checker::Result Checker::checkRead(const Node &node) {
  const std::string &name = node.text;
  auto found = frame->names.find(name);
  if (found == frame->names.end() || frame->indices.count(name)) {
    Diagnostic &diagnostic = error(node.nameRange, "unknown tensor " + name);
    auto later = frame->laterNames.find(name);
    if (frame->indices.count(name)) {
      diagnostic.message = name + " is an index, not a tensor";
    } else if (later != frame->laterNames.end()) {
      diagnostic.message = name + " is used before its definition";
      diagnostic.notes.push_back({later->second, name + " is defined here"});
    }
    return {};
  }
  Binding &binding = found->second;
  binding.used = true;
  if (binding.broken) {
    for (const NodePtr &kid : node.kids) // Their own errors are worth telling.
      if (kid->kind != NodeKind::Pack && check(*kid).untyped)
        check(*kid, DType::Size);
    return {};
  }
  if (binding.kind != Binding::Kind::Tensor) {
    static const char *const kinds[] = {"a size", "a size parameter", "a pack of dimensions", "a scalar", "", "a type"};
    error(node.range, name + " is " + kinds[static_cast<int>(binding.kind)] + ", not a tensor");
    return {};
  }
  const View view = binding.view;
  if (view.tensor < 0) {
    error(node.range, name + " is a tensor: only sizes and size parameters are known here");
    return {};
  }
  bool bad = false, hasPack = false;
  for (const NodePtr &kid : node.kids)
    hasPack |= kid->kind == NodeKind::Pack;
  if (hasPack && view.packAt < 0) {
    error(node.range, name + " has no pack of dimensions: " +
                          (view.rank ? "read it as " + readForm(name, view) : "read it as " + name));
    return {};
  }
  if (node.kids.size() != view.rank) {
    error(node.range, name + " has " + plural(view.rank, "dimension") +
                          (view.packAt >= 0 ? " (its pack counts as one)" : "") + ", read with " +
                          plural(node.kids.size(), "subscript") + ": write " + readForm(name, view));
    return {};
  }
  ExprPtr expr = make(ExprKind::Read, instance.tensors[view.tensor].type, node.range);
  expr->tensor = view.tensor;
  for (unsigned i = 0; i < view.rank; ++i) {
    const Node &sub = *node.kids[i];
    bool wantsPack = static_cast<int>(i) == view.packAt;
    if ((sub.kind == NodeKind::Pack) != wantsPack) {
      if (wantsPack)
        error(sub.range,
              "dimension " + std::to_string(i) + " of " + name + " is a pack: write ...i, an index over all of it");
      else
        error(sub.range,
              "dimension " + std::to_string(i) + " of " + name + " is a single one: write an index, not a pack");
      bad = true;
      continue;
    }
    if (wantsPack) {
      auto index = frame->indices.find(sub.text);
      if (index == frame->indices.end() || !frame->packIndices.count(sub.text)) {
        error(sub.range, index == frame->indices.end() ? "unknown index ..." + sub.text
                                                       : sub.text + " is an index, not a pack of indices");
        bad = true;
        continue;
      }
      // The parts of the index and those of the tensor's pack pair up, or the ranges could not have agreed.
      bool pairs = index->second.size() == view.packCount;
      const auto &dims = instance.tensors[view.tensor].dims;
      for (unsigned k = 0; pairs && k < view.packCount; ++k) {
        const Dim &dim = dims[view.packAt + k];
        const Index &part = indices[index->second[k]];
        pairs = dim.isPack() == part.isPack && (!part.isPack || dim.symbol == part.symbol);
      }
      if (!pairs && index->second.empty() && diagnostics.hasErrors()) { // Its range has an error, which is said.
        bad = true;
        continue;
      }
      if (!pairs) {
        error(sub.range, "index ..." + sub.text + " does not run over the dimensions of " + name);
        bad = true;
        continue;
      }
      for (int id : index->second) {
        Subscript subscript;
        if (indices[id].isPack) {
          subscript.packIndex = id;
        } else {
          subscript.expr = make(ExprKind::IndexRef, DType::Size, sub.range);
          subscript.expr->index = id;
        }
        expr->subscripts.push_back(std::move(subscript));
      }
      continue;
    }
    Result result = check(sub);
    if (result.untyped)
      result = check(sub, DType::Size);
    if (!result.expr) {
      bad = true;
      continue;
    }
    if (!isInteger(result.expr->type)) {
      error(sub.range, std::string("a subscript is size or an integer, this one is ") + getName(result.expr->type));
      bad = true;
      continue;
    }
    expr->nodes = std::min<uint64_t>(expr->nodes + result.expr->nodes, UINT32_MAX);
    expr->subscripts.push_back({result.expr, -1});
  }
  if (node.elseError) {
    expr->elseKind = ElseKind::Error;
  } else if (node.orElse) {
    expr->elseKind = ElseKind::Value;
    expr->elseValue = require(*node.orElse, expr->type, "the value after 'else'");
    bad |= !expr->elseValue;
    if (expr->elseValue)
      expr->nodes = std::min<uint64_t>(expr->nodes + expr->elseValue->nodes, UINT32_MAX);
  }
  return bad ? Result{} : Result{expr};
}

// ---- ranges --------------------------------------------------------------------------------------------------------

Checker::Candidate Checker::candidateAt(const View &view, const std::string &name, unsigned position,
                                        SourceRange place) const {
  const auto &all = instance.tensors[view.tensor].dims;
  Candidate candidate;
  candidate.place = place;
  unsigned first = position;
  if (view.packAt >= 0 && static_cast<int>(position) > view.packAt)
    first += view.packCount - 1;
  bool isPack = static_cast<int>(position) == view.packAt;
  candidate.dims.assign(all.begin() + first, all.begin() + first + (isPack ? view.packCount : 1));
  candidate.where = isPack ? "the pack of " + name : "dimension " + std::to_string(position) + " of " + name;
  for (const Dim &dim : candidate.dims)
    candidate.what += (candidate.what.empty() ? "" : ", ") +
                      (dim.isPack() ? "..." + instance.symbols[dim.symbol].name : show(dim.value));
  if (isPack && candidate.what.find(',') != std::string::npos)
    candidate.what = "[" + candidate.what + "]";
  if (candidate.dims.empty())
    candidate.what = "no dimensions";
  return candidate;
}

/// Whether a subscript is the index plus or minus a number.
static bool isShift(const Node &sub, const std::string &index) {
  return sub.kind == NodeKind::Binary && (sub.token == TokenKind::Plus || sub.token == TokenKind::Minus) &&
         sub.kids[0]->kind == NodeKind::Name && sub.kids[0]->text == index && sub.kids[1]->kind == NodeKind::Number;
}

/// Every read in which the bare index is a subscript.
void Checker::gather(const Node &node, const std::string &index, bool isPack, std::vector<Candidate> &direct,
                     std::vector<Candidate> &withElse) {
  if (node.kind == NodeKind::Read) {
    auto found = frame->names.find(node.text);
    sawBroken |= found == frame->names.end() || found->second.broken;
    if (found != frame->names.end() && found->second.kind == Binding::Kind::Tensor && !found->second.broken &&
        node.kids.size() == found->second.view.rank) {
      const View &view = found->second.view;
      bool hasElse = node.orElse || node.elseError;
      for (unsigned i = 0; i < node.kids.size(); ++i) {
        const Node &sub = *node.kids[i];
        // With a filter, as in sum[j where j >= 1](x[j - 1]), a shifted read gives the range if nothing else does.
        if (shifted && !isPack && !hasElse && static_cast<int>(i) != view.packAt && isShift(sub, index))
          withElse.push_back(candidateAt(view, node.text, i, sub.range));
        if (sub.text != index || sub.kind != (isPack ? NodeKind::Pack : NodeKind::Name) ||
            isPack != (static_cast<int>(i) == view.packAt))
          continue;
        (hasElse ? withElse : direct).push_back(candidateAt(view, node.text, i, sub.range));
      }
    }
  }
  for (const NodePtr &kid : node.kids)
    gather(*kid, index, isPack, direct, withElse);
  if (node.orElse)
    gather(*node.orElse, index, isPack, direct, withElse);
  if (node.filter)
    gather(*node.filter, index, isPack, direct, withElse);
}

/// Whether two ranges are the same size; an equality that only launch can tell becomes a check.
bool Checker::agree(const std::string &index, const Candidate &a, const Candidate &b) {
  auto conflict = [&] {
    error(b.place,
          "index " + index + " runs over " + a.what + " (" + a.where + ") and over " + b.what + " (" + b.where + ")")
        .notes.push_back({a.place, index + " runs over " + a.what + " here"});
    return false;
  };
  if (a.dims.size() != b.dims.size())
    return conflict();
  for (size_t i = 0; i < a.dims.size(); ++i) {
    const Dim &x = a.dims[i], &y = b.dims[i];
    if (x.isPack() != y.isPack())
      return conflict();
    if (x.isPack()) {
      if (x.symbol != y.symbol)
        return conflict();
      continue;
    }
    Polynomial p = normalize(x.value), q = normalize(y.value);
    if (p == q)
      continue;
    // Plain sums of products that differ are different sizes. Quotients and the like may still be equal, and in an
    // expanded call the callee's sizes are whatever the caller has.
    bool isPlain = !p.overflow && !q.overflow && !p.hasOpaque() && !q.hasOpaque();
    if ((p - q).constant() || (isPlain && !frame->caller))
      return conflict();
    addCheck(LaunchCheck::Kind::Agree, sizeBinary(SizeExpr::Op::Eq, x.value, y.value),
             "index " + index + " runs over " + a.what + " = {0} (" + a.where + ") and over " + b.what + " = {1} (" +
                 b.where + ")",
             {x.value, y.value}, b.place);
  }
  return true;
}

/// The range of an index without one of its own.
std::optional<std::vector<Dim>> Checker::inferRange(const IndexDecl &decl, const Candidate *declared,
                                                    const std::vector<const Node *> &nodes) {
  std::vector<Candidate> direct, withElse;
  sawBroken = false;
  if (declared)
    direct.push_back(*declared);
  for (const Node *node : nodes)
    if (node)
      gather(*node, decl.name.text, decl.isPack, direct, withElse);
  std::string name = (decl.isPack ? "..." : "") + decl.name.text;
  if (direct.empty()) {
    if (!withElse.empty())
      return withElse[0].dims;
    if (sawBroken || leftBroken) // It may have been what gives the range: then its error is enough.
      return std::nullopt;
    if (!decl.isPack)
      error(decl.range,
            "index " + name + " has no range: no read without 'else' has it as a subscript; write " + name + ": n");
    else
      error(decl.range, "index " + name + " has no range: no read has it as a subscript");
    return std::nullopt;
  }
  for (size_t i = 1; i < direct.size(); ++i)
    if (!agree(name, direct[0], direct[i]))
      return std::nullopt;
  return direct[0].dims;
}

bool Checker::clash(const Name &name, const char *what) {
  auto report = [&](const std::string &as, SourceRange place) {
    Diagnostic &diagnostic = error(name.range, std::string(what) + " " + name.text + " has the name of " + as);
    if (place.file)
      diagnostic.notes.push_back({place, name.text + " is declared here"});
    return true;
  };
  if (typeNamed(name.text))
    return report("a type", {});
  if (functionNamed(name.text))
    return report("a function", {});
  auto found = frame->names.find(name.text);
  if (found != frame->names.end()) {
    static const char *const kinds[] = {"a size",      "a size parameter", "a pack of dimensions",
                                        "a parameter", "a tensor",         "a type variable"};
    return report(kinds[static_cast<int>(found->second.kind)], found->second.place);
  }
  if (frame->indices.count(name.text))
    return report("an index that is in use here",
                  indices[frame->indices[name.text].empty() ? 0 : frame->indices[name.text][0]].range);
  auto later = frame->laterNames.find(name.text);
  if (later != frame->laterNames.end())
    return report("a definition", later->second);
  return false;
}

Index Checker::makeIndex(const std::string &name, ExprPtr lo, ExprPtr hi, SizeExprPtr loSize, SizeExprPtr hiSize,
                         SourceRange range) {
  Index index;
  index.id = indices.size();
  index.name = name;
  index.lo = std::move(lo);
  index.hi = std::move(hi);
  index.loSize = std::move(loSize);
  index.hiSize = std::move(hiSize);
  index.range = range;
  indices.push_back(index);
  return index;
}

/// The indices over the dimensions: one, or one a part of what a pack stands for.
std::vector<Index> Checker::makeIndices(const IndexDecl &decl, const std::vector<Dim> &dims) {
  std::vector<Index> result;
  for (size_t i = 0; i < dims.size(); ++i) {
    std::string name = decl.name.text;
    if (decl.isPack && dims.size() > 1)
      name += "." + std::to_string(i);
    Index index = makeIndex(name, makeSizeExpr(sizeConst(0), decl.range), makeSizeExpr(dims[i].value, decl.range),
                            sizeConst(0), dims[i].value, decl.range);
    if (dims[i].isPack()) {
      index.isPack = true;
      index.symbol = dims[i].symbol;
      indices.back() = index;
    }
    result.push_back(std::move(index));
  }
  return result;
}

void Checker::bindIndices(const std::string &name, bool isPack, const std::vector<Index> &parts) {
  std::vector<int> ids;
  for (const Index &part : parts)
    ids.push_back(part.id);
  frame->indices[name] = ids;
  if (isPack)
    frame->packIndices.insert(name);
}

/// Whether an expression depends on indices and sizes alone.
bool Checker::isDataFree(const ExprPtr &expr, SourceRange &culprit) const {
  if (expr->kind == ExprKind::Read || expr->kind == ExprKind::ScalarParam || expr->kind == ExprKind::Reduce) {
    culprit = expr->range;
    return false;
  }
  for (const ExprPtr &operand : expr->operands)
    if (!isDataFree(operand, culprit))
      return false;
  return true;
}

// ---- reductions ----------------------------------------------------------------------------------------------------

static ReduceKind reduceKindOf(TokenKind kind) {
  return static_cast<ReduceKind>(static_cast<int>(kind) - static_cast<int>(TokenKind::Sum));
}

Checker::Result Checker::checkReduction(const Node &node, std::optional<DType> hint) {
  ReduceKind kind = reduceKindOf(node.token);
  bool isArg = kind == ReduceKind::ArgMax || kind == ReduceKind::ArgMin;
  if (isArg && (node.indices.size() != 1 || node.indices[0].isPack)) {
    error(node.indices.back().range, node.text + " takes one index");
    return {};
  }
  std::vector<std::string> bound;
  struct Unbind {
    Frame &frame;
    std::vector<std::string> &names;
    ~Unbind() {
      for (const std::string &name : names) {
        frame.indices.erase(name);
        frame.packIndices.erase(name);
      }
    }
  } unbind{*frame, bound};
  std::vector<Index> list;
  bool bad = false;
  for (const IndexDecl &decl : node.indices) {
    if (clash(decl.name, "index")) {
      bad = true;
      continue;
    }
    std::vector<Index> parts;
    bool isBroken = false;
    if (decl.hi) {
      ExprPtr lo = decl.lo ? require(*decl.lo, DType::Size, "the start of a range")
                           : makeLiteral({DType::Size, 0, 0}, decl.range);
      ExprPtr hi = require(*decl.hi, DType::Size, "the end of a range");
      SourceRange culprit;
      isBroken = !lo || !hi;
      if (!isBroken && (!isDataFree(lo, culprit) || !isDataFree(hi, culprit))) {
        error(culprit, "the range of index " + decl.name.text +
                           " depends on data: use a range over sizes and a filter, " + node.text + "[" +
                           decl.name.text + ": n where ...]");
        isBroken = true;
      }
      if (!isBroken)
        parts.push_back(makeIndex(decl.name.text, lo, hi, toSizeExpr(lo, ""), toSizeExpr(hi, ""), decl.range));
    } else {
      shifted = node.filter ? &decl : nullptr;
      auto dims = inferRange(decl, nullptr, {node.kids[0].get(), node.filter.get()});
      shifted = nullptr;
      isBroken = !dims;
      if (dims)
        parts = makeIndices(decl, *dims);
    }
    if (isBroken) { // Keeps the name, so that its uses say nothing.
      bad = true;
      if (!decl.isPack)
        parts.push_back(makeIndex(decl.name.text, makeLiteral({DType::Size, 0, 0}, decl.range),
                                  makeLiteral({DType::Size, 0, 0}, decl.range), sizeConst(0), sizeConst(0),
                                  decl.range));
    }
    bindIndices(decl.name.text, decl.isPack, parts);
    bound.push_back(decl.name.text);
    list.insert(list.end(), parts.begin(), parts.end());
  }
  ExprPtr filter;
  if (node.filter) {
    filter = require(*node.filter, DType::Bool, "the filter");
    bad |= !filter;
  }
  const Node &bodyNode = *node.kids[0];
  ExprPtr body;
  if (kind == ReduceKind::Any || kind == ReduceKind::All) {
    body = require(bodyNode, DType::Bool, "the operand of " + node.text);
  } else {
    Result result = check(bodyNode, isArg ? std::nullopt : hint);
    if (result.untyped) {
      if (!isArg)
        return bad ? Result{} : untypedResult();
      body = requireTyped(bodyNode);
    } else {
      body = result.expr;
    }
    if (body && body->type == DType::Bool) {
      error(bodyNode.range, "the operand of " + node.text + " is bool, but a number is asked for" +
                                (kind == ReduceKind::Sum ? ": write i32(" + bodyNode.range.oneLine() + ")"
                                 : isArg                 ? ""
                                                         : ": any and all are for bool"));
      return {};
    }
  }
  if (!body || bad)
    return {};
  DType type = isArg ? DType::Size : body->type;
  if (kind == ReduceKind::Sum && getAccumulator(type) != type)
    warning(node.range, std::string("a sum in ") + getName(type) +
                            (isFloat(type) ? " loses precision" : " wraps early") + ": write " + node.text +
                            "[...](acc(...))");
  ExprPtr expr = make(ExprKind::Reduce, type, node.range, {body});
  if (filter)
    expr->nodes = std::min<uint64_t>(expr->nodes + filter->nodes, UINT32_MAX);
  expr->reduce = kind;
  expr->indices = std::move(list);
  expr->filter = filter;
  return {expr};
}

// ---- sizes ---------------------------------------------------------------------------------------------------------

/// The expression over symbols; null where it has an index, or (with an error, if `what` says of what) anything that is
/// not known at launch.
SizeExprPtr Checker::toSizeExpr(const ExprPtr &expr, const std::string &what) {
  using Op = SizeExpr::Op;
  auto refuse = [&](const std::string &why) -> SizeExprPtr {
    if (!what.empty())
      error(expr->range, what + " " + why);
    return nullptr;
  };
  if (expr->kind == ExprKind::Literal && !isFloat(expr->type))
    return sizeConst(expr->value.integer);
  if (expr->kind == ExprKind::SymbolRef)
    return sizeSymbol(expr->symbol);
  if (expr->kind == ExprKind::IndexRef)
    return refuse("depends on index " + indices[expr->index].name);
  if (expr->kind == ExprKind::Read || expr->kind == ExprKind::ScalarParam || expr->kind == ExprKind::Reduce)
    return refuse("depends on " + expr->range.oneLine() + ": only sizes and size parameters are known at launch");
  if (auto value = expr->type == DType::Size || expr->type == DType::Bool ? foldConstant(expr) : std::nullopt)
    return sizeConst(value->integer);
  std::vector<SizeExprPtr> operands;
  for (const ExprPtr &operand : expr->operands) {
    SourceRange culprit;
    if (!isDataFree(operand, culprit))
      return refuse("depends on " + culprit.oneLine() + ": only sizes and size parameters are known at launch");
    if (operand->type != DType::Size && operand->type != DType::Bool)
      return refuse(std::string("computes in ") + getName(operand->type) + ": only size is known at launch");
    operands.push_back(toSizeExpr(operand, what));
    if (!operands.back())
      return nullptr;
    if (operands.back()->nodes > maxSizeNodes)
      return refuse("is too large an expression over sizes");
  }
  auto binary = [&](Op op, int a = 0, int b = 1) { return sizeBinary(op, operands[a], operands[b]); };
  switch (expr->kind) {
  case ExprKind::Cast:
    if (expr->type == DType::Size)
      return operands[0];
    return expr->type == DType::Bool ? sizeBinary(Op::Ne, operands[0], sizeConst(0))
                                     : refuse(std::string("casts to ") + getName(expr->type));
  case ExprKind::Unary:
    if (expr->unary == UnaryOp::Neg)
      return sizeConst(0) - operands[0];
    if (expr->unary == UnaryOp::Not)
      return sizeNot(operands[0]);
    break;
  case ExprKind::Binary:
    switch (expr->binary) {
    case BinaryOp::Add:
      return binary(Op::Add);
    case BinaryOp::Sub:
      return binary(Op::Sub);
    case BinaryOp::Mul:
      return binary(Op::Mul);
    case BinaryOp::Div:
      return binary(Op::Div);
    case BinaryOp::Rem:
      return binary(Op::Rem);
    case BinaryOp::BitAnd:
      if (expr->type == DType::Bool)
        return binary(Op::And);
      break;
    case BinaryOp::BitOr:
      if (expr->type == DType::Bool)
        return binary(Op::Or);
      break;
    default:
      break;
    }
    break;
  case ExprKind::Compare:
    switch (expr->compare) {
    case CompareOp::Eq:
      return binary(Op::Eq);
    case CompareOp::Ne:
      return binary(Op::Ne);
    case CompareOp::Lt:
      return binary(Op::Lt);
    case CompareOp::Le:
      return binary(Op::Le);
    case CompareOp::Gt:
      return binary(Op::Lt, 1, 0);
    case CompareOp::Ge:
      return binary(Op::Le, 1, 0);
    }
    break;
  case ExprKind::Logic:
    return binary(expr->logic == LogicOp::And ? Op::And : Op::Or);
  case ExprKind::Select:
    return sizeSelect(operands[0], operands[1], operands[2]);
  case ExprKind::Call:
    switch (expr->function) {
    case Function::Min:
      return binary(Op::Min);
    case Function::Max:
      return binary(Op::Max);
    case Function::Clamp:
      return sizeBinary(Op::Min, binary(Op::Max), operands[2]);
    case Function::Abs:
      return sizeBinary(Op::Max, operands[0], sizeConst(0) - operands[0]);
    default:
      break;
    }
    break;
  default:
    break;
  }
  return refuse("uses what launch cannot compute: + - * / % min max, comparisons and logic can be");
}

SizeExprPtr Checker::requireSize(const Node &node, const std::string &what) {
  ExprPtr expr = require(node, DType::Size, what);
  return expr ? toSizeExpr(expr, what) : nullptr;
}
