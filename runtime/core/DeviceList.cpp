//===- DeviceList.cpp - which devices there are ------------------------------------------------===//
#include "core/DeviceList.h"

#include "core/Log.h"
#include "core/Probe.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tenon {

std::string deviceId(const DeviceInfo &info) {
  if (info.driver == "host" || info.driver == "null")
    return info.driver;
  return info.driver + ":" + std::to_string(info.index);
}

// The order of devices: kind, then the silicon, then the better driver for the same silicon.
static int driverRank(const std::string &driver) {
  return driver == "host" ? 0 : driver == "vulkan" ? 1 : driver == "opencl" ? 2 : 3;
}

static std::string siliconOf(const DeviceInfo &info) {
  if (!info.silicon.empty())
    return info.silicon;
  std::string hex;
  for (uint8_t byte : info.uuid)
    hex += text("%02x", byte);
  return hex;
}

static bool before(const DeviceInfo &a, const DeviceInfo &b) {
  if (a.kind != b.kind)
    return a.kind < b.kind;
  if (a.kind >= DeviceKind::Host) // software devices keep the order they were found in
    return driverRank(a.driver) < driverRank(b.driver);
  std::string x = siliconOf(a), y = siliconOf(b);
  return x != y ? x < y : driverRank(a.driver) < driverRank(b.driver);
}

// Behind those that are as good: the order of finding decides between equals.
template <class List, class Item> static void insertInOrder(List &list, Item item) {
  auto at = std::upper_bound(list.begin(), list.end(), item, [](auto &a, auto &b) { return before(a->info, b->info); });
  list.insert(at, std::move(item));
}

DeviceList &DeviceList::get() {
  static DeviceList &list = *new DeviceList; // never destroyed: see Handles.cpp
  return list;
}

DeviceList::DeviceList() {
  for (Driver *driver : allDrivers()) {
    drivers.emplace_back();
    drivers.back().driver = driver;
  }
  if (const char *value = getenv("TENON_VISIBLE_DEVICES")) {
    visible = value;
    hasVisible = true;
  }
}

void DeviceList::probe(DriverState &state) {
  if (state.probed)
    return;
  state.probed = true;
  std::vector<DeviceInfo> found;
  probeDriver(*state.driver, state.good, found, state.leftOut);
  for (DeviceInfo &info : found) {
    auto entry = std::make_unique<Entry>();
    entry->driver = state.driver;
    entry->info = std::move(info);
    entry->info.driver = state.driver->name();
    insertInOrder(state.entries, std::move(entry));
  }
  for (size_t i = 0; i < state.entries.size(); ++i)
    state.entries[i]->info.index = static_cast<int>(i);
  for (const LeftOut &left : state.leftOut)
    log(LogLevel::Info, "left out %s: %s", left.name.c_str(), left.reason.c_str());
}

Status DeviceList::enumerate() {
  if (enumerated)
    return {};
  std::vector<Entry *> list;
  if (hasVisible) {
    for (size_t at = 0; at < visible.size();) {
      size_t end = std::min(visible.find(',', at), visible.size());
      std::string name = visible.substr(at, end - at);
      at = end + 1;
      Entry *entry = nullptr;
      if (Status status = find(name, false, entry); !status.ok())
        return std::move(status).in("TENON_VISIBLE_DEVICES");
      if (std::find(list.begin(), list.end(), entry) != list.end())
        return error(tnErrorInvalidDevice, "TENON_VISIBLE_DEVICES names %s twice", deviceId(entry->info).c_str());
      list.push_back(entry);
    }
  } else {
    for (DriverState &state : drivers) {
      probe(state);
      for (auto &entry : state.entries)
        insertInOrder(list, entry.get());
    }
  }
  byNumber = std::move(list);
  enumerated = true;
  return {};
}

// ---- names
// ------------------------------------------------------------------------------------------------------------------

static bool contains(const std::string &text, const std::string &part) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

static bool isNumber(const std::string &text, int &number) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos)
    return false;
  number = atoi(text.c_str());
  return true;
}

Status DeviceList::nothingLike(const std::string &name) {
  std::string message = "no device '" + name + "'; there are";
  const char *separator = " ";
  std::string left;
  for (DriverState &state : drivers) {
    if (!state.probed)
      continue;
    for (auto &entry : state.entries) {
      message += separator + deviceId(entry->info) + " (" + entry->info.platform + ", " + entry->info.name + ")";
      separator = ", ";
    }
    for (const LeftOut &out : state.leftOut)
      left += "; left out " + out.name + ": " + out.reason;
  }
  if (*separator == ' ')
    message = "no device '" + name + "': there is none of that driver";
  return Status(tnErrorInvalidDevice, message + left);
}

