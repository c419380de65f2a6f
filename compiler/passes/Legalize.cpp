//===- Legalize.cpp - one meaning on every device ---------------------------===//
//
// Owns the walk over kernels and which operation becomes what, in three steps: f16 and bf16 arithmetic in f32, then
// every operation by itself, then 8- and 16-bit arithmetic in 32 bits where the device has none. Does not own the
// formulas: Semantics.h, MathFunctions.h.
//
//===------------------------------------------------------------------------===//
#include "Legalize.h"

#include "MathFunctions.h"
#include "Semantics.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {
namespace {

bool isNarrowFloat(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF16() || element.isBF16();
}

class Legalizer {
public:
  Legalizer(ModuleOp kernels, const DeviceDescription &device, std::vector<std::string> &emulations)
      : kernels(kernels), device(device), emulations(emulations) {}

  LogicalResult run();

private:
  std::vector<Operation *> operations();
  void note(StringRef what);
  bool computes(Operation *op);
  void widen(Operation *op);
  LogicalResult rewrite(Operation *op);
  LogicalResult rewriteFunction(Operation *op);
  Term rewriteArith(Emit &e, Operation *op);
  Term compareFloats(Emit &e, arith::CmpFOp op);
  bool isNarrowInt(Type type);
  void widenInt(Operation *op);
  void replace(Operation *op, ValueRange values);

  ModuleOp kernels;
  const DeviceDescription &device;
  std::vector<std::string> &emulations;
};

std::vector<Operation *> Legalizer::operations() {
  std::vector<Operation *> all;
  kernels.walk<WalkOrder::PreOrder>([&](Operation *op) { all.push_back(op); });
  return all;
}

void Legalizer::note(StringRef what) {
  if (!llvm::is_contained(emulations, what))
    emulations.push_back(what.str());
}

void Legalizer::replace(Operation *op, ValueRange values) {
  op->replaceAllUsesWith(values);
  op->erase();
}

/// Whether `op` calculates with its operands, rather than moves, converts or reinterprets them.
bool Legalizer::computes(Operation *op) {
  if (isa<arith::ConstantOp, arith::SelectOp, arith::ExtFOp, arith::TruncFOp, arith::BitcastOp, arith::SIToFPOp,
          arith::UIToFPOp, arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp, arith::IndexCastOp, arith::IndexCastUIOp>(
          op))
    return false;
  return isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op->getDialect()) ||
         op->getName().getStringRef() == "vector.fma";
}

// ---- f16 and bf16 ------------------------------------------------------------------------------------------------

/// An operation on f16 or bf16 becomes the same operation on f32.
void Legalizer::widen(Operation *op) {
  OpBuilder b(op);
  Type f32 = b.getF32Type();
  OperationState state(op->getLoc(), op->getName());
  Type narrow;
  for (Value operand : op->getOperands()) {
    if (isNarrowFloat(operand.getType())) {
      narrow = getElementTypeOrSelf(operand.getType());
      operand = arith::ExtFOp::create(b, op->getLoc(), Emit::like(operand.getType(), f32), operand);
    }
    state.operands.push_back(operand);
  }
  for (Type type : op->getResultTypes())
    state.types.push_back(isNarrowFloat(type) ? Emit::like(type, f32) : type);
  state.attributes = op->getAttrDictionary();
  Operation *wide = b.create(state);
  SmallVector<Value> results;
  for (auto [result, type] : llvm::zip(wide->getResults(), op->getResultTypes())) {
    Value value = result;
    if (isNarrowFloat(type))
      value = arith::TruncFOp::create(b, op->getLoc(), type, value);
    results.push_back(value);
  }
  note(narrow.isF16() ? "f16 arithmetic in f32" : "bf16 arithmetic in f32");
  replace(op, results);
}

// ---- every operation by itself -------------------------------------------------------------------------------------

Term Legalizer::compareFloats(Emit &e, arith::CmpFOp op) {
  using P = arith::CmpFPredicate;
  Term a = e(op.getLhs()), b = e(op.getRhs());
  Type boolean = op.getType();
  auto unordered = [&] { return op.getLhs() == op.getRhs() ? isNan(a) : isNan(a) | isNan(b); };
  switch (op.getPredicate()) {
  case P::AlwaysFalse:
    return e.bitsLit(boolean, 0);
  case P::AlwaysTrue:
    return e.bitsLit(boolean, 1);
  case P::UNO:
    return unordered();
  case P::ORD:
    return logicalNot(unordered());
  case P::ONE:
    return (a < b) | (a > b);
  case P::UEQ:
    return logicalNot((a < b) | (a > b));
  case P::UGT:
    return logicalNot(a <= b);
  case P::UGE:
    return logicalNot(a < b);
  case P::ULT:
    return logicalNot(a >= b);
  case P::ULE:
    return logicalNot(a > b);
  default:
    return {}; // what every device has
  }
}

