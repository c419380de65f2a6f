//===- Cases.cpp - the cases and what is asked of them ----------------------===//
//
// Owns sizes, peers and limits of every case. A new case is a line here and, for a new operator, a file in bench/ops.
//
//===------------------------------------------------------------------------===//
#include "Case.h"

#include "Peers.h"

namespace tenon::bench {

int64_t countElements(const Shape &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

static Case makeMatmul(int64_t m, int64_t n, int64_t k, double hostLimit, double poclLimit) {
  Case made;
  made.name = "matmul " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
  made.op = "matmul";
  made.inputs = {{m, k}, {k, n}};
  made.result = {m, n};
  made.tolerance = 1e-4;
  made.flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  made.hostLimit = hostLimit;
  made.poclLimit = poclLimit;
  made.makePeers = [m, n, k](const Case &, const std::vector<const float *> &inputs) {
    return std::vector<Peer>{makeOpenBlasMatmul(inputs[0], inputs[1], m, n, k)};
  };
  return made;
}

static Case makeSoftmax(int64_t rows, int64_t columns) {
  Case made;
  made.name = "softmax " + std::to_string(rows) + "x" + std::to_string(columns);
  made.op = "softmax";
  made.inputs = {{rows, columns}};
  made.result = {rows, columns};
  made.tolerance = 1e-5;
  made.bytes = 8.0 * static_cast<double>(rows) * static_cast<double>(columns);
  made.hostLimit = 0.85;
  made.poclLimit = 0.75;
  made.makePeers = [rows, columns](const Case &, const std::vector<const float *> &inputs) {
    return std::vector<Peer>{makeOneDnnSoftmax(inputs[0], rows, columns), makeLoopSoftmax(inputs[0], rows, columns)};
  };
  return made;
}

static Case makeRmsnorm(int64_t rows, int64_t columns) {
  Case made;
  made.name = "rmsnorm " + std::to_string(rows) + "x" + std::to_string(columns);
  made.op = "rmsnorm";
  made.inputs = {{rows, columns}, {columns}};
  made.result = {rows, columns};
  made.defaults = 1;
  made.tolerance = 1e-5;
  made.bytes = 8.0 * static_cast<double>(rows) * static_cast<double>(columns);
  made.hostLimit = 0.85;
  made.poclLimit = 0.75;
  made.makePeers = [rows, columns](const Case &, const std::vector<const float *> &inputs) {
    return std::vector<Peer>{makeLoopRmsnorm(inputs[0], inputs[1], 1e-6f, rows, columns)};
  };
  return made;
}

static Case makeAdd(int64_t millions) {
  int64_t count = millions << 20;
  Case made;
  made.name = "add " + std::to_string(millions) + "M";
  made.op = "add";
  made.inputs = {{count}, {count}};
  made.result = {count};
  made.tolerance = 0;
  made.bytes = 12.0 * static_cast<double>(count);
  made.hostLimit = 0.85;
  made.poclLimit = 0.75;
  made.makePeers = [count](const Case &, const std::vector<const float *> &inputs) {
    return std::vector<Peer>{makeOneDnnAdd(inputs[0], inputs[1], count), makeLoopAdd(inputs[0], inputs[1], count)};
  };
  return made;
}

static Case makeChain(int64_t millions) {
  int64_t count = millions << 20;
  Case made;
  made.name = "chain of 5, " + std::to_string(millions) + "M";
  made.op = "chain";
  made.inputs = {{count}, {count}};
  made.result = {count};
  made.tolerance = 1e-5;
  made.bytes = 12.0 * static_cast<double>(count);
  made.makePeers = [count](const Case &, const std::vector<const float *> &inputs) {
    return std::vector<Peer>{makeOneDnnChain(inputs[0], inputs[1], count), makeLoopChain(inputs[0], inputs[1], count)};
  };
  return made;
}

std::vector<Case> getCases() {
  return {makeMatmul(1024, 1024, 1024, 0.85, 0.85),
          makeMatmul(997, 997, 997, 0.85, 0.85),
          makeMatmul(7, 4096, 4096, 1.0, 0),
          makeSoftmax(4096, 4096),
          makeRmsnorm(2048, 4096),
          makeAdd(64),
          makeChain(16)};
}

} // namespace tenon::bench
