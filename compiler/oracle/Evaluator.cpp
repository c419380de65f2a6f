//===- Evaluator.cpp - the value of a node ----------------------------------===//
//
// Owns definitions, reads, choices and operators. Reductions are in Reduction.cpp.
//
//===------------------------------------------------------------------------===//
#include "Machine.h"

#include <algorithm>

using namespace tenon;
using namespace tenon::oracle;

Outcome oracle::run(const Instance &instance, const Program &program, const Arguments &arguments) {
  return Machine(instance, program, arguments).run();
}

Machine::Machine(const Instance &instance, const Program &program, const Arguments &arguments)
    : instance(instance), program(program), arguments(arguments), indices(program.indexCount),
      views(instance.tensors.size()), defined(instance.tensors.size()) {}

Outcome Machine::run() {
  bindInputs();
  for (const Statement &statement : program.statements)
    define(statement);
  return {Outcome::Kind::Done, "", std::move(defined)};
}

//===- tensors --------------------------------------------------------------===//

Machine::View Machine::makeView(const Tensor &tensor, const TensorValues &values) const {
  View view{&values, {}};
  for (const Dim &dim : tensor.dims) {
    std::optional<int64_t> extent = evaluate(dim.value, arguments.symbols);
    view.extents.push_back(extent.value_or(-1));
  }
  return view;
}

void Machine::bindInputs() {
  for (size_t i = 0; i < instance.symbols.size(); ++i)
    if (arguments.symbols[i] < 0)
      throw Stopped{Outcome::Kind::Refused,
                    instance.symbols[i].name + " is negative: " + std::to_string(arguments.symbols[i])};
  if (std::string failed = failedCheck(instance, arguments); !failed.empty())
    throw Stopped{Outcome::Kind::Refused, failed};
  for (size_t i = 0; i < instance.params.size(); ++i) {
    const Param &param = instance.params[i];
    if (param.kind != ParamKind::Tensor || param.isResult)
      continue;
    const TensorValues &values = arguments.tensors[i];
    std::string error;
    auto shape = shapeOf(instance, param.dims, arguments, error);
    if (!shape)
      throw Stopped{Outcome::Kind::Refused, param.name + ": " + error};
    int64_t count = 1;
    for (int64_t extent : *shape)
      count *= extent;
    if (values.type != param.type || values.shape != *shape || values.size() != count)
      throw Stopped{Outcome::Kind::Refused, param.name + ": its type, shape or number of elements is not that of " +
                                                param.text + " with these sizes"};
    views[param.tensor] = makeView(instance.tensors[param.tensor], values);
  }
}

void Machine::define(const Statement &statement) {
  const Tensor &tensor = instance.tensors[statement.tensor];
  TensorValues &values = defined[statement.tensor];
  std::string error;
  auto shape = shapeOf(instance, tensor.dims, arguments, error);
  if (!shape)
    throw Stopped{Outcome::Kind::Refused, tensor.name + ": " + error};
  values.type = tensor.type;
  values.shape = std::move(*shape);
  size_t count = 1, i = 0;
  for (int64_t extent : values.shape)
    count *= static_cast<size_t>(extent);
  const Node &body = *statement.body;
  // Guards against a tree whose ranges are not the tensor's dimensions: our bug, yet no reason to write elsewhere.
  auto claim = [&] {
    if (i >= count)
      throw Stopped{Outcome::Kind::Refused, tensor.name + ": its indices run past its dimensions"};
    return i++;
  };
  if (isFloat(tensor.type)) {
    for (auto *list : {&values.real, &values.realLo, &values.realHi})
      list->resize(count);
    values.flags.resize(count);
    forEach(statement.loops, 0, [&] {
      size_t at = claim();
      Real r = roundReal(tensor.type, real(body));
      values.real[at] = r.v;
      values.realLo[at] = r.lo;
      values.realHi[at] = r.hi;
      values.flags[at] = r.flags;
    });
  } else if (body.isExact) {
    values.integer.resize(count);
    forEach(statement.loops, 0, [&] { values.integer[claim()] = exact(body); });
  } else {
    for (auto *list : {&values.integer, &values.integerLo, &values.integerHi})
      list->resize(count);
    values.flags.resize(count);
    forEach(statement.loops, 0, [&] {
      size_t at = claim();
      Integer r = integer(body);
      values.integer[at] = r.v;
      values.integerLo[at] = r.lo;
      values.integerHi[at] = r.hi;
      values.flags[at] = r.flags;
    });
  }
  views[statement.tensor] = makeView(tensor, values);
}

