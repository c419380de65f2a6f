//===- Rows.cpp - statements over rows, with reductions along them -----------===//
//
// One kernel does a row at a time, in phases: a phase is a pass over the row that computes the reductions and row
// vectors whose inputs are ready; a value that a reduction gave is ready in the next phase. On a CPU a work-group does
// some rows, with vectors along the row; on a GPU a work-group does one row, its work-items taking elements in turn and
// combining in workgroup memory.
//
//===------------------------------------------------------------------------===//
#include "compiler/schedule/Normalize.h"
#include "compiler/schedule/Schedule.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

/// Elements that a CPU's work-group should have to do.
static constexpr int64_t elementsPerGroup = 16384;

namespace {

/// Something that a pass over the row computes: a row vector's element or a step of a reduction.
struct Item {
  DefineOp statement;
  ReduceOp reduce; ///< Null for a row vector.
  int phase = 0;
};

/// A range of a pass, so that items with equal ones share it. Plan expressions by number, others by identity.
using RangeKey = std::pair<uint64_t, uint64_t>;

class RowsSchedule {
public:
  RowsSchedule(Schedule &schedule, const Group &group)
      : schedule(schedule), group(group), plan(schedule.plan), kernel(schedule.newKernel(group.getLoc())),
        evaluator(kernel, schedule.program) {
    width = schedule.isGpu() ? 1 : schedule.lanesFor(group);
    evaluator.vectorWidth = width;
    evaluator.vectorizeReductions = !schedule.isGpu();
    // Work-items on a row: enough to fill subgroups, few enough that combining stays cheap.
    items = std::min(schedule.device.maxGroupSize, std::max(32u, schedule.device.subgroupSize * 4));
  }

  void run() {
    analyse();
    giveStorage();
    ExprId rows = plan.product(group.rows), one = plan.constant(1);
    if (schedule.isGpu()) {
      // Every pass, and what a row vector adds up at each of its elements.
      ExprId steps = plan.constant(0);
      for (ExprId length : longest)
        steps = plan.add(steps, plan.ceilDiv(length, plan.constant(items)));
      for (DefineOp statement : group.statements)
        if (group.isRowVector(statement))
          steps = plan.add(steps,
                           plan.mul(plan.ceilDiv(*plan.fromValue(statement.getExtents().back()), plan.constant(items)),
                                    schedule.stepsOf(statement.getBody().front())));
      schedule.limitSteps(steps);
      schedule.launchFolded(kernel, rows, items, [&](Value row) { emitRow(row); });
      return;
    }
    // About as much work a group as an elementwise kernel's, from the longest row there is.
    ExprId length = one;
    for (ExprId passLength : longest)
      length = plan.max(length, passLength);
    ExprId rowsPerGroup = plan.max(one, plan.floorDiv(plan.constant(elementsPerGroup), length));
    Value first = kernel.mul(kernel.group(0), kernel.size(rowsPerGroup));
    Value last = kernel.min(kernel.add(first, kernel.size(rowsPerGroup)), kernel.size(rows));
    kernel.loop(first, last, kernel.index(1), [&](Value row) { emitRow(row); });
    schedule.launch(kernel, {plan.ceilDiv(rows, rowsPerGroup), one, one}, {1, 1, 1});
  }

private:
  //===- analysis -----------------------------------------------------------===//

  uint64_t keyOf(Value bound) {
    if (std::optional<ExprId> expr = plan.fromValue(bound))
      return uint64_t(*expr) * 2 + 1;
    return reinterpret_cast<uint64_t>(bound.getAsOpaquePointer());
  }
  RangeKey rangeOf(DefineOp statement) {
    return {uint64_t(plan.constant(0)) * 2 + 1, keyOf(statement.getExtents().back())};
  }
  RangeKey rangeOf(ReduceOp reduce) { return {keyOf(reduce.getLower()[0]), keyOf(reduce.getUpper()[0])}; }

  /// Reductions that the evaluator writes out by itself where they are used, instead of joining a pass.
  bool isAlone(ReduceOp reduce) {
    if (reduce.getLower().size() != 1)
      return !schedule.isGpu();
    return !Accumulator(kernel, reduce).canVectorize() && !schedule.isGpu();
  }
  /// On a GPU a box of several indices is walked as one flat range.
  bool isFlattened(ReduceOp reduce) { return reduce.getLower().size() != 1; }

