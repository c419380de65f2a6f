//===- Expressions.h - plan expressions as text and as values ---------------===//
//
// Owns printing and evaluating the expressions of a package for tools. Does not own the runtime's evaluation: that is
// the one that decides what is launched.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "package_generated.h"

#include <map>
#include <string>

namespace tenon {

/// The expressions of an instance and, continuing them, those of one of its variants.
class Expressions {
public:
  explicit Expressions(const package::Instance &instance, const package::Variant *variant = nullptr)
      : instance(instance), variant(variant) {}

  /// C's notation: "(m + 7) / 8 * n". Ids that no expression has print as "<no expression 7>".
  std::string text(uint32_t id) const;

  /// The value with symbols bound by name. False and a message for an unbound symbol, an overflow, or what only a
  /// device knows.
  bool evaluate(uint32_t id, const std::map<std::string, int64_t> &symbols, int64_t &value, std::string &error) const;

private:
  const package::Expr *at(uint32_t id) const;
  std::string text(uint32_t id, int outer, int &budget) const;
  bool evaluate(uint32_t id, const std::map<std::string, int64_t> &symbols, int64_t &value, std::string &error,
                int &budget) const;
  std::string symbolName(int64_t index) const;

  const package::Instance &instance;
  const package::Variant *variant;
};

} // namespace tenon
