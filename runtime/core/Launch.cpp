//===- Launch.cpp - from bound arguments to work in a stream -------------------------------------------===//
#include "core/Launch.h"

#include "core/Bind.h"

#include <cstring>

namespace tenon {

using namespace package;

namespace {

// A plan's work is bounded, so that a damaged or foolish one ends.
constexpr uint64_t maxWork = 1u << 24;
constexpr size_t maxLaunches = 1u << 16;

/// The kernels of one call, ready but for what the stream gives: workspace and fault slots.
struct Prepared {
  struct Item {
    uint32_t kernel;
    uint64_t grid[3];
    uint32_t firstArg, numArgs;
  };
  std::shared_ptr<LoadedModule> module;
  const Instance *instance = nullptr;
  const char *op = nullptr;
  Program *program = nullptr;
  std::vector<Item> items;
  std::vector<KernelArg> args;
  std::vector<uint32_t> workspaceArgs, faultArgs; ///< Indices into args.
  uint64_t workspace = 0;

  void clear() {
    items.clear();
    args.clear();
    workspaceArgs.clear();
    faultArgs.clear();
    workspace = 0;
  }
  Status run(Stream &stream, Queue &queue);
};

Status Prepared::run(Stream &stream, Queue &queue) {
  if (!workspaceArgs.empty()) {
    Buffer *buffer = nullptr;
    TENON_TRY(stream.pool().workspace(stream.context.device(), workspace, buffer));
    for (uint32_t index : workspaceArgs)
      args[index].buffer = buffer;
  }
  Stream::Fault fault;
  if (!faultArgs.empty()) {
    TENON_TRY(stream.takeFault(queue, fault));
    for (uint32_t index : faultArgs)
      args[index] = {fault.buffer, fault.offset, sizeof(int32_t)};
    TENON_TRY(queue.fill({fault.buffer, fault.offset}, 0, sizeof(int32_t)));
  }
  KernelLaunch launch;
  launch.program = program;
  for (const Item &item : items) {
    launch.kernel = item.kernel;
    memcpy(launch.grid, item.grid, sizeof launch.grid);
    launch.args = args.data() + item.firstArg;
    launch.numArgs = item.numArgs;
    TENON_TRY(queue.launch(launch));
  }
  if (!faultArgs.empty()) {
    TENON_TRY(queue.copyOut(fault.host, {fault.buffer, fault.offset}, sizeof(int32_t), HostMemory::Stable));
    stream.keepFault(fault, module->file, instance, op);
  }
  return {};
}

float halfToFloat(uint16_t half) {
  uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff, bits;
  if (exponent == 31) {
    bits = sign | 0x7f800000u | fraction << 13;
  } else if (exponent != 0) {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    float value = static_cast<float>(fraction) * 0x1p-24f; // subnormal: exact
    memcpy(&bits, &value, sizeof bits);
    bits |= sign;
  }
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

// A scalar as kernels take it: small integers as i32 by their own sign, small floats as f32.
uint64_t widen(uint64_t bits, DType type) {
  auto asFloat = [](float value) {
    uint32_t result;
    memcpy(&result, &value, sizeof result);
    return static_cast<uint64_t>(result);
  };
  switch (type) {
  case DType::I8:
    return static_cast<uint32_t>(static_cast<int32_t>(static_cast<int8_t>(bits)));
  case DType::I16:
    return static_cast<uint32_t>(static_cast<int32_t>(static_cast<int16_t>(bits)));
  case DType::Bool:
  case DType::U8:
    return bits & 0xff;
  case DType::U16:
    return bits & 0xffff;
  case DType::F16:
    return asFloat(halfToFloat(static_cast<uint16_t>(bits)));
  case DType::BF16:
    return (bits & 0xffff) << 16;
  case DType::I32:
  case DType::U32:
  case DType::F32:
    return bits & 0xffffffff;
  default:
    return bits;
  }
}

// One walk over a variant's plan.
class Walk {
public:
  Walk(Binding &binding, const Candidate &candidate, const DeviceInfo &device, Prepared &out)
      : binding(binding), values(binding.values), candidate(candidate), device(device), out(out) {}

  // The offsets of the workspace buffers, each on a multiple of 256 bytes.
  Status workspace() {
    offsets.clear();
    sizes.clear();
    uint64_t total = 0;
    const auto *list = candidate.variant->workspace();
    for (uint32_t i = 0; list && i < list->size(); ++i) {
      int64_t bytes = 0;
      TENON_TRY(values.get(list->Get(i)->bytes(), bytes));
      if (bytes < 0)
        return error(tnErrorInvalidPackage, "workspace %u comes out as %lld bytes", i, static_cast<long long>(bytes));
      offsets.push_back(total);
      sizes.push_back(bytes);
      uint64_t rounded;
      if (__builtin_add_overflow(static_cast<uint64_t>(bytes), uint64_t(255), &rounded) ||
          __builtin_add_overflow(total, rounded / 256 * 256, &total) || total > device.maxAllocation)
        return error(tnErrorMemoryAllocation,
                     "out of memory: %lld bytes of workspace asked for, the device allows %llu in one allocation",
                     static_cast<long long>(bytes), static_cast<unsigned long long>(device.maxAllocation));
    }
    out.workspace = total;
    return {};
  }

  Status steps(const flatbuffers::Vector<flatbuffers::Offset<Step>> *list, unsigned depth) {
    for (uint32_t i = 0; list && i < list->size(); ++i) {
      if (++walked + values.work() > maxWork)
        return error(tnErrorInvalidPackage, "the plan takes more than %llu steps",
                     static_cast<unsigned long long>(maxWork));
      const Step &step = *list->Get(i);
      switch (step.step_type()) {
      case StepKind::Launch:
        TENON_TRY(launch(*step.step_as_Launch()));
        break;
      case StepKind::Branch: {
        const Branch &branch = *step.step_as_Branch();
        int64_t condition = 0;
        TENON_TRY(values.get(branch.condition(), condition));
        TENON_TRY(steps(condition ? branch.then() : branch.otherwise(), depth));
        break;
      }
      default: {
        const Loop &loop = *step.step_as_Loop();
        int64_t count = 0;
        TENON_TRY(values.get(loop.count(), count));
        for (int64_t k = 0; k < count; ++k) {
          if (++walked + values.work() > maxWork)
            return error(tnErrorInvalidPackage, "the plan takes more than %llu steps",
                         static_cast<unsigned long long>(maxWork));
          values.iterate(candidate.loops, depth, k);
          TENON_TRY(steps(loop.body(), depth + 1));
        }
      }
      }
    }
    return {};
  }

private:
  Status launch(const Launch &launch) {
    const Kernel &kernel = *candidate.module->kernels()->Get(launch.kernel());
    Prepared::Item item;
    bool nothing = false;
    for (unsigned axis = 0; axis < 3; ++axis) {
      int64_t groups = 0;
      TENON_TRY(values.get(launch.grid()->Get(axis), groups));
      if (groups < 0)
        return error(tnErrorInvalidPackage, "the grid of %s comes out as %lld in %c", kernel.name()->c_str(),
                     static_cast<long long>(groups), "xyz"[axis]);
      if (static_cast<uint64_t>(groups) > device.maxGrid[axis])
        return error(tnErrorInvalidConfiguration, "%lld groups in %c of %s, device allows %llu",
                     static_cast<long long>(groups), "xyz"[axis], kernel.name()->c_str(),
                     static_cast<unsigned long long>(device.maxGrid[axis]));
      item.grid[axis] = groups;
      nothing |= groups == 0;
    }
    if (nothing)
      return {};
    if (out.items.size() == maxLaunches)
      return error(tnErrorInvalidPackage, "the plan has more than %zu launches", maxLaunches);
    item.kernel = launch.kernel();
    item.firstArg = out.args.size();
    item.numArgs = launch.args()->size();
    for (const Arg *arg : *launch.args()) {
      KernelArg ready;
      const uint32_t at = out.args.size();
      switch (arg->kind()) {
      case ArgKind::Tensor: {
        const Binding::Argument &tensor = binding.arguments[arg->index()];
        ready = {tensor.buffer, tensor.offset, tensor.view.bytes};
        break;
      }
      case ArgKind::Workspace:
        if (sizes[arg->index()] == 0) // nothing may be touched there
          break;
        ready = {nullptr, offsets[arg->index()], sizes[arg->index()]};
        out.workspaceArgs.push_back(at);
        break;
      case ArgKind::Fault:
        out.faultArgs.push_back(at);
        break;
      case ArgKind::Scalar: {
        const Param &param = *binding.instance->params()->Get(arg->index());
        uint64_t bits = binding.arguments[arg->index()].bits;
        if (param.kind() == ParamKind::Size)
          TENON_TRY(index(static_cast<int64_t>(bits), arg->type(), kernel));
        ready.bits = param.kind() == ParamKind::Size ? bits : widen(bits, param.dtype());
        break;
      }
      case ArgKind::Expr: {
        int64_t value = 0;
        TENON_TRY(values.get(arg->index(), value));
        TENON_TRY(index(value, arg->type(), kernel));
        ready.bits = arg->type() == ArgType::I32 ? static_cast<uint32_t>(value) : static_cast<uint64_t>(value);
        break;
      }
      }
      out.args.push_back(ready);
    }
    out.items.push_back(item);
    return {};
  }

  Status index(int64_t value, ArgType type, const Kernel &kernel) const {
    bool narrow = type == ArgType::I32 || (type == ArgType::Index && candidate.module->index_bits() == 32);
    if (narrow && value != static_cast<int32_t>(value))
      return error(tnErrorIndexRange, "%lld does not fit in 32 bits, as kernel %s of %s takes it",
                   static_cast<long long>(value), kernel.name()->c_str(), candidate.module->profile()->c_str());
    return {};
  }

  Binding &binding;
  Values &values;
  const Candidate &candidate;
  const DeviceInfo &device;
  Prepared &out;
  std::vector<uint64_t> offsets, sizes;
  uint64_t walked = 0;
};

// Everything a call needs, kept by each thread so that launches allocate nothing.
struct Scratch {
  Binding binding;
  Prepared prepared;
};
Scratch &scratch() {
  thread_local Scratch scratch;
  return scratch;
}

// The best variant that the device can run and whose own checks hold for these sizes.
Status choose(Binding &binding, const Candidate *&chosen) {
  InstanceState &state = *binding.state;
  const Context &context = binding.op->module.context;
  std::string rejected = state.rejected;
  tnError_t code = tnErrorNoVariant;
  for (const Candidate &candidate : state.candidates) {
    binding.values.evaluate(*candidate.variant);
    Status status;
    if (candidate.variant->checks())
      for (const Check *check : *candidate.variant->checks())
        if (status.ok())
          status = runCheck(*check, binding.values, tnErrorIndexRange);
    if (status.ok()) {
      chosen = &candidate;
      return {};
    }
    code = tnErrorIndexRange;
    rejected += (rejected.empty() ? "" : "; ") + candidate.module->profile()->str() + ": " + status.message();
  }
  return error(code, "no variant runs on %s: %s", context.id().c_str(),
               rejected.empty() ? "the package has none" : rejected.c_str());
}

Status prepare(LoadedOperator &op, void **args, BindMode mode, Prepared &prepared, const Candidate *&candidate) {
  Binding &binding = scratch().binding;
  TENON_TRY(binding.bind(op, args, mode));
  if (mode == BindMode::Shapes)
    return {};
  TENON_TRY(choose(binding, candidate));
  const DeviceInfo &device = op.module.context.info();
  prepared.clear();
  Walk walk(binding, *candidate, device, prepared);
  TENON_TRY(walk.workspace());
  return mode == BindMode::Launch ? walk.steps(candidate->variant->plan(), 0) : Status();
}

} // namespace

Status launchOperator(LoadedOperator &op, void **args, Stream &stream) {
  LoadedModule &module = op.module;
  if (&stream.context != &module.context)
    return error(tnErrorInvalidResourceHandle, "launch %s: the stream is of %s, the module is loaded on %s", op.name(),
                 stream.context.id().c_str(), module.context.id().c_str());
  Prepared &prepared = scratch().prepared;
  const Candidate *candidate = nullptr;
  Status status = prepare(op, args, BindMode::Launch, prepared, candidate);
  if (status.ok() && !prepared.items.empty()) {
    status = module.program(candidate->variant->module_(), prepared.program);
    prepared.module = module.shared_from_this();
    prepared.instance = scratch().binding.instance;
    prepared.op = op.name();
    if (status.ok())
      status = stream.submitBoth([&](Queue &queue) { return prepared.run(stream, queue); },
                                 [&] {
                                   auto copy = std::make_shared<Prepared>(prepared);
                                   return [copy, &stream](Queue &queue) { return copy->run(stream, queue); };
                                 });
    prepared.module.reset();
  }
  return status.ok() ? std::move(status) : std::move(status).in(std::string("launch ") + op.name());
}

Status inferShapes(LoadedOperator &op, void **args) {
  const Candidate *candidate = nullptr;
  Status status = prepare(op, args, BindMode::Shapes, scratch().prepared, candidate);
  return status.ok() ? std::move(status) : std::move(status).in(std::string("infer shapes of ") + op.name());
}

Status workspaceSize(LoadedOperator &op, void **args, uint64_t &bytes) {
  const Candidate *candidate = nullptr;
  Prepared &prepared = scratch().prepared;
  Status status = prepare(op, args, BindMode::Workspace, prepared, candidate);
  bytes = prepared.workspace;
  return status.ok() ? std::move(status) : std::move(status).in(std::string("workspace of ") + op.name());
}

// ---- single kernels
// ------------------------------------------------------------------------------------------------------

Status launchFunction(Function &function, tnDim3 grid, tnDim3 block, void **args, uint64_t shared, Stream &stream) {
  const Kernel &kernel = function.kernel;
  LoadedModule &module = function.module;
  Context &context = module.context;
  const char *name = kernel.name()->c_str();
  if (&stream.context != &context)
    return error(tnErrorInvalidResourceHandle, "launch %s: the stream is of %s, the module is loaded on %s", name,
                 stream.context.id().c_str(), context.id().c_str());
  const uint32_t wanted[] = {kernel.block()->Get(0), kernel.block()->Get(1), kernel.block()->Get(2)};
  if (block.x != wanted[0] || block.y != wanted[1] || block.z != wanted[2])
    return error(tnErrorInvalidConfiguration, "launch %s: a block of %ux%ux%u, the kernel is compiled for %ux%ux%u",
                 name, block.x, block.y, block.z, wanted[0], wanted[1], wanted[2]);
  const uint64_t groups[] = {grid.x, grid.y, grid.z};
  for (unsigned axis = 0; axis < 3; ++axis)
    if (groups[axis] == 0 || groups[axis] > context.info().maxGrid[axis])
      return error(tnErrorInvalidConfiguration, "launch %s: %llu groups in %c, device allows 1 to %llu", name,
                   static_cast<unsigned long long>(groups[axis]), "xyz"[axis],
                   static_cast<unsigned long long>(context.info().maxGrid[axis]));
  uint64_t local = kernel.local_bytes();
  if (__builtin_add_overflow(local, shared, &local) ||
      local > static_cast<uint64_t>(context.info().property(Property::LocalMemory)))
    if (local != 0)
      return error(tnErrorInvalidConfiguration, "launch %s: %llu bytes of workgroup memory, device has %lld", name,
                   static_cast<unsigned long long>(local),
                   static_cast<long long>(context.info().property(Property::LocalMemory)));
  const package::Module &code = *module.package().modules()->Get(function.moduleIndex);
  Prepared &prepared = scratch().prepared;
  prepared.clear();
  if (kernel.args()->size() && !args)
    return error(tnErrorInvalidValue, "launch %s: args is null, the kernel takes %u", name, kernel.args()->size());
  for (uint32_t i = 0; i < kernel.args()->size(); ++i) {
    if (!args[i])
      return error(tnErrorInvalidValue, "launch %s: argument %u of %u is null", name, i, kernel.args()->size());
    KernelArg arg;
    switch (kernel.args()->Get(i)) {
    case ArgType::Buffer: {
      void *pointer;
      memcpy(&pointer, args[i], sizeof pointer);
      Found found = findAllocation(pointer);
      arg = {nullptr, reinterpret_cast<uintptr_t>(pointer), found.context ? found.left() : UINT64_MAX};
      if (!pointer)
        arg.bytes = 0;
      else if (!context.isHost()) {
        if (found.context != &context || found.kind != MemoryKind::Device)
          return error(tnErrorInvalidDevicePointer, "launch %s: argument %u is %p, which is no device memory of %s",
                       name, i, pointer, context.id().c_str());
        int64_t widest = context.info().property(Property::MaxBufferBytes);
        uint64_t bytes = found.left();
        if (widest > 0 && bytes > static_cast<uint64_t>(widest))
          bytes = widest; // where the argument's extent is not known, as far as the device reaches
        arg = {found.buffer, found.offset, bytes};
      } else if (found.context && found.reserved) {
        return error(tnErrorInvalidDevicePointer, "launch %s: argument %u is %p, memory of %s", name, i, pointer,
                     found.context->id().c_str());
      }
      break;
    }
    case ArgType::I32:
    case ArgType::F32:
      memcpy(&arg.bits, args[i], 4);
      break;
    default:
      memcpy(&arg.bits, args[i], 8);
      if (int64_t value = static_cast<int64_t>(arg.bits);
          kernel.args()->Get(i) == ArgType::Index && code.index_bits() == 32 && value != static_cast<int32_t>(value))
        return error(tnErrorIndexRange, "launch %s: argument %u is %lld, the kernel takes 32 bits", name, i,
                     static_cast<long long>(value));
    }
    prepared.args.push_back(arg);
  }
  KernelLaunch launch;
  TENON_TRY(module.program(function.moduleIndex, launch.program));
  launch.kernel = function.kernelIndex;
  memcpy(launch.grid, groups, sizeof launch.grid);
  launch.localBytes = shared;
  auto run = [launch](Queue &queue, const std::vector<KernelArg> &list) mutable {
    launch.args = list.data();
    launch.numArgs = list.size();
    return queue.launch(launch);
  };
  Status status = stream.submitBoth([&](Queue &queue) { return run(queue, prepared.args); },
                                    [&]() -> Stream::Work {
                                      return [run, list = prepared.args, keep = module.shared_from_this()](
                                                 Queue &queue) mutable { return run(queue, list); };
                                    });
  return status.ok() ? std::move(status) : std::move(status).in(std::string("launch ") + name);
}

} // namespace tenon
