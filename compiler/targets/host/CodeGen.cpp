//===- CodeGen.cpp - LLVM IR to an object file ------------------------------===//
//
// The schedule has vectorised and unrolled already, so LLVM's own vectorisers and unroller stay off: they cost most of
// the compile time and undo register tiles.
//
//===------------------------------------------------------------------------===//
#include "CodeGen.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/DeadStoreElimination.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/GVN.h"
#include "llvm/Transforms/Scalar/IndVarSimplify.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopDeletion.h"
#include "llvm/Transforms/Scalar/LoopInstSimplify.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

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
  }
}

/// The passes of -O2 that do something for one big function of loops. -O2 itself takes longer (inlining, attribute
/// inference, globals), and its loop idioms make library calls of copy loops, memmove among them.
static llvm::FunctionPassManager makePipeline() {
  llvm::FunctionPassManager passes;
  auto simplify = [&] {
    passes.addPass(llvm::SimplifyCFGPass());
    passes.addPass(llvm::InstCombinePass());
  };
  auto addLoopPasses = [&](llvm::LoopPassManager loop, bool useMemorySSA) {
    passes.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(loop), useMemorySSA));
  };
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  simplify();
  llvm::LoopPassManager rotation;
  rotation.addPass(llvm::LoopInstSimplifyPass());
  rotation.addPass(llvm::LoopRotatePass());
  rotation.addPass(llvm::LICMPass(llvm::LICMOptions()));
  addLoopPasses(std::move(rotation), /*useMemorySSA=*/true);
  simplify();
  llvm::LoopPassManager counting;
  counting.addPass(llvm::IndVarSimplifyPass());
  counting.addPass(llvm::LoopDeletionPass());
  addLoopPasses(std::move(counting), /*useMemorySSA=*/false);
  passes.addPass(llvm::GVNPass());
  passes.addPass(llvm::DSEPass());
  llvm::LoopPassManager hoisting;
  hoisting.addPass(llvm::LICMPass(llvm::LICMOptions()));
  addLoopPasses(std::move(hoisting), /*useMemorySSA=*/true);
  simplify();
  return passes;
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(makePipeline()));
  passes.run(module, modules);
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
