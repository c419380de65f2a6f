//===- Log.cpp - TENON_LOG -----------------------------------------------------===//
#include "core/Log.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tenon {

LogLevel logLevel() {
  static const LogLevel level = [] {
    const char *value = getenv("TENON_LOG");
    if (!value || !*value || !strcmp(value, "off"))
      return LogLevel::Off;
    if (!strcmp(value, "error"))
      return LogLevel::Error;
    if (!strcmp(value, "info"))
      return LogLevel::Info;
    if (!strcmp(value, "debug"))
      return LogLevel::Debug;
    fprintf(stderr, "tenon: TENON_LOG is '%s'; it is off, error, info or debug\n", value);
    return LogLevel::Error;
  }();
  return level;
}

void log(LogLevel level, const char *format, ...) {
  if (!logs(level))
    return;
  // One write a line, so that threads do not mix.
  char line[1024];
  int used = snprintf(line, sizeof line, "tenon: ");
  va_list args;
  va_start(args, format);
  int more = vsnprintf(line + used, sizeof line - used - 1, format, args);
  va_end(args);
  used = more < 0 ? used : used + more;
  if (used > static_cast<int>(sizeof line) - 2)
    used = sizeof line - 2;
  line[used] = '\n';
  fwrite(line, 1, used + 1, stderr);
}

} // namespace tenon
