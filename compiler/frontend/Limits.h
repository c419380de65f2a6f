//===- Limits.h - what the front end refuses to go beyond -------------------===//
//
// Owns the bounds that keep hostile input from exhausting stack, memory or time. Each has an error that names it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>

namespace tenon {

constexpr uint64_t maxFileBytes = 4 << 20;
constexpr unsigned maxNesting = 200;           ///< Levels of an expression's syntax.
constexpr unsigned maxErrors = 100;            ///< Errors of one file; later ones are dropped, and that is said.
constexpr unsigned maxImportDepth = 64;        ///< Files that import one another.
constexpr unsigned maxCallDepth = 64;          ///< Operators or fns that call one another.
constexpr unsigned maxDefinitions = 2048;      ///< Of an instance, after the expansion of calls.
constexpr uint64_t maxExpressionNodes = 50000; ///< Of one definition as a tree, after the expansion of fns.
constexpr uint64_t maxInstanceNodes = 1000000; ///< Of all definitions, after the expansion of calls.
constexpr uint64_t maxSizeNodes = 4000;        ///< Of an expression over sizes.
constexpr unsigned maxRank = 16;               ///< Dimensions of a tensor.
constexpr unsigned maxCombinations = 4096;     ///< Of an operator's types.

} // namespace tenon
