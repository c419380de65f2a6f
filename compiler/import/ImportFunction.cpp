//===- ImportFunction.cpp - signature, order and sizes -----------------------===//
#include "compiler/import/FunctionImporter.h"

#include "compiler/frontend/Ast.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tenon;

//===- equalities -----------------------------------------------------------===//

unsigned Equalities::add() {
  parent.push_back(parent.size());
  number.emplace_back();
  return parent.size() - 1;
}

unsigned Equalities::find(unsigned dim) const {
  while (parent[dim] != dim)
    dim = parent[dim];
  return dim;
}

void Equalities::join(unsigned a, unsigned b) {
  a = find(a), b = find(b);
  if (a > b)
    std::swap(a, b); // The first appearance names the size.
  parent[b] = a;
  if (!number[a])
    number[a] = number[b];
}

//===- types ----------------------------------------------------------------===//

Type tenon::signless(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type); integer && !integer.isSignless())
    return IntegerType::get(type.getContext(), integer.getWidth());
  return type;
}

static std::optional<DType> dtypeOf(Type type) {
  if (type.isF16())
    return DType::F16;
  if (type.isBF16())
    return DType::BF16;
  if (type.isF32())
    return DType::F32;
  if (type.isF64())
    return DType::F64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return isUnsigned ? std::nullopt : std::optional(DType::Bool);
  case 8:
    return isUnsigned ? DType::U8 : DType::I8;
  case 16:
    return isUnsigned ? DType::U16 : DType::I16;
  case 32:
    return isUnsigned ? DType::U32 : DType::I32;
  case 64:
    return isUnsigned ? DType::U64 : DType::I64;
  default:
    return std::nullopt;
  }
}

static std::string printed(Type type) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  type.print(stream);
  return text;
}

//===- errors ---------------------------------------------------------------===//

FunctionImporter::FunctionImporter(func::FuncOp func, ModuleOp target, StringRef file, Equalities &equalities)
    : func(func), target(target), file(file), equalities(equalities), builder(func.getContext()), loc(func.getLoc()) {}

LogicalResult FunctionImporter::refuse(Operation *op, const Twine &why) {
  InFlightDiagnostic error = op->emitError();
  error << op->getName().getStringRef() << " is not supported";
  if (std::string text = why.str(); !text.empty())
    error << ": " << text;
  return failure();
}

/// The line of an operation, for messages at launch.
std::string FunctionImporter::place(Operation *op) {
  std::string result = file;
  if (auto at = op->getLoc()->findInstanceOf<FileLineColLoc>())
    result += ":" + std::to_string(at.getLine());
  return result + ": " + op->getName().getStringRef().str();
}

bool FunctionImporter::require(Operation *op, Value condition, const Twine &message, ValueRange values) {
  if (path)
    condition = sizes->either(sizes->negation(path), condition);
  if (std::optional<int64_t> known = Sizes::constantOf(condition)) {
    if (*known)
      return true;
    std::string text = message.str();
    for (auto [number, value] : llvm::enumerate(values)) {
      std::string name = "{" + std::to_string(number) + "}";
      std::optional<int64_t> constant = Sizes::constantOf(value);
      for (size_t found; constant && (found = text.find(name)) != std::string::npos;)
        text.replace(found, name.size(), std::to_string(*constant));
    }
    op->emitError() << text;
    return false;
  }
  OpBuilder::InsertionGuard guard(builder);
  if (sizes->before)
    builder.setInsertionPoint(sizes->before);
  else
    builder.setInsertionPointToEnd(&this->op.getBody().front());
  formula::CheckOp::create(builder, op->getLoc(), condition, builder.getStringAttr(Twine(place(op)) + ": " + message),
                           values);
  return true;
}

bool FunctionImporter::requireEqual(Operation *op, Value a, Value b, const Twine &what) {
  if (a == b)
    return true;
  if (!path) {
    auto dimA = dimOf.find(a), dimB = dimOf.find(b);
    std::optional<int64_t> numberA = Sizes::constantOf(a), numberB = Sizes::constantOf(b);
    if (dimA != dimOf.end() && dimB != dimOf.end()) {
      equalities.join(dimA->second, dimB->second);
      return learned = true;
    }
    if ((dimA != dimOf.end() && numberB && *numberB >= 0) || (dimB != dimOf.end() && numberA && *numberA >= 0)) {
      std::optional<int64_t> &number = equalities.number[equalities.find(numberB ? dimA->second : dimB->second)];
      if (!number)
        number = numberB ? numberB : numberA;
      return learned = true;
    }
  }
  return require(op, sizes->equal(a, b), what + " must be equal, not {0} and {1}", {a, b});
}

