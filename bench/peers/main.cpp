//===- main.cpp - tenon-bench-peers: Tenon beside its peers -----------------===//
//
// Owns the command line, and the way of a case: data, peers and devices made ready, results compared, then timed. Does
// not own the cases (Cases.cpp) nor how times are taken (Measure.cpp).
//
//===------------------------------------------------------------------------===//
#include "Environment.h"
#include "Measure.h"
#include "Peers.h"
#include "Report.h"
#include "TenonOp.h"

#include "process/CommandLine.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <new>

using namespace tenon;
using namespace tenon::bench;

namespace {

constexpr const char *footer = R"(examples:
  tenon-bench-peers                                  every case, on host and on PoCL if it is there
  tenon-bench-peers --case=matmul --device=host      only cases with this word
  tenon-bench-peers --device=opencl:Intel --rounds=5

Operators are those of bench/ops, compiled with dynamic sizes; every launch is tnModuleLoad's and tnOpLaunch's
ordinary road, and ends with the result there. Results are compared with a peer's, and peers' with each other, before
anything is timed. All take turns in one process, with as many threads each; numbers are medians over rounds, and mean
little on a busy machine. Columns: ratio is the best peer's time by Tenon's (higher is better), limit what is asked of
it, noise the distance of the quartiles as a share of the median. Memory is allocated before; 4 GiB are needed for all
cases.)";

struct Options {
  std::vector<std::string> devices, cases;
  std::string packages = TENON_BENCH_PACKAGES, json;
  int threads = 2, rounds = 15;
  bool strict = false, list = false;
};

struct Device {
  std::string given;
  int number = -1;
  tnDeviceProp prop{};
  bool isHost() const { return strcmp(prop.id, "host") == 0; }
  bool isPocl() const { return strstr(prop.driver, "Portable Computing Language"); }
};

Device openDevice(const std::string &name) {
  Device device;
  device.given = name;
  check(tnGetDeviceByName(&device.number, name.c_str()), "device " + name);
  check(tnGetDeviceProperties(&device.prop, device.number), "device " + name);
  return device;
}

/// Uniform in [-1, 1), the same in every run.
void fill(float *data, int64_t count, uint64_t seed) {
  uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    data[i] = static_cast<float>(static_cast<int32_t>(state >> 32)) * 0x1p-31f;
  }
}

void spoil(float *data, int64_t count) { std::fill(data, data + count, std::numeric_limits<float>::quiet_NaN()); }

/// The largest difference relative to 1 + |want|; infinite where one is no number.
double compare(const float *got, const float *want, int64_t count) {
  double largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    double difference = std::abs(double(got[i]) - double(want[i])) / (1 + std::abs(double(want[i])));
    if (!(difference <= largest))
      largest = std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
  }
  return largest;
}

std::string describeDifference(const std::string &who, const std::string &peer, double difference, double tolerance) {
  char text[256];
  snprintf(text, sizeof(text), "%s and %s differ by %g of 1 + |value|, allowed %g", who.c_str(), peer.c_str(),
           difference, tolerance);
  return text;
}

struct Subject {
  const Device *device;
  std::unique_ptr<TenonOp> op;
  Row row;
};

/// Compiles no code and times nothing: loads, runs once, compares with `want`.
void prepare(Subject &subject, const Case &theCase, const Options &options, const std::vector<const float *> &inputs,
             const std::string &peer, const float *want) {
  int64_t count = countElements(theCase.result);
  std::vector<float> got(static_cast<size_t>(count));
  subject.op = std::make_unique<TenonOp>(theCase, options.packages + "/bench_" + theCase.op + ".tnb",
                                         subject.device->number, subject.device->isHost(), inputs);
  spoil(got.data(), count);
  subject.op->getResult().write(got.data());
  subject.op->run();
  subject.op->getResult().read(got.data());
  subject.row.workspace = subject.op->getWorkspace();
  subject.row.difference = compare(got.data(), want, count);
  if (!(subject.row.difference <= theCase.tolerance))
    throw Failure{describeDifference("Tenon", peer, subject.row.difference, theCase.tolerance)};
}

