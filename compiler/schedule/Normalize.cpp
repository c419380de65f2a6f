//===- Normalize.cpp --------------------------------------------------------===//
#include "compiler/schedule/Normalize.h"

#include "compiler/schedule/Evaluator.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

DefineOp tenon::definitionOf(Operation *op) { return op->getParentOfType<DefineOp>(); }

bool tenon::isIdentityRead(ReadOp read, DefineOp reader) {
  auto indices = reader.getBody().front().getArguments();
  return read.getSubscripts().size() == indices.size() &&
         llvm::equal(read.getSubscripts(), indices, [](Value a, BlockArgument b) { return a == b; });
}

/// Moves pure operations whose operands are all defined outside of a reduction to before it.
static void hoistInvariants(OperatorOp op) {
  bool changed = true;
  while (changed) {
    changed = false;
    op.walk([&](ReduceOp reduce) {
      for (Operation &inner : llvm::make_early_inc_range(reduce.getBody().front().without_terminator())) {
        // A constant in a reduction costs nothing; moving reads or arithmetic saves their repetition.
        auto isOutside = [&](Value v) { return !reduce.getBody().isAncestor(v.getParentRegion()); };
        bool movable = llvm::all_of(inner.getOperands(), isOutside);
        if (auto nested = dyn_cast<ReduceOp>(inner))
          nested.getBody().walk([&](Operation *deep) {
            for (Value v : deep->getOperands())
              movable &= isOutside(v) || nested.getBody().isAncestor(v.getParentRegion());
          });
        if (movable) {
          inner.moveBefore(reduce);
          changed = true;
        }
      }
    });
  }
}

/// Makes a reduction that does not depend on every index of its definition a definition of its own.
static void extractReductions(OperatorOp op) {
  SmallVector<ReduceOp> found;
  op.walk([&](ReduceOp reduce) {
    if (isa<DefineOp>(reduce->getParentOp()))
      found.push_back(reduce);
  });
  for (ReduceOp reduce : found) {
    DefineOp owner = definitionOf(reduce);
    auto indices = owner.getBody().front().getArguments();
    SmallVector<unsigned> used;
    for (BlockArgument index : indices)
      if (Evaluator::dependsOn(reduce.getResult(), index))
        used.push_back(index.getArgNumber());
    if (used.size() == indices.size())
      continue;
    OpBuilder builder(owner);
    SmallVector<Value> extents;
    SmallVector<Attribute> names;
    for (unsigned i : used) {
      extents.push_back(owner.getExtents()[i]);
      names.push_back(owner.getIndices()[i]);
    }
    auto type = RankedTensorType::get(SmallVector<int64_t>(used.size(), ShapedType::kDynamic), reduce.getType());
    auto define = DefineOp::create(builder, reduce.getLoc(), type, owner.getNameAttr(), extents,
                                   builder.getArrayAttr(names));
    Block &block = define.getBody().emplaceBlock();
    IRMapping mapping;
    for (unsigned i : used)
      mapping.map(indices[i], block.addArgument(builder.getIndexType(), reduce.getLoc()));
    builder.setInsertionPointToStart(&block);
    // The slice of the owner's body that the reduction needs, in order.
    DenseSet<Operation *> needed;
    SmallVector<Operation *> work{reduce};
    while (!work.empty()) {
      Operation *current = work.pop_back_val();
      if (!needed.insert(current).second)
        continue;
      auto need = [&](Value v) {
        Operation *producer = v.getDefiningOp();
        if (producer && producer->getBlock() == &owner.getBody().front())
          work.push_back(producer);
      };
      llvm::for_each(current->getOperands(), need);
      current->walk([&](Operation *deep) { llvm::for_each(deep->getOperands(), need); });
    }
    for (Operation &inner : owner.getBody().front())
      if (needed.contains(&inner))
        builder.clone(inner, mapping);
    YieldOp::create(builder, reduce.getLoc(), ValueRange{mapping.lookup(reduce.getResult())});
    builder.setInsertionPoint(reduce);
    SmallVector<Value> subscripts;
    for (unsigned i : used)
      subscripts.push_back(indices[i]);
    Value read = ReadOp::create(builder, reduce.getLoc(), reduce.getType(), define.getResult(), subscripts, Value(),
                                Value(), UnitAttr(), StringAttr());
    reduce.replaceAllUsesWith(read);
    reduce.erase();
  }
}

/// Calls, roots and quotients: worth keeping rather than computing again.
static bool isExpensive(Operation &op) {
  return (op.getName().getDialectNamespace() == "math" && !isa<math::AbsFOp, math::FmaOp>(op)) ||
         isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op);
}

