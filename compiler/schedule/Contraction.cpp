//===- Contraction.cpp - sums of products -----------------------------------===//
//
// out[batch, m, n] = epilogue(sum over k of a(batch, m, k) * b(batch, k, n)), where a and b are any expressions: they are evaluated while
// packing, so a convolution is a matrix product whose packing walks the image. Rows of a tile come from m, its vectors from n.
//
// On a CPU: a and b are packed by launches of their own into panels padded to whole tiles, so that the inner loop never meets an edge;
// only the tile's store does. With few rows packing b would cost more than it saves: then b is streamed once, and the
// partial sums stay in the cache. On a GPU: a register tile a work-item.
// The order of loops and the tile's shape follow Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008.
//
//===------------------------------------------------------------------------===//
#include "compiler/schedule/Normalize.h"
#include "compiler/schedule/Schedule.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::formula;

namespace {

/// Rows up to which b is streamed instead of packed.
constexpr unsigned fewRows = 8;
/// The results of a GPU's work-item.
constexpr unsigned tileRows = 4, tileColumns = 4;

class ContractionSchedule {
public:
  ContractionSchedule(Schedule &schedule, const Group &group)
      : schedule(schedule), plan(schedule.plan), group(group), parts(*matchContraction(group.statements.front())),
        define(parts.define) {
    element = parts.reduce.getType();
    unsigned bits = element.getIntOrFloatBitWidth();
    width = std::clamp(schedule.device.vectorBits / bits, 1u, 16u);
    // Accumulators, one row of b and one broadcast must fit the registers.
    vectors = 2;
    rows = schedule.device.vectorRegisters >= 32 ? 12 : 6;
    columns = vectors * width;
    auto reduceIndices = parts.reduce.getBody().front().getArguments();
    for (auto [lower, upper] : llvm::zip(parts.reduce.getLower(), parts.reduce.getUpper())) {
      ExprId low = *plan.fromValue(lower), high = *plan.fromValue(upper);
      kLower.push_back(low);
      kExtents.push_back(plan.max(plan.constant(0), plan.sub(high, low)));
    }
    for (unsigned i : parts.m)
      mExtents.push_back(group.rows[i]);
    for (unsigned i : parts.n)
      nExtents.push_back(group.rows[i]);
    for (unsigned i : parts.batch) {
      batchExtents.push_back(group.rows[i]);
      BlockArgument index = define.getBody().front().getArgument(i);
      if (Evaluator::dependsOn(parts.a, index))
        aBatch.push_back(i);
      if (Evaluator::dependsOn(parts.b, index))
        bBatch.push_back(i);
    }
    m = plan.product(mExtents);
    n = plan.product(nExtents);
    k = plan.product(kExtents);
    batch = plan.product(batchExtents);
    one = plan.constant(1);
    bAlongN = parts.n.size() == 1 && isContiguousIn(parts.b, define.getBody().front().getArgument(parts.n[0]));
    bAlongK = isContiguousIn(parts.b, reduceIndices.back());
    aAlongK = isContiguousIn(parts.a, reduceIndices.back());
    Value yielded = define.getBody().front().getTerminator()->getOperand(0);
    hasEpilogue = yielded != parts.reduce.getResult();
  }

  void run() {
    if (schedule.isGpu())
      return emitGpu();
    partial = schedule.program.storage[define.getResult()];
    if (partial.element != element) {
      partial = schedule.workspace(element, partial.dims);
    }
    schedule.branch(
        plan.lessEqual(m, plan.constant(fewRows)),
        [&] {
          // b along k: each result is a product of two runs, which the row schedule does without packing.
          if (!bAlongN && bAlongK)
            scheduleRows(schedule, group);
          else
            emitFewRows();
        },
        [&] {
          apack = schedule.workspace(element, {extentOf(aBatch), plan.ceilDiv(m, plan.constant(rows)), k,
                                               plan.constant(rows)});
          bpack = schedule.workspace(element, {extentOf(bBatch), plan.ceilDiv(n, plan.constant(columns)),
                                               plan.add(k, one), plan.constant(columns)});
          emitPackA();
          emitPackB();
          emitTiles();
        });
  }

private:
  //===- pieces -------------------------------------------------------------===//

  static bool isContiguousIn(Value factor, Value index) {
    bool result = false, other = false;
    SmallVector<Value> work{factor};
    while (!work.empty()) {
      Operation *op = work.pop_back_val().getDefiningOp();
      if (!op)
        continue;
      if (auto read = dyn_cast<ReadOp>(op)) {
        if (!Evaluator::dependsOn(read.getResult(), index))
          continue;
        (Evaluator::isContiguous(read, index) ? result : other) = true;
        continue;
      }
      llvm::append_range(work, op->getOperands());
    }
    return result && !other;
  }

  ExprId extentOf(ArrayRef<unsigned> indices) {
    ExprId result = one;
    for (unsigned i : indices)
      result = plan.mul(result, group.rows[i]);
    return result;
  }

