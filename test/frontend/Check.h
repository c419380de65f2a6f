//===- Check.h - what the front end's tests share ---------------------------===//
//
// Owns running the front end on a text and naming what it says. Holds no expectations.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Frontend.h"

#include <gtest/gtest.h>

namespace tenon::testing {

/// A checked text: the module, all that was said, and the first instance of every operator.
struct Checked {
  Diagnostics diagnostics;
  std::unique_ptr<Module> module;

  explicit Checked(const std::string &text, bool instantiate = true) {
    module = parseBuffer("t.tn", text, {}, diagnostics);
    if (module && instantiate)
      checkModule(*module, diagnostics);
  }

  /// "line:column: severity: message" of each, in the order of printing; notes are left out.
  std::string said() const {
    std::string printed = diagnostics.print(), out;
    size_t at = 0;
    while (at < printed.size()) {
      size_t end = printed.find('\n', at);
      std::string line = printed.substr(at, end - at);
      if (line.rfind("t.tn:", 0) == 0 && line.find(": note: ") == std::string::npos)
        out += line.substr(5) + "\n";
      at = end + 1;
    }
    return out;
  }
};

/// Everything that is said about a text.
inline std::string said(const std::string &text) { return Checked(text).said(); }

/// An instance, kept alive with its module.
struct Made {
  Checked checked;
  std::unique_ptr<Instance> instance;

  explicit Made(const std::string &text, std::vector<DType> types = {}, const std::string &name = "")
      : checked(text, false) {
    if (checked.diagnostics.hasErrors()) {
      ADD_FAILURE() << checked.diagnostics.print();
      return;
    }
    const Operator *op = name.empty() ? checked.module->operators().back().get() : checked.module->find(name);
    if (!op) {
      ADD_FAILURE() << "no operator " << name;
      return;
    }
    if (types.empty() && !op->typeVariables.empty())
      types = combinations(*op)[0];
    instance = instantiate(*op, types, checked.diagnostics);
    if (!instance)
      ADD_FAILURE() << checked.diagnostics.print();
  }
  const Instance *operator->() const { return instance.get(); }

  /// The body of the definition of a tensor, as dump prints it.
  std::string bodyOf(const std::string &tensor) const {
    if (!instance)
      return "no instance";
    std::string text = dump(*instance), head = "  define " + tensor + ": ";
    size_t at = text.find(head);
    if (at == std::string::npos)
      return "not defined";
    at = text.find("    = ", at) + 6;
    return text.substr(at, text.find('\n', at) - at);
  }

  /// Whether all launch checks hold; the message of the first that does not, else "". Values by the names of symbols.
  std::string launch(const std::map<std::string, int64_t> &sizes) const {
    std::vector<int64_t> values;
    for (const Symbol &symbol : instance->symbols) {
      auto found = sizes.find(symbol.name);
      values.push_back(found == sizes.end() ? 1 : found->second);
    }
    for (const LaunchCheck &check : instance->checks) {
      auto holds = evaluate(check.condition, values);
      if (holds && *holds)
        continue;
      std::string message = check.message;
      for (size_t i = 0; i < check.values.size(); ++i) {
        std::string placeholder = "{" + std::to_string(i) + "}";
        size_t at = message.find(placeholder);
        auto value = evaluate(check.values[i], values);
        if (at != std::string::npos)
          message.replace(at, placeholder.size(), value ? std::to_string(*value) : "overflow");
      }
      return message;
    }
    return "";
  }
};

} // namespace tenon::testing
