//===- KernelEmitter.cpp - a kernel as OpenCL C -----------------------------===//
//
// Owns the frame of a kernel, control flow, memory and vectors.
//
//===------------------------------------------------------------------------===//
#include "KernelEmitter.h"

#include "KernelSignature.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon::opencl {

//===-- Text ----------------------------------------------------------------===//

void KernelEmitter::define(Value value, const std::string &expression) {
  names[value] = defineTemporary(value.getType(), expression);
}

std::string KernelEmitter::defineTemporary(Type type, const std::string &expression) {
  std::string name = identifiers.getFresh("v");
  line() << "const " << getTypeName(type) << " " << name << " = " << expression << ";\n";
  return name;
}

std::string KernelEmitter::convert(const std::string &expression, const std::string &type, bool isVector) {
  return isVector ? "convert_" + type + "(" + expression + ")" : "(" + type + ")" + expression;
}

//===-- The frame -----------------------------------------------------------===//

bool KernelEmitter::isReadOnly(Value memref) {
  auto argument = dyn_cast<BlockArgument>(memref);
  if (!argument || argument.getOwner() != &kernel.getBody().front())
    return false;
  return kernel->getAttrOfType<DenseI64ArrayAttr>("tenon.access")[argument.getArgNumber()] == 1;
}

std::string KernelEmitter::getSpace(Value memref) {
  if (!memref.getDefiningOp())
    return "__global";
  return isWorkgroupMemory(cast<MemRefType>(memref.getType())) ? "__local" : "__private";
}

/// A buffer comes as the driver's buffer and a byte offset; the body sees only the pointer made from both. `restrict`
/// stands at the parameter, where compilers look for it.
void KernelEmitter::emitHead(func::FuncOp kernel) {
  ArrayRef<int64_t> block = kernel->getAttrOfType<DenseI64ArrayAttr>("tenon.block").asArrayRef();
  out << "__kernel __attribute__((reqd_work_group_size(" << block[0] << ", " << block[1] << ", " << block[2]
      << ")))\nvoid " << kernel.getName() << "(";
  std::string prologue;
  llvm::raw_string_ostream body(prologue);
  for (BlockArgument arg : kernel.getArguments()) {
    out << (arg.getArgNumber() ? ",\n    " : "\n    ");
    auto given = kernel.getArgAttrOfType<StringAttr>(arg.getArgNumber(), "tenon.name");
    auto memref = dyn_cast<MemRefType>(arg.getType());
    std::string fallback = (memref ? "buffer" : "scalar") + std::to_string(arg.getArgNumber());
    std::string name = names[arg] = identifiers.getNamed(given ? given.getValue() : StringRef(fallback));
    if (!memref) {
      out << getTypeName(arg.getType()) << " " << name;
      continue;
    }
    std::string buffer = identifiers.getNamed(name + "_buffer"), offset = identifiers.getNamed(name + "_offset");
    std::string pointer = getQualifiers(arg) + " " + getTypeName(memref.getElementType()) + " *";
    std::string bytes = getQualifiers(arg) + " char *";
    bool noalias = bool(kernel.getArgAttr(arg.getArgNumber(), "tenon.noalias"));
    out << pointer << (noalias ? "restrict " : "") << buffer << ", ulong " << offset;
    body << "  " << pointer << name << " = (" << pointer << ")((" << bytes << ")" << buffer << " + " << offset
         << ");\n";
  }
  out << ") {\n" << prologue;
}

LogicalResult KernelEmitter::emit(func::FuncOp func) {
  kernel = func;
  convertsInMemory = canConvertInMemory(kernel);
  emitHead(kernel);
  depth = 1;
  if (failed(emitBlock(kernel.getBody().front())))
    return failure();
  out << "}\n";
  return success();
}

LogicalResult KernelEmitter::emitBlock(Block &block) {
  for (Operation &op : block)
    if (failed(emitOp(&op)))
      return failure();
  return success();
}

