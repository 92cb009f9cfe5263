package dev.kindling.driver.check;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.tensor.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/**
 * What a check found.
 *
 * @param algorithm name of the method
 * @param inner its inner loop, where it has one
 * @param proofs every statement, in the order of proof
 * @param metaGradient of the one task, in double, laid out as θ
 */
public record CheckReport(
        String algorithm,
        Optional<InnerSettings> inner,
        OrderFinding finding,
        List<Proof> proofs,
        Storage metaGradient) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    public CheckReport {
        proofs = List.copyOf(proofs);
    }

    /** Whether every statement holds. */
    public boolean holds() {
        return proofs.stream().allMatch(Proof::holds);
    }

    /** What {@code check.json} holds; {@code finite_difference_error} is against differences through adaptation. */
    public String json() {
        ObjectNode root = JSON.createObjectNode();
        root.put("algorithm", algorithm);
        ObjectNode settings = root.putObject("settings");
        inner.ifPresent(
                loop -> settings.put("algorithm.inner-rate", loop.rate()).put("algorithm.inner-steps", loop.steps()));
        root.put("query_loss", finding.queryLoss()).put("order", finding.order().number());
        ObjectNode exact = root.putObject("finite_difference_error");
        finding.exactErrors().forEach(exact::put);
        finding.frozen().ifPresent(frozen -> {
            ObjectNode errors = root.putObject("first_order_error");
            frozen.errors().forEach(errors::put);
            root.put("first_order_gap", frozen.gap());
        });
        finding.residual().ifPresent(residual -> root.put("residual", residual));
        ArrayNode statements = root.putArray("proofs");
        for (Proof proof : proofs) {
            statements
                    .addObject()
                    .put("statement", proof.statement())
                    .put("holds", proof.holds())
                    .put("evidence", proof.evidence());
        }
        try {
            return JSON.writeValueAsString(root) + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
