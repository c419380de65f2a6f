//===- PlanText.h - a plan as text for --emit=plan ---------------------------===//
#pragma once

#include "compiler/schedule/Schedule.h"

namespace tenon {

/// The launches of one variant with their expressions written out over the symbols' names.
std::string planText(formula::OperatorOp op, const ScheduledInstance &scheduled,
                     const std::vector<package::Expr> &ownExpressions);

} // namespace tenon
