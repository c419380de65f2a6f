//===- Program.cpp - from the typed tree to the compact form ----------------===//
//
// Owns the translation, which decides for each node whether it is a float and whether uncertainty can reach it, and the
// estimate of what an evaluation costs.
//
//===------------------------------------------------------------------------===//
#include "Program.h"

#include <algorithm>
#include <map>

using namespace tenon;
using namespace tenon::oracle;

namespace {
class Translator {
public:
  Translator(const Instance &instance, Program &program) : instance(instance), program(program) {
    for (const Tensor &tensor : instance.tensors)
      exactTensors.push_back(tensor.role == Tensor::Role::Input && !isFloat(tensor.type));
  }

  void run() {
    for (const Definition &definition : instance.definitions) {
      Statement statement;
      statement.tensor = definition.tensor;
      statement.loops = loops(definition.indices);
      statement.body = node(definition.body);
      exactTensors[definition.tensor] = statement.body->isExact;
      program.statements.push_back(std::move(statement));
    }
  }

private:
  std::vector<Loop> loops(const std::vector<Index> &indices) {
    std::vector<Loop> result;
    for (const Index &index : indices) {
      Loop loop{index.id};
      if (index.isPack)
        loop.symbol = index.symbol;
      else {
        loop.lo = node(index.lo);
        loop.hi = node(index.hi);
      }
      result.push_back(loop);
    }
    return result;
  }

  /// A node that is reached on several ways is translated once.
  const Node *node(const ExprPtr &expr) {
    auto found = known.find(expr.get());
    if (found != known.end())
      return found->second;
    Node made = translate(*expr);
    program.nodes.push_back(std::move(made));
    return known[expr.get()] = &program.nodes.back();
  }

  Node translate(const Expr &e) {
    Node n;
    n.kind = e.kind;
    n.type = n.from = e.type;
    n.isReal = isFloat(e.type);
    n.range = e.range;
    const Node *operands[3] = {};
    for (size_t i = 0; i < e.operands.size() && i < 3; ++i)
      operands[i] = node(e.operands[i]);
    n.a = operands[0];
    n.b = operands[1];
    n.c = operands[2];
    if (n.a)
      n.from = n.a->type;
    n.isExact = !n.isReal;
    for (const Node *operand : operands)
      n.isExact &= !operand || operand->isExact;
    switch (e.kind) {
    case ExprKind::Literal:
      n.real = e.value.real;
      n.integer = e.value.integer;
      break;
    case ExprKind::IndexRef:
      n.slot = e.index;
      break;
    case ExprKind::SymbolRef:
      n.slot = e.symbol;
      break;
    case ExprKind::ScalarParam:
      n.slot = e.param;
      break;
    case ExprKind::Read:
      read(e, n);
      break;
    case ExprKind::Cast:
    case ExprKind::Select:
      break;
    case ExprKind::Unary:
      n.sub = static_cast<uint8_t>(e.unary);
      break;
    case ExprKind::Binary:
      n.sub = static_cast<uint8_t>(e.binary);
      break;
    case ExprKind::Compare:
      n.sub = static_cast<uint8_t>(e.compare);
      break;
    case ExprKind::Logic:
      n.sub = static_cast<uint8_t>(e.logic);
      break;
    case ExprKind::Call:
      n.sub = static_cast<uint8_t>(e.function);
      break;
    case ExprKind::Reduce:
      n.sub = static_cast<uint8_t>(e.reduce);
      n.loops = loops(e.indices);
      if (e.filter) {
        n.filter = node(e.filter);
        n.isExact &= n.filter->isExact;
      }
      break;
    }
    return n;
  }

  void read(const Expr &e, Node &n) {
    n.slot = e.tensor;
    n.isExact = exactTensors[e.tensor];
    n.elseKind = e.elseKind;
    if (e.elseValue) {
      n.otherwise = node(e.elseValue);
      n.isExact &= n.otherwise->isExact;
    }
    for (const Subscript &subscript : e.subscripts) {
      Sub sub;
      if (subscript.isPack())
        sub.slot = subscript.packIndex;
      else if (subscript.expr->kind == ExprKind::IndexRef)
        sub.slot = subscript.expr->index;
      else
        sub.node = node(subscript.expr);
      n.isExact &= !sub.node || sub.node->isExact;
      n.subs.push_back(sub);
    }
  }

