//===- Floats.cpp - float operations of arith and math ------------------------===//
//
// Owns operations on f32 and f64, conversions of floats, and the few functions that the kernel IR keeps. What a driver
// may round, flush or reorder freely is avoided: NaN tests look at bits, nothing is contracted.
//
//===------------------------------------------------------------------------===//
#include "Emitter.h"
#include "NarrowFloats.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <spirv/unified1/GLSL.std.450.h>
#include <spirv/unified1/OpenCL.std.h>

using namespace mlir;

namespace tenon::spirv {

using spv::Op;

static const Elem word = Elem::integer(32);

/// Integers as wide as a float, for its bits; f64 without 64-bit integers has none.
static Elem bitsElem(Piece a) { return Elem::integer(a.elem.width); }

Piece Emitter::isNan(Piece a) {
  if (a.elem.width == 64 && !session.device.int64)
    return code.compare(Op::OpFUnordNotEqual, a, a);
  bool isDouble = a.elem.width == 64;
  Piece bits = code.bitcast(a, bitsElem(a));
  Piece magnitude = code.bitAnd(bits, isDouble ? 0x7fffffffffffffffull : 0x7fffffffull);
  return code.lessU(code.constant(bits, isDouble ? 0x7ff0000000000000ull : 0x7f800000ull), magnitude);
}

Piece Emitter::compareFloats(unsigned predicate, Piece a, Piece b) {
  using arith::CmpFPredicate;
  auto is = [&](Op op) { return code.compare(op, a, b); };
  switch (static_cast<CmpFPredicate>(predicate)) {
  case CmpFPredicate::AlwaysFalse:
    return code.constant(Elem::boolean(), a.lanes, 0);
  case CmpFPredicate::AlwaysTrue:
    return code.constant(Elem::boolean(), a.lanes, 1);
  case CmpFPredicate::OEQ:
    return is(Op::OpFOrdEqual);
  case CmpFPredicate::OGT:
    return is(Op::OpFOrdGreaterThan);
  case CmpFPredicate::OGE:
    return is(Op::OpFOrdGreaterThanEqual);
  case CmpFPredicate::OLT:
    return is(Op::OpFOrdLessThan);
  case CmpFPredicate::OLE:
    return is(Op::OpFOrdLessThanEqual);
  case CmpFPredicate::UEQ:
    return is(Op::OpFUnordEqual);
  case CmpFPredicate::UGT:
    return is(Op::OpFUnordGreaterThan);
  case CmpFPredicate::UGE:
    return is(Op::OpFUnordGreaterThanEqual);
  case CmpFPredicate::ULT:
    return is(Op::OpFUnordLessThan);
  case CmpFPredicate::ULE:
    return is(Op::OpFUnordLessThanEqual);
  case CmpFPredicate::UNE:
    return is(Op::OpFUnordNotEqual);
  case CmpFPredicate::ONE:
    return is(Op::OpFOrdNotEqual);
  case CmpFPredicate::UNO:
    return a.id == b.id ? isNan(a) : code.bitOr(isNan(a), isNan(b));
  case CmpFPredicate::ORD:
    return code.bitNot(a.id == b.id ? isNan(a) : code.bitOr(isNan(a), isNan(b)));
  }
  return {};
}

LogicalResult Emitter::emitFloat(Operation *op) {
  bool isComparison = isa<arith::CmpFOp>(op);
  if (!op->getNumOperands() || !held(op->getOperand(0)).isFloat())
    return unknown(op);
  if (isComparison) {
    auto predicate = static_cast<unsigned>(cast<arith::CmpFOp>(op).getPredicate());
    return pieces(op, [&](ArrayRef<Piece> in) { return compareFloats(predicate, in[0], in[1]); });
  }
  auto binary = [&](Op opcode) {
    return pieces(op, [&](ArrayRef<Piece> in) { return code.precise(code.binary(opcode, in[0], in[1])); });
  };
  if (isa<arith::AddFOp>(op))
    return binary(Op::OpFAdd);
  if (isa<arith::SubFOp>(op))
    return binary(Op::OpFSub);
  if (isa<arith::MulFOp>(op))
    return binary(Op::OpFMul);
  if (isa<arith::DivFOp>(op))
    return binary(Op::OpFDiv);
  if (isa<arith::RemFOp>(op))
    return binary(Op::OpFRem);
  if (isa<arith::NegFOp>(op))
    return pieces(op, [&](ArrayRef<Piece> in) { return code.unary(Op::OpFNegate, in[0]); });
  return unknown(op);
}

Unit Emitter::bitcast(Unit a, Held from, Held to) {
  if (from.wide == to.wide)
    return {code.bitcast(a.lo, to.elem), a.hi};
  // Between f64 and a pair, lane by lane: (lo, hi) is a vector of the same bits.
  SmallVector<Piece, 4> lo, hi;
  for (unsigned lane = 0; lane < a.lo.lanes; ++lane) {
    if (from.wide) {
      Piece both = code.construct({code.extract(a.lo, lane), code.extract(a.hi, lane)});
      lo.push_back(code.op(Op::OpBitcast, to.elem, 1, {both.id}));
    } else {
      Piece both = code.op(Op::OpBitcast, word, 2, {code.extract(a.lo, lane).id});
      lo.push_back(code.extract(both, 0));
      hi.push_back(code.extract(both, 1));
    }
  }
  return {code.construct(lo), hi.empty() ? Piece() : code.construct(hi)};
}

LogicalResult Emitter::emitFloatCast(Operation *op) {
  Type fromType = elementType(op->getOperand(0).getType()), toType = elementType(op->getResult(0).getType());
  Held from = session.held(fromType), to = session.held(toType);
  if (isa<arith::BitcastOp>(op)) {
    if (from.bits != to.bits)
      return unknown(op);
    return elementwise(op, [&](ArrayRef<Unit> in) { return bitcast(in[0], from, to); });
  }
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    if (!to.isFloat())
      return unknown(op);
    bool isSigned = isa<arith::SIToFPOp>(op);
    return elementwise(op,
                       [&](ArrayRef<Unit> in) { return Unit{integers.toFloat(in[0], from, to.elem, isSigned), {}}; });
  }
  if (isa<arith::FPToSIOp, arith::FPToUIOp>(op)) {
    if (!from.isFloat())
      return unknown(op);
    bool isSigned = isa<arith::FPToSIOp>(op);
    return elementwise(op, [&](ArrayRef<Unit> in) { return integers.fromFloat(in[0].lo, to, isSigned); });
  }

