//===- Size.cpp - expressions over sizes and their normal form --------------===//
//
// Owns folding, evaluation, printing and normalising of SizeExpr, and the arithmetic of polynomials.
//
//===------------------------------------------------------------------------===//
#include "Size.h"

#include <algorithm>

using namespace tenon;
using Op = SizeExpr::Op;

static SizeExprPtr make(Op op, SizeExprPtr a, SizeExprPtr b = nullptr, SizeExprPtr c = nullptr) {
  auto expr = std::make_shared<SizeExpr>();
  expr->op = op;
  for (const SizeExprPtr &operand : {a, b, c})
    if (operand)
      expr->nodes = std::min<uint64_t>(expr->nodes + operand->nodes, UINT32_MAX);
  expr->a = std::move(a);
  expr->b = std::move(b);
  expr->c = std::move(c);
  return expr;
}

SizeExprPtr tenon::sizeConst(int64_t value) {
  auto expr = std::make_shared<SizeExpr>();
  expr->op = Op::Const;
  expr->value = value;
  return expr;
}

SizeExprPtr tenon::sizeSymbol(int symbol) {
  auto expr = std::make_shared<SizeExpr>();
  expr->op = Op::Symbol;
  expr->value = symbol;
  return expr;
}

std::optional<int64_t> tenon::constantOf(const SizeExprPtr &expr) {
  if (expr && expr->op == Op::Const)
    return expr->value;
  return std::nullopt;
}

static std::optional<int64_t> apply(Op op, int64_t a, int64_t b) {
  int64_t result;
  switch (op) {
  case Op::Add:
    return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  case Op::Sub:
    return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  case Op::Mul:
    return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
  case Op::Div:
    if (b == 0)
      return 0;
    return a == INT64_MIN && b == -1 ? std::nullopt : std::optional(a / b);
  case Op::Rem:
    if (b == 0)
      return a;
    return b == -1 ? 0 : a % b;
  case Op::Min:
    return std::min(a, b);
  case Op::Max:
    return std::max(a, b);
  case Op::Eq:
    return a == b;
  case Op::Ne:
    return a != b;
  case Op::Lt:
    return a < b;
  case Op::Le:
    return a <= b;
  case Op::And:
    return a && b;
  case Op::Or:
    return a || b;
  default:
    return std::nullopt;
  }
}

SizeExprPtr tenon::sizeBinary(Op op, SizeExprPtr a, SizeExprPtr b) {
  auto x = constantOf(a), y = constantOf(b);
  if (x && y)
    if (auto value = apply(op, *x, *y))
      return sizeConst(*value);
  switch (op) {
  case Op::Add:
    if (x && *x == 0)
      return b;
    [[fallthrough]];
  case Op::Sub:
    if (y && *y == 0)
      return a;
    break;
  case Op::Mul:
    if ((x && *x == 0) || (y && *y == 0))
      return sizeConst(0);
    if (x && *x == 1)
      return b;
    [[fallthrough]];
  case Op::Div:
    if (y && *y == 1)
      return a;
    break;
  case Op::And:
    if (x)
      return *x ? b : sizeConst(0);
    if (y)
      return *y ? a : sizeConst(0);
    break;
  case Op::Or:
    if (x)
      return *x ? sizeConst(1) : b;
    if (y)
      return *y ? sizeConst(1) : a;
    break;
  default:
    break;
  }
  return make(op, std::move(a), std::move(b));
}

SizeExprPtr tenon::sizeNot(SizeExprPtr a) {
  if (auto value = constantOf(a))
    return sizeConst(!*value);
  return make(Op::Not, std::move(a));
}

SizeExprPtr tenon::sizeSelect(SizeExprPtr condition, SizeExprPtr a, SizeExprPtr b) {
  if (auto value = constantOf(condition))
    return *value ? a : b;
  return make(Op::Select, std::move(condition), std::move(a), std::move(b));
}

