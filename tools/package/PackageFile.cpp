//===- PackageFile.cpp - a package as tools read it -------------------------===//
//
// Owns the checks on opening and the words of PackageFile.h.
//
//===------------------------------------------------------------------------===//
#include "package/PackageFile.h"

#include "StatedSize.h"
#include "package/Expressions.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sys/stat.h>

namespace tenon {

using package::DType;

/// The newest package format that these tools know.
constexpr uint32_t newestFormat = 1;

bool PackageFile::open(const std::string &path, std::string &error) {
  auto fail = [&](const std::string &what) {
    error = path + ": " + what;
    return false;
  };
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  struct stat info;
  if (!file || fstat(fileno(file.get()), &info) != 0)
    return fail(std::string("cannot be read: ") + std::strerror(errno));
  if (S_ISDIR(info.st_mode))
    return fail("not a package: it is a folder");
  bytes.clear();
  uint8_t block[1 << 14];
  while (size_t got = std::fread(block, 1, sizeof block, file.get())) {
    bytes.insert(bytes.end(), block, block + got);
    // Also what ends a file that never does.
    if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
      return fail("not a package: it has " + std::to_string(FLATBUFFERS_MAX_BUFFER_SIZE) + " bytes or more");
  }
  if (std::ferror(file.get()))
    return fail(std::string("cannot be read: ") + std::strerror(errno));
  if (bytes.size() < 8 || !package::PackageBufferHasIdentifier(bytes.data()))
    return fail("not a package (a .tnb file of " + std::to_string(bytes.size()) + " bytes, without the mark TNB1)");
  // As deep and wide as any package that the compiler writes, and small enough to stay fast on a forged one.
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), 256, 10'000'000);
  const bool whole = package::VerifyPackageBuffer(verifier);
  const uint64_t stated = package::statedSize(bytes.data(), bytes.size());
  if (stated > bytes.size() && (!whole || stated < FLATBUFFERS_MAX_BUFFER_SIZE))
    return fail("truncated: " + std::to_string(bytes.size()) + " of its " + std::to_string(stated) +
                " bytes are there");
  if (!whole)
    return fail("damaged: an offset or a size in it does not fit");

  const package::Package &package = get();
  if (package.format() == 0 || package.format() > newestFormat)
    return fail("has format " + std::to_string(package.format()) + ", this program knows 1 to " +
                std::to_string(newestFormat));
  const auto *table = reinterpret_cast<const flatbuffers::Table *>(&package);
  if (const uint8_t *field = table->GetAddressOf(package::Package::VT_CONTENT_HASH)) {
    std::vector<uint8_t> copy = bytes;
    std::memset(copy.data() + (field - bytes.data()), 0, sizeof(uint64_t));
    if (XXH64(copy.data(), copy.size(), 0) != package.content_hash())
      return fail("damaged: its content does not have the hash that it states");
  } else {
    return fail("damaged: it states no content hash");
  }
  return true;
}

std::string snakeCase(const char *name) {
  std::string result;
  for (const char *c = name; *c; ++c) {
    if (std::isupper(static_cast<unsigned char>(*c)) && c != name)
      result += '_';
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  }
  return result;
}

std::string typeName(DType type) {
  std::string name = package::EnumNameDType(type);
  for (char &c : name)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name.empty() ? "type " + std::to_string(static_cast<int>(type)) : name;
}

bool typeOfName(const std::string &name, DType &type) {
  for (DType candidate : package::EnumValuesDType())
    if (typeName(candidate) == name) {
      type = candidate;
      return true;
    }
  return false;
}

int typeBytes(DType type) {
  switch (type) {
  case DType::Bool:
  case DType::I8:
  case DType::U8:
    return 1;
  case DType::I16:
  case DType::U16:
  case DType::F16:
  case DType::BF16:
    return 2;
  case DType::I32:
  case DType::U32:
  case DType::F32:
    return 4;
  default:
    return 8;
  }
}

