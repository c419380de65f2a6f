//===- Ast.h - the typed tree of one instance -------------------------------===//
//
// Owns the form in which the compiler and the oracle see an operator for one combination of types: all types concrete,
// calls of operators expanded into definitions, calls of fn expanded in place, consts folded, literals typed. Does not
// own how it is made (Instantiate.cpp) nor the untyped syntax (Syntax.h).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Size.h"
#include "Source.h"

namespace tenon {

/// The first thirteen are in the package's order. `size` is a 64-bit signed integer; a tensor of it is a temporary.
enum class DType : uint8_t { Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64, Size };

const char *getName(DType type);
bool isFloat(DType type);
bool isInteger(DType type);       ///< Size too, bool not.
bool isSigned(DType type);        ///< Signed integers (Size too) and floats.
unsigned getBits(DType type);     ///< Bool is 8.
DType getAccumulator(DType type); ///< What `acc` casts to.

/// A typed constant. Floats in `real`, already rounded to the type; everything else in `integer` (u64 by its bits).
struct ScalarValue {
  DType type = DType::Size;
  double real = 0;
  int64_t integer = 0;
};
/// The value's bytes, little-endian, zero-extended: package.fbs Param.default_bits.
uint64_t getBits(const ScalarValue &value);

// ---- signature -----------------------------------------------------------------------------------------------------

enum class SymbolKind { Size, SizeParam, Pack };
/// What is known at launch. SizeExpr::Op::Symbol refers to these by position. A pack's value is the product of its
/// dimensions.
struct Symbol {
  std::string name;
  SymbolKind kind;
  int param = -1; ///< The parameter that binds it first.
  int dim = -1;   ///< Which of that parameter's dims (Size and Pack).
};

/// A dimension of a tensor. Pack: any number of dimensions, those of pack `symbol`; at most one in a tensor.
struct Dim {
  enum class Kind { Bind, Expr, Pack } kind = Kind::Expr;
  int symbol = -1;   ///< Bind, Pack.
  SizeExprPtr value; ///< Always set: the size; of a Pack the product.
  SourceRange range;
  bool isPack() const { return kind == Kind::Pack; }
};

enum class ParamKind { Tensor, Scalar, Size };
/// In declared order, results last.
struct Param {
  std::string name;
  ParamKind kind;
  DType type;
  bool isResult = false;
  std::vector<Dim> dims;                   ///< Tensor. Bind only where this dimension binds its symbol.
  int tensor = -1;                         ///< Tensor: its index in Instance::tensors.
  int symbol = -1;                         ///< Size: the symbol that it binds.
  std::optional<ScalarValue> defaultValue; ///< Scalar and Size.
  std::string text;                        ///< As the user wrote it: "x: T[...b, d]".
  SourceRange range;
};

/// Everything that can be read or defined. Names of temporaries are unique in an instance: those of an expanded call
/// are prefixed ("y.ms": `ms` of the call that defines y).
struct Tensor {
  enum class Role { Input, Result, Temporary } role;
  std::string name;
  DType type;
  std::vector<Dim> dims; ///< Kind Expr or Pack (Bind too, of inputs).
  int param = -1;        ///< Input, Result.
  SourceRange range;
};

// ---- expressions ---------------------------------------------------------------------------------------------------

/// An expression may be reached on several ways (an argument of an fn that uses it twice): the tree is a DAG. The
/// number of nodes as a tree is bounded (Limits.h), so walking it as a tree is fine.
struct Expr;
using ExprPtr = std::shared_ptr<Expr>;

/// One index: of the left side of a definition, or of a reduction. A pack's index is one index that runs over all of
/// the pack's dimensions, as one flat dimension. Half open; empty where lo >= hi.
struct Index {
  int id = -1; ///< Unique in the instance.
  std::string name;
  bool isPack = false;
  int symbol = -1;            ///< isPack: the pack.
  ExprPtr lo, hi;             ///< Always set, type Size, over symbols and outer indices (earlier ones of its list too).
  SizeExprPtr loSize, hiSize; ///< Set where no index is in the range (always on a left side): the same as lo and hi.
  SourceRange range;
};

enum class ExprKind {
  Literal,     ///< value
  IndexRef,    ///< index (id); type Size
  SymbolRef,   ///< symbol; type Size
  ScalarParam, ///< param
  Read,        ///< tensor, subscripts, elseKind, elseValue, bounds
  Cast,        ///< operands[0] to type; of a float to its own type: rounds, no more
  Unary,       ///< unary, operands[0]
  Binary,      ///< binary, operands[0..1], both of `type`
  Compare,     ///< compare, operands[0..1] of one type; type Bool
  Logic,       ///< logic, operands[0..1] Bool; the second is not evaluated where the first decides
  Select,      ///< operands[0] ? operands[1] : operands[2]; only the chosen arm is evaluated
  Call,        ///< function, operands
  Reduce       ///< reduce, indices, filter (or null), operands[0]
};
enum class UnaryOp { Neg, Not, BitNot };
enum class BinaryOp { Add, Sub, Mul, Div, Rem, Shl, Shr, BitAnd, BitXor, BitOr };
enum class CompareOp { Eq, Ne, Lt, Le, Gt, Ge };
enum class LogicOp { And, Or };
enum class ReduceKind { Sum, Prod, Max, Min, Any, All, ArgMax, ArgMin };
enum class Function {
  Exp,
  Exp2,
  Expm1,
  Log,
  Log2,
  Log1p,
  Sqrt,
  Rsqrt,
  Cbrt,
  Sin,
  Cos,
  Tan,
  Asin,
  Acos,
  Atan,
  Atan2,
  Sinh,
  Cosh,
  Tanh,
  Erf,
  Erfc,
  Pow,
  Fma,
  Floor,
  Ceil,
  Round,
  Trunc,
  IsNan,
  IsInf,
  IsFinite,
  CopySign, // floats
  Abs,
  Sign,
  Min,
  Max,
  Clamp, // all numbers
  PopCount,
  Clz,
  Ctz // integers
};
const char *getName(Function function);
const char *getName(ReduceKind kind);
const char *getSpelling(BinaryOp op);
const char *getSpelling(CompareOp op);

/// One per dimension of the tensor: an expression (size or any integer type), or a pack's index for its pack.
struct Subscript {
  ExprPtr expr;       ///< Null for a pack.
  int packIndex = -1; ///< The id of a pack index.
  bool isPack() const { return packIndex >= 0; }
};
enum class ElseKind { None, Value, Error };

/// How a read without else is known to stay inside. AtLaunch: the checks of the instance see to it, so that kernels
/// need no test either way. Else: decided element by element, by elseKind.
enum class Bounds { Proven, AtLaunch, Else };
/// A subscript that is checked at launch: the interval (both ends inside) that it can reach.
struct LaunchBound {
  unsigned subscript; ///< And dimension.
  SizeExprPtr lo, hi;
};

struct Expr {
  ExprKind kind;
  DType type = DType::Bool;
  SourceRange range;
  std::vector<ExprPtr> operands;

