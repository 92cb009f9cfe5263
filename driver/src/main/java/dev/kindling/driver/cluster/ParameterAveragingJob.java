package dev.kindling.driver.cluster;

import dev.kindling.job.algorithm.ParameterAveraging;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Layout;

/**
 * The settings for running the rounds of a program by parameter averaging in Deeplearning4j.
 *
 * @param program name of the training program
 * @param how the networks are trained
 * @param network in Deeplearning4j's zip format, with gradient descent as updater; its parameters are not used
 * @param theta the arrays of θ: the network's parameters under the same names, row-major
 * @param source of the tasks, opened
 */
public record ParameterAveragingJob(
        String program, ParameterAveraging how, byte[] network, Layout theta, TaskSource source) {}
