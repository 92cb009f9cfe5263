package dev.kindling.driver.checkpoint;

import dev.kindling.driver.storage.Tensors;

/**
 * A model as a run directory holds it.
 *
 * @param theta θ by name
 * @param thetaHash the SHA-256 of its file
 * @param network what {@code network.json} holds: the network that θ belongs to
 */
public record StoredModel(Manifest manifest, Tensors theta, String thetaHash, String network) {}
