//===- Module.cpp - files, imports and the names they declare ---------------===//
//
// Owns reading files, the import graph, and each file's global scope. Does not look inside declarations.
//
//===------------------------------------------------------------------------===//
#include "Checker.h"
#include "Limits.h"
#include "Parser.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

using namespace tenon;
namespace fs = std::filesystem;

Module::Module() = default;
Module::~Module() = default;

const std::vector<std::unique_ptr<Operator>> &Module::operators() const { return units.front()->operators; }

const Operator *Module::find(std::string_view name) const {
  for (const auto &op : operators())
    if (op->name == name)
      return op.get();
  return nullptr;
}

const SourceFile &Module::source() const { return *units.front()->source; }

std::vector<std::string> Module::files() const {
  std::vector<std::string> result;
  for (const auto &unit : units)
    if (!unit->source->path.empty())
      result.push_back(unit->source->path);
  return result;
}

// ---- reading -------------------------------------------------------------------------------------------------------

/// The whole file, or why not.
static std::optional<std::string> readWhole(const std::string &path, std::string &why) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    why = std::strerror(errno);
    return std::nullopt;
  }
  if (S_ISDIR(info.st_mode)) {
    why = "it is a directory";
    return std::nullopt;
  }
  std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) {
    why = std::strerror(errno);
    return std::nullopt;
  }
  std::string text;
  char buffer[1 << 14];
  while (size_t count = std::fread(buffer, 1, sizeof buffer, file.get())) {
    text.append(buffer, count);
    if (text.size() > maxFileBytes) {
      why = "it has more than " + std::to_string(maxFileBytes) + " bytes";
      return std::nullopt;
    }
  }
  if (std::ferror(file.get())) {
    why = std::strerror(errno);
    return std::nullopt;
  }
  return text;
}

/// The offset of the first byte that is no UTF-8, or of a NUL.
static std::optional<size_t> badByte(const std::string &text) {
  for (size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    size_t length = c == 0                            ? 0
                    : c < 0x80                        ? 1
                    : (c & 0xe0) == 0xc0 && c >= 0xc2 ? 2
                    : (c & 0xf0) == 0xe0              ? 3
                    : (c & 0xf8) == 0xf0 && c <= 0xf4 ? 4
                                                      : 0;
    if (length == 0 || i + length > text.size())
      return i;
    for (size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80)
        return i;
    if (length >= 3) { // Overlong forms, surrogates and what is past the last code point.
      auto second = static_cast<unsigned char>(text[i + 1]);
      if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) || (c == 0xf0 && second < 0x90) ||
          (c == 0xf4 && second > 0x8f))
        return i;
    }
    i += length;
  }
  return std::nullopt;
}

// ---- names ---------------------------------------------------------------------------------------------------------

bool tenon::checkDeclaredName(const syntax::Name &name, Diagnostics &diagnostics) {
  bool isType = typeNamed(name.text).has_value();
  if (!isType && !functionNamed(name.text))
    return true;
  diagnostics.error(name.range, name.text + " is the name of a " + (isType ? "type" : "function") + " of the language");
  return false;
}

std::vector<TypeVariable> tenon::typeVariablesOf(const std::vector<syntax::Clause> &where, Diagnostics &diagnostics) {
  std::vector<TypeVariable> variables;
  for (const syntax::Clause &clause : where) {
    if (clause.typeVariable.text.empty() || !checkDeclaredName(clause.typeVariable, diagnostics))
      continue;
    TypeVariable variable{clause.typeVariable.text, {}, clause.typeVariable.range};
    bool isTwice = false;
    for (const TypeVariable &other : variables)
      if (other.name == variable.name) {
        diagnostics.error(variable.range, "type variable " + variable.name + " is declared twice")
            .notes.push_back({other.range, "the first time here"});
        isTwice = true;
      }
    for (const syntax::Name &name : clause.types) {
      auto type = typeNamed(name.text);
      bool repeated = false;
      for (DType other : variable.types)
        repeated |= type == other;
      if (!type)
        diagnostics.error(name.range, "unknown type " + name.text);
      else if (type == DType::Size)
        diagnostics.error(name.range, "a type variable cannot be size: use i64");
      else if (repeated)
        diagnostics.error(name.range, "type " + name.text + " is listed twice");
      else
        variable.types.push_back(*type);
    }
    if (!isTwice)
      variables.push_back(std::move(variable));
  }
  return variables;
}

