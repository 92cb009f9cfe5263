package dev.kindling;

/** Meta-optimizers. */
public final class Optimizers {
    private Optimizers() {}

    /** Plain descent. */
    public static Optimizer sgd(double rate) {
        return sgd(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer sgd(LearningRate rate) {
        return Optimizer.of("sgd", rate);
    }

    /** Descent with momentum 0.9: Polyak, 1964. */
    public static Optimizer momentum(double rate) {
        return momentum(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer momentum(LearningRate rate) {
        return Optimizer.of("momentum", rate);
    }

    /** Descent with Nesterov momentum 0.9. */
    public static Optimizer nesterovs(double rate) {
        return nesterovs(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer nesterovs(LearningRate rate) {
        return Optimizer.of("nesterovs", rate);
    }

    /** Adam: Kingma and Ba, ICLR 2015; β₁ 0.9, β₂ 0.999, ε 1e-8. */
    public static Optimizer adam(double rate) {
        return adam(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer adam(LearningRate rate) {
        return Optimizer.of("adam", rate);
    }

    /** AdaMax: Kingma and Ba, ICLR 2015, section 7.1. */
    public static Optimizer adamax(double rate) {
        return adamax(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer adamax(LearningRate rate) {
        return Optimizer.of("adamax", rate);
    }

    /** NAdam: Dozat, 2016, with a constant β₁. */
    public static Optimizer nadam(double rate) {
        return nadam(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer nadam(LearningRate rate) {
        return Optimizer.of("nadam", rate);
    }

    /** AMSGrad: Reddi, Kale and Kumar, ICLR 2018. */
    public static Optimizer amsgrad(double rate) {
        return amsgrad(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer amsgrad(LearningRate rate) {
        return Optimizer.of("amsgrad", rate);
    }

    /** AdaGrad: Duchi, Hazan and Singer, 2011. */
    public static Optimizer adagrad(double rate) {
        return adagrad(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer adagrad(LearningRate rate) {
        return Optimizer.of("adagrad", rate);
    }

    /** RMSProp: Hinton, 2012; β₂ 0.99. */
    public static Optimizer rmsprop(double rate) {
        return rmsprop(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer rmsprop(LearningRate rate) {
        return Optimizer.of("rmsprop", rate);
    }

    /** AdaDelta: Zeiler, 2012. */
    public static Optimizer adadelta(double rate) {
        return adadelta(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer adadelta(LearningRate rate) {
        return Optimizer.of("adadelta", rate);
    }

    /** Lion: Chen and others, NeurIPS 2023; β₁ 0.9, β₂ 0.99, weight decay 0.001. */
    public static Optimizer lion(double rate) {
        return lion(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer lion(LearningRate rate) {
        return Optimizer.of("lion", rate);
    }

    /** Rectified Adam: Liu and others, ICLR 2020. */
    public static Optimizer radam(double rate) {
        return radam(LearningRate.constant(rate));
    }

    /** The same with a schedule. */
    public static Optimizer radam(LearningRate rate) {
        return Optimizer.of("radam", rate);
    }

    /**
     * Adam with decoupled weight decay: Loshchilov and Hutter, ICLR 2019.
     *
     * @param weightDecay the share of θ that is lost in a round, times the rate
     */
    public static Optimizer adamw(LearningRate rate, double weightDecay) {
        return Optimizer.of("adamw", rate).weightDecay(weightDecay);
    }
}
