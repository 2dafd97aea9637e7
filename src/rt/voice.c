/* SPDX-License-Identifier: MIT */
#include "rt/voice.h"

#include <string.h>

#include "rt/kernel.h"

/* Values worked on at once: they stay in the first-level cache. */
#define CHUNK 256
/* A moving step changes on multiples of this many engine frames. */
#define STEP_GRID 64

/* ------------------------------------------------------------ levels -- */

/* sin(x) for x in [0, pi/2], in double: exact at 0, 1 at pi/2 once rounded to
 * float. Our own, because libm's last bit differs between versions.
 * Source: Taylor's series; the first term left out is below 1e-12. */
static double
quarter_sine(double x)
{
    static const double factor[] = {
        -1.0 / (16 * 17), -1.0 / (14 * 15), -1.0 / (12 * 13), -1.0 / (10 * 11),
        -1.0 / (8 * 9),   -1.0 / (6 * 7),   -1.0 / (4 * 5),   -1.0 / (2 * 3)};
    double square = x * x, sum = 1.0;
    for (unsigned i = 0; i < sizeof factor / sizeof *factor; i++) {
        sum = 1.0 + sum * square * factor[i];
    }
    return x * sum;
}

static void
pan_levels(float pan, unsigned channels, float *left, float *right)
{
    if (channels == 1) {
        const double eighth = 0.78539816339744830962; /* pi / 4 */
        *left = (float)quarter_sine((1.0 - (double)pan) * eighth);
        *right = (float)quarter_sine((1.0 + (double)pan) * eighth);
    } else {
        *left = pan > 0 ? 1.0f - pan : 1.0f;
        *right = pan < 0 ? 1.0f + pan : 1.0f;
    }
}

/* ----------------------------------------------------- choosing one -- */

static int
find_free(const tabor_rt *rt)
{
    uint32_t words = (rt->voice_slots + 63) / 64;
    for (uint32_t w = 0; w < words; w++) {
        if (~rt->active[w]) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(~rt->active[w]);
            return i < rt->voice_slots ? (int)i : -1;
        }
    }
    return -1;
}

/* Would a go before b? The fading ones first, then the oldest. */
static int
goes_before(const tabor_voice *a, const tabor_voice *b)
{
    int a_fades = a->stop_frame != TABOR_NEVER;
    int b_fades = b->stop_frame != TABOR_NEVER;
    if (a_fades != b_fades) {
        return a_fades;
    }
    return a->started < b->started;
}

static tabor_voice *
find_victim(tabor_rt *rt)
{
    tabor_voice *victim = NULL;
    for (uint32_t w = 0; w < (rt->voice_slots + 63) / 64; w++) {
        for (uint64_t bits = rt->active[w]; bits; bits &= bits - 1) {
            tabor_voice *v =
                &rt->voices[w * 64 + (uint32_t)__builtin_ctzll(bits)];
            if (!v->stealing && v->started != rt->frame &&
                (!victim || goes_before(v, victim))) {
                victim = v;
            }
        }
    }
    return victim;
}

/* Make room below the limit; the voice that goes fades beside the new one. */
static int
make_room(tabor_rt *rt)
{
    if (rt->sounding < rt->voice_limit) {
        return 0;
    }
    tabor_voice *victim = find_victim(rt);
    if (!victim) {
        return -1;
    }
    tabor_voice_fade_out(rt, victim, rt->declick_frames, TABOR_END_STOLEN);
    victim->stealing = 1;
    rt->sounding--;
    return 0;
}

/* ---------------------------------------------------- start and stop -- */

