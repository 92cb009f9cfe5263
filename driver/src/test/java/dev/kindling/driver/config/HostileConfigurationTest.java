package dev.kindling.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests that configurations crafted to exhaust time or memory, or to have side effects, give a single-line error. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileConfigurationTest {
    @TempDir
    private Path folder;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static String lines(int count, IntFunction<String> line) {
        return IntStream.range(0, count).mapToObj(line).collect(Collectors.joining("\n", "", "\n"));
    }

    static Stream<Arguments> texts() {
        return Stream.of(
                Arguments.of("deep lists", "a=" + "[".repeat(10_000) + "]".repeat(10_000), "levels of lists"),
                Arguments.of("deep objects", "{a:".repeat(10_000) + "1" + "}".repeat(10_000), "levels of lists"),
                Arguments.of("deep lists without an end", "[".repeat(10_000), "levels of lists"),
                Arguments.of("a deep path", "a" + ".a".repeat(10_000) + "=1", "parts of keys"),
                Arguments.of("a deep path in quotes", "\"a\"" + ".\"a\"".repeat(10_000) + "=1", "parts of keys"),
                Arguments.of("paths in paths", "a.a.a.a.a.a.a.a.a {".repeat(8) + "}".repeat(8), "parts of keys"),
                Arguments.of("a deep path named", "a = ${?b" + ".b".repeat(10_000) + "}", "parts of keys"),
                Arguments.of("many keys", lines(10_000, i -> "a.b" + i + "=1"), "2048 keys"),
                Arguments.of("many words", "a = " + "x ".repeat(60_000), "pieces in one value"),
                Arguments.of("many texts", "a = " + "\"x\"".repeat(60_000), "pieces in one value"),
                Arguments.of("many lists", "a = " + "[1] ".repeat(20_000), "lists and objects"),
                Arguments.of("a long text", "a = " + "x".repeat(1 << 20), "262144"),
                Arguments.of(
                        "texts of texts",
                        "a0=lol\n" + lines(30, i -> "a" + (i + 1) + "=${a" + i + "}${a" + i + "}"),
                        "262144 characters"),
                Arguments.of(
                        "lists of lists",
                        "a0=[lol]\n" + lines(30, i -> "a" + (i + 1) + "=${a" + i + "}${a" + i + "}"),
                        "262144 characters"),
                Arguments.of(
                        "objects of objects",
                        "a0=lol\n" + lines(30, i -> "a" + (i + 1) + "{x=${a" + i + "},y=${a" + i + "}}"),
                        "262144 characters"),
                Arguments.of(
                        "a text that doubles itself",
                        "run.rounds=7\n" + lines(40, i -> "run.rounds=${run.rounds}${run.rounds}"),
                        "262144 characters"),
                Arguments.of(
                        "two that double each other",
                        "a=1\nb=2\n" + lines(20, i -> "a=${b}${b}\nb=${a}${a}"),
                        "262144 characters"),
                Arguments.of(
                        "a long row of substitutions",
                        lines(200, i -> "a" + i + "=${a" + (i + 1) + "}") + "a200=1",
                        "substitutions; it may have 100"),
                Arguments.of("a key that adds to itself", lines(1000, i -> "a += 1"), "substitutions"),
                Arguments.of(
                        "values nested by substitution",
                        "a0=1\n"
                                + lines(
                                        10,
                                        i -> "a" + (i + 1) + "=" + "[".repeat(20) + "${a" + i + "}" + "]".repeat(20)),
                        "nested too deeply"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("texts")
    void isRefusedAsAJobFileAndAsStoredText(String what, String text, String message) throws IOException {
        Path job = file("job.conf", text);
        assertThatThrownBy(() -> JobConfig.load(job, List.of()))
                .as(what)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("assignments")
    void isRefusedInAnAssignment(String what, String assignment, String message) {
        assertThatThrownBy(() ->
                        JobConfig.parse("job", "", List.of(assignment)).keys().bytes("backend.memory"))
                .as(what)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    static Stream<Arguments> assignments() {
        return Stream.of(
                Arguments.of("deep lists", "a=" + "[".repeat(10_000) + "]".repeat(10_000), "levels of lists"),
                Arguments.of("a deep path", "a" + ".a".repeat(10_000) + "=1", "parts of keys"),
                Arguments.of("a long key", "a".repeat(100_000) + "=1", "there is no key aaaa"),
                Arguments.of("an exponent", "backend.memory=1e99999999 GiB", "it must be a number of bytes"),
                Arguments.of("a long number", "backend.memory=" + "9".repeat(100_000), "it must be a number of bytes"),
                Arguments.of(
                        "a file", "run={ include file(\"/etc/hostname\") }", "--set run includes file(/etc/hostname)"),
                Arguments.of("a url", "run={ include url(\"http://localhost:1/\") }", "--set run includes url("));
    }

    @Test
    void textWithinTheLimitsIsRead() throws IOException {
        Path job = file("job.conf", """
                # [[[[ {{{{ "
                run { rounds = 7, seed = ${run.rounds} } // ]]]] a.b.c.d
                few-shot.data = [/data/a]
                few-shot.data += "/data/{b"
                few-shot.data += ""\"/da"ta/[c""\"
                few-shot.split = ${HOME}"/splits"
                task.support = ${evaluation.support}
                evaluation.support = ${run.rounds}
                """);
        JobConfig configuration =
                JobConfig.load(job, List.of("optimizer.learning-rate={ schedule = linear, from = 1, to = 0 }"));
        assertThat(configuration.shown("run.seed")).isEqualTo("7");
        assertThat(configuration.shown("task.support")).isEqualTo("7");
        assertThat(configuration.shown("few-shot.data")).isEqualTo("[\"/data/a\",\"/data/{b\",\"/da\\\"ta/[c\"]");
        assertThat(configuration.shown("few-shot.split")).isEqualTo(System.getenv("HOME") + "/splits");
    }

    @Test
    void filesThatIncludeEachOtherAreRefused() throws IOException {
        Path job = file("a.conf", "include \"b.conf\"");
        file("b.conf", "include \"./a.conf\"");
        assertThatThrownBy(() -> JobConfig.load(job, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("b.conf includes ./a.conf, which is being read already; files must not include each other");
        Path cyclic = file("own.conf", "include file(\"" + folder.resolve("own.conf") + "\")");
        assertThatThrownBy(() -> JobConfig.load(cyclic, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("which is being read already");
    }

    @Test
    void deepAndManyIncludesAreRefused() throws IOException {
        for (int i = 0; i < 30; i++) {
            file("deep" + i + ".conf", "include \"deep" + (i + 1) + ".conf\"");
            file("many" + i + ".conf", ("include \"many" + (i + 1) + ".conf\"\n").repeat(10));
        }
        file("many12.conf", "a=1");
        assertThatThrownBy(() -> JobConfig.load(folder.resolve("deep0.conf"), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("in a row of includes; it may be 16");
        assertThatThrownBy(() -> JobConfig.load(folder.resolve("many0.conf"), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("one file too many");
    }

    @Test
    void missingIncludesOfEveryKindAreRefusedAndExistingOnesAreRead() throws IOException {
        file("there.conf", "run.rounds = 7");
        for (String missing : List.of("\"gone.conf\"", "file(\"/gone.conf\")", "classpath(\"gone.conf\")")) {
            Path job = file("job.conf", "include " + missing);
            assertThatThrownBy(() -> JobConfig.load(job, List.of()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(job + " includes ")
                    .hasMessageContaining("gone.conf");
        }
        for (String there : List.of(
                "\"there.conf\"",
                "required(\"there.conf\")",
                "file(\"" + folder.resolve("there.conf") + "\")",
                "classpath(\"dev/kindling/driver/config/there.conf\")")) {
            assertThat(JobConfig.load(file("job.conf", "include " + there), List.of())
                            .shown("run.rounds"))
                    .as(there)
                    .isEqualTo("7");
        }
    }

    @Test
    void urlsAreNotFetched() throws IOException {
        AtomicInteger requests = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        server.start();
        try {
            String url = "http://localhost:" + server.getAddress().getPort() + "/a.conf";
            for (String include :
                    List.of("url(\"" + url + "\")", "required(url(\"" + url + "\"))", "\"" + url + "\"")) {
                String text = "include " + include;
                Path job = file("job.conf", text);
                assertThatThrownBy(() -> JobConfig.load(job, List.of()))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(url);
                assertThatThrownBy(() -> JobConfig.parse("config.conf", text, List.of()))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContainingAll("config.conf includes", url, "it must not include anything");
            }
            assertThat(requests).hasValue(0);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aStoredConfigurationCanNeitherIncludeNorReadTheEnvironment() throws IOException {
        Path other = file("other.conf", "run.rounds = 7");
        for (String include :
                List.of("\"sinusoid-maml.conf\"", "file(\"" + other + "\")", "classpath(\"reference.conf\")")) {
            assertThatThrownBy(() -> JobConfig.parse("config.conf", "include " + include, List.of()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("it must not include anything");
        }
        assertThatThrownBy(() -> JobConfig.parse("config.conf", "few-shot.data = ${HOME}", List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("${HOME}");
        assertThat(JobConfig.parse("config.conf", "few-shot.data = ${?HOME}", List.of())
                        .shown("few-shot.data"))
                .isEmpty();
    }

    @Test
    void filesThatAreNotUtf8AreRefusedByName() throws IOException {
        Path job = Files.write(
                folder.resolve("latin.conf"), "few-shot.data = /b\u00fccher".getBytes(StandardCharsets.ISO_8859_1));
        for (String name : List.of(job.toString(), job.toUri().toString())) {
            assertThatThrownBy(() -> JobConfig.load(name, JobFileResolver.here(), List.of()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("latin.conf", "is not text in UTF-8");
        }
    }

    @Test
    void controlCharactersOfKeysAreEscaped() throws IOException {
        Path job = file("job.conf", "\"ro\\u0000un\\u001b[31md\\ns\\u202e\" = 1");
        assertThatThrownBy(() -> JobConfig.load(job, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("there is no key ro\\u0000un\\u001b[31md\\u000as\\u202e; the nearest is");
    }

    @Test
    void aComparisonHasTheSameLimits() throws IOException {
        String laughs = "x0=lol\n" + lines(30, i -> "x" + (i + 1) + "=${compare.x" + i + "}${compare.x" + i + "}");
        Path file = file("many-compare.conf", "compare {\n" + laughs + "}");
        assertThatThrownBy(() -> ComparisonFile.load(
                        file.toString(), JobFileResolver.here(), List.of(), java.util.Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("262144 characters");
    }
}
