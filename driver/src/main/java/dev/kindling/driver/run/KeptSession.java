package dev.kindling.driver.run;

import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.metrics.DriverLogContext;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A provider that starts another provider's platform at most once and keeps it until it is closed: a command that prepares a
 * table and then runs rounds uses one Spark application for both.
 */
public final class KeptSession implements ClusterProvider, AutoCloseable {
    private final ClusterProvider provider;
    private final String name;
    private @Nullable Session running;

    /** A provider of the other's platform under the given name of the application. */
    public KeptSession(ClusterProvider provider, String name) {
        this.provider = provider;
        this.name = name;
    }

    @Override
    public Session start(String run, Optional<String> master) {
        Session session = running;
        if (session == null) {
            session = provider.start(name, master);
            running = session;
        }
        return new SharedSession(session).start(run, master);
    }

    @Override
    public ResolvedRun resolve(JobConfig configuration, Optional<String> master, TablePreparation tables) {
        return provider.resolve(configuration, master, tables);
    }

    @Override
    public List<String> warnings(Optional<String> master) {
        return provider.warnings(master);
    }

    /** Closes the platform if it was started. A failure is logged: the work is done by then. */
    @Override
    public void close() {
        Session session = running;
        running = null;
        if (session != null) {
            try {
                session.close();
            } catch (RuntimeException e) {
                DriverLogContext.notClosed(e);
            }
        }
    }
}
