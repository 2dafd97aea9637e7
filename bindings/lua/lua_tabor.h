/* SPDX-License-Identifier: MIT
 *
 * What the files of the Lua module share: one full userdata for each engine,
 * sample, voice and piece of audio, and the two ways in which a call fails.
 *
 * A userdata and its metatable exist before the C resource that they hold, so
 * that whatever raises later leaves it to the collector. Samples and voices
 * keep their engine's userdata alive (user value 1); at lua_close() the
 * collector may still take the engine first, and then client is NULL.
 *
 * Everything here is [control]: it runs in the thread that runs the Lua state,
 * and may raise a Lua error unless it says otherwise. "Push" leaves one value
 * on the stack; an index is absolute, never relative to the top.
 */
#ifndef LUA_TABOR_H
#define LUA_TABOR_H

#include "options.h"

#include <tabor/tabor.h>

#include <lauxlib.h>
#include <lua.h>

#include <stdint.h>

#define ENGINE_CLASS "tabor.Engine"
#define SAMPLE_CLASS "tabor.Sample"
#define VOICE_CLASS  "tabor.Voice"
#define VOICES_CLASS "tabor.Voices"
#define AUDIO_CLASS  "tabor.Audio"

/* The default length of every ramp. */
#define RAMP_SECONDS 0.005

/* ------------------------------------------------------------- errors -- */

/* Answer a failure: nil, message and code for what may happen to a good
 * program; an error at the caller's line for TABOR_ERR_INVALID. */
int errors_return(lua_State *L, tabor_status status);

/* ------------------------------------------------------------ objects -- */

/* What a class is called and its objects begin with: the address tells them
 * from all others, in less time than the registry takes to find a name. */
typedef struct object_kind {
    const char *name;
} object_kind;
extern const object_kind engine_kind, sample_kind, voice_kind, voices_kind;

/* Make a class: its __index is a closure over the table of methods. */
void object_class(lua_State *L, const char *name, const luaL_Reg *meta,
                  const luaL_Reg *methods, lua_CFunction index);

/* The same for objects that begin with a pointer to their kind. */
void object_kind_class(lua_State *L, const object_kind *kind,
                       const luaL_Reg *meta, const luaL_Reg *methods,
                       lua_CFunction index);

/* Give a class a method more, with the metatable of another class as its
 * upvalue. */
void object_set_method(lua_State *L, const object_kind *kind, const char *name,
                       lua_CFunction method, const object_kind *upvalue);

/* Push an object of size bytes, zero but for its kind. */
void *object_push(lua_State *L, const object_kind *kind, size_t size,
                  int user_values);

/* The object at index, of that kind; test: NULL if it is none, check: raises.
 */
void *object_test(lua_State *L, int index, const object_kind *kind);
void *object_check(lua_State *L, int index, const object_kind *kind);

/* In an __index: push the method that argument 2 names and return 1, or push
 * nothing and return 0. */
int object_method(lua_State *L);

/* Set a field of the table on top. */
void object_set_whole(lua_State *L, const char *key, uint64_t number);
void object_set_text(lua_State *L, const char *key, const char *text);

/* A pointer that the collector gives to release, unless it is NULL by then.
 * Pushes a userdata that is to stay on the stack while the pointer is used. */
void **object_box(lua_State *L, void (*release)(void *));

/* -------------------------------------------------------------- audio -- */

/* The path that argument index is; raises if no file can have it. */
const char *audio_check_path(lua_State *L, int index);

/* Push an Audio that holds nothing yet. */
tabor_audio **audio_push(lua_State *L);

/* The audio that argument index holds; raises if it was closed. */
tabor_audio *audio_check(lua_State *L, int index);

/* Push the Audio that a table of numbers, or of one such table for each
 * channel, describes. Raises if it is no such table. */
tabor_status audio_push_table(lua_State *L, int index, uint32_t rate,
                              tabor_audio **audio);

/* tabor.read(path) and tabor.replay(path) */
int audio_read(lua_State *L);
int audio_replay(lua_State *L);
void audio_class(lua_State *L);

/* ------------------------------------------------------------- engine -- */

/* Events that have left the client but that no poll() has returned yet, the
 * newest EVENTS_KEPT of them. Indices run freely; read <= told <= write. */
