//===- Source.cpp - source files, places and diagnostics --------------------===//
//
// Owns lines and columns, and how diagnostics print as text and as JSON.
//
//===------------------------------------------------------------------------===//
#include "Source.h"

#include <algorithm>
#include <cstdio>
#include <map>

using namespace tenon;

SourceFile::SourceFile(std::string name, std::string path, std::string text)
    : name(std::move(name)), path(std::move(path)), text(std::move(text)) {
  lineStarts.push_back(0);
  for (uint32_t i = 0; i < this->text.size(); ++i)
    if (this->text[i] == '\n')
      lineStarts.push_back(i + 1);
}

unsigned SourceFile::line(uint32_t offset) const {
  return std::upper_bound(lineStarts.begin(), lineStarts.end(), offset) - lineStarts.begin();
}

unsigned SourceFile::column(uint32_t offset) const {
  unsigned column = 1;
  for (uint32_t i = lineStarts[line(offset) - 1]; i < offset && i < text.size(); ++i)
    column += (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
  return column;
}

std::string_view SourceFile::lineText(unsigned line) const {
  if (line == 0 || line > lineStarts.size())
    return {};
  uint32_t begin = lineStarts[line - 1];
  uint32_t end = line < lineStarts.size() ? lineStarts[line] - 1 : static_cast<uint32_t>(text.size());
  if (end > begin && text[end - 1] == '\r')
    --end;
  return std::string_view(text).substr(begin, end - begin);
}

std::string SourceRange::oneLine() const {
  std::string out;
  std::string_view all = text();
  bool space = false;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == '/' && i + 1 < all.size() && all[i + 1] == '/') {
      while (i < all.size() && all[i] != '\n')
        ++i;
      space = true;
      continue;
    }
    if (all[i] == ' ' || all[i] == '\t' || all[i] == '\n' || all[i] == '\r') {
      space = true;
      continue;
    }
    if (space && !out.empty())
      out += ' ';
    space = false;
    out += all[i];
  }
  // A message stays readable when what it quotes is long.
  if (out.size() > 120)
    out = out.substr(0, 117) + "...";
  return out;
}

Diagnostic &Diagnostics::insert(Diagnostic diagnostic) {
  auto key = std::make_tuple(static_cast<int>(diagnostic.severity), diagnostic.range.file, diagnostic.range.begin,
                             diagnostic.message);
  if (!seen.insert(key).second) {
    dropped = std::move(diagnostic);
    return dropped;
  }
  errors += diagnostic.severity == Severity::Error;
  list.push_back(std::move(diagnostic));
  return list.back();
}

Diagnostic &Diagnostics::error(SourceRange range, std::string message) {
  return insert({Severity::Error, range, std::move(message), {}});
}

Diagnostic &Diagnostics::warning(SourceRange range, std::string message) {
  return insert({Severity::Warning, range, std::move(message), {}});
}

void Diagnostics::add(Diagnostic diagnostic) { insert(std::move(diagnostic)); }

void Diagnostics::clear() {
  list.clear();
  seen.clear();
  errors = 0;
}

const SourceFile *Diagnostics::own(std::unique_ptr<SourceFile> file) {
  files.push_back(std::move(file));
  return files.back().get();
}

static const char *severityName(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Note:
    return "note";
  }
  return "";
}

/// A line as a terminal may be shown it: what is not UTF-8 or controls terminals becomes a question mark. Keeps bytes
/// that continue a character where they are, so that columns agree.
static std::string printable(std::string_view line) {
  std::string out(line);
  for (size_t i = 0; i < out.size();) {
    auto c = static_cast<unsigned char>(out[i]);
    size_t length = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
    bool good = length != 0 && i + length <= out.size() && (c >= 0x20 || c == '\t') && c != 0x7f;
    for (size_t k = 1; good && k < length; ++k)
      good = (static_cast<unsigned char>(out[i + k]) & 0xc0) == 0x80;
    if (good) {
      i += length;
      continue;
    }
    out[i++] = '?';
  }
  return out;
}

static void printOne(std::string &out, Severity severity, SourceRange range, const std::string &message) {
  if (!range.file) {
    out += std::string(severityName(severity)) + ": " + message + "\n";
    return;
  }
  unsigned line = range.line(), column = range.column();
  out += range.file->name + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + severityName(severity) +
         ": " + message + "\n";
  std::string_view text = range.file->lineText(line);
  const std::string shown = printable(text);
  size_t offset = std::min<size_t>(range.begin - range.file->lineStarts[line - 1], text.size());
  text = shown;
  if (text.size() > 400) { // A window of a very long line.
    size_t from = offset > 100 ? offset - 100 : 0;
    while (from > 0 && (static_cast<unsigned char>(text[from]) & 0xc0) == 0x80)
      --from;
    text = text.substr(from, 300);
    offset -= from;
  }
  std::string caret;
  for (size_t i = 0; i < offset && i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
      caret += text[i] == '\t' ? '\t' : ' ';
  out += std::string(text) + "\n" + caret + "^\n";
}

std::vector<const Diagnostic *> Diagnostics::sorted() const {
  std::map<const SourceFile *, size_t> order;
  for (const Diagnostic &diagnostic : list)
    order.emplace(diagnostic.range.file, order.size());
  std::vector<const Diagnostic *> result;
  for (const Diagnostic &diagnostic : list)
    result.push_back(&diagnostic);
  std::sort(result.begin(), result.end(), [&](const Diagnostic *a, const Diagnostic *b) {
    return std::tuple(order[a->range.file], a->range.begin, a) < std::tuple(order[b->range.file], b->range.begin, b);
  });
  return result;
}

std::string Diagnostics::print() const {
  std::string out;
  for (const Diagnostic *entry : sorted()) {
    const Diagnostic &diagnostic = *entry;
    printOne(out, diagnostic.severity, diagnostic.range, diagnostic.message);
    for (const Note &note : diagnostic.notes)
      printOne(out, Severity::Note, note.range, note.message);
  }
  return out;
}

static std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
      out += buffer;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

static std::string jsonOf(Severity severity, SourceRange range, const std::string &message) {
  std::string out = "{";
  if (range.file) {
    uint32_t end = std::max(range.begin, range.end);
    out += "\"file\": " + quoted(range.file->name) + ", \"line\": " + std::to_string(range.line()) +
           ", \"column\": " + std::to_string(range.column()) +
           ", \"endLine\": " + std::to_string(range.file->line(end)) +
           ", \"endColumn\": " + std::to_string(range.file->column(end)) + ", ";
  }
  return out + "\"severity\": \"" + severityName(severity) + "\", \"message\": " + quoted(message);
}

std::string Diagnostics::json() const {
  std::string out = "[";
  bool first = true;
  for (const Diagnostic *entry : sorted()) {
    const Diagnostic &diagnostic = *entry;
    out += (first ? "\n  " : ",\n  ") + jsonOf(diagnostic.severity, diagnostic.range, diagnostic.message) +
           ", \"notes\": [";
    first = false;
    for (size_t i = 0; i < diagnostic.notes.size(); ++i)
      out += (i ? ", " : "") + jsonOf(Severity::Note, diagnostic.notes[i].range, diagnostic.notes[i].message) + "}";
    out += "]}";
  }
  return out + (first ? "]\n" : "\n]\n");
}