//===- reads ----------------------------------------------------------------===//

Machine::Place Machine::locate(const Node &n, size_t &offset) {
  const View &view = views[n.slot];
  bool isOutside = false;
  offset = 0;
  for (size_t d = 0; d < n.subs.size(); ++d) {
    const Sub &sub = n.subs[d];
    int64_t at;
    if (!sub.node) {
      at = indices[sub.slot];
    } else if (sub.node->isExact) {
      at = exact(*sub.node);
    } else {
      Integer value = integer(*sub.node);
      if (!isPoint(value))
        return Place::Uncertain;
      at = value.v;
    }
    // A u64 beyond 2^63 is a negative number here: outside as well.
    isOutside |= static_cast<uint64_t>(at) >= static_cast<uint64_t>(view.extents[d]);
    offset = offset * static_cast<size_t>(view.extents[d]) + static_cast<size_t>(at);
  }
  return isOutside ? Place::Outside : Place::Inside;
}

void Machine::stopOutside(const Node &n, Outcome::Kind kind) {
  std::string message = "line " + std::to_string(n.range.line()) + ": read of " + n.range.oneLine() +
                        " is outside of " + instance.tensors[n.slot].name;
  for (size_t d = 0; d < n.subs.size(); ++d) {
    int64_t at = n.subs[d].node ? integer(*n.subs[d].node).v : indices[n.subs[d].slot];
    message += (d ? ", " : ": ") + ("subscript " + std::to_string(d) + " is " + std::to_string(at)) +
               ", the dimension has " + std::to_string(views[n.slot].extents[d]);
  }
  throw Stopped{kind, message};
}

template <> Real Machine::load<Real>(const Node &n, size_t offset) const {
  const TensorValues &values = *views[n.slot].values;
  if (!values.realLo.empty())
    return values.realAt(offset);
  // An input: a device may flush what is subnormal.
  double v = values.real[offset];
  Real r = point(v);
  double least = formatOf(values.type).minNormal;
  if (v != 0 && std::fabs(v) < least)
    (v > 0 ? r.lo : r.hi) = 0;
  return r;
}
template <> Integer Machine::load<Integer>(const Node &n, size_t offset) const {
  return views[n.slot].values->integerAt(offset);
}

template <typename Value> Value Machine::outside(const Node &n) {
  if (n.otherwise)
    return eval<Value>(*n.otherwise);
  if (!speculation)
    stopOutside(n, n.elseKind == ElseKind::Error ? Outcome::Kind::Fault : Outcome::Kind::Refused);
  wentOutside = true;
  return anything<Value>(n.type);
}

template <typename Value> Value Machine::read(const Node &n) {
  size_t offset;
  switch (locate(n, offset)) {
  case Place::Inside:
    return load<Value>(n, offset);
  case Place::Outside:
    return outside<Value>(n);
  case Place::Uncertain:
    break;
  }
  return readUncertain<Value>(n);
}

