package dev.kindling.job.task.sinusoid;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SettingsCodec;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The settings of {@code task.source = sinusoid}: the ranges that curves {@code y = A sin(frequency x - phase)} are drawn
 * from, and the points of a task.
 *
 * @param amplitude range of A; {@code sinusoid.amplitude}
 * @param phase range of the phase in radians; {@code sinusoid.phase}
 * @param frequency range of the frequency, 1 being one period in 2π; {@code sinusoid.frequency}
 * @param input range of x, not a single point; {@code sinusoid.input}
 * @param sign of the phase in the formula; {@code sinusoid.sign}
 * @param side where the support points lie; {@code sinusoid.side}
 * @param pool number of fixed tasks with fixed support points, or 0 for fresh tasks; {@code sinusoid.pool}
 * @param oracle whether an input is [x, A, phase] instead of [x], which leaves nothing to infer about a task: the upper
 *     bound of what adaptation can reach; {@code sinusoid.oracle}
 * @param sizes points of the support and query sets
 */
public record SinusoidSettings(
        DoubleRange amplitude,
        DoubleRange phase,
        DoubleRange frequency,
        DoubleRange input,
        Sign sign,
        Side side,
        int pool,
        boolean oracle,
        EpisodeSizes sizes) {
    /** The sign of the phase. */
    public enum Sign {
        MINUS,
        PLUS;

        /** The constant for the text of {@code sinusoid.sign}. */
        public static Sign parse(String text) {
            return SettingsCodec.choice(Sign.class, "sinusoid.sign", text);
        }
    }

    /** Where support points lie: anywhere, or all on one side of 0, drawn for each task. */
    public enum Side {
        BOTH,
        ONE;

        /** The constant for the text of {@code sinusoid.side}. */
        public static Side parse(String text) {
            return SettingsCodec.choice(Side.class, "sinusoid.side", text);
        }
    }

    /**
     * Validates the settings.
     *
     * @throws IllegalArgumentException naming the key, its value and what is allowed, for an empty or infinite range, a
     *     negative pool, sizes that vary, or an oracle of tasks whose frequency varies
     */
    public SinusoidSettings {
        amplitude.checked("sinusoid.amplitude");
        phase.checked("sinusoid.phase");
        frequency.checked("sinusoid.frequency");
        input.checked("sinusoid.input");
        if (input.width() <= 0) {
            throw new IllegalArgumentException("sinusoid.input is " + input + "; it must be [a, b] with a below b");
        }
        if (side == Side.ONE && (input.low() >= 0 || input.high() <= 0)) {
            throw new IllegalArgumentException("sinusoid.side is one and sinusoid.input is " + input
                    + "; the input must then contain 0 between its ends");
        }
        SettingsCodec.atLeast(0, "sinusoid.pool", pool);
        if (oracle && frequency.width() > 0) {
            throw new IllegalArgumentException(
                    "sinusoid.oracle is true and sinusoid.frequency is " + frequency
                            + "; an oracle's input holds amplitude and phase only, so the frequency must be one number, [a, a]");
        }
        sizes.requireFixed("sinusoid");
    }

    /** The MAML paper's sinusoids (Finn, Abbeel and Levine 2017, section 5.1) with the given sizes. */
    public static SinusoidSettings maml(EpisodeSizes sizes) {
        return new SinusoidSettings(
                new DoubleRange(0.1, 5),
                new DoubleRange(0, Math.PI),
                new DoubleRange(1, 1),
                new DoubleRange(-5, 5),
                Sign.MINUS,
                Side.BOTH,
                0,
                false,
                sizes);
    }

    /** The settings as text, under their configuration keys. */
    public SortedMap<String, String> toMap() {
        SortedMap<String, String> settings = new TreeMap<>();
        settings.put("sinusoid.amplitude", amplitude.toString());
        settings.put("sinusoid.phase", phase.toString());
        settings.put("sinusoid.frequency", frequency.toString());
        settings.put("sinusoid.input", input.toString());
        settings.put("sinusoid.sign", SettingsCodec.lowerCase(sign));
        settings.put("sinusoid.side", SettingsCodec.lowerCase(side));
        settings.put("sinusoid.pool", Integer.toString(pool));
        settings.put("sinusoid.oracle", Boolean.toString(oracle));
        sizes.putInto(settings);
        return settings;
    }

    /** The settings that {@link #toMap} wrote; IllegalArgumentException if a key is missing or unreadable. */
    public static SinusoidSettings fromMap(SortedMap<String, String> settings) {
        return new SinusoidSettings(
                range(settings, "sinusoid.amplitude"),
                range(settings, "sinusoid.phase"),
                range(settings, "sinusoid.frequency"),
                range(settings, "sinusoid.input"),
                Sign.parse(SettingsCodec.text(settings, "sinusoid.sign")),
                Side.parse(SettingsCodec.text(settings, "sinusoid.side")),
                SettingsCodec.integer(settings, "sinusoid.pool"),
                SettingsCodec.bool(settings, "sinusoid.oracle"),
                EpisodeSizes.from(settings));
    }

    private static DoubleRange range(SortedMap<String, String> settings, String key) {
        return DoubleRange.parse(key, SettingsCodec.text(settings, key));
    }
}
