// Storing int8 matrices and multiplying with them: the functions that model/native/library.py calls.

#include "compiler.h"

#if defined(HAS_AVX2_CODE)

#include "int8.h"

// Bytes of a matrix in memory.
EXPORT size_t native_bytes(int rows, int columns) {
    size_t padded = (rows + GROUP_ROWS - 1) / GROUP_ROWS * GROUP_ROWS;
    return (padded * columns + 63) / 64 * 64 + 2 * ((padded * sizeof(float) + 63) / 64 * 64);
}

// Copy a matrix, (rows, columns), with the scale of each row, and a bias or NULL.
EXPORT void native_matrix(matrices_t *all, int which, int rows, int columns, const int8_t *weights, const float *scale, const float *bias) {
    matrix_t *m = &all->all[which];
    size_t padded = (rows + GROUP_ROWS - 1) / GROUP_ROWS * GROUP_ROWS;
    *m = (matrix_t){rows, columns, reserve(all, padded * columns), reserve(all, padded * sizeof(float)), reserve(all, padded * sizeof(float))};
    for (int r = 0; r < rows; r++) {
        int8_t *group = m->weights + (size_t)(r / GROUP_ROWS) * GROUP_ROWS * columns + r % GROUP_ROWS * GROUP_COLUMNS;
        for (int c = 0; c < columns; c++) group[c / GROUP_COLUMNS * GROUP_ROWS * GROUP_COLUMNS + c % GROUP_COLUMNS] = weights[(size_t)r * columns + c];
        m->scale[r] = scale[r], m->bias[r] = bias ? bias[r] : 0.0f;
    }
}

EXPORT matrices_t *native_matrices(int count, int longest, size_t bytes) {
    matrices_t *m = calloc(1, sizeof *m);
    if (m && allocate_matrices(m, count, longest, bytes)) return m;
    if (m) free_matrices(m), free(m);
    return NULL;
}

EXPORT void native_release(matrices_t *m) {
    if (m) free_matrices(m), free(m);
}

// Multiply `rows` rows of floats, (rows, columns), with a matrix; `to` is (rows, rows of the matrix).
EXPORT void native_multiply(matrices_t *m, int which, const float *x, int rows, float *to) {
    const matrix_t *one = &m->all[which];
    for (int done = 0; done < rows; done += MAX_ROWS)
        multiply(m, one, x + (size_t)done * one->columns, rows - done < MAX_ROWS ? rows - done : MAX_ROWS, to + (size_t)done * one->rows);
}

#endif
