package dev.kindling.job.algorithm;

/**
 * Joint training, the baseline that knows no tasks: a task contributes the gradient of its query loss at θ, without inner
 * steps, so that θ learns what is best for all tasks at once. A new task then fine-tunes it by gradient descent.
 */
public final class Transfer extends AdaptingMethod {
    static final String NAME = "transfer";

    private Transfer(InnerSettings settings) {
        super(NAME, new PlainSteps(settings), 0);
    }

    static Algorithm of(Options options) {
        return new Transfer(InnerSettings.of(options));
    }

    @Override
    public Claim claim() {
        return Claim.EXACT;
    }
}