  void bindAll(Point &point, ArrayRef<unsigned> indices, ArrayRef<Value> values) {
    for (auto [i, value] : llvm::zip(indices, values))
      point.bind(define.getBody().front().getArgument(i), value);
  }

  /// The place of a point's batch in a pack that has only some of the batch's indices.
  Value batchOffset(KernelBuilder &kernel, Point &point, ArrayRef<unsigned> indices) {
    Value result = kernel.index(0);
    for (unsigned i : indices)
      result = kernel.add(kernel.mul(result, kernel.size(group.rows[i])),
                          point.indices.lookup(define.getBody().front().getArgument(i)));
    return result;
  }

  Value multiplyAdd(KernelBuilder &kernel, Value a, Value b, Value sum) {
    if (!isa<FloatType>(element))
      return kernel.create<arith::AddIOp>(kernel.create<arith::MulIOp>(a, b), sum);
    if (!schedule.device.fma)
      return kernel.create<arith::AddFOp>(kernel.create<arith::MulFOp>(a, b), sum);
    if (KernelBuilder::widthOf(a) == 1)
      return kernel.create<math::FmaOp>(a, b, sum);
    return kernel.create<vector::FMAOp>(a, b, sum);
  }
  Value sumOf(KernelBuilder &kernel, Value a, Value b) {
    return isa<FloatType>(element) ? (Value)kernel.create<arith::AddFOp>(a, b)
                                   : (Value)kernel.create<arith::AddIOp>(a, b);
  }

  /// Walks the reduction's indices as loops: all but the last here, the last by `inner`, which gets its range and the flat k of
  /// its start.
  void walkK(KernelBuilder &kernel, Point point, function_ref<void(Point &, Value lower, Value upper, Value flat)> inner,
             size_t depth = 0, Value flat = {}) {
    Value lower = kernel.size(kLower[depth]), extent = kernel.size(kExtents[depth]);
    Value upper = kernel.add(lower, extent);
    Value start = flat ? kernel.mul(flat, extent) : kernel.index(0);
    if (depth + 1 == kExtents.size())
      return inner(point, lower, upper, start);
    kernel.loop(lower, upper, kernel.index(1), [&](Value i) {
      Point next = point;
      next.bind(reduceIndex(depth), i);
      walkK(kernel, next, inner, depth + 1, kernel.add(start, kernel.sub(i, lower)));
    });
  }
  Value reduceIndex(size_t i) { return parts.reduce.getBody().front().getArgument(i); }

  /// Binds the reduction's indices to a flat k.
  void bindK(KernelBuilder &kernel, Evaluator &evaluator, Point &point, Value flat) {
    Values coordinates = evaluator.delinearize(kExtents, flat);
    for (auto [i, coordinate] : llvm::enumerate(coordinates))
      point.bind(reduceIndex(i), kernel.add(coordinate, kernel.size(kLower[i])));
  }

  Value kernelSize(KernelBuilder &kernel, ExprId expr) { return kernel.size(expr); }

  //===- packing ------------------------------------------------------------===//

  /// Panels of `rows` rows, [panel][k][row], rows beyond the last are zero. Group (panel, -, batch).
  void emitPackA() {
    KernelBuilder kernel = schedule.newKernel(define.getLoc());
    Evaluator evaluator(kernel, schedule.program);
    Value panel = kernel.group(0), kSize = kernel.size(k), mSize = kernel.size(m);
    Value first = kernel.mul(panel, rows);
    Point base;
    bindBatch(kernel, evaluator, base, aBatch, kernel.group(2));
    Value out = kernel.buffer(apack, true);
    Value at = kernel.mul(kernel.add(kernel.mul(kernel.group(2), kernel.size(apack.dims[1])), panel),
                          kernel.mul(kSize, rows));
    auto body = [&](bool isEdge) {
      SmallVector<Point> points;
      for (unsigned r = 0; r < rows; ++r) {
        Value row = kernel.add(first, r);
        if (isEdge)
          row = kernel.min(row, kernel.sub(mSize, kernel.index(1)));
        Point point = base;
        bindAll(point, parts.m, evaluator.delinearize(mExtents, row));
        points.push_back(point);
      }
      walkK(kernel, base, [&](Point &outer, Value lower, Value upper, Value flat) {
        auto step = [&](Value kk, unsigned lanes) {
          Values values;
          for (unsigned r = 0; r < rows; ++r) {
            Point point = points[r];
            for (size_t d = 0; d + 1 < kExtents.size(); ++d)
              point.bind(reduceIndex(d), outer.indices.lookup(reduceIndex(d)));
            point.bind(reduceIndex(kExtents.size() - 1), kk);
            point.axis = reduceIndex(kExtents.size() - 1);
            point.width = lanes;
            Value value = kernel.splat(evaluator.eval(parts.a, point), lanes);
            if (isEdge)
              value = kernel.create<arith::SelectOp>(
                  kernel.splat(kernel.less(kernel.add(first, r), mSize), lanes), value,
                  kernel.zero(value.getType()));
            values.push_back(value);
          }
          Value place = kernel.add(at, kernel.mul(kernel.add(flat, kernel.sub(kk, lower)), rows));
          for (unsigned l = 0; l < lanes; ++l)
            for (unsigned r = 0; r < rows; ++r)
              kernel.store(kernel.lane(values[r], l), out, kernel.add(place, l * rows + r));
        };
        Value middle = lower;
        unsigned lanes = aAlongK ? std::min(width, 8u) : 1;
        if (lanes > 1) {
          middle = kernel.add(lower, kernel.roundDown(kernel.sub(upper, lower), lanes));
          kernel.loop(lower, middle, kernel.index(lanes), [&](Value kk) { step(kk, lanes); });
        }
        kernel.loop(middle, upper, kernel.index(1), [&](Value kk) { step(kk, 1); });
      });
    };
    kernel.branch(
        kernel.lessEqual(kernel.add(first, rows), mSize), {}, [&] { return body(false), Values(); },
        [&] { return body(true), Values(); });
    schedule.launch(kernel, {plan.ceilDiv(m, plan.constant(rows)), one, extentOf(aBatch)}, {1, 1, 1});
  }

