//===- Disassembler.cpp - host code as text ---------------------------------===//
//
// Owns the assembly listing; see Disassembler.h.
//
//===------------------------------------------------------------------------===//
#include "Disassembler.h"

#include "CodeGen.h"

#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstPrinter.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FormatVariadic.h"

#include <memory>

namespace tenon::host {
namespace {

struct FunctionSymbol {
  uint64_t address, size;
  std::string name;
  llvm::StringRef section;
  uint64_t sectionAddress;
};

class Listing {
public:
  explicit Listing(const llvm::Triple &triple);
  llvm::Error add(const FunctionSymbol &function);
  std::string text;

private:
  llvm::Triple triple;
  const llvm::Target *target = nullptr;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCContext> context;
  std::unique_ptr<llvm::MCDisassembler> disassembler;
  std::unique_ptr<llvm::MCInstPrinter> printer;
};

} // namespace

Listing::Listing(const llvm::Triple &triple) : triple(triple) {
  std::string message;
  target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return;
  registers.reset(target->createMCRegInfo(triple));
  assembly.reset(target->createMCAsmInfo(*registers, triple, options));
  subtarget.reset(target->createMCSubtargetInfo(triple, "x86-64-v4", ""));
  instructions.reset(target->createMCInstrInfo());
  context = std::make_unique<llvm::MCContext>(triple, assembly.get(), registers.get(), subtarget.get());
  disassembler.reset(target->createMCDisassembler(*subtarget, *context));
  printer.reset(target->createMCInstPrinter(triple, /*SyntaxVariant=*/1, *assembly, *instructions, *registers));
  printer->setPrintImmHex(true);
  printer->setPrintBranchImmAsAddress(true);
}

llvm::Error Listing::add(const FunctionSymbol &function) {
  if (!target)
    return llvm::createStringError("LLVM cannot disassemble " + triple.str());
  uint64_t offset = function.address - function.sectionAddress;
  if (function.address < function.sectionAddress || offset > function.section.size() ||
      function.size > function.section.size() - offset)
    return llvm::createStringError("symbol " + function.name + " lies outside of its section");
  llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(function.section.data()) + offset, function.size);
  llvm::raw_string_ostream stream(text);
  stream << (text.empty() ? "" : "\n") << function.name << ":\n";
  for (uint64_t at = 0; at < bytes.size();) {
    llvm::MCInst instruction;
    uint64_t size = 0;
    uint64_t address = function.address + at;
    auto status = disassembler->getInstruction(instruction, size, bytes.slice(at), address, llvm::nulls());
    stream << llvm::formatv("{0,8:x-}:", address);
    if (status == llvm::MCDisassembler::Success)
      printer->printInst(&instruction, address, "", *subtarget, stream);
    else
      stream << llvm::formatv("\t.byte\t{0:x}", bytes[at]);
    stream << "\n";
    at += std::max<uint64_t>(size, 1);
  }
  return llvm::Error::success();
}

llvm::Expected<std::string> disassembleSharedObject(llvm::ArrayRef<char> code) {
  initializeX86();
  auto file =
      llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef({code.data(), code.size()}, "host code"));
  if (!file)
    return file.takeError();
  auto *elf = llvm::dyn_cast<llvm::object::ELFObjectFileBase>(file->get());
  if (!elf || elf->getArch() != llvm::Triple::x86_64)
    return llvm::createStringError("host code is not for x86-64");
  std::vector<FunctionSymbol> functions;
  for (const llvm::object::ELFSymbolRef symbol : elf->getDynamicSymbolIterators()) {
    if (symbol.getELFType() != llvm::ELF::STT_FUNC || symbol.getSize() == 0)
      continue;
    auto name = symbol.getName();
    auto address = symbol.getAddress();
    auto section = symbol.getSection();
    if (!name)
      return name.takeError();
    if (!address)
      return address.takeError();
    if (!section)
      return section.takeError();
    if (*section == elf->section_end())
      continue; // An import.
    auto contents = (*section)->getContents();
    if (!contents)
      return contents.takeError();
    functions.push_back({*address, symbol.getSize(), name->str(), *contents, (*section)->getAddress()});
  }
  llvm::sort(functions, [](const auto &a, const auto &b) { return a.address < b.address; });
  Listing listing(elf->makeTriple());
  for (const FunctionSymbol &function : functions)
    if (llvm::Error error = listing.add(function))
      return error;
  return listing.text;
}

} // namespace tenon::host
