package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Plans one program or step program: visits its values in order, allocates their memory, freed after the last use, and
 * emits their steps at their levels.
 *
 * @param <S> the type of a step
 */
final class ProgramPlanner<S> {
    private final Planner<S> planner;
    private final Emitter<S> emitter;
    private final Program program;
    private final FusionAnalysis fusion;
    private final int level;
    private final Map<Value, BufferSlice> slices;
    private final Map<Value, Integer> lastUse = new HashMap<>();
    /** Values of this program whose memory is freed after their last use. */
    private final Set<Value> owned = new HashSet<>();

    private final LayoutCopies<S> copies;
    private final MatmulPlanner<S> matmuls;
    /** Index of the value that is being planned. */
    private int current;

    ProgramPlanner(
            Planner<S> planner, Program program, FusionAnalysis fusion, int level, Map<Value, BufferSlice> inputs) {
        this.planner = planner;
        this.emitter = planner.emitter();
        this.program = program;
        this.fusion = fusion;
        this.level = level;
        this.slices = new HashMap<>(inputs);
        this.copies = new LayoutCopies<>(planner, fusion, level);
        this.matmuls = new MatmulPlanner<>(planner, this, copies);
    }

    int level() {
        return level;
    }

    /** The slice of a materialised value. */
    BufferSlice slice(Value value) {
        FusionAnalysis.Alias alias = FusionAnalysis.Alias.of(value);
        BufferSlice root = slices.get(alias.root());
        if (root == null) {
            throw new IllegalStateException(value + " of program " + program.name() + " has no memory");
        }
        return root.plus(alias.offset());
    }

    void emit() {
        Map<Value, List<Program.Output>> summed = new HashMap<>();
        for (Program.Output output : program.outputs()) {
            if (output.reduction() == Program.Reduction.SUM) {
                summed.computeIfAbsent(output.value(), any -> new ArrayList<>()).add(output);
            }
        }
        findLastUses(summed);
        for (current = 0; current < program.values().size(); current++) {
            Value value = program.values().get(current);
            if (fusion.materialized(value) && !slices.containsKey(value)) {
                compute(value, fusion.fusedOp(value));
            }
            for (Program.Output output : summed.getOrDefault(value, List.of())) {
                accumulate(output);
            }
            release();
        }
    }

    private void findLastUses(Map<Value, List<Program.Output>> summed) {
        List<Value> values = program.values();
        for (int i = 0; i < values.size(); i++) {
            Value value = values.get(i);
            if (fusion.materialized(value)) {
                lastUse.put(value, i);
                for (Value read : fusion.fusedOp(value).reads()) {
                    lastUse.put(FusionAnalysis.Alias.of(read).root(), i);
                }
            }
            for (Program.Output output : summed.getOrDefault(value, List.of())) {
                for (Value read : fusion.sum(output).reads()) {
                    lastUse.put(FusionAnalysis.Alias.of(read).root(), i);
                }
            }
        }
        program.outputs().stream()
                .filter(output -> output.reduction() != Program.Reduction.SUM)
                .forEach(output ->
                        lastUse.put(FusionAnalysis.Alias.of(output.value()).root(), values.size()));
    }

    private void release() {
        List<Value> dead = owned.stream().filter(this::dead).toList();
        dead.stream().sorted(Comparator.comparingInt(Value::id)).forEach(value -> {
            owned.remove(value);
            copies.release(value);
            planner.arena(level).free(rootSlice(value).offset(), value.shape().size());
        });
    }

    private boolean dead(Value value) {
        return lastUse.getOrDefault(value, 0) <= current;
    }

    private BufferSlice rootSlice(Value root) {
        return Objects.requireNonNull(slices.get(root));
    }

    private BufferSlice allocate(Value value) {
        int at = fusion.level(value);
        BufferSlice slice = new BufferSlice(
                ExecutionPlan.LEVELS + at,
                planner.arena(at).allocate(value.shape().size()));
        slices.put(value, slice);
        // A value of an outer level is read in each step of the loop, so only memory of this level is reused.
        if (at == level && level > 0) {
            owned.add(value);
        }
        return slice;
    }

    private void step(Value value, S step) {
        planner.list(fusion.level(value)).add(step);
    }

