//===- main.cpp - tenon-objdump: what is in a package -----------------------===//
//
// Owns the command line. Does not own the words (Describe) nor the disassembly (Disassemble).
//
//===------------------------------------------------------------------------===//
#include "Describe.h"
#include "Disassemble.h"
#include "process/CommandLine.h"

#include <cstdio>

using namespace tenon;

namespace {

constexpr const char *footer = R"(examples:
  tenon-objdump rmsnorm.tnb                          operators, plans, variants, modules
  tenon-objdump rmsnorm.tnb --disassemble --module=opencl-cpu-256
  tenon-objdump rmsnorm.tnb --json

An operator has an instance for every combination of its types, an instance has variants, best first; the runtime
takes the first whose requirements the device meets. A plan is the list of launches, with grids and sizes as
expressions over the operator's sizes. Emulations are what a device lacks and the code does by hand.)";

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Shows what is in a package: operators, signatures, plans, variants, kernels, code.", "tenon-objdump");
  std::string path, op, profile;
  bool json = false, code = false;
  app.add_option("FILE", path, "package (.tnb)")->required();
  app.add_option("--op", op, "only this operator")->type_name("NAME");
  app.add_option("--module", profile, "only modules of this profile, or the one with this number")
      ->type_name("PROFILE|N");
  app.add_flag("--disassemble,-d", code, "print the modules' code: OpenCL C, SPIR-V, host instructions");
  app.add_flag("--json", json, "print JSON");
  app.footer(std::string(footer) + "\n\n" + exitStatusText);
  if (std::optional<int> status = parseCommandLine(app, argc, argv))
    return *status;

  auto fail = [](const std::string &message) {
    std::fprintf(stderr, "tenon-objdump: %s\n", message.c_str());
    return process::exitInput;
  };
  PackageFile file;
  std::string error;
  if (!file.open(path, error))
    return fail(error);
  Json all = describePackage(file, path);
  auto keep = [](Json &array, auto &&wanted) {
    Json kept = Json::array();
    for (const Json &item : array)
      if (wanted(item))
        kept.push_back(item);
    array = kept;
    return !array.empty();
  };
  if (!op.empty() && !keep(all["operators"], [&](const Json &item) { return item["name"] == op; }))
    return fail(path + ": no operator is called " + op);
  if (!profile.empty() && !keep(all["modules"], [&](const Json &item) {
        return item["profile"] == profile || std::to_string(item["index"].get<uint32_t>()) == profile;
      }))
    return fail(path + ": no module has the profile or the number " + profile);

  int status = process::exitFine;
  if (code)
    for (Json &module : all["modules"]) {
      std::string text, why;
      if (!disassemble(*file.get().modules()->Get(module["index"].get<uint32_t>()), text, why))
        status = fail("module " + module["profile"].get<std::string>() + ": " + why);
      module["code"] = text;
    }
  if (json) {
    std::printf("%s\n", all.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return status;
  }
  std::printf("%s: %llu bytes, format %u, hash %s, made by %s\n", path.c_str(),
              static_cast<unsigned long long>(file.size()), all["format"].get<unsigned>(),
              all["hash"].get<std::string>().c_str(), all["producer"].get<std::string>().c_str());
  // With --module alone the reader wants that module, not the operators.
  if (profile.empty() || !op.empty())
    for (const Json &item : all["operators"])
      std::printf("\n%s", operatorText(item).c_str());
  for (const Json &module : all["modules"]) {
    std::printf("\n%s", moduleText(module).c_str());
    if (code)
      std::printf("\n%s\n", module["code"].get<std::string>().c_str());
  }
  return status;
}
