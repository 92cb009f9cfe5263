package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.List;

/** How a value is computed once its neighbours have been fused into it, and what that reads. */
sealed interface Form {
    List<Value> reads();

    /** Elementwise forms, whose result may overwrite an argument read at the same places. */
    sealed interface Elementwise extends Form {
        Reading.Agreement agreement();

        @Override
        default List<Value> reads() {
            return agreement().readings().stream().map(Reading::value).toList();
        }
    }

    /** An op on its arguments as they are. */
    record Plain(Value value) implements Form {
        @Override
        public List<Value> reads() {
            return value.args();
        }
    }

    /** The sum of products and of other values, of which there may be none; each of the others is read in its own way. */
    record Sum(List<Value> products, List<Reading.Agreement> rest) implements Form {
        @Override
        public List<Value> reads() {
            List<Value> reads = new ArrayList<>();
            products.forEach(product -> reads.addAll(product.args()));
            rest.forEach(agreement -> reads.add(agreement.readings().get(0).value()));
            return reads;
        }
    }

    /** ADD, SUB, MUL, DIV, GREATER, EQUAL with broadcasts read on the way. */
    record Binary(Op op, Reading.Agreement agreement) implements Elementwise {}

    /** c + a·b, or c - a·b where op is SUB; readings a, b, c. */
    record MultiplyAdd(Op op, Reading.Agreement agreement) implements Elementwise {}

    /** h &gt; 0 ? c : 0; readings h, c. */
    record Mask(Reading.Agreement agreement) implements Elementwise {}

    /** An op of one argument. */
    record Unary(Op op, Reading.Agreement agreement) implements Elementwise {}
}
