//===- EmitArith.cpp - arith and math as OpenCL C ---------------------------===//
//
// Owns arithmetic. Integers of kernel IR wrap, those of C do not: what may overflow goes through unsigned types.
//
//===------------------------------------------------------------------------===//
#include "KernelEmitter.h"

#include "KernelSignature.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon::opencl {

std::string KernelEmitter::asUnsigned(Value value, bool promoted) {
  Type type = value.getType();
  if (isVector(type))
    return "as_" + getUnsignedName(type) + "(" + get(value) + ")";
  return "(" + (promoted && getBits(type) < 32 ? "uint" : getUnsignedName(type)) + ")" + get(value);
}

std::string KernelEmitter::asSigned(const std::string &expression, Type type) {
  return isVector(type) ? "as_" + getTypeName(type) + "(" + expression + ")"
                        : "(" + getTypeName(type) + ")(" + expression + ")";
}

/// i1: a scalar is 0 or 1, a lane is 0 or -1; both are closed under & | ^.
std::string KernelEmitter::getBoolBinary(Operation *op) {
  StringRef sign;
  if (isa<arith::AddIOp, arith::SubIOp, arith::XOrIOp>(op))
    sign = " ^ ";
  else if (isa<arith::AndIOp, arith::MulIOp, arith::MinUIOp, arith::MaxSIOp>(op)) // As signed, true is -1.
    sign = " & ";
  else if (isa<arith::OrIOp, arith::MaxUIOp, arith::MinSIOp>(op))
    sign = " | ";
  else
    return "";
  return operand(op, 0) + sign.str() + operand(op, 1);
}

std::string KernelEmitter::getIntegerBinary(Operation *op) {
  if (op->getNumOperands() != 2 || op->getNumResults() != 1 || !getElement(op->getResult(0).getType()).isIntOrIndex())
    return "";
  Type type = op->getResult(0).getType();
  if (isBool(type))
    return getBoolBinary(op);
  std::string a = operand(op, 0), b = operand(op, 1);
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  bool isNarrowScalar = !isVector(type) && getBits(type) < 32;
  // Of the same type in C, but that narrow scalars become int.
  auto plain = [&](const char *sign) {
    std::string text = a + sign + b;
    return isNarrowScalar ? "(" + getTypeName(type) + ")(" + text + ")" : text;
  };
  auto wrapping = [&](const char *sign) {
    auto flags = dyn_cast<arith::ArithIntegerOverflowFlagsInterface>(op);
    if (flags && flags.hasNoSignedWrap())
      return plain(sign);
    return asSigned(asUnsigned(lhs, true) + sign + asUnsigned(rhs, true), type);
  };
  auto unsignedOf = [&](const char *sign) { return asSigned(asUnsigned(lhs) + sign + asUnsigned(rhs), type); };
  auto unsignedCall = [&](const char *function) {
    return asSigned(std::string(function) + "(" + asUnsigned(lhs) + ", " + asUnsigned(rhs) + ")", type);
  };
  using Text = std::string;
  return llvm::TypeSwitch<Operation *, Text>(op)
      .Case<arith::AddIOp>([&](auto) { return wrapping(" + "); })
      .Case<arith::SubIOp>([&](auto) { return wrapping(" - "); })
      .Case<arith::MulIOp>([&](auto) { return wrapping(" * "); })
      .Case<arith::ShLIOp>(
          [&](auto) { return asSigned(asUnsigned(lhs, true) + " << " + (isVector(type) ? asUnsigned(rhs) : b), type); })
      .Case<arith::ShRSIOp>([&](auto) { return plain(" >> "); })
      .Case<arith::ShRUIOp>(
          [&](auto) { return asSigned(asUnsigned(lhs) + " >> " + (isVector(type) ? asUnsigned(rhs) : b), type); })
      .Case<arith::DivSIOp>([&](auto) { return plain(" / "); })
      .Case<arith::RemSIOp>([&](auto) { return plain(" % "); })
      .Case<arith::DivUIOp>([&](auto) { return unsignedOf(" / "); })
      .Case<arith::RemUIOp>([&](auto) { return unsignedOf(" % "); })
      .Case<arith::AndIOp>([&](auto) { return plain(" & "); })
      .Case<arith::OrIOp>([&](auto) { return plain(" | "); })
      .Case<arith::XOrIOp>([&](auto) { return plain(" ^ "); })
      .Case<arith::MaxSIOp>([&](auto) { return "max(" + a + ", " + b + ")"; })
      .Case<arith::MinSIOp>([&](auto) { return "min(" + a + ", " + b + ")"; })
      .Case<arith::MaxUIOp>([&](auto) { return unsignedCall("max"); })
      .Case<arith::MinUIOp>([&](auto) { return unsignedCall("min"); })
      .Default([](Operation *) { return Text(); });
}

