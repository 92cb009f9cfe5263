package dev.kindling.driver.cluster;

import dev.kindling.job.algorithm.ParameterAveraging;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Layout;

/**
 * What somebody else needs to make the rounds of a program by averaging networks.
 *
 * @param program whose requests are rounds of training
 * @param how the networks are trained
 * @param network as a zip of Deeplearning4j's, whose updater is descent at the rate; its numbers play no part
 * @param theta the arrays of θ: the network's parameters under the same names, row-major
 * @param source of the tasks, opened
 */
public record ParameterAveragingJob(
        String program, ParameterAveraging how, byte[] network, Layout theta, TaskSource source) {}
