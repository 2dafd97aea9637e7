/* SPDX-License-Identifier: MIT
 *
 * Any file as a take to be played again. Stopped where it would go on for more
 * than a second of sound, which is as far as a file is looked at here.
 */
#include "config.h"

#include "commands.h"
#include "control/take.h"
#include "helpers.h"
#include "memory.h"

const char fuzz_name[] = "take";
const unsigned fuzz_runs = 250;

static uint64_t played, refused, stopped, frames, heard;

static int
go_on(void *unused)
{
    (void)unused;
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[64];
    int fd = fuzz_file(bytes, size, path);
    tabor_audio *audio = NULL;
    tabor_status st = tabor_replay_while(path, go_on, NULL, &audio);
    if (st == TABOR_OK) {
        fuzz_hold_sound(audio);
        played++;
        frames += audio->frames;
        for (uint64_t i = 0; i < audio->frames * audio->channels; i++) {
            heard += audio->values[i] != 0;
        }
        tabor_audio_free(audio);
    } else {
        fuzz_hold(audio == NULL, "a sound and an error");
        fuzz_hold_error(st);
        stopped += st == TABOR_ERR_TIMEOUT;
        refused += st != TABOR_ERR_TIMEOUT;
    }
    close(fd);
    return 0;
}

/* Where the records of a take begin; returns how many. */
static unsigned
find_records(const uint8_t *bytes, size_t size, size_t found[256])
{
    unsigned n = 0;
    tabor_take_item item;
    for (size_t at = sizeof(tabor_take_header); at + sizeof item <= size;) {
        memcpy(&item, bytes + at, sizeof item);
        at += sizeof item;
        if (item.size > size - at) {
            break;
        }
        size_t end = at + (size_t)item.size;
        while (item.kind == TABOR_ITEM_RECORDS && n < 256 &&
               at + sizeof(tabor_take_record) <= end) {
            found[n++] = at;
            at += sizeof(tabor_take_record);
        }
        at = end;
    }
    return n;
}

size_t
fuzz_change(uint8_t *bytes, size_t size, uint32_t seed)
{
    size_t found[256];
    unsigned n = find_records(bytes, size, found);
    if (n == 0) {
        return 0;
    }
    uint8_t *record = bytes + found[seed % n];
    seed /= n;
    if (seed % 8 == 0) {
        record[seed / 8 % 16] = (uint8_t)(seed >> 8);
    } else {
        fuzz_change_command(record + offsetof(tabor_take_record, command),
                            seed / 8);
    }
    return size;
}

/* A piece of some kind of plays, as the engine itself writes it. */
static void
make_take(const char *path, unsigned kind)
{
    rig r;
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.block = 100;
    config.voices = 4;
    config.log = path;
    must(tabor_engine_open(&config, &r.engine));
    must(tabor_client_open(r.engine, NULL, &r.client));
    const tabor_env env = {
        .attack = 30, .decay = 40, .sustain = 0.5, .release = 50};
    tabor_handle sample = rig_ramp(&r, 50 + kind, 1 + kind % 2), voice;
    for (unsigned i = 0; i < 3 + kind; i++) {
        tabor_play_params p = TABOR_PLAY;
        tabor_voice_params set = TABOR_VOICE;
        p.at = i * 37;
        p.rate = kind % 2 ? 1.0 : 0.7;
        p.loop = (tabor_loop)(kind % 3 == 1);
        p.env = kind % 3 == 2 ? &env : NULL;
        must(tabor_play(r.client, sample, &p, &voice));
        set.which = TABOR_SET_GAIN;
        must(tabor_voice_set(r.client, voice, &set));
    }
    free(rig_render(&r, 100, 2));
    tabor_voice_seek(r.client, voice, 7, TABOR_ASAP);
    tabor_sample_unload(r.client, sample, TABOR_UNLOAD_FADE);
    free(rig_render(&r, 200, 2));
    tabor_engine_panic(r.engine);
    rig_close(&r);
}

void
fuzz_seeds(void (*give)(const void *bytes, size_t size))
{
    static uint8_t bytes[65536];
    for (unsigned kind = 0; kind < 6; kind++) {
        char path[64];
        snprintf(path, sizeof path, "t-fuzz-take-%d.tlog", (int)getpid());
        make_take(path, kind);
        FILE *file = fopen(path, "rb");
        if (file) {
            give(bytes, fread(bytes, 1, sizeof bytes, file));
            fclose(file);
        }
        remove(path);
    }
}

int
fuzz_looked(void)
{
    printf("# %llu takes played (%llu frames, %llu values not 0), %llu "
           "stopped, %llu refused\n",
           (unsigned long long)played, (unsigned long long)frames,
           (unsigned long long)heard, (unsigned long long)stopped,
           (unsigned long long)refused);
    return heard > 0 && refused > 0;
}
