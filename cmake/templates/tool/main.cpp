//===- main.cpp - @NAME@: say in one line what it does ------------------------===//
//
// Owns the command line. Does not own: say what is elsewhere.
//
//===------------------------------------------------------------------------===//
#include "process/CommandLine.h"
#include "tenon/tenon.h"

#include <cstdio>

using namespace tenon;

int main(int argc, char **argv) {
  CLI::App app("Says in one line what it does.", "@NAME@");
  std::string device;
  app.add_option("--device,-d", device, "tenon-info lists them; default: the best")->type_name("DEVICE");
  app.footer(std::string("examples:\n  @NAME@ --device=host\n\n") + exitStatusText);
  if (std::optional<int> status = parseCommandLine(app, argc, argv))
    return *status;
  int number = 0;
  tnDeviceProp prop;
  if ((!device.empty() && tnSetDeviceByName(device.c_str()) != tnSuccess) || tnGetDevice(&number) != tnSuccess ||
      tnGetDeviceProperties(&prop, number) != tnSuccess) {
    std::fprintf(stderr, "@NAME@: %s\n", tnGetLastErrorMessage());
    return process::exitInput;
  }
  std::printf("%s: %s\n", prop.id, prop.name);
  return process::exitFine;
}
