//===- Integers.h - integer arithmetic, native or by hand -------------------===//
//
// Owns the meaning of integer operations on held values: native ones, narrow ones in 32 bits, 64-bit ones as pairs.
// Does not own memory or the kernel IR's operations.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Code.h"
#include "Session.h"

namespace tenon::spirv {

enum class IntOp {
  Add,
  Sub,
  Mul,
  And,
  Or,
  Xor,
  Shl,
  ShrU,
  ShrS,
  DivU,
  DivS,
  RemU,
  RemS,
  MinU,
  MinS,
  MaxU,
  MaxS,
  CeilDivU,
  CeilDivS,
  FloorDivS
};

/// In the order of arith.cmpi's predicates.
enum class IntRel { Eq, Ne, Slt, Sle, Sgt, Sge, Ult, Ule, Ugt, Uge };

class Integers {
public:
  Integers(Session &session, Code &code) : session(session), code(code) {}

  Unit constant(Held held, unsigned lanes, uint64_t bits);
  Unit binary(IntOp op, Unit a, Unit b, Held held);
  Piece compare(IntRel relation, Unit a, Unit b, Held held);
  Unit select(Piece condition, Unit a, Unit b);
  Unit negate(Unit a, Held held) { return binary(IntOp::Sub, constant(held, a.lo.lanes, 0), a, held); }
  /// Integer to integer: extends by sign or by zero, or truncates.
  Unit convert(Unit a, Held from, Held to, bool isSigned);
  Unit popcount(Unit a, Held held);
  Unit leadingZeros(Unit a, Held held);
  Unit trailingZeros(Unit a, Held held);

  /// To and from f32 and f64. Out of range and NaN are the caller's business.
  Piece toFloat(Unit a, Held from, Elem to, bool isSigned);
  Unit fromFloat(Piece a, Held to, bool isSigned);

  /// The double-width product, low half first.
  std::pair<Unit, Unit> mulExtended(Unit a, Unit b, Held held, bool isSigned);

private:
  /// Sign-extends a narrow integer to its 32 bits.
  Piece signExtended(Piece a, Held held);
  Piece masked(Piece a, Held held);
  Piece binaryNative(IntOp op, Piece a, Piece b);
  Piece highProduct(Piece a, Piece b);
  /// Rounded to nearest even whatever the driver does with numbers past 2^31.
  Piece unsignedToFloat(Piece a, Elem to);
  Piece leadingZeros32(Piece a);
  Piece popcountNative(Piece a);

  // Pairs (WideIntegers.cpp).
  Unit wide(Piece lo, Piece hi) { return {lo, hi}; }
  Unit wideBinary(IntOp op, Unit a, Unit b);
  Unit wideAdd(Unit a, Unit b);
  Unit wideSub(Unit a, Unit b);
  Unit wideShift(IntOp op, Unit a, Piece amount);
  Unit wideDivide(IntOp op, Unit a, Unit b);
  Piece wideCompare(IntRel relation, Unit a, Unit b);
  Unit wideAbs(Unit a);
  Piece wideLeadingZeros(Unit a);
  Piece wideToFloat(Unit a, Elem to, bool isSigned);
  Unit wideFromFloat(Piece a, bool isSigned);
  /// A 64-bit integer as a pair, and back; a pair stays one.
  Unit split(Unit a, Held held);
  /// (n.lo, n.hi, d.lo, d.hi) -> vector of quotient and remainder, unsigned.
  Id divideFunction();

  Session &session;
  Code &code;
};

} // namespace tenon::spirv
