//===- Variant.cpp - the code that a device takes of a package --------------===//
//
// Owns what Variant.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Variant.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace tenon::check {

using package::Property;

static int64_t propertyOf(const tnDeviceProp &d, Property property) {
  switch (property) {
  case Property::Class:
    return d.isGpuClass;
  case Property::IsaLevel:
    return d.isaLevel;
  case Property::VectorBits:
    return d.vectorBits;
  case Property::ComputeUnits:
    return d.multiProcessorCount;
  case Property::MaxGroupSize:
    return d.maxThreadsPerBlock;
  case Property::LocalMemory:
    return static_cast<int64_t>(d.sharedMemPerBlock);
  case Property::SubgroupSize:
    return d.warpSize;
  case Property::MaxBufferBytes:
    return static_cast<int64_t>(d.maxBufferBytes);
  case Property::SpirvVersion:
    return d.spirvVersion;
  case Property::Float16:
    return d.hasFloat16;
  case Property::Float64:
    return d.hasFloat64;
  case Property::Int8:
    return d.hasInt8;
  case Property::Int16:
    return d.hasInt16;
  case Property::Int64:
    return d.hasInt64;
  case Property::Storage8:
    return d.hasStorage8;
  case Property::Storage16:
    return d.hasStorage16;
  case Property::Fma:
    return d.hasFma;
  case Property::SharedMemory:
    return d.sharesHostMemory;
  }
  return 0;
}

static bool fits(const package::Variant &variant, const package::Module &module, const tnDeviceProp &device) {
  std::istringstream accepted(device.targets);
  bool isAccepted = false;
  for (std::string target; accepted >> target;)
    isAccepted |= target == targetName(module.target());
  if (!isAccepted)
    return false;
  if (variant.requires_())
    for (const package::Requirement *r : *variant.requires_()) {
      int64_t have = propertyOf(device, r->property());
      bool holds = r->relation() == package::Relation::Equal     ? have == r->value()
                   : r->relation() == package::Relation::AtLeast ? have >= r->value()
                                                                 : have <= r->value();
      if (!holds)
        return false;
    }
  return true;
}

/// Fewest and most launches of a list of steps; a loop's body counts once or not at all.
static void countLaunches(const flatbuffers::Vector<flatbuffers::Offset<package::Step>> *steps, int &least, int &most) {
  for (uint32_t i = 0; steps && i < steps->size(); ++i) {
    const package::Step *step = steps->Get(i);
    if (step->step_as_Launch()) {
      ++least;
      ++most;
    } else if (const package::Branch *branch = step->step_as_Branch()) {
      int low[2] = {}, high[2] = {};
      countLaunches(branch->then(), low[0], high[0]);
      countLaunches(branch->otherwise(), low[1], high[1]);
      least += std::min(low[0], low[1]);
      most += std::max(high[0], high[1]);
    } else if (const package::Loop *loop = step->step_as_Loop()) {
      int ignored = 0;
      countLaunches(loop->body(), ignored, most);
    }
  }
}

/// A module holds the kernels of all instances, and so do its emulations: whether one is about these types.
static bool concerns(const std::string &emulation, const std::set<DType> &types) {
  auto uses = [&](std::initializer_list<DType> any) {
    return std::any_of(any.begin(), any.end(), [&](DType type) { return types.count(type) != 0; });
  };
  std::istringstream words(emulation);
  bool isNamed = false, isUsed = false;
  for (std::string word; words >> word;) {
    bool known = true;
    if (word == "f16")
      isUsed |= uses({DType::F16});
    else if (word == "bf16")
      isUsed |= uses({DType::BF16});
    else if (word == "f64")
      isUsed |= uses({DType::F64});
    else if (word == "i8" || word == "8-bit")
      isUsed |= uses({DType::Bool, DType::I8, DType::U8});
    else if (word == "i16" || word == "16-bit")
      isUsed |= uses({DType::I16, DType::U16, DType::F16, DType::BF16});
    else
      known = false;
    isNamed |= known;
  }
  return !isNamed || isUsed;
}

static const package::Instance *find(const PackageFile &file, const Instance &instance) {
  for (const package::Operator *op : *file.get().operators()) {
    if (op->name()->str() != instance.op->name)
      continue;
    for (const package::Instance *candidate : *op->instances()) {
      size_t count = candidate->types() ? candidate->types()->size() : 0;
      bool isSame = count == instance.types.size();
      for (size_t v = 0; isSame && v < count; ++v)
        isSame = static_cast<int>(candidate->types()->Get(v)) == static_cast<int>(instance.types[v]);
      if (isSame)
        return candidate;
    }
  }
  return nullptr;
}

std::vector<std::pair<size_t, size_t>> inPlaceOf(const PackageFile &file, const Instance &instance) {
  std::vector<std::pair<size_t, size_t>> pairs;
  const package::Instance *found = find(file, instance);
  for (uint32_t i = 0; found && found->inplace() && i + 1 < found->inplace()->size(); i += 2) {
    size_t result = found->inplace()->Get(i), input = found->inplace()->Get(i + 1);
    bool isNew = result < instance.params.size() && input < result && !instance.params[input].isResult;
    for (auto [r, in] : pairs)
      isNew &= r != result && in != input;
    if (isNew)
      pairs.emplace_back(result, input);
  }
  return pairs;
}

VariantText describeVariant(const PackageFile &file, const Instance &instance, const tnDeviceProp &device) {
  VariantText text;
  const package::Instance *found = find(file, instance);
  if (!found)
    return text;
  for (const package::Variant *variant : *found->variants()) {
    if (!file.get().modules() || variant->module_() >= file.get().modules()->size())
      continue;
    const package::Module *module = file.get().modules()->Get(variant->module_());
    if (!fits(*variant, *module, device))
      continue;
    text.profile = module->profile()->str();
    int least = 0, most = 0;
    countLaunches(variant->plan(), least, most);
    text.launches = std::to_string(least) + (least == most ? "" : "-" + std::to_string(most));
    std::set<DType> types;
    for (const Tensor &tensor : instance.tensors)
      types.insert(tensor.type);
    for (uint32_t e = 0; module->emulations() && e < module->emulations()->size(); ++e)
      if (std::string emulation = module->emulations()->Get(e)->str(); concerns(emulation, types))
        text.emulations += (text.emulations.empty() ? "" : "; ") + emulation;
    break;
  }
  return text;
}

} // namespace tenon::check
