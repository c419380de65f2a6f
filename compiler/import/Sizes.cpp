//===- Sizes.cpp ------------------------------------------------------------===//
#include "compiler/import/Sizes.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;

std::optional<int64_t> Sizes::constantOf(Value value) {
  auto op = value.getDefiningOp<arith::ConstantOp>();
  auto integer = op ? dyn_cast<IntegerAttr>(op.getValue()) : IntegerAttr();
  if (!integer)
    return std::nullopt;
  return value.getType().isInteger(1) ? int64_t(!integer.getValue().isZero()) : integer.getInt();
}

std::string Sizes::nameOf(Value value) {
  return std::to_string(reinterpret_cast<uintptr_t>(value.getAsOpaquePointer()));
}

Value Sizes::once(const std::string &key, function_ref<Value()> make) {
  auto found = known.find(key);
  if (found != known.end())
    return found->second;
  if (before)
    builder.setInsertionPoint(before);
  else
    builder.setInsertionPointToEnd(&block);
  return known[key] = make();
}

Value Sizes::constant(int64_t value) {
  return once("c" + std::to_string(value),
              [&] { return arith::ConstantIndexOp::create(builder, loc, value).getResult(); });
}

Value Sizes::boolean(bool value) {
  return once(value ? "true" : "false",
              [&] { return arith::ConstantOp::create(builder, loc, builder.getBoolAttr(value)).getResult(); });
}

template <class OpTy> Value Sizes::fold(Value a, Value b, std::optional<int64_t> result) {
  if (result)
    return constant(*result);
  std::string key = (OpTy::getOperationName() + " " + nameOf(a) + " " + nameOf(b)).str();
  return once(key, [&] { return OpTy::create(builder, loc, a, b).getResult(); });
}

/// What `operation` (false on overflow) makes of two numbers.
template <class Operation> static std::optional<int64_t> onNumbers(Value a, Value b, Operation operation) {
  std::optional<int64_t> x = Sizes::constantOf(a), y = Sizes::constantOf(b);
  int64_t result = 0;
  if (x && y && operation(*x, *y, result))
    return result;
  return std::nullopt;
}

Value Sizes::add(Value a, Value b) {
  if (constantOf(a) == 0)
    return b;
  if (constantOf(b) == 0)
    return a;
  return fold<arith::AddIOp>(
      a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) { return !llvm::AddOverflow(x, y, r); }));
}

Value Sizes::sub(Value a, Value b) {
  if (constantOf(b) == 0)
    return a;
  if (a == b)
    return constant(0);
  return fold<arith::SubIOp>(
      a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) { return !llvm::SubOverflow(x, y, r); }));
}

Value Sizes::mul(Value a, Value b) {
  if (constantOf(a) == 1)
    return b;
  if (constantOf(b) == 1)
    return a;
  return fold<arith::MulIOp>(
      a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) { return !llvm::MulOverflow(x, y, r); }));
}

Value Sizes::div(Value a, Value b) {
  if (constantOf(b) == 1)
    return a;
  return fold<arith::DivSIOp>(a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) {
                                r = y <= 0 ? 0 : x / y;
                                return y >= 0;
                              }));
}

Value Sizes::rem(Value a, Value b) {
  return fold<arith::RemSIOp>(a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) {
                                r = y <= 0 ? x : x % y;
                                return y >= 0;
                              }));
}

Value Sizes::floorDiv(Value a, Value b) {
  if (constantOf(b) == 1)
    return a;
  return fold<arith::FloorDivSIOp>(a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) {
                                     r = y > 0 ? llvm::divideFloorSigned(x, y) : 0;
                                     return y > 0;
                                   }));
}

Value Sizes::ceilDiv(Value a, Value b) {
  if (constantOf(b) == 1)
    return a;
  return fold<arith::CeilDivSIOp>(a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) {
                                    r = y > 0 ? llvm::divideCeilSigned(x, y) : 0;
                                    return y > 0;
                                  }));
}

Value Sizes::min(Value a, Value b) {
  if (a == b)
    return a;
  return fold<arith::MinSIOp>(
      a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) { return r = std::min(x, y), true; }));
}

Value Sizes::max(Value a, Value b) {
  if (a == b)
    return a;
  return fold<arith::MaxSIOp>(
      a, b, onNumbers(a, b, [](int64_t x, int64_t y, int64_t &r) { return r = std::max(x, y), true; }));
}

Value Sizes::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  if (x && y)
    return boolean(arith::applyCmpPredicate(predicate, APInt(64, *x, true), APInt(64, *y, true)));
  using P = arith::CmpIPredicate;
  if (a == b)
    return boolean(predicate == P::eq || predicate == P::sle || predicate == P::sge || predicate == P::ule ||
                   predicate == P::uge);
  // Sizes are not negative: unsigned compares are signed ones, which plans can compute.
  P plain = predicate == P::ult   ? P::slt
            : predicate == P::ule ? P::sle
            : predicate == P::ugt ? P::sgt
            : predicate == P::uge ? P::sge
                                  : predicate;
  return once("cmp" + std::to_string(static_cast<int>(plain)) + " " + nameOf(a) + " " + nameOf(b),
              [&] { return arith::CmpIOp::create(builder, loc, plain, a, b).getResult(); });
}

Value Sizes::both(Value a, Value b) {
  if (!a || constantOf(a) == 1 || a == b)
    return b;
  if (!b || constantOf(b) == 1)
    return a;
  if (constantOf(a) == 0 || constantOf(b) == 0)
    return boolean(false);
  return fold<arith::AndIOp>(a, b, std::nullopt);
}

Value Sizes::either(Value a, Value b) {
  if (constantOf(a) == 0 || a == b)
    return b;
  if (constantOf(b) == 0)
    return a;
  if (constantOf(a) == 1 || constantOf(b) == 1)
    return boolean(true);
  return fold<arith::OrIOp>(a, b, std::nullopt);
}

Value Sizes::negation(Value a) {
  if (std::optional<int64_t> known = constantOf(a))
    return boolean(!*known);
  return fold<arith::XOrIOp>(a, boolean(true), std::nullopt);
}

Value Sizes::select(Value condition, Value then, Value otherwise) {
  if (std::optional<int64_t> known = constantOf(condition))
    return *known ? then : otherwise;
  if (then == otherwise)
    return then;
  return once("select " + nameOf(condition) + " " + nameOf(then) + " " + nameOf(otherwise),
              [&] { return arith::SelectOp::create(builder, loc, condition, then, otherwise).getResult(); });
}

Value Sizes::affine(AffineExpr expr, ValueRange dims, ValueRange symbols) {
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    return constant(cast<AffineConstantExpr>(expr).getValue());
  case AffineExprKind::DimId:
    return dims[cast<AffineDimExpr>(expr).getPosition()];
  case AffineExprKind::SymbolId:
    return symbols[cast<AffineSymbolExpr>(expr).getPosition()];
  default:
    break;
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value a = affine(binary.getLHS(), dims, symbols), b = affine(binary.getRHS(), dims, symbols);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return add(a, b);
  case AffineExprKind::Mul:
    return mul(a, b);
  case AffineExprKind::FloorDiv:
    return floorDiv(a, b);
  case AffineExprKind::CeilDiv:
    return ceilDiv(a, b);
  default: // Mod: never negative.
    return sub(a, mul(floorDiv(a, b), b));
  }
}
