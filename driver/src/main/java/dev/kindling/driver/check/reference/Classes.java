package dev.kindling.driver.check.reference;

import java.util.Arrays;

/** Arithmetic on labelled examples, as plain loops from the definitions. */
final class Classes {
    private Classes() {}

    /** The weighted sum of the rows of each class: [ways][width]. */
    static double[][] sums(double[][] rows, Examples examples, int ways) {
        double[][] sums = new double[ways][rows[0].length];
        for (int i = 0; i < rows.length; i++) {
            double[] sum = sums[(int) examples.y()[i]];
            for (int j = 0; j < sum.length; j++) {
                sum[j] += examples.weight(i) * rows[i][j];
            }
        }
        return sums;
    }

    /** The weighted mean of the rows of each class, 0 for a class of weight 0: [ways][width]. */
    static double[][] means(double[][] rows, Examples examples, int ways) {
        double[][] means = sums(rows, examples, ways);
        double[] totals = new double[ways];
        for (int i = 0; i < rows.length; i++) {
            totals[(int) examples.y()[i]] += examples.weight(i);
        }
        for (int k = 0; k < ways; k++) {
            for (int j = 0; j < means[k].length; j++) {
                means[k][j] = totals[k] == 0 ? 0 : means[k][j] / totals[k];
            }
        }
        return means;
    }

    /** A row for each label with 1 at the label and 0 elsewhere. */
    static double[][] oneHot(double[] labels, int ways) {
        double[][] rows = new double[labels.length][ways];
        for (int i = 0; i < labels.length; i++) {
            rows[i][(int) labels[i]] = 1;
        }
        return rows;
    }

    /** The softmax of each row of {@code classes} logits, in a row-major array. */
    static double[] softmax(double[] logits, int classes) {
        double[] probabilities = new double[logits.length];
        for (int row = 0; row < logits.length; row += classes) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int k = row; k < row + classes; k++) {
                largest = Math.max(largest, logits[k]);
            }
            double sum = 0;
            for (int k = row; k < row + classes; k++) {
                probabilities[k] = StrictMath.exp(logits[k] - largest);
                sum += probabilities[k];
            }
            for (int k = row; k < row + classes; k++) {
                probabilities[k] /= sum;
            }
        }
        return probabilities;
    }

    /** The weighted mean of -log softmax at the labels. */
    static double crossEntropy(double[][] logits, Examples examples) {
        double total = 0;
        for (int i = 0; i < logits.length; i++) {
            double largest = Arrays.stream(logits[i]).max().orElseThrow();
            double sum = 0;
            for (double logit : logits[i]) {
                sum += StrictMath.exp(logit - largest);
            }
            total += examples.weight(i) * (largest + StrictMath.log(sum) - logits[i][(int) examples.y()[i]]);
        }
        return total / examples.totalWeight();
    }

    /** The fraction, by weight, of rows whose first maximum is at the label. */
    static double accuracy(double[][] scores, Examples examples) {
        double right = 0;
        for (int i = 0; i < scores.length; i++) {
            int best = 0;
            for (int k = 1; k < scores[i].length; k++) {
                best = scores[i][k] > scores[i][best] ? k : best;
            }
            right += best == (int) examples.y()[i] ? examples.weight(i) : 0;
        }
        return right / examples.totalWeight();
    }
}