namespace {

template <typename Float> std::string shortest(Float value) {
  char text[64];
  auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

} // namespace

std::string valueText(DType type, uint64_t bits) {
  switch (type) {
  case DType::Bool:
    return bits & 0xff ? "true" : "false";
  case DType::I8:
    return std::to_string(static_cast<int8_t>(bits));
  case DType::I16:
    return std::to_string(static_cast<int16_t>(bits));
  case DType::I32:
    return std::to_string(static_cast<int32_t>(bits));
  case DType::I64:
    return std::to_string(static_cast<int64_t>(bits));
  case DType::U8:
    return std::to_string(static_cast<uint8_t>(bits));
  case DType::U16:
    return std::to_string(static_cast<uint16_t>(bits));
  case DType::U32:
    return std::to_string(static_cast<uint32_t>(bits));
  case DType::U64:
    return std::to_string(bits);
  case DType::F16:
    return shortest(static_cast<float>(std::bit_cast<_Float16>(static_cast<uint16_t>(bits))));
  case DType::BF16:
    return shortest(std::bit_cast<float>(static_cast<uint32_t>(bits) << 16));
  case DType::F32:
    return shortest(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  case DType::F64:
    return shortest(std::bit_cast<double>(bits));
  }
  return "?";
}

std::string paramText(const package::Instance &instance, const package::Param &param) {
  std::string text = param.name()->str() + ": ";
  Expressions expressions(instance);
  auto symbol = [&](uint32_t index) {
    const auto *symbols = instance.symbols();
    return symbols && index < symbols->size() ? symbols->Get(index)->name()->str()
                                              : "<no symbol " + std::to_string(index) + ">";
  };
  text += param.kind() == package::ParamKind::Size ? "size" : typeName(param.dtype());
  if (param.kind() == package::ParamKind::Tensor) {
    text += "[";
    if (const auto *dims = param.dims())
      for (uint32_t i = 0; i < dims->size(); ++i) {
        const package::Dim *dim = dims->Get(i);
        text += i ? ", " : "";
        text += dim->kind() == package::DimKind::Check  ? expressions.text(dim->value())
                : dim->kind() == package::DimKind::Pack ? "..." + symbol(dim->value())
                                                        : symbol(dim->value());
      }
    text += "]";
  }
  if (param.has_default())
    text +=
        " = " + valueText(param.kind() == package::ParamKind::Size ? DType::I64 : param.dtype(), param.default_bits());
  return text;
}

std::string instanceTypes(const package::Operator &op, const package::Instance &instance) {
  std::string text;
  const auto *types = instance.types();
  const auto *names = op.type_variables();
  for (uint32_t i = 0; types && i < types->size(); ++i) {
    text += i ? ", " : "";
    if (names && i < names->size())
      text += names->Get(i)->str() + " = ";
    text += typeName(static_cast<DType>(types->Get(i)));
  }
  return text;
}

std::string requirementText(const package::Requirement &requirement) {
  const char *relation = requirement.relation() == package::Relation::Equal     ? " is "
                         : requirement.relation() == package::Relation::AtLeast ? " at least "
                                                                                : " at most ";
  std::string value = std::to_string(requirement.value());
  if (requirement.property() == package::Property::Class && requirement.relation() == package::Relation::Equal)
    value = requirement.value() == 0 ? "cpu" : requirement.value() == 1 ? "gpu" : value;
  return snakeCase(package::EnumNameProperty(requirement.property())) + relation + value;
}

std::string targetName(package::Target target) {
  switch (target) {
  case package::Target::Host:
    return "host";
  case package::Target::OpenCL:
    return "opencl";
  case package::Target::SpirvOpenCL:
    return "spirv-opencl";
  case package::Target::SpirvVulkan:
    return "spirv-vulkan";
  }
  return "target " + std::to_string(static_cast<int>(target));
}

} // namespace tenon
