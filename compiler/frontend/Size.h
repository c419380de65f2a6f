//===- Size.h - expressions over sizes and their normal form ----------------===//
//
// Owns SizeExpr, what is known at launch: 64-bit signed expressions over an instance's symbols (sizes, size parameters,
// packs' products), its arithmetic and its normal form as a polynomial. Does not own indices' bounds (Bounds.cpp).
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace tenon {

struct SizeExpr;
using SizeExprPtr = std::shared_ptr<const SizeExpr>;

/// The operations are those of the plan (package.fbs): Div truncates with x / 0 = 0, Rem has the dividend's sign with
/// x % 0 = x; compare and logic give 0 or 1; Select is a ? b : c.
struct SizeExpr {
  enum class Op { Const, Symbol, Add, Sub, Mul, Div, Rem, Min, Max, Eq, Ne, Lt, Le, And, Or, Not, Select };
  Op op;
  int64_t value = 0; ///< Const: the number. Symbol: its index in Instance::symbols.
  SizeExprPtr a, b, c;
  uint64_t nodes = 1; ///< As a tree.
};

SizeExprPtr sizeConst(int64_t value);
SizeExprPtr sizeSymbol(int symbol);
/// Folds what is constant; never folds an operation that overflows.
SizeExprPtr sizeBinary(SizeExpr::Op op, SizeExprPtr a, SizeExprPtr b);
SizeExprPtr sizeNot(SizeExprPtr a);
SizeExprPtr sizeSelect(SizeExprPtr condition, SizeExprPtr a, SizeExprPtr b);
inline SizeExprPtr operator+(SizeExprPtr a, SizeExprPtr b) { return sizeBinary(SizeExpr::Op::Add, a, b); }
inline SizeExprPtr operator-(SizeExprPtr a, SizeExprPtr b) { return sizeBinary(SizeExpr::Op::Sub, a, b); }
inline SizeExprPtr operator*(SizeExprPtr a, SizeExprPtr b) { return sizeBinary(SizeExpr::Op::Mul, a, b); }

/// The number, where the expression has no symbol left.
std::optional<int64_t> constantOf(const SizeExprPtr &expr);
/// The value for given symbols; nothing where it overflows.
std::optional<int64_t> evaluate(const SizeExprPtr &expr, const std::vector<int64_t> &symbols);
/// As the user would write it; `name` gives a symbol's name.
std::string print(const SizeExprPtr &expr, const std::function<std::string(int)> &name);
/// Each symbol once, in order of appearance.
void collectSymbols(const SizeExprPtr &expr, std::vector<int> &symbols);
/// Puts `values[s]` in place of symbol s.
SizeExprPtr substitute(const SizeExprPtr &expr, const std::vector<SizeExprPtr> &values);

/// A sum of products over atoms with integer coefficients. An atom is a symbol, an index, or an expression that is no
/// polynomial (a quotient, a remainder, a minimum ...), known by its canonical text.
struct Atom {
  enum class Kind { Symbol, Index, Opaque } kind = Kind::Symbol;
  int id = 0;        ///< Symbol or index.
  std::string key;   ///< Opaque: canonical text, equal for equal expressions.
  SizeExprPtr value; ///< Opaque over symbols alone: the expression; else null.
  bool operator<(const Atom &o) const { return std::tie(kind, id, key) < std::tie(o.kind, o.id, o.key); }
  bool operator==(const Atom &o) const { return kind == o.kind && id == o.id && key == o.key; }
};
using Monomial = std::vector<Atom>; ///< Sorted; the empty one is the constant term.

struct Polynomial {
  std::map<Monomial, int64_t> terms; ///< Without zero coefficients.
  bool overflow = false;             ///< A coefficient left 64 bits: equal to nothing.

  std::optional<int64_t> constant() const;
  bool hasOpaque() const;
  bool hasIndex() const;
  bool operator==(const Polynomial &o) const { return !overflow && !o.overflow && terms == o.terms; }
};
Polynomial polyConst(int64_t value);
Polynomial polyAtom(Atom atom);
Polynomial operator+(const Polynomial &a, const Polynomial &b);
Polynomial operator-(const Polynomial &a, const Polynomial &b);
Polynomial operator*(const Polynomial &a, const Polynomial &b);

/// `name(operands)` as one atom; `value` is the same over symbols alone, or null.
Polynomial polyOpaque(const std::string &name, const std::vector<Polynomial> &operands, SizeExprPtr value);

Polynomial normalize(const SizeExprPtr &expr);
/// The polynomial as an expression; it has no index (and no opaque atom over one).
SizeExprPtr toSize(const Polynomial &poly);
/// Whether the normal forms as polynomials are the same.
bool sameSize(const SizeExprPtr &a, const SizeExprPtr &b);

} // namespace tenon
