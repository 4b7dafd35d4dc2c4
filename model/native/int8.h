// Matrices in eight bits, and rows of numbers multiplied with them, on an x86 processor with AVX2: what native.c and sentence.c share.
//
// Weights are signed eight bits with a scale a row; what they are multiplied with is brought to eight bits in stretches of 256
// numbers. Whole numbers are summed exactly and the rest always in the same order, so a row says the same alone and beside others.

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define VECTOR __attribute__((target("avx2,fma")))
#define UNROLLED _Pragma("GCC unroll 8")
#define INLINE VECTOR static inline __attribute__((always_inline))

// Rows are read four at a time: what is known of more does not fit a core's first cache.
enum { STRETCH = 256, BESIDE = 8, TOGETHER = 4, CHUNK = 4, LARGE = 1 << 21 };

// Weights lie in groups of eight rows, four neighbouring columns of each row after one another: (rows / 8, columns / 4, 8, 4).
typedef struct {
    int rows, columns;
    int8_t *weights;
    float *scale, *bias;
} matrix_t;

// So many matrices, where they lie, and room for what is multiplied with them. Whoever has more begins with these.
typedef struct {
    matrix_t *all;
    char *matter;
    size_t used;
    int8_t *eighths;
    float *stretches;
} matrices_t;

// Memory that begins at a cache line, set to nought; where it is large, on large pages: small ones cost more than the reading.
static inline void *aligned(size_t bytes) {
    size_t line = bytes < LARGE ? 64 : LARGE;
    void *found = aligned_alloc(line, bytes = (bytes + line - 1) / line * line);
#if defined(__linux__)
    if (found && line == LARGE) madvise(found, bytes, MADV_HUGEPAGE);
#endif
    if (found) memset(found, 0, bytes);
    return found;
}

// The next lines of the room for matrices.
static inline void *next(matrices_t *m, size_t bytes) {
    void *found = m->matter + m->used;
    m->used += (bytes + 63) / 64 * 64;
    return found;
}

static inline void closed(matrices_t *m) { free(m->all), free(m->matter), free(m->eighths), free(m->stretches); }

// Make room for `count` matrices of so many bytes together (see native_bytes), with `longest` columns at most; return whether there is.
static inline int opened(matrices_t *m, int count, int longest, size_t bytes) {
    m->all = calloc(count, sizeof *m->all), m->matter = aligned(bytes), m->eighths = aligned((size_t)CHUNK * longest);
    m->stretches = aligned(CHUNK * sizeof(float) * (longest / STRETCH + 1));
    return m->all && m->matter && m->eighths && m->stretches;
}

INLINE float summed(__m256 x) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

INLINE float largest(__m256 x) {
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

INLINE __m256 positive(const float *x) { return _mm256_max_ps(_mm256_loadu_ps(x), _mm256_setzero_ps()); }

INLINE __m256 greater(__m256 most, const float *x) {
    return _mm256_max_ps(most, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_loadu_ps(x)));
}

// Bring rows to eight bits, a scale for each stretch of a row.
VECTOR static inline void brought_to_eight_bits(matrices_t *k, const float *x, int rows, int columns) {
    int stretch = columns < STRETCH ? columns : STRETCH;
    float *scale = k->stretches;
    for (const float *end = x + (size_t)rows * columns; x < end; x += stretch) {
        __m256 most = _mm256_setzero_ps();
        for (int i = 0; i < stretch; i += 8) most = greater(most, x + i);
        float top = largest(most), by = top > 0 ? 127.0f / top : 0.0f;
        *scale++ = top / 127.0f;
        int8_t *to = k->eighths + (scale - 1 - k->stretches) * stretch;
        __m256 times = _mm256_set1_ps(by);
        for (int i = 0; i < stretch; i += 8) {
            __m256i n = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), times));
            __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(n), _mm256_extracti128_si256(n, 1));
            _mm_storel_epi64((__m128i *)(to + i), _mm_packs_epi16(words, words));
        }
    }
}

INLINE __m256i four(const int8_t *at) { return _mm256_castps_si256(_mm256_broadcast_ss((const float *)at)); }

// Multiply `some` rows with `groups` groups of a matrix; both are known where this is compiled, so all sums stay in registers.
INLINE void multiplied(const matrices_t *k, const matrix_t *m, int group, int row, float *to, int some, int groups) {
    int columns = m->columns, stretch = columns < STRETCH ? columns : STRETCH, stretches = columns / stretch;
    const __m256i ones = _mm256_set1_epi16(1);
    const int8_t *weights = m->weights + (size_t)group * BESIDE * columns, *x = k->eighths + (size_t)row * columns;
    __m256 sums[8];
    UNROLLED
    for (int i = 0; i < some * groups; i++) sums[i] = _mm256_setzero_ps();
    for (int s = 0; s < stretches; s++) {
        __m256i whole[8];
        UNROLLED
        for (int i = 0; i < some * groups; i++) whole[i] = _mm256_setzero_si256();
        for (int c = s * stretch; c < (s + 1) * stretch; c += TOGETHER) {
            UNROLLED
            for (int g = 0; g < groups; g++) {
                __m256i w = _mm256_load_si256((const __m256i *)(weights + ((size_t)g * columns + c) * BESIDE)), sizes = _mm256_abs_epi8(w);
                UNROLLED
                for (int r = 0; r < some; r++) {
                    // sizes of 127 at most: two products fit sixteen bits
                    __m256i pairs = _mm256_maddubs_epi16(sizes, _mm256_sign_epi8(four(x + r * columns + c), w));
                    whole[r * groups + g] = _mm256_add_epi32(whole[r * groups + g], _mm256_madd_epi16(pairs, ones));
                }
            }
        }
        UNROLLED
        for (int r = 0; r < some; r++) {
            __m256 scale = _mm256_set1_ps(k->stretches[(row + r) * stretches + s]);
            UNROLLED
            for (int g = 0; g < groups; g++)
                sums[r * groups + g] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(whole[r * groups + g]), scale, sums[r * groups + g]);
        }
    }
    UNROLLED
    for (int r = 0; r < some; r++) {
        UNROLLED
        for (int g = 0; g < groups; g++) {
            int first = (group + g) * BESIDE;
            __m256 y = _mm256_fmadd_ps(sums[r * groups + g], _mm256_load_ps(m->scale + first), _mm256_load_ps(m->bias + first));
            float *at = to + (size_t)(row + r) * m->rows + first;
            if (first + BESIDE <= m->rows) _mm256_storeu_ps(at, y);
            else {
                float rest[BESIDE];
                _mm256_storeu_ps(rest, y);
                memcpy(at, rest, sizeof(float) * (m->rows - first));
            }
        }
    }
}

VECTOR static inline void product(matrices_t *k, const matrix_t *m, const float *x, int rows, float *to) {
    brought_to_eight_bits(k, x, rows, m->columns);
    int groups = (m->rows + BESIDE - 1) / BESIDE, group = 0;
    for (; group + 4 <= groups; group += 4) {
        int row = 0;
        for (; row + 2 <= rows; row += 2) multiplied(k, m, group, row, to, 2, 4);
        for (; row < rows; row++) multiplied(k, m, group, row, to, 1, 4);
    }
    for (; group + 2 <= groups; group += 2) {
        int row = 0;
        for (; row + 2 <= rows; row += 2) multiplied(k, m, group, row, to, 2, 2);
        for (; row < rows; row++) multiplied(k, m, group, row, to, 1, 2);
    }
    for (; group < groups; group++)
        for (int row = 0; row < rows; row++) multiplied(k, m, group, row, to, 1, 1);
}