  /// The elements of a pass. A range that the plan does not know is a piece of a long one.
  ExprId lengthOf(ReduceOp reduce) {
    ExprId length = plan.constant(1), zero = plan.constant(0);
    for (auto [lower, upper] : llvm::zip(reduce.getLower(), reduce.getUpper())) {
      std::optional<ExprId> start = plan.fromValue(lower), end = plan.fromValue(upper);
      if (!start || !end)
        return plan.constant(elementsPerGroup);
      length = plan.mul(length, plan.max(zero, plan.sub(*end, *start)));
    }
    return length;
  }

  SmallVector<ReduceOp> topReduces(DefineOp statement) {
    return llvm::to_vector(statement.getBody().front().getOps<ReduceOp>());
  }

  /// Calls `visit` with what a reduction needs first: every read inside or outside of it whose value it takes, and
  /// every other reduction of the statement.
  static void forNeeds(ReduceOp reduce, function_ref<void(Operation *)> visit) {
    Block *statement = reduce->getBlock();
    SmallVector<Operation *> work;
    DenseSet<Operation *> seen;
    auto need = [&](Operation *op) {
      for (Value operand : op->getOperands())
        if (Operation *producer = operand.getDefiningOp(); producer && producer->getBlock() == statement)
          work.push_back(producer);
    };
    need(reduce);
    reduce.getBody().walk([&](Operation *inner) {
      if (isa<ReadOp>(inner))
        visit(inner);
      need(inner);
    });
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      if (!seen.insert(op).second)
        continue;
      if (isa<ReadOp, ReduceOp>(op))
        visit(op);
      if (!isa<ReduceOp>(op))
        need(op);
    }
  }

  void analyse() {
    for (DefineOp statement : group.statements) {
      bool isVector = group.isRowVector(statement);
      auto ready = [&](ReadOp read, bool sameElement) {
        Operation *producer = read.getTensor().getDefiningOp();
        if (!group.isRowVector(cast<DefineOp>(producer)))
          return phaseOf[producer] + 1;
        if (sameElement)
          return phaseOf[producer];
        needsMemory.insert(producer);
        return phaseOf[producer] + 1;
      };
      auto inGroup = [&](ReadOp read) { return group.contains(read.getTensor()); };
      if (isVector) {
        int phase = 0;
        Value own = statement.getBody().front().getArguments().back();
        statement.getBody().walk([&](ReadOp read) {
          if (inGroup(read))
            phase = std::max(phase, ready(read, read.getSubscripts().back() == own));
        });
        phaseOf[statement] = phase;
        itemList.push_back({statement, {}, phase});
        longest.push_back(*plan.fromValue(statement.getExtents().back()));
        continue;
      }
      int available = -1;
      for (ReduceOp reduce : topReduces(statement)) {
        int phase = 0;
        bool alone = isAlone(reduce);
        Value own = reduce.getBody().front().getArguments().back();
        forNeeds(reduce, [&](Operation *need) {
          if (auto other = dyn_cast<ReduceOp>(need)) {
            phase = std::max(phase, phaseOf[other] + (isAlone(other) ? 0 : 1));
            return;
          }
          auto read = cast<ReadOp>(need);
          if (!inGroup(read))
            return;
          auto producer = cast<DefineOp>(read.getTensor().getDefiningOp());
          bool same = !alone && !isFlattened(reduce) && group.isRowVector(producer) &&
                      read.getSubscripts().back() == own && rangeOf(reduce) == rangeOf(producer);
          phase = std::max(phase, ready(read, same));
        });
        phaseOf[reduce] = phase;
        if (!alone)
          itemList.push_back({statement, reduce, phase});
        longest.push_back(lengthOf(reduce));
        available = std::max(available, phase);
      }
      for (ReadOp read : statement.getBody().front().getOps<ReadOp>())
        if (inGroup(read))
          available = std::max(available, phaseOf[read.getTensor().getDefiningOp()]);
      phaseOf[statement] = available;
    }
    // A row vector that a later phase reads must be in memory.
    for (Item &item : itemList)
      (item.reduce ? item.reduce.getBody() : item.statement.getBody()).walk([&](ReadOp read) {
        Operation *producer = read.getTensor().getDefiningOp();
        if (inGroupVector(producer) && phaseOf[producer] < item.phase)
          needsMemory.insert(producer);
      });
    for (auto &[op, phase] : phaseOf)
      phases = std::max(phases, phase + 1);
  }

