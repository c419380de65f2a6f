//===- ImportTree.cpp - a typed tree as a formula ----------------------------===//
//
// Laziness becomes guards here: a read that is performed only under a condition carries it, so that everything else
// may be evaluated freely.
//
//===------------------------------------------------------------------------===//
#include "compiler/import/Import.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace tenon;

namespace {

class TreeImporter {
public:
  TreeImporter(const Instance &instance, ModuleOp module)
      : instance(instance), builder(module.getContext()), loc(place(instance.op->nameRange)) {
    builder.setInsertionPointToEnd(module.getBody());
  }

  formula::OperatorOp run() {
    auto op = formula::OperatorOp::create(
        builder, loc, builder.getStringAttr(operatorName()), typesAttr(), variablesAttr(), symbolsAttr(),
        builder.getArrayAttr({}), builder.getStringAttr(instance.op->doc),
        builder.getStringAttr(instance.op->range.file ? instance.op->range.file->name : ""));
    op->setAttr("base_name", builder.getStringAttr(instance.op->name));
    Block &body = op.getBody().emplaceBlock();
    for (size_t i = 0; i < instance.symbols.size(); ++i)
      symbols.push_back(body.addArgument(builder.getIndexType(), loc));
    tensors.resize(instance.tensors.size());
    scalars.resize(instance.params.size());
    for (auto [number, param] : llvm::enumerate(instance.params)) {
      if (param.kind == ParamKind::Scalar && !param.isResult)
        scalars[number] = body.addArgument(typeOf(param.type), place(param.range));
      if (param.kind == ParamKind::Tensor && !param.isResult)
        tensors[param.tensor] =
            body.addArgument(tensorType(param.type, param.dims.size()), place(param.range));
    }
    builder.setInsertionPointToStart(&body);
    op.setParamsAttr(paramsAttr());
    for (const LaunchCheck &check : instance.checks)
      importCheck(check);
    for (const Definition &definition : instance.definitions)
      importDefinition(definition);
    Values results;
    for (const Param &param : instance.params)
      if (param.isResult)
        results.push_back(tensors[param.tensor]);
    create<formula::ReturnOp>(results);
    return op;
  }

private:
  using Values = SmallVector<Value>;

  template <class OpTy, class... Args> OpTy create(Args &&...args) {
    return OpTy::create(builder, loc, std::forward<Args>(args)...);
  }

  Location place(const SourceRange &range) {
    if (!range.file)
      return builder.getUnknownLoc();
    return FileLineColLoc::get(builder.getContext(), range.file->name, range.line(), range.column());
  }

  //===- signature ----------------------------------------------------------===//

  std::string operatorName() {
    std::string name = instance.op->name;
    for (DType type : instance.types)
      name += std::string("_") + tenon::getName(type);
    return name;
  }

  Type typeOf(DType type) {
    switch (type) {
    case DType::Bool:
      return builder.getI1Type();
    case DType::F16:
      return builder.getF16Type();
    case DType::BF16:
      return builder.getBF16Type();
    case DType::F32:
      return builder.getF32Type();
    case DType::F64:
      return builder.getF64Type();
    case DType::Size:
      return builder.getIndexType();
    default:
      return builder.getIntegerType(getBits(type));
    }
  }

  RankedTensorType tensorType(DType type, size_t rank) {
    return RankedTensorType::get(SmallVector<int64_t>(rank, ShapedType::kDynamic), typeOf(type));
  }

  ArrayAttr typesAttr() {
    SmallVector<Attribute> result;
    for (DType type : instance.types)
      result.push_back(builder.getI32IntegerAttr(static_cast<int>(type)));
    return builder.getArrayAttr(result);
  }
  ArrayAttr variablesAttr() {
    SmallVector<Attribute> result;
    for (const TypeVariable &variable : instance.op->typeVariables)
      result.push_back(builder.getStringAttr(variable.name));
    return builder.getArrayAttr(result);
  }
  NamedAttribute named(StringRef name, Attribute value) { return builder.getNamedAttr(name, value); }