/// A widened integer beside a constant that fits it without: compares it as it was. rusticl (Mesa 22.3) takes a widened
/// i32 for unsigned in `>= 0`.
static Term compareUnwidened(Emit &e, arith::CmpIOp op) {
  using P = arith::CmpIPredicate;
  P predicate = op.getPredicate();
  bool isSigned = predicate <= P::sge; // eq and ne as well
  Value widened = op.getLhs(), limit = op.getRhs();
  if (matchPattern(widened, m_Constant())) {
    std::swap(widened, limit);
    predicate = predicate == P::slt   ? P::sgt
                : predicate == P::sle ? P::sge
                : predicate == P::sgt ? P::slt
                : predicate == P::sge ? P::sle
                                      : predicate;
  }
  Value narrow = widened;
  while (Operation *widening = narrow.getDefiningOp()) {
    bool fromInteger = widening->getNumOperands() == 1 && !getElementTypeOrSelf(widening->getOperand(0)).isIndex();
    if (!fromInteger || !isa<arith::ExtSIOp, arith::IndexCastOp>(widening))
      break;
    narrow = widening->getOperand(0);
  }
  APInt value;
  if (!isSigned || narrow == widened || !matchPattern(limit, m_ConstantInt(&value)))
    return {};
  auto element = dyn_cast<IntegerType>(getElementTypeOrSelf(narrow));
  if (!element || element.getWidth() == 1 || element.getWidth() > 32 || !value.isSignedIntN(element.getWidth()))
    return {};
  return e.cmpi(predicate, e(narrow), e.bitsLit(narrow.getType(), value.trunc(element.getWidth()).getZExtValue()));
}

/// Whether v is a loop's accumulator: the NaN test is better made on the other operand, off the critical path.
static bool isCarried(Value v) {
  auto argument = dyn_cast<BlockArgument>(v);
  return argument && argument.getOwner()->getParentOp()->getName().getStringRef() == "scf.for";
}

Term Legalizer::rewriteArith(Emit &e, Operation *op) {
  auto lhs = [&] { return e(op->getOperand(0)); };
  auto rhs = [&] { return e(op->getOperand(1)); };
  Type result = op->getNumResults() ? op->getResult(0).getType() : Type();
  auto maximum = [&](bool isMax) {
    Term a = lhs(), b = rhs();
    if (isCarried(a.v))
      std::swap(a, b);
    return propagatingMax(a, b, isMax);
  };
  using P = arith::CmpIPredicate;
  return llvm::TypeSwitch<Operation *, Term>(op)
      .Case<arith::MaximumFOp>([&](auto) { return maximum(true); })
      .Case<arith::MinimumFOp>([&](auto) { return maximum(false); })
      .Case<arith::MaxNumFOp>([&](auto) { return droppingMax(lhs(), rhs(), true); })
      .Case<arith::MinNumFOp>([&](auto) { return droppingMax(lhs(), rhs(), false); })
      .Case<arith::CmpFOp>([&](arith::CmpFOp c) { return compareFloats(e, c); })
      .Case<arith::CmpIOp>([&](arith::CmpIOp c) { return compareUnwidened(e, c); })
      .Case<arith::MaxSIOp>([&](auto) { return sel(lhs() > rhs(), lhs(), rhs()); })
      .Case<arith::MinSIOp>([&](auto) { return sel(lhs() < rhs(), lhs(), rhs()); })
      .Case<arith::MaxUIOp>([&](auto) { return sel(e.cmpi(P::ugt, lhs(), rhs()), lhs(), rhs()); })
      .Case<arith::MinUIOp>([&](auto) { return sel(ult(lhs(), rhs()), lhs(), rhs()); })
      .Case<arith::DivSIOp>([&](auto) { return divideSigned(lhs(), rhs()); })
      .Case<arith::DivUIOp>([&](auto) { return divideUnsigned(lhs(), rhs()); })
      .Case<arith::RemSIOp>([&](auto) { return remainderSigned(lhs(), rhs()); })
      .Case<arith::RemUIOp>([&](auto) { return remainderUnsigned(lhs(), rhs()); })
      .Case<arith::FloorDivSIOp>([&](auto) { return floorDivideSigned(lhs(), rhs()); })
      .Case<arith::CeilDivSIOp>([&](auto) { return ceilDivideSigned(lhs(), rhs()); })
      .Case<arith::CeilDivUIOp>([&](auto) { return ceilDivideUnsigned(lhs(), rhs()); })
      .Case<arith::ShLIOp>([&](auto) { return shiftLeft(lhs(), rhs()); })
      .Case<arith::ShRUIOp>([&](auto) { return shiftRightLogical(lhs(), rhs()); })
      .Case<arith::ShRSIOp>([&](auto) { return shiftRightArithmetic(lhs(), rhs()); })
      .Case<arith::FPToSIOp>([&](auto) { return floatToInt(lhs(), result, true); })
      .Case<arith::FPToUIOp>([&](auto) { return floatToInt(lhs(), result, false); })
      .Case<arith::SIToFPOp>([&](auto) { return intToFloat(lhs(), result, true); })
      .Case<arith::UIToFPOp>([&](auto) { return intToFloat(lhs(), result, false); })
      .Case<arith::ExtFOp>([&](auto) {
        Type from = op->getOperand(0).getType();
        if (!isNarrowFloat(from))
          return Term();
        if (getElementTypeOrSelf(from).isF16() && !device.nativeFloat16Convert)
          note("f16 conversions in integer arithmetic");
        return extendNarrow(lhs(), result);
      })
      .Case<arith::TruncFOp>([&](auto) {
        if (!isNarrowFloat(result))
          return Term();
        if (getElementTypeOrSelf(result).isF16() && !device.nativeFloat16Convert)
          note("f16 conversions in integer arithmetic");
        return truncateNarrow(lhs(), result);
      })
      .Default([](Operation *) { return Term(); });
}

