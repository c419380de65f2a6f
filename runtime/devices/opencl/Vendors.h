//===- Vendors.h - which OpenCL drivers there are ---------------------------===//
//
// Owns the search for installable client drivers: .icd files in the places where the ICD loader looks. Opens no driver.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "Loader.h"
#include "core/Device.h"

namespace tenon::opencl {

/// Lists the drivers; with none, says why. See Driver::units.
void findUnits(std::vector<ProbeUnit> &units, std::vector<LeftOut> &leftOut);

/// Opens the driver that a unit stands for.
Status openUnit(const ProbeUnit &unit, const std::vector<Platform> *&platforms);

} // namespace tenon::opencl