bool FunctionImporter::requireType(Operation *op, Value result, ArrayRef<Value> extents) {
  auto type = cast<RankedTensorType>(result.getType());
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (!type.isDynamicDim(d) && !requireEqual(op, extents[d], sizes->constant(type.getDimSize(d)),
                                               "dimension " + Twine(d) + " of the result and its type"))
      return false;
  return true;
}

//===- the signature --------------------------------------------------------===//

std::string FunctionImporter::unique(std::string name) {
  for (char &c : name)
    if (!llvm::isAlnum(c) && c != '_')
      c = '_';
  if (name.empty() || llvm::isDigit(name[0]))
    name = "_" + name;
  while (llvm::is_contained(names, name))
    name += "_";
  names.push_back(name);
  return name;
}

Attribute FunctionImporter::describeDim(StringRef kind, int value) {
  return builder.getDictionaryAttr({builder.getNamedAttr("kind", builder.getStringAttr(kind)),
                                    builder.getNamedAttr("value", builder.getI32IntegerAttr(value))});
}

Attribute FunctionImporter::describeSize(Value size) {
  dims.push_back(size);
  return describeDim("expr", dims.size() - 1);
}

Attribute FunctionImporter::describeParam(StringRef name, StringRef kind, Type type, StringRef text,
                                          ArrayRef<Attribute> dimensions, bool isResult, int symbol) {
  int dtype = static_cast<int>(type.isIndex() ? DType::Size : *dtypeOf(type));
  SmallVector<NamedAttribute> entries{builder.getNamedAttr("name", builder.getStringAttr(name)),
                                      builder.getNamedAttr("kind", builder.getStringAttr(kind)),
                                      builder.getNamedAttr("dtype", builder.getI32IntegerAttr(dtype)),
                                      builder.getNamedAttr("text", builder.getStringAttr(text)),
                                      builder.getNamedAttr("dims", builder.getArrayAttr(dimensions))};
  if (isResult)
    entries.push_back(builder.getNamedAttr("result", builder.getUnitAttr()));
  if (symbol >= 0)
    entries.push_back(builder.getNamedAttr("symbol", builder.getI32IntegerAttr(symbol)));
  return builder.getDictionaryAttr(entries);
}

static std::string nameFrom(DictionaryAttr attributes) {
  auto name = attributes ? attributes.getAs<StringAttr>("tenon.name") : StringAttr();
  return name ? name.getValue().str() : "";
}

