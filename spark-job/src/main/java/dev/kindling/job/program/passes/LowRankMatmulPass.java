package dev.kindling.job.program.passes;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Multiplies with low-rank matrices in factored form. The gradient of dense weights is a product AᵀD whose inner extent is
 * the batch size, and adapted weights are W - α AᵀD. The pass tracks such a matrix as a sum of terms, each a dense matrix
 * or a low-rank product, and computes a product with it term by term, x·W - (x Aᵀ)(α D), where that takes fewer
 * multiplications than forming the matrix. All other uses read the sum. Equal in exact arithmetic; rounding differs.
 */
public final class LowRankMatmulPass {
    /** A summand of a matrix. */
    private sealed interface Term {
        /** A dense matrix. */
        record Dense(Value value) implements Term {}

        /** scale·left·right with a small inner extent. */
        record Product(Value left, boolean leftTransposed, Value right, boolean rightTransposed, Value scale)
                implements Term {
            int inner() {
                return left.shape().dim(leftTransposed ? 0 : 1);
            }
        }
    }

    private final ProgramBuilder b;
    private final Map<Value, List<Term>> terms = new HashMap<>();

    private LowRankMatmulPass(ProgramBuilder b) {
        this.b = b;
    }

    /** An equal program in which products with low-rank matrices are computed in factored form, in step programs too. */
    public static Program rewrite(Program program) {
        List<LowRankMatmulPass> pass = new ArrayList<>();
        return Passes.rebuild(program, (b, value, images) -> {
            if (pass.isEmpty()) {
                pass.add(new LowRankMatmulPass(b));
            }
            return pass.get(0).copy(value, images);
        });
    }

    private Value copy(Value value, Map<Value, Value> images) {
        if (value.op() == Op.LOOP) {
            return loop(value, images);
        }
        List<Term> sum = value.shape().rank() == 2 ? sum(value, images) : List.of();
        if (sum.isEmpty()) {
            return b.copy(value, images);
        }
        List<Term> lowRank = sum.stream().map(this::denseUnlessSmall).toList();
        terms.put(value, lowRank);
        return sumOf(lowRank);
    }

    private Value loop(Value value, Map<Value, Value> images) {
        Attributes.Loop r = value.loop();
        Attributes.Loop rewritten = new Attributes.Loop(
                rewrite(r.step()), r.capacity(), r.backwards(), r.carries(), r.perStep(), r.stacked(), r.stops());
        return b.apply(
                Op.LOOP,
                value.args().stream().map(arg -> Passes.image(images, arg)).toList(),
                rewritten);
    }

    /** The terms of a matrix that has a low-rank part; none for any other. */
    private List<Term> sum(Value value, Map<Value, Value> images) {
        return switch (value.op()) {
            case MATMUL -> product(value, images);
            case ADD -> joined(value, images, terms(value.arg(0), images), terms(value.arg(1), images));
            case SUB ->
                joined(value, images, terms(value.arg(0), images), scaled(terms(value.arg(1), images), b.constant(-1)));
            case NEG -> low(value.arg(0)) ? scaled(terms(value.arg(0), images), b.constant(-1)) : List.of();
            case MUL -> multiple(value, images);
            case TRANSPOSE -> low(value.arg(0)) ? transposed(terms(value.arg(0), images)) : List.of();
            default -> List.of();
        };
    }

    private boolean low(Value value) {
        return terms.getOrDefault(value, List.of()).stream().anyMatch(Term.Product.class::isInstance);
    }

    private List<Term> terms(Value value, Map<Value, Value> images) {
        return low(value) ? terms.getOrDefault(value, List.of()) : List.of(new Term.Dense(Passes.image(images, value)));
    }

