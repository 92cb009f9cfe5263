package dev.kindling.job.program;

/**
 * The closed set of operations. It is closed under differentiation: the derivative of every op is written in ops of this
 * set. All elements have one floating-point type; booleans are 1 or 0, and indices are integers stored in that type.
 * Arrays are dense and row-major.
 */
public enum Op {
    /** A named input of the program. */
    INPUT(0),
    /** A scalar known when the program is built. */
    CONSTANT(0),
    /** 0, 1, ... n-1: [n]. */
    IOTA(0),
    /** Pseudorandom numbers in [0, 1), multiples of 2^-24: a pure function of a key of integers. */
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

    /** Matrix product; either operand may be read transposed. */
    MATMUL(2),
    /**
     * The solution X [n, m] of A X = B for a symmetric positive definite A [n, n] and B [n, m], by Cholesky's factorisation.
     * Only the symmetric part (A + Aᵀ) / 2 is used, also by the derivative. Where a pivot of the factorisation is not a
     * positive finite number, A is not positive definite and all of X is NaN.
     */
    SOLVE(2),
    /** Cross-correlation of [n, h, w, in] with a kernel [kh, kw, in, out] over a {@link Window}: [n, oh, ow, out]. */
    CONV(2),
    /** The adjoint of {@link #CONV} in its input: from [n, oh, ow, out] and the kernel to [n, h, w, in]. */
    CONV_INPUT(2),
    /** The adjoint of {@link #CONV} in its kernel: from [n, h, w, in] and [n, oh, ow, out] to [kh, kw, in, out]. */
    CONV_KERNEL(2),
    /** For each window, the second argument's element at the first argument's first maximum: [n, h, w, c] to [n, oh, ow, c]. */
    POOL_GATHER(2),
    /** Zeros [n, h, w, c] with the second, [n, oh, ow, c], added at the first maxima of the windows of the first. */
    POOL_SCATTER(2),
    /** Sum over each {@link Window} of [n, h, w, c]: [n, oh, ow, c]. */
    WINDOW_SUM(1),
    /** The adjoint of {@link #WINDOW_SUM}: each element of [n, oh, ow, c] is added to its whole window. */
    WINDOW_SPREAD(1),
    /** Repeats along axes of extent 1 and along new leading axes, to a given shape. */
    BROADCAST(1),
    /** Sum over axes, which are removed. */
    SUM(1),
    /** Maximum over the last axis, which is removed; a NaN compares as greater than every number. */
    MAX(1),
    /** Index of the first maximum (as in {@link #MAX}) along the last axis, which is removed. */
    ARGMAX(1),
    /** A new last axis of the given depth, 1 at the index and 0 elsewhere. */
    ONE_HOT(1),
    RESHAPE(1),
    /** Permutes the axes. */
    TRANSPOSE(1),
    /** A range of one axis. */
    SLICE(1),
    /** Adds zeros before and after along one axis: the adjoint of SLICE. */
    PAD(1),
    /** Arrays concatenated along one axis. */
    CONCAT(-1),
    /** Rows of the first at the indices of the second: [n, ...], [k] to [k, ...]. */
    GATHER(2),
    /** Zeros [n, ...] with the second's rows [k, ...] added in order at the first's indices [k]: the adjoint of GATHER. */
    SCATTER_ADD(2),
    /** The identity, with derivative 0. */
    STOP_GRADIENT(1),
    /**
     * The identity, opaque to simplification, XLA's optimization barrier: derivatives are taken with respect to inputs and
     * barriers. Backends remove it ({@code program.passes.Passes.canonicalize}).
     */
    BARRIER(1),

    /** A step program run several times; see {@link Attributes.Loop}. Its results are read through LOOP_RESULT. */
    LOOP(-1),
    /** One result of a LOOP. */
    LOOP_RESULT(1);

    private final int arity;

    Op(int arity) {
        this.arity = arity;
    }

    /** Number of arguments, or -1 if it varies. */
    public int arity() {
        return arity;
    }

    /** Whether each element of the result depends only on the arguments' elements at the same index. */
    public boolean elementwise() {
        return compareTo(NEG) >= 0 && compareTo(SELECT) <= 0;
    }

    /** The name in printed programs: lower case, words joined by {@code -}. */
    public String printed() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
