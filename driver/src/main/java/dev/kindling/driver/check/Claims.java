package dev.kindling.driver.check;

import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.job.algorithm.Algorithm.Claim;
import dev.kindling.job.task.CheckResult;
import java.util.Locale;
import java.util.OptionalDouble;

/** Checks a method's claim about its contribution against the measurements. */
final class Claims {
    /** Relative tolerance of a reported residual against the measured one, where Hessian products are exact. */
    private static final double RESIDUAL_TOLERANCE = 1e-3;

    private static final double RESIDUAL_FLOOR = 1e-6;

    private Claims() {}

    /**
     * Checks the claim on the contribution of one task.
     *
     * @param deltaError relative error of a contribution that claims to be a delta
     */
    static CheckResult check(
            Claim claim,
            NamedArrays contribution,
            OrderEstimate estimate,
            Residual residual,
            OptionalDouble deltaError) {
        return switch (claim) {
            case EXACT -> exact(estimate);
            case FIRST_ORDER ->
                new CheckResult(
                        "the meta-gradient is the first-order one",
                        estimate.order() == DerivativeOrder.FIRST || estimate.indistinct(),
                        evidence(estimate));
            case IMPLICIT -> implicit(estimate, residual);
            case DELTA -> delta(deltaError);
            case NOTHING -> new CheckResult("θ does not change", contribution.norm() == 0, "tasks contribute zeros");
        };
    }

    /**
     * The relative residual of the linear system that a method solves.
     *
     * @param reported by the method; empty for a method without a linear system
     * @param measured from first-order gradients; empty if it is not computed
     */
    record Residual(OptionalDouble reported, OptionalDouble measured) {
        boolean agrees() {
            double value = reported.orElse(Double.NaN);
            return Double.isFinite(value)
                    && measured.stream()
                            .allMatch(other -> Math.abs(other - value) <= RESIDUAL_FLOOR + RESIDUAL_TOLERANCE * value);
        }
    }

    private static CheckResult exact(OrderEstimate estimate) {
        String statement = "the meta-gradient is the exact derivative";
        if (estimate.refuted() || estimate.order() == DerivativeOrder.SECOND) {
            return new CheckResult(statement, estimate.order() == DerivativeOrder.SECOND, evidence(estimate));
        }
        return new CheckResult(
                statement,
                CheckResult.Verdict.INCONCLUSIVE,
                estimate.inconclusiveReason().orElse(evidence(estimate)));
    }

    /** The residual's size is a choice of the configuration (the number of products), so it is reported and not judged. */
    private static CheckResult implicit(OrderEstimate estimate, Residual residual) {
        return new CheckResult(
                "the implicit derivative is as exact as its residual",
                residual.agrees(),
                String.format(
                        Locale.ROOT,
                        "the relative residual of its linear system is %.1e as reported, %.1e as measured: more products or "
                                + "damping lower it; derivatives through the steps, which it is not, differ by %.1e",
                        residual.reported().orElse(Double.NaN),
                        residual.measured().orElse(Double.NaN),
                        estimate.exactError()));
    }

    private static CheckResult delta(OptionalDouble error) {
        String statement = "tasks contribute θ - φ";
        if (error.isEmpty()) {
            return new CheckResult(
                    statement,
                    CheckResult.Verdict.INCONCLUSIVE,
                    "the rounds of this method are not computed by its training program, so there is nothing here to "
                            + "compare it with");
        }
        return new CheckResult(
                statement,
                error.getAsDouble() < DirectionalDerivatives.TOLERANCE,
                String.format(
                        Locale.ROOT,
                        "largest relative error %.1e against adaptation step by step; a delta is no derivative and has no order",
                        error.getAsDouble()));
    }

    private static String evidence(OrderEstimate estimate) {
        String exact = String.format(
                Locale.ROOT,
                "found order %d: largest relative error %.1e against numerical derivatives through adaptation step by step",
                estimate.order().number(),
                estimate.exactError());
        return exact
                + estimate.firstOrder()
                        .map(firstOrder -> String.format(
                                Locale.ROOT,
                                ", %.1e with adaptation held fixed; gap to first order %.2e%s",
                                firstOrder.error(),
                                firstOrder.gap(),
                                estimate.indistinct() ? "; both orders are the same here" : ""))
                        .orElse("");
    }
}
