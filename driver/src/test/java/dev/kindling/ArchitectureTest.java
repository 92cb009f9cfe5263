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
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The architecture: which package may import which, and the only packages that import each library. */
class ArchitectureTest {
    private static final String JOB = "dev.kindling.job.";
    private static final String DRIVER = "dev.kindling.driver.";

    /** The public API; of Kindling's packages only that of Spark ML's stages imports it. */
    private static final String API = "dev.kindling";

    /** Spark ML's stages; nothing imports them. */
    private static final String ML = "dev.kindling.ml";

    /** A package imports only those earlier in the list. Sub-packages count as their parent. */
    private static final List<String> JOB_PACKAGES = List.of(
            "error",
            "tensor",
            "random",
            "program",
            "autodiff",
            "optimizer",
            "backend",
            "task",
            "model",
            "algorithm",
            "reduce",
            "protocol",
            "runner",
            "executor");

    private static final List<String> DRIVER_PACKAGES = List.of(
            "error",
            "sampler",
            "aggregator",
            "optimizer",
            "storage",
            "checkpoint",
            "metrics",
            "cluster",
            "table",
            "evaluation",
            "check",
            "plan",
            "serving",
            "transform",
            "training",
            "report",
            "config",
            "run",
            "export",
            "cli");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.kindling");

    @Test
    void everyClassLivesInAListedPackage() {
        Set<String> packages = Stream.concat(
                        JOB_PACKAGES.stream().map(JOB::concat),
                        DRIVER_PACKAGES.stream().map(DRIVER::concat))
                .collect(Collectors.toSet());
        packages.add(API);
        packages.add(ML);
        assertThat(CLASSES).isNotEmpty().allSatisfy(type -> assertThat(packages).contains(packageOf(type)));
    }

    @TestFactory
    Stream<DynamicTest> packagesOfTheSparkJobImportOnlyEarlierOnes() {
        return JOB_PACKAGES.stream().map(name -> importsOnlyEarlier(JOB, JOB_PACKAGES, name));
    }

    @TestFactory
    Stream<DynamicTest> packagesOfTheDriverImportOnlyEarlierOnes() {
        return DRIVER_PACKAGES.stream().map(name -> importsOnlyEarlier(DRIVER, DRIVER_PACKAGES, name));
    }

