/* SPDX-License-Identifier: MIT
 *
 * The wire: sizes, names, handles, the clock.
 */
#include "link/clock.h"
#include "link/command.h"
#include "link/event.h"
#include "link/handle.h"

#include <pthread.h>

#include "tap.h"

static void
test_sizes(void)
{
    ok_int(sizeof(tabor_command), 64, "a command is 64 bytes");
    ok_int(sizeof(tabor_note), 32, "an event is 32 bytes");
    const int protocol[] = {TABOR_COMMAND_PING, TABOR_COMMAND_STOP,
                            TABOR_COMMAND_SET_VOLUME, TABOR_COMMAND_LOAD_SAMPLE,
                            TABOR_COMMAND_PLAY_SAMPLE};
    int distinct = 1;
    for (size_t i = 0; i < sizeof protocol / sizeof *protocol; i++) {
        distinct = distinct && protocol[i] == (int)i + 1;
    }
    ok(distinct && TABOR_NOTE_PONG != TABOR_NOTE_ENDED,
       "the six protocol messages have their numbers");
}

static void
test_handles(void)
{
    uint64_t h = tabor_handle_make(TABOR_KIND_VOICE, 16, 65535, UINT32_MAX);
    ok(tabor_handle_kind(h) == TABOR_KIND_VOICE &&
           tabor_handle_owner(h) == 16 && tabor_handle_slot(h) == 65535 &&
           tabor_handle_generation(h) == UINT32_MAX,
       "a handle gives back its four parts at their limits");
    ok(tabor_handle_kind(0) != TABOR_KIND_VOICE &&
           tabor_handle_kind(0) != TABOR_KIND_SAMPLE,
       "0 names nothing");
}

#define TICKS 2000000u

static tabor_clock_cell cell;
static _Atomic int ticking = 1;

static void *
tick(void *unused)
{
    for (uint64_t i = 1; i <= TICKS; i++) {
        tabor_clock_publish(&cell, (tabor_clock_words){i, i * 3});
    }
    atomic_store(&ticking, 0);
    return unused;
}

static void
test_clock(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, tick, NULL);
    uint64_t looks = 0, torn = 0, back = 0, last = 0;
    while (atomic_load(&ticking) || looks == 0) {
        tabor_clock_words now = tabor_clock_look(&cell);
        torn += now.monotonic_ns != now.frame * 3;
        back += now.frame < last;
        last = now.frame;
        looks++;
    }
    pthread_join(thread, NULL);
    tap_note("%llu looks", (unsigned long long)looks);
    ok(torn == 0 && looks > 0, "no look at the clock mixes two blocks");
    ok_int(back, 0, "the clock never goes back");
    ok_int(tabor_clock_look(&cell).frame, TICKS, "the last tick is seen");
}

int
main(void)
{
    tap_start();
    test_sizes();
    test_handles();
    test_clock();
    return tap_done();
}