  void bindBatch(KernelBuilder &kernel, Evaluator &evaluator, Point &point, ArrayRef<unsigned> indices, Value flat) {
    SmallVector<ExprId> extents;
    for (unsigned i : indices)
      extents.push_back(group.rows[i]);
    bindAll(point, indices, evaluator.delinearize(extents, flat));
  }

  /// Panels of `columns` columns, [panel][k, with one row to spare][column], columns beyond the last are zero. The spare row keeps
  /// panels from sharing cache sets. Group (panels, k block, batch): a row of b is read in one run over the group's panels.
  void emitPackB() {
    constexpr int64_t panelsPerGroup = 16, kPerGroup = 256;
    KernelBuilder kernel = schedule.newKernel(define.getLoc());
    Evaluator evaluator(kernel, schedule.program);
    Value kSize = kernel.size(k), nSize = kernel.size(n), panels = kernel.size(bpack.dims[1]);
    Value firstPanel = kernel.mul(kernel.group(0), panelsPerGroup);
    Value lastPanel = kernel.min(kernel.add(firstPanel, panelsPerGroup), panels);
    Value k0 = kernel.mul(kernel.group(1), kPerGroup);
    Value k1 = kernel.min(kernel.add(k0, kPerGroup), kSize);
    Point base;
    bindBatch(kernel, evaluator, base, bBatch, kernel.group(2));
    Value out = kernel.buffer(bpack, true);
    Value pitch = kernel.mul(kernel.size(bpack.dims[2]), columns);
    Value batchStart = kernel.mul(kernel.mul(kernel.group(2), panels), pitch);
    auto placeOf = [&](Value panel, Value kk) {
      return kernel.add(kernel.add(batchStart, kernel.mul(panel, pitch)), kernel.mul(kk, columns));
    };
    auto at = [&](Value kk, Value column, unsigned lanes, bool alongK) {
      Point point = base;
      bindK(kernel, evaluator, point, kk);
      bindAll(point, parts.n, evaluator.delinearize(nExtents, column));
      point.width = lanes;
      point.axis = alongK ? reduceIndex(kExtents.size() - 1)
                          : (Value)define.getBody().front().getArgument(parts.n.back());
      return kernel.splat(evaluator.eval(parts.b, point), lanes);
    };
    // Whole panels; then the last one, if it is not whole.
    Value wholePanels = kernel.min(lastPanel, kernel.div(nSize, kernel.index(columns)));
    if (bAlongN) {
      kernel.loop(k0, k1, kernel.index(1), [&](Value kk) {
        kernel.loop(firstPanel, wholePanels, kernel.index(1), [&](Value panel) {
          Values loaded;
          for (unsigned v = 0; v < vectors; ++v)
            loaded.push_back(at(kk, kernel.add(kernel.mul(panel, columns), v * width), width, false));
          for (unsigned v = 0; v < vectors; ++v)
            kernel.store(loaded[v], out, kernel.add(placeOf(panel, kk), v * width));
        });
      });
    } else if (bAlongK && kExtents.size() == 1) {
      // Runs along k: read vectors, store their lanes.
      unsigned lanes = std::min(width, 8u);
      Value middle = kernel.add(k0, kernel.roundDown(kernel.sub(k1, k0), lanes));
      auto column = [&](Value panel, Value c, Value kk, unsigned count) {
        Value value = at(kk, kernel.add(kernel.mul(panel, columns), c), count, true);
        for (unsigned l = 0; l < count; ++l)
          kernel.store(kernel.lane(value, l), out, kernel.add(kernel.add(placeOf(panel, kk), c), l * columns));
      };
      kernel.loop(firstPanel, wholePanels, kernel.index(1), [&](Value panel) {
        kernel.loop(k0, middle, kernel.index(lanes), [&](Value kk) {
          kernel.loop(kernel.index(0), kernel.index(columns), kernel.index(1),
                      [&](Value c) { column(panel, c, kk, lanes); });
        });
        kernel.loop(middle, k1, kernel.index(1), [&](Value kk) {
          kernel.loop(kernel.index(0), kernel.index(columns), kernel.index(1),
                      [&](Value c) { column(panel, c, kk, 1); });
        });
      });
    } else {
      kernel.loop(firstPanel, wholePanels, kernel.index(1), [&](Value panel) {
        kernel.loop(k0, k1, kernel.index(1), [&](Value kk) {
          kernel.loop(kernel.index(0), kernel.index(columns), kernel.index(1), [&](Value c) {
            kernel.store(at(kk, kernel.add(kernel.mul(panel, columns), c), 1, false), out,
                         kernel.add(placeOf(panel, kk), c));
          });
        });
      });
    }
    kernel.loop(kernel.max(wholePanels, firstPanel), lastPanel, kernel.index(1), [&](Value panel) {
      kernel.loop(k0, k1, kernel.index(1), [&](Value kk) {
        kernel.loop(kernel.index(0), kernel.index(columns), kernel.index(1), [&](Value c) {
          Value column = kernel.add(kernel.mul(panel, columns), c);
          Value value = kernel.branch(
              kernel.less(column, nSize), TypeRange(element), [&] { return Values{at(kk, column, 1, false)}; },
              [&] { return Values{kernel.zero(element)}; })[0];
          kernel.store(value, out, kernel.add(placeOf(panel, kk), c));
        });
      });
    });
    schedule.launch(kernel,
                    {plan.ceilDiv(bpack.dims[1], plan.constant(panelsPerGroup)),
                     plan.ceilDiv(k, plan.constant(kPerGroup)), extentOf(bBatch)},
                    {1, 1, 1});
  }

