//===- Report.cpp - what was measured, for people and programs --------------===//
#include "Report.h"

#include "Peers.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace tenon::bench {

void printHeading() {
  printf("%-22s %-10s %10s %10s %6s %6s %5s %6s  %-14s %s\n", "case", "device", "Tenon ms", "peer ms", "ratio", "limit",
         "", "noise", "Tenon's rate", "best peer");
}

void printRow(const Row &row) {
  if (!row.error.empty()) {
    printf("%-22s %-10s failed: %s\n", row.caseName.c_str(), row.device.c_str(), row.error.c_str());
    fflush(stdout);
    return;
  }
  char limit[16] = "-", rate[32];
  if (row.limit > 0)
    snprintf(limit, sizeof(limit), "%.2f", row.limit);
  snprintf(rate, sizeof(rate), "%.1f %s", row.rate, row.unit.c_str());
  printf("%-22s %-10s %10.3f %10.3f %6.2f %6s %5s %5.0f%%  %-14s %s\n", row.caseName.c_str(), row.device.c_str(),
         row.tenonMs, row.peerMs, row.getRatio(), limit, row.limit > 0 ? (row.isBelow() ? "below" : "ok") : "",
         100 * std::max(row.tenonSpread, row.peerSpread), rate, row.peer.c_str());
  fflush(stdout);
}

void writeJson(const std::string &path, const std::vector<Row> &rows, const std::vector<PeerTime> &peers, int threads,
               int rounds) {
  using Json = nlohmann::ordered_json;
  Json all;
  all["threads"] = threads;
  all["rounds"] = rounds;
  all["openblas"] = getOpenBlasVersion();
  all["openblas_core"] = getOpenBlasCore();
  all["onednn"] = getOneDnnVersion();
  all["rows"] = Json::array();
  for (const Row &row : rows) {
    Json entry{{"case", row.caseName}, {"device", row.device}, {"device_name", row.deviceName}};
    if (!row.error.empty()) {
      entry["error"] = row.error;
    } else {
      entry["tenon_ms"] = row.tenonMs;
      entry["tenon_spread"] = row.tenonSpread;
      entry["tenon_samples_ms"] = row.tenonSamples;
      entry["peer"] = row.peer;
      entry["peer_ms"] = row.peerMs;
      entry["peer_spread"] = row.peerSpread;
      entry["ratio"] = row.getRatio();
      entry["rate"] = row.rate;
      entry["rate_unit"] = row.unit;
      entry["largest_difference"] = row.difference;
      entry["workspace_bytes"] = row.workspace;
    }
    if (row.limit > 0) {
      entry["limit"] = row.limit;
      entry["ok"] = !row.isBelow();
    }
    all["rows"].push_back(std::move(entry));
  }
  all["peers"] = Json::array();
  for (const PeerTime &peer : peers)
    all["peers"].push_back({{"case", peer.caseName}, {"peer", peer.peer}, {"ms", peer.ms}, {"spread", peer.spread}});
  std::ofstream file(path);
  file << all.dump(1) << '\n';
  file.close();
  if (!file)
    throw Failure{"cannot write " + path + ": " + strerror(errno)};
}

} // namespace tenon::bench
