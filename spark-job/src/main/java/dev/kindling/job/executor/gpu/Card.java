package dev.kindling.job.executor.gpu;

/**
 * A GPU of this machine.
 *
 * @param index its number in the order of PCI buses, as {@code nvidia-smi} counts
 * @param uuid its id, {@code GPU-...}
 * @param name as its maker calls it
 */
public record Card(int index, String uuid, String name) {}
