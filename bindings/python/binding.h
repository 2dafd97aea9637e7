/* SPDX-License-Identifier: MIT
 *
 * What the files of the Python module share.
 *
 * The module is thin: parse, call one tabor_ function, convert. Three rules
 * hold in all of its files:
 *
 *   The GIL is released around every [control] call and around no other. It
 *   guards every field below; the engine's own threads never see Python.
 *
 *   A call without the GIL stands between engine_leave() and engine_back(),
 *   which count it, so that close() in another thread can wait for its end.
 *
 *   Objects are made before a command is sent, so that nothing can fail after
 *   the engine has accepted it.
 */
#ifndef TABOR_PYTHON_BINDING_H
#define TABOR_PYTHON_BINDING_H

#include <Python.h>

#include <stddef.h>
#include <stdint.h>

#include <tabor/tabor.h>

/* ------------------------------------------------------------- calls -- */

/* The functions whose keywords are parsed by hand. */
typedef enum call_id {
    CALL_PLAY,
    CALL_PLAY_MANY,
    CALL_STOP,
    CALL_CANCEL,
    CALL_PING,
    CALL_RENDER,
    CALL_SAMPLE_PLAY,
    CALL_SAMPLE_UNLOAD,
    CALL_SAMPLE_SLICE,
    CALL_VOICE_STOP,
    CALL_VOICE_RELEASE,
    CALL_VOICE_SEEK,
    CALL_VOICE_SET,
    CALL_VOICE_WAIT,
    CALL_VOICES_STOP,
    CALL_ENV, /* no call: the attributes of an ADSR */
    CALL_COUNT
} call_id;

#define CALL_MAX_WORDS 21
#define CALL_GUESSES   64

/* The words of tabor_kernel from TABOR_KERNEL_LINEAR on. */
extern const char *const kernel_words[];

/* A function whose arguments come as a vector, and its place in a table. */
#define SCRIPT_CALL(name)                                                      \
    PyObject *name(PyObject *self, PyObject *const *args, Py_ssize_t count,    \
                   PyObject *names)
#define SCRIPT_METHOD(name, function, doc)                                     \
    {                                                                          \
        name, (PyCFunction)(void (*)(void))(function),                         \
            METH_FASTCALL | METH_KEYWORDS, PyDoc_STR(doc)                      \
    }

/* --------------------------------------------------------- the module -- */

/* Voices that were let go of and are made again; see voice_new(). */
#define VOICES_SPARE 128

typedef struct module_state {
    PyTypeObject *audio_type, *engine_type, *sample_type, *voice_type,
        *voices_type, *tempo_type, *view_type;

    /* Made by the package and handed over by _use(). */
    PyObject *audio_class;
    PyObject *ended, *late, *xrun, *pong, *device_lost, *device_back;

    PyObject *error, *device_error, *decode_error, *queue_full, *closed_error,
        *timed_out;

    /* Keyword names, interned: a keyword in a caller's source is the same
     * object, so that comparing pointers finds it. */
    PyObject *words[CALL_COUNT][CALL_MAX_WORDS];
    unsigned char guess[CALL_COUNT][CALL_GUESSES]; /* places, by address */

    struct voice_object *spare[VOICES_SPARE]; /* memory only, no objects */
    int spare_count;
} module_state;

/* ------------------------------------------------------------ objects -- */

struct engine_object;

/* One play. Final, so that its dealloc is ours and runs first: the engine
 * keeps a borrowed pointer to it. */
typedef struct voice_object {
    PyObject ob_base;
    struct engine_object *engine; /* owned; NULL once collected */
    PyObject *weak_list;
    tabor_handle handle;
    struct voices_object *group; /* owned: which it is one of, or NULL */
    uint32_t row;                /* of the group */
    char is_held;                /* in a batch that is open; a group's is its */
    char has_ended;
    char is_void;    /* has_ended, because its batch was never sent */
    tabor_event end; /* if has_ended and not is_void */
} voice_object;

