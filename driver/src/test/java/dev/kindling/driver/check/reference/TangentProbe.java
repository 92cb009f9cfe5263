package dev.kindling.driver.check.reference;

import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * A probe of a pass that also computes derivatives along a direction of the parameters: of the loss, of its gradient and, in a
 * pass without a loss, of the output.
 *
 * <p>Reverse mode is sufficient. The derivative of the gradient g along v is the gradient of ⟨g, v⟩, because a Hessian is
 * symmetric. The derivative of an output along v is the gradient with respect to u of ⟨∂⟨output, u⟩, v⟩, which is linear in u.
 */
final class TangentProbe {
    private static final String DIRECTION = "direction ";
    private static final String COTANGENT = "cotangent";

    private TangentProbe() {}

    /** A probe of a pass. */
    static ProgramProbe of(Program pass, Function<Program, Executable> compiler) {
        Executable executable = compiler.apply(extended(pass));
        Layout inputs = executable.program().broadcastInputs();
        return new ProgramProbe(
                executable,
                parameters -> NamedArrays.zeros(inputs)
                        .with(parameters.values())
                        .with(parameters.tangents().renamed(DIRECTION::concat)));
    }

    private static Program extended(Program pass) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> parameters = new LinkedHashMap<>();
        List<Value> arguments = new ArrayList<>();
        for (Program.Input input : pass.inputs()) {
            Value argument = b.input(input.name(), input.shape(), input.scope());
            arguments.add(argument);
            if (input.scope() == Program.Scope.BROADCAST) {
                parameters.put(input.name(), argument);
            }
        }
        Map<String, Value> directions = new LinkedHashMap<>();
        parameters.forEach((name, value) ->
                directions.put(name, b.input(DIRECTION + name, value.shape(), Program.Scope.BROADCAST)));
        List<Value> results = b.inline(pass, arguments);
        List<Program.Output> outputs = new ArrayList<>();
        Map<String, Value> gradient = new LinkedHashMap<>();
        Map<String, Value> perTask = new LinkedHashMap<>();
        for (Program.Output output : pass.outputs()) {
            Value value = results.get(outputs.size());
            outputs.add(new Program.Output(output.name(), output.reduction(), value));
            (output.reduction() == Program.Reduction.SUM ? gradient : perTask).put(output.name(), value);
        }
        Value loss = perTask.get(ModelPasses.LOSS);
        if (loss != null) {
            Map<String, Value> first = gradient.isEmpty() ? gradient(b, loss, parameters) : gradient;
            Value along = along(b, first, directions);
            outputs.add(tangent(ModelPasses.LOSS, along));
            Map<String, Value> trained = new LinkedHashMap<>(parameters);
            trained.keySet().retainAll(gradient.keySet());
            gradient(b, along, trained).forEach((name, value) -> outputs.add(tangent(name, value)));
        } else {
            Value output = Objects.requireNonNull(perTask.get(ModelPasses.OUTPUT));
            Value cotangent = b.input(COTANGENT, output.shape(), Program.Scope.BROADCAST);
            Map<String, Value> vjp = gradient(b, b.sumAll(b.mul(output, cotangent)), parameters);
            outputs.add(tangent(
                    ModelPasses.OUTPUT,
                    Autodiff.grad(b, along(b, vjp, directions), List.of(cotangent))
                            .get(0)));
        }
        return b.build("tangents", outputs);
    }

    private static Program.Output tangent(String name, Value value) {
        return new Program.Output(ProgramProbe.TANGENT + name, Program.Reduction.PER_TASK, value);
    }

    private static Map<String, Value> gradient(ProgramBuilder b, Value scalar, Map<String, Value> parameters) {
        List<Value> gradients = Autodiff.gradOrZeros(b, scalar, List.copyOf(parameters.values()));
        Map<String, Value> named = new LinkedHashMap<>();
        parameters.keySet().forEach(name -> named.put(name, gradients.get(named.size())));
        return named;
    }

    private static Value along(ProgramBuilder b, Map<String, Value> gradient, Map<String, Value> directions) {
        Value sum = b.constant(0);
        for (Map.Entry<String, Value> array : gradient.entrySet()) {
            Value direction = directions.get(array.getKey());
            if (direction == null) {
                throw new IllegalArgumentException("a gradient by " + array.getKey() + ", which is not a parameter");
            }
            sum = b.add(sum, b.sumAll(b.mul(array.getValue(), direction)));
        }
        return sum;
    }
}