  if (isa<arith::ExtFOp>(op)) {
    if (auto fused = halvesAsFloats.find(op->getOperand(0)); fused != halvesAsFloats.end() && to.bits == 32) {
      set(op->getResult(0), fused->second);
      return success();
    }
    if (!to.isFloat())
      return unknown(op);
    if (!from.isFloat())
      session.emulations.insert(fromType.isF16() ? "f16 to f32 by bit arithmetic" : "bf16 to f32 by bit arithmetic");
    return pieces(op, [&](ArrayRef<Piece> in) {
      Piece value = in[0];
      if (!from.isFloat()) {
        Piece bits = code.resize(value, 32, false);
        value = fromType.isF16() ? halfToFloat(code, bits) : bfloatToFloat(code, bits);
      }
      return value.elem == to.elem ? value : code.convert(Op::OpFConvert, value, to.elem);
    });
  }
  // truncf
  if (!from.isFloat())
    return unknown(op);
  if (isHalfFused(op->getResult(0)) && !session.vulkan)
    return success(); // the stores round it
  if (!to.isFloat())
    session.emulations.insert(toType.isF16() ? "f32 to f16 by bit arithmetic" : "f32 to bf16 by bit arithmetic");
  return pieces(op, [&](ArrayRef<Piece> in) {
    if (to.isFloat())
      return code.convert(Op::OpFConvert, in[0], to.elem);
    Piece value = from.bits == 64 ? doubleToOddFloat(code, in[0]) : in[0];
    Piece bits = toType.isF16() ? floatToHalf(code, value) : floatToBfloat(code, value);
    return code.resize(bits, to.elem.width, false);
  });
}

