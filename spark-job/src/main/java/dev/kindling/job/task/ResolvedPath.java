package dev.kindling.job.task;

import dev.kindling.job.error.BadDataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The absolute path of a setting and its file system; {@code key} is the setting, for messages. */
public record ResolvedPath(String key, FileSystem files, Path path) {
    /** Resolves the path of a setting; IllegalArgumentException if it is malformed or names an unknown file system. */
    public static ResolvedPath of(String key, String text, Configuration hadoop) {
        try {
            Path path = new Path(text);
            FileSystem files = path.getFileSystem(hadoop);
            return new ResolvedPath(key, files, files.makeQualified(path));
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    key + " is " + text + "; it must be a path on a file system that Hadoop knows: " + e.getMessage(),
                    e);
        }
    }

    /** The status of the file or folder; BadDataException if it does not exist or is neither. */
    public FileStatus status() {
        RegularFiles.refuseSpecial(key, path);
        try {
            return files.getFileStatus(path);
        } catch (FileNotFoundException e) {
            throw new BadDataException(key + " is " + path + ", which does not exist", e);
        } catch (IOException e) {
            throw new BadDataException(key + " is " + path + ", which cannot be read: " + e.getMessage(), e);
        }
    }
}
