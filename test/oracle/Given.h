//===- Given.h - what the oracle's tests share --------------------------------===//
//
// Owns evaluating an operator given as text on values given as numbers. Holds no expectations.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Compare.h"
#include "Frontend.h"
#include "Oracle.h"

#include <gtest/gtest.h>

namespace tenon::testing {

class Given {
public:
  explicit Given(const std::string &text, std::vector<DType> types = {}) {
    module = parseBuffer("t.tn", text, {}, diagnostics);
    if (!diagnostics.hasErrors()) {
      const Operator &op = *module->operators().back();
      instance = instantiate(op, types.empty() && !op.typeVariables.empty() ? combinations(op)[0] : types, diagnostics);
    }
    if (!instance) {
      ADD_FAILURE() << diagnostics.print();
      return;
    }
    arguments = oracle::argumentsOf(*instance);
  }

  Given &size(const std::string &name, int64_t value) {
    for (size_t i = 0; instance && i < instance->symbols.size(); ++i)
      if (instance->symbols[i].name == name)
        arguments.symbols[i] = value;
    return *this;
  }
  Given &pack(const std::string &name, std::vector<int64_t> extents) {
    for (size_t i = 0; instance && i < instance->symbols.size(); ++i)
      if (instance->symbols[i].name == name) {
        arguments.symbols[i] = 1;
        for (int64_t extent : extents)
          arguments.symbols[i] *= extent;
        arguments.packs[i] = extents;
      }
    return *this;
  }
  /// Sizes come first: they give the shape.
  template <typename Number> Given &tensor(const std::string &name, std::vector<Number> numbers) {
    for (size_t i = 0; instance && i < instance->params.size(); ++i) {
      const Param &param = instance->params[i];
      if (param.name != name)
        continue;
      oracle::TensorValues &values = arguments.tensors[i];
      values.type = param.type;
      std::string error;
      values.shape = oracle::shapeOf(*instance, param.dims, arguments, error).value_or(std::vector<int64_t>());
      for (Number number : numbers)
        if (isFloat(param.type))
          values.real.push_back(roundTo(param.type, static_cast<double>(number)));
        else
          values.integer.push_back(static_cast<int64_t>(number));
    }
    return *this;
  }
  Given &scalar(const std::string &name, double value) {
    for (size_t i = 0; instance && i < instance->params.size(); ++i)
      if (instance->params[i].name == name)
        arguments.scalars[i] = castValue({DType::F64, value, 0}, instance->params[i].type);
    return *this;
  }

  oracle::Outcome go() {
    if (!instance)
      return {oracle::Outcome::Kind::Refused, "no instance", {}};
    return oracle::Oracle(*instance).evaluate(arguments);
  }
  /// Every definition by name; fails where the evaluation does.
  oracle::TensorValues values(const std::string &name = "y") {
    oracle::Outcome outcome = go();
    EXPECT_EQ(outcome.kind, oracle::Outcome::Kind::Done) << outcome.message;
    for (size_t i = 0; i < outcome.tensors.size(); ++i)
      if (instance->tensors[i].name == name)
        return outcome.tensors[i];
    ADD_FAILURE() << "no " << name;
    return {};
  }
  std::vector<double> reals(const std::string &name = "y") { return values(name).real; }
  std::vector<int64_t> integers(const std::string &name = "y") { return values(name).integer; }

  Diagnostics diagnostics;
  std::unique_ptr<Module> module;
  std::unique_ptr<Instance> instance;
  oracle::Arguments arguments;
};

using Reals = std::vector<double>;
using Integers = std::vector<int64_t>;

} // namespace tenon::testing