#define EVENTS_KEPT 65536
typedef struct event_queue {
    tabor_event *slots; /* room of them, a power of two or 0; owned */
    size_t room;
    uint64_t read;    /* the next one for poll() */
    uint64_t told;    /* the next one for the handlers */
    uint64_t write;   /* where the next one goes */
    uint64_t handler; /* how many handlers know the event at told */
    uint64_t lost;
} event_queue;

typedef enum full_policy {
    FULL_RAISE,
    FULL_WAIT,
    FULL_DROP
} full_policy;

/* User values of an engine. */
enum {
    ENGINE_VOICES = 1, /* Voice by its handle, weak: see voice_find() */
    ENGINE_ENDED,      /* Voice -> the table made of its end, weak */
    ENGINE_SAMPLES,    /* Sample -> true, weak */
    ENGINE_HANDLERS,   /* event type -> array of functions */
    ENGINE_TEXTS,      /* driver, device, warning */
    ENGINE_REFUSED,    /* why the open batch can't be sent whole, or nil */
    ENGINE_CLOCKS,     /* light userdata -> Clock */
    ENGINE_VALUES = ENGINE_CLOCKS
};

/* Which play of which Voices is to be told of an end. */
typedef struct lua_listener {
    struct lua_voices *who; /* borrowed: its __gc clears this; or NULL */
    uint32_t row;
} lua_listener;

typedef struct lua_engine {
    const object_kind *kind;
    tabor_engine *engine; /* owned; NULL once closed */
    tabor_client *client; /* owned; NULL once closed */
    uint32_t id, rate, channels, block, voices;
    int pumped;
    full_policy on_full;
    uint64_t playing; /* plays whose Ended has not been pulled */
    uint64_t batch;   /* the number of the open batch, 0 = none is */
    uint64_t batches; /* how many there have been */
    uint64_t held;    /* plays that the open batch holds */
    event_queue events;
    lua_listener *listeners;     /* by play slot, owned; NULL: none yet */
    struct lua_voices *newcomer; /* not among them yet; or NULL */
    struct lua_clock *clocks;    /* a list, the oldest first; or NULL */
    struct lua_task *task;       /* that runs now, or NULL */
    uint64_t turn;               /* counts when tasks run */
    int is_driven;               /* they do now */
    int is_reloading;            /* a script runs again */
    uint32_t generation;         /* how often one has */
    struct lua_clock *reloaded;  /* the one that it meets next; or NULL */
} lua_engine;

lua_engine *engine_check(lua_State *L, int index);

/* nil, a sentence, "closed". */
int engine_return_closed(lua_State *L);

/* One command to the client; given is what the caller passed on. */
typedef tabor_status (*engine_command)(tabor_client *client, void *given);

/* Send a command of the engine at index; under on_full = "wait" again and
 * again until it fits. Raises if the script is interrupted while it waits. */
tabor_status engine_send(lua_State *L, int index, engine_command command,
                         void *given);

/* The same for a command that was sent once and got status. */
tabor_status engine_send_again(lua_State *L, int index, engine_command command,
                               void *given, tabor_status status);

/* Answer a command: true, false if its target has ended or it was dropped
 * under on_full = "drop", else as errors_return(). */
int engine_return_sent(lua_State *L, const lua_engine *e, tabor_status status);

/* Seconds to frames; raises, naming the option. */
uint64_t engine_frames(lua_State *L, const lua_engine *e, const char *what,
                       const char *name, double seconds);

/* The same for a ramp or fade, which has 32 bits. */
uint32_t engine_ramp(lua_State *L, const lua_engine *e, const char *what,
                     const char *name, double seconds);

/* The frame that at (seconds, or NAN) or at_frame (or TABOR_ASAP) mean; if
 * neither is given, the running task's own, or TABOR_ASAP. */
uint64_t engine_at(lua_State *L, const lua_engine *e, const char *what,
                   double at, uint64_t at_frame);

/* Push a table of the engines of this state that are open: engine -> true. */
void engine_push_open(lua_State *L);

/* The methods of an engine, by their names. */
int engine_stop(lua_State *L);
int engine_cancel(lua_State *L);
int engine_gain(lua_State *L);
int engine_panic(lua_State *L);
int engine_ping(lua_State *L);
int engine_stats(lua_State *L);
int engine_meters(lua_State *L);
int engine_render(lua_State *L);
int engine_frame(lua_State *L);
int engine_now(lua_State *L);

