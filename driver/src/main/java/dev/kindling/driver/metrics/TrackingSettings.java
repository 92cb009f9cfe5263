package dev.kindling.driver.metrics;

/**
 * The tracking server that a run is logged to.
 *
 * @param uri of an MLflow server, as MLflow's client takes it; empty for none
 * @param experiment the name of the experiment, which is created if there is none
 */
public record TrackingSettings(String uri, String experiment) {
    /** No tracking server. */
    public static final TrackingSettings NONE = new TrackingSettings("", "");

    public TrackingSettings {
        if (!uri.isEmpty() && experiment.isBlank()) {
            throw new IllegalArgumentException(
                    "run.mlflow-experiment is empty; it must be the name of an experiment where run.mlflow is " + uri);
        }
    }
}
