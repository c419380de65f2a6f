//===- main.cpp - tenon-opt: the compiler's stages one at a time -------------===//
//
// Owns the stages as named passes over a module, for those who work on the compiler: MLIR's opt with the tenon dialect.
// What the stages do is in compiler/.
//
//===------------------------------------------------------------------------===//
#include "compiler/Pipeline.h"
#include "compiler/import/ImportModule.h"
#include "compiler/passes/Legalize.h"
#include "compiler/schedule/Normalize.h"
#include "compiler/schedule/Schedule.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace tenon;

namespace {

template <class PassT> struct ModulePass : PassWrapper<PassT, OperationPass<ModuleOp>> {
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, gpu::GPUDialect, math::MathDialect, memref::MemRefDialect,
                    scf::SCFDialect, vector::VectorDialect, formula::TenonDialect>();
  }
};

/// A stage that is made for a device: the option says for which profile.
template <class PassT> struct ProfilePass : ModulePass<PassT> {
  ProfilePass() = default;
  ProfilePass(const ProfilePass &other) : ModulePass<PassT>(other) {}
  Pass::Option<std::string> profile{*this, "profile", llvm::cl::desc("what to compile for, as tenonc's --target"),
                                    llvm::cl::init("native")};

  bool find(Profile &found) {
    std::vector<Profile> profiles;
    std::string error;
    if (!selectProfiles({profile}, profiles, error)) {
      this->getOperation().emitError() << error;
      return false;
    }
    found = profiles.front();
    return true;
  }
};

struct ImportPass : ModulePass<ImportPass> {
  StringRef getArgument() const override { return "tenon-import"; }
  StringRef getDescription() const override { return "functions on tensors to formulas (tenon.operator)"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    ModulePass::getDependentDialects(registry);
    registerInputDialects(registry);
  }
  void runOnOperation() override {
    ModuleOp module = getOperation();
    StringRef file;
    if (auto place = module.getLoc()->findInstanceOf<FileLineColLoc>())
      file = place.getFilename().getValue();
    OwningOpRef<ModuleOp> formulas = ModuleOp::create(module.getLoc());
    if (failed(importModule(module, *formulas, file)))
      return signalPassFailure();
    module.getBody()->clear();
    module.getBody()->getOperations().splice(module.getBody()->end(), formulas->getBody()->getOperations());
  }
};

struct LowerInputPass : ModulePass<LowerInputPass> {
  StringRef getArgument() const override { return "tenon-lower-input"; }
  StringRef getDescription() const override { return "calls, tosa and named linalg operations to linalg.generic"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    ModulePass::getDependentDialects(registry);
    registerInputDialects(registry);
  }
  void runOnOperation() override {
    if (failed(lowerInput(getOperation())))
      signalPassFailure();
  }
};

struct NormalizePass : ModulePass<NormalizePass> {
  StringRef getArgument() const override { return "tenon-normalize"; }
  StringRef getDescription() const override { return "formulas made ready for grouping: fusion, hoisting"; }
  void runOnOperation() override {
    for (formula::OperatorOp op : getOperation().getOps<formula::OperatorOp>()) {
      if (failed(checkFormula(op)))
        return signalPassFailure();
      normalize(op);
    }
  }
};

struct SchedulePass : ProfilePass<SchedulePass> {
  StringRef getArgument() const override { return "tenon-schedule"; }
  StringRef getDescription() const override {
    return "formulas to kernels for a profile; tenonc --emit=plan shows the plan";
  }
  void runOnOperation() override {
    Profile chosen;
    if (!find(chosen))
      return signalPassFailure();
    ModuleOp module = getOperation();
    SmallVector<formula::OperatorOp> operators(module.getOps<formula::OperatorOp>());
    for (formula::OperatorOp op : operators) {
      if (failed(checkFormula(op)))
        return signalPassFailure();
      PlanBuilder plan;
      FailureOr<ScheduledInstance> scheduled = scheduleInstance(op, chosen.device, plan, op.getSymName().str());
      if (failed(scheduled))
        return signalPassFailure();
      module.getBody()->getOperations().splice(Block::iterator(op), scheduled->kernels->getBody()->getOperations());
      op->erase();
    }
  }
};

struct LegalizePass : ProfilePass<LegalizePass> {
  StringRef getArgument() const override { return "tenon-legalize"; }
  StringRef getDescription() const override { return "kernels whose operations mean the same on every device"; }
  void runOnOperation() override {
    Profile chosen;
    std::vector<std::string> emulations;
    if (!find(chosen) || failed(legalize(getOperation(), chosen.device, emulations)))
      signalPassFailure();
  }
};

} // namespace

int main(int argc, char **argv) {
  PassRegistration<ImportPass>();
  PassRegistration<LowerInputPass>();
  PassRegistration<NormalizePass>();
  PassRegistration<SchedulePass>();
  PassRegistration<LegalizePass>();
  registerCanonicalizerPass();
  registerCSEPass();
  DialectRegistry registry;
  registerInputDialects(registry);
  registry.insert<gpu::GPUDialect, vector::VectorDialect>();
  return failed(MlirOptMain(argc, argv, "tenon-opt: Tenon's stages as passes\n", registry));
}
