// One JACK MIDI port with frame-exact timing: the process callback, in which no Python runs, and the functions around it.
//
// Output: messages with JACK's time in microseconds go through a ring buffer into a heap, and are written at their frame. A
// message without bytes drops the note-ons in the heap and sends everything else in it at once.
// Input: messages with JACK's time go through the ring buffer, and a byte written to a pipe wakes the reader.
// Sound: samples are copied into a ring of blocks, each with its frame, and a byte written to a pipe wakes the reader.
// One Python thread uses one end of the ring, JACK's thread the other. Built if there is a C compiler; libjack is loaded at run
// time by the caller, and the functions used are declared here, so its headers are not needed. Elsewhere than on Linux it is empty.

#if defined(_WIN32)
__declspec(dllexport)
#endif
// A build of an extension module looks for its init function. Nobody imports this one: bridge/midi/jack.py loads it with ctypes.
void *PyInit__jackmidi(void) { return 0; }

#if defined(__linux__)

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct client client_t;
typedef struct port port_t;
typedef uint32_t frames_t;
typedef uint64_t microseconds_t;
typedef struct {
    frames_t time;
    size_t size;
    unsigned char *buffer;
} midi_t;

enum { NO_START_SERVER = 1, USE_EXACT_NAME = 2, IS_INPUT = 1, IS_OUTPUT = 2 };

client_t *jack_client_open(const char *, int, int *, ...);
int jack_client_close(client_t *);
int jack_activate(client_t *);
int jack_deactivate(client_t *);
int jack_set_process_callback(client_t *, int (*)(frames_t, void *), void *);
void jack_on_shutdown(client_t *, void (*)(void *), void *);
void jack_set_error_function(void (*)(const char *));
void jack_set_info_function(void (*)(const char *));
port_t *jack_port_register(client_t *, const char *, const char *, unsigned long, unsigned long);
void *jack_port_get_buffer(port_t *, frames_t);
void jack_midi_clear_buffer(void *);
int jack_midi_event_write(void *, frames_t, const unsigned char *, size_t);
uint32_t jack_midi_get_event_count(void *);
int jack_midi_event_get(midi_t *, void *, uint32_t);
frames_t jack_last_frame_time(const client_t *);
frames_t jack_time_to_frames(const client_t *, microseconds_t);
microseconds_t jack_frames_to_time(const client_t *, frames_t);

#define RING 4096
#define HEAP 8192
#define MAX_MESSAGE_BYTES 3
#define BLOCKS 8192
#define BLOCK 64

typedef struct {
    int64_t at;
    uint32_t order;
    uint8_t size;
    uint8_t bytes[MAX_MESSAGE_BYTES];
} message_t;

typedef struct {
    frames_t first;
    uint32_t size;
    float samples[BLOCK];
} block_t;

typedef struct {
    client_t *client;
    port_t *port;
    int wake;
    atomic_int lost;
    atomic_uint written_at, read_at;
    message_t ring[RING];
    int heap_size;
    uint32_t order;
    message_t heap[HEAP];
    block_t *blocks;
} port_state_t;

static void ignore_message(const char *words) { (void)words; }

static int ring_write(port_state_t *state, const message_t *message) {
    unsigned at = atomic_load_explicit(&state->written_at, memory_order_relaxed);
    if (at - atomic_load_explicit(&state->read_at, memory_order_acquire) >= RING) return -1;
    state->ring[at % RING] = *message;
    atomic_store_explicit(&state->written_at, at + 1, memory_order_release);
    return 0;
}

static int ring_read(port_state_t *state, message_t *message) {
    unsigned at = atomic_load_explicit(&state->read_at, memory_order_relaxed);
    if (at == atomic_load_explicit(&state->written_at, memory_order_acquire)) return 0;
    *message = state->ring[at % RING];
    atomic_store_explicit(&state->read_at, at + 1, memory_order_release);
    return 1;
}

