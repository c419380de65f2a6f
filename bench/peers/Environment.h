//===- Environment.h - settings that libraries read before main -------------===//
//
// Owns the environment in which peers are compared fairly: the same number of threads for all, pools that do not spin
// while another is timed, OpenBLAS's kernels for the instructions that there are. Libraries read it when they are
// loaded, so the program starts itself again with it.
//
//===------------------------------------------------------------------------===//
#pragma once

#include <string>

namespace tenon::bench {

/// Returns when the environment is right; else replaces this process by itself with the right one. Throws Failure.
void enterEnvironment(int threads, char **argv);

/// What is wrong with OpenBLAS's choice of kernels in this process, or "".
std::string checkOpenBlasCore();

} // namespace tenon::bench
