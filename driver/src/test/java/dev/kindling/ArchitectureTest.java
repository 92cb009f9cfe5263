package dev.kindling;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rules of the house: which room may import which, and what stays at which door. */
class ArchitectureTest {
    private static final String JOB = "dev.kindling.job.";
    private static final String DRIVER = "dev.kindling.driver.";

    /** Top to bottom: a room imports those before it. Sub-rooms belong to their room. */
    private static final List<String> JOB_ROOMS = List.of(
            "tensor",
            "random",
            "program",
            "autodiff",
            "backend",
            "task",
            "model",
            "algorithm",
            "fold",
            "wire",
            "runner",
            "executor");

    private static final List<String> DRIVER_ROOMS = List.of(
            "sampler",
            "aggregator",
            "optimizer",
            "checkpoint",
            "metrics",
            "cluster",
            "evaluation",
            "check",
            "plan",
            "export",
            "loop",
            "report",
            "ml",
            "config",
            "cli");

    private static final JavaClasses HOUSE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.kindling");

    @Test
    void everyClassLivesInAKnownRoom() {
        Set<String> rooms = Stream.concat(
                        JOB_ROOMS.stream().map(JOB::concat),
                        DRIVER_ROOMS.stream().map(DRIVER::concat))
                .collect(Collectors.toSet());
        assertThat(HOUSE).isNotEmpty().allSatisfy(type -> assertThat(rooms).contains(roomOf(type)));
    }

    @TestFactory
    Stream<DynamicTest> roomsOfTheSparkJobImportOnlyRoomsAboveThem() {
        return JOB_ROOMS.stream().map(room -> importsOnlyUpwards(JOB, JOB_ROOMS, room));
    }

    @TestFactory
    Stream<DynamicTest> roomsOfTheDriverImportOnlyRoomsAboveThem() {
        return DRIVER_ROOMS.stream().map(room -> importsOnlyUpwards(DRIVER, DRIVER_ROOMS, room));
    }

    @Test
    void whatRunsOnExecutorsNeverImportsTheDriver() {
        noClasses()
                .that()
                .resideInAPackage("dev.kindling.job..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.kindling.driver..")
                .check(HOUSE);
    }

    @Test
    void executorsKnowProgramsButNeitherModelsNorAlgorithms() {
        noClasses()
                .that()
                .resideInAnyPackage(JOB + "fold..", JOB + "wire..", JOB + "runner..", JOB + "executor..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(JOB + "model..", JOB + "algorithm..", JOB + "autodiff..")
                .allowEmptyShould(true)
                .check(HOUSE);
    }

    @TestFactory
    Stream<DynamicTest> plugInsDoNotKnowEachOther() {
        return Stream.of("backend", "task")
                .map(room -> DynamicTest.dynamicTest(
                        room,
                        () -> slices().matching(JOB + room + ".(*)..")
                                .should()
                                .notDependOnEachOther()
                                .allowEmptyShould(true)
                                .check(HOUSE)));
    }

    @TestFactory
    Stream<DynamicTest> aRoomFindsItsPlugInsWithoutNamingThem() {
        return Stream.of("backend", "task")
                .map(room -> DynamicTest.dynamicTest(
                        room,
                        () -> noClasses()
                                .that()
                                .resideInAPackage(JOB + room)
                                .should()
                                .dependOnClassesThat()
                                .resideInAPackage(JOB + room + ".*..")
                                .check(HOUSE)));
    }

    @TestFactory
    Stream<DynamicTest> librariesStayAtTheirDoors() {
        return Stream.of(
                keptIn("org.apache.spark..", JOB + "executor..", DRIVER + "cluster.spark..", DRIVER + "ml.."),
                keptIn("jdk.incubator.vector..", JOB + "backend.vector.."),
                keptIn("com.typesafe.config..", DRIVER + "config..", DRIVER + "cli.."),
                keptIn("picocli..", DRIVER + "cli.."),
                keptIn("me.tongfei.progressbar..", DRIVER + "cli.."),
                keptIn("j2html..", DRIVER + "report.."),
                keptIn("org.apache.parquet..", DRIVER + "evaluation.."),
                keptIn(
                        "org.nd4j..",
                        DRIVER + "optimizer..",
                        DRIVER + "cluster.spark..",
                        JOB + "model..",
                        JOB + "backend.nd4j.."),
                keptIn("org.deeplearning4j..", DRIVER + "cluster.spark..", JOB + "model.."),
                keptIn("com.esotericsoftware..", JOB + "wire.."));
    }

    @Test
    void nobodyButTheCommandsImportsTheConfiguration() {
        noClasses()
                .that()
                .resideOutsideOfPackages(DRIVER + "config..", DRIVER + "cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(DRIVER + "config..")
                .check(HOUSE);
    }

    @Test
    void randomnessComesFromKeysAlone() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.concurrent.ThreadLocalRandom")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.SplittableRandom")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.security.SecureRandom")
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("java.util.random..")
                .orShould()
                .callMethod(Math.class, "random")
                .check(HOUSE);
    }

