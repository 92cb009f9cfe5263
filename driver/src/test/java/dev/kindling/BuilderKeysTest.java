package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kindling.driver.training.TrainingListener;
import java.io.File;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The keys of {@code reference.conf} that typed methods of the builders set. */
class BuilderKeysTest {
    /** Keys without a typed method, by prefix, and why; {@code set(key, value)} sets them. */
    private static final Map<String, String> EXCEPTIONS = Map.of(
            "backend.name", "chosen for the machine, not for the training",
            "backend.memory", "chosen for the machine",
            "cluster.", "chosen for the cluster",
            "evaluation.split", "TrainedModel.evaluate is for held-out tasks; another split is for diagnosis",
            "evaluation.seed", "published numbers use the default",
            "evaluation.ways", "follows few-shot.ways",
            "evaluation.query", "follows task.query",
            "evaluation.per-task", "writes a file of a run folder for reports",
            "evaluation.support-rows", "chosen from the data",
            "evaluation.baselines", "for evaluations of a run folder");

    @Test
    void eachKeyIsSetByATypedMethodOfABuilderOrIsAnException() throws ReflectiveOperationException {
        Set<String> set = keysOfBuilders();
        Config reference =
                ConfigFactory.parseFile(new File("../conf/reference.conf")).resolve();
        Set<String> missing = reference.root().keySet().stream()
                .flatMap(section ->
                        reference.getConfig(section).root().keySet().stream().map(key -> section + "." + key))
                .filter(key -> !set.contains(key))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(set).contains("algorithm.name", "task.source", "imaml.lambda");
        assertThat(missing).allMatch(key -> EXCEPTIONS.keySet().stream().anyMatch(key::startsWith));
        assertThat(EXCEPTIONS.keySet()).allMatch(key -> missing.stream().anyMatch(each -> each.startsWith(key)));
    }

    private static Set<String> keysOfBuilders() throws ReflectiveOperationException {
        Set<String> keys = new TreeSet<>();
        for (Class<?> type : builders()) {
            SettingsBuilder<?> builder = (SettingsBuilder<?>)
                    type.getEnclosingClass().getMethod("builder").invoke(null);
            for (Method method : type.getMethods()) {
                if (SettingsBuilder.class.isAssignableFrom(method.getReturnType())
                        && !method.getName().equals("set")) {
                    call(method, builder);
                }
            }
            keys.addAll(builder.settings().keySet());
            if (builder instanceof MethodBuilder<?> methods) {
                keys.addAll(methods.build().settings().keySet());
            }
            if (builder instanceof TaskDistributionBuilder<?> tasks) {
                keys.addAll(tasks.build().settings().keySet());
            }
        }
        for (Method method : Optimizers.class.getMethods()) {
            if (Modifier.isStatic(method.getModifiers())) {
                keys.addAll(((Optimizer) call(method, null)).settings().keySet());
            }
        }
        for (Method method : Optimizer.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())) {
                keys.addAll(
                        ((Optimizer) call(method, Optimizers.sgd(1))).settings().keySet());
            }
        }
        for (Method method : NetworkSpec.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())) {
                keys.addAll(((NetworkSpec) call(method, Networks.named("conv4")))
                        .settings()
                        .keySet());
            }
        }
        return keys;
    }

    private static List<Class<?>> builders() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.kindling").stream()
                        .filter(type -> type.isAssignableTo(SettingsBuilder.class))
                        .filter(type -> !type.getModifiers().contains(JavaModifier.ABSTRACT))
                        .<Class<?>>map(JavaClass::reflect)
                        .toList();
    }

    private static Object call(Method method, @Nullable Object target)
            throws IllegalAccessException, InvocationTargetException {
        method.setAccessible(true);
        return method.invoke(
                target,
                Arrays.stream(method.getParameterTypes())
                        .map(BuilderKeysTest::argument)
                        .toArray());
    }

    private static Object argument(Class<?> type) {
        if (type == int.class) {
            return 1;
        } else if (type == long.class) {
            return 1L;
        } else if (type == double.class) {
            return 1.0;
        } else if (type == String.class) {
            return "text";
        } else if (type == LearningRate.class) {
            return LearningRate.constant(1);
        } else if (type == Duration.class) {
            return Duration.ofSeconds(1);
        } else if (type == Optimizer.class) {
            return Optimizers.sgd(1);
        } else if (type == NetworkSpec.class) {
            return Networks.named("conv4");
        } else if (type == dev.kindling.Method.class) {
            return Maml.builder().build();
        } else if (type == TaskDistribution.class) {
            return Sinusoids.builder().build();
        } else if (type == List.class) {
            return List.of();
        } else if (type == Map.class) {
            return Map.of();
        } else if (type.isArray()) {
            return Array.newInstance(type.getComponentType(), 0);
        }
        return (TrainingListener) round -> {};
    }
}
