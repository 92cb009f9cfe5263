package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;

/**
 * Limits on the cost of decoding an image file: most are checked on the file's bytes before decoding, one during decoding.
 * Without them a crafted file of a few kilobytes takes minutes.
 */
final class ImageLimits {
    /** The most pixels of an image. */
    private static final long MOST_PIXELS = 1L << 24;

    /** The most pixels of a side: memory for resizing grows with each. */
    private static final int LONGEST = 1 << 15;

    /** The most scans of a JPEG; progressive files have about ten. Each scan processes all pixels. */
    private static final int MOST_SCANS = 100;

    /** The most pixels of all scans together: four seconds of decoding. */
    private static final long MOST_WORK = 1L << 28;

    /** The most blocks of comments and other extensions before the first frame of a GIF: decoding time is quadratic in them. */
    private static final int MOST_BLOCKS = 4096;

    private static final int BMP_COMPRESSION = 30;
    private static final int BMP_LAST_OWN_COMPRESSION = 3;

    private final String name;
    private final byte[] bytes;

    /**
     * The limits for one file.
     *
     * @param name of the image with the setting that names it, at the beginning of messages
     */
    ImageLimits(String name, byte[] bytes) {
        this.name = name;
        this.bytes = bytes;
    }

    /** Refuses, with BadDataException, files that are dangerous even before their header is decoded. */
    void checkBytes(String format) {
        switch (format) {
            case "gif" -> {
                int blocks = gifBlocks();
                if (blocks > MOST_BLOCKS) {
                    throw bad(
                            "has " + blocks + " blocks of comments before its first frame; it may have " + MOST_BLOCKS);
                }
            }
            case "bmp" -> {
                // A BMP file may contain a whole JPEG or PNG file, which these limits would not check.
                if (bytes.length > BMP_COMPRESSION && number(BMP_COMPRESSION) > BMP_LAST_OWN_COMPRESSION) {
                    throw bad("is a BMP file with another image file in it, which is not supported");
                }
            }
            default -> {}
        }
    }

    /** Refuses, with BadDataException, images of too many pixels or scans. */
    void checkPixels(String format, int width, int height) {
        long pixels = (long) width * height;
        if (pixels > MOST_PIXELS || Math.max(width, height) > LONGEST) {
            throw bad("is " + width + " x " + height + " pixels; an image may have " + MOST_PIXELS + ", and " + LONGEST
                    + " on a side");
        }
        int scans = format.equals("jpeg") ? jpegScans() : 1;
        if (scans > MOST_SCANS || scans * pixels > MOST_WORK) {
            throw bad("has " + scans + " scans of " + width + " x " + height + " pixels; an image may have "
                    + MOST_SCANS + ", and " + MOST_WORK + " pixels in all its scans together");
        }
    }

    /** Makes a reader stop, with BadDataException, at rows beyond the last one. */
    void checkRows(ImageReader reader) {
        reader.addIIOReadProgressListener(new RowLimit(bad("has more pixels than its header says")));
    }

    private BadDataException bad(String fault) {
        return new BadDataException(name + " " + fault);
    }

    /** The number of scans of a JPEG; markers are searched as the decoder does. */
    private int jpegScans() {
        int scans = 0;
        int at = 0;
        while (at + 3 < bytes.length) {
            int marker = bytes[at + 1] & 0xff;
            if (bytes[at] != (byte) 0xff || marker == 0xff) {
                at++;
            } else if (marker == 0xd9) {
                return scans;
            } else if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) {
                at += 2;
            } else {
                scans += marker == 0xda ? 1 : 0;
                at += 2 + Math.max(2, (bytes[at + 2] & 0xff) << 8 | (bytes[at + 3] & 0xff));
            }
        }
        return scans;
    }

    /** The number of extension blocks of a GIF before its first frame. */
    private int gifBlocks() {
        int at = 13;
        if (bytes.length > at && (bytes[10] & 0x80) != 0) {
            at += 3 << ((bytes[10] & 7) + 1);
        }
        int blocks = 0;
        while (at + 2 < bytes.length && bytes[at] == 0x21) {
            at += 2;
            while (at < bytes.length && bytes[at] != 0) {
                blocks++;
                at += 1 + (bytes[at] & 0xff);
            }
            at++;
        }
        return blocks;
    }

    /** The unsigned little-endian 32-bit number at an offset. */
    private long number(int at) {
        long number = 0;
        for (int i = Math.min(bytes.length, at + 4) - 1; i >= at; i--) {
            number = number << 8 | (bytes[i] & 0xff);
        }
        return number;
    }

    /** Stops a reader that decodes more rows than the image has: a few bytes of a GIF may encode very many. */
    private record RowLimit(BadDataException failure) implements IIOReadProgressListener {
        /** A little above 100 per cent, because percentages are rounded. */
        private static final float COMPLETE = 100.5f;

        @Override
        public void imageProgress(ImageReader source, float percentage) {
            if (percentage > COMPLETE) {
                throw failure;
            }
        }

        @Override
        public void sequenceStarted(ImageReader source, int minIndex) {}

        @Override
        public void sequenceComplete(ImageReader source) {}

        @Override
        public void imageStarted(ImageReader source, int imageIndex) {}

        @Override
        public void imageComplete(ImageReader source) {}

        @Override
        public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

        @Override
        public void thumbnailProgress(ImageReader source, float percentage) {}

        @Override
        public void thumbnailComplete(ImageReader source) {}

        @Override
        public void readAborted(ImageReader source) {}
    }
}