  ArrayAttr symbolsAttr() {
    SmallVector<Attribute> result;
    for (const Symbol &symbol : instance.symbols) {
      const char *kind = symbol.kind == SymbolKind::Size        ? "size"
                         : symbol.kind == SymbolKind::SizeParam ? "parameter"
                                                                : "pack";
      result.push_back(builder.getDictionaryAttr(
          {named("name", builder.getStringAttr(symbol.name)), named("kind", builder.getStringAttr(kind))}));
    }
    return builder.getArrayAttr(result);
  }

  ArrayAttr paramsAttr() {
    SmallVector<Attribute> result;
    Values sizes;
    for (const Param &param : instance.params) {
      const char *kind = param.kind == ParamKind::Tensor ? "tensor" : param.kind == ParamKind::Size ? "size" : "scalar";
      // A scalar result is a tensor of no dimensions.
      if (param.isResult)
        kind = "tensor";
      SmallVector<NamedAttribute> entries{named("name", builder.getStringAttr(param.name)),
                                          named("kind", builder.getStringAttr(kind)),
                                          named("dtype", builder.getI32IntegerAttr(static_cast<int>(param.type))),
                                          named("text", builder.getStringAttr(param.text))};
      if (param.isResult)
        entries.push_back(named("result", builder.getUnitAttr()));
      if (param.kind == ParamKind::Size)
        entries.push_back(named("symbol", builder.getI32IntegerAttr(param.symbol)));
      if (param.defaultValue)
        entries.push_back(named("default", builder.getI64IntegerAttr(getBits(*param.defaultValue))));
      SmallVector<Attribute> dims;
      for (const Dim &dim : param.dims) {
        int value = dim.symbol;
        const char *dimKind = dim.kind == Dim::Kind::Pack ? "pack" : "bind";
        if (dim.kind == Dim::Kind::Expr) {
          dimKind = "expr";
          value = sizes.size();
          sizes.push_back(importSize(dim.value));
        }
        dims.push_back(builder.getDictionaryAttr(
            {named("kind", builder.getStringAttr(dimKind)), named("value", builder.getI32IntegerAttr(value))}));
      }
      entries.push_back(named("dims", builder.getArrayAttr(dims)));
      result.push_back(builder.getDictionaryAttr(entries));
    }
    create<formula::DimsOp>(sizes);
    return builder.getArrayAttr(result);
  }

  //===- sizes --------------------------------------------------------------===//

  Value constantIndex(int64_t value) { return create<arith::ConstantIndexOp>(value); }
  Value constantBool(bool value) { return create<arith::ConstantIntOp>(builder.getI1Type(), value); }
  Value asIndex(Value value) {
    return value.getType().isInteger(1)
               ? (Value)create<arith::SelectOp>(value, constantIndex(1), constantIndex(0))
               : value;
  }
  Value asBool(Value value) {
    return value.getType().isInteger(1)
               ? value
               : (Value)create<arith::CmpIOp>(arith::CmpIPredicate::ne, value, constantIndex(0));
  }

  Value importSize(const SizeExprPtr &expr) {
    using Op = SizeExpr::Op;
    switch (expr->op) {
    case Op::Const:
      return constantIndex(expr->value);
    case Op::Symbol:
      return symbols[expr->value];
    case Op::Not:
      return create<arith::XOrIOp>(asBool(importSize(expr->a)), constantBool(true));
    case Op::Select: {
      Value condition = asBool(importSize(expr->a));
      return create<arith::SelectOp>(condition, asIndex(importSize(expr->b)), asIndex(importSize(expr->c)));
    }
    case Op::And:
    case Op::Or: {
      Value a = asBool(importSize(expr->a)), b = asBool(importSize(expr->b));
      return expr->op == Op::And ? (Value)create<arith::AndIOp>(a, b) : (Value)create<arith::OrIOp>(a, b);
    }
    default:
      break;
    }
    Value a = asIndex(importSize(expr->a)), b = asIndex(importSize(expr->b));
    auto compare = [&](arith::CmpIPredicate predicate) -> Value { return create<arith::CmpIOp>(predicate, a, b); };
    switch (expr->op) {
    case Op::Add:
      return create<arith::AddIOp>(a, b);
    case Op::Sub:
      return create<arith::SubIOp>(a, b);
    case Op::Mul:
      return create<arith::MulIOp>(a, b);
    case Op::Div:
      return create<arith::DivSIOp>(a, b);
    case Op::Rem:
      return create<arith::RemSIOp>(a, b);
    case Op::Min:
      return create<arith::MinSIOp>(a, b);
    case Op::Max:
      return create<arith::MaxSIOp>(a, b);
    case Op::Eq:
      return compare(arith::CmpIPredicate::eq);
    case Op::Ne:
      return compare(arith::CmpIPredicate::ne);
    case Op::Lt:
      return compare(arith::CmpIPredicate::slt);
    default:
      return compare(arith::CmpIPredicate::sle);
    }
  }

