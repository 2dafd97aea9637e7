/* SPDX-License-Identifier: MIT */
#include "control/audio.h"

#include <inttypes.h>
#include <math.h>
#include <soxr.h>
#include <stdlib.h>
#include <string.h>

#include "control/status.h"

tabor_status
tabor_audio_check_shape(const char *what, uint64_t frames, uint32_t channels,
                        uint32_t rate)
{
    if (channels < 1 || channels > TABOR_MAX_CHANNELS) {
        return tabor_fail(TABOR_ERR_LIMIT,
                          "%s has %" PRIu32 " channels; 1 to %d can be used",
                          what, channels, TABOR_MAX_CHANNELS);
    }
    if (rate < TABOR_MIN_RATE || rate > TABOR_MAX_RATE) {
        return tabor_fail(TABOR_ERR_LIMIT,
                          "%s has rate %" PRIu32 " Hz; %d to %d can be used",
                          what, rate, TABOR_MIN_RATE, TABOR_MAX_RATE);
    }
    if (frames > TABOR_MAX_DECODED / sizeof(float) / channels) {
        return tabor_fail(TABOR_ERR_LIMIT,
                          "%s claims %" PRIu64 " frames of %" PRIu32
                          " channels; the limit is %llu MiB decoded a sample",
                          what, frames, channels, TABOR_MAX_DECODED >> 20);
    }
    return TABOR_OK;
}

TABOR_API tabor_status
tabor_audio_new(uint64_t frames, uint32_t channels, uint32_t rate,
                tabor_audio **audio)
{
    tabor_status st =
        tabor_audio_check_shape("the sound", frames, channels, rate);
    if (st != TABOR_OK) {
        return st;
    }
    tabor_audio *a = malloc(sizeof *a);
    float *values = calloc(frames * channels + 1, sizeof *values);
    if (!a || !values) {
        free(a);
        free(values);
        return tabor_fail(TABOR_ERR_NO_MEMORY,
                          "no memory for %" PRIu64 " frames", frames);
    }
    *a = (tabor_audio){
        .values = values, .frames = frames, .channels = channels, .rate = rate};
    *audio = a;
    return TABOR_OK;
}

TABOR_API void
tabor_audio_free(tabor_audio *audio)
{
    if (audio) {
        free(audio->values);
        free(audio);
    }
}

void
tabor_audio_silence_unsound(tabor_audio *audio)
{
    for (uint64_t i = 0; i < audio->frames * audio->channels; i++) {
        if (!isfinite(audio->values[i])) {
            audio->values[i] = 0.0f;
        }
    }
}

/* --------------------------------------------------------- from values -- */

static double
value_at(const void *values, tabor_format format, uint64_t i)
{
    switch (format) {
    case TABOR_INT16:
        return ((const int16_t *)values)[i] * 0x1p-15;
    case TABOR_INT32:
        return ((const int32_t *)values)[i] * 0x1p-31;
    case TABOR_FLOAT32:
        return ((const float *)values)[i];
    case TABOR_FLOAT64:
        return ((const double *)values)[i];
    }
    return 0.0;
}

TABOR_API tabor_status
tabor_audio_from_values(const void *values, tabor_format format,
                        uint64_t frames, uint32_t channels, uint32_t rate,
                        tabor_audio **audio)
{
    tabor_audio *a;
    tabor_status st = tabor_audio_new(frames, channels, rate, &a);
    if (st != TABOR_OK) {
        return st;
    }
    for (uint64_t i = 0; i < frames * channels; i++) {
        a->values[i] = (float)value_at(values, format, i);
        if (!isfinite(a->values[i])) {
            st = tabor_fail(TABOR_ERR_INVALID,
                            "value %g at frame %" PRIu64 ", channel %" PRIu64
                            ": sound has finite values only",
                            value_at(values, format, i), i / channels,
                            i % channels);
            tabor_audio_free(a);
            return st;
        }
    }
    *audio = a;
    return TABOR_OK;
}

/* ------------------------------------------------------------ resample -- */

/* Frames given to soxr at once: it copies what it is given. */
#define CHUNK 65536

/* The whole of in, then nothing until out is full or nothing comes any more.
 * Returns soxr's complaint, or NULL. */
static soxr_error_t
push_through(soxr_t soxr, const tabor_audio *in, tabor_audio *out)
{
    uint64_t taken = 0, given = 0;
    soxr_error_t error = NULL;
    for (size_t used = 1, got = 1; !error && (used || got);) {
        uint64_t left = in->frames - taken;
        size_t n = left < CHUNK ? (size_t)left : CHUNK;
        error = soxr_process(soxr, n ? in->values + taken * in->channels : NULL,
                             n, &used, out->values + given * out->channels,
                             out->frames - given, &got);
        taken += used;
        given += got;
    }
    return error;
}

static tabor_status
run_soxr(const tabor_audio *in, tabor_audio *out)
{
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
    soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
    soxr_error_t error = NULL;
    soxr_t soxr = soxr_create(in->rate, out->rate, in->channels, &error, NULL,
                              &quality, &one_thread);
    if (soxr && !error) {
        error = push_through(soxr, in, out);
    }
    soxr_delete(soxr);
    if (error) {
        return tabor_fail(TABOR_ERR_NO_MEMORY, "resampling failed: %s", error);
    }
    tabor_audio_silence_unsound(out); /* the largest values overshoot */
    return TABOR_OK;
}

/* A loop at the new rate, of at least one frame and inside the sound. */
static void
carry_loop(const tabor_audio *in, tabor_audio *out)
{
    if (!in->loop_end) {
        return;
    }
    double ratio = (double)out->rate / in->rate;
    uint64_t start = (uint64_t)floor((double)in->loop_start * ratio + 0.5);
    uint64_t end = (uint64_t)floor((double)in->loop_end * ratio + 0.5);
    end = end < out->frames ? end : out->frames;
    if (start < end) {
        out->loop_start = start;
        out->loop_end = end;
    }
}

TABOR_API tabor_status
tabor_audio_resample(const tabor_audio *audio, uint32_t rate,
                     tabor_audio **resampled)
{
    tabor_status st = tabor_audio_check_shape("the sound", audio->frames,
                                              audio->channels, rate);
    if (st != TABOR_OK) {
        return st;
    }
    double exact = (double)audio->frames * rate / audio->rate;
    tabor_audio *out;
    st = tabor_audio_new((uint64_t)floor(exact + 0.5), audio->channels, rate,
                         &out);
    if (st != TABOR_OK) {
        return st;
    }
    carry_loop(audio, out);
    if (rate == audio->rate) {
        memcpy(out->values, audio->values,
               audio->frames * audio->channels * sizeof *out->values);
    } else if (out->frames && (st = run_soxr(audio, out)) != TABOR_OK) {
        tabor_audio_free(out);
        return st;
    }
    *resampled = out;
    return TABOR_OK;
}
