//===- Memory.cpp - loads, stores, private and workgroup memory ---------------===//
//
// Owns every access to memory: buffers of both environments, elements that a device cannot address, atomics. Does not
// own how buffers arrive (Kernels.cpp).
//
//===------------------------------------------------------------------------===//
#include "Emitter.h"
#include "KernelSignature.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <spirv/unified1/OpenCL.std.h>

using namespace mlir;

namespace tenon::spirv {

using spv::Op;
using spv::StorageClass;

static const Elem word = Elem::integer(32);

LogicalResult Emitter::emitAlloca(Operation *op) {
  auto alloca = cast<memref::AllocaOp>(op);
  MemRefType type = alloca.getType();
  if (!type.hasStaticShape() || type.getNumElements() < 1 || type.getNumElements() > UINT32_MAX / 2)
    return unknown(op);
  bool isWorkgroup = isWorkgroupMemory(type);
  if (type.getMemorySpace() && !isWorkgroup)
    return emitInternalError(op) << "memory space " << type.getMemorySpace() << " is not in the kernel IR";
  Memory memory;
  memory.element = type.getElementType();
  memory.held = session.held(memory.element);
  memory.stored = memory.held.isBool() ? word : memory.held.elem;
  memory.layout = memory.held.wide ? Layout::Pairs : Layout::Direct;
  memory.storage = isWorkgroup ? StorageClass::Workgroup : StorageClass::Function;
  uint64_t cells = type.getNumElements() * (memory.held.wide ? 2 : 1);
  Id array = module.array(module.type(memory.stored), cells);
  memory.base = isWorkgroup ? module.variable(memory.storage, array) : code.variable(array);
  if (isWorkgroup)
    localBytes += cells * memory.stored.width / 8;
  memories[alloca.getResult()] = memory;
  return success();
}

Piece Emitter::position(const Memory &memory, mlir::Value index) {
  Piece at = scalar(index);
  return memory.offset ? code.add(at, memory.offset) : at;
}

Piece Emitter::advance(Piece position, uint64_t elements) { return elements ? code.add(position, elements) : position; }

Id Emitter::pointer(const Memory &memory, Piece position) {
  Id type = module.pointer(memory.storage, module.type(memory.stored));
  if (memory.isPointer)
    return code.result(Op::OpInBoundsPtrAccessChain, type, {memory.base, position.id});
  if (memory.isBlock)
    return code.result(Op::OpAccessChain, type, {memory.base, module.constant(word, 1, 0), position.id});
  return code.result(session.vulkan ? Op::OpAccessChain : Op::OpInBoundsAccessChain, type, {memory.base, position.id});
}

Id Emitter::vectorPointer(const Memory &memory, Piece position, unsigned lanes, Elem elem) {
  Id element = pointer(memory, position);
  if (lanes == 1 && elem == memory.stored)
    return element;
  return code.result(Op::OpBitcast, module.pointer(memory.storage, module.type(elem, lanes)), {element});
}

/// OpenCL asks for the alignment of each access; elements are aligned to their size at least.
static SmallVector<uint32_t, 2> accessOperands(uint32_t alignment, bool nontemporal) {
  uint32_t mask = static_cast<uint32_t>(spv::MemoryAccessMask::Aligned);
  if (nontemporal)
    mask |= static_cast<uint32_t>(spv::MemoryAccessMask::Nontemporal);
  return {mask, alignment};
}

Unit Emitter::loadOne(const Memory &memory, Piece position) {
  auto load = [&](Piece at) -> Piece {
    SmallVector<uint32_t, 3> operands{pointer(memory, at)};
    if (!session.vulkan)
      operands.append(accessOperands(memory.stored.width / 8, false));
    return code.op(Op::OpLoad, memory.stored, 1, operands);
  };
  if (memory.layout == Layout::Pairs) {
    Piece first = code.shl(position, 1);
    Piece lo = load(first);
    return {lo, load(code.add(first, uint64_t(1)))};
  }
  if (memory.layout == Layout::Direct) {
    Piece value = load(position);
    return {memory.held.isBool() ? code.notEqual(value, code.constant(value, 0)) : value, {}};
  }
  unsigned perWord = 32 / memory.held.bits, log = perWord == 4 ? 2 : 1;
  Piece cell = load(code.shrU(position, log));
  Piece lane = code.resize(code.bitAnd(position, perWord - 1), 32, false);
  Piece shift = code.shl(lane, memory.held.bits == 8 ? 3 : 4);
  Piece bits = code.bitAnd(code.shrU(cell, shift), (1u << memory.held.bits) - 1);
  return {code.resize(bits, memory.held.elem.width, false), {}};
}

void Emitter::storeOne(const Memory &memory, Piece position, Unit unit) {
  auto store = [&](Piece at, Piece value) {
    SmallVector<uint32_t, 4> operands{pointer(memory, at), value.id};
    if (!session.vulkan)
      operands.append(accessOperands(memory.stored.width / 8, false));
    code.emit(Op::OpStore, operands);
  };
  if (memory.layout == Layout::Pairs) {
    Piece first = code.shl(position, 1);
    store(first, unit.lo);
    store(code.add(first, uint64_t(1)), unit.hi);
    return;
  }
  if (memory.layout == Layout::Direct) {
    store(position, memory.held.isBool() ? code.zeroOne(unit.lo, memory.stored) : unit.lo);
    return;
  }
  // Neighbours in the same word may be stored by others at the same time: clear and set our bits, each atomically.
  unsigned perWord = 32 / memory.held.bits, log = perWord == 4 ? 2 : 1;
  uint64_t mask = (1u << memory.held.bits) - 1;
  Id cell = pointer(memory, code.shrU(position, log));
  Piece lane = code.resize(code.bitAnd(position, perWord - 1), 32, false);
  Piece shift = code.shl(lane, memory.held.bits == 8 ? 3 : 4);
  Piece keep = code.bitNot(code.shl(code.constant(word, 1, mask), shift));
  Piece bits = code.shl(code.resize(unit.lo, 32, false), shift);
  Id scope = module.constant(word, 1, static_cast<uint32_t>(spv::Scope::Device)), relaxed = module.constant(word, 1, 0);
  code.op(Op::OpAtomicAnd, word, 1, {cell, scope, relaxed, keep.id});
  code.op(Op::OpAtomicOr, word, 1, {cell, scope, relaxed, bits.id});
}

/// OpenCL converts f16 as it loads and stores, without needing f16 itself: used where an f16 value is nothing but
/// widened after a load, or narrowed for a store.
bool Emitter::isHalfFused(mlir::Value value) {
  if (!elementType(value.getType()).isF16() || value.use_empty())
    return false;
  Operation *def = value.getDefiningOp();
  if (isa_and_nonnull<arith::TruncFOp>(def)) {
    return elementType(def->getOperand(0).getType()).isF32() && llvm::all_of(value.getUses(), [](OpOperand &use) {
             return isa<memref::StoreOp, vector::StoreOp>(use.getOwner()) && use.getOperandNumber() == 0;
           });
  }
  return isa_and_nonnull<memref::LoadOp, vector::LoadOp>(def) && llvm::all_of(value.getUsers(), [](Operation *user) {
           return isa<arith::ExtFOp>(user) && elementType(user->getResult(0).getType()).isF32();
         });
}

static std::pair<uint32_t, bool> promises(Operation *op) {
  uint32_t alignment = 0;
  bool nontemporal = false;
  if (auto load = dyn_cast<vector::LoadOp>(op)) {
    alignment = load.getAlignment().value_or(0);
    nontemporal = load.getNontemporal();
  } else if (auto store = dyn_cast<vector::StoreOp>(op)) {
    alignment = store.getAlignment().value_or(0);
    nontemporal = store.getNontemporal();
  }
  return {alignment, nontemporal};
}

LogicalResult Emitter::emitLoad(Operation *op, mlir::Value memref, mlir::Value index) {
  const Memory memory = memories.find(memref)->second;
  mlir::Value result = op->getResult(0);
  unsigned lanes = laneCount(result.getType());
  auto [alignment, nontemporal] = promises(op);
  Piece start = position(memory, index);
  bool fused = !session.vulkan && isHalfFused(result);
  bool whole = !session.vulkan && memory.layout == Layout::Direct && !memory.held.isBool();
  Value value;
  unsigned first = 0;
  for (unsigned count : session.pieces(lanes)) {
    Piece at = advance(start, first);
    first += count;
    if (fused && whole) {
      module.require(spv::Capability::Float16Buffer);
      Id zero = module.constant(Elem::integer(64), 1, 0);
      Id from = vectorPointer(memory, at, 1, Elem::real(16));
      SmallVector<uint32_t, 3> operands{zero, from};
      if (count > 1)
        operands.push_back(count);
      value.push_back({code.extended(session.extendedSet(), count > 1 ? OpenCLLIB::Vload_halfn : OpenCLLIB::Vload_half,
                                     Elem::real(32), count, operands),
                       {}});
    } else if (whole && count != 3) {
      // The promise is about the first piece; the others keep it as far as their distance allows.
      uint32_t size = memory.stored.width / 8;
      SmallVector<uint32_t, 3> operands{vectorPointer(memory, at, count, memory.stored)};
      operands.append(accessOperands(std::max(size, first == count ? alignment : size), nontemporal));
      value.push_back({code.op(Op::OpLoad, memory.stored, count, operands), {}});
    } else {
      SmallVector<Piece, 4> lo, hi;
      for (unsigned lane = 0; lane < count; ++lane) {
        Unit one = loadOne(memory, advance(at, lane));
        lo.push_back(one.lo);
        if (one.hi)
          hi.push_back(one.hi);
      }
      value.push_back({code.construct(lo), hi.empty() ? Piece() : code.construct(hi)});
    }
  }
  if (fused && whole)
    halvesAsFloats[result] = std::move(value);
  else
    set(result, std::move(value));
  return success();
}

LogicalResult Emitter::emitStore(Operation *op, mlir::Value stored, mlir::Value memref, mlir::Value index) {
  const Memory memory = memories.find(memref)->second;
  auto [alignment, nontemporal] = promises(op);
  Piece start = position(memory, index);
  bool fused = !session.vulkan && isHalfFused(stored) && isa<arith::TruncFOp>(stored.getDefiningOp());
  bool whole = !session.vulkan && memory.layout == Layout::Direct && !memory.held.isBool();
  if (fused && !whole)
    return emitInternalError(op) << "f16 memory that cannot be addressed, in OpenCL";
  const Value value = get(fused ? stored.getDefiningOp()->getOperand(0) : stored);
  unsigned first = 0;
  for (Unit unit : value) {
    unsigned count = unit.lo.lanes;
    Piece at = advance(start, first);
    first += count;
    if (fused) {
      module.require(spv::Capability::Float16Buffer);
      Id zero = module.constant(Elem::integer(64), 1, 0);
      Id to = vectorPointer(memory, at, 1, Elem::real(16));
      code.result(Op::OpExtInst, module.voidType(),
                  {session.extendedSet(),
                   static_cast<uint32_t>(count > 1 ? OpenCLLIB::Vstore_halfn_r : OpenCLLIB::Vstore_half_r), unit.lo.id,
                   zero, to, static_cast<uint32_t>(spv::FPRoundingMode::RTE)});
    } else if (whole && count != 3) {
      uint32_t size = memory.stored.width / 8;
      SmallVector<uint32_t, 4> operands{vectorPointer(memory, at, count, memory.stored), unit.lo.id};
      operands.append(accessOperands(std::max(size, first == count ? alignment : size), nontemporal));
      code.emit(Op::OpStore, operands);
    } else {
      for (unsigned lane = 0; lane < count; ++lane)
        storeOne(memory, advance(at, lane),
                 {code.extract(unit.lo, lane), unit.hi ? code.extract(unit.hi, lane) : Piece()});
    }
  }
  return success();
}

LogicalResult Emitter::emitAtomic(Operation *op) {
  auto atomic = cast<memref::AtomicRMWOp>(op);
  const Memory memory = memories.find(atomic.getMemref())->second;
  if (memory.held.bits != 32 || memory.held.isFloat())
    return op->emitError("atomic operation on ")
           << memory.element << ": devices of this profile have atomic operations on 32-bit integers only";
  Op opcode;
  switch (atomic.getKind()) {
  case arith::AtomicRMWKind::addi:
    opcode = Op::OpAtomicIAdd;
    break;
  case arith::AtomicRMWKind::maxs:
    opcode = Op::OpAtomicSMax;
    break;
  case arith::AtomicRMWKind::mins:
    opcode = Op::OpAtomicSMin;
    break;
  case arith::AtomicRMWKind::maxu:
    opcode = Op::OpAtomicUMax;
    break;
  case arith::AtomicRMWKind::minu:
    opcode = Op::OpAtomicUMin;
    break;
  case arith::AtomicRMWKind::andi:
    opcode = Op::OpAtomicAnd;
    break;
  case arith::AtomicRMWKind::ori:
    opcode = Op::OpAtomicOr;
    break;
  case arith::AtomicRMWKind::xori:
    opcode = Op::OpAtomicXor;
    break;
  case arith::AtomicRMWKind::assign:
    opcode = Op::OpAtomicExchange;
    break;
  default:
    return unknown(op);
  }
  Id cell = pointer(memory, position(memory, atomic.getIndices()[0]));
  auto scope = memory.storage == StorageClass::Workgroup ? spv::Scope::Workgroup : spv::Scope::Device;
  Piece old = code.op(opcode, memory.held.elem, 1,
                      {cell, module.constant(word, 1, static_cast<uint32_t>(scope)), module.constant(word, 1, 0),
                       scalar(atomic.getValue()).id});
  set(op->getResult(0), {Unit{old, {}}});
  return success();
}

LogicalResult Emitter::emitMemRef(Operation *op) {
  auto isOneIndex = [](ValueRange indices) { return indices.size() == 1; };
  if (isa<memref::AllocaOp>(op))
    return emitAlloca(op);
  if (isa<memref::PrefetchOp>(op))
    return success(); // a hint, and these devices have none
  if (auto load = dyn_cast<memref::LoadOp>(op); load && isOneIndex(load.getIndices()))
    return emitLoad(op, load.getMemRef(), load.getIndices()[0]);
  if (auto store = dyn_cast<memref::StoreOp>(op); store && isOneIndex(store.getIndices()))
    return emitStore(op, store.getValueToStore(), store.getMemRef(), store.getIndices()[0]);
  if (auto atomic = dyn_cast<memref::AtomicRMWOp>(op); atomic && isOneIndex(atomic.getIndices()))
    return emitAtomic(op);
  return unknown(op);
}

} // namespace tenon::spirv
