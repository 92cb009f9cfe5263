package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Mode;
import dev.kindling.driver.check.reference.ModelPasses.Result;
import dev.kindling.job.model.AuxiliaryNetworks;
import dev.kindling.job.model.Model;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.Optional;

/**
 * The reference of relation networks (Sung and others, CVPR 2018, equations 1 and 2): summed class features paired with an
 * example's features in Java, and passed through the relation module.
 */
final class RelationNetReference extends ForwardReference {
    private final ModelPasses embedding;
    private final ModelPasses relation;

    RelationNetReference(TaskContext task) {
        super(task);
        this.embedding = task.passes(task.model().encoder());
        Model model = task.model();
        int features = model.parameters().shape(model.head().get(0)).dim(0);
        this.relation =
                task.passes(AuxiliaryNetworks.relation("relation-net.", model.encoder()), Shape.of(2 * features));
    }

    @Override
    Prediction predict(NamedArrays theta, Sides sides) {
        Examples support = task().support();
        Examples query = task().query();
        Embedded passes = embedded(embedding, theta, sides);
        NamedDuals constants = NamedDuals.constant(theta);
        double[][] features = Examples.rows(passes.support().output().value(), support.count());
        double[][] classes = Classes.sums(features, support, task().layout().classes());
        Examples supportPairs = pairs(classes, features);
        Examples queryPairs =
                pairs(classes, Examples.rows(passes.query().output().value(), query.count()));
        Result supportScores = relation.support(constants, supportPairs, 0, Mode.OUTPUT, sides);
        Result queryScores = relation.query(constants, supportPairs, queryPairs, 1, Mode.OUTPUT, sides);
        return new Prediction(
                Examples.rows(supportScores.output().value(), support.count()),
                Examples.rows(queryScores.output().value(), query.count()),
                statistics(theta, passes.query().observed().with(queryScores.observed())));
    }

    /** For each example, each class's features followed by the example's. */
    private static Examples pairs(double[][] classes, double[][] features) {
        double[][] pairs = new double[features.length * classes.length][];
        for (int i = 0; i < features.length; i++) {
            for (int k = 0; k < classes.length; k++) {
                double[] pair = Arrays.copyOf(classes[k], 2 * classes[k].length);
                System.arraycopy(features[i], 0, pair, classes[k].length, features[i].length);
                pairs[i * classes.length + k] = pair;
            }
        }
        return new Examples(
                Examples.flat(pairs), new double[pairs.length], Optional.empty(), new double[0], pairs.length);
    }

    @Override
    double loss(double[][] outputs, Examples examples) {
        double total = 0;
        for (int i = 0; i < outputs.length; i++) {
            for (int k = 0; k < outputs[i].length; k++) {
                double target = k == (int) examples.y()[i] ? 1 : 0;
                total += examples.weight(i) * (outputs[i][k] - target) * (outputs[i][k] - target);
            }
        }
        return total / examples.totalWeight() / outputs[0].length;
    }
}