LogicalResult FunctionImporter::importSignature() {
  Block &entry = func.getBody().front();
  builder.setInsertionPointToEnd(target.getBody());
  op = formula::OperatorOp::create(builder, func.getLoc(), builder.getStringAttr(func.getName()),
                                   builder.getArrayAttr({}), builder.getArrayAttr({}), builder.getArrayAttr({}),
                                   builder.getArrayAttr({}), builder.getStringAttr(""), builder.getStringAttr(file));
  op->setAttr("base_name", builder.getStringAttr(func.getName()));
  Block &body = op.getBody().emplaceBlock();
  sizes.emplace(body, func.getLoc());

  std::vector<std::string> argumentNames;
  for (BlockArgument value : entry.getArguments()) {
    std::string name = nameFrom(func.getArgAttrDict(value.getArgNumber()));
    argumentNames.push_back(unique(name.empty() ? "arg" + std::to_string(value.getArgNumber()) : name));
  }
  // Symbols come before inputs: first find them all.
  SmallVector<Attribute> symbols;
  llvm::DenseMap<unsigned, std::pair<unsigned, std::string>> symbolOf; // by the dimension that binds it
  auto addSymbol = [&](const std::string &name, StringRef kind) {
    symbols.push_back(builder.getDictionaryAttr({builder.getNamedAttr("name", builder.getStringAttr(name)),
                                                 builder.getNamedAttr("kind", builder.getStringAttr(kind))}));
    return body.addArgument(builder.getIndexType(), func.getLoc());
  };
  unsigned number = 0;
  bool isFirst = equalities.parent.empty();
  for (BlockArgument value : entry.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type) {
      if (value.getType().isIndex())
        arguments[value] = addSymbol(argumentNames[value.getArgNumber()], "parameter");
      continue;
    }
    for (int64_t d = 0; d < type.getRank(); ++d) {
      if (!type.isDynamicDim(d))
        continue;
      unsigned dim = isFirst ? equalities.add() : number;
      ++number;
      if (equalities.find(dim) != dim || equalities.number[dim])
        continue;
      std::string name = unique(argumentNames[value.getArgNumber()] + "_d" + std::to_string(d));
      symbolOf[dim] = {static_cast<unsigned>(symbols.size()), name};
      dimOf[addSymbol(name, "size")] = dim;
    }
  }
  op.setSymbolsAttr(builder.getArrayAttr(symbols));

  number = 0;
  unsigned symbol = 0;
  for (BlockArgument value : entry.getArguments()) {
    const std::string &name = argumentNames[value.getArgNumber()];
    auto type = dyn_cast<RankedTensorType>(value.getType());
    Type element = type ? type.getElementType() : value.getType();
    if (isa<UnrankedTensorType, BaseMemRefType, ComplexType>(value.getType()) || (!type && isa<ShapedType>(element)) ||
        !(dtypeOf(element) || (!type && element.isIndex()))) {
      emitError(value.getLoc()) << "argument " << name << " has type " << value.getType()
                                << ", which operators cannot take; they take ranked tensors and scalars of i1, i8 to "
                                   "i64, ui8 to ui64, f16, bf16, f32 and f64, and index";
      return failure();
    }
    if (!type) {
      if (element.isIndex()) {
        while (cast<StringAttr>(cast<DictionaryAttr>(symbols[symbol]).get("kind")).getValue() != "parameter" ||
               body.getArgument(symbol) != arguments[value])
          ++symbol;
        params.push_back(describeParam(name, "size", element, name + ": size", {}, false, symbol));
        continue;
      }
      arguments[value] = body.addArgument(signless(element), value.getLoc());
      params.push_back(
          describeParam(name, "scalar", element, name + ": " + tenon::getName(*dtypeOf(element)), {}, false));
      continue;
    }
    ImportedTensor tensor{{}, {}, signless(element), {}};
    SmallVector<Attribute> dimensions;
    std::string text = name + ": " + tenon::getName(*dtypeOf(element)) + "[";
    for (int64_t d = 0; d < type.getRank(); ++d) {
      text += d ? ", " : "";
      std::optional<int64_t> constant;
      unsigned dim = 0;
      if (!type.isDynamicDim(d)) {
        constant = type.getDimSize(d);
      } else {
        dim = equalities.find(number);
        constant = equalities.number[dim];
      }
      if (constant) {
        tensor.extents.push_back(sizes->constant(*constant));
        dimensions.push_back(describeSize(tensor.extents.back()));
        text += std::to_string(*constant);
      } else {
        auto [which, symbolName] = symbolOf[dim];
        tensor.extents.push_back(body.getArgument(which));
        dimensions.push_back(dim == number ? describeDim("bind", which) : describeSize(tensor.extents.back()));
        text += symbolName;
      }
      number += type.isDynamicDim(d);
    }
    auto formulaType =
        RankedTensorType::get(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic), tensor.element);
    tensor.value = body.addArgument(formulaType, value.getLoc());
    params.push_back(describeParam(name, "tensor", element, text + "]", dimensions, false));
    tensors[value] = tensor;
  }
  return success();
}

formula::OperatorOp FunctionImporter::run() {
  if (!func.getBody().hasOneBlock()) {
    func.emitError() << "function " << func.getName()
                     << " has several blocks; branches between blocks are not supported";
    return {};
  }
  if (func.getNumResults() == 0) {
    func.emitError() << "function " << func.getName() << " has no result, so there is nothing to compute";
    return {};
  }
  if (failed(importSignature()) || failed(importBlock(func.getBody().front()))) {
    if (op)
      op->erase();
    return {};
  }
  // Sizes that only folded checks wanted.
  for (Operation &inner : llvm::make_early_inc_range(llvm::reverse(op.getBody().front())))
    if (isOpTriviallyDead(&inner) && !isa<formula::DimsOp>(inner))
      inner.erase();
  return op;
}