    private List<Term> joined(Value value, Map<Value, Value> images, List<Term> left, List<Term> right) {
        if (!low(value.arg(0)) && !low(value.arg(1))) {
            return List.of();
        }
        List<Term> all = new ArrayList<>();
        List<Value> dense = new ArrayList<>();
        for (Term term : concat(left, right)) {
            if (term instanceof Term.Dense matrix) {
                dense.add(matrix.value());
            } else {
                all.add(term);
            }
        }
        dense.stream().reduce(b::add).ifPresent(matrix -> all.add(0, new Term.Dense(matrix)));
        int inner = all.stream().mapToInt(LowRankMatmulPass::inner).sum();
        Shape shape = value.shape();
        // With too many terms the sum is no longer of low rank and is cheaper to form once.
        return (long) inner * (shape.dim(0) + shape.dim(1)) < 2L * shape.size()
                ? all
                : List.of(new Term.Dense(b.copy(value, images)));
    }

    private static int inner(Term term) {
        return term instanceof Term.Product product ? product.inner() : 0;
    }

    private static List<Term> concat(List<Term> left, List<Term> right) {
        List<Term> all = new ArrayList<>(left);
        all.addAll(right);
        return all;
    }

    private List<Term> multiple(Value value, Map<Value, Value> images) {
        for (int i = 0; i < 2; i++) {
            Value factor = value.arg(1 - i);
            if (low(value.arg(i))
                    && factor.op() == Op.BROADCAST
                    && factor.arg(0).shape().size() == 1) {
                return scaled(terms(value.arg(i), images), Passes.image(images, factor.arg(0)));
            }
        }
        return List.of();
    }

    /** Every term multiplied by a scalar. */
    private List<Term> scaled(List<Term> sum, Value factor) {
        List<Term> scaled = new ArrayList<>();
        for (Term term : sum) {
            if (term instanceof Term.Product product) {
                scaled.add(new Term.Product(
                        product.left(),
                        product.leftTransposed(),
                        product.right(),
                        product.rightTransposed(),
                        times(product.scale(), factor)));
            } else {
                scaled.add(new Term.Dense(times(((Term.Dense) term).value(), factor)));
            }
        }
        return scaled;
    }

    private Value times(Value value, Value factor) {
        // The scale goes inside a transposition, because a product reads a transposed operand at no cost.
        return value.op() == Op.TRANSPOSE
                ? b.apply(Op.TRANSPOSE, List.of(times(value.arg(0), factor)), value.attributes())
                : b.mul(value, b.reshape(factor, Shape.scalar()));
    }

    private List<Term> transposed(List<Term> sum) {
        List<Term> transposed = new ArrayList<>();
        for (Term term : sum) {
            transposed.add(
                    term instanceof Term.Product product
                            ? new Term.Product(
                                    product.right(),
                                    !product.rightTransposed(),
                                    product.left(),
                                    !product.leftTransposed(),
                                    product.scale())
                            : new Term.Dense(b.transpose(((Term.Dense) term).value(), 1, 0)));
        }
        return transposed;
    }

    /** The terms of a product of two matrices, multiplied term by term where that is cheaper than forming them. */
    private List<Term> product(Value value, Map<Value, Value> images) {
        Attributes.Product attributes = (Attributes.Product) value.attributes();
        List<Term> left = terms(value.arg(0), images);
        List<Term> right = terms(value.arg(1), images);
        if (attributes.leftTransposed() && low(value.arg(0))) {
            left = transposed(left);
        }
        if (attributes.rightTransposed() && low(value.arg(1))) {
            right = transposed(right);
        }
        boolean leftFlag = attributes.leftTransposed() && !low(value.arg(0));
        boolean rightFlag = attributes.rightTransposed() && !low(value.arg(1));
        int m = value.shape().dim(0);
        int n = value.shape().dim(1);
        int k = value.arg(0).shape().dim(attributes.leftTransposed() ? 0 : 1);
        boolean low = low(value.arg(0)) || low(value.arg(1));
        if (!low || !cheaper(left, right, m, k, n)) {
            return List.of(new Term.Product(
                    Passes.image(images, value.arg(0)),
                    attributes.leftTransposed(),
                    Passes.image(images, value.arg(1)),
                    attributes.rightTransposed(),
                    b.constant(1)));
        }
        List<Term> multiplied = new ArrayList<>();
        for (Term x : left) {
            for (Term y : right) {
                multiplied.add(multiplied(x, leftFlag, y, rightFlag, m, n));
            }
        }
        return multiplied;
    }

