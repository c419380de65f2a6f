//===- ProbeText.cpp - a probe's findings as text -----------------------------------------------===//
#include "core/ProbeText.h"

#include <cstdlib>
#include <cstring>

namespace tenon {

namespace {

// One place that names all fields, used for writing and reading alike.
template <class Visitor> void visit(Visitor &v, DeviceInfo &info) {
  v.field("key", info.key);
  v.field("name", info.name);
  v.field("platform", info.platform);
  v.field("version", info.platformVersion);
  v.field("vendor", info.vendor);
  v.field("silicon", info.silicon);
  for (uint8_t &byte : info.uuid)
    v.number("uuid", byte);
  v.number("kind", info.kind);
  v.number("memory", info.totalMemory);
  v.number("allocation", info.maxAllocation);
  for (uint64_t &n : info.maxGrid)
    v.number("grid", n);
  for (uint64_t &n : info.maxBlock)
    v.number("block", n);
  v.number("clock", info.clockMHz);
  for (int64_t &n : info.properties)
    v.number("property", n);
  v.list("target", info.targets, [&](auto &target) { v.number("target", target); });
  v.list("quirk", info.quirks, [&](auto &quirk) { v.field("quirk", quirk); });
}

struct Writer {
  std::string out;
  void field(const char *key, const std::string &value) {
    out += std::string(key) + ' ';
    for (char c : value)
      out += c == '\n' ? std::string("\\n") : c == '\\' ? std::string("\\\\") : std::string(1, c);
    out += '\n';
  }
  template <class T> void number(const char *key, T value) {
    out += std::string(key) + ' ' + std::to_string(static_cast<long long>(value)) + '\n';
  }
  template <class T, class F> void list(const char *key, std::vector<T> &items, F each) {
    number(key, items.size());
    for (T &item : items)
      each(item);
  }
};

struct Reader {
  const char *at, *end;
  bool fine = true;
  std::string line(const char *key) {
    std::string value;
    size_t length = strlen(key);
    const char *stop = static_cast<const char *>(memchr(at, '\n', end - at));
    if (!stop || static_cast<size_t>(stop - at) < length + 1 || memcmp(at, key, length) != 0 || at[length] != ' ') {
      fine = false;
      return value;
    }
    for (const char *p = at + length + 1; p < stop; ++p) {
      if (*p == '\\' && p + 1 < stop)
        value += *++p == 'n' ? '\n' : *p;
      else
        value += *p;
    }
    at = stop + 1;
    return value;
  }
  void field(const char *key, std::string &value) {
    if (fine)
      value = line(key);
  }
  template <class T> void number(const char *key, T &value) {
    if (!fine)
      return;
    std::string text = line(key);
    char *stop = nullptr;
    long long n = strtoll(text.c_str(), &stop, 10);
    fine = fine && stop && *stop == 0 && !text.empty();
    value = static_cast<T>(n);
  }
  template <class T, class F> void list(const char *key, std::vector<T> &items, F each) {
    size_t count = 0;
    number(key, count);
    fine = fine && count < 4096;
    for (size_t i = 0; fine && i < count; ++i) {
      items.emplace_back();
      each(items.back());
    }
  }
};

} // namespace

std::string writeFindings(const std::vector<DeviceInfo> &devices, const std::vector<LeftOut> &leftOut) {
  Writer writer;
  writer.number("devices", devices.size());
  for (DeviceInfo info : devices)
    visit(writer, info);
  writer.number("leftout", leftOut.size());
  for (const LeftOut &left : leftOut) {
    writer.field("name", left.name);
    writer.field("reason", left.reason);
  }
  writer.field("end", "");
  return writer.out;
}

bool readFindings(const std::string &text, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &leftOut) {
  Reader reader{text.data(), text.data() + text.size()};
  reader.list("devices", devices, [&](DeviceInfo &info) {
    visit(reader, info);
    for (package::Target target : info.targets)
      reader.fine &= target <= package::Target::MAX;
    reader.fine &= info.kind <= DeviceKind::Null;
  });
  reader.list("leftout", leftOut, [&](LeftOut &left) {
    reader.field("name", left.name);
    reader.field("reason", left.reason);
  });
  std::string nothing;
  reader.field("end", nothing);
  return reader.fine;
}

} // namespace tenon
