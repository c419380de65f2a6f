//===- Vendors.cpp - which OpenCL drivers there are -------------------------===//
//
// Owns the reading of vendor folders and .icd files, by the rules of ocl-icd: OCL_ICD_VENDORS is a folder, one .icd
// file or one library.
//
//===------------------------------------------------------------------------===//
#include "Vendors.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tenon::opencl {

namespace fs = std::filesystem;

constexpr const char *defaultFolder = "/etc/OpenCL/vendors";

static bool isVendorFile(const fs::path &path) { return path.extension() == ".icd"; }

/// The library that a .icd file names: its first line. Empty if there is none.
static std::string readVendorFile(const std::string &file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  size_t end = line.find_last_not_of(" \t\r\n");
  return end == std::string::npos ? std::string() : line.substr(0, end + 1);
}

static ProbeUnit makeUnit(const std::string &file, const std::string &library) {
  ProbeUnit unit;
  unit.name = file;
  unit.files.push_back(file);
  if (!library.empty() && library != file)
    unit.files.push_back(library);
  return unit;
}

void findUnits(std::vector<ProbeUnit> &units, std::vector<LeftOut> &leftOut) {
  // The loader's presence is what says that OpenCL is installed: drivers' files without it are remains.
  if (Status status = checkLoader(); !status.ok()) {
    leftOut.push_back({"opencl", status.message()});
    return;
  }
  if (loaderIsNamed()) {
    units.push_back(makeUnit(loaderFile(), {}));
    return;
  }

  const char *variable = "OCL_ICD_VENDORS";
  const char *place = std::getenv(variable);
  if (!place || !*place)
    place = std::getenv(variable = "OPENCL_VENDOR_PATH");
  if (!place || !*place) {
    variable = nullptr;
    place = defaultFolder;
  }

  std::error_code code;
  std::vector<std::string> files;
  if (fs::is_directory(place, code)) {
    for (fs::directory_iterator entry(place, code), end; !code && entry != end; entry.increment(code))
      if (isVendorFile(entry->path()))
        files.push_back(entry->path().string());
    std::sort(files.begin(), files.end());
  } else if (isVendorFile(place)) {
    files.push_back(place);
  } else if (variable) {
    // A library by itself; whether it is there, its opening will tell.
    units.push_back(makeUnit(place, {}));
    return;
  }

  std::vector<std::string> seen;
  for (const std::string &file : files) {
    std::string library = readVendorFile(file);
    if (library.empty()) {
      leftOut.push_back({file, "the file cannot be read or names no library"});
      continue;
    }
    if (std::find(seen.begin(), seen.end(), library) != seen.end())
      continue;
    seen.push_back(library);
    units.push_back(makeUnit(file, library));
  }
  if (!units.empty() || !leftOut.empty())
    return;
  if (variable) {
    leftOut.push_back({"opencl", text("there is no .icd file in %s (%s)", place, variable)});
    return;
  }
  // Where no driver is installable, libOpenCL may be the driver itself.
  units.push_back(makeUnit(loaderFile(), {}));
}

Status openUnit(const ProbeUnit &unit, const std::vector<Platform> *&platforms) {
  if (unit.files.empty())
    return error(tnErrorInvalidValue, "opencl: unit %s names no file", unit.name.c_str());
  const std::string &file = unit.files.front();
  if (file == loaderFile())
    return openLibrary(LibraryKind::Loader, file, platforms);
  if (!isVendorFile(file))
    return openLibrary(LibraryKind::Driver, file, platforms);
  std::string library = readVendorFile(file);
  if (library.empty())
    return error(tnErrorInitializationError, "%s cannot be read or names no library", file.c_str());
  return openLibrary(LibraryKind::Driver, library, platforms);
}

} // namespace tenon::opencl
