package dev.kindling.driver.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.ThreadMXBean;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.ComparisonFile;
import dev.kindling.driver.config.JobFileResolver;
import dev.kindling.driver.config.NetworkFiles;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.metrics.MetricsReader;
import dev.kindling.driver.metrics.StatusFile;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.protocol.codec.ProtocolException;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.Augmentation;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.FewShotSource;
import dev.kindling.job.task.fewshot.ImageFormat;
import dev.kindling.job.task.fewshot.PackWriter;
import dev.kindling.job.task.fewshot.SplitSettings;
import dev.kindling.job.task.fewshot.WaySettings;
import dev.kindling.job.task.table.GroupDraw;
import dev.kindling.job.task.table.SupportDraw;
import dev.kindling.job.task.table.TableSource;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import io.netty.handler.codec.DecoderException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fuzzes every parser of untrusted bytes, from files and from connections, except network files, which
 * the {@code CraftedNetworkFiles} tests cover. Damaged bytes must give a value or an exception that the parser's row allows,
 * within the time limit and, where the row has one, the memory limit. The system property {@code fuzz.seed} is the seed
 * of the mutations, {@code fuzz.times} multiplies their number.
 */
class ParserFuzzTest {
    private static final long SEED = Long.getLong("fuzz.seed", 20261128);
    private static final int TIMES = Integer.getInteger("fuzz.times", 1);
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Path GOLDEN = Path.of("src/test/resources/dev/kindling/driver/checkpoint");
    private static final Path JOBS = Path.of("../conf");
    /** {@code few-shot.data} has no default. */
    private static final String IMAGES = "few-shot.data=/data/images";

    private static final Path TABLE_PACK = Path.of("src/test/resources/dev/kindling/driver/table/golden-pack");

    private static final String ZEROS = "0".repeat(64);
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Configuration HADOOP = new Configuration();

    private static final Set<Class<? extends RuntimeException>> BAD_DATA = Set.of(BadDataException.class);
    private static final Set<Class<? extends RuntimeException>> BAD_CONFIGURATION =
            Set.of(IllegalArgumentException.class);
    private static final Set<Class<? extends RuntimeException>> EITHER =
            Set.of(BadDataException.class, IllegalArgumentException.class);

    @TempDir
    private static Path temporary;

    private static Path run;
    private static Path images;
    private static Path table;

    /** Parses bytes; returns normally if they are a valid value. */
    @FunctionalInterface
    private interface Parse {
        void parse(byte[] bytes) throws IOException;
    }

    /**
     * Limits the bytes that a parser may allocate.
     *
     * @param fixed bytes for an input of any size
     * @param perByte bytes for each byte of the input
     */
    private record Memory(long fixed, long perByte) {
        static final Memory ANY = new Memory(Long.MAX_VALUE, 0);

        /** Enough for the fields of a message, and for an exception with its stack trace. */
        static final Memory OF_A_MESSAGE = new Memory(256 * 1024, 64);

        long of(byte[] input) {
            return fixed + perByte * input.length;
        }
    }

