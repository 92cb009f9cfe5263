/**
 * What {@code deploy/chaos} runs: real drivers and executors are killed, frozen, deprived of their disk and their network,
 * attacked and started twice, and every run is then held to the bytes of one that nobody disturbed. Black-box: it starts {@code deploy/kindling} and
 * looks at processes and files. Stands among the tests so that the build compiles and checks it, but is no test of the
 * build: it takes long and needs a machine. May import the JDK and Jackson; nothing of Kindling, no test library.
 */
@NullMarked
package dev.kindling.driver.chaos;

import org.jspecify.annotations.NullMarked;
