//===- Accumulator.cpp - the state of a reduction ---------------------------===//
#include "compiler/schedule/Evaluator.h"

#include <limits>

using namespace mlir;
using namespace tenon;
using formula::ReduceKind;

Accumulator::Accumulator(KernelBuilder &kernel, formula::ReduceOp op) : kernel(kernel), op(op) {
  element = op.getBody().front().getTerminator()->getOperand(0).getType();
  state = element.isF16() || element.isBF16() ? Float32Type::get(op.getContext()) : element;
  isArg = op.getKind() == ReduceKind::Argmax || op.getKind() == ReduceKind::Argmin;
}

SmallVector<Type> Accumulator::types(unsigned width) const {
  SmallVector<Type> result{KernelBuilder::vectorOf(state, width)};
  if (isArg) {
    result.push_back(kernel.builder.getIndexType());
    result.push_back(kernel.builder.getI1Type());
  }
  return result;
}

/// The value that changes nothing: 0, 1, the lowest, the highest.
static Value identityValue(KernelBuilder &kernel, ReduceKind kind, Type type, bool isUnsigned) {
  Type element = KernelBuilder::elementOf(type);
  bool isMax = kind == ReduceKind::Max || kind == ReduceKind::Argmax;
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Any:
    return kernel.zero(type);
  case ReduceKind::All:
    return kernel.integer(type, -1);
  case ReduceKind::Prod:
    return isa<FloatType>(element) ? kernel.constant(type, 1) : kernel.integer(type, 1);
  default:
    break;
  }
  if (isa<FloatType>(element))
    return kernel.constant(type, isMax ? -std::numeric_limits<double>::infinity()
                                       : std::numeric_limits<double>::infinity());
  unsigned bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  APInt value = isUnsigned ? (isMax ? APInt::getZero(bits) : APInt::getAllOnes(bits))
                           : (isMax ? APInt::getSignedMinValue(bits) : APInt::getSignedMaxValue(bits));
  return kernel.integer(type, value.getSExtValue());
}

Values Accumulator::identity(unsigned width, Value end) {
  Type type = KernelBuilder::vectorOf(state, width);
  Values result{identityValue(kernel, op.getKind(), type, op.getIsUnsigned())};
  if (isArg) {
    result.push_back(end);
    result.push_back(kernel.integer(kernel.builder.getI1Type(), 0));
  }
  return result;
}

Value Accumulator::combine(Value a, Value b) {
  bool isFloat = isa<FloatType>(state), isUnsigned = op.getIsUnsigned();
  switch (op.getKind()) {
  case ReduceKind::Sum:
    return isFloat ? (Value)kernel.create<arith::AddFOp>(a, b) : (Value)kernel.create<arith::AddIOp>(a, b);
  case ReduceKind::Prod:
    return isFloat ? (Value)kernel.create<arith::MulFOp>(a, b) : (Value)kernel.create<arith::MulIOp>(a, b);
  case ReduceKind::Max:
    return isFloat      ? (Value)kernel.create<arith::MaximumFOp>(a, b)
           : isUnsigned ? (Value)kernel.create<arith::MaxUIOp>(a, b)
                        : (Value)kernel.create<arith::MaxSIOp>(a, b);
  case ReduceKind::Min:
    return isFloat      ? (Value)kernel.create<arith::MinimumFOp>(a, b)
           : isUnsigned ? (Value)kernel.create<arith::MinUIOp>(a, b)
                        : (Value)kernel.create<arith::MinSIOp>(a, b);
  case ReduceKind::Any:
    return kernel.create<arith::OrIOp>(a, b);
  case ReduceKind::All:
    return kernel.create<arith::AndIOp>(a, b);
  case ReduceKind::Argmax:
  case ReduceKind::Argmin:
    break;
  }
  return {};
}

