package dev.kindling.driver.optimizer;

/**
 * Which meta-optimizer, and how fast.
 *
 * @param method {@code optimizer.name}
 * @param rate {@code optimizer.rate}, over {@code run.rounds}
 */
public record OptimizerSettings(Method method, Schedule rate) {}
