package dev.kindling.driver.transform;

import java.util.List;

/**
 * The columns of a table of adapted parameters, beside the group's key. The parameters of a group are its encoded support rows in
 * the order of their use, each its features, target and weight: predictions from them are those from the rows themselves, and the
 * parameters of more rows are those with the new rows appended.
 */
public final class AdaptedColumns {
    /** The adapted parameters: an array of 32-bit floats; null for a group with rows that cannot be used. */
    public static final String PARAMETERS = "adaptedParameters";

    /** A hash of the model and its encoding; other models refuse the parameters. */
    public static final String MODEL = "adaptedModel";

    /** The number of support rows: an integer. */
    public static final String SUPPORT_ROWS = "supportRows";

    /** The loss of the support rows as predicted without them: a mean squared error in the label's units, or a log loss. */
    public static final String LOSS_BEFORE = "lossBefore";

    /** The loss of the support rows as predicted by the adapted model. */
    public static final String LOSS_AFTER = "lossAfter";

    /** All of them. */
    public static final List<String> NAMES = List.of(PARAMETERS, MODEL, SUPPORT_ROWS, LOSS_BEFORE, LOSS_AFTER);

    private AdaptedColumns() {}
}
