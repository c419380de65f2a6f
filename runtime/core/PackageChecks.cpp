//===- PackageChecks.cpp - every index of a package ----------------------------------===//
//
// Owns checkPackage: what FlatBuffers' verifier cannot know. It is the reason why nothing else in the runtime checks an
// index of a package.
//
//===------------------------------------------------------------------------===//
#include "core/Package.h"

#include <cstdarg>
#include <cstdio>

namespace tenon {

using namespace package;

namespace {

constexpr unsigned maxDims = 16;
constexpr size_t maxParams = 256;

template <class T> size_t count(const T *vector) { return vector ? vector->size() : 0; }

// FlatBuffers' verifier does not look at where a vector's structs lie.
template <class T> bool isAligned(const flatbuffers::Vector<const T *> *vector) {
  return !vector || vector->size() == 0 || reinterpret_cast<uintptr_t>(vector->Data()) % alignof(T) == 0;
}

[[gnu::format(printf, 1, 2)]] Status bad(const char *format, ...) {
  char buffer[512];
  va_list args;
  va_start(args, format);
  vsnprintf(buffer, sizeof buffer, format, args);
  va_end(args);
  return Status(tnErrorInvalidPackage, buffer);
}

// How a scalar of a type is passed to kernels.
ArgType widened(DType type) {
  switch (type) {
  case DType::I64:
  case DType::U64:
    return ArgType::I64;
  case DType::F16:
  case DType::BF16:
  case DType::F32:
    return ArgType::F32;
  case DType::F64:
    return ArgType::F64;
  default:
    return ArgType::I32;
  }
}

Status checkModule(const Module &module) {
  if (module.target() > Target::MAX)
    return bad("a module has the unknown target %u", static_cast<unsigned>(module.target()));
  if (module.index_bits() != 32 && module.index_bits() != 64)
    return bad("module %s has indices of %u bits", module.profile()->c_str(), module.index_bits());
  for (const Kernel *kernel : *module.kernels()) {
    const char *name = kernel->name()->c_str();
    if (kernel->block()->size() != 3)
      return bad("kernel %s has a block of %u numbers", name, kernel->block()->size());
    uint64_t items = 1;
    for (uint32_t n : *kernel->block()) {
      if (n == 0 || n > (1u << 20))
        return bad("kernel %s has a block side of %u", name, n);
      items *= n;
    }
    if (items > (1u << 20))
      return bad("kernel %s has blocks of %llu work-items", name, static_cast<unsigned long long>(items));
    size_t buffers = 0;
    bool scalars = false;
    for (uint32_t i = 0; i < kernel->args()->size(); ++i) {
      ArgType type = kernel->args()->Get(i);
      if (type > ArgType::MAX)
        return bad("kernel %s has an argument of the unknown type %u", name, static_cast<unsigned>(type));
      bool isBuffer = type == ArgType::Buffer;
      if (isBuffer && scalars)
        return bad("kernel %s has a buffer after a scalar", name);
      scalars |= !isBuffer;
      buffers += isBuffer;
    }
    if (kernel->args()->size() > 4096)
      return bad("kernel %s has %u arguments", name, kernel->args()->size());
    if (kernel->access()->size() != buffers)
      return bad("kernel %s has %zu buffers but %u accesses", name, buffers, kernel->access()->size());
    for (uint8_t access : *kernel->access())
      if (access == 0 || access > 3)
        return bad("kernel %s has the access %u", name, access);
    for (size_t i = 0; i < count(kernel->element_bytes()); ++i)
      if (uint8_t bytes = kernel->element_bytes()->Get(i); bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
        return bad("kernel %s has elements of %u bytes", name, bytes);
    if (module.target() == Target::SpirvVulkan) {
      if (count(kernel->element_bytes()) != buffers)
        return bad("kernel %s has %zu buffers but %zu element sizes", name, buffers, count(kernel->element_bytes()));
      if (count(kernel->arg_offsets()) != kernel->args()->size())
        return bad("kernel %s has %u arguments but %zu offsets", name, kernel->args()->size(),
                   count(kernel->arg_offsets()));
      if (kernel->arg_bytes() > (1u << 16))
        return bad("kernel %s has an argument block of %u bytes", name, kernel->arg_bytes());
      for (size_t i = 0; i < count(kernel->arg_offsets()); ++i) {
        auto type = kernel->args()->Get(i);
        unsigned size = type == ArgType::I64 || type == ArgType::F64 ? 8
                        : type == ArgType::Index                     ? module.index_bits() / 8
                                                                     : 4;
        uint64_t at = kernel->arg_offsets()->Get(i);
        if (at % size || at + size > kernel->arg_bytes())
          return bad("kernel %s has an argument at byte %llu of a block of %u", name,
                     static_cast<unsigned long long>(at), kernel->arg_bytes());
      }
    }
  }
  return {};
}

// The checks of one instance; `total` is how many expressions there are where the check stands.
class InstanceCheck {
public:
  InstanceCheck(const Package &package, const Instance &instance) : package(package), instance(instance) {}

  Status run() {
    if (count(instance.types()) > 16)
      return bad("an instance has %zu types", count(instance.types()));
    for (size_t i = 0; i < count(instance.types()); ++i)
      if (instance.types()->Get(i) > DType::MAX)
        return bad("an instance has the unknown type %u", static_cast<unsigned>(instance.types()->Get(i)));
    numSymbols = count(instance.symbols());
    for (size_t i = 0; i < numSymbols; ++i)
      if (instance.symbols()->Get(i)->kind() > SymbolKind::MAX)
        return bad("symbol %s is of no known kind", instance.symbols()->Get(i)->name()->c_str());
    TENON_TRY(expressions(instance.expressions(), 0));
    total = count(instance.expressions());
    TENON_TRY(params());
    TENON_TRY(checks(instance.checks()));
    if (count(instance.inplace()) % 2)
      return bad("an instance has half a pair of parameters that may be the same memory");
    for (size_t i = 0; i + 1 < count(instance.inplace()); i += 2) {
      uint32_t result = instance.inplace()->Get(i), input = instance.inplace()->Get(i + 1);
      if (!isTensor(result, true) || !isTensor(input, false))
        return bad("parameters %u and %u cannot be the same memory", result, input);
    }
    for (const Variant *v : *instance.variants())
      TENON_TRY(variant(*v));
    return {};
  }

private:
  bool isTensor(uint32_t index, bool result) const {
    if (index >= instance.params()->size())
      return false;
    const Param &p = *instance.params()->Get(index);
    return p.kind() == ParamKind::Tensor && p.is_result() == result;
  }

  Status expressions(const flatbuffers::Vector<const Expr *> *list, size_t before) {
    if (before + count(list) > (1u << 20))
      return bad("an instance has %zu expressions, the limit is %u", before + count(list), 1u << 20);
    if (!isAligned(list))
      return bad("a list of expressions is misaligned");
    for (size_t i = 0; i < count(list); ++i) {
      const Expr &e = *list->Get(i);
      size_t id = before + i;
      unsigned operands = 2;
      switch (e.op()) {
      case ExprOp::Const:
        operands = 0;
        break;
      case ExprOp::Symbol:
        operands = 0;
        if (e.imm() < 0 || static_cast<uint64_t>(e.imm()) >= numSymbols)
          return bad("expression %zu reads symbol %lld of %zu", id, static_cast<long long>(e.imm()), numSymbols);
        break;
      case ExprOp::Device:
        operands = 0;
        if (e.imm() < 0 || e.imm() > static_cast<int64_t>(Property::MAX))
          return bad("expression %zu reads the unknown device property %lld", id, static_cast<long long>(e.imm()));
        break;
      case ExprOp::LoopVar:
        operands = 0;
        if (e.imm() < 0 || e.imm() >= maxLoopDepth)
          return bad("expression %zu reads the counter of loop %lld", id, static_cast<long long>(e.imm()));
        break;
      case ExprOp::Not:
        operands = 1;
        break;
      case ExprOp::Select:
        operands = 3;
        break;
      default:
        if (e.op() > ExprOp::MAX)
          return bad("expression %zu has the unknown operation %u", id, static_cast<unsigned>(e.op()));
      }
      const uint32_t refs[] = {e.a(), e.b(), e.c()};
      for (unsigned k = 0; k < operands; ++k)
        if (refs[k] >= id)
          return bad("expression %zu refers to expression %u, which is not before it", id, refs[k]);
    }
    return {};
  }

  Status expression(uint32_t id, const char *what) const {
    return id < total ? Status() : bad("%s is expression %u of %zu", what, id, total);
  }

  Status params() {
    const auto &list = *instance.params();
    if (list.size() == 0 || list.size() > maxParams)
      return bad("an operator has %u parameters, it may have 1 to %zu", list.size(), maxParams);
    std::vector<bool> bound(numSymbols);
    bool results = false;
    for (const Param *p : list) {
      const char *name = p->name()->c_str();
      if (p->kind() > ParamKind::MAX || p->dtype() > DType::MAX)
        return bad("parameter %s is of no known kind or type", name);
      if (results && !p->is_result())
        return bad("parameter %s comes after a result", name);
      results |= p->is_result();
      if (p->is_result() && p->kind() != ParamKind::Tensor)
        return bad("result %s is no tensor", name);
      if (p->kind() == ParamKind::Size) {
        if (p->symbol() >= numSymbols || instance.symbols()->Get(p->symbol())->kind() != SymbolKind::SizeParam)
          return bad("size parameter %s binds symbol %u of %zu", name, p->symbol(), numSymbols);
        bound[p->symbol()] = true;
      }
      if (count(p->dims()) > maxDims)
        return bad("parameter %s has %zu dimensions, the limit is %u", name, count(p->dims()), maxDims);
      if (p->kind() != ParamKind::Tensor)
        continue;
      unsigned packs = 0;
      for (size_t d = 0; d < count(p->dims()); ++d) {
        const Dim &dim = *p->dims()->Get(d);
        if (dim.kind() > DimKind::MAX)
          return bad("dimension %zu of %s is of no known kind", d, name);
        if (dim.kind() == DimKind::Check) {
          TENON_TRY(expression(dim.value(), "a dimension"));
          continue;
        }
        SymbolKind kind = dim.kind() == DimKind::Pack ? SymbolKind::Pack : SymbolKind::Size;
        if (dim.value() >= numSymbols || instance.symbols()->Get(dim.value())->kind() != kind)
          return bad("dimension %zu of %s binds symbol %u of %zu", d, name, dim.value(), numSymbols);
        packs += dim.kind() == DimKind::Pack;
        if (!p->is_result())
          bound[dim.value()] = true;
        else if (!bound[dim.value()])
          return bad("symbol %s is bound by result %s", instance.symbols()->Get(dim.value())->name()->c_str(), name);
      }
      if (packs > 1)
        return bad("parameter %s has %u packs of dimensions", name, packs);
    }
    for (size_t i = 0; i < numSymbols; ++i)
      if (!bound[i])
        return bad("no parameter binds symbol %s", instance.symbols()->Get(i)->name()->c_str());
    return {};
  }

  Status checks(const flatbuffers::Vector<flatbuffers::Offset<Check>> *list) const {
    for (size_t i = 0; i < count(list); ++i) {
      const Check &check = *list->Get(i);
      TENON_TRY(expression(check.condition(), "a condition"));
      for (size_t k = 0; k < count(check.values()); ++k)
        TENON_TRY(expression(check.values()->Get(k), "a value of a condition"));
    }
    return {};
  }

  Status variant(const Variant &v) {
    if (v.module_() >= package.modules()->size())
      return bad("a variant is in module %u of %u", v.module_(), package.modules()->size());
    const Module &module = *package.modules()->Get(v.module_());
    if (!isAligned(v.requires_()))
      return bad("a variant's requirements are misaligned");
    for (size_t i = 0; i < count(v.requires_()); ++i) {
      const Requirement &r = *v.requires_()->Get(i);
      if (r.property() > Property::MAX || r.relation() > Relation::MAX)
        return bad("a variant requires something unknown");
    }
    size_t own = count(instance.expressions());
    TENON_TRY(expressions(v.expressions(), own));
    total = own + count(v.expressions());
    TENON_TRY(checks(v.checks()));
    if (count(v.workspace()) > 4096)
      return bad("a variant has %zu workspace buffers", count(v.workspace()));
    for (size_t i = 0; i < count(v.workspace()); ++i)
      TENON_TRY(expression(v.workspace()->Get(i)->bytes(), "a workspace's size"));
    return steps(v.plan(), v, module, 0);
  }

  Status steps(const flatbuffers::Vector<flatbuffers::Offset<Step>> *list, const Variant &v, const Module &module,
               unsigned loops) const {
    for (size_t i = 0; i < count(list); ++i) {
      const Step &step = *list->Get(i);
      switch (step.step_type()) {
      case StepKind::Launch:
        TENON_TRY(launch(*step.step_as_Launch(), v, module));
        break;
      case StepKind::Branch: {
        const Branch &branch = *step.step_as_Branch();
        TENON_TRY(expression(branch.condition(), "a branch's condition"));
        TENON_TRY(steps(branch.then(), v, module, loops));
        TENON_TRY(steps(branch.otherwise(), v, module, loops));
        break;
      }
      case StepKind::Loop: {
        const Loop &loop = *step.step_as_Loop();
        if (loops == maxLoopDepth)
          return bad("loops nest deeper than %u", maxLoopDepth);
        TENON_TRY(expression(loop.count(), "a loop's count"));
        TENON_TRY(steps(loop.body(), v, module, loops + 1));
        break;
      }
      default:
        return bad("a plan has a step of the unknown kind %u", static_cast<unsigned>(step.step_type()));
      }
    }
    return {};
  }

  Status launch(const Launch &launch, const Variant &v, const Module &module) const {
    if (launch.kernel() >= module.kernels()->size())
      return bad("a launch is of kernel %u of %u", launch.kernel(), module.kernels()->size());
    const Kernel &kernel = *module.kernels()->Get(launch.kernel());
    const char *name = kernel.name()->c_str();
    if (launch.grid()->size() != 3)
      return bad("the grid of %s has %u numbers", name, launch.grid()->size());
    for (uint32_t id : *launch.grid())
      TENON_TRY(expression(id, "a grid"));
    if (launch.args()->size() != kernel.args()->size())
      return bad("kernel %s takes %u arguments, a launch gives %u", name, kernel.args()->size(), launch.args()->size());
    for (uint32_t i = 0; i < launch.args()->size(); ++i) {
      const Arg &arg = *launch.args()->Get(i);
      if (arg.type() != kernel.args()->Get(i))
        return bad("argument %u of %s is of another type than the kernel takes", i, name);
      bool fits = false;
      switch (arg.kind()) {
      case ArgKind::Tensor:
        fits = arg.type() == ArgType::Buffer && (isTensor(arg.index(), true) || isTensor(arg.index(), false));
        break;
      case ArgKind::Workspace:
        fits = arg.type() == ArgType::Buffer && arg.index() < count(v.workspace());
        break;
      case ArgKind::Fault:
        fits = arg.type() == ArgType::Buffer;
        break;
      case ArgKind::Expr:
        fits = (arg.type() == ArgType::Index || arg.type() == ArgType::I32 || arg.type() == ArgType::I64) &&
               arg.index() < total;
        break;
      case ArgKind::Scalar:
        if (arg.index() < instance.params()->size()) {
          const Param &p = *instance.params()->Get(arg.index());
          fits = p.kind() == ParamKind::Scalar ? arg.type() == widened(p.dtype())
                 : p.kind() == ParamKind::Size ? arg.type() == ArgType::Index || arg.type() == ArgType::I64
                                               : false;
        }
        break;
      }
      if (!fits)
        return bad("argument %u of %s refers to something that it cannot be", i, name);
    }
    return {};
  }

  const Package &package;
  const Instance &instance;
  size_t numSymbols = 0;
  size_t total = 0;
};

} // namespace

Status checkPackage(const Package &package) {
  for (const Module *module : *package.modules())
    TENON_TRY(checkModule(*module));
  for (const Operator *op : *package.operators()) {
    if (op->instances()->size() == 0)
      return bad("operator %s has no instance", op->name()->c_str());
    const Instance &first = *op->instances()->Get(0);
    for (const Instance *instance : *op->instances()) {
      if (Status status = InstanceCheck(package, *instance).run(); !status.ok())
        return std::move(status).in("operator " + op->name()->str());
      // Instances differ in types only.
      bool same = instance->params()->size() == first.params()->size();
      for (uint32_t i = 0; same && i < first.params()->size(); ++i)
        same = instance->params()->Get(i)->kind() == first.params()->Get(i)->kind() &&
               instance->params()->Get(i)->is_result() == first.params()->Get(i)->is_result();
      if (!same)
        return bad("the instances of operator %s have different parameters", op->name()->c_str());
    }
  }
  return {};
}

} // namespace tenon
