//===- Probe.cpp - finding devices without risk ---------------------------------------------------===//
#include "core/Probe.h"

#include "core/Log.h"
#include "core/ProbeText.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

extern char **environ;

namespace tenon {

#define TENON_DEVICE(NAME) Driver &NAME##Driver();
#include "Devices.inc"
#undef TENON_DEVICE

const std::vector<Driver *> &allDrivers() {
  static const std::vector<Driver *> &drivers = *new std::vector<Driver *>{
#define TENON_DEVICE(NAME) &NAME##Driver(),
#include "Devices.inc"
#undef TENON_DEVICE
  };
  return drivers;
}

// ---- the cache
// ---------------------------------------------------------------------------------------------------------

std::string cacheFolder() {
  std::string folder;
  if (const char *own = getenv("TENON_CACHE_DIR"); own && *own)
    folder = own;
  else if (const char *xdg = getenv("XDG_CACHE_HOME"); xdg && *xdg == '/')
    folder = std::string(xdg) + "/tenon";
  else if (const char *home = getenv("HOME"); home && *home == '/')
    folder = std::string(home) + "/.cache/tenon";
  for (size_t at = 1; at <= folder.size(); ++at)
    if (at == folder.size() || folder[at] == '/')
      mkdir(folder.substr(0, at).c_str(), 0700);
  return !folder.empty() && access(folder.c_str(), W_OK | X_OK) == 0 ? folder : std::string();
}

bool writeFileWhole(const std::string &path, const std::string &content) {
  std::string temporary = path + ".XXXXXX";
  int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0)
    return false;
  size_t done = 0;
  while (done < content.size()) {
    ssize_t wrote = write(fd, content.data() + done, content.size() - done);
    if (wrote <= 0 && errno != EINTR)
      break;
    done += wrote > 0 ? wrote : 0;
  }
  bool fine = done == content.size();
  fine &= close(fd) == 0;
  if (fine && rename(temporary.c_str(), path.c_str()) == 0)
    return true;
  unlink(temporary.c_str());
  return false;
}

static std::string fingerprint(const std::string &path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0)
    return path + " missing\n";
  return text("%s %lld %lld.%09ld\n", path.c_str(), static_cast<long long>(info.st_size),
              static_cast<long long>(info.st_mtim.tv_sec), info.st_mtim.tv_nsec);
}

// Everything that could change what a unit's probe finds.
static std::string cacheKey(const Driver &driver, const ProbeUnit &unit, const std::string &helper) {
  std::string key = std::string(driver.name()) + "\n" + unit.name + "\n" + fingerprint(helper);
  for (const std::string &file : unit.files)
    key += fingerprint(file);
  for (auto &[name, value] : unit.environment)
    key += name + "=" + value + "\n";
  static const char *const prefixes[] = {"RUSTICL_", "POCL_",    "OCL_",  "OPENCL_",    "VK_",         "LP_",   "CL_",
                                         "MESA_",    "GALLIUM_", "LD_",   "ZE_",        "CUDA",        "ROCR_", "HIP_",
                                         "GPU_",     "NEO",      "SYCL_", "TENON_NULL", "SWIFTSHADER", "INTEL"};
  // Accelerators that come and go, and the right to use them.
  if (DIR *folder = opendir("/dev/dri")) {
    std::vector<std::string> nodes;
    while (const dirent *entry = readdir(folder))
      nodes.push_back(std::string("/dev/dri/") + entry->d_name);
    closedir(folder);
    std::sort(nodes.begin(), nodes.end()); // the folder's order means nothing
    for (const std::string &node : nodes)
      key += node + (access(node.c_str(), R_OK | W_OK) == 0 ? " open\n" : " closed\n");
  }
  for (const char *node : {"/dev/kfd", "/dev/nvidiactl", "/dev/dxg"})
    key += std::string(node) + (access(node, R_OK | W_OK) == 0 ? " open\n" : " closed\n");
  for (char **entry = environ; *entry; ++entry)
    for (const char *prefix : prefixes)
      if (!strncmp(*entry, prefix, strlen(prefix)))
        key += std::string(*entry) + "\n";
  return key;
}

static std::string readFile(const std::string &path) {
  std::string content;
  if (FILE *file = fopen(path.c_str(), "rbe")) {
    char block[4096];
    while (size_t got = fread(block, 1, sizeof block, file))
      content.append(block, got);
    fclose(file);
  }
  return content;
}

// ---- the process
// ----------------------------------------------------------------------------------------------------------