TABOR_RT int
tabor_voice_start(tabor_rt *rt, const tabor_command *play, uint32_t late,
                  uint64_t skip_frames)
{
    int index = find_free(rt);
    if (index < 0 || make_room(rt) != 0) {
        return -1;
    }
    unsigned slot = tabor_handle_slot(play->body.play.sample);
    const tabor_sample_slot *s = &rt->slots[slot];
    tabor_voice *v = &rt->voices[index];
    memset(v, 0, sizeof *v);
    v->values = s->values;
    v->stride = s->stride;
    v->channels = (uint16_t)s->channels;
    v->sample = (uint16_t)slot;
    v->step = v->step_to = play->body.play.step;
    uint64_t last = s->frames;
    if (play->body.play.length < last - play->body.play.offset) {
        last = play->body.play.offset + (uint64_t)play->body.play.length;
    }
    v->end = last << 32;
    v->phase = (uint64_t)play->body.play.offset << 32;
    /* in phase after skip_frames; saturates at the end, where it finishes */
    uint64_t room = v->end - v->phase;
    v->phase += skip_frames > room / v->step ? room : skip_frames * v->step;
    v->stop_frame = TABOR_NEVER;
    v->handle = play->target;
    v->owner = (uint8_t)tabor_handle_owner(play->target);
    v->started = rt->frame;
    v->late = late;
    v->kernel =
        play->kernel == TABOR_READ_AS_ENGINE ? rt->kernel : play->kernel;
    float left, right;
    pan_levels(play->body.play.pan, s->channels, &left, &right);
    v->gain = tabor_ramp_still(play->body.play.gain);
    v->left = tabor_ramp_still(left);
    v->right = tabor_ramp_still(right);
    v->fade = tabor_ramp_still(1.0f);
    if (v->phase > (uint64_t)play->body.play.offset << 32) {
        v->fade.from = 0.0f; /* in mid-sample: no click */
        v->fade.start = rt->frame;
        v->fade.frames = rt->declick_frames;
    }
    rt->active[index / 64] |= UINT64_C(1) << (index % 64);
    rt->sounding++;
    return index;
}

TABOR_RT void
tabor_voice_fade_out(tabor_rt *rt, tabor_voice *v, uint32_t fade_frames,
                     unsigned reason)
{
    if (v->stop_frame <= rt->frame + fade_frames) {
        return;
    }
    tabor_ramp_to(&v->fade, rt->frame, fade_frames, 0.0f);
    v->stop_frame = rt->frame + fade_frames;
    v->reason = (uint8_t)reason;
}

TABOR_RT void
tabor_voice_free(tabor_rt *rt, uint32_t index)
{
    if (!rt->voices[index].stealing) {
        rt->sounding--;
    }
    rt->active[index / 64] &= ~(UINT64_C(1) << (index % 64));
}

/* ------------------------------------------------------------ change -- */

TABOR_RT void
tabor_voice_change(tabor_rt *rt, tabor_voice *v, const tabor_command *set)
{
    uint32_t frames = set->body.set.ramp_frames;
    if (set->body.set.which & TABOR_COMMAND_GAIN) {
        tabor_ramp_to(&v->gain, rt->frame, frames, set->body.set.gain);
    }
    if (set->body.set.which & TABOR_COMMAND_PAN) {
        float left, right;
        pan_levels(set->body.set.pan, v->channels, &left, &right);
        tabor_ramp_to(&v->left, rt->frame, frames, left);
        tabor_ramp_to(&v->right, rt->frame, frames, right);
    }
    if (set->body.set.which & TABOR_COMMAND_STEP) {
        v->step_from = v->step;
        v->step_to = set->body.set.step;
        v->step_start = rt->frame;
        v->step_frames = frames;
        if (frames == 0) {
            v->step = v->step_to;
        }
    }
}

/* A moving step is constant between grid lines of the absolute frame. Sets it
 * for frame and returns the next frame at which it may change. */
