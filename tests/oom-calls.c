/* SPDX-License-Identifier: MIT
 *
 * Memory may end anywhere: in each function of our headers the first, the
 * second, the nth allocation is refused, once and for good. Then there is an
 * error that says so, or none because it could do without; nothing is kept, the
 * sound is what it would have been, and the same call works when there is
 * memory.
 */
#include "oom/calls.h"
#include "oom/fail.h"

#include <ctype.h>

#define FRAMES 1024

typedef float sound[2 * FRAMES];

/* What a refusal led to. */
typedef struct outcome {
    tabor_status status, again;
    int says_memory;
    uint32_t asked;
    sound heard;
    int64_t kept;
} outcome;

/* One world in which the call is made, with a refusal; or, without a call, in
 * which nothing happens. */
static outcome
live(const call *c, uint32_t nth, fail_how how)
{
    static outcome o;
    world w;
    int64_t before = fail_held();
    world_open(&w);
    fail_from(nth, how);
    o.status = c ? c->run(&w) : TABOR_OK;
    o.asked = fail_end();
    o.says_memory = o.status == TABOR_ERR_NO_MEMORY && *tabor_error();
    must(tabor_engine_render(w.r.engine, FRAMES, o.heard));
    o.again = o.status == TABOR_OK ? TABOR_OK : c->run(&w);
    world_close(&w);
    o.kept = fail_held() - before;
    return o;
}

typedef struct tally {
    uint32_t points, refused, wrong, silent, kept, useless;
} tally;

/* The sound of a call that failed is that of no call. */
static void
judge(const call *c, uint32_t nth, fail_how how, const outcome *o,
      const sound made, const sound not_made, tally *t)
{
    int good = o->status == TABOR_OK;
    int same = memcmp(o->heard, good ? made : not_made, sizeof(sound)) == 0;
    t->points++;
    t->refused += !good;
    t->wrong += !good && !o->says_memory;
    t->silent += !same;
    t->kept += o->kept != 0;
    t->useless += o->again != TABOR_OK;
    if ((!good && !o->says_memory) || !same || o->kept || o->again) {
        tap_note("%s, allocation %u %s: %s (%s), again: %s, %s, %lld kept",
                 c->name, nth, how == FAIL_ONCE ? "once" : "for good",
                 tabor_status_text(o->status), tabor_error(),
                 tabor_status_text(o->again), same ? "same sound" : "DIFFERS",
                 (long long)o->kept);
    }
}

static void
test_call(const call *c, const sound not_made, tally *sum)
{
    static sound made;
    tally t = {0};
    outcome o = live(c, 0, FAIL_ONCE);
    if (o.status != TABOR_OK || o.kept != 0) {
        ok(0, "%s works while there is memory", c->name);
        tap_note("%s (%s), %lld kept", tabor_status_text(o.status),
                 tabor_error(), (long long)o.kept);
        return;
    }
    memcpy(made, o.heard, sizeof made);
    for (int how = FAIL_ONCE; how <= FAIL_FOR_GOOD; how++) {
        for (uint32_t nth = 1;; nth++) {
            o = live(c, nth, (fail_how)how);
            if (o.asked < nth) {
                break;
            }
            judge(c, nth, (fail_how)how, &o, made, not_made, &t);
        }
    }
    ok(!t.wrong && !t.silent && !t.kept && !t.useless,
       "%s: %u refusals, %u errors", c->name, t.points, t.refused);
    sum->points += t.points;
    sum->refused += t.refused;
}

/* ------------------------------------------------------------ controls -- */

/* What a call forgot; a checker of leaks need not tell of it. */
static void *forgotten;

/* Calls that do each of the things that must be told. */
static tabor_status
forget_block(world *w)
{
    tabor_status st = tabor_audio_new(10, 1, 8000, &w->made);
    if (st != TABOR_OK) {
        forgotten = malloc(1);
    }
    return st;
}

static tabor_status
stop_and_fail(world *w)
{
    tabor_status st = tabor_audio_new(10, 1, 8000, &w->made);
    if (st != TABOR_OK) {
        must(tabor_stop(w->r.client, 0));
    }
    return st;
}

static tabor_status
say_other(world *w)
{
    return tabor_audio_new(10, 1, 8000, &w->made) == TABOR_OK
               ? TABOR_OK
               : TABOR_ERR_DEVICE;
}

static void
test_controls(const sound not_made)
{
    static const call forgets = {"keeps a block", forget_block};
    static const call stops = {"touches the sound", stop_and_fail};
    static const call says = {"says something else", say_other};
    outcome o = live(&forgets, 1, FAIL_ONCE);
    ok_int(o.kept, 1, "control: a call that keeps a block is told");
    free(forgotten);
    o = live(&stops, 1, FAIL_ONCE);
    ok(memcmp(o.heard, not_made, sizeof(sound)) != 0,
       "control: a call that touches the sound is told");
    o = live(&says, 1, FAIL_ONCE);
    ok(o.status != TABOR_OK && !o.says_memory,
       "control: a call that answers something else is told");
}

/* -------------------------------------------------------- completeness -- */

static int
has_name(const char *names, const char *name, size_t length)
{
    for (const char *at = names; (at = strstr(at, name)); at += length) {
        if (!isalnum((unsigned char)at[length]) && at[length] != '_') {
            return 1;
        }
    }
    return 0;
}

static int
is_called(const char *name)
{
    for (size_t i = 0; i < call_count; i++) {
        if (has_name(calls[i].name, name, strlen(name))) {
            return 1;
        }
    }
    return 0;
}

/* The name before a line's first parenthesis; "" if there is none. */
static void
copy_name(const char *line, char *name, size_t size)
{
    const char *end = strchr(line, '('), *start = end;
    while (start && start > line &&
           (isalnum((unsigned char)start[-1]) || start[-1] == '_')) {
        start--;
    }
    snprintf(name, size, "%.*s", start ? (int)(end - start) : 0,
             start ? start : "");
}

/* How many functions a header declares; those that are not called are told.
 */
static int
count_declared(const char *header, int *missing)
{
    char path[4096], line[512], name[64];
    int declared = 0, waiting = 0;
    const char *folder = getenv("srcdir");
    snprintf(path, sizeof path, "%s/include/tabor/%s", folder ? folder : ".",
             header);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        waiting |= strncmp(line, "TABOR_API ", 10) == 0;
        copy_name(line, name, sizeof name);
        if (waiting && *name) {
            waiting = 0;
            declared++;
            if (!is_called(name)) {
                tap_note("%s is not called", name);
                ++*missing;
            }
        }
    }
    if (f) {
        fclose(f);
    }
    return declared;
}

static void
test_complete(void)
{
    int missing = 0;
    int sounds = count_declared("tabor.h", &missing);
    int tempos = count_declared("tempo.h", &missing);
    ok(sounds > 60 && tempos > 5 && missing == 0,
       "each of the %d functions of tabor.h and the %d of tempo.h is called",
       sounds, tempos);
}

int
main(void)
{
    static sound not_made;
    tally sum = {0};
    tap_start();
    calls_prepare();
    outcome o = live(NULL, 0, FAIL_ONCE);
    memcpy(not_made, o.heard, sizeof not_made);
    test_controls(not_made);
    test_complete();
    for (size_t i = 0; i < call_count; i++) {
        test_call(&calls[i], not_made, &sum);
    }
    ok(sum.points > 100 && sum.refused > 50,
       "%u allocations were refused, %u calls failed for it", sum.points,
       sum.refused);
    calls_clean();
    return tap_done();
}