/* The voices of one play_many(), or some of another one's: then whole has what
 * there is, and this is a view. A Voice is made when one is asked for; until
 * then its end is kept here. */
typedef struct voices_object {
    PyObject ob_base;
    struct engine_object *engine; /* owned; NULL once collected */
    PyObject *weak_list;
    struct voices_object *whole;   /* owned, or NULL */
    Py_ssize_t first, step, count; /* rows of whole, or of this one */
    tabor_handle *ids;   /* owned, by row like the next two; 0: dropped */
    voice_object **made; /* owned array of borrowed ones; or NULL: none yet */
    tabor_event *ends;   /* owned; or NULL: none yet */
    Py_ssize_t stride;   /* of ids, in bytes, for who looks at them */
    struct voices_object *before, *after; /* of the newcomers, if it is one */
    char is_newcomer;
    char is_held; /* in a batch that is open */
    char is_void; /* never sent */
} voices_object;

/* A sample of the engine, or a slice of one: then it has that one's handle and
 * its own length. */
typedef struct sample_object {
    PyObject ob_base;
    struct engine_object *engine; /* owned; NULL once collected */
    PyObject *weak_list;
    struct sample_object *whole; /* owned: what it is a slice of, or NULL */
    uint64_t first;              /* frame of whole, where the slice begins */
    tabor_handle handle;
    tabor_sample_info info;
    int is_unloaded;
} sample_object;

/* Values as the buffer protocol shows them; strides in bytes. */
typedef struct shown_values {
    const float *values;             /* borrowed from whoever shows them */
    Py_ssize_t shape[2], strides[2]; /* frames, channels */
} shown_values;

/* Sound in memory. Never changes once a script can see it, so that views need
 * no counting: each one keeps the object. */
typedef struct audio_object {
    PyObject ob_base;
    module_state *state;
    tabor_audio *audio; /* owned */
    shown_values shown;
} audio_object;

/* A sample's memory, or a slice's part of it, for one buffer: neither unload()
 * nor close() takes it away. */
typedef struct view_object {
    PyObject ob_base;
    const tabor_view *view; /* owned */
    shown_values shown;
} view_object;

typedef enum on_full {
    ON_FULL_RAISE,
    ON_FULL_WAIT,
    ON_FULL_DROP
} on_full;

/* An event that has been read from the ring but not yet been delivered. */
typedef struct queued_event {
    tabor_event event;
    PyObject *voice; /* owned: a Voice or a Voices; NULL if nobody held it */
    uint32_t row;    /* of the Voices */
} queued_event;

/* Who is to be told of a play's end: a Voice, or a Voices and the row of it.
 * Borrowed; their dealloc clears it. */
typedef struct listener {
    PyObject *who;
    uint32_t row;
} listener;

/* Those whose play slot was taken again before the event of its end had been
 * read; in the order of these events. */
typedef struct listener_queue {
    listener *slots;
    size_t size, first, count;
} listener_queue;

/* Voices that are not in the table of listeners yet, in the order in which
 * they were played. Borrowed likewise. */
typedef struct newcomers {
    struct voices_object *first, *last;
} newcomers;

/* Oldest first, in a circle. Keeps the newest QUEUE_MOST, as the client does
 * for who never reads. */
#define QUEUE_MOST 65536u
typedef struct event_queue {
    queued_event *slots;
    size_t size, first, count;
    uint64_t lost;
} event_queue;