/* tabor.open(options) and tabor.attach(id, options). */
int engine_open(lua_State *L);
int engine_attach(lua_State *L);
void engine_class(lua_State *L);

/* ------------------------------------------------------------ batches -- */

/* After TABOR_ERR_FULL while a batch is open: it is refused as a whole then. */
void batch_note_refused(lua_State *L, int index);

/* engine:batch(fn, ...) */
int engine_batch(lua_State *L);

/* ------------------------------------------------------------- events -- */

/* Take over all that the client has to tell; runs no handler. Voices know
 * from here on that they have ended. */
void events_pull(lua_State *L, int index);

/* Push the table of the Ended of the voice at index voice, which has ended;
 * every caller meets the same one. */
void events_push_ended(lua_State *L, int voice);

/* The engine is about to close: tell every voice that it ends here. */
void events_detach_voices(lua_State *L, int index);

/* Wait until the voice at index voice (0: any event) has come or gone.
 * timeout: seconds, or INFINITY. */
tabor_status events_wait(lua_State *L, int index, int voice, double timeout);

/* Answer a wait that ended with status. */
int events_return_missed(lua_State *L, int index, tabor_status status);

/* Run pending debug hooks, as a script's own instructions would: a wait in C
 * that calls this now and then can be interrupted. */
void events_let_hooks_run(lua_State *L);

/* Call the handlers for what was pulled. */
void events_tell(lua_State *L, int index);

/* Seconds, for deadlines. */
double events_clock(void);

void events_free(event_queue *queue);

int engine_poll(lua_State *L);
int engine_wait(lua_State *L);
int engine_on(lua_State *L);
int engine_off(lua_State *L);

/* ------------------------------------------------------------ samples -- */

enum {
    SAMPLE_ENGINE = 1,
    SAMPLE_PARENT /* of a slice */
};

/* A slice is a window on its parent: it has a handle of its own only to be
 * unloaded by itself. The parent is never a slice. */
typedef struct lua_sample {
    const object_kind *kind;
    lua_engine *engine;
    tabor_handle handle; /* 0 once unloaded */
    tabor_sample_info info;
    const struct lua_sample *parent; /* of a slice, else NULL */
    uint64_t first;                  /* a slice's first frame in its parent */
} lua_sample;

lua_sample *sample_check(lua_State *L, int index);

/* The handle to play; 0 if the sample, or a slice's parent, is unloaded. */
tabor_handle sample_handle(const lua_sample *s);

/* nil, a sentence, "closed". */
int sample_return_unloaded(lua_State *L, const lua_sample *s);

/* The engine at index is about to close: give all its samples back. */
void sample_release_all(lua_State *L, int index);

/* engine:load(source, options), engine:sample(name) */
int engine_load(lua_State *L);
int engine_sample(lua_State *L);
void sample_class(lua_State *L);

/* ------------------------------------------------------------- shapes -- */

/* Read the loop at index, true or {start, end}, in frames of the sample; a
 * slice is looped as a whole by true. */
void shape_read_loop(lua_State *L, int index, const lua_sample *s,
                     tabor_play_params *params);

/* Read the envelope at index: what tabor.adsr() takes, or gave. */
void shape_read_env(lua_State *L, int index, const lua_engine *e,
                    tabor_env *env);

/* Keep a play inside its slice; its offset is within it. */
void shape_clip(lua_State *L, const lua_sample *s, tabor_play_params *params);

/* tabor.adsr(options) */
int shape_adsr(lua_State *L);

/* ------------------------------------------------------------- voices -- */

enum {
    VOICE_ENGINE = 1
};

/* Made at every play, so it is kept small: with its header and one user value
 * it is what malloc gives and takes back quickest, up to 120 bytes. */
typedef struct lua_voice {
    const object_kind *kind;
    lua_engine *engine;
    tabor_handle handle; /* 0: dropped under on_full = "drop", has ended */
    union {
        struct {
            double rate, pitch; /* set() changes them together */
        } asked;                /* until it has ended */
        struct {
            uint64_t frame, started;
        } end; /* from then on */
    } is;
    uint64_t batch;     /* the number of the batch it was played in, or 0 */
    uint32_t late;      /* once it has ended */
    uint8_t reason;     /* likewise */
    uint8_t has_ended;  /* 1: nothing more comes of it */
    uint8_t never_sent; /* 1: it was in a batch that wasn't; then no end */
} lua_voice;

