//===- ImportModule.cpp -----------------------------------------------------===//
#include "compiler/import/ImportModule.h"

#include "compiler/import/FunctionImporter.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace tenon;

bool tenon::isModuleFile(StringRef path) {
  return path.ends_with(".mlir") || path.ends_with(".mlirbc") || path.ends_with(".bc");
}

//===- messages -------------------------------------------------------------===//

namespace {

/// Collects diagnostics as `file:line:column: error: ...` with the line and a caret.
class Messages {
public:
  Messages(MLIRContext &context, std::string path)
      : handler(&context, [this](Diagnostic &diagnostic) { add(diagnostic); }), path(std::move(path)) {}

  std::string text;
  StringRef source; ///< The file's text, for the line under a message.

private:
  /// In the words of who wrote the module, not of the passes.
  static std::string reworded(std::string message) {
    StringRef rest = message;
    if (rest.consume_front("failed to legalize operation '"))
      return rest.split('\'').first.str() + " is not supported";
    if (rest.consume_front("Dialect `")) {
      StringRef op = rest.split("custom op '").second.split('\'').first;
      return (op.empty() ? rest.split('\'').first.str() : op.str()) +
             " is not supported: a module may use func, linalg, tosa, tensor, arith, math, affine and scf.if on sizes";
    }
    return message;
  }

  void add(Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
      return;
    write(diagnostic, diagnostic.getSeverity() == DiagnosticSeverity::Warning ? "warning" : "error");
    for (Diagnostic &note : diagnostic.getNotes()) {
      std::string words = note.str();
      StringRef what = words;
      if (!what.starts_with("see current operation") && !what.starts_with("Registered dialects"))
        write(note, "note");
    }
  }

  void write(Diagnostic &diagnostic, const char *severity) {
    auto at = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>();
    std::string place = path;
    // A place of 0:0 is the file itself.
    if (at && at.getLine())
      place = at.getFilename().str() + ":" + std::to_string(at.getLine()) + ":" + std::to_string(at.getColumn());
    text += place + ": " + severity + ": " + reworded(diagnostic.str()) + "\n";
    if (!at || !at.getLine() || at.getFilename().getValue() != path)
      return;
    StringRef rest = source, line;
    for (unsigned i = 0; i < at.getLine() && !rest.empty(); ++i)
      std::tie(line, rest) = rest.split('\n');
    if (line.trim().empty() || line.size() > 400 || at.getColumn() > line.size() + 1)
      return;
    text += "  " + line.rtrim().str() + "\n  ";
    for (unsigned i = 1; i < at.getColumn(); ++i)
      text += line[i - 1] == '\t' ? '\t' : ' ';
    text += "^\n";
  }

  ScopedDiagnosticHandler handler;
  std::string path;
};

} // namespace

//===- names ----------------------------------------------------------------===//

/// A name as the text has it, without its sign; empty for a number.
static std::string spelling(SMRange range) {
  if (!range.isValid())
    return "";
  StringRef text(range.Start.getPointer(), range.End.getPointer() - range.Start.getPointer());
  text.consume_front("%");
  return text.empty() || llvm::isDigit(text[0]) ? "" : text.split('#').first.split(':').first.str();
}

/// Arguments and results are called in the operator what they are called in the text.
static void keepNames(ModuleOp module, const AsmParserState &state) {
  constexpr StringLiteral attribute = "tenon.name";
  for (func::FuncOp func : module.getOps<func::FuncOp>()) {
    if (func.isExternal())
      continue;
    auto text = [&](const std::string &name) { return StringAttr::get(func.getContext(), name); };
    if (const auto *entry = state.getBlockDef(&func.getBody().front()))
      for (auto [number, definition] : llvm::enumerate(entry->arguments))
        if (std::string name = spelling(definition.loc);
            !name.empty() && number < func.getNumArguments() && !func.getArgAttr(number, attribute))
          func.setArgAttr(number, attribute, text(name));
    auto end = dyn_cast<func::ReturnOp>(func.getBody().back().getTerminator());
    for (auto [number, value] : llvm::enumerate(end ? ValueRange(end.getOperands()) : ValueRange())) {
      auto result = dyn_cast<OpResult>(value);
      const auto *definition = result ? state.getOpDef(result.getOwner()) : nullptr;
      if (!definition || func.getResultAttr(number, attribute))
        continue;
      std::string name;
      for (const auto &group : definition->resultGroups)
        if (group.startIndex <= result.getResultNumber()) {
          name = spelling(group.definition.loc);
          if (!name.empty() && group.startIndex < result.getResultNumber())
            name += "_" + std::to_string(result.getResultNumber() - group.startIndex);
        }
      if (!name.empty())
        func.setResultAttr(number, attribute, text(name));
    }
  }
}

//===- the import -----------------------------------------------------------===//

