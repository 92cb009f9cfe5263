package dev.kindling.driver.cluster.spark;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import javax.management.JMException;
import javax.management.ObjectName;

/** The classes that this JVM has loaded, by jcmd's VM.class_hierarchy. */
public final class LoadedClasses {
    private LoadedClasses() {}

    /** The names of the loaded classes of the given packages and those below them. */
    public static List<String> of(String... packages) {
        return hierarchy()
                .lines()
                .map(line -> line.replaceFirst("^[| ]*(?:-+)?", ""))
                .map(line -> line.substring(0, line.indexOf('/') < 0 ? line.length() : line.indexOf('/')))
                .filter(name -> Arrays.stream(packages).anyMatch(prefix -> name.startsWith(prefix + ".")))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private static String hierarchy() {
        try {
            return (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "vmClassHierarchy",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()});
        } catch (JMException e) {
            throw new AssertionError("this JVM does not tell its classes", e);
        }
    }
}
