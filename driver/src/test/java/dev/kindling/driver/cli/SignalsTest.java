package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.run.CancellationSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Tests the handling of signals with a simulated clock. */
class SignalsTest {
    private final AtomicLong clock = new AtomicLong(-5);
    private final List<Integer> halts = new ArrayList<>();
    private final Signals signals = new Signals(clock::get, halts::add);

    @Test
    void signalsWithinTwoSecondsCountOnceAndALaterOneHaltsTheJvm() {
        try (CancellationSource run = new CancellationSource()) {
            signals.guard(run);
            signals.arrived("TERM");
            // GNU timeout signals its child, and then the whole group.
            clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(4));
            signals.arrived("TERM");
            clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(1900));
            signals.arrived("HUP");
            assertThat(run.isCancelled()).isTrue();
            assertThat(run.reason()).isEqualTo("SIGTERM");
            assertThat(halts).isEmpty();
            clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(200));
            signals.arrived("INT");
            assertThat(halts).containsExactly(130);
        }
    }
}
