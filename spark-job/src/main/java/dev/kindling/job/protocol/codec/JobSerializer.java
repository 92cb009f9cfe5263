package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The encoding of {@link Job}. */
final class JobSerializer extends Serializer<Job> {
    /** Bytes at least: the lengths of two texts. */
    private static final int LEAST_ENTRY = 2;
    /** Bytes at least: counts of values, inputs and outputs, lengths of a name and a hash. */
    private static final int LEAST_PROGRAM = 5;

    @Override
    public void write(Kryo kryo, Output output, Job job) {
        WireFormat.writeText(output, job.source().source());
        WireFormat.writeCount(output, job.source().settings().size());
        job.source().settings().forEach((key, value) -> {
            WireFormat.writeText(output, key);
            WireFormat.writeText(output, value);
        });
        WireFormat.writeText(output, job.backend());
        WireFormat.writeConstant(output, job.options().precision());
        output.writeLong(job.options().memoryBytes());
        WireFormat.writeCount(output, job.blockSize());
        WireFormat.writeCount(output, job.programs().size());
        job.programs().forEach((name, programVariants) -> {
            WireFormat.writeText(output, name);
            WireFormat.writeCount(output, programVariants.members());
            WireFormat.writeCount(output, programVariants.programs().size());
            programVariants.programs().forEach(program -> kryo.writeObject(output, program));
        });
    }

    @Override
    public Job read(Kryo kryo, Input input, Class<Job> type) {
        String source = WireFormat.readText(input);
        SortedMap<String, String> settings = new TreeMap<>();
        for (int left = WireFormat.readCount(input, LEAST_ENTRY); left > 0; left--) {
            settings.put(WireFormat.readText(input), WireFormat.readText(input));
        }
        String backend = WireFormat.readText(input);
        Precision precision = WireFormat.readConstant(input, Precision.values());
        long memoryBytes = input.readLong();
        int blockSize = input.readVarInt(true);
        SortedMap<String, ProgramVariants> programs = new TreeMap<>();
        for (int left = WireFormat.readCount(input, LEAST_ENTRY); left > 0; left--) {
            programs.put(WireFormat.readText(input), readVariants(kryo, input));
        }
        return new Job(
                new SourceDescription(source, settings),
                backend,
                new CompileOptions(precision, memoryBytes),
                blockSize,
                programs);
    }

    private static ProgramVariants readVariants(Kryo kryo, Input input) {
        int members = input.readVarInt(true);
        List<Program> programs = new ArrayList<>();
        for (int left = WireFormat.readCount(input, LEAST_PROGRAM); left > 0; left--) {
            programs.add(kryo.readObject(input, Program.class));
        }
        return new ProgramVariants(programs, members);
    }
}
