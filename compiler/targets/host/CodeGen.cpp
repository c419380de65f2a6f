//===- CodeGen.cpp - LLVM IR to an object file ------------------------------===//
//
// The schedule has vectorised and unrolled already, so LLVM's own vectorisers and unroller stay off: they cost most of
// the compile time and undo register tiles.
//
//===------------------------------------------------------------------------===//
#include "CodeGen.h"

#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/Utils/LowerMemIntrinsics.h"

#include <mutex>

extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86Target();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmPrinter();
void LLVMInitializeX86Disassembler();
}

namespace tenon::host {

void initializeX86() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86Disassembler();
  });
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine(llvm::StringRef cpu) {
  initializeX86();
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string message;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError("LLVM cannot make x86-64 code: " + message);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.UniqueSectionNames = false;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(triple, cpu, /*Features=*/"", options,
                                                                          llvm::Reloc::PIC_, llvm::CodeModel::Small,
                                                                          llvm::CodeGenOptLevel::Default));
}

void prepareModule(llvm::Module &module, llvm::TargetMachine &machine, unsigned vectorBits) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  module.setPICLevel(llvm::PICLevel::BigPIC);
  std::string width = std::to_string(vectorBits);
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    // x86-64-v4 prefers 256 bits unless told.
    function.addFnAttr("prefer-vector-width", width);
    function.addFnAttr("no-builtin-memmove");
  }
}

/// A copy loop whose sides may overlap becomes memmove, which host code must not import.
static void expandMemmoves(llvm::Module &module, llvm::TargetMachine &machine) {
  for (llvm::Function &function : module) {
    llvm::SmallVector<llvm::MemMoveInst *> moves;
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *move = llvm::dyn_cast<llvm::MemMoveInst>(&instruction))
        moves.push_back(move);
    if (moves.empty())
      continue;
    llvm::TargetTransformInfo info = machine.getTargetTransformInfo(function);
    for (llvm::MemMoveInst *move : moves)
      if (llvm::expandMemMoveAsLoop(move, info))
        move->eraseFromParent();
  }
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
  expandMemmoves(module, machine);
}

llvm::Expected<llvm::SmallVector<char, 0>> emitObject(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile, /*DisableVerify=*/true))
    return llvm::createStringError("LLVM cannot write an object file");
  passes.run(module);
  return object;
}

} // namespace tenon::host
