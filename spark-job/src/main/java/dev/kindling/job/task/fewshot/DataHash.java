package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.Purpose;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * The hash of an image set and its splits: SHA-256 over a line for each image in the order of class and image names (class,
 * image, length of the file, CRC-32 of the file), then a line for each class of each split. A zip gives its lengths and
 * checksums without being read, so a zip and its unpacked tree hash alike. CRC-32 tells damage and versions apart; it is
 * no guard against somebody who forges data.
 */
final class DataHash {
    private DataHash() {}

    static String of(ImageIndex index, Map<Purpose, Split> splits) {
        Map<ImageStore, Map<String, String>> sums = new HashMap<>();
        for (ImageStore store : index.stores()) {
            Map<String, String> ofStore = sums.computeIfAbsent(store, key -> new HashMap<>());
            store.checksums((path, length, crc) -> ofStore.put(path, length + "\t" + Long.toHexString(crc)));
        }
        MessageDigest digest = sha256();
        index.classes()
                .values()
                .forEach(each -> each.images().forEach(image -> {
                    String sum = sums.getOrDefault(each.store(), Map.of()).getOrDefault(each.path(image), "");
                    line(digest, each.name(), image, sum);
                }));
        for (Purpose purpose : Purpose.values()) {
            Split split = splits.get(purpose);
            if (split != null) {
                split.classes().forEach(each -> line(digest, purpose.name(), each.name()));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void line(MessageDigest digest, String... parts) {
        digest.update((String.join("\t", parts) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
