package dev.kindling.driver.transform;

import dev.kindling.driver.serving.PredictionPrograms;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.task.table.TableEncodingJson;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * A model that was trained on a table.
 *
 * @param programs of the model, for at most {@code mostSupport} support rows
 * @param encoding of the table's rows
 * @param order the column by which rows of a group are ordered; empty for none
 * @param mostSupport the most support rows of a group; of more, the first are used
 */
public record TableModel(PredictionPrograms programs, TableEncoding encoding, String order, int mostSupport) {
    /** A hash of θ and the encoding. */
    public String hash() {
        return DigestUtils.sha256Hex(programs.thetaHash() + TableEncodingJson.write(encoding));
    }
}
