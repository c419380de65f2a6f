//===- CrashGuard.h - LLVM's fatal errors as ordinary ones ------------------===//
//
// Owns the one place where code of LLVM that may end the process is called such that it does not.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>

namespace tenon::host {

/// Calls `work` on this thread. False when LLVM reported a fatal error or crashed: `message` then says what it said,
/// and what `work` had allocated is leaked. May be called from several threads at a time, not within itself.
bool runGuarded(llvm::function_ref<void()> work, std::string &message);

} // namespace tenon::host
