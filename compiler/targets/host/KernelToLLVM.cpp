//===- KernelToLLVM.cpp - kernel IR to LLVM IR ------------------------------===//
//
// Owns the walk over a kernel: arguments, control flow, memory. Arithmetic is in ArithToLLVM.cpp.
//
//===------------------------------------------------------------------------===//
#include "KernelToLLVM.h"

#include "ArithToLLVM.h"
#include "KernelSignature.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/MDBuilder.h"

using namespace mlir;

namespace tenon::host {
namespace {

class KernelTranslator {
public:
  KernelTranslator(func::FuncOp kernel, const Profile &profile, llvm::Module &module)
      : kernel(kernel), module(module), builder(module.getContext()), arith(builder, values, profile) {}

  LogicalResult translate();

private:
  struct AliasInfo {
    llvm::MDNode *scope = nullptr;   ///< alias.scope of an access to this buffer.
    llvm::MDNode *noalias = nullptr; ///< The scopes of the buffers that it cannot touch.
  };

  void loadArguments(llvm::Value *arguments);
  void describeAliases();
  LogicalResult translateBlock(Block &block);
  LogicalResult translateOp(Operation *op);
  LogicalResult translate(scf::ForOp loop);
  LogicalResult translate(scf::IfOp branch);
  LogicalResult translate(scf::WhileOp loop);
  LogicalResult translate(memref::AllocaOp alloca);
  LogicalResult translate(memref::AtomicRMWOp rmw);
  LogicalResult translate(memref::PrefetchOp prefetch);
  LogicalResult translateGroupId(gpu::BlockIdOp id);
  void translateVectorOp(vector::ShuffleOp shuffle);
  void translateVectorOp(vector::FromElementsOp op);
  void store(Operation *op, Value value, Value memref, Value index, uint64_t alignment, bool nontemporal);
  void load(Value result, Value memref, Value index, uint64_t alignment);

  llvm::Value *getPointer(Value memref, Value index);
  llvm::Align getAlign(Value memref, uint64_t promise);
  void annotate(llvm::Instruction *access, Value memref);
  llvm::Value *get(Value value) { return values.lookup(value); }
  llvm::Type *getType(Type type) { return arith.getType(type); }
  llvm::BasicBlock *addBlock(const llvm::Twine &name) {
    return llvm::BasicBlock::Create(module.getContext(), name, function);
  }

  func::FuncOp kernel;
  llvm::Module &module;
  llvm::IRBuilder<> builder;
  llvm::DenseMap<Value, llvm::Value *> values;
  ArithTranslator arith;
  llvm::Function *function = nullptr;
  llvm::DenseMap<Value, AliasInfo> aliases;
  bool hasNontemporalStores = false;
};

LogicalResult KernelTranslator::translate() {
  llvm::LLVMContext &context = module.getContext();
  auto *pointer = llvm::PointerType::get(context, 0);
  auto *i64 = builder.getInt64Ty();
  auto *type = llvm::FunctionType::get(builder.getVoidTy(), {pointer, i64, i64, i64}, /*isVarArg=*/false);
  function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, kernel.getName(), module);
  // The caller's array of arguments is written by nobody while the kernel runs, and no buffer lies in it.
  for (auto kind : {llvm::Attribute::NoAlias, llvm::Attribute::NonNull, llvm::Attribute::ReadOnly})
    function->addParamAttr(0, kind);
  for (auto [argument, name] : llvm::zip(function->args(), ArrayRef<StringRef>{"args", "gx", "gy", "gz"}))
    argument.setName(name);
  function->setDoesNotThrow();

