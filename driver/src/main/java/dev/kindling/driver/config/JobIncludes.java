package dev.kindling.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import dev.kindling.driver.config.JobFileResolver.Found;
import java.io.File;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses a job file and the files that it includes. HOCON itself ignores a missing include and downloads a URL; this
 * class reads an include or refuses it with IllegalArgumentException. It also refuses cycles of includes, and a job
 * whose files have too many characters in total.
 */
final class JobIncludes implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    /** The most files in a chain of includes, the job file among them: the parser recurses into each. */
    private static final int DEEPEST = 16;

    private static final Pattern URL_OF_THE_WEB = Pattern.compile("(?i)(https?|ftp):.*", Pattern.DOTALL);

    private final JobFileResolver files;
    private final String name;
    private final Found found;
    /** The identities of the files that are being parsed, from the job file to this one. */
    private final List<String> identities;
    /** The number of characters that may still be read; all files of a job share it. */
    private final AtomicInteger left;

    /** Creates the parser of a job file itself, as opposed to a file that it includes. */
    JobIncludes(JobFileResolver files, String name, Found found) {
        this(files, name, found, List.of(found.identity()), new AtomicInteger(Hocon.LARGEST_JOB));
    }

    private JobIncludes(JobFileResolver files, String name, Found found, List<String> identities, AtomicInteger left) {
        this.files = files;
        this.name = name;
        this.found = found;
        this.identities = identities;
        this.left = left;
    }

    /** Parses the file with its includes. */
    Config parse() {
        // One more than its length, so that very many empty files, which take long to read, are refused too.
        if (left.addAndGet(-found.text().length() - 1) < 0) {
            throw new IllegalArgumentException(name + " is one file too many: a job may have " + Hocon.LARGEST_JOB
                    + " characters with all that it " + "includes");
        }
        return Hocon.parse(name, found.text(), Hocon.LARGEST_JOB, this);
    }

    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        if (URL_OF_THE_WEB.matcher(what).matches()) {
            throw refusedUrl(what);
        }
        @Nullable String place = found.place();
        return included(what, files.include(what, place), "a file in its folder, or the name of a ready job");
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
        return included("file(" + what + ")", JobFileResolver.local(what.toPath()), "a file of this machine");
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
        throw refusedUrl("url(" + what + ")");
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
        return included("classpath(" + what + ")", JobFileResolver.resource(what), "a resource of the class path");
    }

    private ConfigObject included(String what, Optional<Found> included, String allowed) {
        Found file = included.orElseThrow(
                () -> new IllegalArgumentException(name + " includes " + what + "; it must be " + allowed));
        if (identities.contains(file.identity())) {
            throw new IllegalArgumentException(
                    name + " includes " + what + ", which is being read already; files must not include each other");
        }
        if (identities.size() == DEEPEST) {
            throw new IllegalArgumentException(name + " includes " + what + " as the file number " + (DEEPEST + 1)
                    + " in a row of includes; it may be " + DEEPEST);
        }
        List<String> inner = new ArrayList<>(identities);
        inner.add(file.identity());
        return new JobIncludes(files, what, file, inner, left).parse().root();
    }

    private IllegalArgumentException refusedUrl(String what) {
        return new IllegalArgumentException(
                name + " includes " + what + "; it must be a file, for nothing is fetched from a URL");
    }
}
