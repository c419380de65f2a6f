//===- Facts.cpp - what is known of indices and sizes -----------------------===//
//
// Owns the polynomials of typed expressions, the facts that ranges, guards and conditions give, and what follows from
// them by sign. The interval arithmetic is in Interval.cpp.
//
//===------------------------------------------------------------------------===//
#include "Interval.h"
#include "Scalar.h"

#include <algorithm>

using namespace tenon;
using Op = SizeExpr::Op;

// ---- polynomials of typed expressions ------------------------------------------------------------------------------

Polynomial Scope::polyOf(const ExprPtr &expr) {
  switch (expr->kind) {
  case ExprKind::Literal:
    return polyConst(expr->value.integer);
  case ExprKind::SymbolRef: {
    Atom atom;
    atom.id = expr->symbol;
    return polyAtom(atom);
  }
  case ExprKind::IndexRef: {
    Atom atom;
    atom.kind = Atom::Kind::Index;
    atom.id = expr->index;
    return polyAtom(atom);
  }
  case ExprKind::Binary:
    if (expr->type == DType::Size) {
      Polynomial a = polyOf(expr->operands[0]), b = polyOf(expr->operands[1]);
      if (expr->binary == BinaryOp::Add)
        return a + b;
      if (expr->binary == BinaryOp::Sub)
        return a - b;
      if (expr->binary == BinaryOp::Mul)
        return a * b;
    }
    break;
  case ExprKind::Unary:
    if (expr->type == DType::Size && expr->unary == UnaryOp::Neg)
      return polyConst(0) - polyOf(expr->operands[0]);
    break;
  case ExprKind::Cast:
    // Between size and i64 nothing changes.
    if ((expr->type == DType::Size || expr->type == DType::I64) &&
        (expr->operands[0]->type == DType::Size || expr->operands[0]->type == DType::I64))
      return polyOf(expr->operands[0]);
    break;
  default:
    break;
  }
  // Over symbols alone it is an expression that launch can compute.
  std::vector<Polynomial> operands;
  bool overSymbols = true;
  for (const ExprPtr &operand : expr->operands) {
    operands.push_back(polyOf(operand));
    overSymbols &= !operands.back().hasIndex() && !operands.back().overflow;
  }
  auto sizeOf = [&](int i) { return toSize(operands[i]); };
  if (overSymbols && expr->type == DType::Size) {
    if (expr->kind == ExprKind::Binary && (expr->binary == BinaryOp::Div || expr->binary == BinaryOp::Rem))
      return normalize(sizeBinary(expr->binary == BinaryOp::Div ? Op::Div : Op::Rem, sizeOf(0), sizeOf(1)));
    if (expr->kind == ExprKind::Call && (expr->function == Function::Min || expr->function == Function::Max))
      return normalize(sizeBinary(expr->function == Function::Min ? Op::Min : Op::Max, sizeOf(0), sizeOf(1)));
    if (expr->kind == ExprKind::Call && expr->function == Function::Clamp)
      return normalize(sizeBinary(Op::Min, sizeBinary(Op::Max, sizeOf(0), sizeOf(1)), sizeOf(2)));
  }
  std::string name = std::string(getName(expr->type)) + std::to_string(static_cast<int>(expr->kind)) + "." +
                     std::to_string(expr->kind == ExprKind::Call      ? static_cast<int>(expr->function)
                                    : expr->kind == ExprKind::Binary  ? static_cast<int>(expr->binary)
                                    : expr->kind == ExprKind::Unary   ? static_cast<int>(expr->unary)
                                    : expr->kind == ExprKind::Compare ? static_cast<int>(expr->compare)
                                                                      : 0);
  if (expr->kind == ExprKind::Logic)
    name += expr->logic == LogicOp::And ? "&" : "|";
  Polynomial result = polyOpaque(name, operands, nullptr);
  opaque[result.terms.begin()->first[0].key] = expr;
  return result;
}

bool Scope::findData(const ExprPtr &expr, SourceRange &culprit) const {
  if (expr->kind == ExprKind::Read || expr->kind == ExprKind::ScalarParam || expr->kind == ExprKind::Reduce) {
    culprit = expr->range;
    return true;
  }
  for (const ExprPtr &operand : expr->operands)
    if (findData(operand, culprit))
      return true;
  return false;
}