    /**
     * Describes one parser to fuzz, a row of the contract suite.
     *
     * @param name name of the parser in test reports
     * @param count number of damaged inputs
     * @param valid inputs that the mutations start from
     * @param allowed exceptions with which the parser may refuse an input
     * @param memory limit of the bytes that it may allocate
     * @param parse calls the parser
     */
    private record Parser(
            String name,
            int count,
            List<byte[]> valid,
            Set<Class<? extends RuntimeException>> allowed,
            Memory memory,
            Parse parse) {
        /** A row without a memory limit. */
        Parser(
                String name,
                int count,
                List<byte[]> valid,
                Set<Class<? extends RuntimeException>> allowed,
                Parse parse) {
            this(name, count, valid, allowed, Memory.ANY, parse);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void makeValidFiles() throws IOException {
        run = temporary.resolve("run");
        FileUtils.copyDirectory(GOLDEN.resolve("golden-format-2").toFile(), run.toFile());
        table = Files.createDirectory(temporary.resolve("table"));
        images = temporary.resolve("images");
        for (String folder : List.of("a", "b")) {
            Files.createDirectories(images.resolve(folder));
            for (int i = 0; i < 2; i++) {
                Files.write(images.resolve(folder).resolve(i + ".png"), encoded("png"));
            }
        }
        Files.writeString(images.resolve("train.txt"), "a\nb\n");
    }

    static Stream<Parser> parsers() throws IOException {
        Path checkpoint = run.resolve("checkpoints/00001000");
        Path pack = temporary.resolve("valid.npz");
        PackWriter.write(settings(images), pack.toString(), HADOOP);
        byte[] packed = Files.readAllBytes(pack);
        Stream<Parser> files = Stream.of(
                new Parser(
                        "safetensors",
                        3000,
                        List.of(
                                Files.readAllBytes(
                                        Path.of("src/test/resources/dev/kindling/driver/storage/golden.safetensors")),
                                Files.readAllBytes(checkpoint.resolve("theta.safetensors"))),
                        BAD_DATA,
                        bytes -> Safetensors.decode(bytes, "x.safetensors").layout()),
                new Parser(
                        "manifest of a checkpoint",
                        750,
                        List.of(unsigned(checkpoint.resolve("manifest.json"))),
                        BAD_DATA,
                        bytes -> {
                            Files.write(checkpoint.resolve("manifest.json"), signed(bytes));
                            directory().checkpoints().newest(sentence -> {});
                        }),
                new Parser(
                        "manifest of a model",
                        750,
                        List.of(unsigned(run.resolve("model/manifest.json"))),
                        BAD_DATA,
                        bytes -> {
                            Files.write(run.resolve("model/manifest.json"), signed(bytes));
                            directory().readModel();
                        }),
                new Parser(
                        "metrics.jsonl",
                        750,
                        List.of(
                                utf8(
                                        "{\"round\":1,\"query_loss\":0.5,\"tasks\":null}\n{\"round\":2,\"query_loss\":1e-3}\n")),
                        BAD_DATA,
                        bytes -> {
                            Files.write(run.resolve("metrics.jsonl"), bytes);
                            MetricsReader metrics = MetricsReader.in(folder());
                            metrics.warning();
                            if (metrics.has("query_loss")) {
                                metrics.column("query_loss");
                                metrics.last("query_loss");
                            }
                        }),
                new Parser(
                        "status.json",
                        750,
                        List.of(utf8("{\"state\":\"stopped\",\"exit_code\":6,\"sentence\":\"x\",\"round\":7}")),
                        Set.of(),
                        bytes -> {
                            Files.write(run.resolve("status.json"), bytes);
                            StatusFile.stateIn(folder());
                        }));
        Stream<Parser> imageFiles = Stream.of("png", "jpg", "bmp", "gif")
                .map(format -> new Parser(format + " image", 300, List.of(encoded(format)), BAD_DATA, bytes -> {
                    Files.write(images.resolve("a/0.png"), bytes);
                    drawn(images);
                }));
        Stream<Parser> sets = Stream.of(
                new Parser(
                        "split list", 400, List.of(utf8("a\nb\n"), utf8("a/rot090\r\nb/rot180\n")), EITHER, bytes -> {
                            Files.write(images.resolve("a/0.png"), encoded("png"));
                            Files.write(images.resolve("train.txt"), bytes);
                            drawn(images);
                        }),
                new Parser("pack", 300, List.of(packed), EITHER, ParserFuzzTest::drawnFromPack));
        Stream<Parser> entries = entries(packed).entrySet().stream()
                .map(entry -> new Parser(
                        "pack with a damaged " + entry.getKey(), 100, List.of(entry.getValue()), EITHER, bytes -> {
                            Map<String, byte[]> damaged = entries(packed);
                            damaged.put(entry.getKey(), bytes);
                            drawnFromPack(zipped(damaged));
                        }));
        Stream<Parser> tables = tablePackFiles().entrySet().stream()
                .map(file -> new Parser(
                        "table pack with a damaged " + file.getKey(), 100, List.of(file.getValue()), EITHER, bytes -> {
                            for (Map.Entry<String, byte[]> each :
                                    tablePackFiles().entrySet()) {
                                Files.write(table.resolve(each.getKey()), each.getValue());
                            }
                            Files.write(table.resolve(file.getKey()), bytes);
                            readTablePack();
                        }));
        List<byte[]> jobs = jobs();
        Stream<Parser> texts = Stream.of(
                new Parser("job file", 300, jobs, EITHER, bytes -> {
                    Path file = Files.write(temporary.resolve("job.conf"), bytes);
                    read(dev.kindling.driver.config.JobConfig.load(file, List.of(IMAGES)));
                }),
                new Parser("--set of any key over a job file", 750, assignments(), EITHER, ParserFuzzTest::readOverJob),
                new Parser(
                        "--set",
                        600,
                        List.of(
                                utf8("run.rounds=7"),
                                utf8("optimizer.learning-rate={ schedule = linear, from = 1, to = 0 }"),
                                utf8("few-shot.data=[\"/data/a\", ${?run.seed}]"),
                                utf8("cluster.executor-timeout=60s")),
                        EITHER,
                        bytes -> read(dev.kindling.driver.config.JobConfig.parse(
                                "job", "", List.of(new String(bytes, StandardCharsets.UTF_8))))),
                new Parser("compare file", 250, List.of(utf8("""
                                compare {
                                  runs = [ sinusoid-maml, { job = sinusoid-fomaml, name = other, set { run.rounds = 7 } },
                                    { run = runs/a, name = b } ]
                                  seeds = 3, baselines = [mean-task], fits { amplitude = 2 }
                                }
                                run.rounds = 5
                                """)), BAD_CONFIGURATION, bytes -> {
                    Path file = Files.write(temporary.resolve("compare.conf"), bytes);
                    ComparisonFile.load(file.toString(), JobFileResolver.here(), List.of(), Optional.empty());
                }));
        return Stream.of(files, imageFiles, sets, entries, tables, texts, frames())
                .flatMap(rows -> rows);
    }

    private static Stream<Parser> frames() {
        return Stream.of(
                frame("message to a worker", 2000, Frames.executorMessages(), MessageCodec::decodeExecutorMessage),
                frame("message to the driver", 2000, Frames.driverMessages(), MessageCodec::decodeDriverMessage),
                frame("question to an executor", 1000, Frames.peerRequests(), MessageCodec::decodePeerRequest),
                frame("numbers of an executor", 1000, Frames.shardPayloads(), MessageCodec::decodeShardPayload),
                frame("range outcome", 1500, Frames.rangeOutcomes(), MessageCodec::decodeOutcome),
                frame("message of a handshake", 1500, Frames.handshakes(), MessageCodec::decodeHandshake),
                new Parser(
                        "job to a worker",
                        750,
                        Frames.jobs(),
                        Set.of(ProtocolException.class),
                        new Memory(4 << 20, 2000),
                        MessageCodec::decodeExecutorMessage),
                new Parser(
                        "frames of a connection",
                        2000,
                        Frames.connections(),
                        Set.of(ProtocolException.class, DecoderException.class),
                        new Memory(1 << 20, 64),
                        Frames::receive));
    }

    private static Parser frame(String name, int count, List<byte[]> valid, Parse decode) {
        return new Parser(name, count, valid, Set.of(ProtocolException.class), Memory.OF_A_MESSAGE, decode);
    }

    /** Reads everything of a job except its data. */
    private static void read(dev.kindling.driver.config.JobConfig configuration) {
        configuration.json();
        SettingsReader.read(NetworkFiles.attach(configuration, HADOOP), HADOOP);
    }

    private static void readOverJob(byte[] assignment) throws IOException {
        read(dev.kindling.driver.config.JobConfig.load(
                jobFor(assignment), List.of(IMAGES, new String(assignment, StandardCharsets.UTF_8))));
    }

    /** Assignments of default values, without those that the job file chosen for them does not accept. */
    private static List<byte[]> assignments() throws IOException {
        List<byte[]> assignments = new ArrayList<>();
        JsonNode reference = new ObjectMapper()
                .readTree(dev.kindling.driver.config.JobConfig.reference().json());
        collect("", reference, assignments);
        List<byte[]> valid =
                assignments.stream().filter(ParserFuzzTest::isReadOverJob).toList();
        assertThat(valid).hasSizeGreaterThan(40);
        return valid;
    }

    private static boolean isReadOverJob(byte[] assignment) {
        try {
            readOverJob(assignment);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void collect(String prefix, JsonNode section, List<byte[]> assignments) {
        section.fields().forEachRemaining(entry -> {
            String key = prefix + entry.getKey();
            if (entry.getValue().isObject()) {
                collect(key + ".", entry.getValue(), assignments);
            } else {
                assignments.add(utf8(key + "=" + entry.getValue()));
            }
        });
    }

    /** One of the job files, chosen by a hash of the bytes. */
    private static Path jobFor(byte[] bytes) throws IOException {
        List<Path> files = jobFiles();
        return files.get(Math.floorMod(Arrays.hashCode(bytes), files.size()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("parsers")
    void validBytesAreReadAndDamagedOnesAreReadOrRefusedAsDeclared(Parser parser) throws IOException {
        for (byte[] valid : parser.valid()) {
            parser.parse().parse(valid);
        }
        Mutations mutations = new Mutations(SEED ^ parser.name().hashCode(), parser.valid());
        for (int i = 0; i < parser.count() * TIMES; i++) {
            byte[] damaged = mutations.next();
            try {
                assertTimeoutPreemptively(LIMIT, () -> requireReadOrRefused(parser, damaged));
            } catch (AssertionError e) {
                Path saved = Files.createDirectories(Path.of("target/fuzz"))
                        .resolve(parser.name().replaceAll("[^A-Za-z0-9.]", "-") + "-" + SEED + "-" + i);
                Files.write(saved, damaged);
                throw new AssertionError(
                        parser.name() + ": case " + i + " of seed " + SEED + " failed; its bytes are in " + saved, e);
            }
        }
    }

    /** Catches every Throwable, since an error such as a stack overflow is a failure of the parser too. */
    private static void requireReadOrRefused(Parser parser, byte[] damaged) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            parser.parse().parse(damaged);
        } catch (Throwable e) {
            if (parser.allowed().stream().noneMatch(type -> type.equals(e.getClass()))) {
                throw new AssertionError("an exception that is not allowed: " + e, e);
            }
            assertThat(e.getMessage()).isNotBlank();
        }
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated for %d bytes", damaged.length)
                .isLessThanOrEqualTo(parser.memory().of(damaged));
    }

    private static RunDirectory directory() {
        return RunDirectory.open(run.toString(), HADOOP);
    }

    private static AtomicDirectory folder() {
        return AtomicDirectory.at(run.toString(), HADOOP);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<Path> jobFiles() throws IOException {
        try (Stream<Path> files = Files.list(JOBS)) {
            return files.filter(file -> file.toString().endsWith(".conf")
                            && !file.toString().contains("compare")
                            // It names no table by itself.
                            && !file.endsWith("table.conf"))
                    .sorted()
                    .toList();
        }
    }

    private static List<byte[]> jobs() throws IOException {
        List<byte[]> texts = new ArrayList<>();
        for (Path file : jobFiles()) {
            texts.add(Files.readAllBytes(file));
        }
        return texts;
    }

    /** A manifest with zeros in place of its own checksum, which is computed over exactly that text. */
    private static byte[] unsigned(Path manifest) throws IOException {
        String text = Files.readString(manifest);
        String checksum =
                new ObjectMapper().readTree(text).path("manifest_sha256").asText();
        assertThat(checksum).hasSize(ZEROS.length());
        return utf8(text.replace(checksum, ZEROS));
    }

    /** The manifest with a correct checksum, so that mutations reach the parser after the checksum test. */
    private static byte[] signed(byte[] unsigned) {
        String text = new String(unsigned, StandardCharsets.UTF_8);
        return utf8(text.replace(ZEROS, DigestUtils.sha256Hex(text)));
    }

    private static byte[] encoded(String format) {
        BufferedImage image = new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 63; i++) {
            image.setRGB(i % 9, i / 9, 0x10305 * i);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            assertThat(ImageIO.write(image, format, out)).isTrue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static FewShotSettings settings(Path data) {
        return new FewShotSettings(
                List.of(data.toString()),
                new SplitSettings.Named(""),
                WaySettings.of(2),
                FewShotSettings.ClassPool.SPLIT,
                false,
                false,
                Augmentation.NONE,
                new ImageFormat(6, 1, ImageFormat.Polarity.DARK),
                1 << 30,
                new EpisodeSizes(1, 1, 1, 1));
    }

    /** Samples and materialises one task of an image set, which decodes all its images. */
    private static void drawn(Path data) {
        FewShotSource source = FewShotSource.open(settings(data), HADOOP);
        TaskSpec spec = source.sample(new TaskKey(3, Split.TRAIN, 1, 1));
        FlatVector numbers =
                FlatVector.zeros(Precision.FLOAT, source.layout(spec).arrays().size());
        source.materialise(spec, numbers, 0);
    }

    private static void drawnFromPack(byte[] pack) throws IOException {
        drawn(Files.write(temporary.resolve("damaged.npz"), pack));
    }

    private static Map<String, byte[]> tablePackFiles() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        try (Stream<Path> all = Files.list(TABLE_PACK)) {
            for (Path file : all.sorted().toList()) {
                files.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return files;
    }

    /** Reads everything in the pack: hash, encoding, and tasks of all splits. */
    private static void readTablePack() {
        SourceDescription description = TableTaskSettings.prepared(
                TableTaskSettings.description(
                        GroupDraw.GROUPS,
                        SupportDraw.MIX,
                        new EpisodeSizes(new IntRange(0, 4), 8, IntRange.of(2), TableTaskSettings.ALL_ROWS)),
                table.toString());
        TableSource source = (TableSource) TaskSources.open(description, HADOOP);
        for (Split split : Split.values()) {
            for (int i = 0; i < 20; i++) {
                TaskSpec spec = source.sample(new TaskKey(3, split, 1, i));
                source.name(spec);
                FlatVector numbers = FlatVector.zeros(
                        Precision.FLOAT, source.layout(spec).arrays().size());
                source.materialise(spec, numbers, 0);
            }
        }
        source.encoding();
        source.dataHash();
    }

    private static Map<String, byte[]> entries(byte[] zip) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.put(entry.getName(), in.readAllBytes());
            }
        }
        return entries;
    }

    private static byte[] zipped(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> each : entries.entrySet()) {
                CRC32 checksum = new CRC32();
                checksum.update(each.getValue());
                ZipEntry entry = new ZipEntry(each.getKey());
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(each.getValue().length);
                entry.setCrc(checksum.getValue());
                out.putNextEntry(entry);
                out.write(each.getValue());
            }
        }
        return bytes.toByteArray();
    }
}
