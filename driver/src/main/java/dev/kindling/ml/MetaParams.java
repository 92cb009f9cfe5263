package dev.kindling.ml;

import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.StringArrayParam;

/** The parameters that an estimator of tables shares with its models. */
public interface MetaParams {
    /** The parameter objects. */
    MetaParamSet paramSet();

    /** The column whose values are the groups: text, an integer or a date. */
    default Param<String> groupCol() {
        return paramSet().groupCol;
    }

    /** The input columns. Either these or {@link #featuresCol} must be set. */
    default StringArrayParam featuresCols() {
        return paramSet().featuresCols;
    }

    /** A column of vectors of one size, whose elements are the inputs. */
    default Param<String> featuresCol() {
        return paramSet().featuresCol;
    }

    /** Those of {@link #featuresCols} that are categories although they are numbers; text and booleans are by themselves. */
    default StringArrayParam categoricalCols() {
        return paramSet().categoricalCols;
    }

    /** The column that is predicted; rows in which it is null are not used for training. */
    default Param<String> labelCol() {
        return paramSet().labelCol;
    }

    /** The column of row weights; rows of weight 0 are left out. */
    default Param<String> weightCol() {
        return paramSet().weightCol;
    }

    /** The column by which the rows of a group are ordered. */
    default Param<String> orderCol() {
        return paramSet().orderCol;
    }

    /** A column of booleans that says which rows a model adapts to; training does not use it. */
    default Param<String> supportCol() {
        return paramSet().supportCol;
    }

    /** A column of booleans, the same in all rows of a group, that is true for validation groups. */
    default Param<String> validationIndicatorCol() {
        return paramSet().validationIndicatorCol;
    }

    /** The column of predictions that a model adds. */
    default Param<String> predictionCol() {
        return paramSet().predictionCol;
    }

    /** The name of the meta-learning method. */
    default Param<String> method() {
        return paramSet().method;
    }

    /** Rounds of meta-training. */
    default IntParam maxRounds() {
        return paramSet().maxRounds;
    }

    /** Groups that each member of the ensemble is trained on in a round. */
    default IntParam tasksPerRound() {
        return paramSet().tasksPerRound;
    }

    /** Models that are trained together and whose predictions are averaged. */
    default IntParam members() {
        return paramSet().members;
    }

    /** The seed of everything that is drawn. */
    default LongParam seed() {
        return paramSet().seed;
    }

    /** Any other settings, {@code key=value} each, with the keys of the command line. */
    default StringArrayParam settings() {
        return paramSet().settings;
    }
}