    private void compute(Value value, FusedOp fusedOp) {
        if (fusedOp instanceof FusedOp.Elementwise elementwise) {
            elementwise(value, elementwise);
        } else if (fusedOp instanceof FusedOp.Sum sum) {
            sum(value, sum);
        } else {
            unfused(value);
        }
    }

    private void elementwise(Value value, FusedOp.Elementwise op) {
        OperandAccess.BroadcastPattern pattern = op.pattern();
        int n = pattern.n();
        List<StridedOperand> operands = new ArrayList<>();
        for (OperandAccess access : pattern.accesses()) {
            operands.add(access.at(slice(access.value()), n));
        }
        BufferSlice d = destination(value, pattern);
        step(value, elementwise(op, d, operands));
    }

    private S elementwise(FusedOp.Elementwise op, BufferSlice d, List<StridedOperand> operands) {
        int rows = op.pattern().rows();
        int n = op.pattern().n();
        if (op instanceof FusedOp.Binary binary) {
            return emitter.binary(binary.op(), d, rows, n, operands.get(0), operands.get(1));
        }
        if (op instanceof FusedOp.MultiplyAdd fma) {
            return emitter.multiplyAdd(fma.op(), d, rows, n, operands.get(0), operands.get(1), operands.get(2));
        }
        if (op instanceof FusedOp.Mask) {
            return emitter.mask(d, rows, n, operands.get(0), operands.get(1));
        }
        return emitter.unary(((FusedOp.Unary) op).op(), d, operands.get(0).slice(), n);
    }

    /** Memory for an elementwise result: that of an argument read last here and at the same indices only, or new. */
    private BufferSlice destination(Value value, OperandAccess.BroadcastPattern pattern) {
        for (OperandAccess access : pattern.accesses()) {
            Value root = FusionAnalysis.Alias.of(access.value()).root();
            if (access.kind() == OperandAccess.Kind.FULL
                    && owned.contains(root)
                    && dead(root)
                    && fusion.level(value) == level
                    && root.shape().size() == value.shape().size()
                    && pattern.accesses().stream().allMatch(other -> onlyAtSameIndices(other, root))) {
                owned.remove(root);
                owned.add(value);
                copies.release(root);
                BufferSlice slice = rootSlice(root);
                slices.put(value, slice);
                return slice;
            }
        }
        return allocate(value);
    }

    private static boolean onlyAtSameIndices(OperandAccess access, Value root) {
        return access.kind() == OperandAccess.Kind.FULL
                || FusionAnalysis.Alias.of(access.value()).root() != root;
    }

    /** Computes a sum of products and other values; the first product accumulates onto one of the others if possible. */
    private void sum(Value value, FusedOp.Sum sum) {
        BufferSlice d = allocate(value);
        List<OperandAccess.BroadcastPattern> rest = new ArrayList<>(sum.rest());
        BufferSlice start = null;
        int startRow = 0;
        int n = row(value.shape());
        for (OperandAccess.BroadcastPattern pattern : sum.rest()) {
            OperandAccess access = pattern.accesses().get(0);
            boolean full = access.kind() == OperandAccess.Kind.FULL;
            if (start == null && (full || (access.kind() == OperandAccess.Kind.ROW && pattern.n() == n))) {
                start = slice(access.value());
                startRow = full ? n : 0;
                rest.remove(pattern);
            }
        }
        for (Value product : sum.products()) {
            matmuls.multiply(product, start, startRow, d);
            start = d;
            startRow = n;
        }
        rest.forEach(pattern -> step(value, add(d, pattern)));
    }

    private static int row(Shape shape) {
        return shape.dim(shape.rank() - 1);
    }

    private void accumulate(Program.Output output) {
        BufferSlice d = new BufferSlice(ExecutionPlan.SUMS, program.sums().offset(output.name()));
        FusedOp.Sum sum = fusion.sum(output);
        if (matmuls.stageable(sum)) {
            matmuls.stage(sum.products(), d);
            return;
        }
        for (Value product : sum.products()) {
            matmuls.multiply(product, d, row(output.shape()), d);
        }
        sum.scatters().forEach(scatter -> addRows(scatter, d));
        sum.rest().forEach(pattern -> planner.list(level).add(add(d, pattern)));
    }

    private S add(BufferSlice d, OperandAccess.BroadcastPattern pattern) {
        OperandAccess access = pattern.accesses().get(0);
        return emitter.binary(
                Op.ADD,
                d,
                pattern.rows(),
                pattern.n(),
                new StridedOperand(d, pattern.n(), false),
                access.at(slice(access.value()), pattern.n()));
    }

