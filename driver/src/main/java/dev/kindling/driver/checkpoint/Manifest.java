package dev.kindling.driver.checkpoint;

/**
 * The description of a model or checkpoint directory, part of its {@code manifest.json}.
 *
 * @param provenance of the run that wrote it
 * @param rounds number of rounds of meta-training that θ has had
 * @param finished false if the run ended before its last round, for example by divergence
 */
public record Manifest(Provenance provenance, long rounds, boolean finished) {}
