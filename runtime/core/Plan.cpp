//===- Plan.cpp - values of a plan's expressions ----------------------------------===//
#include "core/Plan.h"

namespace tenon {

using namespace package;

static uint32_t count(const flatbuffers::Vector<const Expr *> *list) { return list ? list->size() : 0; }

LoopUse findLoopUse(const Instance &instance, const Variant &variant) {
  LoopUse use;
  std::vector<uint8_t> depths; // bit d: depends on the counter of loop d
  uint32_t own = count(instance.expressions()), total = own + count(variant.expressions());
  depths.resize(total);
  for (uint32_t id = 0; id < total; ++id) {
    const Expr &e = id < own ? *instance.expressions()->Get(id) : *variant.expressions()->Get(id - own);
    uint8_t bits = 0;
    switch (e.op()) {
    case ExprOp::Const:
    case ExprOp::Symbol:
    case ExprOp::Device:
      break;
    case ExprOp::LoopVar:
      bits = 1u << e.imm();
      break;
    case ExprOp::Select:
      bits = depths[e.c()];
      [[fallthrough]];
    default:
      bits |= depths[e.a()];
      if (e.op() != ExprOp::Not)
        bits |= depths[e.b()];
    }
    depths[id] = bits;
    for (unsigned d = 0; d < maxLoopDepth; ++d)
      if (bits >> d & 1)
        use.byDepth[d].push_back(id);
  }
  return use;
}

void Values::reset(const Instance &newInstance, const DeviceInfo &newDevice) {
  instance = &newInstance;
  variant = nullptr;
  device = &newDevice;
  numOwn = count(newInstance.expressions());
  evaluated = 0;
  symbols.assign(newInstance.symbols() ? newInstance.symbols()->size() : 0, 0);
  values.resize(numOwn);
  poison.resize(numOwn);
  running.fill(false);
  counters.fill(0);
}

const Expr &Values::expression(uint32_t id) const {
  return id < numOwn ? *instance->expressions()->Get(id) : *variant->expressions()->Get(id - numOwn);
}

void Values::evaluate() {
  for (uint32_t id = 0; id < numOwn; ++id)
    evaluateOne(id);
}

void Values::evaluate(const Variant &newVariant) {
  variant = &newVariant;
  uint32_t total = numOwn + count(newVariant.expressions());
  values.resize(total);
  poison.resize(total);
  for (uint32_t id = numOwn; id < total; ++id)
    evaluateOne(id);
}

void Values::iterate(const LoopUse &use, unsigned depth, int64_t counter) {
  counters[depth] = counter;
  running[depth] = true;
  for (uint32_t id : use.byDepth[depth])
    evaluateOne(id);
}

static int64_t floorDiv(int64_t a, int64_t b) {
  int64_t q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

void Values::evaluateOne(uint32_t id) {
  const Expr &e = expression(id);
  ++evaluated;
  int64_t result = 0;
  Poison why = Fine;
  auto wrap = [&](bool overflow) {
    if (overflow)
      why = Overflow;
  };
  auto set = [&] {
    values[id] = why == Fine ? result : 0;
    poison[id] = why;
  };

  switch (e.op()) {
  case ExprOp::Const:
    result = e.imm();
    return set();
  case ExprOp::Symbol:
    result = symbols[e.imm()];
    return set();
  case ExprOp::Device:
    result = device->properties[e.imm()];
    return set();
  case ExprOp::LoopVar:
    result = counters[e.imm()];
    if (!running[e.imm()])
      why = NoLoop;
    return set();
  default:
    break;
  }

  int64_t a = values[e.a()];
  why = poison[e.a()];
  if (e.op() == ExprOp::Not) {
    result = !a;
    return set();
  }
  if (why != Fine)
    return set();
  // What the first operand decides alone.
  if (e.op() == ExprOp::Select) {
    uint32_t taken = a ? e.b() : e.c();
    result = values[taken];
    why = poison[taken];
    return set();
  }
  if ((e.op() == ExprOp::And && !a) || (e.op() == ExprOp::Or && a)) {
    result = e.op() == ExprOp::Or;
    return set();
  }
  int64_t b = values[e.b()];
  why = poison[e.b()];
  if (why != Fine)
    return set();
  switch (e.op()) {
  case ExprOp::Add:
    wrap(__builtin_add_overflow(a, b, &result));
    break;
  case ExprOp::Sub:
    wrap(__builtin_sub_overflow(a, b, &result));
    break;
  case ExprOp::Mul:
    wrap(__builtin_mul_overflow(a, b, &result));
    break;
  case ExprOp::FloorDiv:
  case ExprOp::CeilDiv:
  case ExprOp::Mod:
    if (b <= 0) {
      why = BadDivisor;
      break;
    }
    result = floorDiv(a, b); // cannot overflow with b > 0
    if (e.op() == ExprOp::CeilDiv)
      result += a % b != 0;
    else if (e.op() == ExprOp::Mod)
      result = a - result * b;
    break;
  case ExprOp::Div:
    if (b == -1)
      wrap(__builtin_sub_overflow(int64_t(0), a, &result));
    else
      result = b == 0 ? 0 : a / b;
    break;
  case ExprOp::Rem:
    result = b == 0 ? a : b == -1 ? 0 : a % b;
    break;
  case ExprOp::Min:
    result = a < b ? a : b;
    break;
  case ExprOp::Max:
    result = a > b ? a : b;
    break;
  case ExprOp::Eq:
    result = a == b;
    break;
  case ExprOp::Ne:
    result = a != b;
    break;
  case ExprOp::Lt:
    result = a < b;
    break;
  case ExprOp::Le:
    result = a <= b;
    break;
  case ExprOp::And:
  case ExprOp::Or:
    result = b != 0;
    break;
  default:
    break; // handled above
  }
  set();
}

Status Values::get(uint32_t id, int64_t &value) const {
  switch (poison[id]) {
  case Fine:
    value = values[id];
    return {};
  case Overflow:
    return error(tnErrorInvalidValue, "a number computed from the sizes does not fit in 64 bits");
  case BadDivisor:
    return error(tnErrorInvalidValue, "a number computed from the sizes is divided by zero or a negative number");
  case NoLoop:
    break;
  }
  return error(tnErrorInvalidPackage, "the plan uses the counter of a loop outside of it");
}

} // namespace tenon