  //===- epilogue -----------------------------------------------------------===//

  /// Whether the epilogue may be evaluated for a vector of consecutive n: always with one index; with several, a vector may
  /// cross into the next one, which is right only where nothing is read along n.
  bool epilogueVectorizes() {
    if (parts.n.size() == 1 || !hasEpilogue)
      return true;
    bool result = true;
    define.getBody().walk([&](ReadOp read) {
      if (parts.reduce->isAncestor(read))
        return;
      for (unsigned i : parts.n)
        result &= !Evaluator::dependsOn(read.getResult(), define.getBody().front().getArgument(i));
    });
    for (Operation &op : define.getBody().front())
      if (!isa<ReadOp, ReduceOp>(op))
        for (Value operand : op.getOperands())
          for (unsigned i : parts.n)
            result &= operand != define.getBody().front().getArgument(i);
    return result;
  }

  Point pointAt(KernelBuilder &kernel, Evaluator &evaluator, const Point &batchPoint, Value row, Value column,
                unsigned lanes) {
    Point point = batchPoint;
    bindAll(point, parts.m, evaluator.delinearize(mExtents, row));
    bindAll(point, parts.n, evaluator.delinearize(nExtents, column));
    point.width = lanes;
    point.axis = define.getBody().front().getArgument(parts.n.back());
    return point;
  }

  /// The place of a point in a tensor with the result's dimensions.
  Value placeOf(Evaluator &evaluator, Point &point, const Storage &storage) {
    Values subscripts;
    for (BlockArgument index : define.getBody().front().getArguments())
      subscripts.push_back(point.indices.lookup(index));
    return evaluator.offset(storage, subscripts);
  }

  /// The result at `lanes` columns from `column` on, from the sum there.
  Value finished(KernelBuilder &kernel, Evaluator &evaluator, const Point &batchPoint, Value row, Value column,
                 unsigned lanes, Value sum) {
    Value yielded = define.getBody().front().getTerminator()->getOperand(0);
    if (!hasEpilogue)
      return sum;
    if (lanes > 1 && !epilogueVectorizes()) {
      Values results;
      for (unsigned l = 0; l < lanes; ++l)
        results.push_back(
            finished(kernel, evaluator, batchPoint, row, kernel.add(column, l), 1, kernel.lane(sum, l)));
      return kernel.fromLanes(results);
    }
    Point point = pointAt(kernel, evaluator, batchPoint, row, column, lanes);
    point.known[parts.reduce.getResult()] = sum;
    return kernel.splat(evaluator.eval(yielded, point), lanes);
  }

  void storeResult(KernelBuilder &kernel, Evaluator &evaluator, const Point &batchPoint, Value row, Value column,
                   Value value) {
    Point point = pointAt(kernel, evaluator, batchPoint, row, column, 1);
    Storage &out = schedule.program.storage[define.getResult()];
    kernel.store(value, kernel.buffer(out, true), placeOf(evaluator, point, out));
  }

