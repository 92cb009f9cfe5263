package dev.kindling.driver.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Several entrants on the same tasks.
 *
 * @param protocol of the first entrant; batch norm and order are each entrant's own
 * @param scores of the entrants, at least one, all of the same tasks
 */
public record Comparison(Protocol protocol, List<EntrantScores> scores) {
    /** Two entrants, the first of which came later into the comparison: what is said of it is relative to the second. */
    public record Pair(EntrantScores entrant, EntrantScores against) {}

    public Comparison {
        scores = List.copyOf(scores);
        EntrantScores first = scores.get(0);
        for (EntrantScores each : scores) {
            if (each.tasks() != first.tasks()) {
                throw new IllegalArgumentException(each.name() + " was evaluated on " + each.tasks() + " tasks and "
                        + first.name() + " on " + first.tasks() + "; they must be the same ones");
            }
        }
    }

    /** How many counts of inner steps, 0 included: the most that any entrant has. */
    public int steps() {
        return scores.stream().mapToInt(EntrantScores::steps).max().orElse(1);
    }

    /** What all entrants were measured by. */
    public List<Measure> measures() {
        return Arrays.stream(Measure.values())
                .filter(measure -> scores.stream().allMatch(each -> each.has(measure)))
                .toList();
    }

    /** What a person looks at first: accuracy where there is one. */
    public Measure shown() {
        return measures().contains(Measure.ACCURACY) ? Measure.ACCURACY : Measure.LOSS;
    }

    /** All pairs: every later entrant against the first, then against the second, and so on. */
    public List<Pair> pairs() {
        List<Pair> pairs = new ArrayList<>();
        for (int against = 0; against < scores.size(); against++) {
            for (int entrant = against + 1; entrant < scores.size(); entrant++) {
                pairs.add(new Pair(scores.get(entrant), scores.get(against)));
            }
        }
        return pairs;
    }
}
