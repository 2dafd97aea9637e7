/* SPDX-License-Identifier: MIT
 *
 * Tries all that the orders in src/link admit; then weakens each, and must find
 * a fault. Its last remarks name the orders that it has met, for order.sh.
 */
#include "protocols.h"

#include "tap.h"

#define SETS 2

static const protocol_set *const sets[SETS] = {&ring_protocols,
                                               &word_protocols};
static uint64_t executions;

/* The n-th of all right protocols, NULL behind the last. */
static const model_protocol *
nth_protocol(unsigned n)
{
    for (unsigned s = 0; s < SETS; s++) {
        if (n < sets[s]->right_count) {
            return &sets[s]->right[n];
        }
        n -= sets[s]->right_count;
    }
    return NULL;
}

static void
show_trace(const model_result *r)
{
    for (const char *line = r->trace; *line;) {
        int length = (int)strcspn(line, "\n");
        printf("#%.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

static void
test_litmus(const litmus *l)
{
    model_result r;
    model_explore(&l->program, &r);
    ok(strcmp(r.fault, l->fault) == 0 && r.outcomes == l->outcomes &&
           r.executions > 0,
       "%s has just the outcomes that C11 admits (%llu executions)",
       l->program.name, (unsigned long long)r.executions);
    if (r.outcomes != l->outcomes || strcmp(r.fault, l->fault) != 0) {
        tap_note("outcomes %llx, wanted %llx; fault \"%s\"",
                 (unsigned long long)r.outcomes,
                 (unsigned long long)l->outcomes, r.fault);
    }
}

static void
test_protocol(const model_protocol *protocol, unsigned number)
{
    model_result r;
    model_protocol_number = number;
    model_explore(protocol, &r);
    executions += r.executions;
    ok(!r.fault[0] && r.executions > 0,
       "%s: %llu executions, none at fault (%llu more only spin)",
       protocol->name, (unsigned long long)r.executions,
       (unsigned long long)r.cut);
    if (r.fault[0]) {
        tap_note("%s:", r.fault);
        show_trace(&r);
    }
}

/* Does leaving out repetitions leave out anything else? */
static void
test_thorough(const model_protocol *protocol)
{
    model_result some, all;
    model_explore(protocol, &some);
    model_thorough = 1;
    model_explore(protocol, &all);
    model_thorough = 0;
    ok(all.distinct == some.distinct && some.distinct > 0 &&
           some.outcomes == all.outcomes,
       "%s: of %llu executions %llu are distinct, and %llu tried show them all",
       protocol->name, (unsigned long long)all.executions,
       (unsigned long long)all.distinct, (unsigned long long)some.executions);
}

static void
test_wrong(const model_protocol *protocol)
{
    model_result r;
    model_explore(protocol, &r);
    ok(r.fault[0], "%s is found out: %s", protocol->name, r.fault);
}

/* Does a protocol that meets the site miss its order? */
static int
is_caught(const model_site *site)
{
    model_result r;
    const model_protocol *p;
    for (unsigned i = 0; (p = nth_protocol(i)); i++) {
        model_protocol_number = i;
        if (!(site->protocols >> i & 1)) {
            continue;
        }
        model_explore(p, &r);
        if (r.fault[0]) {
            tap_note("%s in %s, relaxed: %s (%s, execution %llu)", site->order,
                     site->function, r.fault, p->name,
                     (unsigned long long)(r.executions + r.cut));
            return 1;
        }
    }
    return 0;
}

static void
test_weakened(void)
{
    unsigned count = model_site_count, caught = 0;
    for (unsigned site = 0; site < count; site++) {
        model_weak_site = (int)site;
        int found = is_caught(&model_sites[site]);
        model_weak_site = -1;
        caught += (unsigned)found;
        if (!found) {
            tap_note("NOT CAUGHT: %s in %s, relaxed", model_sites[site].order,
                     model_sites[site].function);
        }
    }
    ok(caught == count && count > 0, "orders weakened: %u of %u were found out",
       caught, count);
}

static void
list_sites(void)
{
    for (unsigned i = 0; i < model_site_count; i++) {
        tap_note("met: %s", model_sites[i].order);
    }
}

static void
test_sets(void)
{
    const model_protocol *p;
    for (unsigned s = 0; s < SETS; s++) {
        for (unsigned i = 0; i < sets[s]->small_count; i++) {
            test_thorough(&sets[s]->small[i]);
        }
    }
    for (unsigned i = 0; (p = nth_protocol(i)); i++) {
        test_protocol(p, i);
    }
    tap_note("%llu executions in all", (unsigned long long)executions);
    unsigned met = model_site_count;
    for (unsigned s = 0; s < SETS; s++) {
        for (unsigned i = 0; i < sets[s]->wrong_count; i++) {
            test_wrong(&sets[s]->wrong[i]);
        }
    }
    ok_int(model_site_count, met, "no order is met in the wrong ones only");
}

int
main(void)
{
    tap_start();
    const char *wide = getenv("TABOR_LONG");
    protocols_wide = wide && strcmp(wide, "1") == 0;
    if (protocols_wide) {
        alarm(3600);
    }
    for (unsigned i = 0; i < litmus_count; i++) {
        test_litmus(&litmuses[i]);
    }
    for (unsigned i = 0; i < litmus_count; i++) {
        if (!litmuses[i].fault[0]) {
            test_thorough(&litmuses[i].program);
        }
    }
    test_sets();
    test_weakened();
    list_sites();
    return tap_done();
}
