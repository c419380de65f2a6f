//===- Variant.h - the code that a device takes of a package ----------------===//
//
// Owns what the table says of an instance on a device: launches and emulations of the first variant whose requirements
// the device meets. The runtime decides for itself; this is the same rule, for people.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "package/PackageFile.h"
#include "tenon-check/Launch.h"

namespace tenon::check {

struct VariantText {
  std::string profile;    ///< Empty where no variant fits.
  std::string launches;   ///< "1", "2-3".
  std::string emulations; ///< "f16 arithmetic in f32; ..."
};

/// Results that may be exactly an input's memory, by parameter: each result and each input at most once.
std::vector<std::pair<size_t, size_t>> inPlaceOf(const PackageFile &file, const Instance &instance);

VariantText describeVariant(const PackageFile &file, const Instance &instance, const tnDeviceProp &device);

} // namespace tenon::check
