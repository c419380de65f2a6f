//===- Evaluator.cpp --------------------------------------------------------===//
#include "compiler/schedule/Evaluator.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

//===- questions about a formula --------------------------------------------===//

bool Evaluator::dependsOn(Value value, Value index) {
  SmallVector<Value> work{value};
  DenseSet<Value> seen;
  while (!work.empty()) {
    Value v = work.pop_back_val();
    if (v == index)
      return true;
    if (!seen.insert(v).second)
      continue;
    Operation *op = v.getDefiningOp();
    if (!op || isa<DefineOp>(op))
      continue;
    llvm::append_range(work, op->getOperands());
    if (auto reduce = dyn_cast<ReduceOp>(op))
      llvm::append_range(work, reduce.getBody().front().getTerminator()->getOperands());
  }
  return false;
}

std::optional<int64_t> Evaluator::strideAlong(Value subscript, Value axis) {
  if (subscript == axis)
    return 1;
  Operation *op = subscript.getDefiningOp();
  if (!op)
    return 0;
  if (!dependsOn(subscript, axis))
    return 0;
  auto of = [&](unsigned i) { return strideAlong(op->getOperand(i), axis); };
  return TypeSwitch<Operation *, std::optional<int64_t>>(op)
      .Case<arith::AddIOp>([&](auto) -> std::optional<int64_t> {
        auto a = of(0), b = of(1);
        return a && b ? std::optional(*a + *b) : std::nullopt;
      })
      .Case<arith::SubIOp>([&](auto) -> std::optional<int64_t> {
        auto a = of(0), b = of(1);
        return a && b ? std::optional(*a - *b) : std::nullopt;
      })
      .Case<arith::MulIOp>([&](auto) -> std::optional<int64_t> {
        for (unsigned i : {0u, 1u})
          if (std::optional<int64_t> factor = KernelBuilder::constantOf(op->getOperand(i)))
            if (auto stride = of(1 - i))
              return *stride * *factor;
        return std::nullopt;
      })
      .Default([](Operation *) { return std::nullopt; });
}

bool Evaluator::isContiguous(ReadOp read, Value axis) {
  auto subscripts = read.getSubscripts();
  if (subscripts.empty() || strideAlong(subscripts.back(), axis) != 1)
    return false;
  for (Value subscript : subscripts.drop_back())
    if (dependsOn(subscript, axis))
      return false;
  return true;
}

//===- points ---------------------------------------------------------------===//

Values Evaluator::delinearize(ArrayRef<ExprId> extents, Value flat) {
  Values result(extents.size());
  for (size_t i = extents.size(); i-- > 1;) {
    Value extent = kernel.size(extents[i]);
    result[i] = kernel.rem(flat, extent);
    flat = kernel.div(flat, extent);
  }
  if (!extents.empty())
    result[0] = flat;
  return result;
}

Value Evaluator::offset(const Storage &storage, ValueRange subscripts) {
  Value result = kernel.index(0);
  for (auto [i, subscript] : llvm::enumerate(subscripts)) {
    if (i)
      result = kernel.mul(result, kernel.size(storage.dims[i]));
    result = kernel.add(result, subscript);
  }
  return result;
}

void Evaluator::store(Value tensor, ValueRange indices, Value value, Point &point, bool nontemporal) {
  const Storage &storage = program.storage.find(tensor)->second;
  Value memory = kernel.buffer(storage, /*writes=*/true);
  Values subscripts;
  for (Value index : indices)
    subscripts.push_back(point.indices.lookup(index));
  bool isContiguous = point.width == 1 || (!indices.empty() && indices.back() == point.axis);
  if (isContiguous) {
    kernel.store(kernel.splat(value, point.width), memory, offset(storage, subscripts), nontemporal);
    return;
  }
  size_t position = std::find(indices.begin(), indices.end(), point.axis) - indices.begin();
  for (unsigned lane = 0; lane < point.width; ++lane) {
    Values at = subscripts;
    if (position < at.size())
      at[position] = kernel.add(at[position], lane);
    kernel.store(kernel.lane(value, lane), memory, offset(storage, at));
  }
}