void Scope::collect(const ExprPtr &expr, std::vector<int> &ids) const {
  if (expr->kind == ExprKind::IndexRef && std::find(ids.begin(), ids.end(), expr->index) == ids.end())
    ids.push_back(expr->index);
  for (const ExprPtr &operand : expr->operands)
    collect(operand, ids);
}

// ---- facts ---------------------------------------------------------------------------------------------------------

void Scope::addFact(Polynomial poly, bool isGuard) {
  if (!poly.overflow && facts.size() < 256)
    facts.push_back({std::move(poly), isGuard});
}

void Scope::assumeCompare(CompareOp op, const Polynomial &a, const Polynomial &b, bool isGuard) {
  Polynomial one = polyConst(1);
  switch (op) {
  case CompareOp::Lt:
    return addFact(b - a - one, isGuard);
  case CompareOp::Le:
    return addFact(b - a, isGuard);
  case CompareOp::Gt:
    return addFact(a - b - one, isGuard);
  case CompareOp::Ge:
    return addFact(a - b, isGuard);
  case CompareOp::Eq:
    addFact(b - a, isGuard);
    return addFact(a - b, isGuard);
  case CompareOp::Ne: {
    // What is not equal at one end of its range starts one further in.
    budget = 2000;
    auto difference = bound(a - b, 0);
    for (const Polynomial &low : difference.lo)
      if (provesNonNegative(low))
        return addFact(a - b - one, isGuard);
    for (const Polynomial &high : difference.hi)
      if (provesNonNegative(polyConst(0) - high))
        return addFact(b - a - one, isGuard);
    return;
  }
  }
}

static CompareOp negate(CompareOp op) {
  static const CompareOp opposite[] = {CompareOp::Ne, CompareOp::Eq, CompareOp::Ge,
                                       CompareOp::Gt, CompareOp::Le, CompareOp::Lt};
  return opposite[static_cast<int>(op)];
}

void Scope::assume(const ExprPtr &condition, bool holds) {
  if (condition->kind == ExprKind::Unary && condition->unary == UnaryOp::Not)
    return assume(condition->operands[0], !holds);
  bool isAnd =
      (condition->kind == ExprKind::Logic && condition->logic == LogicOp::And) ||
      (condition->kind == ExprKind::Binary && condition->type == DType::Bool && condition->binary == BinaryOp::BitAnd);
  bool isOr =
      (condition->kind == ExprKind::Logic && condition->logic == LogicOp::Or) ||
      (condition->kind == ExprKind::Binary && condition->type == DType::Bool && condition->binary == BinaryOp::BitOr);
  if ((isAnd && holds) || (isOr && !holds)) {
    assume(condition->operands[0], holds);
    return assume(condition->operands[1], holds);
  }
  if (condition->kind != ExprKind::Compare || condition->operands[0]->type != DType::Size)
    return;
  SourceRange culprit;
  if (findData(condition->operands[0], culprit) || findData(condition->operands[1], culprit))
    return;
  assumeCompare(holds ? condition->compare : negate(condition->compare), polyOf(condition->operands[0]),
                polyOf(condition->operands[1]), true);
}

void Scope::assumeSize(const SizeExprPtr &condition) {
  switch (condition->op) {
  case Op::And:
    assumeSize(condition->a);
    return assumeSize(condition->b);
  case Op::Lt:
    return assumeCompare(CompareOp::Lt, normalize(condition->a), normalize(condition->b), false);
  case Op::Le:
    return assumeCompare(CompareOp::Le, normalize(condition->a), normalize(condition->b), false);
  case Op::Eq:
    return assumeCompare(CompareOp::Eq, normalize(condition->a), normalize(condition->b), false);
  case Op::Ne:
    return assumeCompare(CompareOp::Ne, normalize(condition->a), normalize(condition->b), false);
  default:
    return;
  }
}

void Scope::enter(const Index &index) {
  active.push_back(index.id);
  // Where it is evaluated, the range has an element.
  Polynomial count = polyOf(index.hi) - polyOf(index.lo) - polyConst(1);
  addFact(count, false);
}

// ---- signs ---------------------------------------------------------------------------------------------------------

