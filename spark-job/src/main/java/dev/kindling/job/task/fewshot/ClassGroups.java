package dev.kindling.job.task.fewshot;

import dev.kindling.job.random.RandomStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The classes of a split grouped by the parent of their folders (the alphabets of Omniglot), for tasks whose classes all come
 * from one group. Groups with fewer classes than a task are left out. A task draws its group first, all with equal
 * probability, then its classes.
 */
final class ClassGroups {
    private final ClassSplit classSplit;
    private final int ways;
    private final String clause;
    private final List<int[]> groups = new ArrayList<>();
    private final int leftOut;

    /** The groups of a split that have enough classes for each of its tasks. */
    ClassGroups(ClassSplit classSplit, WaySettings ways) {
        this.classSplit = classSplit;
        this.ways = ways.of(classSplit.split()).most();
        this.clause = ways.clause(classSplit.split());
        TreeMap<String, List<Integer>> members = new TreeMap<>();
        for (int number = 0; number < classSplit.classes().size(); number++) {
            String group = classSplit.classes().get(number).images().group();
            members.computeIfAbsent(group, name -> new ArrayList<>()).add(number);
        }
        members.values().stream()
                .filter(each -> each.size() >= this.ways)
                .map(each -> each.stream().mapToInt(Integer::intValue).toArray())
                .forEach(groups::add);
        this.leftOut = members.size() - groups.size();
    }

    /** Refuses a split without groups, or without one that has enough classes, with IllegalArgumentException. */
    void requireAny() {
        if (classSplit.classes().stream().allMatch(each -> each.images().group().isEmpty())) {
            throw new IllegalArgumentException("few-shot.within is alphabet, but the classes of " + classSplit.file()
                    + " lie in no folder; it must be split");
        }
        if (groups.isEmpty()) {
            throw new IllegalArgumentException("few-shot.within is alphabet and " + clause + "; none of the " + leftOut
                    + " alphabets of " + classSplit.file() + " has that many classes");
        }
    }

    /** Draws the classes of a task, as indices into the split. */
    int[] choose(int count, RandomStream stream) {
        int[] group = groups.get(stream.nextInt(groups.size()));
        int[] chosen = stream.sampleWithoutReplacement(count, group.length);
        for (int i = 0; i < count; i++) {
            chosen[i] = group[chosen[i]];
        }
        return chosen;
    }

    /** The number of groups that were left out, as a clause; empty if it is 0. */
    Optional<String> note() {
        return leftOut == 0 || groups.isEmpty()
                ? Optional.empty()
                : Optional.of(leftOut + " of " + (leftOut + groups.size()) + " alphabets of " + classSplit.file()
                        + " are left out: they have fewer classes than the " + ways + " of a task");
    }
}
