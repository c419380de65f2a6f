//===- Tenon.cpp - the tenon dialect ----------------------------------------===//
#include "Tenon.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

#include "TenonDialect.cpp.inc"
#include "TenonEnums.cpp.inc"

#define GET_OP_CLASSES
#include "TenonOps.cpp.inc"

using namespace mlir;
using namespace tenon::formula;

void TenonDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "TenonOps.cpp.inc"
      >();
}

static LogicalResult verifyIndices(Operation *op, Block &block, size_t count) {
  if (block.getNumArguments() != count)
    return op->emitOpError("has ") << count << " ranges, its block " << block.getNumArguments() << " indices";
  for (BlockArgument argument : block.getArguments())
    if (!argument.getType().isIndex())
      return op->emitOpError("has an index of type ") << argument.getType();
  if (!isa<YieldOp>(block.getTerminator()))
    return op->emitOpError("must end in tenon.yield");
  return success();
}

LogicalResult DefineOp::verify() {
  auto type = cast<RankedTensorType>(getResult().getType());
  if (type.getRank() != static_cast<int64_t>(getExtents().size()))
    return emitOpError("has ") << getExtents().size() << " extents for a tensor of rank " << type.getRank();
  if (failed(verifyIndices(*this, getBody().front(), getExtents().size())))
    return failure();
  Operation *yield = getBody().front().getTerminator();
  if (yield->getNumOperands() != 1 || yield->getOperand(0).getType() != type.getElementType())
    return emitOpError("must yield one value of type ") << type.getElementType();
  return success();
}

LogicalResult ReadOp::verify() {
  auto type = cast<RankedTensorType>(getTensor().getType());
  if (type.getRank() != static_cast<int64_t>(getSubscripts().size()))
    return emitOpError("has ") << getSubscripts().size() << " subscripts for a tensor of rank " << type.getRank();
  if (getResult().getType() != type.getElementType())
    return emitOpError("gives ") << getResult().getType() << " from " << type;
  if (getOtherwise() && getOtherwise().getType() != type.getElementType())
    return emitOpError("has an else value of another type");
  return success();
}

LogicalResult ReduceOp::verify() {
  if (getLower().size() != getUpper().size())
    return emitOpError("has unequal numbers of lower and upper bounds");
  if (failed(verifyIndices(*this, getBody().front(), getLower().size())))
    return failure();
  bool isArg = getKind() == ReduceKind::Argmax || getKind() == ReduceKind::Argmin;
  Operation *yield = getBody().front().getTerminator();
  if (yield->getNumOperands() < 1 || yield->getNumOperands() > 2)
    return emitOpError("must yield a value and at most a filter");
  if (yield->getNumOperands() == 2 && !yield->getOperand(1).getType().isInteger(1))
    return emitOpError("has a filter that is not i1");
  Type value = yield->getOperand(0).getType();
  if (isArg ? !getResult().getType().isIndex() : getResult().getType() != value)
    return emitOpError("gives ") << getResult().getType() << " from " << value;
  if (isArg && getLower().size() != 1)
    return emitOpError("has more than one index");
  return success();
}
