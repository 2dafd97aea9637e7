/* SPDX-License-Identifier: MIT
 *
 * Tabor: an audio host that scripts play.
 *
 * A program opens one engine, one client for each thread that sends, loads
 * samples and plays them. Commands travel to the audio thread over the
 * client's own ring; events come back over another and are read with
 * tabor_poll(). Nothing here ever calls into the caller's code, and nothing
 * the caller does can make the audio thread wait.
 *
 * Thread marks, one on each function:
 *   [control]  may allocate, lock and wait; any thread but the audio thread
 *   [client]   never waits; calls on one client are serialised by its mutex
 *   [any]      any thread, never waits
 *
 * Failures return a tabor_status; tabor_error() then holds a sentence that
 * names the culprit and the cure. Outputs are written only on success.
 */
#ifndef TABOR_TABOR_H
#define TABOR_TABOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TABOR_API __attribute__((visibility("default")))
#else
#define TABOR_API
#endif

/* Limits. Each is enforced with an error that names it. */
#define TABOR_MAX_CHANNELS  64
#define TABOR_MIN_RATE      4000
#define TABOR_MAX_RATE      768000
#define TABOR_MAX_BLOCK     8192
#define TABOR_MAX_PERIOD_MS 250
#define TABOR_MAX_CLIENTS   16
#define TABOR_MAX_SAMPLES   8192
#define TABOR_MAX_VOICES    16384
#define TABOR_MAX_GAIN      16.0f
#define TABOR_MAX_STEP      64.0 /* rate times pitch; the least is 1/1024 */
#define TABOR_MIN_QUEUE     64
#define TABOR_MAX_QUEUE     65536
#define TABOR_MAX_DECODED   (512ull << 20) /* bytes of float32 a sample */
#define TABOR_MAX_FILE      (1ull << 30)   /* bytes */

/* What decoding a file may take, unless the file is trusted. */
#define TABOR_MAX_DECODE_CPU_S 20
#define TABOR_MAX_DECODE_MS    60000

/* X(name, number, words) */
#define TABOR_STATUS_LIST(X)                                                   \
    X(OK, 0, "no error")                                                       \
    X(ERR_INVALID, 1, "invalid argument")                                      \
    X(ERR_NO_MEMORY, 2, "out of memory")                                       \
    X(ERR_FULL, 3, "queue full")                                               \
    X(ERR_CLOSED, 4, "closed")                                                 \
    X(ERR_DEVICE, 5, "audio device failed")                                    \
    X(ERR_DECODE, 6, "sound file not readable")                                \
    X(ERR_MISSING, 7, "file not found")                                        \
    X(ERR_IO, 8, "reading or writing failed")                                  \
    X(ERR_LIMIT, 9, "limit exceeded")                                          \
    X(ERR_STALE, 10, "handle no longer valid")                                 \
    X(ERR_TIMEOUT, 11, "timed out")                                            \
    X(ERR_FORKED, 12, "engine belongs to the parent process")

typedef enum tabor_status {
#define X(name, number, words) TABOR_##name = (number),
    TABOR_STATUS_LIST(X)
#undef X
} tabor_status;

/* Kind 8 | owner 8 | slot 16 | generation 32. 0 names nothing. A handle that
 * has outlived its object is harmless: calls answer TABOR_ERR_STALE. */
typedef uint64_t tabor_handle;

typedef struct tabor_engine tabor_engine;
typedef struct tabor_client tabor_client;

#define TABOR_ASAP     UINT64_MAX /* "now": the next block's first frame */
#define TABOR_NO_FRAME UINT64_MAX /* an event that has no such frame */
#define TABOR_TO_END   UINT64_MAX /* a duration: up to the sample's end */

/* A fade_in or fade_out: 5 ms, or less if the play is shorter, if it starts or
 * ends in mid-sample, as an offset, a length and a late start make it do; else
 * none. */
#define TABOR_FADE_AUTO UINT32_MAX

/* ------------------------------------------------------------ library -- */

TABOR_API const char *tabor_version(void);

/* The status in a word or two, for example "queue full".  [any] */
TABOR_API const char *tabor_status_text(tabor_status status);

/* What the calling thread's last failed call has to say.  [any]
 *
 * Borrowed until the same thread's next failure. Never NULL.
 */
TABOR_API const char *tabor_error(void);

/* Which room was missing at the calling thread's last TABOR_ERR_FULL.  [any]
 *
 * which   "queue" (ring slots), "schedule" (pending commands), "batch",
 *         "plays" (plays that have not ended), "samples" or "pings"
 */
typedef struct tabor_full {
    uint32_t needed, free;
    const char *which;
} tabor_full;
TABOR_API tabor_full tabor_full_info(void);

