package dev.kindling.job.task.table;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.Split;
import java.nio.charset.StandardCharsets;
import org.apache.commons.codec.digest.MurmurHash3;

/** Assigns groups to splits and folds by a hash of the seed and the group's key, so that new groups move no other. */
public final class GroupKeys {
    /** Folds of the training groups for values that are computed out of fold. */
    public static final int FOLDS = 5;

    private static final long SPLIT = 0;
    private static final long FOLD = 1;
    private static final long SAMPLE = 2;

    private GroupKeys() {}

    /** The split of a group. */
    public static Split split(TableSettings.GroupSplit.Fractions fractions, long seed, String key) {
        double draw = stream(seed, SPLIT, key).nextDouble();
        if (draw < fractions.train()) {
            return Split.TRAIN;
        }
        return draw < fractions.train() + fractions.validation() ? Split.VALIDATE : Split.TEST;
    }

    /** The fold of a training group, 0 .. {@link #FOLDS}-1. */
    public static int fold(long seed, String key) {
        return stream(seed, FOLD, key).nextInt(FOLDS);
    }

    /** Whether a group is in a sample of a share of all groups. */
    public static boolean isSampled(long seed, String key, double share) {
        return stream(seed, SAMPLE, key).nextDouble() < share;
    }

    private static RandomStream stream(long seed, long use, String key) {
        long[] hash = MurmurHash3.hash128x64(key.getBytes(StandardCharsets.UTF_8));
        return RandomStream.of(seed, use, hash[0], hash[1]);
    }
}