  void importCheck(const LaunchCheck &check) {
    loc = place(check.range);
    Value condition = asBool(importSize(check.condition));
    Values values;
    for (const SizeExprPtr &value : check.values)
      values.push_back(asIndex(importSize(value)));
    create<formula::CheckOp>(condition, builder.getStringAttr(check.message), values);
  }

  //===- definitions --------------------------------------------------------===//

  void importDefinition(const Definition &definition) {
    loc = place(definition.range);
    const Tensor &tensor = instance.tensors[definition.tensor];
    Values extents;
    SmallVector<StringRef> names;
    for (const Index &index : definition.indices) {
      extents.push_back(importSize(index.hiSize));
      names.push_back(index.name);
    }
    auto define = create<formula::DefineOp>(tensorType(tensor.type, definition.indices.size()),
                                            builder.getStringAttr(tensor.name), extents,
                                            builder.getStrArrayAttr(names));
    OpBuilder::InsertionGuard guard(builder);
    Block &body = define.getBody().emplaceBlock();
    for (const Index &index : definition.indices) {
      indices[index.id] = body.addArgument(builder.getIndexType(), loc);
      ranges[index.id] = &index;
    }
    builder.setInsertionPointToStart(&body);
    Value value = importExpr(definition.body, Value());
    create<formula::YieldOp>(ValueRange{value});
    tensors[definition.tensor] = define.getResult();
  }

  Value negation(Value condition) { return create<arith::XOrIOp>(condition, constantBool(true)); }
  Value conjunction(Value guard, Value condition) {
    return guard ? (Value)create<arith::AndIOp>(guard, condition) : condition;
  }

  Value importExpr(const ExprPtr &pointer, Value guard) {
    const Expr &expr = *pointer;
    Location outer = loc;
    loc = place(expr.range);
    Value result = importKind(expr, guard);
    loc = outer;
    return result;
  }

  Value importKind(const Expr &expr, Value guard) {
    auto operand = [&](unsigned i) { return importExpr(expr.operands[i], guard); };
    switch (expr.kind) {
    case ExprKind::Literal:
      return literal(expr.value);
    case ExprKind::IndexRef:
      return indices[expr.index];
    case ExprKind::SymbolRef:
      return symbols[expr.symbol];
    case ExprKind::ScalarParam:
      return scalars[expr.param];
    case ExprKind::Read:
      return importRead(expr, guard);
    case ExprKind::Cast:
      return cast(operand(0), expr.operands[0]->type, expr.type);
    case ExprKind::Unary:
      return importUnary(expr, operand(0));
    case ExprKind::Binary: {
      Value a = operand(0), b = operand(1);
      return importBinary(expr, a, b);
    }
    case ExprKind::Compare: {
      Value a = operand(0), b = operand(1);
      return importCompare(expr, a, b);
    }
    case ExprKind::Logic: {
      Value a = operand(0);
      bool isAnd = expr.logic == LogicOp::And;
      Value b = importExpr(expr.operands[1], conjunction(guard, isAnd ? a : negation(a)));
      return isAnd ? (Value)create<arith::AndIOp>(a, b) : (Value)create<arith::OrIOp>(a, b);
    }
    case ExprKind::Select: {
      Value condition = operand(0);
      Value then = importExpr(expr.operands[1], conjunction(guard, condition));
      Value otherwise = importExpr(expr.operands[2], conjunction(guard, negation(condition)));
      return create<arith::SelectOp>(condition, then, otherwise);
    }
    case ExprKind::Call: {
      Values operands;
      for (unsigned i = 0; i < expr.operands.size(); ++i)
        operands.push_back(operand(i));
      return importCall(expr, operands);
    }
    case ExprKind::Reduce:
      return importReduce(expr, 0, guard);
    }
    llvm_unreachable("all kinds are handled");
  }

