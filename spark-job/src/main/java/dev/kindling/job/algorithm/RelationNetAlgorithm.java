package dev.kindling.job.algorithm;

import dev.kindling.job.model.AuxiliaryNetworks;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Relation networks: Sung et al., CVPR 2018, section 3.2. The network without its output layer is the embedding f, whose
 * outputs are feature maps. The relation r between class k and query x is g([Σ f(x_i), f(x)]): the summed maps of the class's
 * support examples and those of the query are concatenated along channels and passed through the relation module g, which is
 * trained together with f and ends in a sigmoid (equation 1). The loss is the mean of (r - 1[x is of class k])² over queries
 * and classes (equation 2, as a mean); the predicted class is that of the largest relation. θ does not depend on the number of
 * ways.
 *
 * <p>For batch norm in g, the pairs of queries and classes take the role of queries, and the pairs of support examples and
 * classes that of the support set; {@code model.batch-norm} applies to f and g.
 */
public final class RelationNetAlgorithm extends FeedForwardMethod {
    static final String NAME = "relation-net";

    private RelationNetAlgorithm() {
        super(NAME);
    }

    static Algorithm of(AlgorithmConfig config) {
        return new RelationNetAlgorithm();
    }

    @Override
    JointParameters networks(Model model) {
        return JointParameters.of(model.encoder(), g(model));
    }

    private static Model g(Model model) {
        return AuxiliaryNetworks.relation(NAME + ".", model.encoder());
    }

    @Override
    void requireFits(Model model, EpisodeLayout layout) {
        Prototypes.requireClasses(NAME, layout);
        Batch.requireWeightsSupported(g(model), layout);
    }

    @Override
    Outputs outputs(ProgramBuilder b, Task task) {
        Pairs pairs = Pairs.of(b, task);
        Model g = g(task.model());
        Value support = g.output(b, task.theta(), pairs.support(), task.context());
        Value query = g.predict(b, task.theta(), pairs.support(), pairs.query(), task.queryPass());
        return new Outputs(relations(b, support, pairs.ways()), relations(b, query, pairs.ways()));
    }

    /** Reshapes the relations of all pairs to [examples, ways]. */
    private static Value relations(ProgramBuilder b, Value each, int ways) {
        return b.reshape(each, Shape.of(each.shape().size() / ways, ways));
    }

    /**
     * The inputs of the relation module: for each example, a pair with each class, [examples · ways, 2 · features].
     */
    private record Pairs(Value support, Value query, int ways) {
        static Pairs of(ProgramBuilder b, Task task) {
            Model f = task.model().encoder();
            int ways = Prototypes.ways(task.model());
            Value support = f.output(b, task.theta(), task.support().x(), task.context());
            Value query =
                    f.predict(b, task.theta(), task.support().x(), task.query().x(), task.queryPass());
            Value classes = Prototypes.sums(b, support, task.support(), ways);
            return new Pairs(paired(b, classes, support), paired(b, classes, query), ways);
        }

        private static Value paired(ProgramBuilder b, Value classes, Value features) {
            int examples = features.shape().dim(0);
            int ways = classes.shape().dim(0);
            int width = classes.shape().dim(1);
            Shape all = Shape.of(examples, ways, width);
            Value each = b.broadcast(b.reshape(features, Shape.of(examples, 1, width)), all);
            Value pairs = b.concat(2, List.of(b.broadcast(classes, all), each));
            return b.reshape(pairs, Shape.of(examples * ways, 2 * width));
        }
    }

    /** Scores between 0 and 1. */
    @Override
    public boolean predictsForTheModelsLoss() {
        return false;
    }

    @Override
    Value loss(ProgramBuilder b, Model model, Value output, Targets targets) {
        Value classes = b.oneHot(targets.y(), output.shape().dim(1));
        return targets.mean(b, b.square(b.sub(output, classes)));
    }

    @Override
    Map<String, Value> batchStatistics(ProgramBuilder b, Task task) {
        Map<String, Value> statistics = new LinkedHashMap<>(task.model()
                .encoder()
                .batchStatistics(b, task.theta(), task.query().x(), task.queryPass()));
        Value pairs = Pairs.of(b, task).query();
        statistics.putAll(g(task.model()).batchStatistics(b, task.theta(), pairs, task.queryPass()));
        return statistics;
    }
}
