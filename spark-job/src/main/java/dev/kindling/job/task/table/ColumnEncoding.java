package dev.kindling.job.task.table;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The encoding of one input column as features, fitted on training groups. Immutable. */
public sealed interface ColumnEncoding {
    /** The suffix of the name of an indicator feature that is 1 where the column's value is missing. */
    String MISSING = " missing";

    /** The index of the input column. */
    int input();

    /** The names of the features, which are consecutive. */
    List<String> features();

    /**
     * Writes the features of one row.
     *
     * @param fit 0 for the values fitted on all training groups, f + 1 for those fitted without the groups of fold f
     * @param clip the largest magnitude of a standardised number
     * @param offset of the first feature in {@code target}
     */
    void encode(RawGroup group, int row, int fit, double clip, float[] target, int offset);

    /** Standardises a number and limits its magnitude; never -0. */
    private static float standardised(double value, double mean, double std, double clip) {
        return (float) (Math.max(-clip, Math.min(clip, (value - mean) / std)) + 0.0);
    }

    /**
     * A number, standardised: (x - mean) / std, 0 where it is missing, and where training groups have missing values an
     * indicator of them.
     */
    record Standardised(int input, String name, double mean, double std, boolean missing) implements ColumnEncoding {
        @Override
        public List<String> features() {
            return missing ? List.of(name, name + MISSING) : List.of(name);
        }

        @Override
        public void encode(RawGroup group, int row, int fit, double clip, float[] target, int offset) {
            double value = group.number(input, row);
            target[offset] = Double.isNaN(value) ? 0 : standardised(value, mean, std, clip);
            if (missing) {
                target[offset + 1] = Double.isNaN(value) ? 1 : 0;
            }
        }
    }

    /** A category of few values: an indicator for each, all 0 for a value that no training group has. */
    final class OneHot implements ColumnEncoding {
        private final int input;
        private final String name;
        private final List<String> values;
        private final boolean missing;
        private final Map<String, Integer> positions;

        /** An encoding of the given values; {@code missing} if training groups have missing ones. */
        public OneHot(int input, String name, List<String> values, boolean missing) {
            this.input = input;
            this.name = name;
            this.values = List.copyOf(values);
            this.missing = missing;
            this.positions = positions(values);
        }

        @Override
        public int input() {
            return input;
        }

        String name() {
            return name;
        }

        List<String> values() {
            return values;
        }

        boolean missing() {
            return missing;
        }

        @Override
        public List<String> features() {
            List<String> names = new ArrayList<>();
            values.forEach(value -> names.add(name + "=" + value));
            if (missing) {
                names.add(name + MISSING);
            }
            return names;
        }

        @Override
        public void encode(RawGroup group, int row, int fit, double clip, float[] target, int offset) {
            String value = group.text(input, row);
            for (int i = 0; i < values.size(); i++) {
                target[offset + i] = 0;
            }
            Integer position = value == null ? null : positions.get(value);
            if (position != null) {
                target[offset + position] = 1;
            }
            if (missing) {
                target[offset + values.size()] = value == null ? 1 : 0;
            }
        }
    }

    /**
     * A category's shrunk effect on the label beside that of the group (a crossed effect), and, for one of many values, which
     * have no indicators, the logarithm of 1 + the number of its rows in training groups, both standardised. A value that no
     * training group has is one of no rows and no effect.
     */
    final class Effects implements ColumnEncoding {
        /** The least rows of training groups that a value with an index of its own has. */
        static final int LEAST_INDEXED_ROWS = 5;

        private final int input;
        private final String name;
        private final List<String> outputs;
        private final List<String> values;
        private final List<Fit> fits;
        private final List<Scale> scales;
        private final boolean missing;
        private final Map<String, Integer> positions;
        private final int[] indices;
        private final int indexed;

        /**
         * Effects fitted on one set of training groups.
         *
         * @param counts rows of each value
         * @param effects for each output, the effect of each value
         */
        public record Fit(long[] counts, double[][] effects) {}

