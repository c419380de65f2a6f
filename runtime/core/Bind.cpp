//===- Bind.cpp - arguments of a call against an operator's signature ----------------------------------===//
#include "core/Bind.h"

#include <cstring>

namespace tenon {

using namespace package;

static const char *textOf(const Param &param) { return param.text() ? param.text()->c_str() : param.name()->c_str(); }

Status Binding::bind(LoadedOperator &newOp, void **args, BindMode newMode) {
  op = &newOp;
  mode = newMode;
  if (!args)
    return error(tnErrorInvalidValue, "args is null");
  TENON_TRY(pick(args));
  values.reset(*instance, op->module.context.info());
  arguments.assign(instance->params()->size(), {});
  origins.resize(instance->symbols() ? instance->symbols()->size() : 0);
  for (Origin &origin : origins)
    origin.bound = false;
  TENON_TRY(scalars(args));
  TENON_TRY(inputs(args));
  values.evaluate();
  // Dimensions that are expressions, now that all sizes are known.
  for (uint32_t i = 0; i < instance->params()->size(); ++i) {
    const Param &param = *instance->params()->Get(i);
    if (param.kind() == ParamKind::Tensor && !param.is_result())
      TENON_TRY(matchDims(param, tensor(args, i), false, i));
  }
  TENON_TRY(checks());
  if (mode == BindMode::Workspace)
    return {};
  TENON_TRY(results(args));
  if (mode == BindMode::Shapes)
    return {};
  TENON_TRY(data(args));
  return overlaps();
}

// ---- types
// -------------------------------------------------------------------------------------------------------------

Status Binding::pick(void **args) {
  const auto &instances = *op->table.instances();
  const auto &params = *instances.Get(0)->params();
  for (uint32_t i = 0; i < params.size(); ++i) {
    const Param &param = *params.Get(i);
    if (param.kind() != ParamKind::Tensor || (param.is_result() && mode == BindMode::Workspace && !args[i]))
      continue;
    if (!args[i])
      return error(tnErrorInvalidValue, "argument %u is null, it must be a tensor (%s)", i, textOf(param));
    if (param.is_result() && mode != BindMode::Launch)
      continue;
    TENON_TRY(checkShape(tensor(args, i), param.name()->c_str()));
  }
  // Results' types pick only in a launch, or where the inputs' types leave several.
  uint32_t matches = 0, found = 0;
  for (int withResults = mode == BindMode::Launch; withResults < 2; ++withResults) {
    matches = 0;
    uint32_t fewestLoose = UINT32_MAX; // (UInt, 8) may stand for bool, but u8 is meant where both are taken.
    for (uint32_t n = 0; n < instances.size(); ++n) {
      const Instance &candidate = *instances.Get(n);
      bool fits = true;
      uint32_t loose = 0;
      for (uint32_t i = 0; fits && i < params.size(); ++i) {
        const Param &param = *candidate.params()->Get(i);
        if (param.kind() != ParamKind::Tensor || (param.is_result() && !withResults) || !args[i])
          continue;
        fits = isType(tensor(args, i).dtype, param.dtype());
        loose += param.dtype() == DType::Bool && tensor(args, i).dtype.code == kDLUInt;
      }
      if (!fits || loose > fewestLoose)
        continue;
      if (loose < fewestLoose)
        matches = 0;
      fewestLoose = loose;
      if (matches++ == 0)
        found = n;
    }
    if (matches <= 1)
      break;
  }
  if (matches >= 1 && (matches == 1 || mode == BindMode::Launch)) {
    state = &op->state(found);
    instance = state->instance;
    return {};
  }
  if (matches > 1)
    return error(tnErrorTypeMismatch, "the arguments fit several types of the operator; set the results' dtype");

  // None: first a parameter that no instance takes, else all combinations.
  auto accepted = [&](uint32_t i) {
    std::string list;
    for (const Instance *candidate : instances) {
      std::string name = nameOf(candidate->params()->Get(i)->dtype());
      if ((", " + list + ",").find(", " + name + ",") == std::string::npos)
        list += (list.empty() ? "" : ", ") + name;
    }
    return list;
  };
  std::string given, names, combinations;
  for (uint32_t i = 0; i < params.size(); ++i) {
    const Param &param = *params.Get(i);
    if (param.kind() != ParamKind::Tensor || !args[i] || (param.is_result() && mode != BindMode::Launch))
      continue;
    bool any = false;
    for (const Instance *candidate : instances)
      any |= isType(tensor(args, i).dtype, candidate->params()->Get(i)->dtype());
    std::string have = describe(tensor(args, i).dtype);
    if (!any)
      return error(tnErrorTypeMismatch, "%s is %s, accepted types are %s (%s)", param.name()->c_str(), have.c_str(),
                   accepted(i).c_str(), textOf(param));
    given += (given.empty() ? "" : ", ") + have;
    names += (names.empty() ? "" : ", ") + param.name()->str();
  }
  for (uint32_t n = 0; n < instances.size() && n < 64; ++n) {
    std::string one;
    for (uint32_t i = 0; i < params.size(); ++i) {
      const Param &param = *instances.Get(n)->params()->Get(i);
      if (param.kind() == ParamKind::Tensor && args[i] && (!param.is_result() || mode == BindMode::Launch))
        one += std::string(one.empty() ? "" : ", ") + nameOf(param.dtype());
    }
    combinations += (n ? ", (" : "(") + one + ")";
  }
  return error(tnErrorTypeMismatch, "types of (%s) are (%s), accepted types are %s", names.c_str(), given.c_str(),
               combinations.c_str());
}

// ---- scalars and sizes
// -----------------------------------------------------------------------------------------------------

Status Binding::scalars(void **args) {
  for (uint32_t i = 0; i < instance->params()->size(); ++i) {
    const Param &param = *instance->params()->Get(i);
    if (param.kind() == ParamKind::Tensor)
      continue;
    Argument &argument = arguments[i];
    if (args[i])
      memcpy(&argument.bits, args[i], param.kind() == ParamKind::Size ? 8 : sizeOf(param.dtype()));
    else if (param.has_default())
      argument.bits = param.default_bits();
    else
      return error(tnErrorInvalidValue, "argument %u is null, but %s has no default (%s)", i, param.name()->c_str(),
                   textOf(param));
    if (param.kind() == ParamKind::Scalar) {
      if (param.dtype() == DType::Bool)
        argument.bits = (argument.bits & 0xff) != 0;
      continue;
    }
    int64_t value = static_cast<int64_t>(argument.bits);
    if (value < 0)
      return error(tnErrorInvalidValue, "size parameter %s is %lld, it must be at least 0", param.name()->c_str(),
                   static_cast<long long>(value));
    values.setSymbol(param.symbol(), value);
    origins[param.symbol()].bound = true;
    origins[param.symbol()].param = i;
    origins[param.symbol()].dimension = -1;
  }
  return {};
}

std::string Binding::shapeText(uint32_t symbol) const {
  std::string result = "[";
  for (int d = 0; d < origins[symbol].packDims; ++d)
    result += text("%s%lld", d ? ", " : "", static_cast<long long>(origins[symbol].pack[d]));
  return result + "]";
}

static std::string shapeText(const int64_t *dims, int count) {
  std::string result = "[";
  for (int d = 0; d < count; ++d)
    result += text("%s%lld", d ? ", " : "", static_cast<long long>(dims[d]));
  return result + "]";
}

Status Binding::compareSymbol(uint32_t symbol, int64_t have, const Param &param, int dimension) const {
  int64_t bound = values.symbol(symbol);
  if (bound == have)
    return {};
  const Origin &origin = origins[symbol];
  const char *name = instance->symbols()->Get(symbol)->name()->c_str();
  const char *first = instance->params()->Get(origin.param)->name()->c_str();
  if (origin.dimension < 0)
    return error(tnErrorShapeMismatch, "size %s is %lld (parameter %s) but %lld (dimension %d of %s)", name,
                 static_cast<long long>(bound), first, static_cast<long long>(have), dimension, param.name()->c_str());
  return error(tnErrorShapeMismatch, "size %s is %lld (dimension %d of %s) but %lld (dimension %d of %s)", name,
               static_cast<long long>(bound), origin.dimension, first, static_cast<long long>(have), dimension,
               param.name()->c_str());
}

// Binds the sizes of a parameter, or (binds = false) compares the dimensions that are expressions. Results: compares
// all.
Status Binding::matchDims(const Param &param, const DLTensor &tensor, bool binds, uint32_t index) {
  const auto *dims = param.dims();
  int declared = dims ? static_cast<int>(dims->size()) : 0, packs = 0;
  for (int d = 0; d < declared; ++d)
    packs += dims->Get(d)->kind() == DimKind::Pack;
  const char *name = param.name()->c_str();
  if (packs ? tensor.ndim < declared - 1 : tensor.ndim != declared)
    return error(tnErrorShapeMismatch, "%s has %d dimensions, it must have %s%d (%s)", name, tensor.ndim,
                 packs ? "at least " : "", declared - packs, textOf(param));
  int at = 0;
  for (int d = 0; d < declared; ++d) {
    const Dim &dim = *dims->Get(d);
    uint32_t symbol = dim.value();
    if (dim.kind() == DimKind::Check) {
      int64_t have = tensor.shape[at++], want = 0;
      if (binds)
        continue; // when all sizes are known
      if (Status status = values.get(symbol, want); !status.ok())
        return std::move(status).in(text("dimension %d of %s", at - 1, name));
      if (want == have)
        continue;
      // A plain size is named by where it comes from.
      uint32_t own = instance->expressions()->size();
      if (symbol < own && instance->expressions()->Get(symbol)->op() == ExprOp::Symbol) {
        uint32_t s = static_cast<uint32_t>(instance->expressions()->Get(symbol)->imm());
        if (instance->symbols()->Get(s)->kind() != SymbolKind::Pack)
          return compareSymbol(s, have, param, at - 1);
      }
      if (want < 0)
        return error(tnErrorShapeMismatch, "dimension %d of %s comes out as %lld (%s)", at - 1, name,
                     static_cast<long long>(want), textOf(param));
      return error(tnErrorShapeMismatch, "dimension %d of %s is %lld, it must be %lld (%s)", at - 1, name,
                   static_cast<long long>(have), static_cast<long long>(want), textOf(param));
    }
    Origin &origin = origins[symbol];
    if (dim.kind() == DimKind::Bind) {
      int64_t have = tensor.shape[at++];
      if (!origin.bound && binds) {
        origin.bound = true;
        origin.param = index;
        origin.dimension = at - 1;
        values.setSymbol(symbol, have);
      } else {
        TENON_TRY(compareSymbol(symbol, have, param, at - 1));
      }
      continue;
    }
    int count = tensor.ndim - (declared - 1);
    const int64_t *pack = tensor.shape + at;
    at += count;
    if (!origin.bound && binds) {
      origin.bound = true;
      origin.param = index;
      origin.packDims = count;
      int64_t product = 1;
      bool zero = false, overflow = false;
      for (int k = 0; k < count; ++k) {
        origin.pack[k] = pack[k];
        zero |= pack[k] == 0;
        overflow |= __builtin_mul_overflow(product, pack[k], &product);
      }
      if (overflow && !zero)
        return error(tnErrorShapeMismatch, "the product of the dimensions ...%s of %s does not fit in 64 bits: %s",
                     instance->symbols()->Get(symbol)->name()->c_str(), name, tenon::shapeText(pack, count).c_str());
      values.setSymbol(symbol, zero ? 0 : product);
      continue;
    }
    bool same = count == origin.packDims;
    for (int k = 0; same && k < count; ++k)
      same = pack[k] == origin.pack[k];
    if (!same)
      return error(tnErrorShapeMismatch, "dimensions ...%s are %s in %s but %s in %s",
                   instance->symbols()->Get(symbol)->name()->c_str(), shapeText(symbol).c_str(),
                   instance->params()->Get(origin.param)->name()->c_str(), tenon::shapeText(pack, count).c_str(), name);
  }
  return {};
}

Status Binding::inputs(void **args) {
  for (uint32_t i = 0; i < instance->params()->size(); ++i) {
    const Param &param = *instance->params()->Get(i);
    if (param.kind() == ParamKind::Tensor && !param.is_result())
      TENON_TRY(matchDims(param, tensor(args, i), true, i));
  }
  return {};
}

// ---- conditions
// --------------------------------------------------------------------------------------------------------------

Status runCheck(const Check &check, const Values &values, tnError_t code) {
  int64_t holds = 0;
  if (Status status = values.get(check.condition(), holds); !status.ok())
    return std::move(status).in(check.message()->str());
  if (holds)
    return {};
  std::string message;
  const std::string form = check.message()->str();
  for (size_t at = 0; at < form.size(); ++at) {
    size_t end = form[at] == '{' ? form.find('}', at) : std::string::npos;
    std::string number = end == std::string::npos ? "" : form.substr(at + 1, end - at - 1);
    if (!number.empty() && number.size() < 4 && number.find_first_not_of("0123456789") == std::string::npos &&
        check.values() && static_cast<uint32_t>(atoi(number.c_str())) < check.values()->size()) {
      int64_t value = 0;
      bool has = values.get(check.values()->Get(atoi(number.c_str())), value).ok();
      message += has ? std::to_string(value) : "(more than 64 bits)";
      at = end;
    } else {
      message += form[at];
    }
  }
  return Status(code, message);
}

Status Binding::checks() {
  if (instance->checks())
    for (const Check *check : *instance->checks())
      TENON_TRY(runCheck(*check, values, tnErrorCheckFailed));
  return {};
}

// ---- results
// -------------------------------------------------------------------------------------------------------------------

Status Binding::fillShape(const Param &param, DLTensor &tensor) {
  const char *name = param.name()->c_str();
  if (!tensor.shape)
    return error(tnErrorInvalidValue, "%s has a null shape, it must have room for %d numbers", name, maxTensorDims);
  int at = 0;
  for (uint32_t d = 0; param.dims() && d < param.dims()->size(); ++d) {
    const Dim &dim = *param.dims()->Get(d);
    int count = dim.kind() == DimKind::Pack ? origins[dim.value()].packDims : 1;
    if (at + count > maxTensorDims)
      return error(tnErrorShapeMismatch, "%s would have more than %d dimensions", name, maxTensorDims);
    for (int k = 0; k < count; ++k, ++at) {
      int64_t value = 0;
      if (dim.kind() == DimKind::Pack)
        value = origins[dim.value()].pack[k];
      else if (dim.kind() == DimKind::Bind)
        value = values.symbol(dim.value());
      else if (Status status = values.get(dim.value(), value); !status.ok())
        return std::move(status).in(text("dimension %d of %s", at, name));
      if (value < 0)
        return error(tnErrorShapeMismatch, "dimension %d of %s comes out as %lld (%s)", at, name,
                     static_cast<long long>(value), textOf(param));
      tensor.shape[at] = value;
    }
  }
  tensor.ndim = at;
  tensor.dtype = toDLPack(param.dtype());
  return {};
}

Status Binding::results(void **args) {
  for (uint32_t i = 0; i < instance->params()->size(); ++i) {
    const Param &param = *instance->params()->Get(i);
    if (!param.is_result())
      continue;
    if (mode == BindMode::Shapes)
      TENON_TRY(fillShape(param, *static_cast<DLTensor *>(args[i])));
    else
      TENON_TRY(matchDims(param, tensor(args, i), false, i));
  }
  return {};
}

// ---- memory
// ----------------------------------------------------------------------------------------------------------------------

Status Binding::data(void **args) {
  Context &context = op->module.context;
  for (uint32_t i = 0; i < instance->params()->size(); ++i) {
    const Param &param = *instance->params()->Get(i);
    if (param.kind() != ParamKind::Tensor)
      continue;
    const char *name = param.name()->c_str();
    const DLTensor &given = tensor(args, i);
    Argument &argument = arguments[i];
    TENON_TRY(context.checkDevice(given.device, name));
    TENON_TRY(checkData(given, param.dtype(), name, argument.view));
    const TensorView &view = argument.view;
    argument.offset = view.address;
    if (view.bytes == 0)
      continue;
    int64_t widest = context.info().property(Property::MaxBufferBytes);
    if (widest > 0 && view.bytes > static_cast<uint64_t>(widest))
      return error(tnErrorIndexRange, "%s has %llu bytes, %s takes at most %lld in one argument", name,
                   static_cast<unsigned long long>(view.bytes), context.id().c_str(), static_cast<long long>(widest));
    Found found = findAllocation(reinterpret_cast<void *>(view.address));
    if (found.context && view.bytes > found.left())
      return error(tnErrorInvalidTensor, "%s needs %llu bytes from %p on, its allocation has %llu left", name,
                   static_cast<unsigned long long>(view.bytes), reinterpret_cast<void *>(view.address),
                   static_cast<unsigned long long>(found.left()));
    if (found.context && found.context != &context && (found.reserved || !context.isHost()))
      return error(tnErrorWrongDevice, "%s is in memory of %s, the launch is on %s", name, found.context->id().c_str(),
                   context.id().c_str());
    if (context.isHost())
      continue; // every address is the host's own
    if (!found.context || found.kind != MemoryKind::Device)
      return error(tnErrorWrongDevice, "%s is at %p, which is no device memory of %s", name,
                   reinterpret_cast<void *>(view.address), context.id().c_str());
    argument.buffer = found.buffer;
    argument.offset = found.offset;
  }
  return {};
}

Status Binding::overlaps() {
  const auto &params = *instance->params();
  for (uint32_t r = 0; r < params.size(); ++r) {
    if (!params.Get(r)->is_result())
      continue;
    const TensorView &result = arguments[r].view;
    for (uint32_t i = 0; i < params.size(); ++i) {
      const Param &param = *params.Get(i);
      if (param.kind() != ParamKind::Tensor || i == r || (param.is_result() && i > r))
        continue;
      const TensorView &other = arguments[i].view;
      if (result.bytes == 0 || other.bytes == 0 || result.address >= other.address + other.bytes ||
          other.address >= result.address + result.bytes)
        continue;
      bool allowed = false;
      for (uint32_t k = 0; instance->inplace() && k + 1 < instance->inplace()->size(); k += 2)
        allowed |= instance->inplace()->Get(k) == r && instance->inplace()->Get(k + 1) == i;
      bool same = result.address == other.address && result.bytes == other.bytes;
      if (allowed && same)
        continue;
      const char *hint = allowed ? "; they may be exactly the same memory" : "";
      return error(tnErrorOverlap, "result %s (%llu bytes at %p) overlaps %s (%llu bytes at %p)%s",
                   params.Get(r)->name()->c_str(), static_cast<unsigned long long>(result.bytes),
                   reinterpret_cast<void *>(result.address), param.name()->c_str(),
                   static_cast<unsigned long long>(other.bytes), reinterpret_cast<void *>(other.address), hint);
    }
  }
  return {};
}

} // namespace tenon
