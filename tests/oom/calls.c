/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <tabor/tempo.h>

#include <unistd.h>

#define SOUND_FILE "t-oom.wav"
#define TAKE_FILE  "t-oom.take"
#define OUT_FILE   "t-oom.out.wav"
#define LOG_FILE   "t-oom.log"

static const float values[64] = {0.25f, -0.5f};

/* --------------------------------------------------------------- world -- */

/* path: for its take, or NULL */
static tabor_status
open_logged(const char *path, tabor_engine **engine)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "offline";
    config.voices = 8;
    config.log = path;
    return tabor_engine_open(&config, engine);
}

void
world_open(world *w)
{
    memset(w, 0, sizeof *w);
    w->r = rig_open("offline", 64, 8, 64);
    must(open_logged(NULL, &w->spare));
    w->sample = rig_ramp(&w->r, 8000, 1);
    must(tabor_audio_new(300, 2, 44100, &w->audio));
    tabor_play_params p = TABOR_PLAY;
    p.gain = 0.5;
    must(tabor_play(w->r.client, w->sample, &p, &w->voice));
    free(rig_render(&w->r, 100, 2));
}

void
world_close(world *w)
{
    tabor_audio_free(w->audio);
    tabor_audio_free(w->made);
    tabor_client_close(w->guest);
    tabor_engine_close(w->other);
    tabor_engine_close(w->spare);
    rig_close(&w->r);
}

void
calls_clean(void)
{
    const char *paths[] = {SOUND_FILE, TAKE_FILE, OUT_FILE, LOG_FILE,
                           OUT_FILE ".part"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        unlink(paths[i]);
    }
}

/* --------------------------------------------------------------- audio -- */

static tabor_status
audio_new(world *w)
{
    return tabor_audio_new(100, 1, 8000, &w->made);
}

static tabor_status
from_values(world *w)
{
    return tabor_audio_from_values(values, TABOR_FLOAT32, 32, 2, 8000,
                                   &w->made);
}

static tabor_status
audio_read(world *w)
{
    return tabor_audio_read(SOUND_FILE, &w->made);
}

static tabor_status
audio_read_trusted(world *w)
{
    tabor_read_params p = TABOR_READ;
    p.trusted = 1;
    p.rate = 22050;
    return tabor_audio_read_as(SOUND_FILE, &p, &w->made);
}

static tabor_status
audio_save(world *w)
{
    return tabor_audio_save(w->audio, OUT_FILE);
}

static tabor_status
audio_save_16(world *w)
{
    tabor_save_params p = TABOR_SAVE;
    p.bits = 16;
    return tabor_audio_save_as(w->audio, OUT_FILE, &p);
}

static tabor_status
resample(world *w)
{
    return tabor_audio_resample(w->audio, 48000, &w->made);
}

static tabor_status
audio_free(world *w)
{
    tabor_audio_free(w->audio);
    w->audio = NULL;
    return TABOR_OK;
}

/* -------------------------------------------------------------- engine -- */

static void
count_driver(void *user, const tabor_driver_info *driver)
{
    *(int *)user += driver->name != NULL;
}

static void
count_device(void *user, const tabor_device_info *device)
{
    *(int *)user += device->name != NULL;
}

/* All drivers or none: never some of them. */
static tabor_status
drivers_list(world *w)
{
    static int all;
    int told = 0;
    (void)w;
    tabor_status st = tabor_drivers_list(count_driver, &told);
    all = all ? all : told;
    return st == TABOR_OK && told != all ? TABOR_ERR_LIMIT : st;
}

void
calls_prepare(void)
{
    world w;
    world_open(&w);
    must(tabor_audio_save(w.audio, SOUND_FILE));
    world_close(&w);
    must(open_logged(TAKE_FILE, &w.r.engine));
    must(tabor_client_open(w.r.engine, NULL, &w.r.client));
    w.sample = rig_ramp(&w.r, 500, 1);
    must(tabor_play(w.r.client, w.sample, NULL, &w.voice));
    free(rig_render(&w.r, 1000, 2));
    rig_close(&w.r);
    /* a plug-in that was once looked at stays loaded */
    must(drivers_list(&w));
}

static tabor_status
devices_list(world *w)
{
    int told = 0;
    (void)w;
    tabor_status st = tabor_devices_list("null", count_device, &told);
    return st == TABOR_OK && told == 0 ? TABOR_ERR_LIMIT : st;
}

