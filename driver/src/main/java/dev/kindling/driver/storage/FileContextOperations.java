package dev.kindling.driver.storage;

import java.io.IOException;
import java.util.EnumSet;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;

/** The file operations that are the same through Hadoop's {@link FileContext} on every file system. */
abstract class FileContextOperations implements FileOperations {
    private final FileContext files;

    FileContextOperations(FileContext files) {
        this.files = files;
    }

    final FileContext files() {
        return files;
    }

    @Override
    public FSDataOutputStream createStream(Path file) throws IOException {
        return files.create(
                file, EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE), Options.CreateOpts.createParent());
    }

    @Override
    public final FSDataOutputStream append(Path file) throws IOException {
        return files.create(file, EnumSet.of(CreateFlag.APPEND));
    }

    @Override
    public final void delete(Path path) throws IOException {
        files.delete(path, true);
    }
}
