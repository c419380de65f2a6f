//===- IntegerArithmetic.cpp - exact integers, and uncertain ones -----------===//
//
// Owns the language's wrapping integer operators and functions, and what they make of an integer that is only known to
// be in a range because it came from an uncertain float.
//
//===------------------------------------------------------------------------===//
#include "Number.h"

#include <bit>

using namespace tenon;
using namespace tenon::oracle;

static int64_t lowest(DType type) {
  if (!isSigned(type))
    return 0;
  return static_cast<int64_t>(~uint64_t(0) << (getBits(type) - 1));
}
static int64_t highest(DType type) {
  if (type == DType::Bool)
    return 1;
  unsigned bits = getBits(type) - (isSigned(type) ? 1 : 0);
  return static_cast<int64_t>(bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1);
}

Integer oracle::anyInteger(DType type) { return {lowest(type), lowest(type), highest(type), Forked}; }

Integer oracle::hull(DType type, const Integer &a, const Integer &b) {
  return {a.v, lessExact(type, b.lo, a.lo) ? b.lo : a.lo, lessExact(type, a.hi, b.hi) ? b.hi : a.hi,
          static_cast<uint8_t>(a.flags | b.flags | Forked)};
}

int64_t oracle::binaryExact(BinaryOp op, DType type, int64_t a, int64_t b) {
  uint64_t x = a, y = b;
  unsigned bits = getBits(type);
  bool tooFar = y >= bits; // A negative count is a huge one.
  switch (op) {
  case BinaryOp::Add:
    return wrapTo(type, x + y);
  case BinaryOp::Sub:
    return wrapTo(type, x - y);
  case BinaryOp::Mul:
    return wrapTo(type, x * y);
  case BinaryOp::Div:
    if (b == 0)
      return 0;
    if (type == DType::U64)
      return x / y;
    return wrapTo(type, b == -1 ? -x : static_cast<uint64_t>(a / b));
  case BinaryOp::Rem:
    if (b == 0)
      return a;
    if (type == DType::U64)
      return x % y;
    return b == -1 ? 0 : a % b;
  case BinaryOp::Shl:
    return tooFar ? 0 : wrapTo(type, x << y);
  case BinaryOp::Shr:
    if (isSigned(type))
      return tooFar ? (a < 0 ? -1 : 0) : a >> y;
    return tooFar ? 0 : static_cast<int64_t>(x >> y);
  case BinaryOp::BitAnd:
    return a & b;
  case BinaryOp::BitXor:
    return a ^ b;
  case BinaryOp::BitOr:
    return a | b;
  }
  return 0;
}

bool oracle::compareExact(CompareOp op, DType type, int64_t a, int64_t b) {
  switch (op) {
  case CompareOp::Eq:
    return a == b;
  case CompareOp::Ne:
    return a != b;
  case CompareOp::Lt:
    return lessExact(type, a, b);
  case CompareOp::Le:
    return !lessExact(type, b, a);
  case CompareOp::Gt:
    return lessExact(type, b, a);
  case CompareOp::Ge:
    return !lessExact(type, a, b);
  }
  return false;
}

int64_t oracle::callExact(Function function, DType type, const int64_t *v) {
  auto lesserOf = [type](int64_t a, int64_t b) { return lessExact(type, b, a) ? b : a; };
  auto greaterOf = [type](int64_t a, int64_t b) { return lessExact(type, a, b) ? b : a; };
  unsigned width = getBits(type);
  uint64_t bits = width == 64 ? uint64_t(v[0]) : uint64_t(v[0]) & ((uint64_t(1) << width) - 1);
  bool isNegative = isSigned(type) && v[0] < 0;
  switch (function) {
  case Function::Abs:
    return isNegative ? wrapTo(type, -uint64_t(v[0])) : v[0];
  case Function::Sign:
    return isNegative ? -1 : v[0] != 0;
  case Function::Min:
    return lesserOf(v[0], v[1]);
  case Function::Max:
    return greaterOf(v[0], v[1]);
  case Function::Clamp:
    return lesserOf(greaterOf(v[0], v[1]), v[2]);
  case Function::PopCount:
    return wrapTo(type, std::popcount(bits));
  case Function::Clz:
    return wrapTo(type, std::countl_zero(bits) - (64 - width));
  case Function::Ctz:
    return wrapTo(type, bits ? std::countr_zero(bits) : width);
  default:
    return 0;
  }
}

//===- ranges ---------------------------------------------------------------===//

/// How many values a range has, at most `limit` + 1.
static uint64_t extentOf(const Integer &a, uint64_t limit) {
  uint64_t steps = uint64_t(a.hi) - uint64_t(a.lo);
  return steps >= limit ? limit + 1 : steps + 1;
}

static constexpr uint64_t mostTried = 64;