static tabor_status
open_offline(world *w)
{
    return open_logged(NULL, &w->other);
}

static tabor_status
open_with_log(world *w)
{
    return open_logged(LOG_FILE, &w->other);
}

static tabor_status
open_null(world *w, tabor_setting setting)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = "null";
    config.device = "null";
    config.rate = 8000;
    config.voices = 8;
    config.settings = &setting;
    config.setting_count = 1;
    return tabor_engine_open(&config, &w->other);
}

static tabor_status
open_integers(world *w)
{
    return open_null(w, (tabor_setting){"format", "s16"});
}

static tabor_status
open_recorded(world *w)
{
    return open_null(w, (tabor_setting){"record", OUT_FILE});
}

static tabor_status
attach(world *w)
{
    tabor_engine_info info;
    tabor_engine_get_info(w->r.engine, &info);
    return tabor_engine_attach(info.id, &w->other);
}

static tabor_status
close_spare(world *w)
{
    tabor_engine *engine = w->spare;
    w->spare = NULL;
    return tabor_engine_close(engine);
}

static tabor_status
render(world *w)
{
    float out[128];
    return tabor_engine_render(w->r.engine, 64, out);
}

static tabor_status
look(world *w)
{
    tabor_clock clock;
    tabor_meter meter;
    tabor_stats stats;
    tabor_engine_get_clock(w->r.engine, &clock);
    tabor_engine_meters(w->r.engine, &meter, 1);
    tabor_get_stats(w->r.client, &stats);
    return tabor_engine_frame(w->r.engine) == clock.frame &&
                   tabor_engine_gain(w->r.engine) == 1.0f
               ? TABOR_OK
               : TABOR_ERR_LIMIT;
}

static tabor_status
panic(world *w)
{
    tabor_engine_panic(w->r.engine);
    return TABOR_OK;
}

static tabor_status
replay(world *w)
{
    return tabor_replay(TAKE_FILE, &w->made);
}

static int
go_on(void *user)
{
    return user == NULL;
}

static tabor_status
replay_while(world *w)
{
    return tabor_replay_while(TAKE_FILE, go_on, NULL, &w->made);
}

/* -------------------------------------------------- clients and samples -- */

static tabor_status
client_open(world *w)
{
    return tabor_client_open(w->r.engine, NULL, &w->guest);
}

static tabor_status
client_open_and_close(world *w)
{
    tabor_status st = client_open(w);
    if (st == TABOR_OK) {
        tabor_client_close(w->guest);
        w->guest = NULL;
    }
    return st;
}

static tabor_status
load(world *w)
{
    tabor_handle sample;
    return tabor_sample_load(w->r.client, SOUND_FILE, NULL, &sample);
}

static tabor_status
load_trusted(world *w)
{
    tabor_handle sample;
    tabor_read_params p = TABOR_READ;
    p.trusted = 1;
    return tabor_sample_load_as(w->r.client, SOUND_FILE, "x", &p, &sample);
}

static tabor_status
add(world *w)
{
    tabor_handle sample;
    return tabor_sample_add(w->r.client, w->audio, "x", &sample);
}

static tabor_status
get_info(world *w)
{
    tabor_sample_info info;
    return tabor_sample_get_info(w->r.client, w->sample, &info);
}

static tabor_status
named(world *w)
{
    tabor_handle sample;
    return tabor_sample_named(w->r.client, "ramp", &sample);
}

static tabor_status
copy(world *w)
{
    return tabor_sample_copy(w->r.client, w->sample, &w->made);
}

/* Looking at a sample takes no memory, and keeps what there is. */
static tabor_status
look_at(world *w)
{
    const tabor_view *view;
    tabor_status st = tabor_sample_view(w->r.client, w->sample, &view);
    if (st != TABOR_OK) {
        return st;
    }
    int is_there = view->frames == 8000 && view->values[0] > 0;
    tabor_sample_view_release(view);
    return is_there ? TABOR_OK : TABOR_ERR_LIMIT;
}

static tabor_status
unload(world *w)
{
    return tabor_sample_unload(w->r.client, w->sample, TABOR_UNLOAD_FADE);
}

static tabor_status
release(world *w)
{
    tabor_sample_release(w->r.client, w->sample);
    return TABOR_OK;
}

/* With a queue that is full it is put off. */
static tabor_status
release_later(world *w)
{
    tabor_status st = tabor_batch_begin(w->r.client);
    if (st == TABOR_OK) {
        tabor_sample_release(w->r.client, w->sample);
        st = tabor_batch_commit(w->r.client);
    }
    return st;
}

