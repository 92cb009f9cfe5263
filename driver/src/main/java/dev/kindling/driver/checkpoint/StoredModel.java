package dev.kindling.driver.checkpoint;

import dev.kindling.driver.storage.Tensors;

/**
 * The content of a run's {@code model/} directory.
 *
 * @param theta the arrays of θ by name
 * @param thetaHash SHA-256 of {@code theta.safetensors}
 * @param network content of {@code network.json}: the network that θ belongs to
 */
public record StoredModel(Manifest manifest, Tensors theta, String thetaHash, String network) {}
