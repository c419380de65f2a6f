//===- CheckExpr.cpp - types of expressions ---------------------------------===//
//
// Owns literals, operators, casts and functions: how types meet, and what is said when they do not.
//
//===------------------------------------------------------------------------===//
#include "Checker.h"
#include "Limits.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

using namespace tenon;
using namespace tenon::syntax;

Diagnostic &Checker::error(SourceRange range, std::string message) {
  Diagnostic &diagnostic = diagnostics.error(range, std::move(message));
  for (Frame *f = frame; f->caller; f = f->caller)
    if (f->call.file)
      diagnostic.notes.push_back(
          {f->call, "in the call of " + (f->op ? f->op->name.text : f->fn->name.text) + " here"});
  return diagnostic;
}

Diagnostic &Checker::warning(SourceRange range, std::string message) {
  // What is called has had its own check.
  return frame->caller ? unsaid : diagnostics.warning(range, std::move(message));
}

ExprPtr Checker::make(ExprKind kind, DType type, SourceRange range, std::vector<ExprPtr> operands) {
  auto expr = std::make_shared<Expr>(kind, type, range);
  for (const ExprPtr &operand : operands)
    expr->nodes = std::min<uint64_t>(expr->nodes + operand->nodes, UINT32_MAX);
  expr->operands = std::move(operands);
  ++created;
  ++total;
  return expr;
}

ExprPtr Checker::makeLiteral(ScalarValue value, SourceRange range) {
  ExprPtr expr = make(ExprKind::Literal, value.type, range);
  expr->value = value;
  return expr;
}

ExprPtr Checker::makeSizeExpr(const SizeExprPtr &size, SourceRange range) {
  using Op = SizeExpr::Op;
  auto operands = [&] {
    std::vector<ExprPtr> list;
    for (const SizeExprPtr &operand : {size->a, size->b, size->c})
      if (operand)
        list.push_back(makeSizeExpr(operand, range));
    return list;
  };
  auto binary = [&](BinaryOp op) {
    ExprPtr expr = make(ExprKind::Binary, DType::Size, range, operands());
    expr->binary = op;
    return expr;
  };
  auto compare = [&](CompareOp op) {
    ExprPtr expr = make(ExprKind::Compare, DType::Bool, range, operands());
    expr->compare = op;
    return expr;
  };
  auto logic = [&](LogicOp op) {
    ExprPtr expr = make(ExprKind::Logic, DType::Bool, range, operands());
    expr->logic = op;
    return expr;
  };
  switch (size->op) {
  case Op::Const:
    return makeLiteral({DType::Size, 0, size->value}, range);
  case Op::Symbol: {
    ExprPtr expr = make(ExprKind::SymbolRef, DType::Size, range);
    expr->symbol = size->value;
    return expr;
  }
  case Op::Add:
    return binary(BinaryOp::Add);
  case Op::Sub:
    return binary(BinaryOp::Sub);
  case Op::Mul:
    return binary(BinaryOp::Mul);
  case Op::Div:
    return binary(BinaryOp::Div);
  case Op::Rem:
    return binary(BinaryOp::Rem);
  case Op::Min:
  case Op::Max: {
    ExprPtr expr = make(ExprKind::Call, DType::Size, range, operands());
    expr->function = size->op == Op::Min ? Function::Min : Function::Max;
    return expr;
  }
  case Op::Eq:
    return compare(CompareOp::Eq);
  case Op::Ne:
    return compare(CompareOp::Ne);
  case Op::Lt:
    return compare(CompareOp::Lt);
  case Op::Le:
    return compare(CompareOp::Le);
  case Op::And:
    return logic(LogicOp::And);
  case Op::Or:
    return logic(LogicOp::Or);
  case Op::Not: {
    ExprPtr expr = make(ExprKind::Unary, DType::Bool, range, operands());
    expr->unary = UnaryOp::Not;
    return expr;
  }
  case Op::Select: {
    auto list = operands();
    DType type = list[1]->type;
    return make(ExprKind::Select, type, range, std::move(list));
  }
  }
  return nullptr;
}

std::optional<DType> Checker::typeOf(const Name &name) {
  if (auto type = typeNamed(name.text))
    return type;
  auto found = frame->types.find(name.text);
  if (found != frame->types.end())
    return found->second;
  error(name.range,
        "unknown type " + name.text + ": a type variable is declared by 'where " + name.text + " in {...}'");
  return std::nullopt;
}

// ---- literals ------------------------------------------------------------------------------------------------------

