//===- Kernels.cpp - entry points and their arguments -------------------------===//
//
// Owns a kernel's entry point and how its arguments arrive (docs/design/kernel-ir.md), for OpenCL and for Vulkan. Does
// not own its operations.
//
//===------------------------------------------------------------------------===//
#include "Emitter.h"

using namespace mlir;

namespace tenon::spirv {

using spv::Decoration;
using spv::Op;
using spv::StorageClass;

/// The most bytes of push constants that every device has.
static constexpr uint32_t maxPushConstantBytes = 128;

Id Emitter::builtinVector(spv::BuiltIn builtin) {
  unsigned width = session.vulkan ? 32 : 64;
  Id variable = module.builtin(builtin, module.type(Elem::integer(width), 3));
  if (!llvm::is_contained(interface, variable))
    interface.push_back(variable);
  return variable;
}

Unit Emitter::builtinLane(spv::BuiltIn builtin, unsigned lane) {
  unsigned width = session.vulkan ? 32 : 64;
  Id variable = builtinVector(builtin);
  Piece all{code.load(module.type(Elem::integer(width), 3), variable), Elem::integer(width), 3};
  return {code.resize(code.extract(all, lane), session.device.indexBits, false), {}};
}

void Emitter::openclArguments(CompiledKernel &compiled) {
  for (BlockArgument arg : kernel.getArguments()) {
    auto memref = dyn_cast<MemRefType>(arg.getType());
    if (!memref)
      continue;
    Memory &memory = memories[arg];
    // The offset is in bytes: added where the pointer is one to bytes.
    Elem byte = Elem::integer(8);
    Id bytes = module.pointer(StorageClass::CrossWorkgroup, module.type(byte));
    Id elements = module.pointer(StorageClass::CrossWorkgroup, module.type(memory.stored));
    Id start = memory.stored == byte ? memory.base : code.result(Op::OpBitcast, bytes, {memory.base});
    Id moved = code.result(Op::OpInBoundsPtrAccessChain, bytes, {start, memory.offset.id});
    memory.base = memory.stored == byte ? moved : code.result(Op::OpBitcast, elements, {moved});
    memory.offset = {};
  }
}

void Emitter::vulkanArguments(CompiledKernel &compiled) {
  // The block of offsets and scalars.
  SmallVector<Id> members;
  SmallVector<uint32_t> offsets;
  uint32_t bytes = 0;
  struct Place {
    BlockArgument arg;
    unsigned member;
    Held held;
  };
  SmallVector<Place> places;
  unsigned buffers = 0;
  for (BlockArgument arg : kernel.getArguments()) {
    bool isBuffer = isa<MemRefType>(arg.getType());
    buffers += isBuffer;
    Held held = isBuffer ? session.heldInteger(32) : session.held(arg.getType());
    uint32_t size = held.bits / 8;
    bytes = (bytes + size - 1) / size * size;
    compiled.argOffsets.push_back(bytes);
    places.push_back({arg, static_cast<unsigned>(members.size()), held});
    for (unsigned part = 0; part < (held.wide ? 2u : 1u); ++part) {
      members.push_back(module.type(held.elem));
      offsets.push_back(bytes + 4 * part);
    }
    bytes += size;
  }
  compiled.argBytes = bytes;

  auto bind = [&](Id variable, unsigned binding, bool readOnly) {
    module.decorate(variable, Decoration::DescriptorSet, {0});
    module.decorate(variable, Decoration::Binding, {binding});
    if (readOnly)
      module.decorate(variable, Decoration::NonWritable);
  };
  Id block = 0;
  StorageClass storage = bytes <= maxPushConstantBytes ? StorageClass::PushConstant : StorageClass::StorageBuffer;
  if (!members.empty()) {
    block = module.variable(storage, module.block(members, offsets));
    if (storage == StorageClass::StorageBuffer)
      bind(block, buffers, true);
  }
  auto read = [&](unsigned member, Elem elem) -> Piece {
    Id index = module.constant(Elem::integer(32), 1, member);
    Id pointer = code.result(Op::OpAccessChain, module.pointer(storage, module.type(elem)), {block, index});
    return {code.load(module.type(elem), pointer), elem, 1};
  };

  for (auto &[arg, member, held] : places) {
    auto memref = dyn_cast<MemRefType>(arg.getType());
    if (!memref) {
      Piece lo = read(member, held.elem);
      set(arg, {Unit{lo, held.wide ? read(member + 1, held.elem) : Piece()}});
      continue;
    }
    Memory &memory = memories[arg];
    memory.base = module.variable(StorageClass::StorageBuffer,
                                  module.bufferBlock(module.type(memory.stored), memory.stored.width / 8));
    bind(memory.base, arg.getArgNumber(), compiled.access[arg.getArgNumber()] == 1);
    module.decorate(memory.base, kernel.getArgAttr(arg.getArgNumber(), "tenon.noalias") ? Decoration::Restrict
                                                                                        : Decoration::Aliased);
    memory.offset = code.resize(read(member, Elem::integer(32)), session.device.indexBits, false);
    // Memory of narrow elements asks for more than arithmetic on them.
    if (memory.stored.width == 8) {
      module.require(spv::Capability::StorageBuffer8BitAccess);
      module.extension("SPV_KHR_8bit_storage");
      session.needs.insert(package::Property::Storage8);
    } else if (memory.stored.width == 16) {
      module.require(spv::Capability::StorageBuffer16BitAccess);
      session.needs.insert(package::Property::Storage16);
    }
  }
}

LogicalResult Emitter::run(CompiledKernel &compiled) {
  if (failed(checkTypes()))
    return failure();
  Id function = module.newId(), voidType = module.voidType();
  SmallVector<std::pair<Id, Id>> parameters;
  SmallVector<Id> parameterTypes;
  auto parameter = [&](Id type) {
    parameterTypes.push_back(type);
    parameters.push_back({type, module.newId()});
    return parameters.back().second;
  };

  code.label(module.newId());
  for (BlockArgument arg : kernel.getArguments()) {
    auto memref = dyn_cast<MemRefType>(arg.getType());
    if (memref) {
      Memory &memory = memories[arg];
      memory.element = memref.getElementType();
      memory.held = session.held(memory.element);
      memory.stored = memory.held.elem;
      memory.storage = session.vulkan ? StorageClass::StorageBuffer : StorageClass::CrossWorkgroup;
      bool isNarrow = memory.held.bits < 32;
      bool addressable = memory.held.bits == 8 ? session.device.storage8 : session.device.storage16;
      if (memory.held.wide) {
        memory.layout = Layout::Pairs;
      } else if (isNarrow && (memory.held.isNarrow() || !addressable)) {
        memory.layout = Layout::Packed;
        memory.stored = Elem::integer(32);
        session.emulations.insert(memory.held.bits == 8 ? "8-bit memory in 32-bit words"
                                                        : "16-bit memory in 32-bit words");
      }
      memory.isBlock = session.vulkan;
      memory.isPointer = !session.vulkan;
      if (!session.vulkan) {
        memory.base = parameter(module.pointer(StorageClass::CrossWorkgroup, module.type(memory.stored)));
        if (kernel.getArgAttr(arg.getArgNumber(), "tenon.noalias"))
          module.decorate(memory.base, Decoration::FuncParamAttr,
                          {static_cast<uint32_t>(spv::FunctionParameterAttribute::NoAlias)});
        memory.offset = {parameter(module.type(Elem::integer(64))), Elem::integer(64), 1};
      }
    } else if (!session.vulkan) {
      // The arguments are OpenCL's: `index` is a long whatever the kernel computes with.
      Held held = arg.getType().isIndex() ? Held{Elem::integer(64), 64} : session.held(arg.getType());
      Piece value{parameter(module.type(held.elem)), held.elem, 1};
      if (arg.getType().isIndex())
        value = code.resize(value, session.device.indexBits, false);
      set(arg, {Unit{value, {}}});
    }
  }
  if (session.vulkan)
    vulkanArguments(compiled);
  else
    openclArguments(compiled);

  if (failed(emitBlock(kernel.getBody().front())))
    return failure();
  code.emit(Op::OpReturn, {});

  module.addFunction(code.finish(function, voidType, module.function(voidType, parameterTypes), parameters));
  auto model = session.vulkan ? spv::ExecutionModel::GLCompute : spv::ExecutionModel::Kernel;
  module.entryPoint(model, function, compiled.name, interface);
  module.name(function, compiled.name);
  module.executionMode(function, spv::ExecutionMode::LocalSize,
                       {compiled.block[0], compiled.block[1], compiled.block[2]});
  if (!session.vulkan)
    module.executionMode(function, spv::ExecutionMode::ContractionOff, {});
  compiled.localBytes = localBytes;
  return success();
}

} // namespace tenon::spirv