std::string KernelEmitter::getFloatOp(Operation *op) {
  auto sign = [&](const char *text) { return operand(op, 0) + text + operand(op, 1); };
  auto call = [&](const char *function) {
    std::string text = std::string(function) + "(";
    llvm::ListSeparator separator;
    for (Value value : op->getOperands())
      text += StringRef(separator).str() + get(value);
    return text + ")";
  };
  using Text = std::string;
  return llvm::TypeSwitch<Operation *, Text>(op)
      .Case<arith::AddFOp>([&](auto) { return sign(" + "); })
      .Case<arith::SubFOp>([&](auto) { return sign(" - "); })
      .Case<arith::MulFOp>([&](auto) { return sign(" * "); })
      .Case<arith::DivFOp>([&](auto) { return sign(" / "); })
      .Case<arith::RemFOp>([&](auto) { return call("fmod"); })
      .Case<arith::NegFOp>([&](auto) { return "-" + operand(op, 0); })
      .Case<math::FmaOp, vector::FMAOp>([&](auto) { return call("fma"); })
      .Case<math::AbsFOp>([&](auto) { return call("fabs"); })
      .Case<math::SqrtOp>([&](auto) { return call("sqrt"); })
      .Case<math::FloorOp>([&](auto) { return call("floor"); })
      .Case<math::CeilOp>([&](auto) { return call("ceil"); })
      .Case<math::TruncOp>([&](auto) { return call("trunc"); })
      .Case<math::RoundEvenOp>([&](auto) { return call("rint"); })
      .Case<math::CopySignOp>([&](auto) { return call("copysign"); })
      .Default([](Operation *) { return Text(); });
}

std::string KernelEmitter::getBitCount(Operation *op) {
  if (isa<math::CountLeadingZerosOp>(op))
    return "clz(" + operand(op, 0) + ")"; // Of 0 it is the width.
  if (isa<math::CtPopOp>(op))
    return "popcount(" + operand(op, 0) + ")";
  if (!isa<math::CountTrailingZerosOp>(op))
    return "";
  // OpenCL C 1.2 has no ctz: the zeros below the lowest one are the ones of ~x & (x - 1).
  Value value = op->getOperand(0);
  Type type = value.getType();
  std::string bits = asUnsigned(value), one = isVector(type) ? "(" + getUnsignedName(type) + ")(1)" : "1u";
  std::string below = "~" + bits + " & (" + bits + " - " + one + ")";
  if (!isVector(type))
    below = "(" + getUnsignedName(type) + ")(" + below + ")";
  return asSigned("popcount(" + below + ")", type);
}

/// A vector comparison gives lanes as wide as what it compares; a mask's lanes are int.
static std::string asMask(const std::string &text, Type compared) {
  if (!isVector(compared))
    return text;
  unsigned bits = isBool(compared) ? 32 : getBits(compared);
  return bits == 32 ? text : "convert_int" + std::to_string(getWidth(compared)) + "(" + text + ")";
}