  //===- tiles --------------------------------------------------------------===//

  /// Group (row panels, column panels, batch): a block of the result, all of k in blocks of kc.
  void emitTiles() {
    constexpr int64_t kc = 320;
    // A block of a in the second-level cache: about 96 rows; of b: 512 columns.
    int64_t mp = (96 + rows - 1) / rows, np = std::max<int64_t>(1, 512 / columns);
    KernelBuilder kernel = schedule.newKernel(define.getLoc());
    Evaluator evaluator(kernel, schedule.program);
    Value mSize = kernel.size(m), nSize = kernel.size(n), kSize = kernel.size(k);
    Value zero = kernel.index(0), unit = kernel.index(1);
    Value i0 = kernel.mul(kernel.group(0), mp), i1 = kernel.min(kernel.add(i0, mp), kernel.size(apack.dims[1]));
    Value j0 = kernel.mul(kernel.group(1), np), j1 = kernel.min(kernel.add(j0, np), kernel.size(bpack.dims[1]));
    Point batchPoint;
    bindBatch(kernel, evaluator, batchPoint, parts.batch, kernel.group(2));
    Value aMemory = kernel.buffer(apack, false), bMemory = kernel.buffer(bpack, false);
    Value aBase = kernel.mul(kernel.mul(batchOffset(kernel, batchPoint, aBatch), kernel.size(apack.dims[1])),
                             kernel.mul(kSize, rows));
    Value bPitch = kernel.mul(kernel.size(bpack.dims[2]), columns);
    Value bBase =
        kernel.mul(kernel.mul(batchOffset(kernel, batchPoint, bBatch), kernel.size(bpack.dims[1])), bPitch);
    Value tile = kernel.privateArray(element, rows * columns);
    Type vectorType = KernelBuilder::vectorOf(element, width);
    SmallVector<Type> sumTypes(rows * vectors, vectorType);

    // With k = 0 there is still one pass, that writes the epilogue of 0.
    kernel.loop(zero, kernel.max(kSize, unit), kernel.index(kc), [&](Value k0) {
      Value k1 = kernel.min(kernel.add(k0, kc), kSize), length = kernel.sub(k1, k0);
      Value isFirst = kernel.compare(arith::CmpIPredicate::eq, k0, zero);
      Value isLast = kernel.compare(arith::CmpIPredicate::eq, k1, kSize);
      kernel.loop(j0, j1, unit, [&](Value jp) {
        kernel.loop(i0, i1, unit, [&](Value ip) {
          Value row0 = kernel.mul(ip, rows), column0 = kernel.mul(jp, columns);
          Value aStart = kernel.add(aBase, kernel.mul(kernel.add(kernel.mul(ip, kSize), k0), rows));
          Value bStart = kernel.add(kernel.add(bBase, kernel.mul(jp, bPitch)), kernel.mul(k0, columns));
          Values sums = accumulate(kernel, aMemory, bMemory, aStart, bStart, length);
          Value isWhole = kernel.both(kernel.lessEqual(kernel.add(row0, rows), mSize),
                                      kernel.lessEqual(kernel.add(column0, columns), nSize));
          kernel.branch(
              isWhole, {},
              [&] {
                storeWhole(kernel, evaluator, batchPoint, row0, column0, sums, isFirst, isLast, sumTypes);
                return Values();
              },
              [&] {
                storeEdge(kernel, evaluator, batchPoint, row0, column0, sums, isFirst, isLast, tile, mSize, nSize);
                return Values();
              });
        });
      });
    });
    schedule.launch(kernel,
                    {plan.ceilDiv(apack.dims[1], plan.constant(mp)), plan.ceilDiv(bpack.dims[1], plan.constant(np)),
                     batch},
                    {1, 1, 1});
  }

  Values accumulate(KernelBuilder &kernel, Value aMemory, Value bMemory, Value aStart, Value bStart, Value length) {
    constexpr unsigned unrolled = 4;
    auto step = [&](Value q, unsigned u, Values sums) {
      Values bRow;
      Value bAt = kernel.add(bStart, kernel.add(kernel.mul(q, columns), u * columns));
      for (unsigned v = 0; v < vectors; ++v)
        bRow.push_back(kernel.load(bMemory, kernel.add(bAt, v * width), width, element));
      Value aAt = kernel.add(aStart, kernel.add(kernel.mul(q, rows), u * rows));
      for (unsigned r = 0; r < rows; ++r) {
        Value a = kernel.splat(kernel.load(aMemory, kernel.add(aAt, r), 1, element), width);
        for (unsigned v = 0; v < vectors; ++v)
          sums[r * vectors + v] = multiplyAdd(kernel, a, bRow[v], sums[r * vectors + v]);
      }
      return sums;
    };
    Values sums(rows * vectors, kernel.zero(KernelBuilder::vectorOf(element, width)));
    Value middle = kernel.roundDown(length, unrolled);
    sums = kernel.loop(kernel.index(0), middle, kernel.index(unrolled), sums, [&](Value q, ValueRange carried) {
      Values next(carried);
      for (unsigned u = 0; u < unrolled; ++u)
        next = step(q, u, next);
      return next;
    });
    return kernel.loop(middle, length, kernel.index(1), sums,
                       [&](Value q, ValueRange carried) { return step(q, 0, Values(carried)); });
  }

