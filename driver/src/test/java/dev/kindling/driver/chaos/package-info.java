/**
 * Fault-injection scenarios that {@code deploy/chaos} runs: real drivers and executors are killed, suspended, cut off
 * from their disk or their network, attacked and started twice, and the files of every run are then compared with those
 * of an undisturbed run. Black-box: starts {@code deploy/kindling} and examines processes and files. It is part of the
 * test sources so that the build compiles and checks it, but the build does not run it, since it takes long and needs a
 * machine of its own. May import the JDK and Jackson; of Kindling only {@code LockTakers}, which races for run locks;
 * no test library.
 */
@NullMarked
package dev.kindling.driver.chaos;

import org.jspecify.annotations.NullMarked;
