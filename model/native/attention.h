// Attention over cached keys and values in int8, with a scale for each head of a row. Used by decoder.c.

#include "int8.h"

enum { MAX_HEAD = 256 };

// The size of a head, and buffers for the scores and the weights of the rows.
typedef struct {
    int head;
    float *scores;
    int16_t *weights;
} attention_buffers_t;

// The cache of one head of a lane in a layer.
typedef struct {
    int8_t *keys, *values;
    float *key_scale, *value_scale;
} cache_rows_t;

// e to the x for x ≤ 0: a power of two times a polynomial of the rest (Cephes' expf), to some units in the last place.
INLINE __m256 exponential(__m256 x) {
    x = _mm256_max_ps(x, _mm256_set1_ps(-87.0f));
    __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
    __m256 p = _mm256_set1_ps(1.9875691500e-4f);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
    p = _mm256_fmadd_ps(_mm256_mul_ps(r, r), p, _mm256_add_ps(r, _mm256_set1_ps(1.0f)));
    __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(p, _mm256_castsi256_ps(power));
}

// The address of the first two numbers of a row among keys (the next two are 16 bytes on), and of its first among values (2 bytes on).
static int8_t *key_at(const cache_rows_t *rows, int head, int row) { return rows->keys + (size_t)(row / GROUP_ROWS) * GROUP_ROWS * head + row % GROUP_ROWS * 2; }
static int8_t *value_at(const cache_rows_t *rows, int head, int row) { return rows->values + (size_t)(row / 2) * 2 * head + row % 2; }

// Quantise numbers to integers up to `full`; return the scale.
VECTOR static float quantise16(const float *x, int count, float full, int16_t *to) {
    __m256 most = _mm256_setzero_ps();
    for (int i = 0; i < count; i += 8) most = max_abs(most, x + i);
    float top = horizontal_max(most);
    __m256 by = _mm256_set1_ps(top > 0 ? full / top : 0.0f);
    for (int i = 0; i < count; i += 8) {
        __m256i n = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), by));
        _mm_storeu_si128((__m128i *)(to + i), _mm_packs_epi32(_mm256_castsi256_si128(n), _mm256_extracti128_si256(n, 1)));
    }
    return top / full;
}

VECTOR static void store_key(cache_rows_t *rows, int head, int row, const float *x) {
    int16_t quantised[MAX_HEAD];
    rows->key_scale[row] = quantise16(x, head, 127.0f, quantised);
    int8_t *to = key_at(rows, head, row);
    for (int d = 0; d < head; d += 2, to += 2 * GROUP_ROWS) to[0] = (int8_t)quantised[d], to[1] = (int8_t)quantised[d + 1];
}

VECTOR static void store_value(cache_rows_t *rows, int head, int row, const float *x) {
    int16_t quantised[MAX_HEAD];
    rows->value_scale[row] = quantise16(x, head, 127.0f, quantised);
    int8_t *to = value_at(rows, head, row);
    for (int d = 0; d < head; d++) to[2 * d] = (int8_t)quantised[d];
}

static void load_key(const cache_rows_t *rows, int head, int row, float *x) {
    const int8_t *from = key_at(rows, head, row);
    for (int d = 0; d < head; d += 2, from += 2 * GROUP_ROWS) x[d] = from[0] * rows->key_scale[row], x[d + 1] = from[1] * rows->key_scale[row];
}

// Apply rotary position embedding to a query or a key, and multiply by `times`.
VECTOR static void rotate(float *x, const float *cos, const float *sin, int half, float times) {
    __m256 by = _mm256_set1_ps(times);
    for (int i = 0; i < half; i += 8) {
        __m256 a = _mm256_loadu_ps(x + i), b = _mm256_loadu_ps(x + half + i), c = _mm256_loadu_ps(cos + i), s = _mm256_loadu_ps(sin + i);
        _mm256_storeu_ps(x + i, _mm256_mul_ps(by, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s))));
        _mm256_storeu_ps(x + half + i, _mm256_mul_ps(by, _mm256_fmadd_ps(a, s, _mm256_mul_ps(b, c))));
    }
}

