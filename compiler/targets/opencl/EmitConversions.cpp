//===- EmitConversions.cpp - conversions as OpenCL C ------------------------===//
//
// Owns arith's casts. None may overflow (legalize saw to it), so the plain conversions of OpenCL C do.
//
//===------------------------------------------------------------------------===//
#include "KernelEmitter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon::opencl {

/// From integer, index or i1 to integer or index.
std::string KernelEmitter::getIntegerConversion(Value value, Type to, bool isSigned) {
  Type from = value.getType();
  std::string text = get(value), target = getTypeName(to), one = getTypeName(from);
  bool vector = isVector(from);
  if (from == to || (!isBool(from) && !isBool(to) && getBits(from) == getBits(to)))
    return text;
  if (isBool(from)) {
    // A lane of a mask is -1, a scalar 1.
    if (vector)
      return convert(isSigned ? text : "(" + text + " & 1)", target, vector);
    return convert(isSigned ? "(-" + text + ")" : text, target, vector);
  }
  if (isBool(to))
    return vector ? "-" + convert("(" + text + " & (" + one + ")(1))", target, vector) : "(int)(" + text + " & 1)";
  if (getBits(to) < getBits(from) || isSigned)
    return convert(text, target, vector);
  return convert(asUnsigned(value), target, vector);
}

std::string KernelEmitter::getFloatConversion(Value value, Type to) {
  Type from = value.getType(), target = getElement(to), source = getElement(from);
  std::string text = get(value);
  unsigned width = getWidth(from);
  bool vector = isVector(from);
  std::string suffix = vector ? std::to_string(width) : "";
  if (from == to)
    return text;
  // Up to f32 first, or down to it in a way that a second rounding cannot spoil.
  if (source.isBF16()) {
    prelude.bfloat16 = true;
    text = "as_float" + suffix + "(" + convert(text, "uint" + suffix, vector) + " << 16)";
  } else if (source.isF16() && convertsInMemory &&
             isa_and_nonnull<memref::LoadOp, vector::LoadOp>(value.getDefiningOp()))
    return text; // vload_half gave f32.
  else if (source.isF16())
    text = Prelude::call(prelude.float16ToFloat32, "tenon_f32_from_f16", width, text);
  if (target.isF32())
    return source.isF64() ? convert(text, "float" + suffix, vector) : text;
  if (target.isF64())
    return convert(text, "double" + suffix, vector);
  if (source.isF64())
    text = Prelude::call(prelude.float64ToOdd, "tenon_f32_to_odd", width, text);
  if (target.isBF16()) {
    prelude.bfloat16 = true;
    return Prelude::call(prelude.float32ToBfloat16, "tenon_bf16_from_f32", width, text);
  }
  return Prelude::call(prelude.float32ToFloat16, "tenon_f16_from_f32", width, text);
}

std::string KernelEmitter::getConversion(Operation *op) {
  if (op->getNumOperands() != 1)
    return "";
  Value value = op->getOperand(0);
  Type from = value.getType(), to = op->getResult(0).getType();
  std::string text = get(value), target = getTypeName(to);
  bool vector = isVector(from);
  using Text = std::string;
  return llvm::TypeSwitch<Operation *, Text>(op)
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(
          [&](auto) { return getIntegerConversion(value, to, /*isSigned=*/true); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>(
          [&](auto) { return getIntegerConversion(value, to, /*isSigned=*/false); })
      .Case<arith::SIToFPOp, arith::UIToFPOp>([&](auto) {
        bool isSigned = isa<arith::SIToFPOp>(op);
        if (isBool(from)) // A lane is -1, a scalar 1.
          return convert(vector == isSigned ? text : vector ? "(" + text + " & 1)" : "(-" + text + ")", target, vector);
        return convert(isSigned ? text : asUnsigned(value), target, vector);
      })
      .Case<arith::FPToSIOp>([&](auto) { return isBool(to) ? Text() : convert(text, target, vector); })
      .Case<arith::FPToUIOp>([&](auto) {
        if (isBool(to))
          return Text();
        std::string converted = convert(text, getUnsignedName(to), vector);
        return vector ? asSigned(converted, to) : "(" + target + ")" + converted;
      })
      .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { return getFloatConversion(value, to); })
      .Case<arith::BitcastOp>([&](auto) {
        if (isBool(from) != isBool(to))
          return Text();
        return getTypeName(from) == target ? text : "as_" + target + "(" + text + ")";
      })
      .Default([](Operation *) { return Text(); });
}

} // namespace tenon::opencl
