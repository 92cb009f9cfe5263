package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.error.BadDataException;

/** Compares the hash of the current data with the hash of the data that a run was trained on. */
public final class DataHashCheck {
    private DataHashCheck() {}

    /**
     * Refuses data that differs from the run's.
     *
     * @throws BadDataException if the hashes differ; the message has both
     */
    public static void refuseOther(Provenance then, ResolvedRun now, AtomicDirectory run) {
        String hash = now.source().dataHash();
        if (!then.dataHash().equals(hash)) {
            throw new BadDataException("the data has changed: its hash is " + hash + "; the run in " + run
                    + " was made from data with the hash " + then.dataHash());
        }
    }
}