/// The value of a literal in a type, or why there is none.
static std::optional<ScalarValue> literalValue(const Node &node, bool negative, DType type, std::string &why) {
  std::string digits = node.parenthesized ? node.range.oneLine() : std::string(node.range.text());
  if (node.parenthesized) {
    digits.erase(std::remove_if(digits.begin(), digits.end(), [](char c) { return c == '(' || c == ')' || c == ' '; }),
                 digits.end());
  }
  std::string text = (negative ? "-" : "") + digits;
  if (text.size() > 40)
    text = text.substr(0, 37) + "...";
  if (type == DType::Bool) {
    why = "the literal " + text + " is not bool: write true or false";
    return std::nullopt;
  }
  if (node.token == TokenKind::Inf || node.token == TokenKind::Nan) {
    if (!isFloat(type)) {
      why = text + " is no value of " + getName(type);
      return std::nullopt;
    }
    double value = node.token == TokenKind::Inf ? INFINITY : NAN;
    return ScalarValue{type, negative ? -value : value, 0};
  }
  bool isHex = digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
  uint64_t integer = 0;
  bool integerFits = false;
  if (node.token == TokenKind::Integer) {
    const char *first = digits.data() + (isHex ? 2 : 0), *last = digits.data() + digits.size();
    auto parsed = std::from_chars(first, last, integer, isHex ? 16 : 10);
    integerFits = parsed.ec == std::errc() && parsed.ptr == last;
  }
  if (isFloat(type)) {
    double value = 0;
    std::errc status{};
    const char *first = digits.data(), *last = digits.data() + digits.size();
    if (isHex) {
      value = static_cast<double>(integer);
      if (!integerFits)
        status = std::errc::result_out_of_range;
    } else if (type == DType::F32) {
      float single = 0;
      status = std::from_chars(first, last, single).ec;
      value = single;
    } else {
      status = std::from_chars(first, last, value).ec;
    }
    double rounded = roundTo(type, value);
    // from_chars does not tell which end of the range was left.
    bool tiny =
        status == std::errc::result_out_of_range && !isHex && std::strtod(std::string(digits).c_str(), nullptr) < 1;
    bool isZero =
        digits.substr(0, digits.find_first_of("eE")).find_first_of("123456789") == std::string::npos && !isHex;
    if (tiny || (status == std::errc() && rounded == 0 && !isZero && !isHex)) {
      why = "the literal " + text + " is too small for " + getName(type) + ": it would be 0";
      return std::nullopt;
    }
    if (status != std::errc() || std::isinf(rounded)) {
      why = "the literal " + text + " does not fit " + getName(type);
      return std::nullopt;
    }
    return ScalarValue{type, negative ? -rounded : rounded, 0};
  }
  if (node.token == TokenKind::Float) {
    why = "the literal " + text + " is not an integer, but " + getName(type) + " is asked for";
    return std::nullopt;
  }
  unsigned bits = getBits(type);
  uint64_t highest = isSigned(type) ? (uint64_t(1) << (bits - 1)) - 1
                     : bits == 64   ? ~uint64_t(0)
                                    : (uint64_t(1) << bits) - 1;
  uint64_t limit = negative ? (isSigned(type) ? highest + 1 : 0) : highest;
  if (!integerFits || integer > limit) {
    std::string range = isSigned(type) ? "-" + std::to_string(highest + 1) + " to " + std::to_string(highest)
                                       : "0 to " + std::to_string(highest);
    why = "the literal " + text + " does not fit " + getName(type) + " (" + range + ")";
    return std::nullopt;
  }
  return ScalarValue{type, 0, static_cast<int64_t>(negative ? 0 - integer : integer)};
}

Checker::Result Checker::checkNumber(const Node &node, bool negative, SourceRange range, std::optional<DType> hint) {
  if (node.token == TokenKind::True || node.token == TokenKind::False)
    return {makeLiteral({DType::Bool, 0, node.token == TokenKind::True}, range)};
  if (!hint)
    return untypedResult();
  std::string why;
  auto value = literalValue(node, negative, *hint, why);
  if (!value) {
    error(range, why);
    return {};
  }
  return {makeLiteral(*value, range)};
}

// ---- meeting types -------------------------------------------------------------------------------------------------