/// Everything that a subscript may be is read.
template <typename Value> Value Machine::readUncertain(const Node &n) {
  constexpr uint64_t mostTried = 64;
  const View &view = views[n.slot];
  std::vector<Integer> subs;
  uint64_t combinations = 1;
  for (const Sub &sub : n.subs) {
    subs.push_back(sub.node ? integer(*sub.node) : exactly(indices[sub.slot]));
    uint64_t steps = uint64_t(subs.back().hi) - uint64_t(subs.back().lo);
    combinations = steps >= mostTried ? mostTried + 1 : std::min(combinations * (steps + 1), mostTried + 1);
  }
  auto readAt = [&](auto &&subscript) -> Value {
    size_t offset = 0;
    for (size_t d = 0; d < subs.size(); ++d) {
      int64_t at = subscript(d);
      if (static_cast<uint64_t>(at) >= static_cast<uint64_t>(view.extents[d]))
        return outside<Value>(n);
      offset = offset * static_cast<size_t>(view.extents[d]) + static_cast<size_t>(at);
    }
    return load<Value>(n, offset);
  };
  Value nominal = readAt([&](size_t d) { return subs[d].v; });
  if (combinations > mostTried) {
    Value any = anything<Value>(n.type);
    any.v = nominal.v;
    return any;
  }
  for (uint64_t k = 0; k < combinations; ++k) {
    uint64_t rest = k;
    std::vector<int64_t> tried;
    for (const Integer &sub : subs) {
      uint64_t extent = uint64_t(sub.hi) - uint64_t(sub.lo) + 1;
      tried.push_back(static_cast<int64_t>(uint64_t(sub.lo) + rest % extent));
      rest /= extent;
    }
    Value other = speculate<Value>(n.type, [&] { return readAt([&](size_t d) { return tried[d]; }); });
    nominal = hullOf(n.type, nominal, other);
  }
  return nominal;
}

int64_t Machine::readExact(const Node &n) {
  size_t offset;
  if (locate(n, offset) == Place::Inside)
    return views[n.slot].values->integer[offset];
  return outside<Integer>(n).v;
}

//===- operators ------------------------------------------------------------===//

template <typename Value> Value Machine::select(const Node &n) {
  Integer condition = integer(*n.a);
  const Node &chosen = condition.v ? *n.b : *n.c;
  Value nominal = eval<Value>(chosen);
  if (isPoint(condition))
    return nominal;
  const Node &other = condition.v ? *n.c : *n.b;
  return hullOf(n.type, nominal, speculate<Value>(n.type, [&] { return eval<Value>(other); }));
}

Integer Machine::logic(const Node &n) {
  bool isAnd = static_cast<LogicOp>(n.sub) == LogicOp::And;
  Integer a = integer(*n.a);
  if (isPoint(a))
    return bool(a.v) != isAnd ? a : integer(*n.b);
  if (bool(a.v) != isAnd) { // The right side counts only if the left one is the other way.
    Integer b = speculate<Integer>(DType::Bool, [&] { return integer(*n.b); });
    return hull(DType::Bool, a, b);
  }
  return hull(DType::Bool, integer(*n.b), exactly(!isAnd));
}

int64_t Machine::exact(const Node &n) {
  switch (n.kind) {
  case ExprKind::Literal:
    return n.integer;
  case ExprKind::IndexRef:
    return indices[n.slot];
  case ExprKind::SymbolRef:
    return arguments.symbols[n.slot];
  case ExprKind::ScalarParam:
    return arguments.scalars[n.slot].integer;
  case ExprKind::Read:
    return readExact(n);
  case ExprKind::Cast:
    return castValue({n.from, 0, exact(*n.a)}, n.type).integer;
  case ExprKind::Unary: {
    int64_t a = exact(*n.a);
    switch (static_cast<UnaryOp>(n.sub)) {
    case UnaryOp::Neg:
      return wrapTo(n.type, -uint64_t(a));
    case UnaryOp::Not:
      return !a;
    case UnaryOp::BitNot:
      return wrapTo(n.type, ~uint64_t(a));
    }
    return 0;
  }
  case ExprKind::Binary: {
    int64_t a = exact(*n.a);
    return binaryExact(static_cast<BinaryOp>(n.sub), n.type, a, exact(*n.b));
  }
  case ExprKind::Compare: {
    int64_t a = exact(*n.a);
    return compareExact(static_cast<CompareOp>(n.sub), n.from, a, exact(*n.b));
  }
  case ExprKind::Logic:
    return static_cast<LogicOp>(n.sub) == LogicOp::And ? exact(*n.a) && exact(*n.b) : exact(*n.a) || exact(*n.b);
  case ExprKind::Select:
    return exact(exact(*n.a) ? *n.b : *n.c);
  case ExprKind::Call: {
    int64_t operands[3] = {exact(*n.a), n.b ? exact(*n.b) : 0, n.c ? exact(*n.c) : 0};
    return callExact(static_cast<Function>(n.sub), n.from, operands);
  }
  case ExprKind::Reduce:
    return reduceExact(n);
  }
  return 0;
}

