/* SPDX-License-Identifier: MIT
 *
 * All that an audio driver needs to know of Tabor.
 *
 * A driver is one file that fills one const tabor_driver and, if it is a
 * plug-in, exports one function, tabor_driver_entry(). It links nothing of
 * Tabor's: everything it may call is in the host table that open() receives.
 * Name the plug-in NAME.so, put it into a folder of TABOR_DRIVER_PATH, and
 * tabor.open(driver="NAME") finds it.
 *
 * Tabor calls one stream from one thread at a time, in the order
 * open, (start, stop)*, close. It gives up on a call that takes more than two
 * seconds and never calls that stream again.
 */
#ifndef TABOR_DRIVER_H
#define TABOR_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a driver built for the old number could not work. */
#define TABOR_DRIVER_ABI 1

typedef enum tabor_driver_status {
    TABOR_DRIVER_OK = 0,
    TABOR_DRIVER_FAILED = 1,   /* the reason is in why */
    TABOR_DRIVER_WEDGED = 2,   /* the audio system hangs; leave the stream */
    TABOR_DRIVER_NO_MEMORY = 3 /* as FAILED, from open and start */
} tabor_driver_status;

/* Bits of tabor_driver.caps. */
#define TABOR_DRIVER_AUDIBLE      1u /* "auto" may choose it */
#define TABOR_DRIVER_PUMPED       2u /* has pump; no thread of its own */
#define TABOR_DRIVER_REPORTS_XRUN 4u

/* Bits of tabor_stream_grant.flags. */
#define TABOR_STREAM_REALTIME 1u /* process runs with real-time priority */
#define TABOR_STREAM_UNPACED  2u /* may run faster than time (freewheel) */

/* What one value of a stream is. Integers are in the machine's byte order, full
 * scale is their whole range; Tabor rounds, dithers and keeps them in it. */
typedef enum tabor_stream_format {
    TABOR_FORMAT_F32,    /* float; [-1, 1] is not enforced */
    TABOR_FORMAT_S16,    /* int16_t */
    TABOR_FORMAT_S24,    /* three bytes, the lowest first */
    TABOR_FORMAT_S24_32, /* int32_t that holds 24 bits, sign extended */
    TABOR_FORMAT_S32     /* int32_t */
} tabor_stream_format;

typedef struct tabor_driver_option {
    const char *name;    /* as in tabor.open(name=...) */
    const char *values;  /* what may be given, in words: "jack|pulse|alsa" */
    const char *initial; /* the value if it isn't given */
    const char *help;    /* one line */
} tabor_driver_option;

typedef struct tabor_driver_setting {
    const char *key, *value;
} tabor_driver_setting;

/* What the engine asks for. Borrowed for the call of open(). */
typedef struct tabor_stream_wish {
    uint32_t struct_size;
    uint32_t rate, channels, block; /* rate and channels must be granted */
    const char *device;             /* NULL or "" = the default one */
    const tabor_driver_setting *settings; /* keys are known, values are not */
    size_t setting_count;
} tabor_stream_wish;

/* What open() got. Tabor presets rate, channels and block to the wish, and
 * format to float. Fields that struct_size does not reach are not there. */
typedef struct tabor_stream_grant {
    uint32_t struct_size;
    uint32_t rate, channels;
    uint32_t block;          /* usual frames a process call; they may vary */
    uint32_t latency_frames; /* from rendering to hearing, 0 = not known */
    uint32_t flags;
    char device[256];           /* the device's own name */
    tabor_stream_format format; /* what process writes; PUMPED: F32 only */
} tabor_stream_grant;

typedef enum tabor_notice {
    TABOR_NOTICE_XRUN = 1,        /* value = how many */
    TABOR_NOTICE_DEVICE_LOST = 2, /* process will not come any more */
    TABOR_NOTICE_REALTIME = 3     /* value = 1 got it, 0 was denied */
} tabor_notice;

/* The engine's side; valid until close() has returned. */
typedef struct tabor_driver_host {
    uint32_t struct_size, abi;
    void *self;

    /* Render the next frames.  [audio] From start() to stop() only, one call
     * at a time; never blocks, at most 8,192 frames.
     *
     * out  frames × channels values in the format that was granted,
     *      interleaved; every value is written
     */
    void (*process)(void *self, void *out, uint32_t frames);

    /* Report something.  [any] Wait-free, never calls back. */
    void (*notify)(void *self, tabor_notice what, uint64_t value);

    /* Say something to whoever debugs ($TABOR_LOG).  [control] */
    void (*log)(void *self, const char *text);
} tabor_driver_host;

/* Borrowed for the call of found(). */
typedef struct tabor_driver_device {
    uint32_t struct_size;
    const char *name; /* what wish.device takes */
    uint32_t inputs, outputs;
    const uint32_t *rates;
    size_t rate_count;
    int is_default;
} tabor_driver_device;

typedef void (*tabor_device_found)(void *user,
                                   const tabor_driver_device *device);

/* One driver. Each function writes nothing to stdout or stderr, leaves foreign
 * signal masks alone and tells a failure as one sentence in why (size bytes).
 */
typedef struct tabor_driver {
    uint32_t struct_size; /* sizeof(tabor_driver) */
    uint32_t abi;         /* TABOR_DRIVER_ABI */
    const char *name;     /* short, lower case, the file's name without .so */
    const char *title;    /* for people */
    uint32_t caps;
    int32_t priority;                   /* "auto" tries the highest first */
    const tabor_driver_option *options; /* ends with a NULL name; or NULL */

    /* Could a stream be opened now? Fast. */
    tabor_driver_status (*probe)(char *why, size_t size);

    /* Tell each device. settings as in wish. */
    tabor_driver_status (*enumerate)(const tabor_driver_setting *settings,
                                     size_t setting_count,
                                     tabor_device_found found, void *user,
                                     char *why, size_t size);

    /* Get a device ready; process is not called yet.
     * stream  out, owned: one close() */
    tabor_driver_status (*open)(const tabor_stream_wish *wish,
                                const tabor_driver_host *host,
                                tabor_stream_grant *grant, void **stream,
                                char *why, size_t size);

    tabor_driver_status (*start)(void *stream, char *why, size_t size);

    /* Returns when process can't run any more. That sentence is what makes
     * freeing safe. WEDGED: can't be said; process may still come. */
    tabor_driver_status (*stop)(void *stream);

    /* Frees the stream. WEDGED: something had to be left behind. */
    tabor_driver_status (*close)(void *stream);

    /* PUMPED only, else NULL: call process in this thread for frames (at most
     * 8,192) into out. */
    tabor_driver_status (*pump)(void *stream, float *out, uint32_t frames);

    /* Frames from rendering to hearing, now; NULL = as granted.  [control] */
    uint32_t (*latency)(void *stream);

    /* Is the device still there? NULL = the driver notifies, or Tabor's own
     * watchdog on missing callbacks is all there is.  [control], about every
     * 20 ms, must not block.  OK, or FAILED with the reason. */
    tabor_driver_status (*check)(void *stream, char *why, size_t size);
} tabor_driver;

/* The one symbol a plug-in exports. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const tabor_driver *
tabor_driver_entry(void);

#ifdef __cplusplus
}
#endif
#endif
