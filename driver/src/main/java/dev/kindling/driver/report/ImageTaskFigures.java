package dev.kindling.driver.report;

import static j2html.TagCreator.div;
import static j2html.TagCreator.img;
import static j2html.TagCreator.span;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSource;
import j2html.tags.ContainerTag;
import j2html.tags.DomContent;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/** Figures of image tasks: an episode with its predictions, and the accuracy by group of classes. */
final class ImageTaskFigures {
    private static final int MAX_IMAGES = 25;
    private static final int TASKS = 200;
    private static final int GROUPS = 40;

    private final ModelProbe probe;
    private final FewShotSource source;
    private final int after;

    /**
     * Figures of a probe's tasks.
     *
     * @param after number of inner steps, at most those of the evaluation
     */
    ImageTaskFigures(ModelProbe probe, FewShotSource source, int after) {
        this.probe = probe;
        this.source = source;
        this.after = after;
    }

    /** The first test task: its support set, then its queries with the predictions before and after adaptation. */
    List<DomContent> episode() {
        List<TaskSpec> specs = probe.tasks(1);
        ModelProbe.Outputs episode = probe.episodes(specs);
        ModelProbe.Outputs predictions = probe.predictions(specs);
        List<FewShotSource.SampledImage> support = source.support(specs.get(0));
        List<FewShotSource.SampledImage> query = source.query(specs.get(0));
        ContainerTag<?> supportCards = div().withClass("cards");
        for (int i = 0; i < Math.min(MAX_IMAGES, support.size()); i++) {
            supportCards.with(card("support", support.get(i), image(episode, EpisodeLayout.SUPPORT_X, i))
                    .with(span("class " + name(support.get(i).label()))));
        }
        ContainerTag<?> queryCards = div().withClass("cards");
        for (int i = 0; i < Math.min(MAX_IMAGES, query.size()); i++) {
            ContainerTag<?> card = card("query", query.get(i), image(episode, EpisodeLayout.QUERY_X, i))
                    .with(span("is " + name(query.get(i).label())));
            verdict(
                    card,
                    last(predictions) > 0 ? "before: " : "",
                    predictions,
                    0,
                    0,
                    i,
                    query.get(i).label());
            if (last(predictions) > 0) {
                verdict(
                        card,
                        "after: ",
                        predictions,
                        0,
                        last(predictions),
                        i,
                        query.get(i).label());
            }
            queryCards.with(card);
        }
        return List.of(
                HtmlPage.paragraph("The support set of the first test task" + more(support.size()) + ":"),
                supportCards,
                HtmlPage.paragraph("Its queries" + more(query.size())
                        + ", with the class that is predicted and its probability" + when(predictions) + ":"),
                queryCards);
    }

    private String when(ModelProbe.Outputs predictions) {
        int last = last(predictions);
        return last == 0 ? "" : " before the first step and after " + last + (last == 1 ? " step" : " steps");
    }

    private static String more(int count) {
        return count > MAX_IMAGES ? ", the first " + MAX_IMAGES + " of " + count : "";
    }

    private int last(ModelProbe.Outputs predictions) {
        return Math.min(after, predictions.length("prediction") - 1);
    }

    private static ContainerTag<?> card(String set, FewShotSource.SampledImage sampled, DomContent image) {
        return div().with(((ContainerTag<?>) div().with(image)).attr("title", set + " " + sampled.className()));
    }

    /** Classes of a task are called A, B, ... */
    private static String name(int label) {
        return label < 26 ? String.valueOf((char) ('A' + label)) : Integer.toString(label + 1);
    }

    private static void verdict(
            ContainerTag<?> card, String when, ModelProbe.Outputs outputs, int task, int step, int query, int label) {
        int predicted = best(scores(outputs, task, step, query));
        card.with(div().withClass(predicted == label ? "right" : "wrong")
                .withText(when + name(predicted) + (predicted == label ? " ✓" : " ✗")));
    }

