package dev.kindling.job.algorithm;

/** Steps as they stand: every parameter moves, and the outer derivative sees everything. */
record GradientDescentUpdate(InnerSettings settings) implements InnerUpdate {}
