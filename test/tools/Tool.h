//===- Tool.h - the built programs as children of a test --------------------===//
//
// Owns calling a tool with settings and a time limit, and folders that go away. Does not own what is expected of it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenon::test {

struct Answer {
  int status = 0;     ///< Exit status; 128 plus the signal that ended it; 124 when it ran out of time.
  std::string output; ///< Both streams.
};

/// Calls a program of the build folder, without a shell between. `settings` are NAME=VALUE, for the child alone.
Answer runTool(const std::string &tool, const std::vector<std::string> &arguments,
               const std::vector<std::string> &settings = {}, int seconds = 120);

/// Expects an exit status and parts of the output, and nothing in it of a crash of ours.
void expectAnswer(const Answer &answer, int status, const std::vector<std::string> &parts);

/// A folder that exists while the object does.
class Folder {
public:
  Folder();
  ~Folder();
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;

  const std::string &path() const { return name; }
  /// Writes a file into it; its path.
  std::string write(const std::string &file, const std::string &text) const;

private:
  std::string name;
};

} // namespace tenon::test
