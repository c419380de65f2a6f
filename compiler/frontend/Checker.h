//===- Checker.h - types, names and ranges of one instance ------------------===//
//
// Owns the state of checking one operator for one combination of types. Its parts: CheckExpr.cpp (expressions),
// CheckRead.cpp (names, reads, reductions and index ranges), CheckCall.cpp (fns and operators called), CheckOp.cpp
// (signature and statements). Internal to the front end.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Scalar.h"
#include "Unit.h"

#include <set>

namespace tenon {

/// A tensor as one operator's formulas see it: a pack is one dimension there, whatever it stands for.
struct View {
  int tensor = -1;
  int packAt = -1;        ///< The position of the pack, or -1.
  unsigned packCount = 0; ///< How many of the tensor's dims it stands for.
  unsigned rank = 0;      ///< The pack counts as one.
};

/// What a name means inside an operator or fn.
struct Binding {
  enum class Kind { Size, SizeParam, Pack, Scalar, Tensor, Type } kind;
  SourceRange place;
  SizeExprPtr size;      ///< Size, SizeParam
  std::vector<Dim> pack; ///< Pack: what it stands for.
  int callerPackAt = -1; ///< Pack: where in it the caller's own pack lies, and over how many dims.
  unsigned callerPackCount = 0;
  ExprPtr value;       ///< Scalar: what it stands for; null after an error.
  View view;           ///< Tensor
  bool broken = false; ///< Its definition has an error: uses stay silent.
  bool used = false;
};

/// The names of one operator (or fn, or const), and where it was called.
struct Frame {
  const Unit *unit = nullptr;
  const syntax::OpDecl *op = nullptr;
  const syntax::FnDecl *fn = nullptr;
  Frame *caller = nullptr;
  SourceRange call;
  std::string prefix; ///< Of its temporaries' names.
  std::map<std::string, DType> types;
  std::map<std::string, Binding> names;
  std::map<std::string, SourceRange> laterNames;   ///< Every definition of the operator, for clashes and hints.
  std::map<std::string, std::vector<int>> indices; ///< In scope: the parts that a name stands for (one but for packs).
  std::set<std::string> packIndices;
};

class Checker {
public:
  Checker(Diagnostics &diagnostics, Instance &instance) : diagnostics(diagnostics), instance(instance) {}

  /// All of an operator; errors are in the diagnostics.
  void checkOperator(const Operator &op, const std::vector<DType> &types);
  /// An fn by itself, for one combination of its types.
  void checkFn(const syntax::FnDecl &fn, const Unit &unit, const std::map<std::string, DType> &types);
  /// The value of a const; null after an error.
  ExprPtr constantValue(ConstValue &constant);
  /// A literal or const of a test or default. Null after an error.
  std::optional<ScalarValue> constantOfType(const syntax::Node &node, const Unit &unit, DType type,
                                            const std::string &what);
  /// An expression over sizes only, with the names of an operator's signature. Null after an error.
  SizeExprPtr testSize(const syntax::Node &node, const std::set<std::string> &bound);
  /// The signature alone: symbols and params.
  void checkSignature(const Operator &op, const std::vector<DType> &types);

  /// Unless there is an error, which may be why something is not used.
  void warnUnused(const syntax::OpDecl &op);

  const std::vector<Index> &indexTable() const { return indices; }
  Frame &root() { return rootFrame; }

private:
  // ---- expressions
  struct Result {
    ExprPtr expr;
    bool untyped = false; ///< Literals alone: its type is its context's to say.
    bool failed() const { return !expr && !untyped; }
  };
  static Result untypedResult() { return {nullptr, true}; }

  Result check(const syntax::Node &node, std::optional<DType> hint = std::nullopt);
  Result checkNumber(const syntax::Node &node, bool negative, SourceRange range, std::optional<DType> hint);
  Result checkUnary(const syntax::Node &node, std::optional<DType> hint);
  Result checkBinary(const syntax::Node &node, std::optional<DType> hint);
  Result checkTernary(const syntax::Node &node, std::optional<DType> hint);
  Result checkCast(const syntax::Node &node, std::optional<DType> hint);
  Result checkFunction(const syntax::Node &node, Function function, std::optional<DType> hint);
  Result checkCall(const syntax::Node &node, std::optional<DType> hint);
  Result checkFnCall(const syntax::Node &node, const Global &global, std::optional<DType> hint);
  Result checkName(const syntax::Node &node);
  Result checkRead(const syntax::Node &node);
  Result checkReduction(const syntax::Node &node, std::optional<DType> hint);
  /// Gives all operands one type. `failed` where one has an error or they differ.
  Result unify(const std::vector<const syntax::Node *> &nodes, std::optional<DType> hint, const std::string &what,
               std::vector<ExprPtr> &out);
  ExprPtr require(const syntax::Node &node, DType type, const std::string &what);
  ExprPtr requireTyped(const syntax::Node &node);
  ExprPtr make(ExprKind kind, DType type, SourceRange range, std::vector<ExprPtr> operands = {});
  ExprPtr makeSizeExpr(const SizeExprPtr &size, SourceRange range);
  ExprPtr makeLiteral(ScalarValue value, SourceRange range);
  std::optional<DType> typeOf(const syntax::Name &name);

