//===- PlanBuilder.cpp ------------------------------------------------------===//
#include "compiler/schedule/PlanBuilder.h"

#include "dialects/Tenon.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;
using package::ExprOp;

ExprId PlanBuilder::append(ExprOp op, ExprId a, ExprId b, ExprId c, int64_t imm) {
  auto [entry, isNew] = known.try_emplace({op, a, b, c, imm}, static_cast<ExprId>(expressions.size()));
  if (isNew)
    expressions.emplace_back(op, a, b, c, imm);
  return entry->second;
}

ExprId PlanBuilder::constant(int64_t value) { return append(ExprOp::Const, 0, 0, 0, value); }
ExprId PlanBuilder::symbol(unsigned number) { return append(ExprOp::Symbol, 0, 0, 0, number); }
ExprId PlanBuilder::property(package::Property property) {
  return append(ExprOp::Device, 0, 0, 0, static_cast<int64_t>(property));
}

std::optional<int64_t> PlanBuilder::getConstant(ExprId id) const {
  if (expressions[id].op() == ExprOp::Const)
    return expressions[id].imm();
  return std::nullopt;
}

/// Folds an operation on constants; nothing when it would overflow or fail, so that the launch reports it.
static std::optional<int64_t> fold(ExprOp op, int64_t a, int64_t b) {
  int64_t result;
  switch (op) {
  case ExprOp::Add:
    return llvm::AddOverflow(a, b, result) ? std::nullopt : std::optional(result);
  case ExprOp::Sub:
    return llvm::SubOverflow(a, b, result) ? std::nullopt : std::optional(result);
  case ExprOp::Mul:
    return llvm::MulOverflow(a, b, result) ? std::nullopt : std::optional(result);
  case ExprOp::FloorDiv:
    return b > 0 ? std::optional(llvm::divideFloorSigned(a, b)) : std::nullopt;
  case ExprOp::CeilDiv:
    return b > 0 ? std::optional(llvm::divideCeilSigned(a, b)) : std::nullopt;
  case ExprOp::Mod:
    return b > 0 ? std::optional(llvm::mod(a, b)) : std::nullopt;
  case ExprOp::Div:
    return b == 0 ? std::optional<int64_t>(0) : b == -1 ? std::nullopt : std::optional(a / b);
  case ExprOp::Rem:
    return b == 0 ? std::optional(a) : b == -1 ? std::optional<int64_t>(0) : std::optional(a % b);
  case ExprOp::Min:
    return std::min(a, b);
  case ExprOp::Max:
    return std::max(a, b);
  case ExprOp::Eq:
    return a == b;
  case ExprOp::Ne:
    return a != b;
  case ExprOp::Lt:
    return a < b;
  case ExprOp::Le:
    return a <= b;
  case ExprOp::And:
    return a && b;
  case ExprOp::Or:
    return a || b;
  default:
    return std::nullopt;
  }
}

ExprId PlanBuilder::binary(ExprOp op, ExprId a, ExprId b) {
  std::optional<int64_t> ca = getConstant(a), cb = getConstant(b);
  if (ca && cb)
    if (std::optional<int64_t> value = fold(op, *ca, *cb))
      return constant(*value);
  if (op == ExprOp::Add && ca == 0)
    return b;
  if ((op == ExprOp::Add || op == ExprOp::Sub) && cb == 0)
    return a;
  if (op == ExprOp::Mul && ca == 1)
    return b;
  if ((op == ExprOp::Mul || op == ExprOp::CeilDiv || op == ExprOp::FloorDiv || op == ExprOp::Div) && cb == 1)
    return a;
  if ((op == ExprOp::Min || op == ExprOp::Max) && a == b)
    return a;
  if (op == ExprOp::And && ca && *ca)
    return b;
  if (op == ExprOp::And && cb && *cb)
    return a;
  return append(op, a, b, 0, 0);
}

ExprId PlanBuilder::select(ExprId condition, ExprId then, ExprId otherwise) {
  if (std::optional<int64_t> known = getConstant(condition))
    return *known ? then : otherwise;
  return append(ExprOp::Select, condition, then, otherwise, 0);
}

