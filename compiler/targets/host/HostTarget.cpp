//===- HostTarget.cpp - native code for x86-64 ------------------------------===//
//
// Owns the profiles and the road from kernels to a shared object: LLVM IR, optimisation, object file, imports' check,
// link. LLVM can fail only by our fault here (a kernel is checked operation by operation while it is translated), and
// even then comes back as an error: the verifier runs first, diagnostics are collected, and the rest is guarded.
//
//===------------------------------------------------------------------------===//
#include "Host.h"

#include "CodeGen.h"
#include "CrashGuard.h"
#include "Disassembler.h"
#include "KernelSignature.h"
#include "KernelToLLVM.h"
#include "SharedObject.h"

#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Verifier.h"

using namespace mlir;

namespace tenon {
namespace {

/// Collects errors that LLVM would print before it exits.
class ErrorCollector : public llvm::DiagnosticHandler {
public:
  explicit ErrorCollector(std::string &errors) : errors(errors) {}
  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    llvm::raw_string_ostream stream(errors);
    llvm::DiagnosticPrinterRawOStream printer(stream);
    stream << (errors.empty() ? "" : "; ");
    info.print(printer);
    return true;
  }

private:
  std::string &errors;
};

/// One compilation. Everything that LLVM may keep a pointer to lives on the heap, and is left there after a crash.
class Compilation {
public:
  Compilation(ModuleOp kernels, const Profile &profile) : kernels(kernels), profile(profile) {}

  /// Translates and optimises; null after an error.
  llvm::Module *getOptimizedModule();
  FailureOr<CompiledModule> compile();
  FailureOr<std::string> print();

private:
  LogicalResult fail(const llvm::Twine &message) { return emitInternalError(kernels) << message; }
  LogicalResult fail(llvm::Error error) { return fail(llvm::toString(std::move(error))); }
  /// Runs `work` in the guard; an error that LLVM reported in any way is emitted.
  LogicalResult guard(llvm::function_ref<void()> work);

  ModuleOp kernels;
  const Profile &profile;
  std::string errors;
  std::unique_ptr<llvm::LLVMContext> context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

LogicalResult Compilation::guard(llvm::function_ref<void()> work) {
  std::string message;
  if (!host::runGuarded(work, message)) {
    // Half-changed structures must not be destroyed.
    (void)module.release();
    (void)machine.release();
    (void)context.release();
    return fail("LLVM: " + message);
  }
  return errors.empty() ? success() : fail("LLVM: " + errors);
}

llvm::Module *Compilation::getOptimizedModule() {
  FailureOr<SmallVector<func::FuncOp>> functions = getKernels(kernels);
  if (failed(functions))
    return nullptr;
  std::string cpu;
  for (const package::Requirement &requirement : profile.requirements)
    if (requirement.property() == package::Property::IsaLevel)
      cpu = "x86-64-v" + std::to_string(requirement.value());
  if (!llvm::is_contained({"x86-64-v2", "x86-64-v3", "x86-64-v4"}, cpu))
    return (void)fail("profile " + profile.name + " requires no x86-64 level that host code can be made for"), nullptr;
  if (profile.device.indexBits != 64)
    return (void)fail("profile " + profile.name + " has an index of " + llvm::Twine(profile.device.indexBits) +
                      " bits, host has 64"),
           nullptr;
  auto created = host::createMachine(cpu);
  if (!created)
    return (void)fail(created.takeError()), nullptr;
  machine = std::move(*created);
  context->setDiagnosticHandler(std::make_unique<ErrorCollector>(errors));
  context->setDiscardValueNames(true);
  module = std::make_unique<llvm::Module>("tenon", *context);
  for (func::FuncOp kernel : *functions)
    if (failed(host::translateKernel(kernel, profile, *module)))
      return nullptr;
  host::prepareModule(*module, *machine, profile.device.vectorBits);
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (llvm::verifyModule(*module, &stream))
    return (void)fail("LLVM IR of host code is wrong: " + message), nullptr;
  if (failed(guard([&] { host::optimize(*module, *machine); })))
    return nullptr;
  return module.get();
}

FailureOr<CompiledModule> Compilation::compile() {
  CompiledModule result;
  llvm::Module *optimized = getOptimizedModule();
  if (!optimized)
    return failure();
  for (auto kernel : kernels.getOps<func::FuncOp>())
    result.kernels.push_back(describeKernel(kernel));

  auto object = std::make_unique<llvm::SmallVector<char, 0>>();
  std::string message;
  LogicalResult emitted = guard([&] {
    if (auto code = host::emitObject(*optimized, *machine))
      *object = std::move(*code);
    else
      message = llvm::toString(code.takeError());
  });
  if (failed(emitted))
    return failure();
  if (!message.empty())
    return fail(message);
  if (llvm::Error error = host::checkImports(*object))
    return fail(std::move(error));
  auto code = host::linkSharedObject(*object);
  if (!code)
    return fail(code.takeError());
  result.code = std::move(*code);
  return result;
}

FailureOr<std::string> Compilation::print() {
  llvm::Module *optimized = getOptimizedModule();
  if (!optimized)
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  optimized->print(stream, nullptr);
  return text;
}

class HostTarget final : public Target {
public:
  llvm::StringRef getName() const override { return "host"; }

  std::vector<Profile> getProfiles() const override {
    auto make = [](unsigned level, unsigned vectorBits, unsigned registers) {
      Profile profile;
      profile.name = "host-x86-64-v" + std::to_string(level);
      profile.target = package::Target::Host;
      profile.device.vectorBits = vectorBits;
      profile.device.vectorRegisters = registers;
      profile.device.fma = profile.device.nativeFloat16Convert = level >= 3; // v3 brings FMA3 and F16C.
      profile.requirements = {package::Requirement(package::Property::IsaLevel, package::Relation::AtLeast, level)};
      return profile;
    };
    return {make(4, 512, 32), make(3, 256, 16), make(2, 128, 16)};
  }

  FailureOr<CompiledModule> compile(ModuleOp kernels, const Profile &profile) const override {
    return Compilation(kernels, profile).compile();
  }

  FailureOr<std::string> disassemble(const CompiledModule &module) const override {
    llvm::Expected<std::string> text = host::disassembleSharedObject(module.code);
    if (text)
      return *text;
    llvm::errs() << "error: " << llvm::toString(text.takeError()) << "\n";
    return failure();
  }
};

} // namespace

const Target &getHostTarget() {
  static const HostTarget target;
  return target;
}

FailureOr<std::string> printHostLLVM(ModuleOp kernels, const Profile &profile) {
  return Compilation(kernels, profile).print();
}

} // namespace tenon