  bool inGroupVector(Operation *producer) {
    auto define = dyn_cast_or_null<DefineOp>(producer);
    return define && llvm::is_contained(group.statements, define) && group.isRowVector(define);
  }

  /// A temporary along the row lives in a result of the same type and shape that is written later, or in workspace.
  void giveStorage() {
    auto &storage = schedule.program.storage;
    DenseSet<Value> taken;
    for (DefineOp statement : group.statements) {
      if (!needsMemory.contains(statement) || storage.count(statement.getResult()))
        continue;
      Type element = cast<RankedTensorType>(statement.getResult().getType()).getElementType();
      SmallVector<ExprId> extents = extentsOf(statement, plan);
      for (DefineOp other : group.statements) {
        auto found = storage.find(other.getResult());
        if (found == storage.end() || !group.isRowVector(other) || phaseOf[other] <= phaseOf[statement] ||
            found->second.kind != package::ArgKind::Tensor || found->second.element != element ||
            extentsOf(other, plan) != extents || readsElsewhere(statement) || !taken.insert(other.getResult()).second)
          continue;
        Storage home = found->second;
        storage[statement.getResult()] = home;
        break;
      }
      if (!storage.count(statement.getResult()))
        storage[statement.getResult()] = schedule.workspace(element, extents);
    }
  }

  /// Whether a row vector is read at other elements than the reader's own: its memory must then stay until the end.
  bool readsElsewhere(DefineOp vector) {
    return llvm::any_of(vector.getResult().getUsers(), [&](Operation *user) {
      auto read = dyn_cast<ReadOp>(user);
      if (!read)
        return false;
      DefineOp reader = definitionOf(read);
      return group.isRowVector(reader) && read.getSubscripts().back() != reader.getBody().front().getArguments().back();
    });
  }

  //===- code ---------------------------------------------------------------===//

  Point pointFor(DefineOp statement) {
    Point point;
    point.bind(statement.getBody().front().getArguments(), coordinates);
    point.bound = bound;
    for (auto [value, known] : reduced)
      point.known[value] = known;
    return point;
  }

  void emitRow(Value row) {
    coordinates = evaluator.delinearize(group.rows, row);
    bound.clear();
    reduced.clear();
    emitScalars(-1);
    for (int phase = 0; phase < phases; ++phase) {
      llvm::MapVector<RangeKey, SmallVector<Item>> passes;
      SmallVector<Item> boxes;
      for (Item &item : itemList)
        if (item.phase == phase) {
          if (item.reduce && isFlattened(item.reduce))
            boxes.push_back(item);
          else
            passes[item.reduce ? rangeOf(item.reduce) : rangeOf(item.statement)].push_back(item);
        }
      for (auto &[range, members] : passes)
        emitPass(members);
      for (Item &box : boxes)
        emitPass({box});
      emitScalars(phase);
      // Work-items read what others stored only in later phases.
      if (schedule.isGpu() && !needsMemory.empty())
        kernel.barrier();
    }
  }

  /// Statements at the row itself that are ready now.
  void emitScalars(int phase) {
    for (DefineOp statement : group.statements) {
      if (group.isRowVector(statement) || phaseOf[statement] != phase)
        continue;
      Point point = pointFor(statement);
      Value value = evaluator.eval(statement.getBody().front().getTerminator()->getOperand(0), point);
      bound[statement.getResult()] = {coordinates, value};
      if (!schedule.program.storage.count(statement.getResult()))
        continue;
      auto store = [&] {
        evaluator.store(statement.getResult(), statement.getBody().front().getArguments(), value, point);
      };
      if (schedule.isGpu())
        kernel.when(kernel.compare(arith::CmpIPredicate::eq, kernel.thread(0), kernel.index(0)), store);
      else
        store();
    }
  }

