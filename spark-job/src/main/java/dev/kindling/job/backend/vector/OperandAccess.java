package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * How an elementwise op reads one argument. A broadcast is not written down where a kernel can repeat its source on the
 * way: one number everywhere, a row under every row, or one number per row.
 *
 * @param value what is read
 */
record OperandAccess(Value value, Kind kind) {
    enum Kind {
        FULL,
        SINGLE,
        ROW,
        COLUMN
    }

    /** The readings of all arguments of an op whose result has the given shape, and the rows they agree on. */
    record BroadcastPattern(int rows, int n, List<OperandAccess> readings) {
        static BroadcastPattern of(Shape shape, List<Value> args) {
            int n = 0;
            List<OperandAccess> readings = new ArrayList<>();
            for (Value arg : args) {
                OperandAccess access = of(arg, shape);
                int wanted = switch (access.kind()) {
                    case ROW -> access.value().shape().size();
                    case COLUMN -> shape.size() / access.value().shape().size();
                    case FULL, SINGLE -> n;
                };
                boolean disagrees = n != 0 && wanted != n;
                n = disagrees ? n : wanted;
                readings.add(disagrees ? new OperandAccess(arg, Kind.FULL) : access);
            }
            int width = n == 0 ? shape.size() : n;
            return new BroadcastPattern(shape.size() / width, width, readings);
        }

        private static OperandAccess of(Value arg, Shape shape) {
            if (arg.op() != Op.BROADCAST) {
                return new OperandAccess(arg, shape.size() == 1 ? Kind.SINGLE : Kind.FULL);
            }
            Value source = arg.arg(0);
            int count = source.shape().size();
            if (count == 1) {
                return new OperandAccess(source, Kind.SINGLE);
            }
            if (count == shape.size()) {
                return new OperandAccess(source, Kind.FULL);
            }
            if (trailing(source.shape(), shape)) {
                return new OperandAccess(source, Kind.ROW);
            }
            return leading(source.shape(), shape)
                    ? new OperandAccess(source, Kind.COLUMN)
                    : new OperandAccess(arg, Kind.FULL);
        }

        /** Whether the source is the last axes of the shape, under ones. */
        private static boolean trailing(Shape source, Shape shape) {
            int product = 1;
            for (int back = 1; back <= shape.rank() && product < source.size(); back++) {
                if (back > source.rank() || source.dim(source.rank() - back) != shape.dim(shape.rank() - back)) {
                    return false;
                }
                product *= shape.dim(shape.rank() - back);
            }
            return product == source.size();
        }

        /** Whether the source is the first axes of the shape, followed by ones. */
        private static boolean leading(Shape source, Shape shape) {
            if (source.rank() != shape.rank()) {
                return false;
            }
            int product = 1;
            for (int axis = 0; axis < shape.rank() && product < source.size(); axis++) {
                if (source.dim(axis) != shape.dim(axis)) {
                    return false;
                }
                product *= shape.dim(axis);
            }
            return product == source.size();
        }
    }

    StridedOperand at(BufferSlice slice, int n) {
        return switch (kind) {
            case FULL -> new StridedOperand(slice, n, false);
            case ROW -> new StridedOperand(slice, 0, false);
            case SINGLE -> new StridedOperand(slice, 0, true);
            case COLUMN -> new StridedOperand(slice, 1, true);
        };
    }
}
