/* SPDX-License-Identifier: MIT
 *
 * Any names and numbers where the library takes some: drivers, devices and
 * their options, paths, words, an engine's numbers. An input is a byte that
 * says where they go, numbers, then texts, each to its zero byte.
 *
 * Works in a folder of its own, where a slash leads nowhere and a few things
 * lie that are no drivers.
 */
#include "config.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "helpers.h"
#include "memory.h"

const char fuzz_name[] = "names";
const unsigned fuzz_runs = 3000;

enum {
    TEXTS = 6
};

typedef struct wish {
    uint32_t numbers[4];
    char text[TEXTS][4200];
} wish;

static wish w;
static uint64_t opened, saved, refused;
static char folder[64];

static void
leave_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf ../%s", folder);
    if (chdir("..") == 0 && folder[0]) {
        snprintf(command, sizeof command, "rm -rf ./%s", folder);
        int ignored = system(command);
        (void)ignored;
    }
}

static void
make_folder(void)
{
    snprintf(folder, sizeof folder, "t-fuzz-names-%d", (int)getpid());
    if (mkdir(folder, 0700) || chdir(folder) || mkdir("folder.so", 0700)) {
        perror(folder);
        exit(1);
    }
    close(open("text.so", O_CREAT | O_WRONLY, 0600));
    if (mkfifo("fifo.so", 0600) || symlink("text.so", "link.so")) {
        perror(folder);
    }
    setenv("TABOR_DRIVER_PATH", ".", 1);
    atexit(leave_folder);
}

static void
read_wish(fuzz_input *in)
{
    for (int i = 0; i < 4; i++) {
        w.numbers[i] = fuzz_word(in);
    }
    for (int i = 0; i < TEXTS; i++) {
        size_t n = 0;
        for (unsigned c; in->left && (c = fuzz_byte(in)) != 0;) {
            if (n < sizeof w.text[i] - 1) {
                w.text[i][n++] = (char)c;
            }
        }
        w.text[i][n] = '\0';
    }
}

static int
judge(tabor_status st)
{
    if (st != TABOR_OK) {
        fuzz_hold_error(st);
        refused++;
    }
    return st == TABOR_OK;
}

/* Nothing is written but here. */
static void
stay_here(char *path)
{
    for (; *path; path++) {
        *path = *path == '/' ? '_' : *path;
    }
}

/* ------------------------------------------------------------- engines -- */

static void
try_engine(unsigned how)
{
    static const char *const drivers[] = {"offline", "offline", NULL, "null"};
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    tabor_engine *engine = NULL;
    tabor_engine_info info;
    tabor_setting settings[] = {{w.text[2], w.text[3]}, {"record", w.text[4]}};
    stay_here(w.text[4]);
    stay_here(w.text[3]);
    config.driver = drivers[how & 3] ? drivers[how & 3] : w.text[0];
    config.device = how & 4 ? w.text[1] : NULL;
    config.settings = settings;
    config.setting_count = how >> 3 & 1 ? 1 + (how >> 4 & 1) : 0;
    if (how & 32) {
        config.rate = w.numbers[0];
        config.channels = w.numbers[1];
        config.block = w.numbers[2];
        config.voices = w.numbers[3];
    }
    stay_here(w.text[5]);
    config.log = how & 64 && *w.text[5] ? w.text[5] : NULL;
    if (judge(tabor_engine_open(&config, &engine))) {
        tabor_engine_get_info(engine, &info);
        fuzz_hold(info.rate >= TABOR_MIN_RATE && info.channels >= 1 &&
                      info.channels <= TABOR_MAX_CHANNELS,
                  "%u Hz, %u channels", info.rate, info.channels);
        opened++;
        judge(tabor_engine_close(engine));
    } else {
        fuzz_hold(engine == NULL, "an engine and an error");
    }
}

/* ---------------------------------------------------------------- files -- */

