package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Folder;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code report}: one page of HTML about a run or a comparison. */
@Command(
        name = "report",
        description =
                "Writes report.html, a page without anything from outside, into the folder of the run or comparison "
                        + "in --out. --set few-shot.data=PATH says where the data is now.")
final class ReportCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private CommonOptions options = new CommonOptions();

    ReportCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        String place = options.out()
                .orElseThrow(() -> new IllegalArgumentException(
                        "--out is missing; it must be the directory of a run or a comparison"));
        Folder folder = Folder.at(place, HadoopSettings.load());
        around.say("the report is in " + Reports.write(folder, options.set(), around));
        return ExitCode.DONE.number();
    }
}
