//===- ImportTensor.cpp - data movement and elementwise operations -----------===//
#include "compiler/import/FunctionImporter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon;

/// More elements than this as selects would be slower than reading them.
static constexpr int64_t maxElements = 256;

//===- elementwise ----------------------------------------------------------===//

LogicalResult FunctionImporter::importElementwise(Operation *inner) {
  if (!inner->hasTrait<OpTrait::Elementwise>())
    return refuse(inner, "it does not work element by element");
  SmallVector<ImportedTensor> operands;
  const ImportedTensor *first = nullptr;
  for (Value operand : inner->getOperands()) {
    operands.emplace_back();
    if (!isa<RankedTensorType>(operand.getType()))
      continue;
    MaybeTensor tensor = tensorOf(operand, inner);
    if (failed(tensor))
      return failure();
    operands.back() = *tensor;
  }
  for (auto [number, tensor] : llvm::enumerate(operands)) {
    if (!isa<RankedTensorType>(inner->getOperand(number).getType()))
      continue;
    if (!first) {
      first = &tensor;
      continue;
    }
    for (auto [d, extents] : llvm::enumerate(llvm::zip(first->extents, tensor.extents)))
      if (!requireEqual(inner, std::get<0>(extents), std::get<1>(extents),
                        "dimension " + Twine(d) + " of its operands"))
        return failure();
  }
  SmallVector<Type> types;
  for (Value result : inner->getResults())
    types.push_back(getElementTypeOrSelf(result.getType()));
  for (OpResult result : inner->getResults()) {
    MaybeTensor tensor =
        define(inner, types[result.getResultNumber()], first->extents, [&](ValueRange indices) -> Value {
          Values v, made;
          for (auto [operand, value] : llvm::zip(operands, inner->getOperands())) {
            v.push_back(isa<RankedTensorType>(value.getType()) ? read(operand, indices, inner) : at(value));
            if (!v.back())
              return {};
          }
          return emitScalar(inner, v, types, made) ? made[result.getResultNumber()] : Value();
        });
    if (failed(tensor))
      return failure();
    tensors[result] = *tensor;
  }
  return success();
}

//===- constants ------------------------------------------------------------===//

/// Elements in row-major order as a tree of selects.
FunctionImporter::MaybeTensor FunctionImporter::importElements(Operation *inner, ArrayRef<Value> extents,
                                                               function_ref<Value(unsigned)> element, unsigned count) {
  Type type = getElementTypeOrSelf(inner->getResult(0).getType());
  return define(inner, signless(type), extents, [&](ValueRange indices) -> Value {
    Value flat;
    for (auto [index, extent] : llvm::zip(indices, extents)) {
      flat = flat ? (Value)create<arith::MulIOp>(flat, extent) : Value();
      flat = flat ? (Value)create<arith::AddIOp>(flat, index) : index;
    }
    Values level;
    for (unsigned i = 0; i < count; ++i) {
      level.push_back(element(i));
      if (!level.back())
        return {};
    }
    // From halves to pairs: the number of selects is the same as in a chain, their depth is not.
    std::function<Value(unsigned, unsigned)> pick = [&](unsigned begin, unsigned end) -> Value {
      if (end - begin == 1)
        return level[begin];
      unsigned middle = begin + (end - begin) / 2;
      Value low = pick(begin, middle), high = pick(middle, end);
      Value isLow = create<arith::CmpIOp>(arith::CmpIPredicate::slt, flat, indexConstant(middle));
      return create<arith::SelectOp>(isLow, low, high);
    };
    return pick(0, count);
  });
}

static TypedAttr elementOf(DenseElementsAttr dense, unsigned number) {
  Attribute value = dense.getValues<Attribute>()[number];
  if (auto integer = dyn_cast<IntegerAttr>(value))
    return IntegerAttr::get(signless(integer.getType()), integer.getValue());
  return cast<TypedAttr>(value);
}

