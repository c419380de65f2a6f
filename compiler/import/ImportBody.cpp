//===- ImportBody.cpp - scalar code inside definitions -----------------------===//
//
// A scalar is written into the body that wants it when it is first wanted, with everything that it needs; scalars of
// the function itself come first in the body, since they hold for all of it.
//
//===------------------------------------------------------------------------===//
#include "compiler/import/FunctionImporter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon;

//===- what formulas compute with -------------------------------------------===//

bool tenon::isFormulaScalar(Type type) {
  return type.isIndex() || type.isF16() || type.isBF16() || type.isF32() || type.isF64() || type.isInteger(1) ||
         type.isInteger(8) || type.isInteger(16) || type.isInteger(32) || type.isInteger(64);
}

bool tenon::isFormulaOperation(Operation *op) {
  static const llvm::StringSet<llvm::MallocAllocator> known = {
      "arith.addf",       "arith.subf",      "arith.mulf",         "arith.divf",   "arith.negf",   "arith.maximumf",
      "arith.minimumf",   "arith.maxnumf",   "arith.minnumf",      "arith.cmpf",   "arith.addi",   "arith.subi",
      "arith.muli",       "arith.divsi",     "arith.divui",        "arith.remsi",  "arith.remui",  "arith.floordivsi",
      "arith.ceildivsi",  "arith.ceildivui", "arith.maxsi",        "arith.maxui",  "arith.minsi",  "arith.minui",
      "arith.andi",       "arith.ori",       "arith.xori",         "arith.shli",   "arith.shrsi",  "arith.shrui",
      "arith.cmpi",       "arith.select",    "arith.constant",     "arith.extf",   "arith.truncf", "arith.extsi",
      "arith.extui",      "arith.trunci",    "arith.sitofp",       "arith.uitofp", "arith.fptosi", "arith.fptoui",
      "arith.index_cast", "arith.bitcast",   "arith.index_castui", "math.exp",     "math.exp2",    "math.expm1",
      "math.log",         "math.log2",       "math.log10",         "math.log1p",   "math.sqrt",    "math.rsqrt",
      "math.cbrt",        "math.sin",        "math.cos",           "math.tan",     "math.asin",    "math.acos",
      "math.atan",        "math.atan2",      "math.sinh",          "math.cosh",    "math.tanh",    "math.asinh",
      "math.acosh",       "math.atanh",      "math.erf",           "math.erfc",    "math.powf",    "math.fma",
      "math.absf",        "math.absi",       "math.floor",         "math.ceil",    "math.trunc",   "math.round",
      "math.roundeven",   "math.copysign",   "math.ctpop",         "math.ctlz",    "math.cttz",    "math.isnan",
      "math.isinf",       "math.isfinite",   "math.isnormal",      "math.clampf"};
  if (op->getNumResults() != 1 || !known.contains(op->getName().getStringRef()))
    return false;
  auto fits = [](Type type) { return isFormulaScalar(type); };
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return fits(constant.getType());
  return llvm::all_of(op->getOperandTypes(), fits) && llvm::all_of(op->getResultTypes(), fits);
}

bool FunctionImporter::typeFits(Operation *inner, Type type) {
  if (isFormulaScalar(type))
    return true;
  if (isa<ComplexType>(type)) {
    (void)refuse(inner, "complex numbers are not supported");
    return false;
  }
  inner->emitError() << inner->getName().getStringRef() << " on elements of " << type
                     << " is not supported; elements are i1, i8, i16, i32, i64, f16, bf16, f32 or f64";
  return false;
}

//===- making operations ----------------------------------------------------===//

Value FunctionImporter::constantOf(TypedAttr value) { return create<arith::ConstantOp>(value); }
Value FunctionImporter::indexConstant(int64_t value) { return create<arith::ConstantIndexOp>(value); }

Value FunctionImporter::binary(StringRef name, Value a, Value b) {
  OperationState state(loc, name);
  state.addOperands({a, b});
  state.addTypes(a.getType());
  return builder.create(state)->getResult(0);
}

