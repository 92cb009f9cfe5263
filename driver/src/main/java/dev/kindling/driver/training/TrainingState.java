package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.TrainingProgress;
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
 * Everything that the loop remembers between two rounds. The schedule's position is the round. Nobody writes to its
 * storages.
 *
 * @param rounds how many are done
 * @param theta θ
 * @param optimizer the meta-optimizer's moments and count
 * @param best the best θ by validation; empty before the first
 */
public record TrainingState(long rounds, FlatVector theta, OptimizerState optimizer, Optional<BestModel> best) {
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
                        .flatMap(found -> checkpoint
                                .best()
                                .map(theta -> new BestModel(
                                        new Validation(found.round(), found.loss(), found.accuracy(), found.diverged()),
                                        theta.flat(parameters, precision),
                                        found.validationsWithoutImprovement()))));
    }

    /** This state as a checkpoint. */
    Checkpoint checkpoint(Provenance provenance, Layout parameters, double seconds) {
        return new Checkpoint(
                new Manifest(provenance, rounds, false),
                new TrainingProgress(optimizer.updates(), seconds, best.map(TrainingState::position)),
                Tensors.of("theta", parameters, theta),
                moments(),
                best.map(found -> Tensors.of("best", parameters, found.theta())));
    }

    private static TrainingProgress.Best position(BestModel best) {
        Validation validation = best.validation();
        return new TrainingProgress.Best(
                validation.round(), validation.loss(), validation.accuracy(), validation.diverged(), best.waited());
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
