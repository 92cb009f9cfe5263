package dev.kindling.driver.cluster.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;

/** Captures the lines that Kindling logs in this JVM while it is open, each after its context. */
public final class LogLines extends AbstractAppender implements AutoCloseable {
    private final List<String> lines = new ArrayList<>();
    private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
    private final LoggerConfig logger = context.getConfiguration().getLoggerConfig("dev.kindling");
    private final Level before = logger.getLevel();

    /** Begins to capture. */
    public LogLines() {
        super("lines", null, null, true, Property.EMPTY_ARRAY);
        start();
        logger.addAppender(this, Level.ALL, null);
        level(Level.INFO);
    }

    private void level(Level level) {
        logger.setLevel(level);
        context.updateLoggers();
    }

    @Override
    public synchronized void append(LogEvent event) {
        String line = "run=%s round=%s executor=%s %s %s"
                .formatted(
                        (String) event.getContextData().getValue("run"),
                        (String) event.getContextData().getValue("round"),
                        (String) event.getContextData().getValue("executor"),
                        event.getLevel(),
                        event.getMessage().getFormattedMessage());
        lines.add(line);
    }

    /** The lines so far. */
    public synchronized List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public void close() {
        logger.removeAppender(getName());
        level(before);
        stop();
    }
}
