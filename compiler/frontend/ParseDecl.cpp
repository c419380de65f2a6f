//===- ParseDecl.cpp - the parser's declarations and statements -------------===//
//
// Owns the grammar from `file` down to statements, and where parsing goes on after an error.
//
//===------------------------------------------------------------------------===//
#include "Parser.h"

#include <algorithm>

using namespace tenon;
using namespace tenon::syntax;
using Kind = TokenKind;

Parser::Parser(const SourceFile &file, Diagnostics &diagnostics)
    : source(file), diagnostics(diagnostics), tokens(lex(file, diagnostics)) {
  for (const Diagnostic &diagnostic : diagnostics.all())
    if (diagnostic.range.file == &file)
      badLines.insert(diagnostic.range.line());
}

std::unique_ptr<File> tenon::parseFile(const SourceFile &file, Diagnostics &diagnostics) {
  return Parser(file, diagnostics).parseFile();
}

static bool beginsDeclaration(Kind kind) { return kind >= Kind::Op && kind <= Kind::Import; }

std::unique_ptr<File> Parser::parseFile() {
  auto file = std::make_unique<File>();
  file->source = &source;
  while (peek().kind != Kind::End) {
    if (accept(Kind::Semicolon))
      continue;
    size_t begin = at;
    brackets = nesting = 0;
    declaring.clear();
    try {
      switch (peek().kind) {
      case Kind::Import:
        parseImport(*file);
        break;
      case Kind::Const:
        parseConst(*file);
        break;
      case Kind::Fn:
        parseFn(*file);
        break;
      case Kind::Op:
        parseOp(*file);
        break;
      case Kind::Test:
        parseTest(*file);
        break;
      case Kind::Kernel:
        fail(peek().range, "'kernel' is reserved: kernels are not part of version 1 of the language");
      default:
        fail(peek().range, "expected 'op', 'fn', 'const', 'test' or 'import', found " + describe(peek()));
      }
    } catch (SyntaxError) {
      if (!declaring.empty())
        file->broken.push_back(declaring);
      if (at == begin)
        take();
      skipDeclaration();
    }
  }
  return file;
}

/// To the next line that begins with a declaration's keyword.
void Parser::skipDeclaration() {
  while (peek().kind != Kind::End && !(peek().startsLine && beginsDeclaration(peek().kind)))
    take();
}

void Parser::endDeclaration() {
  if (peek().kind == Kind::End || peek().kind == Kind::Semicolon || peek().startsLine)
    return;
  fail(peek().range, "expected the end of the line, found " + describe(peek()));
}

/// The `//` lines directly above, without their slashes.
std::string Parser::docAbove(SourceRange keyword) const {
  std::vector<std::string> lines;
  for (unsigned line = keyword.line() - 1; line > 0; --line) {
    std::string_view text = source.lineText(line);
    size_t start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos || text.substr(start, 2) != "//")
      break;
    text.remove_prefix(start + 2);
    if (!text.empty() && text[0] == ' ')
      text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
      text.remove_suffix(1);
    lines.emplace_back(text);
  }
  std::string doc;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    doc += (doc.empty() ? "" : "\n") + *line;
  return doc;
}

void Parser::parseImport(File &file) {
  const Token &keyword = take();
  const Token &string = expect(Kind::String, "after 'import'");
  ImportDecl import;
  std::string_view text = string.text();
  text.remove_prefix(1);
  if (!text.empty() && text.back() == '"')
    text.remove_suffix(1);
  import.path = text;
  import.range = since(keyword);
  endDeclaration();
  file.imports.push_back(std::move(import));
}

void Parser::parseConst(File &file) {
  const Token &keyword = take();
  auto decl = std::make_unique<ConstDecl>();
  decl->doc = docAbove(keyword.range);
  decl->name = parseName("the name of the const");
  declaring = decl->name.text;
  expect(Kind::Colon, "and the const's type");
  decl->type = parseTypeName();
  expect(Kind::Assign, "");
  decl->value = parseExpr();
  endDeclaration();
  file.consts.push_back(std::move(decl));
}

void Parser::parseFn(File &file) {
  const Token &keyword = take();
  auto decl = std::make_unique<FnDecl>();
  decl->doc = docAbove(keyword.range);
  decl->name = parseName("the name of the fn");
  declaring = decl->name.text;
  decl->params = parseParams(true);
  if (decl->params.empty())
    fail(decl->name.range, "an fn has at least one parameter: write a const");
  expect(Kind::Arrow, "and the fn's type");
  decl->resultType = parseTypeName();
  parseWhere(decl->where);
  expect(Kind::Assign, "and the fn's expression");
  decl->body = parseExpr();
  decl->range = since(keyword);
  endDeclaration();
  file.fns.push_back(std::move(decl));
}

std::vector<ParamDecl> Parser::parseParams(bool isFn) {
  std::vector<ParamDecl> params;
  Token opening = expect(Kind::LParen, "and the parameters");
  ++brackets;
  if (peek().kind != Kind::RParen)
    do
      params.push_back(parseParam(isFn));
    while (accept(Kind::Comma));
  expectClosing(Kind::RParen, opening);
  --brackets;
  return params;
}

