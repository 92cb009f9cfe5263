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
    static Proof proof(
            Claim claim, NamedArrays contribution, OrderFinding finding, Residual residual, OptionalDouble deltaError) {
        return switch (claim) {
            case EXACT -> exact(finding);
            case FIRST_ORDER ->
                new Proof(
                        "the meta-gradient is the first-order one",
                        finding.order() == Order.FIRST || finding.indistinct(),
                        evidence(finding));
            case IMPLICIT -> implicit(finding, residual);
            case DELTA -> delta(deltaError);
            case NOTHING -> new Proof("θ stays as it began", contribution.norm() == 0, "tasks contribute zeros");
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

    private static Proof exact(OrderFinding finding) {
        String statement = "the meta-gradient is the exact derivative";
        if (finding.refuted() || finding.order() == Order.SECOND) {
            return new Proof(statement, finding.order() == Order.SECOND, evidence(finding));
        }
        return new Proof(statement, Verdict.INCONCLUSIVE, finding.undecided().orElse(evidence(finding)));
    }

    /** How well a system is solved is the configuration's choice, by the count of products: it is said, not judged. */
    private static Proof implicit(OrderFinding finding, Residual residual) {
        return new Proof(
                "the implicit derivative is as exact as its residual",
                residual.agrees(),
                String.format(
                        Locale.ROOT,
                        "the relative residual of its linear system is %.1e as reported, %.1e as measured: more products or "
                                + "damping lower it; derivatives through the steps, which it is not, differ by %.1e",
                        residual.reported().orElse(Double.NaN),
                        residual.measured().orElse(Double.NaN),
                        finding.exactError()));
    }

    private static Proof delta(OptionalDouble error) {
        String statement = "tasks contribute how far they moved";
        if (error.isEmpty()) {
            return new Proof(
                    statement,
                    Verdict.INCONCLUSIVE,
                    "the rounds of this method are not computed by its training program, so that there is nothing here to "
                            + "hold it against");
        }
        return new Proof(
                statement,
                error.getAsDouble() < DirectionalDerivatives.TOLERANCE,
                String.format(
                        Locale.ROOT,
                        "largest relative error %.1e against adaptation step by step; a delta is no derivative and has no order",
                        error.getAsDouble()));
    }

    private static String evidence(OrderFinding finding) {
        String exact = String.format(
                Locale.ROOT,
                "found order %d: largest relative error %.1e against numerical derivatives through adaptation step by step",
                finding.order().number(),
                finding.exactError());
        return exact
                + finding.frozen()
                        .map(frozen -> String.format(
                                Locale.ROOT,
                                ", %.1e with adaptation held fixed; gap to first order %.2e%s",
                                frozen.error(),
                                frozen.gap(),
                                finding.indistinct() ? "; both orders are the same here" : ""))
                        .orElse("");
    }
}
