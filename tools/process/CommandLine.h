//===- CommandLine.h - what every tool's command line has in common ---------===//
//
// Owns --version and the exit status of a wrong command line. Does not own any tool's options.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "process/Process.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <optional>

namespace tenon {

constexpr const char *exitStatusText = "exit status: 0 fine, 1 the input is at fault, 2 wrong usage, 70 a bug of ours";

/// Parses; the exit status if the program is to end now (help, version, wrong usage).
inline std::optional<int> parseCommandLine(CLI::App &app, int argc, char **argv) {
  app.set_version_flag("--version", "tenon " TENON_VERSION_TEXT);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? process::exitFine : process::exitUsage;
  }
  return std::nullopt;
}

} // namespace tenon
