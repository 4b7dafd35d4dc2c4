// The decoder, one row at a time, on an x86 processor with AVX2: transformer blocks, the fields of an event, sampling of a value.
//
// The same arithmetic as model/decoder/transformer.py. Matrices and cached keys and values are int8 (see int8.h, attention.h);
// queries and attention weights are 16-bit integers. Integers are summed exactly and floats always in the same order, so a row
// has the same result alone, in a batch and in another lane.
//
// Tables and norms stay the caller's and must outlive the kernel; matrices are copied. Not thread-safe. Built if there is a C
// compiler; elsewhere model/decoder/onnx_engine.py does the same with ONNX Runtime.

#include "compiler.h"

#if defined(HAS_AVX2_CODE)

#include "attention.h"

enum { FIELDS = 5, INPUTS = 8, MAX_VALUES = 1024 }; // a row is read as its fields and their relations

typedef struct {
    matrices_t matrices;
    int width, layers, head, capacity;
    const float *cos, *sin, *norm;
    const float *embed[INPUTS];
    const float **norms;
    float *residual, *normed, *qkv, *attended, *hidden;
    attention_buffers_t attention;
} kernel_t;

// The key/value cache, laid out so that whole vectors are read: for each layer, lane and head, keys are
// (capacity / 8, head / 2, 8, 2) and values (capacity / 2, head, 2). The scales of their rows are separate.
typedef struct {
    int lanes, length;
    int8_t *keys, *values;
    float *key_scale, *value_scale;
} state_t;

EXPORT int native_available(void) { return runs_here(); }

EXPORT void native_close(kernel_t *k) {
    if (!k) return;
    free_matrices(&k->matrices), free(k->norms), free_aligned(k->residual), free_aligned(k->normed), free_aligned(k->qkv);
    free_aligned(k->attended), free_aligned(k->hidden), free_aligned(k->attention.scores), free_aligned(k->attention.weights), free(k);
}

// `bytes` is the sum of native_bytes over all matrices. NULL if memory is short.
EXPORT kernel_t *native_open(int width, int layers, int head, int capacity, int matrices, size_t bytes) {
    kernel_t *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->width = width, k->layers = layers, k->head = head, k->capacity = (capacity + GROUP_ROWS - 1) / GROUP_ROWS * GROUP_ROWS;
    size_t rows = MAX_ROWS * sizeof(float);
    int allocated = allocate_matrices(&k->matrices, matrices, 4 * width, bytes);
    k->norms = calloc(2 * layers, sizeof *k->norms);
    k->residual = aligned_zeros(rows * width), k->normed = aligned_zeros(rows * width), k->qkv = aligned_zeros(rows * 3 * width);
    k->attended = aligned_zeros(rows * width), k->hidden = aligned_zeros(rows * 4 * width);
    k->attention = (attention_buffers_t){head, aligned_zeros(k->capacity * sizeof(float)), aligned_zeros(k->capacity * sizeof(int16_t))};
    if (allocated && k->norms && k->residual && k->normed && k->qkv && k->attended && k->hidden && k->attention.scores && k->attention.weights) return k;
    native_close(k);
    return NULL;
}

// Set the cosines and sines of rotary positions, (capacity, head / 2), the last norm, and the embedding table of each input.
EXPORT void native_tables(kernel_t *k, const float *cos, const float *sin, const float *norm, const float *const *embed) {
    k->cos = cos, k->sin = sin, k->norm = norm;
    memcpy(k->embed, embed, sizeof k->embed);
}

EXPORT void native_norms(kernel_t *k, int layer, const float *in, const float *up) { k->norms[2 * layer] = in, k->norms[2 * layer + 1] = up; }

// The order of the matrices: qkv, out, up and down of each block, two for each link of the chain of fields, the heads.
enum { QKV, OUT, UP, DOWN };
static const matrix_t *block_matrix(const kernel_t *k, int layer, int which) { return &k->matrices.all[4 * layer + which]; }
static const matrix_t *chain_matrix(const kernel_t *k, int link, int which) { return &k->matrices.all[4 * k->layers + 2 * link + which]; }
static const matrix_t *head_matrix(const kernel_t *k, int field) { return &k->matrices.all[4 * k->layers + 2 * (FIELDS - 1) + field]; }

