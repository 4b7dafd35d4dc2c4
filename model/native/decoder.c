// The decoder, one row at a time, on an x86 processor with AVX2: blocks, the fields of an event, and the drawing of a value.
//
// The arithmetic of model/decoder/transformer.py. Matrices are signed eight bits with a scale a row; what they are multiplied with is
// brought to eight bits in stretches of 256 numbers. Keys and values are kept in eight bits, with a scale for each head of a
// row; queries and the weights of what is heard are brought to sixteen. Whole numbers are summed exactly and the rest always
// in the same order, so a row says the same alone, beside others and in another lane.
//
// Tables and norms that are handed in stay the caller's and have to outlive the kernel; matrices are copied. One thread at a
// time. Built where a C compiler is; elsewhere model/decoder/onnx_engine.py does the same with ONNX Runtime.

#if defined(__GNUC__) && defined(__x86_64__)

#include "attention.h"

enum { FIELDS = 5, MOST_CHOICES = 1024 };

typedef struct {
    matrices_t matrices;
    int width, layers, head, room;
    const float *cos, *sin, *norm;
    const float *embed[FIELDS];
    const float **norms;
    float *stream, *normed, *mixed, *heard, *wide;
    ear_t ear;
} kernel_t;

// What lies side by side, so that whole vectors are read: keys (room / 8, head / 2, 8, 2), values (room / 2, head, 2), for each
// layer, lane and head; the scale of each of their rows apart.
typedef struct {
    int lanes, length;
    int8_t *keys, *values;
    float *key_scale, *value_scale;
} state_t;

int native_able(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

void native_close(kernel_t *k) {
    if (!k) return;
    closed(&k->matrices), free(k->norms), free(k->stream), free(k->normed), free(k->mixed), free(k->heard), free(k->wide);
    free(k->ear.scores), free(k->ear.shares), free(k);
}

// `bytes` are for all of so many matrices: see native_bytes.
kernel_t *native_open(int width, int layers, int head, int room, int matrices, size_t bytes) {
    kernel_t *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->width = width, k->layers = layers, k->head = head, k->room = (room + BESIDE - 1) / BESIDE * BESIDE;
    size_t rows = CHUNK * sizeof(float);
    int there = opened(&k->matrices, matrices, 4 * width, bytes);
    k->norms = calloc(2 * layers, sizeof *k->norms);
    k->stream = aligned(rows * width), k->normed = aligned(rows * width), k->mixed = aligned(rows * 3 * width);
    k->heard = aligned(rows * width), k->wide = aligned(rows * 4 * width);
    k->ear = (ear_t){head, aligned(k->room * sizeof(float)), aligned(k->room * sizeof(int16_t))};
    if (there && k->norms && k->stream && k->normed && k->mixed && k->heard && k->wide && k->ear.scores && k->ear.shares) return k;
    native_close(k);
    return NULL;
}

// Say where the turns of rotary places lie, (room, head / 2), the last norm, and the table of each field's values.
void native_tables(kernel_t *k, const float *cos, const float *sin, const float *norm, const float *const *embed) {
    k->cos = cos, k->sin = sin, k->norm = norm;
    memcpy(k->embed, embed, sizeof k->embed);
}

void native_norms(kernel_t *k, int layer, const float *in, const float *up) { k->norms[2 * layer] = in, k->norms[2 * layer + 1] = up; }

// The matrices in their order: mixing, out, up and down of each block, both of each link of the chain, the heads.
enum { MIXING, OUT, UP, DOWN };
static const matrix_t *of_block(const kernel_t *k, int layer, int which) { return &k->matrices.all[4 * layer + which]; }
static const matrix_t *of_chain(const kernel_t *k, int link, int which) { return &k->matrices.all[4 * k->layers + 2 * link + which]; }
static const matrix_t *of_head(const kernel_t *k, int field) { return &k->matrices.all[4 * k->layers + 2 * (FIELDS - 1) + field]; }

VECTOR static void norm(const float *x, const float *weight, float *to, int width) {
    __m256 squares = _mm256_setzero_ps();
    for (int i = 0; i < width; i += 8) {
        __m256 v = _mm256_loadu_ps(x + i);
        squares = _mm256_fmadd_ps(v, v, squares);
    }
    __m256 by = _mm256_set1_ps(1.0f / sqrtf(summed(squares) / width + 1e-6f));
    for (int i = 0; i < width; i += 8)
        _mm256_storeu_ps(to + i, _mm256_mul_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), by), _mm256_loadu_ps(weight + i)));
}

static rows_t cached(const kernel_t *k, const state_t *s, int layer, int lane, int head) {
    size_t at = (((size_t)layer * s->lanes + lane) * (k->width / k->head) + head) * k->room;
    return (rows_t){s->keys + at * k->head, s->values + at * k->head, s->key_scale + at, s->value_scale + at};
}

