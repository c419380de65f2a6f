//===- Program.h - the compact form of an instance --------------------------===//
//
// Owns the nodes that the evaluator walks: the typed tree without strings and maps, with what need not be decided for
// every element decided beforehand. Internal to the oracle.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Oracle.h"

#include <deque>

namespace tenon::oracle {

struct Node;

struct Sub {
  int slot = -1;              ///< The index that it is, where it is one.
  const Node *node = nullptr; ///< Else.
};

struct Loop {
  int slot;        ///< Of the index.
  int symbol = -1; ///< Of a pack.
  const Node *lo = nullptr, *hi = nullptr;
};

struct Node {
  ExprKind kind;
  uint8_t sub = 0;  ///< The UnaryOp, BinaryOp, ... of its kind.
  bool isReal;      ///< A float.
  bool isExact;     ///< An integer or bool that no uncertain float reaches.
  DType type, from; ///< `from`: of the operands of casts and comparisons.
  ElseKind elseKind = ElseKind::None;
  int slot = -1; ///< Index, symbol, parameter, tensor.
  const Node *a = nullptr, *b = nullptr, *c = nullptr;
  const Node *otherwise = nullptr; ///< Of a read.
  const Node *filter = nullptr;
  double real = 0;
  int64_t integer = 0;
  std::vector<Sub> subs;
  std::vector<Loop> loops;
  SourceRange range;
};

struct Statement {
  int tensor;
  std::vector<Loop> loops;
  const Node *body;
};

struct Program {
  std::deque<Node> nodes;
  std::vector<Statement> statements;
  int indexCount = 0;

  explicit Program(const Instance &instance);
};

/// Runs a program; throws Stopped where it cannot go on.
struct Stopped {
  Outcome::Kind kind;
  std::string message;
};
Outcome run(const Instance &instance, const Program &program, const Arguments &arguments);

} // namespace tenon::oracle
