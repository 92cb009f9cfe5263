package dev.kindling.job.task.sinusoid;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SettingsCodec;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a sinusoid task is drawn from: {@code y = A sin(frequency x - phase)}.
 *
 * @param amplitude range of A; {@code sinusoid.amplitude}
 * @param phase range of the phase in radians; {@code sinusoid.phase}
 * @param frequency range of the frequency, 1 being one period in 2π; {@code sinusoid.frequency}
 * @param input range of x, not a single point; {@code sinusoid.input}
 * @param sign of the phase in the formula; {@code sinusoid.sign}
 * @param side where the support points lie; {@code sinusoid.side}
 * @param pool count of fixed tasks with frozen support points, or 0 for fresh tasks; {@code sinusoid.pool}
 * @param oracle whether an input tells the task's curve too; {@code sinusoid.oracle}
 */
public record SinusoidSettings(
        DoubleRange amplitude,
        DoubleRange phase,
        DoubleRange frequency,
        DoubleRange input,
        Sign sign,
        Side side,
        int pool,
        Oracle oracle,
        EpisodeSizes sizes) {
    /** What an input is: x alone, or x, the amplitude and the phase, which leaves nothing to find out about a task. */
    public enum Oracle {
        BLIND,
        TELLING;

        /** Whether the curve is told. */
        public static Oracle of(boolean telling) {
            return telling ? TELLING : BLIND;
        }
    }

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

    /** Refuses ranges that make no sense, a negative pool and an oracle that does not know all by IllegalArgumentException. */
    public SinusoidSettings {
        amplitude.checked("sinusoid.amplitude");
        phase.checked("sinusoid.phase");
        frequency.checked("sinusoid.frequency");
        input.checked("sinusoid.input");
        if (input.width() <= 0) {
            throw new IllegalArgumentException("sinusoid.input is " + input + "; it must be [a, b] with a below b");
        }
        if (side == Side.ONE && (input.low() >= 0 || input.high() <= 0)) {
            throw new IllegalArgumentException(
                    "sinusoid.side is one and sinusoid.input is " + input + "; the input must then have 0 inside");
        }
        SettingsCodec.atLeast(0, "sinusoid.pool", pool);
        if (oracle == Oracle.TELLING && frequency.width() > 0) {
            throw new IllegalArgumentException("sinusoid.oracle is true and sinusoid.frequency is " + frequency
                    + "; an oracle knows amplitude and phase alone, so the frequency must be one number, [a, a]");
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
                Oracle.BLIND,
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
        settings.put("sinusoid.oracle", Boolean.toString(oracle == Oracle.TELLING));
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
                Oracle.of(SettingsCodec.bool(settings, "sinusoid.oracle")),
                EpisodeSizes.from(settings));
    }

    private static DoubleRange range(SortedMap<String, String> settings, String key) {
        return DoubleRange.parse(key, SettingsCodec.text(settings, key));
    }
}