        /** Mean and standard deviation of a feature over the rows of training groups. */
        public record Scale(double mean, double std) {
            /** The standardised value, at most {@code clip} in magnitude. */
            float standardised(double value, double clip) {
                return ColumnEncoding.standardised(value, mean, std, clip);
            }
        }

        /**
         * An encoding by effects.
         *
         * @param outputs suffixes of the names of the effects: one empty text, or one for each class but the first
         * @param values known values, sorted
         * @param fits those of all training groups, then those without one fold each
         * @param scales of the effects, then of the logarithm of the count if that is a feature
         * @param missing whether missing values have an indicator
         */
        public Effects(
                int input,
                String name,
                List<String> outputs,
                List<String> values,
                List<Fit> fits,
                List<Scale> scales,
                boolean missing) {
            this.input = input;
            this.name = name;
            this.outputs = List.copyOf(outputs);
            this.values = List.copyOf(values);
            this.fits = List.copyOf(fits);
            this.scales = List.copyOf(scales);
            this.missing = missing;
            this.positions = positions(values);
            this.indices = new int[values.size()];
            int last = 0;
            for (int i = 0; i < indices.length; i++) {
                if (fits.get(0).counts()[i] >= LEAST_INDEXED_ROWS) {
                    last++;
                    indices[i] = last;
                }
            }
            this.indexed = last + 1;
        }

        /** The same encoding with other fits. */
        public Effects with(List<Fit> others) {
            return new Effects(input, name, outputs, values, others, scales, missing);
        }

        /** Whether the category is one of many values, which have no indicators. */
        boolean hasCount() {
            return scales.size() > outputs.size();
        }

        @Override
        public int input() {
            return input;
        }

        String name() {
            return name;
        }

        List<String> outputs() {
            return outputs;
        }

        List<String> values() {
            return values;
        }

        List<Fit> fits() {
            return fits;
        }

        List<Scale> scales() {
            return scales;
        }

        boolean missing() {
            return missing;
        }

        @Override
        public List<String> features() {
            List<String> names = new ArrayList<>();
            outputs.forEach(output -> names.add(name + " effect" + output));
            if (hasCount()) {
                names.add(name + " count");
            }
            if (missing) {
                names.add(name + MISSING);
            }
            return names;
        }

        @Override
        public void encode(RawGroup group, int row, int fit, double clip, float[] target, int offset) {
            String value = group.text(input, row);
            Integer position = value == null ? null : positions.get(value);
            Fit fitted = fits.get(fit);
            int at = offset;
            for (int output = 0; output < outputs.size(); output++) {
                target[at] = scaled(output, position == null ? 0 : fitted.effects()[output][position], clip);
                at++;
            }
            if (hasCount()) {
                target[at] = scaled(outputs.size(), logarithm(position == null ? 0 : fitted.counts()[position]), clip);
                at++;
            }
            if (missing) {
                target[at] = value == null ? 1 : 0;
            }
        }

        /** The number of indices that values have. */
        int indexed() {
            return indexed;
        }

        /** The index of a row's value, from 1 in the order of the values; 0 for a missing one and for one of few or no training rows. */
        int index(RawGroup group, int row) {
            String value = group.text(input, row);
            Integer position = value == null ? null : positions.get(value);
            return position == null ? 0 : indices[position];
        }

        private float scaled(int feature, double value, double clip) {
            return scales.get(feature).standardised(value, clip);
        }

        /** The feature of a number of rows before it is standardised. */
        public static double logarithm(long count) {
            return StrictMath.log1p((double) count);
        }
    }

    private static Map<String, Integer> positions(List<String> values) {
        Map<String, Integer> positions = new HashMap<>();
        for (int i = 0; i < values.size(); i++) {
            positions.put(values.get(i), i);
        }
        return Map.copyOf(positions);
    }
}
