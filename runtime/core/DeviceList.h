//===- DeviceList.h - which devices there are ------------------------------------------------===//
//
// Owns the list of drivers and devices, their numbers and names, TENON_VISIBLE_DEVICES, and when a driver is probed or
// a device opened. Does not own how a probe runs (Probe) nor what lives on a device (Context).
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Context.h"
#include "core/Device.h"

#include <memory>
#include <mutex>
#include <vector>

namespace tenon {

/// "host", "null", "opencl:1".
std::string deviceId(const DeviceInfo &info);

class DeviceList {
public:
  static DeviceList &get();

  /// How many devices there are. Probes all drivers (but what TENON_VISIBLE_DEVICES leaves out).
  Status count(int &count);
  /// The device of a number, not opened.
  Status info(int number, const DeviceInfo *&info);
  /// Opens the device of a number.
  Status open(int number, Context *&context);
  /// Opens the device that a name stands for; probes only the driver that is named.
  Status openByName(const std::string &name, Context *&context);
  Status numberByName(const std::string &name, int &number);
  /// The number of an open device; -1 if it is not visible.
  int numberOf(const Context &context);

  /// What is left out, of all drivers. Stays valid.
  Status leftOut(const std::vector<LeftOut> *&list);

private:
  struct Entry {
    Driver *driver = nullptr;
    DeviceInfo info;
    std::mutex lock;
    std::unique_ptr<Context> context;
  };
  struct DriverState {
    Driver *driver = nullptr;
    bool probed = false;
    std::vector<ProbeUnit> good;
    std::vector<std::unique_ptr<Entry>> entries; ///< In order: entry i is "driver:i".
    std::vector<LeftOut> leftOut;
  };

  DeviceList();
  void probe(DriverState &state);
  Status enumerate();
  Status find(const std::string &name, bool visibleOnly, Entry *&entry);
  Status open(Entry &entry, Context *&context);
  Status nothingLike(const std::string &name);

  std::recursive_mutex lock;
  std::vector<DriverState> drivers;
  bool enumerated = false;
  std::vector<Entry *> byNumber;
  std::vector<LeftOut> allLeftOut;
  std::string visible; ///< TENON_VISIBLE_DEVICES
  bool hasVisible = false;
};

} // namespace tenon