  void storeWhole(KernelBuilder &kernel, Evaluator &evaluator, const Point &batchPoint, Value row0, Value column0,
                  Values sums, Value isFirst, Value isLast, ArrayRef<Type> sumTypes) {
    auto forEach = [&](function_ref<void(unsigned, Value, Value)> body) {
      for (unsigned r = 0; r < rows; ++r)
        for (unsigned v = 0; v < vectors; ++v)
          body(r * vectors + v, kernel.add(row0, r), kernel.add(column0, v * width));
    };
    Value memory = kernel.buffer(partial, true);
    kernel.buffer(partial, false);
    auto placeOfPartial = [&](Value row, Value column) {
      Point point = pointAt(kernel, evaluator, batchPoint, row, column, 1);
      return placeOf(evaluator, point, partial);
    };
    sums = kernel.branch(
        isFirst, sumTypes, [&] { return sums; },
        [&] {
          Values total(sums.size());
          forEach([&](unsigned i, Value row, Value column) {
            total[i] = sumOf(kernel, sums[i], kernel.load(memory, placeOfPartial(row, column), width, element));
          });
          return total;
        });
    auto storePartial = [&] {
      forEach([&](unsigned i, Value row, Value column) {
        kernel.store(sums[i], memory, placeOfPartial(row, column));
      });
      return Values();
    };
    if (!hasEpilogue) {
      storePartial();
      return;
    }
    kernel.branch(
        isLast, {},
        [&] {
          forEach([&](unsigned i, Value row, Value column) {
            Value value = finished(kernel, evaluator, batchPoint, row, column, width, sums[i]);
            storeResult(kernel, evaluator, batchPoint, row, column, value);
          });
          return Values();
        },
        storePartial);
  }

  void storeEdge(KernelBuilder &kernel, Evaluator &evaluator, const Point &batchPoint, Value row0, Value column0,
                 Values sums, Value isFirst, Value isLast, Value tile, Value mSize, Value nSize) {
    for (auto [i, sum] : llvm::enumerate(sums))
      kernel.store(sum, tile, kernel.index(i * width));
    Value memory = kernel.buffer(partial, true);
    kernel.buffer(partial, false);
    Value zero = kernel.index(0), unit = kernel.index(1);
    kernel.loop(zero, kernel.min(kernel.index(rows), kernel.sub(mSize, row0)), unit, [&](Value r) {
      kernel.loop(zero, kernel.min(kernel.index(columns), kernel.sub(nSize, column0)), unit, [&](Value c) {
        Value row = kernel.add(row0, r), column = kernel.add(column0, c);
        Point point = pointAt(kernel, evaluator, batchPoint, row, column, 1);
        Value place = placeOf(evaluator, point, partial);
        Value own = kernel.load(tile, kernel.add(kernel.mul(r, columns), c), 1, element);
        Value sum = kernel.branch(
            isFirst, TypeRange(element), [&] { return Values{own}; },
            [&] { return Values{sumOf(kernel, own, kernel.load(memory, place, 1, element))}; })[0];
        auto storePartial = [&] {
          kernel.store(sum, memory, place);
          return Values();
        };
        if (!hasEpilogue) {
          storePartial();
          return;
        }
        kernel.branch(
            isLast, {},
            [&] {
              storeResult(kernel, evaluator, batchPoint, row, column,
                          finished(kernel, evaluator, batchPoint, row, column, 1, sum));
              return Values();
            },
            storePartial);
      });
    });
  }

  //===- few rows -----------------------------------------------------------===//