static int is_earlier(const message_t *a, const message_t *b) {
    return a->at != b->at ? a->at < b->at : (int32_t)(a->order - b->order) < 0;
}

static void heap_push(port_state_t *state, message_t message) {
    int i = state->heap_size++;
    for (; i > 0 && is_earlier(&message, &state->heap[(i - 1) / 2]); i = (i - 1) / 2) state->heap[i] = state->heap[(i - 1) / 2];
    state->heap[i] = message;
}

static void heap_pop(port_state_t *state) {
    message_t last = state->heap[--state->heap_size];
    int i = 0;
    for (int child; (child = 2 * i + 1) < state->heap_size; i = child) {
        if (child + 1 < state->heap_size && is_earlier(&state->heap[child + 1], &state->heap[child])) child++;
        if (!is_earlier(&state->heap[child], &last)) break;
        state->heap[i] = state->heap[child];
    }
    state->heap[i] = last;
}

static void flush_queue(port_state_t *state) {
    int count = state->heap_size;
    state->heap_size = 0;
    for (int i = 0; i < count; i++) {
        message_t message = state->heap[i];
        if ((message.bytes[0] & 0xF0) == 0x90) continue;
        message.at = 0;
        heap_push(state, message);  // never beyond i: only entries already visited are overwritten
    }
}

static int send_due(frames_t frames, void *arg) {
    port_state_t *state = arg;
    void *buffer = jack_port_get_buffer(state->port, frames);
    jack_midi_clear_buffer(buffer);
    message_t message;
    while (state->heap_size < HEAP && ring_read(state, &message)) {
        message.order = state->order++;
        if (message.size)
            heap_push(state, message);
        else
            flush_queue(state);
    }
    frames_t start = jack_last_frame_time(state->client);
    int32_t last = 0;
    while (state->heap_size) {
        message = state->heap[0];
        int32_t offset = message.at ? (int32_t)(jack_time_to_frames(state->client, message.at) - start) : 0;
        if (offset >= (int32_t)frames) break;
        if (offset > last) last = offset;
        if (jack_midi_event_write(buffer, last, message.bytes, message.size)) break;  // the buffer is full: in the next period
        heap_pop(state);
    }
    return 0;
}

static void wake(port_state_t *state) {
    if (state->wake >= 0 && write(state->wake, "", 1) < 0) return;  // the pipe is full, so the reader is awake
}

static int receive(frames_t frames, void *arg) {
    port_state_t *state = arg;
    void *buffer = jack_port_get_buffer(state->port, frames);
    frames_t start = jack_last_frame_time(state->client);
    uint32_t count = jack_midi_get_event_count(buffer);
    for (uint32_t i = 0; i < count; i++) {
        midi_t event;
        if (jack_midi_event_get(&event, buffer, i) || event.size < 1 || event.size > MAX_MESSAGE_BYTES) continue;
        message_t message = {.at = (int64_t)jack_frames_to_time(state->client, start + event.time)};
        message.size = (uint8_t)event.size;
        memcpy(message.bytes, event.buffer, event.size);
        ring_write(state, &message);
    }
    if (count) wake(state);
    return 0;
}

static int record(frames_t frames, void *arg) {
    port_state_t *state = arg;
    const float *samples = jack_port_get_buffer(state->port, frames);
    frames_t start = jack_last_frame_time(state->client);
    for (frames_t done = 0; done < frames; done += BLOCK) {
        unsigned at = atomic_load_explicit(&state->written_at, memory_order_relaxed);
        if (at - atomic_load_explicit(&state->read_at, memory_order_acquire) >= BLOCKS) break;  // the reader sees the gap
        block_t *block = &state->blocks[at % BLOCKS];
        block->first = start + done;
        block->size = frames - done < BLOCK ? frames - done : BLOCK;
        memcpy(block->samples, samples + done, block->size * sizeof(float));
        atomic_store_explicit(&state->written_at, at + 1, memory_order_release);
    }
    wake(state);
    return 0;
}