// Sum the weighted values of `length` rows, in so many vectors of eight numbers from `d` on.
INLINE void weighted_values(const attention_buffers_t *k, const int8_t *values, int length, int d, float by, float *result, int vectors) {
    __m256i sums[8];
    UNROLLED
    for (int i = 0; i < vectors; i++) sums[i] = _mm256_setzero_si256();
    for (int row = 0; row < length; row += 2) {
        int32_t both;
        memcpy(&both, k->weights + row, 4);
        __m256i weights = _mm256_set1_epi32(both);
        const __m128i *value = (const __m128i *)(values + ((size_t)(row / 2) * k->head + d) * 2);
        UNROLLED
        for (int i = 0; i < vectors; i++)
            sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_load_si128(value + i)), weights));
    }
    UNROLLED
    for (int i = 0; i < vectors; i++) _mm256_storeu_ps(result + d + 8 * i, _mm256_mul_ps(_mm256_cvtepi32_ps(sums[i]), _mm256_set1_ps(by)));
}

// Attention of a query over `length` rows. Weights are integers up to 2^14: 1,000 rows of values up to 127 then fit 32 bits.
VECTOR static void attention(attention_buffers_t *k, const float *query, cache_rows_t rows, int length, float *result) {
    enum { FULL = 1 << 14 };
    int head = k->head;
    int16_t query16[MAX_HEAD];
    __m256 scale = _mm256_set1_ps(quantise16(query, head, 32767.0f, query16)), most = _mm256_set1_ps(-INFINITY);
    for (int row = 0; row < length; row += GROUP_ROWS) {
        const __m128i *key = (const __m128i *)(rows.keys + (size_t)row * head);
        __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
        for (int d = 0; d < head; d += 4, key += 2) {
            int32_t first, second;
            memcpy(&first, query16 + d, 4), memcpy(&second, query16 + d + 2, 4);
            even = _mm256_add_epi32(even, _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_load_si128(key)), _mm256_set1_epi32(first)));
            odd = _mm256_add_epi32(odd, _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_load_si128(key + 1)), _mm256_set1_epi32(second)));
        }
        __m256 scores = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(even, odd)), _mm256_mul_ps(scale, _mm256_load_ps(rows.key_scale + row)));
        if (length - row < GROUP_ROWS) {
            __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), rest = _mm256_set1_epi32(length - row);
            scores = _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), scores, _mm256_castsi256_ps(_mm256_cmpgt_epi32(rest, places)));
        }
        most = _mm256_max_ps(most, scores);
        _mm256_store_ps(k->scores + row, scores);
    }
    __m256 best = _mm256_set1_ps(horizontal_max(most)), total = _mm256_setzero_ps(), maxima = _mm256_setzero_ps();
    for (int row = 0; row < length; row += GROUP_ROWS) {
        // scores beyond the last row are minus infinity, whose exponential here is 1e-38
        __m256 weight = exponential(_mm256_sub_ps(_mm256_load_ps(k->scores + row), best));
        total = _mm256_add_ps(total, weight);
        weight = _mm256_mul_ps(weight, _mm256_load_ps(rows.value_scale + row));
        maxima = _mm256_max_ps(maxima, weight);
        _mm256_store_ps(k->scores + row, weight);
    }
    float largest_weight = horizontal_max(maxima);
    __m256 times = _mm256_set1_ps(largest_weight > 0 ? FULL / largest_weight : 0.0f);
    for (int row = 0; row < length; row += GROUP_ROWS) {
        __m256i n = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_load_ps(k->scores + row), times));
        _mm_store_si128((__m128i *)(k->weights + row), _mm_packs_epi32(_mm256_castsi256_si128(n), _mm256_extracti128_si256(n, 1)));
    }
    float by = largest_weight / FULL / horizontal_sum(total);
    int d = 0;
    for (; d + 64 <= head; d += 64) weighted_values(k, rows.values, length, d, by, result, 8);
    for (; d < head; d += 8) weighted_values(k, rows.values, length, d, by, result, 1);
}
