package dev.kindling.job.task.fewshot;

import dev.kindling.job.random.RandomStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The classes of a split by the folder that theirs lie in, for tasks whose classes all come from one. Alphabets that are
 * too small for a task are left out. A task draws its alphabet first, each with the same chance, then its classes.
 */
final class ClassGroups {
    private final ClassSplit classSplit;
    private final int ways;
    private final String clause;
    private final List<int[]> large = new ArrayList<>();
    private final int small;

    /** Those of a split that have the classes of any task of it. */
    ClassGroups(ClassSplit classSplit, WaySettings ways) {
        this.classSplit = classSplit;
        this.ways = ways.of(classSplit.split()).most();
        this.clause = ways.clause(classSplit.split());
        TreeMap<String, List<Integer>> members = new TreeMap<>();
        for (int number = 0; number < classSplit.classes().size(); number++) {
            String alphabet = classSplit.classes().get(number).images().alphabet();
            members.computeIfAbsent(alphabet, name -> new ArrayList<>()).add(number);
        }
        members.values().stream()
                .filter(each -> each.size() >= this.ways)
                .map(each -> each.stream().mapToInt(Integer::intValue).toArray())
                .forEach(large::add);
        this.small = members.size() - large.size();
    }

    /** Refuses a split without alphabets, or with none that is large enough, with IllegalArgumentException. */
    void requireAny() {
        if (classSplit.classes().stream()
                .allMatch(each -> each.images().alphabet().isEmpty())) {
            throw new IllegalArgumentException("few-shot.within is alphabet, but the classes of " + classSplit.file()
                    + " lie in no folder; it must be split");
        }
        if (large.isEmpty()) {
            throw new IllegalArgumentException("few-shot.within is alphabet and " + clause + "; none of the " + small
                    + " alphabets of " + classSplit.file() + " has so many classes");
        }
    }

    /** Draws the numbers, in the split, of a task's classes. */
    int[] choose(int count, RandomStream stream) {
        int[] alphabet = large.get(stream.nextInt(large.size()));
        int[] chosen = stream.sampleWithoutReplacement(count, alphabet.length);
        for (int i = 0; i < count; i++) {
            chosen[i] = alphabet[chosen[i]];
        }
        return chosen;
    }

    /** How many were left out, as a clause; empty if none was. */
    Optional<String> note() {
        return small == 0 || large.isEmpty()
                ? Optional.empty()
                : Optional.of(small + " of " + (small + large.size()) + " alphabets of " + classSplit.file()
                        + " are left out: they have fewer classes than the " + ways + " of a task");
    }
}
