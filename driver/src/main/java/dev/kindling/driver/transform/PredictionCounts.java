package dev.kindling.driver.transform;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Numbers of groups and rows that were predicted, and the first groups in the order of keys with rows that could not be. */
public final class PredictionCounts implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The most groups that are listed. */
    static final int LISTED = 20;

    private long groups;
    private long supportRows;
    private long predictedRows;
    private long failedRows;
    private long groupsWithoutSupport;
    private long shortenedGroups;
    private long faultyGroups;
    private final SortedMap<String, String> faults = new TreeMap<>();

    PredictionCounts() {}

    void group(boolean hasSupport, boolean isShortened) {
        groups++;
        groupsWithoutSupport += hasSupport ? 0 : 1;
        shortenedGroups += isShortened ? 1 : 0;
    }

    void supportRow() {
        supportRows++;
    }

    void predictedRow() {
        predictedRows++;
    }

    void failedRow() {
        failedRows++;
    }

    void fault(String key, String reason) {
        faultyGroups++;
        list(key, reason);
    }

    private void list(String key, String reason) {
        faults.put(key, reason);
        if (faults.size() > LISTED) {
            faults.remove(faults.lastKey());
        }
    }

    PredictionCounts add(PredictionCounts other) {
        groups += other.groups;
        supportRows += other.supportRows;
        predictedRows += other.predictedRows;
        failedRows += other.failedRows;
        groupsWithoutSupport += other.groupsWithoutSupport;
        shortenedGroups += other.shortenedGroups;
        faultyGroups += other.faultyGroups;
        other.faults.forEach(this::list);
        return this;
    }

    /** The number of groups. */
    public long groups() {
        return groups;
    }

    /** Labelled rows to which the model was adapted. */
    public long supportRows() {
        return supportRows;
    }

    /** Rows with a prediction. */
    public long predictedRows() {
        return predictedRows;
    }

    /** Rows to be predicted whose prediction is null because of a fault. */
    public long failedRows() {
        return failedRows;
    }

    /** Groups without support rows, which are predicted by the model as trained. */
    public long groupsWithoutSupport() {
        return groupsWithoutSupport;
    }

    /** Groups with more labelled rows than the model uses. */
    public long shortenedGroups() {
        return shortenedGroups;
    }

    /** Groups with rows that cannot be used. */
    public long faultyGroups() {
        return faultyGroups;
    }

    /** The first of these in the order of keys, each with the reason. */
    public List<String> faults() {
        List<String> lines = new ArrayList<>();
        faults.forEach((key, reason) -> lines.add("group " + key + ": " + reason));
        return lines;
    }
}
