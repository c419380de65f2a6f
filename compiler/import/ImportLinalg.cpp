//===- ImportLinalg.cpp - linalg.generic as index notation -------------------===//
//
// Named operations have been generalized before. A nest without reductions is a definition of its body; with reductions
// the body must add to its output, or choose between it and an element, in one way.
//
//===------------------------------------------------------------------------===//
#include "compiler/import/FunctionImporter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon;
using formula::ReduceKind;

/// A generic operation while it is imported.
struct FunctionImporter::Nest {
  SmallVector<AffineMap> maps;
  Values extents;                       ///< Of the loops.
  SmallVector<unsigned> reductions;     ///< Loops.
  SmallVector<ImportedTensor> operands; ///< Inputs then outputs; scalars have no value.
  Values loops;                         ///< Indices where the body is being written.
};

static AffineMap mapOf(const SmallVector<AffineMap> &maps, unsigned operand) { return maps[operand]; }

bool FunctionImporter::checkOperands(linalg::GenericOp generic, Nest &nest) {
  nest.maps = generic.getIndexingMapsArray();
  nest.extents.resize(generic.getNumLoops());
  for (OpOperand &operand : generic->getOpOperands()) {
    ImportedTensor tensor;
    if (isa<RankedTensorType>(operand.get().getType())) {
      MaybeTensor found = tensorOf(operand.get(), generic);
      if (failed(found))
        return false;
      tensor = *found;
    } else if (isa<ShapedType>(operand.get().getType())) {
      return (void)refuse(generic, "operators compute on tensors, not on memory"), false;
    }
    nest.operands.push_back(tensor);
    for (auto [d, expr] : llvm::enumerate(nest.maps[operand.getOperandNumber()].getResults()))
      if (auto loop = dyn_cast<AffineDimExpr>(expr); loop && !nest.extents[loop.getPosition()])
        nest.extents[loop.getPosition()] = tensor.extents[d];
  }
  SmallVector<IndexBounds> bounds;
  Value isEmpty = sizes->boolean(false);
  for (auto [d, extent] : llvm::enumerate(nest.extents)) {
    if (!extent)
      return (void)refuse(generic, "no operand tells how often loop " + Twine(d) + " runs"), false;
    bounds.push_back({sizes->constant(0), sizes->sub(extent, sizes->constant(1))});
    isEmpty = sizes->either(isEmpty, sizes->lessEqual(extent, sizes->constant(0)));
  }
  loopBounds = bounds;
  for (auto [number, map] : llvm::enumerate(nest.maps))
    for (auto [d, expr] : llvm::enumerate(map.getResults())) {
      Value extent = nest.operands[number].extents[d];
      std::string what = ("dimension " + Twine(d) + " of operand " + Twine(number)).str();
      if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
        if (!requireEqual(generic, extent, nest.extents[loop.getPosition()], what + " and the extent of its loop"))
          return false;
        continue;
      }
      std::optional<IndexBounds> range = boundsOf(expr, bounds, {});
      if (!range)
        return (void)refuse(generic, "the subscript of " + what + " is not affine"), false;
      Value inside = sizes->both(sizes->lessEqual(sizes->constant(0), range->low),
                                 sizes->lessEqual(sizes->add(range->high, sizes->constant(1)), extent));
      if (!require(generic, sizes->either(isEmpty, inside), what + " is read from {0} to {1}, it has {2} elements",
                   {range->low, range->high, extent}))
        return false;
    }
  SmallVector<utils::IteratorType> iterators = generic.getIteratorTypesArray();
  for (auto [loop, type] : llvm::enumerate(iterators))
    if (type == utils::IteratorType::reduction)
      nest.reductions.push_back(loop);
    else if (type != utils::IteratorType::parallel)
      return (void)refuse(generic, "its loops must be parallel or reduction"), false;
  return true;
}

