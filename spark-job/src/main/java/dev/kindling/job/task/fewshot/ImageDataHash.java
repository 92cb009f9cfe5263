package dev.kindling.job.task.fewshot;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Computes the hash of an image set and its splits: SHA-256 over a line for each image in the order of class and image names
 * (class, image, length of the file, CRC-32 of the file), then a line for each class of each split. A zip's directory has
 * lengths and checksums, so images need not be read, and a zip, its unpacked tree and a pack made from it have the same hash.
 * CRC-32 detects damage and other versions; it does not detect forged data.
 */
final class ImageDataHash {
    private final MessageDigest digest = sha256();

    static String of(ImageIndex index, ClassSplits classSplits) {
        Map<ImageStore, Map<String, String>> sums = new HashMap<>();
        for (ImageStore store : index.stores()) {
            Map<String, String> ofStore = sums.computeIfAbsent(store, key -> new HashMap<>());
            store.checksums((path, length, crc) -> ofStore.put(path, length + "\t" + Long.toHexString(crc)));
        }
        ImageDataHash hash = new ImageDataHash();
        index.classes()
                .values()
                .forEach(each -> each.images().forEach(image -> {
                    String sum = sums.getOrDefault(each.store(), Map.of()).getOrDefault(each.path(image), "");
                    hash.line(each.name(), image, sum);
                }));
        classSplits
                .all()
                .forEach(classSplit -> classSplit
                        .classes()
                        .forEach(each -> hash.line(classSplit.split().name(), each.name())));
        return hash.hex();
    }

    /** Adds an image. */
    void image(String className, String image, long length, long crc) {
        line(className, image, length + "\t" + Long.toHexString(crc));
    }

    private void line(String... parts) {
        digest.update((String.join("\t", parts) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** The hash of everything that was added, in hexadecimal. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
