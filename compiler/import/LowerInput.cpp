//===- LowerInput.cpp - upstream's passes that run before the import ---------===//
#include "compiler/import/ImportModule.h"

#include "mlir/Conversion/TosaToArith/TosaToArith.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/TosaToTensor/TosaToTensor.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace tenon;

void tenon::registerInputDialects(DialectRegistry &registry) {
  // memref, bufferization, complex and cf are known so that what uses them is refused by its name.
  registry.insert<affine::AffineDialect, arith::ArithDialect, bufferization::BufferizationDialect,
                  cf::ControlFlowDialect, complex::ComplexDialect, func::FuncDialect, linalg::LinalgDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect, tosa::TosaDialect,
                  ub::UBDialect, formula::TenonDialect>();
  func::registerInlinerExtension(registry);
}

LogicalResult tenon::lowerInput(ModuleOp input) {
  bool hasTosa = false, hasCalls = false;
  SmallVector<linalg::SoftmaxOp> softmaxes;
  input.walk([&](Operation *op) {
    hasTosa |= isa<tosa::TosaDialect>(op->getDialect());
    hasCalls |= isa<func::CallOp>(op);
    if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op))
      softmaxes.push_back(softmax);
  });
  IRRewriter rewriter(input.getContext());
  for (linalg::SoftmaxOp softmax : softmaxes) {
    rewriter.setInsertionPoint(softmax);
    FailureOr<SmallVector<Value>> parts = softmax.decomposeOperation(rewriter);
    if (failed(parts))
      return softmax.emitError("linalg.softmax is not supported here");
    rewriter.replaceOp(softmax, *parts);
  }
  PassManager passes(input.getContext());
  passes.enableVerifier(false);
  if (hasCalls)
    passes.addPass(createInlinerPass());
  if (hasTosa)
    tosa::addTosaToLinalgPasses(passes, TosaToLinalgOptions(), TosaToLinalgNamedOptions(), std::nullopt);
  OpPassManager &functions = passes.nest<func::FuncOp>();
  if (hasTosa) {
    functions.addPass(createTosaToTensorPass());
    TosaToArithPassOptions scaling;
    scaling.includeApplyRescale = true;
    functions.addPass(createTosaToArithPass(scaling));
  }
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createLinalgGeneralizeNamedOpsPass());
  return passes.run(input);
}
