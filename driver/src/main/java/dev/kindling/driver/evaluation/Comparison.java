package dev.kindling.driver.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The scores of several entrants on the same tasks.
 *
 * @param protocol of the first entrant; batch norm and order may differ between entrants
 * @param scores one for each entrant, at least one, all on the same tasks
 */
public record Comparison(Protocol protocol, List<EntrantScores> scores) {
    /** Two entrants: a later one, and the earlier one that it is compared with. */
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

    /** The largest number of measurements of any entrant: after 0, 1, ... inner steps. */
    public int steps() {
        return scores.stream().mapToInt(EntrantScores::steps).max().orElse(1);
    }

    /** The measures that all entrants have. */
    public List<Measure> measures() {
        return Arrays.stream(Measure.values())
                .filter(measure -> scores.stream().allMatch(each -> each.has(measure)))
                .toList();
    }

    /** The main measure: accuracy if all entrants have it, else loss. */
    public Measure shown() {
        return measures().contains(Measure.ACCURACY) ? Measure.ACCURACY : Measure.LOSS;
    }

    /** All pairs: each later entrant against the first, then against the second, and so on. */
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
