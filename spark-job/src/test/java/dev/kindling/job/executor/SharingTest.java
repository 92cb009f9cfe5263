package dev.kindling.job.executor;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SharingTest {
    @ParameterizedTest
    @CsvSource({"1, , , 1", "0.5, , , 2", "0.1, 4, , 4", "0.25, 8, 2, 4", "0.25, 4, 2, 2", "0.3, , , 3", "0.25, 1, 2, 1"
    })
    void aGpuIsSharedByAsManySparkTasksAsThereAreCoresFor(String share, String cores, String cpus, int expected) {
        for (String prefix : new String[] {"spark.", AssignedDevice.EXECUTOR_PROFILE}) {
            SparkConf settings = new SparkConf(false).set(prefix + "task.resource.gpu.amount", share);
            if (cores != null) {
                settings.set(prefix + "executor.cores", cores);
            }
            if (cpus != null) {
                settings.set(prefix + "task.cpus", cpus);
            }
            assertThat(AssignedDevice.sharing(settings)).isEqualTo(expected);
        }
    }
}
