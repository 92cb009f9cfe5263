package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.List;

/** How a value is computed once its neighbours have been fused into it, and what that reads. */
sealed interface FusedOp {
    List<Value> reads();

    /** Elementwise forms, whose result may overwrite an argument read at the same places. */
    sealed interface Elementwise extends FusedOp {
        OperandAccess.BroadcastPattern pattern();

        @Override
        default List<Value> reads() {
            return pattern().readings().stream().map(OperandAccess::value).toList();
        }
    }

    /** An op on its arguments as they are. */
    record Plain(Value value) implements FusedOp {
        @Override
        public List<Value> reads() {
            return value.args();
        }
    }

    /** The sum of products and of other values, of which there may be none; each of the others is read in its own way. */
    record Sum(List<Value> products, List<OperandAccess.BroadcastPattern> rest) implements FusedOp {
        @Override
        public List<Value> reads() {
            List<Value> reads = new ArrayList<>();
            products.forEach(product -> reads.addAll(product.args()));
            rest.forEach(pattern -> reads.add(pattern.readings().get(0).value()));
            return reads;
        }
    }

    /** ADD, SUB, MUL, DIV, GREATER, EQUAL with broadcasts read on the way. */
    record Binary(Op op, OperandAccess.BroadcastPattern pattern) implements Elementwise {}

    /** c + a·b, or c - a·b where op is SUB; readings a, b, c. */
    record MultiplyAdd(Op op, OperandAccess.BroadcastPattern pattern) implements Elementwise {}

    /** h &gt; 0 ? c : 0; readings h, c. */
    record Mask(OperandAccess.BroadcastPattern pattern) implements Elementwise {}

    /** An op of one argument. */
    record Unary(Op op, OperandAccess.BroadcastPattern pattern) implements Elementwise {}
}
