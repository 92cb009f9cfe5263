package dev.kindling.job.program;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Collectors;

/** Prints programs, for error messages, golden files and hashes. */
final class Printer {
    private Printer() {}

    static String print(Program program) {
        StringBuilder text =
                new StringBuilder("program ").append(program.name()).append('\n');
        program.inputs()
                .forEach(input -> text.append("  input ")
                        .append(input.scope().name().toLowerCase(java.util.Locale.ROOT))
                        .append(' ')
                        .append(reference(program, input.value()))
                        .append(' ')
                        .append(input.name())
                        .append(' ')
                        .append(input.shape())
                        .append('\n'));
        for (Value value : program.values()) {
            if (value.op() != Op.INPUT) {
                text.append(line(program, value));
            }
        }
        program.outputs()
                .forEach(output -> text.append("  output ")
                        .append(output.reduction().name().toLowerCase(java.util.Locale.ROOT))
                        .append(' ')
                        .append(output.name())
                        .append(" = ")
                        .append(reference(program, output.value()))
                        .append(' ')
                        .append(output.shape())
                        .append('\n'));
        return text.toString();
    }

    private static String line(Program program, Value value) {
        String args = value.args().stream().map(arg -> reference(program, arg)).collect(Collectors.joining(", "));
        String attributes = value.attributes().toString();
        String line = "  " + reference(program, value) + " = " + value.op().printed() + "(" + args + ")"
                + (attributes.isEmpty() ? "" : " {" + attributes + "}")
                + (value.op() == Op.LOOP ? "" : " : " + value.shape())
                + "\n";
        return value.op() == Op.LOOP ? line + value.loop().step().toString().indent(4) : line;
    }

    private static String reference(Program program, Value value) {
        return "%" + program.position(value);
    }

    static String hash(String printed) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(printed.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