/* The member of words (NULL-terminated) that is spelt most like word, or NULL
 * if none is near: for "did you mean".  [any] */
TABOR_API const char *tabor_nearest(const char *word, const char *const *words);

/* Seconds to frames, rounded to the nearest.  [any]
 *
 * TABOR_ERR_INVALID  negative, NaN, infinite or past 2^53 frames
 */
TABOR_API tabor_status tabor_seconds_to_frames(double seconds, uint32_t rate,
                                               uint64_t *frames);

/* The folder of the sounds that come with Tabor: $TABOR_KIT_DIR, else the
 * installed one.  [any] Borrowed for ever. */
TABOR_API const char *tabor_kit_dir(void);

/* The checker that "tabor torture" preloads: $TABOR_GUARD, else the installed
 * one; there is none for other machines than x86-64 Linux with glibc.  [any]
 * Borrowed for ever. */
TABOR_API const char *tabor_guard_path(void);

/* The library with which another language runs Lua beside itself: $TABOR_LUA,
 * else the installed one, if Tabor was built with Lua.  [any] Borrowed for
 * ever. */
TABOR_API const char *tabor_lua_path(void);

/* -------------------------------------------------------------- audio -- */

/* Sound in memory, on the caller's side.
 *
 * values  frames × channels, interleaved, float32; owned by the struct
 */
typedef struct tabor_audio {
    float *values;
    uint64_t frames;
    uint32_t channels, rate;
    uint64_t loop_start, loop_end; /* the file's own loop; end 0 = none */
} tabor_audio;

typedef enum tabor_format {
    TABOR_INT16,
    TABOR_INT32,
    TABOR_FLOAT32,
    TABOR_FLOAT64
} tabor_format;

/* Silence of a given shape.  [control]  audio: owned. */
TABOR_API tabor_status tabor_audio_new(uint64_t frames, uint32_t channels,
                                       uint32_t rate, tabor_audio **audio);

/* Copy values of any format.  [control]
 *
 * values  frames × channels, interleaved; integers are scaled to [-1, 1)
 * audio   out, owned
 *
 * TABOR_ERR_INVALID  a value is NaN or infinite (the error tells which)
 * TABOR_ERR_LIMIT    channels, rate or size past the limits above
 */
TABOR_API tabor_status tabor_audio_from_values(const void *values,
                                               tabor_format format,
                                               uint64_t frames,
                                               uint32_t channels, uint32_t rate,
                                               tabor_audio **audio);

/* Decode a sound file at its own rate: WAV (RIFF, RIFX, RF64), AIFF, AIFC,
 * FLAC, Ogg Vorbis, Opus or MP3, told by its content.  [control]
 *
 * Decoded in a process of its own that can do nothing but decode: a file that
 * crashes a decoder is an error. NaN and infinity in the file become 0. A link
 * to a regular file is followed.
 * audio   out, owned
 *
 * TABOR_ERR_MISSING  no such file
 * TABOR_ERR_IO       no permission, a directory, a device, a FIFO; no process
 *                    to be had
 * TABOR_ERR_DECODE   not a sound file, damaged or truncated; the decoder
 *                    crashed on it, was killed, or can't be run
 * TABOR_ERR_LIMIT    past the limits above
 */
TABOR_API tabor_status tabor_audio_read(const char *path, tabor_audio **audio);

/* Fill with TABOR_READ and change what you need. */
typedef struct tabor_read_params {
    uint32_t struct_size;
    uint32_t rate; /* to resample to; 0 = the file's own */
    int trusted;   /* 1: decode in this process. Faster; a file made to harm
                    * the decoder then harms the program */
} tabor_read_params;

#define TABOR_READ                                                             \
    {                                                                          \
        sizeof(tabor_read_params), 0, 0                                        \
    }

/* The same at another rate, or from a file that is trusted.  [control]
 * params  copied; NULL = TABOR_READ */
TABOR_API tabor_status tabor_audio_read_as(const char *path,
                                           const tabor_read_params *params,
                                           tabor_audio **audio);

/* Write a sound file; its ending chooses the format.  [control]
 *
 * .wav and .aiff hold float32, exactly; .flac 24 bit, dithered; .ogg Vorbis.
 * The same values give the same bytes. Written beside the target and renamed
 * when complete, so a half file never carries the final name.
 */
TABOR_API tabor_status tabor_audio_save(const tabor_audio *audio,
                                        const char *path);

/* Fill with TABOR_SAVE and change what you need. */
typedef struct tabor_save_params {
    uint32_t struct_size;
    uint32_t bits; /* of a value: 16, 24, or 32 for float; 0 = by the ending */
    int dither;    /* 1: dither what becomes 16 or 24 bits, 0: only round it */
} tabor_save_params;