//===- the order of operations ----------------------------------------------===//

LogicalResult FunctionImporter::importBlock(Block &block) {
  for (Operation &inner : block) {
    loc = inner.getLoc();
    sizes->loc = loc;
    if (failed(importOperation(&inner)))
      return failure();
  }
  return success();
}

LogicalResult FunctionImporter::importOperation(Operation *inner) {
  for (Type type : inner->getResultTypes()) {
    if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && typeFits(inner, signless(tensor.getElementType())))
      continue;
    if (isa<RankedTensorType>(type))
      return failure();
    if (isa<UnrankedTensorType>(type))
      return refuse(inner, "its result is an unranked tensor");
    if (isa<BaseMemRefType>(type))
      return refuse(inner, "operators compute on tensors, not on memory");
    if (isa<ComplexType>(type))
      return refuse(inner, "complex numbers are not supported");
  }
  if (auto generic = dyn_cast<linalg::GenericOp>(inner))
    return importGeneric(generic);
  if (auto branch = dyn_cast<scf::IfOp>(inner))
    return importIf(branch);
  if (auto end = dyn_cast<func::ReturnOp>(inner))
    return importReturn(end);
  if (isa<scf::YieldOp, affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp, tensor::DimOp, tensor::RankOp,
          tensor::ExtractOp>(inner))
    return success(); // Written where they are used.
  if (isa<scf::WhileOp>(inner))
    return refuse(inner, "whether it goes on depends on data, and a plan launches kernels without looking at data");
  if (isa<scf::ForOp, scf::ForallOp, scf::ParallelOp>(inner))
    return refuse(inner, "write the loop as linalg operations on whole tensors");
  if (isa<func::CallOp>(inner))
    return refuse(inner, "the function that it calls has no body here, or calls itself");
  if (inner->getName().getDialectNamespace() == "tosa")
    return refuse(inner);
  if (auto constant = dyn_cast<arith::ConstantOp>(inner))
    return importConstant(constant);
  if (isa<arith::ArithDialect, math::MathDialect>(inner->getDialect())) {
    if (llvm::any_of(inner->getResultTypes(), llvm::IsaPred<RankedTensorType>))
      return importElementwise(inner);
    return success();
  }
  if (isa<tensor::TensorDialect>(inner->getDialect()))
    return importTensorOp(inner);
  if (inner->getName().getDialectNamespace() == "linalg")
    return refuse(inner);
  return refuse(inner, "a module may use func, linalg, tosa, tensor, arith, math, affine and scf.if on sizes");
}

/// tosa's broadcasting of dynamic sizes: where the condition holds, `broadcast` repeats the one element of a dimension
/// as often as that dimension has elements, which is `source` itself.
bool FunctionImporter::isBroadcastOf(Value broadcast, Value source, Value condition) {
  auto generic = broadcast.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 1 || generic.getNumResults() != 1 ||
      generic.getDpsInputs()[0] != source || generic.getNumReductionLoops() != 0)
    return false;
  auto yield = cast<linalg::YieldOp>(generic.getBlock()->getTerminator());
  auto maps = generic.getIndexingMapsArray();
  if (yield.getOperand(0) != generic.getBlock()->getArgument(0) || !maps[1].isIdentity() || !tensors.count(source))
    return false;
  auto empty = generic.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>();
  if (!empty || maps[0].getNumResults() != maps[1].getNumResults())
    return false;
  const ImportedTensor &tensor = tensors.find(source)->second;
  SmallVector<OpFoldResult> shape = empty.getMixedSizes();
  bool found = false;
  for (auto [d, expr] : llvm::enumerate(maps[0].getResults())) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (!constant) {
      if (expr != builder.getAffineDimExpr(d))
        return false;
      continue;
    }
    Value size = sizeAt(shape[d], empty);
    if (constant.getValue() != 0 || size != tensor.extents[d] ||
        sizeOf(condition) != sizes->equal(tensor.extents[d], sizes->constant(1)))
      return false;
    found = true;
  }
  return found;
}

