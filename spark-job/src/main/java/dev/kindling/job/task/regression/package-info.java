/**
 * The source of random regression tasks, whose targets are independent of the inputs. May import {@code task} and the
 * packages earlier in the list; must not import another task source.
 */
@NullMarked
package dev.kindling.job.task.regression;

import org.jspecify.annotations.NullMarked;
