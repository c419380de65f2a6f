//===- SharedObject.cpp - an object file to a shared object -----------------===//
//
// lld reads and writes files only. Its input is a memfd; its output is a pipe, because for a regular file it would make
// a temporary one beside it and rename that, and beside a memfd there is no place.
//
//===------------------------------------------------------------------------===//
#include "SharedObject.h"

#include "lld/Common/Driver.h"
#include "llvm/Object/ELFObjectFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

namespace tenon::host {

llvm::Error checkImports(llvm::ArrayRef<char> object) {
  llvm::MemoryBufferRef buffer(llvm::StringRef(object.data(), object.size()), "");
  auto file = llvm::object::ObjectFile::createELFObjectFile(buffer);
  if (!file)
    return file.takeError();
  std::string names;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    if (!(*flags & llvm::object::SymbolRef::SF_Undefined) || (*flags & llvm::object::SymbolRef::SF_FormatSpecific))
      continue;
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    // Position-independent code names this symbol where it has a global offset table; the linker defines it.
    if (name->empty() || *name == "memcpy" || *name == "memset" || *name == "_GLOBAL_OFFSET_TABLE_")
      continue;
    names += (names.empty() ? "" : ", ") + name->str();
  }
  if (!names.empty())
    return llvm::createStringError("host code imports " + names + "; only memcpy and memset are allowed");
  return llvm::Error::success();
}

namespace {
/// A file descriptor that closes itself.
struct Descriptor {
  int number = -1;
  Descriptor() = default;
  Descriptor(const Descriptor &) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (number >= 0)
      ::close(number);
    number = -1;
  }
  std::string getPath() const { return "/proc/self/fd/" + std::to_string(number); }
};
} // namespace

static llvm::Error fail(const char *what) {
  return llvm::createStringError(std::string("link host code: ") + what + ": " + std::strerror(errno));
}

static llvm::Error writeAll(int file, llvm::ArrayRef<char> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail("write to memory file");
    bytes = bytes.drop_front(written);
  }
  return llvm::Error::success();
}

static void readAll(int file, std::vector<char> &bytes) {
  char chunk[1 << 16];
  for (;;) {
    ssize_t got = ::read(file, chunk, sizeof chunk);
    if (got > 0)
      bytes.insert(bytes.end(), chunk, chunk + got);
    else if (got == 0 || errno != EINTR)
      return;
  }
}

llvm::Expected<std::vector<char>> linkSharedObject(llvm::ArrayRef<char> object) {
  Descriptor input, pipeOut, pipeIn;
  input.number = ::memfd_create("tenon", MFD_CLOEXEC);
  if (input.number < 0)
    return fail("make a memory file");
  if (llvm::Error error = writeAll(input.number, object))
    return error;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail("make a pipe");
  pipeOut.number = ends[0];
  pipeIn.number = ends[1];

  std::vector<char> result;
  std::thread reader([&] { readAll(pipeOut.number, result); });
  std::string inputPath = input.getPath(), outputPath = pipeIn.getPath(), messages;
  const char *arguments[] = {"ld.lld",
                             "-shared",
                             "-s",
                             "--threads=1",
                             "--hash-style=gnu",
                             "--build-id=none",
                             "-z",
                             "norelro",
                             "--no-rosegment",
                             "--no-mmap-output-file",
                             "-o",
                             outputPath.c_str(),
                             inputPath.c_str()};
  bool linked;
  {
    static std::mutex mutex;        // lld keeps its state in the process.
    static bool canRunAgain = true; // Not after it crashed.
    std::lock_guard lock(mutex);
    llvm::raw_string_ostream stream(messages);
    linked = canRunAgain;
    if (canRunAgain) {
      lld::Result status = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
      linked = status.retCode == 0;
      canRunAgain = status.canRunAgain;
    } else {
      messages = "the linker crashed before";
    }
  }
  pipeIn.close();
  reader.join();
  if (!linked || result.empty())
    return llvm::createStringError("link host code: " + (messages.empty() ? "nothing was written" : messages));
  return result;
}

} // namespace tenon::host
