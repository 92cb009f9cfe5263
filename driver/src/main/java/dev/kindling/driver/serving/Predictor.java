package dev.kindling.driver.serving;

import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Adapts a model to support sets and predicts queries. Programs are compiled once for each number of examples; those of 32
 * numbers are retained. Thread-safe: threads share programs and borrow workspaces.
 */
public final class Predictor {
    /** Numbers of examples for which compiled programs are retained, of each of the three kinds. */
    private static final int RETAINED = 32;

    /** The values of {@code model.batch-norm} with which batch norm uses the statistics of all queries. */
    private static final Set<String> TRANSDUCTIVE = Set.of("query", "support-and-query");

    private final PlanSettings settings;
    private final Layout parameters;
    private final FlatVector theta;
    private final int steps;
    private final EpisodeLayout template;
    private final Backend backend;
    private final Map<EpisodeLayout, PooledProgram> adapting = leastRecentlyUsed();
    private final Map<EpisodeLayout, PooledProgram> forward = leastRecentlyUsed();
    private final Map<EpisodeLayout, PooledProgram> predicting = leastRecentlyUsed();

    /**
     * A predictor of a trained model.
     *
     * @param settings the model, the method and the backend
     * @param parameters the arrays of θ
     * @param theta not copied, must not change
     * @param template the shapes of a task; its numbers of examples do not matter
     * @param steps inner steps of an adaptation; methods without inner steps ignore it
     * @throws dev.kindling.job.error.BackendUnavailableException if the backend cannot run in this JVM
     */
    public Predictor(PlanSettings settings, Layout parameters, FlatVector theta, EpisodeLayout template, int steps) {
        this.settings = settings;
        this.parameters = parameters;
        this.theta = theta;
        this.template = template.single();
        this.steps = steps;
        this.backend = Backends.named(settings.backend().name());
    }

    /**
     * A predictor of the same model for tasks of another number of classes.
     *
     * @throws IllegalArgumentException if the model has no classes, or its method learns an output layer for another number of
     *     classes
     */
    public Predictor withClasses(int classes) {
        if (!classification()) {
            throw new IllegalArgumentException("the model predicts targets; it cannot adapt to classes");
        }
        EpisodeLayout other = new EpisodeLayout(template.features(), classes, classes, 1, 1);
        Layout needed = settings.algorithm().parameters(ModelFactory.of(settings.model(), other));
        if (!needed.equals(parameters)) {
            throw new IllegalArgumentException("the support set has " + classes + " classes; it must have " + outputs()
                    + ", for " + settings.model().network() + " with "
                    + settings.algorithm().name()
                    + " learns an output layer of that width; a method that makes its head from the support set takes any "
                    + "number: proto-maml, proto-net or relation-net");
        }
        return new Predictor(settings, parameters, theta, other, steps);
    }

    /**
     * Whether the predictions for one query depend on the other queries: the network has batch norm, which uses the statistics
     * of all queries.
     */
    public boolean isTransductive() {
        Map<String, Double> own = settings.algorithm().runningStatistics(model(template));
        Map<String, Double> withStatistics = settings.algorithm()
                .runningStatistics(ModelFactory.of(settings.model().withStatistics(), template));
        return TRANSDUCTIVE.contains(settings.model().batchNorm()) && withStatistics.size() > own.size();
    }

    /** The model that predicts. */
    public PredictedModel model() {
        return new PredictedModel(settings, parameters, theta, template, steps);
    }

    /** Whether the method predicts variances. */
    public boolean predictsVariances() {
        return settings.algorithm()
                .predict(model(template.withSizes(1, 1)), template.withSizes(1, 1), steps)
                .perTask()
                .has("variance");
    }

    /** The shape of one input. */
    public Shape input() {
        return template.input();
    }

    /** Outputs of the network for one query: the width of a target, or the number of classes. */
    public int outputs() {
        return template.outputs();
    }

    /** Whether targets are classes 0, 1, ..., written as numbers. */
    public boolean classification() {
        return template.classification();
    }

    /**
     * Adapts to a support set.
     *
     * @param x inputs, row-major [examples, ...input]; only a model of weighted episodes takes none
     * @param y targets, row-major [examples, outputs], or [examples] classes
     * @throws IllegalArgumentException if the lengths do not fit the model, or a class is unknown to it
     */
    public AdaptedTask adapt(double[] x, double[] y) {
        if (template.weighted() && x.length == 0 && y.length == 0) {
            int width = classification() ? 1 : outputs();
            return adapted(
                    template.withSizes(1, 1), new double[template.input().size()], new double[width], new double[1]);
        }
        int examples = examples(x, "support inputs");
        int width = classification() ? 1 : outputs();
        if (y.length != examples * width) {
            throw new IllegalArgumentException("the support set has " + examples + " inputs and " + y.length
                    + " numbers of targets; it must have " + examples * width);
        }
        return adapted(withSupport(y, examples), x.clone(), y.clone(), weights(examples));
    }