  /// One pass over a range: every member's work at each element.
  void emitPass(ArrayRef<Item> members) {
    Item first = members.front();
    Point row = pointFor(first.statement);
    Value lower, upper;
    bool box = first.reduce && isFlattened(first.reduce);
    if (box) {
      lower = kernel.index(0);
      upper = kernel.index(1);
      for (auto [lo, hi] : llvm::zip(first.reduce.getLower(), first.reduce.getUpper())) {
        Value extent = kernel.max(kernel.sub(evaluator.eval(hi, row), evaluator.eval(lo, row)), lower);
        upper = kernel.mul(upper, extent);
      }
    } else if (first.reduce) {
      lower = evaluator.eval(first.reduce.getLower()[0], row);
      upper = evaluator.eval(first.reduce.getUpper()[0], row);
    } else {
      lower = kernel.index(0);
      upper = kernel.size(*plan.fromValue(first.statement.getExtents().back()));
    }
    SmallVector<Accumulator> accumulators;
    Values identities;
    for (Item item : members)
      if (item.reduce) {
        accumulators.emplace_back(kernel, item.reduce);
        Point at = pointFor(item.statement);
        llvm::append_range(identities, accumulators.back().identity(1, evaluator.eval(item.reduce.getUpper()[0], at)));
      }

    Values state;
    if (schedule.isGpu()) {
      Value start = kernel.add(lower, kernel.thread(0));
      state = kernel.loop(start, upper, kernel.index(items), identities, [&](Value j, ValueRange carried) {
        return emitElements(members, accumulators, j, 1, carried);
      });
      state = combineWorkItems(accumulators, state);
    } else {
      state = emitVectors(members, accumulators, identities, lower, upper);
    }
    size_t position = 0, number = 0;
    for (Item item : members)
      if (item.reduce) {
        Accumulator &accumulator = accumulators[number++];
        reduced.emplace_back(item.reduce.getResult(),
                             accumulator.finish(ValueRange(state).slice(position, accumulator.size())));
        position += accumulator.size();
      }
  }

  /// Vectors, several at a time so that sums do not wait for one another; then what is left, one by one.
  Values emitVectors(ArrayRef<Item> members, MutableArrayRef<Accumulator> accumulators, Values identities, Value lower,
                     Value upper) {
    unsigned unroll = accumulators.empty() ? 2 : 4;
    Value length = kernel.max(kernel.sub(upper, lower), kernel.index(0));
    Value middle = kernel.add(lower, kernel.roundDown(length, width * unroll));
    Values wide;
    for (unsigned u = 0; u < unroll; ++u)
      for (Accumulator &accumulator : accumulators)
        llvm::append_range(wide, accumulator.identity(width, {}));
    size_t perPoint = accumulators.size();
    wide = kernel.loop(lower, middle, kernel.index(width * unroll), wide, [&](Value j, ValueRange carried) {
      Values next;
      for (unsigned u = 0; u < unroll; ++u)
        llvm::append_range(next, emitElements(members, accumulators, kernel.add(j, u * width), width,
                                              carried.slice(u * perPoint, perPoint)));
      return next;
    });
    Values state = identities;
    for (size_t i = 0; i < perPoint; ++i) {
      Value total = wide[i];
      for (unsigned u = 1; u < unroll; ++u)
        total = accumulators[i].merge({total}, {wide[u * perPoint + i]})[0];
      state[i] = accumulators[i].horizontal({total})[0];
    }
    return kernel.loop(middle, upper, kernel.index(1), state,
                       [&](Value j, ValueRange carried) { return emitElements(members, accumulators, j, 1, carried); });
  }

  /// The members' work at `lanes` elements from `j` on; stores come last, so that memory may be shared.
  Values emitElements(ArrayRef<Item> members, MutableArrayRef<Accumulator> accumulators, Value j, unsigned lanes,
                      ValueRange carried) {
    auto rowBound = bound;
    Values next;
    SmallVector<std::tuple<DefineOp, Value, Point>> stores;
    size_t number = 0, position = 0;
    for (Item item : members) {
      Point point = pointFor(item.statement);
      point.bound = bound;
      if (!item.reduce) {
        auto indices = item.statement.getBody().front().getArguments();
        point.bind(indices.back(), j);
        point.axis = indices.back();
        point.width = lanes;
        Value value = evaluator.eval(item.statement.getBody().front().getTerminator()->getOperand(0), point);
        Values subscripts = coordinates;
        subscripts.push_back(j);
        bound[item.statement.getResult()] = {subscripts, kernel.splat(value, lanes)};
        if (schedule.program.storage.count(item.statement.getResult()))
          stores.emplace_back(item.statement, value, point);
        continue;
      }
      Block &body = item.reduce.getBody().front();
      if (isFlattened(item.reduce)) {
        Point at = pointFor(item.statement);
        Value flat = j;
        for (size_t i = body.getNumArguments(); i-- > 0;) {
          Value lo = evaluator.eval(item.reduce.getLower()[i], at);
          Value extent = kernel.sub(evaluator.eval(item.reduce.getUpper()[i], at), lo);
          point.bind(body.getArgument(i), kernel.add(lo, i ? kernel.rem(flat, extent) : flat));
          if (i)
            flat = kernel.div(flat, extent);
        }
      } else {
        point.bind(body.getArgument(0), j);
        point.axis = body.getArgument(0);
        point.width = lanes;
      }
      Operation *yield = body.getTerminator();
      Value value = evaluator.eval(yield->getOperand(0), point);
      Value filter = yield->getNumOperands() > 1 ? evaluator.eval(yield->getOperand(1), point) : Value();
      Accumulator &accumulator = accumulators[number++];
      llvm::append_range(next, accumulator.add(carried.slice(position, accumulator.size()), value, filter, j));
      position += accumulator.size();
    }
    for (auto &[statement, value, point] : stores)
      evaluator.store(statement.getResult(), statement.getBody().front().getArguments(), value, point);
    bound = rowBound;
    return next;
  }

