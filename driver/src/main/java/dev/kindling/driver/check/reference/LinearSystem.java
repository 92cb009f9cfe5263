package dev.kindling.driver.check.reference;

/** Solves small dense linear systems by Gaussian elimination with partial pivoting. */
final class LinearSystem {
    private LinearSystem() {}

    /** X with A X = B. */
    static double[][] solve(double[][] a, double[][] b) {
        int n = a.length;
        int columns = b[0].length;
        double[][] rows = new double[n][n + columns];
        for (int i = 0; i < n; i++) {
            System.arraycopy(a[i], 0, rows[i], 0, n);
            System.arraycopy(b[i], 0, rows[i], n, columns);
        }
        for (int pivot = 0; pivot < n; pivot++) {
            swapLargestTo(rows, pivot);
            for (int i = pivot + 1; i < n; i++) {
                subtract(rows[i], rows[pivot], rows[i][pivot] / rows[pivot][pivot], pivot);
            }
        }
        double[][] x = new double[n][columns];
        for (int i = n - 1; i >= 0; i--) {
            for (int column = 0; column < columns; column++) {
                double sum = rows[i][n + column];
                for (int j = i + 1; j < n; j++) {
                    sum -= rows[i][j] * x[j][column];
                }
                x[i][column] = sum / rows[i][i];
            }
        }
        return x;
    }

    private static void swapLargestTo(double[][] rows, int pivot) {
        int largest = pivot;
        for (int i = pivot + 1; i < rows.length; i++) {
            largest = Math.abs(rows[i][pivot]) > Math.abs(rows[largest][pivot]) ? i : largest;
        }
        double[] row = rows[pivot];
        rows[pivot] = rows[largest];
        rows[largest] = row;
    }

    private static void subtract(double[] from, double[] row, double times, int begin) {
        for (int j = begin; j < from.length; j++) {
            from[j] -= times * row[j];
        }
    }
}