  builder.SetInsertPoint(addBlock("entry"));
  loadArguments(function->getArg(0));
  describeAliases();
  if (failed(translateBlock(kernel.getBody().front())))
    return failure();
  // Non-temporal stores are weakly ordered: whoever hears that the kernel is done must see them.
  if (hasNontemporalStores)
    builder.CreateIntrinsic(builder.getVoidTy(), llvm::Intrinsic::x86_sse_sfence, {});
  builder.CreateRetVoid();
  return success();
}

void KernelTranslator::loadArguments(llvm::Value *arguments) {
  auto *pointer = llvm::PointerType::get(module.getContext(), 0);
  llvm::MDNode *empty = llvm::MDNode::get(module.getContext(), {});
  auto loadInvariant = [&](llvm::Type *type, llvm::Value *address, unsigned alignment) {
    llvm::LoadInst *loaded = builder.CreateAlignedLoad(type, address, llvm::Align(alignment));
    loaded->setMetadata(llvm::LLVMContext::MD_invariant_load, empty);
    return loaded;
  };
  for (BlockArgument arg : kernel.getArguments()) {
    llvm::Value *slot = builder.CreateConstInBoundsGEP1_64(pointer, arguments, arg.getArgNumber());
    llvm::Value *address = loadInvariant(pointer, slot, 8);
    if (isa<MemRefType>(arg.getType())) {
      values[arg] = address;
      continue;
    }
    llvm::Type *type = getType(arg.getType());
    values[arg] = loadInvariant(type, address, type->getPrimitiveSizeInBits() / 8);
  }
}

/// A buffer that says tenon.noalias gets a scope of its own, which every access to another buffer excludes.
void KernelTranslator::describeAliases() {
  llvm::MDBuilder metadata(module.getContext());
  llvm::MDNode *domain = metadata.createAnonymousAliasScopeDomain(kernel.getName());
  llvm::SmallVector<std::pair<Value, llvm::Metadata *>> scopes;
  for (BlockArgument arg : kernel.getArguments())
    if (isa<MemRefType>(arg.getType()) && kernel.getArgAttr(arg.getArgNumber(), "tenon.noalias"))
      scopes.emplace_back(arg, metadata.createAnonymousAliasScope(domain));
  for (BlockArgument arg : kernel.getArguments()) {
    if (!isa<MemRefType>(arg.getType()))
      continue;
    AliasInfo info;
    llvm::SmallVector<llvm::Metadata *> others;
    for (auto [owner, scope] : scopes) {
      if (owner == arg)
        info.scope = llvm::MDNode::get(module.getContext(), scope);
      else
        others.push_back(scope);
    }
    if (!others.empty())
      info.noalias = llvm::MDNode::get(module.getContext(), others);
    aliases[arg] = info;
  }
}

void KernelTranslator::annotate(llvm::Instruction *access, Value memref) {
  AliasInfo info = aliases.lookup(memref);
  if (info.scope)
    access->setMetadata(llvm::LLVMContext::MD_alias_scope, info.scope);
  if (info.noalias)
    access->setMetadata(llvm::LLVMContext::MD_noalias, info.noalias);
}

llvm::Value *KernelTranslator::getPointer(Value memref, Value index) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return builder.CreateInBoundsGEP(arith.getMemoryType(element), get(memref), get(index));
}

llvm::Align KernelTranslator::getAlign(Value memref, uint64_t promise) {
  llvm::Type *element = arith.getMemoryType(cast<MemRefType>(memref.getType()).getElementType());
  uint64_t natural = std::max<uint64_t>(1, element->getPrimitiveSizeInBits() / 8);
  return llvm::Align(llvm::bit_floor(std::max(promise, natural)));
}

void KernelTranslator::load(Value result, Value memref, Value index, uint64_t alignment) {
  llvm::Type *type = arith.getMemoryType(result.getType());
  auto *loaded = builder.CreateAlignedLoad(type, getPointer(memref, index), getAlign(memref, alignment));
  annotate(loaded, memref);
  llvm::Value *value = loaded;
  if (type != getType(result.getType())) // i1 lies in memory as a byte.
    value = builder.CreateTrunc(value, getType(result.getType()));
  values[result] = value;
}

void KernelTranslator::store(Operation *op, Value value, Value memref, Value index, uint64_t alignment,
                             bool nontemporal) {
  llvm::Value *stored = get(value);
  llvm::Type *type = arith.getMemoryType(value.getType());
  if (type != stored->getType())
    stored = builder.CreateZExt(stored, type);
  llvm::Align align = getAlign(memref, alignment);
  auto *instruction = builder.CreateAlignedStore(stored, getPointer(memref, index), align);
  annotate(instruction, memref);
  // The ISA has aligned non-temporal stores only; the code generator splits a wide vector down to 16 bytes.
  uint64_t bytes = type->getPrimitiveSizeInBits() / 8;
  if (!nontemporal || align.value() < std::min<uint64_t>(16, bytes))
    return;
  auto *one = llvm::ConstantAsMetadata::get(builder.getInt32(1));
  instruction->setMetadata(llvm::LLVMContext::MD_nontemporal, llvm::MDNode::get(module.getContext(), one));
  hasNontemporalStores = true;
}