#define TABOR_SAVE                                                             \
    {                                                                          \
        sizeof(tabor_save_params), 0, 1                                        \
    }

/* The same with so many bits. .wav and .aiff hold 16, 24 or 32, .flac 16 or
 * 24; .ogg has none.  [control]
 *
 * 16 and 24 bits are signed integers, 1 is one step above the highest and
 * becomes that. Dither is triangular noise of plus and minus one step; with
 * the audio of a take it gives the bytes that a device of as many bits was
 * given.
 *
 * params  copied; NULL = TABOR_SAVE
 *
 * TABOR_ERR_INVALID  an ending that is no format, bits that it can't hold
 * TABOR_ERR_MISSING  no such folder
 * TABOR_ERR_IO       no permission, a full disk, not a regular file
 */
TABOR_API tabor_status tabor_audio_save_as(const tabor_audio *audio,
                                           const char *path,
                                           const tabor_save_params *params);

/* A copy at another rate (libsoxr, very high quality).  [control]
 * resampled: out, owned. */
TABOR_API tabor_status tabor_audio_resample(const tabor_audio *audio,
                                            uint32_t rate,
                                            tabor_audio **resampled);

/* Takes NULL. */
TABOR_API void tabor_audio_free(tabor_audio *audio);

/* ------------------------------------------------------------ drivers -- */

typedef struct tabor_driver_info {
    const char *name, *title;
    int available;       /* 1 if a stream could be opened now */
    const char *why;     /* if not: the reason; else "" */
    const char *options; /* a line each: "name=values (default): what it is" */
} tabor_driver_info;

typedef struct tabor_device_info {
    const char *driver, *name;
    uint32_t inputs, outputs; /* channels */
    const uint32_t *rates;    /* frames per second, rate_count of them */
    size_t rate_count;
    int is_default;
} tabor_device_info;

/* Tell each driver there is, the preferred first.  [control]
 * Everything given to found is borrowed for the call. */
TABOR_API tabor_status tabor_drivers_list(
    void (*found)(void *user, const tabor_driver_info *driver), void *user);

/* Tell each device of one driver, or of all (driver NULL), asked afresh.
 * [control]  TABOR_ERR_DEVICE: no such driver, or it can't be loaded. */
TABOR_API tabor_status tabor_devices_list(
    const char *driver,
    void (*found)(void *user, const tabor_device_info *device), void *user);

/* ------------------------------------------------------------- engine -- */

typedef struct tabor_setting {
    const char *key, *value;
} tabor_setting;

/* How a sample is read between its frames. At rate 1 it is copied, bit for
 * bit, whatever is chosen; pitched up, the sincs keep what would fold 80 dB
 * down. Noise of a 10 kHz tone at rate 1.06: linear -22 dB, sinc16 -93,
 * sinc32 -106. */
typedef enum tabor_kernel {
    TABOR_KERNEL_DEFAULT, /* of an engine: sinc16; of a play: the engine's */
    TABOR_KERNEL_LINEAR,
    TABOR_KERNEL_SINC16,
    TABOR_KERNEL_SINC32
} tabor_kernel;

/* Fill with TABOR_ENGINE_CONFIG and change what you need. */
typedef struct tabor_engine_config {
    uint32_t struct_size;
    uint32_t rate, channels, block, voices;
    const char *driver; /* a driver's name, or "auto" */
    const char *device; /* the driver's name for it, NULL = its default */
    const char *log;    /* a file for the take, see tabor_replay(); or NULL */
    int limiter;   /* 1: bend what is above 0.75 so that it stays below 1 */
    int wake_poll; /* 1: no wake-up call on the audio thread */
    size_t setting_count;
    const tabor_setting *settings; /* the driver's own options */
    tabor_kernel kernel;           /* of plays that name none */
    int dither; /* 1: dither what a device takes as integers */
} tabor_engine_config;

#define TABOR_ENGINE_CONFIG                                                    \
    {                                                                          \
        sizeof(tabor_engine_config), 48000, 2, 256, 256, "auto", NULL, NULL,   \
            0, 0, 0, NULL, TABOR_KERNEL_DEFAULT, 1                             \
    }

typedef struct tabor_engine_info {
    uint32_t id; /* names the engine to tabor_engine_attach() */
    uint32_t rate, channels, block, voices;
    int pumped;          /* 1: tabor_engine_render() drives it (offline) */
    const char *driver;  /* borrowed while the engine is open */
    const char *device;  /* likewise */
    const char *warning; /* what "auto" had to say, or "" */
} tabor_engine_info;

