package dev.kindling.driver.cluster;

import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which rounds of a run exchange slices. Where executors cannot reach each other, rounds are not kept waiting for it again
 * and again. Not thread-safe.
 */
final class Exchanges {
    /** As many in a row that fail end them all. */
    private static final int MOST_FAILURES = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Exchanges.class);

    private final Exchange.Terms terms;
    /** In a row. */
    private int failures;

    Exchanges(Exchange.Terms terms) {
        this.terms = terms;
    }

    private boolean may() {
        return failures < MOST_FAILURES;
    }

    /** The exchange of a round's sums; empty where each worker sends its own to the driver. */
    Optional<Exchange> ofSums(List<Seat> workers, long version, int numbers, Precision precision) {
        return may() && terms.areMetBy(workers, numbers, precision)
                ? Optional.of(new Exchange(terms, version, numbers, precision))
                : Optional.empty();
    }

    /** Whether a vector goes out in slices. */
    boolean ofVector(List<Seat> workers, Storage vector) {
        return may() && terms.areMetBy(workers, vector);
    }

    /** Counts how a round's exchange went, if it had one. */
    void count(Cut cut) {
        if (cut.exchangeSucceeded()) {
            failures = 0;
        } else if (cut.exchangeFailed() && ++failures == MOST_FAILURES) {
            LOG.warn("executors exchange no slices any more, after {} rounds in a row without success", MOST_FAILURES);
        }
    }
}