// tenon-probe: beside this library, or in bin or libexec beside its folder.
static std::string findHelper() {
  if (const char *own = getenv("TENON_PROBE"); own && *own)
    return own;
  Dl_info self;
  if (!dladdr(reinterpret_cast<void *>(&findHelper), &self) || !self.dli_fname)
    return {};
  char resolved[4096];
  // A program that holds the runtime itself may be known by a name without a folder.
  const char *path = strchr(self.dli_fname, '/') ? self.dli_fname : "/proc/self/exe";
  if (!realpath(path, resolved))
    return {};
  std::string folder(resolved, strrchr(resolved, '/') - resolved);
  for (const char *place : {"/tenon-probe", "/../bin/tenon-probe", "/../libexec/tenon/tenon-probe",
                            "/../../libexec/tenon/tenon-probe", "/../../bin/tenon-probe"})
    if (std::string candidate = folder + place; access(candidate.c_str(), X_OK) == 0)
      return candidate;
  return {};
}

namespace {
struct Child {
  const ProbeUnit *unit = nullptr;
  pid_t pid = -1;
  int pipe = -1;
  std::string output;
  std::string cachePath, key;
  std::string problem;
};
} // namespace

static void start(Child &child, const Driver &driver, const std::string &helper) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    child.problem = std::string("no pipe to the probing process: ") + strerror(errno);
    return;
  }
  // The pipe must not have the number it gets in the child, or dup2 would leave it close-on-exec.
  int out = ends[1];
  if (out == 3) {
    out = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
    close(ends[1]);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  if (!logs(LogLevel::Debug))
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 3);

  std::vector<std::string> set;
  std::vector<char *> environment;
  for (auto &[name, value] : child.unit->environment)
    set.push_back(name + "=" + value);
  for (char **entry = environ; *entry; ++entry) {
    bool replaced = false;
    for (auto &[name, value] : child.unit->environment)
      replaced |= !strncmp(*entry, name.c_str(), name.size()) && (*entry)[name.size()] == '=';
    if (!replaced)
      environment.push_back(*entry);
  }
  for (std::string &entry : set)
    environment.push_back(entry.data());
  environment.push_back(nullptr);
  std::string name = driver.name(), unit = child.unit->name, program = helper;
  std::vector<std::string> files = child.unit->files;
  std::vector<char *> argv{program.data(), name.data(), unit.data()};
  for (std::string &file : files)
    argv.push_back(file.data());
  argv.push_back(nullptr);
  int failed = posix_spawn(&child.pid, helper.c_str(), &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(out);
  child.pipe = ends[0];
  if (failed) {
    child.pid = -1;
    child.problem = std::string("cannot start ") + helper + ": " + strerror(failed);
  }
}

static int timeLimit() {
  if (const char *own = getenv("TENON_PROBE_SECONDS"))
    if (int seconds = atoi(own); seconds > 0 && seconds < 3600)
      return seconds;
  return 30;
}

// Reads all children until they end or the time is over.
static void collect(std::vector<Child> &children) {
  using Clock = std::chrono::steady_clock;
  const int seconds = timeLimit();
  const auto deadline = Clock::now() + std::chrono::seconds(seconds);
  while (true) {
    std::vector<pollfd> polled;
    std::vector<Child *> owners;
    for (Child &child : children)
      if (child.pid > 0 && child.pipe >= 0) {
        polled.push_back({child.pipe, POLLIN, 0});
        owners.push_back(&child);
      }
    if (polled.empty())
      break;
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0)
      break;
    if (poll(polled.data(), polled.size(), static_cast<int>(left)) < 0 && errno != EINTR)
      break;
    for (size_t i = 0; i < polled.size(); ++i) {
      if (!polled[i].revents)
        continue;
      char block[4096];
      ssize_t got = read(polled[i].fd, block, sizeof block);
      if (got > 0) {
        owners[i]->output.append(block, got);
      } else if (got == 0 || errno != EINTR) {
        close(owners[i]->pipe);
        owners[i]->pipe = -1;
      }
    }
  }
  for (Child &child : children) {
    bool late = child.pipe >= 0 && child.pid > 0;
    if (child.pipe >= 0)
      close(child.pipe);
    if (child.pid <= 0)
      continue;
    // A driver may keep the process alive after its findings are in; they count all the same.
    if (late)
      kill(child.pid, SIGKILL);
    int state = 0;
    pid_t ended = waitpid(child.pid, &state, 0);
    if (late)
      child.problem = text("the driver did not answer within %d s", seconds);
    else if (ended == child.pid && WIFSIGNALED(state))
      child.problem =
          text("the driver crashed while it was probed (signal %d, %s)", WTERMSIG(state), strsignal(WTERMSIG(state)));
    else if (ended == child.pid && WIFEXITED(state) && WEXITSTATUS(state) != 0)
      child.problem = text("the probe of the driver ended with status %d", WEXITSTATUS(state));
  }
}