LogicalResult Legalizer::rewriteFunction(Operation *op) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  Emit e(b, loc, device);
  auto done = [&](Term t) {
    replace(op, t.v);
    return success();
  };
  if (isa<math::FmaOp>(op) || op->getName().getStringRef() == "vector.fma") {
    if (device.fma)
      return success();
    // A contraction that the schedule chose is a product and a sum here; the language's own fma is one rounding.
    Term x = e(op->getOperand(0)), y = e(op->getOperand(1)), z = e(op->getOperand(2));
    auto fma = dyn_cast<math::FmaOp>(op);
    if (!fma || bitEnumContainsAny(fma.getFastmath(), arith::FastMathFlags::contract))
      return done(x * y + z);
    note("fma by error-free sums");
    return done({&e, expandFunction(b, loc, Function::Fma, op->getOperands(), device)});
  }
  if (isa<math::AbsFOp, math::SqrtOp, math::FloorOp, math::CeilOp, math::TruncOp, math::RoundEvenOp, math::CopySignOp,
          math::CtPopOp, math::CountLeadingZerosOp, math::CountTrailingZerosOp>(op))
    return success();
  Term x = e(op->getOperand(0));
  if (isa<math::IsNaNOp>(op))
    return done(isNan(x));
  if (isa<math::IsInfOp>(op))
    return done(isInf(x));
  if (isa<math::IsFiniteOp>(op))
    return done(isFinite(x));
  if (isa<math::IsNormalOp>(op)) {
    Format f = format(x);
    return done(isFinite(x) &
                logicalNot(ult(bits(x) & ((uint64_t(1) << (f.width - 1)) - 1), ilit(bits(x), uint64_t(1) << f.mant))));
  }
  if (isa<math::AbsIOp>(op))
    return done(sel(x < ilit(x, 0), -x, x));
  if (isa<math::ClampFOp>(op)) // value, min, max; the language's order: the upper bound last
    return done(propagatingMax(propagatingMax(x, e(op->getOperand(1)), true), e(op->getOperand(2)), false));
  if (auto both = dyn_cast<math::SincosOp>(op)) {
    replace(op,
            {expandFunction(b, loc, Function::Sin, x.v, device), expandFunction(b, loc, Function::Cos, x.v, device)});
    return success();
  }
  static const llvm::StringMap<Function> expansions = {
      {"math.exp", Function::Exp},     {"math.exp2", Function::Exp2},   {"math.expm1", Function::Expm1},
      {"math.log", Function::Log},     {"math.log2", Function::Log2},   {"math.log10", Function::Log10},
      {"math.log1p", Function::Log1p}, {"math.rsqrt", Function::Rsqrt}, {"math.cbrt", Function::Cbrt},
      {"math.sin", Function::Sin},     {"math.cos", Function::Cos},     {"math.tan", Function::Tan},
      {"math.asin", Function::Asin},   {"math.acos", Function::Acos},   {"math.atan", Function::Atan},
      {"math.sinh", Function::Sinh},   {"math.cosh", Function::Cosh},   {"math.tanh", Function::Tanh},
      {"math.asinh", Function::Asinh}, {"math.acosh", Function::Acosh}, {"math.atanh", Function::Atanh},
      {"math.erf", Function::Erf},     {"math.erfc", Function::Erfc},   {"math.round", Function::Round},
      {"math.atan2", Function::Atan2}, {"math.powf", Function::Pow}};
  auto found = expansions.find(op->getName().getStringRef());
  if (found == expansions.end())
    return op->emitError() << "no device computes '" << op->getName().getStringRef() << "', and it has no expansion";
  return done({&e, expandFunction(b, loc, found->second, op->getOperands(), device)});
}

