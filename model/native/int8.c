// Matrices in eight bits, laid down and multiplied with: what model/native/library.py and both engines ask for.

#if defined(__GNUC__) && defined(__x86_64__)

#include "int8.h"

// How many bytes a matrix takes.
size_t native_bytes(int rows, int columns) {
    size_t padded = (rows + BESIDE - 1) / BESIDE * BESIDE;
    return (padded * columns + 63) / 64 * 64 + 2 * ((padded * sizeof(float) + 63) / 64 * 64);
}

// Copy a matrix, (rows, columns), with the scale of each row and a bias or NULL.
void native_matrix(matrices_t *all, int which, int rows, int columns, const int8_t *weights, const float *scale, const float *bias) {
    matrix_t *m = &all->all[which];
    size_t padded = (rows + BESIDE - 1) / BESIDE * BESIDE;
    *m = (matrix_t){rows, columns, next(all, padded * columns), next(all, padded * sizeof(float)), next(all, padded * sizeof(float))};
    for (int r = 0; r < rows; r++) {
        int8_t *group = m->weights + (size_t)(r / BESIDE) * BESIDE * columns + r % BESIDE * TOGETHER;
        for (int c = 0; c < columns; c++) group[c / TOGETHER * BESIDE * TOGETHER + c % TOGETHER] = weights[(size_t)r * columns + c];
        m->scale[r] = scale[r], m->bias[r] = bias ? bias[r] : 0.0f;
    }
}

matrices_t *native_matrices(int count, int longest, size_t bytes) {
    matrices_t *m = calloc(1, sizeof *m);
    if (m && opened(m, count, longest, bytes)) return m;
    if (m) closed(m), free(m);
    return NULL;
}

void native_release(matrices_t *m) {
    if (m) closed(m), free(m);
}

// Multiply `rows` rows with a matrix.
void native_multiply(matrices_t *m, int which, const float *x, int rows, float *to) {
    const matrix_t *one = &m->all[which];
    for (int done = 0; done < rows; done += CHUNK)
        product(m, one, x + (size_t)done * one->columns, rows - done < CHUNK ? rows - done : CHUNK, to + (size_t)done * one->rows);
}

#endif
