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
record Reading(Value value, Kind kind) {
    enum Kind {
        FULL,
        SINGLE,
        ROW,
        COLUMN
    }

    /** The readings of all arguments of an op whose result has the given shape, and the rows they agree on. */
    record Agreement(int rows, int n, List<Reading> readings) {
        static Agreement of(Shape shape, List<Value> args) {
            int n = 0;
            List<Reading> readings = new ArrayList<>();
            for (Value arg : args) {
                Reading reading = of(arg, shape);
                int wanted = switch (reading.kind()) {
                    case ROW -> reading.value().shape().size();
                    case COLUMN -> shape.size() / reading.value().shape().size();
                    case FULL, SINGLE -> n;
                };
                boolean disagrees = n != 0 && wanted != n;
                n = disagrees ? n : wanted;
                readings.add(disagrees ? new Reading(arg, Kind.FULL) : reading);
            }
            int width = n == 0 ? shape.size() : n;
            return new Agreement(shape.size() / width, width, readings);
        }

        private static Reading of(Value arg, Shape shape) {
            if (arg.op() != Op.BROADCAST) {
                return new Reading(arg, shape.size() == 1 ? Kind.SINGLE : Kind.FULL);
            }
            Value source = arg.arg(0);
            int count = source.shape().size();
            if (count == 1) {
                return new Reading(source, Kind.SINGLE);
            }
            if (count == shape.size()) {
                return new Reading(source, Kind.FULL);
            }
            if (trailing(source.shape(), shape)) {
                return new Reading(source, Kind.ROW);
            }
            return leading(source.shape(), shape) ? new Reading(source, Kind.COLUMN) : new Reading(arg, Kind.FULL);
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

    Operand at(Place place, int n) {
        return switch (kind) {
            case FULL -> new Operand(place, n, false);
            case ROW -> new Operand(place, 0, false);
            case SINGLE -> new Operand(place, 0, true);
            case COLUMN -> new Operand(place, 1, true);
        };
    }
}