namespace {
class Loader {
public:
  Loader(Module &module, const std::vector<std::string> &importDirs, Diagnostics &diagnostics)
      : module(module), importDirs(importDirs), diagnostics(diagnostics) {}

  /// A unit of the text; its imports are loaded too.
  Unit *load(const std::string &name, const std::string &path, std::string text) {
    auto owned = std::make_unique<Unit>();
    Unit *unit = owned.get();
    unit->module = &module;
    unit->source = std::make_unique<SourceFile>(name, path, std::move(text));
    unit->file = std::make_unique<syntax::File>();
    unit->file->source = unit->source.get();
    module.units.push_back(std::move(owned));
    if (unit->source->text.size() > maxFileBytes) {
      diagnostics.error({unit->source.get(), 0, 0},
                        "the text has more than " + std::to_string(maxFileBytes) + " bytes");
      return unit;
    }
    if (auto at = badByte(unit->source->text)) {
      char message[80];
      auto byte = static_cast<unsigned char>(unit->source->text[*at]);
      std::snprintf(message, sizeof message, byte ? "byte 0x%02x is not UTF-8" : "the file has a NUL byte", byte);
      auto offset = static_cast<uint32_t>(*at);
      diagnostics.error({unit->source.get(), offset, offset + 1}, message);
      return unit;
    }
    unit->file = parseFile(*unit->source, diagnostics);
    declare(*unit);
    stack.push_back(unit);
    for (const syntax::ImportDecl &import : unit->file->imports)
      importInto(*unit, import);
    stack.pop_back();
    return unit;
  }

private:
  void add(Unit &unit, const std::string &name, Global global) {
    auto [at, isNew] = unit.scope.emplace(name, global);
    if (!isNew && at->second.kind != Global::Kind::Broken)
      diagnostics.error(global.range, name + " is declared twice")
          .notes.push_back({at->second.range, "the first time here"});
  }

  void declare(Unit &unit) {
    syntax::File &file = *unit.file;
    for (auto &decl : file.consts) {
      if (!checkDeclaredName(decl->name, diagnostics))
        continue;
      unit.consts.push_back(std::make_unique<ConstValue>());
      unit.consts.back()->decl = decl.get();
      unit.consts.back()->unit = &unit;
      Global global{Global::Kind::Const, decl->name.range, &unit, unit.consts.back().get()};
      add(unit, decl->name.text, global);
    }
    for (auto &decl : file.fns) {
      Global global{Global::Kind::Fn, decl->name.range, &unit};
      global.fn = decl.get();
      if (checkDeclaredName(decl->name, diagnostics))
        add(unit, decl->name.text, global);
    }
    for (auto &decl : file.ops) {
      auto op = std::make_unique<Operator>();
      op->name = decl->name.text;
      op->doc = decl->doc;
      op->typeVariables = typeVariablesOf(decl->where, diagnostics);
      op->range = decl->range;
      op->nameRange = decl->name.range;
      op->unit = &unit;
      op->syntax = decl.get();
      op->module = &module;
      Global global{Global::Kind::Op, decl->name.range, &unit};
      global.op = op.get();
      if (checkDeclaredName(decl->name, diagnostics))
        add(unit, decl->name.text, global);
      unit.operators.push_back(std::move(op));
    }
    for (const std::string &name : file.broken)
      unit.scope.emplace(name, Global{Global::Kind::Broken, {}, &unit});
  }