Piece Emitter::copySign(Piece magnitude, Piece sign) {
  if (!session.vulkan)
    return code.extended(session.extendedSet(), OpenCLLIB::Copysign, magnitude.elem, magnitude.lanes,
                         {magnitude.id, sign.id});
  if (magnitude.elem.width == 64 && !session.device.int64) {
    Held real{magnitude.elem, 64}, pair{word, 64, true};
    Unit a = bitcast({magnitude, {}}, real, pair), b = bitcast({sign, {}}, real, pair);
    a.hi = code.bitOr(code.bitAnd(a.hi, 0x7fffffff), code.bitAnd(b.hi, 0x80000000));
    return bitcast(a, pair, real).lo;
  }
  uint64_t signBit = 1ull << (magnitude.elem.width - 1);
  Piece a = code.bitAnd(code.bitcast(magnitude, bitsElem(magnitude)), signBit - 1);
  Piece b = code.bitAnd(code.bitcast(sign, bitsElem(sign)), signBit);
  return code.bitcast(code.bitOr(a, b), magnitude.elem);
}

LogicalResult Emitter::emitMath(Operation *op) {
  Held type = held(op->getOperand(0));
  if (!type.isFloat()) {
    if (isa<math::CtPopOp>(op))
      return elementwise(op, [&](ArrayRef<Unit> in) { return integers.popcount(in[0], type); });
    if (isa<math::CountLeadingZerosOp>(op))
      return elementwise(op, [&](ArrayRef<Unit> in) { return integers.leadingZeros(in[0], type); });
    if (isa<math::CountTrailingZerosOp>(op))
      return elementwise(op, [&](ArrayRef<Unit> in) { return integers.trailingZeros(in[0], type); });
    if (isa<math::AbsIOp>(op))
      return elementwise(op, [&](ArrayRef<Unit> in) {
        Piece negative = integers.compare(IntRel::Slt, in[0], integers.constant(type, in[0].lo.lanes, 0), type);
        return integers.select(negative, integers.negate(in[0], type), in[0]);
      });
    return unknown(op);
  }
  auto call = [&](uint32_t opencl, uint32_t glsl) {
    Id set = session.extendedSet();
    return pieces(op, [&](ArrayRef<Piece> in) {
      SmallVector<uint32_t, 3> ids;
      for (Piece piece : in)
        ids.push_back(piece.id);
      return code.extended(set, session.vulkan ? glsl : opencl, in[0].elem, in[0].lanes, ids);
    });
  };
  if (isa<math::FmaOp>(op)) {
    Id set = session.extendedSet();
    return pieces(op, [&](ArrayRef<Piece> in) {
      return code.precise(code.extended(set, session.vulkan ? uint32_t(GLSLstd450Fma) : uint32_t(OpenCLLIB::Fma),
                                        in[0].elem, in[0].lanes, {in[0].id, in[1].id, in[2].id}));
    });
  }
  if (isa<math::AbsFOp>(op))
    return call(OpenCLLIB::Fabs, GLSLstd450FAbs);
  if (isa<math::SqrtOp>(op))
    return call(OpenCLLIB::Sqrt, GLSLstd450Sqrt);
  if (isa<math::FloorOp>(op))
    return call(OpenCLLIB::Floor, GLSLstd450Floor);
  if (isa<math::CeilOp>(op))
    return call(OpenCLLIB::Ceil, GLSLstd450Ceil);
  if (isa<math::TruncOp>(op))
    return call(OpenCLLIB::Trunc, GLSLstd450Trunc);
  if (isa<math::RoundEvenOp>(op))
    return call(OpenCLLIB::Rint, GLSLstd450RoundEven);
  if (isa<math::CopySignOp>(op))
    return pieces(op, [&](ArrayRef<Piece> in) { return copySign(in[0], in[1]); });
  return unknown(op);
}

} // namespace tenon::spirv
