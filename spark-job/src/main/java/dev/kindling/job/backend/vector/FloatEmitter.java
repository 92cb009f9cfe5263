package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Window;
import dev.kindling.job.random.RandomStream;
import java.util.Arrays;
import java.util.List;

/** Creates steps that compute in float. */
final class FloatEmitter implements Emitter<FloatStep> {
    /** The space of the scratch memory. */
    private final int scratch;

    FloatEmitter(int scratch) {
        this.scratch = scratch;
    }

    @Override
    public FloatStep matmul(
            int m,
            int n,
            int k,
            BufferSlice a,
            int aRow,
            int aColumn,
            BufferSlice b,
            BufferSlice s,
            int sRow,
            BufferSlice c) {
        int as = a.space();
        int aAt = a.offset();
        int bs = b.space();
        int bAt = b.offset();
        int ss = s.space();
        int sAt = s.offset();
        int cs = c.space();
        int cAt = c.offset();
        return memory -> FloatMatmul.multiply(
                m, n, k, memory[as], aAt, aRow, aColumn, memory[bs], bAt, memory[ss], sAt, sRow, memory[cs], cAt);
    }

    @Override
    public FloatStep matmulTransposed(int m, int n, int k, BufferSlice a, BufferSlice b, BufferSlice d) {
        return memory -> FloatMatmul.dots(
                m,
                n,
                k,
                memory[a.space()],
                a.offset(),
                memory[b.space()],
                b.offset(),
                memory[d.space()],
                d.offset(),
                memory[scratch]);
    }

    @Override
    public FloatStep stage(BufferSlice d, int row, BufferSlice a, int n) {
        return memory -> System.arraycopy(
                memory[a.space()],
                a.offset(),
                memory[d.space()],
                d.offset() + row * (int) memory[ExecutionPlan.STAGED][0],
                n);
    }

    @Override
    public FloatStep stagedMatmul(int m, int n, int k, BufferSlice a, BufferSlice b, BufferSlice c) {
        return memory -> FloatMatmul.multiply(
                m,
                n,
                k * (1 + (int) memory[ExecutionPlan.STAGED][0]),
                memory[a.space()],
                a.offset(),
                1,
                m,
                memory[b.space()],
                b.offset(),
                memory[c.space()],
                c.offset(),
                n,
                memory[c.space()],
                c.offset());
    }

    @Override
    public FloatStep factorise(int n, BufferSlice a, BufferSlice work, BufferSlice u) {
        return memory -> FloatCholesky.factorise(
                n, memory[a.space()], a.offset(), memory[work.space()], work.offset(), memory[u.space()], u.offset());
    }

    @Override
    public FloatStep solve(int n, int m, BufferSlice u, BufferSlice b, BufferSlice work, BufferSlice d) {
        return memory -> FloatCholesky.solve(
                n,
                m,
                memory[u.space()],
                u.offset(),
                memory[b.space()],
                b.offset(),
                memory[work.space()],
                work.offset(),
                memory[d.space()],
                d.offset());
    }

    @Override
    public FloatStep windowMatmul(
            WindowIndexTable table, int n, BufferSlice a, BufferSlice b, BufferSlice s, int[] starts, BufferSlice d) {
        return memory -> FloatWindowMatmul.multiply(
                table,
                n,
                memory[a.space()],
                a.offset(),
                memory[b.space()],
                b.offset(),
                memory[s.space()],
                s.offset(),
                starts,
                memory[d.space()],
                d.offset());
    }

    @Override
    public FloatStep pad(
            BufferSlice d, WindowIndexTable.PaddedImages paddedImages, int height, int width, BufferSlice images) {
        return memory -> FloatPooling.pad(
                memory[d.space()], d.offset(), paddedImages, height, width, memory[images.space()], images.offset());
    }

    @Override
    public FloatStep pooling(Op op, Window window, int images, int channels, BufferSlice d, List<BufferSlice> args) {
        BufferSlice a = args.get(0);
        if (op == Op.WINDOW_SUM || op == Op.WINDOW_SPREAD) {
            return memory -> FloatPooling.sum(
                    op, window, images, channels, memory[d.space()], d.offset(), memory[a.space()], a.offset());
        }
        BufferSlice b = args.get(1);
        return memory -> FloatPooling.pool(
                op,
                window,
                images,
                channels,
                memory[d.space()],
                d.offset(),
                memory[a.space()],
                a.offset(),
                memory[b.space()],
                b.offset());
    }

