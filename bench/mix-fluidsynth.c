/* SPDX-License-Identifier: MIT
 *
 * FluidSynth on one core, without reverb and chorus. Its sounds come from a
 * soundfont that is made here in memory: one preset whose one note starts all
 * voices. An envelope, two LFOs and a filter a voice always run.
 */
#include <fluidsynth.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mix-peer.h"

#define KEY 60

static fluid_synth_t *synth;
static fluid_sample_t *samples[BENCH_SOUNDS];
static const bench_job *the_job;
static float *left, *right;

void
bench_mix_about(const bench_job *job)
{
    const char *const names[BENCH_CASES] = {
        "16 bit, no reverb, no chorus, not interpolated", "", "linear",
        "7th order", ""};
    printf("# %s\t%s\n", fluid_version_str(), names[job->what]);
}

/* ------------------------------------------- a soundfont of one preset -- */

static const char *
a_name(fluid_sfont_t *font)
{
    (void)font;
    return "noise";
}

static const char *
a_preset_name(fluid_preset_t *preset)
{
    (void)preset;
    return "noise";
}

static int
zero(fluid_preset_t *preset)
{
    (void)preset;
    return 0;
}

static int
note_on(fluid_preset_t *preset, fluid_synth_t *s, int channel, int key,
        int velocity)
{
    (void)preset;
    for (unsigned i = 0; i < the_job->voices; i++) {
        const bench_voice *v = &the_job->voice[i];
        double cents = 1200 * log2(v->rate);
        fluid_voice_t *voice = fluid_synth_alloc_voice(s, samples[v->sound],
                                                       channel, key, velocity);
        if (!voice) {
            return FLUID_FAILED;
        }
        fluid_voice_gen_set(voice, GEN_SAMPLEMODE, 1);
        fluid_voice_gen_set(voice, GEN_PAN, v->pan * 500);
        fluid_voice_gen_set(voice, GEN_STARTADDROFS,
                            (float)(v->offset % 32768));
        fluid_voice_gen_set(voice, GEN_FINETUNE, (float)cents);
        fluid_synth_start_voice(s, voice);
    }
    return FLUID_OK;
}

static void
forget(fluid_preset_t *preset)
{
    delete_fluid_preset(preset);
}

static fluid_preset_t *
get_preset(fluid_sfont_t *font, int bank, int number)
{
    if (bank != 0 || number != 0) {
        return NULL;
    }
    return new_fluid_preset(font, a_preset_name, zero, zero, note_on, forget);
}

static int
free_font(fluid_sfont_t *font)
{
    return delete_fluid_sfont(font);
}

static fluid_sfont_t *
load(fluid_sfloader_t *loader, const char *name)
{
    (void)loader;
    (void)name;
    return new_fluid_sfont(a_name, get_preset, NULL, NULL, free_font);
}

static void
unload(fluid_sfloader_t *loader)
{
    delete_fluid_sfloader(loader);
}

/* --------------------------------------------------------------- peer -- */

static fluid_sample_t *
make_sample(const float *values)
{
    short *pcm = malloc(sizeof *pcm * BENCH_FRAMES);
    for (unsigned i = 0; i < BENCH_FRAMES; i++) {
        pcm[i] = (short)lrintf(values[i] * 32767);
    }
    fluid_sample_t *s = new_fluid_sample();
    fluid_sample_set_sound_data(s, pcm, NULL, BENCH_FRAMES, BENCH_RATE, 1);
    fluid_sample_set_loop(s, 8, BENCH_FRAMES - 8);
    fluid_sample_set_pitch(s, KEY, 0);
    free(pcm);
    return s;
}

static void
open_synth(unsigned voices)
{
    fluid_settings_t *settings = new_fluid_settings();
    fluid_settings_setnum(settings, "synth.sample-rate", BENCH_RATE);
    fluid_settings_setint(settings, "synth.polyphony", (int)voices);
    fluid_settings_setint(settings, "synth.cpu-cores", 1);
    fluid_settings_setint(settings, "synth.reverb.active", 0);
    fluid_settings_setint(settings, "synth.chorus.active", 0);
    fluid_settings_setnum(settings, "synth.gain", BENCH_GAIN);
    synth = new_fluid_synth(settings);
    fluid_synth_add_sfloader(synth, new_fluid_sfloader(load, unload));
}

unsigned
bench_mix_open(const bench_job *job)
{
    const int methods[BENCH_CASES] = {
        FLUID_INTERP_NONE, -1, FLUID_INTERP_LINEAR, FLUID_INTERP_7THORDER, -1};
    if (methods[job->what] < 0) {
        return 0;
    }
    the_job = job;
    left = malloc(sizeof *left * job->block);
    right = malloc(sizeof *right * job->block);
    open_synth(job->voices);
    for (unsigned i = 0; i < BENCH_SOUNDS; i++) {
        samples[i] = make_sample(job->sounds[i]);
    }
    fluid_synth_sfload(synth, "noise", 1);
    fluid_synth_set_interp_method(synth, -1, methods[job->what]);
    if (fluid_synth_noteon(synth, 0, KEY, 127) != FLUID_OK) {
        return 0;
    }
    return (unsigned)fluid_synth_get_active_voice_count(synth);
}

double
bench_mix_run(const bench_job *job, unsigned blocks, float *last)
{
    double then = bench_cpu_ns();
    for (unsigned i = 0; i < blocks; i++) {
        fluid_synth_write_float(synth, (int)job->block, left, 0, 1, right, 0,
                                1);
    }
    double took = bench_cpu_ns() - then;
    for (unsigned i = 0; i < job->block; i++) {
        last[2 * i] = left[i];
        last[2 * i + 1] = right[i];
    }
    return took;
}