/* Open a driver and start rendering.  [control]
 *
 * "auto" takes $TABOR_DRIVER, else the first audible driver that opens, else
 * null with a warning in tabor_engine_info.
 * engine  out, owned: one tabor_engine_close() each
 *
 * $TABOR_SIMD forces a level of SIMD: scalar, sse2, avx2, avx512 or neon; they
 * differ in speed only.
 *
 * TABOR_ERR_INVALID  unknown driver, option or $TABOR_SIMD, a number out of
 *                    range
 * TABOR_ERR_DEVICE   the named driver did not open; tabor_error() tells why
 */
TABOR_API tabor_status tabor_engine_open(const tabor_engine_config *config,
                                         tabor_engine **engine);

/* Another reference to an engine of this process, by its id.  [control]
 * TABOR_ERR_CLOSED: there is none. */
TABOR_API tabor_status tabor_engine_attach(uint32_t id, tabor_engine **engine);

/* Give one reference back; the last one stops the driver. The engine is closed
 * whatever is returned.  [control]
 *
 * Waits at most two seconds for a driver that hangs, then leaves it behind.
 * Clients that are still open stay valid and answer TABOR_ERR_CLOSED. Takes
 * NULL.
 *
 * TABOR_ERR_IO      the take is not complete, and so not under its name
 * TABOR_ERR_DEVICE  the driver hangs and was left behind
 */
TABOR_API tabor_status tabor_engine_close(tabor_engine *engine);

TABOR_API void tabor_engine_get_info(const tabor_engine *engine,
                                     tabor_engine_info *info);

/* Frames rendered since the engine opened.  [any] */
TABOR_API uint64_t tabor_engine_frame(const tabor_engine *engine);

/* A moment at which both clocks were read.  [any]
 *
 * monotonic_ns  CLOCK_MONOTONIC when the block that begins at frame was asked
 *               for; 0 under offline
 * epoch         counts the device's losses and returns
 */
typedef struct tabor_clock {
    uint64_t frame, monotonic_ns;
    uint32_t rate, latency_frames, epoch;
} tabor_clock;
TABOR_API void tabor_engine_get_clock(const tabor_engine *engine,
                                      tabor_clock *clock);

/* Render the next frames; only where info.pumped is 1.  [control]
 *
 * out  frames × channels values, interleaved
 */
TABOR_API tabor_status tabor_engine_render(tabor_engine *engine,
                                           uint64_t frames, float *out);

/* What one output channel has had, after master volume and limiter. */
typedef struct tabor_meter {
    double peak;      /* largest size since this was last asked */
    double rms;       /* root of the mean square since then */
    uint64_t clipped; /* values above 1 in size since the engine opened */
} tabor_meter;

/* Look at the first count output channels; the looks of all callers share what
 * "last" means.  [any]  meters: out, count of them */
TABOR_API void tabor_engine_meters(tabor_engine *engine, tabor_meter *meters,
                                   uint32_t count);

/* Every voice of every client off at once, every scheduled play withdrawn.
 * Can't fail; a signal handler may call it.  [any] */
TABOR_API void tabor_engine_panic(tabor_engine *engine);

/* Master volume as last asked for.  [any] */
TABOR_API float tabor_engine_gain(const tabor_engine *engine);

/* Render a take: the commands that an engine opened with config.log carried
 * out, on the frames on which it did, with its samples. Gives the bytes that
 * it gave.  [control]
 *
 * audio   out, owned
 *
 * TABOR_ERR_MISSING, TABOR_ERR_IO
 * TABOR_ERR_DECODE  not a take, of another version, damaged or not complete
 */
TABOR_API tabor_status tabor_replay(const char *path, tabor_audio **audio);

/* The same, but give up when go_on(user) returns 0; it is asked about once a
 * second of sound, on this thread.  [control]
 *
 * TABOR_ERR_TIMEOUT  it did
 */
TABOR_API tabor_status tabor_replay_while(const char *path,
                                          int (*go_on)(void *user), void *user,
                                          tabor_audio **audio);

/* ------------------------------------------------------------- client -- */

typedef struct tabor_client_config {
    uint32_t struct_size;
    uint32_t queue; /* ring slots, a power of two, 64 to 65,536 */
    uint32_t plays; /* plays that may be alive at once; 0 = by the voices */
} tabor_client_config;

#define TABOR_CLIENT_CONFIG                                                    \
    {                                                                          \
        sizeof(tabor_client_config), 1024, 0                                   \
    }

/* Connect one producer.  [control]
 *
 * client  out, owned
 *
 * TABOR_ERR_LIMIT  16 clients are connected already
 */
TABOR_API tabor_status tabor_client_open(tabor_engine *engine,
                                         const tabor_client_config *config,
                                         tabor_client **client);

/* Disconnect: what still sounds fades within 20 ms, scheduled plays are
 * withdrawn, unread events are gone.  [control] Takes NULL. */
TABOR_API void tabor_client_close(tabor_client *client);