LogicalResult FunctionImporter::importIf(scf::IfOp branch) {
  Value condition = sizeOf(branch.getCondition());
  if (!condition)
    return refuse(branch, "its condition depends on data, and a plan launches kernels without looking at data; "
                          "arith.select chooses between elements");
  std::optional<int64_t> known = Sizes::constantOf(condition);
  Value outer = path;
  for (bool isThen : {true, false}) {
    Region &region = isThen ? branch.getThenRegion() : branch.getElseRegion();
    if (region.empty() || (known && bool(*known) != isThen))
      continue;
    if (!known)
      path = sizes->both(outer, isThen ? condition : sizes->negation(condition));
    LogicalResult result = importBlock(region.front());
    path = outer;
    if (failed(result))
      return failure();
  }
  loc = branch.getLoc();
  for (OpResult result : branch.getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type)
      continue; // A scalar is written where it is used.
    Value then = branch.thenYield().getOperand(result.getResultNumber());
    Value otherwise = branch.elseYield().getOperand(result.getResultNumber());
    if (known || isBroadcastOf(then, otherwise, branch.getCondition())) {
      MaybeTensor taken = tensorOf(known && *known ? then : otherwise, branch);
      if (failed(taken))
        return failure();
      tensors[result] = *taken;
      continue;
    }
    MaybeTensor a = tensorOf(then, branch), b = tensorOf(otherwise, branch);
    if (failed(a) || failed(b))
      return failure();
    Values extents;
    for (auto [x, y] : llvm::zip(a->extents, b->extents))
      extents.push_back(sizes->select(condition, x, y));
    MaybeTensor merged = define(branch, a->element, extents, [&](ValueRange indices) -> Value {
      Value x = read(*a, indices, branch, condition), y = read(*b, indices, branch, sizes->negation(condition));
      return x && y ? (Value)create<arith::SelectOp>(condition, x, y) : Value();
    });
    if (failed(merged))
      return failure();
    tensors[result] = *merged;
  }
  return success();
}

LogicalResult FunctionImporter::importReturn(func::ReturnOp end) {
  llvm::SmallDenseSet<Value> taken;
  for (auto [number, value] : llvm::enumerate(end.getOperands())) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    Type element = type ? type.getElementType() : value.getType();
    if (!dtypeOf(element)) {
      end.emitError() << "result " << number << " has type " << printed(value.getType())
                      << ", which operators cannot give; they give ranked tensors and scalars of i1, i8 to i64, ui8 to "
                         "ui64, f16, bf16, f32 and f64";
      return failure();
    }
    ImportedTensor tensor{{}, {}, signless(element), {}};
    if (type) {
      MaybeTensor found = tensorOf(value, end);
      if (failed(found))
        return failure();
      tensor = *found;
    }
    // A result has a definition of its own.
    if (!tensor.value || !tensor.value.getDefiningOp() || !taken.insert(tensor.value).second) {
      MaybeTensor copy = define(end, tensor.element, tensor.extents,
                                [&](ValueRange indices) { return type ? read(tensor, indices, end) : at(value); });
      if (failed(copy))
        return failure();
      tensor = *copy;
      taken.insert(tensor.value);
    }
    std::string name = nameFrom(func.getResultAttrDict(number));
    if (name.empty() || llvm::is_contained(names, name))
      name = end.getNumOperands() == 1 ? "result" : "result" + std::to_string(number);
    name = unique(name);
    tensor.value.getDefiningOp<formula::DefineOp>().setName(name);
    std::string text = name + ": " + tenon::getName(*dtypeOf(element)) + "[";
    SmallVector<Attribute> dimensions;
    for (auto [d, extent] : llvm::enumerate(tensor.extents)) {
      dimensions.push_back(describeSize(extent));
      std::optional<int64_t> constant = Sizes::constantOf(extent);
      text += d ? ", " : "";
      if (constant)
        text += std::to_string(*constant);
      else if (auto argument = dyn_cast<BlockArgument>(extent))
        text += cast<StringAttr>(cast<DictionaryAttr>(op.getSymbols()[argument.getArgNumber()]).get("name")).getValue();
      else
        text += "?";
    }
    params.push_back(describeParam(name, "tensor", element, text + "]", dimensions, true));
    results.push_back(tensor.value);
  }
  builder.setInsertionPointToEnd(&op.getBody().front());
  formula::DimsOp::create(builder, func.getLoc(), dims);
  formula::ReturnOp::create(builder, end.getLoc(), results);
  op.setParamsAttr(builder.getArrayAttr(params));
  return success();
}

