package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.List;

/** A fused computation of a value (an XLA fusion instruction), with the ops that it absorbs. */
sealed interface FusedOp {
    /** The values that the fused computation reads. */
    List<Value> reads();

    /** Elementwise computations, whose result may overwrite an argument that is read at the same indices. */
    sealed interface Elementwise extends FusedOp {
        OperandAccess.BroadcastPattern pattern();

        @Override
        default List<Value> reads() {
            return pattern().accesses().stream().map(OperandAccess::value).toList();
        }
    }

    /** An op that absorbs no other. */
    record Unfused(Value value) implements FusedOp {
        @Override
        public List<Value> reads() {
            return value.args();
        }
    }

    /**
     * The sum of products, of rows added at indices (SCATTER_ADD) and of other values, any of which may be absent; each of the
     * others has its own pattern.
     */
    record Sum(List<Value> products, List<Value> scatters, List<OperandAccess.BroadcastPattern> rest)
            implements FusedOp {
        @Override
        public List<Value> reads() {
            List<Value> reads = new ArrayList<>();
            products.forEach(product -> reads.addAll(product.args()));
            scatters.forEach(scatter -> reads.addAll(scatter.args()));
            rest.forEach(pattern -> reads.add(pattern.accesses().get(0).value()));
            return reads;
        }
    }

    /** ADD, SUB, MUL, DIV, GREATER, EQUAL with fused broadcasts. */
    record Binary(Op op, OperandAccess.BroadcastPattern pattern) implements Elementwise {}

    /** c + a·b, or c - a·b if op is SUB; accesses a, b, c. */
    record MultiplyAdd(Op op, OperandAccess.BroadcastPattern pattern) implements Elementwise {}

    /** h &gt; 0 ? c : 0; accesses h, c. */
    record Mask(OperandAccess.BroadcastPattern pattern) implements Elementwise {}

    /** An op of one argument. */
    record Unary(Op op, OperandAccess.BroadcastPattern pattern) implements Elementwise {}
}