/* ------------------------------------------------------------ samples -- */

/* Decode, resample to the engine's rate, announce to the audio thread.
 * [control]
 *
 * name    copied; NULL = the file's name without folder and ending
 * sample  out: lives until tabor_sample_unload() or tabor_sample_release()
 *
 * Errors: those of tabor_audio_read(), and
 * TABOR_ERR_FULL  no slot in the sample table, or in the queue
 */
TABOR_API tabor_status tabor_sample_load(tabor_client *client, const char *path,
                                         const char *name,
                                         tabor_handle *sample);

/* The same from a file that may be trusted; the rate is the engine's, whatever
 * params says.  [control]  params: copied; NULL = TABOR_READ */
TABOR_API tabor_status tabor_sample_load_as(tabor_client *client,
                                            const char *path, const char *name,
                                            const tabor_read_params *params,
                                            tabor_handle *sample);

/* The same from memory; audio is copied. */
TABOR_API tabor_status tabor_sample_add(tabor_client *client,
                                        const tabor_audio *audio,
                                        const char *name, tabor_handle *sample);

/* The newest sample of that name, whichever client loaded it. It stays until
 * all who loaded or found it have released it, or until one of them unloads it.
 * [control]
 *
 * name    as it was given, or the file's; the first 63 bytes count
 * sample  out: give it back with tabor_sample_release()
 *
 * TABOR_ERR_MISSING  there is none
 */
TABOR_API tabor_status tabor_sample_named(tabor_client *client,
                                          const char *name,
                                          tabor_handle *sample);

typedef struct tabor_sample_info {
    uint64_t frames; /* at the engine's rate */
    uint32_t channels, rate;
    uint64_t loop_start, loop_end; /* the file's own loop; end 0 = none */
    char name[64];                 /* cut to fit */
} tabor_sample_info;

/* [any]  TABOR_ERR_STALE: unloaded. */
TABOR_API tabor_status tabor_sample_get_info(tabor_client *client,
                                             tabor_handle sample,
                                             tabor_sample_info *info);

/* A copy of what the engine plays: float32, engine's rate.  [control]
 * audio: out, owned. */
TABOR_API tabor_status tabor_sample_copy(tabor_client *client,
                                         tabor_handle sample,
                                         tabor_audio **audio);

/* The memory that the engine plays a sample from: float32, planar. It never
 * changes and is mapped read-only: a program that writes to it crashes. */
typedef struct tabor_view {
    const float *values; /* frame 0 of channel 0 */
    uint64_t stride;     /* values from one channel to the next */
    uint64_t frames;
    uint32_t channels, rate; /* the engine's rate */
} tabor_view;

/* Look at a sample's memory without a copy. A view that was got stays as it is,
 * whatever becomes of sample, client and engine.  [control]
 *
 * view    out, owned: tabor_sample_view_release()
 *
 * TABOR_ERR_STALE  unloaded
 */
TABOR_API tabor_status tabor_sample_view(tabor_client *client,
                                         tabor_handle sample,
                                         const tabor_view **view);

/* Give a view back, as often as it was got. The last who holds a sample's
 * memory frees it.  [any] Takes NULL. */
TABOR_API void tabor_sample_view_release(const tabor_view *view);

/* What becomes of the voices that play a sample when it is unloaded. */
typedef enum tabor_unload {
    TABOR_UNLOAD_RING, /* they play to their end */
    TABOR_UNLOAD_FADE, /* off in 5 ms */
    TABOR_UNLOAD_CUT   /* off at once */
} tabor_unload;

/* Refuse new plays and free the memory once nothing plays it.  [client]
 * TABOR_ERR_FULL, TABOR_ERR_STALE */
TABOR_API tabor_status tabor_sample_unload(tabor_client *client,
                                           tabor_handle sample,
                                           tabor_unload voices);

/* Give it back, as a garbage collector does: when nobody else holds it, it is
 * unloaded and rings to the end. Can't fail; sends when the queue has room
 * again.  [any] */
TABOR_API void tabor_sample_release(tabor_client *client, tabor_handle sample);

/* -------------------------------------------------------------- plays -- */

/* What to do with a play whose frame has been rendered already. */
typedef enum tabor_late {
    TABOR_LATE_PLAY,     /* start now */
    TABOR_LATE_CATCH_UP, /* start now, inside the sample, in phase */
    TABOR_LATE_DROP      /* do not start; Ended says "late" */
} tabor_late;

/* What a play's loop is. */
typedef enum tabor_loop {
    TABOR_LOOP_NONE,
    TABOR_LOOP_SAMPLE, /* the loop that the file tells of, else all of it */
    TABOR_LOOP_POINTS  /* loop_start to loop_end */
} tabor_loop;

