//===- Manifests.cpp - finds driver manifests ---------------------------------------===//
#include "devices/vulkan/Manifests.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace tenon::vulkan {

namespace {

namespace fs = std::filesystem;

std::string getEnvironment(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

std::vector<std::string> split(const std::string &list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ':');)
    if (!part.empty())
      parts.push_back(part);
  return parts;
}

/// The manifests that `path` names: itself, or those in it.
void addManifests(const std::string &path, std::vector<std::string> &manifests) {
  std::error_code ignored; // what is not there has no manifests
  if (!fs::is_directory(path, ignored)) {
    if (fs::exists(path, ignored))
      manifests.push_back(path);
    return;
  }
  std::vector<std::string> found;
  for (auto it = fs::directory_iterator(path, ignored); !ignored && it != fs::directory_iterator();
       it.increment(ignored))
    if (it->path().extension() == ".json")
      found.push_back(it->path().string());
  std::sort(found.begin(), found.end());
  manifests.insert(manifests.end(), found.begin(), found.end());
}

std::vector<std::string> getSearchPath() {
  std::string files = getEnvironment("VK_DRIVER_FILES");
  if (files.empty())
    files = getEnvironment("VK_ICD_FILENAMES");
  std::vector<std::string> paths = split(files);
  if (!paths.empty())
    return paths;

  paths = split(getEnvironment("VK_ADD_DRIVER_FILES"));
  std::string home = getEnvironment("HOME");
  auto addFolders = [&](const char *homeVariable, const char *homeDefault, const char *listVariable,
                        const char *listDefault) {
    std::string own = getEnvironment(homeVariable), list = getEnvironment(listVariable);
    if (own.empty() && !home.empty())
      own = home + homeDefault;
    for (const std::string &folder : split(own + ":" + (list.empty() ? listDefault : list)))
      paths.push_back(folder + "/vulkan/icd.d");
  };
  addFolders("XDG_CONFIG_HOME", "/.config", "XDG_CONFIG_DIRS", "/etc/xdg");
  paths.push_back("/etc/vulkan/icd.d");
  addFolders("XDG_DATA_HOME", "/.local/share", "XDG_DATA_DIRS", "/usr/local/share:/usr/share");
  return paths;
}

/// The driver's library, as far as the manifest tells without the dynamic linker's search; else empty.
std::string findLibrary(const std::string &manifest) {
  std::ifstream file(manifest);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  size_t key = text.find("\"library_path\"");
  size_t colon = key == std::string::npos ? key : text.find(':', key);
  size_t begin = colon == std::string::npos ? colon : text.find('"', colon);
  size_t end = begin == std::string::npos ? begin : text.find('"', begin + 1);
  if (end == std::string::npos)
    return {};
  std::string path = text.substr(begin + 1, end - begin - 1);
  std::error_code ignored;
  if (path.find('/') != std::string::npos) {
    fs::path library = fs::path(manifest).parent_path() / path; // an absolute path replaces the folder
    return fs::exists(library, ignored) ? library.string() : std::string();
  }
  std::vector<std::string> folders = split(getEnvironment("LD_LIBRARY_PATH"));
  for (const char *folder : {"/usr/local/lib", "/usr/lib64", "/usr/lib", "/usr/lib/" TENON_MULTIARCH})
    folders.push_back(folder);
  for (const std::string &folder : folders)
    if (fs::exists(folder + "/" + path, ignored))
      return folder + "/" + path;
  return {};
}

} // namespace

std::vector<ProbeUnit> findManifests(std::string &searched) {
  std::vector<std::string> manifests;
  for (const std::string &path : getSearchPath()) {
    searched += (searched.empty() ? "" : ", ") + path;
    addManifests(path, manifests);
  }
  std::vector<ProbeUnit> units;
  std::set<std::string> seen;
  for (const std::string &manifest : manifests) {
    std::error_code error;
    fs::path canonical = fs::canonical(manifest, error);
    if (!seen.insert(error ? manifest : canonical.string()).second)
      continue;
    ProbeUnit unit;
    unit.name = manifest;
    unit.files = {manifest};
    if (std::string library = findLibrary(manifest); !library.empty())
      unit.files.push_back(library);
    // Loaders before 1.3.207 know the second name only.
    unit.environment = {{"VK_DRIVER_FILES", manifest}, {"VK_ICD_FILENAMES", manifest}, {"VK_ADD_DRIVER_FILES", ""}};
    units.push_back(std::move(unit));
  }
  return units;
}

} // namespace tenon::vulkan
