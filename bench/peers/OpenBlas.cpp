//===- OpenBlas.cpp - OpenBLAS as a peer --------------------------------------===//
#include "Peers.h"

#include <cblas.h>

namespace tenon::bench {

std::string getOpenBlasCore() { return openblas_get_corename(); }

std::string getOpenBlasVersion() {
  // "OpenBLAS 0.3.21 NO_AFFINITY ...": the first two words.
  std::string config = openblas_get_config();
  return config.substr(0, config.find(' ', config.find(' ') + 1));
}

Peer makeOpenBlasMatmul(const float *a, const float *b, int64_t m, int64_t n, int64_t k) {
  auto rows = static_cast<blasint>(m), columns = static_cast<blasint>(n), depth = static_cast<blasint>(k);
  return {"OpenBLAS", [=](float *c) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, depth, 1.0f, a, depth, b, columns,
                        0.0f, c, columns);
          }};
}

} // namespace tenon::bench
