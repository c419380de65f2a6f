//===- Status.h - success, or an error with its message ----------------------===//
//
// Owns the one way in which the runtime's parts report errors to each other. Does not own the last error of a thread
// (core/Error.h) nor the numbers (tenon/error.h). Success costs one null pointer.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "tenon/error.h"

#include <memory>
#include <string>

namespace tenon {

class [[nodiscard]] Status {
public:
  Status() = default;
  Status(tnError_t code, std::string message) : state(new State{code, std::move(message)}) {}

  bool ok() const { return !state; }
  tnError_t code() const { return state ? state->code : tnSuccess; }
  const char *message() const { return state ? state->message.c_str() : ""; }
  Status clone() const { return state ? Status(state->code, state->message) : Status(); }

  /// Puts "what: " before the message; nothing on success.
  Status in(const std::string &what) && {
    if (state)
      state->message = what + ": " + state->message;
    return std::move(*this);
  }

private:
  struct State {
    tnError_t code;
    std::string message;
  };
  std::unique_ptr<State> state;
};

/// An error whose message is made as by printf: lowercase, no full stop, with the place, the value and the limit.
[[gnu::format(printf, 2, 3)]] Status error(tnError_t code, const char *format, ...);

/// As sprintf, into a string.
[[gnu::format(printf, 1, 2)]] std::string text(const char *format, ...);

} // namespace tenon

#define TENON_TRY(EXPRESSION)                                                                                          \
  do {                                                                                                                 \
    if (::tenon::Status tryStatus = (EXPRESSION); !tryStatus.ok())                                                     \
      return tryStatus;                                                                                                \
  } while (false)
