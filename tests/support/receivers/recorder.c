// An independent JACK MIDI receiver: prints every received event until SIGTERM, SIGINT or the end of its input.
//   gcc -O2 recorder.c -o recorder -ljack ; ./recorder NAME [CONNECT_FROM]
// First "ready", then one line per event: monotonic_ns frame byte0 byte1 byte2 jack_us
// monotonic_ns: time at which its period was processed; jack_us: time of its frame by JACK's clock (CLOCK_MONOTONIC_RAW).
#include <errno.h>
#include <jack/jack.h>
#include <jack/midiport.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_EVENTS (1 << 18)

typedef struct {
    long long mono;
    unsigned frame;
    unsigned char bytes[3];
    long long jack_us;
} event_t;

static event_t events[MAX_EVENTS];
static atomic_int count;
static volatile sig_atomic_t stop;
static jack_port_t *port;
static jack_client_t *client;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static void on_shutdown(void *arg) {
    (void)arg;
    stop = 1;
}

static int process(jack_nframes_t frames, void *arg) {
    (void)arg;
    void *buffer = jack_port_get_buffer(port, frames);
    int waiting = jack_midi_get_event_count(buffer);
    if (!waiting) return 0;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    jack_nframes_t start = jack_last_frame_time(client);
    int next = atomic_load_explicit(&count, memory_order_relaxed);
    for (int i = 0; i < waiting && next < MAX_EVENTS; i++) {
        jack_midi_event_t event;
        if (jack_midi_event_get(&event, buffer, i)) continue;
        event_t *kept = &events[next++];
        kept->mono = now.tv_sec * 1000000000LL + now.tv_nsec;
        kept->frame = start + event.time;
        kept->jack_us = (long long)jack_frames_to_time(client, start + event.time);
        memcpy(kept->bytes, event.buffer, event.size < 3 ? event.size : 3);
    }
    atomic_store_explicit(&count, next, memory_order_release);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    client = jack_client_open(argv[1], JackNoStartServer, NULL);
    if (!client) return 1;
    jack_on_shutdown(client, on_shutdown, NULL);
    port = jack_port_register(client, "in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, 0);
    jack_set_process_callback(client, process, NULL);
    jack_activate(client);
    // a port that remembers this one may have connected it already
    int refused = argc > 2 ? jack_connect(client, argv[2], jack_port_name(port)) : 0;
    if (refused && refused != EEXIST) return 3;
    printf("ready\n");
    fflush(stdout);
    for (int printed = 0;;) {
        int ending = stop;
        int until = atomic_load_explicit(&count, memory_order_acquire);
        for (; printed < until; printed++)
            printf("%lld %u %d %d %d %lld\n", events[printed].mono, events[printed].frame, events[printed].bytes[0],
                   events[printed].bytes[1], events[printed].bytes[2], events[printed].jack_us);
        fflush(stdout);
        if (ending) break;
        usleep(10000); // each look takes the processor from what is measured
    }
    jack_client_close(client);
    return 0;
}