VECTOR static void norm(const float *x, const float *weight, float *to, int width) {
    __m256 squares = _mm256_setzero_ps();
    for (int i = 0; i < width; i += 8) {
        __m256 v = _mm256_loadu_ps(x + i);
        squares = _mm256_fmadd_ps(v, v, squares);
    }
    __m256 by = _mm256_set1_ps(1.0f / sqrtf(horizontal_sum(squares) / width + 1e-6f));
    for (int i = 0; i < width; i += 8)
        _mm256_storeu_ps(to + i, _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), by), _mm256_loadu_ps(weight + i)));
}

static cache_rows_t cache_of(const kernel_t *k, const state_t *s, int layer, int lane, int head) {
    size_t at = (((size_t)layer * s->lanes + lane) * (k->width / k->head) + head) * k->capacity;
    return (cache_rows_t){s->keys + at * k->head, s->values + at * k->head, s->key_scale + at, s->value_scale + at};
}

// Run the blocks over the rows in `residual`: `count` of each of the first `lanes`, lane by lane. Extends the state, which must have
// room for them. With `cache_only` the output is not needed: of the last block only keys and values are computed.
VECTOR static void run(kernel_t *k, state_t *s, int lanes, int count, int cache_only) {
    int width = k->width, rows = lanes * count, head = k->head, half = head / 2;
    for (int layer = 0; layer < k->layers; layer++) {
        for (int r = 0; r < rows; r++) norm(k->residual + r * width, k->norms[2 * layer], k->normed + r * width, width);
        multiply(&k->matrices, block_matrix(k, layer, QKV), k->normed, rows, k->qkv);
        for (int r = 0; r < rows; r++) {
            int lane = r / count, at = s->length + r % count;
            const float *cos = k->cos + (size_t)at * half, *sin = k->sin + (size_t)at * half;
            for (int h = 0; h < width / head; h++) {
                float *query = k->qkv + (size_t)r * 3 * width + h * head, *key = query + width, *value = key + width;
                cache_rows_t kept = cache_of(k, s, layer, lane, h);
                rotate(query, cos, sin, half, 1.0f / sqrtf((float)head));
                rotate(key, cos, sin, half, 1.0f);
                store_key(&kept, head, at, key);
                store_value(&kept, head, at, value);
                attention(&k->attention, query, kept, at + 1, k->attended + (size_t)r * width + h * head);
            }
        }
        if (layer == k->layers - 1 && cache_only) break;
        multiply(&k->matrices, block_matrix(k, layer, OUT), k->attended, rows, k->normed);
        for (int i = 0; i < rows * width; i++) k->residual[i] += k->normed[i];
        for (int r = 0; r < rows; r++) norm(k->residual + r * width, k->norms[2 * layer + 1], k->normed + r * width, width);
        multiply(&k->matrices, block_matrix(k, layer, UP), k->normed, rows, k->hidden);
        for (int i = 0; i < rows * 4 * width; i += 8) {
            __m256 above = relu(k->hidden + i);
            _mm256_storeu_ps(k->hidden + i, _mm256_mul_ps(above, above));
        }
        multiply(&k->matrices, block_matrix(k, layer, DOWN), k->hidden, rows, k->normed);
        for (int i = 0; i < rows * width; i++) k->residual[i] += k->normed[i];
    }
    s->length += count;
}

EXPORT void native_free_state(state_t *s) {
    if (!s) return;
    free_aligned(s->keys), free(s);
}

EXPORT state_t *native_new_state(const kernel_t *k, int lanes) {
    state_t *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    size_t size = (size_t)k->layers * lanes * k->capacity * k->width, scales = size / k->head;
    s->lanes = lanes, s->keys = aligned_zeros(2 * size + 2 * scales * sizeof(float));
    if (!s->keys) {
        free(s);
        return NULL;
    }
    s->values = s->keys + size;
    s->key_scale = (float *)(s->values + size), s->value_scale = s->key_scale + scales;
    return s;
}