void probeDriver(Driver &driver, std::vector<ProbeUnit> &good, std::vector<DeviceInfo> &devices,
                 std::vector<LeftOut> &leftOut) {
  std::vector<ProbeUnit> units;
  driver.units(units, leftOut);
  auto take = [&](const ProbeUnit &unit, std::vector<DeviceInfo> &found, const std::vector<LeftOut> &left) {
    for (DeviceInfo &info : found) {
      info.unit = unit.name;
      devices.push_back(std::move(info));
    }
    leftOut.insert(leftOut.end(), left.begin(), left.end());
    good.push_back(unit);
  };
  auto name = [&](const ProbeUnit &unit) {
    return unit.name == driver.name() ? unit.name : std::string(driver.name()) + ": " + unit.name;
  };

  if (!driver.needsProbe()) {
    for (const ProbeUnit &unit : units) {
      std::vector<DeviceInfo> found;
      std::vector<LeftOut> left;
      if (Status status = driver.probe(unit, found, left); !status.ok())
        leftOut.push_back({name(unit), status.message()});
      else
        take(unit, found, left);
    }
    return;
  }
  if (units.empty())
    return;

  const std::string helper = findHelper();
  const std::string folder = cacheFolder();
  std::vector<Child> children(units.size());
  std::vector<bool> cached(units.size());
  for (size_t i = 0; i < units.size(); ++i) {
    Child &child = children[i];
    child.unit = &units[i];
    if (helper.empty()) {
      child.problem = "tenon-probe was not found beside the runtime (TENON_PROBE can name it)";
      continue;
    }
    child.key = cacheKey(driver, units[i], helper);
    if (!folder.empty()) {
      child.cachePath = folder + text("/probe-%016llx.txt",
                                      static_cast<unsigned long long>(XXH64(child.key.data(), child.key.size(), 0)));
      // The file repeats the key, so a clash of hashes or a damaged file is seen.
      std::string content = readFile(child.cachePath);
      if (content.size() > child.key.size() && content.compare(0, child.key.size(), child.key) == 0) {
        std::vector<DeviceInfo> found;
        std::vector<LeftOut> left;
        child.output = content.substr(child.key.size());
        cached[i] = readFindings(child.output, found, left);
      }
    }
    if (!cached[i]) {
      child.output.clear();
      start(child, driver, helper);
    }
  }
  collect(children);
  for (size_t i = 0; i < units.size(); ++i) {
    Child &child = children[i];
    std::vector<DeviceInfo> found;
    std::vector<LeftOut> left;
    if (child.problem.empty() && !readFindings(child.output, found, left))
      child.problem = "the probe of the driver ended without an answer";
    if (!child.problem.empty()) {
      leftOut.push_back({name(units[i]), child.problem});
      continue;
    }
    if (!cached[i] && !child.cachePath.empty() && !writeFileWhole(child.cachePath, child.key + child.output))
      log(LogLevel::Info, "cannot write the probe's cache %s", child.cachePath.c_str());
    take(units[i], found, left);
  }
}

int probeMain(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: tenon-probe DRIVER UNIT [FILE...]: lists a driver's devices on file descriptor 3, for "
                    "libtenon.so\n");
    return 2;
  }
  for (Driver *driver : allDrivers()) {
    if (strcmp(driver->name(), argv[1]) != 0)
      continue;
    ProbeUnit unit{argv[2], {argv + 3, argv + argc}, {}};
    std::vector<DeviceInfo> devices;
    std::vector<LeftOut> leftOut;
    if (Status status = driver->probe(unit, devices, leftOut); !status.ok())
      leftOut.push_back({std::string(argv[1]) + ": " + argv[2], status.message()});
    std::string out = writeFindings(devices, leftOut);
    for (size_t done = 0; done < out.size();) {
      ssize_t wrote = write(3, out.data() + done, out.size() - done);
      if (wrote < 0)
        return 1;
      done += wrote;
    }
    // Not through exit: drivers' own ends crash at times, after all is said.
    _exit(0);
  }
  return 1;
}

} // namespace tenon
