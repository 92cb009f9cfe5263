package dev.kindling.job.tensor;

import java.util.regex.Pattern;

/**
 * The layout of the parameters of an ensemble: the arrays of its members one after another, those of member i named
 * {@code member-<i>.<name>}.
 */
public final class EnsembleLayout {
    private static final Pattern PREFIX = Pattern.compile("^member-\\d+\\.");

    private EnsembleLayout() {}

    /** The layout of an ensemble of {@code members} members; that of the member itself if there is one. */
    public static Layout of(Layout member, int members) {
        if (members == 1) {
            return member;
        }
        Layout.Builder all = Layout.builder();
        for (int i = 0; i < members; i++) {
            for (Layout.Entry entry : member.entries()) {
                all.add(name(i, entry.name()), entry.shape());
            }
        }
        return all.build();
    }

    /** The name that an array of a member has in the ensemble. */
    public static String name(int member, String array) {
        return "member-" + member + "." + array;
    }

    /** The name that an array of an ensemble has in its member; that of another array is returned unchanged. */
    public static String memberArray(String name) {
        return PREFIX.matcher(name).replaceFirst("");
    }

    /** A copy of one member's part of a vector that holds {@code members} parts. */
    public static FlatVector part(FlatVector all, int member, int members) {
        int size = all.size() / members;
        FlatVector part = FlatVector.zeros(all.precision(), size);
        part.copyFrom(all, member * size, 0, size);
        return part;
    }
}
