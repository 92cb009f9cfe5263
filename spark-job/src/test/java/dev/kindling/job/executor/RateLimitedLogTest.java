package dev.kindling.job.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.event.EventRecordingLogger;
import org.slf4j.event.SubstituteLoggingEvent;
import org.slf4j.helpers.SubstituteLogger;

/** Warnings that strangers can cause. */
class RateLimitedLogTest {
    private final ArrayDeque<SubstituteLoggingEvent> events = new ArrayDeque<>();
    private final AtomicLong now = new AtomicLong(-7);
    private RateLimitedLog log;

    @BeforeEach
    void open() {
        SubstituteLogger logger = new SubstituteLogger("test", events, false);
        log = new RateLimitedLog(new EventRecordingLogger(logger, events), 3, Duration.ofSeconds(10), now::get);
    }

    @Test
    void afterSoManyInAPeriodLinesAreLeftOutAndCounted() {
        for (int i = 0; i < 3; i++) {
            assertThat(log.warn("line " + i)).isTrue();
        }
        assertThat(log.warn("one more")).isFalse();
        assertThat(log.warn("and another")).isFalse();
        assertThat(events).hasSize(3);
        now.addAndGet(Duration.ofSeconds(11).toNanos());
        assertThat(log.warn("in the next period")).isTrue();
        assertThat(events).hasSize(5);
        assertThat(events.stream().map(event -> event.getMessage()))
                .startsWith("line 0", "line 1", "line 2")
                .endsWith("in the next period");
        assertThat(events.stream().toList().get(3).getArgumentArray()).containsExactly(2L);
    }

    @Test
    void theLastSuppressedWarningsAreCountedAtTheEnd() {
        for (int i = 0; i < 5; i++) {
            log.warn("line " + i);
        }
        log.close();
        log.close();
        assertThat(events).hasSize(4);
        assertThat(events.getLast().getArgumentArray()).containsExactly(2L);
    }
}
