package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.GpuSupport;
import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.program.Program;
import java.util.Optional;

/**
 * The backend {@code nd4j}, which runs on the processor or on GPUs, whichever of ND4J's own backends is on the class path.
 * This class refers to no class of ND4J, so that the service loader loads none.
 */
public final class Nd4jBackend implements Backend {
    /** The class file whose presence shows that ND4J is on the class path. */
    private static final String ND4J_CLASS = "org/nd4j/linalg/factory/Nd4j.class";

    /** The class file whose presence shows that ND4J runs on GPUs. */
    private static final String GPU_CLASS = "org/nd4j/linalg/jcublas/JCublasBackend.class";

    /**
     * The compute capabilities for which nd4j-cuda-11.6 has machine code; code for 8.6 runs on 8.9. Its library, cuBLAS and
     * the CUDA context take about 1 GiB of GPU memory.
     */
    private static final GpuSupport GPUS =
            new GpuSupport(new GpuSupport.Capability(3, 7), new GpuSupport.Capability(8, 9), 1L << 30);

    /** For the service loader. */
    public Nd4jBackend() {}

    @Override
    public String name() {
        return "nd4j";
    }

    @Override
    public Optional<GpuSupport> gpus() {
        return has(GPU_CLASS) ? Optional.of(GPUS) : Optional.empty();
    }

    private static boolean has(String file) {
        return Nd4jBackend.class.getClassLoader().getResource(file) != null;
    }

    @Override
    public void requireAvailable() {
        if (!has(ND4J_CLASS)) {
            throw new BackendUnavailableException(
                    "backend.name is nd4j, but ND4J is not on the class path of this JVM; "
                            + "add the jars of Kindling's folder driver-libs to it (executors: spark.kindling.executor.libs), or set "
                            + "backend.name = vector");
        }
        Nd4jRuntime.start();
    }

    @Override
    public Executable compile(Program program, CompileOptions options) {
        return Nd4jExecutable.of(program, options);
    }
}