void runCase(const Case &theCase, const std::vector<Device> &devices, const Options &options, std::vector<Row> &rows,
             std::vector<PeerTime> &peerTimes) {
  // Inputs and the peers' result lie in host memory of Tenon's own, so that all read and write the same kind of pages.
  int host = 0;
  check(tnGetDeviceByName(&host, "host"), "device host");
  std::vector<std::unique_ptr<DeviceArray>> arrays;
  std::vector<const float *> inputs;
  for (const Shape &shape : theCase.inputs) {
    arrays.push_back(std::make_unique<DeviceArray>(host, countElements(shape)));
    fill(arrays.back()->data(), countElements(shape), arrays.size());
    inputs.push_back(arrays.back()->data());
  }
  int64_t count = countElements(theCase.result);
  DeviceArray peerResult(host, count);

  std::vector<Peer> peers = theCase.makePeers(theCase, inputs);
  std::vector<float> want;
  for (const Peer &peer : peers) {
    spoil(peerResult.data(), count);
    peer.run(peerResult.data());
    if (want.empty()) {
      want.assign(peerResult.data(), peerResult.data() + count);
      continue;
    }
    double difference = compare(peerResult.data(), want.data(), count);
    if (!(difference <= theCase.tolerance))
      throw Failure{describeDifference(peer.name, peers.front().name, difference, theCase.tolerance)};
  }

  std::vector<Subject> subjects;
  for (const Device &device : devices) {
    Subject subject{&device, nullptr, {}};
    subject.row.caseName = theCase.name;
    subject.row.device = device.prop.id;
    subject.row.deviceName = device.prop.name;
    subject.row.limit = device.isHost() ? theCase.hostLimit : device.isPocl() ? theCase.poclLimit : 0;
    try {
      prepare(subject, theCase, options, inputs, peers.front().name, want.data());
    } catch (const Failure &failure) {
      subject.row.error = failure.message;
      subject.op.reset();
    }
    subjects.push_back(std::move(subject));
  }
  want.clear();
  want.shrink_to_fit();

  std::vector<Contender> contenders;
  for (const Peer &peer : peers)
    contenders.push_back({peer.name, [&peer, &peerResult] { peer.run(peerResult.data()); }, {}});
  for (Subject &subject : subjects)
    if (subject.op)
      contenders.push_back({"Tenon", [&subject] { subject.op->run(); }, {}});
  measure(contenders, options.rounds);

  size_t best = 0;
  for (size_t i = 0; i < peers.size(); ++i) {
    peerTimes.push_back(
        {theCase.name, peers[i].name, getMedian(contenders[i].samples), getSpread(contenders[i].samples)});
    if (getMedian(contenders[i].samples) < getMedian(contenders[best].samples))
      best = i;
  }
  size_t next = peers.size();
  for (Subject &subject : subjects) {
    if (subject.op) {
      const Contender &tenon = contenders[next++];
      Row &row = subject.row;
      row.tenonSamples = tenon.samples;
      row.tenonMs = getMedian(tenon.samples);
      row.tenonSpread = getSpread(tenon.samples);
      row.peer = contenders[best].name;
      row.peerMs = getMedian(contenders[best].samples);
      row.peerSpread = getSpread(contenders[best].samples);
      row.unit = theCase.flops > 0 ? "GFLOP/s" : "GB/s";
      row.rate = (theCase.flops > 0 ? theCase.flops : theCase.bytes) / row.tenonMs / 1e6;
    }
    printRow(subject.row);
    rows.push_back(std::move(subject.row));
  }
}

bool isWanted(const Case &theCase, const std::vector<std::string> &words) {
  for (const std::string &word : words)
    if (theCase.name.find(word) != std::string::npos)
      return true;
  return words.empty();
}