/* --------------------------------------------------------------- plays -- */

static tabor_status
play(world *w)
{
    tabor_handle voice;
    tabor_env env = {10, 0, 10, 100, 0.5};
    tabor_play_params p = TABOR_PLAY;
    p.env = &env;
    p.at = 200;
    return tabor_play(w->r.client, w->sample, &p, &voice);
}

static tabor_status
play_many(world *w)
{
    tabor_handle voices[20];
    uint64_t at[20];
    tabor_play_columns c = TABOR_COLUMNS;
    for (int i = 0; i < 20; i++) {
        at[i] = 200 + (uint64_t)i;
    }
    c.at = at;
    return tabor_play_many(w->r.client, w->sample, NULL, &c, 20, voices);
}

static tabor_status
stop_voice(world *w)
{
    return tabor_voice_stop(w->r.client, w->voice, 10, TABOR_ASAP);
}

static tabor_status
stop_voices(world *w)
{
    uint32_t stopped;
    return tabor_voices_stop(w->r.client, &w->voice, 1, 10, TABOR_ASAP,
                             &stopped);
}

static tabor_status
release_voice(world *w)
{
    return tabor_voice_release(w->r.client, w->voice, TABOR_ASAP);
}

static tabor_status
set_voice(world *w)
{
    tabor_voice_params p = TABOR_VOICE;
    p.which = TABOR_SET_GAIN;
    p.gain = 0.1;
    return tabor_voice_set(w->r.client, w->voice, &p);
}

static tabor_status
seek(world *w)
{
    return tabor_voice_seek(w->r.client, w->voice, 4000, TABOR_ASAP);
}

static tabor_status
alive(world *w)
{
    return tabor_voice_alive(w->r.client, w->voice) ? TABOR_OK
                                                    : TABOR_ERR_LIMIT;
}

static tabor_status
stop(world *w)
{
    return tabor_stop(w->r.client, 10);
}

static tabor_status
cancel(world *w)
{
    return tabor_cancel(w->r.client, 0, 0, TABOR_NO_FRAME);
}

static tabor_status
set_gain(world *w)
{
    return tabor_set_gain(w->r.client, 0.5, 10);
}

static tabor_status
batch(world *w)
{
    tabor_status st = tabor_batch_begin(w->r.client);
    return st == TABOR_OK && (st = set_gain(w)) == TABOR_OK
               ? tabor_batch_commit(w->r.client)
               : st;
}

static tabor_status
batch_abandoned(world *w)
{
    tabor_status st = tabor_batch_begin(w->r.client);
    tabor_batch_abandon(w->r.client);
    return st;
}

/* -------------------------------------------------------------- events -- */

/* More than the events that are kept at first have room. */
static tabor_status
poll_many(world *w)
{
    enum {
        PINGS = 600
    };
    uint64_t cookie;
    float out[128];
    tabor_event events[64];
    size_t got = 0, n;
    for (int i = 0; i < PINGS; i++) {
        must(tabor_ping_send(w->r.client, &cookie));
        must(tabor_engine_render(w->r.engine, 64, out));
    }
    while ((n = tabor_poll(w->r.client, events, 64)) > 0) {
        got += n;
    }
    tabor_stats stats;
    tabor_get_stats(w->r.client, &stats);
    return got + stats.unread_lost >= PINGS ? TABOR_OK : TABOR_ERR_LIMIT;
}

static tabor_status
wait_event(world *w)
{
    tabor_status st = tabor_client_wait(w->r.client, 0);
    return st == TABOR_ERR_TIMEOUT ? TABOR_OK : st;
}

static tabor_status
wait_space(world *w)
{
    return tabor_client_wait_space(w->r.client, 1, 0);
}

static tabor_status
ask_fd(world *w)
{
    return tabor_client_fd(w->r.client) >= 0 ? TABOR_OK : TABOR_ERR_LIMIT;
}

static tabor_status
ping(world *w)
{
    uint64_t cookie, ns;
    float out[128];
    tabor_status st = tabor_ping_send(w->r.client, &cookie);
    if (st == TABOR_OK) {
        must(tabor_engine_render(w->r.engine, 64, out));
        st = tabor_ping_wait(w->r.client, cookie, 1000000000, &ns);
    }
    return st;
}

/* --------------------------------------------------------------- tempo -- */