    private void unfused(Value value) {
        switch (value.op()) {
            case CONSTANT -> step(value, emitter.fill(allocate(value), 1, value.number()));
            case IOTA -> step(value, emitter.iota(allocate(value), value.count()));
            case SELECT -> {
                List<BufferSlice> args = value.args().stream().map(this::slice).toList();
                step(
                        value,
                        emitter.select(allocate(value), value.shape().size(), args.get(0), args.get(1), args.get(2)));
            }
            case UNIFORM -> {
                BufferSlice key = slice(value.arg(0));
                int parts = value.arg(0).shape().size();
                step(value, emitter.uniform(allocate(value), value.shape().size(), key, parts));
            }
            case SOLVE -> solve(value);
            case POOL_GATHER, POOL_SCATTER, WINDOW_SUM, WINDOW_SPREAD -> pooling(value);
            case SUM -> reduce(value);
            case MAX, ARGMAX -> {
                int n = value.arg(0).shape().dim(value.arg(0).shape().rank() - 1);
                rowwise(value, value.shape().size(), n);
            }
            case ONE_HOT -> rowwise(value, value.arg(0).shape().size(), value.count());
            case GATHER -> gather(value);
            case SCATTER_ADD -> scatter(value);
            case BROADCAST, TRANSPOSE, SLICE, PAD, CONCAT -> move(value);
            case LOOP -> new LoopPlanner<>(planner, this, value).emit();
            case LOOP_RESULT -> {
                // The loop has allocated all of its results that are read.
            }
            default -> throw new IllegalStateException(value.op().printed() + " cannot be planned");
        }
    }

    /** Factorises the matrix once for all readers, as soon as it is known: its derivatives solve with the same matrix. */
    private void solve(Value value) {
        Value matrix = value.arg(0);
        int n = value.shape().dim(0);
        int m = value.shape().dim(1);
        BufferSlice a = slice(matrix);
        BufferSlice factor = copies.of(matrix, "Cholesky factor", n * n, u -> {
            List<S> steps = new ArrayList<>();
            withTemporary(fusion.level(matrix), n * n, work -> steps.add(emitter.factorise(n, a, work, u)));
            return steps;
        });
        BufferSlice b = slice(value.arg(1));
        BufferSlice d = allocate(value);
        withTemporary(fusion.level(value), n * m, work -> step(value, emitter.solve(n, m, factor, b, work, d)));
    }

    /** Plans steps that need temporary memory at a level; outer levels do not reuse it. */
    void withTemporary(int at, int size, Consumer<BufferSlice> steps) {
        BufferSlice temporary =
                new BufferSlice(ExecutionPlan.LEVELS + at, planner.arena(at).allocate(size));
        steps.accept(temporary);
        if (at == level) {
            planner.arena(at).free(temporary.offset(), size);
        }
    }

    private void pooling(Value value) {
        List<BufferSlice> args = value.args().stream().map(this::slice).toList();
        step(
                value,
                emitter.pooling(
                        value.op(),
                        (Window) value.attributes(),
                        value.shape().dim(0),
                        value.shape().dim(3),
                        allocate(value),
                        args));
    }

    private void rowwise(Value value, int rows, int n) {
        BufferSlice a = slice(value.arg(0));
        step(value, emitter.rowwise(value.op(), allocate(value), rows, n, a));
    }

    private void gather(Value value) {
        Shape rows = value.arg(0).shape();
        int width = rows.size() / rows.dim(0);
        BufferSlice from = slice(value.arg(0));
        BufferSlice indices = slice(value.arg(1));
        step(
                value,
                emitter.gather(
                        allocate(value),
                        from,
                        rows.dim(0),
                        width,
                        indices,
                        value.shape().dim(0)));
    }

    private void scatter(Value value) {
        BufferSlice d = allocate(value);
        step(value, emitter.fill(d, value.shape().size(), 0));
        addRows(value, d);
    }

    /** Adds the rows of a SCATTER_ADD to an array of its shape. */
    private void addRows(Value value, BufferSlice d) {
        int width = value.shape().size() / value.count();
        BufferSlice indices = slice(value.arg(0));
        BufferSlice rows = slice(value.arg(1));
        int k = value.arg(1).shape().dim(0);
        step(value, emitter.addRows(d, value.count(), width, indices, rows, k));
    }

