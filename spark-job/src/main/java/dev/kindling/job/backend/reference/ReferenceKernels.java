package dev.kindling.job.backend.reference;

import dev.kindling.job.backend.CholeskySolver;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ScalarOps;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The table of kernels of {@link ReferenceBackend}: for each op, loops over arrays of doubles. {@link #compute} rounds the
 * results to the precision; the kernels themselves do not depend on it.
 */
final class ReferenceKernels {
    /** Computes the new array of one value from the arrays of its arguments. */
    @FunctionalInterface
    interface Kernel {
        double[] run(Value value, List<double[]> args);
    }

    private final Precision precision;
    private final Map<Op, Kernel> table = new EnumMap<>(Op.class);

    ReferenceKernels(Precision precision) {
        this.precision = precision;
        table.put(Op.INPUT, (value, args) -> {
            throw new IllegalStateException(value + " was not given");
        });
        table.put(Op.CONSTANT, (value, args) -> new double[] {value.number()});
        table.put(Op.IOTA, (value, args) -> iota(value.count()));
        for (Op op : Op.values()) {
            if (op.elementwise() && op.arity() == 1) {
                table.put(op, (value, args) -> unary(op, args.get(0)));
            } else if (op.elementwise() && op.arity() == 2) {
                table.put(op, (value, args) -> binary(op, args.get(0), args.get(1)));
            }
        }
        table.put(Op.SELECT, (value, args) -> select(args.get(0), args.get(1), args.get(2)));
        table.put(Op.MATMUL, ReferenceKernels::matmul);
        table.put(Op.SOLVE, ReferenceKernels::solve);
        table.put(Op.UNIFORM, ReferenceKernels::uniform);
        table.put(Op.CONV, ReferenceWindowKernels::conv);
        table.put(Op.CONV_INPUT, ReferenceWindowKernels::convInput);
        table.put(Op.CONV_KERNEL, ReferenceWindowKernels::convKernel);
        table.put(Op.POOL_GATHER, ReferenceWindowKernels::poolGather);
        table.put(Op.POOL_SCATTER, ReferenceWindowKernels::poolScatter);
        table.put(Op.WINDOW_SUM, ReferenceWindowKernels::windowSum);
        table.put(Op.WINDOW_SPREAD, ReferenceWindowKernels::windowSpread);
        table.put(Op.BROADCAST, ReferenceKernels::broadcast);
        table.put(Op.SUM, ReferenceKernels::sum);
        table.put(Op.MAX, ReferenceKernels::max);
        table.put(Op.ARGMAX, ReferenceKernels::argmax);
        table.put(Op.ONE_HOT, ReferenceKernels::oneHot);
        table.put(Op.RESHAPE, (value, args) -> args.get(0).clone());
        table.put(Op.TRANSPOSE, ReferenceKernels::transpose);
        table.put(Op.SLICE, ReferenceKernels::slice);
        table.put(Op.PAD, ReferenceKernels::pad);
        table.put(Op.CONCAT, ReferenceKernels::concat);
        table.put(Op.GATHER, ReferenceKernels::gather);
        table.put(Op.SCATTER_ADD, ReferenceKernels::scatterAdd);
        table.put(Op.STOP_GRADIENT, (value, args) -> args.get(0).clone());
        table.put(Op.BARRIER, (value, args) -> args.get(0).clone());
        table.put(Op.LOOP, this::loop);
        table.put(Op.LOOP_RESULT, ReferenceKernels::result);
    }

    /** The ops that have a kernel; a test checks that every op has one. */
    Set<Op> known() {
        return table.keySet();
    }

    /** Computes the values in order and adds them to {@code known}; values that are already there, as inputs, are skipped. */
    void computeAll(List<Value> values, Map<Value, double[]> known) {
        for (Value value : values) {
            if (!known.containsKey(value)) {
                known.put(
                        value,
                        compute(value, value.args().stream().map(known::get).toList()));
            }
        }
    }

    /** The array of one value, rounded to the precision. */
    private double[] compute(Value value, List<double[]> args) {
        Kernel kernel = table.get(value.op());
        if (kernel == null) {
            throw new IllegalStateException("op " + value.op().printed() + " has no kernel");
        }
        double[] result = kernel.run(value, args);
        for (int i = 0; i < result.length; i++) {
            result[i] = precision.round(result[i]);
        }
        return result;
    }

    private static double[] iota(int count) {
        double[] result = new double[count];
        for (int i = 0; i < count; i++) {
            result[i] = i;
        }
        return result;
    }

    private static double[] uniform(Value value, List<double[]> args) {
        RandomStream stream = RandomStream.of(
                Arrays.stream(args.get(0)).mapToLong(part -> (long) part).toArray());
        double[] result = new double[value.shape().size()];
        Arrays.setAll(result, any -> stream.next24Bits());
        return result;
    }

    private static double[] unary(Op op, double[] a) {
        double[] result = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            result[i] = ScalarOps.apply(op, a[i]);
        }
        return result;
    }

    private static double[] binary(Op op, double[] a, double[] b) {
        double[] result = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            result[i] = ScalarOps.apply(op, a[i], b[i]);
        }
        return result;
    }

    private static double[] select(double[] condition, double[] a, double[] b) {
        double[] result = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            result[i] = condition[i] != 0 ? a[i] : b[i];
        }
        return result;
    }

    private static double[] matmul(Value value, List<double[]> args) {
        Attributes.Product product = (Attributes.Product) value.attributes();
        Shape left = value.arg(0).shape();
        Shape right = value.arg(1).shape();
        int rows = value.shape().dim(0);
        int columns = value.shape().dim(1);
        int inner = left.dim(product.leftTransposed() ? 0 : 1);
        double[] result = new double[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                double total = 0;
                for (int k = 0; k < inner; k++) {
                    double a = args.get(0)[product.leftTransposed() ? k * left.dim(1) + i : i * left.dim(1) + k];
                    double b = args.get(1)[product.rightTransposed() ? j * right.dim(1) + k : k * right.dim(1) + j];
                    total += a * b;
                }
                result[i * columns + j] = total;
            }
        }
        return result;
    }

    private static double[] solve(Value value, List<double[]> args) {
        CholeskySolver solver = new CholeskySolver(value.shape().dim(0));
        solver.factorise(args.get(0));
        double[] result = args.get(1).clone();
        solver.solve(result, value.shape().dim(1));
        return result;
    }

    private static double[] broadcast(Value value, List<double[]> args) {
        Shape from = value.arg(0).shape();
        int missing = value.shape().rank() - from.rank();
        double[] result = new double[value.shape().size()];
        for (int position = 0; position < result.length; position++) {
            int[] to = index(value.shape(), position);
            int[] source = new int[from.rank()];
            for (int axis = 0; axis < source.length; axis++) {
                source[axis] = from.dim(axis) == 1 ? 0 : to[axis + missing];
            }
            result[position] = args.get(0)[position(from, source)];
        }
        return result;
    }

    private static double[] sum(Value value, List<double[]> args) {
        List<Integer> summed = ((Attributes.Axes) value.attributes()).axes();
        Shape from = value.arg(0).shape();
        double[] result = new double[value.shape().size()];
        for (int position = 0; position < from.size(); position++) {
            int[] source = index(from, position);
            int[] to = new int[value.shape().rank()];
            int next = 0;
            for (int axis = 0; axis < source.length; axis++) {
                if (!summed.contains(axis)) {
                    to[next++] = source[axis];
                }
            }
            result[position(value.shape(), to)] += args.get(0)[position];
        }
        return result;
    }

    private static double[] max(Value value, List<double[]> args) {
        double[] where = argmax(value, args);
        int extent = lastExtent(value.arg(0).shape());
        double[] result = new double[where.length];
        for (int row = 0; row < result.length; row++) {
            result[row] = args.get(0)[row * extent + (int) where[row]];
        }
        return result;
    }

    /** A NaN counts as greater than every number, so that it stays visible in the maximum. */
    private static double[] argmax(Value value, List<double[]> args) {
        double[] a = args.get(0);
        int extent = lastExtent(value.arg(0).shape());
        double[] result = new double[a.length / extent];
        for (int row = 0; row < result.length; row++) {
            int best = 0;
            for (int i = 1; i < extent; i++) {
                double max = a[row * extent + best];
                double next = a[row * extent + i];
                if (next > max || (Double.isNaN(next) && !Double.isNaN(max))) {
                    best = i;
                }
            }
            result[row] = best;
        }
        return result;
    }

    private static int lastExtent(Shape shape) {
        return shape.dim(shape.rank() - 1);
    }

    private static double[] oneHot(Value value, List<double[]> args) {
        int depth = value.count();
        double[] result = new double[value.shape().size()];
        for (int i = 0; i < args.get(0).length; i++) {
            result[i * depth + checkedIndex(value, args.get(0)[i], depth)] = 1;
        }
        return result;
    }

    private static double[] transpose(Value value, List<double[]> args) {
        List<Integer> axes = ((Attributes.Axes) value.attributes()).axes();
        double[] result = new double[value.shape().size()];
        for (int position = 0; position < result.length; position++) {
            int[] to = index(value.shape(), position);
            int[] source = new int[to.length];
            for (int axis = 0; axis < to.length; axis++) {
                source[axes.get(axis)] = to[axis];
            }
            result[position] = args.get(0)[position(value.arg(0).shape(), source)];
        }
        return result;
    }

    private static double[] slice(Value value, List<double[]> args) {
        Attributes.Range range = (Attributes.Range) value.attributes();
        double[] result = new double[value.shape().size()];
        for (int position = 0; position < result.length; position++) {
            int[] source = index(value.shape(), position);
            source[range.axis()] += range.begin();
            result[position] = args.get(0)[position(value.arg(0).shape(), source)];
        }
        return result;
    }

    private static double[] pad(Value value, List<double[]> args) {
        Attributes.Range range = (Attributes.Range) value.attributes();
        double[] result = new double[value.shape().size()];
        copyInto(result, value.shape(), args.get(0), value.arg(0).shape(), range.axis(), range.begin());
        return result;
    }

    private static double[] concat(Value value, List<double[]> args) {
        int axis = ((Attributes.Range) value.attributes()).axis();
        double[] result = new double[value.shape().size()];
        int begin = 0;
        for (int i = 0; i < args.size(); i++) {
            Shape part = value.arg(i).shape();
            copyInto(result, value.shape(), args.get(i), part, axis, begin);
            begin += part.dim(axis);
        }
        return result;
    }

    /** Copies an array into a larger one, shifted by {@code begin} along one axis. */
    private static void copyInto(double[] target, Shape to, double[] source, Shape from, int axis, int begin) {
        for (int position = 0; position < source.length; position++) {
            int[] index = index(from, position);
            index[axis] += begin;
            target[position(to, index)] = source[position];
        }
    }

    private static double[] gather(Value value, List<double[]> args) {
        int rows = value.arg(0).shape().dim(0);
        int width = args.get(0).length / rows;
        double[] indices = args.get(1);
        double[] result = new double[indices.length * width];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(args.get(0), checkedIndex(value, indices[i], rows) * width, result, i * width, width);
        }
        return result;
    }

    private static double[] scatterAdd(Value value, List<double[]> args) {
        int rows = value.count();
        double[] indices = args.get(0);
        double[] added = args.get(1);
        int width = added.length / indices.length;
        double[] result = new double[rows * width];
        for (int i = 0; i < indices.length; i++) {
            int row = checkedIndex(value, indices[i], rows);
            for (int j = 0; j < width; j++) {
                result[row * width + j] += added[i * width + j];
            }
        }
        return result;
    }

    private static int checkedIndex(Value value, double index, int bound) {
        int integer = (int) index;
        if (integer != index || integer < 0 || integer >= bound) {
            throw new IllegalArgumentException(value.op().printed() + " at index " + index
                    + ": indices must be integers from 0 to " + (bound - 1));
        }
        return integer;
    }

    /** All results of a loop, concatenated in one array, from which {@link #result} copies one. */
    private double[] loop(Value value, List<double[]> args) {
        Attributes.Loop loop = value.loop();
        Program step = loop.step();
        int count = Math.min(count(value, args.get(0)[0]), loop.capacity());
        List<double[]> carries = args.subList(1, 1 + loop.carries());
        List<double[]> stacks = args.subList(1 + loop.carries(), 1 + loop.carries() + loop.perStep());
        List<double[]> invariants = args.subList(1 + loop.carries() + loop.perStep(), args.size());
        List<double[]> stacked = new ArrayList<>();
        for (int i = 0; i < loop.stacked(); i++) {
            int size = step.outputs().get(loop.carries() + i).shape().size();
            stacked.add(new double[loop.capacity() * size]);
        }
        int done = 0;
        boolean stopped = false;
        while (done < count && !stopped) {
            int position = loop.backwards() ? count - 1 - done : done;
            List<double[]> inputs = new ArrayList<>(carries);
            stacks.forEach(stack -> inputs.add(row(stack, position, loop.capacity())));
            inputs.addAll(invariants);
            List<double[]> outputs = runStep(step, inputs);
            carries = outputs.subList(0, loop.carries());
            for (int i = 0; i < loop.stacked(); i++) {
                double[] row = outputs.get(loop.carries() + i);
                System.arraycopy(row, 0, stacked.get(i), position * row.length, row.length);
            }
            stopped = loop.stops() && outputs.get(outputs.size() - 1)[0] != 0;
            done++;
        }
        List<double[]> results = new ArrayList<>(carries);
        results.addAll(stacked);
        results.add(new double[] {done});
        return joined(results);
    }

    private static int count(Value value, double count) {
        if (count < 0 || count != Math.rint(count)) {
            throw new IllegalArgumentException("loop of " + value.loop().step().name() + " has a count of " + count
                    + " steps; the count must be an integer, at least 0");
        }
        return (int) count;
    }

    private List<double[]> runStep(Program step, List<double[]> inputs) {
        Map<Value, double[]> known = new HashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
            known.put(step.inputs().get(i).value(), inputs.get(i));
        }
        computeAll(step.values(), known);
        return step.outputs().stream().map(output -> known.get(output.value())).toList();
    }

    private static double[] row(double[] stack, int position, int rows) {
        int width = stack.length / rows;
        return Arrays.copyOfRange(stack, position * width, (position + 1) * width);
    }

    private static double[] joined(List<double[]> arrays) {
        double[] all =
                new double[arrays.stream().mapToInt(array -> array.length).sum()];
        int offset = 0;
        for (double[] array : arrays) {
            System.arraycopy(array, 0, all, offset, array.length);
            offset += array.length;
        }
        return all;
    }

    private static double[] result(Value value, List<double[]> args) {
        Attributes.Loop loop = value.arg(0).loop();
        List<Program.Output> outputs = loop.step().outputs();
        int offset = 0;
        for (int i = 0; i < value.count(); i++) {
            int size = outputs.get(i).shape().size();
            offset += i < loop.carries() ? size : loop.capacity() * size;
        }
        return Arrays.copyOfRange(args.get(0), offset, offset + value.shape().size());
    }

    /** The index on each axis of the element at a row-major position. */
    private static int[] index(Shape shape, int position) {
        int[] index = new int[shape.rank()];
        int rest = position;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            index[axis] = rest % shape.dim(axis);
            rest /= shape.dim(axis);
        }
        return index;
    }

    /** The row-major position of the element at an index on each axis: the inverse of {@link #index}. */
    private static int position(Shape shape, int[] index) {
        int position = 0;
        for (int axis = 0; axis < shape.rank(); axis++) {
            position = position * shape.dim(axis) + index[axis];
        }
        return position;
    }
}