static void
try_save(unsigned how)
{
    tabor_audio *audio, *again = NULL;
    tabor_save_params params = TABOR_SAVE;
    tabor_read_params reading = TABOR_READ;
    params.bits = how & 1 ? w.numbers[0] : w.numbers[0] % 4 * 8;
    params.dither = (int)(how >> 1 & 1);
    reading.trusted = 1;
    must(tabor_audio_new(9, 1 + w.numbers[1] % 3, 48000, &audio));
    audio->values[3] = 0.5f;
    stay_here(w.text[0]);
    if (judge(tabor_audio_save_as(audio, w.text[0], &params))) {
        fuzz_hold(tabor_audio_read_as(w.text[0], &reading, &again) == TABOR_OK,
                  "what was saved as '%s' is not read: %s", w.text[0],
                  tabor_error());
        fuzz_hold(again->channels == audio->channels && again->frames >= 9,
                  "'%s' has %llu frames", w.text[0],
                  (unsigned long long)again->frames);
        remove(w.text[0]);
        saved++;
    }
    tabor_audio_free(again);
    tabor_audio_free(audio);
}

static void
try_read(void)
{
    tabor_audio *audio = NULL;
    tabor_read_params params = TABOR_READ;
    params.trusted = 1;
    params.rate = w.numbers[0];
    if (judge(tabor_audio_read_as(w.text[0], &params, &audio))) {
        tabor_audio_free(audio);
    }
    if (judge(tabor_replay(w.text[1], &audio))) {
        tabor_audio_free(audio);
    }
}

/* ---------------------------------------------------------------- words -- */

static void
try_words(void)
{
    const char *words[TEXTS] = {w.text[1], w.text[2], w.text[3], w.text[4]};
    const char *nearest = tabor_nearest(w.text[0], words);
    uint64_t frames = 0;
    double seconds;
    int found = !nearest;
    for (int i = 0; i < 4; i++) {
        found |= nearest == words[i];
    }
    fuzz_hold(found, "the nearest word is none of those");
    memcpy(&seconds, w.numbers, sizeof seconds);
    if (judge(tabor_seconds_to_frames(seconds, w.numbers[2], &frames))) {
        fuzz_hold(frames <= 1ull << 53, "%g s are %llu frames", seconds,
                  (unsigned long long)frames);
    }
}

static void
found_device(void *user, const tabor_device_info *device)
{
    fuzz_hold(device->name && device->driver, "a device without a name");
    ++*(unsigned *)user;
}

static void
try_sample(void)
{
    static rig r;
    tabor_audio *audio = NULL;
    tabor_handle sample;
    tabor_sample_info info;
    unsigned devices = 0;
    if (!r.engine) {
        r = rig_open("offline", 64, 2, 64);
    }
    judge(tabor_devices_list(w.text[1], found_device, &devices));
    uint64_t frames = w.numbers[0] < 99 ? w.numbers[0] : 9;
    if (judge(tabor_audio_new(frames, w.numbers[1], w.numbers[2], &audio)) &&
        judge(tabor_sample_add(r.client, audio, w.text[0], &sample))) {
        must(tabor_sample_get_info(r.client, sample, &info));
        fuzz_hold(info.frames > 0 && info.channels == audio->channels,
                  "a sample of %llu frames", (unsigned long long)info.frames);
        tabor_sample_unload(r.client, sample, TABOR_UNLOAD_CUT);
        free(rig_render(&r, 1, 2));
    }
    tabor_audio_free(audio);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    if (!folder[0]) {
        make_folder();
    }
    unsigned where = fuzz_byte(&in), how = fuzz_byte(&in);
    read_wish(&in);
    switch (where % 5) {
    case 0:
        try_engine(how);
        break;
    case 1:
        try_save(how);
        break;
    case 2:
        try_read();
        break;
    case 3:
        try_words();
        break;
    default:
        try_sample();
    }
    return 0;
}

void
fuzz_seeds(void (*give)(const void *bytes, size_t size))
{
    (void)give; /* all are written down */
}

int
fuzz_looked(void)
{
    printf("# %llu engines opened, %llu files saved, %llu refusals\n",
           (unsigned long long)opened, (unsigned long long)saved,
           (unsigned long long)refused);
    return opened > 0 && saved > 0 && refused > 0;
}
