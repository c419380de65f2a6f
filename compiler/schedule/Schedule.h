//===- Schedule.h - formulas to kernels and a plan ---------------------------===//
//
// Owns the way from one instance's formula and a device description to kernels and the plan that launches them. The
// pass order of the compiler's middle reads off scheduleInstance() in Schedule.cpp. Does not own code generation (targets)
// or what the package looks like.
//
//===------------------------------------------------------------------------===//
#pragma once

#include "compiler/schedule/Groups.h"

namespace tenon {

/// On a reduction over a piece of a long one: how many elements it has at most.
constexpr llvm::StringLiteral pieceAttribute = "tenon.piece";

/// Kernels and plan of one instance for one profile.
struct ScheduledInstance {
  mlir::OwningOpRef<mlir::ModuleOp> kernels;
  std::vector<std::unique_ptr<package::StepT>> plan; ///< Launches name kernels by their position in `kernels`.
  std::vector<ExprId> workspace;                     ///< Bytes of each buffer.
  std::vector<std::string> faults;
  std::vector<std::pair<uint32_t, uint32_t>> inplace; ///< (result, input), by parameter.
  std::vector<std::unique_ptr<package::CheckT>> checks; ///< Of this variant alone.
};

/// What the schedules of groups share while an instance is scheduled.
class Schedule {
public:
  Schedule(Program &program, mlir::ModuleOp kernels, const DeviceDescription &device, PlanBuilder &plan,
           std::string prefix)
      : program(program), kernels(kernels), device(device), plan(plan), prefix(std::move(prefix)) {}

  /// A new kernel; its name is the instance's and a number.
  KernelBuilder newKernel(mlir::Location loc);
  /// Ends the kernel and launches it over `grid` groups.
  void launch(KernelBuilder &kernel, llvm::ArrayRef<ExprId> grid, llvm::ArrayRef<int64_t> block);
  /// On a GPU, `total` groups in one numbering: devices allow as few as 65535 of them in a dimension, so they are folded into two.
  /// `body` gets the number; what is beyond the last does nothing.
  void launchFolded(KernelBuilder &kernel, ExprId total, int64_t items, llvm::function_ref<void(mlir::Value)> body);
  /// A buffer of workspace.
  Storage workspace(mlir::Type element, llvm::ArrayRef<ExprId> dims);
  /// Runs `then` or `otherwise` as the plan decides at launch.
  void branch(ExprId condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);

  /// On a device that ends a work-item's loops early: the variant refuses launches with more steps than it bears.
  void limitSteps(ExprId steps);
  /// The steps of all reductions in a value's computation, as far as the plan can know them.
  ExprId stepsOf(mlir::Block &body);

  bool isGpu() const { return device.deviceClass == DeviceDescription::Class::Gpu; }
  /// Lanes of a vector of the group's widest element.
  unsigned lanesFor(const Group &group) const;

  Program &program;
  mlir::ModuleOp kernels;
  const DeviceDescription &device;
  PlanBuilder &plan;
  std::string prefix;
  std::vector<std::unique_ptr<package::StepT>> steps;
  std::vector<ExprId> workspaceBytes;
  std::vector<std::unique_ptr<package::CheckT>> checks;
  std::vector<ExprId> conditions; ///< Of the branches that what is scheduled now stands in.
  unsigned kernelCount = 0;
};

void schedulePointwise(Schedule &schedule, const Group &group);
void scheduleRows(Schedule &schedule, const Group &group);
void scheduleContraction(Schedule &schedule, const Group &group);
/// One of the above by the group's kind; a long reduction is cut into pieces where a launch's sizes ask for it.
void scheduleGroup(Schedule &schedule, const Group &group);

/// Gives memory to what a group defines and others (or a later pass over the row) read.
void assignStorage(Schedule &schedule, const Group &group);
/// Whether a tensor of the group is read by statements outside of it, or returned.
bool isReadOutside(formula::DefineOp define, const Group &group);

/// Schedules a formula. Consumes `op` (it is normalized in place). `indexBits` of the device bounds the index arithmetic: with 32
/// the variant gets checks that every tensor is small enough.
mlir::FailureOr<ScheduledInstance> scheduleInstance(formula::OperatorOp op, const DeviceDescription &device,
                                                    PlanBuilder &plan, const std::string &prefix);

} // namespace tenon