LogicalResult FunctionImporter::importConstant(arith::ConstantOp constant) {
  auto type = dyn_cast<RankedTensorType>(constant.getType());
  if (!type)
    return success(); // A scalar is written where it is used.
  Values extents;
  for (int64_t size : type.getShape())
    extents.push_back(sizes->constant(size));
  auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!dense)
    return refuse(constant, "only dense constants are");
  Type element = signless(type.getElementType());
  if (dense.isSplat() || type.getNumElements() == 0) {
    TypedAttr value = dense.empty() ? cast<TypedAttr>(builder.getZeroAttr(element)) : elementOf(dense, 0);
    tensors[constant.getResult()] = {{}, value, element, extents};
    return success();
  }
  if (type.getNumElements() > maxElements)
    return refuse(constant, "a constant of " + Twine(type.getNumElements()) + " different elements is too large (" +
                                Twine(maxElements) + " at most); make it an argument");
  MaybeTensor tensor = importElements(
      constant, extents, [&](unsigned i) { return constantOf(elementOf(dense, i)); }, type.getNumElements());
  if (failed(tensor))
    return failure();
  tensors[constant.getResult()] = *tensor;
  return success();
}

//===- reshapes -------------------------------------------------------------===//

static bool isOne(Value extent) { return Sizes::constantOf(extent) == 1; }

FunctionImporter::MaybeTensor FunctionImporter::expand(Operation *inner, const ImportedTensor &source,
                                                       ArrayRef<ReassociationIndices> groups, ArrayRef<Value> extents) {
  for (auto [d, group] : llvm::enumerate(groups)) {
    Value product = sizes->constant(1);
    for (int64_t part : group)
      product = sizes->mul(product, extents[part]);
    if (!requireEqual(inner, source.extents[d], product,
                      "dimension " + Twine(d) + " of the source and the product of its parts"))
      return failure();
  }
  if (source.splat || !source.value)
    return ImportedTensor{{}, source.splat, source.element, Values(extents)};
  return define(inner, source.element, extents, [&](ValueRange indices) {
    Values subscripts;
    for (auto [d, group] : llvm::enumerate(groups)) {
      Value flat;
      for (int64_t part : group) {
        if (isOne(extents[part]))
          continue;
        if (flat)
          flat = create<arith::AddIOp>(create<arith::MulIOp>(flat, extents[part]), indices[part]);
        else
          flat = indices[part];
      }
      subscripts.push_back(flat ? flat : indexConstant(0));
    }
    return read(source, subscripts, inner);
  });
}

FunctionImporter::MaybeTensor FunctionImporter::collapse(Operation *inner, const ImportedTensor &source,
                                                         ArrayRef<ReassociationIndices> groups) {
  Values extents;
  for (const ReassociationIndices &group : groups) {
    Value product = sizes->constant(1);
    for (int64_t part : group)
      product = sizes->mul(product, source.extents[part]);
    extents.push_back(product);
  }
  if (source.splat || !source.value)
    return ImportedTensor{{}, source.splat, source.element, extents};
  return define(inner, source.element, extents, [&](ValueRange indices) {
    Values subscripts(source.extents.size());
    for (auto [d, group] : llvm::enumerate(groups)) {
      Value flat = indices[d];
      SmallVector<int64_t> parts;
      for (int64_t part : group) {
        if (isOne(source.extents[part]))
          subscripts[part] = indexConstant(0);
        else
          parts.push_back(part);
      }
      for (int64_t part : llvm::reverse(parts)) {
        if (part == parts.front()) {
          subscripts[part] = flat;
          break;
        }
        subscripts[part] = create<arith::RemSIOp>(flat, source.extents[part]);
        flat = create<arith::DivSIOp>(flat, source.extents[part]);
      }
    }
    for (Value &subscript : subscripts) // Of a source that has only dimensions of 1.
      if (!subscript)
        subscript = indexConstant(0);
    return read(source, subscripts, inner);
  });
}

FunctionImporter::MaybeTensor FunctionImporter::importReshape(tensor::ReshapeOp reshape) {
  MaybeTensor source = tensorOf(reshape.getSource(), reshape);
  if (failed(source))
    return failure();
  Values extents;
  auto type = cast<RankedTensorType>(reshape.getType());
  if (auto list = reshape.getShape().getDefiningOp<tensor::FromElementsOp>()) {
    for (Value size : list.getElements()) {
      extents.push_back(sizeAt(size, reshape));
      if (!extents.back())
        return failure();
    }
  } else if (type.hasStaticShape()) {
    for (int64_t size : type.getShape())
      extents.push_back(sizes->constant(size));
  } else {
    return refuse(reshape, "its shape must be a tensor.from_elements of sizes");
  }
  ReassociationIndices all, parts;
  for (size_t d = 0; d < source->extents.size(); ++d)
    all.push_back(d);
  for (size_t d = 0; d < extents.size(); ++d)
    parts.push_back(d);
  MaybeTensor flat = collapse(reshape, *source, {all});
  if (failed(flat))
    return failure();
  return expand(reshape, *flat, {parts}, extents);
}