    @Test
    void noTwoTopLevelTypesShareASimpleName() {
        Map<String, List<String>> bySimpleName = CLASSES.stream()
                .filter(type -> type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
                .collect(Collectors.groupingBy(
                        JavaClass::getSimpleName,
                        TreeMap::new,
                        Collectors.mapping(JavaClass::getName, Collectors.toList())));
        assertThat(bySimpleName)
                .isNotEmpty()
                .allSatisfy((name, types) -> assertThat(types).hasSize(1));
    }

    @Test
    void onlySparkMlsStagesImportTheApiAndNothingImportsThem() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ML)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ML)
                .check(CLASSES);
        noClasses()
                .that()
                .resideOutsideOfPackages(API, ML)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(API)
                .check(CLASSES);
    }

    @Test
    void executorCodeDoesNotImportTheDriver() {
        noClasses()
                .that()
                .resideInAPackage("dev.kindling.job..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.kindling.driver..")
                .check(CLASSES);
    }

    @Test
    void executorCodeImportsProgramsButNeitherModelsNorAlgorithms() {
        noClasses()
                .that()
                .resideInAnyPackage(JOB + "reduce..", JOB + "protocol..", JOB + "runner..", JOB + "executor..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(JOB + "model..", JOB + "algorithm..", JOB + "autodiff..")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @TestFactory
    Stream<DynamicTest> plugInsDoNotImportEachOther() {
        return Stream.of("backend", "task")
                .map(name -> DynamicTest.dynamicTest(
                        name,
                        () -> slices().matching(JOB + name + ".(*)..")
                                .should()
                                .notDependOnEachOther()
                                .allowEmptyShould(true)
                                .check(CLASSES)));
    }

    @TestFactory
    Stream<DynamicTest> aPackageFindsItsPlugInsWithoutNamingThem() {
        return Stream.of("backend", "task")
                .map(name -> DynamicTest.dynamicTest(
                        name,
                        () -> noClasses()
                                .that()
                                .resideInAPackage(JOB + name)
                                .should()
                                .dependOnClassesThat()
                                .resideInAPackage(JOB + name + ".*..")
                                .check(CLASSES)));
    }

    @TestFactory
    Stream<DynamicTest> eachLibraryIsImportedByItsPackagesOnly() {
        return Stream.of(
                onlyIn(
                        "org.apache.spark..",
                        JOB + "executor..",
                        DRIVER + "cluster.spark..",
                        DRIVER + "table..",
                        DRIVER + "transform..",
                        ML,
                        API),
                onlyIn("org.apache.spark.ml..", ML),
                onlyIn("jdk.incubator.vector..", JOB + "backend.vector.."),
                onlyIn("com.typesafe.config..", DRIVER + "config..", DRIVER + "cli.."),
                onlyIn("picocli..", DRIVER + "cli.."),
                onlyIn("me.tongfei.progressbar..", DRIVER + "cli.."),
                onlyIn("j2html..", DRIVER + "report.."),
                onlyIn("org.mlflow..", DRIVER + "metrics.."),
                onlyIn("org.apache.parquet..", DRIVER + "storage..", DRIVER + "evaluation..", DRIVER + "serving.."),
                onlyIn("org.nd4j..", DRIVER + "cluster.spark..", JOB + "model..", JOB + "backend.nd4j.."),
                onlyIn("org.deeplearning4j..", DRIVER + "cluster.spark..", JOB + "model.."),
                onlyIn("com.esotericsoftware..", JOB + "protocol.codec.."));
    }

    @Test
    void theConfigurationIsReadByRunsAndCommandsOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        DRIVER + "config..", DRIVER + "run..", DRIVER + "export..", DRIVER + "cli..", API, ML)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(DRIVER + "config..")
                .check(CLASSES);
    }

    @Test
    void randomNumbersComeFromKeyedStreamsOnly() {
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
                .check(CLASSES);
    }

    /** {@link Math} may differ from machine to machine where {@link StrictMath} may not. */
    @Test
    void computationsThatAffectResultsUseStrictMath() {
        DescribedPredicate<JavaCall<?>> loose = DescribedPredicate.describe(
                "a function of Math that is not exact",
                call -> call.getTargetOwner().isEquivalentTo(Math.class)
                        && call.getName()
                                .matches("sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|exp|expm1|log|log10|log1p|"
                                        + "pow|cbrt|hypot"));
        noClasses()
                .that()
                .resideInAnyPackage(
                        JOB + "tensor..",
                        JOB + "random..",
                        JOB + "program..",
                        JOB + "optimizer..",
                        JOB + "task..",
                        JOB + "model..")
                .should()
                .callMethodWhere(loose)
                .check(CLASSES);
    }

    @Test
    void nothingFromDiskOrNetworkIsDeserialisedByJava() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.io.ObjectInputStream")
                .check(CLASSES);
    }

    /** ND4J does not validate lengths and strides that it reads; ParameterAveragingCluster reads only what this JVM has just written. */
    @Test
    void noFileIsReadByNd4jsOwnReaders() {
        DescribedPredicate<JavaCall<?>> reading = DescribedPredicate.describe(
                "a reader of ND4J's or Deeplearning4j's binary files",
                call -> (call.getTargetOwner().getPackageName().startsWith("org.nd4j")
                                || call.getTargetOwner().getPackageName().startsWith("org.deeplearning4j"))
                        && call.getName().matches("read.*|restore.*|load.*|createFromNp.*|fromByteArray|toArray"));
        noClasses()
                .that()
                .doNotHaveSimpleName("ParameterAveragingCluster")
                .should()
                .callMethodWhere(reading)
                .check(CLASSES);
    }

    @Test
    void everyPackageHasAPackageInfoThatIsNullMarked() {
        List<String> without = CLASSES.getPackage("dev.kindling").getSubpackagesInTree().stream()
                .filter(name -> !name.getClasses().isEmpty())
                .filter(name -> !name.isAnnotatedWith(NullMarked.class))
                .map(JavaPackage::getName)
                .sorted()
                .toList();
        assertThat(without)
                .as("packages without a package-info.java that is @NullMarked")
                .isEmpty();
    }

    @Test
    void classesNotMeantForExtensionAreFinal() {
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
                .check(CLASSES);
    }

    private static DynamicTest importsOnlyEarlier(String module, List<String> packages, String name) {
        String[] later = packages.subList(packages.indexOf(name) + 1, packages.size()).stream()
                .map(other -> module + other + "..")
                .toArray(String[]::new);
        return DynamicTest.dynamicTest(
                name,
                () -> noClasses()
                        .that()
                        .resideInAPackage(module + name + "..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(later)
                        .allowEmptyShould(true)
                        .check(CLASSES));
    }

    private static DynamicTest onlyIn(String library, String... packages) {
        return DynamicTest.dynamicTest(
                library,
                () -> noClasses()
                        .that()
                        .resideOutsideOfPackages(packages)
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(library)
                        .check(CLASSES));
    }

    private static String packageOf(JavaClass type) {
        String[] parts = type.getPackageName().split("\\.");
        return parts.length < 4
                ? type.getPackageName()
                : String.join(".", List.of(parts).subList(0, 4));
    }
}
