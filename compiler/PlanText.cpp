//===- PlanText.cpp ---------------------------------------------------------===//
#include "compiler/PlanText.h"

#include "compiler/package/PackageWriter.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tenon;
using package::ExprOp;

namespace {

class PlanPrinter {
public:
  PlanPrinter(formula::OperatorOp op, const ScheduledInstance &scheduled, std::vector<package::Expr> expressions)
      : op(op), scheduled(scheduled), expressions(std::move(expressions)), stream(text) {}

  std::string run() {
    for (auto [number, bytes] : llvm::enumerate(scheduled.workspace))
      stream << "workspace " << number << ": " << expr(bytes) << " bytes\n";
    for (auto [result, input] : scheduled.inplace)
      stream << "result " << parameter(result) << " may be the memory of " << parameter(input) << "\n";
    for (const auto &check : scheduled.checks)
      stream << "check " << expr(check->condition) << ": " << check->message << "\n";
    steps(scheduled.plan, 0);
    return std::move(text);
  }

private:
  std::string parameter(uint32_t number) {
    return cast<StringAttr>(cast<DictionaryAttr>(op.getParams()[number]).get("name")).getValue().str();
  }

  std::string expr(uint32_t id) {
    const package::Expr &e = expressions[id];
    auto infix = [&](const char *sign) { return "(" + expr(e.a()) + " " + sign + " " + expr(e.b()) + ")"; };
    auto call = [&](const char *name) { return std::string(name) + "(" + expr(e.a()) + ", " + expr(e.b()) + ")"; };
    switch (e.op()) {
    case ExprOp::Const:
      return std::to_string(e.imm());
    case ExprOp::Symbol:
      return cast<StringAttr>(cast<DictionaryAttr>(op.getSymbols()[e.imm()]).get("name")).getValue().str();
    case ExprOp::Device:
      return std::string("device.") + package::EnumNameProperty(static_cast<package::Property>(e.imm()));
    case ExprOp::LoopVar:
      return "loop" + std::to_string(e.imm());
    case ExprOp::Add:
      return infix("+");
    case ExprOp::Sub:
      return infix("-");
    case ExprOp::Mul:
      return infix("*");
    case ExprOp::FloorDiv:
      return call("floordiv");
    case ExprOp::CeilDiv:
      return call("ceildiv");
    case ExprOp::Mod:
      return call("mod");
    case ExprOp::Div:
      return infix("/");
    case ExprOp::Rem:
      return infix("%");
    case ExprOp::Min:
      return call("min");
    case ExprOp::Max:
      return call("max");
    case ExprOp::Eq:
      return infix("==");
    case ExprOp::Ne:
      return infix("!=");
    case ExprOp::Lt:
      return infix("<");
    case ExprOp::Le:
      return infix("<=");
    case ExprOp::And:
      return infix("&&");
    case ExprOp::Or:
      return infix("||");
    case ExprOp::Not:
      return "!" + expr(e.a());
    case ExprOp::Select:
      return "(" + expr(e.a()) + " ? " + expr(e.b()) + " : " + expr(e.c()) + ")";
    }
    return "?";
  }

  std::string argument(const package::Arg &arg) {
    switch (arg.kind()) {
    case package::ArgKind::Tensor:
    case package::ArgKind::Scalar:
      return parameter(arg.index());
    case package::ArgKind::Workspace:
      return "workspace " + std::to_string(arg.index());
    case package::ArgKind::Expr:
      return expr(arg.index());
    case package::ArgKind::Fault:
      return "fault";
    }
    return "?";
  }

  void steps(const std::vector<std::unique_ptr<package::StepT>> &list, unsigned indent) {
    for (const auto &step : list) {
      stream.indent(indent);
      if (const auto *launch = step->step.AsLaunch()) {
        auto kernel = std::next(scheduled.kernels.get().getOps<func::FuncOp>().begin(), launch->kernel);
        stream << "launch " << (*kernel).getName() << " over " << expr(launch->grid[0]) << " x "
               << expr(launch->grid[1]) << " x " << expr(launch->grid[2]) << " (";
        llvm::interleaveComma(launch->args, stream, [&](const package::Arg &arg) { stream << argument(arg); });
        stream << ")\n";
      } else if (const auto *branch = step->step.AsBranch()) {
        stream << "if " << expr(branch->condition) << "\n";
        steps(branch->then, indent + 2);
        stream.indent(indent) << "else\n";
        steps(branch->otherwise, indent + 2);
      } else if (const auto *loop = step->step.AsLoop()) {
        stream << "repeat " << expr(loop->count) << " times\n";
        steps(loop->body, indent + 2);
      }
    }
  }

  formula::OperatorOp op;
  const ScheduledInstance &scheduled;
  std::vector<package::Expr> expressions;
  std::string text;
  llvm::raw_string_ostream stream;
};

} // namespace

std::string tenon::planText(formula::OperatorOp op, const ScheduledInstance &scheduled,
                            const std::vector<package::Expr> &ownExpressions) {
  PlanBuilder plan;
  describeInstance(op, plan);
  std::vector<package::Expr> expressions = plan.getExpressions();
  llvm::append_range(expressions, ownExpressions);
  return PlanPrinter(op, scheduled, std::move(expressions)).run();
}
