//===- Report.cpp - what tenon-check prints ---------------------------------===//
//
// Owns what Report.h declares.
//
//===------------------------------------------------------------------------===//
#include "tenon-check/Report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace tenon::check {

using Json = nlohmann::ordered_json;

struct Report::Content {
  Json rows = Json::array();
};

Report::Report(bool isJson, uint64_t seed)
    : isJson(isJson), isTerminal(isatty(STDERR_FILENO)), seed(seed), content(std::make_unique<Content>()) {}
Report::~Report() { clearProgress(); }

void Report::setWidths(size_t op, size_t types, size_t device) {
  widths[0] = std::max(widths[0], op);
  widths[1] = std::max(widths[1], types);
  widths[2] = std::max(widths[2], device);
}

void Report::clearProgress() {
  if (shown)
    std::fprintf(stderr, "\r%*s\r", static_cast<int>(shown), "");
  shown = 0;
}

void Report::progress(const std::string &text) {
  if (!isTerminal)
    return;
  clearProgress();
  std::fprintf(stderr, "%s", text.c_str());
  std::fflush(stderr);
  shown = text.size();
}

static std::string errorText(double error) {
  if (std::isinf(error))
    return "inf";
  char text[32];
  std::snprintf(text, sizeof text, error == 0 ? "0" : "%.1e", error);
  return text;
}

static std::string toleranceText(double tolerance) {
  if (tolerance == 0)
    return "exact";
  char text[32];
  std::snprintf(text, sizeof text, "%g", tolerance);
  return text;
}

void Report::printRow(const Row &row) {
  if (!hasHeader)
    std::printf("%-*s  %-*s  %-*s  %5s  %8s  %9s  %6s  %8s  %s\n", static_cast<int>(widths[0]), "operator",
                static_cast<int>(widths[1]), "types", static_cast<int>(widths[2]), "device", "cases", "worst",
                "tolerance", "either", "launches", "emulations");
  hasHeader = true;
  std::printf("%-*s  %-*s  %-*s  ", static_cast<int>(widths[0]), row.op.c_str(), static_cast<int>(widths[1]),
              row.types.c_str(), static_cast<int>(widths[2]), row.device.c_str());
  if (row.status == Row::Status::Gap) {
    std::printf("%5s  gap: %s\n", "-", row.gap.c_str());
    return;
  }
  std::printf("%5u  %8s  %9s  %6llu  %8s  %s%s\n", row.cases, errorText(row.worst).c_str(),
              toleranceText(row.tolerance).c_str(), static_cast<unsigned long long>(row.either),
              row.variant.launches.empty() ? "-" : row.variant.launches.c_str(), row.variant.emulations.c_str(),
              row.status == Row::Status::Failed ? (row.variant.emulations.empty() ? "FAILED" : "  FAILED") : "");
  if (!row.failure)
    return;
  const Failure &failure = *row.failure;
  std::printf("  %s\n", failure.what.c_str());
  if (!failure.element.empty())
    std::printf("  worst element: %s\n", failure.element.c_str());
  if (!failure.sizes.empty())
    std::printf("  sizes: %s, seed %llu%s\n", failure.sizes.c_str(), static_cast<unsigned long long>(failure.seed),
                failure.drawnSizes.empty() ? "" : (" (made small from " + failure.drawnSizes + ")").c_str());
  if (!failure.definition.empty())
    std::printf("  first definition that differs: %s\n", failure.definition.c_str());
  if (!failure.command.empty())
    std::printf("  repeat: %s\n", failure.command.c_str());
}

static const char *const statusNames[] = {"passed", "failed", "gap"};

static Json jsonOf(const Row &row) {
  Json entry = {{"operator", row.op}, {"types", row.types}, {"device", row.device}};
  entry["status"] = statusNames[static_cast<int>(row.status)];
  if (row.status == Row::Status::Gap)
    entry["reason"] = row.gap;
  entry["cases"] = row.cases;
  // JSON has no infinity.
  entry["worst"] = std::isfinite(row.worst) ? Json(row.worst) : Json("inf");
  entry["tolerance"] = row.tolerance;
  entry["either"] = row.either;
  entry["variant"] = row.variant.profile;
  entry["launches"] = row.variant.launches;
  entry["emulations"] = row.variant.emulations;
  if (row.failure)
    entry["failure"] = {{"what", row.failure->what},      {"element", row.failure->element},
                        {"sizes", row.failure->sizes},    {"drawn_sizes", row.failure->drawnSizes},
                        {"seed", row.failure->seed},      {"definition", row.failure->definition},
                        {"command", row.failure->command}};
  return entry;
}

std::string lineOf(const Row &row) { return jsonOf(row).dump(-1, ' ', false, Json::error_handler_t::replace); }

bool rowOf(const std::string &line, Row &row) {
  Json entry = Json::parse(line, nullptr, false);
  if (!entry.is_object() || !entry.contains("status"))
    return false;
  auto text = [](const Json &from, const char *key) { return from.value(key, std::string()); };
  row.op = text(entry, "operator");
  row.types = text(entry, "types");
  row.device = text(entry, "device");
  for (int i = 0; i < 3; ++i)
    if (text(entry, "status") == statusNames[i])
      row.status = static_cast<Row::Status>(i);
  row.gap = text(entry, "reason");
  row.cases = entry.value("cases", 0u);
  row.worst = entry["worst"].is_string() ? HUGE_VAL : entry.value("worst", 0.0);
  row.tolerance = entry.value("tolerance", 0.0);
  row.either = entry.value("either", uint64_t(0));
  row.variant = {text(entry, "variant"), text(entry, "launches"), text(entry, "emulations")};
  if (entry.contains("failure")) {
    const Json &failure = entry["failure"];
    row.failure = Failure{text(failure, "what"),
                          text(failure, "element"),
                          text(failure, "sizes"),
                          text(failure, "drawn_sizes"),
                          text(failure, "definition"),
                          text(failure, "command"),
                          failure.value("seed", uint64_t(0))};
  }
  return true;
}

void Report::add(const std::string &file, const std::vector<Row> &rows) {
  clearProgress();
  for (const Row &row : rows) {
    (row.status == Row::Status::Passed ? passed : row.status == Row::Status::Failed ? failed : gaps) += 1;
    if (!isJson) {
      printRow(row);
      continue;
    }
    Json entry = {{"file", file}};
    entry.update(jsonOf(row));
    content->rows.push_back(std::move(entry));
  }
  std::fflush(stdout);
}

void Report::finish() {
  clearProgress();
  if (isJson) {
    Json all = {{"seed", seed}, {"passed", passed}, {"failed", failed}, {"gaps", gaps}};
    all["rows"] = std::move(content->rows);
    std::printf("%s\n", all.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return;
  }
  std::printf("%u passed, %u failed", passed, failed);
  if (gaps)
    std::printf(", %u gaps", gaps);
  std::printf("; seed %llu\n", static_cast<unsigned long long>(seed));
}

} // namespace tenon::check
