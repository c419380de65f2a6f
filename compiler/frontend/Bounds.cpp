//===- Bounds.cpp - whether reads stay inside -------------------------------===//
//
// Owns the classification of every read (proven, checked at launch, decided by `else`) and the checks at launch of
// reads and of argmax, by interval arithmetic over index ranges, narrowed by guards. Intervals are in Interval.cpp.
//
//===------------------------------------------------------------------------===//
#include "Checker.h"
#include "Interval.h"
#include "Limits.h"

#include <algorithm>

using namespace tenon;

namespace {
class Analysis {
public:
  Analysis(Instance &instance, const std::vector<Index> &indices, Diagnostics &diagnostics)
      : instance(instance), scope(indices), diagnostics(diagnostics) {}

  void run() {
    for (const Condition &condition : instance.where)
      scope.assumeSize(condition.value);
    for (const LaunchCheck &check : instance.checks) // Those of shapes: they come first at launch.
      scope.assumeSize(check.condition);
    for (Definition &definition : instance.definitions) {
      current = &definition;
      auto mark = scope.mark();
      for (const Index &index : definition.indices)
        scope.enter(index);
      walk(definition.body);
      scope.reset(mark);
    }
  }

private:
  void walk(const ExprPtr &expr) {
    switch (expr->kind) {
    case ExprKind::Read:
      for (const Subscript &subscript : expr->subscripts)
        if (subscript.expr)
          walk(subscript.expr);
      if (expr->elseValue)
        walk(expr->elseValue);
      return read(*expr);
    case ExprKind::Select: {
      walk(expr->operands[0]);
      for (int arm : {1, 2}) {
        auto mark = scope.mark();
        scope.assume(expr->operands[0], arm == 1);
        walk(expr->operands[arm]);
        scope.reset(mark);
      }
      return;
    }
    case ExprKind::Logic: {
      walk(expr->operands[0]);
      auto mark = scope.mark();
      scope.assume(expr->operands[0], expr->logic == LogicOp::And);
      walk(expr->operands[1]);
      scope.reset(mark);
      return;
    }
    case ExprKind::Reduce: {
      auto mark = scope.mark();
      if (expr->reduce == ReduceKind::ArgMax || expr->reduce == ReduceKind::ArgMin)
        nonEmpty(*expr);
      for (const Index &index : expr->indices)
        scope.enter(index);
      if (expr->filter) {
        walk(expr->filter);
        scope.assume(expr->filter, true);
      }
      walk(expr->operands[0]);
      scope.reset(mark);
      return;
    }
    default:
      for (const ExprPtr &operand : expr->operands)
        walk(operand);
    }
  }

  std::string show(const SizeExprPtr &size) const {
    return print(size, [this](int symbol) { return instance.symbols[symbol].name; });
  }

  Diagnostic &error(SourceRange range, std::string message) {
    Diagnostic &diagnostic = diagnostics.error(range, std::move(message));
    for (size_t i = current->calls.size(); i-- > 0;)
      diagnostic.notes.push_back({current->calls[i], "in the call here"});
    return diagnostic;
  }

  void addCheck(LaunchCheck::Kind kind, SizeExprPtr condition, std::string message, std::vector<SizeExprPtr> values,
                SourceRange range) {
    if (condition->nodes > 4 * maxSizeNodes) {
      error(range, "whether this stays inside is too large a question for launch: write 'else'");
      return;
    }
    if (auto value = constantOf(condition)) {
      if (*value)
        return;
      for (size_t i = 0; i < values.size(); ++i) {
        std::string placeholder = "{" + std::to_string(i) + "}";
        size_t at = message.find(placeholder);
        if (at != std::string::npos)
          message.replace(at, placeholder.size(), show(values[i]));
      }
      error(range, message);
      return;
    }
    for (const LaunchCheck &check : instance.checks)
      if (check.message == message && check.range.begin == range.begin && check.range.file == range.file &&
          normalize(check.condition) == normalize(condition))
        return;
    instance.checks.push_back({kind, std::move(condition), std::move(message), std::move(values), range});
  }