std::string KernelEmitter::getCompare(arith::CmpIOp cmp) {
  Value lhs = cmp.getLhs(), rhs = cmp.getRhs();
  Type type = lhs.getType();
  const char *sign = nullptr;
  bool isUnsigned = false;
  switch (cmp.getPredicate()) {
  case arith::CmpIPredicate::eq:
    sign = " == ";
    break;
  case arith::CmpIPredicate::ne:
    sign = " != ";
    break;
  case arith::CmpIPredicate::ult:
    isUnsigned = true;
    [[fallthrough]];
  case arith::CmpIPredicate::slt:
    sign = " < ";
    break;
  case arith::CmpIPredicate::ule:
    isUnsigned = true;
    [[fallthrough]];
  case arith::CmpIPredicate::sle:
    sign = " <= ";
    break;
  case arith::CmpIPredicate::ugt:
    isUnsigned = true;
    [[fallthrough]];
  case arith::CmpIPredicate::sgt:
    sign = " > ";
    break;
  case arith::CmpIPredicate::uge:
    isUnsigned = true;
    [[fallthrough]];
  case arith::CmpIPredicate::sge:
    sign = " >= ";
    break;
  }
  if (isBool(type)) {
    // As signed, true is -1: so a lane is already, and a scalar is when negated. As unsigned it is the other way round.
    const char *minus = isVector(type) == isUnsigned ? "-" : "";
    return minus + get(lhs) + sign + minus + get(rhs);
  }
  return asMask(isUnsigned ? asUnsigned(lhs) + sign + asUnsigned(rhs) : get(lhs) + sign + get(rhs), type);
}

std::string KernelEmitter::getCompare(arith::CmpFOp cmp) {
  std::string a = get(cmp.getLhs()), b = get(cmp.getRhs());
  Type type = cmp.getLhs().getType();
  std::string no = isVector(type) ? "~" : "!";
  auto compare = [&](const char *sign) { return asMask(a + sign + b, type); };
  auto negated = [&](const char *sign) { return asMask(no + "(" + a + sign + b + ")", type); };
  std::string oneIsLess = "(" + a + " < " + b + ") | (" + a + " > " + b + ")";
  switch (cmp.getPredicate()) {
  case arith::CmpFPredicate::AlwaysFalse:
  case arith::CmpFPredicate::AlwaysTrue: {
    bool value = cmp.getPredicate() == arith::CmpFPredicate::AlwaysTrue;
    return isVector(type) ? "(int" + std::to_string(getWidth(type)) + ")(" + (value ? "-1)" : "0)") : value ? "1" : "0";
  }
  case arith::CmpFPredicate::OEQ:
    return compare(" == ");
  case arith::CmpFPredicate::OGT:
    return compare(" > ");
  case arith::CmpFPredicate::OGE:
    return compare(" >= ");
  case arith::CmpFPredicate::OLT:
    return compare(" < ");
  case arith::CmpFPredicate::OLE:
    return compare(" <= ");
  case arith::CmpFPredicate::UNE:
    return compare(" != ");
  case arith::CmpFPredicate::UGT:
    return negated(" <= ");
  case arith::CmpFPredicate::UGE:
    return negated(" < ");
  case arith::CmpFPredicate::ULT:
    return negated(" >= ");
  case arith::CmpFPredicate::ULE:
    return negated(" > ");
  case arith::CmpFPredicate::ONE:
    return asMask(oneIsLess, type);
  case arith::CmpFPredicate::UEQ:
    return asMask(no + "(" + oneIsLess + ")", type);
  case arith::CmpFPredicate::ORD:
    return asMask("(" + a + " == " + a + ") & (" + b + " == " + b + ")", type);
  case arith::CmpFPredicate::UNO:
    return asMask("(" + a + " != " + a + ") | (" + b + " != " + b + ")", type);
  }
  return "";
}

std::string KernelEmitter::getSelect(arith::SelectOp op) {
  std::string condition = get(op.getCondition()), yes = get(op.getTrueValue()), no = get(op.getFalseValue());
  if (!isVector(op.getCondition().getType()))
    return condition + " ? " + yes + " : " + no;
  Type type = op.getType();
  // select() wants a mask whose lanes are as wide as the values'.
  if (!isBool(type) && getBits(type) != 32)
    condition =
        "convert_" + getIntegerName(getBits(type), getWidth(type), /*isUnsigned=*/false) + "(" + condition + ")";
  return "select(" + no + ", " + yes + ", " + condition + ")";
}