Value FunctionImporter::affine(AffineExpr expr, ValueRange dims, ValueRange symbols) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return indexConstant(constant.getValue());
  auto pair = cast<AffineBinaryOpExpr>(expr);
  Value a = affine(pair.getLHS(), dims, symbols), b = affine(pair.getRHS(), dims, symbols);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return create<arith::AddIOp>(a, b);
  case AffineExprKind::Mul:
    return create<arith::MulIOp>(a, b);
  case AffineExprKind::FloorDiv:
    return create<arith::FloorDivSIOp>(a, b);
  case AffineExprKind::CeilDiv:
    return create<arith::CeilDivSIOp>(a, b);
  default: { // Mod: never negative.
    Value quotient = create<arith::FloorDivSIOp>(a, b);
    return create<arith::SubIOp>(a, create<arith::MulIOp>(quotient, b));
  }
  }
}

Value FunctionImporter::read(const ImportedTensor &tensor, ValueRange subscripts, Operation *user, Value guard,
                             Value otherwise, StringRef fault) {
  if (!tensor.value && !tensor.splat) {
    user->emitError() << user->getName().getStringRef()
                      << " reads elements of tensor.empty, which nothing has defined; fill it first (linalg.fill)";
    return {};
  }
  if (tensor.splat) {
    Value value = constantOf(tensor.splat);
    if (!otherwise)
      return value;
    // What is outside is not the splat: the caller knows where that is.
    Value inside = guard;
    for (auto [subscript, extent] : llvm::zip(subscripts, tensor.extents)) {
      Value low = create<arith::CmpIOp>(arith::CmpIPredicate::sge, subscript, indexConstant(0));
      Value high = create<arith::CmpIOp>(arith::CmpIPredicate::slt, subscript, extent);
      Value both = create<arith::AndIOp>(low, high);
      inside = inside ? (Value)create<arith::AndIOp>(inside, both) : both;
    }
    return inside ? (Value)create<arith::SelectOp>(inside, value, otherwise) : value;
  }
  return create<formula::ReadOp>(tensor.element, tensor.value, subscripts, guard, otherwise,
                                 otherwise ? builder.getUnitAttr() : UnitAttr(),
                                 fault.empty() ? StringAttr() : builder.getStringAttr(fault));
}

//===- values on demand -----------------------------------------------------===//

Value FunctionImporter::guardOf(Block *block) { return guards.lookup(block); }

Value FunctionImporter::at(Value wanted) {
  SmallVector<Value> work{wanted};
  auto known = [&](Value value) -> Value {
    if (Value found = local.lookup(value))
      return found;
    return prelude.lookup(value);
  };
  size_t steps = 0;
  while (!work.empty()) {
    Value value = work.back();
    if (known(value)) {
      work.pop_back();
      continue;
    }
    if (++steps > 20000) {
      func.emitError() << "an element needs more than 20000 operations in one body; split it into several tensors";
      return {};
    }
    if (auto blockArgument = dyn_cast<BlockArgument>(value)) {
      if (Value result = arguments.lookup(value)) {
        prelude[value] = result;
        continue;
      }
      Value result = argument ? argument(blockArgument) : Value();
      if (!result) {
        if (!argument)
          emitError(value.getLoc()) << "a value of type " << value.getType() << " cannot be used here";
        return {};
      }
      local[value] = result;
      continue;
    }
    Operation *inner = value.getDefiningOp();
    if (value.getType().isIndex() || value.getType().isInteger(1))
      if (Value size = sizeOf(value)) {
        prelude[value] = size;
        continue;
      }
    SmallVector<Value> needed;
    if (auto branch = dyn_cast<scf::IfOp>(inner)) {
      Value condition = known(branch.getCondition());
      if (!condition) {
        work.push_back(branch.getCondition());
        continue;
      }
      if (!branch.getNumResults() || branch.getElseRegion().empty())
        return (void)refuse(inner, "it gives no value"), Value();
      if (!guards.count(&branch.getThenRegion().front())) {
        OpBuilder::InsertionGuard insertion(builder);
        bool isInRegion = root && root->isProperAncestor(inner);
        if (!isInRegion)
          toPrelude();
        Value outer = guardOf(branch->getBlock());
        Value then = condition, otherwise = create<arith::XOrIOp>(condition, constantOf(builder.getBoolAttr(true)));
        if (outer) {
          then = create<arith::AndIOp>(outer, then);
          otherwise = create<arith::AndIOp>(outer, otherwise);
        }
        guards[&branch.getThenRegion().front()] = then;
        guards[&branch.getElseRegion().front()] = otherwise;
        if (!isInRegion)
          lastPrelude = &*std::prev(builder.getInsertionPoint());
      }
      for (Operation *yield : {branch.thenYield().getOperation(), branch.elseYield().getOperation()})
        llvm::append_range(needed, yield->getOperands());
    } else if (inner->getNumRegions()) {
      return (void)refuse(inner, "an element's body may hold arith, math, tensor.extract and scf.if"), Value();
    }
    for (Value operand : inner->getOperands())
      if (!isa<ShapedType>(operand.getType()))
        needed.push_back(operand);
    bool ready = true;
    for (Value operand : needed)
      if (!known(operand)) {
        work.push_back(operand);
        ready = false;
      }
    if (ready && !emit(inner))
      return {};
  }
  return known(wanted);
}

