//===- Emitter.h - one kernel to SPIR-V --------------------------------------===//
//
// Owns the walk over one kernel: its values, its memory, its operations. Does not own the arithmetic done by hand
// (Integers.h, NarrowFloats.h) or the module around the kernels (Compile.h).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Code.h"
#include "Integers.h"
#include "Session.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tenon::spirv {

class Emitter {
public:
  Emitter(Session &session, mlir::func::FuncOp kernel)
      : session(session), kernel(kernel), module(session.module), code(module), integers(session, code) {
    code.decorateContraction = session.vulkan;
  }

  /// Writes the kernel into the session's module, and how its arguments are passed into `compiled`. Failure is an error
  /// already emitted.
  mlir::LogicalResult run(CompiledKernel &compiled);

private:
  /// How the elements of a memref lie in memory.
  enum class Layout {
    Direct, ///< Elements as they are held, booleans as 32-bit integers.
    Packed, ///< 8- and 16-bit elements in 32-bit words, which other work-items write too.
    Pairs   ///< 64-bit elements as two 32-bit ones, one after the other.
  };
  struct Memory {
    Layout layout = Layout::Direct;
    spv::StorageClass storage = spv::StorageClass::Function;
    mlir::Type element;
    Held held;   ///< Of an element as a value.
    Elem stored; ///< Of a memory cell.
    Id base = 0; ///< A pointer to the first element (OpenCL buffers), or a variable.
    bool isBlock = false, isPointer = false;
    Piece offset; ///< In elements, added to every index; Vulkan buffers.
  };
  using UnitFn = llvm::function_ref<Unit(llvm::ArrayRef<Unit>)>;

  // Emitter.cpp: values, operations that only move them, dispatch.
  mlir::LogicalResult checkTypes();
  mlir::LogicalResult emitBlock(mlir::Block &block);
  mlir::LogicalResult emit(mlir::Operation *op);
  mlir::LogicalResult unknown(mlir::Operation *op);
  mlir::LogicalResult emitConstant(mlir::Operation *op);
  mlir::LogicalResult emitGpu(mlir::Operation *op);
  const Value &get(mlir::Value value) { return values.find(value)->second; }
  void set(mlir::Value value, Value held) { values[value] = std::move(held); }
  Piece scalar(mlir::Value value) { return get(value).front().lo; }
  Held held(mlir::Value value) { return session.held(elementType(value.getType())); }
  static mlir::Type elementType(mlir::Type type);
  static unsigned laneCount(mlir::Type type);
  /// Sets the result of `op` to `make` of its operands, piece by piece.
  mlir::LogicalResult elementwise(mlir::Operation *op, UnitFn make, unsigned result = 0);
  /// The same for one piece in, one piece out.
  mlir::LogicalResult pieces(mlir::Operation *op, llvm::function_ref<Piece(llvm::ArrayRef<Piece>)> make);

  // Kernels.cpp: the entry point and its arguments.
  void openclArguments(CompiledKernel &compiled);
  void vulkanArguments(CompiledKernel &compiled);
  Id builtinVector(spv::BuiltIn builtin);
  Unit builtinLane(spv::BuiltIn builtin, unsigned lane);

  // ControlFlow.cpp
  mlir::LogicalResult emitControl(mlir::Operation *op);
  mlir::LogicalResult emitFor(mlir::Operation *op);
  mlir::LogicalResult emitIf(mlir::Operation *op);
  mlir::LogicalResult emitWhile(mlir::Operation *op);
  /// Phis whose second value comes later.
  struct Phis {
    Value value;
    llvm::SmallVector<size_t, 2> handles;
  };
  Phis openPhis(const Value &first, Id fromBlock);
  void closePhis(const Phis &phis, const Value &second, Id fromBlock);

  // Arithmetic.cpp, Floats.cpp
  mlir::LogicalResult emitArith(mlir::Operation *op);
  mlir::LogicalResult emitIntegerCast(mlir::Operation *op);
  mlir::LogicalResult emitFloat(mlir::Operation *op);
  mlir::LogicalResult emitFloatCast(mlir::Operation *op);
  mlir::LogicalResult emitMath(mlir::Operation *op);
  Piece compareFloats(unsigned predicate, Piece a, Piece b);
  Piece isNan(Piece a);
  Piece copySign(Piece magnitude, Piece sign);
  Unit bitcast(Unit a, Held from, Held to);

  // Memory.cpp
  mlir::LogicalResult emitMemRef(mlir::Operation *op);
  mlir::LogicalResult emitAlloca(mlir::Operation *op);
  mlir::LogicalResult emitAtomic(mlir::Operation *op);
  mlir::LogicalResult emitLoad(mlir::Operation *op, mlir::Value memref, mlir::Value index);
  mlir::LogicalResult emitStore(mlir::Operation *op, mlir::Value stored, mlir::Value memref, mlir::Value index);
  Piece position(const Memory &memory, mlir::Value index);
  Id pointer(const Memory &memory, Piece position);
  Id vectorPointer(const Memory &memory, Piece position, unsigned lanes, Elem elem);
  Unit loadOne(const Memory &memory, Piece position);
  void storeOne(const Memory &memory, Piece position, Unit unit);
  Piece advance(Piece position, uint64_t elements);
  static bool isHalfFused(mlir::Value stored);

  // Vectors.cpp
  mlir::LogicalResult emitVector(mlir::Operation *op);
  Unit lane(const Value &value, unsigned lane);
  /// A value of `lanes` lanes out of scalars.
  Value assemble(llvm::ArrayRef<Unit> scalars);

  Session &session;
  mlir::func::FuncOp kernel;
  Module &module;
  Code code;
  Integers integers;
  llvm::DenseMap<mlir::Value, Value> values;
  llvm::DenseMap<mlir::Value, Memory> memories;
  llvm::DenseMap<mlir::Value, Value> halvesAsFloats; ///< Loads of f16 that were converted on the way (OpenCL).
  llvm::SmallVector<Id, 4> interface;
  uint64_t localBytes = 0;
};

} // namespace tenon::spirv