  void read(Expr &expr) {
    const Tensor &tensor = instance.tensors[expr.tensor];
    bool allProven = true, isElse = expr.elseKind != ElseKind::None;
    std::vector<LaunchBound> bounds;
    for (unsigned d = 0; d < expr.subscripts.size(); ++d) {
      const Subscript &subscript = expr.subscripts[d];
      if (subscript.isPack()) // Over the same pack: checked with the ranges.
        continue;
      const SizeExprPtr &size = tensor.dims[d].value;
      auto outcome = scope.inside(subscript.expr, size);
      if (outcome.kind == Scope::Outcome::Kind::Proven)
        continue;
      allProven = false;
      if (isElse)
        continue;
      std::string name = expr.range.oneLine();
      if (outcome.kind == Scope::Outcome::Kind::Data) {
        SourceRange culprit = outcome.culprit.file ? outcome.culprit : subscript.expr->range;
        error(subscript.expr->range, "subscript " + subscript.expr->range.oneLine() + " of " + tensor.name +
                                         " depends on data (" + culprit.oneLine() + "): write " + name +
                                         " else 0, or else error");
        return;
      }
      if (outcome.kind == Scope::Outcome::Kind::Unbounded) {
        error(subscript.expr->range, "subscript " + subscript.expr->range.oneLine() + " of " + tensor.name +
                                         " cannot be bounded from the ranges of its indices: write " + name +
                                         " else 0");
        return;
      }
      bounds.push_back({d, outcome.lo, outcome.hi});
      std::vector<SizeExprPtr> values{outcome.lo, outcome.hi, size};
      std::string message = "read " + name + ": subscript " + subscript.expr->range.oneLine() +
                            " reaches {0}..{1}, dimension " + std::to_string(d) + " of " + tensor.name +
                            " has size {2}";
      // The ranges of the indices in it, as the user knows them.
      std::vector<int> seen;
      scope.collect(subscript.expr, seen);
      for (int id : seen) {
        auto [lo, hi] = scope.range(id);
        if (!lo || !hi || lo->nodes > maxSizeNodes || hi->nodes > maxSizeNodes)
          continue;
        message += std::string(values.size() == 3 ? " (" : ", ") + scope.index(id).name + " in {" +
                   std::to_string(values.size()) + "}..{" + std::to_string(values.size() + 1) + "}";
        values.push_back(lo);
        values.push_back(hi);
      }
      message += values.size() > 3 ? ")" : "";
      addCheck(LaunchCheck::Kind::Read, outcome.condition, message, values, expr.range);
    }
    // The same read may be reached on several ways (an argument of an fn): the worst one counts.
    Bounds kind = allProven ? Bounds::Proven : isElse ? Bounds::Else : Bounds::AtLaunch;
    bool isFirst = visited.insert(&expr).second;
    if (isFirst || static_cast<int>(kind) > static_cast<int>(expr.bounds)) {
      expr.bounds = kind;
      expr.launchBounds = std::move(bounds);
    }
  }

  void nonEmpty(const Expr &expr) {
    const Index &index = expr.indices[0];
    auto outcome = scope.nonEmpty(index);
    if (outcome.kind == Scope::Outcome::Kind::Proven)
      return;
    if (outcome.kind != Scope::Outcome::Kind::Check) {
      error(index.range, "whether the range of " + index.name + " is empty cannot be told at launch: give " +
                             getName(expr.reduce) + " a range over sizes");
      return;
    }
    std::string message = std::string(getName(expr.reduce)) + " over " + index.name + ": its range is empty";
    std::vector<SizeExprPtr> values;
    if (index.loSize && index.hiSize) {
      message += " ({0}..{1})";
      values = {index.loSize, index.hiSize};
    }
    addCheck(LaunchCheck::Kind::EmptyRange, outcome.condition, message, values, expr.range);
  }

  Instance &instance;
  Scope scope;
  Diagnostics &diagnostics;
  Definition *current = nullptr;
  std::set<const Expr *> visited;
};
} // namespace

void tenon::analyzeBounds(Instance &instance, const std::vector<Index> &indices, Diagnostics &diagnostics) {
  Analysis(instance, indices, diagnostics).run();
}