/// The schedule follows a value through all that it comes from, so that a function cannot be endless.
static constexpr unsigned maxOperations = 8192;

static LogicalResult importFunction(func::FuncOp func, ModuleOp formulas, StringRef file) {
  unsigned count = 0;
  func.walk([&](Operation *) { ++count; });
  if (count > maxOperations)
    return func.emitError() << "function " << func.getName() << " has " << count << " operations, " << maxOperations
                            << " are allowed; split it into several functions";
  Equalities equalities;
  // Each round knows what the one before has learned; there is no more to learn than dimensions.
  for (;;) {
    FunctionImporter importer(func, formulas, file, equalities);
    formula::OperatorOp op = importer.run();
    if (!op)
      return failure();
    if (!importer.learned)
      return checkFormula(op);
    op->erase();
  }
}

LogicalResult tenon::importModule(ModuleOp input, ModuleOp formulas, StringRef file) {
  bool fine = true;
  SmallVector<formula::OperatorOp> operators;
  for (Operation &op : *input.getBody()) {
    if (auto found = dyn_cast<formula::OperatorOp>(op)) {
      operators.push_back(found);
      fine &= succeeded(checkFormula(found));
    } else if (!isa<func::FuncOp>(op)) {
      op.emitError() << op.getName().getStringRef()
                     << " is not supported here: a module holds functions on tensors, or tenon.operators";
      fine = false;
    }
  }
  if (!fine)
    return failure();
  for (formula::OperatorOp op : operators) {
    op->remove();
    formulas.push_back(op);
  }
  if (input.getBody()->empty())
    return success();
  if (failed(lowerInput(input)))
    return failure();
  for (func::FuncOp func : input.getOps<func::FuncOp>())
    if (func.isPublic() && !func.isExternal())
      fine &= succeeded(importFunction(func, formulas, file));
  return success(fine);
}

//===- files ----------------------------------------------------------------===//

static OwningOpRef<ModuleOp> parse(llvm::MemoryBufferRef buffer, MLIRContext &context, AsmParserState &state,
                                   llvm::SourceMgr &sources) {
  ParserConfig config(&context);
  Block block;
  if (isBytecode(buffer)) {
    if (failed(readBytecodeFile(buffer, &block, config)))
      return {};
  } else {
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(buffer, /*RequiresNullTerminator=*/false),
                               llvm::SMLoc());
    if (failed(parseAsmSourceFile(sources, &block, config, &state)))
      return {};
  }
  if (llvm::hasSingleElement(block))
    if (auto module = dyn_cast<ModuleOp>(block.front())) {
      module->remove();
      return module;
    }
  OwningOpRef<ModuleOp> module = ModuleOp::create(FileLineColLoc::get(&context, buffer.getBufferIdentifier(), 0, 0));
  module->getBody()->getOperations().splice(module->getBody()->end(), block.getOperations());
  if (failed(verify(*module)))
    return {};
  return module;
}

bool tenon::readModule(const std::string &path, ModuleInput &input, std::string &messages) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false);
  if (!file) {
    messages = path + ": error: cannot read: " + file.getError().message() + "\n";
    return false;
  }
  DialectRegistry registry;
  registerInputDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  Messages collected(context, path);
  bool isText = !isBytecode(**file);
  if (isText) {
    collected.source = (*file)->getBuffer();
    input.text = (*file)->getBuffer().str();
  }
  auto finish = [&](bool result) {
    messages = collected.text;
    if (!result && messages.empty())
      messages = path + ": error: this is not an MLIR module\n";
    return result;
  };
  AsmParserState state;
  llvm::SourceMgr sources;
  OwningOpRef<ModuleOp> module = parse(**file, context, state, sources);
  if (!module)
    return finish(false);
  keepNames(*module, state);
  OwningOpRef<ModuleOp> formulas = ModuleOp::create(UnknownLoc::get(&context));
  if (failed(importModule(*module, *formulas, llvm::sys::path::filename(path))) || failed(verify(*formulas)))
    return finish(false);
  if (formulas->getBody()->empty()) {
    collected.text += path + ": error: the module has no public function with a body and no tenon.operator\n";
    return finish(false);
  }
  llvm::raw_string_ostream stream(input.formulas);
  if (failed(writeBytecodeToFile(*formulas, stream)))
    return finish(false);
  return finish(true);
}

bool tenon::addFormulas(const ModuleInput &input, ModuleOp module) {
  Block block;
  ParserConfig config(module.getContext());
  if (failed(readBytecodeFile(llvm::MemoryBufferRef(input.formulas, "formulas"), &block, config)))
    return false;
  auto &operators = cast<ModuleOp>(block.front()).getBody()->getOperations();
  module.getBody()->getOperations().splice(module.getBody()->end(), operators);
  return true;
}
