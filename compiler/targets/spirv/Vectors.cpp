//===- Vectors.cpp - operations of the vector dialect --------------------------===//
//
// Owns how vectors are taken apart and put together, over the pieces that hold them.
//
//===------------------------------------------------------------------------===//
#include "Emitter.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <spirv/unified1/GLSL.std.450.h>
#include <spirv/unified1/OpenCL.std.h>

using namespace mlir;

namespace tenon::spirv {

Unit Emitter::lane(const Value &value, unsigned lane) {
  for (Unit unit : value) {
    if (lane < unit.lo.lanes)
      return {code.extract(unit.lo, lane), unit.hi ? code.extract(unit.hi, lane) : Piece()};
    lane -= unit.lo.lanes;
  }
  return {};
}

Value Emitter::assemble(ArrayRef<Unit> scalars) {
  Value value;
  for (unsigned lanes : session.pieces(scalars.size())) {
    SmallVector<Piece, 16> lo, hi;
    for (Unit unit : scalars.take_front(lanes)) {
      lo.push_back(unit.lo);
      if (unit.hi)
        hi.push_back(unit.hi);
    }
    scalars = scalars.drop_front(lanes);
    value.push_back({code.construct(lo), hi.empty() ? Piece() : code.construct(hi)});
  }
  return value;
}

/// The one static position of an extract or insert.
template <typename OpT> static std::optional<unsigned> staticPosition(OpT op, unsigned lanes) {
  if (op.getStaticPosition().size() != 1 || !op.getDynamicPosition().empty())
    return std::nullopt;
  int64_t position = op.getStaticPosition()[0];
  if (position < 0 || position >= lanes)
    return std::nullopt;
  return position;
}

LogicalResult Emitter::emitVector(Operation *op) {
  if (auto load = dyn_cast<vector::LoadOp>(op); load && load.getIndices().size() == 1)
    return emitLoad(op, load.getBase(), load.getIndices()[0]);
  if (auto store = dyn_cast<vector::StoreOp>(op); store && store.getIndices().size() == 1)
    return emitStore(op, store.getValueToStore(), store.getBase(), store.getIndices()[0]);

  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op)) {
    const Value source = get(broadcast.getSource());
    unsigned lanes = laneCount(op->getResult(0).getType());
    if (laneCount(broadcast.getSourceType()) == lanes) {
      set(op->getResult(0), source);
      return success();
    }
    Unit one = lane(source, 0);
    Value value;
    for (unsigned count : session.pieces(lanes))
      value.push_back({code.splat(one.lo, count), one.hi ? code.splat(one.hi, count) : Piece()});
    set(op->getResult(0), std::move(value));
    return success();
  }
  if (auto extract = dyn_cast<vector::ExtractOp>(op)) {
    auto position = staticPosition(extract, laneCount(extract.getSource().getType()));
    if (!position || isa<VectorType>(op->getResult(0).getType()))
      return unknown(op);
    set(op->getResult(0), {lane(get(extract.getSource()), *position)});
    return success();
  }
  if (auto insert = dyn_cast<vector::InsertOp>(op)) {
    auto position = staticPosition(insert, laneCount(insert.getDest().getType()));
    if (!position || isa<VectorType>(insert.getValueToStore().getType()))
      return unknown(op);
    Value value = get(insert.getDest());
    Unit scalar = get(insert.getValueToStore()).front();
    unsigned at = *position;
    for (Unit &unit : value) {
      if (at < unit.lo.lanes) {
        unit.lo = code.insert(unit.lo, scalar.lo, at);
        if (unit.hi)
          unit.hi = code.insert(unit.hi, scalar.hi, at);
        break;
      }
      at -= unit.lo.lanes;
    }
    set(op->getResult(0), std::move(value));
    return success();
  }
  if (isa<vector::FromElementsOp>(op)) {
    SmallVector<Unit, 16> scalars;
    for (mlir::Value operand : op->getOperands())
      scalars.push_back(get(operand).front());
    set(op->getResult(0), assemble(scalars));
    return success();
  }
  if (isa<vector::ToElementsOp>(op)) {
    const Value source = get(op->getOperand(0));
    for (auto [i, result] : llvm::enumerate(op->getResults()))
      set(result, {lane(source, i)});
    return success();
  }
  if (auto shuffle = dyn_cast<vector::ShuffleOp>(op)) {
    const Value a = get(shuffle.getV1()), b = get(shuffle.getV2());
    unsigned lanes = laneCount(shuffle.getV1().getType());
    SmallVector<Unit, 16> scalars;
    for (int64_t position : shuffle.getMask()) {
      unsigned at = position < 0 ? 0 : position; // a poison lane is the first one
      scalars.push_back(at < lanes ? lane(a, at) : lane(b, at - lanes));
    }
    set(op->getResult(0), assemble(scalars));
    return success();
  }
  if (isa<vector::FMAOp>(op)) {
    Id set = session.extendedSet();
    if (!held(op->getResult(0)).isFloat())
      return unknown(op);
    return pieces(op, [&](ArrayRef<Piece> in) {
      uint32_t number = session.vulkan ? uint32_t(GLSLstd450Fma) : uint32_t(OpenCLLIB::Fma);
      return code.precise(code.extended(set, number, in[0].elem, in[0].lanes, {in[0].id, in[1].id, in[2].id}));
    });
  }
  return unknown(op);
}

} // namespace tenon::spirv
