//===- Emitter.cpp - one kernel to SPIR-V ------------------------------------===//
//
// Owns the walk over operations, constants, and what the gpu dialect reads. Does not own the families of operations,
// which have files of their own.
//
//===------------------------------------------------------------------------===//
#include "Emitter.h"
#include "KernelSignature.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;

namespace tenon::spirv {

using spv::Op;

Type Emitter::elementType(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getElementType();
  return type;
}

unsigned Emitter::laneCount(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements();
  return 1;
}

LogicalResult Emitter::checkTypes() {
  auto check = [&](Operation *op, Type type) -> LogicalResult {
    if (auto memref = dyn_cast<MemRefType>(type)) {
      if (memref.getRank() != 1 || !memref.getLayout().isIdentity())
        return emitInternalError(op) << "memory of type " << type << " is not in the kernel IR";
      type = memref.getElementType();
    }
    if (auto vector = dyn_cast<VectorType>(type))
      if (vector.getRank() != 1 || vector.isScalable())
        return emitInternalError(op) << "type " << type << " is not in the kernel IR";
    type = elementType(type);
    bool known = type.isIndex() || type.isF16() || type.isBF16() || type.isF32() || type.isF64();
    if (auto integer = dyn_cast<IntegerType>(type))
      known = integer.isSignless() && llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
    if (!known)
      return emitInternalError(op) << "type " << type << " is not in the kernel IR";
    if (type.isF64() && !session.device.float64)
      return op->emitError("f64 is needed here, but the devices of this profile have no f64");
    if (type.isIndex() && session.device.indexBits == 64 && !session.device.int64)
      return emitInternalError(op) << "an index of 64 bits for devices without 64-bit integers";
    return success();
  };
  for (Type type : kernel.getArgumentTypes())
    if (failed(check(kernel, type)))
      return failure();
  WalkResult result = kernel.walk([&](Operation *op) {
    if (op == kernel)
      return WalkResult::advance();
    for (Type type : op->getResultTypes())
      if (failed(check(op, type)))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult Emitter::unknown(Operation *op) {
  std::string type;
  llvm::raw_string_ostream stream(type);
  if (op->getNumResults())
    stream << " with result " << op->getResult(0).getType();
  return emitInternalError(op) << "operation " << op->getName() << type << " is not in the kernel IR";
}

LogicalResult Emitter::emitBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(emit(&op)))
      return failure();
  return success();
}

LogicalResult Emitter::emit(Operation *op) {
  StringRef dialect = op->getName().getDialectNamespace();
  if (isa<arith::ConstantOp>(op) || op->getName().getStringRef() == "ub.poison")
    return emitConstant(op);
  if (dialect == "arith")
    return emitArith(op);
  if (dialect == "math")
    return emitMath(op);
  if (dialect == "scf")
    return emitControl(op);
  if (dialect == "memref")
    return emitMemRef(op);
  if (dialect == "vector")
    return emitVector(op);
  if (dialect == "gpu")
    return emitGpu(op);
  return unknown(op);
}

LogicalResult Emitter::elementwise(Operation *op, UnitFn make, unsigned result) {
  Value value;
  size_t count = get(op->getOperand(0)).size();
  for (size_t i = 0; i < count; ++i) {
    SmallVector<Unit, 3> operands;
    for (mlir::Value operand : op->getOperands())
      operands.push_back(get(operand)[i]);
    value.push_back(make(operands));
  }
  set(op->getResult(result), std::move(value));
  return success();
}

LogicalResult Emitter::pieces(Operation *op, llvm::function_ref<Piece(ArrayRef<Piece>)> make) {
  return elementwise(op, [&](ArrayRef<Unit> units) -> Unit {
    SmallVector<Piece, 3> operands;
    for (Unit unit : units)
      operands.push_back(unit.lo);
    return {make(operands), {}};
  });
}

/// The bits of one element of a constant.
static std::optional<uint64_t> bitsOf(Attribute attr) {
  if (auto number = dyn_cast<FloatAttr>(attr))
    return number.getValue().bitcastToAPInt().getZExtValue();
  if (auto number = dyn_cast<IntegerAttr>(attr))
    return number.getValue().getZExtValue();
  return std::nullopt;
}

LogicalResult Emitter::emitConstant(Operation *op) {
  Type type = op->getResult(0).getType();
  Held held = session.held(elementType(type));
  SmallVector<uint64_t, 16> bits(laneCount(type), 0); // poison is zero: the same on every device
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue())) {
      for (auto [lane, element] : llvm::enumerate(elements.getValues<Attribute>())) {
        std::optional<uint64_t> value = bitsOf(element);
        if (!value)
          return unknown(op);
        bits[lane] = *value;
      }
    } else if (std::optional<uint64_t> value = bitsOf(constant.getValue())) {
      bits[0] = *value;
    } else {
      return unknown(op);
    }
  }
  Value value;
  unsigned first = 0;
  for (unsigned lanes : session.pieces(bits.size())) {
    auto make = [&](unsigned part) -> Piece {
      SmallVector<Id, 16> ids;
      for (unsigned lane = first; lane < first + lanes; ++lane) {
        Unit one = integers.constant(held, 1, bits[lane]);
        ids.push_back(part ? one.hi.id : one.lo.id);
      }
      Id id = lanes == 1 ? ids[0] : module.constantVector(held.elem, ids);
      return {id, held.elem, static_cast<uint8_t>(lanes)};
    };
    Piece lo = make(0);
    value.push_back({lo, held.wide ? make(1) : Piece()});
    first += lanes;
  }
  set(op->getResult(0), std::move(value));
  return success();
}