static uint64_t
step_update(tabor_voice *v, uint64_t frame)
{
    if (v->step_frames == 0) {
        return TABOR_NEVER;
    }
    uint64_t passed = frame - v->step_start;
    if (passed >= v->step_frames) {
        v->step = v->step_to;
        v->step_frames = 0;
        return TABOR_NEVER;
    }
    uint64_t rest = v->step_start + v->step_frames;
    uint64_t grid = (frame / STEP_GRID + 1) * STEP_GRID;
    if (frame % STEP_GRID == 0) {
        double share = (double)passed / (double)v->step_frames;
        double way = (double)v->step_to - (double)v->step_from;
        v->step = v->step_from + (uint64_t)(int64_t)(way * share);
    }
    return grid < rest ? grid : rest;
}

/* --------------------------------------------------------------- mix -- */

/* Engine frames until the sample is over, at the present step. */
static uint64_t
frames_left(const tabor_voice *v)
{
    uint64_t way = v->end - v->phase;
    return way / v->step + (way % v->step != 0);
}

static uint64_t
nearer(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Frames from frame on, at most n, in which nothing about v changes kind. */
static uint32_t
even_frames(tabor_voice *v, uint64_t frame, uint32_t n)
{
    uint64_t cut = nearer(frame + n, step_update(v, frame));
    cut = nearer(cut, v->stop_frame);
    cut = nearer(cut, tabor_ramp_rest(&v->gain, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->left, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->right, frame));
    cut = nearer(cut, tabor_ramp_rest(&v->fade, frame));
    return (uint32_t)nearer(cut - frame, nearer(CHUNK, frames_left(v)));
}

/* A ramp from frame on, in a span that ends no later than the ramp. */
static tabor_slope
slope_of(const tabor_ramp *r, uint64_t frame)
{
    if (!tabor_ramp_moves(r, frame)) {
        return (tabor_slope){.from = r->to};
    }
    return (tabor_slope){.from = r->from,
                         .way = r->to - r->from,
                         .per_frame = 1.0f / (float)r->frames,
                         .at = (float)(frame - r->start)};
}

/* Add one sample channel to one bus channel. side: NULL = no pan there.
 * share: 1 / sample channels that meet there. */
static void
add_lane(const tabor_kernels *kernels, const tabor_voice *v, float *out,
         const float *in, uint64_t frame, const tabor_ramp *side, float share,
         uint32_t n)
{
    static const tabor_ramp unity = {.to = 1.0f};
    if (!side) {
        side = &unity;
    }
    if (!tabor_ramp_moves(&v->gain, frame) &&
        !tabor_ramp_moves(&v->fade, frame) && !tabor_ramp_moves(side, frame)) {
        kernels->add(out, in, v->gain.to * v->fade.to * side->to * share, n);
        return;
    }
    const tabor_levels levels = {.gain = slope_of(&v->gain, frame),
                                 .fade = slope_of(&v->fade, frame),
                                 .side[0] = slope_of(side, frame),
                                 .share = share};
    kernels->add_moving(out, in, &levels, n);
}

/* Add one sample channel to the bus channels left and right. */
static void
add_panned(const tabor_kernels *kernels, const tabor_voice *v, float *left,
           const float *in, uint64_t frame, uint32_t n)
{
    float *const out[2] = {left, left + TABOR_SPAN_MAX};
    if (!tabor_ramp_moves(&v->gain, frame) &&
        !tabor_ramp_moves(&v->fade, frame) &&
        !tabor_ramp_moves(&v->left, frame) &&
        !tabor_ramp_moves(&v->right, frame)) {
        float both = v->gain.to * v->fade.to;
        const float levels[2] = {both * v->left.to, both * v->right.to};
        kernels->add_pair(out, in, levels, n);
        return;
    }
    const tabor_levels levels = {
        .gain = slope_of(&v->gain, frame),
        .fade = slope_of(&v->fade, frame),
        .side = {slope_of(&v->left, frame), slope_of(&v->right, frame)},
        .share = 1.0f};
    kernels->add_pair_moving(out, in, &levels, n);
}

/* Sample channels that meet on engine channel c. */
static float
lane_share(unsigned sample_channels, unsigned channels, unsigned c)
{
    return 1.0f / (float)((sample_channels - c % channels - 1) / channels + 1);
}

/* Add channel c of v, n even frames of it, to the bus at offset. */
static void
add_channel(tabor_rt *rt, const tabor_voice *v, unsigned c, const float *in,
            uint64_t frame, uint32_t offset, uint32_t n)
{
    unsigned lane = c % rt->channels;
    float *out = rt->bus + (size_t)lane * TABOR_SPAN_MAX + offset;
    float share = lane_share(v->channels, rt->channels, c);
    if (rt->channels == 1) {
        add_lane(rt->kernels, v, out, in, frame, NULL, share, n);
    } else if (v->channels == 1) {
        add_panned(rt->kernels, v, out, in, frame, n);
    } else {
        const tabor_ramp *side = lane == 0   ? &v->left
                                 : lane == 1 ? &v->right
                                             : NULL;
        add_lane(rt->kernels, v, out, in, frame, side, share, n);
    }
}

/* Read n values of channel c of v, and of channel c + 1 if there is one. */
static void
read_channels(const tabor_rt *rt, const tabor_voice *v, unsigned c, uint32_t n,
              float scratch[2][CHUNK])
{
    const float *first = v->values + c * v->stride;
    int pair = c + 1 < v->channels;
    tabor_path path = {.values = {first, pair ? first + v->stride : NULL},
                       .phase = v->phase,
                       .step = v->step};
    float *const out[2] = {scratch[0], scratch[1]};
    if (v->kernel == TABOR_READ_LINEAR) {
        rt->kernels->linear(&path, out[0], n);
        path.values[0] = path.values[1];
        if (pair) {
            rt->kernels->linear(&path, out[1], n);
        }
        return;
    }
    const tabor_sinc *sinc =
        tabor_sinc_for(rt->sinc[v->kernel - TABOR_READ_SINC16], v->step);
    if (pair) {
        rt->kernels->sinc_pair(sinc, &path, out, n);
    } else {
        rt->kernels->sinc(sinc, &path, out[0], n);
    }
}

/* Add n even frames of v to the bus at offset. */
static void
mix_even(tabor_rt *rt, tabor_voice *v, uint64_t frame, uint32_t offset,
         uint32_t n)
{
    float scratch[2][CHUNK];
    int plain = v->step == TABOR_STEP_ONE && (uint32_t)v->phase == 0;
    for (unsigned c = 0; c < v->channels; c++) {
        const float *in = v->values + c * v->stride + (v->phase >> 32);
        if (!plain) {
            if (c % 2 == 0) {
                read_channels(rt, v, c, n, scratch);
            }
            in = scratch[c % 2];
        }
        add_channel(rt, v, c, in, frame, offset, n);
    }
    v->phase += (uint64_t)n * v->step;
}

static int
is_over(const tabor_voice *v, uint64_t frame)
{
    return v->phase >= v->end || v->stop_frame <= frame;
}

/* Mix up to n frames; returns how many there were before the voice ended. */
static uint32_t
mix_voice(tabor_rt *rt, tabor_voice *v, uint32_t n)
{
    uint32_t done = 0;
    while (done < n && !is_over(v, rt->frame + done)) {
        uint32_t even = even_frames(v, rt->frame + done, n - done);
        mix_even(rt, v, rt->frame + done, done, even);
        done += even;
    }
    return done;
}

TABOR_RT uint32_t
tabor_voices_mix(tabor_rt *rt, uint32_t n)
{
    uint32_t count = 0;
    for (uint32_t w = 0; w < (rt->voice_slots + 63) / 64; w++) {
        for (uint64_t bits = rt->active[w]; bits; bits &= bits - 1) {
            uint32_t index = w * 64 + (uint32_t)__builtin_ctzll(bits);
            tabor_voice *v = &rt->voices[index];
            uint32_t lasted = mix_voice(rt, v, n);
            if (is_over(v, rt->frame + lasted)) {
                rt->ended[count++] = lasted << 16 | index;
            }
        }
    }
    return count;
}
