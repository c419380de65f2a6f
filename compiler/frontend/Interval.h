//===- Interval.h - bounds of expressions over indices ----------------------===//
//
// Owns what is known of the indices in scope, and from it the interval that an expression can reach, as expressions
// over sizes. Internal to the front end.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Ast.h"

namespace tenon {

class Scope {
public:
  explicit Scope(const std::vector<Index> &indices) : indices(indices) {}

  struct Mark {
    size_t active, facts;
  };
  Mark mark() const { return {active.size(), facts.size()}; }
  void reset(Mark mark) {
    active.resize(mark.active);
    facts.resize(mark.facts);
  }
  void enter(const Index &index);
  /// A condition over sizes that launch checks before everything else.
  void assumeSize(const SizeExprPtr &condition);
  /// A guard that is (not) fulfilled from here on.
  void assume(const ExprPtr &condition, bool holds);

  struct Outcome {
    enum class Kind { Proven, Check, Data, Unbounded } kind;
    SizeExprPtr condition, lo, hi; ///< Check: what must hold, and the interval.
    SourceRange culprit;           ///< Data: on what it depends.
  };
  /// Whether 0 <= subscript < size wherever it is evaluated. Nowhere (an empty range) counts as inside.
  Outcome inside(const ExprPtr &subscript, const SizeExprPtr &size);
  /// Whether the index's range has an element wherever it is evaluated.
  Outcome nonEmpty(const Index &index);

  const Index &index(int id) const { return indices[id]; }
  void collect(const ExprPtr &expr, std::vector<int> &ids) const;
  /// The ends (both inside) of an active index.
  std::pair<SizeExprPtr, SizeExprPtr> range(int id);

private:
  struct Interval {
    std::vector<Polynomial> lo, hi; ///< Each is a bound; without indices.
    bool good() const { return !lo.empty() && !hi.empty(); }
  };
  Polynomial polyOf(const ExprPtr &expr);
  Interval bound(const Polynomial &poly, int depth);
  Interval boundOpaque(const Atom &atom, int depth);
  Interval boundExpr(const ExprPtr &expr, int depth);
  Interval boundProducts(const Polynomial &poly, int depth);
  Interval indexBounds(int id, std::vector<Polynomial> &lows, std::vector<Polynomial> &highs);
  Interval fit(Interval interval, DType type);
  bool provesNonNegative(const Polynomial &poly);
  bool obviouslyNonNegative(const Polynomial &poly);
  bool nonNegativeSize(const SizeExprPtr &size);
  void addFact(Polynomial poly, bool isGuard);
  void assumeCompare(CompareOp op, const Polynomial &a, const Polynomial &b, bool isGuard);
  void prune(std::vector<Polynomial> &list, bool isLo);
  SizeExprPtr combine(const std::vector<Polynomial> &list, bool isLo);
  /// When nothing is evaluated: an index in scope has an empty range, or a guard over sizes is not fulfilled.
  SizeExprPtr neverEvaluated();
  bool findData(const ExprPtr &expr, SourceRange &culprit) const;

  struct Fact {
    Polynomial poly; ///< At least 0.
    bool isGuard;
  };
  const std::vector<Index> &indices;
  std::vector<int> active;
  std::vector<Fact> facts;
  std::map<std::string, ExprPtr> opaque; ///< What an opaque atom over indices stands for.
  unsigned budget = 0;
};

} // namespace tenon