/// Goes to where scalars of the function are written: at the start of the body, one after the other.
void FunctionImporter::toPrelude() {
  if (lastPrelude)
    builder.setInsertionPointAfter(lastPrelude);
  else
    builder.setInsertionPointToStart(body);
}

/// Writes one operation whose operands are there.
bool FunctionImporter::emit(Operation *inner) {
  bool isInRegion = root && root->isProperAncestor(inner);
  OpBuilder::InsertionGuard insertion(builder);
  Location outer = loc;
  loc = inner->getLoc();
  auto &map = isInRegion ? local : prelude;
  if (!isInRegion)
    toPrelude();
  auto operand = [&](Value value) {
    Value found = local.lookup(value);
    return found ? found : prelude.lookup(value);
  };
  bool done = true;
  if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
    map[index.getResult()] = loopIndices[index.getDim()];
  } else if (auto extract = dyn_cast<tensor::ExtractOp>(inner)) {
    done = emitExtract(extract);
  } else if (auto branch = dyn_cast<scf::IfOp>(inner)) {
    for (OpResult result : branch.getResults())
      map[result] = create<arith::SelectOp>(operand(branch.getCondition()),
                                            operand(branch.thenYield().getOperand(result.getResultNumber())),
                                            operand(branch.elseYield().getOperand(result.getResultNumber())));
  } else if (isa<affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp>(inner)) {
    Values v;
    for (Value each : inner->getOperands())
      v.push_back(operand(each));
    AffineMap affineMap = llvm::TypeSwitch<Operation *, AffineMap>(inner)
                              .Case<affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp>(
                                  [](auto found) { return found.getAffineMap(); });
    Value result;
    for (AffineExpr expr : affineMap.getResults()) {
      Value next = affine(expr, ValueRange(v).take_front(affineMap.getNumDims()),
                          ValueRange(v).drop_front(affineMap.getNumDims()));
      result = result ? binary(isa<affine::AffineMinOp>(inner) ? "arith.minsi" : "arith.maxsi", result, next) : next;
    }
    map[inner->getResult(0)] = result;
  } else {
    Values v, made;
    for (Value each : inner->getOperands())
      v.push_back(operand(each));
    done = llvm::none_of(v, [](Value value) { return !value; }) && emitScalar(inner, v, inner->getResultTypes(), made);
    for (auto [result, value] : llvm::zip(inner->getResults(), made))
      map[result] = value;
  }
  if (done && !isInRegion && builder.getInsertionPoint() != body->begin())
    lastPrelude = &*std::prev(builder.getInsertionPoint());
  loc = outer;
  return done;
}

