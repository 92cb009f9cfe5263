package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Tests the public API: the list of its types, and that the Java of the documents compiles. */
class PublicApiTest {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```$");
    private static final Path ROOT = Path.of("..");

    @Test
    void thePublicTypesAreThese() {
        assertThat(publicTypes("dev.kindling"))
                .containsExactly(
                        "AdaptedModel",
                        "Anil",
                        "BayesianLinear",
                        "ConditionalNeuralProcess",
                        "FewShotImages",
                        "Fomaml",
                        "Hypernetwork",
                        "ImageTask",
                        "ImplicitMaml",
                        "InnerLoopBuilder",
                        "LayersBuilder",
                        "LearningRate",
                        "LinearRegressions",
                        "LogisticHead",
                        "Maml",
                        "MamlPlusPlus",
                        "MetaSgd",
                        "MetaTrainer",
                        "Method",
                        "MethodBuilder",
                        "NetworkSpec",
                        "Networks",
                        "Optimizer",
                        "Optimizers",
                        "ProtoMaml",
                        "ProtoNet",
                        "RandomInit",
                        "RelationNet",
                        "Reptile",
                        "RidgeHead",
                        "SettingsBuilder",
                        "Sinusoids",
                        "TablePredictions",
                        "TablePredictor",
                        "Tables",
                        "TaskDistribution",
                        "TaskDistributionBuilder",
                        "TrainedModel",
                        "Transfer");
    }

    @Test
    void thePublicTypesForSparkMlAreThese() {
        assertThat(publicTypes("dev.kindling.ml"))
                .containsExactly(
                        "ClassificationParams",
                        "GroupedFolds",
                        "MetaClassificationModel",
                        "MetaClassifier",
                        "MetaEstimator",
                        "MetaModel",
                        "MetaParams",
                        "MetaRegressionModel",
                        "MetaRegressor",
                        "RegressionParams");
    }

    private static List<String> publicTypes(String name) {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages(name).stream()
                        .filter(type -> type.getPackageName().equals(name))
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .filter(JavaClass::isTopLevelClass)
                        .map(JavaClass::getSimpleName)
                        .filter(type -> !type.equals("package-info"))
                        .sorted()
                        .toList();
    }

    @TestFactory
    Stream<DynamicTest> theJavaOfTheDocumentsCompiles(@TempDir Path classes) throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (String document : List.of("README.md", "docs/api.md", "docs/tables.md", "docs/spark-ml.md")) {
            Matcher block = BLOCK.matcher(Files.readString(ROOT.resolve(document)));
            for (int i = 1; block.find(); i++) {
                String code = block.group(1);
                tests.add(DynamicTest.dynamicTest(document + ", block " + i, () -> compile(code, classes)));
            }
        }
        assertThat(tests).isNotEmpty();
        return tests.stream();
    }

    /** Statements compile within a method whose parameters are what the documents speak of; whole classes as they are. */
    private static void compile(String code, Path classes) {
        String source = code.contains("class ")
                ? code
                : "import dev.kindling.*;\nimport java.util.*;\nclass Snippet {\n"
                        + "void run(org.apache.spark.sql.SparkSession spark, "
                        + "org.apache.spark.sql.Dataset<org.apache.spark.sql.Row> visits, float[] supportX, float[] supportY, "
                        + "float[] queryX) {\n" + code + "\n}\n}\n";
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        boolean compiles = compiler.getTask(
                        messages,
                        null,
                        null,
                        List.of("-proc:none", "-d", classes.toString(), "-cp", System.getProperty("java.class.path")),
                        null,
                        List.of(file))
                .call();
        assertThat(compiles).as(messages + "\n" + source).isTrue();
    }
}