  Value literal(const ScalarValue &value) {
    Type type = typeOf(value.type);
    if (auto floatType = dyn_cast<FloatType>(type)) {
      APFloat number(value.real);
      bool inexact;
      number.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
      return create<arith::ConstantOp>(FloatAttr::get(type, number));
    }
    if (type.isIndex())
      return constantIndex(value.integer);
    return create<arith::ConstantOp>(
        IntegerAttr::get(type, APInt(type.getIntOrFloatBitWidth(), value.integer, true, true)));
  }

  //===- reads --------------------------------------------------------------===//

  /// Whether each subscript is an index that runs over just that dimension.
  bool isDirect(const Expr &read) {
    const Tensor &tensor = instance.tensors[read.tensor];
    for (auto [subscript, dim] : llvm::zip(read.subscripts, tensor.dims)) {
      if (subscript.isPack())
        continue;
      if (subscript.expr->kind != ExprKind::IndexRef)
        return false;
      const Index *index = ranges[subscript.expr->index];
      if (!index || !index->loSize || !index->hiSize || tenon::constantOf(index->loSize) != 0 ||
          !sameSize(index->hiSize, dim.value))
        return false;
    }
    return true;
  }

  Value importRead(const Expr &read, Value guard) {
    Values subscripts;
    for (const Subscript &subscript : read.subscripts) {
      if (subscript.isPack()) {
        subscripts.push_back(indices[subscript.packIndex]);
        continue;
      }
      Value value = importExpr(subscript.expr, guard);
      subscripts.push_back(cast(value, subscript.expr->type, DType::Size));
    }
    Value otherwise;
    UnitAttr checked;
    StringAttr fault;
    if (read.bounds == Bounds::Else) {
      if (read.elseKind == ElseKind::Value) {
        otherwise = importExpr(read.elseValue, guard);
        checked = builder.getUnitAttr();
      } else {
        fault = builder.getStringAttr(faultMessage(read));
      }
    }
    // What is inside anyway may be read whether it is wanted or not.
    if (read.bounds == Bounds::Proven && isDirect(read))
      guard = Value();
    return create<formula::ReadOp>(typeOf(read.type), tensors[read.tensor], subscripts, guard, otherwise, checked,
                                   fault);
  }

  std::string faultMessage(const Expr &read) {
    std::string where = read.range.file ? read.range.file->name + ":" + std::to_string(read.range.line()) : "";
    return where + ": a subscript of " + read.range.oneLine() + " is outside";
  }

  //===- arithmetic ---------------------------------------------------------===//

  Value cast(Value value, DType from, DType to) {
    if (from == to)
      return value;
    Type type = typeOf(to);
    if (from == DType::Bool) {
      Value one, zero;
      ScalarValue number{to, 1, 1};
      one = literal(number);
      number.real = 0, number.integer = 0;
      zero = literal(number);
      return create<arith::SelectOp>(value, one, zero);
    }
    if (to == DType::Bool) {
      Value zero = literal({from, 0, 0});
      return isFloat(from) ? (Value)create<arith::CmpFOp>(arith::CmpFPredicate::UNE, value, zero)
                           : (Value)create<arith::CmpIOp>(arith::CmpIPredicate::ne, value, zero);
    }
    if (isFloat(from) && isFloat(to))
      return castFloat(value, from, to);
    if (isFloat(from)) {
      Type integer = to == DType::Size ? builder.getI64Type() : type;
      Value result = isSigned(to) ? (Value)create<arith::FPToSIOp>(integer, value)
                                  : (Value)create<arith::FPToUIOp>(integer, value);
      return to == DType::Size ? (Value)create<arith::IndexCastOp>(type, result) : result;
    }
    if (isFloat(to)) {
      if (from == DType::Size)
        value = create<arith::IndexCastOp>(builder.getI64Type(), value);
      return isSigned(from) ? (Value)create<arith::SIToFPOp>(type, value) : (Value)create<arith::UIToFPOp>(type, value);
    }
    if (from == DType::Size || to == DType::Size)
      return from == DType::Size || isSigned(from) ? (Value)create<arith::IndexCastOp>(type, value)
                                                   : (Value)create<arith::IndexCastUIOp>(type, value);
    unsigned fromBits = getBits(from), toBits = getBits(to);
    if (fromBits == toBits)
      return value;
    if (fromBits > toBits)
      return create<arith::TruncIOp>(type, value);
    return isSigned(from) ? (Value)create<arith::ExtSIOp>(type, value) : (Value)create<arith::ExtUIOp>(type, value);
  }

