/* SPDX-License-Identifier: MIT
 *
 * jackcap FILE FRAMES CLIENT: record two output ports of a JACK client.
 *
 * Connects to "CLIENT:outport 0" and "CLIENT:outport 1" as soon as JACK lets
 * it, says "connected" on stdout, and records from its own start on: silence
 * first, then what the client plays, every frame once. Ends when FRAMES are
 * there, on SIGTERM, or when the server goes; then writes FILE as interleaved
 * float32 without a header. Exit 1: never connected, or the file failed.
 */
#include <jack/jack.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHANNELS 2

typedef struct capture {
    jack_port_t *ports[CHANNELS];
    float *values; /* max_frames × CHANNELS, interleaved */
    size_t max_frames;
    _Atomic size_t frames; /* written by JACK's thread (release) */
} capture;

static volatile sig_atomic_t ended;
static _Atomic int server_gone; /* written by JACK's thread */

static void
on_signal(int number)
{
    (void)number;
    ended = 1;
}

static void
on_shutdown(void *user)
{
    (void)user;
    atomic_store_explicit(&server_gone, 1, memory_order_release);
}

/* Writes to memory only, so a slow disk can't lose a frame, nor can JACK's
 * freewheel, which asks far faster than a disk writes. */
static int
on_block(jack_nframes_t frames, void *user)
{
    capture *c = user;
    const size_t from = atomic_load_explicit(&c->frames, memory_order_relaxed);
    size_t count = c->max_frames - from;
    if (count > frames) {
        count = frames;
    }
    for (int channel = 0; channel < CHANNELS; channel++) {
        const float *in = jack_port_get_buffer(c->ports[channel], frames);
        for (size_t i = 0; i < count; i++) {
            c->values[(from + i) * CHANNELS + (size_t)channel] = in[i];
        }
    }
    atomic_store_explicit(&c->frames, from + count, memory_order_release);
    return 0;
}

static jack_client_t *
open_client(capture *c)
{
    jack_client_t *client =
        jack_client_open("jackcap", JackNoStartServer, NULL);
    if (!client) {
        return NULL;
    }
    for (int i = 0; i < CHANNELS; i++) {
        char name[16];
        snprintf(name, sizeof name, "in %d", i);
        c->ports[i] = jack_port_register(client, name, JACK_DEFAULT_AUDIO_TYPE,
                                         JackPortIsInput, 0);
    }
    jack_set_process_callback(client, on_block, c);
    jack_on_shutdown(client, on_shutdown, NULL);
    if (jack_activate(client) != 0) {
        jack_client_close(client);
        return NULL;
    }
    return client;
}

/* The ports can't be connected before their owner is active: ask again. */
static int
connect_ports(jack_client_t *client, const capture *c, const char *source)
{
    int connected = 0;
    for (int i = 0; i < CHANNELS; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s:outport %d", source, i);
        const char *own = jack_port_name(c->ports[i]);
        connected += jack_port_connected_to(c->ports[i], name) ||
                     jack_connect(client, name, own) == 0;
    }
    return connected == CHANNELS;
}

static int
write_file(const char *path, const capture *c)
{
    const size_t frames =
        atomic_load_explicit(&c->frames, memory_order_acquire);
    FILE *file = fopen(path, "wb");
    if (!file) {
        return 0;
    }
    const size_t written =
        fwrite(c->values, sizeof(float) * CHANNELS, frames, file);
    return fclose(file) == 0 && written == frames;
}

static int
is_over(const capture *c)
{
    return ended || atomic_load_explicit(&server_gone, memory_order_acquire) ||
           atomic_load_explicit(&c->frames, memory_order_acquire) ==
               c->max_frames;
}

static int
run(jack_client_t *client, capture *c, const char *source)
{
    const struct timespec nap = {0, 5000000};
    int connected = 0;
    while (!is_over(c)) {
        if (!connected && connect_ports(client, c, source)) {
            connected = 1;
            puts("connected");
            fflush(stdout);
        }
        nanosleep(&nap, NULL);
    }
    return connected;
}

static void
quiet(const char *text)
{
    (void)text;
}

int
main(int argc, char **argv)
{
    capture c = {0};
    if (argc != 4 || !(c.max_frames = strtoul(argv[2], NULL, 10))) {
        fputs("usage: jackcap FILE FRAMES CLIENT\n", stderr);
        return 2;
    }
    const size_t bytes = c.max_frames * CHANNELS * sizeof(float);
    if (!(c.values = malloc(bytes))) {
        return 1;
    }
    memset(c.values, 0xff, bytes);  /* touch it here, not in JACK's thread */
    jack_set_error_function(quiet); /* a refused connection is expected */
    jack_client_t *client = open_client(&c);
    if (!client) {
        fputs("jackcap: no JACK server\n", stderr);
        return 1;
    }
    signal(SIGTERM, on_signal); /* from here on there is something to save */
    const int connected = run(client, &c, argv[3]);
    const int written = write_file(argv[1], &c);
    if (!atomic_load_explicit(&server_gone, memory_order_acquire)) {
        signal(SIGTERM, SIG_DFL);
        alarm(5); /* a server that hangs is no reason to stay */
        jack_client_close(client);
    }
    return connected && written ? 0 : 1;
}
