package dev.kindling.job.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The names, shapes and offsets of arrays that are stored one after another, each row-major, in one flat vector: the
 * parameters of a model, the inputs of an episode. Immutable.
 */
public final class Layout {
    /** One named array and the index of its first element in the flat vector. */
    public record Entry(String name, Shape shape, int offset) {}

    private final List<Entry> entries;
    private final Map<String, Entry> byName;
    private final int size;

    private Layout(List<Entry> entries, int size) {
        this.entries = List.copyOf(entries);
        this.byName = entries.stream().collect(Collectors.toMap(Entry::name, entry -> entry));
        this.size = size;
    }

    public static Layout empty() {
        return new Builder().build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The arrays in order. */
    public List<Entry> entries() {
        return entries;
    }

    public List<String> names() {
        return entries.stream().map(Entry::name).toList();
    }

    public boolean has(String name) {
        return byName.containsKey(name);
    }

    /**
     * The entry of the given name.
     *
     * @throws IllegalArgumentException if there is none; the message lists the known names
     */
    public Entry entry(String name) {
        Entry entry = byName.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("no array is named " + name + "; there are " + names());
        }
        return entry;
    }

    public Shape shape(String name) {
        return entry(name).shape();
    }

    public int offset(String name) {
        return entry(name).offset();
    }

    /** Number of elements of the flat vector. */
    public int size() {
        return size;
    }

    /** The concatenation of this layout and another; their names must differ. */
    public Layout then(Layout next) {
        Builder builder = new Builder();
        entries.forEach(entry -> builder.add(entry.name(), entry.shape()));
        next.entries.forEach(entry -> builder.add(entry.name(), entry.shape()));
        return builder.build();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Layout layout && entries.equals(layout.entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }

    @Override
    public String toString() {
        return entries.stream().map(entry -> entry.name() + entry.shape()).collect(Collectors.joining(", ", "{", "}"));
    }

    /** Builds a layout, array by array. */
    public static final class Builder {
        private final List<Entry> entries = new ArrayList<>();
        private final Map<String, Shape> seen = new HashMap<>();
        private int size;

        private Builder() {}

        /**
         * Appends a named array.
         *
         * @throws IllegalArgumentException if the name is taken or the vector becomes longer than an int can index
         */
        public Builder add(String name, Shape shape) {
            if (seen.put(name, shape) != null) {
                throw new IllegalArgumentException("two arrays are named " + name);
            }
            if (shape.size() > Integer.MAX_VALUE - size) {
                throw new IllegalArgumentException(
                        "the arrays up to " + name + " have more than " + Integer.MAX_VALUE + " elements");
            }
            entries.add(new Entry(name, shape, size));
            size += shape.size();
            return this;
        }

        public Layout build() {
            return new Layout(entries, size);
        }
    }
}
