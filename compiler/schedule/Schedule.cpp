//===- Schedule.cpp ---------------------------------------------------------===//
#include "compiler/schedule/Schedule.h"

#include "compiler/schedule/Normalize.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

//===- what groups share ----------------------------------------------------===//

KernelBuilder Schedule::newKernel(Location loc) {
  return KernelBuilder(kernels, prefix + "_" + std::to_string(kernelCount), device, plan, loc);
}

void Schedule::launch(KernelBuilder &kernel, ArrayRef<ExprId> grid, ArrayRef<int64_t> block) {
  kernel.finish(block);
  auto launch = std::make_unique<package::LaunchT>();
  launch->kernel = kernelCount++;
  launch->grid.assign(grid.begin(), grid.end());
  launch->args = kernel.launchArguments();
  auto step = std::make_unique<package::StepT>();
  step->step.type = package::StepKind::Launch;
  step->step.value = launch.release();
  steps.push_back(std::move(step));
}

void Schedule::launchFolded(KernelBuilder &kernel, ExprId total, int64_t items, function_ref<void(Value)> body) {
  ExprId wide = plan.max(plan.constant(1), plan.min(total, plan.constant(32768)));
  Value number = kernel.add(kernel.mul(kernel.group(1), kernel.size(wide)), kernel.group(0));
  kernel.when(kernel.less(number, kernel.size(total)), [&] { body(number); });
  launch(kernel, {wide, plan.ceilDiv(total, wide), plan.constant(1)}, {items, 1, 1});
}

Storage Schedule::workspace(Type element, ArrayRef<ExprId> dims) {
  Storage storage{package::ArgKind::Workspace, static_cast<uint32_t>(workspaceBytes.size()), element,
                  SmallVector<ExprId>(dims)};
  workspaceBytes.push_back(plan.mul(plan.product(dims), plan.constant(elementBytes(element))));
  return storage;
}

void Schedule::branch(ExprId condition, function_ref<void()> then, function_ref<void()> otherwise) {
  if (std::optional<int64_t> known = plan.getConstant(condition))
    return *known ? then() : otherwise();
  auto outer = std::move(steps);
  auto branch = std::make_unique<package::BranchT>();
  branch->condition = condition;
  steps.clear();
  conditions.push_back(condition);
  then();
  branch->then = std::move(steps);
  steps.clear();
  conditions.back() = plan.negation(condition);
  otherwise();
  conditions.pop_back();
  branch->otherwise = std::move(steps);
  steps = std::move(outer);
  auto step = std::make_unique<package::StepT>();
  step->step.type = package::StepKind::Branch;
  step->step.value = branch.release();
  steps.push_back(std::move(step));
}

/// The largest value that an index expression takes, where it is a sum of indices, symbols and constants.
static std::optional<ExprId> largest(Value value, PlanBuilder &plan) {
  if (std::optional<ExprId> known = plan.fromValue(value))
    return known;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *owner = argument.getOwner()->getParentOp();
    std::optional<ExprId> end;
    if (auto define = dyn_cast<DefineOp>(owner))
      end = plan.fromValue(define.getExtents()[argument.getArgNumber()]);
    else if (auto reduce = dyn_cast<ReduceOp>(owner))
      end = largest(reduce.getUpper()[argument.getArgNumber()], plan);
    return end ? std::optional(plan.sub(*end, plan.constant(1))) : std::nullopt;
  }
  Operation *op = value.getDefiningOp();
  if (isa<arith::AddIOp>(op)) {
    std::optional<ExprId> a = largest(op->getOperand(0), plan), b = largest(op->getOperand(1), plan);
    return a && b ? std::optional(plan.add(*a, *b)) : std::nullopt;
  }
  if (isa<arith::MinSIOp>(op)) {
    std::optional<ExprId> a = largest(op->getOperand(0), plan), b = largest(op->getOperand(1), plan);
    return a && b ? std::optional(plan.min(*a, *b)) : a ? a : b;
  }
  return std::nullopt;
}

ExprId Schedule::stepsOf(Block &body) {
  ExprId total = plan.constant(0), zero = plan.constant(0);
  for (ReduceOp reduce : body.getOps<ReduceOp>()) {
    ExprId steps = plan.constant(1);
    if (auto piece = reduce->getAttrOfType<IntegerAttr>(pieceAttribute)) {
      total = plan.add(total, plan.constant(piece.getInt()));
      continue;
    }
    for (auto [lower, upper] : llvm::zip(reduce.getLower(), reduce.getUpper())) {
      std::optional<ExprId> end = largest(upper, plan), start = plan.fromValue(lower);
      if (end)
        steps = plan.mul(steps, plan.max(zero, start ? plan.sub(*end, *start) : *end));
    }
    total = plan.add(total, plan.mul(steps, plan.add(plan.constant(1), stepsOf(reduce.getBody().front()))));
  }
  return total;
}