//===- slices ---------------------------------------------------------------===//

FunctionImporter::MaybeTensor FunctionImporter::importExtractSlice(tensor::ExtractSliceOp slice) {
  MaybeTensor source = tensorOf(slice.getSource(), slice);
  Values offsets, lengths, strides, extents;
  if (failed(source) || !sizesAt(slice.getMixedOffsets(), slice, offsets) ||
      !sizesAt(slice.getMixedSizes(), slice, lengths) || !sizesAt(slice.getMixedStrides(), slice, strides))
    return failure();
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  Value one = sizes->constant(1), zero = sizes->constant(0);
  for (size_t d = 0; d < lengths.size(); ++d) {
    if (!dropped[d])
      extents.push_back(lengths[d]);
    Value last = sizes->add(offsets[d], sizes->mul(sizes->sub(lengths[d], one), strides[d]));
    Value inside = sizes->both(sizes->lessEqual(zero, sizes->min(offsets[d], last)),
                               sizes->lessEqual(sizes->add(sizes->max(offsets[d], last), one), source->extents[d]));
    // From 0 in steps of 1 as much as there is: nothing to check.
    if (Sizes::constantOf(offsets[d]) == 0 && isOne(strides[d]) && lengths[d] == source->extents[d])
      continue;
    if (!require(slice,
                 sizes->both(sizes->lessEqual(zero, lengths[d]), sizes->either(sizes->equal(lengths[d], zero), inside)),
                 "dimension " + Twine(d) + " is taken from {0} to {1}, it has {2} elements",
                 {offsets[d], last, source->extents[d]}))
      return failure();
  }
  if (source->splat || !source->value)
    return ImportedTensor{{}, source->splat, source->element, extents};
  return define(slice, source->element, extents, [&](ValueRange indices) {
    Values subscripts;
    size_t next = 0;
    for (size_t d = 0; d < lengths.size(); ++d) {
      if (dropped[d]) {
        subscripts.push_back(offsets[d]);
        continue;
      }
      Value index = indices[next++];
      if (!isOne(strides[d]))
        index = create<arith::MulIOp>(index, strides[d]);
      if (Sizes::constantOf(offsets[d]) != 0)
        index = create<arith::AddIOp>(index, offsets[d]);
      subscripts.push_back(index);
    }
    return read(*source, subscripts, slice);
  });
}

void FunctionImporter::within(Value index, Value offset, Value size, Value stride, Value &condition, Value &position) {
  auto also = [&](Value next) { condition = condition ? (Value)create<arith::AndIOp>(condition, next) : next; };
  position = Sizes::constantOf(offset) == 0 ? index : (Value)create<arith::SubIOp>(index, offset);
  if (Sizes::constantOf(offset) != 0)
    also(create<arith::CmpIOp>(arith::CmpIPredicate::sge, index, offset));
  if (!isOne(stride)) {
    Value rest = create<arith::RemSIOp>(position, stride);
    also(create<arith::CmpIOp>(arith::CmpIPredicate::eq, rest, indexConstant(0)));
    position = create<arith::DivSIOp>(position, stride);
  }
  also(create<arith::CmpIOp>(arith::CmpIPredicate::slt, position, size));
}