typedef struct engine_object {
    PyObject ob_base;
    PyObject *module; /* owned until dealloc: voices give memory back to it */
    module_state *state;
    tabor_engine *engine; /* owned; NULL once closed */
    tabor_client *client; /* owned; NULL once closed */
    PyObject *driver, *device, *warning;
    PyObject *hook; /* owned: called when events were read; or NULL */
    uint32_t id, rate, channels, block;
    char is_pumped; /* T_BOOL */
    on_full on_full;
    unsigned forks;  /* module_forks at open: a child has no engine */
    int is_closed;   /* or about to be: no new calls */
    int calls;       /* under way without the GIL */
    PyObject *batch; /* owned: the voices of the open batch, or NULL */
    unsigned long batch_thread; /* which opened it */
    int batch_lacks;            /* a command of it was dropped */
    uint64_t last_frame;        /* once closed */
    float last_gain;            /* once closed */
    listener *sounding;         /* by play slot */
    listener_queue overtaken;
    newcomers newcomers;
    event_queue queue;
    int signal_fd, epoll_fd;    /* -1 until fileno() is asked for */
    uint64_t stamp;             /* a clock's logical time, as a frame */
    unsigned long stamp_thread; /* for whose commands; 0: nobody's */
    PyObject *stamp_hook;       /* owned: told what was late; or NULL */
    PyObject *pace; /* owned: called before each step of a render; or NULL */
    PyObject *idle; /* owned: called by who waits on a pumped one; or NULL */
} engine_object;

/* ------------------------------------------------------------ _tabor.c -- */

int module_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **type);

/* How often this process and those it comes from have forked. */
extern unsigned module_forks;

/* The module behind one of our types, or of a class derived from it: borrowed;
 * and its state. A collector may take the module before the last object. */
PyObject *module_of(PyTypeObject *type);
module_state *module_state_of(PyTypeObject *type);

/* ------------------------------------------------------------ errors.c -- */

int errors_add(PyObject *module);

/* Raise what a status means. Returns NULL, for the caller to return. */
PyObject *raise_status(module_state *state, tabor_status status);

/* The same for a call that was to read a file, and for one that was to write
 * it; path: what the script gave. */
PyObject *raise_read_status(module_state *state, tabor_status status,
                            PyObject *path);
PyObject *raise_write_status(module_state *state, tabor_status status,
                             PyObject *path);

/* ------------------------------------------------------------- calls.c -- */

int calls_intern(module_state *state);

/* Sort positional and keyword arguments into values, in the order of the
 * call's word list; those not given become NULL. Returns -1 if raised.
 *
 * count   how many of args are positional
 * values  out: CALL_MAX_WORDS, borrowed
 */
int call_sort(module_state *state, call_id call, PyObject *const *args,
              Py_ssize_t count, PyObject *names, PyObject **values);

/* The same one by one. call_count() looks at how many came without a name and
 * returns -1 if raised; call_word() is a name's place in the call's word list,
 * or -1 if raised. */
int call_count(call_id call, Py_ssize_t count);
int call_word(module_state *state, call_id call, PyObject *name);
int call_raise_twice(call_id call, PyObject *name);

/* Converters: value is one argument, or NULL if not given, which leaves out
 * as it is; word names it in errors. They return -1 if raised. */
int number_from(PyObject *value, const char *word, double *out);
int whole_from(PyObject *value, const char *word, uint64_t most, uint64_t *out);
int u32_from(PyObject *value, const char *word, uint32_t *out);
int frame_from(PyObject *value, const char *word, uint64_t *out);
int frames_from_seconds(PyObject *value, const char *word, uint32_t rate,
                        uint64_t *out);
int ramp_from_seconds(PyObject *value, const char *word, uint32_t rate,
                      uint32_t *out);

/* One of words (NULL-terminated), as its index. */
int choice_from(PyObject *value, const char *word, const char *const *words,
                int *out);

/* "word must be wanted, not <the value's type>". Returns -1. */
int raise_type(PyObject *value, const char *word, const char *wanted);

/* at= and at_frame=, of which at most one may be given. */
int time_from(PyObject *at, PyObject *at_frame, uint32_t rate, uint64_t *out);

/* The same by other words: pair is the seconds and the frame. */
int time_named(PyObject *const *pair, const char *word, const char *frame_word,
               uint32_t rate, uint64_t *out);

/* None counts as "not given". */
PyObject *none_to_null(PyObject *value);