  /// Group (columns, -, batch): all rows of some columns. b is read once, some of its rows at a time; partial sums are in the
  /// result's memory, which for a group's columns stays in the first-level cache.
  void emitFewRows() {
    constexpr unsigned kStep = 4;
    KernelBuilder kernel = schedule.newKernel(define.getLoc());
    Evaluator evaluator(kernel, schedule.program);
    // Enough groups for all cores, but runs of b that are worth a prefetch.
    ExprId share = plan.ceilDiv(n, plan.mul(plan.property(package::Property::ComputeUnits), plan.constant(4)));
    ExprId block = plan.mul(plan.ceilDiv(plan.max(share, plan.constant(256)), plan.constant(columns)),
                            plan.constant(columns));
    Value mSize = kernel.size(m), nSize = kernel.size(n), kSize = kernel.size(k), zero = kernel.index(0);
    Value j0 = kernel.mul(kernel.group(0), kernel.size(block));
    Value j1 = kernel.min(kernel.add(j0, kernel.size(block)), nSize);
    Point batchPoint;
    bindBatch(kernel, evaluator, batchPoint, parts.batch, kernel.group(2));
    unsigned lanes = parts.n.size() == 1 ? width : 1;
    Value memory = kernel.buffer(partial, true);
    kernel.buffer(partial, false);

    auto sweep = [&](Value k0, unsigned count, Value from, Value to, unsigned w, unsigned vectorCount,
                     ArrayRef<Values> a) {
      Value isFirst = kernel.compare(arith::CmpIPredicate::eq, k0, zero);
      Value isLast = kernel.lessEqual(kSize, kernel.add(k0, count));
      kernel.loop(from, to, kernel.index(w * vectorCount), [&](Value j) {
        SmallVector<Values> b(count);
        for (unsigned u = 0; u < count; ++u)
          for (unsigned v = 0; v < vectorCount; ++v) {
            Point point = batchPoint;
            bindK(kernel, evaluator, point, kernel.add(k0, u));
            bindAll(point, parts.n, evaluator.delinearize(nExtents, kernel.add(j, v * w)));
            point.width = w;
            point.axis = define.getBody().front().getArgument(parts.n.back());
            b[u].push_back(kernel.splat(evaluator.eval(parts.b, point), w));
          }
        for (unsigned r = 0; r < fewRows; ++r) {
          Value row = kernel.index(r);
          auto body = [&] {
            SmallVector<Type> types(vectorCount, KernelBuilder::vectorOf(element, w));
            auto placeOfPartial = [&](unsigned v) {
              Point point = pointAt(kernel, evaluator, batchPoint, row, kernel.add(j, v * w), 1);
              return placeOf(evaluator, point, partial);
            };
            Values sums = kernel.branch(
                isFirst, types, [&] { return Values(vectorCount, kernel.zero(types[0])); },
                [&] {
                  Values loaded;
                  for (unsigned v = 0; v < vectorCount; ++v)
                    loaded.push_back(kernel.load(memory, placeOfPartial(v), w, element));
                  return loaded;
                });
            for (unsigned u = 0; u < count; ++u)
              for (unsigned v = 0; v < vectorCount; ++v)
                sums[v] = multiplyAdd(kernel, kernel.splat(a[r][u], w), b[u][v], sums[v]);
            auto storePartial = [&] {
              for (unsigned v = 0; v < vectorCount; ++v)
                kernel.store(sums[v], memory, placeOfPartial(v));
              return Values();
            };
            if (!hasEpilogue) {
              storePartial();
              return;
            }
            kernel.branch(
                isLast, {},
                [&] {
                  for (unsigned v = 0; v < vectorCount; ++v) {
                    Value column = kernel.add(j, v * w);
                    storeResult(kernel, evaluator, batchPoint, row, column,
                                finished(kernel, evaluator, batchPoint, row, column, w, sums[v]));
                  }
                  return Values();
                },
                storePartial);
          };
          if (r == 0)
            body();
          else
            kernel.when(kernel.less(row, mSize), body);
        }
      });
    };
    auto block4 = [&](Value k0, unsigned count) {
      // Rows beyond the last repeat it; they are never stored.
      SmallVector<Values> a(fewRows);
      for (unsigned r = 0; r < fewRows; ++r)
        for (unsigned u = 0; u < count; ++u) {
          Point point = batchPoint;
          bindK(kernel, evaluator, point, kernel.add(k0, u));
          bindAll(point, parts.m,
                  evaluator.delinearize(mExtents, kernel.min(kernel.index(r), kernel.sub(mSize, kernel.index(1)))));
          a[r].push_back(evaluator.eval(parts.a, point));
        }
      unsigned vectorCount = lanes > 1 ? vectors : 1;
      Value middle = kernel.add(j0, kernel.roundDown(kernel.sub(j1, j0), lanes * vectorCount));
      if (lanes > 1)
        sweep(k0, count, j0, middle, lanes, vectorCount, a);
      sweep(k0, count, lanes > 1 ? middle : j0, j1, 1, 1, a);
    };
    Value middle = kernel.roundDown(kSize, kStep);
    kernel.loop(zero, middle, kernel.index(kStep), [&](Value k0) { block4(k0, kStep); });
    kernel.loop(middle, kSize, kernel.index(1), [&](Value k0) { block4(k0, 1); });
    kernel.when(kernel.compare(arith::CmpIPredicate::eq, kSize, zero), [&] {
      // Nothing to add up: the epilogue of 0.
      kernel.loop(zero, mSize, kernel.index(1), [&](Value row) {
        kernel.loop(j0, j1, kernel.index(1), [&](Value column) {
          Value value = finished(kernel, evaluator, batchPoint, row, column, 1, kernel.zero(element));
          storeResult(kernel, evaluator, batchPoint, row, column, value);
        });
      });
    });
    // Without rows there is nothing to do, and no last row to repeat.
    ExprId groups = plan.select(plan.less(plan.constant(0), m), plan.ceilDiv(n, block), plan.constant(0));
    schedule.launch(kernel, {groups, one, batch}, {1, 1, 1});
  }

