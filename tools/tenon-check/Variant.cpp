//===- Variant.cpp - the code that a device takes of a package --------------===//
//
// Owns what Variant.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Variant.h"

#include <algorithm>
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

VariantText describeVariant(const PackageFile &file, const Instance &instance, const tnDeviceProp &device) {
  VariantText text;
  for (const package::Operator *op : *file.get().operators()) {
    if (op->name()->str() != instance.op->name)
      continue;
    for (const package::Instance *candidate : *op->instances()) {
      size_t count = candidate->types() ? candidate->types()->size() : 0;
      bool isSame = count == instance.types.size();
      for (size_t v = 0; isSame && v < count; ++v)
        isSame = static_cast<int>(candidate->types()->Get(v)) == static_cast<int>(instance.types[v]);
      if (!isSame)
        continue;
      for (const package::Variant *variant : *candidate->variants()) {
        if (!file.get().modules() || variant->module_() >= file.get().modules()->size())
          continue;
        const package::Module *module = file.get().modules()->Get(variant->module_());
        if (!fits(*variant, *module, device))
          continue;
        text.profile = module->profile()->str();
        int least = 0, most = 0;
        countLaunches(variant->plan(), least, most);
        text.launches = std::to_string(least) + (least == most ? "" : "-" + std::to_string(most));
        for (uint32_t e = 0; module->emulations() && e < module->emulations()->size(); ++e)
          text.emulations += (text.emulations.empty() ? "" : "; ") + module->emulations()->Get(e)->str();
        return text;
      }
    }
  }
  return text;
}

} // namespace tenon::check