// Run the blocks over the rows in `stream`: `count` of each of the first `lanes`, lane by lane. Extends the state, which has room for
// them. What follows rows that `others` come after is not asked for: of their last block only keys and values are needed.
VECTOR static void run(kernel_t *k, state_t *s, int lanes, int count, int others) {
    int width = k->width, rows = lanes * count, head = k->head, half = head / 2;
    for (int layer = 0; layer < k->layers; layer++) {
        for (int r = 0; r < rows; r++) norm(k->stream + r * width, k->norms[2 * layer], k->normed + r * width, width);
        product(&k->matrices, of_block(k, layer, MIXING), k->normed, rows, k->mixed);
        for (int r = 0; r < rows; r++) {
            int lane = r / count, at = s->length + r % count;
            const float *cos = k->cos + (size_t)at * half, *sin = k->sin + (size_t)at * half;
            for (int h = 0; h < width / head; h++) {
                float *query = k->mixed + (size_t)r * 3 * width + h * head, *key = query + width, *value = key + width;
                rows_t kept = cached(k, s, layer, lane, h);
                turn(query, cos, sin, half, 1.0f / sqrtf((float)head));
                turn(key, cos, sin, half, 1.0f);
                keep_key(&kept, head, at, key);
                keep_value(&kept, head, at, value);
                attention(&k->ear, query, kept, at + 1, k->heard + (size_t)r * width + h * head);
            }
        }
        if (layer == k->layers - 1 && others) break;
        product(&k->matrices, of_block(k, layer, OUT), k->heard, rows, k->normed);
        for (int i = 0; i < rows * width; i++) k->stream[i] += k->normed[i];
        for (int r = 0; r < rows; r++) norm(k->stream + r * width, k->norms[2 * layer + 1], k->normed + r * width, width);
        product(&k->matrices, of_block(k, layer, UP), k->normed, rows, k->wide);
        for (int i = 0; i < rows * 4 * width; i += 8) {
            __m256 above = positive(k->wide + i);
            _mm256_storeu_ps(k->wide + i, _mm256_mul_ps(above, above));
        }
        product(&k->matrices, of_block(k, layer, DOWN), k->wide, rows, k->normed);
        for (int i = 0; i < rows * width; i++) k->stream[i] += k->normed[i];
    }
    s->length += count;
}

void native_forget(state_t *s) {
    if (!s) return;
    free(s->keys), free(s);
}

state_t *native_begin(const kernel_t *k, int lanes) {
    state_t *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    size_t size = (size_t)k->layers * lanes * k->room * k->width, scales = size / k->head;
    s->lanes = lanes, s->keys = aligned(2 * size + 2 * scales * sizeof(float));
    if (!s->keys) {
        free(s);
        return NULL;
    }
    s->values = s->keys + size;
    s->key_scale = (float *)(s->values + size), s->value_scale = s->key_scale + scales;
    return s;
}

// How many rows are filled; −1 only asks, another number sets them back.
int native_length(state_t *s, int length) {
    if (length >= 0) s->length = length;
    return s->length;
}

// Read `count` rows of each of the first `lanes`, (lanes, count, width); `h` is what follows the last, (lanes, width), or NULL.
// Lanes that are left out have to be put there before anything else is read.
void native_read(kernel_t *k, state_t *s, int lanes, const float *x, int count, float *h) {
    int width = k->width, most = CHUNK / lanes;
    for (int done = 0; done < count;) {
        int some = count - done < most ? count - done : most;
        for (int lane = 0; lane < lanes; lane++)
            memcpy(k->stream + (size_t)lane * some * width, x + ((size_t)lane * count + done) * width, sizeof(float) * some * width);
        done += some;
        run(k, s, lanes, some, !h || done < count);
        if (h && done == count)
            for (int lane = 0; lane < lanes; lane++)
                norm(k->stream + ((size_t)lane * some + some - 1) * width, k->norm, h + (size_t)lane * width, width);
    }
}

// Read one row, the same in every lane, by the values of its fields.
void native_step(kernel_t *k, state_t *s, int a, int b, int c, int d, int e, float *h) {
    int width = k->width, values[FIELDS] = {a, b, c, d, e};
    for (int i = 0; i < width; i++) {
        float sum = 0;
        for (int f = 0; f < FIELDS; f++) sum += k->embed[f][(size_t)values[f] * width + i];
        for (int lane = 0; lane < s->lanes; lane++) k->stream[lane * width + i] = sum;
    }
    run(k, s, s->lanes, 1, 0);
    for (int lane = 0; lane < s->lanes; lane++) norm(k->stream + lane * width, k->norm, h + lane * width, width);
}

// Copy the rows out, both keys and values: (2, layers, lanes, heads, length, head).
void native_rows(const kernel_t *k, const state_t *s, float *rows) {
    int head = k->head, heads = k->width / head;
    for (int side = 0; side < 2; side++)
        for (int at = 0; at < k->layers * s->lanes * heads; at++) {
            rows_t kept = cached(k, s, at / heads / s->lanes, at / heads % s->lanes, at % heads);
            for (int row = 0; row < s->length; row++)
                if (!side) kept_key(&kept, head, row, rows), rows += head;
                else for (int d = 0; d < head; d++) *rows++ = value_of(&kept, head, row)[2 * d] * kept.value_scale[row];
        }
}