std::optional<int64_t> tenon::evaluate(const SizeExprPtr &expr, const std::vector<int64_t> &symbols) {
  switch (expr->op) {
  case Op::Const:
    return expr->value;
  case Op::Symbol:
    return expr->value < static_cast<int64_t>(symbols.size()) ? std::optional(symbols[expr->value]) : std::nullopt;
  case Op::Not: {
    auto a = evaluate(expr->a, symbols);
    return a ? std::optional<int64_t>(!*a) : std::nullopt;
  }
  case Op::Select: {
    auto condition = evaluate(expr->a, symbols);
    return condition ? evaluate(*condition ? expr->b : expr->c, symbols) : std::nullopt;
  }
  case Op::And:
  case Op::Or: {
    auto a = evaluate(expr->a, symbols);
    if (!a || (expr->op == Op::And ? !*a : *a != 0))
      return a;
    return evaluate(expr->b, symbols);
  }
  default: {
    auto a = evaluate(expr->a, symbols), b = evaluate(expr->b, symbols);
    return a && b ? apply(expr->op, *a, *b) : std::nullopt;
  }
  }
}

static int precedence(Op op) {
  switch (op) {
  case Op::Select:
    return 0;
  case Op::Or:
    return 1;
  case Op::And:
    return 2;
  case Op::Eq:
  case Op::Ne:
    return 3;
  case Op::Lt:
  case Op::Le:
    return 4;
  case Op::Add:
  case Op::Sub:
    return 5;
  case Op::Mul:
  case Op::Div:
  case Op::Rem:
    return 6;
  default:
    return 8;
  }
}

static std::string printAt(const SizeExprPtr &expr, const std::function<std::string(int)> &name, int outer) {
  auto binary = [&](const char *spelling) {
    int level = precedence(expr->op);
    std::string text = printAt(expr->a, name, level) + spelling + printAt(expr->b, name, level + 1);
    return level < outer ? "(" + text + ")" : text;
  };
  auto call = [&](const char *function) {
    return std::string(function) + "(" + printAt(expr->a, name, 0) + ", " + printAt(expr->b, name, 0) + ")";
  };
  switch (expr->op) {
  case Op::Const:
    return std::to_string(expr->value);
  case Op::Symbol:
    return name(expr->value);
  case Op::Add:
    return binary(" + ");
  case Op::Sub:
    if (auto zero = constantOf(expr->a); zero && *zero == 0)
      return "-" + printAt(expr->b, name, 7);
    return binary(" - ");
  case Op::Mul:
    return binary("*");
  case Op::Div:
    return binary("/");
  case Op::Rem:
    return binary("%");
  case Op::Min:
    return call("min");
  case Op::Max:
    return call("max");
  case Op::Eq:
    return binary(" == ");
  case Op::Ne:
    return binary(" != ");
  case Op::Lt:
    return binary(" < ");
  case Op::Le:
    return binary(" <= ");
  case Op::And:
    return binary(" && ");
  case Op::Or:
    return binary(" || ");
  case Op::Not:
    return "!" + printAt(expr->a, name, 7);
  case Op::Select: {
    std::string text =
        printAt(expr->a, name, 1) + " ? " + printAt(expr->b, name, 0) + " : " + printAt(expr->c, name, 0);
    return outer > 0 ? "(" + text + ")" : text;
  }
  }
  return "";
}

std::string tenon::print(const SizeExprPtr &expr, const std::function<std::string(int)> &name) {
  return printAt(expr, name, 0);
}

void tenon::collectSymbols(const SizeExprPtr &expr, std::vector<int> &symbols) {
  if (!expr)
    return;
  if (expr->op == Op::Symbol && std::find(symbols.begin(), symbols.end(), expr->value) == symbols.end())
    symbols.push_back(expr->value);
  collectSymbols(expr->a, symbols);
  collectSymbols(expr->b, symbols);
  collectSymbols(expr->c, symbols);
}