LogicalResult KernelEmitter::emitOp(Operation *op) {
  for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types) {
      auto memref = dyn_cast<MemRefType>(type);
      bool isKernelType = memref ? memref.getRank() == 1 && memref.getLayout().isIdentity() &&
                                       isSpeakable(memref.getElementType()) && !isBool(memref.getElementType())
                                 : isSpeakable(type);
      if (!isKernelType)
        return emitInternalError(op) << op->getName() << " on " << type << ", a type that kernel IR does not have";
      if (getElement(memref ? memref.getElementType() : type).isF64())
        prelude.float64 = true;
    }
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<scf::ForOp>([&](auto op) { return emitFor(op); })
      .Case<scf::IfOp>([&](auto op) { return emitIf(op); })
      .Case<scf::WhileOp>([&](auto op) { return emitWhile(op); })
      .Case<scf::YieldOp, scf::ConditionOp, func::ReturnOp>([](auto) { return success(); })
      .Case<memref::AllocaOp>([&](auto op) { return emitAlloca(op); })
      .Case<memref::AtomicRMWOp>([&](auto op) { return emitAtomic(op); })
      .Case<memref::PrefetchOp>([&](auto op) { return emitPrefetch(op), success(); })
      .Case<memref::LoadOp>([&](auto op) {
        emitLoad(op.getResult(), op.getMemref(), op.getIndices()[0], 0);
        return success();
      })
      .Case<memref::StoreOp>([&](auto op) {
        emitStore(op.getValue(), op.getMemref(), op.getIndices()[0], 0, op.getNontemporal());
        return success();
      })
      .Case<vector::LoadOp>([&](auto op) {
        emitLoad(op.getResult(), op.getBase(), op.getIndices()[0], op.getAlignment().value_or(0));
        return success();
      })
      .Case<vector::StoreOp>([&](auto op) {
        emitStore(op.getValueToStore(), op.getBase(), op.getIndices()[0], op.getAlignment().value_or(0),
                  op.getNontemporal());
        return success();
      })
      .Case<gpu::BlockIdOp>([&](auto op) {
        names[op.getResult()] = identifiers.getFresh("g");
        line() << "const long " << get(op.getResult()) << " = (long)get_group_id(" << unsigned(op.getDimension())
               << ");\n";
        return success();
      })
      .Case<gpu::ThreadIdOp>([&](auto op) {
        names[op.getResult()] = identifiers.getFresh("l");
        line() << "const long " << get(op.getResult()) << " = (long)get_local_id(" << unsigned(op.getDimension())
               << ");\n";
        return success();
      })
      .Case<gpu::BarrierOp>([&](auto) {
        line() << "barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);\n";
        return success();
      })
      .Default([&](Operation *op) {
        return isa<vector::VectorDialect>(op->getDialect()) && !isa<vector::FMAOp>(op) ? emitVectorOp(op)
                                                                                       : emitArith(op);
      });
}

SmallVector<std::string> KernelEmitter::declareCarried(ValueRange arguments, ValueRange inits) {
  SmallVector<std::string> variables;
  for (auto [argument, init] : llvm::zip(arguments, inits)) {
    std::string name = identifiers.getFresh("acc");
    line() << getTypeName(argument.getType()) << " " << name << " = " << get(init) << ";\n";
    names[argument] = name;
    variables.push_back(name);
  }
  return variables;
}

void KernelEmitter::assign(ArrayRef<std::string> variables, ValueRange sources) {
  SmallVector<std::string> values;
  for (auto [i, source] : llvm::enumerate(sources)) {
    std::string value = get(source);
    // A variable that an earlier assignment has overwritten by then.
    if (llvm::is_contained(variables.take_front(i), value))
      value = defineTemporary(source.getType(), value);
    values.push_back(value);
  }
  for (auto [variable, value] : llvm::zip(variables, values))
    if (variable != value)
      line() << variable << " = " << value << ";\n";
}

