package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.clusters.SmallImages;
import dev.kindling.examples.FolderPredictions;
import dev.kindling.job.error.BadDataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API for adaptation to folders of images. */
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ImageTaskTest {
    private static final int CLASSES = 4;

    @TempDir
    private Path folder;

    @BeforeEach
    void images() throws IOException {
        SmallImages.write(folder);
        try (ZipFile zip = new ZipFile(folder.resolve("pictures.zip").toFile())) {
            for (int type = 0; type < CLASSES; type++) {
                for (int image = 0; image < 3; image++) {
                    Path to =
                            folder.resolve((image < 2 ? "support/" : "query/") + "class" + type + "/" + image + ".png");
                    Files.createDirectories(to.getParent());
                    try (InputStream in =
                            zip.getInputStream(zip.getEntry("test/class" + type + "/" + image + ".png"))) {
                        Files.write(to, in.readAllBytes());
                    }
                }
            }
        }
    }

    private TrainedModel trained(Method method) {
        return MetaTrainer.builder()
                .tasks(FewShotImages.builder()
                        .data(folder.resolve("pictures.zip").toString())
                        .split(folder.resolve("splits").toString())
                        .ways(3)
                        .imageSize(12)
                        .support(1)
                        .query(1)
                        .build())
                .network(Networks.named("conv4"))
                .method(method)
                .metaBatchSize(2)
                .rounds(1)
                .set("evaluation.tasks", 2)
                .set("evaluation.query", 1)
                .set("evaluation.steps", 1)
                .build()
                .fit();
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void theExamplePredictsMoreClassesThanTrainingTasksHad() throws IOException {
        TrainedModel model = trained(ProtoNet.builder().build());
        model.save(path("model"));
        SortedMap<String, String> predicted = FolderPredictions.predict(path("model"), path("support"), path("query"));
        assertThat(predicted.keySet()).containsExactly("class0/2.png", "class1/2.png", "class2/2.png", "class3/2.png");
        ImageTask task = ImageTask.read(model, path("support"), path("query"));
        assertThat(task.classes()).containsExactly("class0", "class1", "class2", "class3");
        assertThat(task.supportY()).containsExactly(0, 0, 1, 1, 2, 2, 3, 3);
        assertThat(task.queryY().orElseThrow()).containsExactly(0, 1, 2, 3);
        assertThat(task.supportX()).hasSize(8 * 12 * 12);
        float[] classes = model.adapt(task.supportX(), task.supportY(), CLASSES).predict(task.queryX());
        for (int i = 0; i < classes.length; i++) {
            assertThat(predicted.get(task.queryFiles().get(i))).isEqualTo("class" + (int) classes[i]);
        }
    }

    @Test
    void anotherNumberOfClassesThanTheOutputLayerHasIsRefused() {
        TrainedModel model = trained(Maml.builder().build());
        ImageTask task = ImageTask.read(model, path("support"), path("query/class1"));
        assertThat(task.queryY()).isEmpty();
        assertThat(task.queryFiles()).isEqualTo(List.of("2.png"));
        assertThatThrownBy(() -> model.adapt(task.supportX(), task.supportY(), CLASSES))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the support set has 4 classes; it must have 3, for conv4 with maml");
        assertThatThrownBy(() -> ImageTask.read(model, path("absent"), path("query")))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("--support is");
    }

    @Test
    void aModelOfOtherTasksTakesNoImages() {
        TrainedModel sines = MetaTrainer.builder()
                .tasks(Sinusoids.builder().build())
                .network(Networks.named("mlp-40-tanh"))
                .method(Maml.builder().build())
                .metaBatchSize(2)
                .rounds(1)
                .set("evaluation.tasks", 2)
                .build()
                .fit();
        assertThatThrownBy(() -> ImageTask.read(sines, path("support"), path("query")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("task.source = sinusoid; it must be few-shot");
        assertThatThrownBy(() -> sines.adapt(new float[2], new float[2], 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("predicts targets");
    }
}
