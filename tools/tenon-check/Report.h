//===- Report.h - what tenon-check prints -----------------------------------===//
//
// Owns the table, the text of failures, progress, and the JSON. Does not own what is in them.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "tenon-check/Check.h"

namespace tenon::check {

/// A row as one line, and back: how a worker tells its results. False where it is none.
std::string lineOf(const Row &row);
bool rowOf(const std::string &line, Row &row);

class Report {
public:
  /// Text rows go to stdout as they come; JSON all at once at the end.
  Report(bool isJson, uint64_t seed);
  ~Report();
  Report(const Report &) = delete;

  /// Widths of the first columns, so that rows can be printed as they come.
  void setWidths(size_t op, size_t types, size_t device);
  void progress(const std::string &text);
  void add(const std::string &file, const std::vector<Row> &rows);
  /// The summary, or the JSON.
  void finish();
  bool hasFailures() const { return failed != 0; }

private:
  void printRow(const Row &row);
  void clearProgress();

  bool isJson, isTerminal, hasHeader = false;
  uint64_t seed;
  size_t widths[3] = {8, 5, 6}, shown = 0;
  unsigned passed = 0, failed = 0, gaps = 0;
  struct Content;
  std::unique_ptr<Content> content;
};

} // namespace tenon::check
