package dev.kindling.driver.cli;

import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.RunReports;
import dev.kindling.driver.storage.AtomicDirectory;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The {@code report} command: writes a self-contained HTML page about a run or a comparison. */
@Command(
        name = "report",
        description = "Writes report.html, a self-contained page, into the folder of the run or comparison "
                + "in --out. --set few-shot.data=PATH sets the current path of the data.")
final class ReportCommand implements Callable<Integer> {
    private final CommandContext context;

    @Mixin
    private CommonOptions options = new CommonOptions();

    ReportCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException(
                        "--out is missing; it must be the directory of a run or a comparison"));
        AtomicDirectory folder = AtomicDirectory.at(place, HadoopSettings.load());
        context.print("the report is in " + RunReports.write(folder, options.set(), context::print));
        return ExitCode.DONE.number();
    }
}
