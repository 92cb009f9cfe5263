package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;

/** The messages of {@link ToDriver} in bytes. */
final class ToDriverSerializers {
    private ToDriverSerializers() {}

    static final class OfLent extends Serializer<ToDriver.Lent> {
        @Override
        public void write(Kryo kryo, Output output, ToDriver.Lent lent) {
            output.writeLong(lent.ticket());
            Parts.writeText(output, lent.device());
        }

        @Override
        public ToDriver.Lent read(Kryo kryo, Input input, Class<ToDriver.Lent> type) {
            return new ToDriver.Lent(input.readLong(), Parts.readText(input));
        }
    }

    static final class OfPresent extends Serializer<ToDriver.Present> {
        @Override
        public void write(Kryo kryo, Output output, ToDriver.Present present) {
            Parts.writeCount(output, present.threads());
        }

        @Override
        public ToDriver.Present read(Kryo kryo, Input input, Class<ToDriver.Present> type) {
            return new ToDriver.Present(Parts.readIndex(input));
        }
    }

    static final class OfAnswered extends Serializer<ToDriver.Answered> {
        @Override
        public void write(Kryo kryo, Output output, ToDriver.Answered answered) {
            output.writeLong(answered.shared());
            Parts.writeCount(output, answered.firstTask());
            Answer answer = answered.answer();
            Parts.writeFlag(output, answer instanceof WorkReply);
            kryo.writeObject(output, answer);
        }

        @Override
        public ToDriver.Answered read(Kryo kryo, Input input, Class<ToDriver.Answered> type) {
            long shared = input.readLong();
            int firstTask = Parts.readIndex(input);
            Answer answer = Parts.readFlag(input)
                    ? kryo.readObject(input, WorkReply.class)
                    : kryo.readObject(input, Failure.class);
            return new ToDriver.Answered(shared, firstTask, answer);
        }
    }

    static final class OfKept extends Serializer<ToDriver.Kept> {
        @Override
        public void write(Kryo kryo, Output output, ToDriver.Kept kept) {
            output.writeLong(kept.shared());
            kryo.writeObject(output, kept.reply());
        }

        @Override
        public ToDriver.Kept read(Kryo kryo, Input input, Class<ToDriver.Kept> type) {
            return new ToDriver.Kept(input.readLong(), kryo.readObject(input, WorkReply.class));
        }
    }

    static final class OfLacks extends Serializer<ToDriver.Lacks> {
        @Override
        public void write(Kryo kryo, Output output, ToDriver.Lacks lacks) {
            output.writeLong(lacks.version());
        }

        @Override
        public ToDriver.Lacks read(Kryo kryo, Input input, Class<ToDriver.Lacks> type) {
            return new ToDriver.Lacks(input.readLong());
        }
    }

    static final class OfFolded extends Serializer<ToDriver.Folded> {
        @Override
        public void write(Kryo kryo, Output output, ToDriver.Folded folded) {
            output.writeLong(folded.shared());
            Parts.writeCount(output, folded.slice());
            Parts.writeStorage(output, folded.sums());
        }

        @Override
        public ToDriver.Folded read(Kryo kryo, Input input, Class<ToDriver.Folded> type) {
            return new ToDriver.Folded(input.readLong(), Parts.readIndex(input), Parts.readStorage(input));
        }
    }

    static final class OfNotFolded extends Serializer<ToDriver.NotFolded> {
        @Override
        public void write(Kryo kryo, Output output, ToDriver.NotFolded notFolded) {
            output.writeLong(notFolded.shared());
            Parts.writeCount(output, notFolded.slice());
            Parts.writeText(output, notFolded.why());
        }

        @Override
        public ToDriver.NotFolded read(Kryo kryo, Input input, Class<ToDriver.NotFolded> type) {
            return new ToDriver.NotFolded(input.readLong(), Parts.readIndex(input), Parts.readText(input));
        }
    }

    static final class OfRefused extends Serializer<ToDriver.Refused> {
        @Override
        public void write(Kryo kryo, Output output, ToDriver.Refused refused) {
            kryo.writeObject(output, refused.failure());
        }

        @Override
        public ToDriver.Refused read(Kryo kryo, Input input, Class<ToDriver.Refused> type) {
            return new ToDriver.Refused(kryo.readObject(input, Failure.class));
        }
    }
}
