//===- Package.cpp - opening a package ---------------------------------------------===//
#include "core/Package.h"

#include "package/StatedSize.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tenon {

using namespace package;

// The limits of the verifier: a package has one table a step, kernel, check and so on.
static bool verify(const uint8_t *bytes, size_t size) {
  flatbuffers::Verifier verifier(bytes, size, /*max_depth=*/64, /*max_tables=*/4000000);
  return VerifyPackageBuffer(verifier);
}

uint64_t contentHash(const uint8_t *bytes, size_t size) {
  const Package &root = *GetPackage(bytes);
  const auto *table = reinterpret_cast<const flatbuffers::Table *>(&root);
  const uint8_t *field = table->GetAddressOf(Package::VT_CONTENT_HASH);
  if (!field) // a hash of zero is not stored
    return XXH64(bytes, size, 0);
  size_t at = field - bytes;
  XXH64_state_t state;
  XXH64_reset(&state, 0);
  const uint64_t zero = 0;
  XXH64_update(&state, bytes, at);
  XXH64_update(&state, &zero, sizeof zero);
  XXH64_update(&state, bytes + at + sizeof zero, size - at - sizeof zero);
  return XXH64_digest(&state);
}

Status PackageFile::open(std::vector<uint8_t> bytes, const std::string &name,
                         std::shared_ptr<const PackageFile> &file) {
  const char *n = name.c_str();
  if (bytes.empty())
    return error(tnErrorInvalidPackage, "%s: not a package: it is empty", n);
  if (bytes.size() < 8 || memcmp(bytes.data() + 4, PackageIdentifier(), 4) != 0)
    return error(tnErrorInvalidPackage, "%s: not a package: it does not have the mark '%s' at byte 4", n,
                 PackageIdentifier());
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
    return error(tnErrorInvalidPackage, "%s: a package of %zu bytes, the limit is %zu", n, bytes.size(),
                 static_cast<size_t>(FLATBUFFERS_MAX_BUFFER_SIZE));
  const uint64_t stated = package::statedSize(bytes.data(), bytes.size());
  const bool whole = verify(bytes.data(), bytes.size());
  if (stated > bytes.size() && (!whole || stated < FLATBUFFERS_MAX_BUFFER_SIZE))
    return error(tnErrorInvalidPackage, "%s: the package is truncated: %zu of its %llu bytes are there", n,
                 bytes.size(), static_cast<unsigned long long>(stated));
  if (!whole) {
    uint32_t root = 0;
    memcpy(&root, bytes.data(), sizeof root);
    if (root + sizeof(int32_t) > bytes.size())
      return error(tnErrorInvalidPackage, "%s: the package is truncated: only %zu bytes are there", n, bytes.size());
    return error(tnErrorInvalidPackage, "%s: the package is damaged: its tables do not fit together", n);
  }
  const Package &root = *GetPackage(bytes.data());
  // Before the hash: a newer format may hash otherwise.
  if (root.format() > packageFormat)
    return error(tnErrorPackageTooNew, "%s: the package has format %u, this runtime reads up to %u; update the runtime",
                 n, root.format(), packageFormat);
  if (root.format() == 0)
    return error(tnErrorInvalidPackage, "%s: the package is damaged: its format is 0", n);
  uint64_t hash = contentHash(bytes.data(), bytes.size());
  if (hash != root.content_hash())
    return error(tnErrorInvalidPackage, "%s: the package is damaged: its content hash is %016llx, it says %016llx", n,
                 static_cast<unsigned long long>(hash), static_cast<unsigned long long>(root.content_hash()));
  if (Status status = checkPackage(root); !status.ok())
    return std::move(status).in(name + ": the package is damaged");
  auto result = std::make_shared<PackageFile>();
  result->bytes = std::move(bytes);
  file = std::move(result);
  return {};
}

Status PackageFile::openFile(const char *path, std::shared_ptr<const PackageFile> &file) {
  std::unique_ptr<FILE, int (*)(FILE *)> in(fopen(path, "rbe"), fclose);
  if (!in)
    return error(errno == ENOENT ? tnErrorFileNotFound : tnErrorOperatingSystem, "cannot open %s: %s", path,
                 strerror(errno));
  struct stat info;
  if (fstat(fileno(in.get()), &info) != 0 || S_ISDIR(info.st_mode))
    return error(tnErrorInvalidPackage, "%s: not a package: it is a folder", path);
  std::vector<uint8_t> bytes;
  bytes.reserve(info.st_size > 0 ? info.st_size : 0);
  uint8_t block[1 << 16];
  while (size_t got = fread(block, 1, sizeof block, in.get())) {
    bytes.insert(bytes.end(), block, block + got);
    if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
      break; // `open` says that it is too long
  }
  if (ferror(in.get()))
    return error(tnErrorOperatingSystem, "cannot read %s: %s", path, strerror(errno));
  return open(std::move(bytes), path, file);
}

unsigned sizeOf(DType type) {
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
  case DType::I64:
  case DType::U64:
  case DType::F64:
    return 8;
  }
  return 0;
}

const char *nameOf(DType type) {
  static const char *const names[] = {"bool", "i8",  "i16", "i32",  "i64", "u8", "u16",
                                      "u32",  "u64", "f16", "bf16", "f32", "f64"};
  return type <= DType::MAX ? names[static_cast<size_t>(type)] : "?";
}

const char *nameOf(Property property) {
  static const char *const names[] = {"class",
                                      "x86-64 level",
                                      "vector bits",
                                      "compute units",
                                      "work-items per group",
                                      "workgroup memory",
                                      "subgroup size",
                                      "bytes of one buffer argument",
                                      "SPIR-V version",
                                      "f16 arithmetic",
                                      "f64 arithmetic",
                                      "i8 arithmetic",
                                      "i16 arithmetic",
                                      "i64 arithmetic",
                                      "8-bit storage",
                                      "16-bit storage",
                                      "fused multiply-add",
                                      "memory shared with the host"};
  return property <= Property::MAX ? names[static_cast<size_t>(property)] : "?";
}

const char *nameOf(Target target) {
  static const char *const names[] = {"host", "opencl", "spirv-opencl", "spirv-vulkan"};
  return target <= Target::MAX ? names[static_cast<size_t>(target)] : "?";
}

} // namespace tenon