/// Tries every value of up to three ranges, or gives up and knows nothing.
template <typename Operation>
static Integer tryAll(DType type, const Integer *operands, int count, Operation operation) {
  int64_t v[3] = {};
  uint8_t flags = 0;
  uint64_t extents[3] = {1, 1, 1}, combinations = 1;
  bool tooMany = false;
  for (int i = 0; i < count; ++i) {
    v[i] = operands[i].v;
    flags |= operands[i].flags;
    extents[i] = extentOf(operands[i], mostTried);
    combinations *= extents[i];
    tooMany |= combinations > mostTried;
  }
  Integer r = exactly(operation(v));
  r.flags = flags;
  if (tooMany) {
    Integer any = anyInteger(type);
    any.v = r.v;
    return any;
  }
  for (uint64_t k = 0; k < combinations; ++k) {
    uint64_t rest = k;
    for (int i = 0; i < count; ++i) {
      v[i] = static_cast<int64_t>(uint64_t(operands[i].lo) + rest % extents[i]);
      rest /= extents[i];
    }
    int64_t other = operation(v);
    r.lo = lessExact(type, other, r.lo) ? other : r.lo;
    r.hi = lessExact(type, r.hi, other) ? other : r.hi;
  }
  return r;
}

Integer oracle::binary(BinaryOp op, DType type, const Integer &a, const Integer &b) {
  if (isPoint(a) && isPoint(b)) {
    Integer r = exactly(binaryExact(op, type, a.v, b.v));
    r.flags = a.flags | b.flags;
    return r;
  }
  if (type != DType::U64 && (op == BinaryOp::Add || op == BinaryOp::Sub || op == BinaryOp::Mul)) {
    auto apply = [op](__int128 x, __int128 y) {
      return op == BinaryOp::Add ? x + y : op == BinaryOp::Sub ? x - y : x * y;
    };
    __int128 c[4] = {apply(a.lo, b.lo), apply(a.lo, b.hi), apply(a.hi, b.lo), apply(a.hi, b.hi)};
    __int128 lo = c[0], hi = c[0];
    for (__int128 corner : c) {
      lo = corner < lo ? corner : lo;
      hi = corner > hi ? corner : hi;
    }
    if (lo >= lowest(type) && hi <= highest(type))
      return {binaryExact(op, type, a.v, b.v), static_cast<int64_t>(lo), static_cast<int64_t>(hi),
              static_cast<uint8_t>(a.flags | b.flags)};
  }
  Integer operands[2] = {a, b};
  return tryAll(type, operands, 2, [&](const int64_t *v) { return binaryExact(op, type, v[0], v[1]); });
}

Integer oracle::unary(UnaryOp op, DType type, const Integer &a) {
  return tryAll(type, &a, 1, [&](const int64_t *v) -> int64_t {
    switch (op) {
    case UnaryOp::Neg:
      return wrapTo(type, -uint64_t(v[0]));
    case UnaryOp::Not:
      return !v[0];
    case UnaryOp::BitNot:
      return wrapTo(type, ~uint64_t(v[0]));
    }
    return 0;
  });
}

Integer oracle::callInteger(Function function, DType type, const Integer *operands) {
  int count = getArity(function);
  // Monotone in every operand: the ends tell.
  if (function == Function::Min || function == Function::Max || function == Function::Clamp ||
      function == Function::Sign) {
    int64_t v[3], lo[3], hi[3];
    uint8_t flags = 0;
    for (int i = 0; i < count; ++i) {
      v[i] = operands[i].v;
      lo[i] = operands[i].lo;
      hi[i] = operands[i].hi;
      flags |= operands[i].flags;
    }
    return {callExact(function, type, v), callExact(function, type, lo), callExact(function, type, hi), flags};
  }
  return tryAll(type, operands, count, [&](const int64_t *v) { return callExact(function, type, v); });
}

Integer oracle::compareInteger(CompareOp op, DType type, const Integer &a, const Integer &b) {
  int64_t nominal = compareExact(op, type, a.v, b.v);
  uint8_t flags = a.flags | b.flags;
  if (isPoint(a) && isPoint(b))
    return {nominal, nominal, nominal, flags};
  bool apart = lessExact(type, a.hi, b.lo) || lessExact(type, b.hi, a.lo);
  bool known = false;
  switch (op) {
  case CompareOp::Eq:
  case CompareOp::Ne:
    known = apart;
    break;
  case CompareOp::Lt:
  case CompareOp::Ge:
    known = lessExact(type, a.hi, b.lo) || !lessExact(type, a.lo, b.hi);
    break;
  case CompareOp::Le:
  case CompareOp::Gt:
    known = !lessExact(type, b.lo, a.hi) || lessExact(type, b.hi, a.lo);
    break;
  }
  if (known)
    return {nominal, nominal, nominal, flags};
  return {nominal, 0, 1, static_cast<uint8_t>(flags | Forked)};
}