namespace {
struct Cost {
  bool hasReduce = false, isExpensive = false;
  unsigned operations = 0, reads = 0;
  bool isCheap() const { return !hasReduce && !isExpensive && operations <= 4 && reads <= 2; }
};
} // namespace

static Cost costOf(DefineOp define) {
  Cost cost;
  define.getBody().walk([&](Operation *op) {
    cost.hasReduce |= isa<ReduceOp>(op);
    cost.isExpensive |= isExpensive(*op);
    cost.reads += isa<ReadOp>(op);
    cost.operations += !isa<ReadOp, YieldOp, arith::ConstantOp, arith::ExtFOp, arith::TruncFOp>(op);
  });
  return cost;
}

/// Whether every element of the temporary is wanted at most once by this read: its subscripts cover all indices around it.
static bool isReadOnce(ReadOp read, DefineOp reader) {
  SmallVector<Value> around(reader.getBody().front().getArguments());
  for (Operation *op = read->getParentOp(); op != reader.getOperation(); op = op->getParentOp())
    if (auto reduce = dyn_cast<ReduceOp>(op))
      llvm::append_range(around, reduce.getBody().front().getArguments());
  return llvm::all_of(around, [&](Value index) { return llvm::is_contained(read.getSubscripts(), index); });
}

static void inlineAt(ReadOp read, DefineOp define) {
  OpBuilder builder(read);
  IRMapping mapping;
  Block &body = define.getBody().front();
  for (auto [index, subscript] : llvm::zip(body.getArguments(), read.getSubscripts()))
    mapping.map(index, subscript);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  read.replaceAllUsesWith(mapping.lookupOrDefault(body.getTerminator()->getOperand(0)));
  read.erase();
}

static bool tryInline(DefineOp define) {
  SmallVector<ReadOp> reads;
  for (Operation *user : define.getResult().getUsers()) {
    auto read = dyn_cast<ReadOp>(user);
    // A result stays a tensor; a guarded read must not perform the reads inside where it would not be performed.
    if (!read || read.getGuard() || read.getChecked() || read.getFault())
      return false;
    reads.push_back(read);
  }
  if (reads.empty())
    return false;
  Cost cost = costOf(define);
  DefineOp first = definitionOf(reads.front());
  bool inOneReader = llvm::all_of(reads, [&](ReadOp read) { return definitionOf(read) == first; });
  bool allIdentity = inOneReader && llvm::all_of(reads, [&](ReadOp read) {
    return isa<DefineOp>(read->getParentOp()) && isIdentityRead(read, first);
  });
  bool wanted;
  if (cost.hasReduce)
    // The reader becomes the reduction's epilogue.
    wanted = allIdentity && !costOf(first).hasReduce;
  else if (allIdentity)
    wanted = true;
  else if (reads.size() == 1)
    wanted = cost.isCheap() || isReadOnce(reads.front(), first);
  else
    wanted = cost.isCheap();
  if (!wanted)
    return false;
  if (allIdentity && reads.size() > 1) {
    // One copy for all of them.
    auto inBlock = [](ReadOp a, ReadOp b) { return a->isBeforeInBlock(b); };
    llvm::sort(reads, inBlock);
    for (ReadOp other : ArrayRef(reads).drop_front()) {
      other.replaceAllUsesWith(reads.front().getResult());
      other.erase();
    }
    reads.resize(1);
  }
  for (ReadOp read : reads)
    inlineAt(read, define);
  define.erase();
  return true;
}

static void removeUnread(OperatorOp op) {
  SmallVector<DefineOp> defines(op.getBody().front().getOps<DefineOp>());
  for (DefineOp define : llvm::reverse(defines)) {
    // Inside a body, values that lost their use.
    bool changed = true;
    while (changed) {
      changed = false;
      define.getBody().walk([&](Operation *inner) {
        if (isOpTriviallyDead(inner)) {
          inner->erase();
          changed = true;
        }
      });
    }
    if (define.getResult().use_empty())
      define.erase();
  }
}

void tenon::normalize(OperatorOp op) {
  removeUnread(op);
  hoistInvariants(op);
  bool changed = true;
  while (changed) {
    changed = false;
    for (DefineOp define : llvm::make_early_inc_range(op.getBody().front().getOps<DefineOp>()))
      changed |= tryInline(define);
  }
  hoistInvariants(op);
  extractReductions(op);
  removeUnread(op);
}
