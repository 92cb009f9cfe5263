package dev.kindling.job.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrinterTest {
    /** The printed form is hashed: a change of it changes the hash of every program. */
    @Test
    void aProgramIsPrintedLineByLineWithItsStepPrograms() {
        ProgramBuilder sb = new ProgramBuilder();
        Value s = sb.input("s", Shape.scalar(), Program.Scope.LOOP);
        Value k = sb.input("k", Shape.scalar(), Program.Scope.LOOP);
        Program step = sb.build("power", List.of(new Program.Output("s", Program.Reduction.LOOP, sb.mul(s, k))));
        ProgramBuilder b = new ProgramBuilder();
        Value theta = b.input("theta", Shape.scalar(), Program.Scope.BROADCAST);
        Value x = b.input("x", Shape.scalar(), Program.Scope.TASK);
        Value y = b.loop(new Attributes.Loop(step, 4, false, 1, 0, 0, false), List.of(b.constant(3), x, theta))
                .get(0);
        Program program = b.build(
                "p",
                List.of(
                        new Program.Output("y", Program.Reduction.PER_TASK, y),
                        new Program.Output("total", Program.Reduction.SUM, b.add(y, theta))));
        assertThat(program).hasToString("""
                        program p
                          input broadcast %0 theta []
                          input task %1 x []
                          %2 = constant() {3.0} : []
                          %3 = loop(%2, %1, %0) {capacity 4, 1 carries, 0 per step, 0 stacked}
                            program power
                              input loop %0 s []
                              input loop %1 k []
                              %2 = mul(%0, %1) : []
                              output loop s = %2 []
                          %4 = loop-result(%3) {0} : []
                          %5 = add(%4, %0) : []
                          output per_task y = %4 []
                          output sum total = %5 []
                        """);
    }
}