ParamDecl Parser::parseParam(bool isFn) {
  ParamDecl param;
  const Token &first = peek();
  param.name = parseName("the name of a parameter");
  expect(Kind::Colon, "and the parameter's type");
  param.type = parseTypeName();
  if (isHere(Kind::LBracket)) {
    Token opening = take();
    if (isFn)
      fail(opening.range, "an fn takes scalars: write an op for tensors");
    param.isTensor = true;
    ++brackets;
    if (peek().kind != Kind::RBracket)
      do {
        const Token &start = peek();
        DimDecl dim;
        if (accept(Kind::Ellipsis))
          dim.pack = parseName("the name of a pack");
        else
          dim.expr = parseExpr();
        dim.range = since(start);
        param.dims.push_back(std::move(dim));
      } while (accept(Kind::Comma));
    expectClosing(Kind::RBracket, opening);
    --brackets;
  }
  param.range = since(first);
  if (isHere(Kind::Assign)) {
    const Token &assign = take();
    if (isFn)
      fail(assign.range, "a parameter of an fn has no default");
    param.defaultValue = parseExpr();
  }
  return param;
}

void Parser::parseWhere(std::vector<Clause> &clauses) {
  if (!accept(Kind::Where))
    return;
  do
    clauses.push_back(parseClause());
  while (isHere(Kind::Comma) && accept(Kind::Comma));
}

Clause Parser::parseClause() {
  Clause clause;
  const Token &first = peek();
  if (peek().kind == Kind::Name && peek(1).kind == Kind::In) {
    clause.typeVariable = parseName("the name of a type");
    take();
    Token opening = expect(Kind::LBrace, "and types");
    do
      clause.types.push_back(parseTypeName());
    while (accept(Kind::Comma));
    expectClosing(Kind::RBrace, opening);
  } else {
    clause.condition = parseExpr();
  }
  clause.range = since(first);
  return clause;
}

void Parser::parseOp(File &file) {
  const Token &keyword = take();
  auto op = std::make_unique<OpDecl>();
  op->doc = docAbove(keyword.range);
  op->name = parseName("the name of the op");
  declaring = op->name.text;
  op->params = parseParams(false);
  expect(Kind::Arrow, "and the results");
  if (peek().kind == Kind::LParen) {
    Token opening = peek();
    op->results = parseParams(false);
    if (op->results.empty())
      fail(since(opening), "an op has at least one result");
  } else {
    op->results.push_back(parseParam(false));
  }
  parseWhere(op->where);
  parseBody(*op);
  op->range = since(keyword);
  file.ops.push_back(std::move(op));
}

void Parser::parseBody(OpDecl &op) {
  Token opening = expect(Kind::LBrace, "and the op's statements");
  while (peek().kind != Kind::RBrace) {
    if (peek().kind == Kind::End || (peek().startsLine && beginsDeclaration(peek().kind))) {
      auto &diagnostic = diagnostics.error(peek().range, "expected '}', found " + describe(peek()));
      diagnostic.notes.push_back({opening.range, "to close this '{'"});
      op.broken = true;
      return;
    }
    if (accept(Kind::Semicolon))
      continue;
    size_t begin = at;
    try {
      op.statements.push_back(parseStatement());
      if (peek().kind != Kind::Semicolon && peek().kind != Kind::RBrace && peek().kind != Kind::End &&
          !peek().startsLine)
        fail(peek().range, "expected the end of the line or ';', found " + describe(peek()));
    } catch (SyntaxError) {
      op.broken = true;
      for (size_t i = begin + (tokens[begin].kind == Kind::LParen); i <= at && tokens[i].kind == Kind::Name; i += 2) {
        op.brokenNames.push_back({std::string(tokens[i].text()), tokens[i].range});
        if (tokens[i + 1].kind != Kind::Comma)
          break;
      }
      skipStatement(begin);
    }
  }
  take();
}

/// To the end of the statement in which an error was found: a `;` or a line end at which no bracket is open.
void Parser::skipStatement(size_t begin) {
  brackets = nesting = 0;
  int depth = 0;
  for (size_t i = begin; i < at; ++i) {
    Kind kind = tokens[i].kind;
    depth += kind == Kind::LParen || kind == Kind::LBracket;
    depth -= kind == Kind::RParen || kind == Kind::RBracket;
  }
  bool first = at == begin;
  // With a bracket left open, a line that looks like a new statement ends it as well.
  auto looksLikeStatement = [&] {
    if (peek().kind == Kind::LParen)
      return true;
    if (peek().kind != Kind::Name)
      return false;
    size_t i = 1;
    if (peek(i).kind == Kind::LBracket)
      while (peek(i).kind != Kind::RBracket && peek(i).kind != Kind::End && !peek(i).startsLine)
        ++i;
    if (peek(i).kind == Kind::RBracket)
      ++i;
    if (peek(i).kind == Kind::Colon)
      i += 2;
    return peek(i).kind == Kind::Assign;
  };
  for (;;) {
    const Token &token = peek();
    if (token.kind == Kind::End || token.kind == Kind::RBrace)
      return;
    if (!first && token.startsLine && (depth <= 0 || beginsDeclaration(token.kind) || looksLikeStatement()))
      return;
    if (token.kind == Kind::Semicolon && depth <= 0)
      return;
    depth += token.kind == Kind::LParen || token.kind == Kind::LBracket;
    depth -= token.kind == Kind::RParen || token.kind == Kind::RBracket;
    first = false;
    take();
  }
}