    /** Computes a sum over any axes as sums over the middle of three axes, from the last axis to the first. */
    private void reduce(Value value) {
        Value arg = value.arg(0);
        Shape shape = arg.shape();
        boolean[] summed = new boolean[shape.rank()];
        ((Attributes.Axes) value.attributes()).axes().forEach(axis -> summed[axis] = true);
        BufferSlice from = slice(arg);
        int inner = 1;
        int axis = shape.rank() - 1;
        int left = shape.size();
        int at = fusion.level(value);
        List<BufferSlice> temporaries = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        while (left > value.shape().size()) {
            int reduced = 1;
            while (axis >= 0 && (summed[axis] || shape.dim(axis) == 1)) {
                reduced *= shape.dim(axis--);
            }
            if (reduced > 1) {
                left /= reduced;
                BufferSlice to;
                if (left == value.shape().size()) {
                    to = allocate(value);
                } else {
                    to = new BufferSlice(
                            ExecutionPlan.LEVELS + at, planner.arena(at).allocate(left));
                    temporaries.add(to);
                    sizes.add(left);
                }
                step(value, emitter.sum(to, left / inner, reduced, inner, from));
                from = to;
            }
            while (axis >= 0 && !summed[axis]) {
                inner *= shape.dim(axis--);
            }
        }
        if (!slices.containsKey(value)) {
            step(value, emitter.copy(allocate(value), new int[] {left}, new int[] {1}, from, new int[] {1}));
        }
        for (int i = 0; at == level && i < temporaries.size(); i++) {
            planner.arena(at).free(temporaries.get(i).offset(), sizes.get(i));
        }
    }

    /** Computes the ops that only move elements, as strided copies. */
    private void move(Value value) {
        List<BufferSlice> args = value.args().stream().map(this::slice).toList();
        BufferSlice d = allocate(value);
        Shape shape = value.shape();
        int[] dStrides = shape.strides();
        int[] from = value.arg(0).shape().strides();
        switch (value.op()) {
            case BROADCAST ->
                step(
                        value,
                        emitter.copy(
                                d,
                                shape.dims(),
                                dStrides,
                                args.get(0),
                                broadcastStrides(value.arg(0).shape(), shape)));
            case TRANSPOSE -> {
                List<Integer> axes = ((Attributes.Axes) value.attributes()).axes();
                int[] strides = axes.stream().mapToInt(axis -> from[axis]).toArray();
                step(value, emitter.copy(d, shape.dims(), dStrides, args.get(0), strides));
            }
            case SLICE -> {
                Attributes.Range range = (Attributes.Range) value.attributes();
                BufferSlice begin = args.get(0).plus(range.begin() * from[range.axis()]);
                step(value, emitter.copy(d, shape.dims(), dStrides, begin, from));
            }
            case PAD -> {
                Attributes.Range range = (Attributes.Range) value.attributes();
                step(value, emitter.fill(d, shape.size(), 0));
                BufferSlice begin = d.plus(range.begin() * dStrides[range.axis()]);
                step(value, emitter.copy(begin, value.arg(0).shape().dims(), dStrides, args.get(0), from));
            }
            default -> {
                int axis = ((Attributes.Range) value.attributes()).axis();
                int begin = 0;
                for (int i = 0; i < args.size(); i++) {
                    Shape part = value.arg(i).shape();
                    BufferSlice to = d.plus(begin * dStrides[axis]);
                    step(value, emitter.copy(to, part.dims(), dStrides, args.get(i), part.strides()));
                    begin += part.dim(axis);
                }
            }
        }
    }

    private static int[] broadcastStrides(Shape from, Shape to) {
        int[] strides = new int[to.rank()];
        int[] strided = from.strides();
        for (int back = 1; back <= from.rank(); back++) {
            int axis = from.rank() - back;
            strides[to.rank() - back] = from.dim(axis) == 1 ? 0 : strided[axis];
        }
        return strides;
    }

    FusionAnalysis fusion() {
        return fusion;
    }

    /** Allocates the result of a loop; null if no value reads it. */
    @Nullable
    BufferSlice result(Value loopValue, int index) {
        for (Value value : program.values()) {
            if (value.op() == Op.LOOP_RESULT && value.arg(0) == loopValue && value.count() == index) {
                return fusion.materialized(value) ? allocate(value) : null;
            }
        }
        return null;
    }
}
