//===- Contraction.cpp - sums of products -----------------------------------===//
#include "compiler/schedule/Schedule.h"
using namespace tenon;
void tenon::scheduleContraction(Schedule &schedule, const Group &group) { schedulePointwise(schedule, group); }
