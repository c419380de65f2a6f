//===- Unit.h - a parsed file and the names it sees -------------------------===//
//
// Owns the global scope of a file. Internal to the front end.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Frontend.h"
#include "Syntax.h"

#include <map>

namespace tenon {

/// A const: folded where it has a value at compile time, else its expression (a reduction).
struct ConstValue {
  const syntax::ConstDecl *decl;
  const Unit *unit;
  enum class State { Untouched, Busy, Done } state = State::Untouched;
  ExprPtr expr; ///< Null after an error.
};

struct Global {
  enum class Kind { Const, Fn, Op, Broken } kind;
  SourceRange range;
  const Unit *unit;
  ConstValue *constant = nullptr;
  const syntax::FnDecl *fn = nullptr;
  const Operator *op = nullptr;
};

struct Unit {
  std::unique_ptr<SourceFile> source;
  std::unique_ptr<syntax::File> file;
  std::map<std::string, Global> scope;
  std::vector<std::unique_ptr<ConstValue>> consts;
  std::vector<std::unique_ptr<Operator>> operators;
  const Module *module = nullptr;
};

/// Fills the type variables of an operator or fn from its `where`; reports bad ones.
std::vector<TypeVariable> typeVariablesOf(const std::vector<syntax::Clause> &where, Diagnostics &diagnostics);
/// Reports a name that belongs to the language. False then.
bool checkDeclaredName(const syntax::Name &name, Diagnostics &diagnostics);

} // namespace tenon
