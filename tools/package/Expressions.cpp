//===- Expressions.cpp - plan expressions as text and as values -------------===//
//
// Owns the operators' notation and meaning, one table.
//
//===------------------------------------------------------------------------===//
#include "package/Expressions.h"

#include "package/PackageFile.h"

#include <algorithm>

namespace tenon {

using package::ExprOp;

namespace {

/// How an operator is written: an infix sign with its precedence, or a function's name (precedence 0).
struct Notation {
  const char *sign;
  int precedence;
};

Notation notation(ExprOp op) {
  switch (op) {
  case ExprOp::Add:
    return {" + ", 5};
  case ExprOp::Sub:
    return {" - ", 5};
  case ExprOp::Mul:
    return {" * ", 6};
  case ExprOp::Eq:
    return {" == ", 3};
  case ExprOp::Ne:
    return {" != ", 3};
  case ExprOp::Lt:
    return {" < ", 4};
  case ExprOp::Le:
    return {" <= ", 4};
  case ExprOp::And:
    return {" && ", 2};
  case ExprOp::Or:
    return {" || ", 1};
  case ExprOp::FloorDiv:
    return {"floordiv", 0};
  case ExprOp::CeilDiv:
    return {"ceildiv", 0};
  case ExprOp::Mod:
    return {"mod", 0};
  case ExprOp::Div:
    return {" / ", 6};
  case ExprOp::Rem:
    return {" % ", 6};
  case ExprOp::Min:
    return {"min", 0};
  case ExprOp::Max:
    return {"max", 0};
  default:
    return {"?", 0};
  }
}

} // namespace

const package::Expr *Expressions::at(uint32_t id) const {
  const auto *own = instance.expressions();
  uint32_t count = own ? own->size() : 0;
  if (id < count)
    return own->Get(id);
  const auto *more = variant ? variant->expressions() : nullptr;
  return more && id - count < more->size() ? more->Get(id - count) : nullptr;
}

std::string Expressions::symbolName(int64_t index) const {
  const auto *symbols = instance.symbols();
  if (!symbols || index < 0 || index >= static_cast<int64_t>(symbols->size()))
    return "<no symbol " + std::to_string(index) + ">";
  return symbols->Get(static_cast<uint32_t>(index))->name()->str();
}

std::string Expressions::text(uint32_t id) const {
  // Shared nodes are printed as often as they are used, so the work is bounded.
  int budget = 400;
  return text(id, 0, budget);
}

std::string Expressions::text(uint32_t id, int outer, int &budget) const {
  const package::Expr *expr = at(id);
  if (!expr)
    return "<no expression " + std::to_string(id) + ">";
  if (--budget < 0)
    return "...";
  auto operand = [&](uint32_t child, int precedence) {
    return child < id ? text(child, precedence, budget) : "<no expression " + std::to_string(child) + ">";
  };
  switch (expr->op()) {
  case ExprOp::Const:
    return std::to_string(expr->imm());
  case ExprOp::Symbol:
    return symbolName(expr->imm());
  case ExprOp::Device:
    if (expr->imm() < 0 || expr->imm() > static_cast<int64_t>(package::Property::MAX))
      return "<no property " + std::to_string(expr->imm()) + ">";
    return "device." + snakeCase(package::EnumNameProperty(static_cast<package::Property>(expr->imm())));
  case ExprOp::LoopVar:
    return "i" + std::to_string(expr->imm());
  case ExprOp::Not:
    return "!" + operand(expr->a(), 7);
  case ExprOp::Select: {
    std::string all = operand(expr->a(), 1) + " ? " + operand(expr->b(), 1) + " : " + operand(expr->c(), 1);
    return outer > 0 ? "(" + all + ")" : all;
  }
  default:
    break;
  }
  Notation how = notation(expr->op());
  if (how.precedence == 0)
    return how.sign + ("(" + operand(expr->a(), 0)) + ", " + operand(expr->b(), 0) + ")";
  std::string all = operand(expr->a(), how.precedence) + how.sign + operand(expr->b(), how.precedence + 1);
  return how.precedence < outer ? "(" + all + ")" : all;
}

bool Expressions::evaluate(uint32_t id, const std::map<std::string, int64_t> &symbols, int64_t &value,
                           std::string &error) const {
  int budget = 100000;
  return evaluate(id, symbols, value, error, budget);
}

bool Expressions::evaluate(uint32_t id, const std::map<std::string, int64_t> &symbols, int64_t &value,
                           std::string &error, int &budget) const {
  auto fail = [&](const std::string &what) {
    error = what;
    return false;
  };
  const package::Expr *expr = at(id);
  if (!expr || --budget < 0)
    return fail("the package's expression " + std::to_string(id) + " is missing or too large");
  auto operand = [&](uint32_t child, int64_t &result) {
    if (child >= id)
      return fail("the package's expression " + std::to_string(id) + " refers forward");
    return evaluate(child, symbols, result, error, budget);
  };
  ExprOp op = expr->op();
  if (op == ExprOp::Const) {
    value = expr->imm();
    return true;
  }
  if (op == ExprOp::Symbol) {
    std::string name = symbolName(expr->imm());
    auto found = symbols.find(name);
    if (found == symbols.end())
      return fail("size " + name + " is not known");
    value = found->second;
    return true;
  }
  if (op == ExprOp::Device || op == ExprOp::LoopVar)
    return fail(text(id) + " is known only at a launch");

  int64_t a = 0, b = 0;
  if (!operand(expr->a(), a))
    return false;
  if (op == ExprOp::Not) {
    value = a == 0;
    return true;
  }
  if (op == ExprOp::Select)
    return operand(a != 0 ? expr->b() : expr->c(), value);
  if (!operand(expr->b(), b))
    return false;
  bool overflow = false;
  switch (op) {
  case ExprOp::Add:
    overflow = __builtin_add_overflow(a, b, &value);
    break;
  case ExprOp::Sub:
    overflow = __builtin_sub_overflow(a, b, &value);
    break;
  case ExprOp::Mul:
    overflow = __builtin_mul_overflow(a, b, &value);
    break;
  case ExprOp::FloorDiv:
  case ExprOp::CeilDiv:
  case ExprOp::Mod: {
    if (b <= 0)
      return fail(text(id) + ": division by " + std::to_string(b));
    int64_t quotient = a / b - (a % b < 0);
    int64_t remainder = a % b + (a % b < 0 ? b : 0);
    value = op == ExprOp::Mod ? remainder : op == ExprOp::FloorDiv ? quotient : quotient + (remainder != 0);
    break;
  }
  case ExprOp::Div:
    overflow = a == INT64_MIN && b == -1;
    value = overflow || b == 0 ? 0 : a / b;
    break;
  case ExprOp::Rem:
    value = b == 0 ? a : b == -1 ? 0 : a % b;
    break;
  case ExprOp::Min:
    value = std::min(a, b);
    break;
  case ExprOp::Max:
    value = std::max(a, b);
    break;
  case ExprOp::Eq:
    value = a == b;
    break;
  case ExprOp::Ne:
    value = a != b;
    break;
  case ExprOp::Lt:
    value = a < b;
    break;
  case ExprOp::Le:
    value = a <= b;
    break;
  case ExprOp::And:
    value = a != 0 && b != 0;
    break;
  case ExprOp::Or:
    value = a != 0 || b != 0;
    break;
  default:
    return fail("the package's expression " + std::to_string(id) + " has an unknown operator");
  }
  return overflow ? fail(text(id) + " overflows 64 bits") : true;
}

} // namespace tenon
