//===- Arithmetic.cpp - integer operations of arith ---------------------------===//
//
// Owns the arith operations on integers, select, and the dispatch of the whole dialect. Floats are in Floats.cpp.
//
//===------------------------------------------------------------------------===//
#include "Emitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon::spirv {

static std::optional<IntOp> intOp(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<IntOp>>(op)
      .Case<arith::AddIOp>([](auto) { return IntOp::Add; })
      .Case<arith::SubIOp>([](auto) { return IntOp::Sub; })
      .Case<arith::MulIOp>([](auto) { return IntOp::Mul; })
      .Case<arith::AndIOp>([](auto) { return IntOp::And; })
      .Case<arith::OrIOp>([](auto) { return IntOp::Or; })
      .Case<arith::XOrIOp>([](auto) { return IntOp::Xor; })
      .Case<arith::ShLIOp>([](auto) { return IntOp::Shl; })
      .Case<arith::ShRUIOp>([](auto) { return IntOp::ShrU; })
      .Case<arith::ShRSIOp>([](auto) { return IntOp::ShrS; })
      .Case<arith::DivUIOp>([](auto) { return IntOp::DivU; })
      .Case<arith::DivSIOp>([](auto) { return IntOp::DivS; })
      .Case<arith::RemUIOp>([](auto) { return IntOp::RemU; })
      .Case<arith::RemSIOp>([](auto) { return IntOp::RemS; })
      .Case<arith::MinUIOp>([](auto) { return IntOp::MinU; })
      .Case<arith::MinSIOp>([](auto) { return IntOp::MinS; })
      .Case<arith::MaxUIOp>([](auto) { return IntOp::MaxU; })
      .Case<arith::MaxSIOp>([](auto) { return IntOp::MaxS; })
      .Case<arith::CeilDivUIOp>([](auto) { return IntOp::CeilDivU; })
      .Case<arith::CeilDivSIOp>([](auto) { return IntOp::CeilDivS; })
      .Case<arith::FloorDivSIOp>([](auto) { return IntOp::FloorDivS; })
      .Default([](Operation *) { return std::nullopt; });
}

LogicalResult Emitter::emitArith(Operation *op) {
  if (std::optional<IntOp> kind = intOp(op)) {
    Held type = held(op->getResult(0));
    return elementwise(op, [&](ArrayRef<Unit> in) { return integers.binary(*kind, in[0], in[1], type); });
  }
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    Held type = held(compare.getLhs());
    auto relation = static_cast<IntRel>(compare.getPredicate());
    return elementwise(op, [&](ArrayRef<Unit> in) { return Unit{integers.compare(relation, in[0], in[1], type), {}}; });
  }
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    // A scalar condition chooses whole vectors.
    const Value condition = get(select.getCondition()), a = get(select.getTrueValue()), b = get(select.getFalseValue());
    Value value;
    for (size_t i = 0; i < a.size(); ++i)
      value.push_back(integers.select(condition[condition.size() == a.size() ? i : 0].lo, a[i], b[i]));
    set(op->getResult(0), std::move(value));
    return success();
  }
  if (isa<arith::MulSIExtendedOp, arith::MulUIExtendedOp>(op)) {
    Held type = held(op->getResult(0));
    if (type.isBool())
      return unknown(op);
    bool isSigned = isa<arith::MulSIExtendedOp>(op);
    Value low, high;
    const Value a = get(op->getOperand(0)), b = get(op->getOperand(1));
    for (size_t i = 0; i < a.size(); ++i) {
      auto [lo, hi] = integers.mulExtended(a[i], b[i], type, isSigned);
      low.push_back(lo);
      high.push_back(hi);
    }
    set(op->getResult(0), std::move(low));
    set(op->getResult(1), std::move(high));
    return success();
  }
  if (isa<arith::AddUIExtendedOp>(op)) {
    Held type = held(op->getResult(0));
    if (type.isBool())
      return unknown(op);
    if (failed(elementwise(op, [&](ArrayRef<Unit> in) { return integers.binary(IntOp::Add, in[0], in[1], type); })))
      return failure();
    Value carries;
    const Value sums = get(op->getResult(0)), a = get(op->getOperand(0));
    for (size_t i = 0; i < a.size(); ++i)
      carries.push_back({integers.compare(IntRel::Ult, sums[i], a[i], type), {}});
    set(op->getResult(1), std::move(carries));
    return success();
  }
  if (isa<arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp, arith::IndexCastOp, arith::IndexCastUIOp>(op))
    return emitIntegerCast(op);
  if (isa<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp, arith::UIToFPOp, arith::FPToSIOp, arith::FPToUIOp,
          arith::BitcastOp>(op))
    return emitFloatCast(op);
  return emitFloat(op);
}

LogicalResult Emitter::emitIntegerCast(Operation *op) {
  Held from = held(op->getOperand(0)), to = held(op->getResult(0));
  bool isSigned = isa<arith::ExtSIOp, arith::IndexCastOp>(op);
  return elementwise(op, [&](ArrayRef<Unit> in) { return integers.convert(in[0], from, to, isSigned); });
}

} // namespace tenon::spirv
