package dev.kindling.job.task;

import dev.kindling.job.error.BadDataException;
import java.nio.file.Files;
import org.apache.hadoop.fs.Path;

/**
 * Refuses pipes, sockets and devices of the local disk, which Hadoop treats as files: reading one may block or never end.
 */
public final class RegularFiles {
    private RegularFiles() {}

    /**
     * Refuses a path that is neither a regular file nor a folder.
     *
     * @param key the setting that names the path, for the message
     * @param path absolute, or with a scheme; a path that does not exist or is not on the local disk passes
     * @throws BadDataException if it is a pipe, a socket or a device
     */
    public static void refuseSpecial(String key, Path path) {
        String scheme = path.toUri().getScheme();
        if (scheme != null && !scheme.equals("file")) {
            return;
        }
        java.nio.file.Path local = java.nio.file.Path.of(path.toUri().getPath());
        if (Files.exists(local) && !Files.isRegularFile(local) && !Files.isDirectory(local)) {
            throw new BadDataException(
                    key + ": " + local + " is a pipe, a socket or a device; only regular files are read");
        }
    }
}
