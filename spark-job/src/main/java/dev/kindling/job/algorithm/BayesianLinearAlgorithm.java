package dev.kindling.job.algorithm;

import dev.kindling.job.model.AuxiliaryNetworks;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SettingsCodec;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Bayesian linear head on learned features: Harrison, Sharma and Pavone (ALPaCA), WAFR 2018, equations 5 to 8. A task's
 * prediction is m(x) + ψ(x)·a + noise with a ~ N(0, I):
 *
 * <pre>
 * f(x) = tanh(W e(x) + b)      e: model.network without its output layer; f has bayesian-linear.features elements
 * φ(x) = [1, x, f(x)]          x only where inputs are vectors
 * m(x) = φ(x)·(β, γ)           the prior mean, of which β belongs to [1, x] and γ to f
 * ψ(x) = φ(x) L                so that the head's prior covariance is L Lᵀ
 * noise variance = exp(2 (s + v·f(x))) + 1e-4
 * </pre>
 *
 * <p>Where a task's examples are ordered by an element o of their inputs, such as a time, ψ(x)·a is joined by an
 * Ornstein-Uhlenbeck process in o, of covariance exp(2 p - exp(q) |o - o'|) with p and q learned, unless
 * bayesian-linear.order-kernel is false.
 *
 * <p>Where examples have the indices of categories, ψ(x) = [φ(x) L, v_1, v_2, ...] with a learned vector v_c of each category's
 * value ({@link CategoryEmbeddings}), so that a task's examples of one value, or of similar ones, are correlated beyond what the
 * features explain. Training adds the vectors' penalty. The vectors are not read by the network: as its inputs they repeat what
 * the crossed effect of the same category tells, and fit training tasks better than others.
 *
 * <p>All of it is learned: training minimises the mean negative log density of the queries, so a task without examples is
 * predicted by the prior, and every prediction has a variance. With two classes the prediction is a logit without noise, the
 * posterior is the Laplace approximation, and the logit is divided by √(1 + π/8 variance) (MacKay 1992). With more classes
 * each has a logit with a prior mean of its own, all with the same prior covariance ({@link SoftmaxPosterior}).
 */
public final class BayesianLinearAlgorithm extends FeedForwardMethod {
    static final String NAME = "bayesian-linear";

    private static final double SMALLEST_VARIANCE = 1e-4;
    private static final double INITIAL_DEVIATION = 0.5;
    private static final double INITIAL_FEATURE_DEVIATION = 0.1;
    private static final double INITIAL_LOG_NOISE = StrictMath.log(0.7);

    /** The initial standard deviation of the process in the order, relative to that of the noise. */
    private static final double INITIAL_ORDER_DEVIATION = 0.2;

    /** Added to the variances of the mixed model, whose estimates may be 0. */
    private static final double SMALLEST_COVARIANCE = 1e-6;

    /** What takes the part of the noise variance in the initial size of features where targets are classes. */
    private static final double CLASS_NOISE = 0.5;

    private static final String BETA = NAME + ".beta";
    private static final String GAMMA = NAME + ".gamma";
    private static final String FACTOR = NAME + ".L";
    private static final String LOG_NOISE = NAME + ".log-noise";
    private static final String NOISE_WEIGHTS = NAME + ".noise-weights";
    private static final String ORDER_DEVIATION = NAME + ".log-order-deviation";
    private static final String ORDER_RATE = NAME + ".log-order-rate";

    private final int features;
    private final boolean orderKernel;
    private final CategoryEmbeddings embeddings;

    private BayesianLinearAlgorithm(int features, boolean orderKernel, CategoryEmbeddings embeddings) {
        super(NAME);
        this.features = features;
        this.orderKernel = orderKernel;
        this.embeddings = embeddings;
        SettingsCodec.atLeast(1, NAME + ".features", features);
        SettingsCodec.atLeast(1, NAME + ".embedding-size", embeddings.size());
        if (!(embeddings.penalty() >= 0) || Double.isInfinite(embeddings.penalty())) {
            throw new IllegalArgumentException("bayesian-linear.embedding-penalty is " + embeddings.penalty()
                    + "; it must be a finite number, at least 0");
        }
    }

    static Algorithm of(AlgorithmConfig config) {
        return new BayesianLinearAlgorithm(
                config.count("bayesian-linear.features"),
                config.bool("bayesian-linear.order-kernel"),
                new CategoryEmbeddings(
                        NAME + ".embedding-",
                        config.count("bayesian-linear.embedding-size"),
                        config.number("bayesian-linear.embedding-penalty")));
    }

    @Override
    public Layout parameters(Model model) {
        int width = linear(model) + features;
        int means = means(model);
        Layout.Builder head = Layout.builder()
                .add(BETA, means == 1 ? Shape.of(linear(model)) : Shape.of(linear(model), means))
                .add(GAMMA, means == 1 ? Shape.of(features) : Shape.of(features, means))
                .add(FACTOR, Shape.of(width, width));
        if (hasNoise(model)) {
            head.add(LOG_NOISE, Shape.of(1)).add(NOISE_WEIGHTS, Shape.of(features));
        }
        if (hasOrder(model)) {
            head.add(ORDER_DEVIATION, Shape.of(1)).add(ORDER_RATE, Shape.of(1));
        }
        return super.parameters(model).then(head.build()).then(embeddings.parameters(model));
    }

    /** The prior mean starts at 0 and the prior covariance diagonal, small for the features. */
    @Override
    public void initialise(Model model, long seed, FlatVector target) {
        super.initialise(model, seed, target);
        Layout layout = parameters(model);
        embeddings.initialise(model, seed, layout, target);
        int linear = linear(model);
        int width = linear + features;
        for (int i = 0; i < width; i++) {
            double deviation = i < linear
                    ? INITIAL_DEVIATION / StrictMath.sqrt(linear)
                    : INITIAL_FEATURE_DEVIATION / StrictMath.sqrt(features);
            target.set(layout.offset(FACTOR) + i * width + i, deviation);
        }
        if (hasNoise(model)) {
            target.set(layout.offset(LOG_NOISE), INITIAL_LOG_NOISE);
        }
        if (hasOrder(model)) {
            double logNoise = hasNoise(model) ? INITIAL_LOG_NOISE : 0.5 * StrictMath.log(CLASS_NOISE);
            target.set(layout.offset(ORDER_DEVIATION), logNoise + StrictMath.log(INITIAL_ORDER_DEVIATION));
        }
    }

    /** Whether targets have noise: those of regression, whose networks have one output. */
    private static boolean hasNoise(Model model) {
        return Prototypes.ways(model) == 1;
    }

    /** Whether a process in the order of examples is part of the prior. */
    private boolean hasOrder(Model model) {
        return orderKernel && model.order().isPresent();
    }

    /** The number of prior means: one logit suffices for two classes. */
    private static int means(Model model) {
        int ways = Prototypes.ways(model);
        return ways == 2 ? 1 : ways;
    }

    /**
     * Sets β, the part of L that belongs to [1, x], and the noise to those of a linear mixed model of training tasks, so that
     * training starts from its predictions. For classes it is a mixed model of the labels, scaled to logits by the slope of
     * the logistic function; for more than two, one for each class against the others, with the mean of their covariances.
     * Where inputs are images θ keeps its initial value.
     */
    @Override
    public void fitInitial(Model model, TaskSource source, long seed, FlatVector theta) {
        int linear = linear(model);
        if (linear == 1) {
            return;
        }
        TrainingRows rows = TrainingRows.of(source, seed, linear);
        int means = means(model);
        MixedModel fitted;
        if (hasNoise(model)) {
            fitted = rows.mixedModel();
            setCoefficients(model, theta, 0, fitted.coefficients());
        } else if (means == 1) {
            TrainingRows.Indicators second = rows.indicators(1);
            fitted = second.rows().mixedModel();
            double[] coefficients = fitted.coefficients();
            coefficients[0] += StrictMath.log(second.fraction() / (1 - second.fraction()));
            setCoefficients(model, theta, 0, coefficients);
        } else {
            fitted = fitClasses(model, rows, theta);
        }
        double[] factor = fitted.factor(SMALLEST_COVARIANCE);
        Layout layout = parameters(model);
        int width = linear + features;
        for (int i = 0; i < linear; i++) {
            for (int j = 0; j < linear; j++) {
                theta.set(layout.offset(FACTOR) + i * width + j, factor[i * linear + j]);
            }
        }
        double noise = hasNoise(model) ? fitted.noise() : CLASS_NOISE;
        double deviation = INITIAL_FEATURE_DEVIATION * Math.sqrt(noise / features);
        for (int i = linear; i < width; i++) {
            theta.set(layout.offset(FACTOR) + i * width + i, deviation);
        }
        double logNoise = 0.5 * StrictMath.log(Math.max(noise, SMALLEST_VARIANCE));
        if (hasNoise(model)) {
            theta.set(layout.offset(LOG_NOISE), logNoise);
        }
        if (hasOrder(model)) {
            theta.set(layout.offset(ORDER_DEVIATION), logNoise + StrictMath.log(INITIAL_ORDER_DEVIATION));
        }
    }

    /**
     * Sets β of each of C > 2 classes. A class's logit against the mean of the others is C/(C-1) times its difference from the
     * mean of all, of variance C/(C-1) times that of one logit; both factors are taken out of what is fitted.
     */
    private MixedModel fitClasses(Model model, TrainingRows rows, FlatVector theta) {
        int classes = means(model);
        double share = (classes - 1.0) / classes;
        List<MixedModel> fits = new ArrayList<>();
        for (int way = 0; way < classes; way++) {
            TrainingRows.Indicators indicators = rows.indicators(way);
            MixedModel fitted = indicators.rows().mixedModel();
            double[] coefficients = fitted.coefficients();
            for (int i = 0; i < coefficients.length; i++) {
                coefficients[i] *= share;
            }
            coefficients[0] += StrictMath.log(indicators.fraction());
            setCoefficients(model, theta, way, coefficients);
            fits.add(fitted);
        }
        return MixedModel.withMeanCovariance(fits, share);
    }

    private void setCoefficients(Model model, FlatVector theta, int mean, double[] coefficients) {
        int offset = parameters(model).offset(BETA) + mean;
        for (int i = 0; i < coefficients.length; i++) {
            theta.set(offset + i * means(model), coefficients[i]);
        }
    }

    @Override
    public boolean fitsInitial() {
        return true;
    }

    @Override
    JointParameters networks(Model model) {
        return JointParameters.of(model.encoder(), projection(model));
    }

    private Model projection(Model model) {
        int encoded = model.parameters().shape(model.head().get(0)).dim(0);
        return AuxiliaryNetworks.perceptron(NAME + ".", 0, List.of(encoded, features));
    }

    /** The number of elements of [1, x]; 1 where inputs are no vectors. */
    private static int linear(Model model) {
        Shape first = model.parameters().entries().get(0).shape();
        return first.rank() == 2 ? 1 + first.dim(0) : 1;
    }

    @Override
    void requireFits(Model model, EpisodeLayout layout) {
        if (!layout.classification() && layout.outputs() != 1) {
            throw new IllegalArgumentException("algorithm.name is " + NAME
                    + "; it needs regression with one output or classes, but the tasks have " + layout.outputs()
                    + " outputs; ridge-head serves more");
        }
    }

    /**
     * The values computed from inputs alone, a row or element for each example.
     *
     * @param mean m, [examples] or [examples, C] for more than two classes
     * @param psi ψ, [examples, width]
     * @param features f, [examples, features]
     * @param vectors of categories, [examples, n]; empty if there are none
     */
    private record Features(Value mean, Value psi, Value features, Optional<Value> vectors) {}

    /** The values for examples and the encoder's output for them. */
    private Features features(ProgramBuilder b, Task task, Batch inputs, Value encoded) {
        Model model = task.model();
        Map<String, Value> theta = task.theta();
        int examples = inputs.size();
        Value f = b.tanh(projection(model).output(b, theta, encoded, ForwardContext.PLAIN));
        List<Value> parts = new ArrayList<>(List.of(b.full(Shape.of(examples, 1), 1)));
        if (linear(model) > 1) {
            parts.add(SetEncoder.rows(b, inputs.x()));
        }
        parts.add(f);
        Value phi = b.concat(1, parts);
        Value coefficients = b.concat(0, List.of(NamedValues.value(theta, BETA), NamedValues.value(theta, GAMMA)));
        Value mean = coefficients.shape().rank() == 1 ? product(b, phi, coefficients) : b.matmul(phi, coefficients);
        Value psi = b.matmul(phi, NamedValues.value(theta, FACTOR));
        Optional<Value> vectors = inputs.categories().map(indices -> embeddings.vectors(b, theta, indices));
        return new Features(
                mean, vectors.map(each -> b.concat(1, List.of(psi, each))).orElse(psi), f, vectors);
    }

    /** The noise variance of each example. */
    private static Value noise(ProgramBuilder b, Task task, Features features) {
        Value weights = NamedValues.value(task.theta(), NOISE_WEIGHTS);
        Value log = b.add(product(b, features.features(), weights), NamedValues.value(task.theta(), LOG_NOISE));
        return b.add(b.exp(b.mul(b.constant(2), log)), b.constant(SMALLEST_VARIANCE));
    }

    /** A matrix times a vector: [rows]. */
    private static Value product(ProgramBuilder b, Value matrix, Value vector) {
        Value column = b.reshape(vector, Shape.of(vector.shape().size(), 1));
        return b.reshape(b.matmul(matrix, column), Shape.of(matrix.shape().dim(0)));
    }

    @Override
    Outputs outputs(ProgramBuilder b, Task task) {
        Model encoder = task.model().encoder();
        Value x = task.support().x();
        Value queries = task.query().x();
        Features support = features(b, task, task.support(), encoder.output(b, task.theta(), x, task.context()));
        Features query =
                features(b, task, task.query(), encoder.predict(b, task.theta(), x, queries, task.queryPass()));
        Optional<Value> penalty = query.vectors().map(vectors -> embeddings.penalty(b, vectors, task.query()));
        int examples = task.support().size();
        Value weights = task.support().weights().orElseGet(() -> b.full(Shape.of(examples), 1));
        if (means(task.model()) > 1) {
            SoftmaxPosterior posterior = new SoftmaxPosterior(b, covariance(b, task, support, query), weights);
            return new Outputs(
                    support.mean(),
                    posterior.logits(task.support().y(), support.mean(), query.mean()),
                    Optional.empty(),
                    penalty);
        }
        HeadPosterior posterior = hasOrder(task.model())
                ? new CovariancePosterior(b, covariance(b, task, support, query), weights)
                : new LinearHeadPosterior(b, support.psi(), query.psi(), weights);
        Value y = b.reshape(task.support().y(), Shape.of(examples));
        if (!hasNoise(task.model())) {
            HeadPosterior.PredictedClasses predicted = posterior.ofClasses(y, support.mean());
            Value spread =
                    b.add(b.constant(1), b.mul(b.constant(StrictMath.PI / 8), positive(b, predicted.variance())));
            Value logit = b.div(b.add(query.mean(), predicted.mean()), b.sqrt(spread));
            return new Outputs(logits(b, support.mean()), logits(b, logit), Optional.empty(), penalty);
        }
        HeadPosterior.Predicted predicted = posterior.ofValues(b.sub(y, support.mean()), noise(b, task, support));
        Value mean = b.add(query.mean(), predicted.mean());
        return new Outputs(
                column(b, support.mean()),
                column(b, mean),
                Optional.of(b.add(positive(b, predicted.variance()), noise(b, task, query))),
                penalty);
    }

    private HeadCovariance covariance(ProgramBuilder b, Task task, Features support, Features query) {
        HeadCovariance linear = HeadCovariance.linear(b, support.psi(), query.psi());
        if (!hasOrder(task.model())) {
            return linear;
        }
        int element = task.model().order().getAsInt();
        Value variance = b.exp(b.mul(b.constant(2), NamedValues.value(task.theta(), ORDER_DEVIATION)));
        Value rate = b.exp(NamedValues.value(task.theta(), ORDER_RATE));
        return linear.plusExponential(
                b,
                variance,
                rate,
                order(b, task.support().x(), element),
                order(b, task.query().x(), element));
    }

    /** The element of each input by which examples are ordered, [examples]. */
    private static Value order(ProgramBuilder b, Value x, int element) {
        return b.reshape(
                b.slice(SetEncoder.rows(b, x), 1, element, element + 1),
                Shape.of(x.shape().dim(0)));
    }

    @Override
    Map<String, Value> batchStatistics(ProgramBuilder b, Task task) {
        return task.model()
                .encoder()
                .batchStatistics(b, task.theta(), task.query().x(), task.queryPass());
    }

    /** A variance, which rounding could make negative. */
    private static Value positive(ProgramBuilder b, Value variance) {
        return b.relu(variance);
    }

    private static Value column(ProgramBuilder b, Value vector) {
        return b.reshape(vector, Shape.of(vector.shape().size(), 1));
    }

    /** The logits of both classes, [examples, 2]: 0 for the first. */
    private static Value logits(ProgramBuilder b, Value second) {
        Value column = column(b, second);
        return b.concat(1, List.of(b.full(column.shape(), 0), column));
    }
}
