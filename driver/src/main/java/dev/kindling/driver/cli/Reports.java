package dev.kindling.driver.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.report.ComparisonReport;
import dev.kindling.driver.report.ReportedRun;
import dev.kindling.driver.report.RunReport;
import dev.kindling.driver.report.Workbench;
import dev.kindling.job.backend.BackendUnavailableException;
import dev.kindling.job.task.BadDataException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/** Writes {@code report.html} into the folder of a run or a comparison. */
final class Reports {
    private static final String PAGE = "report.html";

    private Reports() {}

    /**
     * Writes the report of what is in a folder.
     *
     * @param set {@code key=value} each, such as where data lies now
     * @return where it is
     * @throws BadDataException if there is neither a run nor a comparison, or it is damaged
     */
    static String write(Folder folder, List<String> set, Surroundings around) {
        String html;
        if (folder.has(ComparisonReport.RESULT)) {
            html = comparison(folder, set, around);
        } else if (RunDirectory.isIn(folder)) {
            html = run(folder, set, around);
        } else {
            throw new BadDataException(
                    folder + " holds neither a run (config.conf) nor a comparison (" + ComparisonReport.RESULT + ")");
        }
        folder.replace(PAGE, html.getBytes(StandardCharsets.UTF_8));
        return folder.place(PAGE);
    }

    private static String run(Folder folder, List<String> set, Surroundings around) {
        ReportedRun run = reported(folder, around);
        Optional<Workbench> bench = workbench(folder, set, around);
        try {
            return RunReport.html(run, bench);
        } finally {
            bench.ifPresent(Workbench::close);
        }
    }

    private static ReportedRun reported(Folder folder, Surroundings around) {
        ReportedRun run = ReportedRun.in(folder);
        run.metrics().warning().ifPresent(around::say);
        return run;
    }

    private static String comparison(Folder folder, List<String> set, Surroundings around) {
        JsonNode comparison = ComparisonReport.read(folder);
        List<String> all = new ArrayList<>(protocol(comparison));
        all.addAll(set);
        Map<String, ComparisonReport.Entrant> entrants = new LinkedHashMap<>();
        try {
            for (JsonNode entrant : comparison.path("entrants")) {
                if (entrant.path("runs").isEmpty()) {
                    continue;
                }
                Folder run = place(folder, entrant.at("/runs/0/folder").asText());
                entrants.put(
                        entrant.path("name").asText(),
                        new ComparisonReport.Entrant(reported(run, around), workbench(run, all, around)));
            }
            return ComparisonReport.html(folder.name(), comparison, entrants);
        } finally {
            entrants.values().forEach(entrant -> entrant.workbench().ifPresent(Workbench::close));
        }
    }

    /** A run's folder, which a comparison names relative to its own where it lies there. */
    private static Folder place(Folder comparison, String run) {
        return new Path(run).isAbsolute() ? Folder.at(run, HadoopSettings.load()) : comparison.child(run);
    }

    /** How the comparison has evaluated, whatever a run's own configuration says. */
    private static List<String> protocol(JsonNode comparison) {
        JsonNode protocol = comparison.path("protocol");
        List<String> keys = new ArrayList<>(List.of(
                "evaluation.tasks=" + protocol.path("tasks"),
                "evaluation.split=" + protocol.path("split").asText(),
                "evaluation.seed=" + protocol.path("seed"),
                "evaluation.support=" + protocol.path("shots"),
                "evaluation.query=" + protocol.path("query"),
                "evaluation.steps=" + protocol.path("steps")));
        if (protocol.has("ways")) {
            keys.add("evaluation.ways=" + protocol.path("ways"));
        }
        return keys;
    }

    private static Optional<Workbench> workbench(Folder folder, List<String> set, Surroundings around) {
        RunDirectory directory = RunDirectory.open(folder);
        try {
            Prepared prepared = Prepared.here(RunConfiguration.own(directory, set));
            StoredModel model = directory.readModel();
            DataHash.refuseOther(model.manifest().provenance(), prepared, folder);
            return Optional.of(new Workbench(
                    prepared.plan(),
                    prepared.source(),
                    model.theta()
                            .flat(prepared.plan().parameters(), prepared.plan().precision()),
                    prepared.settings().evaluation(),
                    prepared.settings().run().seed(),
                    prepared.hadoop()));
        } catch (BackendUnavailableException e) {
            around.say("no fits and no diagnostics: " + e.getMessage());
            return Optional.empty();
        }
    }
}
