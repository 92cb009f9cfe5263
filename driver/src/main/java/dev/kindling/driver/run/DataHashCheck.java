package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.error.BadDataException;

/** Compares the data that is there with the data that a run was made from. */
public final class DataHashCheck {
    private DataHashCheck() {}

    /**
     * Refuses other data.
     *
     * @throws BadDataException with both hashes
     */
    public static void refuseOther(Provenance then, ResolvedRun now, AtomicDirectory run) {
        String hash = now.source().dataHash();
        if (!then.dataHash().equals(hash)) {
            throw new BadDataException("the data has changed: its hash is " + hash + "; the run in " + run
                    + " was made from data with the hash " + then.dataHash());
        }
    }
}