LogicalResult FunctionImporter::importGeneric(linalg::GenericOp generic) {
  if (generic->hasAttr("library_call"))
    return refuse(generic, "library_call names a function that is not here");
  Nest nest;
  if (!checkOperands(generic, nest))
    return failure();
  unsigned inputs = generic.getNumDpsInputs();
  for (auto [number, result] : llvm::enumerate(generic.getResults())) {
    AffineMap map = mapOf(nest.maps, inputs + number);
    const ImportedTensor &init = nest.operands[inputs + number];
    if (!map.isProjectedPermutation() || map.getNumResults() + nest.reductions.size() != map.getNumDims() ||
        llvm::any_of(nest.reductions, [&](unsigned loop) { return map.isFunctionOfDim(loop); }))
      return refuse(generic, "its result must have each parallel index once and no reduction index");
    Value yielded = cast<linalg::YieldOp>(generic.getBlock()->getTerminator()).getOperand(number);
    // A constant everywhere needs no memory.
    if (auto constant = yielded.getDefiningOp<arith::ConstantOp>(); constant && nest.reductions.empty()) {
      tensors[result] = {{}, constant.getValue(), init.element, init.extents};
      continue;
    }
    if (auto scalar = dyn_cast<BlockArgument>(yielded);
        scalar && scalar.getOwner() == generic.getBlock() && nest.reductions.empty()) {
      auto constant = generic->getOperand(scalar.getArgNumber()).getDefiningOp<arith::ConstantOp>();
      const ImportedTensor &from = nest.operands[scalar.getArgNumber()];
      TypedAttr splat = from.splat;
      if (constant && !isa<ShapedType>(constant.getType()))
        splat = constant.getValue();
      if (splat) {
        tensors[result] = {{}, splat, init.element, init.extents};
        continue;
      }
    }
    root = generic;
    MaybeTensor tensor = define(generic, init.element, init.extents, [&](ValueRange indices) -> Value {
      nest.loops.assign(nest.extents.size(), Value());
      for (auto [d, expr] : llvm::enumerate(map.getResults()))
        nest.loops[cast<AffineDimExpr>(expr).getPosition()] = indices[d];
      loopIndices = nest.loops;
      argument = [&](BlockArgument value) -> Value {
        unsigned operand = value.getArgNumber();
        if (value.getOwner() != generic.getBlock())
          return {};
        if (!isa<RankedTensorType>(generic->getOperand(operand).getType()))
          return at(generic->getOperand(operand));
        Values subscripts;
        for (AffineExpr expr : nest.maps[operand].getResults())
          subscripts.push_back(affine(expr, nest.loops, {}));
        return read(nest.operands[operand], subscripts, generic);
      };
      return nest.reductions.empty() ? at(yielded) : emitReduction(generic, number, nest);
    });
    root = nullptr;
    argument = nullptr;
    if (failed(tensor))
      return failure();
    tensors[result] = *tensor;
  }
  loopBounds.clear();
  return success();
}

//===- reductions -----------------------------------------------------------===//

/// What an operation does to its output when it runs over and over.
static std::optional<ReduceKind> kindOf(Operation *combiner) {
  return llvm::TypeSwitch<Operation *, std::optional<ReduceKind>>(combiner)
      .Case<arith::AddFOp, arith::AddIOp, math::FmaOp, arith::SubFOp, arith::SubIOp>(
          [](auto) { return ReduceKind::Sum; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return ReduceKind::Prod; })
      .Case<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp, arith::MaxUIOp>([](auto) { return ReduceKind::Max; })
      .Case<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp, arith::MinUIOp>([](auto) { return ReduceKind::Min; })
      .Case<arith::OrIOp>([](Operation *op) {
        return op->getResult(0).getType().isInteger(1) ? std::optional(ReduceKind::Any) : std::nullopt;
      })
      .Case<arith::AndIOp>([](Operation *op) {
        return op->getResult(0).getType().isInteger(1) ? std::optional(ReduceKind::All) : std::nullopt;
      })
      .Default([](Operation *) { return std::nullopt; });
}

static bool isIdentity(ReduceKind kind, bool isUnsigned, TypedAttr value) {
  if (auto real = dyn_cast<FloatAttr>(value)) {
    APFloat v = real.getValue();
    switch (kind) {
    case ReduceKind::Sum:
      return v.isZero();
    case ReduceKind::Prod:
      return v.isExactlyValue(1.0);
    case ReduceKind::Max:
      return v.isInfinity() && v.isNegative();
    case ReduceKind::Min:
      return v.isInfinity() && !v.isNegative();
    default:
      return false;
    }
  }
  auto integer = dyn_cast<IntegerAttr>(value);
  if (!integer)
    return false;
  APInt v = integer.getValue();
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Any:
    return v.isZero();
  case ReduceKind::Prod:
    return v.isOne();
  case ReduceKind::All:
    return v.isAllOnes();
  case ReduceKind::Max:
    return isUnsigned ? v.isZero() : v.isMinSignedValue();
  case ReduceKind::Min:
    return isUnsigned ? v.isAllOnes() : v.isMaxSignedValue();
  default:
    return false;
  }
}