LogicalResult KernelEmitter::emitFor(scf::ForOp loop) {
  SmallVector<std::string> carried = declareCarried(loop.getRegionIterArgs(), loop.getInitArgs());
  Type type = loop.getInductionVar().getType();
  std::string counter = names[loop.getInductionVar()] = identifiers.getFresh("i");
  std::string bound = get(loop.getUpperBound());
  std::string cast = loop.getUnsignedCmp() ? "(" + getUnsignedName(type) + ")" : "";
  line() << "for (" << getTypeName(type) << " " << counter << " = " << get(loop.getLowerBound()) << "; " << cast
         << counter << " < " << cast << bound << "; " << counter << " += " << get(loop.getStep()) << ") {\n";
  ++depth;
  if (failed(emitBlock(*loop.getBody())))
    return failure();
  assign(carried, loop.getBody()->getTerminator()->getOperands());
  --depth;
  line() << "}\n";
  for (auto [result, variable] : llvm::zip(loop.getResults(), carried))
    names[result] = variable;
  return success();
}

LogicalResult KernelEmitter::emitIf(scf::IfOp branch) {
  SmallVector<std::string> variables;
  for (Value result : branch.getResults()) {
    variables.push_back(names[result] = identifiers.getFresh("r"));
    line() << getTypeName(result.getType()) << " " << variables.back() << ";\n";
  }
  line() << "if (" << get(branch.getCondition()) << ") {\n";
  for (Block *block : {branch.thenBlock(), branch.elseBlock()}) {
    if (!block)
      continue;
    if (block == branch.elseBlock())
      line() << "} else {\n";
    ++depth;
    if (failed(emitBlock(*block)))
      return failure();
    assign(variables, block->getTerminator()->getOperands());
    --depth;
  }
  line() << "}\n";
  return success();
}

LogicalResult KernelEmitter::emitWhile(scf::WhileOp loop) {
  SmallVector<std::string> carried = declareCarried(loop.getBeforeArguments(), loop.getInits());
  SmallVector<std::string> results;
  for (auto [result, argument] : llvm::zip(loop.getResults(), loop.getAfterArguments())) {
    results.push_back(names[result] = names[argument] = identifiers.getFresh("w"));
    line() << getTypeName(result.getType()) << " " << results.back() << ";\n";
  }
  line() << "for (;;) {\n";
  ++depth;
  if (failed(emitBlock(*loop.getBeforeBody())))
    return failure();
  scf::ConditionOp condition = loop.getConditionOp();
  assign(results, condition.getArgs());
  line() << "if (!" << get(condition.getCondition()) << ")\n";
  line() << "  break;\n";
  if (failed(emitBlock(*loop.getAfterBody())))
    return failure();
  assign(carried, loop.getYieldOp().getOperands());
  --depth;
  line() << "}\n";
  return success();
}

//===-- Memory --------------------------------------------------------------===//

