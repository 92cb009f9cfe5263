package dev.kindling.job.program;

/** The elementwise ops on scalars, in double: for constant folding and for the reference backend. */
public final class ScalarOps {
    private ScalarOps() {}

    /** An elementwise op of one argument. */
    public static double apply(Op op, double a) {
        return switch (op) {
            case NEG -> -a;
            case EXP -> StrictMath.exp(a);
            case LOG -> StrictMath.log(a);
            case LOG1P -> StrictMath.log1p(a);
            case EXPM1 -> StrictMath.expm1(a);
            case SQRT -> StrictMath.sqrt(a);
            case TANH -> StrictMath.tanh(a);
            case SIGMOID -> 1 / (1 + StrictMath.exp(-a));
            case RELU -> a > 0 || Double.isNaN(a) ? a : 0;
            default -> throw new IllegalArgumentException(op.printed() + " does not take one number");
        };
    }

    /** An elementwise op of two arguments. */
    public static double apply(Op op, double a, double b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case GREATER -> a > b ? 1 : 0;
            case EQUAL -> a == b ? 1 : 0;
            default -> throw new IllegalArgumentException(op.printed() + " does not take two numbers");
        };
    }
}