/// How to write a cast of an expression in a hint.
static std::string castHint(DType type, const SourceRange &range) {
  std::string text = range.oneLine();
  if (text.size() > 40)
    return std::string(getName(type)) + "(...)";
  if (text.size() > 1 && text.front() == '(' && text.back() == ')' &&
      text.find(')') == text.size() - 1) // One pair of parentheses is enough.
    return getName(type) + text;
  return std::string(getName(type)) + "(" + text + ")";
}

Checker::Result Checker::unify(const std::vector<const Node *> &nodes, std::optional<DType> hint,
                               const std::string &what, std::vector<ExprPtr> &out) {
  out.assign(nodes.size(), nullptr);
  bool failed = false;
  std::optional<DType> type;
  size_t typedAt = 0;
  // With a hint the operands are known to be literals alone.
  std::vector<Result> results;
  for (size_t i = 0; i < nodes.size(); ++i) {
    results.push_back(check(*nodes[i], hint));
    failed |= results[i].failed();
    if (results[i].expr && !type) {
      type = results[i].expr->type;
      typedAt = i;
    }
  }
  if (failed)
    return {};
  if (!type)
    return untypedResult();
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (results[i].untyped)
      results[i] = check(*nodes[i], type);
    if (results[i].failed())
      return {};
    out[i] = results[i].expr;
    if (out[i]->type != *type) {
      error(out[i]->range, what + " are " + getName(*type) + " and " + getName(out[i]->type) + ": write " +
                               castHint(*type, nodes[i]->range))
          .notes.push_back({nodes[typedAt]->range, std::string("this one is ") + getName(*type)});
      return {};
    }
  }
  return {out[0]};
}

ExprPtr Checker::require(const Node &node, DType type, const std::string &what) {
  Result result = check(node);
  if (result.untyped)
    result = check(node, type);
  if (!result.expr)
    return nullptr;
  if (result.expr->type == type)
    return result.expr;
  error(node.range, what + " is " + getName(result.expr->type) + ", but " + getName(type) + " is asked for: write " +
                        castHint(type, node.range));
  return nullptr;
}

ExprPtr Checker::requireTyped(const Node &node) {
  Result result = check(node);
  if (result.untyped)
    error(node.range, "nothing says which type " + node.range.oneLine() + " has: write a cast, as in f32(" +
                          node.range.oneLine() + ")");
  return result.expr;
}

Checker::Result Checker::check(const Node &node, std::optional<DType> hint) {
  if (tooLarge)
    return {};
  if (total > maxInstanceNodes) {
    tooLarge = true;
    error(node.range,
          "the operator has more than " + std::to_string(maxInstanceNodes) + " operations once its calls are expanded");
    return {};
  }
  if (created > 4 * maxExpressionNodes) {
    tooLarge = true;
    error(node.range, "the formula has more than " + std::to_string(maxExpressionNodes) +
                          " operations once its fns are expanded: define parts of it by name");
    return {};
  }
  switch (node.kind) {
  case NodeKind::Number:
    return checkNumber(node, false, node.range, hint);
  case NodeKind::Name:
    return checkName(node);
  case NodeKind::Pack:
    error(node.range, "a pack of indices stands as a whole subscript only");
    return {};
  case NodeKind::Unary:
    return checkUnary(node, hint);
  case NodeKind::Binary:
    return checkBinary(node, hint);
  case NodeKind::Ternary:
    return checkTernary(node, hint);
  case NodeKind::Read:
    return checkRead(node);
  case NodeKind::Call:
    return checkCall(node, hint);
  case NodeKind::Reduction:
    return checkReduction(node, hint);
  case NodeKind::Error:
    return {};
  }
  return {};
}

Checker::Result Checker::checkUnary(const Node &node, std::optional<DType> hint) {
  const Node &operand = *node.kids[0];
  if (node.token == TokenKind::Minus && operand.kind == NodeKind::Number && operand.token != TokenKind::True &&
      operand.token != TokenKind::False && !operand.parenthesized)
    return checkNumber(operand, true, node.range, hint);
  if (node.token == TokenKind::Bang) {
    ExprPtr value = require(operand, DType::Bool, "the operand of '!'");
    if (!value)
      return {};
    ExprPtr expr = make(ExprKind::Unary, DType::Bool, node.range, {value});
    expr->unary = UnaryOp::Not;
    return {expr};
  }
  Result result = check(operand, hint);
  if (!result.expr)
    return result;
  DType type = result.expr->type;
  bool isMinus = node.token == TokenKind::Minus;
  if (isMinus ? type == DType::Bool : !isInteger(type)) {
    error(node.range, std::string("the operand of '") + (isMinus ? "-" : "~") + "' is " + getName(type) +
                          (isMinus ? ", but a number is asked for" : ", but an integer is asked for"));
    return {};
  }
  ExprPtr expr = make(ExprKind::Unary, type, node.range, {result.expr});
  expr->unary = isMinus ? UnaryOp::Neg : UnaryOp::BitNot;
  return {expr};
}

