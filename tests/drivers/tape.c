/* SPDX-License-Identifier: MIT
 *
 * A driver that keeps what it is given: values of any format, as they come,
 * in a file. Its blocks are of many sizes, and it is in no hurry about time.
 */
#include <tabor/driver.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct tape {
    const tabor_driver_host *host;
    uint32_t block;
    size_t frame_bytes;
    FILE *file;
    pthread_t thread;
    int runs;
    _Atomic int quit;
} tape;

static const struct {
    const char *word;
    size_t bytes;
} formats[] = {
    {"float32", 4}, {"s16", 2}, {"s24", 3}, {"s24_32", 4}, {"s32", 4}};
#define FORMATS (sizeof formats / sizeof *formats)

static const tabor_driver_option options[] = {
    {"format", "float32|s16|s24|s24_32|s32", "float32", "what is kept"},
    {"file", "path", "/dev/null", "where"},
    {NULL, NULL, NULL, NULL},
};

static void *
run(void *user)
{
    tape *t = user;
    unsigned char *out = malloc(t->block * t->frame_bytes);
    for (uint32_t n = 0; out && !atomic_load(&t->quit); n++) {
        uint32_t frames = 1 + n * 7919 % t->block;
        t->host->process(t->host->self, out, frames);
        fwrite(out, t->frame_bytes, frames, t->file);
        nanosleep(&(struct timespec){0, 500000}, NULL);
    }
    free(out);
    return NULL;
}

static tabor_driver_status
tape_probe(char *why, size_t size)
{
    (void)why, (void)size;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
tape_enumerate(const tabor_driver_setting *settings, size_t count,
               tabor_device_found found, void *user, char *why, size_t size)
{
    (void)settings, (void)count, (void)why, (void)size;
    const tabor_driver_device device = {.struct_size = sizeof device,
                                        .name = "tape",
                                        .outputs = 64,
                                        .is_default = 1};
    found(user, &device);
    return TABOR_DRIVER_OK;
}

static int
find_format(const char *word)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i].word, word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static tabor_driver_status
tape_close(void *stream)
{
    tape *t = stream;
    int failed = t->file && fclose(t->file) != 0;
    free(t);
    return failed ? TABOR_DRIVER_FAILED : TABOR_DRIVER_OK;
}

static tabor_driver_status
tape_open(const tabor_stream_wish *wish, const tabor_driver_host *host,
          tabor_stream_grant *grant, void **stream, char *why, size_t size)
{
    const char *path = "/dev/null";
    int format = 0;
    for (size_t i = 0; i < wish->setting_count; i++) {
        if (strcmp(wish->settings[i].key, "file") == 0) {
            path = wish->settings[i].value;
        } else {
            format = find_format(wish->settings[i].value);
        }
    }
    if (format < 0 || (wish->device && *wish->device)) {
        snprintf(why, size, "no such format, or no such device: %s",
                 wish->device ? wish->device : "");
        return TABOR_DRIVER_FAILED;
    }
    tape *t = calloc(1, sizeof *t);
    t->host = host;
    t->block = wish->block;
    t->frame_bytes = formats[format].bytes * wish->channels;
    t->file = fopen(path, "wb");
    if (!t->file) {
        tape_close(t);
        snprintf(why, size, "%s can't be written", path);
        return TABOR_DRIVER_FAILED;
    }
    grant->flags = TABOR_STREAM_UNPACED;
    grant->format = (tabor_stream_format)format;
    snprintf(grant->device, sizeof grant->device, "tape");
    *stream = t;
    return TABOR_DRIVER_OK;
}

static tabor_driver_status
tape_start(void *stream, char *why, size_t size)
{
    tape *t = stream;
    (void)why, (void)size;
    atomic_store(&t->quit, 0);
    t->runs = pthread_create(&t->thread, NULL, run, t) == 0;
    return t->runs ? TABOR_DRIVER_OK : TABOR_DRIVER_FAILED;
}

static tabor_driver_status
tape_stop(void *stream)
{
    tape *t = stream;
    if (t->runs) {
        atomic_store(&t->quit, 1);
        pthread_join(t->thread, NULL);
        t->runs = 0;
    }
    return TABOR_DRIVER_OK;
}

static const tabor_driver driver = {
    .struct_size = sizeof(tabor_driver),
    .abi = TABOR_DRIVER_ABI,
    .name = "tape",
    .title = "Keeps what it is given",
    .options = options,
    .probe = tape_probe,
    .enumerate = tape_enumerate,
    .open = tape_open,
    .start = tape_start,
    .stop = tape_stop,
    .close = tape_close,
};

const tabor_driver *
tabor_driver_entry(void)
{
    return &driver;
}