bool KernelEmitter::emitWithTwoResults(Operation *op) {
  if (!isa<arith::MulSIExtendedOp, arith::MulUIExtendedOp, arith::AddUIExtendedOp>(op))
    return false;
  Value lhs = op->getOperand(0), rhs = op->getOperand(1), first = op->getResult(0), second = op->getResult(1);
  Type type = lhs.getType();
  if (isBool(type))
    return false;
  bool isSum = isa<arith::AddUIExtendedOp>(op);
  define(first, asSigned(asUnsigned(lhs, true) + (isSum ? " + " : " * ") + asUnsigned(rhs, true), type));
  if (isSum)
    define(second, asMask(asUnsigned(first) + " < " + asUnsigned(lhs), type));
  else if (isa<arith::MulSIExtendedOp>(op))
    define(second, "mul_hi(" + get(lhs) + ", " + get(rhs) + ")");
  else
    define(second, asSigned("mul_hi(" + asUnsigned(lhs) + ", " + asUnsigned(rhs) + ")", type));
  return true;
}

/// Division that rounds towards minus or plus infinity: the truncated quotient, moved by one where there is a remainder
/// and the quotient's sign says so.
bool KernelEmitter::emitRoundedDivision(Operation *op) {
  if (!isa<arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op) || isBool(op->getResult(0).getType()))
    return false;
  Type type = op->getResult(0).getType();
  std::string a = operand(op, 0), b = operand(op, 1), name = getTypeName(type);
  bool isUnsigned = isa<arith::CeilDivUIOp>(op), isFloor = isa<arith::FloorDivSIOp>(op);
  if (isUnsigned) {
    a = asUnsigned(op->getOperand(0));
    b = asUnsigned(op->getOperand(1));
  }
  auto narrowed = [&](const std::string &text) {
    return isUnsigned ? asSigned(text, type) : isVector(type) ? text : "(" + name + ")(" + text + ")";
  };
  std::string quotient = defineTemporary(type, narrowed(a + " / " + b));
  std::string remainder = defineTemporary(type, narrowed(a + " % " + b));
  std::string zero = isVector(type) ? "(" + name + ")(0)" : "0";
  std::string moves = "(" + remainder + " != " + zero + ")";
  if (!isUnsigned)
    moves += " & ((" + operand(op, 0) + " ^ " + operand(op, 1) + (isFloor ? ") < " : ") >= ") + zero + ")";
  // A lane that moves is -1, a scalar 1.
  bool adds = isVector(type) == isFloor;
  define(op->getResult(0), narrowed(quotient + (adds ? " + (" : " - (") + moves + ")"));
  return true;
}

LogicalResult KernelEmitter::emitArith(Operation *op) {
  auto refuse = [&]() { return emitInternalError(op) << op->getName() << " in this form is not kernel IR"; };
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    names[constant.getResult()] = getLiteral(constant.getValue());
    return success();
  }
  if (!isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) && !isa<vector::FMAOp>(op))
    return refuse();
  if (emitWithTwoResults(op) || emitRoundedDivision(op))
    return success();
  if (op->getNumResults() != 1)
    return refuse();
  auto isNarrowFloat = [](Type type) { return getElement(type).isF16() || getElement(type).isBF16(); };
  bool isNarrow = llvm::any_of(op->getOperandTypes(), isNarrowFloat) || isNarrowFloat(op->getResult(0).getType());
  if (isNarrow && !isa<arith::SelectOp, arith::ExtFOp, arith::TruncFOp, arith::BitcastOp>(op))
    return emitInternalError(op) << op->getName() << " on f16 or bf16 is not legalized";

  if (isConvertedInMemory(op))
    return success();

  std::string text;
  if (auto cmp = dyn_cast<arith::CmpIOp>(op))
    text = getCompare(cmp);
  else if (auto cmp = dyn_cast<arith::CmpFOp>(op))
    text = getCompare(cmp);
  else if (auto select = dyn_cast<arith::SelectOp>(op))
    text = getSelect(select);
  for (auto spell : {&KernelEmitter::getIntegerBinary, &KernelEmitter::getFloatOp, &KernelEmitter::getBitCount,
                     &KernelEmitter::getConversion})
    if (text.empty())
      text = (this->*spell)(op);
  if (text.empty())
    return refuse();
  // A conversion that changes nothing is only another name.
  Value result = op->getResult(0);
  if (op->getNumOperands() == 1 && text == operand(op, 0)) {
    names[result] = text;
    return success();
  }
  define(result, text);
  return success();
}

} // namespace tenon::opencl
