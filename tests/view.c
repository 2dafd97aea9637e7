/* SPDX-License-Identifier: MIT
 *
 * Views: who looks at a sample's memory sees what is played, without a copy,
 * for as long as he likes; and the last one frees it.
 */
#define _GNU_SOURCE /* pthread_tryjoin_np */
#include <pthread.h>
#include <unistd.h>

#include "helpers.h"

/* ---------------------------------------------------------------- maps -- */

/* How many bytes of the process are mapped, nameless and read-only, as the
 * memory of samples is. If at is given: the bytes of its mapping alone, or 0
 * if it is not one of those. */
static size_t
readonly_bytes(const void *at)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512], flags[5], name[256];
    unsigned long start, end;
    size_t bytes = 0;
    while (f && fgets(line, sizeof line, f)) {
        int n = sscanf(line, "%lx-%lx %4s %*s %*s %*s %255s", &start, &end,
                       flags, name);
        unsigned long address = (unsigned long)(uintptr_t)at;
        if (n == 3 && strcmp(flags, "r--p") == 0 &&
            (!at || (address >= start && address < end))) {
            bytes += end - start;
        }
    }
    if (f) {
        fclose(f);
    }
    return bytes;
}

/* At least so many bytes, in whole pages. */
static size_t
pages(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

/* ---------------------------------------------------------------- look -- */

/* How many of a copy's values a view shows otherwise. */
static uint64_t
count_wrong(const tabor_view *view, const tabor_audio *copy)
{
    uint64_t wrong = 0;
    for (uint32_t c = 0; c < copy->channels; c++) {
        for (uint64_t i = 0; i < copy->frames; i++) {
            float shown = view->values[c * view->stride + i];
            wrong += shown != copy->values[i * copy->channels + c];
        }
    }
    return wrong;
}

static void
test_values(void)
{
    const uint32_t channels[] = {1, 2, 5};
    rig r = rig_open("offline", 64, 8, 64);
    for (int i = 0; i < 3; i++) {
        tabor_handle sample = rig_ramp(&r, 3000, channels[i]);
        const tabor_view *view;
        tabor_audio *copy;
        must(tabor_sample_view(r.client, sample, &view));
        must(tabor_sample_copy(r.client, sample, &copy));
        ok(view->frames == 3000 && view->channels == channels[i] &&
               view->rate == 48000 && view->stride >= view->frames &&
               copy->values[1] > 0 && count_wrong(view, copy) == 0,
           "%u channels: a view shows what a copy holds", channels[i]);
        tabor_audio_free(copy);
        tabor_sample_view_release(view);
    }
    rig_close(&r);
}

static void
test_shared(void)
{
    rig r = rig_open("offline", 64, 8, 64);
    size_t before = readonly_bytes(NULL);
    tabor_handle sample = rig_ramp(&r, 100000, 2);
    size_t loaded = readonly_bytes(NULL) - before;
    const tabor_view *one, *two;
    must(tabor_sample_view(r.client, sample, &one));
    must(tabor_sample_view(r.client, sample, &two));
    ok(loaded == pages((2 * one->stride) * sizeof(float)) &&
           readonly_bytes(one->values) >= loaded,
       "a sample's memory can't be written: %zu bytes", loaded);
    ok(one->values == two->values && readonly_bytes(NULL) == before + loaded,
       "two views show the same memory, and take none");
    tabor_sample_view_release(one);
    tabor_sample_view_release(two);
    rig_close(&r);
}

/* ---------------------------------------------------------------- stay -- */

/* What a view shows is what is heard. */
static void
test_played(void)
{
    rig r = rig_open("offline", 64, 8, 64);
    tabor_handle sample = rig_ramp(&r, 500, 2), voice;
    const tabor_view *view;
    uint64_t wrong = 0;
    must(tabor_sample_view(r.client, sample, &view));
    must(tabor_play(r.client, sample, NULL, &voice));
    must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_RING));
    float *heard = rig_render(&r, 600, 2);
    for (uint64_t i = 0; i < 1000; i++) {
        wrong += heard[i] != view->values[i % 2 * view->stride + i / 2];
    }
    ok(heard[0] > 0 && wrong == 0, "what a view shows is what is heard");
    free(heard);
    tabor_sample_view_release(view);
    rig_close(&r);
}

