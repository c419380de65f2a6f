//===- PackageFile.h - a package as tools read it ---------------------------===//
//
// Owns opening a .tnb for reading and the words for what is in it: types, signatures, requirements. Does not own
// running anything (the runtime does, with stricter checks of its own).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "package_generated.h"

#include <string>
#include <vector>

namespace tenon {

class PackageFile {
public:
  /// Reads and verifies: a package, whole, of a known format, with the right content hash. False and a message if not.
  bool open(const std::string &path, std::string &error);

  const package::Package &get() const { return *package::GetPackage(bytes.data()); }
  size_t size() const { return bytes.size(); }

private:
  std::vector<uint8_t> bytes;
};

/// The language's name of a type: "f32".
std::string typeName(package::DType type);
/// Bytes of one element in memory.
int typeBytes(package::DType type);
/// The type of that name; false when there is none.
bool typeOfName(const std::string &name, package::DType &type);

/// As a user writes it: "x: f32[...b, d]", "eps: f32 = 1e-06".
std::string paramText(const package::Instance &instance, const package::Param &param);
/// "f32, i32": the types of an instance, "" without type variables. With names: "T = f32".
std::string instanceTypes(const package::Operator &op, const package::Instance &instance);
/// "float64 is 1", "isa_level at least 3".
std::string requirementText(const package::Requirement &requirement);
/// "host", "opencl", "spirv-opencl", "spirv-vulkan".
std::string targetName(package::Target target);
/// CamelCase of the format's names as words with underscores: "MaxGroupSize" is "max_group_size".
std::string snakeCase(const char *name);

/// A value of a type, from its bits, for people: shortest text that reads back as the same value.
std::string valueText(package::DType type, uint64_t bits);

} // namespace tenon