Value Evaluator::evalLane(Value value, Point &point, unsigned lane) {
  if (point.width == 1)
    return eval(value, point);
  Point single;
  single.indices = point.indices;
  if (lane)
    single.indices[point.axis] = kernel.add(point.indices[point.axis], lane);
  for (auto &[tensor, bound] : point.bound) {
    Point::Bound copy = bound;
    copy.value = kernel.lane(bound.value, lane);
    if (lane)
      for (Value &subscript : copy.subscripts)
        if (subscript == point.indices[point.axis])
          subscript = single.indices[point.axis];
    single.bound[tensor] = copy;
  }
  for (auto &[formulaValue, kernelValue] : point.known)
    if (KernelBuilder::widthOf(kernelValue) == 1 && !dependsOn(formulaValue, point.axis))
      single.known[formulaValue] = kernelValue;
  return eval(value, single);
}

Value Evaluator::eval(Value value, Point &point) {
  if (auto found = point.known.find(value); found != point.known.end())
    return found->second;
  Value result;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (auto found = point.indices.find(value); found != point.indices.end()) {
      result = found->second;
      if (value == point.axis && point.width > 1) {
        Values lanes;
        for (unsigned i = 0; i < point.width; ++i)
          lanes.push_back(kernel.index(i));
        result = kernel.create<arith::AddIOp>(kernel.splat(result, point.width), kernel.fromLanes(lanes));
      }
    } else if (std::optional<ExprId> expr = kernel.plan.fromValue(value)) {
      result = kernel.size(*expr);
    } else {
      result = kernel.scalarParameter(program.parameters.lookup(value), value.getType(), false);
    }
  } else if (std::optional<ExprId> expr; value.getType().isIndex() && (expr = kernel.plan.fromValue(value))) {
    result = kernel.size(*expr);
  } else {
    result = evalOperation(value.getDefiningOp(), point);
  }
  point.known[value] = result;
  return result;
}

Value Evaluator::evalOperation(Operation *op, Point &point) {
  if (auto read = dyn_cast<ReadOp>(op))
    return evalRead(read, point);
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return evalReduce(reduce, point);
  // Everything else is elementwise: the same operation on scalars or on vectors.
  Values operands;
  unsigned width = 1;
  for (Value operand : op->getOperands()) {
    operands.push_back(eval(operand, point));
    width = std::max(width, KernelBuilder::widthOf(operands.back()));
  }
  if (isa<arith::DivFOp>(op) && width > 1 && KernelBuilder::widthOf(operands[1]) == 1 &&
      op->getResult(0).getType().isF32())
    return divideByUniform(operands[0], operands[1]);
  for (Value &operand : operands)
    operand = kernel.splat(operand, width);
  if (kernel.device.indexBits == 32)
    if (Value narrow = evalNarrow(op, operands, width))
      return narrow;
  IRMapping mapping;
  mapping.map(op->getOperands(), ValueRange(operands));
  Operation *copy = kernel.builder.insert(op->cloneWithoutRegions(mapping));
  copy->setLoc(kernel.loc);
  copy->getResult(0).setType(KernelBuilder::vectorOf(op->getResult(0).getType(), width));
  return copy->getResult(0);
}