Status DeviceList::find(const std::string &name, bool visibleOnly, Entry *&result) {
  int number = 0;
  if (isNumber(name, number)) {
    // In TENON_VISIBLE_DEVICES itself a number is one of the whole list.
    std::vector<Entry *> all;
    if (visibleOnly) {
      TENON_TRY(enumerate());
      all = byNumber;
    } else {
      for (DriverState &state : drivers) {
        probe(state);
        for (auto &entry : state.entries)
          insertInOrder(all, entry.get());
      }
    }
    if (number >= static_cast<int>(all.size()))
      return error(tnErrorInvalidDevice, "device %d of %zu: devices are numbered from 0", number, all.size());
    result = all[number];
    return {};
  }
  size_t colon = name.find(':');
  std::string driverName = name.substr(0, colon), rest = colon == std::string::npos ? "" : name.substr(colon + 1);
  std::vector<DriverState *> searched;
  for (DriverState &state : drivers)
    if (driverName == state.driver->name())
      searched.push_back(&state);
  if (searched.empty()) {
    if (colon != std::string::npos || name.empty()) {
      std::string known;
      for (DriverState &state : drivers)
        known += std::string(known.empty() ? "" : ", ") + state.driver->name();
      return error(tnErrorInvalidDevice, "no device '%s': a name begins with one of %s", name.c_str(), known.c_str());
    }
    // No driver's name: a part of any device's.
    rest = name;
    for (DriverState &state : drivers)
      searched.push_back(&state);
  }
  if (visibleOnly && hasVisible)
    TENON_TRY(enumerate());
  std::vector<Entry *> candidates, matches;
  for (DriverState *state : searched) {
    probe(*state);
    for (auto &entry : state->entries)
      if (!visibleOnly || !hasVisible || std::find(byNumber.begin(), byNumber.end(), entry.get()) != byNumber.end())
        candidates.push_back(entry.get());
  }
  if (colon != std::string::npos && isNumber(rest, number)) {
    for (Entry *entry : candidates)
      if (entry->info.index == number)
        matches.push_back(entry);
  } else {
    for (Entry *entry : candidates)
      if (contains(entry->info.platform, rest))
        matches.push_back(entry);
    if (matches.empty())
      for (Entry *entry : candidates)
        if (contains(entry->info.name, rest))
          matches.push_back(entry);
  }
  if (matches.empty())
    return nothingLike(name);
  if (matches.size() > 1) {
    std::string list;
    for (Entry *entry : matches)
      list += (list.empty() ? "" : ", ") + deviceId(entry->info) + " (" + entry->info.platform + ", " +
              entry->info.name + ")";
    return error(tnErrorAmbiguousDevice, "'%s' matches %zu devices: %s", name.c_str(), matches.size(), list.c_str());
  }
  result = matches[0];
  return {};
}

// ---- queries
// ------------------------------------------------------------------------------------------------------------------

Status DeviceList::count(int &count) {
  std::unique_lock guard(lock);
  TENON_TRY(enumerate());
  count = static_cast<int>(byNumber.size());
  return {};
}

static Status outOfRange(int number, size_t count) {
  if (count == 0)
    return error(tnErrorNoDevice, "no device is visible: TENON_VISIBLE_DEVICES is empty");
  return error(tnErrorInvalidDevice, "device %d does not exist: there are %zu, numbered from 0", number, count);
}

Status DeviceList::info(int number, const DeviceInfo *&info) {
  std::unique_lock guard(lock);
  TENON_TRY(enumerate());
  if (number < 0 || number >= static_cast<int>(byNumber.size()))
    return outOfRange(number, byNumber.size());
  info = &byNumber[number]->info;
  return {};
}

Status DeviceList::open(int number, Context *&context) {
  Entry *entry;
  {
    std::unique_lock guard(lock);
    TENON_TRY(enumerate());
    if (number < 0 || number >= static_cast<int>(byNumber.size()))
      return outOfRange(number, byNumber.size());
    entry = byNumber[number];
  }
  return open(*entry, context);
}

Status DeviceList::openByName(const std::string &name, Context *&context) {
  Entry *entry;
  {
    std::unique_lock guard(lock);
    TENON_TRY(find(name, true, entry));
  }
  return open(*entry, context);
}

Status DeviceList::numberByName(const std::string &name, int &number) {
  std::unique_lock guard(lock);
  Entry *entry;
  TENON_TRY(find(name, true, entry));
  TENON_TRY(enumerate());
  number = static_cast<int>(std::find(byNumber.begin(), byNumber.end(), entry) - byNumber.begin());
  return {};
}

int DeviceList::numberOf(const Context &context) {
  std::unique_lock guard(lock);
  if (!enumerate().ok())
    return -1;
  for (size_t i = 0; i < byNumber.size(); ++i)
    if (byNumber[i]->context.get() == &context)
      return static_cast<int>(i);
  return -1;
}

Status DeviceList::leftOut(const std::vector<LeftOut> *&list) {
  std::unique_lock guard(lock);
  TENON_TRY(enumerate());
  if (allLeftOut.empty())
    for (const DriverState &state : drivers)
      allLeftOut.insert(allLeftOut.end(), state.leftOut.begin(), state.leftOut.end());
  list = &allLeftOut;
  return {};
}

Status DeviceList::open(Entry &entry, Context *&context) {
  std::unique_lock guard(entry.lock);
  if (!entry.context) {
    std::vector<ProbeUnit> good;
    {
      std::unique_lock listGuard(lock);
      for (DriverState &state : drivers)
        if (state.driver == entry.driver)
          good = state.good;
    }
    std::unique_ptr<Device> device;
    if (Status status = entry.driver->open(entry.info, good, device); !status.ok())
      return std::move(status).in("open " + deviceId(entry.info));
    auto opened = std::make_unique<Context>(std::move(device));
    TENON_TRY(opened->init());
    log(LogLevel::Info, "opened %s: %s, %s", deviceId(entry.info).c_str(), entry.info.platform.c_str(),
        entry.info.name.c_str());
    entry.context = std::move(opened);
  }
  context = entry.context.get();
  return {};
}

} // namespace tenon