// Return the number of rows in the cache; `length` ≥ 0 sets it back first, −1 does not.
EXPORT int native_length(state_t *s, int length) {
    if (length >= 0) s->length = length;
    return s->length;
}

// Read `count` embedded rows of each of the first `lanes`, (lanes, count, width); `h` is the output of the last, (lanes, width),
// or NULL. The other lanes must be filled with native_copy_rows before anything else is read.
EXPORT void native_read(kernel_t *k, state_t *s, int lanes, const float *x, int count, float *h) {
    int width = k->width, limit = MAX_ROWS / lanes;
    for (int done = 0; done < count;) {
        int part = count - done < limit ? count - done : limit;
        for (int lane = 0; lane < lanes; lane++)
            memcpy(k->residual + (size_t)lane * part * width, x + ((size_t)lane * count + done) * width, sizeof(float) * part * width);
        done += part;
        run(k, s, lanes, part, !h || done < count);
        if (h && done == count)
            for (int lane = 0; lane < lanes; lane++)
                norm(k->residual + ((size_t)lane * part + part - 1) * width, k->norm, h + (size_t)lane * width, width);
    }
}

// Read one row, the same in every lane, given by the values of its inputs; `h` is the output, (lanes, width).
EXPORT void native_step(kernel_t *k, state_t *s, int a, int b, int c, int d, int e, int key, int chord, int leap, float *h) {
    int width = k->width, values[INPUTS] = {a, b, c, d, e, key, chord, leap};
    for (int i = 0; i < width; i++) {
        float sum = 0;
        for (int f = 0; f < INPUTS; f++) sum += k->embed[f][(size_t)values[f] * width + i];
        for (int lane = 0; lane < s->lanes; lane++) k->residual[lane * width + i] = sum;
    }
    run(k, s, s->lanes, 1, 0);
    for (int lane = 0; lane < s->lanes; lane++) norm(k->residual + lane * width, k->norm, h + lane * width, width);
}

// Copy keys and values out as floats: (2, layers, lanes, heads, length, head).
EXPORT void native_rows(const kernel_t *k, const state_t *s, float *rows) {
    int head = k->head, heads = k->width / head;
    for (int side = 0; side < 2; side++)
        for (int at = 0; at < k->layers * s->lanes * heads; at++) {
            cache_rows_t kept = cache_of(k, s, at / heads / s->lanes, at / heads % s->lanes, at % heads);
            for (int row = 0; row < s->length; row++)
                if (!side) load_key(&kept, head, row, rows), rows += head;
                else for (int d = 0; d < head; d++) *rows++ = value_at(&kept, head, row)[2 * d] * kept.value_scale[row];
        }
}

// Copy the first `rows` rows of a lane, in their own layout, out to `buffer` or in from it; return their size in bytes.
EXPORT size_t native_copy_rows(const kernel_t *k, const state_t *s, int lane, int rows, int in, char *buffer) {
    int head = k->head;
    size_t groups = (rows + GROUP_ROWS - 1) / GROUP_ROWS * GROUP_ROWS;
    size_t total = 0;
    for (int i = 0; i < k->layers * (k->width / head); i++) {
        cache_rows_t cache = cache_of(k, s, i / (k->width / head), lane, i % (k->width / head));
        char *parts[] = {(char *)cache.keys, (char *)cache.values, (char *)cache.key_scale, (char *)cache.value_scale};
        for (int part = 0; part < 4; part++) {
            size_t size = groups * (part < 2 ? (size_t)head : sizeof(float));
            if (buffer) memcpy(in ? parts[part] : buffer + total, in ? buffer + total : parts[part], size);
            total += size;
        }
    }
    return total;
}

