//===- Groups.h - which statements share a kernel ----------------------------===//
#pragma once

#include "compiler/schedule/Evaluator.h"

namespace tenon {

/// Statements that one kernel computes together. All of them run over the same `rows`: the leading indices of each.
struct Group {
  enum class Kind {
    Pointwise,  ///< Every statement at the rows themselves; lanes along the last row index.
    Rows,       ///< A row at a time: reductions along it, and statements with one more index over it.
    Contraction ///< One statement: a sum of products, with an epilogue.
  };
  Kind kind = Kind::Pointwise;
  llvm::SmallVector<formula::DefineOp> statements;
  llvm::SmallVector<ExprId> rows;

  bool contains(mlir::Value tensor) const;
  mlir::Location getLoc() const { return statements.front()->getLoc(); }
  /// True for a statement with an index beyond the rows.
  bool isRowVector(formula::DefineOp statement) const {
    return statement.getExtents().size() > rows.size();
  }
};

/// The extents of a statement as plan expressions.
llvm::SmallVector<ExprId> extentsOf(formula::DefineOp define, PlanBuilder &plan);

/// Cuts a normalized formula into groups, in order.
llvm::SmallVector<Group> makeGroups(formula::OperatorOp op, PlanBuilder &plan);

/// A statement that is a sum of products of two factors, each depending on some of the statement's indices.
struct Contraction {
  formula::DefineOp define;
  formula::ReduceOp reduce;
  mlir::Value a, b;                             ///< Factors, in the type of the sum.
  llvm::SmallVector<unsigned> m, n, batch;      ///< The statement's indices in a only, in b only, in both or outside the tile.
};
/// `n` holds the statement's last index and indices before it that are adjacent in memory.
std::optional<Contraction> matchContraction(formula::DefineOp define);

} // namespace tenon
