//===- main.cpp - tenon-info: every device found ----------------------------===//
//
// Owns how devices, what they can do, and what was left out are shown, for people and as JSON. Does not own finding
// them: that is the runtime's.
//
//===------------------------------------------------------------------------===//
#include "process/CommandLine.h"
#include "tenon/tenon.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <sstream>

using namespace tenon;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char *footer = R"(examples:
  tenon-info                         what there is, and what each device can do
  tenon-info --json                  the same for programs, in the order in which devices are numbered
  tenon-info --brief --require=pocl  one line a device; fails unless one has "pocl" in its driver's or its own name

A device is named to other tools by its id (--device=opencl:0), by its number (--device=0), or by a part of its
driver's name (--device=opencl:Portable). Drivers are probed in a process of their own, once; the answer is kept
until a driver's file changes.)";

/// A device's words and numbers in the order in which they are shown. The keys are those of the JSON.
Json describe(const tnDeviceProp &prop, int number) {
  Json device;
  device["id"] = prop.id;
  device["name"] = prop.name;
  device["driver"] = prop.driver;
  device["class"] = prop.isGpuClass ? "gpu" : "cpu";
  device["number"] = number;
  device["driver_version"] = prop.driverVersion;
  device["vendor"] = prop.vendor;
  device["kind"] = prop.kind;
  std::string uuid;
  for (char byte : prop.uuid.bytes) {
    char text[3];
    std::snprintf(text, sizeof text, "%02x", static_cast<unsigned char>(byte));
    uuid += text;
  }
  device["uuid"] = uuid;
  Json targets = Json::array(), quirks = Json::array();
  std::istringstream words(prop.targets), lines(prop.quirks);
  for (std::string word; words >> word;)
    targets.push_back(word);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty())
      quirks.push_back(line);
  device["targets"] = targets;
  device["memory_bytes"] = prop.totalGlobalMem;
  device["max_allocation_bytes"] = prop.maxAllocation;
  device["max_buffer_bytes"] = prop.maxBufferBytes;
  device["shares_host_memory"] = prop.sharesHostMemory != 0;
  device["compute_units"] = prop.multiProcessorCount;
  device["clock_mhz"] = prop.clockRate / 1000;
  device["vector_bits"] = prop.vectorBits;
  if (prop.isaLevel)
    device["isa_level"] = prop.isaLevel;
  device["subgroup_size"] = prop.warpSize;
  device["max_group_size"] = prop.maxThreadsPerBlock;
  device["local_memory_bytes"] = prop.sharedMemPerBlock;
  if (prop.spirvVersion)
    device["spirv"] = std::to_string(prop.spirvVersion / 10) + "." + std::to_string(prop.spirvVersion % 10);
  Json can;
  can["float16"] = prop.hasFloat16 != 0;
  can["float64"] = prop.hasFloat64 != 0;
  can["int8"] = prop.hasInt8 != 0;
  can["int16"] = prop.hasInt16 != 0;
  can["int64"] = prop.hasInt64 != 0;
  can["storage8"] = prop.hasStorage8 != 0;
  can["storage16"] = prop.hasStorage16 != 0;
  can["fma"] = prop.hasFma != 0;
  device["can"] = can;
  device["quirks"] = quirks;
  return device;
}

std::string bytesText(uint64_t bytes) {
  // What a driver answers when nothing but the address space is the limit.
  if (bytes >= uint64_t(1) << 60)
    return "any size";
  const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || value == static_cast<uint64_t>(value) ? "%.0f %s" : "%.1f %s", value,
                units[unit]);
  return text;
}

void printLine(const char *what, const std::string &value) { std::printf("  %-16s %s\n", what, value.c_str()); }

std::string join(const Json &array, const char *between) {
  std::string text;
  for (const Json &item : array)
    text += (text.empty() ? "" : between) + item.get<std::string>();
  return text;
}