  //===- GPU ----------------------------------------------------------------===//

  /// A register tile a work-item: rows one after another, columns a group's width apart, so that neighbours read neighbours.
  void emitGpu() {
    unsigned items = std::min(schedule.device.maxGroupSize, 32u);
    KernelBuilder kernel = schedule.newKernel(define.getLoc());
    ExprId across = plan.ceilDiv(n, plan.constant(tileColumns * items));
    ExprId down = plan.ceilDiv(m, plan.constant(tileRows));
    schedule.launchFolded(kernel, plan.product({across, down, batch}), items, [&](Value number) {
      Value column = kernel.rem(number, kernel.size(across)), rest = kernel.div(number, kernel.size(across));
      emitGpuTile(kernel, kernel.div(rest, kernel.size(down)), kernel.rem(rest, kernel.size(down)), column, items);
    });
  }

  void emitGpuTile(KernelBuilder &kernel, Value batchNumber, Value rowTile, Value columnTile, unsigned items) {
    Evaluator evaluator(kernel, schedule.program);
    Value mSize = kernel.size(m), nSize = kernel.size(n), unit = kernel.index(1);
    Value row0 = kernel.mul(rowTile, tileRows);
    Value column0 = kernel.add(kernel.mul(columnTile, tileColumns * items), kernel.thread(0));
    Point batchPoint;
    bindBatch(kernel, evaluator, batchPoint, parts.batch, batchNumber);
    // Beyond the edge the last row and column are read again and not stored.
    SmallVector<Values> rowPoints, columnPoints;
    for (unsigned r = 0; r < tileRows; ++r)
      rowPoints.push_back(
          evaluator.delinearize(mExtents, kernel.min(kernel.add(row0, r), kernel.sub(mSize, unit))));
    for (unsigned c = 0; c < tileColumns; ++c)
      columnPoints.push_back(
          evaluator.delinearize(nExtents, kernel.min(kernel.add(column0, c * items), kernel.sub(nSize, unit))));
    SmallVector<Value> sums(tileRows * tileColumns, kernel.zero(element));
    std::function<Values(size_t, Point, ValueRange)> nest = [&](size_t depth, Point point,
                                                                ValueRange carried) -> Values {
      Value lower = kernel.size(kLower[depth]), upper = kernel.add(lower, kernel.size(kExtents[depth]));
      return kernel.loop(lower, upper, unit, carried, [&](Value i, ValueRange state) {
        Point next = point;
        next.bind(reduceIndex(depth), i);
        if (depth + 1 < kExtents.size())
          return nest(depth + 1, next, state);
        Values a, b, result(state);
        for (unsigned r = 0; r < tileRows; ++r) {
          Point at = next;
          bindAll(at, parts.m, rowPoints[r]);
          a.push_back(evaluator.eval(parts.a, at));
        }
        for (unsigned c = 0; c < tileColumns; ++c) {
          Point at = next;
          bindAll(at, parts.n, columnPoints[c]);
          b.push_back(evaluator.eval(parts.b, at));
        }
        for (unsigned r = 0; r < tileRows; ++r)
          for (unsigned c = 0; c < tileColumns; ++c)
            result[r * tileColumns + c] = multiplyAdd(kernel, a[r], b[c], result[r * tileColumns + c]);
        return result;
      });
    };
    Values totals = nest(0, batchPoint, sums);
    for (unsigned r = 0; r < tileRows; ++r)
      for (unsigned c = 0; c < tileColumns; ++c) {
        Value row = kernel.add(row0, r), column = kernel.add(column0, c * items);
        kernel.when(kernel.both(kernel.less(row, mSize), kernel.less(column, nSize)), [&] {
          Value value = finished(kernel, evaluator, batchPoint, row, column, 1, totals[r * tileColumns + c]);
          storeResult(kernel, evaluator, batchPoint, row, column, value);
        });
      }
  }

  Schedule &schedule;
  PlanBuilder &plan;
  const Group &group;
  Contraction parts;
  DefineOp define;
  Type element;
  unsigned width, vectors, rows, columns;
  SmallVector<ExprId> mExtents, nExtents, kExtents, kLower, batchExtents;
  SmallVector<unsigned> aBatch, bBatch; ///< The batch's indices that a and b depend on.
  ExprId m, n, k, batch, one;
  bool bAlongN, bAlongK, aAlongK, hasEpilogue;
  Storage partial, apack, bpack;
};

} // namespace

void tenon::scheduleContraction(Schedule &schedule, const Group &group) {
  ContractionSchedule(schedule, group).run();
}
