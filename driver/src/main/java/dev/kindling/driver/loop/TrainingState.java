package dev.kindling.driver.loop;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.Position;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.Tensors;
import dev.kindling.driver.optimizer.OptimizerState;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
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
public record TrainingState(long rounds, Storage theta, OptimizerState optimizer, Optional<Best> best) {
    /** The state that a checkpoint holds, for a θ of the given arrays. */
    static TrainingState of(Checkpoint checkpoint, Layout parameters, Precision precision) {
        SortedMap<String, Storage> moments = new TreeMap<>();
        checkpoint
                .optimizer()
                .arrays()
                .forEach((name, tensor) -> moments.put(name, tensor.values().to(precision)));
        Position position = checkpoint.position();
        return new TrainingState(
                checkpoint.manifest().rounds(),
                checkpoint.theta().flat(parameters, precision),
                new OptimizerState(position.updates(), moments),
                position.best()
                        .flatMap(found -> checkpoint
                                .best()
                                .map(theta -> new Best(
                                        new Validation(found.round(), found.loss(), found.accuracy(), found.diverged()),
                                        theta.flat(parameters, precision),
                                        found.waited()))));
    }

    /** This state as a checkpoint. */
    Checkpoint checkpoint(Provenance provenance, Layout parameters, double seconds) {
        return new Checkpoint(
                new Manifest(provenance, rounds, false),
                new Position(optimizer.updates(), seconds, best.map(TrainingState::position)),
                Tensors.of("theta", parameters, theta),
                moments(),
                best.map(found -> Tensors.of("best", parameters, found.theta())));
    }

    private static Position.Best position(Best best) {
        Validation validation = best.validation();
        return new Position.Best(
                validation.round(), validation.loss(), validation.accuracy(), validation.diverged(), best.waited());
    }

    private Tensors moments() {
        Layout.Builder layout = Layout.builder();
        optimizer.moments().forEach((name, moment) -> layout.add(name, Shape.of(moment.size())));
        Layout all = layout.build();
        Storage values = Storage.zeros(theta.precision(), all.size());
        optimizer.moments().forEach((name, moment) -> values.copyFrom(moment, 0, all.offset(name), moment.size()));
        return Tensors.of("optimizer", all, values);
    }
}