    @Override
    public FloatStep uniform(BufferSlice d, int n, BufferSlice key, int parts) {
        return memory -> {
            long[] keyParts = new long[parts];
            for (int i = 0; i < parts; i++) {
                keyParts[i] = (long) memory[key.space()][key.offset() + i];
            }
            RandomStream stream = RandomStream.of(keyParts);
            for (int i = 0; i < n; i++) {
                memory[d.space()][d.offset() + i] = (float) stream.next24Bits();
            }
        };
    }

    @Override
    public FloatStep transpose(BufferSlice d, BufferSlice a, int rows, int columns) {
        return memory ->
                FloatElementwise.transpose(memory[d.space()], d.offset(), memory[a.space()], a.offset(), rows, columns);
    }

    @Override
    public FloatStep unary(Op op, BufferSlice d, BufferSlice a, int n) {
        int ds = d.space();
        int dAt = d.offset();
        int as = a.space();
        int aAt = a.offset();
        return switch (op) {
            case NEG -> memory -> FloatElementwise.neg(memory[ds], dAt, n, memory[as], aAt);
            case SQRT -> memory -> FloatElementwise.sqrt(memory[ds], dAt, n, memory[as], aAt);
            case RELU -> memory -> FloatElementwise.relu(memory[ds], dAt, n, memory[as], aAt);
            default -> FloatMath.step(op, d, n, a);
        };
    }

    @Override
    public FloatStep binary(Op op, BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b) {
        if (a.scalar() && b.scalar()) {
            return rows(
                    d,
                    rows,
                    n,
                    a,
                    b,
                    (x, xAt, y, yAt, z, zAt, count) -> Arrays.fill(z, zAt, zAt + count, apply(op, x[xAt], y[yAt])));
        }
        if (b.scalar()) {
            return rows(d, rows, n, a, b, rightScalar(op));
        }
        return rows(d, rows, n, a, b, a.scalar() ? leftScalar(op) : arrays(op));
    }

    /** Computes one row of n elements of an elementwise op of two arguments. */
    private interface Kernel {
        void run(float[] a, int aAt, float[] b, int bAt, float[] d, int dAt, int n);
    }

