package dev.kindling.job.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.tensor.Precision;
import java.util.List;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    /** More elements per task than any machine has memory for. */
    private static final int HUGE = Integer.MAX_VALUE;

    @Test
    void aLackOfMemoryIsRefusedWithASingleLineMessage() {
        Buffer small = new Buffer(TaskAxis.ONE, Buffer.Kind.FLOATS, 4);
        Buffer huge = new Buffer(TaskAxis.TASKS, Buffer.Kind.FLOATS, HUGE);
        BufferPool pool = new BufferPool(List.of(small, huge), Precision.DOUBLE, "GPU 3 of this JVM");
        assertThat(pool.bytes()).isEqualTo(32);
        assertThatThrownBy(() -> pool.grow(100_000))
                .isInstanceOf(BackendUnavailableException.class)
                .hasMessageStartingWith(
                        "GPU 3 of this JVM has no room for 1717986917600000 bytes in addition to the 32 "
                                + "that a thread of backend nd4j holds there (")
                .hasMessageEndingWith("); lower backend.memory, or let fewer Spark tasks share it")
                .message()
                .doesNotContain("\n");
        pool.close();
        assertThat(pool.bytes()).isZero();
    }
}