    /** The scores of the classes for a query; the largest is the prediction. */
    private static double[] scores(ModelProbe.Outputs outputs, int task, int step, int query) {
        int[] dims = outputs.layout().shape("prediction").dims();
        int from = (step * dims[1] + query) * dims[2];
        return Arrays.copyOfRange(outputs.of(task, "prediction"), from, from + dims[2]);
    }

    private static int best(double[] numbers) {
        int best = 0;
        for (int i = 1; i < numbers.length; i++) {
            if (numbers[i] > numbers[best]) {
                best = i;
            }
        }
        return best;
    }

    private DomContent image(ModelProbe.Outputs episode, String set, int row) {
        int[] dims = probe.layout().features().dims();
        int size = probe.layout().features().size();
        double[] all = episode.of(0, set);
        // Ones in the arrays were dark in the image.
        boolean inverted = "dark".equals(probe.plan().job().source().settings().get("few-shot.polarity"));
        BufferedImage image = new BufferedImage(dims[2], dims[1], BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < dims[1]; y++) {
            for (int x = 0; x < dims[2]; x++) {
                int rgb = 0;
                for (int channel = 0; channel < 3; channel++) {
                    int from = Math.min(channel, dims[0] - 1);
                    double value = all[row * size + (from * dims[1] + y) * dims[2] + x];
                    double light = inverted ? 1 - value : value;
                    rgb = rgb << 8 | (int) Math.round(255 * Math.max(0, Math.min(1, light)));
                }
                image.setRGB(x, y, rgb);
            }
        }
        return img().withSrc("data:image/png;base64," + Base64.getEncoder().encodeToString(png(image)))
                .withAlt("image " + (row + 1) + " of the " + (set.equals(EpisodeLayout.SUPPORT_X) ? "support" : "query")
                        + " set");
    }

    private static byte[] png(BufferedImage image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The number of queries of a group of classes, and how many were classified correctly. */
    private static final class Tally {
        private int queries;
        private int before;
        private int after;
    }

    /** A table of the accuracy before and after adaptation by group of classes, the least accurate first. */
    List<DomContent> gains() {
        List<TaskSpec> specs = probe.tasks(TASKS);
        ModelProbe.Outputs predictions = probe.predictions(specs);
        Map<String, Tally> tallies = new TreeMap<>();
        for (int task = 0; task < specs.size(); task++) {
            List<FewShotSource.SampledImage> query = source.query(specs.get(task));
            for (int i = 0; i < query.size(); i++) {
                Tally tally = tallies.computeIfAbsent(group(query.get(i).className()), key -> new Tally());
                int label = query.get(i).label();
                tally.queries++;
                tally.before += best(scores(predictions, task, 0, i)) == label ? 1 : 0;
                tally.after += best(scores(predictions, task, last(predictions), i)) == label ? 1 : 0;
            }
        }
        List<List<String>> rows = new ArrayList<>();
        tallies.entrySet().stream()
                .sorted((a, b) -> Double.compare(share(a.getValue()), share(b.getValue())))
                .limit(GROUPS)
                .forEach(entry -> rows.add(List.of(
                        entry.getKey(),
                        Integer.toString(entry.getValue().queries),
                        NumberFormat.percent((double) entry.getValue().before / entry.getValue().queries),
                        NumberFormat.percent(share(entry.getValue())))));
        return List.of(
                HtmlPage.paragraph("The share of queries that is classified correctly" + when(predictions)
                        + ", by class (by the folder of classes where " + "they lie in folders), over " + specs.size()
                        + " test tasks, the hardest first."),
                HtmlPage.details(
                        rows.size() + " groups of classes",
                        HtmlPage.rows(List.of("classes", "queries", "before", "after"), rows)));
    }

    private static double share(Tally tally) {
        return (double) tally.after / tally.queries;
    }

    private static String group(String className) {
        int slash = className.lastIndexOf('/');
        String parent = slash > 0 ? className.substring(0, slash) : className;
        // A rotated class is named after the class that it was rotated from.
        int upper = parent.lastIndexOf('/');
        return upper > 0 && className.substring(slash + 1).startsWith("rot") ? parent.substring(0, upper) : parent;
    }
}
