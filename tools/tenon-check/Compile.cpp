//===- Compile.cpp - tenonc as a child --------------------------------------===//
//
// Owns what Compile.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Compile.h"

#include "process/Process.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace tenon::check {

std::vector<std::string> targetsOf(const std::vector<Device> &devices) {
  std::vector<std::string> targets;
  for (const Device &device : devices) {
    std::istringstream words(device.properties.targets);
    for (std::string word; words >> word;)
      if (std::string target = word == "host" ? "native" : word;
          std::find(targets.begin(), targets.end(), target) == targets.end())
        targets.push_back(target);
  }
  return targets;
}

namespace {
/// Sends stderr, this process's and its children's, into a file while it lives.
class CapturedStderr {
public:
  CapturedStderr() : file(".txt") {
    std::fflush(stderr);
    int to = open(file.path().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    saved = dup(STDERR_FILENO);
    if (to >= 0) {
      dup2(to, STDERR_FILENO);
      close(to);
    }
  }
  ~CapturedStderr() { restore(); }
  std::string text() {
    restore();
    std::ifstream stream(file.path());
    std::stringstream all;
    all << stream.rdbuf();
    return all.str();
  }

private:
  void restore() {
    if (saved < 0)
      return;
    std::fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    saved = -1;
  }
  process::TemporaryFile file;
  int saved = -1;
};
} // namespace

bool compile(const std::string &file, const std::string &package, const std::vector<std::string> &targets,
             const CompileOptions &options, std::string &error, bool &isBug) {
  isBug = false;
  std::string compiler = process::find("tenonc");
  if (compiler.empty()) {
    error = file + " must be compiled, and there is no tenonc beside this program nor on PATH";
    return false;
  }
  std::vector<std::string> command{compiler, file, "-o", package};
  for (const std::string &folder : options.importDirs)
    command.insert(command.end(), {"-I", folder});
  auto list = [&](const char *option, const std::vector<std::string> &words) {
    std::string joined;
    for (const std::string &word : words)
      joined += (joined.empty() ? "" : ",") + word;
    if (!joined.empty())
      command.insert(command.end(), {option, joined});
  };
  list("--target", targets);
  list("--types", options.types);
  std::string said;
  int status;
  if (options.isQuiet) {
    CapturedStderr captured;
    status = process::run(command, nullptr, error);
    said = captured.text();
  } else {
    status = process::run(command, nullptr, error);
  }
  if (status == 0)
    return true;
  isBug = status != process::exitInput;
  if (error.empty())
    error = "tenonc ended with status " + std::to_string(status);
  error = file + ": " + error + (said.empty() ? "" : "\n" + said);
  return false;
}

} // namespace tenon::check