/* ------------------------------------------------------------ engine.c -- */

PyObject *engine_new(PyTypeObject *type, PyObject *args, PyObject *names);
PyObject *engine_close(PyObject *self, PyObject *unused);
int engine_traverse(PyObject *object, visitproc visit, void *arg);
int engine_clear(PyObject *object);
void engine_finalize(PyObject *object);
void engine_dealloc(PyObject *object);

/* Is it the parent's? Its threads and locks are not here then. */
static inline int
engine_is_forked(const engine_object *engine)
{
    return engine->forks != module_forks;
}

/* Raise ClosedError, because it is closed or forked. Returns -1. */
int engine_raise_closed(const engine_object *engine);

/* Returns 0 if it is neither, else -1 and has raised. */
static inline int
engine_check(const engine_object *engine)
{
    return engine->is_closed || engine_is_forked(engine)
               ? engine_raise_closed(engine)
               : 0;
}

/* Does time move by itself, or is there somebody who moves it for those who
 * wait? */
static inline int
engine_moves(const engine_object *engine)
{
    return !engine->is_pumped || (engine->idle && engine->idle != Py_None);
}

/* Give the GIL away for a [control] call, and take it back. */
PyThreadState *engine_leave(engine_object *engine);
void engine_back(engine_object *engine, PyThreadState *thread);

/* Wait one slice of at most limit_ns for an event, then look after signals.
 * Returns 1 if there is one, 0 if not yet, -1 if raised. */
int engine_wait_slice(engine_object *engine, uint64_t limit_ns);

/* The time that a wait may still take. */
#define NO_DEADLINE UINT64_MAX
uint64_t monotonic_ns(void);
int deadline_from(PyObject *timeout, uint64_t *deadline_ns);
uint64_t slice_ns(uint64_t deadline_ns);

/* ------------------------------------------------------- engine_type.c -- */

int engine_add_type(PyObject *module);

/* ---------------------------------------------------------- commands.c -- */

SCRIPT_CALL(engine_stop);
SCRIPT_CALL(engine_cancel);
SCRIPT_CALL(engine_ping);
PyObject *engine_panic(PyObject *self, PyObject *unused);
int engine_set_gain(PyObject *self, PyObject *value, void *unused);

typedef tabor_status (*send_function)(tabor_client *client, void *command);

/* raise_status(), returning -1. */
int engine_raise(engine_object *engine, tabor_status status);

/* Wait one slice for room: for that many commands, or for the open batch if
 * needed is 0. Returns 1 to try again, -1 if raised. */
int engine_wait_for_room(engine_object *engine, uint32_t needed);

/* Send a command as the engine's on_full says.
 *
 * Returns 1 if it was accepted; 0 if not, with the status in why: FULL (it was
 * dropped) or STALE; -1 if raised.
 */
int engine_send(engine_object *engine, send_function send, void *command,
                tabor_status *why);

/* The same for a command that was sent once and got status. */
int engine_send_again(engine_object *engine, send_function send, void *command,
                      tabor_status status, tabor_status *why);

/* After TABOR_ERR_FULL: wait for room if on_full says so. Returns 1 to try
 * again, 0 to drop, -1 if raised. */
int engine_full(engine_object *engine);

/* ------------------------------------------------------------- stamp.c -- */

PyObject *engine_stamp(PyObject *self, PyObject *frame);

/* If at is "now" and a clock's task is calling, make it the task's time.
 * Returns -1 if raised. */
int stamp_time(engine_object *engine, uint64_t *at);

static inline int
stamp_at(engine_object *engine, uint64_t *at)
{
    return engine->stamp_thread ? stamp_time(engine, at) : 0;
}

/* Tell the clock, if its task is calling, that a command was refused. Returns
 * -1 if raised. */
int stamp_refused(engine_object *engine);

/* ------------------------------------------------------------- tempo.c -- */

int tempo_add_type(PyObject *module);