LogicalResult Emitter::emitGpu(Operation *op) {
  auto setIndex = [&](Unit unit) {
    set(op->getResult(0), {unit});
    return success();
  };
  auto axis = [](gpu::Dimension dimension) { return static_cast<unsigned>(dimension); };
  if (auto id = dyn_cast<gpu::BlockIdOp>(op))
    return setIndex(builtinLane(spv::BuiltIn::WorkgroupId, axis(id.getDimension())));
  if (auto id = dyn_cast<gpu::ThreadIdOp>(op))
    return setIndex(builtinLane(spv::BuiltIn::LocalInvocationId, axis(id.getDimension())));
  if (auto dim = dyn_cast<gpu::GridDimOp>(op))
    return setIndex(builtinLane(spv::BuiltIn::NumWorkgroups, axis(dim.getDimension())));
  if (auto dim = dyn_cast<gpu::BlockDimOp>(op)) {
    auto block = kernel->getAttrOfType<DenseI64ArrayAttr>("tenon.block");
    return setIndex(integers.constant(session.held(op->getResult(0).getType()), 1, block[axis(dim.getDimension())]));
  }
  if (isa<gpu::BarrierOp>(op)) {
    auto number = [&](uint32_t value) { return module.constant(Elem::integer(32), 1, value); };
    auto bit = [](spv::MemorySemanticsMask mask) { return static_cast<uint32_t>(mask); };
    // Workgroup memory and buffers, as OpenCL's barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE).
    uint32_t semantics = bit(spv::MemorySemanticsMask::WorkgroupMemory);
    if (session.vulkan)
      semantics |= bit(spv::MemorySemanticsMask::AcquireRelease) | bit(spv::MemorySemanticsMask::UniformMemory);
    else
      semantics |=
          bit(spv::MemorySemanticsMask::SequentiallyConsistent) | bit(spv::MemorySemanticsMask::CrossWorkgroupMemory);
    Id scope = number(static_cast<uint32_t>(spv::Scope::Workgroup));
    code.emit(Op::OpControlBarrier, {scope, scope, number(semantics)});
    return success();
  }
  return unknown(op);
}

} // namespace tenon::spirv