static void
test_stays(void)
{
    rig r = rig_open("offline", 64, 8, 64);
    size_t before = readonly_bytes(NULL);
    tabor_handle sample = rig_ramp(&r, 40000, 2);
    size_t loaded = readonly_bytes(NULL) - before;
    const tabor_view *view, *again, *none = NULL;
    tabor_audio *copy;
    must(tabor_sample_copy(r.client, sample, &copy));
    must(tabor_sample_view(r.client, sample, &view));
    must(tabor_sample_view(r.client, sample, &again));
    must(tabor_sample_unload(r.client, sample, TABOR_UNLOAD_CUT));
    free(rig_render(&r, 1000, 2));
    ok(tabor_sample_view(r.client, sample, &none) == TABOR_ERR_STALE && !none,
       "a sample that was unloaded can't be looked at: %s", tabor_error());
    ok_int(count_wrong(view, copy), 0, "who looked before still sees it");
    tabor_handle other = rig_ramp(&r, 30000, 2); /* into the slot, if free */
    ok(other && count_wrong(view, copy) == 0, "and when others are loaded");
    rig_close(&r);
    ok_int(count_wrong(view, copy), 0, "and when the engine has closed");
    ok_int(readonly_bytes(NULL), before + loaded,
           "then its memory is all that is left");
    tabor_sample_view_release(again);
    ok(count_wrong(view, copy) == 0 && readonly_bytes(NULL) == before + loaded,
       "also when one of two views is released");
    tabor_sample_view_release(view);
    ok_int(readonly_bytes(NULL), before, "the last one frees it");
    tabor_sample_view_release(NULL);
    tabor_audio_free(copy);
}

/* --------------------------------------------------------------- meet -- */

typedef struct looker {
    pthread_t thread;
    tabor_engine *engine;
    int missed, wrong;
} looker;

#define LOOKS 5000

/* A sample's values are all the same, and above 0. */
static int
is_whole(const tabor_view *view)
{
    for (uint64_t i = 1; i < view->frames; i++) {
        if (view->values[i] != view->values[0]) {
            return 0;
        }
    }
    return view->values[0] > 0;
}

/* Find, look, let go of the sample, read on, let go of the view. */
static void *
look_on(void *self)
{
    looker *l = self;
    tabor_client_config config = TABOR_CLIENT_CONFIG;
    tabor_client *client;
    must(tabor_client_open(l->engine, &config, &client));
    for (int i = 0; i < LOOKS; i++) {
        const tabor_view *view;
        tabor_handle sample;
        must(tabor_sample_named(client, "level", &sample));
        tabor_status st = tabor_sample_view(client, sample, &view);
        tabor_sample_release(client, sample);
        if (st != TABOR_OK) {
            l->missed++;
            continue;
        }
        l->wrong += !is_whole(view);
        tabor_sample_view_release(view);
    }
    tabor_client_close(client);
    return NULL;
}

static tabor_handle
add_level(rig *r, int number)
{
    tabor_audio *audio;
    tabor_handle sample;
    must(tabor_audio_new(2000, 1, 48000, &audio));
    for (uint64_t i = 0; i < audio->frames; i++) {
        audio->values[i] = (float)(1 + number % 1000);
    }
    must(tabor_sample_add(r->client, audio, "level", &sample));
    tabor_audio_free(audio);
    return sample;
}

/* While two threads look, one sample after the other is replaced. */
static void
test_lookers(void)
{
    rig r = rig_open("offline", 64, 8, 64);
    size_t before = readonly_bytes(NULL);
    tabor_handle mine = add_level(&r, 0);
    looker lookers[2] = {{.engine = r.engine}, {.engine = r.engine}};
    int replaced = 0, wrong = 0, missed = 0;
    for (int i = 0; i < 2; i++) {
        pthread_create(&lookers[i].thread, NULL, look_on, &lookers[i]);
    }
    for (int i = 0; i < 2; i++) {
        while (pthread_tryjoin_np(lookers[i].thread, NULL) != 0) {
            tabor_handle next = add_level(&r, ++replaced);
            tabor_sample_release(r.client, mine);
            mine = next;
            free(rig_render(&r, 16, 2));
        }
        wrong += lookers[i].wrong;
        missed += lookers[i].missed;
    }
    ok(replaced > 10 && wrong == 0 && missed == 0,
       "10,000 looks while %d samples go: %d in pieces", replaced, wrong);
    rig_close(&r);
    ok_int(readonly_bytes(NULL), before, "and no memory is left");
}

int
main(void)
{
    tap_start();
    test_values();
    test_shared();
    test_played();
    test_stays();
    test_lookers();
    return tap_done();
}
