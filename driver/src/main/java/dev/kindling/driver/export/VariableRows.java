package dev.kindling.driver.export;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;

/**
 * A program for any number of support and query rows, found from programs of fixed shapes: it is built for two numbers of each,
 * and where the programs apply the same ops to the same arguments, each extent is a function a + b·S + c·Q + d·S·Q of the numbers
 * of support rows S and query rows Q, which four of the programs determine and a fifth confirms. A number that the caller fixes is
 * the same in all of them.
 */
final class VariableRows {
    /** Builds the program for numbers of support and query rows. */
    @FunctionalInterface
    interface Programs {
        Program of(int support, int query);
    }

    /** Indicates that the programs for several numbers of rows differ in more than extents. */
    static final class DifferentProgramsException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DifferentProgramsException(String message) {
            super(message);
        }
    }

    /** A number a + b·S + c·Q + d·S·Q, or its reciprocal. */
    record RowFunction(double constant, double support, double query, double both, boolean reciprocal) {
        private static final double TOLERANCE = 1e-9;

        boolean isFixed() {
            return support == 0 && query == 0 && both == 0;
        }

        /** The value if it is fixed. */
        double value() {
            return reciprocal ? 1 / constant : constant;
        }

        private boolean matches(int s, int q, double number) {
            double found = constant + support * s + query * q + both * s * q;
            double expected = reciprocal ? 1 / number : number;
            return found == expected || Math.abs(found - expected) <= TOLERANCE * Math.abs(expected);
        }
    }

    /** A program of the family: the numbers of rows that it was built for. */
    private record Member(int support, int query) {}

    private final Program program;
    private final List<Member> members;
    private final Map<Value, List<Value>> variants = new HashMap<>();

    private VariableRows(Program program, List<Member> members, List<Program> programs) {
        this.program = program;
        this.members = members;
        match(programs);
    }

    /**
     * The program for any numbers of rows.
     *
     * @param support the number of support rows if it is fixed
     * @param query the number of query rows if it is fixed
     * @param usual a number of support rows for which the program is efficient
     * @throws DifferentProgramsException if the method computes differently for different numbers
     */
    static VariableRows of(Programs programs, OptionalInt support, OptionalInt query, int usual) {
        int s = support.orElse(Math.max(2, usual));
        int q = query.orElse(s + 5);
        int otherS = support.orElse(s + 2);
        int otherQ = query.orElse(s + 9);
        List<Member> members = List.of(
                new Member(s, q),
                new Member(otherS, q),
                new Member(s, otherQ),
                new Member(otherS, otherQ),
                new Member(support.orElse(s + 3), query.orElse(s + 13)));
        List<Program> built = new ArrayList<>();
        members.forEach(member -> built.add(programs.of(member.support(), member.query())));
        return new VariableRows(built.get(0), members, built);
    }

    /** The program, of which only ops, arguments and attributes without extents hold for all numbers of rows. */
    Program program() {
        return program;
    }

    private void match(List<Program> programs) {
        Program first = programs.get(0);
        for (int i = 0; i < first.values().size(); i++) {
            List<Value> same = new ArrayList<>();
            for (Program each : programs) {
                if (each.values().size() != first.values().size()) {
                    throw new DifferentProgramsException("their numbers of values differ");
                }
                Value value = each.values().get(i);
                requireSameOp(first, first.values().get(i), each, value);
                same.add(value);
            }
            variants.put(first.values().get(i), same);
            if (first.values().get(i).op() == Op.LOOP) {
                match(same.stream().map(value -> value.loop().step()).toList());
            }
        }
    }

    private static void requireSameOp(Program first, Value value, Program other, Value counterpart) {
        boolean same = value.op() == counterpart.op()
                && value.args().size() == counterpart.args().size()
                && value.shape().rank() == counterpart.shape().rank();
        for (int i = 0; same && i < value.args().size(); i++) {
            same = first.position(value.arg(i)) == other.position(counterpart.arg(i));
        }
        if (!same) {
            throw new DifferentProgramsException("the value " + value + " of one is " + counterpart + " of another");
        }
    }

    /** The extent of an axis of a value. */
    RowFunction extent(Value value, int axis) {
        return extent(value, variant -> variant.shape().dim(axis));
    }

    /** An extent that is found in the attributes or shapes of a value. */
    RowFunction extent(Value value, ToDoubleFunction<Value> read) {
        List<Value> same = List.copyOf(variants.getOrDefault(value, List.of()));
        return fit(same.stream().mapToDouble(read).toArray(), false, value);
    }

    /** The number of a CONSTANT. */
    RowFunction number(Value value) {
        double[] numbers = variants.getOrDefault(value, List.of()).stream()
                .mapToDouble(variant -> ((Attributes.Number) variant.attributes()).value())
                .toArray();
        try {
            return fit(numbers, false, value);
        } catch (DifferentProgramsException e) {
            return fit(numbers, true, value);
        }
    }

    private RowFunction fit(double[] numbers, boolean reciprocal, Value value) {
        double[] y = numbers.clone();
        for (int i = 0; reciprocal && i < y.length; i++) {
            y[i] = 1 / y[i];
        }
        Member base = members.get(0);
        int s = members.get(3).support() - base.support();
        int q = members.get(3).query() - base.query();
        double both = slope(slope(y[3] - y[2] - y[1] + y[0], s), q);
        double perSupport = slope(y[1] - y[0], s) - both * base.query();
        double perQuery = slope(y[2] - y[0], q) - both * base.support();
        double constant =
                y[0] - perSupport * base.support() - perQuery * base.query() - both * base.support() * base.query();
        RowFunction fitted = new RowFunction(constant, perSupport, perQuery, both, reciprocal);
        for (int i = 0; i < members.size(); i++) {
            if (!fitted.matches(members.get(i).support(), members.get(i).query(), numbers[i])) {
                throw new DifferentProgramsException(
                        "the value " + value + " is no bilinear function of the numbers of rows");
            }
        }
        return fitted;
    }

    private static double slope(double rise, int run) {
        return rise == 0 || run == 0 ? 0 : rise / run;
    }
}
