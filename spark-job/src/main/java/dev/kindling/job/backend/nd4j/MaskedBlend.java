package dev.kindling.job.backend.nd4j;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarReverseSubtraction;
import org.nd4j.linalg.api.ops.impl.transforms.comparison.CompareAndReplace;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * Blends arrays by masks of 0 and 1, such that masked-out infinities and NaNs have no effect. ND4J's own {@code select}
 * takes 140 ns per element.
 */
final class MaskedBlend {
    private MaskedBlend() {}

    /** result = mask = 1 ? values : 0. */
    static void mask(OpRecorder recorder, INDArray mask, INDArray values, INDArray result) {
        recorder.exec(new CompareAndReplace(mask, values, result, Conditions.equals(1)));
    }

    /** result = mask = 1 ? first : second; inverts the mask. */
    static void blend(
            OpRecorder recorder, INDArray mask, INDArray first, INDArray second, INDArray scratch, INDArray result) {
        mask(recorder, mask, first, scratch);
        recorder.exec(new ScalarReverseSubtraction(mask, null, mask, 1));
        mask(recorder, mask, second, result);
        add(recorder, result, scratch, result);
    }

    static void add(OpRecorder recorder, INDArray a, INDArray b, INDArray result) {
        recorder.exec("add", result, List.of(a, b));
    }
}