bool Scope::nonNegativeSize(const SizeExprPtr &size) {
  switch (size->op) {
  case Op::Const:
    return size->value >= 0;
  case Op::Symbol:
    return true;
  case Op::Div:
    return obviouslyNonNegative(normalize(size->a)) && obviouslyNonNegative(normalize(size->b));
  case Op::Rem:
    return obviouslyNonNegative(normalize(size->a));
  case Op::Min:
    return obviouslyNonNegative(normalize(size->a)) && obviouslyNonNegative(normalize(size->b));
  case Op::Max:
    return obviouslyNonNegative(normalize(size->a)) || obviouslyNonNegative(normalize(size->b));
  case Op::Select:
    return obviouslyNonNegative(normalize(size->b)) && obviouslyNonNegative(normalize(size->c));
  case Op::Add:
  case Op::Sub:
  case Op::Mul:
    return obviouslyNonNegative(normalize(size));
  default:
    return true; // A comparison: 0 or 1.
  }
}

/// By the signs of coefficients, and by sizes being at least 0, or more where a fact says so.
bool Scope::obviouslyNonNegative(const Polynomial &poly) {
  if (poly.overflow || poly.hasIndex() || budget == 0)
    return false;
  --budget;
  // s >= k as s = s' + k with s' >= 0, where a fact about s alone says so.
  Polynomial shifted = poly;
  bool isNegative = false;
  for (const auto &[monomial, coefficient] : poly.terms)
    isNegative |= coefficient < 0;
  if (isNegative) {
    std::map<Atom, int64_t> least;
    for (const Fact &fact : facts) {
      if (fact.poly.terms.size() > 2 || fact.poly.hasIndex() || fact.poly.overflow)
        continue;
      int64_t constant = 0;
      const Atom *atom = nullptr;
      for (const auto &[monomial, coefficient] : fact.poly.terms) {
        if (monomial.empty())
          constant = coefficient;
        else if (monomial.size() == 1 && coefficient == 1)
          atom = &monomial[0];
      }
      if (atom && constant < 0 && constant != INT64_MIN)
        least[*atom] = std::max(least[*atom], -constant);
    }
    if (!least.empty()) {
      shifted = polyConst(0);
      for (const auto &[monomial, coefficient] : poly.terms) {
        Polynomial product = polyConst(coefficient);
        for (const Atom &atom : monomial) {
          auto found = least.find(atom);
          product = product * (found == least.end() ? polyAtom(atom) : polyAtom(atom) + polyConst(found->second));
        }
        shifted = shifted + product;
      }
    }
  }
  if (shifted.overflow)
    return false;
  for (const auto &[monomial, coefficient] : shifted.terms) {
    if (coefficient < 0)
      return false;
    for (const Atom &atom : monomial)
      if (atom.kind == Atom::Kind::Opaque && !nonNegativeSize(atom.value)) {
        // An even power would do, but none is written in practice.
        return false;
      }
  }
  return true;
}

/// Also as a fact, or the sum of two, and something that is obviously at least 0; and through minima and maxima, which
/// are at least 0 if both of their operands are.
bool Scope::provesNonNegative(const Polynomial &poly) {
  if (obviouslyNonNegative(poly))
    return true;
  if (poly.hasIndex() || budget == 0)
    return false;
  for (const auto &[monomial, coefficient] : poly.terms) {
    if (monomial.size() != 1 || monomial[0].kind != Atom::Kind::Opaque || (coefficient != 1 && coefficient != -1) ||
        monomial[0].value->op != (coefficient == 1 ? Op::Min : Op::Max))
      continue;
    Polynomial rest = poly - polyConst(coefficient) * polyAtom(monomial[0]);
    SizeExprPtr value = monomial[0].value;
    return provesNonNegative(rest + polyConst(coefficient) * normalize(value->a)) &&
           provesNonNegative(rest + polyConst(coefficient) * normalize(value->b));
  }
  std::vector<const Polynomial *> usable;
  for (const Fact &fact : facts)
    if (!fact.poly.hasIndex())
      usable.push_back(&fact.poly);
  if (usable.size() > 24)
    usable.resize(24);
  for (size_t i = 0; i < usable.size(); ++i) {
    Polynomial rest = poly - *usable[i];
    if (obviouslyNonNegative(rest))
      return true;
    for (size_t j = i; j < usable.size(); ++j)
      if (obviouslyNonNegative(rest - *usable[j]))
        return true;
  }
  return false;
}
