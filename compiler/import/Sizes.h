//===- Sizes.h - sizes as index arithmetic at the top of an operator ---------===//
//
// Owns expressions over sizes while an MLIR function becomes a formula: folded, and written once each, so that two
// sizes that are built alike are one value. Does not own what is known about sizes being equal (Equalities).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"

#include <map>
#include <optional>

namespace tenon {

class Sizes {
public:
  /// Writes into `block`, at its end or before `before`.
  Sizes(mlir::Block &block, mlir::Location loc) : loc(loc), block(block), builder(loc.getContext()) {}
  mlir::Location loc;
  mlir::Operation *before = nullptr;

  mlir::Value constant(int64_t value);
  mlir::Value boolean(bool value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b); ///< Truncating; by zero it is zero.
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value floorDiv(mlir::Value a, mlir::Value b);
  mlir::Value ceilDiv(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value equal(mlir::Value a, mlir::Value b) { return compare(mlir::arith::CmpIPredicate::eq, a, b); }
  mlir::Value lessEqual(mlir::Value a, mlir::Value b) { return compare(mlir::arith::CmpIPredicate::sle, a, b); }
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value either(mlir::Value a, mlir::Value b);
  mlir::Value negation(mlir::Value a);
  mlir::Value select(mlir::Value condition, mlir::Value then, mlir::Value otherwise);
  mlir::Value affine(mlir::AffineExpr expr, mlir::ValueRange dims, mlir::ValueRange symbols);

  /// The number that a size is, where it is one.
  static std::optional<int64_t> constantOf(mlir::Value value);

private:
  template <class OpTy> mlir::Value fold(mlir::Value a, mlir::Value b, std::optional<int64_t> known);
  mlir::Value once(const std::string &key, llvm::function_ref<mlir::Value()> make);
  std::string nameOf(mlir::Value value);

  mlir::Block &block;
  mlir::OpBuilder builder;
  std::map<std::string, mlir::Value> known;
};

} // namespace tenon