//===- tensors and sizes ----------------------------------------------------===//

FunctionImporter::MaybeTensor FunctionImporter::tensorOf(Value value, Operation *user) {
  auto found = tensors.find(value);
  if (found != tensors.end())
    return found->second;
  return user->emitError() << user->getName().getStringRef()
                           << " uses a tensor that is not defined by a supported operation";
}

FunctionImporter::MaybeTensor FunctionImporter::define(Operation *source, Type element, ArrayRef<Value> extents,
                                                       function_ref<Value(ValueRange)> write) {
  ImportedTensor tensor{{}, {}, element, Values(extents)};
  Values own(extents);
  if (path) // Where this does not run, nothing is written.
    for (Value &extent : own)
      extent = sizes->select(path, extent, sizes->constant(0));
  SmallVector<std::string> indexNames;
  for (size_t i = 0; i < own.size(); ++i)
    indexNames.push_back("i" + std::to_string(i));
  loc = source->getLoc();
  builder.setInsertionPointToEnd(&op.getBody().front());
  auto type = RankedTensorType::get(SmallVector<int64_t>(own.size(), ShapedType::kDynamic), element);
  SmallVector<StringRef> nameRefs(indexNames.begin(), indexNames.end());
  auto define =
      formula::DefineOp::create(builder, loc, type, builder.getStringAttr("t"), own, builder.getStrArrayAttr(nameRefs));
  define.setName("t" + std::to_string(tensors.size()));
  body = &define.getBody().emplaceBlock();
  Values indices;
  for (size_t i = 0; i < own.size(); ++i)
    indices.push_back(body->addArgument(builder.getIndexType(), loc));
  sizes->before = define;
  lastPrelude = nullptr;
  local.clear(), prelude.clear(), guards.clear();
  builder.setInsertionPointToStart(body);
  Value value = write(indices);
  if (value && value.getType() != element) {
    source->emitError() << source->getName().getStringRef() << " gives " << value.getType() << " for an element of "
                        << element;
    value = {};
  }
  if (value)
    formula::YieldOp::create(builder, loc, ValueRange{value});
  sizes->before = nullptr;
  body = nullptr;
  if (!value)
    return failure();
  tensor.value = define.getResult();
  return tensor;
}

Value FunctionImporter::sizeOf(Value value) {
  auto found = sizeMemo.find(value);
  if (found != sizeMemo.end())
    return found->second;
  Value result = computeSize(value);
  // What is not known to be a size yet may be, once a tensor of the same region is imported.
  if (result)
    sizeMemo[value] = result;
  return result;
}

