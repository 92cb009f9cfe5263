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
final class Scope<S> {
    private final Planner<S> planner;
    private final Emitter<S> emitter;
    private final Program program;
    private final Lowering lowering;
    private final int level;
    private final Map<Value, Place> places;
    private final Map<Value, Integer> lastUse = new HashMap<>();
    /** Values of this scope whose memory can be used again after their last use. */
    private final Set<Value> owned = new HashSet<>();

    private final Copies<S> copies;
    private final Products<S> products;
    private int now;

    Scope(Planner<S> planner, Program program, Lowering lowering, int level, Map<Value, Place> inputs) {
        this.planner = planner;
        this.emitter = planner.emitter();
        this.program = program;
        this.lowering = lowering;
        this.level = level;
        this.places = new HashMap<>(inputs);
        this.copies = new Copies<>(planner, lowering, level);
        this.products = new Products<>(planner, this, copies);
    }

    int level() {
        return level;
    }

    /** Where a value stands; it must have been demanded. */
    Place place(Value value) {
        Lowering.Alias alias = Lowering.Alias.of(value);
        Place root = places.get(alias.root());
        if (root == null) {
            throw new IllegalStateException(value + " of program " + program.name() + " has no memory");
        }
        return root.plus(alias.offset());
    }

    void emit() {
        Map<Value, List<Program.Output>> summed = new HashMap<>();
        for (Program.Output output : program.outputs()) {
            if (output.role() == Program.Role.SUM) {
                summed.computeIfAbsent(output.value(), any -> new ArrayList<>()).add(output);
            }
        }
        findLastUses(summed);
        for (now = 0; now < program.values().size(); now++) {
            Value value = program.values().get(now);
            if (lowering.demanded(value) && !places.containsKey(value)) {
                compute(value, lowering.form(value));
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
            if (lowering.demanded(value)) {
                lastUse.put(value, i);
                for (Value read : lowering.form(value).reads()) {
                    lastUse.put(Lowering.Alias.of(read).root(), i);
                }
            }
            for (Program.Output output : summed.getOrDefault(value, List.of())) {
                for (Value read : lowering.sum(output).reads()) {
                    lastUse.put(Lowering.Alias.of(read).root(), i);
                }
            }
        }
        program.outputs().stream()
                .filter(output -> output.role() != Program.Role.SUM)
                .forEach(output -> lastUse.put(Lowering.Alias.of(output.value()).root(), values.size()));
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

    private Place placeOf(Value root) {
        return Objects.requireNonNull(places.get(root));
    }

    private Place allocate(Value value) {
        int at = lowering.level(value);
        Place place = new Place(
                Plan.LEVELS + at, planner.arena(at).allocate(value.shape().size()));
        places.put(value, place);
        // What is computed outside a loop is needed in each of its rounds: only this level's memory is used again.
        if (at == level && level > 0) {
            owned.add(value);
        }
        return place;
    }

    private void step(Value value, S step) {
        planner.list(lowering.level(value)).add(step);
    }

    private void compute(Value value, Form form) {
        if (form instanceof Form.Elementwise elementwise) {
            elementwise(value, elementwise);
        } else if (form instanceof Form.Sum sum) {
            sum(value, sum);
        } else {
            plain(value);
        }
    }

    private void elementwise(Value value, Form.Elementwise form) {
        Reading.Agreement agreement = form.agreement();
        int n = agreement.n();
        List<Operand> operands = new ArrayList<>();
        for (Reading reading : agreement.readings()) {
            operands.add(reading.at(place(reading.value()), n));
        }
        Place d = overwritten(value, agreement);
        step(value, elementwise(form, d, operands));
    }

    private S elementwise(Form.Elementwise form, Place d, List<Operand> operands) {
        int rows = form.agreement().rows();
        int n = form.agreement().n();
        if (form instanceof Form.Binary binary) {
            return emitter.binary(binary.op(), d, rows, n, operands.get(0), operands.get(1));
        }
        if (form instanceof Form.MultiplyAdd fma) {
            return emitter.multiplyAdd(fma.op(), d, rows, n, operands.get(0), operands.get(1), operands.get(2));
        }
        if (form instanceof Form.Mask) {
            return emitter.mask(d, rows, n, operands.get(0), operands.get(1));
        }
        return emitter.unary(((Form.Unary) form).op(), d, operands.get(0).place(), n);
    }

    /** Memory for an elementwise result: that of an argument which dies here and is read at the same places, or new. */
    private Place overwritten(Value value, Reading.Agreement agreement) {
        for (Reading reading : agreement.readings()) {
            Value root = Lowering.Alias.of(reading.value()).root();
            if (reading.kind() == Reading.Kind.FULL
                    && owned.contains(root)
                    && dies(root)
                    && lowering.level(value) == level
                    && root.shape().size() == value.shape().size()
                    && agreement.readings().stream().allMatch(other -> onlyAtSamePlaces(other, root))) {
                owned.remove(root);
                owned.add(value);
                copies.release(root);
                Place place = placeOf(root);
                places.put(value, place);
                return place;
            }
        }
        return allocate(value);
    }

    private static boolean onlyAtSamePlaces(Reading reading, Value root) {
        return reading.kind() == Reading.Kind.FULL
                || Lowering.Alias.of(reading.value()).root() != root;
    }

    /** An array that is the sum of products and others; one of the others is what the first product starts from. */
    private void sum(Value value, Form.Sum form) {
        Place d = allocate(value);
        List<Reading.Agreement> rest = new ArrayList<>(form.rest());
        Place start = null;
        int startRow = 0;
        int n = row(value.shape());
        for (Reading.Agreement agreement : form.rest()) {
            Reading reading = agreement.readings().get(0);
            boolean full = reading.kind() == Reading.Kind.FULL;
            if (start == null && (full || (reading.kind() == Reading.Kind.ROW && agreement.n() == n))) {
                start = place(reading.value());
                startRow = full ? n : 0;
                rest.remove(agreement);
            }
        }
        for (Value product : form.products()) {
            products.multiply(product, start, startRow, d);
            start = d;
            startRow = n;
        }
        rest.forEach(agreement -> step(value, add(d, agreement)));
    }

    private static int row(Shape shape) {
        return shape.dim(shape.rank() - 1);
    }

    private void accumulate(Program.Output output) {
        Place d = new Place(Plan.SUMS, program.sums().offset(output.name()));
        Form.Sum form = lowering.sum(output);
        for (Value product : form.products()) {
            products.multiply(product, d, row(output.shape()), d);
        }
        form.rest().forEach(agreement -> planner.list(level).add(add(d, agreement)));
    }

    private S add(Place d, Reading.Agreement agreement) {
        Reading reading = agreement.readings().get(0);
        return emitter.binary(
                Op.ADD,
                d,
                agreement.rows(),
                agreement.n(),
                new Operand(d, agreement.n(), false),
                reading.at(place(reading.value()), agreement.n()));
    }

    private void plain(Value value) {
        switch (value.op()) {
            case CONSTANT -> step(value, emitter.fill(allocate(value), 1, value.number()));
            case IOTA -> step(value, emitter.iota(allocate(value), value.count()));
            case SELECT -> {
                List<Place> args = value.args().stream().map(this::place).toList();
                step(
                        value,
                        emitter.select(allocate(value), value.shape().size(), args.get(0), args.get(1), args.get(2)));
            }
            case UNIFORM -> {
                Place key = place(value.arg(0));
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
            case REPEAT -> new Rounds<>(planner, this, value).emit();
            case RESULT -> {
                // A repeat places all of its results that are read.
            }
            default -> throw new IllegalStateException(value.op().printed() + " cannot be planned");
        }
    }

    private void slide(Value value) {
        List<Place> args = value.args().stream().map(this::place).toList();
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
        Place a = place(value.arg(0));
        step(value, emitter.alongLast(value.op(), allocate(value), rows, n, a));
    }

    private void gather(Value value) {
        Shape rows = value.arg(0).shape();
        int width = rows.size() / rows.dim(0);
        Place from = place(value.arg(0));
        Place indices = place(value.arg(1));
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
        Place indices = place(value.arg(0));
        Place rows = place(value.arg(1));
        int k = value.arg(1).shape().dim(0);
        step(value, emitter.scatterAdd(allocate(value), value.count(), width, indices, rows, k));
    }

    /** A sum over any axes, as sums over the middle of three, from the last to the first. */
    private void reduce(Value value) {
        Value arg = value.arg(0);
        Shape shape = arg.shape();
        boolean[] summed = new boolean[shape.rank()];
        ((Attributes.Axes) value.attributes()).axes().forEach(axis -> summed[axis] = true);
        Place from = place(arg);
        int inner = 1;
        int axis = shape.rank() - 1;
        int left = shape.size();
        int at = lowering.level(value);
        List<Place> between = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        while (left > value.shape().size()) {
            int reduced = 1;
            while (axis >= 0 && (summed[axis] || shape.dim(axis) == 1)) {
                reduced *= shape.dim(axis--);
            }
            if (reduced > 1) {
                left /= reduced;
                Place to;
                if (left == value.shape().size()) {
                    to = allocate(value);
                } else {
                    to = new Place(Plan.LEVELS + at, planner.arena(at).allocate(left));
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
        if (!places.containsKey(value)) {
            step(value, emitter.copy(allocate(value), new int[] {left}, new int[] {1}, from, new int[] {1}));
        }
        for (int i = 0; at == level && i < between.size(); i++) {
            planner.arena(at).free(between.get(i).offset(), sizes.get(i));
        }
    }

    /** The ops that only move elements, as strided copies. */
    private void move(Value value) {
        List<Place> args = value.args().stream().map(this::place).toList();
        Place d = allocate(value);
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
                Place begin = args.get(0).plus(range.begin() * from[range.axis()]);
                step(value, emitter.copy(d, shape.dims(), dStrides, begin, from));
            }
            case PAD -> {
                Attributes.Range range = (Attributes.Range) value.attributes();
                step(value, emitter.fill(d, shape.size(), 0));
                Place begin = d.plus(range.begin() * dStrides[range.axis()]);
                step(value, emitter.copy(begin, value.arg(0).shape().dims(), dStrides, args.get(0), from));
            }
            default -> {
                int axis = ((Attributes.Range) value.attributes()).axis();
                int begin = 0;
                for (int i = 0; i < args.size(); i++) {
                    Shape part = value.arg(i).shape();
                    Place to = d.plus(begin * dStrides[axis]);
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

    Lowering lowering() {
        return lowering;
    }

    /** The result of a repeat, placed if anything reads it; null if nothing does. */
    @Nullable
    Place result(Value repeat, int index) {
        for (Value value : program.values()) {
            if (value.op() == Op.RESULT && value.arg(0) == repeat && value.count() == index) {
                return lowering.demanded(value) ? allocate(value) : null;
            }
        }
        return null;
    }
}