/* An envelope: how many frames each stage takes. */
typedef struct tabor_env {
    uint32_t attack, hold, decay, release;
    double sustain; /* 0 to 1; at 0 the voice ends when it has decayed */
} tabor_env;

/* Fill with TABOR_PLAY and change what you need. */
typedef struct tabor_play_params {
    uint32_t struct_size;
    uint32_t tag;    /* the caller's group for tabor_cancel(), 0 = none */
    uint64_t at;     /* engine frame, or TABOR_ASAP */
    uint64_t offset; /* frames into the sample */
    uint64_t length; /* frames of the sample, each turn of a loop counted, or
                      * TABOR_TO_END: a loop then has no end */
    double rate;     /* 1 = as recorded */
    double pitch;    /* semitones; multiplies rate */
    double velocity; /* 0 to 1; multiplies gain */
    double gain;     /* linear, 0 to 16, 1 = as recorded */
    double pan;      /* -1 left to 1 right */
    tabor_late late;
    tabor_loop loop;
    uint64_t loop_start, loop_end; /* frames of the sample, end excluded */
    uint32_t fade_in, fade_out;    /* engine frames, or TABOR_FADE_...; out:
                                    * before its own end */
    uint32_t choke; /* group: a voice silences the others of it; 0 = none */
    const tabor_env *env; /* copied; NULL = none */
    tabor_kernel kernel;  /* DEFAULT: the engine's */
    /* frames of the sample: so many of the loop's end cross, at equal gain,
     * into as many before its start; at most the loop's start, and its length
     */
    uint32_t loop_fade;
    /* what a slice is of its sample: its edges are no mid-sample, and
     * tabor_voice_seek() counts in it; 0 frames: all of the sample */
    uint64_t slice_start, slice_frames;
} tabor_play_params;

#define TABOR_PLAY                                                             \
    {                                                                          \
        sizeof(tabor_play_params), 0, TABOR_ASAP, 0, TABOR_TO_END, 1.0, 0.0,   \
            1.0, 1.0, 0.0, TABOR_LATE_PLAY, TABOR_LOOP_NONE, 0, 0,             \
            TABOR_FADE_AUTO, TABOR_FADE_AUTO, 0, NULL, TABOR_KERNEL_DEFAULT,   \
            0, 0, 0                                                            \
    }

/* Play a sample once, starting on an exact frame.  [client]
 *
 * If as many voices sound as the engine has, one fades for it in 5 ms and ends
 * as STOLEN: one that fades or was released before all others, then the
 * quietest, then the oldest; never one that starts on the same frame.
 *
 * params  copied; NULL = TABOR_PLAY
 * voice   out: usable at once, names the voice in events
 *
 * TABOR_ERR_INVALID  a number out of range; the error names it
 * TABOR_ERR_STALE    the sample was unloaded
 * TABOR_ERR_FULL     nothing was sent; see tabor_full_info()
 */
TABOR_API tabor_status tabor_play(tabor_client *client, tabor_handle sample,
                                  const tabor_play_params *params,
                                  tabor_handle *voice);

/* What differs from play to play of tabor_play_many(): arrays with a value for
 * each play, or NULL where the params that all share say it. */
typedef struct tabor_play_columns {
    uint32_t struct_size;
    uint32_t first; /* the number of the first play in errors: 0, or 1 */
    const tabor_handle *sample;
    const uint64_t *at, *offset, *length, *slice_start, *slice_frames;
    const double *velocity, *gain, *pan, *rate, *pitch;
    const uint32_t *tag;
} tabor_play_columns;

#define TABOR_COLUMNS                                                          \
    {                                                                          \
        sizeof(tabor_play_columns), 0, NULL, NULL, NULL, NULL, NULL, NULL,     \
            NULL, NULL, NULL, NULL, NULL, NULL                                 \
    }

/* Play many at once: as count calls of tabor_play() in a batch, but accepted or
 * refused as a whole by itself, and faster.  [client]
 *
 * sample   of all plays, unless columns->sample is given
 * params   copied: what the plays share; NULL = TABOR_PLAY
 * columns  borrowed for the call; NULL = all plays are the same
 * voices   out: count of them
 *
 * TABOR_ERR_INVALID  a number out of range; the error names the first play
 *                    that has one
 * TABOR_ERR_STALE    a sample was unloaded
 * TABOR_ERR_LIMIT    more than ever fits: the error names the limit
 * TABOR_ERR_FULL     nothing was sent; see tabor_full_info()
 */
TABOR_API tabor_status tabor_play_many(tabor_client *client,
                                       tabor_handle sample,
                                       const tabor_play_params *params,
                                       const tabor_play_columns *columns,
                                       uint32_t count, tabor_handle *voices);

