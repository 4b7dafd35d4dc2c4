// int8 matrices times rows of floats, on an x86 processor with AVX2: shared by decoder.c and sentence.c.
//
// Weights are int8 with a scale for each row of the matrix. Activations are quantised to int8 in blocks of 256 numbers, each with a
// scale. Integers are summed exactly and floats always in the same order, so a row has the same result alone and in a batch.

#include "compiler.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

// At most four rows are multiplied at a time: the activations of more do not fit the L1 cache.
enum { BLOCK = 256, GROUP_ROWS = 8, GROUP_COLUMNS = 4, MAX_ROWS = 4, HUGE_PAGE = 1 << 21 };

// Weights are stored in groups of eight rows, four neighbouring columns of each row together: (rows / 8, columns / 4, 8, 4).
typedef struct {
    int rows, columns;
    int8_t *weights;
    float *scale, *bias;
} matrix_t;

// The matrices, the memory that holds them, and buffers for quantised activations and the scales of their blocks.
// A larger struct may begin with this one: a pointer to it is then a matrices_t pointer too.
typedef struct {
    matrix_t *all;
    char *memory;
    size_t used;
    int8_t *quantised;
    float *block_scales;
} matrices_t;

// Zeroed memory aligned to a cache line; large blocks use huge pages, because TLB misses on small ones cost more than the reads.
static inline void *aligned_zeros(size_t bytes) {
    size_t line = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
    void *found = allocate_aligned(line, bytes = (bytes + line - 1) / line * line);
#if defined(__linux__)
    if (found && line == HUGE_PAGE) madvise(found, bytes, MADV_HUGEPAGE);
#endif
    if (found) memset(found, 0, bytes);
    return found;
}

// Reserve the next cache lines of the memory for matrices.
static inline void *reserve(matrices_t *m, size_t bytes) {
    void *found = m->memory + m->used;
    m->used += (bytes + 63) / 64 * 64;
    return found;
}

static inline void free_matrices(matrices_t *m) {
    free(m->all), free_aligned(m->memory), free_aligned(m->quantised), free_aligned(m->block_scales);
}

// Allocate `count` matrices of `bytes` together (see native_bytes), with at most `longest` columns; return 0 if memory is short.
static inline int allocate_matrices(matrices_t *m, int count, int longest, size_t bytes) {
    m->all = calloc(count, sizeof *m->all), m->memory = aligned_zeros(bytes), m->quantised = aligned_zeros((size_t)MAX_ROWS * longest);
    m->block_scales = aligned_zeros(MAX_ROWS * sizeof(float) * (longest / BLOCK + 1));
    return m->all && m->memory && m->quantised && m->block_scales;
}

INLINE float horizontal_sum(__m256 x) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

INLINE float horizontal_max(__m256 x) {
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

INLINE __m256 relu(const float *x) { return _mm256_max_ps(_mm256_loadu_ps(x), _mm256_setzero_ps()); }

INLINE __m256 max_abs(__m256 maxima, const float *x) {
    return _mm256_max_ps(maxima, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_loadu_ps(x)));
}

// Quantise rows to int8, with a scale for each block of a row.
VECTOR static inline void quantise(matrices_t *k, const float *x, int rows, int columns) {
    int block = columns < BLOCK ? columns : BLOCK;
    float *scale = k->block_scales;
    for (const float *end = x + (size_t)rows * columns; x < end; x += block) {
        __m256 maxima = _mm256_setzero_ps();
        for (int i = 0; i < block; i += 8) maxima = max_abs(maxima, x + i);
        float top = horizontal_max(maxima), by = top > 0 ? 127.0f / top : 0.0f;
        *scale++ = top / 127.0f;
        int8_t *to = k->quantised + (scale - 1 - k->block_scales) * block;
        __m256 times = _mm256_set1_ps(by);
        for (int i = 0; i < block; i += 8) {
            __m256i n = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), times));
            __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(n), _mm256_extracti128_si256(n, 1));
            _mm_storel_epi64((__m128i *)(to + i), _mm_packs_epi16(words, words));
        }
    }
}