/* More changes than there was room for at first. */
static tabor_status
change_tempo(world *w)
{
    tabor_tempo *tempo;
    (void)w;
    tabor_status st = tabor_tempo_new(120, &tempo);
    if (st != TABOR_OK) {
        return st;
    }
    for (int beat = 1; beat < 100 && st == TABOR_OK; beat++) {
        st = tabor_tempo_change(tempo, beat, 100 + beat, 0.5);
    }
    tabor_tempo_forget(tempo, 2);
    double beat = tabor_tempo_beats(tempo, tabor_tempo_seconds(tempo, 50));
    int is_there = fabs(beat - 50) < 1e-6 && tabor_tempo_bpm(tempo, 0) > 0;
    tabor_tempo_free(tempo);
    return st != TABOR_OK || is_there ? st : TABOR_ERR_LIMIT;
}

/* --------------------------------------------------------------- words -- */

static tabor_status
words(world *w)
{
    const char *const known[] = {"offline", NULL};
    uint64_t frames;
    (void)w;
    int right = *tabor_version() && *tabor_status_text(TABOR_OK) &&
                *tabor_reason_text(TABOR_FINISHED) && tabor_error() &&
                tabor_full_info().which && tabor_nearest("offlin", known) &&
                *tabor_kit_dir() && *tabor_guard_path() && *tabor_lua_path();
    return right ? tabor_seconds_to_frames(1.0, 8000, &frames)
                 : TABOR_ERR_LIMIT;
}

const call calls[] = {
    {"tabor_audio_new", audio_new},
    {"tabor_audio_from_values", from_values},
    {"tabor_audio_read", audio_read},
    {"tabor_audio_read_as", audio_read_trusted},
    {"tabor_audio_save", audio_save},
    {"tabor_audio_save_as", audio_save_16},
    {"tabor_audio_resample", resample},
    {"tabor_audio_free", audio_free},
    {"tabor_drivers_list", drivers_list},
    {"tabor_devices_list", devices_list},
    {"tabor_engine_open offline", open_offline},
    {"tabor_engine_open with a log", open_with_log},
    {"tabor_engine_open null, of integers", open_integers},
    {"tabor_engine_open null, recorded", open_recorded},
    {"tabor_engine_attach", attach},
    {"tabor_engine_close", close_spare},
    {"tabor_engine_render", render},
    {"tabor_engine_get_info tabor_engine_frame tabor_engine_get_clock "
     "tabor_engine_meters tabor_engine_gain tabor_get_stats",
     look},
    {"tabor_engine_panic", panic},
    {"tabor_replay", replay},
    {"tabor_replay_while", replay_while},
    {"tabor_client_open", client_open},
    {"tabor_client_close", client_open_and_close},
    {"tabor_sample_load", load},
    {"tabor_sample_load_as", load_trusted},
    {"tabor_sample_add", add},
    {"tabor_sample_get_info", get_info},
    {"tabor_sample_named", named},
    {"tabor_sample_copy", copy},
    {"tabor_sample_view tabor_sample_view_release", look_at},
    {"tabor_sample_unload", unload},
    {"tabor_sample_release", release},
    {"tabor_sample_release in a batch", release_later},
    {"tabor_play", play},
    {"tabor_play_many", play_many},
    {"tabor_voice_stop", stop_voice},
    {"tabor_voices_stop", stop_voices},
    {"tabor_voice_release", release_voice},
    {"tabor_voice_set", set_voice},
    {"tabor_voice_seek", seek},
    {"tabor_voice_alive", alive},
    {"tabor_stop", stop},
    {"tabor_cancel", cancel},
    {"tabor_set_gain", set_gain},
    {"tabor_batch_begin tabor_batch_commit", batch},
    {"tabor_batch_abandon", batch_abandoned},
    {"tabor_poll", poll_many},
    {"tabor_client_wait", wait_event},
    {"tabor_client_wait_space", wait_space},
    {"tabor_client_fd", ask_fd},
    {"tabor_ping_send tabor_ping_wait", ping},
    {"tabor_tempo_new tabor_tempo_change tabor_tempo_forget tabor_tempo_beats "
     "tabor_tempo_seconds tabor_tempo_bpm tabor_tempo_free",
     change_tempo},
    {"tabor_version tabor_status_text tabor_error tabor_full_info "
     "tabor_nearest tabor_seconds_to_frames tabor_kit_dir tabor_guard_path "
     "tabor_reason_text tabor_lua_path",
     words},
};
const size_t call_count = sizeof calls / sizeof *calls;
