//===- Disassemble.cpp - code of a module as text ---------------------------===//
//
// Owns the calls of SPIRV-Tools and of the system's object dumper.
//
//===------------------------------------------------------------------------===//
#include "Disassemble.h"

#include "process/Process.h"

#include <spirv-tools/libspirv.hpp>

#include <cstring>

namespace tenon {
namespace {

bool disassembleSpirv(const package::Module &module, std::string &text, std::string &error) {
  const auto *code = module.code();
  if (code->size() % 4 != 0) {
    error = "a SPIR-V module of " + std::to_string(code->size()) + " bytes, which is no whole number of words";
    return false;
  }
  std::vector<uint32_t> words(code->size() / 4);
  std::memcpy(words.data(), code->data(), code->size());
  spvtools::SpirvTools tools(SPV_ENV_UNIVERSAL_1_6);
  tools.SetMessageConsumer(
      [&](spv_message_level_t, const char *, const spv_position_t &, const char *message) { error = message; });
  return tools.Disassemble(words, &text,
                           SPV_BINARY_TO_TEXT_OPTION_INDENT | SPV_BINARY_TO_TEXT_OPTION_FRIENDLY_NAMES |
                               SPV_BINARY_TO_TEXT_OPTION_NO_HEADER);
}

bool disassembleHost(const package::Module &module, std::string &text, std::string &error) {
  std::string program;
  for (const char *name : {"llvm-objdump-22", "llvm-objdump", "objdump"})
    if (program.empty())
      program = process::find(name);
  if (program.empty()) {
    error = "host code needs llvm-objdump-22, llvm-objdump or objdump on PATH";
    return false;
  }
  process::TemporaryFile file(".so");
  if (!file.write(module.code()->data(), module.code()->size())) {
    error = "no temporary file can be written";
    return false;
  }
  int status = process::run({program, "-d", "--no-show-raw-insn", file.path()}, &text, error);
  if (status != 0 && error.empty())
    error = program + " ended with status " + std::to_string(status);
  // The file's name says nothing to the reader and differs from run to run.
  if (size_t at = text.find("Disassembly of section"); at != std::string::npos)
    text.erase(0, at);
  return status == 0;
}

} // namespace

bool disassemble(const package::Module &module, std::string &text, std::string &error) {
  switch (module.target()) {
  case package::Target::OpenCL:
    text.assign(reinterpret_cast<const char *>(module.code()->data()), module.code()->size());
    return true;
  case package::Target::SpirvOpenCL:
  case package::Target::SpirvVulkan:
    return disassembleSpirv(module, text, error);
  case package::Target::Host:
    return disassembleHost(module, text, error);
  }
  error = "code for an unknown target";
  return false;
}

} // namespace tenon
