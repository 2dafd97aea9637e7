/* SPDX-License-Identifier: MIT
 *
 * The control of tests/onsets and tests/score: an engine that ramps once a
 * block, as many do. It is the engine itself, whose linker puts these functions
 * in front of its own: a voice comes in over the rest of its first block, and a
 * change takes the rest of the block. Both hashes must notice.
 */
#include "onsets.h"
#include "rt/render.h"
#include "rt/voice.h"
#include "score-parts.h"

static uint64_t block_end;

int __real_tabor_render(tabor_rt *rt, float *out, uint32_t frames,
                        uint64_t now_ns);
int __wrap_tabor_render(tabor_rt *rt, float *out, uint32_t frames,
                        uint64_t now_ns);
int __real_tabor_voice_start(tabor_rt *rt, const tabor_command *play,
                             const tabor_command *shape, uint32_t late,
                             uint64_t skip_frames);
int __wrap_tabor_voice_start(tabor_rt *rt, const tabor_command *play,
                             const tabor_command *shape, uint32_t late,
                             uint64_t skip_frames);

int
__wrap_tabor_render(tabor_rt *rt, float *out, uint32_t frames, uint64_t now_ns)
{
    block_end = rt->frame + frames;
    return __real_tabor_render(rt, out, frames, now_ns);
}

int
__wrap_tabor_voice_start(tabor_rt *rt, const tabor_command *play,
                         const tabor_command *shape, uint32_t late,
                         uint64_t skip_frames)
{
    int index = __real_tabor_voice_start(rt, play, shape, late, skip_frames);
    if (index >= 0) {
        rt->voices[index].fade.from = 0.0f;
        rt->voices[index].fade.start = rt->frame;
        rt->voices[index].fade.frames = (uint32_t)(block_end - rt->frame);
    }
    return index;
}

static int
count_different(const uint64_t *hashes, int n)
{
    int different = 0;
    for (int i = 0; i < n; i++) {
        int seen = 0;
        for (int k = 0; k < i; k++) {
            seen = seen || hashes[k] == hashes[i];
        }
        different += !seen;
    }
    return different;
}

static void
test_onsets(const onsets *o)
{
    static onsets_run run;
    uint64_t hashes[GOLDEN_PATTERNS], kept = golden_kept("onsets");
    int noticed = 0, heard = 0;
    for (int i = 0; i < GOLDEN_PATTERNS; i++) {
        onsets_render(&run, o, golden_patterns[i]);
        hashes[i] = onsets_hash(&run);
        noticed += hashes[i] != kept && onsets_count_wrong(&run) > 0;
        heard += onsets_count_heard(&run) == ONSETS;
        onsets_end(&run);
    }
    ok_int(noticed, GOLDEN_PATTERNS,
           "with a ramp a block the hash of 100,000 plays is wrong for each of "
           "%d block patterns",
           GOLDEN_PATTERNS);
    ok_int(heard, 0, "and for none is each onset heard as it must be");
    ok_int(count_different(hashes, GOLDEN_PATTERNS), GOLDEN_PATTERNS,
           "each pattern has another hash");
}

static void
test_score(void)
{
    uint64_t hashes[GOLDEN_PATTERNS], kept = golden_kept("score");
    int noticed = 0;
    for (int i = 0; i < GOLDEN_PATTERNS; i++) {
        score_count count;
        hashes[i] = score_play(golden_patterns[i], &count);
        noticed += hashes[i] != kept;
    }
    ok_int(noticed, GOLDEN_PATTERNS, "so it is with the golden score's");
    ok_int(count_different(hashes, GOLDEN_PATTERNS), GOLDEN_PATTERNS,
           "each pattern has another");
}

int
main(void)
{
    tap_start();
    onsets *o = onsets_new();
    test_onsets(o);
    test_score();
    free(o);
    return tap_done();
}