    private static float apply(Op op, float a, float b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case GREATER -> a > b ? 1f : 0f;
            case EQUAL -> a == b ? 1f : 0f;
            default -> throw new IllegalArgumentException(op.printed() + " does not take two numbers");
        };
    }

    private static Kernel arrays(Op op) {
        return switch (op) {
            case ADD -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.add(d, dAt, n, a, aAt, b, bAt);
            case SUB -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.sub(d, dAt, n, a, aAt, b, bAt);
            case MUL -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.mul(d, dAt, n, a, aAt, b, bAt);
            case DIV -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.div(d, dAt, n, a, aAt, b, bAt);
            case GREATER -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.greater(d, dAt, n, a, aAt, b, bAt);
            case EQUAL -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.equal(d, dAt, n, a, aAt, b, bAt);
            default -> throw new IllegalArgumentException(op.printed() + " does not take two arrays");
        };
    }

    private static Kernel rightScalar(Op op) {
        return switch (op) {
            case ADD -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.add(d, dAt, n, a, aAt, b[bAt]);
            case SUB -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.sub(d, dAt, n, a, aAt, b[bAt]);
            case MUL -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.mul(d, dAt, n, a, aAt, b[bAt]);
            case DIV -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.div(d, dAt, n, a, aAt, b[bAt]);
            case GREATER -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.greater(d, dAt, n, a, aAt, b[bAt]);
            case EQUAL -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.equal(d, dAt, n, a, aAt, b[bAt]);
            default -> throw new IllegalArgumentException(op.printed() + " does not take an array and a number");
        };
    }

    private static Kernel leftScalar(Op op) {
        return switch (op) {
            case ADD -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.add(d, dAt, n, b, bAt, a[aAt]);
            case SUB -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.sub(d, dAt, n, a[aAt], b, bAt);
            case MUL -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.mul(d, dAt, n, b, bAt, a[aAt]);
            case DIV -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.div(d, dAt, n, a[aAt], b, bAt);
            case GREATER -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.greater(d, dAt, n, a[aAt], b, bAt);
            case EQUAL -> (a, aAt, b, bAt, d, dAt, n) -> FloatElementwise.equal(d, dAt, n, b, bAt, a[aAt]);
            default -> throw new IllegalArgumentException(op.printed() + " does not take a number and an array");
        };
    }

    /** Runs a kernel over all rows, group by group. */
    private record Rows(RowGroups groups, BufferSlice d, FloatRowOperand a, FloatRowOperand b, Kernel kernel)
            implements FloatStep {
        @Override
        public void run(float[][] memory) {
            float[] to = memory[d.space()];
            float[] left = a.array(memory);
            float[] right = b.array(memory);
            for (int r = 0; r < groups.rows(); r += groups.group()) {
                kernel.run(left, a.at(r), right, b.at(r), to, d.offset() + r * groups.n(), groups.elements(r));
            }
        }
    }

    private Rows rows(BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b, Kernel kernel) {
        RowGroups groups = RowGroups.of(rows, n, List.of(a, b));
        return new Rows(groups, d, operand(a, groups, 0), operand(b, groups, 1), kernel);
    }

    private FloatRowOperand operand(StridedOperand operand, RowGroups groups, int index) {
        return FloatRowOperand.of(operand, groups, new BufferSlice(scratch, index * RowGroups.MOST_ELEMENTS));
    }

    @Override
    public FloatStep multiplyAdd(
            Op op, BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b, StridedOperand c) {
        float sign = op == Op.SUB ? -1f : 1f;
        RowGroups groups = RowGroups.of(rows, n, List.of(a, b, c));
        FloatRowOperand left = operand(a, groups, 0);
        FloatRowOperand right = operand(b, groups, 1);
        FloatRowOperand added = operand(c, groups, 2);
        return memory -> {
            float[] to = memory[d.space()];
            float[] x = left.array(memory);
            float[] y = right.array(memory);
            float[] z = added.array(memory);
            for (int r = 0; r < rows; r += groups.group()) {
                int dAt = d.offset() + r * n;
                int count = groups.elements(r);
                if (b.scalar()) {
                    FloatElementwise.fma(to, dAt, count, x, left.at(r), sign * y[right.at(r)], z, added.at(r));
                } else if (op == Op.SUB) {
                    FloatElementwise.fnma(to, dAt, count, x, left.at(r), y, right.at(r), z, added.at(r));
                } else {
                    FloatElementwise.fma(to, dAt, count, x, left.at(r), y, right.at(r), z, added.at(r));
                }
            }
        };
    }

    @Override
    public FloatStep mask(BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b) {
        return rows(
                d,
                rows,
                n,
                a,
                b,
                b.scalar()
                        ? (x, xAt, y, yAt, z, zAt, count) -> FloatElementwise.mask(z, zAt, count, x, xAt, y[yAt])
                        : (x, xAt, y, yAt, z, zAt, count) -> FloatElementwise.mask(z, zAt, count, x, xAt, y, yAt));
    }

    @Override
    public FloatStep select(BufferSlice d, int n, BufferSlice condition, BufferSlice a, BufferSlice b) {
        return memory -> FloatElementwise.select(
                memory[d.space()],
                d.offset(),
                n,
                memory[condition.space()],
                condition.offset(),
                memory[a.space()],
                a.offset(),
                memory[b.space()],
                b.offset());
    }

    @Override
    public FloatStep sum(BufferSlice d, int outer, int reduced, int inner, BufferSlice a) {
        if (inner == 1) {
            return memory -> FloatReductions.last(
                    memory[d.space()], d.offset(), outer, reduced, memory[a.space()], a.offset(), memory[scratch]);
        }
        return memory -> FloatReductions.outer(
                memory[d.space()], d.offset(), outer, reduced, inner, memory[a.space()], a.offset());
    }

    @Override
    public FloatStep rowwise(Op op, BufferSlice d, int rows, int n, BufferSlice a) {
        return switch (op) {
            case MAX -> memory -> FloatRows.max(memory[d.space()], d.offset(), rows, n, memory[a.space()], a.offset());
            case ARGMAX ->
                memory -> FloatRows.argmax(memory[d.space()], d.offset(), rows, n, memory[a.space()], a.offset());
            case ONE_HOT ->
                memory -> FloatRows.oneHot(memory[d.space()], d.offset(), rows, n, memory[a.space()], a.offset());
            default -> throw new IllegalArgumentException(op.printed() + " does not run over rows");
        };
    }

    @Override
    public FloatStep gather(BufferSlice d, BufferSlice rows, int count, int width, BufferSlice indices, int k) {
        return memory -> {
            for (int i = 0; i < k; i++) {
                int row = FloatRows.index(memory[indices.space()][indices.offset() + i], count);
                System.arraycopy(
                        memory[rows.space()],
                        rows.offset() + row * width,
                        memory[d.space()],
                        d.offset() + i * width,
                        width);
            }
        };
    }

    @Override
    public FloatStep addRows(BufferSlice d, int count, int width, BufferSlice indices, BufferSlice rows, int k) {
        return memory -> {
            float[] to = memory[d.space()];
            for (int i = 0; i < k; i++) {
                int row = FloatRows.index(memory[indices.space()][indices.offset() + i], count);
                int at = d.offset() + row * width;
                FloatElementwise.add(to, at, width, to, at, memory[rows.space()], rows.offset() + i * width);
            }
        };
    }

    @Override
    public FloatStep copy(BufferSlice d, int[] extents, int[] dStrides, BufferSlice a, int[] aStrides) {
        FloatCopies copy = FloatCopies.of(extents, dStrides, aStrides);
        return memory -> copy.run(memory[d.space()], d.offset(), memory[a.space()], a.offset());
    }

    @Override
    public FloatStep fill(BufferSlice d, int n, double value) {
        float number = (float) value;
        return memory -> Arrays.fill(memory[d.space()], d.offset(), d.offset() + n, number);
    }

    @Override
    public FloatStep iota(BufferSlice d, int n) {
        return memory -> {
            for (int i = 0; i < n; i++) {
                memory[d.space()][d.offset() + i] = i;
            }
        };
    }

    @Override
    public FloatStep loop(LoopInstruction<FloatStep> loop) {
        return new LoopStep(loop, loop.body().toArray(FloatStep[]::new));
    }

    /** Runs a loop of the program. */
    private record LoopStep(LoopInstruction<FloatStep> loop, FloatStep[] body) implements FloatStep {
        @Override
        public void run(float[][] memory) {
            int steps = count(memory[loop.count().space()][loop.count().offset()]);
            copyAll(memory, loop.initialCarries());
            int done = 0;
            boolean stopped = false;
            while (done < steps && !stopped) {
                int index = loop.backwards() ? steps - 1 - done : done;
                for (LoopInstruction.Copy copy : loop.perStep()) {
                    copy(memory, copy.from(), index * copy.size(), copy.to(), 0, copy.size());
                }
                for (FloatStep step : body) {
                    step.run(memory);
                }
                for (LoopInstruction.Copy copy : loop.stacked()) {
                    copy(memory, copy.from(), 0, copy.to(), index * copy.size(), copy.size());
                }
                BufferSlice stop = loop.stop();
                stopped = stop != null && memory[stop.space()][stop.offset()] != 0f;
                copyAll(memory, loop.nextCarries());
                done++;
            }
            for (LoopInstruction.Copy copy : loop.stacked()) {
                int from = copy.to().offset() + done * copy.size();
                Arrays.fill(memory[copy.to().space()], from, copy.to().offset() + loop.capacity() * copy.size(), 0f);
            }
            copyAll(memory, loop.finalCarries());
            BufferSlice stepsRun = loop.stepsRun();
            if (stepsRun != null) {
                memory[stepsRun.space()][stepsRun.offset()] = done;
            }
        }

        private int count(float value) {
            if (!(value >= 0f) || Math.rint(value) != value) {
                throw new IllegalArgumentException(
                        "a loop has a count of " + value + " steps; the count must be an integer, at least 0");
            }
            return (int) Math.min(value, (float) loop.capacity());
        }

        private static void copyAll(float[][] memory, List<LoopInstruction.Copy> copies) {
            for (LoopInstruction.Copy copy : copies) {
                copy(memory, copy.from(), 0, copy.to(), 0, copy.size());
            }
        }

        private static void copy(
                float[][] memory, BufferSlice from, int fromOffset, BufferSlice to, int toOffset, int size) {
            System.arraycopy(
                    memory[from.space()], from.offset() + fromOffset, memory[to.space()], to.offset() + toOffset, size);
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }
}
