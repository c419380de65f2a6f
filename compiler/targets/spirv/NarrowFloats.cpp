//===- NarrowFloats.cpp - f16 and bf16 by bit arithmetic --------------------===//
//
// Owns what NarrowFloats.h declares.
//
//===------------------------------------------------------------------------===//
#include "NarrowFloats.h"

namespace tenon::spirv {

using spv::Op;

static const Elem real = Elem::real(32), word = Elem::integer(32);

Piece halfToFloat(Code &code, Piece bits) {
  Piece sign = code.shl(code.bitAnd(bits, 0x8000), 16);
  Piece magnitude = code.bitAnd(bits, 0x7fff);
  // Rebias the exponent; infinity and NaN get the highest one. Subnormals are counted in units of 2^-24, so that no f32
  // subnormal appears, which a device may flush.
  Piece shifted = code.shl(magnitude, 13);
  Piece normal = code.add(shifted, uint64_t(112) << 23);
  Piece special = code.bitOr(shifted, 0x7f800000);
  Piece units = code.convert(Op::OpConvertUToF, magnitude, real);
  Piece small = code.precise(code.binary(Op::OpFMul, units, code.constant(units, 0x33800000))); // 2^-24
  Piece value = code.select(code.lessU(magnitude, code.constant(bits, 0x7c00)), normal, special);
  value = code.select(code.lessU(magnitude, code.constant(bits, 0x400)), code.bitcast(small, word), value);
  return code.bitcast(code.bitOr(value, sign), real);
}

Piece floatToHalf(Code &code, Piece value) {
  Piece bits = code.bitcast(value, word);
  Piece sign = code.bitAnd(code.shrU(bits, 16), 0x8000);
  Piece magnitude = code.bitAnd(bits, 0x7fffffff);
  // Normal results: rebias and round to even; what rounds past the largest one is infinity.
  Piece odd = code.bitAnd(code.shrU(magnitude, 13), 1);
  Piece biased = code.sub(magnitude, code.constant(bits, uint64_t(112) << 23));
  Piece normal = code.minU(code.shrU(code.add(code.add(biased, 0xfff), odd), 13), 0x7c00);
  // Subnormal results: the significand in units of 2^-24, rounded to even by hand. Far smaller ones shift by 31, to 0.
  Piece exponent = code.shrU(magnitude, 23);
  Piece shift = code.minU(code.sub(code.constant(bits, 126), exponent), 31);
  Piece significand = code.bitOr(code.bitAnd(magnitude, 0x7fffff), 0x800000);
  Piece lowest = code.bitAnd(code.shrU(significand, shift), 1);
  Piece half = code.shl(code.constant(bits, 1), code.sub(shift, code.constant(bits, 1)));
  Piece below = code.sub(half, code.constant(bits, 1));
  Piece small = code.shrU(code.add(code.add(significand, below), lowest), shift);
  Piece result = code.select(code.lessU(magnitude, code.constant(bits, 0x38800000)), small, normal);
  Piece quiet = code.bitOr(code.bitAnd(code.shrU(magnitude, 13), 0x3ff), 0x7e00);
  result = code.select(code.lessU(code.constant(bits, 0x7f800000), magnitude), quiet, result);
  return code.bitOr(result, sign);
}

Piece bfloatToFloat(Code &code, Piece bits) { return code.bitcast(code.shl(bits, 16), real); }

Piece floatToBfloat(Code &code, Piece value) {
  Piece bits = code.bitcast(value, word);
  Piece odd = code.bitAnd(code.shrU(bits, 16), 1);
  Piece rounded = code.shrU(code.add(code.add(bits, 0x7fff), odd), 16);
  Piece quiet = code.bitOr(code.shrU(bits, 16), 0x40);
  Piece isNan = code.lessU(code.constant(bits, 0x7f800000), code.bitAnd(bits, 0x7fffffff));
  return code.select(isNan, quiet, rounded);
}

Piece doubleToOddFloat(Code &code, Piece value) {
  Piece nearest = code.convert(Op::OpFConvert, value, real);
  Piece back = code.convert(Op::OpFConvert, nearest, Elem::real(64));
  Piece bits = code.bitcast(nearest, word);
  Piece inexact = code.compare(Op::OpFOrdNotEqual, back, value);
  Piece even = code.equal(code.bitAnd(bits, 1), code.constant(bits, 0));
  // Where the nearest is even, the odd neighbour on the other side of the value. A value that rounded to zero keeps its
  // sign bit in `bits`.
  Piece negative = code.notEqual(code.shrU(bits, 31), code.constant(bits, 0));
  Piece grew = code.compare(Op::OpFOrdGreaterThan, back, value); // toward +infinity
  Piece away = code.bitXor(grew, negative);                      // the magnitude grew
  Piece one = code.constant(bits, 1);
  Piece moved = code.select(away, code.sub(bits, one), code.add(bits, one));
  return code.bitcast(code.select(code.bitAnd(inexact, even), moved, bits), real);
}

} // namespace tenon::spirv