Value FunctionImporter::computeSize(Value value) {
  Type type = value.getType();
  if (!type.isIndex() && !type.isInteger(64) && !type.isInteger(1))
    return {};
  if (isa<BlockArgument>(value))
    return type.isIndex() ? arguments.lookup(value) : Value();
  Operation *inner = value.getDefiningOp();
  if (auto constant = dyn_cast<arith::ConstantOp>(inner)) {
    auto integer = dyn_cast<IntegerAttr>(constant.getValue());
    if (!integer)
      return {};
    return type.isInteger(1) ? sizes->boolean(!integer.getValue().isZero()) : sizes->constant(integer.getInt());
  }
  if (auto dim = dyn_cast<tensor::DimOp>(inner)) {
    Value number = sizeOf(dim.getIndex());
    auto tensor = tensors.find(dim.getSource());
    std::optional<int64_t> d = number ? Sizes::constantOf(number) : std::nullopt;
    if (!d || tensor == tensors.end() || *d < 0 || *d >= int64_t(tensor->second.extents.size()))
      return {};
    return tensor->second.extents[*d];
  }
  if (auto rank = dyn_cast<tensor::RankOp>(inner)) {
    auto ranked = dyn_cast<RankedTensorType>(rank.getTensor().getType());
    return ranked ? sizes->constant(ranked.getRank()) : Value();
  }
  if (!isa<arith::ArithDialect>(inner->getDialect()) &&
      !isa<affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp>(inner))
    return {};
  Values v;
  for (Value operand : inner->getOperands()) {
    v.push_back(sizeOf(operand));
    if (!v.back())
      return {};
  }
  auto affineResults = [&](AffineMap map) {
    Values results;
    for (AffineExpr expr : map.getResults())
      results.push_back(
          sizes->affine(expr, ValueRange(v).take_front(map.getNumDims()), ValueRange(v).drop_front(map.getNumDims())));
    return results;
  };
  bool isLogic = type.isInteger(1);
  return llvm::TypeSwitch<Operation *, Value>(inner)
      .Case<arith::IndexCastOp, arith::IndexCastUIOp>([&](auto) { return v[0]; })
      .Case<arith::AndIOp>([&](auto) { return isLogic ? sizes->both(v[0], v[1]) : Value(); })
      .Case<arith::OrIOp>([&](auto) { return isLogic ? sizes->either(v[0], v[1]) : Value(); })
      .Case<arith::XOrIOp>(
          [&](auto) { return isLogic && Sizes::constantOf(v[1]) == 1 ? sizes->negation(v[0]) : Value(); })
      .Case<arith::CmpIOp>([&](arith::CmpIOp compare) {
        return compare.getLhs().getType().isInteger(1) ? Value() : sizes->compare(compare.getPredicate(), v[0], v[1]);
      })
      .Case<arith::SelectOp>([&](auto) { return isLogic ? Value() : sizes->select(v[0], v[1], v[2]); })
      .Case<affine::AffineApplyOp>([&](auto apply) { return affineResults(apply.getAffineMap())[0]; })
      .Case<affine::AffineMinOp, affine::AffineMaxOp>([&](auto extreme) {
        Values all = affineResults(extreme.getAffineMap());
        Value result = all[0];
        for (Value next : ValueRange(all).drop_front())
          result = isa<affine::AffineMinOp>(inner) ? sizes->min(result, next) : sizes->max(result, next);
        return result;
      })
      .Default([&](Operation *) -> Value {
        if (isLogic || v.size() != 2)
          return {};
        return llvm::TypeSwitch<Operation *, Value>(inner)
            .Case<arith::AddIOp>([&](auto) { return sizes->add(v[0], v[1]); })
            .Case<arith::SubIOp>([&](auto) { return sizes->sub(v[0], v[1]); })
            .Case<arith::MulIOp>([&](auto) { return sizes->mul(v[0], v[1]); })
            .Case<arith::DivSIOp, arith::DivUIOp>([&](auto) { return sizes->div(v[0], v[1]); })
            .Case<arith::RemSIOp, arith::RemUIOp>([&](auto) { return sizes->rem(v[0], v[1]); })
            .Case<arith::FloorDivSIOp>([&](auto) { return sizes->floorDiv(v[0], v[1]); })
            .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([&](auto) { return sizes->ceilDiv(v[0], v[1]); })
            .Case<arith::MinSIOp, arith::MinUIOp>([&](auto) { return sizes->min(v[0], v[1]); })
            .Case<arith::MaxSIOp, arith::MaxUIOp>([&](auto) { return sizes->max(v[0], v[1]); })
            .Default([](Operation *) { return Value(); });
      });
}

Value FunctionImporter::sizeAt(OpFoldResult value, Operation *user) {
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return sizes->constant(*constant);
  Value size = sizeOf(cast<Value>(value));
  if (!size)
    user->emitError() << user->getName().getStringRef()
                      << " has a size or offset that depends on data, which is not supported; sizes come from the "
                         "shapes of arguments and from index arguments";
  return size;
}

bool FunctionImporter::sizesAt(ArrayRef<OpFoldResult> values, Operation *user, Values &result) {
  for (OpFoldResult value : values) {
    result.push_back(sizeAt(value, user));
    if (!result.back())
      return false;
  }
  return true;
}