    /** Weights of 1 for the given number of examples; empty if the model's episodes have none. */
    private double[] weights(int examples) {
        double[] weights = new double[template.weighted() ? examples : 0];
        Arrays.fill(weights, 1);
        return weights;
    }

    private AdaptedTask adapted(EpisodeLayout layout, double[] x, double[] y, double[] weights) {
        Model model = model(layout);
        Optional<AdaptedTask.Adapted> adapted = program(
                        adapting, layout, () -> settings.algorithm().adaptation(model, layout, steps))
                .map(program -> new AdaptedTask.Adapted(program.sumsLayout(), program.sums(theta, x, y, weights)));
        return new AdaptedTask(this, layout, x, y, weights, adapted);
    }

    /** The predictions for queries of an adapted task. */
    Prediction predict(AdaptedTask task, double[] queries) {
        int count = examples(queries, "queries");
        EpisodeLayout layout = withQueries(task.layout(), count);
        Model model = model(layout);
        if (task.adapted().isPresent()) {
            PooledProgram program = program(
                            forward, layout, () -> settings.algorithm().forward(model, layout))
                    .orElseThrow();
            return new Prediction(program.perTask(task.adapted().get(), task.x(), queries), Optional.empty());
        }
        PooledProgram program = program(
                        predicting,
                        layout,
                        () -> Optional.of(settings.algorithm().predict(model, layout, steps)))
                .orElseThrow();
        double[] targets = new double[classification() ? count : count * outputs()];
        double[] results = program.perTask(theta, task.x(), task.y(), queries, targets, task.weights(), weights(count));
        Layout names = program.perTaskLayout();
        return new Prediction(
                last(results, names, "prediction"),
                names.has("variance") ? Optional.of(last(results, names, "variance")) : Optional.empty());
    }

    /** The values of an output after the last step. */
    private static double[] last(double[] results, Layout layout, String name) {
        int size = layout.shape(name).size();
        int end = layout.offset(name) + size;
        return Arrays.copyOfRange(results, end - size / layout.shape(name).dim(0), end);
    }

    private Model model(EpisodeLayout layout) {
        Model model = ModelFactory.of(settings.model(), layout);
        if (!settings.algorithm().parameters(model).equals(parameters)) {
            throw new IllegalArgumentException("a task of the shapes " + layout + " would need the parameters "
                    + settings.algorithm().parameters(model) + "; the model has " + parameters);
        }
        return model;
    }

    private int examples(double[] x, String what) {
        int size = template.input().size();
        if (x.length == 0 || x.length % size != 0) {
            throw new IllegalArgumentException("there are " + x.length + " numbers of " + what
                    + "; it must be a positive multiple of " + size + ", the size of one input " + template.input());
        }
        return x.length / size;
    }

    private EpisodeLayout withSupport(double[] y, int examples) {
        int classes = template.classes();
        for (double label : y) {
            if (classification() && (label < 0 || label >= classes || label != Math.rint(label))) {
                throw new IllegalArgumentException("a support target is the class " + label
                        + "; it must be an integer from 0 to " + (classes - 1));
            }
        }
        return template.withSizes(examples, 1);
    }

    private static EpisodeLayout withQueries(EpisodeLayout layout, int queries) {
        return layout.withSizes(layout.support(), queries);
    }

    private Optional<PooledProgram> program(
            Map<EpisodeLayout, PooledProgram> known, EpisodeLayout layout, Supplier<Optional<Program>> made) {
        PooledProgram found = known.get(layout);
        if (found != null) {
            return Optional.of(found);
        }
        Optional<PooledProgram> compiled = made.get()
                .map(program -> new PooledProgram(
                        backend.compile(program, settings.backend().options())));
        compiled.ifPresent(program -> known.put(layout, program));
        return compiled;
    }

    private static Map<EpisodeLayout, PooledProgram> leastRecentlyUsed() {
        return Collections.synchronizedMap(new LinkedHashMap<>(RETAINED, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<EpisodeLayout, PooledProgram> eldest) {
                return size() > RETAINED;
            }
        });
    }
}
