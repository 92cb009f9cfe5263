package dev.kindling.job.model;

/** Checks that Deeplearning4j is on the class path; refers to no class of it. */
public final class Deeplearning4jLibrary {
    private static final String CLASS_FILE = "org/deeplearning4j/nn/conf/MultiLayerConfiguration.class";

    private Deeplearning4jLibrary() {}

    /**
     * Refuses a setting that needs Deeplearning4j where it is missing.
     *
     * @param subject the setting and its value, such as {@code model.network is net.zip}
     * @throws IllegalArgumentException naming the remedy
     */
    public static void require(String subject) {
        if (Deeplearning4jLibrary.class.getClassLoader().getResource(CLASS_FILE) == null) {
            throw new IllegalArgumentException(subject
                    + ", but Deeplearning4j is not on the class path of this JVM; add the jars of Kindling's folder "
                    + "driver-libs to it (spark-submit: spark.kindling.driver.libs)");
        }
    }
}
