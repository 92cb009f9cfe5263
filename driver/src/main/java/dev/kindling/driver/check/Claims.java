package dev.kindling.driver.check;

import dev.kindling.job.algorithm.Algorithm.Claim;
import dev.kindling.job.tensor.Storage;
import java.util.Locale;

/** What a method claims of its contribution, held against what was found. */
final class Claims {
    private Claims() {}

    /** The proof, from what one task contributed and what was found of it. */
    static Proof proof(Claim claim, Storage contribution, OrderFinding finding) {
        return switch (claim) {
            case EXACT ->
                new Proof(
                        "the meta-gradient is the exact derivative",
                        finding.order() == Order.SECOND,
                        evidence(finding));
            case FIRST_ORDER ->
                new Proof(
                        "the meta-gradient is the first-order one",
                        finding.order() == Order.FIRST || finding.indistinct(),
                        evidence(finding));
            case IMPLICIT -> implicit(finding);
            case DELTA ->
                new Proof(
                        "tasks contribute how far they moved",
                        true,
                        "a delta is no derivative, so it has no order and finite differences do not apply");
            case NOTHING ->
                new Proof(
                        "θ stays as it began",
                        FiniteDifferences.norm(contribution, 0, contribution.size()) == 0,
                        "tasks contribute zeros");
        };
    }

    /** How well a system is solved is the configuration's choice, by the count of terms: it is said, not judged. */
    private static Proof implicit(OrderFinding finding) {
        double residual = finding.residual().orElse(Double.NaN);
        return new Proof(
                "the implicit derivative is as exact as its residual",
                Double.isFinite(residual),
                String.format(
                        Locale.ROOT,
                        "the relative residual of its linear system is %.1e: more terms or damping lower it; finite differences "
                                + "through the steps, which it is not the derivative of, differ by %.1e",
                        residual,
                        finding.exactError()));
    }

    private static String evidence(OrderFinding finding) {
        String exact = String.format(
                Locale.ROOT,
                "found order %d: largest relative error %.1e against finite differences through adaptation",
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
