package dev.kindling.job.algorithm;

/** The default inner update: all parameters adapt, and the outer derivative includes that of the update. */
record GradientDescentUpdate(InnerSettings settings) implements InnerUpdate {}
