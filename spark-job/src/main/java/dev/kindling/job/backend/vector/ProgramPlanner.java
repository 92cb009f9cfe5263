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
import org.jspecify.annotations.Nullable;

/**
 * The planning of one program or step program: walks its values in order, gives each the memory of one that is no longer
 * needed, and emits its steps at its level.
 *
 * @param <S> a step
 */
final class ProgramPlanner<S> {
    private final Planner<S> planner;
    private final Emitter<S> emitter;
    private final Program program;
    private final FusionAnalysis fusion;
    private final int level;
    private final Map<Value, BufferSlice> slices;
    private final Map<Value, Integer> lastUse = new HashMap<>();
    /** Values of this scope whose memory can be used again after their last use. */
    private final Set<Value> owned = new HashSet<>();

    private final LayoutCopies<S> copies;
    private final MatmulPlanner<S> matmuls;
    private int now;

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

    /** Where a value stands; it must have been demanded. */
    BufferSlice place(Value value) {
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
        for (now = 0; now < program.values().size(); now++) {
            Value value = program.values().get(now);
            if (fusion.demanded(value) && !slices.containsKey(value)) {
                compute(value, fusion.form(value));
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
            if (fusion.demanded(value)) {
                lastUse.put(value, i);
                for (Value read : fusion.form(value).reads()) {
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
        List<Value> dead = owned.stream().filter(this::dies).toList();
        dead.stream().sorted(Comparator.comparingInt(Value::id)).forEach(value -> {
            owned.remove(value);
            copies.release(value);
            planner.arena(level).free(placeOf(value).offset(), value.shape().size());
        });
    }

    private boolean dies(Value value) {
        return lastUse.getOrDefault(value, 0) <= now;
    }

    private BufferSlice placeOf(Value root) {
        return Objects.requireNonNull(slices.get(root));
    }

    private BufferSlice allocate(Value value) {
        int at = fusion.level(value);
        BufferSlice slice = new BufferSlice(
                ExecutionPlan.LEVELS + at,
                planner.arena(at).allocate(value.shape().size()));
        slices.put(value, slice);
        // What is computed outside a loop is needed in each of its rounds: only this level's memory is used again.
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
            plain(value);
        }
    }

    private void elementwise(Value value, FusedOp.Elementwise form) {
        OperandAccess.BroadcastPattern pattern = form.pattern();
        int n = pattern.n();
        List<StridedOperand> operands = new ArrayList<>();
        for (OperandAccess access : pattern.readings()) {
            operands.add(access.at(place(access.value()), n));
        }
        BufferSlice d = overwritten(value, pattern);
        step(value, elementwise(form, d, operands));
    }

    private S elementwise(FusedOp.Elementwise form, BufferSlice d, List<StridedOperand> operands) {
        int rows = form.pattern().rows();
        int n = form.pattern().n();
        if (form instanceof FusedOp.Binary binary) {
            return emitter.binary(binary.op(), d, rows, n, operands.get(0), operands.get(1));
        }
        if (form instanceof FusedOp.MultiplyAdd fma) {
            return emitter.multiplyAdd(fma.op(), d, rows, n, operands.get(0), operands.get(1), operands.get(2));
        }
        if (form instanceof FusedOp.Mask) {
            return emitter.mask(d, rows, n, operands.get(0), operands.get(1));
        }
        return emitter.unary(((FusedOp.Unary) form).op(), d, operands.get(0).slice(), n);
    }

    /** Memory for an elementwise result: that of an argument which dies here and is read at the same places, or new. */
    private BufferSlice overwritten(Value value, OperandAccess.BroadcastPattern pattern) {
        for (OperandAccess access : pattern.readings()) {
            Value root = FusionAnalysis.Alias.of(access.value()).root();
            if (access.kind() == OperandAccess.Kind.FULL
                    && owned.contains(root)
                    && dies(root)
                    && fusion.level(value) == level
                    && root.shape().size() == value.shape().size()
                    && pattern.readings().stream().allMatch(other -> onlyAtSamePlaces(other, root))) {
                owned.remove(root);
                owned.add(value);
                copies.release(root);
                BufferSlice slice = placeOf(root);
                slices.put(value, slice);
                return slice;
            }
        }
        return allocate(value);
    }

    private static boolean onlyAtSamePlaces(OperandAccess access, Value root) {
        return access.kind() == OperandAccess.Kind.FULL
                || FusionAnalysis.Alias.of(access.value()).root() != root;
    }

    /** An array that is the sum of products and others; one of the others is what the first product starts from. */
    private void sum(Value value, FusedOp.Sum form) {
        BufferSlice d = allocate(value);
        List<OperandAccess.BroadcastPattern> rest = new ArrayList<>(form.rest());
        BufferSlice start = null;
        int startRow = 0;
        int n = row(value.shape());
        for (OperandAccess.BroadcastPattern agreement : form.rest()) {
            OperandAccess access = agreement.readings().get(0);
            boolean full = access.kind() == OperandAccess.Kind.FULL;
            if (start == null && (full || (access.kind() == OperandAccess.Kind.ROW && agreement.n() == n))) {
                start = place(access.value());
                startRow = full ? n : 0;
                rest.remove(agreement);
            }
        }
        for (Value product : form.products()) {
            matmuls.multiply(product, start, startRow, d);
            start = d;
            startRow = n;
        }
        rest.forEach(agreement -> step(value, add(d, agreement)));
    }

    private static int row(Shape shape) {
        return shape.dim(shape.rank() - 1);
    }

    private void accumulate(Program.Output output) {
        BufferSlice d = new BufferSlice(ExecutionPlan.SUMS, program.sums().offset(output.name()));
        FusedOp.Sum form = fusion.sum(output);
        for (Value product : form.products()) {
            matmuls.multiply(product, d, row(output.shape()), d);
        }
        form.rest().forEach(pattern -> planner.list(level).add(add(d, pattern)));
    }

    private S add(BufferSlice d, OperandAccess.BroadcastPattern pattern) {
        OperandAccess access = pattern.readings().get(0);
        return emitter.binary(
                Op.ADD,
                d,
                pattern.rows(),
                pattern.n(),
                new StridedOperand(d, pattern.n(), false),
                access.at(place(access.value()), pattern.n()));
    }

    private void plain(Value value) {
        switch (value.op()) {
            case CONSTANT -> step(value, emitter.fill(allocate(value), 1, value.number()));
            case IOTA -> step(value, emitter.iota(allocate(value), value.count()));
            case SELECT -> {
                List<BufferSlice> args = value.args().stream().map(this::place).toList();
                step(
                        value,
                        emitter.select(allocate(value), value.shape().size(), args.get(0), args.get(1), args.get(2)));
            }
            case UNIFORM -> {
                BufferSlice key = place(value.arg(0));
                int parts = value.arg(0).shape().size();
                step(value, emitter.uniform(allocate(value), value.shape().size(), key, parts));
            }
            case POOL_GATHER, POOL_SCATTER, WINDOW_SUM, WINDOW_SPREAD -> slide(value);
            case SUM -> reduce(value);
            case MAX, ARGMAX -> {
                int n = value.arg(0).shape().dim(value.arg(0).shape().rank() - 1);
                alongLast(value, value.shape().size(), n);
            }
            case ONE_HOT -> alongLast(value, value.arg(0).shape().size(), value.count());
            case GATHER -> gather(value);
            case SCATTER_ADD -> scatter(value);
            case BROADCAST, TRANSPOSE, SLICE, PAD, CONCAT -> move(value);
            case LOOP -> new LoopPlanner<>(planner, this, value).emit();
            case LOOP_RESULT -> {
                // A repeat places all of its results that are read.
            }
            default -> throw new IllegalStateException(value.op().printed() + " cannot be planned");
        }
    }

    private void slide(Value value) {
        List<BufferSlice> args = value.args().stream().map(this::place).toList();
        step(
                value,
                emitter.slide(
                        value.op(),
                        (Window) value.attributes(),
                        value.shape().dim(0),
                        value.shape().dim(3),
                        allocate(value),
                        args));
    }

    private void alongLast(Value value, int rows, int n) {
        BufferSlice a = place(value.arg(0));
        step(value, emitter.rowwise(value.op(), allocate(value), rows, n, a));
    }

    private void gather(Value value) {
        Shape rows = value.arg(0).shape();
        int width = rows.size() / rows.dim(0);
        BufferSlice from = place(value.arg(0));
        BufferSlice indices = place(value.arg(1));
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
        int width = value.shape().size() / value.count();
        BufferSlice indices = place(value.arg(0));
        BufferSlice rows = place(value.arg(1));
        int k = value.arg(1).shape().dim(0);
        step(value, emitter.scatterAdd(allocate(value), value.count(), width, indices, rows, k));
    }

    /** A sum over any axes, as sums over the middle of three, from the last to the first. */
    private void reduce(Value value) {
        Value arg = value.arg(0);
        Shape shape = arg.shape();
        boolean[] summed = new boolean[shape.rank()];
        ((Attributes.Axes) value.attributes()).axes().forEach(axis -> summed[axis] = true);
        BufferSlice from = place(arg);
        int inner = 1;
        int axis = shape.rank() - 1;
        int left = shape.size();
        int at = fusion.level(value);
        List<BufferSlice> between = new ArrayList<>();
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
                    between.add(to);
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
        for (int i = 0; at == level && i < between.size(); i++) {
            planner.arena(at).free(between.get(i).offset(), sizes.get(i));
        }
    }

    /** The ops that only move elements, as strided copies. */
    private void move(Value value) {
        List<BufferSlice> args = value.args().stream().map(this::place).toList();
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
                                repeating(value.arg(0).shape(), shape)));
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

    private static int[] repeating(Shape from, Shape to) {
        int[] strides = new int[to.rank()];
        int[] own = from.strides();
        for (int back = 1; back <= from.rank(); back++) {
            int axis = from.rank() - back;
            strides[to.rank() - back] = from.dim(axis) == 1 ? 0 : own[axis];
        }
        return strides;
    }

    FusionAnalysis lowering() {
        return fusion;
    }

    /** The result of a repeat, placed if anything reads it; null if nothing does. */
    @Nullable
    BufferSlice result(Value repeat, int index) {
        for (Value value : program.values()) {
            if (value.op() == Op.LOOP_RESULT && value.arg(0) == repeat && value.count() == index) {
                return fusion.demanded(value) ? allocate(value) : null;
            }
        }
        return null;
    }
}
