package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.ClusterSettings;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.util.Utils;

/**
 * The protection of an application's network connections under Spark's settings; docs/security.md explains the consequences.
 *
 * @param master where the application runs
 * @param distributed whether rounds leave the driver's JVM
 * @param exposed whether connections use any interface other than loopback
 * @param authenticated whether both ends of a connection prove that they belong to the application
 * @param encrypted whether connections are encrypted
 * @param secretShown whether Spark's secret is on the command line of this JVM
 */
public record NetworkSecurity(
        String master,
        boolean distributed,
        boolean exposed,
        boolean authenticated,
        boolean encrypted,
        boolean secretShown) {
    private static final String AUTHENTICATE = "spark.authenticate";
    private static final String SECRET = "spark.authenticate.secret";
    private static final String ENCRYPT = "spark.network.crypto.enabled";
    private static final String ENCRYPT_SASL = "spark.authenticate.enableSaslEncryption";
    /** The variable by which Spark passes the secret to its own JVMs. */
    private static final String SECRET_VARIABLE = "_SPARK_AUTH_SECRET";

    private static final String STANDALONE = "spark://";
    private static final String LOCAL_CLUSTER = "local-cluster[";
    private static final String SEE = " (docs/security.md)";

    static NetworkSecurity of(SparkConf configuration, String commandLine) {
        String master = configuration.get("spark.master");
        boolean authenticated = configuration.getBoolean(AUTHENTICATE, false);
        boolean distributed = !master.matches(SparkApplication.LOCAL);
        boolean confined = (!distributed || isOnLoopback(master)) && driverIsOnLoopback(configuration);
        return new NetworkSecurity(
                master,
                distributed,
                !confined,
                authenticated,
                authenticated
                        && (configuration.getBoolean(ENCRYPT, false) || configuration.getBoolean(ENCRYPT_SASL, false)),
                commandLine.contains(SECRET + "="));
    }

    /** Whether all executors of a master run on this machine. */
    private static boolean isOnLoopback(String master) {
        return master.startsWith(LOCAL_CLUSTER)
                || (master.startsWith(STANDALONE)
                        && Arrays.stream(master.substring(STANDALONE.length()).split(","))
                                .map(address -> address.replaceFirst(":[0-9]+$", ""))
                                .allMatch(NetworkSecurity::isLoopback));
    }

    private static boolean driverIsOnLoopback(SparkConf configuration) {
        String host = configuration.get("spark.driver.host", Utils.localCanonicalHostName());
        return isLoopback(host) && isLoopback(configuration.get("spark.driver.bindAddress", host));
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** The command line of this JVM, as other users of the machine can see it. */
    static String commandLine() {
        return Stream.concat(
                        ManagementFactory.getRuntimeMXBean().getInputArguments().stream(),
                        Stream.of(System.getProperty("sun.java.command", "")))
                .reduce("", (one, other) -> one + " " + other);
    }

    /** Takes Spark's secret from the environment for masters with which Spark reads it from its settings only. */
    static void takeSecret(SparkConf configuration, Map<String, String> environment) {
        String secret = environment.get(SECRET_VARIABLE);
        if (secret != null
                && configuration.getBoolean(AUTHENTICATE, false)
                && configuration.get("spark.master").matches("(spark://|local-cluster\\[).*")) {
            configuration.setIfMissing(SECRET, secret);
        }
    }

    /**
     * Checks that Spark authenticates connections if that is required and there are any.
     *
     * @throws IllegalArgumentException with a single-line message that names the setting to change
     */
    public void require(ClusterSettings.Authentication authentication) {
        if (authentication == ClusterSettings.Authentication.REQUIRED && (distributed || exposed) && !authenticated) {
            throw new IllegalArgumentException("cluster.require-authentication is true and " + AUTHENTICATE
                    + " is not, with master " + master + "; set " + AUTHENTICATE + "=true for Spark" + SEE
                    + ", or cluster.require-authentication=false");
        }
    }

    /** Warnings for the start of a run, a line each. */
    public List<String> warnings() {
        List<String> lines = new ArrayList<>();
        if (exposed && !authenticated) {
            lines.add("warning: " + AUTHENTICATE + " is not true, with master " + master
                    + ": whoever reaches the ports of driver or executors can read and change this run" + SEE);
        } else if (exposed && !encrypted) {
            lines.add("warning: " + ENCRYPT + " is not true, with master " + master
                    + ": whoever is on the network can read this run and its data" + SEE);
        }
        if (secretShown) {
            lines.add("warning: " + SECRET + " is on the command line, where every user of this machine can read it"
                    + SEE);
        }
        return lines;
    }
}
