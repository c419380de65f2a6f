//===- ParseExpr.cpp - the parser's expressions -----------------------------===//
//
// Owns the grammar from `expr` down, and the tokens' handling that both halves share.
//
//===------------------------------------------------------------------------===//
#include "Limits.h"
#include "Parser.h"

#include <algorithm>

using namespace tenon;
using namespace tenon::syntax;
using Kind = TokenKind;

// ---- tokens --------------------------------------------------------------------------------------------------------

const Token &Parser::peek(size_t ahead) const { return tokens[std::min(at + ahead, tokens.size() - 1)]; }

const Token &Parser::take() {
  const Token &token = tokens[at];
  if (at + 1 < tokens.size())
    ++at;
  return token;
}

/// Whether the next token is `kind` and still on this line (or inside brackets).
bool Parser::isHere(Kind kind) const { return peek().kind == kind && (brackets > 0 || !peek().startsLine); }

bool Parser::accept(Kind kind) {
  if (peek().kind != kind)
    return false;
  take();
  return true;
}

void Parser::fail(SourceRange range, std::string message) {
  // A line with a bad character has been told of; what follows from it has not to be.
  if (!badLines.count(range.line()))
    diagnostics.error(range, std::move(message));
  throw SyntaxError();
}

void Parser::failHere(const std::string &expected) {
  const Token &token = peek();
  // A statement cut short is best shown where it was cut, not on the next line.
  if (at > 0 && brackets == 0 && (token.startsLine || token.kind == Kind::End)) {
    SourceRange last = tokens[at - 1].range;
    fail({last.file, last.end, last.end}, "expected " + expected + " before the end of the line");
  }
  fail(token.range, "expected " + expected + ", found " + describe(token));
}

const Token &Parser::expect(Kind kind, const char *where) {
  if (peek().kind != kind)
    failHere(describe(kind) + (*where ? std::string(" ") + where : ""));
  return take();
}

const Token &Parser::expectClosing(Kind kind, const Token &opening) {
  if (peek().kind != kind) {
    auto &diagnostic = diagnostics.error(peek().range, "expected " + describe(kind) + ", found " + describe(peek()));
    diagnostic.notes.push_back({opening.range, "to close this " + describe(opening)});
    throw SyntaxError();
  }
  return take();
}

Name Parser::parseName(const char *what) {
  const Token &token = peek();
  if (token.kind == Kind::Name)
    return {std::string(take().text()), token.range};
  if (token.kind > Kind::Tilde)
    fail(token.range, describe(token) + " is a reserved word; expected " + what);
  failHere(what);
}

Name Parser::parseTypeName() {
  const Token &token = peek();
  if (token.kind == Kind::Name)
    return {std::string(take().text()), token.range};
  failHere("a type");
}

SourceRange Parser::since(const Token &first) const { return join(first.range, tokens[at ? at - 1 : 0].range); }

NodePtr Parser::make(NodeKind kind, SourceRange range) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->range = range;
  return node;
}

void Parser::adopt(Node &parent, NodePtr child) {
  parent.depth = std::max(parent.depth, child->depth + 1);
  if (parent.depth > maxNesting)
    fail(parent.range, "the expression is nested more than " + std::to_string(maxNesting) +
                           " levels deep: define parts of it by name");
  parent.kids.push_back(std::move(child));
}

// ---- operators -----------------------------------------------------------------------------------------------------

/// C's levels, loosest first; 0 for what is no binary operator.
static int levelOf(Kind kind) {
  switch (kind) {
  case Kind::PipePipe:
    return 1;
  case Kind::AmpAmp:
    return 2;
  case Kind::Pipe:
    return 3;
  case Kind::Caret:
    return 4;
  case Kind::Amp:
    return 5;
  case Kind::EqEq:
  case Kind::Ne:
    return 6;
  case Kind::Lt:
  case Kind::Le:
  case Kind::Gt:
  case Kind::Ge:
    return 7;
  case Kind::Shl:
  case Kind::Shr:
    return 8;
  case Kind::Plus:
  case Kind::Minus:
    return 9;
  case Kind::Star:
  case Kind::Slash:
  case Kind::Percent:
    return 10;
  default:
    return 0;
  }
}

static bool isComparison(const Node &node) {
  return node.kind == NodeKind::Binary && !node.parenthesized && (levelOf(node.token) == 6 || levelOf(node.token) == 7);
}