  void importInto(Unit &unit, const syntax::ImportDecl &import) {
    std::vector<fs::path> places;
    fs::path wanted(import.path);
    if (import.path.empty()) {
      diagnostics.error(import.range, "an import needs the name of a file");
      return;
    }
    if (!unit.source->path.empty())
      places.push_back(fs::path(unit.source->path).parent_path() / wanted);
    for (const std::string &dir : importDirs)
      places.push_back(fs::path(dir) / wanted);
    std::error_code ignored;
    fs::path found;
    for (const fs::path &place : places)
      if (found.empty() && fs::exists(place, ignored))
        found = place;
    if (found.empty()) {
      diagnostics.error(import.range,
                        "cannot find " + import.path + ": neither beside this file nor in a directory given by -I");
      return;
    }
    fs::path canonical = fs::weakly_canonical(found, ignored);
    Unit *imported = nullptr;
    for (const auto &other : module.units)
      if (!other->source->path.empty() && fs::weakly_canonical(other->source->path, ignored) == canonical)
        imported = other.get();
    if (imported) {
      for (size_t i = 0; i < stack.size(); ++i)
        if (stack[i] == imported) {
          std::string chain;
          for (size_t k = i; k < stack.size(); ++k)
            chain += stack[k]->source->name + " -> ";
          diagnostics.error(import.range, "files import one another: " + chain + imported->source->name);
          return;
        }
    } else {
      if (stack.size() >= maxImportDepth) {
        diagnostics.error(import.range, "imports are nested more than " + std::to_string(maxImportDepth) + " deep");
        return;
      }
      std::string why;
      auto text = readWhole(found.string(), why);
      if (!text) {
        diagnostics.error(import.range, "cannot read " + import.path + ": " + why);
        return;
      }
      imported = load(import.path, found.string(), std::move(*text));
    }
    for (const auto &[name, global] : imported->scope) {
      if (global.unit != imported) // Names become visible here, not beyond.
        continue;
      auto [at, isNew] = unit.scope.emplace(name, global);
      if (isNew || at->second.kind == Global::Kind::Broken || at->second.unit == global.unit)
        continue;
      SourceRange place = at->second.unit == &unit ? at->second.range : import.range;
      auto &diagnostic = diagnostics.error(place, name + " is declared here and in " + imported->source->name);
      if (at->second.unit != &unit)
        diagnostic.message =
            name + " is declared in " + imported->source->name + " and in " + at->second.unit->source->name;
      diagnostic.notes.push_back({global.range, "declared here"});
      if (at->second.unit != &unit)
        diagnostic.notes.push_back({at->second.range, "and here"});
    }
  }

  Module &module;
  const std::vector<std::string> &importDirs;
  Diagnostics &diagnostics;
  std::vector<Unit *> stack;
};
} // namespace

// ---- checks that do not depend on a combination --------------------------------------------------------------------

namespace tenon {
void checkDeclarations(Module &module, Diagnostics &diagnostics); // Instantiate.cpp
}

std::unique_ptr<Module> tenon::parseModule(const std::string &path, const std::vector<std::string> &importDirs,
                                           Diagnostics &diagnostics) {
  std::string why;
  auto text = readWhole(path, why);
  if (!text) {
    diagnostics.error({}, "cannot read " + path + ": " + why);
    return nullptr;
  }
  auto module = std::make_unique<Module>();
  Loader(*module, importDirs, diagnostics).load(fs::path(path).filename().string(), path, std::move(*text));
  checkDeclarations(*module, diagnostics);
  return module;
}

std::unique_ptr<Module> tenon::parseBuffer(const std::string &name, std::string text,
                                           const std::vector<std::string> &importDirs, Diagnostics &diagnostics) {
  auto module = std::make_unique<Module>();
  Loader(*module, importDirs, diagnostics).load(name, "", std::move(text));
  checkDeclarations(*module, diagnostics);
  return module;
}
