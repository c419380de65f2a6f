//===- CheckFormula.cpp - formulas that come from outside --------------------===//
//
// The dialect's verifier knows each operation by itself. What the schedule and the package writer rely on beyond that
// is checked here: signatures, sizes that plans can compute, scalar code that devices have.
//
//===------------------------------------------------------------------------===//
#include "compiler/import/ImportModule.h"

#include "compiler/frontend/Ast.h"
#include "compiler/import/FunctionImporter.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

namespace {

class FormulaChecker {
public:
  explicit FormulaChecker(OperatorOp op) : op(op) {}

  LogicalResult run() { return success(symbols() && params() && arguments() && operations() && results() && bodies()); }

private:
  bool fail(Operation *where, const Twine &message) {
    where->emitError() << message;
    return false;
  }
  bool fail(const Twine &message) { return fail(op, "operator " + op.getSymName() + ": " + message); }

  static std::optional<int64_t> number(DictionaryAttr entry, StringRef name) {
    auto value = entry.getAs<IntegerAttr>(name);
    if (!value || value.getValue().getBitWidth() > 64)
      return std::nullopt;
    return value.getInt();
  }
  static StringRef text(DictionaryAttr entry, StringRef name) {
    auto value = entry.getAs<StringAttr>(name);
    return value ? value.getValue() : StringRef();
  }

  //===- signature ----------------------------------------------------------===//

  bool symbols() {
    for (Attribute attribute : op.getSymbols()) {
      auto entry = dyn_cast<DictionaryAttr>(attribute);
      if (!entry || text(entry, "name").empty() ||
          !llvm::is_contained({"size", "parameter", "pack"}, text(entry, "kind")))
        return fail("symbols are {name, kind}, where kind is size, parameter or pack");
      kinds.push_back(text(entry, "kind"));
    }
    for (Attribute attribute : op.getTypes()) {
      auto type = dyn_cast<IntegerAttr>(attribute);
      if (!type || type.getInt() < 0 || type.getInt() > int(DType::F64))
        return fail("types are numbers of element types, 0 to 12");
    }
    for (Attribute attribute : op.getTypeVariables())
      if (!isa<StringAttr>(attribute))
        return fail("type_variables are names");
    if (op.getTypes().size() != op.getTypeVariables().size())
      return fail("it has " + Twine(op.getTypes().size()) + " types for " + Twine(op.getTypeVariables().size()) +
                  " type variables");
    if (Attribute base = op->getAttr("base_name"); base && !isa<StringAttr>(base))
      return fail("base_name is a string");
    return true;
  }

  bool params() {
    SmallVector<bool> bound(kinds.size());
    bool hasResult = false;
    for (Attribute attribute : op.getParams()) {
      auto entry = dyn_cast<DictionaryAttr>(attribute);
      StringRef kind = entry ? text(entry, "kind") : StringRef();
      auto dims = entry ? entry.getAs<ArrayAttr>("dims") : ArrayAttr();
      if (!entry || !dims || text(entry, "name").empty() || !entry.getAs<StringAttr>("text") ||
          !llvm::is_contained({"tensor", "scalar", "size"}, kind))
        return fail("params are {name, kind, dtype, dims, text}, where kind is tensor, scalar or size");
      std::string name = "parameter " + text(entry, "name").str();
      std::optional<int64_t> dtype = number(entry, "dtype");
      if (!dtype || *dtype < 0 || *dtype > int(kind == "size" ? DType::Size : DType::F64))
        return fail(name + " has no element type (dtype, 0 to 12)");
      bool isResult = entry.contains("result");
      if (hasResult && !isResult)
        return fail(name + " comes after a result");
      hasResult |= isResult;
      if (isResult && kind != "tensor")
        return fail(name + " is a result and no tensor");
      if (entry.contains("default") && (kind == "tensor" || !number(entry, "default")))
        return fail(name + " has a default that is no number");
      if (kind == "size") {
        std::optional<int64_t> symbol = number(entry, "symbol");
        if (!symbol || *symbol < 0 || size_t(*symbol) >= kinds.size() || kinds[*symbol] != "parameter")
          return fail(name + " must name a symbol of kind parameter");
        bound[*symbol] = true;
      }
      for (Attribute dimension : dims) {
        auto dim = dyn_cast<DictionaryAttr>(dimension);
        std::optional<int64_t> value = dim ? number(dim, "value") : std::nullopt;
        StringRef dimKind = dim ? text(dim, "kind") : StringRef();
        if (!value || *value < 0 || !llvm::is_contained({"bind", "expr", "pack"}, dimKind))
          return fail(name + " has a dimension that is not {kind, value} with kind bind, expr or pack");
        if (dimKind == "expr") {
          sizesNeeded = std::max<size_t>(sizesNeeded, *value + 1);
          continue;
        }
        if (size_t(*value) >= kinds.size() || kinds[*value] != (dimKind == "bind" ? "size" : "pack"))
          return fail(name + " has a dimension of symbol " + Twine(*value) + ", which is not a " +
                      (dimKind == "bind" ? "size" : "pack"));
        if (!isResult)
          bound[*value] = true;
      }
    }
    for (auto [number, isBound] : llvm::enumerate(bound))
      if (!isBound)
        return fail("symbol " + text(cast<DictionaryAttr>(op.getSymbols()[number]), "name") +
                    " gets its value from no input");
    return hasResult || fail("it has no result");
  }