/// Whether `candidate`, later in index order, replaces `best`: larger (smaller), or the first NaN.
Value Accumulator::better(Value candidate, Value best) {
  bool isMax = op.getKind() == ReduceKind::Argmax;
  if (!isa<FloatType>(state)) {
    using P = arith::CmpIPredicate;
    P predicate = op.getIsUnsigned() ? (isMax ? P::ugt : P::ult) : (isMax ? P::sgt : P::slt);
    return kernel.create<arith::CmpIOp>(predicate, candidate, best);
  }
  using P = arith::CmpFPredicate;
  Value ahead = kernel.create<arith::CmpFOp>(isMax ? P::OGT : P::OLT, candidate, best);
  Value isNan = kernel.create<arith::CmpFOp>(P::UNO, candidate, candidate);
  Value wasNumber = kernel.create<arith::CmpFOp>(P::ORD, best, best);
  return kernel.create<arith::OrIOp>(ahead, kernel.create<arith::AndIOp>(isNan, wasNumber));
}

Values Accumulator::add(ValueRange current, Value value, Value filter, Value position) {
  unsigned width = KernelBuilder::widthOf(current[0]);
  value = kernel.splat(value, width);
  if (state != element)
    value = kernel.create<arith::ExtFOp>(KernelBuilder::vectorOf(state, width), value);
  if (isArg) {
    Value isFirst = kernel.create<arith::XOrIOp>(current[2], kernel.integer(current[2].getType(), 1));
    Value take = kernel.create<arith::OrIOp>(isFirst, better(value, current[0]));
    if (filter)
      take = kernel.create<arith::AndIOp>(take, filter);
    Value found = filter ? (Value)kernel.create<arith::OrIOp>(current[2], filter)
                         : kernel.integer(current[2].getType(), 1);
    return {kernel.create<arith::SelectOp>(take, value, current[0]),
            kernel.create<arith::SelectOp>(take, position, current[1]), found};
  }
  if (filter)
    value = kernel.create<arith::SelectOp>(
        kernel.splat(filter, width), value,
        identityValue(kernel, op.getKind(), value.getType(), op.getIsUnsigned()));
  return {combine(current[0], value)};
}

Values Accumulator::merge(ValueRange a, ValueRange b) {
  if (!isArg)
    return {combine(a[0], b[0])};
  // Work-items may hold interleaved indices, so equal values go to the smaller index, and of two NaN likewise.
  Value bBetter = better(b[0], a[0]), aBetter = better(a[0], b[0]);
  Value neither = kernel.create<arith::XOrIOp>(kernel.create<arith::OrIOp>(aBetter, bBetter),
                                               kernel.integer(kernel.builder.getI1Type(), 1));
  Value tie = kernel.create<arith::AndIOp>(neither, kernel.less(b[1], a[1]));
  Value take = kernel.create<arith::OrIOp>(bBetter, tie);
  Value one = kernel.integer(kernel.builder.getI1Type(), 1);
  Value onlyB = kernel.create<arith::AndIOp>(b[2], kernel.create<arith::XOrIOp>(a[2], one));
  take = kernel.create<arith::OrIOp>(onlyB, kernel.create<arith::AndIOp>(take, kernel.create<arith::AndIOp>(a[2], b[2])));
  return {kernel.create<arith::SelectOp>(take, b[0], a[0]), kernel.create<arith::SelectOp>(take, b[1], a[1]),
          kernel.create<arith::OrIOp>(a[2], b[2])};
}

Values Accumulator::horizontal(ValueRange current) {
  if (KernelBuilder::widthOf(current[0]) == 1)
    return Values(current);
  // Halves, so that every device adds in the same order.
  Values lanes;
  for (unsigned i = 0, width = KernelBuilder::widthOf(current[0]); i < width; ++i)
    lanes.push_back(kernel.lane(current[0], i));
  while (lanes.size() > 1) {
    size_t half = lanes.size() / 2;
    for (size_t i = 0; i < half; ++i)
      lanes[i] = combine(lanes[i], lanes[i + half]);
    lanes.resize(half);
  }
  return lanes;
}

Value Accumulator::finish(ValueRange current) {
  if (isArg)
    return current[1];
  if (state != element)
    return kernel.create<arith::TruncFOp>(KernelBuilder::vectorOf(element, KernelBuilder::widthOf(current[0])),
                                          current[0]);
  return current[0];
}