LogicalResult KernelTranslator::translate(memref::AllocaOp alloca) {
  if (isWorkgroupMemory(alloca.getType()))
    return emitInternalError(alloca) << "host code has no workgroup memory";
  MemRefType type = alloca.getType();
  if (!type.hasStaticShape() || type.getRank() != 1)
    return emitInternalError(alloca) << "a private array must have a static 1-D shape, not " << type;
  auto *array = llvm::ArrayType::get(arith.getMemoryType(type.getElementType()), type.getNumElements());
  // At the top of the function wherever it stands, so that it is one fixed slot.
  llvm::BasicBlock &entry = function->getEntryBlock();
  llvm::IRBuilder<> atEntry(&entry, entry.begin());
  llvm::AllocaInst *slot = atEntry.CreateAlloca(array);
  slot->setAlignment(llvm::Align(llvm::bit_floor(std::max<uint64_t>(alloca.getAlignment().value_or(0), 16))));
  values[alloca.getResult()] = slot;
  return success();
}

LogicalResult KernelTranslator::translate(memref::AtomicRMWOp rmw) {
  llvm::AtomicRMWInst::BinOp operation;
  switch (rmw.getKind()) {
  case arith::AtomicRMWKind::addi:
    operation = llvm::AtomicRMWInst::Add;
    break;
  case arith::AtomicRMWKind::maxs:
    operation = llvm::AtomicRMWInst::Max;
    break;
  case arith::AtomicRMWKind::mins:
    operation = llvm::AtomicRMWInst::Min;
    break;
  case arith::AtomicRMWKind::maxu:
    operation = llvm::AtomicRMWInst::UMax;
    break;
  case arith::AtomicRMWKind::minu:
    operation = llvm::AtomicRMWInst::UMin;
    break;
  case arith::AtomicRMWKind::andi:
    operation = llvm::AtomicRMWInst::And;
    break;
  case arith::AtomicRMWKind::ori:
    operation = llvm::AtomicRMWInst::Or;
    break;
  case arith::AtomicRMWKind::xori:
    operation = llvm::AtomicRMWInst::Xor;
    break;
  case arith::AtomicRMWKind::assign:
    operation = llvm::AtomicRMWInst::Xchg;
    break;
  default:
    return emitInternalError(rmw) << "no atomic " << stringifyEnum(rmw.getKind()) << " in kernel IR";
  }
  if (!rmw.getValue().getType().isIntOrIndex())
    return emitInternalError(rmw) << "atomics are on integers, not on " << rmw.getValue().getType();
  auto *result =
      builder.CreateAtomicRMW(operation, getPointer(rmw.getMemref(), rmw.getIndices()[0]), get(rmw.getValue()),
                              getAlign(rmw.getMemref(), 0), llvm::AtomicOrdering::AcquireRelease);
  annotate(result, rmw.getMemref());
  values[rmw.getResult()] = result;
  return success();
}

LogicalResult KernelTranslator::translate(memref::PrefetchOp prefetch) {
  llvm::Value *pointer = getPointer(prefetch.getMemref(), prefetch.getIndices()[0]);
  builder.CreateIntrinsic(builder.getVoidTy(), llvm::Intrinsic::prefetch,
                          {pointer, builder.getInt32(prefetch.getIsWrite()),
                           builder.getInt32(prefetch.getLocalityHint()), builder.getInt32(prefetch.getIsDataCache())});
  return success();
}

LogicalResult KernelTranslator::translateGroupId(gpu::BlockIdOp id) {
  values[id.getResult()] = function->getArg(1 + unsigned(id.getDimension()));
  return success();
}

