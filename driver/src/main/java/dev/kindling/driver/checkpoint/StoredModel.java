package dev.kindling.driver.checkpoint;

import dev.kindling.driver.storage.Tensors;
import java.util.Optional;

/**
 * The content of a run's {@code model/} directory.
 *
 * @param theta the arrays of θ by name
 * @param thetaHash SHA-256 of {@code theta.safetensors}
 * @param network content of {@code network.json}: the network that θ belongs to
 * @param table content of {@code table.json}: the encoding of the table that θ was trained on; empty for other tasks
 */
public record StoredModel(Manifest manifest, Tensors theta, String thetaHash, String network, Optional<String> table) {}