/* Off, with a ramp of fade_frames from frame at on; a voice that has
 * not started is withdrawn.  [client]
 * TABOR_ERR_STALE: it has ended. TABOR_ERR_FULL: as in tabor_play(), but 16
 * places are kept for stop and cancel. */
TABOR_API tabor_status tabor_voice_stop(tabor_client *client,
                                        tabor_handle voice,
                                        uint32_t fade_frames, uint64_t at);

/* The same for many voices, accepted or refused as a whole; those that have
 * ended are passed over.  [client]
 *
 * stopped  out: how many there were left to stop
 *
 * TABOR_ERR_LIMIT  more than ever fits
 * TABOR_ERR_FULL   none was stopped
 */
TABOR_API tabor_status tabor_voices_stop(tabor_client *client,
                                         const tabor_handle *voices,
                                         uint32_t count, uint32_t fade_frames,
                                         uint64_t at, uint32_t *stopped);

/* Let the release of the voice's envelope begin, from frame at on; a voice
 * without an envelope stops in 5 ms, one that has not started is withdrawn.
 * [client]  Errors as in tabor_voice_stop(). */
TABOR_API tabor_status tabor_voice_release(tabor_client *client,
                                           tabor_handle voice, uint64_t at);

/* Bits of tabor_voice_params.which. */
#define TABOR_SET_GAIN 1u
#define TABOR_SET_PAN  2u
#define TABOR_SET_RATE 4u

typedef struct tabor_voice_params {
    uint32_t struct_size;
    uint32_t which; /* TABOR_SET_... bits: the fields that count */
    uint64_t at;    /* engine frame, or TABOR_ASAP */
    uint32_t ramp_frames;
    double gain, pan, rate, pitch; /* rate and pitch go together */
} tabor_voice_params;

#define TABOR_VOICE                                                            \
    {                                                                          \
        sizeof(tabor_voice_params), 0, TABOR_ASAP, 0, 1.0, 0.0, 1.0, 0.0       \
    }

/* Change a voice, sounding or scheduled.  [client]
 * gain is relative to the velocity that the voice was played with.
 * Errors as in tabor_voice_stop(), TABOR_ERR_INVALID. */
TABOR_API tabor_status tabor_voice_set(tabor_client *client, tabor_handle voice,
                                       const tabor_voice_params *params);

/* Go on at another place of the sample, from frame at on; a voice that has not
 * started begins there.  [client]
 *
 * The old place fades out while the new one fades in, in 5 ms. A loop goes on
 * looping: past its end counts round it. A length still ends where it would
 * have in the sample; a loop's goes on counting.
 *
 * position  frame of the sample, or of the slice that was played
 *
 * TABOR_ERR_INVALID  past the end
 * TABOR_ERR_STALE    the voice has ended
 * TABOR_ERR_FULL     nothing was sent; see tabor_full_info()
 */
TABOR_API tabor_status tabor_voice_seek(tabor_client *client,
                                        tabor_handle voice, uint64_t position,
                                        uint64_t at);

/* 1 until the voice's Ended event has been read from the ring.  [any] */
TABOR_API int tabor_voice_alive(tabor_client *client, tabor_handle voice);

/* All sounding voices of this client off, with a ramp.  [client] */
TABOR_API tabor_status tabor_stop(tabor_client *client, uint32_t fade_frames);

/* Withdraw this client's scheduled plays, those that were sent before.
 * [client]
 *
 * tag         that of the plays, or 0: with any
 * start, end  engine frames for which they are scheduled, end excluded; 0 and
 *             TABOR_NO_FRAME: any
 *
 * TABOR_ERR_INVALID  start is past end
 * TABOR_ERR_FULL     as in tabor_voice_stop()
 */
TABOR_API tabor_status tabor_cancel(tabor_client *client, uint32_t tag,
                                    uint64_t start, uint64_t end);

/* Master volume, ramped.  [client] */
TABOR_API tabor_status tabor_set_gain(tabor_client *client, double gain,
                                      uint32_t ramp_frames);

/* ------------------------------------------------------------- batches -- */

/* From here on what this client sends - plays, stops, changes, of any thread -
 * is kept until tabor_batch_commit(); loads and pings go out as ever.
 * [client]  Voices of a batch have their handles at once.
 *
 * TABOR_ERR_INVALID    a batch is open already
 * TABOR_ERR_NO_MEMORY
 */
TABOR_API tabor_status tabor_batch_begin(tabor_client *client);

/* Send the batch with one store: the audio thread sees all of it in one block,
 * or none.  [client]
 *
 * TABOR_ERR_FULL     nothing was sent and the batch is still open: wait and
 *                    commit again, or abandon it
 * TABOR_ERR_INVALID  no batch is open
 */