INLINE __m256i broadcast4(const int8_t *at) { return _mm256_castps_si256(_mm256_broadcast_ss((const float *)at)); }

// Multiply `row_count` rows with `groups` groups of a matrix. Both are compile-time constants, so all sums stay in registers.
INLINE void multiply_groups(const matrices_t *k, const matrix_t *m, int group, int row, float *to, int row_count, int groups) {
    int columns = m->columns, block = columns < BLOCK ? columns : BLOCK, blocks = columns / block;
    const __m256i ones = _mm256_set1_epi16(1);
    const int8_t *weights = m->weights + (size_t)group * GROUP_ROWS * columns, *x = k->quantised + (size_t)row * columns;
    __m256 sums[8];
    UNROLLED
    for (int i = 0; i < row_count * groups; i++) sums[i] = _mm256_setzero_ps();
    for (int s = 0; s < blocks; s++) {
        __m256i products[8];
        UNROLLED
        for (int i = 0; i < row_count * groups; i++) products[i] = _mm256_setzero_si256();
        for (int c = s * block; c < (s + 1) * block; c += GROUP_COLUMNS) {
            UNROLLED
            for (int g = 0; g < groups; g++) {
                __m256i w = _mm256_load_si256((const __m256i *)(weights + ((size_t)g * columns + c) * GROUP_ROWS)), magnitudes = _mm256_abs_epi8(w);
                UNROLLED
                for (int r = 0; r < row_count; r++) {
                    // magnitudes are at most 127: the sum of two products fits 16 bits
                    __m256i pairs = _mm256_maddubs_epi16(magnitudes, _mm256_sign_epi8(broadcast4(x + r * columns + c), w));
                    products[r * groups + g] = _mm256_add_epi32(products[r * groups + g], _mm256_madd_epi16(pairs, ones));
                }
            }
        }
        UNROLLED
        for (int r = 0; r < row_count; r++) {
            __m256 scale = _mm256_set1_ps(k->block_scales[(row + r) * blocks + s]);
            UNROLLED
            for (int g = 0; g < groups; g++)
                sums[r * groups + g] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products[r * groups + g]), scale, sums[r * groups + g]);
        }
    }
    UNROLLED
    for (int r = 0; r < row_count; r++) {
        UNROLLED
        for (int g = 0; g < groups; g++) {
            int first = (group + g) * GROUP_ROWS;
            __m256 y = _mm256_fmadd_ps(sums[r * groups + g], _mm256_load_ps(m->scale + first), _mm256_load_ps(m->bias + first));
            float *at = to + (size_t)(row + r) * m->rows + first;
            if (first + GROUP_ROWS <= m->rows) _mm256_storeu_ps(at, y);
            else {
                float rest[GROUP_ROWS];
                _mm256_storeu_ps(rest, y);
                memcpy(at, rest, sizeof(float) * (m->rows - first));
            }
        }
    }
}

VECTOR static inline void multiply(matrices_t *k, const matrix_t *m, const float *x, int rows, float *to) {
    quantise(k, x, rows, m->columns);
    int groups = (m->rows + GROUP_ROWS - 1) / GROUP_ROWS, group = 0;
    for (; group + 4 <= groups; group += 4) {
        int row = 0;
        for (; row + 2 <= rows; row += 2) multiply_groups(k, m, group, row, to, 2, 4);
        for (; row < rows; row++) multiply_groups(k, m, group, row, to, 1, 4);
    }
    for (; group + 2 <= groups; group += 2) {
        int row = 0;
        for (; row + 2 <= rows; row += 2) multiply_groups(k, m, group, row, to, 2, 2);
        for (; row < rows; row++) multiply_groups(k, m, group, row, to, 1, 2);
    }
    for (; group < groups; group++)
        for (int row = 0; row < rows; row++) multiply_groups(k, m, group, row, to, 1, 1);
}