SizeExprPtr tenon::substitute(const SizeExprPtr &expr, const std::vector<SizeExprPtr> &values) {
  switch (expr->op) {
  case Op::Const:
    return expr;
  case Op::Symbol:
    return expr->value < static_cast<int64_t>(values.size()) && values[expr->value] ? values[expr->value] : expr;
  case Op::Not:
    return sizeNot(substitute(expr->a, values));
  case Op::Select:
    return sizeSelect(substitute(expr->a, values), substitute(expr->b, values), substitute(expr->c, values));
  default:
    return sizeBinary(expr->op, substitute(expr->a, values), substitute(expr->b, values));
  }
}

// ---- polynomials ---------------------------------------------------------------------------------------------------

std::optional<int64_t> Polynomial::constant() const {
  if (overflow || terms.size() > 1)
    return std::nullopt;
  if (terms.empty())
    return 0;
  return terms.begin()->first.empty() ? std::optional(terms.begin()->second) : std::nullopt;
}

static bool hasKind(const Polynomial &poly, Atom::Kind kind) {
  for (const auto &[monomial, coefficient] : poly.terms)
    for (const Atom &atom : monomial)
      if (atom.kind == kind)
        return true;
  return false;
}
bool Polynomial::hasOpaque() const { return hasKind(*this, Atom::Kind::Opaque); }

bool Polynomial::hasIndex() const {
  for (const auto &[monomial, coefficient] : terms)
    for (const Atom &atom : monomial)
      if (atom.kind == Atom::Kind::Index || (atom.kind == Atom::Kind::Opaque && !atom.value))
        return true;
  return false;
}

Polynomial tenon::polyConst(int64_t value) {
  Polynomial poly;
  if (value)
    poly.terms[{}] = value;
  return poly;
}

Polynomial tenon::polyAtom(Atom atom) {
  Polynomial poly;
  poly.terms[{std::move(atom)}] = 1;
  return poly;
}

static void addTerm(Polynomial &poly, const Monomial &monomial, int64_t coefficient) {
  int64_t &slot = poly.terms[monomial];
  if (__builtin_add_overflow(slot, coefficient, &slot))
    poly.overflow = true;
  if (slot == 0)
    poly.terms.erase(monomial);
}

Polynomial tenon::operator+(const Polynomial &a, const Polynomial &b) {
  Polynomial result = a;
  result.overflow |= b.overflow;
  for (const auto &[monomial, coefficient] : b.terms)
    addTerm(result, monomial, coefficient);
  return result;
}

Polynomial tenon::operator*(const Polynomial &a, const Polynomial &b) {
  Polynomial result;
  // A product of long sums is given up rather than let grow.
  result.overflow = a.overflow || b.overflow || a.terms.size() * b.terms.size() > 4096;
  if (result.overflow)
    return result;
  for (const auto &[x, p] : a.terms)
    for (const auto &[y, q] : b.terms) {
      Monomial monomial = x;
      monomial.insert(monomial.end(), y.begin(), y.end());
      std::sort(monomial.begin(), monomial.end());
      int64_t coefficient;
      if (monomial.size() > 32 || __builtin_mul_overflow(p, q, &coefficient))
        result.overflow = true;
      else
        addTerm(result, monomial, coefficient);
    }
  return result;
}

Polynomial tenon::operator-(const Polynomial &a, const Polynomial &b) { return a + polyConst(-1) * b; }

static std::string keyOf(const Polynomial &poly) {
  if (poly.overflow)
    return "?";
  std::string key;
  for (const auto &[monomial, coefficient] : poly.terms) {
    key += (key.empty() ? "" : "+") + std::to_string(coefficient);
    for (const Atom &atom : monomial)
      key += atom.kind == Atom::Kind::Symbol  ? "*s" + std::to_string(atom.id)
             : atom.kind == Atom::Kind::Index ? "*i" + std::to_string(atom.id)
                                              : "*" + atom.key;
  }
  return key.empty() ? "0" : key;
}