TABOR_API tabor_status tabor_batch_commit(tabor_client *client);

/* Forget the batch: nothing of it was sent, its voices have never been.
 * [client]  Samples that were unloaded in it are unloaded all the same.
 * Without an open batch it does nothing. */
TABOR_API void tabor_batch_abandon(tabor_client *client);

/* ------------------------------------------------------------- events -- */

typedef enum tabor_event_type {
    TABOR_EVENT_NONE,
    TABOR_EVENT_ENDED, /* handle, frame, value = start frame, reason, late */
    TABOR_EVENT_PONG,  /* handle = cookie, frame */
    TABOR_EVENT_LATE,  /* value = count, late = worst, since last told */
    TABOR_EVENT_XRUN,  /* value = count since last told */
    TABOR_EVENT_DEVICE_LOST, /* the clock goes on without the device */
    TABOR_EVENT_DEVICE_BACK
} tabor_event_type;

typedef enum tabor_reason {
    TABOR_FINISHED,
    TABOR_STOPPED,
    TABOR_STOLEN,
    TABOR_CANCELLED,
    TABOR_LATE,
    TABOR_UNLOADED,
    TABOR_DETACHED
} tabor_reason;

/* The reason's word in API and logs, for example "finished".  [any] */
TABOR_API const char *tabor_reason_text(tabor_reason reason);

typedef struct tabor_event {
    uint64_t frame; /* when it happened; Ended: one past the last frame heard */
    uint64_t handle; /* the voice, or the ping's cookie */
    uint64_t value;  /* Ended: start frame or TABOR_NO_FRAME; notices: count */
    uint32_t late;   /* frames after the frame that was asked for */
    uint16_t type;   /* tabor_event_type */
    uint16_t reason; /* tabor_reason, Ended only */
} tabor_event;

/* Read events, oldest first; returns how many (0 = none).  [client]
 *
 * Nothing is lost while you read. Who never reads keeps the newest 65,536;
 * tabor_stats.unread_lost counts the rest.
 */
TABOR_API size_t tabor_poll(tabor_client *client, tabor_event *events,
                            size_t max);

/* Wait until an event can be read.  [control]
 * TABOR_ERR_TIMEOUT, TABOR_ERR_CLOSED */
TABOR_API tabor_status tabor_client_wait(tabor_client *client,
                                         uint64_t timeout_ns);

/* Wait until needed commands fit; 0 means the open batch.  [control]
 *
 * TABOR_ERR_TIMEOUT
 * TABOR_ERR_FULL     the engine is pumped: only rendering makes room
 * TABOR_ERR_INVALID  more than the queue can ever hold
 */
TABOR_API tabor_status tabor_client_wait_space(tabor_client *client,
                                               uint32_t needed,
                                               uint64_t timeout_ns);

/* A descriptor that becomes readable when events wait, and now and then when
 * there is only new room; owned by the client.  [any]
 * tabor_poll() until it returns 0 re-arms it. */
TABOR_API int tabor_client_fd(tabor_client *client);

/* Ask the audio thread for a Pong event.  [client]
 * cookie: out, the event's handle. TABOR_ERR_FULL also if 64 are under way. */
TABOR_API tabor_status tabor_ping_send(tabor_client *client, uint64_t *cookie);

/* Wait for one Pong, which stays readable as an event too.  [control]
 * round_trip_ns: out, from tabor_ping_send() to here. TABOR_ERR_TIMEOUT */
TABOR_API tabor_status tabor_ping_wait(tabor_client *client, uint64_t cookie,
                                       uint64_t timeout_ns,
                                       uint64_t *round_trip_ns);

typedef struct tabor_stats {
    uint64_t frame;
    uint32_t voices;      /* sounding now, of all clients */
    uint32_t queue_size;  /* ring slots */
    uint32_t queue_high;  /* most that were in use */
    uint64_t refused;     /* TABOR_ERR_FULL answers */
    uint64_t stale;       /* commands whose target had gone */
    uint64_t late;        /* commands executed after their frame */
    uint64_t late_max;    /* frames */
    uint64_t stolen;      /* plays ended for want of a voice */
    uint64_t unread_lost; /* events nobody read in time */
    uint64_t xruns;
    uint64_t unsound;           /* values that were no numbers, made silent */
    uint64_t blocks;            /* callbacks served */
    double load_mean, load_max; /* of a block's duration, since the last call */
    double latency;             /* seconds to the device's output */
    int realtime;  /* 1 if the audio thread has real-time priority */
    uint32_t hung; /* drivers' calls that didn't return; left behind */
    uint32_t plays; /* of this client, whose end was not read yet */
} tabor_stats;

/* [any] */
TABOR_API void tabor_get_stats(tabor_client *client, tabor_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
