//===- Source.h - source files, places and diagnostics ----------------------===//
//
// Owns the text of .tn files, ranges in them, and the collection and printing of errors, warnings and notes. Does not
// own what is said.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon {

/// A file's text and its lines. `name` is what messages show; `path` is where it came from (empty for a buffer).
struct SourceFile {
  std::string name, path, text;
  std::vector<uint32_t> lineStarts;

  SourceFile(std::string name, std::string path, std::string text);
  unsigned line(uint32_t offset) const;   ///< 1-based.
  unsigned column(uint32_t offset) const; ///< 1-based, in characters (UTF-8 sequences count once).
  std::string_view lineText(unsigned line) const;
};

/// A half-open range of bytes of one file. A default range has no file and prints no place. The file outlives it: it
/// belongs to the Module or to the Diagnostics.
struct SourceRange {
  const SourceFile *file = nullptr;
  uint32_t begin = 0, end = 0;

  unsigned line() const { return file ? file->line(begin) : 0; }
  unsigned column() const { return file ? file->column(begin) : 0; }
  std::string_view text() const {
    return file ? std::string_view(file->text).substr(begin, end - begin) : std::string_view();
  }
  /// The text with runs of white space and comments as one space: for messages.
  std::string oneLine() const;
};

/// From the start of `a` to the end of `b`.
inline SourceRange join(SourceRange a, SourceRange b) { return {a.file, a.begin, b.end}; }

enum class Severity { Error, Warning, Note };

struct Note {
  SourceRange range;
  std::string message;
};
struct Diagnostic {
  Severity severity;
  SourceRange range;
  std::string message;
  std::vector<Note> notes;
};

/// Collects diagnostics. The same severity, place and message is kept once.
class Diagnostics {
public:
  /// The returned reference is good until the next diagnostic; add notes to it at once.
  Diagnostic &error(SourceRange range, std::string message);
  Diagnostic &warning(SourceRange range, std::string message);
  void add(Diagnostic diagnostic);

  bool hasErrors() const { return errors != 0; }
  unsigned errorCount() const { return errors; }
  const std::vector<Diagnostic> &all() const { return list; }
  void clear();

  /// `file.tn:4:17: error: ...`, the line, a caret, then the notes in the same form; in the order of files and lines.
  std::string print() const;
  /// An array of {file, line, column, endLine, endColumn, severity, message, notes: [...]}.
  std::string json() const;

  /// Keeps a file alive that has errors but no module.
  const SourceFile *own(std::unique_ptr<SourceFile> file);

private:
  Diagnostic &insert(Diagnostic diagnostic);
  std::vector<const Diagnostic *> sorted() const;
  std::vector<Diagnostic> list;
  Diagnostic dropped{Severity::Note, {}, "", {}};
  std::set<std::tuple<int, const SourceFile *, uint32_t, std::string>> seen;
  std::vector<std::unique_ptr<SourceFile>> files;
  unsigned errors = 0;
};

} // namespace tenon
