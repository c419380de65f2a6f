//===- Describe.h - a package as a tree of words ----------------------------===//
//
// Owns what tenon-objdump says of operators, plans and modules; the text and the JSON are two prints of one tree.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "package/PackageFile.h"

#include <nlohmann/json.hpp>

namespace tenon {

using Json = nlohmann::ordered_json;

Json describePackage(const PackageFile &file, const std::string &path);
/// One operator with its instances; `index` must exist.
Json describeOperator(const package::Package &package, const package::Operator &op);
Json describeModule(const package::Module &module, uint32_t index);

/// The trees as text.
std::string operatorText(const Json &op);
std::string moduleText(const Json &module);

} // namespace tenon
