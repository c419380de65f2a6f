//===- PlanBuilder.h - plan expressions, each written once -------------------===//
//
// Owns the expressions of one instance while its plan is made: constants folded, equal expressions shared. Does not
// own launches (Schedule) or their encoding (the package writer).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Value.h"
#include "package_generated.h"
#include "llvm/ADT/DenseMap.h"

#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace tenon {

using ExprId = uint32_t;

class PlanBuilder {
public:
  ExprId constant(int64_t value);
  ExprId symbol(unsigned number);
  ExprId property(package::Property property);
  ExprId binary(package::ExprOp op, ExprId a, ExprId b);
  ExprId add(ExprId a, ExprId b) { return binary(package::ExprOp::Add, a, b); }
  ExprId sub(ExprId a, ExprId b) { return binary(package::ExprOp::Sub, a, b); }
  ExprId mul(ExprId a, ExprId b) { return binary(package::ExprOp::Mul, a, b); }
  ExprId ceilDiv(ExprId a, ExprId b) { return binary(package::ExprOp::CeilDiv, a, b); }
  ExprId floorDiv(ExprId a, ExprId b) { return binary(package::ExprOp::FloorDiv, a, b); }
  ExprId min(ExprId a, ExprId b) { return binary(package::ExprOp::Min, a, b); }
  ExprId max(ExprId a, ExprId b) { return binary(package::ExprOp::Max, a, b); }
  ExprId less(ExprId a, ExprId b) { return binary(package::ExprOp::Lt, a, b); }
  ExprId lessEqual(ExprId a, ExprId b) { return binary(package::ExprOp::Le, a, b); }
  ExprId select(ExprId condition, ExprId then, ExprId otherwise);
  ExprId negation(ExprId a);
  ExprId product(llvm::ArrayRef<ExprId> factors);

  std::optional<int64_t> getConstant(ExprId id) const;

  /// The expression of a value of the formula that depends on symbols only, or nothing.
  std::optional<ExprId> fromValue(mlir::Value value);
  /// Must be called after operations were erased: a new one may have an old one's address.
  void forgetValues() { values.clear(); }

  const std::vector<package::Expr> &getExpressions() const { return expressions; }

private:
  ExprId append(package::ExprOp op, ExprId a, ExprId b, ExprId c, int64_t imm);

  std::vector<package::Expr> expressions;
  std::map<std::tuple<package::ExprOp, ExprId, ExprId, ExprId, int64_t>, ExprId> known;
  llvm::DenseMap<mlir::Value, std::optional<ExprId>> values;
};

} // namespace tenon
