//===- FunctionImporter.h - a function on tensors as a formula ---------------===//
//
// Owns how a func.func of linalg, tensor, arith and math operations becomes a tenon.operator: every tensor a
// definition, every scalar region a body, every size an expression. Split by the kind of operation: ImportFunction
// (signature, order, sizes), ImportLinalg, ImportTensor, ImportBody. Does not own reading files or what runs before
// (ImportModule).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "compiler/import/Sizes.h"
#include "dialects/Tenon.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <functional>

namespace tenon {

/// Dimensions of arguments that operations demand to be equal, to each other or to a number. A function is imported
/// again until nothing new is learned, so that equal dimensions are one size from the start.
struct Equalities {
  llvm::SmallVector<unsigned> parent;
  llvm::SmallVector<std::optional<int64_t>> number;
  unsigned add();
  unsigned find(unsigned dim) const;
  void join(unsigned a, unsigned b);
};

/// A tensor of the function, as the formula has it.
struct ImportedTensor {
  mlir::Value value;     ///< A definition or an argument; null for a splat and for tensor.empty.
  mlir::TypedAttr splat; ///< What every element is, where that is known.
  mlir::Type element;
  llvm::SmallVector<mlir::Value> extents;
};

/// The least and the greatest value of an index, as sizes.
struct IndexBounds {
  mlir::Value low, high;
};

class FunctionImporter {
public:
  FunctionImporter(mlir::func::FuncOp func, mlir::ModuleOp target, llvm::StringRef file, Equalities &equalities);
  /// Null after an error that has been emitted at the operation at fault. `learned` says that it must be run again.
  formula::OperatorOp run();
  bool learned = false;

private:
  using Values = llvm::SmallVector<mlir::Value>;
  using MaybeTensor = mlir::FailureOr<ImportedTensor>;

  //===- ImportFunction.cpp -------------------------------------------------===//
  mlir::LogicalResult importSignature();
  mlir::LogicalResult importBlock(mlir::Block &block);
  mlir::LogicalResult importOperation(mlir::Operation *op);
  mlir::LogicalResult importIf(mlir::scf::IfOp op);
  mlir::LogicalResult importReturn(mlir::func::ReturnOp op);
  bool isBroadcastOf(mlir::Value broadcast, mlir::Value source, mlir::Value condition);
  mlir::LogicalResult refuse(mlir::Operation *op, const llvm::Twine &why = "");
  std::string unique(std::string name);
  mlir::Attribute describeParam(llvm::StringRef name, llvm::StringRef kind, mlir::Type type, llvm::StringRef text,
                                llvm::ArrayRef<mlir::Attribute> dims, bool isResult, int symbol = -1);
  mlir::Attribute describeDim(llvm::StringRef kind, int value);
  mlir::Attribute describeSize(mlir::Value size);

  /// The tensor that `value` is; an error at `user` if it is none that is known.
  MaybeTensor tensorOf(mlir::Value value, mlir::Operation *user);
  /// The size that `value` is, or null when it depends on data or on an index.
  mlir::Value sizeOf(mlir::Value value);
  mlir::Value computeSize(mlir::Value value);
  /// The same with an error.
  mlir::Value sizeAt(mlir::OpFoldResult value, mlir::Operation *user);
  bool sizesAt(llvm::ArrayRef<mlir::OpFoldResult> values, mlir::Operation *user, Values &sizes);
  /// Demands a condition at launch. False after an error when it cannot hold. {0}, {1}... stand for values.
  bool require(mlir::Operation *op, mlir::Value condition, const llvm::Twine &message, mlir::ValueRange values);
  bool requireEqual(mlir::Operation *op, mlir::Value a, mlir::Value b, const llvm::Twine &what);
  /// Demands that static sizes of a result's type are what they are.
  bool requireType(mlir::Operation *op, mlir::Value result, llvm::ArrayRef<mlir::Value> extents);
  std::string place(mlir::Operation *op);

  /// Defines a tensor; `body` gives an element from the indices, or null after an error.
  MaybeTensor define(mlir::Operation *op, mlir::Type element, llvm::ArrayRef<mlir::Value> extents,
                     llvm::function_ref<mlir::Value(mlir::ValueRange)> body);

  //===- ImportBody.cpp -----------------------------------------------------===//
  /// The value of a scalar in the body being written, or null after an error.
  mlir::Value at(mlir::Value value);
  bool emit(mlir::Operation *op);
  bool emitExtract(mlir::tensor::ExtractOp op);
  bool emitScalar(mlir::Operation *op, mlir::ValueRange operands, mlir::TypeRange types, Values &results);
  void toPrelude();
  mlir::Value guardOf(mlir::Block *block);
  /// An element; the subscripts are inside, or `otherwise` stands for what is outside.
  mlir::Value read(const ImportedTensor &tensor, mlir::ValueRange subscripts, mlir::Operation *user,
                   mlir::Value guard = {}, mlir::Value otherwise = {}, llvm::StringRef fault = "");
  mlir::Value constantOf(mlir::TypedAttr value);
  mlir::Value indexConstant(int64_t value);
  mlir::Value affine(mlir::AffineExpr expr, mlir::ValueRange dims, mlir::ValueRange symbols);
  mlir::Value binary(llvm::StringRef name, mlir::Value a, mlir::Value b);
  std::optional<IndexBounds> boundsOf(mlir::Value value);
  std::optional<IndexBounds> boundsOf(mlir::AffineExpr expr, llvm::ArrayRef<IndexBounds> dims,
                                      llvm::ArrayRef<IndexBounds> symbols);
  bool typeFits(mlir::Operation *op, mlir::Type type);
  template <class OpTy, class... Args> OpTy create(Args &&...args) {
    return OpTy::create(builder, loc, std::forward<Args>(args)...);
  }

