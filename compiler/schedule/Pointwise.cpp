//===- Pointwise.cpp - elementwise statements, data movement, the plain schedule ===//
//
// Every statement at every point of the rows. On a CPU the last row index runs in vectors, unless everything is read just where it is
// written: then all indices are one. On a GPU each work-item takes one point.
//
//===------------------------------------------------------------------------===//
#include "compiler/schedule/Normalize.h"
#include "compiler/schedule/Schedule.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

/// Elements that a CPU's work-group should have to do, so that starting one does not count.
static constexpr int64_t elementsPerGroup = 16384;
static constexpr unsigned unrolled = 4;

/// Whether the whole group only ever reads at its own point, so that its indices may be taken as one.
static bool isFlat(const Group &group) {
  bool flat = !group.rows.empty();
  for (DefineOp statement : group.statements)
    statement.getBody().walk([&](Operation *op) {
      if (isa<ReduceOp>(op))
        flat = false;
      if (auto read = dyn_cast<ReadOp>(op))
        flat &= read.getSubscripts().empty() || (isIdentityRead(read, statement) && !read.getChecked());
      // An index used as a value is more than a place.
      for (Value operand : op->getOperands())
        if (isa<BlockArgument>(operand) && operand.getType().isIndex() &&
            operand.getParentBlock() == &statement.getBody().front() && !isa<ReadOp>(op))
          flat = false;
    });
  return flat;
}

static bool hasReductions(const Group &group) {
  bool found = false;
  for (DefineOp statement : group.statements)
    statement.getBody().walk([&](ReduceOp) { found = true; });
  return found;
}

/// Computes all statements at one point, then stores: a result may be an input's memory.
static void emitPoint(KernelBuilder &kernel, Evaluator &evaluator, Schedule &schedule, const Group &group,
                      function_ref<Point(DefineOp)> pointOf) {
  SmallVector<std::tuple<DefineOp, Value, Point>> stores;
  DenseMap<Value, Point::Bound> bound;
  for (DefineOp statement : group.statements) {
    Point point = pointOf(statement);
    point.bound = bound;
    Value value = evaluator.eval(statement.getBody().front().getTerminator()->getOperand(0), point);
    Point::Bound entry;
    for (BlockArgument index : statement.getBody().front().getArguments())
      entry.subscripts.push_back(point.indices[index]);
    // Readers see the rounded element, as from memory; a uniform value is the same in every lane.
    entry.value = kernel.splat(value, point.width);
    bound[statement.getResult()] = entry;
    if (schedule.program.storage.count(statement.getResult()))
      stores.emplace_back(statement, value, point);
  }
  for (auto &[statement, value, point] : stores)
    evaluator.store(statement.getResult(), statement.getBody().front().getArguments(), value, point);
}

static void emitGpu(Schedule &schedule, const Group &group) {
  PlanBuilder &plan = schedule.plan;
  KernelBuilder kernel = schedule.newKernel(group.getLoc());
  Evaluator evaluator(kernel, schedule.program);
  int64_t items = std::min<int64_t>(schedule.device.maxGroupSize, 64);
  ExprId total = plan.product(group.rows);
  for (DefineOp statement : group.statements)
    schedule.limitSteps(schedule.stepsOf(statement.getBody().front()));
  schedule.launchFolded(kernel, plan.ceilDiv(total, plan.constant(items)), items, [&](Value number) {
    Value flat = kernel.add(kernel.mul(number, items), kernel.thread(0));
    kernel.when(kernel.less(flat, kernel.size(total)), [&] {
      Values coordinates = evaluator.delinearize(group.rows, flat);
      emitPoint(kernel, evaluator, schedule, group, [&](DefineOp statement) {
        Point point;
        point.bind(statement.getBody().front().getArguments(), coordinates);
        return point;
      });
    });
  });
}

static void emitCpu(Schedule &schedule, const Group &group) {
  PlanBuilder &plan = schedule.plan;
  KernelBuilder kernel = schedule.newKernel(group.getLoc());
  Evaluator evaluator(kernel, schedule.program);
  unsigned width = schedule.lanesFor(group);
  bool flat = isFlat(group), reduces = hasReductions(group);
  ExprId one = plan.constant(1);
  size_t rank = group.rows.size();
  ExprId rows = flat || rank == 0 ? one : plan.product(ArrayRef(group.rows).drop_back());
  ExprId columns = flat ? plan.product(group.rows) : rank ? group.rows.back() : one;
  ExprId columnBlock = plan.constant(reduces ? 64 * width : elementsPerGroup);
  ExprId rowBlock =
      plan.max(one, plan.floorDiv(plan.constant(reduces ? 64 : elementsPerGroup), plan.max(columns, one)));

  Value lower = kernel.mul(kernel.group(0), kernel.size(columnBlock));
  Value upper = kernel.min(kernel.add(lower, kernel.size(columnBlock)), kernel.size(columns));
  auto row = [&](Value rowIndex) {
    // Taken as one, the indices are the last one's; the leading ones are zero.
    Values leading;
    if (flat)
      leading.assign(rank - 1, kernel.index(0));
    else if (rank > 1)
      leading = evaluator.delinearize(ArrayRef(group.rows).drop_back(), rowIndex);
    auto points = [&](Value column, unsigned lanes) {
      emitPoint(kernel, evaluator, schedule, group, [&](DefineOp statement) {
        Point point;
        auto indices = statement.getBody().front().getArguments();
        point.bind(indices, leading);
        if (rank) {
          point.bind(indices.back(), column);
          point.axis = indices.back();
          point.width = lanes;
        }
        return point;
      });
    };
    unsigned unroll = reduces ? 1 : unrolled;
    Value length = kernel.sub(upper, lower);
    Value middle = kernel.add(lower, kernel.roundDown(length, width * unroll));
    kernel.loop(lower, middle, kernel.index(width * unroll), [&](Value column) {
      for (unsigned u = 0; u < unroll; ++u)
        points(kernel.add(column, u * width), width);
    });
    kernel.loop(middle, upper, kernel.index(1), [&](Value column) { points(column, 1); });
  };
  if (plan.getConstant(rows) == 1) {
    row(kernel.index(0));
  } else {
    Value firstRow = kernel.mul(kernel.group(1), kernel.size(rowBlock));
    Value lastRow = kernel.min(kernel.add(firstRow, kernel.size(rowBlock)), kernel.size(rows));
    kernel.loop(firstRow, lastRow, kernel.index(1), row);
  }
  schedule.launch(kernel, {plan.ceilDiv(columns, columnBlock), plan.ceilDiv(rows, rowBlock), one}, {1, 1, 1});
}

void tenon::schedulePointwise(Schedule &schedule, const Group &group) {
  if (schedule.isGpu())
    emitGpu(schedule, group);
  else
    emitCpu(schedule, group);
}