void Schedule::limitSteps(ExprId steps) {
  if (!device.maxLoopSteps || plan.getConstant(steps))
    return;
  ExprId condition = plan.lessEqual(steps, plan.constant(device.maxLoopSteps));
  for (ExprId enclosing : conditions)
    condition = plan.binary(package::ExprOp::Or, plan.negation(enclosing), condition);
  auto check = std::make_unique<package::CheckT>();
  check->condition = condition;
  check->message = "a work-item would loop {0} times, and this kind of device ends loops after " +
                   std::to_string(device.maxLoopSteps);
  check->values = {steps};
  checks.push_back(std::move(check));
}

unsigned Schedule::lanesFor(const Group &group) const {
  // The narrowest type that is computed in full decides less than the widest: registers are filled by that one.
  unsigned bits = 32;
  for (DefineOp statement : group.statements)
    statement.getBody().walk([&](Operation *op) {
      for (Type type : op->getResultTypes())
        if (type.isF64() || type.isInteger(64))
          bits = 64;
    });
  return std::clamp(device.vectorBits / bits, 1u, 16u);
}

//===- storage --------------------------------------------------------------===//

bool tenon::isReadOutside(DefineOp define, const Group &group) {
  return llvm::any_of(define.getResult().getUsers(), [&](Operation *user) {
    return isa<formula::ReturnOp>(user) || !llvm::is_contained(group.statements, definitionOf(user));
  });
}

void tenon::assignStorage(Schedule &schedule, const Group &group) {
  for (DefineOp statement : group.statements)
    if (!schedule.program.storage.count(statement.getResult()) && isReadOutside(statement, group))
      schedule.program.storage[statement.getResult()] =
          schedule.workspace(cast<RankedTensorType>(statement.getResult().getType()).getElementType(),
                             extentsOf(statement, schedule.plan));
}

/// The sizes of parameter `number`'s dimensions, a pack as one.
static SmallVector<ExprId> parameterDims(OperatorOp op, unsigned number, PlanBuilder &plan) {
  SmallVector<ExprId> result;
  DimsOp dims;
  for (DimsOp found : op.getBody().front().getOps<DimsOp>())
    dims = found;
  auto parameter = cast<DictionaryAttr>(op.getParams()[number]);
  for (Attribute attribute : cast<ArrayAttr>(parameter.get("dims"))) {
    auto dim = cast<DictionaryAttr>(attribute);
    unsigned value = cast<IntegerAttr>(dim.get("value")).getInt();
    if (cast<StringAttr>(dim.get("kind")).getValue() == "expr")
      result.push_back(*plan.fromValue(dims.getSizes()[value]));
    else
      result.push_back(plan.symbol(value));
  }
  return result;
}

/// Fills in where parameters are. Results first get their home here, so that their definitions store into it.
static LogicalResult placeParameters(OperatorOp op, Program &program, PlanBuilder &plan) {
  Block &body = op.getBody().front();
  unsigned argument = op.getSymbols().size(), result = 0;
  auto returned = cast<formula::ReturnOp>(body.getTerminator()).getResults();
  for (auto [number, attribute] : llvm::enumerate(op.getParams())) {
    auto parameter = cast<DictionaryAttr>(attribute);
    StringRef kind = cast<StringAttr>(parameter.get("kind")).getValue();
    if (kind == "size")
      continue;
    bool isResult = parameter.contains("result");
    Value value = isResult ? Value(returned[result++]) : Value(body.getArgument(argument++));
    program.parameters[value] = number;
    if (kind != "tensor")
      continue;
    if (isResult && (program.storage.count(value) || !value.getDefiningOp<DefineOp>()))
      return op.emitError("a result must have a definition of its own");
    program.storage[value] = {package::ArgKind::Tensor, static_cast<uint32_t>(number),
                              cast<RankedTensorType>(value.getType()).getElementType(),
                              parameterDims(op, number, plan)};
  }
  return success();
}

//===- results in their inputs' memory --------------------------------------===//