FunctionImporter::MaybeTensor FunctionImporter::importInsertSlice(tensor::InsertSliceOp slice) {
  MaybeTensor source = tensorOf(slice.getSource(), slice), into = tensorOf(slice.getDest(), slice);
  Values offsets, lengths, strides;
  if (failed(source) || failed(into) || !sizesAt(slice.getMixedOffsets(), slice, offsets) ||
      !sizesAt(slice.getMixedSizes(), slice, lengths) || !sizesAt(slice.getMixedStrides(), slice, strides))
    return failure();
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  Value one = sizes->constant(1), zero = sizes->constant(0);
  size_t next = 0;
  for (size_t d = 0; d < lengths.size(); ++d) {
    if (!dropped[d] && !requireEqual(slice, source->extents[next++], lengths[d],
                                     "dimension " + Twine(d) + " of the source and the size of the slice"))
      return failure();
    Value last = sizes->add(offsets[d], sizes->mul(sizes->sub(lengths[d], one), strides[d]));
    Value inside = sizes->both(sizes->both(sizes->lessEqual(zero, offsets[d]), sizes->lessEqual(one, strides[d])),
                               sizes->lessEqual(sizes->add(last, one), into->extents[d]));
    if (!require(slice, sizes->either(sizes->equal(lengths[d], zero), inside),
                 "dimension " + Twine(d) + " is written from {0} to {1}, it has {2} elements",
                 {offsets[d], last, into->extents[d]}))
      return failure();
  }
  return define(slice, into->element, into->extents, [&](ValueRange indices) -> Value {
    Value condition;
    Values subscripts;
    for (size_t d = 0; d < lengths.size(); ++d) {
      bool isWhole = Sizes::constantOf(offsets[d]) == 0 && isOne(strides[d]) && lengths[d] == into->extents[d];
      Value position = indices[d];
      if (!isWhole)
        within(indices[d], offsets[d], lengths[d], strides[d], condition, position);
      if (!dropped[d])
        subscripts.push_back(position);
    }
    Value inner = read(*source, subscripts, slice, condition);
    if (!inner || !condition)
      return inner;
    // What tensor.empty leaves undefined is zero.
    Value outer = into->value || into->splat ? read(*into, indices, slice)
                                             : constantOf(cast<TypedAttr>(builder.getZeroAttr(into->element)));
    return outer ? (Value)create<arith::SelectOp>(condition, inner, outer) : Value();
  });
}

FunctionImporter::MaybeTensor FunctionImporter::importPad(tensor::PadOp pad) {
  MaybeTensor source = tensorOf(pad.getSource(), pad);
  Values low, high, extents;
  if (failed(source) || !sizesAt(pad.getMixedLowPad(), pad, low) || !sizesAt(pad.getMixedHighPad(), pad, high))
    return failure();
  for (size_t d = 0; d < low.size(); ++d) {
    extents.push_back(sizes->add(sizes->add(source->extents[d], low[d]), high[d]));
    if (!require(
            pad,
            sizes->both(sizes->lessEqual(sizes->constant(0), low[d]), sizes->lessEqual(sizes->constant(0), high[d])),
            "dimension " + Twine(d) + " is padded by {0} and {1}, which must not be negative", {low[d], high[d]}))
      return failure();
  }
  if (!requireType(pad, pad.getResult(), extents))
    return failure();
  Block &block = pad.getRegion().front();
  Value yielded = cast<tensor::YieldOp>(block.getTerminator()).getValue();
  root = pad;
  MaybeTensor result = define(pad, source->element, extents, [&](ValueRange indices) -> Value {
    argument = [&](BlockArgument value) { return indices[value.getArgNumber()]; };
    Value outside = at(yielded);
    if (!outside)
      return {};
    Values subscripts;
    for (auto [index, by] : llvm::zip(indices, low))
      subscripts.push_back(Sizes::constantOf(by) == 0 ? index : (Value)create<arith::SubIOp>(index, by));
    return read(*source, subscripts, pad, {}, outside);
  });
  root = nullptr;
  argument = nullptr;
  return result;
}

FunctionImporter::MaybeTensor FunctionImporter::importConcat(tensor::ConcatOp concat) {
  SmallVector<ImportedTensor> inputs;
  int64_t along = concat.getDim();
  Values extents, begins;
  Value total = sizes->constant(0);
  for (Value operand : concat.getInputs()) {
    MaybeTensor input = tensorOf(operand, concat);
    if (failed(input))
      return failure();
    inputs.push_back(*input);
    for (size_t d = 0; d < input->extents.size(); ++d)
      if (int64_t(d) != along &&
          !requireEqual(concat, inputs[0].extents[d], input->extents[d], "dimension " + Twine(d) + " of its operands"))
        return failure();
    begins.push_back(total);
    total = sizes->add(total, input->extents[along]);
  }
  extents = inputs[0].extents;
  extents[along] = total;
  if (!requireType(concat, concat.getResult(), extents))
    return failure();
  return define(concat, inputs[0].element, extents, [&](ValueRange indices) -> Value {
    Value result;
    for (size_t i = inputs.size(); i-- > 0;) {
      Values subscripts(indices);
      Value position = indices[along];
      Value above = create<arith::CmpIOp>(arith::CmpIPredicate::sge, position, begins[i]);
      Value below =
          create<arith::CmpIOp>(arith::CmpIPredicate::slt, position, i + 1 < inputs.size() ? begins[i + 1] : total);
      subscripts[along] = i ? (Value)create<arith::SubIOp>(position, begins[i]) : position;
      Value here = i ? (Value)create<arith::AndIOp>(above, below) : below;
      Value element = read(inputs[i], subscripts, concat, inputs.size() > 1 ? here : Value());
      if (!element)
        return {};
      result = result ? (Value)create<arith::SelectOp>(here, element, result) : element;
    }
    return result;
  });
}