/* -------------------------------------------------------------- play.c -- */

SCRIPT_CALL(engine_play);
SCRIPT_CALL(sample_play);

/* The order of CALL_PLAY's and CALL_PLAY_MANY's words. */
enum {
    PLAY_SAMPLE,
    PLAY_VELOCITY,
    PLAY_GAIN,
    PLAY_PAN,
    PLAY_RATE,
    PLAY_PITCH,
    PLAY_AT,
    PLAY_AT_FRAME,
    PLAY_OFFSET,
    PLAY_DURATION,
    PLAY_LOOP,
    PLAY_LOOP_FADE,
    PLAY_FADE_IN,
    PLAY_FADE_OUT,
    PLAY_ENV,
    PLAY_CHOKE,
    PLAY_LATE,
    PLAY_TAG,
    PLAY_KERNEL,
    PLAY_COUNT /* of play_many() only */
};

/* What a play's options are made into; params.env points to env. */
typedef struct play_options {
    tabor_play_params params;
    tabor_env env;
} play_options;

/* Convert one option, but for the time. Returns -1 if raised. */
int play_option(const engine_object *engine, PyObject *value, int which,
                play_options *options);

/* From frames of the slice to frames of the sample that it is cut from.
 * Returns -1 if raised. */
int play_shift(const sample_object *slice, tabor_play_params *p);

/* Is it a sample of this engine? Returns -1 if raised; call: for the error. */
int play_check_sample(const engine_object *engine, PyObject *object,
                      const char *call);

/* -------------------------------------------------------------- many.c -- */

SCRIPT_CALL(engine_play_many);

/* ------------------------------------------------------------ column.c -- */

/* Is it numbers, one for each play, and not one for all? */
int column_is(PyObject *value);

/* How many numbers. Returns -1 if raised. */
Py_ssize_t column_length(PyObject *value, const char *word);

/* A column that is shown where it lies, or has been copied. */
typedef struct shown_column {
    Py_buffer view; /* its obj is NULL if it was copied */
    void *copy;     /* or NULL */
} shown_column;

/* So many numbers, or NULL if raised; they stay until column_release(). */
const double *column_numbers(PyObject *value, const char *word,
                             Py_ssize_t count, shown_column *column);
void column_release(shown_column *column);

/* The same for what is made of them: owned by the caller, PyMem_Free().
 * Seconds become frames at a rate. */
uint64_t *column_frames(PyObject *value, const char *word, Py_ssize_t count,
                        uint32_t rate);
uint64_t *column_wholes(PyObject *value, const char *word, Py_ssize_t count,
                        uint64_t most);

/* ------------------------------------------------------------- batch.c -- */

PyObject *engine_batch_begin(PyObject *self, PyObject *unused);
PyObject *engine_batch_commit(PyObject *self, PyObject *unused);
PyObject *engine_batch_abandon(PyObject *self, PyObject *unused);

/* Note a Voice, or a Voices, that is about to be played into the open batch.
 * is_held: its own, set. */
int batch_hold(engine_object *engine, PyObject *object, char *is_held);

/* engine_full() for a command of the open batch: to drop one is to drop all of
 * them. */
int batch_full(engine_object *engine);

/* Forget the open batch, if there is one. Keeps a raised error. */
void batch_abandon(engine_object *engine);

/* Does the voice wait for a batch that this very thread will send? */
int batch_is_ours(const voice_object *voice);

/* ------------------------------------------------------------ render.c -- */

SCRIPT_CALL(engine_render);
PyObject *engine_stats(PyObject *self, PyObject *unused);
PyObject *engine_meters(PyObject *self, PyObject *unused);

/* ------------------------------------------------------------ events.c -- */

PyObject *engine_read_events(PyObject *self, PyObject *unused);
PyObject *engine_pull_events(PyObject *self, PyObject *unused);
PyObject *engine_await(PyObject *self, PyObject *timeout);
PyObject *engine_fileno(PyObject *self, PyObject *unused);
PyObject *engine_ring_fileno(PyObject *self, PyObject *unused);
PyObject *engine_mark(PyObject *self, PyObject *unused);

