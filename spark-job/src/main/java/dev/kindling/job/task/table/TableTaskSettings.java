package dev.kindling.job.task.table;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SettingsCodec;
import dev.kindling.job.task.SourceDescription;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The settings with which driver and executors open {@code task.source = table}: where the prepared table is, and how tasks
 * are drawn from its groups. {@link TableSettings} describe how it is prepared.
 *
 * @param pack the folder of the table pack, an absolute path or a URI
 * @param groups how a training task draws its group
 * @param draw how the number of support rows is drawn
 * @param sizes rows of the support and query sets, per group; a query size is an upper limit
 */
public record TableTaskSettings(String pack, GroupDraw groups, SupportDraw draw, EpisodeSizes sizes) {
    /** The value of {@code task.source}. */
    public static final String SOURCE = "table";

    /** The number of query rows that stands for all rows that are not in the support set. */
    public static final int ALL_ROWS = Integer.MAX_VALUE;

    /** The key of the pack's folder, which the driver adds to the settings when it has prepared the table. */
    static final String PACK = "table.pack";

    /** The settings as text, under their configuration keys. */
    public SortedMap<String, String> toMap() {
        SortedMap<String, String> settings = unprepared(groups, draw, sizes);
        settings.put(PACK, pack);
        return settings;
    }

    /** The settings without the pack, as text. */
    private static SortedMap<String, String> unprepared(GroupDraw groups, SupportDraw draw, EpisodeSizes sizes) {
        SortedMap<String, String> settings = new TreeMap<>();
        settings.put(GroupDraw.KEY, SettingsCodec.lowerCase(groups));
        settings.put(SupportDraw.KEY, SettingsCodec.lowerCase(draw));
        sizes.putInto(settings);
        return settings;
    }

    /** The description of a source whose table is not prepared yet; {@link #prepared} completes it. */
    public static SourceDescription description(GroupDraw groups, SupportDraw draw, EpisodeSizes sizes) {
        return new SourceDescription(SOURCE, unprepared(groups, draw, sizes));
    }

    /** The description with the folder of the pack. */
    public static SourceDescription prepared(SourceDescription description, String pack) {
        SortedMap<String, String> settings = new TreeMap<>(description.settings());
        settings.put(PACK, pack);
        return new SourceDescription(description.source(), settings);
    }

    /** The settings that {@link #toMap} wrote; IllegalArgumentException if a key is missing or unreadable. */
    public static TableTaskSettings fromMap(SortedMap<String, String> settings) {
        return new TableTaskSettings(
                SettingsCodec.text(settings, PACK),
                GroupDraw.parse(SettingsCodec.text(settings, GroupDraw.KEY)),
                SupportDraw.parse(SettingsCodec.text(settings, SupportDraw.KEY)),
                EpisodeSizes.from(settings));
    }
}
