//===- Jit.cpp - running legalized kernels in the test process --------------===//
//
// Owns the lowering to LLVM that the tests use; the host target has its own.
//
//===------------------------------------------------------------------------===//
#include "Jit.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

#include "llvm/Support/TargetSelect.h"

using namespace mlir;

namespace tenon::test {

const std::vector<Device> &getDevices() {
  static const std::vector<Device> devices = [] {
    DeviceDescription full;
    full.nativeFloat16Convert = true;
    DeviceDescription noFma = full;
    noFma.fma = false;
    DeviceDescription poor; // like SwiftShader
    poor.fma = poor.float64 = poor.int64 = poor.int8 = poor.int16 = poor.nativeFloat16Convert = false;
    poor.indexBits = 32;
    return std::vector<Device>{{"full", full}, {"no fma", noFma}, {"poor", poor}};
  }();
  return devices;
}

static MLIRContext &newContext(std::unique_ptr<MLIRContext> &context) {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, math::MathDialect, scf::SCFDialect, memref::MemRefDialect, vector::VectorDialect,
                  func::FuncDialect, cf::ControlFlowDialect, LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return *context;
}

std::string legalizeText(const std::string &text, const DeviceDescription &device, std::vector<std::string> &emulations,
                         std::string &error) {
  std::unique_ptr<MLIRContext> context;
  ScopedDiagnosticHandler handler(&newContext(context), [&](Diagnostic &d) { error += d.str() + "\n"; });
  auto module = parseSourceString<ModuleOp>(text, context.get());
  if (!module || failed(legalize(*module, device, emulations)))
    return {};
  std::string out;
  llvm::raw_string_ostream(out) << *module;
  return out;
}

struct Kernel::State {
  std::unique_ptr<MLIRContext> context;
  std::unique_ptr<ExecutionEngine> engine;
};

static void substitute(std::string &s, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = s.find(from, at)) != std::string::npos; at += to.size())
    s.replace(at, from.size(), to);
}

static std::string kernelText(std::string body, const std::vector<std::string> &in, const std::string &out, int width) {
  auto shaped = [&](const std::string &t) {
    return width == 1 ? t : "vector<" + std::to_string(width) + "x" + t + ">";
  };
  std::string text = "func.func @k(", loads;
  for (size_t i = 0; i < in.size(); ++i) {
    std::string type = shaped(in[i]), name(1, char('a' + i));
    text += "%m" + name + ": memref<?x" + in[i] + ">, ";
    loads += "  %" + name + " = " +
             (width == 1 ? "memref.load %m" + name + "[%i] : memref<?x" + in[i] + ">\n"
                         : "vector.load %m" + name + "[%i] : memref<?x" + in[i] + ">, " + type + "\n");
    substitute(body, "T" + std::to_string(i), type);
  }
  substitute(body, "R", shaped(out));
  substitute(body, "NATURAL", shaped("index"));
  substitute(body, "INT32", shaped("i32"));
  substitute(body, "INT64", shaped("i64"));
  substitute(body, "F32", shaped("f32"));
  std::string stored = out == "i1" ? "i8" : out;
  text += "%mr: memref<?x" + stored +
          ">, %n: index) attributes {llvm.emit_c_interface} {\n"
          "%c0 = arith.constant 0 : index\n %c1 = arith.constant " +
          std::to_string(width) +
          " : index\n"
          "scf.for %i = %c0 to %n step %c1 {\n" +
          loads + body + "\n";
  std::string value = "%r";
  if (out == "i1") {
    text += "%wide = arith.extui %r : " + shaped("i1") + " to " + shaped("i8") + "\n";
    value = "%wide";
  }
  text += width == 1 ? "memref.store " + value + ", %mr[%i] : memref<?x" + stored + ">\n"
                     : "vector.store " + value + ", %mr[%i] : memref<?x" + stored + ">, " + shaped(stored) + "\n";
  return text + "}\nreturn\n}\n";
}

Kernel::Kernel(const std::string &body, const std::vector<std::string> &in, const std::string &out, int width,
               const DeviceDescription &device)
    : state(std::make_unique<State>()) {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  MLIRContext &context = newContext(state->context);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { message += d.str() + "\n"; });
  auto module = parseSourceString<ModuleOp>(kernelText(body, in, out, width), &context);
  if (!module || failed(legalize(*module, device, noted)))
    return;
  llvm::raw_string_ostream(legalized) << *module;

  PassManager passes(&context);
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  if (failed(passes.run(*module)))
    return;
  ExecutionEngineOptions options;
  auto optimize = makeOptimizingTransformer(2, 0, nullptr);
  options.transformer = optimize;
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Default;
  auto engine = ExecutionEngine::create(*module, options);
  if (!engine) {
    message += llvm::toString(engine.takeError());
    return;
  }
  state->engine = std::move(*engine);
  auto symbol = state->engine->lookup("_mlir_ciface_k");
  if (!symbol) {
    message += llvm::toString(symbol.takeError());
    return;
  }
  entry = *symbol;
}

Kernel::~Kernel() = default;

void Kernel::run(const std::vector<const void *> &in, void *out, size_t n) const {
  struct Descriptor {
    void *allocated, *aligned;
    int64_t offset, size, stride;
  };
  auto describe = [&](const void *p) {
    return Descriptor{const_cast<void *>(p), const_cast<void *>(p), 0, int64_t(n), 1};
  };
  Descriptor r = describe(out), a = describe(in[0]);
  int64_t count = int64_t(n);
  if (in.size() == 1)
    return reinterpret_cast<void (*)(Descriptor *, Descriptor *, int64_t)>(entry)(&a, &r, count);
  Descriptor b = describe(in[1]);
  if (in.size() == 2)
    return reinterpret_cast<void (*)(Descriptor *, Descriptor *, Descriptor *, int64_t)>(entry)(&a, &b, &r, count);
  Descriptor c = describe(in[2]);
  reinterpret_cast<void (*)(Descriptor *, Descriptor *, Descriptor *, Descriptor *, int64_t)>(entry)(&a, &b, &c, &r,
                                                                                                     count);
}

} // namespace tenon::test
