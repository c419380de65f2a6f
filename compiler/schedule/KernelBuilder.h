//===- KernelBuilder.h - one kernel while it is written ----------------------===//
//
// Owns a kernel's function, its arguments (made when they are first asked for) and the structured pieces every
// schedule is written with: loops, conditions, vectors. Knows nothing of formulas beyond the tensors' storage.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "compiler/schedule/PlanBuilder.h"
#include "compiler/targets/Target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <functional>

namespace tenon {

using Values = llvm::SmallVector<mlir::Value>;

/// Where the elements of a tensor are, and its sizes. Row-major.
struct Storage {
  package::ArgKind kind;              ///< Tensor, Workspace or Fault.
  uint32_t index;                     ///< Of the parameter, or of the workspace buffer.
  mlir::Type element;                 ///< As in the formula; i1 is a byte in memory.
  llvm::SmallVector<ExprId> dims;
  bool mayAlias = false;              ///< Another argument may be the same memory.
};

/// The element type of a tensor's memory.
mlir::Type memoryType(mlir::Type element);
/// Its size in bytes.
unsigned elementBytes(mlir::Type element);

class KernelBuilder {
public:
  KernelBuilder(mlir::ModuleOp module, std::string name, const DeviceDescription &device, PlanBuilder &plan,
                mlir::Location loc);

  /// Arguments; each is added to the function once.
  mlir::Value buffer(const Storage &storage, bool writes);
  mlir::Value size(ExprId expr);
  mlir::Value scalarParameter(uint32_t parameter, mlir::Type type, bool isSize);

  /// Ends the kernel; the launch's arguments match the function's.
  void finish(llvm::ArrayRef<int64_t> block);
  std::vector<package::Arg> launchArguments() const;
  llvm::StringRef getName() { return func.getName(); }
  mlir::func::FuncOp getFunction() { return func; }

  // Index arithmetic, folded.
  mlir::Value index(int64_t value);
  static std::optional<int64_t> constantOf(mlir::Value value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return b ? add(a, index(b)) : a; }
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, index(b)); }
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value ceilDiv(mlir::Value a, int64_t b) { return div(add(a, b - 1), index(b)); }
  mlir::Value roundDown(mlir::Value a, int64_t b) { return b == 1 ? a : sub(a, rem(a, index(b))); }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b) { return compare(mlir::arith::CmpIPredicate::slt, a, b); }
  mlir::Value lessEqual(mlir::Value a, mlir::Value b) { return compare(mlir::arith::CmpIPredicate::sle, a, b); }
  /// Conjunction; a null value stands for true.
  mlir::Value both(mlir::Value a, mlir::Value b);

  // Structure. The bodies run with the insertion point inside.
  Values loop(mlir::Value lower, mlir::Value upper, mlir::Value step, mlir::ValueRange init,
              llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  void loop(mlir::Value lower, mlir::Value upper, mlir::Value step, llvm::function_ref<void(mlir::Value)> body);
  Values branch(mlir::Value condition, mlir::TypeRange types, llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);
  void when(mlir::Value condition, llvm::function_ref<void()> then);

  // Data.
  static unsigned widthOf(mlir::Value value);
  static mlir::Type vectorOf(mlir::Type element, unsigned width);
  static mlir::Type elementOf(mlir::Type type);
  mlir::Value constant(mlir::Type type, double value);
  mlir::Value integer(mlir::Type type, int64_t value);
  mlir::Value zero(mlir::Type type) { return mlir::isa<mlir::FloatType>(type) ? constant(type, 0) : integer(type, 0); }
  mlir::Value splat(mlir::Value value, unsigned width);
  mlir::Value lane(mlir::Value value, unsigned position);
  mlir::Value fromLanes(llvm::ArrayRef<mlir::Value> lanes);
  /// Loads and stores in the formula's element type (i1 from its byte).
  mlir::Value load(mlir::Value memory, mlir::Value offset, unsigned width, mlir::Type element);
  void store(mlir::Value value, mlir::Value memory, mlir::Value offset, bool nontemporal = false);
  mlir::Value group(unsigned dimension);
  mlir::Value thread(unsigned dimension);
  void barrier() { create<mlir::gpu::BarrierOp>(); }
  mlir::Value localArray(mlir::Type element, int64_t count);
  mlir::Value privateArray(mlir::Type element, int64_t count);

  template <class OpTy, class... Args> OpTy create(Args &&...args) {
    return OpTy::create(builder, loc, std::forward<Args>(args)...);
  }

  mlir::OpBuilder builder;
  mlir::Location loc;
  const DeviceDescription &device;
  PlanBuilder &plan;

private:
  struct Argument {
    package::ArgKind kind;
    uint32_t index;
    package::ArgType type;
    uint8_t access = 0;
    bool mayAlias = false;
    mlir::Value value;
  };

  mlir::func::FuncOp func;
  std::vector<Argument> buffers, scalars;
};

} // namespace tenon
