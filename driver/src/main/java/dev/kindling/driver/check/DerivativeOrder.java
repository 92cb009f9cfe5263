package dev.kindling.driver.check;

/** The derivative order of a meta-gradient, as measured. */
public enum DerivativeOrder {
    /** Neither of the derivatives below, or inconclusive. */
    NONE(0),
    /** The query gradient at the adapted parameters, with the derivative of adaptation taken as the identity. */
    FIRST(1),
    /** The derivative of the objective through adaptation. */
    SECOND(2);

    private final int number;

    DerivativeOrder(int number) {
        this.number = number;
    }

    /** The value in {@code check.json}: 0, 1 or 2. */
    public int number() {
        return number;
    }
}
