/* SPDX-License-Identifier: MIT
 *
 * The golden score gives the same bits for 11 ways to cut time into blocks and
 * for each level of SIMD. "score --hash" prints the hash of each level for one
 * way only, for golden/compiler.sh.
 */
#include "control/simd.h"
#include "score-parts.h"

static void
set_level(const char *level)
{
    if (setenv("TABOR_SIMD", level, 1) != 0) {
        printf("Bail out! no environment\n");
        exit(1);
    }
}

/* All that the score is about does happen in it. */
static void
test_contents(uint64_t kept)
{
    score_count count;
    uint64_t hash = score_play(golden_patterns[4], &count);
    ok(hash == kept, "the golden score's hash is %016" PRIx64, hash);
    tap_note("if it is meant to change: tests/golden/README");
    ok(count.sum > 10000, "it sounds, for %u frames (%g)", count.frames,
       count.sum);
    int reasons = 0;
    for (int i = 0; i < 7; i++) {
        tap_note("%u plays ended: %s", count.reasons[i],
                 tabor_reason_text((tabor_reason)i));
        reasons += count.reasons[i] > 0;
    }
    ok_int(reasons, 7, "plays end for each of the seven reasons");
    ok(count.lates > 0 && count.pongs > 0,
       "late commands (%u) and pings (%u) are told", count.lates, count.pongs);
    ok(count.unsound > 0 && count.stolen > 0 && count.stale > 0,
       "there is what is no number (%u), stolen (%u) and stale (%u)",
       (unsigned)count.unsound, (unsigned)count.stolen, (unsigned)count.stale);
}

static void
test_level(const char *level, uint64_t kept)
{
    set_level(level);
    for (int i = 0; i < GOLDEN_PATTERNS; i++) {
        score_count count;
        uint64_t hash = score_play(golden_patterns[i], &count);
        ok(hash == kept, "%s, blocks of %s frames: the hash is the same", level,
           golden_patterns[i].name);
        if (hash != kept) {
            tap_note("it is %016" PRIx64, hash);
        }
    }
}

static int
print_hashes(const tabor_kernels *const *levels, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        score_count count;
        set_level(levels[i]->name);
        printf("%s %016" PRIx64 "\n", levels[i]->name,
               score_play(golden_patterns[4], &count));
    }
    return 0;
}

int
main(int argc, char **argv)
{
    const tabor_kernels *levels[TABOR_SIMD_LEVELS];
    unsigned n = tabor_simd_list(levels);
    if (argc == 2 && strcmp(argv[1], "--hash") == 0) {
        return print_hashes(levels, n);
    }
    tap_start();
    uint64_t kept = golden_kept("score");
    test_contents(kept);
    for (unsigned i = 0; i < n; i++) {
        test_level(levels[i]->name, kept);
    }
    return tap_done();
}