  Value castFloat(Value value, DType from, DType to) {
    unsigned fromBits = getBits(from), toBits = getBits(to);
    if (fromBits == toBits) { // f16 and bf16: through f32, which holds both.
      value = create<arith::ExtFOp>(builder.getF32Type(), value);
      fromBits = 32;
    }
    return fromBits < toBits ? (Value)create<arith::ExtFOp>(typeOf(to), value)
                             : (Value)create<arith::TruncFOp>(typeOf(to), value);
  }

  Value importUnary(const Expr &expr, Value a) {
    switch (expr.unary) {
    case UnaryOp::Neg:
      return isFloat(expr.type) ? (Value)create<arith::NegFOp>(a)
                                : (Value)create<arith::SubIOp>(literal({expr.type, 0, 0}), a);
    case UnaryOp::Not:
      return negation(a);
    case UnaryOp::BitNot:
      return create<arith::XOrIOp>(a, expr.type == DType::Bool ? constantBool(true) : literal({expr.type, 0, -1}));
    }
    llvm_unreachable("all operators are handled");
  }

  Value importBinary(const Expr &expr, Value a, Value b) {
    bool isReal = isFloat(expr.type), isSignedType = isSigned(expr.type);
    switch (expr.binary) {
    case BinaryOp::Add:
      return isReal ? (Value)create<arith::AddFOp>(a, b) : (Value)create<arith::AddIOp>(a, b);
    case BinaryOp::Sub:
      return isReal ? (Value)create<arith::SubFOp>(a, b) : (Value)create<arith::SubIOp>(a, b);
    case BinaryOp::Mul:
      return isReal ? (Value)create<arith::MulFOp>(a, b) : (Value)create<arith::MulIOp>(a, b);
    case BinaryOp::Div:
      return isReal         ? (Value)create<arith::DivFOp>(a, b)
             : isSignedType ? (Value)create<arith::DivSIOp>(a, b)
                            : (Value)create<arith::DivUIOp>(a, b);
    case BinaryOp::Rem:
      return isReal         ? (Value)create<arith::RemFOp>(a, b)
             : isSignedType ? (Value)create<arith::RemSIOp>(a, b)
                            : (Value)create<arith::RemUIOp>(a, b);
    case BinaryOp::Shl:
      return create<arith::ShLIOp>(a, b);
    case BinaryOp::Shr:
      return isSignedType ? (Value)create<arith::ShRSIOp>(a, b) : (Value)create<arith::ShRUIOp>(a, b);
    case BinaryOp::BitAnd:
      return create<arith::AndIOp>(a, b);
    case BinaryOp::BitXor:
      return create<arith::XOrIOp>(a, b);
    case BinaryOp::BitOr:
      return create<arith::OrIOp>(a, b);
    }
    llvm_unreachable("all operators are handled");
  }

  Value importCompare(const Expr &expr, Value a, Value b) {
    DType type = expr.operands[0]->type;
    if (isFloat(type)) {
      using P = arith::CmpFPredicate;
      static constexpr P predicates[] = {P::OEQ, P::UNE, P::OLT, P::OLE, P::OGT, P::OGE};
      return create<arith::CmpFOp>(predicates[static_cast<int>(expr.compare)], a, b);
    }
    using P = arith::CmpIPredicate;
    static constexpr P signedPredicates[] = {P::eq, P::ne, P::slt, P::sle, P::sgt, P::sge};
    static constexpr P unsignedPredicates[] = {P::eq, P::ne, P::ult, P::ule, P::ugt, P::uge};
    int number = static_cast<int>(expr.compare);
    return create<arith::CmpIOp>(isSigned(type) ? signedPredicates[number] : unsignedPredicates[number], a, b);
  }

  //===- functions ----------------------------------------------------------===//

