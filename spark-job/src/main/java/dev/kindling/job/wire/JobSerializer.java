package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

final class JobSerializer extends Serializer<Job> {
    /** A text's length and another one. */
    private static final int LEAST_ENTRY = 2;
    /** Counts of values, inputs and outputs, a name's length and a hash's. */
    private static final int LEAST_PROGRAM = 5;

    @Override
    public void write(Kryo kryo, Output output, Job job) {
        Parts.writeText(output, job.source().source());
        Parts.writeCount(output, job.source().settings().size());
        job.source().settings().forEach((key, value) -> {
            Parts.writeText(output, key);
            Parts.writeText(output, value);
        });
        Parts.writeText(output, job.backend());
        Parts.writeConstant(output, job.options().precision());
        output.writeLong(job.options().memoryBytes());
        Parts.writeCount(output, job.blockSize());
        Parts.writeCount(output, job.programs().size());
        job.programs().forEach((name, variants) -> {
            Parts.writeText(output, name);
            Parts.writeCount(output, variants.programs().size());
            variants.programs().forEach(program -> kryo.writeObject(output, program));
        });
    }

    @Override
    public Job read(Kryo kryo, Input input, Class<Job> type) {
        String source = Parts.readText(input);
        SortedMap<String, String> settings = new TreeMap<>();
        for (int left = Parts.readCount(input, LEAST_ENTRY); left > 0; left--) {
            settings.put(Parts.readText(input), Parts.readText(input));
        }
        String backend = Parts.readText(input);
        Precision precision = Parts.readConstant(input, Precision.values());
        long memoryBytes = input.readLong();
        int blockSize = input.readVarInt(true);
        SortedMap<String, Variants> programs = new TreeMap<>();
        for (int left = Parts.readCount(input, LEAST_ENTRY); left > 0; left--) {
            programs.put(Parts.readText(input), readVariants(kryo, input));
        }
        return new Job(
                new SourceDescription(source, settings),
                backend,
                new CompileOptions(precision, memoryBytes),
                blockSize,
                programs);
    }

    private static Variants readVariants(Kryo kryo, Input input) {
        List<Program> programs = new ArrayList<>();
        for (int left = Parts.readCount(input, LEAST_PROGRAM); left > 0; left--) {
            programs.add(kryo.readObject(input, Program.class));
        }
        return new Variants(programs);
    }
}
