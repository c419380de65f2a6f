//===- Split.cpp - few long reductions, cut into pieces ----------------------===//
//
// A reduction over much with few results leaves most of a device idle, and a work-item that loops for long (some drivers end loops after
// 65535 steps). It is cut into pieces of a fixed size, so that the same shape gives the same bits everywhere: one kernel
// reduces each piece, another one what they gave. Which way a launch goes is decided by its sizes.
//
//===------------------------------------------------------------------------===//
#include "compiler/schedule/Normalize.h"
#include "compiler/schedule/Schedule.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

/// Elements of a piece; results from which on there are enough of them to keep a device busy.
static constexpr int64_t pieceElements = 16384, manyResults = 64;

static ReduceOp splittable(const Group &group, PlanBuilder &plan) {
  if (group.statements.size() != 1)
    return {};
  DefineOp define = group.statements.front();
  if (group.isRowVector(define))
    return {};
  SmallVector<ReduceOp> reduces;
  define.getBody().walk([&](ReduceOp reduce) { reduces.push_back(reduce); });
  if (reduces.size() != 1)
    return {};
  ReduceOp reduce = reduces[0];
  Type type = reduce.getType();
  if (reduce.getKind() == ReduceKind::Argmax || reduce.getKind() == ReduceKind::Argmin || type.isF16() ||
      type.isBF16() || type.isIndex())
    return {};
  for (ValueRange bounds : {ValueRange(reduce.getLower()), ValueRange(reduce.getUpper())})
    for (Value bound : bounds)
      if (!plan.fromValue(bound))
        return {};
  return reduce;
}

/// A value over symbols alone, computed outside of all definitions.
static Value outside(OpBuilder &builder, Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || isa<OperatorOp>(op->getParentOp()))
    return value;
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, outside(builder, operand));
  return builder.clone(*op, mapping)->getResult(0);
}

/// Turns the group's statement into two: what each piece gives, and the statement itself over the pieces.
static DefineOp cut(ReduceOp reduce) {
  DefineOp define = definitionOf(reduce);
  Location loc = reduce.getLoc();
  OpBuilder builder(define);
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  SmallVector<Value> lower, upper;
  Value others = constant(1), one = constant(1), zero = constant(0);
  for (auto [i, bounds] : llvm::enumerate(llvm::zip(reduce.getLower(), reduce.getUpper()))) {
    lower.push_back(outside(builder, std::get<0>(bounds)));
    upper.push_back(outside(builder, std::get<1>(bounds)));
    if (i) {
      Value extent = arith::SubIOp::create(builder, loc, upper[i], lower[i]);
      others = arith::MulIOp::create(builder, loc, others, arith::MaxSIOp::create(builder, loc, extent, one));
    }
  }
  // Pieces of the first index.
  Value step = arith::MaxSIOp::create(
      builder, loc, arith::DivSIOp::create(builder, loc, constant(pieceElements), others), one);
  Value extent = arith::MaxSIOp::create(builder, loc, arith::SubIOp::create(builder, loc, upper[0], lower[0]), zero);
  Value pieces = arith::CeilDivSIOp::create(builder, loc, extent, step);

  SmallVector<Value> extents(define.getExtents());
  extents.push_back(pieces);
  SmallVector<Attribute> names(define.getIndices().begin(), define.getIndices().end());
  names.push_back(builder.getStringAttr("piece"));
  auto type = RankedTensorType::get(SmallVector<int64_t>(extents.size(), ShapedType::kDynamic), reduce.getType());
  auto partial = DefineOp::create(builder, loc, type, define.getNameAttr(), extents, builder.getArrayAttr(names));
  Block &body = partial.getBody().emplaceBlock();
  IRMapping mapping;
  for (BlockArgument index : define.getBody().front().getArguments())
    mapping.map(index, body.addArgument(builder.getIndexType(), loc));
  Value piece = body.addArgument(builder.getIndexType(), loc);
  builder.setInsertionPointToStart(&body);
  // What comes before the reduction may be used in it; what it does not need goes away with the next clean-up.
  for (Operation &op : define.getBody().front()) {
    Operation *copy = builder.clone(op, mapping);
    if (&op == reduce.getOperation()) {
      auto own = cast<ReduceOp>(copy);
      builder.setInsertionPoint(own);
      Value start = arith::AddIOp::create(builder, loc, lower[0], arith::MulIOp::create(builder, loc, piece, step));
      Value end =
          arith::MinSIOp::create(builder, loc, arith::AddIOp::create(builder, loc, start, step), upper[0]);
      own->setAttr(pieceAttribute, builder.getI64IntegerAttr(pieceElements));
      own.getLowerMutable()[0].set(start);
      own.getUpperMutable()[0].set(end);
      builder.setInsertionPointAfter(own);
      YieldOp::create(builder, loc, ValueRange{own.getResult()});
      break;
    }
  }

  builder.setInsertionPoint(reduce);
  auto total = ReduceOp::create(builder, loc, reduce.getType(), reduce.getKind(), ValueRange{zero}, ValueRange{pieces},
                                builder.getStrArrayAttr({"piece"}), reduce.getIsUnsigned());
  Block &inner = total.getBody().emplaceBlock();
  Value number = inner.addArgument(builder.getIndexType(), loc);
  builder.setInsertionPointToStart(&inner);
  SmallVector<Value> subscripts(define.getBody().front().getArguments());
  subscripts.push_back(number);
  Value read = ReadOp::create(builder, loc, reduce.getType(), partial.getResult(), subscripts, Value(), Value(),
                              UnitAttr(), StringAttr());
  YieldOp::create(builder, loc, ValueRange{read});
  reduce.replaceAllUsesWith(total.getResult());
  reduce.erase();
  return partial;
}

