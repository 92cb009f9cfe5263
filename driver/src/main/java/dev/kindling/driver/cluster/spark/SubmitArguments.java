package dev.kindling.driver.cluster.spark;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.deploy.SparkSubmitArguments;
import scala.collection.JavaConverters;

/**
 * Parses arguments of {@code spark-submit} as Spark does. By reflection where Scala 2.12 and 2.13 differ: in the type of
 * sequences, and in that of the evidence that makes a map of pairs.
 */
final class SubmitArguments {
    private SubmitArguments() {}

    /**
     * The parsed arguments, completed by Spark's defaults.
     *
     * @param environment the variables of the environment
     * @throws Exception what Spark throws, which may be undeclared, if it refuses the arguments
     */
    static SparkSubmitArguments parse(Map<String, String> environment, String... arguments) throws Exception {
        Object list = JavaConverters.asScalaBuffer(List.of(arguments)).toList();
        try {
            return (SparkSubmitArguments) Arrays.stream(SparkSubmitArguments.class.getConstructors())
                    .filter(constructor -> constructor.getParameterCount() == 2)
                    .findFirst()
                    .orElseThrow()
                    .newInstance(list, immutable(environment));
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof Exception refusal ? refusal : e;
        }
    }

    private static Object immutable(Map<String, String> map) throws ReflectiveOperationException {
        Object evidence = scala.Predef$.class.getMethod("$conforms").invoke(scala.Predef$.MODULE$);
        Method toMap = Arrays.stream(scala.collection.mutable.Map.class.getMethods())
                .filter(method -> method.getName().equals("toMap") && method.getParameterCount() == 1)
                .findFirst()
                .orElseThrow();
        return toMap.invoke(JavaConverters.mapAsScalaMap(map), evidence);
    }
}
