/**
 * The sinusoid regression source of Finn, Abbeel and Levine (2017). May import {@code task} and the packages earlier in the
 * list; must not import another task source.
 */
@NullMarked
package dev.kindling.job.task.sinusoid;

import org.jspecify.annotations.NullMarked;
