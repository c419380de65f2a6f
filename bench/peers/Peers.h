//===- Peers.h - those that Tenon is measured beside ------------------------===//
//
// Owns how peers are made, one file each: OpenBlas.cpp, OneDnn.cpp, Loops.cpp. Inputs must outlive the peers.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Case.h"

namespace tenon::bench {

/// The core OpenBLAS chose its kernels for: "SkylakeX", "Haswell", "Zen", "Prescott".
std::string getOpenBlasCore();
std::string getOpenBlasVersion();
std::string getOneDnnVersion();

/// c[m, n] = a[m, k] * b[k, n] by sgemm.
Peer makeOpenBlasMatmul(const float *a, const float *b, int64_t m, int64_t n, int64_t k);

Peer makeOneDnnSoftmax(const float *x, int64_t rows, int64_t columns);
Peer makeOneDnnAdd(const float *x, const float *y, int64_t count);
/// max(exp(tanh(x * g + x)) - 1, 0), as a multiplication with what follows attached to it.
Peer makeOneDnnChain(const float *x, const float *g, int64_t count);

/// Plain C loops over as many threads as setLoopThreads said.
void setLoopThreads(int threads);
Peer makeLoopSoftmax(const float *x, int64_t rows, int64_t columns);
Peer makeLoopRmsnorm(const float *x, const float *g, float eps, int64_t rows, int64_t columns);
Peer makeLoopAdd(const float *x, const float *y, int64_t count);
/// The same chain in one loop.
Peer makeLoopChain(const float *x, const float *g, int64_t count);

} // namespace tenon::bench