NodePtr Parser::parseExpr() {
  struct Level {
    unsigned &count;
    ~Level() { --count; }
  } level{++nesting};
  if (nesting > maxNesting)
    fail(peek().range, "the expression is nested more than " + std::to_string(maxNesting) +
                           " levels deep: define parts of it by name");
  NodePtr condition = parseBinary(1);
  if (!isHere(Kind::Question))
    return condition;
  SourceRange question = take().range;
  NodePtr whole = make(NodeKind::Ternary, condition->range);
  whole->nameRange = question;
  NodePtr yes = parseExpr();
  if (!isHere(Kind::Colon))
    failHere("':' of '? :'");
  take();
  NodePtr no = parseExpr();
  whole->range = join(condition->range, no->range);
  adopt(*whole, std::move(condition));
  adopt(*whole, std::move(yes));
  adopt(*whole, std::move(no));
  return whole;
}

NodePtr Parser::parseBinary(int minLevel) {
  NodePtr left = parseUnary();
  for (;;) {
    const Token &op = peek();
    int level = levelOf(op.kind);
    if (level == 0 || level < minLevel || !isHere(op.kind))
      return left;
    take();
    NodePtr right = parseBinary(level + 1);
    bool compares = level == 6 || level == 7;
    if (compares && (isComparison(*left) || isComparison(*right)))
      fail(op.range, "a comparison as an operand of '" + std::string(op.text()) + "' needs parentheses");
    if (left->kind == NodeKind::Read && left->elseRange.file && !left->parenthesized) {
      std::string word = left->elseError ? "error" : left->orElse->range.oneLine();
      diagnostics.warning(left->elseRange, "'else' takes only '" + word + "': '" + std::string(op.text()) +
                                               "' applies to the whole read; write parentheses to say which is meant");
    }
    NodePtr whole = make(NodeKind::Binary, join(left->range, right->range));
    whole->token = op.kind;
    whole->nameRange = op.range;
    adopt(*whole, std::move(left));
    adopt(*whole, std::move(right));
    left = std::move(whole);
  }
}

NodePtr Parser::parseUnary() {
  std::vector<Token> operators;
  while (peek().kind == Kind::Minus || peek().kind == Kind::Bang || peek().kind == Kind::Tilde) {
    operators.push_back(take());
    if (operators.size() > maxNesting)
      fail(operators.back().range, "the expression is nested more than " + std::to_string(maxNesting) +
                                       " levels deep: define parts of it by name");
  }
  NodePtr node = parsePrimary();
  while (!operators.empty()) {
    NodePtr whole = make(NodeKind::Unary, join(operators.back().range, node->range));
    whole->token = operators.back().kind;
    whole->nameRange = operators.back().range;
    adopt(*whole, std::move(node));
    node = std::move(whole);
    operators.pop_back();
  }
  return node;
}

// ---- primaries -----------------------------------------------------------------------------------------------------

NodePtr Parser::parsePrimary() {
  const Token &token = peek();
  switch (token.kind) {
  case Kind::Integer:
  case Kind::Float:
  case Kind::Inf:
  case Kind::Nan:
  case Kind::True:
  case Kind::False: {
    NodePtr node = make(NodeKind::Number, token.range);
    node->token = take().kind;
    return node;
  }
  case Kind::LParen: {
    Token opening = take();
    ++brackets;
    NodePtr node = parseExpr();
    expectClosing(Kind::RParen, opening);
    --brackets;
    node->parenthesized = true;
    node->range = since(opening);
    return node;
  }
  case Kind::Name:
    return parseNamed();
  case Kind::Acc:
    take();
    if (!isHere(Kind::LParen))
      failHere("'(' after 'acc'");
    return parseCallTail(token);
  case Kind::Max:
  case Kind::Min:
    if (peek(1).kind == Kind::LParen) {
      take();
      return parseCallTail(token);
    }
    [[fallthrough]];
  case Kind::Sum:
  case Kind::Prod:
  case Kind::Any:
  case Kind::All:
  case Kind::ArgMax:
  case Kind::ArgMin:
    return parseReduction();
  case Kind::Ellipsis:
    fail(token.range, "a pack of indices stands as a whole subscript only, as in x[...i]");
  default:
    if (token.kind > Kind::Tilde && !token.startsLine)
      fail(token.range, describe(token) + " is a reserved word; expected an expression");
    failHere("an expression");
  }
}

NodePtr Parser::parseNamed() {
  const Token &token = take();
  Name name{std::string(token.text()), token.range};
  if (isHere(Kind::LBracket))
    return parseReadTail(std::move(name));
  if (isHere(Kind::LParen))
    return parseCallTail(token);
  NodePtr node = make(NodeKind::Name, token.range);
  node->nameRange = token.range;
  node->text = name.text;
  return node;
}

