//===- Tool.cpp - the built programs as children of a test ------------------===//
//
// Owns what Tool.h declares.
//
//===------------------------------------------------------------------------===//
#include "Tool.h"
#include "process/Process.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tenon::test {

Answer runTool(const std::string &tool, const std::vector<std::string> &arguments,
               const std::vector<std::string> &settings, int seconds) {
  std::vector<std::string> command = {"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh", "env"};
  command.insert(command.end(), settings.begin(), settings.end());
  command.insert(command.end(), {"timeout", std::to_string(seconds), std::string(TENON_TOOLS_DIR) + "/" + tool});
  command.insert(command.end(), arguments.begin(), arguments.end());
  Answer answer;
  std::string error;
  answer.status = process::run(command, &answer.output, error);
  return answer;
}

void expectAnswer(const Answer &answer, int status, const std::vector<std::string> &parts) {
  EXPECT_EQ(answer.status, status) << answer.output;
  for (const std::string &part : parts)
    EXPECT_NE(answer.output.find(part), std::string::npos) << part << "\nnot in\n" << answer.output;
  for (const char *crash : {"Assertion", "LLVM ERROR", "PLEASE submit", "terminate called", "Sanitizer", "our bug"})
    EXPECT_EQ(answer.output.find(crash), std::string::npos) << answer.output;
}

Folder::Folder() {
  std::string pattern = testing::TempDir() + "/tenon-XXXXXX";
  const char *made = mkdtemp(pattern.data());
  EXPECT_NE(made, nullptr);
  name = made ? made : "";
}

Folder::~Folder() {
  std::error_code ignored;
  if (!name.empty())
    std::filesystem::remove_all(name, ignored);
}

std::string Folder::write(const std::string &file, const std::string &text) const {
  std::string path = name + "/" + file;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

} // namespace tenon::test