/// Writes what `inner` does to scalars of `types`; `inner` itself may work on tensors of them.
bool FunctionImporter::emitScalar(Operation *inner, ValueRange operands, TypeRange types, Values &made) {
  for (TypeRange list : {TypeRange(operands), types})
    for (Type type : list)
      if (!isFormulaScalar(type)) {
        inner->emitError() << inner->getName().getStringRef() << " on " << type
                           << " is not supported; elements are i1, i8, i16, i32, i64, index, f16, bf16, f32 or f64";
        return false;
      }
  if (isa<arith::MulSIExtendedOp, arith::MulUIExtendedOp>(inner) && types[0].isInteger() &&
      types[0].getIntOrFloatBitWidth() <= 32) {
    // Both halves out of the product in twice the width.
    bool isSigned = isa<arith::MulSIExtendedOp>(inner);
    unsigned width = types[0].getIntOrFloatBitWidth();
    Type wide = builder.getIntegerType(64);
    auto extend = [&](Value v) {
      return isSigned ? (Value)create<arith::ExtSIOp>(wide, v) : (Value)create<arith::ExtUIOp>(wide, v);
    };
    Value product = create<arith::MulIOp>(extend(operands[0]), extend(operands[1]));
    Value by = constantOf(builder.getI64IntegerAttr(width));
    made.push_back(create<arith::TruncIOp>(types[0], product));
    made.push_back(create<arith::TruncIOp>(types[0], create<arith::ShRUIOp>(product, by)));
    return true;
  }
  if (isa<arith::AddUIExtendedOp>(inner)) {
    Value sum = create<arith::AddIOp>(operands[0], operands[1]);
    made.push_back(sum);
    made.push_back(create<arith::CmpIOp>(arith::CmpIPredicate::ult, sum, operands[0]));
    return true;
  }
  if (isa<math::FPowIOp>(inner)) {
    made.push_back(create<math::PowFOp>(operands[0], create<arith::SIToFPOp>(operands[0].getType(), operands[1])));
    return true;
  }
  if (isa<math::SincosOp>(inner)) {
    made.push_back(create<math::SinOp>(operands[0]));
    made.push_back(create<math::CosOp>(operands[0]));
    return true;
  }
  if (auto narrow = dyn_cast<arith::TruncFOp>(inner);
      narrow &&
      narrow.getRoundingmode().value_or(arith::RoundingMode::to_nearest_even) != arith::RoundingMode::to_nearest_even)
    return (void)refuse(inner, "it rounds other than to nearest even"), false;
  Operation *copy = inner->cloneWithoutRegions();
  copy->setOperands(operands);
  for (auto [result, type] : llvm::zip(copy->getResults(), types))
    result.setType(type);
  if (!isFormulaOperation(copy)) {
    copy->destroy();
    return (void)refuse(inner, "no device computes it"), false;
  }
  builder.insert(copy);
  copy->setLoc(inner->getLoc());
  copy->setDiscardableAttrs(ArrayRef<NamedAttribute>());
  made.push_back(copy->getResult(0));
  return true;
}

bool FunctionImporter::emitExtract(tensor::ExtractOp extract) {
  MaybeTensor tensor = tensorOf(extract.getTensor(), extract);
  if (failed(tensor))
    return false;
  bool isInRegion = root && root->isProperAncestor(extract);
  Values subscripts;
  bool isProven = true;
  Value guard = guardOf(extract->getBlock());
  for (auto [d, index] : llvm::enumerate(extract.getIndices())) {
    Value found = local.lookup(index);
    subscripts.push_back(found ? found : prelude.lookup(index));
    Value extent = tensor->extents[d];
    std::optional<IndexBounds> bounds = boundsOf(index);
    if (bounds) {
      Value inside = sizes->both(sizes->lessEqual(sizes->constant(0), bounds->low),
                                 sizes->lessEqual(sizes->add(bounds->high, sizes->constant(1)), extent));
      if (Sizes::constantOf(inside) == 1)
        continue;
      if (!guard) {
        for (const IndexBounds &loop : loopBounds)
          inside =
              sizes->either(inside, sizes->lessEqual(sizes->add(loop.high, sizes->constant(1)), sizes->constant(0)));
        if (!require(extract, inside, "subscript " + Twine(d) + " runs from {0} to {1}, the dimension has {2}",
                     {bounds->low, bounds->high, extent}))
          return false;
        continue;
      }
    }
    isProven = false;
  }
  std::string fault = isProven ? "" : place(extract) + ": a subscript is outside";
  Value value = read(*tensor, subscripts, extract, guard, {}, tensor->splat ? "" : fault);
  if (!value)
    return false;
  (isInRegion ? local : prelude)[extract.getResult()] = value;
  return true;
}