  Value minimum(DType type, Value a, Value b) {
    return isFloat(type)    ? (Value)create<arith::MinimumFOp>(a, b)
           : isSigned(type) ? (Value)create<arith::MinSIOp>(a, b)
                            : (Value)create<arith::MinUIOp>(a, b);
  }
  Value maximum(DType type, Value a, Value b) {
    return isFloat(type)    ? (Value)create<arith::MaximumFOp>(a, b)
           : isSigned(type) ? (Value)create<arith::MaxSIOp>(a, b)
                            : (Value)create<arith::MaxUIOp>(a, b);
  }

  Value importAbs(DType type, Value a) {
    if (isFloat(type))
      return create<math::AbsFOp>(a);
    if (!isSigned(type))
      return a;
    Value zero = literal({type, 0, 0});
    Value isNegative = create<arith::CmpIOp>(arith::CmpIPredicate::slt, a, zero);
    return create<arith::SelectOp>(isNegative, create<arith::SubIOp>(zero, a), a);
  }

  Value importSign(DType type, Value a) {
    Value zero = literal({type, 0, 0}), one = literal({type, 1, 1});
    if (!isSigned(type))
      return create<arith::SelectOp>(create<arith::CmpIOp>(arith::CmpIPredicate::ne, a, zero), one, zero);
    Value minusOne = literal({type, -1, -1});
    if (isFloat(type)) { // Zeros and NaN stay what they are.
      Value above = create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, zero);
      Value below = create<arith::CmpFOp>(arith::CmpFPredicate::OLT, a, zero);
      return create<arith::SelectOp>(above, one, create<arith::SelectOp>(below, minusOne, a));
    }
    Value above = create<arith::CmpIOp>(arith::CmpIPredicate::sgt, a, zero);
    Value below = create<arith::CmpIOp>(arith::CmpIPredicate::slt, a, zero);
    return create<arith::SelectOp>(above, one, create<arith::SelectOp>(below, minusOne, zero));
  }

  template <class OpTy> Value bitCount(Value a) {
    if (!a.getType().isIndex())
      return create<OpTy>(a);
    Value wide = create<arith::IndexCastOp>(builder.getI64Type(), a);
    return create<arith::IndexCastOp>(builder.getIndexType(), create<OpTy>(wide));
  }

