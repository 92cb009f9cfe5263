package dev.kindling.ml;

import java.io.Serializable;
import java.util.function.Predicate;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.param.StringArrayParam;
import scala.Function1;

/** The parameter objects of one estimator or model, with their documentation and checks. Defaults are those of {@code table.conf}. */
final class MetaParamSet implements Serializable {
    private static final long serialVersionUID = 1L;

    final Param<String> groupCol;
    final StringArrayParam featuresCols;
    final Param<String> featuresCol;
    final StringArrayParam categoricalCols;
    final Param<String> labelCol;
    final Param<String> weightCol;
    final Param<String> offsetCol;
    final Param<String> orderCol;
    final Param<String> supportCol;
    final Param<String> validationIndicatorCol;
    final Param<String> predictionCol;
    final Param<String> stddevCol;
    final Param<String> probabilityCol;
    final Param<String> rawPredictionCol;
    final Param<String> method;
    final IntParam maxRounds;
    final IntParam tasksPerRound;
    final IntParam members;
    final LongParam seed;
    final StringArrayParam settings;

    /** The parameters of an estimator or model that has its uid already. */
    MetaParamSet(Params owner) {
        groupCol = text(owner, "groupCol", "the column whose values are the groups: text, an integer or a date");
        featuresCols =
                new StringArrayParam(owner, "featuresCols", "the input columns; this or featuresCol must be set");
        featuresCol = text(owner, "featuresCol", "a column of vectors of one size, whose elements are the inputs");
        categoricalCols = new StringArrayParam(
                owner, "categoricalCols", "those of featuresCols that are categories although they are numbers");
        labelCol = text(owner, "labelCol", "the column that is predicted; rows with null are not used for training");
        weightCol = text(owner, "weightCol", "the column of row weights; rows of weight 0 are left out");
        offsetCol = text(owner, "offsetCol", "a column with a prediction of the label that the model improves");
        orderCol = text(owner, "orderCol", "the column by which the rows of a group are ordered");
        supportCol = text(
                owner,
                "supportCol",
                "a column of booleans: a model adapts to rows with true and predicts those with false; where it is null, or "
                        + "without such a column, it adapts to the rows with a label");
        validationIndicatorCol = text(
                owner,
                "validationIndicatorCol",
                "a column of booleans, the same in all rows of a group, that is true for validation groups; members is 1 then");
        predictionCol = text(owner, "predictionCol", "the column of predictions");
        stddevCol = text(
                owner,
                "stddevCol",
                "the column of predictive standard deviations, where the method predicts variances; empty for none");
        probabilityCol = text(owner, "probabilityCol", "the column of class probabilities, vectors; empty for none");
        rawPredictionCol = text(owner, "rawPredictionCol", "the column of class logits, vectors; empty for none");
        method = text(owner, "method", "the meta-learning method, a value of the setting algorithm.name");
        maxRounds = new IntParam(owner, "maxRounds", "rounds of meta-training, at least 0", from("maxRounds", 0));
        tasksPerRound = new IntParam(
                owner,
                "tasksPerRound",
                "groups that each member is trained on in a round, at least 1",
                from("tasksPerRound", 1));
        members = new IntParam(
                owner,
                "members",
                "models that are trained together and whose predictions are averaged, at least 1",
                from("members", 1));
        seed = new LongParam(owner, "seed", "the seed of everything that is drawn");
        settings = new StringArrayParam(
                owner,
                "settings",
                "any other settings, key=value each, with the keys of the command line",
                refusing(
                        value -> {
                            for (String setting : value) {
                                if (setting.indexOf('=') <= 0) {
                                    return false;
                                }
                            }
                            return true;
                        },
                        value -> "settings is [" + String.join(", ", value) + "]; each must be key=value"));
    }

    private static Param<String> text(Params owner, String name, String doc) {
        return new Param<>(owner, name, doc);
    }

    static Function1<Object, Object> from(String name, int least) {
        return refusing(
                value -> (Integer) value >= least, value -> name + " is " + value + "; it must be at least " + least);
    }

    /** The text of a refused value. */
    @FunctionalInterface
    private interface Refusal<T> extends Serializable {
        String of(T value);
    }

    /** A condition that is serialized with a stage. */
    @FunctionalInterface
    private interface Condition<T> extends Predicate<T>, Serializable {}

    /** A check that refuses values with a message of its own. Spark's message does not say what is allowed. */
    private static <T> Function1<T, Object> refusing(Condition<T> isAllowed, Refusal<T> refusal) {
        return (Function1<T, Object> & Serializable) value -> {
            if (!isAllowed.test(value)) {
                throw new IllegalArgumentException(refusal.of(value));
            }
            return true;
        };
    }
}