/* Push a Voice of the engine at index. */
lua_voice *voice_push(lua_State *L, int index, tabor_handle handle);

lua_voice *voice_check(lua_State *L, int index);

/* The engine's table of voices is indexed by the play slot, whose numbers are
 * few, and only where two of one slot are about by the whole handle. voices:
 * its index. find pushes the Voice and returns 1, or nil and returns 0;
 * remember takes the one on top, which is v and stays there. */
int voice_find(lua_State *L, int voices, tabor_handle handle);
void voice_remember(lua_State *L, int voices, const lua_voice *v);

/* Note how it ended. */
void voice_end(lua_voice *v, const tabor_event *ended);

/* A play that was never sent because of on_full = "drop": it ends now. */
void voice_mark_dropped(lua_voice *v);

/* A play of a batch, or of many, that was not sent. */
void voice_mark_never_sent(lua_voice *v);

/* Read what a stop takes, from index on. */
typedef struct voice_stop_times {
    uint32_t fade_frames;
    uint64_t at;
} voice_stop_times;
voice_stop_times voice_read_stop(lua_State *L, int index, const lua_engine *e);

/* Wait for the Ended of the voice at index voice and return it. */
int voice_wait_for(lua_State *L, int index, int voice, double timeout);

typedef struct play_options {
    double velocity, gain, pan, rate, pitch;
    double loop_fade;
    double at, offset, duration, fade_in, fade_out; /* seconds, NAN if not
                                                     * given */
    uint64_t at_frame;
    uint32_t tag, choke;
    int late, kernel;
    int loop, env; /* where on the stack, 0 if not given */
} play_options;

#define PLAY_OPTIONS                                                           \
    {                                                                          \
        1, 1, 0, 1, 0, 0, NAN, NAN, NAN, NAN, NAN, TABOR_ASAP, 0, 0,           \
            TABOR_LATE_PLAY, 0, 0, 0                                           \
    }

typedef struct play_command {
    tabor_handle sample;
    int is_plain; /* params are those of a play without any */
    tabor_play_params params;
    tabor_env env;      /* params.env may point here */
    tabor_handle voice; /* out */
} play_command;

/* What the options mean for a sample; a slice is not cut to its length yet. */
void play_apply(lua_State *L, const lua_sample *s, const play_options *o,
                play_command *c);

/* engine:play(sample, options), sample:play(options). */
int engine_play(lua_State *L);
int sample_play(lua_State *L);
void voice_class(lua_State *L);

/* The voices of one play_many(). */
typedef struct lua_voices {
    const object_kind *kind;
    lua_engine *engine;
    uint32_t count;
    int never_sent;
    uint64_t batch;          /* as a voice's */
    double rate, pitch;      /* of all; as asked for */
    double *rates, *pitches; /* of each, owned; NULL: see above */
    tabor_event *ends;       /* by row, owned */
    tabor_handle ids[];      /* 0: dropped */
} lua_voices;

/* Push room for count of them, of the engine at index. */
lua_voices *voices_push(lua_State *L, int index, uint32_t count);

/* They were sent: from now on their ends are told to them. */
void voices_listen(lua_State *L, int index, lua_voices *g);

/* A play has ended; none of a batch was sent; the engine closes. */
void voices_tell(lua_engine *e, const tabor_event *event);
void voices_abandon(lua_engine *e, uint64_t batch);
void voices_detach(lua_engine *e, const tabor_event *end);

/* engine:play_many(samples, options) */
int engine_play_many(lua_State *L);
void voices_class(lua_State *L);

/* ------------------------------------------------------------ devices -- */

/* tabor.drivers() and tabor.devices(driver). */
int devices_drivers(lua_State *L);
int devices_devices(lua_State *L);

/* tabor.kit() */
int module_kit(lua_State *L);

/* Open the module; leaves its table on the stack. */
TABOR_API int luaopen_tabor(lua_State *L);

/* What "kernel" may be, in the order of tabor_kernel. */
extern const char *const kernel_words[];

/* What "late" may be, in the order of tabor_late. */
extern const char *const late_words[];

#endif
