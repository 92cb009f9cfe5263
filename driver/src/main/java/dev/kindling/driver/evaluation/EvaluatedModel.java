package dev.kindling.driver.evaluation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.Provenance;

/**
 * What was evaluated, and how, beside the protocol: all that decided the result.
 *
 * @param settings every setting that decides a number, as a JSON object
 * @param provenance of the evaluation: data, program and code
 * @param rounds how many rounds of meta-training θ has seen
 * @param thetaHash the SHA-256 of the file of θ
 */
public record EvaluatedModel(String settings, Provenance provenance, long rounds, String thetaHash) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Writes it into an evaluation's object; IllegalArgumentException if the settings are no JSON. */
    void addTo(ObjectNode evaluation) {
        try {
            evaluation.set("settings", JSON.readTree(settings));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the settings of an evaluation must be JSON", e);
        }
        evaluation
                .putObject("provenance")
                .put("theta_sha256", thetaHash)
                .put("rounds", rounds)
                .put("program_hash", provenance.programHash())
                .put("data_hash", provenance.dataHash())
                .put("kindling", provenance.kindling())
                .put("commit", provenance.commit());
    }
}