static void server_lost(void *arg) {
    port_state_t *state = arg;
    atomic_store(&state->lost, 1);
    wake(state);
}

static void release(port_state_t *state) {
    if (state->client) jack_client_close(state->client);
    free(state->blocks);
    free(state);
}

static port_state_t *opened(const char *client, const char *port, const char *type, int pipe, int (*process)(frames_t, void *)) {
    jack_set_error_function(ignore_message);
    jack_set_info_function(ignore_message);
    port_state_t *state = calloc(1, sizeof *state);
    if (!state) return NULL;
    memset(state, 0, sizeof *state);  // touch the pages before the real-time thread runs
    if (process == record) {
        state->blocks = calloc(BLOCKS, sizeof *state->blocks);
        if (state->blocks) memset(state->blocks, 0, BLOCKS * sizeof *state->blocks);
    }
    state->wake = pipe;
    if (process != record || state->blocks) state->client = jack_client_open(client, NO_START_SERVER | USE_EXACT_NAME, NULL);
    if (!state->client) {
        release(state);
        return NULL;
    }
    state->port = jack_port_register(state->client, port, type, pipe < 0 ? IS_OUTPUT : IS_INPUT, 0);
    jack_set_process_callback(state->client, process, state);
    jack_on_shutdown(state->client, server_lost, state);
    if (!state->port || jack_activate(state->client)) {
        release(state);
        return NULL;
    }
    return state;
}

// Open a MIDI port of a client of exactly this name. An input port writes a byte to `pipe` when it received something; -1 makes an
// output port. NULL: no server, or the name is taken.
port_state_t *port_open(const char *client, const char *port, int pipe) {
    return opened(client, port, "8 bit raw midi", pipe, pipe < 0 ? send_due : receive);
}

// Open an input port for sound; a byte is written to `pipe` at each period. NULL as above.
port_state_t *sound_open(const char *client, const char *port, int pipe) {
    return opened(client, port, "32 bit float mono audio", pipe, record);
}

// Read the next block of sound, BLOCK samples at most, with JACK's frame of its first one and that frame's time in microseconds.
// Returns the number of samples, 0 if there are none.
int sound_read(port_state_t *state, uint32_t *first, int64_t *at, float *samples) {
    unsigned next = atomic_load_explicit(&state->read_at, memory_order_relaxed);
    if (next == atomic_load_explicit(&state->written_at, memory_order_acquire)) return 0;
    const block_t *block = &state->blocks[next % BLOCKS];
    int size = (int)block->size;
    *first = block->first;
    memcpy(samples, block->samples, block->size * sizeof(float));
    atomic_store_explicit(&state->read_at, next + 1, memory_order_release);
    *at = (int64_t)jack_frames_to_time(state->client, *first);
    return size;
}

// Send 1 to 3 bytes at JACK's time in microseconds, 0 for now; no bytes flush the heap. Returns -1 if the ring is full.
int port_send(port_state_t *state, int64_t at, const unsigned char *bytes, int size) {
    message_t message = {.at = at, .size = (uint8_t)size};
    if (size < 0 || size > MAX_MESSAGE_BYTES) return -1;
    memcpy(message.bytes, bytes, size);
    return ring_write(state, &message);
}

// Read the next received message: its number of bytes, 0 if there is none.
int port_read(port_state_t *state, int64_t *at, unsigned char *bytes) {
    message_t message;
    if (!ring_read(state, &message)) return 0;
    *at = message.at;
    memcpy(bytes, message.bytes, MAX_MESSAGE_BYTES);
    return message.size;
}

int port_server_lost(port_state_t *state) { return atomic_load(&state->lost); }

// Return 1 if all that was sent has been written.
int port_idle(port_state_t *state) {
    return atomic_load(&state->written_at) == atomic_load(&state->read_at) && !state->heap_size;
}

client_t *port_jack_client(port_state_t *state) { return state->client; }
port_t *port_jack_port(port_state_t *state) { return state->port; }

void port_close(port_state_t *state) { release(state); }

#endif
