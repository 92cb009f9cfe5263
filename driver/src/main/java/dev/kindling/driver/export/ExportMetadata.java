package dev.kindling.driver.export;

import dev.kindling.driver.checkpoint.Manifest;
import dev.kindling.driver.checkpoint.Provenance;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The metadata of exported files: where a model came from, as text by key. */
public final class ExportMetadata {
    private ExportMetadata() {}

    /**
     * The metadata of a model.
     *
     * @param network content of {@code network.json}
     * @param table content of {@code table.json}, for a file whose inputs are encoded rows of a table
     */
    public static SortedMap<String, String> of(Manifest manifest, String network, Optional<String> table) {
        Provenance from = manifest.provenance();
        SortedMap<String, String> metadata = new TreeMap<>();
        metadata.put("kindling", from.kindling());
        metadata.put("commit", from.commit());
        metadata.put("rounds", Long.toString(manifest.rounds()));
        metadata.put("finished", Boolean.toString(manifest.finished()));
        metadata.put("program_hash", from.programHash());
        metadata.put("data_hash", from.dataHash());
        metadata.put("network", network);
        metadata.put("configuration", from.configuration().toString());
        table.ifPresent(encoding -> metadata.put("table", encoding));
        return metadata;
    }
}
