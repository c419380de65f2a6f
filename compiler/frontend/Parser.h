//===- Parser.h - tokens to the syntax tree ---------------------------------===//
//
// Owns the parser's state and its two halves: declarations (ParseDecl.cpp) and expressions (ParseExpr.cpp).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Syntax.h"

namespace tenon {

/// Parses a whole file. Errors are reported; what could be parsed is returned.
std::unique_ptr<syntax::File> parseFile(const SourceFile &file, Diagnostics &diagnostics);

namespace syntax {

class Parser {
public:
  Parser(const SourceFile &file, Diagnostics &diagnostics);
  std::unique_ptr<File> parseFile();

private:
  /// Thrown where parsing cannot go on; caught at the statement or declaration.
  struct SyntaxError {};

  // Declarations.
  void parseImport(File &file);
  void parseConst(File &file);
  void parseFn(File &file);
  void parseOp(File &file);
  void parseTest(File &file);
  ParamDecl parseParam(bool isFn);
  std::vector<ParamDecl> parseParams(bool isFn);
  void parseWhere(std::vector<Clause> &clauses);
  Clause parseClause();
  void parseBody(OpDecl &op);
  Statement parseStatement();
  BindDecl parseBind();
  BindValue parseBindValue();
  void parseWith(TestDecl &test);
  void parseTol(TestDecl &test);
  std::string docAbove(SourceRange keyword) const;
  void endDeclaration();
  void skipDeclaration();
  void skipStatement(size_t begin);

  // Expressions.
  NodePtr parseExpr();
  NodePtr parseBinary(int minLevel);
  NodePtr parseUnary();
  NodePtr parsePrimary();
  NodePtr parseNamed();
  NodePtr parseReadTail(Name name);
  NodePtr parseElseValue();
  NodePtr parseCallTail(const Token &name);
  NodePtr parseReduction();
  IndexDecl parseIndex(bool isReduction);

  // Tokens.
  const Token &peek(size_t ahead = 0) const;
  const Token &take();
  bool isHere(TokenKind kind) const;
  bool accept(TokenKind kind);
  const Token &expect(TokenKind kind, const char *where);
  const Token &expectClosing(TokenKind kind, const Token &opening);
  Name parseName(const char *what);
  Name parseTypeName();
  [[noreturn]] void fail(SourceRange range, std::string message);
  [[noreturn]] void failHere(const std::string &expected);
  SourceRange since(const Token &first) const;
  NodePtr make(NodeKind kind, SourceRange range);
  void adopt(Node &parent, NodePtr child);

  const SourceFile &source;
  Diagnostics &diagnostics;
  std::vector<Token> tokens;
  size_t at = 0;
  unsigned brackets = 0; ///< Open round and square brackets: inside them a line end means nothing.
  unsigned nesting = 0;
  std::set<unsigned> badLines; ///< Lines with a character or number that is an error.
  std::string declaring;       ///< The declaration being parsed, once its name is known.
};

} // namespace syntax
} // namespace tenon