LogicalResult KernelTranslator::translate(scf::ForOp loop) {
  llvm::BasicBlock *before = builder.GetInsertBlock();
  llvm::BasicBlock *header = addBlock("for"), *body = addBlock("body"), *exit = addBlock("end");
  builder.CreateBr(header);

  builder.SetInsertPoint(header);
  llvm::PHINode *counter = builder.CreatePHI(getType(loop.getInductionVar().getType()), 2);
  counter->addIncoming(get(loop.getLowerBound()), before);
  values[loop.getInductionVar()] = counter;
  llvm::SmallVector<llvm::PHINode *> carried;
  for (auto [argument, init] : llvm::zip(loop.getRegionIterArgs(), loop.getInitArgs())) {
    llvm::PHINode *phi = builder.CreatePHI(getType(argument.getType()), 2);
    phi->addIncoming(get(init), before);
    values[argument] = phi;
    carried.push_back(phi);
  }
  llvm::Value *bound = get(loop.getUpperBound());
  llvm::Value *more =
      loop.getUnsignedCmp() ? builder.CreateICmpULT(counter, bound) : builder.CreateICmpSLT(counter, bound);
  builder.CreateCondBr(more, body, exit);

  builder.SetInsertPoint(body);
  if (failed(translateBlock(*loop.getBody())))
    return failure();
  // An index never comes near 2^63, so stepping it cannot overflow.
  bool isIndex = loop.getInductionVar().getType().isIndex();
  llvm::Value *next = builder.CreateAdd(counter, get(loop.getStep()), "", /*HasNUW=*/false, /*HasNSW=*/isIndex);
  llvm::BasicBlock *latch = builder.GetInsertBlock();
  counter->addIncoming(next, latch);
  for (auto [phi, yielded] : llvm::zip(carried, loop.getBody()->getTerminator()->getOperands()))
    phi->addIncoming(get(yielded), latch);
  builder.CreateBr(header);

  builder.SetInsertPoint(exit);
  for (auto [result, phi] : llvm::zip(loop.getResults(), carried))
    values[result] = phi;
  return success();
}

LogicalResult KernelTranslator::translate(scf::IfOp branch) {
  llvm::BasicBlock *thenBlock = addBlock("then"), *exit = addBlock("endif");
  llvm::BasicBlock *elseBlock = branch.elseBlock() ? addBlock("else") : exit;
  builder.CreateCondBr(get(branch.getCondition()), thenBlock, elseBlock);
  llvm::SmallVector<std::pair<llvm::BasicBlock *, Block *>> ends;
  for (auto [start, source] : {std::pair(thenBlock, branch.thenBlock()), std::pair(elseBlock, branch.elseBlock())}) {
    if (!source)
      continue;
    builder.SetInsertPoint(start);
    if (failed(translateBlock(*source)))
      return failure();
    ends.emplace_back(builder.GetInsertBlock(), source);
    builder.CreateBr(exit);
  }
  builder.SetInsertPoint(exit);
  for (OpResult result : branch.getResults()) {
    llvm::PHINode *phi = builder.CreatePHI(getType(result.getType()), 2);
    for (auto [end, source] : ends)
      phi->addIncoming(get(source->getTerminator()->getOperand(result.getResultNumber())), end);
    values[result] = phi;
  }
  return success();
}

LogicalResult KernelTranslator::translate(scf::WhileOp loop) {
  llvm::BasicBlock *before = builder.GetInsertBlock();
  llvm::BasicBlock *header = addBlock("while"), *body = addBlock("do"), *exit = addBlock("done");
  builder.CreateBr(header);

  builder.SetInsertPoint(header);
  llvm::SmallVector<llvm::PHINode *> carried;
  for (auto [argument, init] : llvm::zip(loop.getBeforeArguments(), loop.getInits())) {
    llvm::PHINode *phi = builder.CreatePHI(getType(argument.getType()), 2);
    phi->addIncoming(get(init), before);
    values[argument] = phi;
    carried.push_back(phi);
  }
  if (failed(translateBlock(*loop.getBeforeBody())))
    return failure();
  scf::ConditionOp condition = loop.getConditionOp();
  builder.CreateCondBr(get(condition.getCondition()), body, exit);

  for (auto [argument, value] : llvm::zip(loop.getAfterArguments(), condition.getArgs()))
    values[argument] = get(value);
  builder.SetInsertPoint(body);
  if (failed(translateBlock(*loop.getAfterBody())))
    return failure();
  for (auto [phi, yielded] : llvm::zip(carried, loop.getYieldOp().getOperands()))
    phi->addIncoming(get(yielded), builder.GetInsertBlock());
  builder.CreateBr(header);

  builder.SetInsertPoint(exit);
  for (auto [result, value] : llvm::zip(loop.getResults(), condition.getArgs()))
    values[result] = get(value);
  return success();
}

