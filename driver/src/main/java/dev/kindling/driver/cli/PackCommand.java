package dev.kindling.driver.cli;

import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.PackWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code pack} command: writes an image set into one file that executors read in one pass, without Spark. */
@Command(
        name = "pack",
        description =
                "Writes the image set few-shot.data, decoded at few-shot.image-size and few-shot.channels, into one "
                        + "file, which few-shot.data can name instead.")
final class PackCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    @Option(names = "--to", paramLabel = "FILE", description = "The file, on any Hadoop file system; default --out.")
    private @Nullable String to;

    PackCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        String file = Optional.ofNullable(to)
                .or(options::out)
                .orElseThrow(() -> new IllegalArgumentException("--to is missing; it must be the file to write"));
        JobConfig configuration =
                options.conf().map(options::configuration).orElseGet(() -> JobConfig.parse("--set", "", options.set()));
        FewShotSettings images = SettingsReader.readImages(configuration, HadoopSettings.load());
        PackWriter.Packed packed = PackWriter.write(images, file, HadoopSettings.load());
        context.print(String.format(
                Locale.ROOT,
                "packed %d images of %d classes, %d x %d with %d %s, in %s (%.1f MB)",
                packed.images(),
                packed.classes(),
                images.imageFormat().size(),
                images.imageFormat().size(),
                images.imageFormat().channels(),
                images.imageFormat().channels() == 1 ? "channel" : "channels",
                packed.path(),
                packed.bytes() / 1e6));
        context.print("hash of the originals: " + packed.hash());
        return ExitCode.DONE.number();
    }
}
