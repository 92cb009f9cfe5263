package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The access pattern of one argument of an elementwise op. A broadcast is not materialised if the kernel can read its source
 * instead: one scalar, one row for all rows, or one element per row.
 *
 * @param value the value that is read
 */
record OperandAccess(Value value, Kind kind) {
    enum Kind {
        FULL,
        SCALAR,
        ROW,
        COLUMN
    }

    /** The accesses of all arguments of an op, over a common division of the result into rows of n elements. */
    record BroadcastPattern(int rows, int n, List<OperandAccess> accesses) {
        static BroadcastPattern of(Shape shape, List<Value> args) {
            int n = 0;
            List<OperandAccess> accesses = new ArrayList<>();
            for (Value arg : args) {
                OperandAccess access = of(arg, shape);
                int length = switch (access.kind()) {
                    case ROW -> access.value().shape().size();
                    case COLUMN -> shape.size() / access.value().shape().size();
                    case FULL, SCALAR -> n;
                };
                boolean conflicts = n != 0 && length != n;
                n = conflicts ? n : length;
                accesses.add(conflicts ? new OperandAccess(arg, Kind.FULL) : access);
            }
            int width = n == 0 ? shape.size() : n;
            return new BroadcastPattern(shape.size() / width, width, accesses);
        }

        private static OperandAccess of(Value arg, Shape shape) {
            if (arg.op() != Op.BROADCAST) {
                return new OperandAccess(arg, shape.size() == 1 ? Kind.SCALAR : Kind.FULL);
            }
            Value source = arg.arg(0);
            int count = source.shape().size();
            if (count == 1) {
                return new OperandAccess(source, Kind.SCALAR);
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

        /** Whether the source has the last axes of the shape, after axes of extent 1. */
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

        /** Whether the source has the first axes of the shape, followed by axes of extent 1. */
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

    /** The operand for a value at the given slice, over rows of n elements. */
    StridedOperand at(BufferSlice slice, int n) {
        return switch (kind) {
            case FULL -> new StridedOperand(slice, n, false);
            case ROW -> new StridedOperand(slice, 0, false);
            case SCALAR -> new StridedOperand(slice, 0, true);
            case COLUMN -> new StridedOperand(slice, 1, true);
        };
    }
}
