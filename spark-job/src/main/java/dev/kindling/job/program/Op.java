package dev.kindling.job.program;

/**
 * The closed set of operations. It is closed under differentiation: the derivative of every op is written in ops of this
 * set. All numbers are of one precision; truth is 1 or 0, and indices are whole numbers held in that precision. Arrays
 * are dense and row-major.
 */
public enum Op {
    /** A named input of the program. */
    INPUT(0),
    /** A number known when the program is built: a scalar. */
    CONSTANT(0),
    /** 0, 1, ... n-1: [n]. */
    IOTA(0),
    /** Numbers in [0, 1), multiples of 2^-24, that look random: a pure function of a key of whole numbers. */
    UNIFORM(1),

    NEG(1),
    EXP(1),
    LOG(1),
    LOG1P(1),
    EXPM1(1),
    SQRT(1),
    TANH(1),
    SIGMOID(1),
    RELU(1),

    /** Elementwise on two arrays of one shape; the builder broadcasts. */
    ADD(2),
    SUB(2),
    MUL(2),
    DIV(2),
    /** 1 where the first is greater, else 0. */
    GREATER(2),
    /** 1 where both are equal, else 0. */
    EQUAL(2),
    /** The second where the first is not 0, else the third. */
    SELECT(3),

    /** Product of two matrices, either of which may be read transposed. */
    MATMUL(2),
    /** Cross-correlation of [n, h, w, in] with a kernel [kh, kw, in, out] over a {@link Window}: [n, oh, ow, out]. */
    CONV(2),
    /** The adjoint of {@link #CONV} in its input: [n, oh, ow, out] and the kernel to [n, h, w, in]. */
    CONV_INPUT(2),
    /** The adjoint of {@link #CONV} in its kernel: [n, h, w, in] and [n, oh, ow, out] to [kh, kw, in, out]. */
    CONV_KERNEL(2),
    /** For each window of the first [n, h, w, c], the second's element at its first maximum: [n, oh, ow, c]. */
    POOL_GATHER(2),
    /** Zeros [n, h, w, c] with the second [n, oh, ow, c] added where the first has the windows' first maxima. */
    POOL_SCATTER(2),
    /** Sum over each {@link Window} of [n, h, w, c]: [n, oh, ow, c]. */
    WINDOW_SUM(1),
    /** The adjoint of {@link #WINDOW_SUM}: each element of [n, oh, ow, c] added to all of its window. */
    WINDOW_SPREAD(1),
    /** Repeats along axes of extent 1 or missing in front, to a given shape. */
    BROADCAST(1),
    /** Sum over axes, which disappear. */
    SUM(1),
    /** Maximum over the last axis, which disappears; a NaN counts as greater than every number. */
    MAX(1),
    /** Position of the first maximum (as {@link #MAX} has it) along the last axis, which disappears. */
    ARGMAX(1),
    /** A new last axis of given depth, 1 at the index and 0 elsewhere. */
    ONE_HOT(1),
    RESHAPE(1),
    /** Permutes the axes. */
    TRANSPOSE(1),
    /** A range of one axis. */
    SLICE(1),
    /** Zeros before and after along one axis: the adjoint of SLICE. */
    PAD(1),
    /** Arrays joined along one axis. */
    CONCAT(-1),
    /** Rows of the first at the indices of the second: [n, ...], [k] to [k, ...]. */
    GATHER(2),
    /** Zeros [n, ...] with rows [k, ...] (the second) added at indices [k] (the first), in order: the adjoint of GATHER. */
    SCATTER_ADD(2),
    /** The value itself, whose derivative is taken as 0. */
    STOP_GRADIENT(1),
    /**
     * The value itself, opaque to simplification: derivatives are taken with respect to inputs and to these. Backends drop it
     * ({@code program.rewrite.Rewrites.lean}); XLA calls it an optimization barrier.
     */
    BARRIER(1),

    /** A step program run several times; see {@link Attributes.Loop}. Its results are read through RESULT. */
    LOOP(-1),
    /** One result of a REPEAT. */
    LOOP_RESULT(1);

    private final int arity;

    Op(int arity) {
        this.arity = arity;
    }

    /** Count of arguments, or -1 if it varies. */
    public int arity() {
        return arity;
    }

    /** Whether each element of the result depends on the elements at the same place of the arguments alone. */
    public boolean elementwise() {
        return compareTo(NEG) >= 0 && compareTo(SELECT) <= 0;
    }

    /** As programs print it: lower case, words joined by {@code -}. */
    public String printed() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
