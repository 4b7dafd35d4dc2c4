// Plays samples (raw floats, read from a file) once into a JACK port from the next period on, as a microphone would.
// Prints the time of the first sample, in microseconds of JACK's clock, and ends after the last one.
//
// singer CLIENT FILE PORT

#include <jack/jack.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jack_client_t *client;
static jack_port_t *port;
static float *samples;
static size_t count, done;
static atomic_int sings, ended;
static jack_time_t began;

static int process(jack_nframes_t frames, void *arg) {
    (void)arg;
    float *out = jack_port_get_buffer(port, frames);
    memset(out, 0, frames * sizeof(float));
    if (!atomic_load(&sings)) return 0;
    if (!done) began = jack_frames_to_time(client, jack_last_frame_time(client));
    size_t now = count - done < frames ? count - done : frames;
    memcpy(out, samples + done, now * sizeof(float));
    done += now;
    if (done == count) atomic_store(&ended, 1);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    FILE *file = fopen(argv[2], "rb");
    if (!file) return 2;
    fseek(file, 0, SEEK_END);
    count = (size_t)ftell(file) / sizeof(float);
    rewind(file);
    samples = malloc(count * sizeof(float));
    if (!samples || fread(samples, sizeof(float), count, file) != count) return 2;
    fclose(file);
    client = jack_client_open(argv[1], JackNoStartServer, NULL);
    if (!client) return 3;
    port = jack_port_register(client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    jack_set_process_callback(client, process, NULL);
    if (!port || jack_activate(client) || jack_connect(client, jack_port_name(port), argv[3])) return 4;
    atomic_store(&sings, 1);
    while (!atomic_load(&ended)) usleep(10000);
    printf("%llu\n", (unsigned long long)began);
    jack_client_close(client);
    free(samples);
    return 0;
}
