package dev.kindling.driver.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.storage.AtomicDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.tracking.MlflowClient;

/**
 * Logs a run to an MLflow server with MLflow's own client, whose classes only this class names. The id of MLflow's run is in {@code
 * mlflow.json} of the run folder, so that a resumed run continues it. All requests but the first are made by one thread; metrics that
 * the server did not take are sent again with the next ones.
 *
 * <p>The client cannot upload files without MLflow's Python command. Files are therefore written here: through the server if it
 * serves artifacts ({@code mlflow-artifacts:}), otherwise with Hadoop to the place that the server names.
 */
final class MlflowTracker implements RunTracker {
    private static final String FILE = "mlflow.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    // Limits of MLflow's REST API.
    private static final int MOST_PARAMETERS = 100;
    private static final int MOST_METRICS = 1000;
    private static final int LONGEST_PARAMETER = 500;

    private static final String PROXIED = "mlflow-artifacts";
    private static final Duration REQUEST = Duration.ofSeconds(60);
    private static final int SECONDS_AT_THE_END = 120;

    private final MlflowClient client;
    private final TrackingSettings settings;
    private final RunInfo info;
    private final boolean isNew;
    private final Configuration hadoop;
    private final Consumer<String> warning;
    private final ExecutorService requests = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "kindling-mlflow");
        thread.setDaemon(true);
        return thread;
    });

    /** What the server has not taken yet; used by the thread of requests. */
    private final List<Metric> pending = new ArrayList<>();

    /** Why {@link #pending} is not empty. */
    private volatile @Nullable RuntimeException metricsFailure;

    private volatile @Nullable RuntimeException failure;
    private boolean ended;

    private MlflowTracker(
            MlflowClient client,
            TrackingSettings settings,
            RunInfo info,
            boolean isNew,
            Configuration hadoop,
            Consumer<String> warning) {
        this.client = client;
        this.settings = settings;
        this.info = info;
        this.isNew = isNew;
        this.hadoop = hadoop;
        this.warning = warning;
    }

    static MlflowTracker open(
            TrackingSettings settings,
            RunDirectory run,
            SortedMap<String, String> parameters,
            Provenance provenance,
            Configuration hadoop,
            Consumer<String> warning) {
        try {
            MlflowClient client = new MlflowClient(settings.uri());
            Optional<String> known = knownRun(run, settings);
            RunInfo info;
            if (known.isPresent()) {
                client.sendPost(
                        "runs/update",
                        JSON.createObjectNode()
                                .put("run_id", known.get())
                                .put("status", "RUNNING")
                                .toString());
                info = client.getRun(known.get()).getInfo();
            } else {
                info = client.createRun(experiment(client, settings.experiment()));
                describe(client, info.getRunId(), run, parameters, provenance);
                run.folder()
                        .replace(
                                FILE,
                                JSON.createObjectNode()
                                        .put("tracking_uri", settings.uri())
                                        .put("run_id", info.getRunId())
                                        .toString()
                                        .getBytes(StandardCharsets.UTF_8));
            }
            return new MlflowTracker(client, settings, info, known.isEmpty(), hadoop, warning);
        } catch (UncheckedIOException e) {
            throw e;
        } catch (RuntimeException e) {
            throw unusable(settings, e);
        }
    }

    /** Asks the server for the experiment, which need not exist yet. */
    static void requireReachable(TrackingSettings settings) {
        try (MlflowClient client = new MlflowClient(settings.uri())) {
            client.getExperimentByName(settings.experiment());
        } catch (RuntimeException e) {
            throw unusable(settings, e);
        }
    }

    private static IllegalArgumentException unusable(TrackingSettings settings, RuntimeException e) {
        return new IllegalArgumentException(
                "run.mlflow is " + settings.uri() + ", which must be the URI of an MLflow server that takes the run: "
                        + reason(e),
                e);
    }

    private static Optional<String> knownRun(RunDirectory run, TrackingSettings settings) {
        if (!run.folder().has(FILE)) {
            return Optional.empty();
        }
        JsonNode known = JSON.createObjectNode();
        try {
            known = JSON.readTree(run.folder().read(FILE));
        } catch (IOException e) {
            // The run gets another entry, and the file is replaced.
        }
        return known.path("tracking_uri").asText().equals(settings.uri()) && known.hasNonNull("run_id")
                ? Optional.of(known.path("run_id").asText())
                : Optional.empty();
    }

    private static String experiment(MlflowClient client, String name) {
        return client.getExperimentByName(name)
                .map(experiment -> experiment.getExperimentId())
                .orElseGet(() -> client.createExperiment(name));
    }

    private static void describe(
            MlflowClient client,
            String id,
            RunDirectory run,
            SortedMap<String, String> parameters,
            Provenance provenance) {
        List<RunTag> tags = List.of(
                tag("mlflow.runName", run.folder().name()),
                tag("kindling.run", run.folder().toString()),
                tag("kindling.version", provenance.kindling()),
                tag("kindling.commit", provenance.commit()),
                tag("kindling.program_hash", provenance.programHash()),
                tag("kindling.data_hash", provenance.dataHash()));
        List<Param> params = new ArrayList<>();
        parameters.forEach((key, value) -> params.add(Param.newBuilder()
                .setKey(key)
                .setValue(value.length() > LONGEST_PARAMETER ? value.substring(0, LONGEST_PARAMETER) : value)
                .build()));
        client.logBatch(id, List.of(), List.of(), tags);
        for (int from = 0; from < params.size(); from += MOST_PARAMETERS) {
            client.logBatch(
                    id, List.of(), params.subList(from, Math.min(params.size(), from + MOST_PARAMETERS)), List.of());
        }
    }

    private static RunTag tag(String key, String value) {
        return RunTag.newBuilder().setKey(key).setValue(value).build();
    }

    @Override
    public boolean isNew() {
        return isNew;
    }

    @Override
    public void line(JsonNode line) {
        long round = line.path("round").asLong();
        List<Metric> metrics = new ArrayList<>();
        NumbersOfLine.of(line).forEach((name, number) -> metrics.add(metric(name, number, round)));
        submit(() -> send(metrics));
    }

    @Override
    public void evaluation(byte[] json) {
        List<Metric> metrics = new ArrayList<>();
        JsonNode steps = read(json).path("steps");
        for (int step = 0; step < steps.size(); step++) {
            int number = step;
            steps.get(step).fields().forEachRemaining(field -> {
                JsonNode value = field.getValue().isObject() ? field.getValue().path("mean") : field.getValue();
                if (value.isNumber()) {
                    metrics.add(metric("evaluation/" + field.getKey(), value.asDouble(), number));
                }
            });
        }
        submit(() -> send(metrics));
        file("evaluation.json", json);
    }

    private static JsonNode read(byte[] json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Metric metric(String name, double value, long step) {
        return Metric.newBuilder()
                .setKey(name)
                .setValue(value)
                .setStep(step)
                .setTimestamp(System.currentTimeMillis())
                .build();
    }

    private void send(List<Metric> metrics) {
        pending.addAll(metrics);
        try {
            while (!pending.isEmpty()) {
                List<Metric> batch = pending.subList(0, Math.min(pending.size(), MOST_METRICS));
                client.logBatch(info.getRunId(), batch, List.of(), List.of());
                batch.clear();
            }
            metricsFailure = null;
        } catch (RuntimeException e) {
            metricsFailure = e;
        }
    }

    @Override
    public void file(String name, byte[] content) {
        submit(() -> {
            URI place = URI.create(info.getArtifactUri());
            if (PROXIED.equals(place.getScheme())) {
                upload(place.getPath() + "/" + name, content);
            } else {
                AtomicDirectory.at(info.getArtifactUri(), hadoop).replace(name, content);
            }
        });
    }

    private void upload(String path, byte[] content) {
        String server = settings.uri().replaceAll("/+$", "");
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(server + "/api/2.0/mlflow-artifacts/artifacts" + path))
                .timeout(REQUEST)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(content));
        authorization().ifPresent(value -> request.header("Authorization", value));
        try {
            HttpResponse<String> response = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(REQUEST)
                    .build()
                    .send(request.build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() / 100 != 2) {
                throw new UncheckedIOException(
                        new IOException("the server answered " + response.statusCode() + " to the file " + path));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted while the file " + path + " was sent", e));
        }
    }

    /** The credentials that MLflow's clients read from the environment. */
    private static Optional<String> authorization() {
        String token = System.getenv("MLFLOW_TRACKING_TOKEN");
        String user = System.getenv("MLFLOW_TRACKING_USERNAME");
        String password = System.getenv("MLFLOW_TRACKING_PASSWORD");
        if (user != null && password != null) {
            String both = Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
            return Optional.of("Basic " + both);
        }
        return Optional.ofNullable(token).map(value -> "Bearer " + value);
    }

    private void submit(Runnable request) {
        requests.execute(() -> {
            try {
                request.run();
            } catch (RuntimeException e) {
                failure = e;
            }
        });
    }

    @Override
    public void end(End end) {
        if (ended) {
            return;
        }
        ended = true;
        submit(() -> send(List.of()));
        submit(() -> client.setTerminated(
                info.getRunId(),
                switch (end) {
                    case FINISHED -> RunStatus.FINISHED;
                    case STOPPED -> RunStatus.KILLED;
                    case FAILED -> RunStatus.FAILED;
                }));
        requests.shutdown();
        boolean done = false;
        try {
            done = requests.awaitTermination(SECONDS_AT_THE_END, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        RuntimeException last = metricsFailure == null ? failure : metricsFailure;
        if (last != null || !done) {
            requests.shutdownNow();
            warning.accept("not all of the run is logged to " + settings.uri() + " ("
                    + (last == null ? "it did not answer for " + SECONDS_AT_THE_END + " s" : reason(last))
                    + "); the run folder has everything");
        }
        client.close();
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
    }

    @Override
    public void close() {
        end(End.FAILED);
    }
}
