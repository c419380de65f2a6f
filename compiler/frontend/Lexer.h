//===- Lexer.h - characters to tokens ---------------------------------------===//
//
// Owns what a token is. Whether a line end ends a statement is the parser's to say: a token only knows that it is the
// first of its line.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Source.h"

namespace tenon {

enum class TokenKind : uint8_t {
  End,
  Name,
  Integer,
  Float,
  String,
  LParen,
  RParen,
  LBracket,
  RBracket,
  LBrace,
  RBrace,
  Comma,
  Colon,
  Semicolon,
  Question,
  Assign,
  Arrow,
  DotDot,
  Ellipsis,
  Plus,
  Minus,
  Star,
  Slash,
  Percent,
  Shl,
  Shr,
  Lt,
  Le,
  Gt,
  Ge,
  EqEq,
  Ne,
  Amp,
  Caret,
  Pipe,
  AmpAmp,
  PipePipe,
  Bang,
  Tilde,
  // Reserved words.
  Op,
  Fn,
  Const,
  Test,
  Kernel,
  Import,
  Where,
  In,
  With,
  Tol,
  Exact,
  Else,
  Error,
  True,
  False,
  Inf,
  Nan,
  Acc,
  Sum,
  Prod,
  Max,
  Min,
  Any,
  All,
  ArgMax,
  ArgMin
};

struct Token {
  TokenKind kind = TokenKind::End;
  bool startsLine = false;
  SourceRange range;
  std::string_view text() const { return range.text(); }
};

/// All tokens, an End last. A bad character is an error and skipped.
std::vector<Token> lex(const SourceFile &file, Diagnostics &diagnostics);

/// "'->'", "'where'", "a name": for messages.
std::string describe(TokenKind kind);
/// "'foo'" or "the end of the file".
std::string describe(const Token &token);

} // namespace tenon
