//===- Driver.cpp - finds and opens Vulkan devices ---------------------------------===//
//
// Owns the entry of this folder, vulkanDriver(), and which drivers may be loaded into this process. Does not own the
// probing process: core runs probe() in it.
//
//===------------------------------------------------------------------------===//
#include "core/Device.h"
#include "devices/vulkan/Device.h"
#include "devices/vulkan/Manifests.h"
#include "devices/vulkan/Probe.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>

namespace tenon {

namespace vulkan {

namespace {

/// Finds a device again: its name and number among those of the same UUID and name.
std::vector<std::string> makeKeys(const std::vector<DeviceTraits> &devices) {
  std::map<std::string, int> seen;
  std::vector<std::string> keys;
  for (const DeviceTraits &traits : devices) {
    std::string key;
    for (uint8_t byte : traits.uuid)
      key += text("%02x", byte);
    key += "/" + traits.name;
    keys.push_back(key + text("/%d", seen[key]++));
  }
  return keys;
}

/// Sets variables while it lives. The loader takes the choice of drivers from the environment only, so this happens
/// where a driver must be kept out of the process, and not otherwise: other threads may be reading the environment.
class ScopedEnvironment {
public:
  explicit ScopedEnvironment(const std::vector<std::pair<std::string, std::string>> &variables) {
    for (const auto &[name, value] : variables) {
      const char *old = getenv(name.c_str());
      before.push_back({name, old != nullptr, old ? old : ""});
      setenv(name.c_str(), value.c_str(), 1);
    }
  }
  ~ScopedEnvironment() {
    for (const Variable &variable : before) {
      if (variable.wasSet)
        setenv(variable.name.c_str(), variable.value.c_str(), 1);
      else
        unsetenv(variable.name.c_str());
    }
  }

private:
  struct Variable {
    std::string name;
    bool wasSet;
    std::string value;
  };
  std::vector<Variable> before;
};

class VulkanDriver final : public Driver {
public:
  const char *name() const override { return "vulkan"; }
  void units(std::vector<ProbeUnit> &units, std::vector<LeftOut> &leftOut) override;
  Status probe(const ProbeUnit &unit, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &leftOut) override;
  Status open(const DeviceInfo &info, const std::vector<ProbeUnit> &good, std::unique_ptr<Device> &device) override;

private:
  Status getInstance(const ProbeUnit &unit, const std::vector<ProbeUnit> &good, std::shared_ptr<Instance> &instance);

  std::mutex mutex;
  std::map<std::string, std::weak_ptr<Instance>> instances; ///< By the drivers in them and the settings.
};

void VulkanDriver::units(std::vector<ProbeUnit> &units, std::vector<LeftOut> &leftOut) {
  Loader loader;
  std::string why, searched;
  if (!loader.open(why)) {
    leftOut.push_back({"vulkan", why});
    return;
  }
  units = findManifests(searched);
  if (units.empty())
    leftOut.push_back({"vulkan", "no driver is installed: there is no manifest in " + searched});
}

Status VulkanDriver::probe(const ProbeUnit &unit, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &leftOut) {
  std::string why;
  std::shared_ptr<Instance> instance = Instance::create(false, why);
  if (!instance) {
    leftOut.push_back({"vulkan: " + unit.name, why});
    return {};
  }
  std::vector<std::string> reasons;
  std::vector<DeviceTraits> found = vulkan::probe(*instance, reasons);
  std::vector<std::string> keys = makeKeys(found);
  for (size_t i = 0; i < found.size(); ++i) {
    devices.push_back(makeInfo(found[i]));
    devices.back().key = keys[i];
  }
  for (const std::string &reason : reasons)
    leftOut.push_back({"vulkan: " + unit.name, reason});
  return {};
}

Status VulkanDriver::getInstance(const ProbeUnit &unit, const std::vector<ProbeUnit> &good,
                                 std::shared_ptr<Instance> &instance) {
  std::string searched;
  std::vector<ProbeUnit> all = findManifests(searched);
  auto isGood = [&](const ProbeUnit &each) {
    return std::any_of(good.begin(), good.end(), [&](const ProbeUnit &other) { return other.name == each.name; });
  };
  bool restricted = !std::all_of(all.begin(), all.end(), isGood) ||
                    std::none_of(all.begin(), all.end(), [&](const ProbeUnit &each) { return each.name == unit.name; });

  bool validate = Instance::isValidationWanted();
  std::string key = validate ? "validated" : "";
  if (restricted)
    key += ":" + unit.name;
  else
    for (const ProbeUnit &each : all)
      key += ":" + each.name;
  instance = instances[key].lock();
  if (instance)
    return {};
  std::string why;
  if (restricted) {
    ScopedEnvironment environment(unit.environment);
    instance = Instance::create(validate, why);
  } else {
    instance = Instance::create(validate, why);
  }
  if (!instance)
    return error(tnErrorInitializationError, "%s", why.c_str());
  instances[key] = instance;
  return {};
}

Status VulkanDriver::open(const DeviceInfo &info, const std::vector<ProbeUnit> &good, std::unique_ptr<Device> &device) {
  auto unit = std::find_if(good.begin(), good.end(), [&](const ProbeUnit &each) { return each.name == info.unit; });
  if (unit == good.end())
    return error(tnErrorInvalidDevice, "open %s: its driver %s is not among those that were probed", info.name.c_str(),
                 info.unit.c_str());
  std::lock_guard lock(mutex);
  std::shared_ptr<Instance> instance;
  TENON_TRY(getInstance(*unit, good, instance).in("open " + info.name));
  std::vector<std::string> reasons;
  std::vector<DeviceTraits> found = vulkan::probe(*instance, reasons);
  std::vector<std::string> keys = makeKeys(found);
  size_t index = std::find(keys.begin(), keys.end(), info.key) - keys.begin();
  if (index == keys.size())
    return error(tnErrorDevicesUnavailable, "open %s: %s lists it no more", info.name.c_str(), unit->name.c_str());
  std::shared_ptr<Context> context;
  TENON_TRY(Context::create(std::move(instance), found[index], context));
  device = std::make_unique<VulkanDevice>(info, std::move(context));
  return {};
}

} // namespace

} // namespace vulkan

Driver &vulkanDriver() {
  static Driver *driver = new vulkan::VulkanDriver; // never destroyed: devices outlive static objects
  return *driver;
}

} // namespace tenon