  /// A tree over the work-items in workgroup memory; every work-item gets the result.
  Values combineWorkItems(MutableArrayRef<Accumulator> accumulators, Values state) {
    if (accumulators.empty())
      return state;
    Value own = kernel.thread(0);
    Type i32 = kernel.builder.getI32Type();
    auto stored = [&](Type type) -> Type {
      if (type.isIndex())
        return kernel.builder.getIntegerType(kernel.device.indexBits);
      return type.isInteger(1) || type.isInteger(8) || type.isInteger(16) ? i32 : type;
    };
    Values arrays;
    for (Value value : state)
      arrays.push_back(localArray(stored(value.getType()), arrays.size()));
    auto put = [&](ValueRange values, Value at) {
      for (auto [array, value] : llvm::zip(arrays, values)) {
        Type type = stored(value.getType());
        bool asIs = type == value.getType() || value.getType().isIndex(); // The store casts an index.
        kernel.store(asIs ? value : (Value)kernel.create<arith::ExtUIOp>(type, value), array, at);
      }
    };
    auto get = [&](Value at) {
      Values values;
      for (auto [array, value] : llvm::zip(arrays, state)) {
        Type type = value.getType();
        Value wide = kernel.load(array, at, 1, type.isIndex() ? type : stored(type));
        values.push_back(
            wide.getType() == value.getType() ? wide : (Value)kernel.create<arith::TruncIOp>(value.getType(), wide));
      }
      return values;
    };
    kernel.barrier(); // The arrays may still be read from the last time.
    put(state, own);
    kernel.barrier();
    for (unsigned half = items / 2; half; half /= 2) {
      kernel.when(kernel.less(own, kernel.index(half)), [&] {
        Values mine = get(own), other = get(kernel.add(own, half)), merged;
        size_t position = 0;
        for (Accumulator &accumulator : accumulators) {
          llvm::append_range(merged, accumulator.merge(ValueRange(mine).slice(position, accumulator.size()),
                                                       ValueRange(other).slice(position, accumulator.size())));
          position += accumulator.size();
        }
        put(merged, own);
      });
      kernel.barrier();
    }
    return get(kernel.index(0));
  }

  /// Workgroup arrays are shared by all passes of the kernel.
  Value localArray(Type element, size_t number) {
    auto &array = locals[{element.getAsOpaquePointer(), number}];
    if (!array)
      array = kernel.localArray(element, items);
    return array;
  }

  Schedule &schedule;
  const Group &group;
  PlanBuilder &plan;
  KernelBuilder kernel;
  Evaluator evaluator;
  unsigned width, items;

  SmallVector<Item> itemList;
  llvm::MapVector<Operation *, int> phaseOf; ///< Of statements (rows: when their value is ready) and reductions.
  DenseSet<Operation *> needsMemory;
  std::vector<ExprId> longest; ///< Lengths of the passes that the plan knows.
  int phases = 0;

  Values coordinates;
  DenseMap<Value, Point::Bound> bound;
  SmallVector<std::pair<Value, Value>> reduced;
  std::map<std::pair<const void *, size_t>, Value> locals;
};

} // namespace

void tenon::scheduleRows(Schedule &schedule, const Group &group) { RowsSchedule(schedule, group).run(); }
