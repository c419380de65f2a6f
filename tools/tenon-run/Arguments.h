//===- Arguments.h - what an operator is run on -----------------------------===//
//
// Owns how options become arguments: which operator, which types, which sizes, and data for every input. Does not own
// the launch.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "package/PackageFile.h"

#include <map>
#include <string>
#include <vector>

namespace tenon {

/// What the user said, as texts.
struct Request {
  std::string op;
  std::map<std::string, std::string> inputs;         ///< Parameter to file or value.
  std::map<std::string, std::string> types;          ///< Type variable to type.
  std::map<std::string, std::vector<int64_t>> sizes; ///< Size to one extent, pack to several.
  std::map<std::string, bool> isPack;                ///< Whether a size was written in brackets.
  uint64_t seed = 0;
};

struct Argument {
  std::string name;
  package::ParamKind kind = package::ParamKind::Tensor;
  package::DType type = package::DType::F32;
  bool isResult = false;
  bool isDefault = false; ///< Passed as null.
  bool isRandom = false;
  std::vector<int64_t> shape; ///< Of tensors; of results filled by the runtime.
  std::vector<uint8_t> data;  ///< Of tensors.
  uint64_t bits = 0;          ///< Of scalars and sizes.
};

struct Call {
  std::string op;
  std::string types; ///< "T = f32", for people.
  std::vector<Argument> arguments;
};

/// Splits "b=[2048],d=4096" into `request`. False and a message when it is not of that form.
bool parseSizes(const std::string &text, Request &request, std::string &error);

/// Chooses operator and instance and prepares every input. False and a message that says what to give.
bool prepare(const PackageFile &file, const Request &request, Call &call, std::string &error);

} // namespace tenon
