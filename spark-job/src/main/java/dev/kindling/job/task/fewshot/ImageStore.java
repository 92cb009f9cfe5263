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

/** A file or tree that holds folders of images. Paths inside it are relative, their names divided by {@code /}. */
interface ImageStore {
    /** No image file may be longer than this; a small picture never is, and a crafted one must not fill the memory. */
    int LARGEST_FILE = 16 << 20;

    /** Folders in folders: every folder on the way is noted by its whole path. */
    int DEEPEST = 64;

    /** Extensions of the image formats that every JDK reads. */
    Set<String> EXTENSIONS = Set.of("png", "jpg", "jpeg", "bmp", "gif");

    /** Takes the path of an image and the bytes that the store keeps of it. */
    interface Visitor {
        void image(String path, byte[] bytes);
    }

    /** Takes the path of an image, the length of its file in bytes and the CRC-32 of those bytes. */
    interface ChecksumVisitor {
        void image(String path, long length, long crc);
    }

    /** A store that stays open for images in any order. Thread-safe. */
    interface Opened {
        /** The bytes that the store keeps of an image; BadDataException if they cannot be read. */
        byte[] bytes(String path);
    }

    /** Where the store is, for messages. */
    String name();

    /** The names of the image files of each folder, the folders without images included; both sorted. */
    SortedMap<String, SortedSet<String>> folders();

    /** Passes each wanted image's bytes on once, in the order in which they are stored, in one sequential pass. */
    void read(Predicate<String> wanted, Visitor visitor);

    /** Opens the store for as long as somebody holds what this returns. */
    Opened open();

    /** Passes on the length and checksum of every image's file, in any order. */
    void checksums(ChecksumVisitor visitor);

    /** The pixels of an image, as {@link Decoder#decode} makes them, from the bytes that the store keeps of it. */
    default byte[] pixels(String path, byte[] bytes, Decoder decoder) {
        return decoder.decode(PrintableText.line(path) + " of " + name(), bytes);
    }

    /** Refuses with IllegalArgumentException what the store cannot show its images as. */
    default void requireShows(ImageFormat imageFormat) {}

    static boolean isImage(String name) {
        return EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }

    /** Whether a file or folder is an operating system's or an archiver's own. */
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
     * The image names of a folder, noting the folder and those it lies in if they are new; the root is none.
     *
     * @throws BadDataException if it lies deeper than folders may
     */
    static SortedSet<String> folder(SortedMap<String, SortedSet<String>> folders, String path) {
        refuseDeep(path);
        for (int end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
            if (folders.putIfAbsent(path.substring(0, end), new TreeSet<>()) != null) {
                break;
            }
        }
        return folders.computeIfAbsent(path, absent -> new TreeSet<>());
    }

    /** Refuses a folder below more folders than there may be, with BadDataException. */
    static void refuseDeep(String path) {
        long depth = 1 + path.chars().filter(character -> character == '/').count();
        if (depth > DEEPEST) {
            throw new BadDataException("few-shot.data: folder " + path.substring(0, Math.min(80, path.length()))
                    + "... lies " + depth + " folders deep; it may lie " + DEEPEST);
        }
    }
}