    /** Whether the product term by term takes at most as many multiplications as forming both operands first. */
    private static boolean cheaper(List<Term> left, List<Term> right, int m, int k, int n) {
        long formed = (long) m * k * n;
        for (Term term : left) {
            formed += (long) inner(term) * m * k;
        }
        for (Term term : right) {
            formed += (long) inner(term) * k * n;
        }
        long multiplied = 0;
        for (Term x : left) {
            for (Term y : right) {
                multiplied += cost(inner(x), inner(y), m, k, n);
            }
        }
        return multiplied <= formed;
    }

    /** Number of multiplications of two terms; an inner extent of 0 stands for a dense matrix. */
    private static long cost(long p, long q, long m, long k, long n) {
        if (p == 0) {
            return q == 0 ? m * k * n : m * k * q + m * q * n;
        }
        if (q == 0) {
            return p * k * n + m * p * n;
        }
        return p * k * q + Math.min(p * q * n + m * p * n, m * p * q + m * q * n);
    }

    private Term multiplied(Term x, boolean xFlag, Term y, boolean yFlag, int m, int n) {
        if (x instanceof Term.Product left) {
            if (y instanceof Term.Product right) {
                return ofBoth(left, right, m, n);
            }
            Value dense = ((Term.Dense) y).value();
            return new Term.Product(
                    left.left(),
                    left.leftTransposed(),
                    core(left.right(), left.rightTransposed(), dense, yFlag),
                    false,
                    left.scale());
        }
        Value dense = ((Term.Dense) x).value();
        if (y instanceof Term.Product right) {
            return new Term.Product(
                    core(dense, xFlag, right.left(), right.leftTransposed()),
                    false,
                    right.right(),
                    right.rightTransposed(),
                    right.scale());
        }
        return new Term.Product(dense, xFlag, ((Term.Dense) y).value(), yFlag, b.constant(1));
    }

    private Term ofBoth(Term.Product left, Term.Product right, long m, long n) {
        Value middle = core(left.right(), left.rightTransposed(), right.left(), right.leftTransposed());
        Value scale = times(left.scale(), right.scale());
        long p = left.inner();
        long q = right.inner();
        return p * q * n + m * p * n <= m * p * q + m * q * n
                ? new Term.Product(
                        left.left(),
                        left.leftTransposed(),
                        b.matmul(middle, right.right(), false, right.rightTransposed()),
                        false,
                        scale)
                : new Term.Product(
                        b.matmul(left.left(), middle, left.leftTransposed(), false),
                        false,
                        right.right(),
                        right.rightTransposed(),
                        scale);
    }

    /**
     * A product of factors. A derivative often needs the transpose of a product of the forward pass: both become one product
     * in one order, which one of them reads transposed.
     */
    private Value core(Value x, boolean xTransposed, Value y, boolean yTransposed) {
        return x.id() <= y.id()
                ? b.matmul(x, y, xTransposed, yTransposed)
                : b.transpose(b.matmul(y, x, !yTransposed, !xTransposed), 1, 0);
    }

    /** A product whose inner extent is not small becomes a dense matrix. */
    private Term denseUnlessSmall(Term term) {
        if (term instanceof Term.Product product) {
            Value matrix = value(product);
            Shape shape = matrix.shape();
            boolean small = (long) product.inner() * (shape.dim(0) + shape.dim(1)) < shape.size();
            return small ? product : new Term.Dense(matrix);
        }
        return term;
    }

    /** The matrix of a term; a product's scale is applied to its smaller factor. */
    private Value value(Term term) {
        if (term instanceof Term.Product product) {
            boolean left =
                    product.left().shape().size() <= product.right().shape().size();
            return b.matmul(
                    left ? times(product.left(), product.scale()) : product.left(),
                    left ? product.right() : times(product.right(), product.scale()),
                    product.leftTransposed(),
                    product.rightTransposed());
        }
        return ((Term.Dense) term).value();
    }

    private Value sumOf(List<Term> sum) {
        return sum.stream().map(this::value).reduce(b::add).orElseThrow();
    }
}