void tenon::scheduleGroup(Schedule &schedule, const Group &group) {
  PlanBuilder &plan = schedule.plan;
  auto whole = [&](const Group &g) {
    if (g.kind == Group::Kind::Pointwise)
      schedulePointwise(schedule, g);
    else if (g.kind == Group::Kind::Rows)
      scheduleRows(schedule, g);
    else
      scheduleContraction(schedule, g);
  };
  // Where a work-item's loops may not be long, every long reduction is cut; a sum of products only there, since its tiles keep other
  // devices busy anyway.
  bool isLimited = schedule.device.maxLoopSteps != 0, isContraction = group.kind == Group::Kind::Contraction;
  ReduceOp reduce = isContraction && !isLimited ? ReduceOp() : splittable(group, plan);
  if (!reduce)
    return whole(group);
  ExprId elements = plan.constant(1);
  for (auto [lower, upper] : llvm::zip(reduce.getLower(), reduce.getUpper()))
    elements = plan.mul(elements, plan.max(plan.constant(0), plan.sub(*plan.fromValue(upper), *plan.fromValue(lower))));
  ExprId isLong = plan.less(plan.constant(4 * pieceElements), elements);
  ExprId isFew = plan.less(plan.product(group.rows), plan.constant(manyResults));
  if (isLimited) {
    isLong = plan.less(plan.constant(2 * pieceElements), elements);
    isFew = plan.constant(1);
  }
  schedule.branch(
      plan.binary(package::ExprOp::And, isLong, isFew),
      [&] {
        // Scheduling reads the formula; the other way is made from the one that is left as it was.
        DefineOp define = group.statements.front();
        OpBuilder builder(define);
        auto copy = cast<DefineOp>(builder.clone(*define));
        schedule.program.storage[copy.getResult()] = schedule.program.storage[define.getResult()];
        ReduceOp own;
        copy.getBody().walk([&](ReduceOp found) { own = found; });
        DefineOp partial = cut(own);
        plan.forgetValues();
        Group first;
        first.statements.push_back(partial);
        first.rows = extentsOf(partial, plan);
        first.kind = isContraction ? Group::Kind::Pointwise : group.kind;
        schedule.program.storage[partial.getResult()] =
            schedule.workspace(cast<RankedTensorType>(partial.getResult().getType()).getElementType(), first.rows);
        Group second = group;
        second.statements[0] = copy;
        second.kind = Group::Kind::Rows;
        whole(first);
        whole(second);
        schedule.program.storage.erase(copy.getResult());
        schedule.program.storage.erase(partial.getResult());
        copy.erase();
        partial.erase();
        plan.forgetValues();
      },
      [&] { whole(group); });
}