LogicalResult Legalizer::rewrite(Operation *op) {
  StringRef name = op->getName().getStringRef();
  if (isa_and_nonnull<math::MathDialect>(op->getDialect()) || name == "vector.fma")
    return rewriteFunction(op);
  if (!isa_and_nonnull<arith::ArithDialect>(op->getDialect()))
    return success();
  bool narrowPair = isa<arith::AddUIExtendedOp, arith::MulSIExtendedOp, arith::MulUIExtendedOp>(op) &&
                    isNarrowInt(op->getOperand(0).getType());
  if (isa<arith::RemFOp>(op) || narrowPair || name.starts_with("arith.scaling_"))
    return op->emitError() << "no device computes '" << name << "', and it has no expansion";
  OpBuilder b(op);
  Emit e(b, op->getLoc(), device);
  if (Term t = rewriteArith(e, op))
    replace(op, t.v);
  return success();
}

// ---- 8 and 16 bits -------------------------------------------------------------------------------------------------

bool Legalizer::isNarrowInt(Type type) {
  Type element = getElementTypeOrSelf(type);
  return (element.isInteger(8) && !device.int8) || (element.isInteger(16) && !device.int16);
}

/// An operation on i8 or i16 becomes the same operation on i32, with operands extended as it reads them.
void Legalizer::widenInt(Operation *op) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  Emit e(b, loc, device);
  Type i32 = b.getI32Type();
  bool isSigned = isa<arith::DivSIOp, arith::ShRSIOp, arith::MulSIExtendedOp>(op);
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    isSigned =
        compare.getPredicate() >= arith::CmpIPredicate::slt && compare.getPredicate() <= arith::CmpIPredicate::sge;
  Type narrow;
  OperationState state(loc, op->getName());
  for (Value operand : op->getOperands()) {
    if (isNarrowInt(operand.getType())) {
      narrow = operand.getType();
      Type wide = Emit::like(narrow, i32);
      operand = isSigned ? arith::ExtSIOp::create(b, loc, wide, operand).getResult()
                         : arith::ExtUIOp::create(b, loc, wide, operand).getResult();
    }
    state.operands.push_back(operand);
  }
  unsigned width = getElementTypeOrSelf(narrow).getIntOrFloatBitWidth();
  if (isa<math::CountTrailingZerosOp>(op)) // a bit just above stops the count
    state.operands[0] = (e(state.operands[0]) | (uint64_t(1) << width)).v;
  for (Type type : op->getResultTypes())
    state.types.push_back(isNarrowInt(type) ? Emit::like(type, i32) : type);
  state.attributes = op->getAttrDictionary();
  Operation *wide = b.create(state);
  SmallVector<Value> results;
  for (auto [result, type] : llvm::zip(wide->getResults(), op->getResultTypes())) {
    Value value = result;
    if (isa<math::CountLeadingZerosOp>(op))
      value = (e(value) - e.bitsLit(value.getType(), 32 - width)).v;
    if (isNarrowInt(type))
      value = arith::TruncIOp::create(b, loc, type, value);
    results.push_back(value);
  }
  note(width == 8 ? "8-bit arithmetic in 32 bits" : "16-bit arithmetic in 32 bits");
  replace(op, results);
}

LogicalResult Legalizer::run() {
  MLIRContext *context = kernels.getContext();
  context->loadDialect<arith::ArithDialect, math::MathDialect>();

  auto touches = [](Operation *op, auto predicate) {
    return llvm::any_of(op->getOperandTypes(), predicate) || llvm::any_of(op->getResultTypes(), predicate);
  };
  for (Operation *op : operations())
    if (computes(op) && touches(op, isNarrowFloat))
      widen(op);

  bool failed = false;
  for (Operation *op : operations())
    failed |= mlir::failed(rewrite(op)); // go on: all errors, not only the first
  if (failed)
    return failure();

  if (!device.int8 || !device.int16)
    for (Operation *op : operations())
      if ((computes(op) || isa<arith::SelectOp>(op)) && touches(op, [&](Type type) { return isNarrowInt(type); }))
        widenInt(op);

  // No device may take liberties that the language does not give.
  auto none = arith::FastMathFlagsAttr::get(context, arith::FastMathFlags::none);
  kernels.walk([&](arith::ArithFastMathInterface op) { op->setAttr(op.getFastMathAttrName(), none); });

  PassManager passes(context);
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createLoopInvariantCodeMotionPass());
  passes.addPass(createCanonicalizerPass());
  return passes.run(kernels);
}

} // namespace

LogicalResult legalize(ModuleOp kernels, const DeviceDescription &device, std::vector<std::string> &emulations) {
  return Legalizer(kernels, device, emulations).run();
}

} // namespace tenon