Polynomial tenon::polyOpaque(const std::string &name, const std::vector<Polynomial> &operands, SizeExprPtr value) {
  Atom atom;
  atom.kind = Atom::Kind::Opaque;
  atom.key = name + "(";
  for (size_t i = 0; i < operands.size(); ++i) {
    atom.key += (i ? "," : "") + keyOf(operands[i]);
    // What left 64 bits is equal to nothing, itself included.
    if (operands[i].overflow)
      atom.key += std::to_string(reinterpret_cast<uintptr_t>(value.get()));
  }
  atom.key += ")";
  // Nested keys repeat their operands; a bound keeps them from growing without end.
  if (atom.key.size() > 4096)
    atom.key = name + "#" + std::to_string(std::hash<std::string>()(atom.key)) + "#" + std::to_string(atom.key.size());
  atom.value = std::move(value);
  return polyAtom(std::move(atom));
}

Polynomial tenon::normalize(const SizeExprPtr &expr) {
  switch (expr->op) {
  case Op::Const:
    return polyConst(expr->value);
  case Op::Symbol: {
    Atom atom;
    atom.id = expr->value;
    return polyAtom(atom);
  }
  case Op::Add:
    return normalize(expr->a) + normalize(expr->b);
  case Op::Sub:
    return normalize(expr->a) - normalize(expr->b);
  case Op::Mul:
    return normalize(expr->a) * normalize(expr->b);
  default: {
    static const char *const names[] = {"const", "symbol", "add", "sub", "mul", "div", "rem", "min",   "max",
                                        "eq",    "ne",     "lt",  "le",  "and", "or",  "not", "select"};
    std::vector<Polynomial> operands;
    for (const SizeExprPtr &operand : {expr->a, expr->b, expr->c})
      if (operand)
        operands.push_back(normalize(operand));
    bool commutes = expr->op == Op::Min || expr->op == Op::Max || expr->op == Op::Eq || expr->op == Op::Ne ||
                    expr->op == Op::And || expr->op == Op::Or;
    if (commutes && keyOf(operands[1]) < keyOf(operands[0]))
      std::swap(operands[0], operands[1]);
    // An opaque expression whose operands are constants by now is a constant.
    if (operands.size() == 2) {
      auto a = operands[0].constant(), b = operands[1].constant();
      if (a && b)
        if (auto value = apply(expr->op, *a, *b))
          return polyConst(*value);
    }
    return polyOpaque(names[static_cast<int>(expr->op)], operands, expr);
  }
  }
}

SizeExprPtr tenon::toSize(const Polynomial &poly) {
  SizeExprPtr sum;
  auto term = [](const Monomial &monomial, int64_t coefficient) {
    SizeExprPtr product;
    for (const Atom &atom : monomial) {
      SizeExprPtr factor = atom.kind == Atom::Kind::Symbol ? sizeSymbol(atom.id) : atom.value;
      product = product ? product * factor : factor;
    }
    if (!product)
      return sizeConst(coefficient);
    return coefficient == 1 ? product : sizeConst(coefficient) * product;
  };
  // Positive terms first, the constant last, so that it reads as one would write it.
  for (int pass = 0; pass < 3; ++pass)
    for (const auto &[monomial, coefficient] : poly.terms) {
      if ((pass == 2) != monomial.empty() || (pass == 0 && coefficient < 0) || (pass == 1 && coefficient > 0))
        continue;
      if (coefficient < 0 && coefficient != INT64_MIN && sum)
        sum = sum - term(monomial, -coefficient);
      else
        sum = sum ? sum + term(monomial, coefficient) : term(monomial, coefficient);
    }
  return sum ? sum : sizeConst(0);
}

bool tenon::sameSize(const SizeExprPtr &a, const SizeExprPtr &b) { return normalize(a) == normalize(b); }