  // ---- sizes
  SizeExprPtr requireSize(const syntax::Node &node, const std::string &what);
  SizeExprPtr toSizeExpr(const ExprPtr &expr, const std::string &what);
  std::string show(const SizeExprPtr &size) const;
  bool isDataFree(const ExprPtr &expr, SourceRange &culprit) const;

  // ---- indices
  struct Candidate {
    std::vector<Dim> dims;
    SourceRange place;
    std::string where; ///< "dimension 1 of x", or "x" for a pack.
    std::string what;  ///< The size in the user's words.
  };
  void gather(const syntax::Node &node, const std::string &index, bool isPack, std::vector<Candidate> &direct,
              std::vector<Candidate> &withElse);
  Candidate candidateAt(const View &view, const std::string &name, unsigned position, SourceRange place) const;
  bool agree(const std::string &index, const Candidate &a, const Candidate &b);
  std::optional<std::vector<Dim>> inferRange(const syntax::IndexDecl &decl, const Candidate *declared,
                                             const std::vector<const syntax::Node *> &nodes);
  bool declareIndex(const syntax::IndexDecl &decl);
  Index makeIndex(const std::string &name, ExprPtr lo, ExprPtr hi, SizeExprPtr loSize, SizeExprPtr hiSize,
                  SourceRange range);
  std::vector<Index> makeIndices(const syntax::IndexDecl &decl, const std::vector<Dim> &dims);
  void bindIndices(const std::string &name, bool isPack, const std::vector<Index> &parts);

  // ---- operators
  void bindTypes(const Operator &op, const std::vector<DType> &types);
  void checkParams(const syntax::OpDecl &op);
  void checkDims(const syntax::ParamDecl &decl, bool isResult, Param &param);
  void checkConditions(const syntax::OpDecl &op);
  void checkStatements(const syntax::OpDecl &op);
  void checkStatement(const syntax::Statement &statement);
  bool isOperatorCall(const syntax::Node &node, const Global **global) const;
  void checkCallStatement(const syntax::Statement &statement, const Global &global);
  bool defineNames(const syntax::Statement &statement);
  void markBroken(const syntax::Statement &statement);
  std::optional<std::vector<std::vector<Index>>> leftIndices(const syntax::Statement &statement,
                                                             const Binding *declared);
  bool checkLeftShape(const syntax::Statement &statement, const Binding &declared);
  int addTensor(Tensor::Role role, const std::string &name, DType type, std::vector<Dim> dims, SourceRange range);
  bool agreeDims(const std::vector<Dim> &a, const std::vector<Dim> &b, const std::string &nameA,
                 const std::string &nameB, SourceRange range);
  /// False where it can never hold, which is an error at once.
  bool addCheck(LaunchCheck::Kind kind, SizeExprPtr condition, std::string message, std::vector<SizeExprPtr> values,
                SourceRange range);
  void checkNonNegative(const std::vector<Dim> &dims, const std::string &name, SourceRange range);
  void addDefinition(int tensor, std::vector<Index> left, ExprPtr body, SourceRange range);
  bool isResult(const std::string &name) const;

  // ---- calls of operators
  struct Argument {
    const syntax::ParamDecl *param;
    const syntax::Node *node = nullptr; ///< Null: the default.
  };
  std::optional<std::vector<Argument>> matchArguments(const syntax::Node &call, const syntax::OpDecl &callee);
  bool bindCallTypes(const std::vector<Argument> &args, const Operator &callee, const syntax::Statement &statement,
                     Frame &inner);
  bool bindArguments(const std::vector<Argument> &args, const Operator &callee, Frame &inner);
  bool bindShape(const syntax::ParamDecl &param, const View &view, const std::string &argName, SourceRange place,
                 Frame &inner, std::vector<std::function<bool()>> &later);
  bool defineResults(const syntax::Statement &statement, const syntax::OpDecl &callee, Frame &inner);

  Diagnostic &error(SourceRange range, std::string message);
  Diagnostic &warning(SourceRange range, std::string message);
  bool clash(const syntax::Name &name, const char *what);

  Diagnostics &diagnostics;
  Instance &instance;
  Frame rootFrame;
  Frame *frame = &rootFrame;
  std::vector<Index> indices;              ///< By id.
  std::map<std::string, int> resultParams; ///< Of the root operator: name to Param.
  uint64_t created = 0;                    ///< Nodes made for the current statement.
  uint64_t total = 0;                      ///< And for all.
  unsigned callDepth = 0;
  bool tooLarge = false;
  Diagnostic unsaid{Severity::Note, {}, "", {}};
  bool leftBroken = false; ///< The left side is a result whose declaration has an error: it gives no ranges.
  const syntax::IndexDecl *shifted = nullptr; ///< Of a filtered reduction: shifted reads may give its range.
  bool sawBroken = false;                     ///< Of the last gather: a read of something whose error is reported.
};

/// Adds launch bounds, checks and errors of reads to every definition (Bounds.cpp).
void analyzeBounds(Instance &instance, const std::vector<Index> &indices, Diagnostics &diagnostics);

} // namespace tenon