/* Read all events from the ring into the queue and tell their voices. */
void engine_pull(engine_object *engine);

/* The same from a client that the engine has already let go of. */
void engine_pull_from(engine_object *engine, tabor_client *client);

/* The Ended of a voice that has one. */
PyObject *event_ended(module_state *state, const tabor_event *event,
                      PyObject *voice);

int queue_traverse(const event_queue *queue, visitproc visit, void *arg);
void queue_clear(event_queue *queue);

/* ---------------------------------------------------------- listener.c -- */

/* Name who is to hear of a play's end, or of those of all its plays; forget
 * them, and forget one. */
void listen_voice(engine_object *engine, voice_object *voice);
void listen_voices(engine_object *engine, voices_object *whole);
void listen_voices_no_more(engine_object *engine, voices_object *whole);
void listen_no_more(engine_object *engine, tabor_handle handle,
                    const PyObject *who);

/* Tell who listens of an end, and let it listen no more. Returns it, owned, or
 * NULL; row: out, if it is a Voices. */
PyObject *listener_tell(engine_object *engine, const tabor_event *event,
                        uint32_t *row);

/* End every voice that is still known, as "detached". */
void listeners_detach(engine_object *engine, uint64_t frame);

/* ------------------------------------------------------------ voices.c -- */

int voices_add_type(PyObject *module);

/* Room for count of them, whose ids are to be filled. */
voices_object *voices_new(engine_object *engine, Py_ssize_t count);

/* The Voice of a row of a whole one; owned, or NULL if raised. */
PyObject *voices_get(voices_object *whole, Py_ssize_t row);

/* A whole one's row has ended; none of it was ever sent. */
void voices_end(voices_object *whole, uint32_t row, const tabor_event *event);
void voices_never(voices_object *whole);

/* ------------------------------------------------------------- voice.c -- */

int voice_add_type(PyObject *module);
voice_object *voice_new(engine_object *engine);

/* Free the memory that is kept for voices to come. */
void voice_free_spare(module_state *state);

/* ------------------------------------------------------------ sample.c -- */

int sample_add_type(PyObject *module);
PyObject *engine_load_path(PyObject *self, PyObject *args);
PyObject *engine_find(PyObject *self, PyObject *name);
PyObject *engine_load_audio(PyObject *self, PyObject *args);

/* ------------------------------------------------------------- audio.c -- */

int audio_add_type(PyObject *module);

/* Takes audio over, also if it fails. */
PyObject *audio_wrap(module_state *state, tabor_audio *audio);

PyObject *module_read(PyObject *module, PyObject *args, PyObject *names);
PyObject *module_replay(PyObject *module, PyObject *path);

/* -------------------------------------------------------------- view.c -- */

int view_add_type(PyObject *module);

/* An object that shows frames of a view from first on.  view: given away, also
 * if it fails. */
view_object *view_wrap(module_state *state, const tabor_view *view,
                       uint64_t first, uint64_t frames);

/* Answer who asks for a buffer of owner. Returns -1 if raised, then view->obj
 * is as it was. */
int shown_fill(shown_values *shown, PyObject *owner, int flags,
               Py_buffer *view);

/* A list of (least, greatest), count of them, for a picture. */
PyObject *shown_peaks(const shown_values *shown, PyObject *count);

/* ------------------------------------------------------------ buffer.c -- */

/* Copy what an object shows through the buffer protocol.
 * audio: out, owned. Returns -1 if raised. */
int audio_from_buffer(module_state *state, PyObject *source, uint32_t rate,
                      tabor_audio **audio);

/* ----------------------------------------------------------- devices.c -- */

PyObject *module_drivers(PyObject *module, PyObject *unused);
PyObject *module_devices(PyObject *module, PyObject *driver);

#endif
