package dev.kindling.driver.evaluation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.Provenance;

/**
 * The model and settings of an evaluation: everything apart from the protocol that determines its result.
 *
 * @param settings the settings that determine the result, as a JSON object
 * @param provenance of the evaluation: data, program and code
 * @param rounds number of rounds of meta-training that θ has had
 * @param thetaHash SHA-256 of the file of θ
 */
public record EvaluatedModel(String settings, Provenance provenance, long rounds, String thetaHash) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Adds it to an evaluation's JSON object; IllegalArgumentException if the settings are not JSON. */
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