/// vload_half and vstore_half convert on the way, in hardware where there is some. They look at memory as half, other
/// accesses look at it as ushort, and a compiler may believe that these differ: so it is all or nothing in a kernel.
bool KernelEmitter::canConvertInMemory(func::FuncOp kernel) {
  auto isHalf = [](Type type) { return getElement(type).isF16(); };
  WalkResult result = kernel.walk([&](Operation *op) {
    if (isa<memref::LoadOp, vector::LoadOp>(op) && isHalf(op->getResult(0).getType()))
      for (Operation *user : op->getUsers())
        if (!isa<arith::ExtFOp>(user) || !getElement(user->getResult(0).getType()).isF32())
          return WalkResult::interrupt();
    if (isa<memref::StoreOp, vector::StoreOp>(op) && isHalf(op->getOperand(0).getType())) {
      auto truncf = op->getOperand(0).getDefiningOp<arith::TruncFOp>();
      if (!truncf || !getElement(truncf.getIn().getType()).isF32())
        return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return !result.wasInterrupted();
}

bool KernelEmitter::isConvertedInMemory(Operation *op) {
  return convertsInMemory && isa<arith::TruncFOp>(op) && getElement(op->getResult(0).getType()).isF16() &&
         getElement(op->getOperand(0).getType()).isF32() &&
         llvm::all_of(op->getUsers(), [](Operation *user) { return isa<memref::StoreOp, vector::StoreOp>(user); });
}

std::string KernelEmitter::getPointer(Value memref, Value index) { return get(memref) + " + " + get(index); }

LogicalResult KernelEmitter::emitAlloca(memref::AllocaOp alloca) {
  MemRefType type = alloca.getType();
  bool isShared = isWorkgroupMemory(type);
  if (!type.hasStaticShape())
    return emitInternalError(alloca) << "an array of " << type << " has no static size";
  if (alloca->getParentOp() != kernel)
    return emitInternalError(alloca) << "an array inside of control flow is not kernel IR";
  std::string name = names[alloca.getResult()] = identifiers.getFresh(isShared ? "shared" : "array");
  line() << (isShared ? "__local " : "") << getTypeName(type.getElementType()) << " " << name << "["
         << std::max<int64_t>(1, type.getNumElements()) << "]";
  if (auto alignment = alloca.getAlignment())
    out << " __attribute__((aligned(" << *alignment << ")))";
  out << ";\n";
  return success();
}

void KernelEmitter::emitLoad(Value result, Value memref, Value index, uint64_t alignment) {
  Type type = result.getType();
  unsigned width = getWidth(type);
  std::string pointer = getPointer(memref, index);
  if (getElement(type).isF16() && convertsInMemory) {
    std::string name = identifiers.getFresh("v");
    std::string suffix = width == 1 ? "" : std::to_string(width);
    line() << "const float" << suffix << " " << name << " = vload_half" << suffix << "(0, (const " << getSpace(memref)
           << " half *)(" << pointer << "));\n";
    // Only extf uses it, and is this value then.
    names[result] = name;
    return;
  }
  if (width == 1)
    return define(result, get(memref) + "[" + get(index) + "]");
  if (alignment * 8 >= uint64_t(getBits(type)) * width)
    return define(result, "*(" + getQualifiers(memref) + " " + getTypeName(type) + " *)(" + pointer + ")");
  define(result, "vload" + std::to_string(width) + "(0, " + pointer + ")");
}

void KernelEmitter::emitStore(Value value, Value memref, Value index, uint64_t alignment, bool nontemporal) {
  Type type = value.getType();
  unsigned width = getWidth(type);
  std::string pointer = getPointer(memref, index);
  std::string typed = "(" + getSpace(memref) + " " + getTypeName(type) + " *)(" + pointer + ")";
  bool isAligned = width == 1 || alignment * 8 >= uint64_t(getBits(type)) * width;
  bool streams = nontemporal && isAligned && !memref.getDefiningOp();
  std::string text = get(value);
  if (getElement(type).isF16() && convertsInMemory) {
    Value wide = value.getDefiningOp<arith::TruncFOp>().getIn();
    if (!streams) {
      line() << "vstore_half" << (width == 1 ? "" : std::to_string(width)) << "_rte(" << get(wide) << ", 0, ("
             << getSpace(memref) << " half *)(" << pointer << "));\n";
      return;
    }
    text = Prelude::call(prelude.float32ToFloat16, "tenon_f16_from_f32", width, get(wide));
  }
  if (streams) {
    prelude.streamingStores = true;
    line() << "TENON_STREAM(" << text << ", " << typed << ");\n";
  } else if (width == 1)
    line() << get(memref) << "[" << get(index) << "] = " << text << ";\n";
  else if (isAligned)
    line() << "*" << typed << " = " << text << ";\n";
  else
    line() << "vstore" << width << "(" << text << ", 0, " << pointer << ");\n";
}

void KernelEmitter::emitPrefetch(memref::PrefetchOp prefetch) {
  if (!prefetch.getMemref().getDefiningOp()) // Only global memory can be prefetched; for the rest there is no need.
    line() << "prefetch(" << getPointer(prefetch.getMemref(), prefetch.getIndices()[0]) << ", 1);\n";
}

LogicalResult KernelEmitter::emitAtomic(memref::AtomicRMWOp rmw) {
  StringRef name;
  bool isUnsigned = false;
  switch (rmw.getKind()) {
  case arith::AtomicRMWKind::addi:
    name = "add";
    break;
  case arith::AtomicRMWKind::maxu:
    isUnsigned = true;
    [[fallthrough]];
  case arith::AtomicRMWKind::maxs:
    name = "max";
    break;
  case arith::AtomicRMWKind::minu:
    isUnsigned = true;
    [[fallthrough]];
  case arith::AtomicRMWKind::mins:
    name = "min";
    break;
  case arith::AtomicRMWKind::andi:
    name = "and";
    break;
  case arith::AtomicRMWKind::ori:
    name = "or";
    break;
  case arith::AtomicRMWKind::xori:
    name = "xor";
    break;
  case arith::AtomicRMWKind::assign:
    name = "xchg";
    break;
  default:
    return emitInternalError(rmw) << "no atomic " << stringifyEnum(rmw.getKind()) << " in kernel IR";
  }
  Type type = rmw.getValue().getType();
  unsigned bits = getBits(type);
  if (!type.isIntOrIndex() || bits < 32)
    return emitInternalError(rmw) << "OpenCL has atomics on i32 and i64, not on " << type;
  if (bits == 64)
    prelude.int64Atomics = true;
  std::string pointed = getIntegerName(bits, 1, isUnsigned);
  std::string call = (bits == 64 ? "atom_" : "atomic_") + name.str() + "((volatile " + getSpace(rmw.getMemref()) + " " +
                     pointed + " *)(" + getPointer(rmw.getMemref(), rmw.getIndices()[0]) + "), " +
                     (isUnsigned ? "(" + pointed + ")" : "") + get(rmw.getValue()) + ")";
  if (rmw.getResult().use_empty())
    line() << call << ";\n";
  else
    define(rmw.getResult(), isUnsigned ? "(" + getTypeName(type) + ")" + call : call);
  return success();
}

//===-- Vectors -------------------------------------------------------------===//

std::string KernelEmitter::getLane(Value vector, int64_t lane) {
  std::string text = get(vector);
  return (text[0] == '(' ? "(" + text + ")" : text) + ".s" + llvm::utohexstr(lane, /*LowerCase=*/true);
}

LogicalResult KernelEmitter::emitVectorOp(Operation *op) {
  // A lane of a mask is 0 or -1, a scalar i1 is 0 or 1.
  auto toLane = [](Value scalar, const std::string &text) { return isBool(scalar.getType()) ? "-" + text : text; };
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op); broadcast && !isVector(broadcast.getSourceType())) {
    define(broadcast.getResult(), "(" + getTypeName(broadcast.getType()) + ")(" +
                                      toLane(broadcast.getSource(), get(broadcast.getSource())) + ")");
    return success();
  }
  if (auto extract = dyn_cast<vector::ExtractOp>(op);
      extract && extract.getDynamicPosition().empty() && !isVector(extract.getType())) {
    define(extract.getResult(),
           toLane(extract.getResult(), getLane(extract.getSource(), extract.getStaticPosition()[0])));
    return success();
  }
  if (auto insert = dyn_cast<vector::InsertOp>(op);
      insert && insert.getDynamicPosition().empty() && !isVector(insert.getValueToStoreType())) {
    std::string name = names[insert.getResult()] = identifiers.getFresh("v");
    line() << getTypeName(insert.getType()) << " " << name << " = " << get(insert.getDest()) << ";\n";
    line() << getLane(insert.getResult(), insert.getStaticPosition()[0]) << " = "
           << toLane(insert.getValueToStore(), get(insert.getValueToStore())) << ";\n";
    return success();
  }
  if (!isa<vector::FromElementsOp, vector::ShuffleOp>(op))
    return emitInternalError(op) << op->getName() << " in this form is not kernel IR";
  std::string text = "(" + getTypeName(op->getResult(0).getType()) + ")(";
  llvm::ListSeparator separator;
  if (auto elements = dyn_cast<vector::FromElementsOp>(op))
    for (Value element : elements.getElements())
      text += StringRef(separator).str() + toLane(element, get(element));
  if (auto shuffle = dyn_cast<vector::ShuffleOp>(op)) {
    int64_t width = getWidth(shuffle.getV1().getType());
    for (int64_t lane : shuffle.getMask()) {
      lane = std::max<int64_t>(lane, 0); // -1 is a lane that nobody looks at.
      text += StringRef(separator).str() +
              (lane < width ? getLane(shuffle.getV1(), lane) : getLane(shuffle.getV2(), lane - width));
    }
  }
  define(op->getResult(0), text + ")");
  return success();
}

} // namespace tenon::opencl
