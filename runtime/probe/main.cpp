//===- main.cpp - tenon-probe: opens a driver in a process of its own ------------------------------===//
#include "core/Probe.h"

int main(int argc, char **argv) { return tenon::probeMain(argc, argv); }
