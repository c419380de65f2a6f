//===- KernelBuilder.cpp ----------------------------------------------------===//
#include "compiler/schedule/KernelBuilder.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using package::ArgKind;
using package::ArgType;

Type tenon::memoryType(Type element) {
  if (element.isIndex())
    return IntegerType::get(element.getContext(), 64);
  return element.isInteger(1) ? IntegerType::get(element.getContext(), 8) : element;
}

unsigned tenon::elementBytes(Type element) { return memoryType(element).getIntOrFloatBitWidth() / 8; }

KernelBuilder::KernelBuilder(ModuleOp module, std::string name, const DeviceDescription &device, PlanBuilder &plan,
                             Location loc)
    : builder(module.getContext()), loc(loc), device(device), plan(plan) {
  builder.setInsertionPointToEnd(module.getBody());
  func = func::FuncOp::create(builder, loc, name, builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(func.addEntryBlock());
}

Value KernelBuilder::buffer(const Storage &storage, bool writes) {
  uint8_t access = writes ? 2 : 1;
  for (Argument &argument : buffers)
    if (argument.kind == storage.kind && argument.index == storage.index) {
      argument.access |= access;
      return argument.value;
    }
  Type element = memoryType(storage.element);
  // A temporary of sizes; with 32-bit indices they all fit, and the device may have nothing wider.
  if (storage.element.isIndex() && device.indexBits == 32)
    element = builder.getI32Type();
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  unsigned position = buffers.size();
  (void)func.insertArgument(position, type, DictionaryAttr(), loc);
  buffers.push_back(
      {storage.kind, storage.index, ArgType::Buffer, access, storage.mayAlias, func.getArgument(position)});
  return buffers.back().value;
}

Value KernelBuilder::size(ExprId expr) {
  if (std::optional<int64_t> known = plan.getConstant(expr))
    return index(*known);
  for (Argument &argument : scalars)
    if (argument.kind == ArgKind::Expr && argument.index == expr)
      return argument.value;
  unsigned position = func.getNumArguments();
  (void)func.insertArgument(position, builder.getIndexType(), DictionaryAttr(), loc);
  scalars.push_back({ArgKind::Expr, expr, ArgType::Index, 0, false, func.getArgument(position)});
  return scalars.back().value;
}

/// How a scalar of the formula is passed to a kernel: narrow ones widened.
static std::pair<ArgType, Type> passedAs(Type type) {
  MLIRContext *context = type.getContext();
  if (type.isIndex())
    return {ArgType::Index, type};
  if (type.isF64())
    return {ArgType::F64, type};
  if (isa<FloatType>(type))
    return {ArgType::F32, Float32Type::get(context)};
  if (type.isInteger(64))
    return {ArgType::I64, type};
  return {ArgType::I32, IntegerType::get(context, 32)};
}

Value KernelBuilder::scalarParameter(uint32_t parameter, Type type, bool isSize) {
  auto [passed, passedType] = passedAs(type);
  Value value;
  for (Argument &argument : scalars)
    if (argument.kind == ArgKind::Scalar && argument.index == parameter)
      value = argument.value;
  if (!value) {
    unsigned position = func.getNumArguments();
    (void)func.insertArgument(position, passedType, DictionaryAttr(), loc);
    scalars.push_back({ArgKind::Scalar, parameter, passed, 0, false, func.getArgument(position)});
    value = scalars.back().value;
  }
  if (passedType == type)
    return value;
  if (isa<FloatType>(type))
    return create<arith::TruncFOp>(type, value);
  if (type.isInteger(1))
    return create<arith::CmpIOp>(arith::CmpIPredicate::ne, value, integer(passedType, 0));
  return create<arith::TruncIOp>(type, value);
}

void KernelBuilder::finish(ArrayRef<int64_t> block) {
  create<func::ReturnOp>();
  SmallVector<int64_t> access;
  for (auto [position, argument] : llvm::enumerate(buffers)) {
    access.push_back(argument.access);
    if (!argument.mayAlias)
      func.setArgAttr(position, "tenon.noalias", builder.getUnitAttr());
  }
  func->setAttr("tenon.block", builder.getDenseI64ArrayAttr(block));
  func->setAttr("tenon.access", builder.getDenseI64ArrayAttr(access));
}

std::vector<package::Arg> KernelBuilder::launchArguments() const {
  std::vector<package::Arg> result;
  for (const std::vector<Argument> *list : {&buffers, &scalars})
    for (const Argument &argument : *list)
      result.emplace_back(argument.kind, argument.type, argument.index);
  return result;
}

Value KernelBuilder::index(int64_t value) { return create<arith::ConstantIndexOp>(value); }

std::optional<int64_t> KernelBuilder::constantOf(Value value) {
  if (auto op = value.getDefiningOp<arith::ConstantOp>())
    if (auto attribute = dyn_cast<IntegerAttr>(op.getValue()))
      return attribute.getInt();
  return std::nullopt;
}

Value KernelBuilder::add(Value a, Value b) {
  std::optional<int64_t> ca = constantOf(a), cb = constantOf(b);
  if (ca && cb)
    return index(*ca + *cb);
  if (ca == 0)
    return b;
  if (cb == 0)
    return a;
  return create<arith::AddIOp>(a, b);
}

Value KernelBuilder::sub(Value a, Value b) {
  std::optional<int64_t> ca = constantOf(a), cb = constantOf(b);
  if (ca && cb)
    return index(*ca - *cb);
  if (cb == 0)
    return a;
  return create<arith::SubIOp>(a, b);
}

Value KernelBuilder::mul(Value a, Value b) {
  std::optional<int64_t> ca = constantOf(a), cb = constantOf(b);
  if (ca && cb)
    return index(*ca * *cb);
  if (ca == 1)
    return b;
  if (cb == 1)
    return a;
  if (ca == 0)
    return a;
  if (cb == 0)
    return b;
  return create<arith::MulIOp>(a, b);
}

// Divisors here are the schedule's own and never zero or negative; unsigned division is the cheaper one and lets legalize leave it
// alone, signed values that may be negative go through the formula's own operations instead.
Value KernelBuilder::div(Value a, Value b) {
  if (constantOf(b) == 1)
    return a;
  if (std::optional<int64_t> ca = constantOf(a), cb = constantOf(b); ca && cb)
    return index(*ca / *cb);
  return create<arith::DivUIOp>(a, b);
}

Value KernelBuilder::rem(Value a, Value b) {
  if (constantOf(b) == 1)
    return index(0);
  if (std::optional<int64_t> ca = constantOf(a), cb = constantOf(b); ca && cb)
    return index(*ca % *cb);
  return create<arith::RemUIOp>(a, b);
}

Value KernelBuilder::min(Value a, Value b) { return a == b ? a : (Value)create<arith::MinSIOp>(a, b); }
Value KernelBuilder::max(Value a, Value b) { return a == b ? a : (Value)create<arith::MaxSIOp>(a, b); }
Value KernelBuilder::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return create<arith::CmpIOp>(predicate, a, b);
}

