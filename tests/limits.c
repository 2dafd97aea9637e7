/* SPDX-License-Identifier: MIT
 *
 * The numbers in commands: each is taken up to its limit and refused one past
 * it, and a refusal gives its credit back.
 */
#include "wire.h"

/* c with one member set. */
#define WITH(c, member, value)                                                 \
    __extension__({                                                            \
        tabor_command with_ = (c);                                             \
        with_.member = (value);                                                \
        with_;                                                                 \
    })

/* The same for a play, whose target is used up by each. */
#define PLAY(member, value) WITH(play(handle(next_play++)), member, value)

static void
test_plays(void)
{
    set_up();
    wrong = looked_at = 0;
    taken(PLAY(body.play.step, TABOR_STEP_MIN));
    refuse(PLAY(body.play.step, TABOR_STEP_MIN - 1));
    taken(PLAY(body.play.step, TABOR_STEP_MAX));
    refuse(PLAY(body.play.step, TABOR_STEP_MAX + 1));
    taken(PLAY(kernel, TABOR_READ_SINC32));
    refuse(PLAY(kernel, TABOR_READ_SINC32 + 1));
    taken(PLAY(body.play.gain, 0));
    refuse(PLAY(body.play.gain, -1e-6f));
    taken(PLAY(body.play.gain, TABOR_GAIN_MAX));
    refuse(PLAY(body.play.gain, TABOR_GAIN_MAX + 1e-5f));
    refuse(PLAY(body.play.gain, NAN));
    taken(PLAY(body.play.pan, -1));
    refuse(PLAY(body.play.pan, -1.0001f));
    taken(PLAY(body.play.pan, 1));
    refuse(PLAY(body.play.pan, 1.0001f));
    refuse(PLAY(body.play.pan, NAN));
    taken(PLAY(body.play.offset, 1000));
    ok(wrong == 0 && looked_at == 17, "%d plays are taken up to their limits",
       looked_at);
    rig_close(&r);
}

static void
test_sets(void)
{
    set_up();
    wrong = looked_at = 0;
    tabor_command set = command(TABOR_COMMAND_VOICE_SET, handle(0));
    set.body.set.gain = 1;
    set.body.set.step = TABOR_STEP_ONE;
    taken(WITH(set, body.set.ramp_frames, TABOR_RAMP_FRAMES_MAX));
    refuse(WITH(set, body.set.ramp_frames, TABOR_RAMP_FRAMES_MAX + 1));
    set.body.set.which = TABOR_COMMAND_GAIN;
    taken(WITH(set, body.set.gain, TABOR_GAIN_MAX));
    refuse(WITH(set, body.set.gain, TABOR_GAIN_MAX + 1));
    taken(WITH(set, body.set.pan, 9)); /* not meant, so not looked at */
    taken(WITH(set, body.set.step, 0));
    set.body.set.which = TABOR_COMMAND_PAN;
    taken(WITH(set, body.set.pan, -1));
    refuse(WITH(set, body.set.pan, -1.5f));
    taken(WITH(set, body.set.gain, -1));
    taken(WITH(set, body.set.step, 0));
    set.body.set.which = TABOR_COMMAND_STEP;
    taken(WITH(set, body.set.step, TABOR_STEP_MIN));
    refuse(WITH(set, body.set.step, TABOR_STEP_MIN - 1));
    taken(WITH(set, body.set.step, TABOR_STEP_MAX));
    refuse(WITH(set, body.set.step, TABOR_STEP_MAX + 1));
    taken(WITH(set, body.set.gain, -1));
    taken(WITH(set, body.set.pan, 9));
    ok(wrong == 0 && looked_at == 16,
       "%d changes likewise, and what a change "
       "does not mean is not looked at",
       looked_at);
    rig_close(&r);
}