  Type elementType(int64_t dtype) {
    Builder builder(op.getContext());
    switch (static_cast<DType>(dtype)) {
    case DType::F16:
      return builder.getF16Type();
    case DType::BF16:
      return builder.getBF16Type();
    case DType::F32:
      return builder.getF32Type();
    case DType::F64:
      return builder.getF64Type();
    case DType::Bool:
      return builder.getI1Type();
    default:
      return builder.getIntegerType(getBits(static_cast<DType>(dtype)));
    }
  }

  bool fits(Type type, DictionaryAttr param) {
    Type element = elementType(*number(param, "dtype"));
    if (text(param, "kind") == "scalar")
      return type == element;
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getElementType() == element && !tensor.getEncoding() &&
           tensor.getRank() == int64_t(param.getAs<ArrayAttr>("dims").size());
  }

  bool arguments() {
    Block &body = op.getBody().front();
    size_t next = kinds.size();
    if (body.getNumArguments() < next)
      return fail("its block has fewer arguments than there are symbols");
    for (size_t i = 0; i < next; ++i)
      if (!body.getArgument(i).getType().isIndex())
        return fail("its block's argument " + Twine(i) + " is a symbol and must be index");
    for (Attribute attribute : op.getParams()) {
      auto param = cast<DictionaryAttr>(attribute);
      if (param.contains("result") || text(param, "kind") == "size")
        continue;
      if (next >= body.getNumArguments() || !fits(body.getArgument(next).getType(), param))
        return fail("its block's argument " + Twine(next) + " does not fit parameter " + text(param, "name"));
      ++next;
    }
    return next == body.getNumArguments() || fail("its block has more arguments than there are inputs");
  }

  //===- the top level ------------------------------------------------------===//

  /// Whether a plan can compute the value: from symbols, by operations that plans have.
  static bool isSizeOperation(Operation *inner) {
    if (auto compare = dyn_cast<arith::CmpIOp>(inner))
      return compare.getPredicate() <= arith::CmpIPredicate::sge;
    if (auto constant = dyn_cast<arith::ConstantOp>(inner))
      return isa<IntegerAttr>(constant.getValue());
    return isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::DivSIOp, arith::RemSIOp, arith::FloorDivSIOp,
               arith::CeilDivSIOp, arith::MinSIOp, arith::MaxSIOp, arith::AndIOp, arith::OrIOp, arith::XOrIOp,
               arith::SelectOp>(inner);
  }

  bool operations() {
    DimsOp dims;
    for (Operation &inner : op.getBody().front()) {
      if (auto found = dyn_cast<DimsOp>(inner)) {
        if (dims)
          return fail(&inner, "an operator has one tenon.dims");
        dims = found;
      } else if (isa<CheckOp, DefineOp>(inner)) {
      } else if (isa<formula::ReturnOp>(inner)) {
        if (&inner != &op.getBody().front().back())
          return fail(&inner, "tenon.return ends an operator");
      } else if (!isSizeOperation(&inner)) {
        return fail(&inner, inner.getName().getStringRef() +
                                " is not supported at the top of an operator; it holds sizes, checks and definitions");
      }
      if (isa<formula::ReturnOp>(inner))
        continue;
      for (Value operand : inner.getOperands())
        if (!isSize(operand))
          return fail(&inner, inner.getName().getStringRef() + " must depend on sizes only");
      if (!isa<DimsOp, CheckOp, DefineOp>(inner) &&
          !(inner.getResult(0).getType().isIndex() || inner.getResult(0).getType().isInteger(1)))
        return fail(&inner, "a size must be index, not " + typeText(inner.getResult(0).getType()));
    }
    if (sizesNeeded > (dims ? dims.getSizes().size() : 0))
      return fail("a dimension names size " + Twine(sizesNeeded - 1) + " of tenon.dims, which has " +
                  Twine(dims ? dims.getSizes().size() : 0));
    return isa<formula::ReturnOp>(op.getBody().front().back()) || fail("it must end in tenon.return");
  }

