//===- WideIntegers.cpp - 64-bit integers as pairs of 32-bit ones -----------===//
//
// Owns the part of Integers that works on pairs, for devices without 64-bit integers: every formula here is exact.
//
//===------------------------------------------------------------------------===//
#include "Integers.h"

#include <cstring>

namespace tenon::spirv {

using spv::Op;

static const Elem word = Elem::integer(32);

Unit Integers::split(Unit a, Held held) {
  if (held.wide)
    return a;
  return {code.resize(a.lo, 32, false), code.resize(code.shrU(a.lo, 32), 32, false)};
}

Unit Integers::wideAdd(Unit a, Unit b) {
  Piece lo = code.add(a.lo, b.lo);
  Piece carry = code.zeroOne(code.lessU(lo, a.lo), word);
  return {lo, code.add(code.add(a.hi, b.hi), carry)};
}

Unit Integers::wideSub(Unit a, Unit b) {
  Piece borrow = code.zeroOne(code.lessU(a.lo, b.lo), word);
  return {code.sub(a.lo, b.lo), code.sub(code.sub(a.hi, b.hi), borrow)};
}

Unit Integers::wideAbs(Unit a) {
  Unit zero = {code.constant(a.lo, 0), code.constant(a.hi, 0)};
  return select(code.lessS(a.hi, zero.hi), wideSub(zero, a), a);
}

Unit Integers::wideShift(IntOp op, Unit a, Piece amount) {
  Piece n = code.bitAnd(amount, 31), rest = code.sub(code.constant(n, 31), n);
  Piece far = code.notEqual(code.bitAnd(amount, 32), code.constant(n, 0));
  // What crosses over: shifted by 32 - n in two steps, so that n = 0 stays in range.
  if (op == IntOp::Shl) {
    Piece crossing = code.shrU(code.shrU(a.lo, 1), rest);
    Piece lo = code.shl(a.lo, n), hi = code.bitOr(code.shl(a.hi, n), crossing);
    return {code.select(far, code.constant(lo, 0), lo), code.select(far, lo, hi)};
  }
  Piece crossing = code.shl(code.shl(a.hi, 1), rest);
  Piece lo = code.bitOr(code.shrU(a.lo, n), crossing);
  Piece hi = op == IntOp::ShrS ? code.shrS(a.hi, n) : code.shrU(a.hi, n);
  Piece fill = op == IntOp::ShrS ? code.shrS(a.hi, 31) : code.constant(hi, 0);
  return {code.select(far, hi, lo), code.select(far, fill, hi)};
}

Piece Integers::wideCompare(IntRel relation, Unit a, Unit b) {
  Piece highEqual = code.equal(a.hi, b.hi);
  auto less = [&](bool isSigned, Unit x, Unit y) {
    Piece high = isSigned ? code.lessS(x.hi, y.hi) : code.lessU(x.hi, y.hi);
    return code.bitOr(high, code.bitAnd(highEqual, code.lessU(x.lo, y.lo)));
  };
  switch (relation) {
  case IntRel::Eq:
    return code.bitAnd(highEqual, code.equal(a.lo, b.lo));
  case IntRel::Ne:
    return code.bitNot(code.bitAnd(highEqual, code.equal(a.lo, b.lo)));
  case IntRel::Slt:
  case IntRel::Ult:
    return less(relation == IntRel::Slt, a, b);
  case IntRel::Sgt:
  case IntRel::Ugt:
    return less(relation == IntRel::Sgt, b, a);
  case IntRel::Sle:
  case IntRel::Ule:
    return code.bitNot(less(relation == IntRel::Sle, b, a));
  case IntRel::Sge:
  case IntRel::Uge:
    return code.bitNot(less(relation == IntRel::Sge, a, b));
  }
  return {};
}

Unit Integers::wideBinary(IntOp op, Unit a, Unit b) {
  switch (op) {
  case IntOp::Add:
    return wideAdd(a, b);
  case IntOp::Sub:
    return wideSub(a, b);
  case IntOp::Mul: {
    Piece high = highProduct(a.lo, b.lo);
    Piece cross = code.add(code.mul(a.lo, b.hi), code.mul(a.hi, b.lo));
    return {code.mul(a.lo, b.lo), code.add(high, cross)};
  }
  case IntOp::And:
    return {code.bitAnd(a.lo, b.lo), code.bitAnd(a.hi, b.hi)};
  case IntOp::Or:
    return {code.bitOr(a.lo, b.lo), code.bitOr(a.hi, b.hi)};
  case IntOp::Xor:
    return {code.bitXor(a.lo, b.lo), code.bitXor(a.hi, b.hi)};
  case IntOp::Shl:
  case IntOp::ShrU:
  case IntOp::ShrS:
    return wideShift(op, a, b.lo);
  default:
    return wideDivide(op, a, b);
  }
}

Unit Integers::wideDivide(IntOp op, Unit a, Unit b) {
  bool isSigned = op == IntOp::DivS, wantsRemainder = op == IntOp::RemU;
  Unit n = isSigned ? wideAbs(a) : a, d = isSigned ? wideAbs(b) : b;
  llvm::SmallVector<Piece, 4> lo, hi;
  Id function = divideFunction();
  Id vector = session.module.type(word, 4);
  for (unsigned lane = 0; lane < a.lo.lanes; ++lane) {
    Id both = code.result(Op::OpFunctionCall, vector,
                          {function, code.extract(n.lo, lane).id, code.extract(n.hi, lane).id,
                           code.extract(d.lo, lane).id, code.extract(d.hi, lane).id});
    Piece result{both, word, 4};
    lo.push_back(code.extract(result, wantsRemainder ? 2 : 0));
    hi.push_back(code.extract(result, wantsRemainder ? 3 : 1));
  }
  Unit value = {code.construct(lo), code.construct(hi)};
  if (!isSigned)
    return value;
  Unit zero = {code.constant(a.lo, 0), code.constant(a.lo, 0)};
  return select(code.lessS(code.bitXor(a.hi, b.hi), zero.hi), wideSub(zero, value), value);
}

Id Integers::divideFunction() {
  if (session.divideFunction)
    return session.divideFunction;
  Module &module = session.module;
  Id scalar = module.type(word), vector = module.type(word, 4);
  Id functionType = module.function(vector, {scalar, scalar, scalar, scalar});
  Id function = session.divideFunction = module.newId();
  llvm::SmallVector<std::pair<Id, Id>, 4> parameters;
  llvm::SmallVector<Piece, 4> p;
  for (int i = 0; i < 4; ++i) {
    parameters.push_back({scalar, module.newId()});
    p.push_back({parameters.back().second, word, 1});
  }

  Code f(module);
  Integers math(session, f);
  Piece zero = f.constant(word, 1, 0), one = f.constant(word, 1, 1);
  Id entry = module.newId(), fast = module.newId(), slow = module.newId(), header = module.newId(),
     body = module.newId(), next = module.newId(), exit = module.newId();
  f.label(entry);
  // Both fit in 32 bits: one native division.
  Piece small = f.equal(f.bitOr(p[1], p[3]), zero);
  f.emit(Op::OpSelectionMerge, {slow, 0});
  f.emit(Op::OpBranchConditional, {small.id, fast, slow});
  f.label(fast);
  Piece quotient = f.binary(Op::OpUDiv, p[0], p[2]);
  Piece remainder = f.sub(p[0], f.mul(quotient, p[2]));
  f.emit(Op::OpReturnValue, {f.construct({quotient, zero, remainder, zero}).id});

  // Shift and subtract: the quotient's bits enter n from the right while n's own leave into r on the left.
  f.label(slow);
  f.branch(header);
  f.label(header);
  size_t patch[5];
  Piece count = f.phi(zero, slow, patch[0]);
  Piece nLo = f.phi(p[0], slow, patch[1]), nHi = f.phi(p[1], slow, patch[2]);
  Piece rLo = f.phi(zero, slow, patch[3]), rHi = f.phi(zero, slow, patch[4]);
  Piece more = f.lessU(count, f.constant(word, 1, 64));
  f.emit(Op::OpLoopMerge, {exit, next, 0});
  f.emit(Op::OpBranchConditional, {more.id, body, exit});
  f.label(body);
  Piece overflow = f.notEqual(f.shrU(rHi, 31), zero);
  Unit r = {f.bitOr(f.shl(rLo, 1), f.shrU(nHi, 31)), f.bitOr(f.shl(rHi, 1), f.shrU(rLo, 31))};
  Unit d = {p[2], p[3]};
  Piece fits = f.bitOr(overflow, math.wideCompare(IntRel::Uge, r, d));
  Unit reduced = math.select(fits, math.wideSub(r, d), r);
  Piece newLo = f.bitOr(f.shl(nLo, 1), f.zeroOne(fits, word));
  Piece newHi = f.bitOr(f.shl(nHi, 1), f.shrU(nLo, 31));
  f.branch(next);
  f.label(next);
  Piece counted = f.add(count, one);
  f.branch(header);
  Piece updates[5] = {counted, newLo, newHi, reduced.lo, reduced.hi};
  for (int i = 0; i < 5; ++i)
    f.patchPhi(patch[i], updates[i].id, next);
  f.label(exit);
  f.emit(Op::OpReturnValue, {f.construct({nLo, nHi, rLo, rHi}).id});
  module.addFunction(f.finish(function, vector, functionType, parameters));
  return function;
}

Piece Integers::wideLeadingZeros(Unit a) {
  Piece zero = code.constant(a.hi, 0), low = code.add(leadingZeros32(a.lo), uint64_t(32));
  return code.select(code.equal(a.hi, zero), low, leadingZeros32(a.hi));
}

Piece Integers::wideToFloat(Unit a, Elem to, bool isSigned) {
  auto real = [&](double value) {
    uint64_t bits = 0;
    if (to.width == 64) {
      memcpy(&bits, &value, 8);
    } else {
      float narrow = static_cast<float>(value);
      memcpy(&bits, &narrow, 4);
    }
    return code.constant(to, a.lo.lanes, bits);
  };
  if (to.width == 64) {
    // Both halves and the product are exact; only the sum rounds.
    Piece hi = code.convert(isSigned ? Op::OpConvertSToF : Op::OpConvertUToF, a.hi, to);
    Piece lo = code.convert(Op::OpConvertUToF, a.lo, to);
    Piece scaled = code.precise(code.binary(Op::OpFMul, hi, real(4294967296.0)));
    return code.precise(code.binary(Op::OpFAdd, scaled, lo));
  }
  // The leading 32 bits, the lowest of which stands for all that are cut off, round as the whole does.
  Unit value = isSigned ? wideAbs(a) : a;
  Piece zeros = wideLeadingZeros(value);
  Piece shift = code.bitAnd(zeros, 63);
  Unit top = wideShift(IntOp::Shl, value, shift);
  Piece sticky = code.zeroOne(code.notEqual(top.lo, code.constant(top.lo, 0)), word);
  Piece rounded = unsignedToFloat(code.bitOr(top.hi, sticky), to);
  // times 2^(32 - shift), exact, built from its exponent
  Piece exponent = code.sub(code.constant(shift, 127 + 32), shift);
  Piece result = code.precise(code.binary(Op::OpFMul, rounded, code.bitcast(code.shl(exponent, 23), to)));
  if (!isSigned)
    return result;
  Piece negative = code.lessS(a.hi, code.constant(a.hi, 0));
  return code.select(negative, code.unary(Op::OpFNegate, result), result);
}

Unit Integers::wideFromFloat(Piece a, bool isSigned) {
  auto real = [&](double value) {
    uint64_t bits = 0;
    if (a.elem.width == 64) {
      memcpy(&bits, &value, 8);
    } else {
      float narrow = static_cast<float>(value);
      memcpy(&bits, &narrow, 4);
    }
    return code.constant(a, bits);
  };
  Piece zero = real(0), negative = code.compare(Op::OpFOrdLessThan, a, zero);
  Piece magnitude = isSigned ? code.select(negative, code.unary(Op::OpFNegate, a), a) : a;
  // Scaling by powers of two, the high part and what remains below it are all exact.
  Piece high =
      code.convert(Op::OpConvertFToU, code.precise(code.binary(Op::OpFMul, magnitude, real(1.0 / 4294967296.0))), word);
  Piece highValue =
      code.precise(code.binary(Op::OpFMul, code.convert(Op::OpConvertUToF, high, a.elem), real(4294967296.0)));
  Piece rest = code.precise(code.binary(Op::OpFSub, magnitude, highValue));
  Unit value = {code.convert(Op::OpConvertFToU, rest, word), high};
  if (!isSigned)
    return value;
  Unit nothing = {code.constant(high, 0), code.constant(high, 0)};
  return select(negative, wideSub(nothing, value), value);
}

} // namespace tenon::spirv
