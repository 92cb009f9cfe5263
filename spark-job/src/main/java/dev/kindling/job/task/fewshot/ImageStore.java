package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.zip.CRC32;

/** A file or directory tree of image folders. Paths inside it are relative, separated by {@code /}. */
interface ImageStore {
    /** The most bytes of an image file: above the length of any small image, and a bound on the memory of a crafted one. */
    int LARGEST_FILE = 16 << 20;

    /** The most nested folders: each ancestor of a folder is indexed by its whole path. */
    int DEEPEST = 64;

    /** File name extensions of the image formats that every JDK reads. */
    Set<String> EXTENSIONS = Set.of("png", "jpg", "jpeg", "bmp", "gif");

    /** Receives the path of an image and its bytes as stored. */
    interface Visitor {
        void image(String path, byte[] bytes);
    }

    /** Receives the path of an image, the length of its file in bytes and the CRC-32 of those bytes. */
    interface ChecksumVisitor {
        void image(String path, long length, long crc);
    }

    /** An open store for random access to images. Thread-safe. */
    interface Opened {
        /** The bytes of an image as stored; BadDataException if they cannot be read. */
        byte[] bytes(String path);
    }

    /** The setting or option that names the store, for messages. */
    default String key() {
        return "few-shot.data";
    }

    /** The path of the store, for messages. */
    String name();

    /** The names of the image files of each folder, including folders without images; both sorted. */
    SortedMap<String, SortedSet<String>> folders();

    /** Passes the stored bytes of each selected image to the visitor once, in one sequential pass in storage order. */
    void read(Predicate<String> selected, Visitor visitor);

    /** Whether reading an image alone costs little more than reading it in a pass over all. */
    boolean readsSingleImagesFast();

    /** Opens the store for random access; it stays open as long as the result is reachable. */
    Opened open();

    /** Passes the length and checksum of every image file to the visitor, in any order. */
    void checksums(ChecksumVisitor visitor);

    /** The pixels of an image, in the form of {@link Decoder#decode}, from its bytes as stored. */
    default byte[] pixels(String path, byte[] bytes, Decoder decoder) {
        return decoder.decode(key() + ": image " + PrintableText.line(path) + " of " + name(), bytes);
    }

    /** Refuses an image format that the store cannot provide with IllegalArgumentException. */
    default void requireSupports(ImageFormat imageFormat) {}

    static boolean isImage(String name) {
        return EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }

    /** Whether a file or folder was created by an operating system or archiver and is skipped. */
    static boolean isHidden(String name) {
        return name.startsWith(".") || name.equals("__MACOSX");
    }

    static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    static String child(String folder, String name) {
        return folder.isEmpty() ? name : folder + "/" + name;
    }

    static long crc(byte[] bytes, int from, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, from, length);
        return crc.getValue();
    }

    /**
     * The image names of a folder, which is added together with its ancestors (without the root) if it is new.
     *
     * @throws BadDataException if the folder is nested too deeply
     */
    static SortedSet<String> folder(SortedMap<String, SortedSet<String>> folders, String path) {
        refuseDeep("few-shot.data", path);
        for (int end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
            if (folders.putIfAbsent(path.substring(0, end), new TreeSet<>()) != null) {
                break;
            }
        }
        return folders.computeIfAbsent(path, absent -> new TreeSet<>());
    }

    /** Refuses a folder that is nested too deeply, with BadDataException that begins with the key. */
    static void refuseDeep(String key, String path) {
        long depth = 1 + path.chars().filter(character -> character == '/').count();
        if (depth > DEEPEST) {
            throw new BadDataException(key + ": folder " + path.substring(0, Math.min(80, path.length()))
                    + "... is nested " + depth + " folders deep; at most " + DEEPEST + " are allowed");
        }
    }
}
