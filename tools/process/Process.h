//===- Process.h - child processes and temporary files ----------------------===//
//
// Owns how a tool calls another program: by name beside itself or on PATH, without a shell. Does not own what is done
// with the answer.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <string>
#include <vector>

namespace tenon::process {

/// How a tool ends. The numbers are documented in every tool's help.
enum ExitCode { exitFine = 0, exitInput = 1, exitUsage = 2, exitBug = 70 };

/// The path of a program of this name: beside the running one, else the first on PATH, else empty.
std::string find(const std::string &name);

/// Runs a program and waits. `output`, when not null, receives what it writes to stdout. Returns its exit status, 128
/// plus the signal that killed it, or -1 and `error` when it could not be started.
int run(const std::vector<std::string> &arguments, std::string *output, std::string &error);

/// A file that exists while the object does.
class TemporaryFile {
public:
  /// `suffix` is the end of its name, ".tnb".
  explicit TemporaryFile(const std::string &suffix);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;

  const std::string &path() const { return name; } ///< Empty when none could be made.
  bool write(const void *data, size_t bytes);

private:
  std::string name;
};

} // namespace tenon::process