ExprId PlanBuilder::negation(ExprId a) {
  if (std::optional<int64_t> known = getConstant(a))
    return constant(!*known);
  return append(ExprOp::Not, a, 0, 0, 0);
}

ExprId PlanBuilder::product(ArrayRef<ExprId> factors) {
  ExprId result = constant(1);
  for (ExprId factor : factors)
    result = mul(result, factor);
  return result;
}

std::optional<ExprId> PlanBuilder::fromValue(Value value) {
  if (auto found = values.find(value); found != values.end())
    return found->second;
  auto compute = [&]() -> std::optional<ExprId> {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto op = dyn_cast<formula::OperatorOp>(argument.getOwner()->getParentOp());
      if (!op || argument.getArgNumber() >= op.getSymbols().size())
        return std::nullopt;
      return symbol(argument.getArgNumber());
    }
    Operation *op = value.getDefiningOp();
    if (auto known = dyn_cast<arith::ConstantOp>(op)) {
      auto integer = dyn_cast<IntegerAttr>(known.getValue());
      if (!integer)
        return std::nullopt;
      return constant(value.getType().isInteger(1) ? !integer.getValue().isZero() : integer.getInt());
    }
    SmallVector<ExprId> operands;
    for (Value operand : op->getOperands()) {
      std::optional<ExprId> id = fromValue(operand);
      if (!id)
        return std::nullopt;
      operands.push_back(*id);
    }
    auto with = [&](ExprOp code) { return binary(code, operands[0], operands[1]); };
    bool isLogic = value.getType().isInteger(1);
    return TypeSwitch<Operation *, std::optional<ExprId>>(op)
        .Case<arith::AddIOp>([&](auto) { return with(ExprOp::Add); })
        .Case<arith::SubIOp>([&](auto) { return with(ExprOp::Sub); })
        .Case<arith::MulIOp>([&](auto) { return with(ExprOp::Mul); })
        .Case<arith::DivSIOp>([&](auto) { return with(ExprOp::Div); })
        .Case<arith::RemSIOp>([&](auto) { return with(ExprOp::Rem); })
        .Case<arith::FloorDivSIOp>([&](auto) { return with(ExprOp::FloorDiv); })
        .Case<arith::CeilDivSIOp>([&](auto) { return with(ExprOp::CeilDiv); })
        .Case<arith::MinSIOp>([&](auto) { return with(ExprOp::Min); })
        .Case<arith::MaxSIOp>([&](auto) { return with(ExprOp::Max); })
        .Case<arith::AndIOp>([&](auto) { return isLogic ? std::optional(with(ExprOp::And)) : std::nullopt; })
        .Case<arith::OrIOp>([&](auto) { return isLogic ? std::optional(with(ExprOp::Or)) : std::nullopt; })
        .Case<arith::XOrIOp>([&](auto) { return isLogic ? std::optional(with(ExprOp::Ne)) : std::nullopt; })
        .Case<arith::SelectOp>([&](auto) { return select(operands[0], operands[1], operands[2]); })
        .Case<arith::CmpIOp>([&](arith::CmpIOp compare) -> std::optional<ExprId> {
          ExprId a = operands[0], b = operands[1];
          switch (compare.getPredicate()) {
          case arith::CmpIPredicate::eq:
            return binary(ExprOp::Eq, a, b);
          case arith::CmpIPredicate::ne:
            return binary(ExprOp::Ne, a, b);
          case arith::CmpIPredicate::slt:
            return binary(ExprOp::Lt, a, b);
          case arith::CmpIPredicate::sle:
            return binary(ExprOp::Le, a, b);
          case arith::CmpIPredicate::sgt:
            return binary(ExprOp::Lt, b, a);
          case arith::CmpIPredicate::sge:
            return binary(ExprOp::Le, b, a);
          default:
            return std::nullopt;
          }
        })
        .Default([](Operation *) { return std::nullopt; });
  };
  std::optional<ExprId> result = compute();
  values[value] = result;
  return result;
}