void KernelTranslator::translateVectorOp(vector::ShuffleOp shuffle) {
  llvm::SmallVector<int> mask(shuffle.getMask().begin(), shuffle.getMask().end());
  values[shuffle.getResult()] = builder.CreateShuffleVector(get(shuffle.getV1()), get(shuffle.getV2()), mask);
}

void KernelTranslator::translateVectorOp(vector::FromElementsOp op) {
  llvm::Value *result = llvm::PoisonValue::get(getType(op.getType()));
  for (auto [i, element] : llvm::enumerate(op.getElements()))
    result = builder.CreateInsertElement(result, get(element), i);
  values[op.getResult()] = result;
}

LogicalResult KernelTranslator::translateBlock(Block &block) {
  for (Operation &op : block)
    if (failed(translateOp(&op)))
      return failure();
  return success();
}

LogicalResult KernelTranslator::translateOp(Operation *op) {
  if (failed(arith.checkTypes(op)))
    return failure();
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<scf::ForOp, scf::IfOp, scf::WhileOp, memref::AllocaOp, memref::AtomicRMWOp, memref::PrefetchOp>(
          [&](auto op) { return translate(op); })
      .Case<scf::YieldOp, scf::ConditionOp, func::ReturnOp>([](auto) { return success(); })
      .Case<gpu::BlockIdOp>([&](auto op) { return translateGroupId(op); })
      .Case<memref::LoadOp>([&](auto op) {
        load(op.getResult(), op.getMemref(), op.getIndices()[0], 0);
        return success();
      })
      .Case<memref::StoreOp>([&](auto op) {
        store(op, op.getValue(), op.getMemref(), op.getIndices()[0], 0, op.getNontemporal());
        return success();
      })
      .Case<vector::LoadOp>([&](auto op) {
        load(op.getResult(), op.getBase(), op.getIndices()[0], op.getAlignment().value_or(0));
        return success();
      })
      .Case<vector::StoreOp>([&](auto op) {
        store(op, op.getValueToStore(), op.getBase(), op.getIndices()[0], op.getAlignment().value_or(0),
              op.getNontemporal());
        return success();
      })
      .Case<vector::BroadcastOp>([&](auto op) -> LogicalResult {
        if (isa<VectorType>(op.getSourceType()))
          return emitInternalError(op) << "vector.broadcast from a vector is not kernel IR";
        values[op.getResult()] =
            builder.CreateVectorSplat(op.getResultVectorType().getNumElements(), get(op.getSource()));
        return success();
      })
      .Case<vector::ExtractOp>([&](auto op) -> LogicalResult {
        if (!op.getDynamicPosition().empty() || isa<VectorType>(op.getType()))
          return emitInternalError(op) << "vector.extract without a static position is not kernel IR";
        values[op.getResult()] = builder.CreateExtractElement(get(op.getSource()), op.getStaticPosition()[0]);
        return success();
      })
      .Case<vector::InsertOp>([&](auto op) -> LogicalResult {
        if (!op.getDynamicPosition().empty() || isa<VectorType>(op.getValueToStoreType()))
          return emitInternalError(op) << "vector.insert without a static position is not kernel IR";
        values[op.getResult()] =
            builder.CreateInsertElement(get(op.getDest()), get(op.getValueToStore()), op.getStaticPosition()[0]);
        return success();
      })
      .Case<vector::ShuffleOp, vector::FromElementsOp>([&](auto op) {
        translateVectorOp(op);
        return success();
      })
      .Case<gpu::ThreadIdOp, gpu::BarrierOp>([&](auto op) {
        return emitInternalError(op) << op->getName() << " in host code, whose groups have one work-item";
      })
      .Default([&](Operation *op) { return arith.translate(op); });
}

} // namespace

LogicalResult translateKernel(func::FuncOp kernel, const Profile &profile, llvm::Module &module) {
  if (module.getFunction(kernel.getName()))
    return emitInternalError(kernel) << "two kernels are called " << kernel.getName();
  for (int64_t size : kernel->getAttrOfType<DenseI64ArrayAttr>("tenon.block").asArrayRef())
    if (size != 1)
      return emitInternalError(kernel) << "host code has one work-item a group, kernel " << kernel.getName()
                                       << " wants " << size;
  return KernelTranslator(kernel, profile, module).translate();
}

} // namespace tenon::host
