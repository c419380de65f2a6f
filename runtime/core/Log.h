//===- Log.h - TENON_LOG ------------------------------------------------------===//
//
// Owns the log on stderr: nothing unless TENON_LOG is error, info or debug. Errors are logged once, where a call of
// the API fails; debug has one line an API call.
//
//===------------------------------------------------------------------------===//
#pragma once

namespace tenon {

enum class LogLevel { Off, Error, Info, Debug };

LogLevel logLevel();
inline bool logs(LogLevel level) { return logLevel() >= level; }
[[gnu::format(printf, 2, 3)]] void log(LogLevel level, const char *format, ...);

} // namespace tenon
