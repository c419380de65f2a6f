//===- ArithToLLVM.cpp - arith and math of kernel IR to LLVM IR -------------===//
//
// Owns types and arithmetic; see ArithToLLVM.h. No fast-math flag is ever set: kernel IR says what is rounded.
//
//===------------------------------------------------------------------------===//
#include "ArithToLLVM.h"

#include "KernelSignature.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon::host {

static Type getElement(Type type) { return getElementTypeOrSelf(type); }

llvm::Type *ArithTranslator::getType(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return llvm::FixedVectorType::get(getType(vector.getElementType()), vector.getNumElements());
  if (type.isIndex())
    return builder.getInt64Ty();
  if (type.isF16() || type.isBF16())
    return builder.getInt16Ty();
  if (type.isF32())
    return builder.getFloatTy();
  if (type.isF64())
    return builder.getDoubleTy();
  return builder.getIntNTy(cast<IntegerType>(type).getWidth());
}

llvm::Type *ArithTranslator::getMemoryType(Type type) {
  llvm::Type *result = getType(type);
  return getElement(type).isInteger(1) ? result->getWithNewBitWidth(8) : result;
}

LogicalResult ArithTranslator::checkTypes(Operation *op) {
  auto isScalar = [](Type type) {
    if (auto integer = dyn_cast<IntegerType>(type))
      return integer.isSignless() && llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
    return type.isIndex() || type.isF16() || type.isBF16() || type.isF32() || type.isF64();
  };
  auto isKernelType = [&](Type type) {
    if (auto memref = dyn_cast<MemRefType>(type))
      return memref.getRank() == 1 && memref.getLayout().isIdentity() && isScalar(memref.getElementType());
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.getRank() == 1 && !vector.isScalable() && isScalar(vector.getElementType());
    return isScalar(type);
  };
  for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (!isKernelType(type))
        return emitInternalError(op) << op->getName() << " on " << type << ", a type that kernel IR does not have";
  return success();
}

llvm::Constant *ArithTranslator::getConstant(TypedAttr attribute) {
  llvm::Type *type = getType(attribute.getType());
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute)) {
    auto element = [&](Attribute value) { return getConstant(cast<TypedAttr>(value)); };
    if (dense.isSplat())
      return llvm::ConstantVector::getSplat(llvm::cast<llvm::VectorType>(type)->getElementCount(),
                                            element(dense.getSplatValue<Attribute>()));
    llvm::SmallVector<llvm::Constant *> elements;
    for (Attribute value : dense.getValues<Attribute>())
      elements.push_back(element(value));
    return llvm::ConstantVector::get(elements);
  }
  if (auto real = dyn_cast<FloatAttr>(attribute)) {
    if (type->isIntegerTy())
      return llvm::ConstantInt::get(type, real.getValue().bitcastToAPInt());
    return llvm::ConstantFP::get(type, real.getValue());
  }
  return llvm::ConstantInt::get(type, cast<IntegerAttr>(attribute).getValue().sextOrTrunc(type->getIntegerBitWidth()));
}

