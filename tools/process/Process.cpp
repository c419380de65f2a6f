//===- Process.cpp - child processes and temporary files --------------------===//
//
// Owns the calls of POSIX behind Process.h.
//
//===------------------------------------------------------------------------===//
#include "process/Process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace tenon::process {

std::string find(const std::string &name) {
  std::error_code ignored;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  std::string beside = (self.parent_path() / name).string();
  if (!self.empty() && access(beside.c_str(), X_OK) == 0)
    return beside;
  const char *path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (std::string candidate = folder + "/" + name; !folder.empty() && access(candidate.c_str(), X_OK) == 0)
      return candidate;
  return "";
}

int run(const std::vector<std::string> &arguments, std::string *output, std::string &error) {
  std::vector<char *> argv;
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);

  int ends[2] = {-1, -1};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (output) {
    if (pipe2(ends, O_CLOEXEC) != 0) {
      error = std::string("cannot make a pipe: ") + std::strerror(errno);
      posix_spawn_file_actions_destroy(&actions);
      return -1;
    }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  }
  pid_t child = 0;
  int failure = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (output)
    close(ends[1]);
  if (failure != 0) {
    error = arguments[0] + " cannot be started: " + std::strerror(failure);
    if (output)
      close(ends[0]);
    return -1;
  }
  if (output) {
    char block[1 << 14];
    ssize_t got;
    while ((got = read(ends[0], block, sizeof block)) > 0 || (got < 0 && errno == EINTR))
      if (got > 0)
        output->append(block, static_cast<size_t>(got));
    close(ends[0]);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    error = arguments[0] + " was killed by signal " + std::to_string(WTERMSIG(status));
    return 128 + WTERMSIG(status);
  }
  return WEXITSTATUS(status);
}

TemporaryFile::TemporaryFile(const std::string &suffix) {
  std::error_code ignored;
  std::string folder = std::filesystem::temp_directory_path(ignored).string();
  std::string pattern = (folder.empty() ? "/tmp" : folder) + "/tenon-XXXXXX" + suffix;
  int file = mkostemps(pattern.data(), static_cast<int>(suffix.size()), O_CLOEXEC);
  if (file < 0)
    return;
  close(file);
  name = pattern;
}

TemporaryFile::~TemporaryFile() {
  if (!name.empty())
    unlink(name.c_str());
}

bool TemporaryFile::write(const void *data, size_t bytes) {
  std::FILE *file = name.empty() ? nullptr : std::fopen(name.c_str(), "wb");
  if (!file)
    return false;
  bool good = std::fwrite(data, 1, bytes, file) == bytes;
  return std::fclose(file) == 0 && good;
}

} // namespace tenon::process
