//===- ControlFlow.cpp - loops and branches -----------------------------------===//
//
// Owns scf.for, scf.if and scf.while as structured SPIR-V: merge instructions, and phis for what they carry.
//
//===------------------------------------------------------------------------===//
#include "Emitter.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tenon::spirv {

using spv::Op;

Emitter::Phis Emitter::openPhis(const Value &first, Id fromBlock) {
  Phis phis;
  for (Unit unit : first) {
    size_t handle;
    Unit value;
    value.lo = code.phi(unit.lo, fromBlock, handle);
    phis.handles.push_back(handle);
    if (unit.hi) {
      value.hi = code.phi(unit.hi, fromBlock, handle);
      phis.handles.push_back(handle);
    }
    phis.value.push_back(value);
  }
  return phis;
}

void Emitter::closePhis(const Phis &phis, const Value &second, Id fromBlock) {
  size_t next = 0;
  for (Unit unit : second) {
    code.patchPhi(phis.handles[next++], unit.lo.id, fromBlock);
    if (unit.hi)
      code.patchPhi(phis.handles[next++], unit.hi.id, fromBlock);
  }
}

LogicalResult Emitter::emitFor(Operation *op) {
  auto loop = cast<scf::ForOp>(op);
  Held held = this->held(loop.getInductionVar());
  Id header = module.newId(), body = module.newId(), next = module.newId(), exit = module.newId();
  Id before = code.currentBlock();
  code.branch(header);

  code.label(header);
  Phis counter = openPhis(get(loop.getLowerBound()), before);
  set(loop.getInductionVar(), counter.value);
  SmallVector<Phis> carried;
  for (auto [init, arg] : llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs())) {
    carried.push_back(openPhis(get(init), before));
    set(arg, carried.back().value);
  }
  Piece more = integers.compare(loop.getUnsignedCmp() ? IntRel::Ult : IntRel::Slt, counter.value[0],
                                get(loop.getUpperBound())[0], held);
  code.emit(Op::OpLoopMerge, {exit, next, 0});
  code.emit(Op::OpBranchConditional, {more.id, body, exit});

  code.label(body);
  if (failed(emitBlock(*loop.getBody())))
    return failure();
  code.branch(next);

  code.label(next);
  Unit stepped = integers.binary(IntOp::Add, counter.value[0], get(loop.getStep())[0], held);
  code.branch(header);
  closePhis(counter, {stepped}, next);
  auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  for (auto [phis, value] : llvm::zip(carried, yield.getOperands()))
    closePhis(phis, get(value), next);

  code.label(exit);
  for (auto [result, phis] : llvm::zip(loop.getResults(), carried))
    set(result, phis.value);
  return success();
}

LogicalResult Emitter::emitIf(Operation *op) {
  auto branch = cast<scf::IfOp>(op);
  bool hasElse = !branch.getElseRegion().empty();
  Id thenBlock = module.newId(), elseBlock = hasElse ? module.newId() : 0, merge = module.newId();
  code.emit(Op::OpSelectionMerge, {merge, 0});
  code.emit(Op::OpBranchConditional, {scalar(branch.getCondition()).id, thenBlock, hasElse ? elseBlock : merge});

  code.label(thenBlock);
  if (failed(emitBlock(*branch.thenBlock())))
    return failure();
  Id thenEnd = code.currentBlock(), elseEnd = 0;
  code.branch(merge);
  if (hasElse) {
    code.label(elseBlock);
    if (failed(emitBlock(*branch.elseBlock())))
      return failure();
    elseEnd = code.currentBlock();
    code.branch(merge);
  }

  code.label(merge);
  if (!branch.getNumResults())
    return success();
  for (auto [result, a, b] :
       llvm::zip(branch.getResults(), branch.thenYield().getOperands(), branch.elseYield().getOperands())) {
    Phis phis = openPhis(get(a), thenEnd);
    closePhis(phis, get(b), elseEnd);
    set(result, phis.value);
  }
  return success();
}

LogicalResult Emitter::emitWhile(Operation *op) {
  auto loop = cast<scf::WhileOp>(op);
  Id header = module.newId(), test = module.newId(), body = module.newId(), next = module.newId(),
     exit = module.newId();
  Id before = code.currentBlock();
  code.branch(header);

  code.label(header);
  SmallVector<Phis> carried;
  for (auto [init, arg] : llvm::zip(loop.getInits(), loop.getBeforeArguments())) {
    carried.push_back(openPhis(get(init), before));
    set(arg, carried.back().value);
  }
  code.emit(Op::OpLoopMerge, {exit, next, 0});
  code.branch(test);

  code.label(test);
  if (failed(emitBlock(*loop.getBeforeBody())))
    return failure();
  scf::ConditionOp condition = loop.getConditionOp();
  code.emit(Op::OpBranchConditional, {scalar(condition.getCondition()).id, body, exit});

  code.label(body);
  for (auto [arg, value] : llvm::zip(loop.getAfterArguments(), condition.getArgs()))
    set(arg, get(value));
  if (failed(emitBlock(*loop.getAfterBody())))
    return failure();
  code.branch(next);

  code.label(next);
  code.branch(header);
  for (auto [phis, value] : llvm::zip(carried, loop.getYieldOp().getOperands()))
    closePhis(phis, get(value), next);

  code.label(exit);
  for (auto [result, value] : llvm::zip(loop.getResults(), condition.getArgs()))
    set(result, get(value));
  return success();
}

LogicalResult Emitter::emitControl(Operation *op) {
  if (isa<scf::ForOp>(op))
    return emitFor(op);
  if (isa<scf::IfOp>(op))
    return emitIf(op);
  if (isa<scf::WhileOp>(op))
    return emitWhile(op);
  return unknown(op);
}

} // namespace tenon::spirv