llvm::Value *ArithTranslator::binary(Operation *op) {
  llvm::Value *a = operand(op, 0), *b = op->getNumOperands() > 1 ? operand(op, 1) : nullptr;
  auto intrinsic = [&](llvm::Intrinsic::ID id) { return builder.CreateBinaryIntrinsic(id, a, b); };
  bool nuw = false, nsw = false;
  if (auto flags = dyn_cast<arith::ArithIntegerOverflowFlagsInterface>(op)) {
    nuw = flags.hasNoUnsignedWrap();
    nsw = flags.hasNoSignedWrap();
  }
  using ResultType = llvm::Value *;
  return llvm::TypeSwitch<Operation *, ResultType>(op)
      .Case<arith::AddIOp>([&](auto) { return builder.CreateAdd(a, b, "", nuw, nsw); })
      .Case<arith::SubIOp>([&](auto) { return builder.CreateSub(a, b, "", nuw, nsw); })
      .Case<arith::MulIOp>([&](auto) { return builder.CreateMul(a, b, "", nuw, nsw); })
      .Case<arith::ShLIOp>([&](auto) { return builder.CreateShl(a, b, "", nuw, nsw); })
      .Case<arith::DivSIOp>([&](auto) { return builder.CreateSDiv(a, b); })
      .Case<arith::DivUIOp>([&](auto) { return builder.CreateUDiv(a, b); })
      .Case<arith::RemSIOp>([&](auto) { return builder.CreateSRem(a, b); })
      .Case<arith::RemUIOp>([&](auto) { return builder.CreateURem(a, b); })
      .Case<arith::AndIOp>([&](auto) { return builder.CreateAnd(a, b); })
      .Case<arith::OrIOp>([&](auto) { return builder.CreateOr(a, b); })
      .Case<arith::XOrIOp>([&](auto) { return builder.CreateXor(a, b); })
      .Case<arith::ShRSIOp>([&](auto) { return builder.CreateAShr(a, b); })
      .Case<arith::ShRUIOp>([&](auto) { return builder.CreateLShr(a, b); })
      .Case<arith::MaxSIOp>([&](auto) { return intrinsic(llvm::Intrinsic::smax); })
      .Case<arith::MinSIOp>([&](auto) { return intrinsic(llvm::Intrinsic::smin); })
      .Case<arith::MaxUIOp>([&](auto) { return intrinsic(llvm::Intrinsic::umax); })
      .Case<arith::MinUIOp>([&](auto) { return intrinsic(llvm::Intrinsic::umin); })
      .Case<arith::AddFOp>([&](auto) { return builder.CreateFAdd(a, b); })
      .Case<arith::SubFOp>([&](auto) { return builder.CreateFSub(a, b); })
      .Case<arith::MulFOp>([&](auto) { return builder.CreateFMul(a, b); })
      .Case<arith::DivFOp>([&](auto) { return builder.CreateFDiv(a, b); })
      .Case<arith::NegFOp>([&](auto) { return builder.CreateFNeg(a); })
      .Case<math::CopySignOp>([&](auto) { return intrinsic(llvm::Intrinsic::copysign); })
      .Case<arith::CmpIOp>([&](auto cmp) {
        constexpr llvm::CmpInst::Predicate predicates[] = {
            llvm::CmpInst::ICMP_EQ,  llvm::CmpInst::ICMP_NE,  llvm::CmpInst::ICMP_SLT, llvm::CmpInst::ICMP_SLE,
            llvm::CmpInst::ICMP_SGT, llvm::CmpInst::ICMP_SGE, llvm::CmpInst::ICMP_ULT, llvm::CmpInst::ICMP_ULE,
            llvm::CmpInst::ICMP_UGT, llvm::CmpInst::ICMP_UGE};
        return builder.CreateICmp(predicates[unsigned(cmp.getPredicate())], a, b);
      })
      .Case<arith::CmpFOp>([&](auto cmp) {
        using P = llvm::CmpInst::Predicate;
        constexpr P predicates[] = {P::FCMP_FALSE, P::FCMP_OEQ, P::FCMP_OGT, P::FCMP_OGE, P::FCMP_OLT, P::FCMP_OLE,
                                    P::FCMP_ONE,   P::FCMP_ORD, P::FCMP_UEQ, P::FCMP_UGT, P::FCMP_UGE, P::FCMP_ULT,
                                    P::FCMP_ULE,   P::FCMP_UNE, P::FCMP_UNO, P::FCMP_TRUE};
        return builder.CreateFCmp(predicates[unsigned(cmp.getPredicate())], a, b);
      })
      .Default([](Operation *) { return ResultType(nullptr); });
}