void printDevice(const Json &device) {
  auto text = [&](const char *key) { return device[key].get<std::string>(); };
  auto bytes = [&](const char *key) { return bytesText(device[key].get<uint64_t>()); };
  auto number = [&](const char *key) { return std::to_string(device[key].get<int64_t>()); };
  std::printf("%s  %s\n", text("id").c_str(), text("name").c_str());
  printLine("number", number("number"));
  printLine("driver", text("driver") + (text("driver_version").empty() ? "" : ", " + text("driver_version")));
  if (!text("vendor").empty())
    printLine("vendor", text("vendor"));
  printLine("class", text("class") +
                         (text("class") == "cpu"
                              ? ": explicit vectors of " + number("vector_bits") + " bits, one work-item a group"
                              : ": work-items are lanes, subgroups of " + number("subgroup_size")) +
                         ", " + text("kind"));
  if (device.contains("isa_level"))
    printLine("isa", "x86-64-v" + number("isa_level"));
  printLine("takes",
            join(device["targets"], ", ") + (device.contains("spirv") ? " (SPIR-V " + text("spirv") + ")" : ""));
  printLine("compute units",
            number("compute_units") +
                (device["clock_mhz"].get<int64_t>() ? " at " + number("clock_mhz") + " MHz" : std::string()));
  printLine("memory", bytes("memory_bytes") + ", at most " + bytes("max_allocation_bytes") + " an allocation, " +
                          bytes("max_buffer_bytes") + " an argument" +
                          (device["shares_host_memory"].get<bool>() ? ", shared with the host" : ""));
  printLine("groups",
            "at most " + number("max_group_size") + " work-items, " + bytes("local_memory_bytes") + " of local memory");
  std::string can, lacks;
  for (const auto &[name, has] : device["can"].items())
    (has.get<bool>() ? can : lacks) += " " + name;
  printLine("can", can.empty() ? "-" : can.substr(1));
  if (!lacks.empty())
    printLine("lacks", lacks.substr(1) + " (emulated where that is possible: tenon-objdump names it)");
  for (const Json &quirk : device["quirks"])
    printLine("quirk", quirk.get<std::string>());
}

bool contains(std::string where, std::string what) {
  auto lower = [](std::string &text) { std::transform(text.begin(), text.end(), text.begin(), ::tolower); };
  lower(where);
  lower(what);
  return where.find(what) != std::string::npos;
}

int failed(const char *call, int status) {
  std::fprintf(stderr, "tenon-info: %s: %s\n", call, tnGetLastErrorMessage());
  return status;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Lists every device found, what it can do, and what was left out and why.", "tenon-info");
  bool json = false, brief = false;
  std::vector<std::string> required;
  app.add_flag("--json", json, "print JSON: {\"devices\": [...], \"left_out\": [...]}");
  app.add_flag("--brief", brief, "one line a device");
  app.add_option("--require", required,
                 "fail unless a device has this text in its driver's or its own name or its id; may be repeated")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  app.footer(std::string(footer) + "\n\n" + exitStatusText + " (or a required device is missing)");
  if (std::optional<int> status = parseCommandLine(app, argc, argv))
    return *status;

  int count = 0, leftOutCount = 0;
  if (tnGetDeviceCount(&count) != tnSuccess)
    return failed("listing the devices", process::exitInput);
  Json devices = Json::array(), leftOut = Json::array();
  for (int i = 0; i < count; ++i) {
    tnDeviceProp prop;
    if (tnGetDeviceProperties(&prop, i) != tnSuccess)
      return failed("device properties", process::exitBug);
    devices.push_back(describe(prop, i));
  }
  if (tnDeviceGetLeftOutCount(&leftOutCount) != tnSuccess)
    return failed("what was left out", process::exitBug);
  for (int i = 0; i < leftOutCount; ++i) {
    const char *name = nullptr, *reason = nullptr;
    if (tnDeviceGetLeftOut(&name, &reason, i) != tnSuccess)
      return failed("what was left out", process::exitBug);
    leftOut.push_back({{"name", name}, {"reason", reason}});
  }

  if (json) {
    // Names come from drivers: bytes that are no UTF-8 are replaced, not refused.
    Json all = {{"devices", devices}, {"left_out", leftOut}};
    std::printf("%s\n", all.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  } else {
    for (size_t i = 0; i < devices.size(); ++i) {
      const Json &device = devices[i];
      if (brief) {
        std::printf("%-10s %-4s %s (%s)\n", device["id"].get<std::string>().c_str(),
                    device["class"].get<std::string>().c_str(), device["name"].get<std::string>().c_str(),
                    device["driver"].get<std::string>().c_str());
        continue;
      }
      std::printf("%s", i ? "\n" : "");
      printDevice(device);
    }
    if (!leftOut.empty() && !brief)
      std::printf("\n");
    for (const Json &entry : leftOut)
      std::printf("left out: %s: %s\n", entry["name"].get<std::string>().c_str(),
                  entry["reason"].get<std::string>().c_str());
  }

  int status = process::exitFine;
  for (const std::string &text : required) {
    bool found = std::any_of(devices.begin(), devices.end(), [&](const Json &device) {
      return contains(device["driver"], text) || contains(device["name"], text) || contains(device["id"], text);
    });
    if (!found) {
      std::fprintf(stderr, "tenon-info: no device has \"%s\" in its driver's or its own name\n", text.c_str());
      status = process::exitInput;
    }
  }
  return status;
}
