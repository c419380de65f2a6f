//===- Integers.cpp - integer arithmetic, native or by hand -----------------===//
//
// Owns what Integers.h declares, but for pairs (WideIntegers.cpp).
//
//===------------------------------------------------------------------------===//
#include "Integers.h"

#include <spirv/unified1/GLSL.std.450.h>
#include <spirv/unified1/OpenCL.std.h>

namespace tenon::spirv {

using spv::Op;

static uint64_t lowMask(unsigned bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; }

Unit Integers::constant(Held held, unsigned lanes, uint64_t bits) {
  if (held.wide)
    return {code.constant(held.elem, lanes, bits & 0xffffffff), code.constant(held.elem, lanes, bits >> 32)};
  return {code.constant(held.elem, lanes, bits & lowMask(held.bits)), {}};
}

Piece Integers::masked(Piece a, Held held) { return held.isNarrow() ? code.bitAnd(a, lowMask(held.bits)) : a; }

Piece Integers::signExtended(Piece a, Held held) {
  if (!held.isNarrow())
    return a;
  unsigned shift = held.elem.width - held.bits;
  return code.shrS(code.shl(a, shift), shift);
}

Unit Integers::select(Piece condition, Unit a, Unit b) {
  return {code.select(condition, a.lo, b.lo), a.hi ? code.select(condition, a.hi, b.hi) : Piece()};
}

/// Whether an operation looks at the sign of its operands.
static bool isSignedOp(IntOp op) {
  switch (op) {
  case IntOp::ShrS:
  case IntOp::DivS:
  case IntOp::RemS:
  case IntOp::MinS:
  case IntOp::MaxS:
  case IntOp::CeilDivS:
  case IntOp::FloorDivS:
    return true;
  default:
    return false;
  }
}

Unit Integers::binary(IntOp op, Unit a, Unit b, Held held) {
  if (held.isBool()) {
    // Numbers of one bit: what wraps is logic, the rest is done in 32 bits.
    switch (op) {
    case IntOp::Add:
    case IntOp::Sub:
    case IntOp::Xor:
      return {code.bitXor(a.lo, b.lo), {}};
    case IntOp::Mul:
    case IntOp::And:
    case IntOp::MinU:
    case IntOp::MaxS:
      return {code.bitAnd(a.lo, b.lo), {}};
    case IntOp::Or:
    case IntOp::MaxU:
    case IntOp::MinS:
      return {code.bitOr(a.lo, b.lo), {}};
    default:
      Held word = session.heldInteger(32);
      bool isSigned = isSignedOp(op);
      return convert(binary(op, convert(a, held, word, isSigned), convert(b, held, word, isSigned), word), word, held,
                     false);
    }
  }

  switch (op) {
  case IntOp::MinU:
    return select(compare(IntRel::Ult, a, b, held), a, b);
  case IntOp::MinS:
    return select(compare(IntRel::Slt, a, b, held), a, b);
  case IntOp::MaxU:
    return select(compare(IntRel::Ugt, a, b, held), a, b);
  case IntOp::MaxS:
    return select(compare(IntRel::Sgt, a, b, held), a, b);
  case IntOp::RemS:
  case IntOp::CeilDivU:
  case IntOp::CeilDivS:
  case IntOp::FloorDivS: {
    // The remainder from the quotient: drivers' signed remainders differ, and Vulkan leaves negative operands open.
    bool isSigned = op != IntOp::CeilDivU;
    Unit quotient = binary(isSigned ? IntOp::DivS : IntOp::DivU, a, b, held);
    Unit remainder = binary(IntOp::Sub, a, binary(IntOp::Mul, quotient, b, held), held);
    if (op == IntOp::RemS)
      return remainder;
    Unit zero = constant(held, a.lo.lanes, 0), one = constant(held, a.lo.lanes, 1);
    Piece inexact = compare(IntRel::Ne, remainder, zero, held);
    if (op == IntOp::CeilDivU)
      return binary(IntOp::Add, quotient, select(inexact, one, zero), held);
    Piece signsDiffer = compare(IntRel::Slt, binary(IntOp::Xor, a, b, held), zero, held);
    if (op == IntOp::FloorDivS)
      return binary(IntOp::Sub, quotient, select(code.bitAnd(inexact, signsDiffer), one, zero), held);
    return binary(IntOp::Add, quotient, select(code.bitAnd(inexact, code.bitNot(signsDiffer)), one, zero), held);
  }
  default:
    break;
  }

  if (held.wide)
    return wideBinary(op, a, b);
  if (held.isNarrow() && isSignedOp(op)) {
    a.lo = signExtended(a.lo, held);
    if (op != IntOp::ShrS)
      b.lo = signExtended(b.lo, held);
  }
  return {masked(binaryNative(op, a.lo, b.lo), held), {}};
}

Piece Integers::binaryNative(IntOp op, Piece a, Piece b) {
  switch (op) {
  case IntOp::Add:
    return code.add(a, b);
  case IntOp::Sub:
    return code.sub(a, b);
  case IntOp::Mul:
    return code.mul(a, b);
  case IntOp::And:
    return code.bitAnd(a, b);
  case IntOp::Or:
    return code.bitOr(a, b);
  case IntOp::Xor:
    return code.bitXor(a, b);
  case IntOp::Shl:
    return code.shl(a, b);
  case IntOp::ShrU:
    return code.shrU(a, b);
  case IntOp::ShrS:
    return code.shrS(a, b);
  case IntOp::DivU:
    return code.binary(Op::OpUDiv, a, b);
  case IntOp::DivS:
    return code.binary(Op::OpSDiv, a, b);
  default:
    return code.binary(Op::OpUMod, a, b);
  }
}

Piece Integers::compare(IntRel relation, Unit a, Unit b, Held held) {
  static const Op ops[] = {Op::OpIEqual,       Op::OpINotEqual,         Op::OpSLessThan, Op::OpSLessThanEqual,
                           Op::OpSGreaterThan, Op::OpSGreaterThanEqual, Op::OpULessThan, Op::OpULessThanEqual,
                           Op::OpUGreaterThan, Op::OpUGreaterThanEqual};
  bool isSigned = relation >= IntRel::Slt && relation <= IntRel::Sge;
  if (held.isBool()) {
    if (relation == IntRel::Eq || relation == IntRel::Ne)
      return code.compare(relation == IntRel::Eq ? Op::OpLogicalEqual : Op::OpLogicalNotEqual, a.lo, b.lo);
    Held word = session.heldInteger(32);
    return compare(relation, convert(a, held, word, isSigned), convert(b, held, word, isSigned), word);
  }
  if (held.wide)
    return wideCompare(relation, a, b);
  if (isSigned) {
    a.lo = signExtended(a.lo, held);
    b.lo = signExtended(b.lo, held);
  }
  return code.compare(ops[static_cast<int>(relation)], a.lo, b.lo);
}

Unit Integers::convert(Unit a, Held from, Held to, bool isSigned) {
  if (from.isBool() && to.isBool())
    return a;
  if (from.isBool())
    return select(a.lo, constant(to, a.lo.lanes, isSigned ? ~0ull : 1), constant(to, a.lo.lanes, 0));
  if (to.isBool())
    return {code.notEqual(code.bitAnd(a.lo, 1), code.constant(a.lo, 0)), {}};
  if (from.wide && to.wide)
    return a;
  Held word = session.heldInteger(32);
  if (from.wide)
    return to.bits == 32 ? Unit{a.lo, {}} : convert({a.lo, {}}, word, to, isSigned);
  if (to.wide) {
    Piece lo = from.bits == 32 ? a.lo : convert(a, from, word, isSigned).lo;
    return {lo, isSigned ? code.shrS(lo, 31) : code.constant(lo, 0)};
  }
  Piece value = isSigned && to.bits > from.bits ? signExtended(a.lo, from) : a.lo;
  value = code.resize(value, to.elem.width, isSigned);
  return {to.bits < from.bits || isSigned ? masked(value, to) : value, {}};
}

Piece Integers::popcountNative(Piece a) {
  if (session.vulkan)
    return code.unary(Op::OpBitCount, a);
  return code.extended(session.extendedSet(), OpenCLLIB::Popcount, a.elem, a.lanes, {a.id});
}

Unit Integers::popcount(Unit a, Held held) {
  if (held.isBool())
    return a;
  if (held.wide || (session.vulkan && held.bits == 64)) {
    Unit parts = split(a, held);
    Piece count = code.add(popcountNative(parts.lo), popcountNative(parts.hi));
    return convert({count, {}}, session.heldInteger(32), held, false);
  }
  if (!session.vulkan)
    return {popcountNative(a.lo), {}};
  // Vulkan counts in 32 bits only.
  return {code.resize(popcountNative(code.resize(a.lo, 32, false)), held.elem.width, false), {}};
}

Piece Integers::leadingZeros32(Piece a) {
  if (!session.vulkan)
    return code.extended(session.extendedSet(), OpenCLLIB::Clz, a.elem, a.lanes, {a.id});
  Piece highest = code.extended(session.extendedSet(), GLSLstd450FindUMsb, a.elem, a.lanes, {a.id});
  return code.sub(code.constant(a, 31), highest); // of 0 the highest bit is -1
}

Unit Integers::leadingZeros(Unit a, Held held) {
  if (held.isBool())
    return {code.bitNot(a.lo), {}};
  Held word = session.heldInteger(32);
  if (held.wide || (session.vulkan && held.bits == 64))
    return convert({wideLeadingZeros(split(a, held)), {}}, word, held, false);
  if (!session.vulkan && !held.isNarrow())
    return {leadingZeros32(a.lo), {}};
  Piece count = leadingZeros32(code.resize(a.lo, 32, false));
  if (held.bits < 32)
    count = code.sub(count, code.constant(count, 32 - held.bits));
  return {code.resize(count, held.elem.width, false), {}};
}

Unit Integers::trailingZeros(Unit a, Held held) {
  if (held.isBool())
    return {code.bitNot(a.lo), {}};
  // The bits below the lowest one; all of them for 0. OpenCL 1.2 has no instruction for it.
  Unit ones = constant(held, a.lo.lanes, ~0ull);
  Unit below = binary(IntOp::And, binary(IntOp::Xor, a, ones, held), binary(IntOp::Add, a, ones, held), held);
  return popcount(below, held);
}

Piece Integers::toFloat(Unit a, Held from, Elem to, bool isSigned) {
  if (from.isBool())
    return toFloat(convert(a, from, session.heldInteger(32), isSigned), session.heldInteger(32), to, isSigned);
  if (from.wide)
    return wideToFloat(a, to, isSigned);
  if (!isSigned && a.lo.elem.width == 32)
    return from.bits == 32 ? unsignedToFloat(a.lo, to) : code.convert(Op::OpConvertSToF, a.lo, to);
  Piece value = isSigned ? signExtended(a.lo, from) : a.lo;
  return code.convert(isSigned ? Op::OpConvertSToF : Op::OpConvertUToF, value, to);
}

Piece Integers::unsignedToFloat(Piece a, Elem to) {
  // To f64 it is exact; OpenCL says how to round. SwiftShader rounds the halves of large numbers apart.
  if (!session.vulkan || to.width == 64)
    return code.convert(Op::OpConvertUToF, a, to);
  // Half of a large one, with the bit cut off kept in the lowest, rounds as the whole does.
  Piece large = code.lessS(a, code.constant(a, 0));
  Piece half = code.bitOr(code.shrU(a, 1), code.bitAnd(a, 1));
  Piece value = code.convert(Op::OpConvertSToF, code.select(large, half, a), to);
  Piece doubled = code.precise(code.binary(Op::OpFAdd, value, value));
  return code.select(large, doubled, value);
}

Unit Integers::fromFloat(Piece a, Held to, bool isSigned) {
  if (to.isBool()) {
    Held word = session.heldInteger(32);
    return convert(fromFloat(a, word, isSigned), word, to, false);
  }
  if (to.wide)
    return wideFromFloat(a, isSigned);
  // Through at least 32 bits: drivers' conversions to narrower integers are less used, and so less tested.
  unsigned width = to.bits < 32 ? 32 : to.bits;
  Piece value = code.convert(isSigned ? Op::OpConvertFToS : Op::OpConvertFToU, a, Elem::integer(width));
  return {masked(code.resize(value, to.elem.width, isSigned), to), {}};
}

Piece Integers::highProduct(Piece a, Piece b) {
  if (!session.vulkan)
    return code.extended(session.extendedSet(), OpenCLLIB::UMul_hi, a.elem, a.lanes, {a.id, b.id});
  Id type = session.module.pair(code.type(a));
  Id both = code.result(Op::OpUMulExtended, type, {a.id, b.id});
  return code.op(Op::OpCompositeExtract, a.elem, a.lanes, {both, 1});
}

std::pair<Unit, Unit> Integers::mulExtended(Unit a, Unit b, Held held, bool isSigned) {
  unsigned lanes = a.lo.lanes;
  Unit zero = constant(held, lanes, 0);
  Unit low = binary(IntOp::Mul, a, b, held), high;
  if (held.bits < 32) {
    Held word = session.heldInteger(32);
    Unit product = binary(IntOp::Mul, convert(a, held, word, isSigned), convert(b, held, word, isSigned), word);
    return {low, convert(binary(IntOp::ShrU, product, constant(word, lanes, held.bits), word), word, held, false)};
  }
  if (!held.wide && (held.bits == 32 || !session.vulkan)) {
    high = {highProduct(a.lo, b.lo), {}};
  } else {
    // Schoolbook in halves of 32 bits, each held in the whole width so that sums do not overflow.
    auto half = [&](Unit value, bool upper) {
      return upper ? binary(IntOp::ShrU, value, constant(held, lanes, 32), held)
                   : binary(IntOp::And, value, constant(held, lanes, 0xffffffff), held);
    };
    auto times = [&](Unit x, Unit y) { return binary(IntOp::Mul, x, y, held); };
    auto plus = [&](Unit x, Unit y) { return binary(IntOp::Add, x, y, held); };
    Unit al = half(a, false), ah = half(a, true), bl = half(b, false), bh = half(b, true);
    Unit middle = plus(times(ah, bl), half(times(al, bl), true));
    Unit cross = plus(times(al, bh), half(middle, false));
    high = plus(plus(times(ah, bh), half(middle, true)), half(cross, true));
  }
  if (isSigned) {
    // high(signed) = high(unsigned) - (a < 0 ? b : 0) - (b < 0 ? a : 0)
    high = binary(IntOp::Sub, high, select(compare(IntRel::Slt, a, zero, held), b, zero), held);
    high = binary(IntOp::Sub, high, select(compare(IntRel::Slt, b, zero, held), a, zero), held);
  }
  return {low, high};
}

} // namespace tenon::spirv