Statement Parser::parseStatement() {
  Statement statement;
  const Token &first = peek();
  if (accept(Kind::LParen)) {
    ++brackets;
    statement.isTuple = true;
    do
      statement.names.push_back(parseName("the name to define"));
    while (accept(Kind::Comma));
    expectClosing(Kind::RParen, first);
    --brackets;
  } else {
    if (first.kind != Kind::Name && first.kind <= Kind::Tilde)
      fail(first.range, "expected a statement, found " + describe(first));
    statement.names.push_back(parseName("a statement"));
    if (isHere(Kind::LBracket)) {
      Token opening = take();
      statement.hasIndices = true;
      ++brackets;
      if (peek().kind != Kind::RBracket)
        do
          statement.indices.push_back(parseIndex(false));
        while (accept(Kind::Comma));
      expectClosing(Kind::RBracket, opening);
      --brackets;
    }
    if (isHere(Kind::Colon)) {
      take();
      statement.type = parseTypeName();
    }
  }
  if (!isHere(Kind::Assign))
    failHere("'='");
  take();
  statement.value = parseExpr();
  statement.range = since(first);
  return statement;
}

// ---- tests ---------------------------------------------------------------------------------------------------------

void Parser::parseTest(File &file) {
  const Token &keyword = take();
  auto test = std::make_unique<TestDecl>();
  test->op = parseName("the name of an op");
  Token opening = expect(Kind::LParen, "and the sizes to draw");
  ++brackets;
  if (peek().kind != Kind::RParen)
    do
      test->binds.push_back(parseBind());
    while (accept(Kind::Comma));
  expectClosing(Kind::RParen, opening);
  --brackets;
  if (accept(Kind::With))
    parseWith(*test);
  parseTol(*test);
  test->range = since(keyword);
  endDeclaration();
  file.tests.push_back(std::move(test));
}

BindDecl Parser::parseBind() {
  BindDecl bind;
  const Token &first = peek();
  bind.name = parseName("the name of a size, a pack, a type or a scalar");
  if (accept(Kind::In)) {
    bind.isSet = true;
    Token opening = expect(Kind::LBrace, "and values");
    do
      bind.values.push_back(parseBindValue());
    while (accept(Kind::Comma));
    expectClosing(Kind::RBrace, opening);
  } else {
    if (!accept(Kind::Colon))
      failHere("':' or 'in'");
    bind.lo = parseExpr();
    if (accept(Kind::DotDot))
      bind.hi = parseExpr();
  }
  bind.range = since(first);
  return bind;
}

BindValue Parser::parseBindValue() {
  BindValue value;
  const Token &first = peek();
  if (accept(Kind::LBracket)) {
    value.kind = BindValue::Kind::Pack;
    if (peek().kind != Kind::RBracket)
      do
        value.sizes.push_back(parseExpr());
      while (accept(Kind::Comma));
    expectClosing(Kind::RBracket, first);
  } else {
    value.kind = BindValue::Kind::Expr;
    value.expr = parseExpr();
    // A lone name may be a type or a const: the binding decides.
    if (value.expr->kind == NodeKind::Name && !value.expr->parenthesized) {
      value.kind = BindValue::Kind::Type;
      value.type = {value.expr->text, value.expr->range};
    }
  }
  value.range = since(first);
  return value;
}

void Parser::parseWith(TestDecl &test) {
  do {
    WithDecl with;
    const Token &first = peek();
    with.name = parseName("the name of a parameter");
    expect(Kind::In, "and a range");
    with.lo = parseExpr();
    expect(Kind::DotDot, "and the range's end");
    with.hi = parseExpr();
    with.range = since(first);
    test.with.push_back(std::move(with));
  } while (accept(Kind::Comma));
}

void Parser::parseTol(TestDecl &test) {
  const Token &keyword = expect(Kind::Tol, "and the tolerance");
  if (accept(Kind::Exact)) {
    test.tol.exact = true;
  } else if (peek().kind == Kind::LBrace) {
    Token opening = take();
    do {
      Name type = parseTypeName();
      expect(Kind::Colon, "");
      test.tol.byType.emplace_back(std::move(type), parseExpr());
    } while (accept(Kind::Comma));
    expectClosing(Kind::RBrace, opening);
  } else {
    test.tol.all = parseExpr();
  }
  test.tol.range = since(keyword);
}
