package dev.kindling.driver.check;

/** What a meta-gradient was found to be. */
public enum DerivativeOrder {
    /** No derivative that was looked for, or none that could be told. */
    NONE(0),
    /** The query gradient at the adapted parameters, as if adaptation had derivative one. */
    FIRST(1),
    /** The derivative of the objective through adaptation. */
    SECOND(2);

    private final int number;

    DerivativeOrder(int number) {
        this.number = number;
    }

    /** As {@code check.json} says it: 0, 1 or 2. */
    public int number() {
        return number;
    }
}