Checker::Result Checker::checkBinary(const Node &node, std::optional<DType> hint) {
  using Kind = TokenKind;
  std::string spelling = std::string(node.nameRange.text());
  if (node.token == Kind::AmpAmp || node.token == Kind::PipePipe) {
    ExprPtr left = require(*node.kids[0], DType::Bool, "the left operand of '" + spelling + "'");
    ExprPtr right = require(*node.kids[1], DType::Bool, "the right operand of '" + spelling + "'");
    if (!left || !right)
      return {};
    ExprPtr expr = make(ExprKind::Logic, DType::Bool, node.range, {left, right});
    expr->logic = node.token == Kind::AmpAmp ? LogicOp::And : LogicOp::Or;
    return {expr};
  }
  static const std::map<Kind, CompareOp> compares = {{Kind::EqEq, CompareOp::Eq}, {Kind::Ne, CompareOp::Ne},
                                                     {Kind::Lt, CompareOp::Lt},   {Kind::Le, CompareOp::Le},
                                                     {Kind::Gt, CompareOp::Gt},   {Kind::Ge, CompareOp::Ge}};
  static const std::map<Kind, BinaryOp> binaries = {{Kind::Plus, BinaryOp::Add},     {Kind::Minus, BinaryOp::Sub},
                                                    {Kind::Star, BinaryOp::Mul},     {Kind::Slash, BinaryOp::Div},
                                                    {Kind::Percent, BinaryOp::Rem},  {Kind::Shl, BinaryOp::Shl},
                                                    {Kind::Shr, BinaryOp::Shr},      {Kind::Amp, BinaryOp::BitAnd},
                                                    {Kind::Caret, BinaryOp::BitXor}, {Kind::Pipe, BinaryOp::BitOr}};
  auto compare = compares.find(node.token);
  bool isCompare = compare != compares.end();
  std::vector<ExprPtr> operands;
  Result result = unify({node.kids[0].get(), node.kids[1].get()}, isCompare ? std::nullopt : hint,
                        "the operands of '" + spelling + "'", operands);
  if (result.untyped && isCompare) {
    error(node.range, "nothing says which type the operands of '" + spelling + "' have: write a cast, as in f32(" +
                          node.kids[0]->range.oneLine() + ")");
    return {};
  }
  if (!result.expr)
    return result;
  DType type = result.expr->type;
  if (isCompare) {
    if (type == DType::Bool && compare->second != CompareOp::Eq && compare->second != CompareOp::Ne) {
      error(node.range, "bool has no order: '" + spelling + "' is for numbers");
      return {};
    }
    ExprPtr expr = make(ExprKind::Compare, DType::Bool, node.range, std::move(operands));
    expr->compare = compare->second;
    return {expr};
  }
  BinaryOp op = binaries.at(node.token);
  bool isBitwise = op == BinaryOp::BitAnd || op == BinaryOp::BitOr || op == BinaryOp::BitXor;
  bool needsInteger = op == BinaryOp::Rem || op == BinaryOp::Shl || op == BinaryOp::Shr || isBitwise;
  bool fine = needsInteger ? isInteger(type) || (isBitwise && type == DType::Bool) : type != DType::Bool;
  if (!fine) {
    error(node.range, "the operands of '" + spelling + "' are " + getName(type) + ", but " +
                          (needsInteger ? "integers" : "numbers") + " are asked for");
    return {};
  }
  ExprPtr expr = make(ExprKind::Binary, type, node.range, std::move(operands));
  expr->binary = op;
  return {expr};
}

Checker::Result Checker::checkTernary(const Node &node, std::optional<DType> hint) {
  ExprPtr condition = require(*node.kids[0], DType::Bool, "the condition of '? :'");
  std::vector<ExprPtr> arms;
  Result result = unify({node.kids[1].get(), node.kids[2].get()}, hint, "the arms of '? :'", arms);
  if (!condition || !result.expr)
    return condition ? result : Result{};
  return {make(ExprKind::Select, arms[0]->type, node.range, {condition, arms[0], arms[1]})};
}

// ---- casts and functions -------------------------------------------------------------------------------------------