  const Instance &instance;
  Program &program;
  std::vector<bool> exactTensors;
  std::map<const Expr *, const Node *> known;
};

/// Each operation counts 1, a reduction its range's extent times as much. Indices stand at their highest value, so a
/// triangle counts as a square.
class CostEstimate {
public:
  CostEstimate(const Program &program, const std::vector<int64_t> &symbols)
      : symbols(symbols), indices(program.indexCount) {}

  double of(const Statement &statement) { return enter(statement.loops) * (1 + of(*statement.body)); }

private:
  double enter(const std::vector<Loop> &loops) {
    double count = 1;
    for (const Loop &loop : loops) {
      double lo = loop.symbol >= 0 ? 0 : value(*loop.lo),
             hi = loop.symbol >= 0 ? static_cast<double>(symbols[loop.symbol]) : value(*loop.hi);
      indices[loop.slot] = std::max(lo, hi - 1);
      count *= std::max(0.0, hi - lo);
    }
    return count;
  }

  double of(const Node &n) {
    double total = 1;
    if (n.kind == ExprKind::Reduce) {
      double count = enter(n.loops);
      return 1 + count * (of(*n.a) + (n.filter ? of(*n.filter) : 0));
    }
    for (const Node *operand : {n.a, n.b, n.c})
      total += operand ? of(*operand) : 0;
    for (const Sub &sub : n.subs)
      total += sub.node ? of(*sub.node) : 0;
    return total;
  }

  /// A bound of a range, roughly.
  double value(const Node &n) {
    switch (n.kind) {
    case ExprKind::Literal:
      return static_cast<double>(n.integer);
    case ExprKind::IndexRef:
      return indices[n.slot];
    case ExprKind::SymbolRef:
      return static_cast<double>(symbols[n.slot]);
    case ExprKind::Cast:
      return value(*n.a);
    case ExprKind::Unary:
      return -value(*n.a);
    case ExprKind::Select:
      return std::max(value(*n.b), value(*n.c));
    case ExprKind::Binary: {
      double x = value(*n.a), y = value(*n.b);
      switch (static_cast<BinaryOp>(n.sub)) {
      case BinaryOp::Add:
        return x + y;
      case BinaryOp::Sub:
        return x - y;
      case BinaryOp::Mul:
        return x * y;
      case BinaryOp::Div:
        return y ? x / y : 0;
      case BinaryOp::Rem:
        return y ? std::min(x, y - 1) : x;
      default:
        return std::max(x, y);
      }
    }
    case ExprKind::Call: {
      auto function = static_cast<Function>(n.sub);
      if (function == Function::Min || function == Function::Max) {
        double x = value(*n.a), y = value(*n.b);
        return function == Function::Min ? std::min(x, y) : std::max(x, y);
      }
      return function == Function::Clamp ? value(*n.c) : value(*n.a);
    }
    default:
      return 0;
    }
  }

  const std::vector<int64_t> &symbols;
  std::vector<double> indices;
};
} // namespace

Program::Program(const Instance &instance) : indexCount(instance.indexCount) { Translator(instance, *this).run(); }

Oracle::Oracle(const Instance &instance) : instance(instance), program(std::make_unique<Program>(instance)) {}
Oracle::~Oracle() = default;
Oracle::Oracle(Oracle &&) noexcept = default;

double Oracle::cost(const std::vector<int64_t> &symbols) const {
  double total = 0;
  CostEstimate estimate(*program, symbols);
  for (const Statement &statement : program->statements)
    total += estimate.of(statement);
  return total;
}

Outcome Oracle::evaluate(const Arguments &arguments) const {
  try {
    return run(instance, *program, arguments);
  } catch (Stopped &stopped) {
    return {stopped.kind, std::move(stopped.message), {}};
  }
}