/// Division that rounds towards minus or plus infinity.
llvm::Value *ArithTranslator::roundedDivision(Operation *op) {
  if (!isa<arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op))
    return nullptr;
  llvm::Value *a = operand(op, 0), *b = operand(op, 1);
  llvm::Value *zero = llvm::Constant::getNullValue(a->getType());
  bool isSigned = !isa<arith::CeilDivUIOp>(op);
  llvm::Value *quotient = isSigned ? builder.CreateSDiv(a, b) : builder.CreateUDiv(a, b);
  llvm::Value *remainder = builder.CreateSub(a, builder.CreateMul(quotient, b));
  llvm::Value *adjust = builder.CreateICmpNE(remainder, zero);
  if (isSigned) {
    llvm::Value *signs = builder.CreateXor(a, b);
    adjust = builder.CreateAnd(adjust, isa<arith::FloorDivSIOp>(op) ? builder.CreateICmpSLT(signs, zero)
                                                                    : builder.CreateICmpSGE(signs, zero));
  }
  llvm::Value *one = builder.CreateZExt(adjust, a->getType());
  return isa<arith::FloorDivSIOp>(op) ? builder.CreateSub(quotient, one) : builder.CreateAdd(quotient, one);
}

/// The operations with two results: low half and high half, or sum and carry.
llvm::Value *ArithTranslator::extended(Operation *op, llvm::Value *&second) {
  if (!isa<arith::MulSIExtendedOp, arith::MulUIExtendedOp, arith::AddUIExtendedOp>(op))
    return nullptr;
  llvm::Value *a = operand(op, 0), *b = operand(op, 1);
  if (isa<arith::AddUIExtendedOp>(op)) {
    llvm::Value *sum = builder.CreateAdd(a, b);
    second = builder.CreateICmpULT(sum, a);
    return sum;
  }
  unsigned width = a->getType()->getScalarSizeInBits();
  llvm::Type *wide = a->getType()->getWithNewBitWidth(2 * width);
  bool isSigned = isa<arith::MulSIExtendedOp>(op);
  llvm::Value *product =
      builder.CreateMul(builder.CreateIntCast(a, wide, isSigned), builder.CreateIntCast(b, wide, isSigned));
  second = builder.CreateTrunc(builder.CreateLShr(product, width), a->getType());
  return builder.CreateTrunc(product, a->getType());
}

llvm::Value *ArithTranslator::unaryMath(Operation *op) {
  auto unary = [&](llvm::Intrinsic::ID id) { return builder.CreateUnaryIntrinsic(id, operand(op, 0)); };
  auto count = [&](llvm::Intrinsic::ID id) {
    return builder.CreateBinaryIntrinsic(id, operand(op, 0), builder.getFalse());
  };
  using ResultType = llvm::Value *;
  return llvm::TypeSwitch<Operation *, ResultType>(op)
      .Case<math::AbsFOp>([&](auto) { return unary(llvm::Intrinsic::fabs); })
      .Case<math::SqrtOp>([&](auto) { return unary(llvm::Intrinsic::sqrt); })
      .Case<math::FloorOp>([&](auto) { return unary(llvm::Intrinsic::floor); })
      .Case<math::CeilOp>([&](auto) { return unary(llvm::Intrinsic::ceil); })
      .Case<math::TruncOp>([&](auto) { return unary(llvm::Intrinsic::trunc); })
      .Case<math::RoundEvenOp>([&](auto) { return unary(llvm::Intrinsic::roundeven); })
      .Case<math::CtPopOp>([&](auto) { return unary(llvm::Intrinsic::ctpop); })
      .Case<math::CountLeadingZerosOp>([&](auto) { return count(llvm::Intrinsic::ctlz); })
      .Case<math::CountTrailingZerosOp>([&](auto) { return count(llvm::Intrinsic::cttz); })
      .Default([](Operation *) { return ResultType(nullptr); });
}

