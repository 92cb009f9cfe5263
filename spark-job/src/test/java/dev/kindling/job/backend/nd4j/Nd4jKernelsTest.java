package dev.kindling.job.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.program.Op;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

class Nd4jKernelsTest {
    @Test
    void everyOpThatIsNoAliasOrLoopHasAKernel() {
        EnumSet<Op> withoutKernel =
                EnumSet.of(Op.INPUT, Op.RESHAPE, Op.STOP_GRADIENT, Op.BARRIER, Op.LOOP, Op.LOOP_RESULT);
        assertThat(new Nd4jKernels(new BatchedMatmul(BatchedMatmul.BroadcastRight.BATCHED)).known())
                .containsExactlyInAnyOrderElementsOf(EnumSet.complementOf(withoutKernel));
    }

    @Test
    void theBackendIsFoundByItsName() {
        assertThat(Backends.named("nd4j")).isInstanceOf(Nd4jBackend.class);
    }
}
