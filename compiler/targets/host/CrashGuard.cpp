//===- CrashGuard.cpp - LLVM's fatal errors as ordinary ones ----------------===//
//
// A fatal error either raises a signal or calls the fatal error handler and exits. CrashRecoveryContext catches the
// first and offers a way out of the second: leaving the handler through it.
//
//===------------------------------------------------------------------------===//
#include "CrashGuard.h"

#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ErrorHandling.h"

#include <mutex>

namespace tenon::host {

static thread_local std::string *currentMessage = nullptr;

static void leaveFatalError(void *, const char *reason, bool) {
  llvm::CrashRecoveryContext *context = llvm::CrashRecoveryContext::GetCurrent();
  if (!currentMessage || !context)
    return; // Another thread's, which nobody guards: LLVM goes on as it would have.
  *currentMessage = reason;
  context->HandleExit(1);
}

namespace {
/// The handler is the process's, so it is there exactly while some thread is guarded.
class FatalErrorHandler {
public:
  FatalErrorHandler() {
    std::lock_guard lock(mutex);
    if (users++ > 0)
      return;
    llvm::CrashRecoveryContext::Enable();
    llvm::install_fatal_error_handler(leaveFatalError);
  }
  ~FatalErrorHandler() {
    std::lock_guard lock(mutex);
    if (--users > 0)
      return;
    llvm::remove_fatal_error_handler();
    llvm::CrashRecoveryContext::Disable();
  }

private:
  static inline std::mutex mutex;
  static inline unsigned users = 0;
};
} // namespace

bool runGuarded(llvm::function_ref<void()> work, std::string &message) {
  FatalErrorHandler handler;
  message.clear();
  currentMessage = &message;
  llvm::CrashRecoveryContext context;
  bool completed = context.RunSafely(work);
  currentMessage = nullptr;
  if (!completed && message.empty())
    message = "LLVM crashed";
  return completed;
}

} // namespace tenon::host