llvm::Value *ArithTranslator::extendFloat(llvm::Value *value, Type from, Type to) {
  llvm::Type *target = getType(to);
  if (getElement(from).isBF16()) {
    llvm::Type *bits = target->getWithNewType(builder.getInt32Ty());
    llvm::Value *single = builder.CreateBitCast(builder.CreateShl(builder.CreateZExt(value, bits), 16),
                                                target->getWithNewType(builder.getFloatTy()));
    return single->getType() == target ? single : builder.CreateFPExt(single, target);
  }
  if (getElement(from).isF16()) {
    value = builder.CreateBitCast(value, value->getType()->getWithNewType(builder.getHalfTy()));
    value = builder.CreateFPExt(value, target->getWithNewType(builder.getFloatTy()));
    return value->getType() == target ? value : builder.CreateFPExt(value, target);
  }
  return builder.CreateFPExt(value, target);
}

/// f64 to f32, rounded such that a second rounding to a narrower type gives what a single one from f64 would: an
/// inexact result has an odd last bit.
llvm::Value *ArithTranslator::roundToOdd(llvm::Value *value, llvm::Type *floatType) {
  llvm::Type *bitsType = floatType->getWithNewType(builder.getInt32Ty());
  llvm::Value *nearest = builder.CreateFPTrunc(value, floatType);
  llvm::Value *back = builder.CreateFPExt(nearest, value->getType());
  llvm::Value *bits = builder.CreateBitCast(nearest, bitsType);
  llvm::Value *one = llvm::ConstantInt::get(bitsType, 1);
  llvm::Value *isEven = builder.CreateICmpEQ(builder.CreateAnd(bits, one), llvm::Constant::getNullValue(bitsType));
  llvm::Value *inexact = builder.CreateAnd(isEven, builder.CreateFCmpONE(back, value));
  llvm::Value *tooLarge = builder.CreateFCmpOGT(builder.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, back),
                                                builder.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, value));
  llvm::Value *moved = builder.CreateSelect(tooLarge, builder.CreateSub(bits, one), builder.CreateAdd(bits, one));
  return builder.CreateBitCast(builder.CreateSelect(inexact, moved, bits), floatType);
}

llvm::Value *ArithTranslator::truncateFloat(llvm::Value *value, Type from, Type to) {
  llvm::Type *target = getType(to);
  if (!getElement(to).isBF16() && !getElement(to).isF16())
    return builder.CreateFPTrunc(value, target);
  if (getElement(from).isF64())
    value = roundToOdd(value, target->getWithNewType(builder.getFloatTy()));
  if (getElement(to).isF16()) {
    value = builder.CreateFPTrunc(value, target->getWithNewType(builder.getHalfTy()));
    return builder.CreateBitCast(value, target);
  }
  // bf16, to nearest even: add half of the last place that stays, less one if that place is even. A NaN keeps its upper
  // bits and becomes quiet.
  llvm::Type *bitsType = target->getWithNewType(builder.getInt32Ty());
  auto constant = [&](uint32_t bits) { return llvm::ConstantInt::get(bitsType, bits); };
  llvm::Value *bits = builder.CreateBitCast(value, bitsType);
  llvm::Value *odd = builder.CreateAnd(builder.CreateLShr(bits, 16), constant(1));
  llvm::Value *rounded = builder.CreateAdd(bits, builder.CreateAdd(odd, constant(0x7fff)));
  llvm::Value *isNan = builder.CreateICmpUGT(builder.CreateAnd(bits, constant(0x7fffffff)), constant(0x7f800000));
  llvm::Value *quiet = builder.CreateOr(bits, constant(0x400000));
  return builder.CreateTrunc(builder.CreateLShr(builder.CreateSelect(isNan, quiet, rounded), 16), target);
}