/// Inputs that have a result's type and sizes: the only ones that may share memory with it.
static void markAliases(OperatorOp op, Program &program) {
  for (Value result : cast<formula::ReturnOp>(op.getBody().front().getTerminator()).getResults())
    for (BlockArgument input : op.getBody().front().getArguments()) {
      auto found = program.storage.find(input);
      Storage &own = program.storage[result];
      if (found == program.storage.end() || found->second.element != own.element || found->second.dims != own.dims)
        continue;
      own.mayAlias = found->second.mayAlias = true;
    }
}

/// Pairs that may be exactly the same memory: whatever reads the input is done before the result's memory is first written,
/// or reads each element just where it is written.
static void findInplace(OperatorOp op, ArrayRef<Group> groups, Program &program, ScheduledInstance &out) {
  auto groupOf = [&](Operation *inner) {
    DefineOp define = definitionOf(inner);
    return llvm::find_if(groups, [&](const Group &g) { return llvm::is_contained(g.statements, define); }) -
           groups.begin();
  };
  for (Value result : cast<formula::ReturnOp>(op.getBody().front().getTerminator()).getResults()) {
    const Storage &own = program.storage[result];
    if (!own.mayAlias)
      continue;
    // The first group that writes the memory (a temporary may live in it).
    long writer = groups.size();
    for (auto [number, group] : llvm::enumerate(groups))
      for (DefineOp statement : group.statements) {
        auto found = program.storage.find(statement.getResult());
        if (found != program.storage.end() && found->second.kind == own.kind && found->second.index == own.index)
          writer = std::min<long>(writer, number);
      }
    for (BlockArgument input : op.getBody().front().getArguments()) {
      auto found = program.storage.find(input);
      if (found == program.storage.end() || found->second.element != own.element || found->second.dims != own.dims)
        continue;
      bool fits = true;
      for (Operation *user : input.getUsers()) {
        auto read = cast<ReadOp>(user);
        long reader = groupOf(read);
        if (reader < writer)
          continue;
        fits &= reader == writer && groups[reader].kind == Group::Kind::Pointwise &&
                isa<DefineOp>(read->getParentOp()) && isIdentityRead(read, definitionOf(read)) &&
                definitionOf(read).getExtents().size() == own.dims.size();
      }
      if (fits)
        out.inplace.emplace_back(own.index, found->second.index);
    }
  }
}

//===- the order of things --------------------------------------------------===//

/// With 32-bit indices, no tensor may have 2^31 elements or more.
static void checkIndexWidth(Program &program, PlanBuilder &plan, ScheduledInstance &out,
                            ArrayRef<ExprId> workspaceBytes, OperatorOp op) {
  auto require = [&](ExprId elements, const std::string &what) {
    if (std::optional<int64_t> known = plan.getConstant(elements); known && *known < (int64_t(1) << 31))
      return;
    auto check = std::make_unique<package::CheckT>();
    check->condition = plan.lessEqual(elements, plan.constant((int64_t(1) << 31) - 1));
    check->message = what + " has {0} elements, 32-bit indices reach 2147483647";
    check->values = {elements};
    out.checks.push_back(std::move(check));
  };
  for (auto [number, attribute] : llvm::enumerate(op.getParams())) {
    auto parameter = cast<DictionaryAttr>(attribute);
    if (cast<StringAttr>(parameter.get("kind")).getValue() == "tensor")
      require(plan.product(parameterDims(op, number, plan)),
              cast<StringAttr>(parameter.get("name")).getValue().str());
  }
  for (ExprId bytes : workspaceBytes)
    require(bytes, "the workspace");
}

FailureOr<ScheduledInstance> tenon::scheduleInstance(OperatorOp op, const DeviceDescription &device, PlanBuilder &plan,
                                                     const std::string &prefix) {
  ScheduledInstance out;
  out.kernels = ModuleOp::create(op.getLoc());
  normalize(op);
  plan.forgetValues();
  Program program;
  program.op = op;
  if (failed(placeParameters(op, program, plan)))
    return failure();
  markAliases(op, program);
  SmallVector<Group> groups = makeGroups(op, plan);
  Schedule schedule(program, *out.kernels, device, plan, prefix);
  for (const Group &group : groups) {
    assignStorage(schedule, group);
    scheduleGroup(schedule, group);
  }
  findInplace(op, groups, program, out);
  out.checks = std::move(schedule.checks);
  if (device.indexBits == 32)
    checkIndexWidth(program, plan, out, schedule.workspaceBytes, op);
  out.plan = std::move(schedule.steps);
  out.workspace = std::move(schedule.workspaceBytes);
  out.faults = std::move(program.faults);
  return out;
}