// Copy the first `rows` rows of a lane, as they lie, out to `kept`, or in from there; return how many bytes they are.
size_t native_kept(const kernel_t *k, const state_t *s, int lane, int rows, int in, char *kept) {
    int head = k->head;
    size_t groups = (rows + BESIDE - 1) / BESIDE * BESIDE;
    size_t whole = 0;
    for (int i = 0; i < k->layers * (k->width / head); i++) {
        rows_t lies = cached(k, s, i / (k->width / head), lane, i % (k->width / head));
        char *parts[] = {(char *)lies.keys, (char *)lies.values, (char *)lies.key_scale, (char *)lies.value_scale};
        for (int part = 0; part < 4; part++) {
            size_t size = groups * (part < 2 ? (size_t)head : sizeof(float));
            if (kept) memcpy(in ? parts[part] : kept + whole, in ? kept + whole : parts[part], size);
            whole += size;
        }
    }
    return whole;
}

// Take `count` rows out from row `first` on; those after them move down, and their keys turn back by as many places.
void native_drop(const kernel_t *k, state_t *s, int first, int count) {
    int head = k->head, heads = k->width / head, half = head / 2;
    const float *cos = k->cos + (size_t)count * half, *sin = k->sin + (size_t)count * half;
    float key[LONGEST], back[LONGEST];
    for (int d = 0; d < half; d++) back[d] = -sin[d];
    for (int at = 0; at < k->layers * s->lanes * heads; at++) {
        rows_t kept = cached(k, s, at / heads / s->lanes, at / heads % s->lanes, at % heads);
        for (int row = first; row + count < s->length; row++) {
            kept_key(&kept, head, row + count, key);
            turn(key, cos, back, half, 1.0f);
            keep_key(&kept, head, row, key);
            int8_t *to = value_of(&kept, head, row), *from = value_of(&kept, head, row + count);
            for (int d = 0; d < head; d++) to[2 * d] = from[2 * d];
            kept.value_scale[row] = kept.value_scale[row + count];
        }
    }
    s->length -= count;
}

// The logits of the first field, (lanes, n), from what follows a row, (lanes, width).
void native_event(kernel_t *k, int lanes, const float *h, float *logits) { product(&k->matrices, of_head(k, 0), h, lanes, logits); }

// Tell the chain what field `index` said; its state is then `told`, and the logits of the next field follow.
VECTOR void native_say(kernel_t *k, int lanes, int index, int value, const float *h, float *told, float *logits) {
    int width = k->width, all = lanes * width;
    const float *said = k->embed[index] + (size_t)value * width;
    for (int i = 0; i < all; i++) k->normed[i] = h[i] + said[i % width];
    product(&k->matrices, of_chain(k, index, 0), k->normed, lanes, k->wide);
    for (int i = 0; i < all; i += 8) _mm256_storeu_ps(k->wide + i, positive(k->wide + i));
    product(&k->matrices, of_chain(k, index, 1), k->wide, lanes, k->normed);
    for (int i = 0; i < all; i++) told[i] = h[i] + k->normed[i];
    product(&k->matrices, of_head(k, index + 1), told, lanes, logits);
}

// Draw from logits, (lanes, n), bent by `bias`: see model/decoder/engine.py, whose words these are. `drawn` is from 0 to 1.
int native_choose(int lanes, int n, const float *logits, const double *bias, double text, double temperature, double tail, double negligible, double drawn) {
    double z[MOST_CHOICES], top = -INFINITY, total = 0, kept = 0;
    int near[MOST_CHOICES], count = 0, last = 0;
    for (int i = 0; i < n; i++) {
        double told = logits[i];
        if (lanes > 1) told += text * (told - logits[n + i]);
        z[i] = (told + bias[i]) / temperature;
        if (z[i] > top) top = z[i];
    }
    for (int i = 0; i < n; i++)
        if (z[i] - top > -negligible) near[count++] = i, total += z[i] = exp(z[i] - top);
    while (last < count - 1) { // the likeliest first, of equals the first, until the tail begins
        int best = last;
        for (int i = last + 1; i < count; i++)
            if (z[near[i]] > z[near[best]] || (z[near[i]] == z[near[best]] && near[i] < near[best])) best = i;
        int one = near[best];
        near[best] = near[last], near[last] = one;
        kept += z[one];
        if (kept >= tail * total) break;
        last++;
    }
    if (last == count - 1) kept += z[near[last]];
    drawn *= kept;
    for (int i = 0; i < last; i++)
        if ((drawn -= z[near[i]]) < 0) return near[i];
    return near[last];
}

#else

int native_able(void) { return 0; }

#endif