// Remove `count` rows from row `first` on; later rows move down, and their keys are rotated back by `count` positions.
EXPORT void native_drop_rows(const kernel_t *k, state_t *s, int first, int count) {
    int head = k->head, heads = k->width / head, half = head / 2;
    const float *cos = k->cos + (size_t)count * half, *sin = k->sin + (size_t)count * half;
    float key[MAX_HEAD], back[MAX_HEAD];
    for (int d = 0; d < half; d++) back[d] = -sin[d];
    for (int at = 0; at < k->layers * s->lanes * heads; at++) {
        cache_rows_t kept = cache_of(k, s, at / heads / s->lanes, at / heads % s->lanes, at % heads);
        for (int row = first; row + count < s->length; row++) {
            load_key(&kept, head, row + count, key);
            rotate(key, cos, back, half, 1.0f);
            store_key(&kept, head, row, key);
            int8_t *to = value_at(&kept, head, row), *from = value_at(&kept, head, row + count);
            for (int d = 0; d < head; d++) to[2 * d] = from[2 * d];
            kept.value_scale[row] = kept.value_scale[row + count];
        }
    }
    s->length -= count;
}

// The logits of the first field, (lanes, n), from the output of a row, (lanes, width).
EXPORT void native_event(kernel_t *k, int lanes, const float *h, float *logits) { multiply(&k->matrices, head_matrix(k, 0), h, lanes, logits); }

// Pass the value of field `index` to the chain; `out` is its new state, (lanes, width), `logits` those of the next field.
EXPORT VECTOR void native_next_field(kernel_t *k, int lanes, int index, int value, const float *h, float *out, float *logits) {
    int width = k->width, all = lanes * width;
    const float *embedding = k->embed[index] + (size_t)value * width;
    for (int i = 0; i < all; i++) k->normed[i] = h[i] + embedding[i % width];
    multiply(&k->matrices, chain_matrix(k, index, 0), k->normed, lanes, k->hidden);
    for (int i = 0; i < all; i += 8) _mm256_storeu_ps(k->hidden + i, relu(k->hidden + i));
    multiply(&k->matrices, chain_matrix(k, index, 1), k->hidden, lanes, k->normed);
    for (int i = 0; i < all; i++) out[i] = h[i] + k->normed[i];
    multiply(&k->matrices, head_matrix(k, index + 1), out, lanes, logits);
}

// Sample a value from logits, (lanes, n), plus `bias`, (n,): as `sample` in model/decoder/engine.py. `uniform` is 0..1.
EXPORT int native_sample(int lanes, int n, const float *logits, const double *bias, double text, double temperature, double top_p, double cutoff, double uniform) {
    double z[MAX_VALUES], top = -INFINITY, total = 0, kept = 0;
    int candidates[MAX_VALUES], count = 0, last = 0, likeliest = 0;
    for (int i = 0; i < n; i++) {
        double guided = logits[i];
        if (lanes > 1) guided += text * (guided - logits[n + i]);
        z[i] = (guided + bias[i]) / temperature;
        if (z[i] > top) top = z[i], likeliest = i;
    }
    for (int i = 0; i < n; i++)
        if (z[i] - top > -cutoff) candidates[count++] = i, total += z[i] = exp(z[i] - top);
    if (!count) return likeliest; // numbers that are none: a value all the same
    while (last < count - 1) { // the likeliest first, of equals the first, until their sum reaches the share
        int best = last;
        for (int i = last + 1; i < count; i++)
            if (z[candidates[i]] > z[candidates[best]] || (z[candidates[i]] == z[candidates[best]] && candidates[i] < candidates[best])) best = i;
        int one = candidates[best];
        candidates[best] = candidates[last], candidates[last] = one;
        kept += z[one];
        if (kept >= top_p * total) break;
        last++;
    }
    if (last == count - 1) kept += z[candidates[last]];
    uniform *= kept;
    for (int i = 0; i < last; i++)
        if ((uniform -= z[candidates[i]]) < 0) return candidates[i];
    return candidates[last];
}

#else

EXPORT int native_available(void) { return 0; }

#endif

// A build of an extension module looks for its init function. Nobody imports this one: model/native/library.py loads it with ctypes.
EXPORT void *PyInit__native(void) { return 0; }