FunctionImporter::MaybeTensor FunctionImporter::importGather(tensor::GatherOp gather) {
  MaybeTensor source = tensorOf(gather.getSource(), gather), where = tensorOf(gather.getIndices(), gather);
  if (failed(source) || failed(where))
    return failure();
  ArrayRef<int64_t> gathered = gather.getGatherDims();
  auto type = cast<RankedTensorType>(gather.getResult().getType());
  size_t batch = where->extents.size() - 1, rank = source->extents.size();
  bool keepsDims = size_t(type.getRank()) == batch + rank;
  Values extents(where->extents.begin(), where->extents.begin() + batch);
  for (size_t d = 0; d < rank; ++d) {
    if (!llvm::is_contained(gathered, int64_t(d)))
      extents.push_back(source->extents[d]);
    else if (keepsDims)
      extents.push_back(sizes->constant(1));
  }
  return define(gather, source->element, extents, [&](ValueRange indices) -> Value {
    Values subscripts;
    size_t next = batch;
    for (size_t d = 0; d < rank; ++d) {
      const int64_t *found = llvm::find(gathered, int64_t(d));
      if (found == gathered.end()) {
        subscripts.push_back(indices[next++]);
        continue;
      }
      next += keepsDims;
      Values at(indices.take_front(batch));
      at.push_back(indexConstant(found - gathered.begin()));
      Value index = read(*where, at, gather);
      if (!index)
        return {};
      if (!index.getType().isIndex())
        index = create<arith::IndexCastOp>(builder.getIndexType(), index);
      subscripts.push_back(index);
    }
    return read(*source, subscripts, gather, {}, {}, source->splat ? "" : place(gather) + ": an index is outside");
  });
}

//===- all of them ----------------------------------------------------------===//