/// x / y with the same y in every lane: times the reciprocal, which is taken once, outside of loops. A power of two
/// keeps y and its reciprocal away from overflow and subnormals; zeros, infinities and NaN come out as from a division.
/// Within 1.5 ULP.
Value Evaluator::divideByUniform(Value x, Value y) {
  Type f32 = y.getType();
  auto constant = [&](double value) { return kernel.constant(f32, value); };
  Value size = kernel.create<math::AbsFOp>(y);
  Value isBig = kernel.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, size, constant(0x1p100));
  Value isTiny = kernel.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, size, constant(0x1p-100));
  Value scale = kernel.create<arith::SelectOp>(isBig, constant(0x1p-64),
                                               kernel.create<arith::SelectOp>(isTiny, constant(0x1p64), constant(1)));
  Value scaled = kernel.create<arith::MulFOp>(y, scale);
  Value reciprocal = kernel.create<arith::DivFOp>(constant(1), scaled);
  unsigned width = KernelBuilder::widthOf(x);
  Value moved = kernel.create<arith::MulFOp>(x, kernel.splat(scale, width));
  return kernel.create<arith::MulFOp>(moved, kernel.splat(reciprocal, width));
}

/// With 32-bit indices: an index as a number is 32 bits wide (the device may have nothing wider), and a 64-bit number
/// that becomes an index must not wrap into the tensor.
Value Evaluator::evalNarrow(Operation *op, ArrayRef<Value> operands, unsigned width) {
  if (isa<arith::SIToFPOp>(op)) {
    auto source = op->getOperand(0).getDefiningOp<arith::IndexCastOp>();
    if (!source || !source.getIn().getType().isIndex())
      return {};
    auto cast = operands[0].getDefiningOp<arith::IndexCastOp>();
    if (!cast)
      return {};
    Type i32 = KernelBuilder::vectorOf(kernel.builder.getI32Type(), width);
    Value narrow = kernel.create<arith::IndexCastOp>(i32, kernel.splat(cast.getIn(), width));
    return kernel.create<arith::SIToFPOp>(KernelBuilder::vectorOf(op->getResult(0).getType(), width), narrow);
  }
  if (!isa<arith::IndexCastOp, arith::IndexCastUIOp>(op) || !op->getResult(0).getType().isIndex() ||
      !op->getOperand(0).getType().isInteger(64))
    return {};
  Type wide = operands[0].getType();
  Value high = kernel.integer(wide, std::numeric_limits<int32_t>::max());
  Value value = operands[0];
  if (isa<arith::IndexCastOp>(op))
    value = kernel.create<arith::MaxSIOp>(kernel.create<arith::MinSIOp>(value, high), kernel.integer(wide, -1));
  else
    value = kernel.create<arith::MinUIOp>(value, high);
  return kernel.create<arith::IndexCastOp>(KernelBuilder::vectorOf(op->getResult(0).getType(), width), value);
}

//===- reads ----------------------------------------------------------------===//

/// Whether all subscripts are inside; `lastReach` (or null) is the last subscript of a whole vector.
Value Evaluator::inside(ReadOp read, ValueRange subscripts, Value lastReach) {
  const Storage &storage = program.storage.find(read.getTensor())->second;
  Value result;
  for (auto [i, subscript] : llvm::enumerate(subscripts)) {
    Value extent = kernel.size(storage.dims[i]);
    bool isLast = lastReach && i + 1 == subscripts.size();
    if (!isLast) {
      // One comparison for both ends: what is negative is large without its sign.
      result = kernel.both(result, kernel.compare(arith::CmpIPredicate::ult, subscript, extent));
      continue;
    }
    if (std::optional<int64_t> known = KernelBuilder::constantOf(subscript); !known || *known < 0)
      result = kernel.both(result, kernel.lessEqual(kernel.index(0), subscript));
    result = kernel.both(result, kernel.less(lastReach, extent));
  }
  return result;
}

Value Evaluator::evalRead(ReadOp read, Point &point) {
  if (auto found = point.bound.find(read.getTensor()); found != point.bound.end()) {
    Values subscripts;
    for (Value subscript : read.getSubscripts())
      subscripts.push_back(evalLane(subscript, point, 0));
    if (subscripts == found->second.subscripts)
      return found->second.value;
  }
  bool isUniform = point.width == 1;
  if (!isUniform) {
    isUniform = !(read.getGuard() && dependsOn(read.getGuard(), point.axis)) &&
                !(read.getOtherwise() && dependsOn(read.getOtherwise(), point.axis)) &&
                llvm::none_of(read.getSubscripts(), [&](Value s) { return dependsOn(s, point.axis); });
  }
  return isUniform ? readScalar(read, point) : readVector(read, point);
}