static bool checkArity(const Node &node, size_t count, std::string &why) {
  for (size_t i = 0; i < node.argNames.size(); ++i)
    if (!node.argNames[i].text.empty()) {
      why = node.text + " takes its arguments by position";
      return false;
    }
  if (node.kids.size() == count)
    return true;
  why = node.text + " takes " + std::to_string(count) + (count == 1 ? " argument" : " arguments") + ", " +
        std::to_string(node.kids.size()) + " given";
  return false;
}

Checker::Result Checker::checkCast(const Node &node, std::optional<DType> hint) {
  std::string why;
  if (!checkArity(node, 1, why)) {
    error(node.range, why);
    return {};
  }
  bool isAcc = node.token == TokenKind::Acc;
  DType type = DType::Bool;
  if (!isAcc)
    type = *typeOf({node.text, node.nameRange});
  Result result = check(*node.kids[0], isAcc ? hint : std::nullopt);
  if (result.untyped) {
    if (isAcc)
      return result; // The literal takes the type that is asked of the cast: acc keeps it.
    result = check(*node.kids[0], type);
  }
  if (!result.expr)
    return {};
  if (isAcc)
    type = getAccumulator(result.expr->type);
  // A cast of a float to its own type rounds what a statement may have kept more precisely; otherwise it is nothing.
  ExprKind kind = result.expr->kind;
  bool isExact =
      kind == ExprKind::Read || kind == ExprKind::Literal || kind == ExprKind::ScalarParam || kind == ExprKind::Cast;
  if (result.expr->type == type && (!isFloat(type) || isExact))
    return result;
  return {make(ExprKind::Cast, type, node.range, {result.expr})};
}

static bool takesFloats(Function function) { return function <= Function::CopySign; }

Checker::Result Checker::checkFunction(const Node &node, Function function, std::optional<DType> hint) {
  std::string why;
  if (!checkArity(node, getArity(function), why)) {
    error(node.range, why);
    return {};
  }
  bool isTest = function == Function::IsNan || function == Function::IsInf || function == Function::IsFinite;
  std::vector<const Node *> nodes;
  for (const NodePtr &kid : node.kids)
    nodes.push_back(kid.get());
  std::vector<ExprPtr> operands;
  Result result = unify(nodes, isTest ? std::nullopt : hint, "the arguments of " + node.text, operands);
  if (result.untyped && isTest) {
    requireTyped(*node.kids[0]);
    return {};
  }
  if (!result.expr)
    return result;
  DType type = result.expr->type;
  bool onIntegers = function >= Function::PopCount;
  bool fine = takesFloats(function) ? isFloat(type) : onIntegers ? isInteger(type) : type != DType::Bool;
  if (!fine) {
    std::string hintText =
        takesFloats(function) ? ": write " + node.text + "(" + castHint(DType::F32, node.kids[0]->range) + ")" : "";
    error(node.range, node.text + " is for " +
                          (takesFloats(function) ? "floats"
                           : onIntegers          ? "integers"
                                                 : "numbers") +
                          ", its argument is " + getName(type) + (node.kids.size() == 1 ? hintText : ""));
    return {};
  }
  ExprPtr expr = make(ExprKind::Call, isTest ? DType::Bool : type, node.range, std::move(operands));
  expr->function = function;
  return {expr};
}

Checker::Result Checker::checkCall(const Node &node, std::optional<DType> hint) {
  if (node.token == TokenKind::Acc || typeNamed(node.text) || frame->types.count(node.text))
    return checkCast(node, hint);
  if (auto function = functionNamed(node.text))
    return checkFunction(node, *function, hint);
  auto global = frame->unit->scope.find(node.text);
  if (global == frame->unit->scope.end()) {
    Diagnostic &diagnostic = error(node.nameRange, "unknown function " + node.text);
    auto binding = frame->names.find(node.text);
    if (binding != frame->names.end())
      diagnostic.message =
          node.text + " is not a function" +
          (binding->second.kind == Binding::Kind::Tensor ? ": a tensor is read as " + node.text + "[...]" : "");
    return {};
  }
  switch (global->second.kind) {
  case Global::Kind::Fn:
    return checkFnCall(node, global->second, hint);
  case Global::Kind::Op:
    error(node.range, "a call of an operator stands alone on the right of a statement: define it first, t = " +
                          node.range.oneLine());
    return {};
  case Global::Kind::Const:
    error(node.nameRange, node.text + " is a const, not a function");
    return {};
  case Global::Kind::Broken:
    return {};
  }
  return {};
}