/// Whether `value` comes from `source` within the body of `generic`.
static bool comesFrom(Value value, Value source, Operation *generic) {
  SmallVector<Value> work{value};
  llvm::SmallDenseSet<Value> seen;
  while (!work.empty()) {
    Value v = work.pop_back_val();
    if (v == source)
      return true;
    Operation *op = v.getDefiningOp();
    if (!op || !generic->isProperAncestor(op) || !seen.insert(v).second)
      continue;
    op->walk([&](Operation *inner) { llvm::append_range(work, inner->getOperands()); });
  }
  return false;
}

Value FunctionImporter::combineWith(Operation *combiner, Value a, Value b) {
  StringRef name = isa<math::FmaOp, arith::SubFOp>(combiner) ? arith::AddFOp::getOperationName()
                   : isa<arith::SubIOp>(combiner)            ? arith::AddIOp::getOperationName()
                                                             : combiner->getName().getStringRef();
  return binary(name, a, b);
}

/// A reduction over the nest's reduction loops, whose body gives a value and perhaps a filter.
Value FunctionImporter::reduceOver(linalg::GenericOp generic, Nest &nest, ReduceKind kind, bool isUnsigned, Type type,
                                   function_ref<bool(Value &, Value &)> write) {
  Values lower, upper;
  SmallVector<std::string> indexNames;
  SmallVector<StringRef> nameRefs;
  for (unsigned loop : nest.reductions) {
    lower.push_back(sizes->constant(0));
    upper.push_back(nest.extents[loop]);
    indexNames.push_back("r" + std::to_string(loop));
  }
  nameRefs.assign(indexNames.begin(), indexNames.end());
  auto reduce = create<formula::ReduceOp>(type, kind, lower, upper, builder.getStrArrayAttr(nameRefs), isUnsigned);
  OpBuilder::InsertionGuard insertion(builder);
  Block &block = reduce.getBody().emplaceBlock();
  Values outerLoops = nest.loops;
  auto outerLocal = local;
  auto outerGuards = guards;
  for (unsigned loop : nest.reductions)
    nest.loops[loop] = block.addArgument(builder.getIndexType(), loc);
  loopIndices = nest.loops;
  builder.setInsertionPointToStart(&block);
  Value value, filter;
  if (!write(value, filter))
    return {};
  Values yielded{value};
  if (filter)
    yielded.push_back(filter);
  create<formula::YieldOp>(yielded);
  nest.loops = loopIndices = outerLoops;
  local = outerLocal;
  guards = outerGuards;
  return reduce.getResult();
}

