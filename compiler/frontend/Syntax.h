//===- Syntax.h - the untyped syntax tree -----------------------------------===//
//
// Owns the form of a parsed file, one struct a production of the grammar. Does not know names or types.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Lexer.h"

#include <optional>

namespace tenon::syntax {

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Name {
  std::string text;
  SourceRange range;
};

/// An index of a reduction or of a left side: NAME, NAME: hi, NAME: lo..hi, or ...NAME.
struct IndexDecl {
  Name name;
  bool isPack = false;
  NodePtr lo, hi;
  SourceRange range;
};

enum class NodeKind {
  Number,    // token: Integer, Float, Inf, Nan, True, False
  Name,      // text
  Pack,      // text: ...NAME as a subscript
  Unary,     // token, kids[0]
  Binary,    // token, kids[0..1]
  Ternary,   // kids[0..2]
  Read,      // text, kids: subscripts; orElse or elseError
  Call,      // text, token (Name, Acc, Min, Max), kids and argNames
  Reduction, // token, indices, filter, kids[0]
  Error      // what could not be parsed; already reported
};

struct Node {
  NodeKind kind;
  SourceRange range;
  TokenKind token = TokenKind::End;
  std::string text;
  SourceRange nameRange; ///< Of the name or operator.
  std::vector<NodePtr> kids;
  std::vector<Name> argNames; ///< Call: empty text where positional.
  std::vector<IndexDecl> indices;
  NodePtr filter, orElse;
  SourceRange elseRange; ///< Of the word `else`.
  bool elseError = false, parenthesized = false;
  unsigned depth = 1;
};

struct DimDecl {
  NodePtr expr; ///< Null for a pack.
  Name pack;
  SourceRange range;
};

struct ParamDecl {
  Name name, type;
  bool isTensor = false;
  std::vector<DimDecl> dims;
  NodePtr defaultValue;
  SourceRange range; ///< Without the default.
};

struct Clause {
  Name typeVariable; ///< T in {...}; else a condition.
  std::vector<Name> types;
  NodePtr condition;
  SourceRange range;
};

struct Statement {
  std::vector<Name> names; ///< Several only for (a, b) = call.
  bool hasIndices = false, isTuple = false;
  std::vector<IndexDecl> indices;
  std::optional<Name> type;
  NodePtr value;
  SourceRange range;
};

struct ImportDecl {
  std::string path;
  SourceRange range;
};

struct ConstDecl {
  Name name, type;
  NodePtr value;
  std::string doc;
};

struct FnDecl {
  Name name;
  std::vector<ParamDecl> params;
  Name resultType;
  std::vector<Clause> where;
  NodePtr body;
  std::string doc;
  SourceRange range;
};

struct OpDecl {
  Name name;
  std::vector<ParamDecl> params, results;
  std::vector<Clause> where;
  std::vector<Statement> statements;
  std::string doc;
  SourceRange range;
  bool broken = false;           ///< Part of it could not be parsed.
  std::vector<Name> brokenNames; ///< What the statements define that could not be parsed.
};

struct BindValue {
  enum class Kind { Expr, Type, Pack } kind;
  NodePtr expr;               ///< Expr
  Name type;                  ///< Type
  std::vector<NodePtr> sizes; ///< Pack
  SourceRange range;
};
struct BindDecl {
  Name name;
  NodePtr lo, hi; ///< NAME: lo or NAME: lo..hi
  bool isSet = false;
  std::vector<BindValue> values;
  SourceRange range;
};
struct WithDecl {
  Name name;
  NodePtr lo, hi;
  SourceRange range;
};
struct TolDecl {
  bool exact = false;
  NodePtr all;
  std::vector<std::pair<Name, NodePtr>> byType;
  SourceRange range;
};
struct TestDecl {
  Name op;
  std::vector<BindDecl> binds;
  std::vector<WithDecl> with;
  TolDecl tol;
  SourceRange range;
};

struct File {
  const SourceFile *source = nullptr;
  std::vector<ImportDecl> imports;
  std::vector<std::unique_ptr<ConstDecl>> consts;
  std::vector<std::unique_ptr<FnDecl>> fns;
  std::vector<std::unique_ptr<OpDecl>> ops;
  std::vector<std::unique_ptr<TestDecl>> tests;
  std::vector<std::string> broken; ///< Names of declarations that could not be parsed.
};

} // namespace tenon::syntax