Value Evaluator::readScalar(ReadOp read, Point &point) {
  const Storage &storage = program.storage.find(read.getTensor())->second;
  Type element = read.getResult().getType();
  Values subscripts;
  for (Value subscript : read.getSubscripts())
    subscripts.push_back(evalLane(subscript, point, 0));
  Value guard = read.getGuard() ? evalLane(read.getGuard(), point, 0) : Value();
  Value memory = kernel.buffer(storage, false);
  auto load = [&] { return kernel.load(memory, offset(storage, subscripts), 1, element); };
  auto otherwise = [&] { return read.getOtherwise() ? evalLane(read.getOtherwise(), point, 0) : kernel.zero(element); };
  if (read.getFault()) {
    // Outside is reported, but only where the read is performed at all.
    Value isInside = inside(read, subscripts, {});
    unsigned id = 0;
    for (; id < program.faults.size(); ++id)
      if (program.faults[id] == *read.getFault())
        break;
    if (id == program.faults.size())
      program.faults.push_back(read.getFault()->str());
    Type i32 = kernel.builder.getI32Type();
    Storage fault{package::ArgKind::Fault, 0, i32, {}};
    Value one = kernel.integer(kernel.builder.getI1Type(), 1);
    Value outside = kernel.both(guard, kernel.create<arith::XOrIOp>(isInside, one));
    Value flag = kernel.buffer(fault, true);
    kernel.when(outside, [&] { kernel.store(kernel.integer(i32, id + 1), flag, kernel.index(0)); });
    guard = kernel.both(guard, isInside);
  } else if (read.getChecked()) {
    guard = kernel.both(guard, inside(read, subscripts, {}));
  }
  if (!guard)
    return load();
  Value other = otherwise();
  return kernel.branch(guard, TypeRange(element), [&] { return Values{load()}; }, [&] { return Values{other}; })[0];
}

Value Evaluator::readVector(ReadOp read, Point &point) {
  const Storage &storage = program.storage.find(read.getTensor())->second;
  Type element = read.getResult().getType();
  auto byLanes = [&] {
    Values lanes;
    for (unsigned i = 0; i < point.width; ++i) {
      Point single;
      single.indices = point.indices;
      if (i)
        single.indices[point.axis] = kernel.add(point.indices[point.axis], i);
      lanes.push_back(readScalar(read, single));
    }
    return kernel.fromLanes(lanes);
  };
  if (!isContiguous(read, point.axis))
    return byLanes();
  Values subscripts;
  for (Value subscript : read.getSubscripts())
    subscripts.push_back(evalLane(subscript, point, 0));
  Value memory = kernel.buffer(storage, false);
  auto load = [&] { return kernel.load(memory, offset(storage, subscripts), point.width, element); };
  // A vector that is wholly inside, with every lane wanted, is one load; the rest go lane by lane.
  Value all;
  if (Value guard = read.getGuard()) {
    Value mask = eval(guard, point);
    for (unsigned i = 0, width = KernelBuilder::widthOf(mask); i < width; ++i)
      all = kernel.both(all, kernel.lane(mask, i));
  }
  if (read.getChecked() || read.getFault())
    all = kernel.both(all, inside(read, subscripts, kernel.add(subscripts.back(), point.width - 1)));
  if (!all)
    return load();
  Type type = KernelBuilder::vectorOf(element, point.width);
  return kernel.branch(all, TypeRange(type), [&] { return Values{load()}; }, [&] { return Values{byLanes()}; })[0];
}

//===- reductions -----------------------------------------------------------===//

