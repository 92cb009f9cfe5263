package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerUpdate.Task;
import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An iterative solver of M g = v with M = (1 + δ) I + A/λ, where A is the Hessian of the support loss at φ, which is used only
 * in products with vectors.
 *
 * @param kind of the solver
 * @param product how the product of A and a vector is computed
 * @param lambda λ, above 0
 * @param damping δ, at least 0
 * @param maxIterations maximum number of products with A, at least 1; the Neumann series needs one more, for its residual
 * @param tolerance relative residual at which conjugate gradients stop, at least 0
 * @param relaxation η of the Neumann series, above 0
 */
record ImplicitSolver(
        Kind kind,
        Product product,
        double lambda,
        double damping,
        int maxIterations,
        double tolerance,
        double relaxation) {
    /** The solvers. */
    enum Kind {
        /**
         * Conjugate gradients (Hestenes and Stiefel, 1952), from 0. At a direction p with pᵀMp ≤ 0 they stop with the current
         * solution, or with v itself at the first direction (Steihaug, 1983), and report {@code negative_curvature}.
         */
        CG,
        /** A relaxed Neumann series: g ← g + η (v - M g), starting from v. */
        NEUMANN,
        /** g = v, which is exact for M = I only: first-order MAML with the proximal term. */
        IDENTITY
    }

    /** How A p is computed. */
    enum Product {
        /** The derivative of ∇L(φ)·p. */
        EXACT,
        /** (∇L(φ + εp) - ∇L(φ - εp)) / 2ε with ε = 0.01/‖p‖ (Liu, Simonyan and Yang, ICLR 2019, equation 8). */
        DIFFERENCE
    }

    private static final double DIFFERENCE_LENGTH = 0.01;

    /**
     * Validates the settings.
     *
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    ImplicitSolver {
        if (!(damping >= 0) || Double.isInfinite(damping)) {
            throw new IllegalArgumentException(
                    "imaml.damping is " + damping + "; it must be a finite number, 0 or above");
        }
        if (maxIterations < 1) {
            throw new IllegalArgumentException("imaml.max-iterations is " + maxIterations + "; it must be at least 1");
        }
        if (!(tolerance >= 0) || Double.isInfinite(tolerance)) {
            throw new IllegalArgumentException(
                    "imaml.tolerance is " + tolerance + "; it must be a finite number, 0 or above");
        }
        if (!(relaxation > 0) || Double.isInfinite(relaxation)) {
            throw new IllegalArgumentException(
                    "imaml.relaxation is " + relaxation + "; it must be a finite number above 0");
        }
    }

    static ImplicitSolver of(AlgorithmConfig config, double lambda) {
        return new ImplicitSolver(
                config.choice("imaml.solver", Kind.class),
                config.choice("imaml.product", Product.class),
                lambda,
                config.number("imaml.damping"),
                config.count("imaml.max-iterations"),
                config.number("imaml.tolerance"),
                config.number("imaml.relaxation"));
    }

    /** Whether the solution is an approximation without solving the system. */
    boolean approximate() {
        return kind == Kind.IDENTITY;
    }

    /**
     * A solution.
     *
     * @param vector g
     * @param measures scalars: {@code residual}, relative, and for conjugate gradients {@code negative_curvature}, 0 or 1
     */
    record Solution(Map<String, Value> vector, Map<String, Value> measures) {}

    /**
     * The solution for one task.
     *
     * @param phi φ: a value for each of the model's parameters
     * @param v the right-hand side: a value for each parameter that adapts
     */
    Solution solve(ProgramBuilder b, Task task, Map<String, Value> phi, Map<String, Value> v) {
        return switch (kind) {
            case CG -> conjugateGradients(b, task, phi, v);
            case NEUMANN -> neumann(b, task, phi, v);
            case IDENTITY -> new Solution(v, Map.of());
        };
    }

    /** M p. */
    private Map<String, Value> product(
            ProgramBuilder b, Model model, Map<String, Value> phi, Batch support, Map<String, Value> p) {
        Map<String, Value> ap = switch (product) {
            case EXACT ->
                // The gradient of a loss that is linear in an array does not depend on it: the Hessian is 0 there.
                NamedValues.of(
                        p.keySet(),
                        Autodiff.gradOrZeros(
                                b,
                                Vectors.dot(b, gradient(b, model, phi, support, p), p),
                                NamedValues.values(phi, p.keySet())));
            case DIFFERENCE -> difference(b, model, phi, support, p);
        };
        return Vectors.add(b, Vectors.scale(b, b.constant(1 + damping), p), b.constant(1 / lambda), ap);
    }

    private static Map<String, Value> difference(
            ProgramBuilder b, Model model, Map<String, Value> phi, Batch support, Map<String, Value> p) {
        Value norm = b.sqrt(Vectors.dot(b, p, p));
        // Any length is correct for p = 0.
        Value length = b.select(b.equal(norm, b.constant(0)), b.constant(1), norm);
        Value epsilon = b.div(b.constant(DIFFERENCE_LENGTH), length);
        Map<String, Value> forward = gradient(b, model, moved(b, phi, epsilon, p), support, p);
        Map<String, Value> backward = gradient(b, model, moved(b, phi, b.neg(epsilon), p), support, p);
        return Vectors.scale(b, b.div(length, b.constant(2 * DIFFERENCE_LENGTH)), Vectors.sub(b, forward, backward));
    }

    private static Map<String, Value> moved(
            ProgramBuilder b, Map<String, Value> phi, Value by, Map<String, Value> direction) {
        Map<String, Value> moved = new LinkedHashMap<>(phi);
        Vectors.add(b, NamedValues.only(phi, direction.keySet()), by, direction)
                .forEach((name, value) -> moved.put(name, b.barrier(value)));
        return moved;
    }

    /** ∇L(φ) with respect to the parameters of a vector. */
    private static Map<String, Value> gradient(
            ProgramBuilder b, Model model, Map<String, Value> phi, Batch support, Map<String, Value> over) {
        Value loss = model.loss(b, model.output(b, phi, support.x(), ForwardContext.PLAIN), support.targets());
        return NamedValues.of(over.keySet(), Autodiff.grad(b, loss, NamedValues.values(phi, over.keySet())));
    }

    private Solution conjugateGradients(ProgramBuilder b, Task task, Map<String, Value> phi, Map<String, Value> v) {
        Value squared = Vectors.dot(b, v, v);
        SolverLoop steps = new SolverLoop(b);
        Map<String, Value> x = steps.carry("x ", Vectors.zeros(b, v));
        Map<String, Value> r = steps.carry("r ", v);
        Map<String, Value> p = steps.carry("p ", v);
        Value rr = steps.carry("r·r", squared);
        Value before = steps.carry("negative", b.constant(0));
        Map<String, Value> inside = steps.fixed("φ ", phi);
        Batch support = steps.fixed(task.support());
        Value limit = steps.fixed("limit", b.mul(b.constant(tolerance * tolerance), squared));

        ProgramBuilder sb = steps.step;
        Map<String, Value> mp = product(sb, task.model(), inside, support, p);
        Value curvature = Vectors.dot(sb, p, mp);
        // A curvature of NaN does not count as negative: it propagates into the solution, and the task is discarded.
        Value negative = sb.add(sb.greater(sb.constant(0), curvature), sb.equal(curvature, sb.constant(0)));
        Value alpha = sb.div(rr, curvature);
        Map<String, Value> nextR = Vectors.add(sb, r, sb.neg(alpha), mp);
        Value nextRr = Vectors.dot(sb, nextR, nextR);
        Value atStart = sb.equal(Vectors.dot(sb, x, x), sb.constant(0));
        // If they stop with x = v, the residual is v - M v, and p is v.
        Map<String, Value> ofV = Vectors.sub(sb, r, mp);
        steps.next(Vectors.select(sb, negative, Vectors.select(sb, atStart, p, x), Vectors.add(sb, x, alpha, p)));
        steps.next(Vectors.select(sb, negative, Vectors.select(sb, atStart, ofV, r), nextR));
        steps.next(Vectors.select(sb, negative, p, Vectors.add(sb, nextR, sb.div(nextRr, rr), p)));
        Value squaredResidual = sb.select(negative, sb.select(atStart, Vectors.dot(sb, ofV, ofV), rr), nextRr);
        steps.next(squaredResidual);
        // If v is 0, the solution is 0 and the curvature is not negative.
        Value solved = sb.equal(rr, sb.constant(0));
        steps.next(sb.select(negative, sb.select(solved, before, sb.constant(1)), before));
        Value continues = sb.select(negative, sb.constant(0), sb.greater(squaredResidual, limit));
        List<Value> results = steps.run(maxIterations, sb.sub(sb.constant(1), continues));

        int size = v.size();
        Value left = results.get(3 * size);
        Map<String, Value> measures = new LinkedHashMap<>();
        measures.put("residual", relative(b, left, squared));
        measures.put("negative_curvature", results.get(3 * size + 1));
        return new Solution(NamedValues.of(v.keySet(), results), measures);
    }

    private Solution neumann(ProgramBuilder b, Task task, Map<String, Value> phi, Map<String, Value> v) {
        SolverLoop steps = new SolverLoop(b);
        Map<String, Value> g = steps.carry("g ", v);
        Map<String, Value> inside = steps.fixed("φ ", phi);
        Batch support = steps.fixed(task.support());
        Map<String, Value> right = steps.fixed("v ", v);
        ProgramBuilder sb = steps.step;
        Map<String, Value> r = Vectors.sub(sb, right, product(sb, task.model(), inside, support, g));
        steps.next(Vectors.add(sb, g, sb.constant(relaxation), r));
        List<Value> results = steps.run(maxIterations, sb.constant(0));
        Map<String, Value> sum = NamedValues.of(v.keySet(), results);
        // An iteration computes the residual of the sum before it, so that of the last sum needs one more product.
        Map<String, Value> end = new LinkedHashMap<>(phi);
        end.replaceAll((name, value) -> b.barrier(value));
        Map<String, Value> left = Vectors.sub(b, v, product(b, task.model(), end, task.support(), sum));
        Value residual = relative(b, Vectors.dot(b, left, left), Vectors.dot(b, v, v));
        return new Solution(sum, Map.of("residual", residual));
    }

    /** √(part / whole); 0 if the whole is 0. */
    private static Value relative(ProgramBuilder b, Value part, Value whole) {
        return b.select(b.equal(whole, b.constant(0)), b.constant(0), b.sqrt(b.div(part, whole)));
    }

    /** Builds the loop of a solver; carried values are declared first, then loop invariants. */
    private static final class SolverLoop {
        private final ProgramBuilder b;
        private final ProgramBuilder step = new ProgramBuilder();
        private final List<Value> carries = new ArrayList<>();
        private final List<Value> invariants = new ArrayList<>();
        private final List<Program.Output> outputs = new ArrayList<>();

        SolverLoop(ProgramBuilder b) {
            this.b = b;
        }

        /** Declares a carried value with its initial value; returns the value within an iteration. */
        Value carry(String name, Value first) {
            carries.add(first);
            return step.input(name, first.shape(), Program.Scope.LOOP);
        }

        Map<String, Value> carry(String prefix, Map<String, Value> first) {
            Map<String, Value> inside = new LinkedHashMap<>();
            first.forEach((name, value) -> inside.put(name, carry(prefix + name, value)));
            return inside;
        }

        /** Declares a loop invariant; returns the value within an iteration. */
        Value fixed(String name, Value value) {
            invariants.add(value);
            return step.input(name, value.shape(), Program.Scope.LOOP);
        }

        Map<String, Value> fixed(String prefix, Map<String, Value> values) {
            Map<String, Value> inside = new LinkedHashMap<>();
            values.forEach((name, value) -> inside.put(name, fixed(prefix + name, value)));
            return inside;
        }

        Batch fixed(Batch support) {
            return new Batch(
                    fixed(EpisodeLayout.SUPPORT_X, support.x()),
                    fixed(EpisodeLayout.SUPPORT_Y, support.y()),
                    support.weights().map(each -> fixed(EpisodeLayout.SUPPORT_WEIGHTS, each)),
                    Optional.empty());
        }

        /** Sets the next value of a carried value, in the order of declaration. */
        void next(Value value) {
            outputs.add(new Program.Output("next " + outputs.size(), Program.Reduction.LOOP, value));
        }

        void next(Map<String, Value> values) {
            values.values().forEach(this::next);
        }

        /** The carried values after {@code maxIterations} iterations, or after the first whose {@code stop} is not 0. */
        List<Value> run(int maxIterations, Value stop) {
            outputs.add(new Program.Output("stop", Program.Reduction.LOOP, stop));
            List<Value> arguments = new ArrayList<>();
            arguments.add(b.constant(maxIterations));
            arguments.addAll(carries);
            arguments.addAll(invariants);
            return b.loop(
                    new Attributes.Loop(step.build("term", outputs), maxIterations, false, carries.size(), 0, 0, true),
                    arguments);
        }
    }
}