Value KernelBuilder::both(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  unsigned width = std::max(widthOf(a), widthOf(b));
  return create<arith::AndIOp>(splat(a, width), splat(b, width));
}

Values KernelBuilder::loop(Value lower, Value upper, Value step, ValueRange init,
                           function_ref<Values(Value, ValueRange)> body) {
  auto op = create<scf::ForOp>(lower, upper, step, init);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  Values results = body(op.getInductionVar(), op.getRegionIterArgs());
  // With no values carried, scf.for makes its own terminator.
  if (!init.empty()) {
    builder.setInsertionPointToEnd(op.getBody());
    create<scf::YieldOp>(results);
  }
  return Values(op.getResults());
}

void KernelBuilder::loop(Value lower, Value upper, Value step, function_ref<void(Value)> body) {
  loop(lower, upper, step, {}, [&](Value i, ValueRange) {
    body(i);
    return Values();
  });
}

Values KernelBuilder::branch(Value condition, TypeRange types, function_ref<Values()> then,
                             function_ref<Values()> otherwise) {
  auto op = scf::IfOp::create(builder, loc, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  auto fill = [&](Block *block, function_ref<Values()> body) {
    if (!block->empty())
      block->back().erase();
    builder.setInsertionPointToStart(block);
    Values results = body();
    builder.setInsertionPointToEnd(block);
    create<scf::YieldOp>(results);
  };
  fill(op.thenBlock(), then);
  fill(op.elseBlock(), otherwise);
  return Values(op.getResults());
}

void KernelBuilder::when(Value condition, function_ref<void()> then) {
  auto op = scf::IfOp::create(builder, loc, TypeRange(), condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  then();
}

unsigned KernelBuilder::widthOf(Value value) {
  auto type = dyn_cast<VectorType>(value.getType());
  return type ? type.getDimSize(0) : 1;
}

Type KernelBuilder::vectorOf(Type element, unsigned width) {
  return width == 1 ? element : (Type)VectorType::get({width}, element);
}

Type KernelBuilder::elementOf(Type type) { return getElementTypeOrSelf(type); }

Value KernelBuilder::constant(Type type, double value) {
  Type element = elementOf(type);
  APFloat number(value);
  bool inexact;
  number.convert(cast<FloatType>(element).getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  TypedAttr attribute = FloatAttr::get(element, number);
  if (auto vector = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(vector, Attribute(attribute));
  return create<arith::ConstantOp>(attribute);
}

Value KernelBuilder::integer(Type type, int64_t value) {
  Type element = elementOf(type);
  TypedAttr attribute = element.isIndex()
                            ? IntegerAttr::get(element, value)
                            : IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), value, true, true));
  if (auto vector = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(vector, Attribute(attribute));
  return create<arith::ConstantOp>(attribute);
}

Value KernelBuilder::splat(Value value, unsigned width) {
  if (widthOf(value) == width)
    return value;
  if (auto op = value.getDefiningOp<arith::ConstantOp>()) {
    auto type = cast<VectorType>(vectorOf(value.getType(), width));
    return create<arith::ConstantOp>(cast<TypedAttr>((Attribute)DenseElementsAttr::get(type, Attribute(op.getValue()))));
  }
  return create<vector::BroadcastOp>(vectorOf(value.getType(), width), value);
}

Value KernelBuilder::lane(Value value, unsigned position) {
  if (widthOf(value) == 1)
    return value;
  return create<vector::ExtractOp>(value, static_cast<int64_t>(position));
}

Value KernelBuilder::fromLanes(ArrayRef<Value> lanes) {
  if (lanes.size() == 1)
    return lanes[0];
  return create<vector::FromElementsOp>(cast<VectorType>(vectorOf(lanes[0].getType(), lanes.size())), ValueRange(lanes));
}

Value KernelBuilder::load(Value memory, Value offset, unsigned width, Type element) {
  Type stored = cast<MemRefType>(memory.getType()).getElementType();
  Value value = width == 1 ? (Value)create<memref::LoadOp>(memory, ValueRange{offset})
                           : (Value)create<vector::LoadOp>(cast<VectorType>(vectorOf(stored, width)), memory,
                                                           ValueRange{offset});
  if (element.isIndex())
    return create<arith::IndexCastOp>(vectorOf(element, width), value);
  if (!element.isInteger(1))
    return value;
  return create<arith::CmpIOp>(arith::CmpIPredicate::ne, value, integer(value.getType(), 0));
}

void KernelBuilder::store(Value value, Value memory, Value offset, bool nontemporal) {
  unsigned width = widthOf(value);
  Type stored = vectorOf(cast<MemRefType>(memory.getType()).getElementType(), width);
  if (elementOf(value.getType()).isInteger(1))
    value = create<arith::ExtUIOp>(stored, value);
  else if (elementOf(value.getType()).isIndex() && stored != value.getType())
    value = create<arith::IndexCastOp>(stored, value);
  if (width == 1) {
    create<memref::StoreOp>(value, memory, ValueRange{offset});
    return;
  }
  auto op = create<vector::StoreOp>(value, memory, ValueRange{offset});
  if (nontemporal) {
    op.setNontemporal(true);
    op.setAlignment(width * elementOf(value.getType()).getIntOrFloatBitWidth() / 8);
  }
}

Value KernelBuilder::group(unsigned dimension) {
  return create<gpu::BlockIdOp>(static_cast<gpu::Dimension>(dimension));
}

Value KernelBuilder::thread(unsigned dimension) {
  return create<gpu::ThreadIdOp>(static_cast<gpu::Dimension>(dimension));
}

Value KernelBuilder::localArray(Type element, int64_t count) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&func.getBody().front());
  auto space = gpu::AddressSpaceAttr::get(builder.getContext(), gpu::AddressSpace::Workgroup);
  return create<memref::AllocaOp>(MemRefType::get({count}, element, MemRefLayoutAttrInterface(), space));
}

Value KernelBuilder::privateArray(Type element, int64_t count) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&func.getBody().front());
  return create<memref::AllocaOp>(MemRefType::get({count}, element), ValueRange(), builder.getI64IntegerAttr(64));
}
