//===- Oracle.h - what an operator's formula gives --------------------------===//
//
// Owns the interpreter's interface: tensors of values with their uncertainty, arguments, evaluation and its cost. It
// works on the typed tree (Ast.h) and shares nothing with what the compiler does below it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Ast.h"
#include "Number.h"

#include <memory>
#include <string>
#include <vector>

namespace tenon::oracle {

/// A tensor's elements, row-major. Of floats the nominal values are in `real`, of everything else in `integer`. The
/// intervals are empty where every value is exact (inputs).
struct TensorValues {
  DType type = DType::F32;
  std::vector<int64_t> shape; ///< Packs expanded.
  std::vector<double> real, realLo, realHi;
  std::vector<int64_t> integer, integerLo, integerHi;
  std::vector<uint8_t> flags;

  int64_t size() const { return isFloat(type) ? real.size() : integer.size(); }
  Real realAt(size_t i) const {
    return realLo.empty() ? point(real[i]) : Real{real[i], realLo[i], realHi[i], flags[i]};
  }
  Integer integerAt(size_t i) const {
    return integerLo.empty() ? exactly(integer[i]) : Integer{integer[i], integerLo[i], integerHi[i], flags[i]};
  }
};

/// Elements as they are in memory, and back. The other way takes the nominal values.
TensorValues fromBytes(DType type, std::vector<int64_t> shape, const void *bytes);
std::vector<uint8_t> toBytes(const TensorValues &values);
/// Bytes of one element in memory.
size_t elementBytes(DType type);

struct Arguments {
  std::vector<int64_t> symbols;            ///< By symbol; of a pack the product.
  std::vector<std::vector<int64_t>> packs; ///< By symbol; of a pack its dimensions.
  std::vector<ScalarValue> scalars;        ///< By parameter; of scalar parameters.
  std::vector<TensorValues> tensors;       ///< By parameter; of tensor inputs.
};
/// Symbols and packs without values, scalars with their defaults.
Arguments argumentsOf(const Instance &instance);

/// The shape of a tensor or parameter; nothing and a message where it is negative or overflows.
std::optional<std::vector<int64_t>> shapeOf(const Instance &instance, const std::vector<Dim> &dims,
                                            const Arguments &arguments, std::string &error);
/// The message of the first launch check that fails, "" if all hold.
std::string failedCheck(const Instance &instance, const Arguments &arguments);

struct Outcome {
  enum class Kind {
    Done,
    Fault,  ///< A read with `else error` was outside: a device reports that too.
    Refused ///< The arguments do not fit, or a launch check fails.
  } kind = Kind::Done;
  std::string message;
  std::vector<TensorValues> tensors; ///< By tensor; of definitions. Empty where there is an error.
};

struct Program;

/// An instance compiled to a compact form. The instance must outlive it.
class Oracle {
public:
  explicit Oracle(const Instance &instance);
  ~Oracle();
  Oracle(Oracle &&) noexcept;

  /// About how many operations an evaluation takes; infinite where sizes overflow.
  double cost(const std::vector<int64_t> &symbols) const;
  Outcome evaluate(const Arguments &arguments) const;

private:
  const Instance &instance;
  std::unique_ptr<const Program> program;
};

} // namespace tenon::oracle
