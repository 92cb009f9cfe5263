package dev.kindling.driver.checkpoint;

/**
 * What a model or checkpoint directory says about itself.
 *
 * @param provenance where it came from
 * @param rounds how many rounds of meta-training θ has seen
 * @param finished false where the run ended before its last round, as by divergence
 */
public record Manifest(Provenance provenance, long rounds, boolean finished) {}