//===- bounds ---------------------------------------------------------------===//

std::optional<IndexBounds> FunctionImporter::boundsOf(AffineExpr expr, ArrayRef<IndexBounds> dims,
                                                      ArrayRef<IndexBounds> symbols) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    Value value = sizes->constant(constant.getValue());
    return IndexBounds{value, value};
  }
  auto pair = cast<AffineBinaryOpExpr>(expr);
  std::optional<IndexBounds> a = boundsOf(pair.getLHS(), dims, symbols), b = boundsOf(pair.getRHS(), dims, symbols);
  if (!a || !b)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return IndexBounds{sizes->add(a->low, b->low), sizes->add(a->high, b->high)};
  std::optional<int64_t> factor = Sizes::constantOf(b->low);
  if (b->low != b->high || !factor)
    return std::nullopt;
  switch (expr.getKind()) {
  case AffineExprKind::Mul:
    return *factor >= 0 ? IndexBounds{sizes->mul(a->low, b->low), sizes->mul(a->high, b->low)}
                        : IndexBounds{sizes->mul(a->high, b->low), sizes->mul(a->low, b->low)};
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
    if (*factor <= 0)
      return std::nullopt;
    if (expr.getKind() == AffineExprKind::FloorDiv)
      return IndexBounds{sizes->floorDiv(a->low, b->low), sizes->floorDiv(a->high, b->low)};
    return IndexBounds{sizes->ceilDiv(a->low, b->low), sizes->ceilDiv(a->high, b->low)};
  default:
    if (*factor <= 0)
      return std::nullopt;
    return IndexBounds{sizes->constant(0), sizes->constant(*factor - 1)};
  }
}

std::optional<IndexBounds> FunctionImporter::boundsOf(Value value) {
  if (Value size = sizeOf(value))
    return IndexBounds{size, size};
  if (auto found = ranges.find(value); found != ranges.end())
    return found->second;
  Operation *inner = value.getDefiningOp();
  if (!inner)
    return std::nullopt;
  if (auto index = dyn_cast<linalg::IndexOp>(inner))
    return loopBounds[index.getDim()];
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::MinSIOp, arith::MaxSIOp, affine::AffineApplyOp>(inner) ||
      !value.getType().isIndex())
    return std::nullopt;
  SmallVector<IndexBounds> v;
  for (Value operand : inner->getOperands()) {
    std::optional<IndexBounds> bounds = boundsOf(operand);
    if (!bounds)
      return std::nullopt;
    v.push_back(*bounds);
  }
  if (auto apply = dyn_cast<affine::AffineApplyOp>(inner)) {
    AffineMap map = apply.getAffineMap();
    return boundsOf(map.getResult(0), ArrayRef(v).take_front(map.getNumDims()),
                    ArrayRef(v).drop_front(map.getNumDims()));
  }
  if (isa<arith::AddIOp>(inner))
    return IndexBounds{sizes->add(v[0].low, v[1].low), sizes->add(v[0].high, v[1].high)};
  if (isa<arith::SubIOp>(inner))
    return IndexBounds{sizes->sub(v[0].low, v[1].high), sizes->sub(v[0].high, v[1].low)};
  if (isa<arith::MinSIOp>(inner))
    return IndexBounds{sizes->min(v[0].low, v[1].low), sizes->min(v[0].high, v[1].high)};
  if (isa<arith::MaxSIOp>(inner))
    return IndexBounds{sizes->max(v[0].low, v[1].low), sizes->max(v[0].high, v[1].high)};
  Value corners[] = {sizes->mul(v[0].low, v[1].low), sizes->mul(v[0].low, v[1].high), sizes->mul(v[0].high, v[1].low),
                     sizes->mul(v[0].high, v[1].high)};
  return IndexBounds{sizes->min(sizes->min(corners[0], corners[1]), sizes->min(corners[2], corners[3])),
                     sizes->max(sizes->max(corners[0], corners[1]), sizes->max(corners[2], corners[3]))};
}
