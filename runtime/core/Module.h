//===- Module.h - a package loaded for a device ------------------------------------------------------===//
//
// Owns a package together with what has been built of it for one device, and which variants of each operator the device
// can run. Does not own the launch (Launch) nor the package's bytes and their checks (Package).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Context.h"
#include "core/Package.h"
#include "core/Plan.h"

#include <atomic>
#include <map>
#include <mutex>

namespace tenon {

class LoadedModule;

/// A variant that the device can run.
struct Candidate {
  const package::Variant *variant;
  const package::Module *module;
  LoopUse loops;
};

/// The variants of one instance, sorted out for the device on first use.
struct InstanceState {
  const package::Instance *instance = nullptr;
  std::once_flag once;
  std::vector<Candidate> candidates; ///< Best first.
  std::string rejected;              ///< "host-x86-64-v4 needs ..., ...": why the others are not.
};

/// What tnOp_t points to.
class LoadedOperator {
public:
  LoadedOperator(LoadedModule &module, const package::Operator &table);
  const char *name() const { return table.name()->c_str(); }
  InstanceState &state(size_t instance);

  LoadedModule &module;
  const package::Operator &table;

private:
  std::vector<std::unique_ptr<InstanceState>> instances;
};

/// What tnFunction_t points to.
struct Function {
  LoadedModule &module;
  uint32_t moduleIndex;
  uint32_t kernelIndex;
  const package::Kernel &kernel;
};

class LoadedModule : public std::enable_shared_from_this<LoadedModule> {
public:
  LoadedModule(Context &context, std::shared_ptr<const PackageFile> file);

  /// The built code of one of the package's modules; builds it on first use.
  Status program(uint32_t index, Program *&program);

  Status findOperator(const char *name, LoadedOperator *&op);
  Status findFunction(const char *name, Function *&function);
  const package::Package &package() const { return file->root(); }

  /// Handles of the module, its operators and functions stop being valid.
  void invalidate();

  Context &context;
  const std::shared_ptr<const PackageFile> file;

private:
  std::vector<std::unique_ptr<LoadedOperator>> operators;
  std::mutex lock;
  std::vector<std::unique_ptr<Program>> programs;
  std::vector<std::atomic<Program *>> built;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

/// Where a target stands among those a device accepts; negative: not at all.
int targetRank(const DeviceInfo &device, package::Target target);
/// Why a device cannot run a variant, "" if it can.
std::string rejectVariant(const DeviceInfo &device, const package::Module &module, const package::Variant *variant);

} // namespace tenon