Value Evaluator::evalReduce(ReduceOp reduce, Point &point) {
  Accumulator accumulator(kernel, reduce);
  Block &body = reduce.getBody().front();
  Operation *yield = body.getTerminator();
  unsigned count = body.getNumArguments();
  Value last = body.getArgument(count - 1);
  // Outer lanes: everything the reduction makes may differ along the axis.
  bool differs = point.width > 1 && dependsOn(reduce.getResult(), point.axis);
  if (point.width > 1 && differs && !accumulator.canVectorize()) {
    Values lanes;
    for (unsigned i = 0; i < point.width; ++i)
      lanes.push_back(evalLane(reduce.getResult(), point, i));
    return kernel.fromLanes(lanes);
  }
  // Bounds that differ along the axis: the same lane by lane.
  for (ValueRange bounds : {reduce.getLower(), reduce.getUpper()})
    for (Value bound : bounds)
      if (point.width > 1 && dependsOn(bound, point.axis)) {
        Values lanes;
        for (unsigned i = 0; i < point.width; ++i)
          lanes.push_back(evalLane(reduce.getResult(), point, i));
        return kernel.fromLanes(lanes);
      }
  unsigned outerWidth = differs ? point.width : 1;

  bool inner = false;
  if (vectorizeReductions && outerWidth == 1 && accumulator.canVectorize() && vectorWidth > 1)
    body.walk([&](ReadOp read) {
      // Only reads of this reduction's own iteration; a nested one decides for itself.
      inner |= read->getParentOp() == reduce && isContiguous(read, last);
    });

  auto step = [&](Point &at, ValueRange state, Value position) {
    Value value = eval(yield->getOperand(0), at);
    Value filter = yield->getNumOperands() > 1 ? eval(yield->getOperand(1), at) : Value();
    return accumulator.add(state, value, filter, position);
  };
  std::function<Values(unsigned, Point &, ValueRange)> nest = [&](unsigned depth, Point &at,
                                                                  ValueRange state) -> Values {
    Value lower = evalLane(reduce.getLower()[depth], at, 0), upper = evalLane(reduce.getUpper()[depth], at, 0);
    Value index = body.getArgument(depth);
    if (depth + 1 < count || !inner)
      return kernel.loop(lower, upper, kernel.index(1), state, [&](Value i, ValueRange carried) {
        Point next = at;
        next.bind(index, i);
        if (depth + 1 < count)
          return nest(depth + 1, next, carried);
        return step(next, carried, i);
      });
    // The last index in vectors, then what is left one by one. A reversed range is empty.
    unsigned width = vectorWidth;
    Value length = kernel.max(kernel.sub(upper, lower), kernel.index(0));
    Value middle = kernel.add(lower, kernel.roundDown(length, width));
    Value vectorState = accumulator.identity(width, upper)[0];
    Values wide =
        kernel.loop(lower, middle, kernel.index(width), Values{vectorState}, [&](Value i, ValueRange carried) {
          Point next = at;
          next.bind(index, i);
          next.axis = index;
          next.width = width;
          return step(next, carried, {});
        });
    Values merged = accumulator.merge(state, accumulator.horizontal(wide));
    return kernel.loop(middle, upper, kernel.index(1), merged, [&](Value i, ValueRange carried) {
      Point next = at;
      next.bind(index, i);
      return step(next, carried, i);
    });
  };
  Values state = accumulator.identity(outerWidth, evalLane(reduce.getUpper().back(), point, 0));
  if (outerWidth > 1)
    return accumulator.finish(nest(0, point, state));
  // A uniform reduction under a vector point is computed once, for lane 0.
  if (point.width > 1) {
    Point single;
    single.indices = point.indices;
    for (auto &[tensor, bound] : point.bound)
      if (KernelBuilder::widthOf(bound.value) == 1)
        single.bound[tensor] = bound;
    return accumulator.finish(nest(0, single, state));
  }
  return accumulator.finish(nest(0, point, state));
}
