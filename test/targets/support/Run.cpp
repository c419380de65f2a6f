//===- Run.cpp - running kernels in tests -----------------------------------===//
//
// Owns parsing; see Run.h.
//
//===------------------------------------------------------------------------===//
#include "Run.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace tenon::test {

KernelContext::KernelContext() {
  context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  context->loadDialect<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, gpu::GPUDialect,
                       math::MathDialect, memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
  context->getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    errors += (errors.empty() ? "" : "\n") + diagnostic.str();
    return success();
  });
}

KernelContext::~KernelContext() = default;

OwningOpRef<ModuleOp> KernelContext::parse(const std::string &text) {
  auto module = parseSourceString<ModuleOp>(text, context.get());
  EXPECT_TRUE(module) << errors;
  return module;
}

Profile getProfile(const Target &target, const std::string &name) {
  for (Profile &profile : target.getProfiles())
    if (profile.name == name)
      return profile;
  ADD_FAILURE() << "no profile " << name;
  std::abort();
}

} // namespace tenon::test