  Value importCall(const Expr &expr, ArrayRef<Value> v) {
    DType type = expr.operands[0]->type;
    auto infinity = [&] { return literal({type, std::numeric_limits<double>::infinity(), 0}); };
    switch (expr.function) {
    case Function::Exp:
      return create<math::ExpOp>(v[0]);
    case Function::Exp2:
      return create<math::Exp2Op>(v[0]);
    case Function::Expm1:
      return create<math::ExpM1Op>(v[0]);
    case Function::Log:
      return create<math::LogOp>(v[0]);
    case Function::Log2:
      return create<math::Log2Op>(v[0]);
    case Function::Log1p:
      return create<math::Log1pOp>(v[0]);
    case Function::Sqrt:
      return create<math::SqrtOp>(v[0]);
    case Function::Rsqrt:
      return create<math::RsqrtOp>(v[0]);
    case Function::Cbrt:
      return create<math::CbrtOp>(v[0]);
    case Function::Sin:
      return create<math::SinOp>(v[0]);
    case Function::Cos:
      return create<math::CosOp>(v[0]);
    case Function::Tan:
      return create<math::TanOp>(v[0]);
    case Function::Asin:
      return create<math::AsinOp>(v[0]);
    case Function::Acos:
      return create<math::AcosOp>(v[0]);
    case Function::Atan:
      return create<math::AtanOp>(v[0]);
    case Function::Atan2:
      return create<math::Atan2Op>(v[0], v[1]);
    case Function::Sinh:
      return create<math::SinhOp>(v[0]);
    case Function::Cosh:
      return create<math::CoshOp>(v[0]);
    case Function::Tanh:
      return create<math::TanhOp>(v[0]);
    case Function::Erf:
      return create<math::ErfOp>(v[0]);
    case Function::Erfc:
      return create<math::ErfcOp>(v[0]);
    case Function::Pow:
      return create<math::PowFOp>(v[0], v[1]);
    case Function::Fma:
      return create<math::FmaOp>(v[0], v[1], v[2]);
    case Function::Floor:
      return create<math::FloorOp>(v[0]);
    case Function::Ceil:
      return create<math::CeilOp>(v[0]);
    case Function::Round:
      return create<math::RoundEvenOp>(v[0]);
    case Function::Trunc:
      return create<math::TruncOp>(v[0]);
    case Function::IsNan:
      return create<arith::CmpFOp>(arith::CmpFPredicate::UNO, v[0], v[0]);
    case Function::IsInf:
      return create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, create<math::AbsFOp>(v[0]), infinity());
    case Function::IsFinite:
      return create<arith::CmpFOp>(arith::CmpFPredicate::OLT, create<math::AbsFOp>(v[0]), infinity());
    case Function::CopySign:
      return create<math::CopySignOp>(v[0], v[1]);
    case Function::Abs:
      return importAbs(type, v[0]);
    case Function::Sign:
      return importSign(type, v[0]);
    case Function::Min:
      return minimum(type, v[0], v[1]);
    case Function::Max:
      return maximum(type, v[0], v[1]);
    case Function::Clamp:
      return minimum(type, maximum(type, v[0], v[1]), v[2]);
    case Function::PopCount:
      return bitCount<math::CtPopOp>(v[0]);
    case Function::Clz:
      return bitCount<math::CountLeadingZerosOp>(v[0]);
    case Function::Ctz:
      return bitCount<math::CountTrailingZerosOp>(v[0]);
    }
    llvm_unreachable("all functions are handled");
  }

  //===- reductions ---------------------------------------------------------===//

  static formula::ReduceKind kindOf(ReduceKind kind) {
    switch (kind) {
    case ReduceKind::Sum:
      return formula::ReduceKind::Sum;
    case ReduceKind::Prod:
      return formula::ReduceKind::Prod;
    case ReduceKind::Max:
      return formula::ReduceKind::Max;
    case ReduceKind::Min:
      return formula::ReduceKind::Min;
    case ReduceKind::Any:
      return formula::ReduceKind::Any;
    case ReduceKind::All:
      return formula::ReduceKind::All;
    case ReduceKind::ArgMax:
      return formula::ReduceKind::Argmax;
    case ReduceKind::ArgMin:
      return formula::ReduceKind::Argmin;
    }
    llvm_unreachable("all kinds are handled");
  }

  /// The reduction over the indices from `first` on. Ranges that depend on earlier indices of the same list start a reduction
  /// of their own inside.
  Value importReduce(const Expr &expr, size_t first, Value guard) {
    Values lower, upper;
    SmallVector<StringRef> names;
    size_t last = first;
    for (; last < expr.indices.size(); ++last) {
      const Index &index = expr.indices[last];
      if (last > first && (!index.loSize || !index.hiSize))
        break;
      lower.push_back(importExpr(index.lo, guard));
      upper.push_back(importExpr(index.hi, guard));
      names.push_back(index.name);
    }
    bool isUnsigned = !isSigned(expr.operands[0]->type) && expr.operands[0]->type != DType::Bool;
    auto reduce = create<formula::ReduceOp>(typeOf(expr.type), kindOf(expr.reduce), lower, upper,
                                            builder.getStrArrayAttr(names),
                                            isUnsigned);
    OpBuilder::InsertionGuard insertion(builder);
    Block &body = reduce.getBody().emplaceBlock();
    for (size_t i = first; i < last; ++i) {
      indices[expr.indices[i].id] = body.addArgument(builder.getIndexType(), loc);
      ranges[expr.indices[i].id] = &expr.indices[i];
    }
    builder.setInsertionPointToStart(&body);
    Values yielded;
    if (last < expr.indices.size()) {
      yielded.push_back(importReduce(expr, last, guard));
    } else {
      Value filter;
      if (expr.filter)
        filter = importExpr(expr.filter, guard);
      yielded.push_back(importExpr(expr.operands[0], filter ? conjunction(guard, filter) : guard));
      if (filter)
        yielded.push_back(filter);
    }
    create<formula::YieldOp>(yielded);
    return reduce.getResult();
  }

  const Instance &instance;
  OpBuilder builder;
  Location loc;
  Values symbols, tensors, scalars;
  llvm::DenseMap<int, Value> indices;
  llvm::DenseMap<int, const Index *> ranges;
};

} // namespace

formula::OperatorOp tenon::importTree(const Instance &instance, ModuleOp module) {
  return TreeImporter(instance, module).run();
}