  //===- ImportLinalg.cpp ---------------------------------------------------===//
  struct Nest;
  mlir::LogicalResult importGeneric(mlir::linalg::GenericOp op);
  bool checkOperands(mlir::linalg::GenericOp op, Nest &nest);
  mlir::Value emitReduction(mlir::linalg::GenericOp op, unsigned number, Nest &nest);
  mlir::Value emitChoice(mlir::linalg::GenericOp op, unsigned number, Nest &nest);
  mlir::Value reduceOver(mlir::linalg::GenericOp op, Nest &nest, formula::ReduceKind kind, bool isUnsigned,
                         mlir::Type type, llvm::function_ref<bool(mlir::Value &value, mlir::Value &filter)> body);
  mlir::Value combineWith(mlir::Operation *combiner, mlir::Value a, mlir::Value b);

  //===- ImportTensor.cpp ---------------------------------------------------===//
  mlir::LogicalResult importTensorOp(mlir::Operation *op);
  mlir::LogicalResult importElementwise(mlir::Operation *op);
  mlir::LogicalResult importConstant(mlir::arith::ConstantOp op);
  MaybeTensor importExtractSlice(mlir::tensor::ExtractSliceOp op);
  MaybeTensor importInsertSlice(mlir::tensor::InsertSliceOp op);
  MaybeTensor importPad(mlir::tensor::PadOp op);
  MaybeTensor importConcat(mlir::tensor::ConcatOp op);
  MaybeTensor importGather(mlir::tensor::GatherOp op);
  MaybeTensor importReshape(mlir::tensor::ReshapeOp op);
  MaybeTensor importElements(mlir::Operation *op, llvm::ArrayRef<mlir::Value> extents,
                             llvm::function_ref<mlir::Value(unsigned)> element, unsigned count);
  MaybeTensor expand(mlir::Operation *op, const ImportedTensor &source,
                     llvm::ArrayRef<mlir::ReassociationIndices> groups, llvm::ArrayRef<mlir::Value> extents);
  MaybeTensor collapse(mlir::Operation *op, const ImportedTensor &source,
                       llvm::ArrayRef<mlir::ReassociationIndices> groups);
  /// Whether `index` lies in offset + stride * [0, size), and the position there.
  void within(mlir::Value index, mlir::Value offset, mlir::Value size, mlir::Value stride, mlir::Value &condition,
              mlir::Value &position);

  mlir::func::FuncOp func;
  mlir::ModuleOp target;
  std::string file;
  Equalities &equalities;
  mlir::OpBuilder builder;
  mlir::Location loc;
  formula::OperatorOp op;
  std::optional<Sizes> sizes;
  mlir::Value path; ///< What holds where the operations being imported run; null: always.
  llvm::DenseMap<mlir::Value, ImportedTensor> tensors;
  llvm::DenseMap<mlir::Value, mlir::Value> sizeMemo;
  llvm::DenseMap<mlir::Value, mlir::Value> arguments; ///< Scalars and sizes.
  llvm::DenseMap<mlir::Value, unsigned> dimOf;        ///< The dimension that a symbol stands for.
  llvm::SmallVector<mlir::Attribute> params;
  Values dims, results;
  std::vector<std::string> names;

  // The body being written.
  mlir::Operation *root = nullptr; ///< The operation whose region is being written.
  mlir::Block *body = nullptr;
  mlir::Operation *lastPrelude = nullptr;
  llvm::DenseMap<mlir::Value, mlir::Value> local, prelude;
  llvm::DenseMap<mlir::Block *, mlir::Value> guards;
  std::function<mlir::Value(mlir::BlockArgument)> argument;
  llvm::SmallVector<mlir::Value> loopIndices; ///< linalg.index of the nest being written.
  llvm::SmallVector<IndexBounds> loopBounds;
  llvm::DenseMap<mlir::Value, IndexBounds> ranges; ///< Of the indices that a region has as arguments.
};

/// Whether formulas may hold this operation: arith and math on scalars, with one result.
bool isFormulaOperation(mlir::Operation *op);
/// Whether `type` is a scalar that formulas compute with.
bool isFormulaScalar(mlir::Type type);
/// A type without its sign, as formulas have it.
mlir::Type signless(mlir::Type type);

} // namespace tenon