Value FunctionImporter::emitReduction(linalg::GenericOp generic, unsigned number, Nest &nest) {
  Value yielded = cast<linalg::YieldOp>(generic.getBlock()->getTerminator()).getOperand(number);
  BlockArgument out = generic.getBlock()->getArgument(generic.getNumDpsInputs() + number);
  Operation *combiner = yielded.getDefiningOp();
  const ImportedTensor &init = nest.operands[out.getArgNumber()];
  auto giveUp = [&](const Twine &why) {
    (void)refuse(generic, why);
    return Value();
  };
  if (!combiner || !generic->isProperAncestor(combiner) || !comesFrom(yielded, out, generic))
    return giveUp("its reduction must add to its output, which it does not read");
  if (isa<arith::SelectOp>(combiner))
    return emitChoice(generic, number, nest);
  std::optional<ReduceKind> kind = kindOf(combiner);
  if (!kind)
    return giveUp("a reduction with " + combiner->getName().getStringRef().str() +
                  " is not known; sum, product, maximum, minimum, and, or (on i1) and argmax are");
  // out + a + b: what is not `out` along the chain is what is reduced.
  SmallVector<std::pair<Value, bool>> terms; // and whether it is subtracted
  Value product[2];
  for (Value at = yielded; at != out;) {
    Operation *link = at.getDefiningOp();
    if (!link || !generic->isProperAncestor(link) || (link != combiner && kindOf(link) != kind))
      return giveUp("its output goes through an operation other than the reduction itself");
    if (!isa<math::FmaOp, arith::SubFOp, arith::SubIOp, arith::AddFOp, arith::AddIOp>(link) &&
        link->getName() != combiner->getName())
      return giveUp("its reduction mixes two operations");
    Value next;
    for (OpOperand &operand : link->getOpOperands()) {
      if (!comesFrom(operand.get(), out, generic))
        continue;
      if (next)
        return giveUp("its body uses the output twice");
      next = operand.get();
      if ((isa<math::FmaOp>(link) && operand.getOperandNumber() != 2) ||
          (isa<arith::SubFOp, arith::SubIOp>(link) && operand.getOperandNumber() != 0))
        return giveUp("its output is multiplied or subtracted on the way");
    }
    if (isa<math::FmaOp>(link)) {
      if (product[0])
        return giveUp("its body adds two products by math.fma");
      product[0] = link->getOperand(0), product[1] = link->getOperand(1);
    } else {
      bool isFirst = link->getOperand(0) == next;
      terms.push_back({link->getOperand(isFirst ? 1 : 0), isa<arith::SubFOp, arith::SubIOp>(link)});
    }
    at = next;
  }
  bool isUnsigned = isa<arith::MaxUIOp, arith::MinUIOp>(combiner);
  bool dropsNan = isa<arith::MaxNumFOp, arith::MinNumFOp>(combiner);
  Value reduced = reduceOver(generic, nest, *kind, isUnsigned, init.element, [&](Value &value, Value &filter) {
    if (product[0]) {
      Value a = at(product[0]), b = a ? at(product[1]) : Value();
      if (!b)
        return false;
      value = create<arith::MulFOp>(a, b);
    }
    for (auto [term, isSubtracted] : terms) {
      Value next = at(term);
      if (!next)
        return false;
      if (isSubtracted && isa<FloatType>(next.getType()))
        next = create<arith::NegFOp>(next);
      else if (isSubtracted)
        next = create<arith::SubIOp>(constantOf(builder.getIntegerAttr(next.getType(), 0)), next);
      value = value ? combineWith(combiner, value, next) : next;
    }
    if (dropsNan)
      filter = create<arith::CmpFOp>(arith::CmpFPredicate::ORD, value, value);
    return true;
  });
  if (!reduced || (init.splat && isIdentity(*kind, isUnsigned, init.splat)))
    return reduced;
  Value first = at(out);
  return first ? combineWith(combiner, first, reduced) : Value();
}

