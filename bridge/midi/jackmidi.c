// One MIDI port of JACK at exact frames: the callback, in which no Python runs, and what feeds or empties it.
//
// Out: messages come with JACK's microseconds through a ring, wait in a heap and are written at their frame. A message
// without bytes takes back the beginnings that wait and lets all else that waits sound at once.
// In: messages go with JACK's microseconds through a ring, and a byte into a pipe wakes the reader.
// One thread feeds or reads, JACK's thread does the other half. Built where a C compiler is; libjack is found at run time
// by whoever loads this, and what is used of it is declared here, so that its headers are not needed.

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
#define LONGEST 3

typedef struct {
    int64_t at;
    uint32_t order;
    uint8_t size;
    uint8_t bytes[LONGEST];
} message_t;

typedef struct {
    client_t *client;
    port_t *port;
    int wake;
    atomic_int lost;
    atomic_uint put, taken;
    message_t ring[RING];
    int waiting;
    uint32_t order;
    message_t heap[HEAP];
} door_t;

static void quiet(const char *words) { (void)words; }

static int put(door_t *door, const message_t *message) {
    unsigned at = atomic_load_explicit(&door->put, memory_order_relaxed);
    if (at - atomic_load_explicit(&door->taken, memory_order_acquire) >= RING) return -1;
    door->ring[at % RING] = *message;
    atomic_store_explicit(&door->put, at + 1, memory_order_release);
    return 0;
}

static int take(door_t *door, message_t *message) {
    unsigned at = atomic_load_explicit(&door->taken, memory_order_relaxed);
    if (at == atomic_load_explicit(&door->put, memory_order_acquire)) return 0;
    *message = door->ring[at % RING];
    atomic_store_explicit(&door->taken, at + 1, memory_order_release);
    return 1;
}

static int before(const message_t *a, const message_t *b) {
    return a->at != b->at ? a->at < b->at : (int32_t)(a->order - b->order) < 0;
}

static void keep(door_t *door, message_t message) {
    int i = door->waiting++;
    for (; i > 0 && before(&message, &door->heap[(i - 1) / 2]); i = (i - 1) / 2) door->heap[i] = door->heap[(i - 1) / 2];
    door->heap[i] = message;
}

static void drop_first(door_t *door) {
    message_t last = door->heap[--door->waiting];
    int i = 0;
    for (int child; (child = 2 * i + 1) < door->waiting; i = child) {
        if (child + 1 < door->waiting && before(&door->heap[child + 1], &door->heap[child])) child++;
        if (!before(&door->heap[child], &last)) break;
        door->heap[i] = door->heap[child];
    }
    door->heap[i] = last;
}

static void hurry(door_t *door) {
    int count = door->waiting;
    door->waiting = 0;
    for (int i = 0; i < count; i++) {
        message_t message = door->heap[i];
        if ((message.bytes[0] & 0xF0) == 0x90) continue;
        message.at = 0;
        keep(door, message);  // never beyond i: what is overwritten was looked at
    }
}

static int send_due(frames_t frames, void *arg) {
    door_t *door = arg;
    void *buffer = jack_port_get_buffer(door->port, frames);
    jack_midi_clear_buffer(buffer);
    message_t message;
    while (door->waiting < HEAP && take(door, &message)) {
        message.order = door->order++;
        if (message.size)
            keep(door, message);
        else
            hurry(door);
    }
    frames_t start = jack_last_frame_time(door->client);
    int32_t last = 0;
    while (door->waiting) {
        message = door->heap[0];
        int32_t offset = message.at ? (int32_t)(jack_time_to_frames(door->client, message.at) - start) : 0;
        if (offset >= (int32_t)frames) break;
        if (offset > last) last = offset;
        if (jack_midi_event_write(buffer, last, message.bytes, message.size)) break;  // full: in the next period
        drop_first(door);
    }
    return 0;
}

static void wake(door_t *door) {
    if (door->wake >= 0 && write(door->wake, "", 1) < 0) return;  // full: the reader is awake
}

static int hear(frames_t frames, void *arg) {
    door_t *door = arg;
    void *buffer = jack_port_get_buffer(door->port, frames);
    frames_t start = jack_last_frame_time(door->client);
    uint32_t count = jack_midi_get_event_count(buffer);
    for (uint32_t i = 0; i < count; i++) {
        midi_t event;
        if (jack_midi_event_get(&event, buffer, i) || event.size < 1 || event.size > LONGEST) continue;
        message_t message = {.at = (int64_t)jack_frames_to_time(door->client, start + event.time)};
        message.size = (uint8_t)event.size;
        memcpy(message.bytes, event.buffer, event.size);
        put(door, &message);
    }
    if (count) wake(door);
    return 0;
}

static void gone(void *arg) {
    door_t *door = arg;
    atomic_store(&door->lost, 1);
    wake(door);
}

// Open a port of a client of exactly this name; `pipe` is written to when something was heard, -1 for a port that sends.
// NULL: no server, or the name is taken.
door_t *door_open(const char *client, const char *port, int pipe) {
    jack_set_error_function(quiet);
    jack_set_info_function(quiet);
    door_t *door = calloc(1, sizeof *door);
    if (!door) return NULL;
    memset(door, 0, sizeof *door);  // touch the pages before real time begins
    door->wake = pipe;
    door->client = jack_client_open(client, NO_START_SERVER | USE_EXACT_NAME, NULL);
    if (!door->client) {
        free(door);
        return NULL;
    }
    door->port = jack_port_register(door->client, port, "8 bit raw midi", pipe < 0 ? IS_OUTPUT : IS_INPUT, 0);
    jack_set_process_callback(door->client, pipe < 0 ? send_due : hear, door);
    jack_on_shutdown(door->client, gone, door);
    if (!door->port || jack_activate(door->client)) {
        jack_client_close(door->client);
        free(door);
        return NULL;
    }
    return door;
}

// Send 1 to 3 bytes at JACK's microsecond, 0 for at once; none at all hurries what waits. Returns -1 where there is no room.
int door_send(door_t *door, int64_t at, const unsigned char *bytes, int size) {
    message_t message = {.at = at, .size = (uint8_t)size};
    if (size < 0 || size > LONGEST) return -1;
    memcpy(message.bytes, bytes, size);
    return put(door, &message);
}

// Take what was heard: the number of bytes, 0 where nothing is left.
int door_read(door_t *door, int64_t *at, unsigned char *bytes) {
    message_t message;
    if (!take(door, &message)) return 0;
    *at = message.at;
    memcpy(bytes, message.bytes, LONGEST);
    return message.size;
}

int door_lost(door_t *door) { return atomic_load(&door->lost); }

// Whether all that was sent has been written.
int door_idle(door_t *door) {
    return atomic_load(&door->put) == atomic_load(&door->taken) && !door->waiting;
}

client_t *door_client(door_t *door) { return door->client; }
port_t *door_port(door_t *door) { return door->port; }

void door_close(door_t *door) {
    jack_client_close(door->client);
    free(door);
}
