package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.job.task.BadDataException;

/** Compares the data that is there with the data that a run was made from. */
final class DataHash {
    private DataHash() {}

    /**
     * Refuses other data.
     *
     * @throws BadDataException with both hashes
     */
    static void refuseOther(Provenance then, Prepared now, Folder run) {
        String hash = now.source().dataHash();
        if (!then.dataHash().equals(hash)) {
            throw new BadDataException("the data has changed: its hash is " + hash + "; the run in " + run
                    + " was made from data with the hash " + then.dataHash());
        }
    }
}