static void
test_others(void)
{
    const uint32_t most = TABOR_RAMP_FRAMES_MAX;
    set_up();
    wrong = looked_at = 0;
    tabor_command c = command(TABOR_COMMAND_STOP, 0);
    taken(WITH(c, body.stop.fade_frames, most));
    refuse(WITH(c, body.stop.fade_frames, most + 1));
    c = command(TABOR_COMMAND_VOICE_STOP, handle(0));
    taken(WITH(c, body.stop.fade_frames, most));
    refuse(WITH(c, body.stop.fade_frames, most + 1));
    c = command(TABOR_COMMAND_SET_VOLUME, 0);
    taken(WITH(c, body.volume.ramp_frames, most));
    refuse(WITH(c, body.volume.ramp_frames, most + 1));
    taken(WITH(c, body.volume.gain, TABOR_GAIN_MAX));
    refuse(WITH(c, body.volume.gain, TABOR_GAIN_MAX + 1));
    refuse(WITH(c, body.volume.gain, -1));
    c = command(TABOR_COMMAND_RETIRE_SAMPLE, sample);
    taken(WITH(c, body.retire.how, TABOR_RETIRE_CUT));
    refuse(WITH(c, body.retire.how, TABOR_RETIRE_CUT + 1));
    taken(WITH(c, body.retire.fade_frames, most));
    refuse(WITH(c, body.retire.fade_frames, most + 1));
    refuse(command(TABOR_COMMAND_NONE, 0));
    taken(command(TABOR_COMMAND_SEEK, handle(0)));
    refuse(command(TABOR_COMMAND_TYPES, 0));
    refuse(command(UINT16_MAX, 0));
    ok(wrong == 0 && looked_at == 17, "%d of the other commands likewise",
       looked_at);
    rig_close(&r);
}

/* A shape and its play, which is taken in any case. */
static void
expect_shape(int line, tabor_command s, int want_refused)
{
    tabor_handle voice = handle(next_play++);
    s.target = voice;
    const tabor_command both[] = {s, play(voice)};
    int was = refused(both, 2);
    if (was != want_refused) {
        tap_note("%s:%d: refused %d", __FILE__, line, was);
        wrong++;
    }
    looked_at++;
}
#define SHAPE(member, value)                                                   \
    expect_shape(__LINE__, WITH(shape(0), member, (value)), 0);                \
    expect_shape(__LINE__, WITH(shape(0), member, (value) + 1), 1)

static void
expect_loop(int line, uint32_t start, uint32_t end, uint32_t fade,
            int want_refused)
{
    tabor_command s = shape(0);
    s.body.shape.loop_start = start;
    s.body.shape.loop_end = end;
    s.more.loop_fade = fade;
    expect_shape(line, s, want_refused);
}
#define LOOP(...) expect_loop(__LINE__, __VA_ARGS__)

static void
test_shapes(void)
{
    const uint32_t most = TABOR_RAMP_FRAMES_MAX;
    set_up();
    wrong = looked_at = 0;
    SHAPE(body.shape.fade_in, most);
    SHAPE(body.shape.fade_out, most);
    SHAPE(body.shape.attack, most);
    SHAPE(more.hold, most);
    SHAPE(body.shape.decay, most);
    SHAPE(body.shape.release, most);
    SHAPE(body.shape.sustain, 1);
    expect_shape(__LINE__, WITH(shape(0), body.shape.sustain, -1.5f), 1);
    LOOP(0, 1000, 0, 0);
    LOOP(0, 1001, 0, 1); /* the sample has 1000 frames */
    LOOP(999, 1000, 0, 0);
    LOOP(1000, 1000, 0, 1);
    LOOP(300, 900, 300, 0);
    LOOP(300, 900, 301, 1);
    LOOP(800, 900, 100, 0);
    LOOP(800, 900, 101, 1);
    LOOP(0, 0, 1, 1);
    ok(wrong == 0 && looked_at == 24, "%d shapes likewise", looked_at);

    tabor_command twice[] = {shape(handle(next_play)), shape(handle(next_play)),
                             play(handle(next_play))};
    ok_int(refused(twice, 3), 1, "of two shapes before a play one is refused");
    next_play++;
    tabor_command foreign[] = {shape(handle(next_play + 1)),
                               play(handle(next_play))};
    ok_int(refused(foreign, 2), 1, "a shape for another play is refused");
    rig_close(&r);
}

int
main(void)
{
    tap_start();
    test_plays();
    test_sets();
    test_others();
    test_shapes();
    return tap_done();
}