  ScalarValue value;
  int index = -1, symbol = -1, param = -1, tensor = -1;

  std::vector<Subscript> subscripts;
  ElseKind elseKind = ElseKind::None;
  ExprPtr elseValue; ///< Of the tensor's type, where elseKind is Value.
  Bounds bounds = Bounds::Proven;
  std::vector<LaunchBound> launchBounds;

  union {
    UnaryOp unary;
    BinaryOp binary;
    CompareOp compare;
    LogicOp logic;
    Function function;
    ReduceKind reduce;
  };
  std::vector<Index> indices;
  ExprPtr filter;
  uint64_t nodes = 1; ///< Of this expression as a tree.

  Expr(ExprKind kind, DType type, SourceRange range) : kind(kind), type(type), range(range), unary(UnaryOp::Neg) {}
};

// ---- definitions and checks ----------------------------------------------------------------------------------------

/// tensor[indices] = body, for all indices. The tensor's dims are the indices' ranges, in order (ranges start at 0).
struct Definition {
  int tensor;
  std::vector<Index> indices;
  ExprPtr body;                   ///< Of the tensor's type.
  SourceRange range;              ///< The statement; of an expanded call's definition, the statement in the callee.
  std::vector<SourceRange> calls; ///< The calls that it was expanded from, outermost first.
};

/// What must hold at launch, in the order in which it is checked: each condition can be computed (and is worth telling)
/// only if those before it hold. `message` has {0}, {1}, ... for the values.
struct LaunchCheck {
  enum class Kind { Where, Agree, ResultSize, Read, EmptyRange } kind;
  SizeExprPtr condition;
  std::string message;
  std::vector<SizeExprPtr> values;
  SourceRange range;
};

/// A condition of `where`, as declared (its check is among the checks too).
struct Condition {
  SizeExprPtr value;
  std::string text;
  SourceRange range;
};

struct Operator;

/// An operator for one combination of types.
struct Instance {
  const Operator *op = nullptr;
  std::vector<DType> types; ///< One a type variable, in their order.
  std::vector<Symbol> symbols;
  std::vector<Param> params;
  std::vector<Tensor> tensors;
  std::vector<Condition> where;
  std::vector<Definition> definitions; ///< Each reads inputs and earlier definitions only.
  std::vector<LaunchCheck> checks;
  int indexCount = 0; ///< Ids of indices are below this.
};

/// The typed tree as text (`tenonc --emit=ast`).
std::string dump(const Instance &instance);

} // namespace tenon
