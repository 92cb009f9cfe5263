package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.TrainingProgress;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.optimizer.OptimizerState;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state of the training loop between two rounds; the schedule depends on the round alone. Its vectors are never
 * written to.
 *
 * @param rounds number of rounds done
 * @param theta θ
 * @param optimizer the meta-optimizer's moments and update count
 * @param best the best θ by validation; empty before the first
 * @param average the moving average of θ over rounds; empty for a run without one
 */
public record TrainingState(
        long rounds,
        FlatVector theta,
        OptimizerState optimizer,
        Optional<BestModel> best,
        Optional<FlatVector> average) {
    /**
     * The best θ by validation. Each member of an ensemble has a best part of its own.
     *
     * @param scores of each member
     * @param theta a copy, never written to
     */
    public record BestModel(List<TrainingProgress.Best> scores, FlatVector theta) {
        /** The first model that is validated. */
        static BestModel first(List<Validation> validations, FlatVector current) {
            return new BestModel(
                    validations.stream()
                            .map(validation -> new TrainingProgress.Best(validation, 0))
                            .toList(),
                    current.copy());
        }

        /** The best model after one more validation, that of the given θ. */
        BestModel after(List<Validation> next, Validation.Measure measure, FlatVector current) {
            List<TrainingProgress.Best> better = new ArrayList<>();
            FlatVector parts = theta.copy();
            int size = parts.size() / scores.size();
            for (int member = 0; member < scores.size(); member++) {
                TrainingProgress.Best best = scores.get(member).after(next.get(member), measure);
                better.add(best);
                if (best.validationsWithoutImprovement() == 0) {
                    parts.copyFrom(current, member * size, member * size, size);
                }
            }
            return new BestModel(better, parts);
        }

        /** The last round from which a part of θ is. */
        public long round() {
            return scores.stream()
                    .mapToLong(score -> score.validation().round())
                    .max()
                    .orElseThrow();
        }
    }

    /**
     * The state that a checkpoint holds.
     *
     * @param parameters the arrays of θ
     * @param members number of members of the ensemble; 1 for a single model
     * @throws IllegalArgumentException if it is the state of another number of members
     */
    static TrainingState of(Checkpoint checkpoint, Layout parameters, Precision precision, int members) {
        SortedMap<String, FlatVector> moments = new TreeMap<>();
        checkpoint
                .optimizer()
                .arrays()
                .forEach((name, tensor) -> moments.put(name, tensor.values().to(precision)));
        TrainingProgress progress = checkpoint.progress();
        if (!progress.best().isEmpty() && progress.best().size() != members) {
            throw new IllegalArgumentException(
                    "it has the best validations of " + progress.best().size() + " members; the run has " + members);
        }
        return new TrainingState(
                checkpoint.manifest().rounds(),
                checkpoint.theta().flat(parameters, precision),
                new OptimizerState(progress.updates(), moments),
                checkpoint
                        .best()
                        .filter(theta -> !progress.best().isEmpty())
                        .map(theta -> new BestModel(progress.best(), theta.flat(parameters, precision))),
                checkpoint.average().map(average -> average.flat(parameters, precision)));
    }

    /** This state as a checkpoint. */
    Checkpoint checkpoint(Provenance provenance, Layout parameters, double seconds) {
        return new Checkpoint(
                new Manifest(provenance, rounds, false),
                new TrainingProgress(
                        optimizer.updates(),
                        seconds,
                        best.map(BestModel::scores).orElse(List.of())),
                Tensors.of("theta", parameters, theta),
                moments(),
                best.map(found -> Tensors.of("best", parameters, found.theta())),
                average.map(found -> Tensors.of("average", parameters, found)));
    }

    private Tensors moments() {
        Layout.Builder layout = Layout.builder();
        optimizer.moments().forEach((name, moment) -> layout.add(name, Shape.of(moment.size())));
        Layout all = layout.build();
        FlatVector values = FlatVector.zeros(theta.precision(), all.size());
        optimizer.moments().forEach((name, moment) -> values.copyFrom(moment, 0, all.offset(name), moment.size()));
        return Tensors.of("optimizer", all, values);
    }
}
