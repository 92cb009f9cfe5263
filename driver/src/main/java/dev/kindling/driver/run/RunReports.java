package dev.kindling.driver.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.report.ComparisonReport;
import dev.kindling.driver.report.ModelProbe;
import dev.kindling.driver.report.ReportedRun;
import dev.kindling.driver.report.RunReport;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.error.BadDataException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;

/** Writes {@code report.html} into the folder of a run or a comparison. */
public final class RunReports {
    private static final String PAGE = "report.html";

    private RunReports() {}

    /**
     * Writes the report of the run or comparison in a folder.
     *
     * @param set overrides of the stored configuration, {@code key=value} each, such as the current path of the data
     * @param messages receives single-line messages for the user
     * @return the path of the report
     * @throws BadDataException if the folder holds neither a run nor a comparison, or it is damaged
     */
    public static String write(AtomicDirectory folder, List<String> set, Consumer<String> messages) {
        String html;
        if (folder.has(ComparisonReport.RESULT)) {
            html = comparison(folder, set, messages);
        } else if (RunDirectory.isIn(folder)) {
            html = run(folder, set, messages);
        } else {
            throw new BadDataException(
                    folder + " holds neither a run (config.conf) nor a comparison (" + ComparisonReport.RESULT + ")");
        }
        folder.replace(PAGE, html.getBytes(StandardCharsets.UTF_8));
        return folder.place(PAGE);
    }

    /** The report of the run in a folder. */
    static String run(AtomicDirectory folder, List<String> set, Consumer<String> messages) {
        ReportedRun run = reported(folder, messages);
        Optional<ModelProbe> probe = probe(folder, set, messages);
        try {
            return RunReport.html(run, probe);
        } finally {
            probe.ifPresent(ModelProbe::close);
        }
    }

    private static ReportedRun reported(AtomicDirectory folder, Consumer<String> messages) {
        ReportedRun run = ReportedRun.in(folder);
        run.metrics().warning().ifPresent(messages);
        return run;
    }

    private static String comparison(AtomicDirectory folder, List<String> set, Consumer<String> messages) {
        JsonNode comparison = ComparisonReport.read(folder);
        List<String> all = new ArrayList<>(protocol(comparison));
        all.addAll(set);
        Map<String, ComparisonReport.ReportedEntrant> entrants = new LinkedHashMap<>();
        try {
            for (JsonNode entrant : comparison.path("entrants")) {
                if (entrant.path("runs").isEmpty()) {
                    continue;
                }
                AtomicDirectory run = place(folder, entrant.at("/runs/0/folder").asText());
                entrants.put(
                        entrant.path("name").asText(),
                        new ComparisonReport.ReportedEntrant(reported(run, messages), probe(run, all, messages)));
            }
            return ComparisonReport.html(folder.name(), comparison, entrants);
        } finally {
            entrants.values().forEach(entrant -> entrant.probe().ifPresent(ModelProbe::close));
        }
    }

    /** The folder of a run; a comparison stores it relative to its own folder if it is inside. */
    private static AtomicDirectory place(AtomicDirectory comparison, String run) {
        return new Path(run).isAbsolute() ? AtomicDirectory.at(run, HadoopSettings.load()) : comparison.child(run);
    }

    /** The evaluation protocol of a comparison as overrides of a run's own configuration. */
    private static List<String> protocol(JsonNode comparison) {
        JsonNode protocol = comparison.path("protocol");
        List<String> keys = new ArrayList<>(List.of(
                "evaluation.tasks=" + protocol.path("tasks"),
                "evaluation.split=" + protocol.path("split").asText(),
                "evaluation.seed=" + protocol.path("seed"),
                "evaluation.support=" + protocol.path("shots"),
                "evaluation.steps=" + protocol.path("steps")));
        // Where query sets differ in size, as those of groups of a table do, the size is not a setting.
        if (!protocol.path("query").isArray()) {
            keys.add("evaluation.query=" + protocol.path("query"));
        }
        if (protocol.has("ways")) {
            keys.add("evaluation.ways=" + protocol.path("ways"));
        }
        return keys;
    }

    private static Optional<ModelProbe> probe(AtomicDirectory folder, List<String> set, Consumer<String> messages) {
        RunDirectory directory = RunDirectory.open(folder);
        try {
            ResolvedRun resolved = ResolvedRun.here(StoredConfiguration.load(directory, set));
            if (!resolved.settings().evaluation().isOn()) {
                messages.accept("no fits and no diagnostics, which are of evaluation tasks: there are none");
                return Optional.empty();
            }
            StoredModel model = directory.readModel();
            DataHashCheck.refuseOther(model.manifest().provenance(), resolved, folder);
            return Optional.of(new ModelProbe(
                    resolved.plan(),
                    resolved.source(),
                    model.theta()
                            .flat(resolved.plan().parameters(), resolved.plan().precision()),
                    resolved.settings().evaluation(),
                    resolved.settings().run().seed(),
                    resolved.hadoop()));
        } catch (BackendUnavailableException e) {
            messages.accept("no fits and no diagnostics: " + e.getMessage());
            return Optional.empty();
        }
    }
}
