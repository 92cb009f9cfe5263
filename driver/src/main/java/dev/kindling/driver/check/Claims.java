package dev.kindling.driver.check;

import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.job.algorithm.Algorithm.Claim;
import java.util.Locale;
import java.util.OptionalDouble;

/** What a method claims of its contribution, held against what was found. */
final class Claims {
    /** How far a reported residual may be from the measured one where products of the Hessian are exact: their share. */
    private static final double RESIDUAL_TOLERANCE = 1e-3;

    private static final double RESIDUAL_FLOOR = 1e-6;

    private Claims() {}

    /**
     * The proof, from what one task contributed and what was found of it.
     *
     * @param deltaError of a contribution that claims to be a delta, relative
     */
    static CheckResult proof(
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
            case NOTHING -> new CheckResult("θ stays as it began", contribution.norm() == 0, "tasks contribute zeros");
        };
    }

    /**
     * The relative residual of the linear system that a method solves.
     *
     * @param reported by the method; empty for one without a system
     * @param measured from first-order gradients; empty where it is not computed
     */
    record Residual(OptionalDouble reported, OptionalDouble measured) {
        boolean agrees() {
            double was = reported.orElse(Double.NaN);
            return Double.isFinite(was)
                    && measured.stream()
                            .allMatch(is -> Math.abs(is - was) <= RESIDUAL_FLOOR + RESIDUAL_TOLERANCE * was);
        }
    }

    private static CheckResult exact(OrderEstimate estimate) {
        String statement = "the meta-gradient is the exact derivative";
        if (estimate.refuted() || estimate.order() == DerivativeOrder.SECOND) {
            return new CheckResult(statement, estimate.order() == DerivativeOrder.SECOND, evidence(estimate));
        }
        return new CheckResult(
                statement, Verdict.INCONCLUSIVE, estimate.undecided().orElse(evidence(estimate)));
    }

    /** How well a system is solved is the configuration's choice, by the count of products: it is said, not judged. */
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
        String statement = "tasks contribute how far they moved";
        if (error.isEmpty()) {
            return new CheckResult(
                    statement,
                    Verdict.INCONCLUSIVE,
                    "the rounds of this method are not computed by its training program, so that there is nothing here to "
                            + "hold it against");
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
                + estimate.frozen()
                        .map(firstOrder -> String.format(
                                Locale.ROOT,
                                ", %.1e with adaptation held fixed; gap to first order %.2e%s",
                                firstOrder.error(),
                                firstOrder.gap(),
                                estimate.indistinct() ? "; both orders are the same here" : ""))
                        .orElse("");
    }
}