/// Devices as asked for; without a wish host, and PoCL where it is.
std::vector<Device> openDevices(const Options &options) {
  std::vector<Device> devices;
  for (const std::string &name : options.devices)
    devices.push_back(openDevice(name));
  if (!devices.empty())
    return devices;
  devices.push_back(openDevice("host"));
  try {
    devices.push_back(openDevice("opencl:Portable Computing Language"));
  } catch (const Failure &failure) {
    fprintf(stderr, "tenon-bench-peers: PoCL is left out: %s\n", failure.message.c_str());
  }
  return devices;
}

int run(const Options &options) {
  std::vector<Case> cases;
  for (Case &theCase : getCases())
    if (isWanted(theCase, options.cases))
      cases.push_back(std::move(theCase));
  if (cases.empty())
    throw Failure{"no case has one of these words in its name; --list lists them"};
  if (options.list) {
    for (const Case &theCase : cases)
      printf("%s\n", theCase.name.c_str());
    return process::exitFine;
  }

  setLoopThreads(options.threads);
  std::vector<Device> devices = openDevices(options);
  printf("%d threads, %d rounds; %s (%s), %s\n", options.threads, options.rounds, getOpenBlasVersion().c_str(),
         getOpenBlasCore().c_str(), getOneDnnVersion().c_str());
  for (const Device &device : devices)
    printf("%s: %s, %s %s\n", device.prop.id, device.prop.name, device.prop.driver, device.prop.driverVersion);
  if (std::string wrong = checkOpenBlasCore(); !wrong.empty())
    fprintf(stderr, "tenon-bench-peers: %s\n", wrong.c_str());
  printHeading();

  std::vector<Row> rows;
  std::vector<PeerTime> peers;
  for (const Case &theCase : cases) {
    size_t before = rows.size();
    try {
      runCase(theCase, devices, options, rows, peers);
    } catch (const Failure &failure) {
      // A case that fails as a whole, a peer's fault for instance, does not keep the others from being measured.
      rows.resize(before);
      for (const Device &device : devices) {
        Row row;
        row.caseName = theCase.name;
        row.device = device.prop.id;
        row.deviceName = device.prop.name;
        row.error = failure.message;
        printRow(row);
        rows.push_back(std::move(row));
      }
    }
  }
  if (!options.json.empty())
    writeJson(options.json, rows, peers, options.threads, options.rounds);
  bool failed = false, below = false;
  for (const Row &row : rows) {
    failed |= !row.error.empty();
    below |= row.isBelow();
  }
  return failed || (options.strict && below) ? process::exitInput : process::exitFine;
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  CLI::App app("Measures operators beside OpenBLAS, oneDNN and plain C loops.", "tenon-bench-peers");
  app.add_option("-d,--device", options.devices,
                 "a device, as tenon-info names it; may be repeated "
                 "(default: host, and PoCL if it is there)")
      ->type_name("DEVICE");
  app.add_option("--case", options.cases, "only cases with this text in their names; may be repeated")
      ->type_name("TEXT");
  app.add_option("--rounds", options.rounds, "samples a contender")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_option("--threads", options.threads, "threads of every contender")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--packages", options.packages, "folder of bench_OP.tnb")->capture_default_str();
  app.add_option("--json", options.json, "writes everything measured, every sample, to this file")->type_name("FILE");
  app.add_flag("--strict", options.strict, "exit status 1 when a ratio is below its limit");
  app.add_flag("--list", options.list, "lists the cases and ends");
  app.footer(std::string(footer) + "\n\n" + exitStatusText);
  if (std::optional<int> status = parseCommandLine(app, argc, argv))
    return *status;
  try {
    enterEnvironment(options.threads, argv);
    return run(options);
  } catch (const Failure &failure) {
    fprintf(stderr, "tenon-bench-peers: error: %s\n", failure.message.c_str());
    return process::exitInput;
  } catch (const std::bad_alloc &) {
    fprintf(stderr, "tenon-bench-peers: error: out of memory: all cases together need 4 GiB; --case takes fewer\n");
    return process::exitInput;
  }
}