LogicalResult FunctionImporter::importTensorOp(Operation *inner) {
  auto keep = [&](MaybeTensor tensor) -> LogicalResult {
    if (failed(tensor))
      return failure();
    tensors[inner->getResult(0)] = *tensor;
    return success();
  };
  auto typed = [&](Value value) { return signless(cast<RankedTensorType>(value.getType()).getElementType()); };
  return llvm::TypeSwitch<Operation *, LogicalResult>(inner)
      .Case<tensor::EmptyOp>([&](tensor::EmptyOp empty) -> LogicalResult {
        Values extents;
        if (!sizesAt(empty.getMixedSizes(), empty, extents))
          return failure();
        return keep(ImportedTensor{{}, {}, typed(empty.getResult()), extents});
      })
      .Case<tensor::CastOp>([&](tensor::CastOp cast) -> LogicalResult {
        MaybeTensor source = tensorOf(cast.getSource(), cast);
        if (failed(source) || !requireType(cast, cast.getResult(), source->extents))
          return failure();
        return keep(source);
      })
      .Case<tensor::SplatOp>([&](tensor::SplatOp splat) -> LogicalResult {
        Values extents;
        if (!sizesAt(getMixedValues(splat.getType().getShape(), splat.getDynamicSizes(), builder), splat, extents))
          return failure();
        return keep(define(splat, typed(splat.getResult()), extents, [&](ValueRange) { return at(splat.getInput()); }));
      })
      .Case<tensor::FromElementsOp>([&](tensor::FromElementsOp list) -> LogicalResult {
        Values extents;
        auto type = cast<RankedTensorType>(list.getType());
        for (int64_t size : type.getShape())
          extents.push_back(sizes->constant(size));
        if (type.getNumElements() > maxElements)
          return refuse(list,
                        Twine(type.getNumElements()) + " elements are too many (" + Twine(maxElements) + " at most)");
        if (type.getNumElements() == 0)
          return keep(ImportedTensor{
              {}, cast<TypedAttr>(builder.getZeroAttr(typed(list.getResult()))), typed(list.getResult()), extents});
        return keep(importElements(
            list, extents, [&](unsigned i) { return at(list.getElements()[i]); }, type.getNumElements()));
      })
      .Case<tensor::GenerateOp>([&](tensor::GenerateOp generate) -> LogicalResult {
        Values extents;
        auto type = cast<RankedTensorType>(generate.getType());
        if (!sizesAt(getMixedValues(type.getShape(), generate.getDynamicExtents(), builder), generate, extents))
          return failure();
        Block &block = generate.getBody().front();
        for (auto [index, extent] : llvm::zip(block.getArguments(), extents))
          ranges[index] = {sizes->constant(0), sizes->sub(extent, sizes->constant(1))};
        root = generate;
        MaybeTensor result = define(generate, signless(type.getElementType()), extents, [&](ValueRange indices) {
          argument = [&](BlockArgument value) { return indices[value.getArgNumber()]; };
          return at(cast<tensor::YieldOp>(block.getTerminator()).getValue());
        });
        root = nullptr;
        argument = nullptr;
        return keep(result);
      })
      .Case<tensor::InsertOp>([&](tensor::InsertOp insert) -> LogicalResult {
        MaybeTensor into = tensorOf(insert.getDest(), insert);
        if (failed(into))
          return failure();
        return keep(define(insert, into->element, into->extents, [&](ValueRange indices) -> Value {
          Value here;
          for (auto [index, wanted] : llvm::zip(indices, insert.getIndices())) {
            Value position = at(wanted);
            if (!position)
              return {};
            Value equal = create<arith::CmpIOp>(arith::CmpIPredicate::eq, index, position);
            here = here ? (Value)create<arith::AndIOp>(here, equal) : equal;
          }
          Value scalar = at(insert.getScalar());
          if (!scalar || !here)
            return scalar;
          Value outer = into->value || into->splat ? read(*into, indices, insert)
                                                   : constantOf(cast<TypedAttr>(builder.getZeroAttr(into->element)));
          return outer ? (Value)create<arith::SelectOp>(here, scalar, outer) : Value();
        }));
      })
      .Case<tensor::BitcastOp>([&](tensor::BitcastOp cast) -> LogicalResult {
        MaybeTensor source = tensorOf(cast.getSource(), cast);
        if (failed(source))
          return failure();
        Type type = typed(cast.getResult());
        if (type == source->element)
          return keep(source);
        return keep(define(cast, type, source->extents, [&](ValueRange indices) -> Value {
          Value value = read(*source, indices, cast);
          return value ? (Value)create<arith::BitcastOp>(type, value) : Value();
        }));
      })
      .Case<tensor::ExpandShapeOp>([&](tensor::ExpandShapeOp reshape) -> LogicalResult {
        MaybeTensor source = tensorOf(reshape.getSrc(), reshape);
        Values extents;
        if (failed(source) || !sizesAt(reshape.getMixedOutputShape(), reshape, extents))
          return failure();
        return keep(expand(reshape, *source, reshape.getReassociationIndices(), extents));
      })
      .Case<tensor::CollapseShapeOp>([&](tensor::CollapseShapeOp reshape) -> LogicalResult {
        MaybeTensor source = tensorOf(reshape.getSrc(), reshape);
        if (failed(source))
          return failure();
        return keep(collapse(reshape, *source, reshape.getReassociationIndices()));
      })
      .Case<tensor::ReshapeOp>([&](tensor::ReshapeOp reshape) { return keep(importReshape(reshape)); })
      .Case<tensor::ExtractSliceOp>([&](tensor::ExtractSliceOp slice) { return keep(importExtractSlice(slice)); })
      .Case<tensor::InsertSliceOp>([&](tensor::InsertSliceOp slice) { return keep(importInsertSlice(slice)); })
      .Case<tensor::PadOp>([&](tensor::PadOp pad) { return keep(importPad(pad)); })
      .Case<tensor::ConcatOp>([&](tensor::ConcatOp concat) { return keep(importConcat(concat)); })
      .Case<tensor::GatherOp>([&](tensor::GatherOp gather) { return keep(importGather(gather)); })
      .Default([&](Operation *op) { return refuse(op); });
}