/// The choice of a greatest or least element, and what belongs to it: yield select(better(element, out), ..., out).
/// What counts is each element that is better than what the output begins with.
Value FunctionImporter::emitChoice(linalg::GenericOp generic, unsigned number, Nest &nest) {
  unsigned inputs = generic.getNumDpsInputs();
  auto yield = cast<linalg::YieldOp>(generic.getBlock()->getTerminator());
  auto giveUp = [&](const Twine &why) {
    (void)refuse(generic, why);
    return Value();
  };
  auto choice = yield.getOperand(number).getDefiningOp<arith::SelectOp>();
  Value condition = choice.getCondition(), element = choice.getTrueValue();
  if (choice.getFalseValue() != generic.getBlock()->getArgument(inputs + number))
    return giveUp("its select must keep the output where the condition is false");
  // The output that is compared: the one whose own select yields the compared element.
  Operation *compare = nullptr;
  for (SmallVector<Value> work{condition}; !work.empty();) {
    Operation *op = work.pop_back_val().getDefiningOp();
    if (!op)
      continue;
    if (isa<arith::AndIOp, arith::OrIOp>(op)) {
      llvm::append_range(work, op->getOperands());
      continue;
    }
    bool isTest = false;
    if (auto floats = dyn_cast<arith::CmpFOp>(op))
      isTest = floats.getPredicate() == arith::CmpFPredicate::ORD || floats.getPredicate() == arith::CmpFPredicate::UNO;
    if (isa<arith::CmpFOp, arith::CmpIOp>(op) && !isTest) {
      if (compare)
        return giveUp("its condition compares twice");
      compare = op;
    }
  }
  if (!compare)
    return giveUp("its select must compare an element with the output");
  int best = -1;
  bool outIsRight = false;
  for (unsigned i = 0; i < generic.getNumResults(); ++i) {
    BlockArgument out = generic.getBlock()->getArgument(inputs + i);
    auto own = yield.getOperand(i).getDefiningOp<arith::SelectOp>();
    for (unsigned side : {0u, 1u})
      if (compare->getOperand(side) == out && own && own.getCondition() == condition &&
          own.getTrueValue() == compare->getOperand(1 - side) && own.getFalseValue() == out)
        best = i, outIsRight = side == 1;
  }
  if (best < 0)
    return giveUp("its select must compare an element with the output that keeps the best one");
  bool greater, isUnsigned = false;
  if (auto floats = dyn_cast<arith::CmpFOp>(compare)) {
    using P = arith::CmpFPredicate;
    P p = floats.getPredicate();
    if (p != P::OGT && p != P::UGT && p != P::OLT && p != P::ULT)
      return giveUp("of equal elements the first must win (a strict comparison)");
    greater = p == P::OGT || p == P::UGT;
  } else {
    using P = arith::CmpIPredicate;
    P p = cast<arith::CmpIOp>(compare).getPredicate();
    if (p != P::sgt && p != P::ugt && p != P::slt && p != P::ult)
      return giveUp("of equal elements the first must win (a strict comparison)");
    greater = p == P::sgt || p == P::ugt;
    isUnsigned = p == P::ugt || p == P::ult;
  }
  if (!outIsRight)
    greater = !greater;
  Value key = compare->getOperand(outIsRight ? 0 : 1);
  for (Value part : {key, element})
    for (BlockArgument out : generic.getRegionOutputArgs())
      if (comesFrom(part, out, generic))
        return giveUp("what it chooses depends on the output");
  Value first = at(generic.getBlock()->getArgument(inputs + best));
  Value own = at(generic.getBlock()->getArgument(inputs + number));
  if (!first || !own)
    return {};
  // In the filter the output is what it begins with: `first` stays known inside of the reduction.
  bool isKey = static_cast<int>(number) == best;
  auto write = [&](Value &value, Value &filter) {
    value = at(key);
    filter = value ? at(condition) : Value();
    return bool(filter);
  };
  Type keyType = key.getType();
  if (isKey) {
    Value reduced = reduceOver(generic, nest, greater ? ReduceKind::Max : ReduceKind::Min, isUnsigned, keyType, write);
    if (!reduced)
      return {};
    StringRef name = isa<FloatType>(keyType) ? (greater ? "arith.maximumf" : "arith.minimumf")
                     : isUnsigned            ? (greater ? "arith.maxui" : "arith.minui")
                                             : (greater ? "arith.maxsi" : "arith.minsi");
    return binary(name, first, reduced);
  }
  if (nest.reductions.size() != 1)
    return giveUp("the position of the best element is known for one reduction loop only");
  unsigned loop = nest.reductions[0];
  Value end = nest.extents[loop];
  Value position = reduceOver(generic, nest, greater ? ReduceKind::Argmax : ReduceKind::Argmin, isUnsigned,
                              builder.getIndexType(), write);
  if (!position)
    return {};
  // What belongs to the position: the element's body with the reduction's index there, or 0 where nothing was better.
  Value found = create<arith::CmpIOp>(arith::CmpIPredicate::slt, position, end);
  Values outerLoops = nest.loops;
  nest.loops[loop] = create<arith::SelectOp>(found, position, indexConstant(0));
  loopIndices = nest.loops;
  local.erase(element);
  auto index = element;
  while (auto cast = index.getDefiningOp<arith::IndexCastOp>())
    index = cast.getIn();
  if (!index.getDefiningOp<linalg::IndexOp>())
    return giveUp("beside the best element only its index can be kept");
  Value chosen = at(element);
  nest.loops = loopIndices = outerLoops;
  return chosen ? (Value)create<arith::SelectOp>(found, chosen, own) : Value();
}