  static std::string typeText(Type type) {
    std::string result;
    llvm::raw_string_ostream(result) << type;
    return result;
  }

  bool isSize(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return argument.getOwner() == &op.getBody().front() && argument.getArgNumber() < kinds.size();
    return value.getParentBlock() == &op.getBody().front() && isSizeOperation(value.getDefiningOp());
  }

  bool results() {
    auto returned = cast<formula::ReturnOp>(op.getBody().front().back());
    size_t next = 0;
    llvm::SmallDenseSet<Value> seen;
    for (Attribute attribute : op.getParams()) {
      auto param = cast<DictionaryAttr>(attribute);
      if (!param.contains("result"))
        continue;
      if (next >= returned.getResults().size() || !fits(returned.getResults()[next].getType(), param))
        return fail(returned, "result " + text(param, "name") + " is not returned with its type");
      Value value = returned.getResults()[next++];
      if (!value.getDefiningOp<DefineOp>() || !seen.insert(value).second)
        return fail(returned, "result " + text(param, "name") + " must have a definition of its own");
      if (!value.getDefiningOp<DefineOp>().getName().empty())
        continue;
      return fail(value.getDefiningOp(), "a definition has a name");
    }
    return next == returned.getResults().size() || fail(returned, "it returns more than there are results");
  }

  //===- bodies -------------------------------------------------------------===//

  bool bodies() {
    bool fine = true;
    for (DefineOp define : op.getBody().front().getOps<DefineOp>()) {
      if (define.getIndices().size() != define.getExtents().size())
        return fail(define, "tenon.define has " + Twine(define.getExtents().size()) + " extents and " +
                                Twine(define.getIndices().size()) + " index names");
      auto type = cast<RankedTensorType>(define.getResult().getType());
      if (!isFormulaScalar(type.getElementType()) || type.getEncoding() ||
          int64_t(type.getNumDynamicDims()) != type.getRank())
        return fail(define,
                    "tenon.define must give a tensor of dynamic sizes and a known element type, not " + typeText(type));
      define.getBody().walk([&](Operation *inner) { fine = fine && body(inner); });
    }
    return fine;
  }

  bool body(Operation *inner) {
    if (auto read = dyn_cast<ReadOp>(inner)) {
      Operation *source = read.getTensor().getDefiningOp();
      if (source ? !isa<DefineOp>(source) : cast<BlockArgument>(read.getTensor()).getOwner() != &op.getBody().front())
        return fail(inner, "tenon.read reads what is no definition and no input");
      for (Value subscript : read.getSubscripts())
        if (!subscript.getType().isIndex())
          return fail(inner, "tenon.read has a subscript of type " + typeText(subscript.getType()));
      return true;
    }
    if (auto reduce = dyn_cast<ReduceOp>(inner)) {
      if (reduce.getIndices().size() != reduce.getLower().size() || reduce.getLower().empty())
        return fail(inner, "tenon.reduce has " + Twine(reduce.getLower().size()) + " ranges and " +
                               Twine(reduce.getIndices().size()) + " index names");
      Type value = reduce.getBody().front().getTerminator()->getOperand(0).getType();
      bool isLogic = reduce.getKind() == formula::ReduceKind::Any || reduce.getKind() == formula::ReduceKind::All;
      if (!isFormulaScalar(value) || isLogic != value.isInteger(1))
        return fail(inner,
                    "tenon.reduce " + stringifyReduceKind(reduce.getKind()) + " is not known for " + typeText(value));
      return true;
    }
    if (isa<YieldOp>(inner))
      return inner == inner->getBlock()->getTerminator() || fail(inner, "tenon.yield ends a body");
    if (!isFormulaOperation(inner))
      return fail(inner, inner->getName().getStringRef() +
                             " is not supported in a body: it holds tenon.read, tenon.reduce, and arith and math on "
                             "scalars that every device has");
    return true;
  }

  OperatorOp op;
  SmallVector<StringRef> kinds;
  size_t sizesNeeded = 0;
};

} // namespace

LogicalResult tenon::checkFormula(OperatorOp op) { return FormulaChecker(op).run(); }
