//===- Groups.cpp -----------------------------------------------------------===//
#include "compiler/schedule/Groups.h"

#include "compiler/schedule/Normalize.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

bool Group::contains(Value tensor) const {
  return llvm::any_of(statements, [&](DefineOp s) { return s.getResult() == tensor; });
}

SmallVector<ExprId> tenon::extentsOf(DefineOp define, PlanBuilder &plan) {
  SmallVector<ExprId> result;
  for (Value extent : define.getExtents())
    result.push_back(*plan.fromValue(extent));
  return result;
}

//===- contractions ---------------------------------------------------------===//

std::optional<Contraction> tenon::matchContraction(DefineOp define) {
  SmallVector<ReduceOp> reduces;
  define.getBody().walk([&](ReduceOp reduce) { reduces.push_back(reduce); });
  if (reduces.size() != 1 || reduces[0]->getParentOp() != define || reduces[0].getKind() != ReduceKind::Sum)
    return std::nullopt;
  ReduceOp reduce = reduces[0];
  Operation *yield = reduce.getBody().front().getTerminator();
  if (yield->getNumOperands() != 1)
    return std::nullopt;
  Type element = reduce.getType();
  if (element.isF16() || element.isBF16() || element.isIndex())
    return std::nullopt;
  for (ValueRange bounds : {reduce.getLower(), reduce.getUpper()})
    for (Value bound : bounds)
      for (BlockArgument index : define.getBody().front().getArguments())
        if (Evaluator::dependsOn(bound, index))
          return std::nullopt;
  Operation *product = yield->getOperand(0).getDefiningOp();
  if (!product || !isa<arith::MulFOp, arith::MulIOp>(product))
    return std::nullopt;
  // Each reduction index must be in both factors, or one of them would be summed needlessly often.
  Contraction result{define, reduce, product->getOperand(0), product->getOperand(1), {}, {}, {}};
  for (BlockArgument index : reduce.getBody().front().getArguments())
    if (!Evaluator::dependsOn(result.a, index) || !Evaluator::dependsOn(result.b, index))
      return std::nullopt;
  auto indices = define.getBody().front().getArguments();
  if (indices.empty())
    return std::nullopt;
  // b is the factor that the last index belongs to alone.
  if (Evaluator::dependsOn(result.a, indices.back()))
    std::swap(result.a, result.b);
  if (Evaluator::dependsOn(result.a, indices.back()) || !Evaluator::dependsOn(result.b, indices.back()))
    return std::nullopt;
  bool inTile = true;
  for (BlockArgument index : llvm::reverse(indices)) {
    bool inA = Evaluator::dependsOn(result.a, index), inB = Evaluator::dependsOn(result.b, index);
    unsigned number = index.getArgNumber();
    inTile &= inB && !inA;
    if (inTile)
      result.n.insert(result.n.begin(), number);
    else if (inA && !inB)
      result.m.insert(result.m.begin(), number);
    else
      result.batch.insert(result.batch.begin(), number);
  }
  if (result.m.empty())
    return std::nullopt;
  return result;
}

//===- groups ---------------------------------------------------------------===//

namespace {
/// Builds one group from position `start`, with the first `rank` indices of the first statement as rows.
class GroupBuilder {
public:
  GroupBuilder(PlanBuilder &plan, ArrayRef<DefineOp> statements, unsigned rank) : plan(plan) {
    SmallVector<ExprId> extents = extentsOf(statements[0], plan);
    group.rows.assign(extents.begin(), extents.begin() + rank);
    for (DefineOp statement : statements) {
      if (!accepts(statement))
        break;
      group.statements.push_back(statement);
      if (group.isRowVector(statement))
        hasVectors = true;
      statement.getBody().walk([&](ReduceOp) { hasReductions = true; });
    }
  }

  Group take() {
    group.kind = hasVectors || prefersRows() ? Group::Kind::Rows : Group::Kind::Pointwise;
    return std::move(group);
  }

  Group group;
  bool hasVectors = false, hasReductions = false;

private:
  bool accepts(DefineOp statement) {
    if (!group.statements.empty() && matchContraction(statement))
      return false;
    SmallVector<ExprId> extents = extentsOf(statement, plan);
    size_t rank = group.rows.size();
    if (extents.size() < rank || extents.size() > rank + 1 ||
        !std::equal(group.rows.begin(), group.rows.end(), extents.begin()))
      return false;
    // Scalars that reduce nothing are no reason to walk a vector as one row, by one group.
    if (rank == 0 && !extents.empty() && !group.statements.empty() && !group.isRowVector(group.statements.front()) &&
        !hasReductions)
      return false;
    auto indices = statement.getBody().front().getArguments();
    bool fits = true;
    statement.getBody().walk([&](ReadOp read) {
      if (!group.contains(read.getTensor()))
        return;
      auto subscripts = read.getSubscripts();
      for (size_t i = 0; i < rank; ++i)
        fits &= subscripts[i] == indices[i];
      if (read.getGuard() || read.getChecked() || read.getFault())
        fits = false;
      if (subscripts.size() > rank) {
        // Along the row: at this statement's own index, or at a reduction's.
        auto argument = dyn_cast<BlockArgument>(subscripts[rank]);
        bool isOwn = indices.size() > rank && subscripts[rank] == indices[rank];
        fits &= isOwn || (argument && isa<ReduceOp>(argument.getOwner()->getParentOp()));
      }
    });
    return fits;
  }

  /// With statements at the rows only: whether their reductions read along the row rather than along the last row index.
  bool prefersRows() {
    unsigned along = 0, across = 0;
    for (DefineOp statement : group.statements) {
      auto indices = statement.getBody().front().getArguments();
      statement.getBody().walk([&](ReadOp read) {
        auto reduce = dyn_cast<ReduceOp>(read->getParentOp());
        if (!reduce)
          return;
        along += Evaluator::isContiguous(read, reduce.getBody().front().getArguments().back());
        across += !indices.empty() && Evaluator::isContiguous(read, indices.back());
      });
    }
    return along > across;
  }

  PlanBuilder &plan;
};
} // namespace

SmallVector<Group> tenon::makeGroups(OperatorOp op, PlanBuilder &plan) {
  SmallVector<DefineOp> statements(op.getBody().front().getOps<DefineOp>());
  SmallVector<Group> groups;
  ArrayRef<DefineOp> rest = statements;
  while (!rest.empty()) {
    if (matchContraction(rest[0])) {
      Group group;
      group.kind = Group::Kind::Contraction;
      group.statements.push_back(rest[0]);
      group.rows = extentsOf(rest[0], plan);
      groups.push_back(std::move(group));
      rest = rest.drop_front();
      continue;
    }
    // The most statements win; of equals, the more rows, since rows are what runs in parallel.
    std::optional<GroupBuilder> best;
    int rank = DefineOp(rest[0]).getExtents().size();
    for (int rows = rank; rows >= std::max(0, rank - 1); --rows) {
      GroupBuilder candidate(plan, rest, rows);
      if (!best || candidate.group.statements.size() > best->group.statements.size())
        best.emplace(candidate);
    }
    rest = rest.drop_front(best->group.statements.size());
    groups.push_back(best->take());
  }
  return groups;
}
