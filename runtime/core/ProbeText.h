//===- ProbeText.h - a probe's findings as text -------------------------------------------------===//
//
// Owns the text between tenon-probe and the library, which is also the cache's content: lines "key value".
//
//===------------------------------------------------------------------------===//
#pragma once

#include "core/Device.h"

namespace tenon {

std::string writeFindings(const std::vector<DeviceInfo> &devices, const std::vector<LeftOut> &leftOut);
/// False if the text is not whole.
bool readFindings(const std::string &text, std::vector<DeviceInfo> &devices, std::vector<LeftOut> &leftOut);

} // namespace tenon