    /** {@link Math} may differ from machine to machine where {@link StrictMath} may not. */
    @Test
    void mathematicsThatReachesTheBitsOfARunIsStrict() {
        DescribedPredicate<JavaCall<?>> loose = DescribedPredicate.describe(
                "a function of Math that is not exact",
                call -> call.getTargetOwner().isEquivalentTo(Math.class)
                        && call.getName()
                                .matches("sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|exp|expm1|log|log10|log1p|"
                                        + "pow|cbrt|hypot"));
        noClasses()
                .that()
                .resideInAnyPackage(
                        JOB + "tensor..", JOB + "random..", JOB + "program..", JOB + "task..", JOB + "model..")
                .should()
                .callMethodWhere(loose)
                .check(HOUSE);
    }

    @Test
    void nothingFromDiskOrNetworkIsDeserialisedByJava() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.io.ObjectInputStream")
                .check(HOUSE);
    }

    /** ND4J believes lengths and strides of what it reads; AveragingCluster reads what this JVM has just written. */
    @Test
    void noFileIsReadByNd4jsOwnReaders() {
        DescribedPredicate<JavaCall<?>> reading = DescribedPredicate.describe(
                "a reader of ND4J's or Deeplearning4j's binary files",
                call -> (call.getTargetOwner().getPackageName().startsWith("org.nd4j")
                                || call.getTargetOwner().getPackageName().startsWith("org.deeplearning4j"))
                        && call.getName().matches("read.*|restore.*|load.*|createFromNp.*|fromByteArray|toArray"));
        noClasses()
                .that()
                .doNotHaveSimpleName("AveragingCluster")
                .should()
                .callMethodWhere(reading)
                .check(HOUSE);
    }

    @Test
    void everyRoomHasASignAndMarksItsNulls() {
        List<String> without = HOUSE.getPackage("dev.kindling").getSubpackagesInTree().stream()
                .filter(room -> !room.getClasses().isEmpty())
                .filter(room -> !room.isAnnotatedWith(NullMarked.class))
                .map(JavaPackage::getName)
                .sorted()
                .toList();
        assertThat(without)
                .as("packages without a package-info.java that is @NullMarked")
                .isEmpty();
    }

    @Test
    void classesThatNobodyIsMeantToExtendAreFinal() {
        classes()
                .that()
                .arePublic()
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .and()
                .doNotHaveModifier(JavaModifier.ABSTRACT)
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(HOUSE);
    }

    private static DynamicTest importsOnlyUpwards(String module, List<String> rooms, String room) {
        String[] below = rooms.subList(rooms.indexOf(room) + 1, rooms.size()).stream()
                .map(name -> module + name + "..")
                .toArray(String[]::new);
        return DynamicTest.dynamicTest(
                room,
                () -> noClasses()
                        .that()
                        .resideInAPackage(module + room + "..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(below)
                        .allowEmptyShould(true)
                        .check(HOUSE));
    }

    private static DynamicTest keptIn(String library, String... doors) {
        return DynamicTest.dynamicTest(
                library,
                () -> noClasses()
                        .that()
                        .resideOutsideOfPackages(doors)
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(library)
                        .check(HOUSE));
    }

    private static String roomOf(JavaClass type) {
        String[] parts = type.getPackageName().split("\\.");
        return parts.length < 4
                ? type.getPackageName()
                : String.join(".", List.of(parts).subList(0, 4));
    }
}
