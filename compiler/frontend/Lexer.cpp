//===- Lexer.cpp - characters to tokens -------------------------------------===//
//
// Owns names, numbers, comments and what may not stand in a file.
//
//===------------------------------------------------------------------------===//
#include "Lexer.h"

#include <cstdio>
#include <cstring>

using namespace tenon;
using Kind = TokenKind;

static const char *const spellings[] = {"the end of the file",
                                        "a name",
                                        "an integer",
                                        "a number",
                                        "a string",
                                        "(",
                                        ")",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        ",",
                                        ":",
                                        ";",
                                        "?",
                                        "=",
                                        "->",
                                        "..",
                                        "...",
                                        "+",
                                        "-",
                                        "*",
                                        "/",
                                        "%",
                                        "<<",
                                        ">>",
                                        "<",
                                        "<=",
                                        ">",
                                        ">=",
                                        "==",
                                        "!=",
                                        "&",
                                        "^",
                                        "|",
                                        "&&",
                                        "||",
                                        "!",
                                        "~",
                                        "op",
                                        "fn",
                                        "const",
                                        "test",
                                        "kernel",
                                        "import",
                                        "where",
                                        "in",
                                        "with",
                                        "tol",
                                        "exact",
                                        "else",
                                        "error",
                                        "true",
                                        "false",
                                        "inf",
                                        "nan",
                                        "acc",
                                        "sum",
                                        "prod",
                                        "max",
                                        "min",
                                        "any",
                                        "all",
                                        "argmax",
                                        "argmin"};

std::string tenon::describe(Kind kind) {
  const char *text = spellings[static_cast<int>(kind)];
  return kind <= Kind::String ? text : "'" + std::string(text) + "'";
}

std::string tenon::describe(const Token &token) {
  if (token.kind == Kind::End)
    return "the end of the file";
  std::string text = token.range.oneLine();
  return "'" + (text.size() > 40 ? text.substr(0, 37) + "..." : text) + "'";
}

static bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

namespace {
class Lexer {
public:
  Lexer(const SourceFile &file, Diagnostics &diagnostics) : file(file), text(file.text), diagnostics(diagnostics) {}

  std::vector<Token> run() {
    for (;;) {
      skipSpace();
      if (at >= text.size())
        break;
      begin = at;
      next();
    }
    begin = at = text.size();
    push(Kind::End);
    return std::move(tokens);
  }

private:
  char peek(size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }

  void push(Kind kind) {
    tokens.push_back({kind, startsLine, {&file, static_cast<uint32_t>(begin), static_cast<uint32_t>(at)}});
    startsLine = false;
  }

  void error(size_t from, size_t to, std::string message) {
    diagnostics.error({&file, static_cast<uint32_t>(from), static_cast<uint32_t>(to)}, std::move(message));
  }

  void skipSpace() {
    while (at < text.size()) {
      char c = text[at];
      if (c == '\n')
        startsLine = true;
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        ++at;
      else if (c == '/' && peek(1) == '/')
        while (at < text.size() && text[at] != '\n')
          ++at;
      else
        break;
    }
  }

  void next() {
    char c = text[at];
    if (isLetter(c)) {
      while (isLetter(peek()) || isDigit(peek()))
        ++at;
      std::string_view word = std::string_view(text).substr(begin, at - begin);
      for (int k = static_cast<int>(Kind::Op); k <= static_cast<int>(Kind::ArgMin); ++k)
        if (word == spellings[k])
          return push(static_cast<Kind>(k));
      return push(Kind::Name);
    }
    if (isDigit(c))
      return number();
    if (c == '"')
      return string();
    if (c == '.' && isDigit(peek(1))) {
      while (isDigit(peek(0)) || at == begin)
        ++at;
      error(begin, at,
            "a number has a digit before its point: 0" + text.substr(begin, std::min<size_t>(at - begin, 20)));
      return push(Kind::Float);
    }
    // The longest spelling that fits.
    int best = -1;
    size_t length = 0;
    for (int k = static_cast<int>(Kind::LParen); k <= static_cast<int>(Kind::Tilde); ++k) {
      size_t size = std::strlen(spellings[k]);
      if (size > length && text.compare(at, size, spellings[k]) == 0) {
        best = k;
        length = size;
      }
    }
    if (best >= 0) {
      at += length;
      return push(static_cast<Kind>(best));
    }
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80)
        ++at;
      return error(begin, at, "characters outside ASCII belong in comments only");
    }
    ++at;
    if (byte < 0x20 || byte == 0x7f) {
      char message[64];
      std::snprintf(message, sizeof message, "unexpected control character 0x%02x", byte);
      return error(begin, at, message);
    }
    error(begin, at, std::string("unexpected character '") + c + "'");
  }

  void number() {
    Kind kind = Kind::Integer;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      at += 2;
      if (!isHex(peek()))
        return error(begin, at, "a hexadecimal number needs digits after 0x");
      while (isHex(peek()))
        ++at;
    } else {
      while (isDigit(peek()))
        ++at;
      if (peek() == '.' && isDigit(peek(1))) {
        kind = Kind::Float;
        ++at;
        while (isDigit(peek()))
          ++at;
      } else if (peek() == '.' && peek(1) != '.') {
        ++at;
        error(begin, at,
              "a number has a digit after its point: " + text.substr(begin, std::min<size_t>(at - begin, 20)) + "0");
        kind = Kind::Float;
      }
      if ((peek() == 'e' || peek() == 'E') &&
          (isDigit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && isDigit(peek(2))))) {
        kind = Kind::Float;
        at += 2;
        while (isDigit(peek()))
          ++at;
      }
    }
    if (isLetter(peek()) || isDigit(peek())) {
      size_t tail = at;
      while (isLetter(peek()) || isDigit(peek()))
        ++at;
      error(tail, at,
            "'" + text.substr(tail, std::min<size_t>(at - tail, 20)) +
                "' directly after a number: a number has no suffix");
    }
    push(kind);
  }

  void string() {
    ++at;
    while (at < text.size() && text[at] != '"' && text[at] != '\n')
      ++at;
    if (peek() != '"')
      error(begin, at, "the string has no closing '\"' on its line");
    else
      ++at;
    push(Kind::String);
  }

  const SourceFile &file;
  const std::string &text;
  Diagnostics &diagnostics;
  std::vector<Token> tokens;
  size_t at = 0, begin = 0;
  bool startsLine = true;
};
} // namespace

std::vector<Token> tenon::lex(const SourceFile &file, Diagnostics &diagnostics) {
  return Lexer(file, diagnostics).run();
}