NodePtr Parser::parseReadTail(Name name) {
  Token opening = take();
  NodePtr node = make(NodeKind::Read, name.range);
  node->text = name.text;
  node->nameRange = name.range;
  ++brackets;
  if (peek().kind != Kind::RBracket) {
    do {
      if (peek().kind == Kind::Ellipsis) {
        Token dots = take();
        Name pack = parseName("the name of a pack of indices");
        NodePtr sub = make(NodeKind::Pack, since(dots));
        sub->text = pack.text;
        adopt(*node, std::move(sub));
      } else {
        adopt(*node, parseExpr());
      }
    } while (accept(Kind::Comma));
  }
  expectClosing(Kind::RBracket, opening);
  --brackets;
  if (isHere(Kind::Else)) {
    node->elseRange = take().range;
    if (accept(Kind::Error)) {
      node->elseError = true;
    } else {
      node->orElse = parseElseValue();
      node->depth = std::max(node->depth, node->orElse->depth + 1);
      if (node->depth > maxNesting)
        fail(node->elseRange, "the expression is nested more than " + std::to_string(maxNesting) +
                                  " levels deep: define parts of it by name");
    }
  }
  node->range = join(name.range, tokens[at - 1].range);
  return node;
}

/// primary | "-" NUMBER | "-" "inf": one primary, so that `x[i] else 0 * w` is (x[i] else 0) * w.
NodePtr Parser::parseElseValue() {
  struct Level {
    unsigned &count;
    ~Level() { --count; }
  } level{++nesting};
  if (nesting > maxNesting)
    fail(peek().range, "the expression is nested more than " + std::to_string(maxNesting) +
                           " levels deep: define parts of it by name");
  if (peek().kind != Kind::Minus)
    return parsePrimary();
  Token minus = take();
  if (peek().kind != Kind::Integer && peek().kind != Kind::Float && peek().kind != Kind::Inf)
    fail(peek().range, "'else' takes one primary: write parentheses, else (-...)");
  NodePtr whole = make(NodeKind::Unary, minus.range);
  whole->token = Kind::Minus;
  whole->nameRange = minus.range;
  adopt(*whole, parsePrimary());
  whole->range = since(minus);
  return whole;
}

NodePtr Parser::parseCallTail(const Token &name) {
  NodePtr node = make(NodeKind::Call, name.range);
  node->text = std::string(name.text());
  node->token = name.kind;
  node->nameRange = name.range;
  Token opening = expect(Kind::LParen, "");
  ++brackets;
  if (peek().kind != Kind::RParen) {
    do {
      Name argName;
      if (peek().kind == Kind::Name && peek(1).kind == Kind::Assign) {
        argName = parseName("a name");
        take();
      }
      node->argNames.push_back(std::move(argName));
      adopt(*node, parseExpr());
    } while (accept(Kind::Comma));
  }
  expectClosing(Kind::RParen, opening);
  --brackets;
  node->range = join(name.range, tokens[at - 1].range);
  return node;
}

NodePtr Parser::parseReduction() {
  Token keyword = take();
  std::string word(keyword.text());
  if (!isHere(Kind::LBracket))
    fail(keyword.range, "'" + word + "' needs its indices: " + word + "[i](...)");
  NodePtr node = make(NodeKind::Reduction, keyword.range);
  node->token = keyword.kind;
  node->text = word;
  node->nameRange = keyword.range;
  Token opening = take();
  ++brackets;
  unsigned depth = 0;
  do {
    node->indices.push_back(parseIndex(true));
    for (const NodePtr *bound : {&node->indices.back().lo, &node->indices.back().hi})
      if (*bound)
        depth = std::max(depth, (*bound)->depth);
  } while (accept(Kind::Comma));
  if (accept(Kind::Where)) {
    node->filter = parseExpr();
    depth = std::max(depth, node->filter->depth);
  }
  expectClosing(Kind::RBracket, opening);
  --brackets;
  if (!isHere(Kind::LParen))
    failHere("'(' and what to reduce");
  Token paren = take();
  ++brackets;
  NodePtr body = parseExpr();
  expectClosing(Kind::RParen, paren);
  --brackets;
  body->depth = std::max(body->depth, depth);
  node->range = since(keyword);
  adopt(*node, std::move(body));
  return node;
}

IndexDecl Parser::parseIndex(bool isReduction) {
  IndexDecl index;
  const Token first = peek();
  if (accept(Kind::Ellipsis)) {
    index.isPack = true;
    index.name = parseName("the name of a pack of indices");
    index.range = since(first);
    if (peek().kind == Kind::Colon)
      fail(peek().range, "a pack of indices takes its range from what it reads, not from ':'");
    return index;
  }
  index.name = parseName("the name of an index");
  if (accept(Kind::Colon)) {
    index.hi = parseExpr();
    if (peek().kind == Kind::DotDot) {
      if (!isReduction)
        fail(peek().range, "an index on the left starts at 0: write '" + index.name.text + ": n'");
      take();
      index.lo = std::move(index.hi);
      index.hi = parseExpr();
    }
  }
  index.range = since(first);
  return index;
}
