package dev.kindling.driver.evaluation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The measures of one predictor on the query rows of groups, for each number of support rows. Immutable. */
public final class GroupScores {
    private final String name;
    private final List<Map<GroupMeasure, Double>> overRows;
    private final List<Map<GroupMeasure, double[]>> ofGroups;

    /**
     * The scores of a predictor.
     *
     * @param overRows for each number of support rows, the measures over all query rows together
     * @param ofGroups for each number of support rows, the measures of each group; NaN where a group does not have one
     */
    public GroupScores(
            String name, List<Map<GroupMeasure, Double>> overRows, List<Map<GroupMeasure, double[]>> ofGroups) {
        this.name = name;
        this.overRows = List.copyOf(overRows);
        this.ofGroups = List.copyOf(ofGroups);
    }

    /**
     * The mean scores of the same method trained with several seeds.
     *
     * @param seeds at least one, of the same groups and numbers of support rows
     */
    public static GroupScores mean(String name, List<GroupScores> seeds) {
        GroupScores first = seeds.get(0);
        List<Map<GroupMeasure, Double>> overRows = new ArrayList<>();
        List<Map<GroupMeasure, double[]>> ofGroups = new ArrayList<>();
        for (int k = 0; k < first.overRows.size(); k++) {
            Map<GroupMeasure, Double> rows = new EnumMap<>(GroupMeasure.class);
            Map<GroupMeasure, double[]> groups = new EnumMap<>(GroupMeasure.class);
            for (GroupMeasure measure : first.measures()) {
                double[] sum = new double[first.ofGroups(measure, k).length];
                double row = 0;
                for (GroupScores each : seeds) {
                    row += each.overRows(measure, k) / seeds.size();
                    double[] one = each.ofGroups(measure, k);
                    for (int group = 0; group < sum.length; group++) {
                        sum[group] += one[group] / seeds.size();
                    }
                }
                rows.put(measure, row);
                groups.put(measure, sum);
            }
            overRows.add(rows);
            ofGroups.add(groups);
        }
        return new GroupScores(name, overRows, ofGroups);
    }

    /** The name of the predictor. */
    public String name() {
        return name;
    }

    /** The measures that the predictor has. */
    public Set<GroupMeasure> measures() {
        return Collections.unmodifiableSet(overRows.get(0).keySet());
    }

    /** Whether the predictor has a measure. */
    public boolean has(GroupMeasure measure) {
        return overRows.get(0).containsKey(measure);
    }

    /** A measure over all query rows together, with the given entry of the numbers of support rows. */
    public double overRows(GroupMeasure measure, int entry) {
        return found(overRows.get(entry), measure);
    }

    /** A measure of each group; NaN where a group does not have it, such as the AUC of a group of one class. */
    public double[] ofGroups(GroupMeasure measure, int entry) {
        return found(ofGroups.get(entry), measure).clone();
    }

    /** A measure of one group; NaN if it does not have it. */
    double ofGroup(GroupMeasure measure, int entry, int group) {
        return found(ofGroups.get(entry), measure)[group];
    }

    /** The mean of a measure over groups with its 95% interval. */
    public Interval overGroups(GroupMeasure measure, int entry) {
        return Interval.of(found(ofGroups.get(entry), measure));
    }

    /** The difference to another predictor, group by group. */
    public PairedDifference minus(GroupScores other, GroupMeasure measure, int entry) {
        return PairedDifference.of(
                found(ofGroups.get(entry), measure), found(other.ofGroups.get(entry), measure), measure.better());
    }

    private static <T> T found(Map<GroupMeasure, T> measures, GroupMeasure measure) {
        T value = measures.get(measure);
        if (value == null) {
            throw new IllegalArgumentException(
                    measure.key() + " was not measured; it must be one of " + measures.keySet());
        }
        return value;
    }
}
