//===- Frontend.h - from a .tn file to typed trees --------------------------===//
//
// Owns what the compiler, the oracle and the tools call: parsing a module, its operators and tests, and instantiating
// an operator for a combination of types.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Ast.h"

namespace tenon {

struct Unit; // A parsed file: internal.
class Module;
namespace syntax {
struct OpDecl;
}

struct TypeVariable {
  std::string name;
  std::vector<DType> types; ///< In the order of `where`.
  SourceRange range;
};

struct Operator {
  std::string name, doc;
  std::vector<TypeVariable> typeVariables;
  SourceRange range; ///< All of it.
  SourceRange nameRange;
  const Unit *unit = nullptr;             ///< Internal.
  const syntax::OpDecl *syntax = nullptr; ///< Internal.
  const Module *module = nullptr;
};

/// One value of a binding of a test.
struct TestValue {
  ScalarValue scalar;         ///< Of a size, size parameter or scalar parameter.
  DType type = DType::Bool;   ///< Of a type variable.
  std::vector<int64_t> sizes; ///< Of a pack.
};
struct TestBinding {
  enum class Kind { Size, SizeParam, Scalar, Pack, Type } kind;
  std::string name;
  int symbol = -1; ///< In Instance::symbols (Size, SizeParam, Pack): the same for all combinations.
  int param = -1;  ///< In Instance::params (SizeParam, Scalar).
  bool isSet = false;
  std::vector<TestValue> values; ///< isSet.
  SizeExprPtr lo, hi;            ///< Size, SizeParam: drawn from lo..hi, half open; over symbols bound before.
  double realLo = 0, realHi = 0; ///< Scalar: drawn from realLo..realHi.
  SourceRange range;
};
struct TestInput {
  int param; ///< In Instance::params; a tensor or scalar input.
  double lo, hi;
  SourceRange range;
};
struct Test {
  const Operator *op = nullptr;
  std::vector<TestBinding> bindings;
  std::vector<TestInput> inputs;
  bool exact = false;
  std::optional<double> tolerance;                  ///< For every type; else:
  std::vector<std::pair<DType, double>> tolerances; ///< By the result's type; types absent are exact.
  SourceRange range;
  /// The tolerance of results of a type, 0 for exact. Integers and bool are exact unless told.
  double toleranceOf(DType type) const;
};

/// A file and what it imports, parsed. Owns all source text that trees and diagnostics point to: it outlives them.
class Module {
public:
  Module();
  ~Module();
  Module(const Module &) = delete;

  const std::vector<std::unique_ptr<Operator>> &operators() const; ///< Of the main file, in order.
  const Operator *find(std::string_view name) const;
  const std::vector<Test> &tests() const { return testList; }
  const SourceFile &source() const;
  /// Every file that was read, the main one first: for -MD.
  std::vector<std::string> files() const;

  std::vector<std::unique_ptr<Unit>> units; ///< Internal.
  std::vector<Test> testList;
};

/// Parses `path` and its imports, and checks everything that does not depend on a combination of types. Null where the
/// file cannot be read; else a module, which is of use only if `diagnostics` has no errors.
std::unique_ptr<Module> parseModule(const std::string &path, const std::vector<std::string> &importDirs,
                                    Diagnostics &diagnostics);
/// The same for text in memory; imports are looked for in `importDirs`.
std::unique_ptr<Module> parseBuffer(const std::string &name, std::string text,
                                    const std::vector<std::string> &importDirs, Diagnostics &diagnostics);

/// All combinations of the operator's types, the last variable fastest. One empty combination without variables.
std::vector<std::vector<DType>> combinations(const Operator &op);

/// Checks and types the operator for one combination. Null after an error.
std::unique_ptr<Instance> instantiate(const Operator &op, const std::vector<DType> &types, Diagnostics &diagnostics);

/// Every combination (or those of `chosen`, where it is not empty). An error or warning is reported once; where it
/// holds for some combinations only, a note names the first of them. Empty after an error.
std::vector<std::unique_ptr<Instance>> instantiateAll(const Operator &op, Diagnostics &diagnostics,
                                                      const std::vector<std::vector<DType>> &chosen = {});

/// instantiateAll for each operator of the module, for the diagnostics alone. True if there is no error.
bool checkModule(const Module &module, Diagnostics &diagnostics);

} // namespace tenon