LogicalResult ArithTranslator::convert(Operation *op) {
  if (op->getNumOperands() != 1 || op->getNumResults() != 1)
    return failure();
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  llvm::Value *value = operand(op, 0);
  llvm::Type *target = getType(to);
  auto isNarrow = [](Type type) { return getElement(type).isF16(); };
  if (isa<arith::ExtFOp, arith::TruncFOp>(op) && (isNarrow(from) || isNarrow(to)) && !device.nativeFloat16Convert)
    return emitInternalError(op) << op->getName() << " between " << from << " and " << to
                                 << " is not legalized for profile " << profileName << ", which cannot convert f16";
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<arith::ExtUIOp>([&](auto) { return define(op, builder.CreateZExt(value, target)); })
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(
          [&](auto) { return define(op, builder.CreateIntCast(value, target, /*isSigned=*/true)); })
      .Case<arith::IndexCastUIOp>(
          [&](auto) { return define(op, builder.CreateIntCast(value, target, /*isSigned=*/false)); })
      .Case<arith::UIToFPOp>([&](auto) { return define(op, builder.CreateUIToFP(value, target)); })
      .Case<arith::SIToFPOp>([&](auto) { return define(op, builder.CreateSIToFP(value, target)); })
      .Case<arith::FPToUIOp>([&](auto) { return define(op, builder.CreateFPToUI(value, target)); })
      .Case<arith::FPToSIOp>([&](auto) { return define(op, builder.CreateFPToSI(value, target)); })
      .Case<arith::BitcastOp>([&](auto) { return define(op, builder.CreateBitCast(value, target)); })
      .Case<arith::ExtFOp>([&](auto) { return define(op, extendFloat(value, from, to)); })
      .Case<arith::TruncFOp>([&](auto) { return define(op, truncateFloat(value, from, to)); })
      .Default([](Operation *) { return failure(); });
}

/// True for an operation that may have operands or results of f16 or bf16.
static bool takesNarrowFloats(Operation *op) {
  return isa<arith::ConstantOp, arith::SelectOp, arith::ExtFOp, arith::TruncFOp, arith::BitcastOp>(op);
}

LogicalResult ArithTranslator::translate(Operation *op) {
  auto isNarrow = [](Type type) { return getElement(type).isF16() || getElement(type).isBF16(); };
  if (!takesNarrowFloats(op) &&
      (llvm::any_of(op->getOperandTypes(), isNarrow) || llvm::any_of(op->getResultTypes(), isNarrow)))
    return emitInternalError(op) << op->getName() << " on f16 or bf16 is not legalized";
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return define(op, getConstant(constant.getValue()));
  if (isa<arith::SelectOp>(op))
    return define(op, builder.CreateSelect(operand(op, 0), operand(op, 1), operand(op, 2)));
  if (isa<math::FmaOp, vector::FMAOp>(op)) {
    if (!device.fma)
      return emitInternalError(op) << op->getName() << " is not legalized for profile " << profileName
                                   << ", which has no fused multiply-add";
    return define(op, builder.CreateIntrinsic(llvm::Intrinsic::fma, {operand(op, 0)->getType()},
                                              {operand(op, 0), operand(op, 1), operand(op, 2)}));
  }
  if (llvm::Value *value = unaryMath(op))
    return define(op, value);
  if (op->getNumResults() == 1 && op->getNumOperands() <= 2) {
    if (isa<arith::ArithDialect>(op->getDialect()) || isa<math::CopySignOp>(op)) {
      if (op->getNumOperands() == 0)
        return emitInternalError(op) << op->getName() << " is not kernel IR";
      if (llvm::Value *value = binary(op))
        return define(op, value);
      if (llvm::Value *value = roundedDivision(op))
        return define(op, value);
    }
  }
  llvm::Value *second = nullptr;
  if (llvm::Value *first = extended(op, second)) {
    values[op->getResult(1)] = second;
    return define(op, first);
  }
  if (isa<arith::ExtUIOp, arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp, arith::IndexCastUIOp, arith::UIToFPOp,
          arith::SIToFPOp, arith::FPToUIOp, arith::FPToSIOp, arith::BitcastOp, arith::ExtFOp, arith::TruncFOp>(op))
    return convert(op);
  return emitInternalError(op) << op->getName() << " is not kernel IR";
}

} // namespace tenon::host
