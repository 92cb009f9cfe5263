package dev.kindling.job.backend.nd4j;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarReverseSubtraction;
import org.nd4j.linalg.api.ops.impl.transforms.comparison.CompareAndReplace;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * Choosing between numbers by others that are 0 or 1, so that what is not chosen leaves no trace, infinite or not. ND4J's
 * own {@code select} takes 140 ns a number.
 */
final class MaskedBlend {
    private MaskedBlend() {}

    /** Writes where the mask is 1 the number, and 0 elsewhere. */
    static void keep(OpRecorder recorder, INDArray mask, INDArray numbers, INDArray result) {
        recorder.exec(new CompareAndReplace(mask, numbers, result, Conditions.equals(1)));
    }

    /** Where the mask is 1 the first, elsewhere the second; the mask is turned over on the way. */
    static void choose(
            OpRecorder recorder, INDArray mask, INDArray first, INDArray second, INDArray scratch, INDArray result) {
        keep(recorder, mask, first, scratch);
        recorder.exec(new ScalarReverseSubtraction(mask, null, mask, 1));
        keep(recorder, mask, second, result);
        add(recorder, result, scratch, result);
    }

    static void add(OpRecorder recorder, INDArray a, INDArray b, INDArray result) {
        recorder.exec("add", result, List.of(a, b));
    }
}
