//===- Bind.h - arguments of a call against an operator's signature ----------------------------------===//
//
// Owns the first half of a launch: which instance the arguments' types pick, what sizes they bind, whether everything
// agrees, where the tensors' memory is and that results do not overlap. Does not own variants and plans (Launch).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Module.h"
#include "core/Tensor.h"

namespace tenon {

enum class BindMode : uint8_t {
  Launch,   ///< Everything, data too.
  Shapes,   ///< Fills the results' shapes.
  Workspace ///< Inputs' shapes only; results may be null.
};

class Binding {
public:
  struct Argument {
    TensorView view;          ///< Tensors in a launch.
    Buffer *buffer = nullptr; ///< With `offset`; null: `offset` is an address.
    uint64_t offset = 0;
    uint64_t bits = 0; ///< Scalars, not widened. Sizes.
  };

  Status bind(LoadedOperator &op, void **args, BindMode mode);

  LoadedOperator *op = nullptr;
  InstanceState *state = nullptr;
  const package::Instance *instance = nullptr;
  Values values;
  std::vector<Argument> arguments;

private:
  Status pick(void **args);
  Status scalars(void **args);
  Status inputs(void **args);
  Status checks();
  Status results(void **args);
  Status data(void **args);
  Status overlaps();
  Status matchDims(const package::Param &param, const DLTensor &tensor, bool binds, uint32_t index);
  Status compareSymbol(uint32_t symbol, int64_t have, const package::Param &param, int dimension) const;
  Status fillShape(const package::Param &param, DLTensor &tensor);
  std::string shapeText(uint32_t symbol) const;
  static const DLTensor &tensor(void **args, uint32_t index) { return *static_cast<const DLTensor *>(args[index]); }

  /// Where a symbol got its value.
  struct Origin {
    bool bound = false;
    uint32_t param = 0;
    int dimension = 0;
    std::array<int64_t, maxTensorDims> pack; ///< Of a pack: its dimensions.
    int packDims = 0;
  };
  std::vector<Origin> origins;
  BindMode mode = BindMode::Launch;
};

/// A check's message with its values filled in; success if the condition holds.
Status runCheck(const package::Check &check, const Values &values, tnError_t code);

} // namespace tenon
