//===- main.cpp - 04_digits: training on every device -----------------------===//
//
// Owns the choice of devices and the table. Usage: 04_digits [--device=NAME|all] [--epochs=N] [--held-out=fifth|last]
//
//===------------------------------------------------------------------------===//
#include "Training.h"

#include "tenon/tenon.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <unistd.h>

namespace {

constexpr double wantedAccuracy = 0.95;

struct Row {
  std::string id, name, driver;
  std::string error; ///< Why there is no result; empty if there is one.
  TrainingResult result;
};

/// The devices to train on, host first: the others are compared with it.
std::vector<int> chooseDevices(const char *name) {
  int host = 0, count = 0;
  auto check = [](tnError_t error) {
    if (error != tnSuccess)
      throw std::runtime_error(tnGetLastErrorMessage());
  };
  check(tnGetDeviceByName(&host, "host"));
  std::vector<int> devices = {host};
  if (name) {
    int device = 0;
    check(tnGetDeviceByName(&device, name));
    if (device != host)
      devices.push_back(device);
    return devices;
  }
  check(tnGetDeviceCount(&count));
  for (int device = 0; device < count; ++device)
    if (device != host)
      devices.push_back(device);
  return devices;
}

Row trainOn(int device, const Digits &digits, const TrainingOptions &options) {
  Row row;
  tnDeviceProp prop;
  if (tnGetDeviceProperties(&prop, device) != tnSuccess || tnSetDevice(device) != tnSuccess) {
    row.id = std::to_string(device);
    row.error = tnGetLastErrorMessage();
    return row;
  }
  row.id = prop.id;
  row.name = prop.name;
  row.driver = prop.driver;
  bool terminal = isatty(STDERR_FILENO);
  try {
    row.result = train(TENON_PACKAGE, digits, options, [&](int epoch) {
      if (terminal)
        std::fprintf(stderr, "\r%s: epoch %d of %d ", prop.id, epoch, options.epochs);
    });
  } catch (const std::exception &failure) {
    row.error = failure.what();
  }
  if (terminal)
    std::fprintf(stderr, "\r\033[K");
  return row;
}

double largestDifference(const std::vector<float> &a, const std::vector<float> &b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    double difference = std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= largest)) // true for NaN as well
      largest = difference;
  }
  return largest;
}

int printTable(const std::vector<Row> &rows, const TrainingOptions &options, HeldOut heldOut) {
  std::vector<std::string> devices;
  size_t width = std::strlen("device"), driverWidth = std::strlen("driver");
  for (const Row &row : rows) {
    devices.push_back(row.id + " " + row.name);
    width = std::max(width, devices.back().size());
    driverWidth = std::max(driverWidth, row.driver.size());
  }
  int status = 0;
  std::printf("%-*s  %-*s  %8s  %10s  %s\n", static_cast<int>(width), "device", static_cast<int>(driverWidth), "driver",
              "accuracy", "s / epoch", "largest difference to host");
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row &row = rows[i];
    std::printf("%-*s  %-*s  ", static_cast<int>(width), devices[i].c_str(), static_cast<int>(driverWidth),
                row.driver.c_str());
    if (!row.error.empty()) {
      std::printf("failed: %s\n", row.error.c_str());
      status = 1;
      continue;
    }
    std::printf("%8.4f  %10.4f  ", row.result.accuracy, row.result.secondsPerEpoch);
    if (i == 0)
      std::printf("-\n");
    else if (rows[0].error.empty())
      std::printf("%.2e\n", largestDifference(row.result.probabilities, rows[0].result.probabilities));
    else
      std::printf("host failed\n");
    if (!(row.result.accuracy >= wantedAccuracy))
      status = 1;
  }
  std::printf("\naccuracy on %lld digits held out (%s of the file), after %d epochs; wanted at least %.2f: %s\n",
              static_cast<long long>(options.heldOut), heldOut == HeldOut::Last ? "the last" : "every fifth",
              options.epochs, wantedAccuracy, status ? "not reached everywhere" : "reached everywhere");
  return status;
}

} // namespace

int main(int argc, char **argv) {
  const char *device = nullptr;
  TrainingOptions options;
  HeldOut heldOut = HeldOut::EveryFifth;
  bool good = true;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument.starts_with("--device=")) {
      device = argument == "--device=all" ? nullptr : argv[i] + std::strlen("--device=");
    } else if (argument.starts_with("--epochs=")) {
      char *end = nullptr;
      long epochs = std::strtol(argv[i] + std::strlen("--epochs="), &end, 10);
      good = good && !*end && epochs >= 1 && epochs <= 10000;
      options.epochs = static_cast<int>(epochs);
    } else if (argument == "--held-out=fifth" || argument == "--held-out=last") {
      heldOut = argument.ends_with("last") ? HeldOut::Last : HeldOut::EveryFifth;
    } else {
      good = false;
    }
  }
  if (!good) {
    std::fprintf(stderr, "usage: %s [--device=NAME|all] [--epochs=1..10000] [--held-out=fifth|last]\n", argv[0]);
    return 2;
  }
  try {
    Digits digits = holdOut(readDigits(DIGITS_DATA), heldOut, options.heldOut);
    std::vector<Row> rows;
    for (int number : chooseDevices(device))
      rows.push_back(trainOn(number, digits, options));
    return printTable(rows, options, heldOut);
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "04_digits: %s\n", failure.what());
    return 1;
  }
}