Integer Machine::integer(const Node &n) {
  if (n.isExact)
    return exactly(exact(n));
  switch (n.kind) {
  case ExprKind::Read:
    return read<Integer>(n);
  case ExprKind::Cast:
    return n.a->isReal ? toInteger(n.type, real(*n.a)) : toInteger(n.type, n.from, integer(*n.a));
  case ExprKind::Unary:
    return unary(static_cast<UnaryOp>(n.sub), n.type, integer(*n.a));
  case ExprKind::Binary: {
    Integer a = integer(*n.a);
    return binary(static_cast<BinaryOp>(n.sub), n.type, a, integer(*n.b));
  }
  case ExprKind::Compare: {
    auto op = static_cast<CompareOp>(n.sub);
    if (n.a->isReal) {
      Real a = real(*n.a);
      return compareReal(op, a, real(*n.b));
    }
    Integer a = integer(*n.a);
    return compareInteger(op, n.from, a, integer(*n.b));
  }
  case ExprKind::Logic:
    return logic(n);
  case ExprKind::Select:
    return select<Integer>(n);
  case ExprKind::Call: {
    if (n.a->isReal)
      return classify(static_cast<Function>(n.sub), real(*n.a));
    Integer operands[3] = {integer(*n.a), n.b ? integer(*n.b) : Integer(), n.c ? integer(*n.c) : Integer()};
    return callInteger(static_cast<Function>(n.sub), n.from, operands);
  }
  case ExprKind::Reduce:
    return reduceInteger(n);
  default: // Literals and the like are exact.
    return exactly(0);
  }
}

Real Machine::real(const Node &n) {
  switch (n.kind) {
  case ExprKind::Literal:
    return point(n.real);
  case ExprKind::ScalarParam:
    return point(arguments.scalars[n.slot].real);
  case ExprKind::Read:
    return read<Real>(n);
  case ExprKind::Cast:
    if (n.a->isReal)
      return roundReal(n.type, real(*n.a));
    return toReal(n.type, n.from, n.a->isExact ? exactly(exact(*n.a)) : integer(*n.a));
  case ExprKind::Unary:
    return negate(real(*n.a));
  case ExprKind::Binary: {
    Real a = real(*n.a), b = real(*n.b);
    switch (static_cast<BinaryOp>(n.sub)) {
    case BinaryOp::Add:
      return add(n.type, a, b);
    case BinaryOp::Sub:
      return subtract(n.type, a, b);
    case BinaryOp::Mul:
      return multiply(n.type, a, b);
    default:
      return divide(n.type, a, b);
    }
  }
  case ExprKind::Select:
    return select<Real>(n);
  case ExprKind::Call: {
    Real operands[3];
    operands[0] = real(*n.a);
    if (n.b)
      operands[1] = real(*n.b);
    if (n.c)
      operands[2] = real(*n.c);
    return callReal(static_cast<Function>(n.sub), n.type, operands);
  }
  case ExprKind::Reduce:
    return reduceReal(n);
  default: // Indices, comparisons and the like are no floats.
    return point(0);
  }
}
