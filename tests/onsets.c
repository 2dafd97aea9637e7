/* SPDX-License-Identifier: MIT
 *
 * 100,000 plays at random frames begin on their frames, for 11 ways to cut time
 * into blocks; py-onsets.py and lua-onsets.lua play the same from there.
 */
#include "onsets.h"

static void
test_pattern(const onsets *o, const golden_pattern *pattern, uint64_t kept)
{
    static onsets_run run;
    onsets_render(&run, o, *pattern);
    ok_int(onsets_count_heard(&run), ONSETS,
           "blocks of %s frames: each of %d plays in %u batches is heard on "
           "its frame",
           pattern->name, ONSETS, run.batches);
    ok_int(onsets_count_wrong(&run), 0, "and nothing else in %d values",
           ONSETS_FRAMES * 2);
    ok(run.ends == ONSETS && run.ends_right == ONSETS,
       "%u ends tell where they began and ended, %u rightly", run.ends,
       run.ends_right);
    uint64_t hash = onsets_hash(&run);
    ok(hash == kept, "the hash is the one that is kept (%016" PRIx64 ")", hash);
    onsets_end(&run);
}

/* The score is what it is taken for. */
static void
test_score(const onsets *o)
{
    uint32_t disorder = 0, together = 0, silent = 0;
    for (int i = 1; i < ONSETS; i++) {
        disorder += o->plays[i].at < o->plays[i - 1].at;
        together += o->plays[i].at == o->plays[i - 1].at;
    }
    for (int k = 0; k < ONSETS_FRAMES; k++) {
        silent += o->sum[k * 2] == 0 && o->sum[k * 2 + 1] == 0;
    }
    ok(disorder > ONSETS / 3 && o->windows[ONSETS_WINDOWS] == ONSETS,
       "the plays are sent in no order: %u go before the one behind them",
       disorder);
    ok(silent > ONSETS / 10, "and there is silence between them: %u frames",
       silent);
    tap_note("%u begin together with the next one", together);
}

int
main(void)
{
    tap_start();
    onsets *o = onsets_new();
    uint64_t kept = golden_kept("onsets");
    test_score(o);
    for (int i = 0; i < GOLDEN_PATTERNS; i++) {
        test_pattern(o, &golden_patterns[i], kept);
    }
    free(o);
    return tap_done();
}
