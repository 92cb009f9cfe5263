package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Trains with {@code run.mlflow} and a server that has the part of MLflow's REST API that is used. Tried with MLflow's own server:
 * decision 98.
 */
class MlflowTrackingTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A request: method and path below the API's root, and the body. */
    private record Request(String what, String body) {
        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (IOException e) {
                throw new AssertionError(body, e);
            }
        }
    }

    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private volatile String artifacts = "mlflow-artifacts:/7/run-1/artifacts";

    /** Requests whose method and path begin so are refused. */
    private volatile String refused = "nothing";

    /** Batches of metrics that are still to be refused. */
    private final AtomicInteger refusals = new AtomicInteger();

    @TempDir
    private Path temporary;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/api/2.0/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String path = exchange.getRequestURI().getPath().replaceFirst("^/api/2.0/(mlflow/)?", "");
        Request request = new Request(exchange.getRequestMethod() + " " + path, body);
        int code = 200;
        String info = "{\"info\": {\"run_id\": \"run-1\", \"run_uuid\": \"run-1\", \"artifact_uri\": \"" + artifacts
                + "\", \"status\": \"RUNNING\"}}";
        String answer = switch (request.what()) {
            case "POST experiments/create" -> "{\"experiment_id\": \"7\"}";
            case "POST runs/create", "GET runs/get" -> "{\"run\": " + info + "}";
            default -> "{}";
        };
        boolean metrics = request.what().equals("POST runs/log-batch")
                && request.json().path("metrics").size() > 0;
        if (request.what().startsWith(refused) || (metrics && refusals.getAndDecrement() > 0)) {
            code = 500;
            answer = "{\"error_code\": \"INTERNAL_ERROR\", \"message\": \"no space\"}";
        } else if (request.what().equals("GET experiments/get-by-name")) {
            code = 404;
            answer = "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\", \"message\": \"no such experiment\"}";
        }
        if (code != 500) {
            requests.add(request);
        }
        byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private String uri() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private TinyRun run(String... sets) {
        List<String> all = new ArrayList<>(List.of("run.mlflow=" + uri(), "run.mlflow-experiment=trials"));
        all.addAll(List.of(sets));
        return TinyRun.in(temporary, "run", all.toArray(String[]::new));
    }

    private Stream<JsonNode> of(String what) {
        return requests.stream().filter(request -> request.what().equals(what)).map(Request::json);
    }

    /** The rounds and values that were logged for a metric. */
    private Map<Long, Double> metric(String name) {
        Map<Long, Double> values = new TreeMap<>();
        of("POST runs/log-batch")
                .forEach(batch -> batch.path("metrics").forEach(metric -> {
                    if (metric.path("key").asText().equals(name)) {
                        values.put(
                                metric.path("step").asLong(),
                                metric.path("value").asDouble());
                    }
                }));
        return values;
    }

    private static Map<Long, Double> lines(TinyRun run, String name) throws IOException {
        Map<Long, Double> values = new TreeMap<>();
        for (String line : Files.readAllLines(run.file("metrics.jsonl"))) {
            JsonNode json = JSON.readTree(line);
            values.put(json.path("round").asLong(), json.path(name).asDouble());
        }
        return values;
    }

    @Test
    void aRunIsLoggedWithItsParametersMetricsEvaluationAndReport() throws IOException {
        TinyRun run = run();
        Outcome outcome = run.train();
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        assertThat(of("POST experiments/create"))
                .singleElement()
                .satisfies(json -> assertThat(json.path("name").asText()).isEqualTo("trials"));
        Map<String, String> parameters = new TreeMap<>();
        of("POST runs/log-batch")
                .forEach(batch -> batch.path("params")
                        .forEach(each -> parameters.put(
                                each.path("key").asText(), each.path("value").asText())));
        assertThat(parameters)
                .containsEntry("run.rounds", "24")
                .containsEntry("algorithm.name", "maml")
                .doesNotContainKey("run.mlflow");
        assertThat(metric("query_loss")).hasSize(8).isEqualTo(lines(run, "query_loss"));
        assertThat(metric("round_milliseconds/tasks")).isNotNull();
        assertThat(metric("evaluation/loss")).hasSize(3);
        assertThat(requests)
                .filteredOn(request -> request.what().endsWith("run-1/artifacts/report.html"))
                .singleElement()
                .satisfies(request -> assertThat(request.what() + request.body())
                        .startsWith("PUT mlflow-artifacts/artifacts/7/run-1")
                        .contains("<html"));
        assertThat(requests).anyMatch(request -> request.what().endsWith("run-1/artifacts/evaluation.json"));
        assertThat(of("POST runs/update").map(json -> json.path("status").asText()))
                .containsExactly("FINISHED");
        assertThat(JSON.readTree(Files.readString(run.file("mlflow.json")))
                        .path("run_id")
                        .asText())
                .isEqualTo("run-1");
    }

    @Test
    void aResumedRunContinuesItsEntry() throws IOException {
        TinyRun run = run();
        assertThat(run.train("--set", "run.rounds=12").err()).isEmpty();
        assertThat(run.train("--resume").code()).isZero();
        assertThat(of("POST runs/create")).hasSize(1);
        assertThat(of("POST runs/update").map(json -> json.path("status").asText()))
                .containsExactly("FINISHED", "RUNNING", "FINISHED");
        assertThat(metric("query_loss")).hasSize(8).isEqualTo(lines(run, "query_loss"));
    }

    @Test
    void aRunThatIsLoggedFromItsResumptionOnHasItsEarlierMetricsToo() throws IOException {
        TinyRun run = run();
        assertThat(run.train("--set", "run.rounds=12", "--set", "run.mlflow=").err())
                .isEmpty();
        assertThat(requests).isEmpty();
        assertThat(run.train("--resume").code()).isZero();
        assertThat(metric("query_loss")).hasSize(8).isEqualTo(lines(run, "query_loss"));
    }

    @Test
    void filesGoToThePlaceThatTheServerNames() {
        artifacts = temporary.resolve("store").toUri().toString();
        assertThat(run().train().err()).isEmpty();
        assertThat(temporary.resolve("store/report.html")).isNotEmptyFile();
        assertThat(temporary.resolve("store/evaluation.json")).isNotEmptyFile();
    }

    @Test
    void aServerThatFailsDuringARunDoesNotEndIt() {
        refused = "POST runs/log-batch";
        Outcome beginning = run().train();
        assertThat(beginning.code()).isEqualTo(2);
        assertThat(beginning.err())
                .contains("run.mlflow is " + uri() + ", which must be the URI of an MLflow server")
                .hasLineCount(1);
        refused = "PUT ";
        Outcome outcome = TinyRun.in(temporary, "other", "run.mlflow=" + uri()).train();
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out() + outcome.err())
                .contains("not all of the run is logged to " + uri())
                .contains("the run folder has everything");
    }

    @Test
    void aServerThatCannotBeReachedIsRefusedBeforeThereIsARun() {
        stop();
        for (String source : List.of("sinusoid", "table")) {
            TinyRun run = run("task.source=" + source, "table.path=none.csv", "table.group=g", "table.label=y");
            Outcome outcome = run.train();
            assertThat(outcome.code()).isEqualTo(2);
            assertThat(outcome.err()).contains("run.mlflow is " + uri()).hasLineCount(1);
            assertThat(run.folder()).doesNotExist();
        }
    }

    @Test
    void metricsThatTheServerDidNotTakeAreSentAgain() throws IOException {
        refusals.set(4);
        TinyRun run = run();
        Outcome outcome = run.train();
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out() + outcome.err()).doesNotContain("not all of the run");
        assertThat(metric("query_loss")).hasSize(8).isEqualTo(lines(run, "query_loss"));
    }

    @Test
    void anExperimentWithoutANameIsRefused() {
        Outcome outcome = run("run.mlflow-experiment=").train();
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).startsWith("run.mlflow-experiment is empty").hasLineCount(1);
    }
}
