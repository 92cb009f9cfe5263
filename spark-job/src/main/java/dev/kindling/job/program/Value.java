package dev.kindling.job.program;

import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * One value of a program: an op applied to earlier values. Immutable; created by a {@link ProgramBuilder}, which returns
 * the same value for equal computations. The {@link #id} of a value is greater than those of its arguments.
 */
public final class Value {
    private final int id;
    private final Op op;
    private final List<Value> args;
    private final Attributes attributes;
    private final Shape shape;

    Value(int id, Op op, List<Value> args, Attributes attributes, Shape shape) {
        this.id = id;
        this.op = op;
        this.args = List.copyOf(args);
        this.attributes = attributes;
        this.shape = shape;
    }

    public int id() {
        return id;
    }

    public Op op() {
        return op;
    }

    public List<Value> args() {
        return args;
    }

    public Value arg(int index) {
        return args.get(index);
    }

    public Attributes attributes() {
        return attributes;
    }

    /** Shape of the value; a scalar for a LOOP, which is only read through its results. */
    public Shape shape() {
        return shape;
    }

    /** The attributes of a LOOP. */
    public Attributes.Loop loop() {
        return (Attributes.Loop) attributes;
    }

    /** The attribute of IOTA, ONE_HOT, SCATTER_ADD and LOOP_RESULT. */
    public int count() {
        return ((Attributes.Count) attributes).count();
    }

    /** The value of a CONSTANT. */
    public double number() {
        return ((Attributes.Number) attributes).value();
    }

    public boolean constant() {
        return op == Op.CONSTANT;
    }

    /** Whether this is a CONSTANT, or the broadcast of one, with the given value. */
    public boolean isEverywhere(double number) {
        Value scalar = op == Op.BROADCAST ? arg(0) : this;
        return scalar.constant() && scalar.number() == number;
    }

    @Override
    public String toString() {
        return "%" + id + " = " + op.printed()
                + args.stream().map(arg -> "%" + arg.id).toList() + " " + shape;
    }
}
