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
 */
public record TrainingState(long rounds, FlatVector theta, OptimizerState optimizer, Optional<BestModel> best) {
    /**
     * The best θ by validation.
     *
     * @param theta a copy, never written to
     */
    public record BestModel(TrainingProgress.Best score, FlatVector theta) {
        /** The first model that is validated. */
        static BestModel first(Validation validation, FlatVector current) {
            return new BestModel(new TrainingProgress.Best(validation, 0), current.copy());
        }

        /** The best model after one more validation, that of the current θ. */
        BestModel after(Validation next, FlatVector current) {
            TrainingProgress.Best best = score.after(next);
            return new BestModel(best, best.validationsWithoutImprovement() == 0 ? current.copy() : theta);
        }
    }

    /** The state that a checkpoint holds, for a θ of the given arrays. */
    static TrainingState of(Checkpoint checkpoint, Layout parameters, Precision precision) {
        SortedMap<String, FlatVector> moments = new TreeMap<>();
        checkpoint
                .optimizer()
                .arrays()
                .forEach((name, tensor) -> moments.put(name, tensor.values().to(precision)));
        TrainingProgress progress = checkpoint.progress();
        return new TrainingState(
                checkpoint.manifest().rounds(),
                checkpoint.theta().flat(parameters, precision),
                new OptimizerState(progress.updates(), moments),
                progress.best()
                        .flatMap(score -> checkpoint
                                .best()
                                .map(theta -> new BestModel(score, theta.flat(parameters, precision)))));
    }

    /** This state as a checkpoint. */
    Checkpoint checkpoint(Provenance provenance, Layout parameters, double seconds) {
        return new Checkpoint(
                new Manifest(provenance, rounds, false),
                new TrainingProgress(optimizer.updates(), seconds, best.map(BestModel::score)),
                Tensors.of("theta", parameters, theta),
                moments(),
                best.map(found -> Tensors.of("best", parameters, found.theta())));
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
