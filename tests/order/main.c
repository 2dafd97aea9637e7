/* SPDX-License-Identifier: MIT
 *
 * Tries all that the orders in src/link admit; then weakens each, and must find
 * a fault. Its last remarks name the orders that it has met, for order.sh.
 */
#include "protocols.h"

#include "tap.h"

static uint64_t executions;

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
test_protocol(unsigned i)
{
    model_result r;
    model_protocol_number = i;
    model_explore(&protocols[i], &r);
    executions += r.executions;
    ok(!r.fault[0] && r.executions > 0,
       "%s: %llu executions, none at fault (%llu more only spin)",
       protocols[i].name, (unsigned long long)r.executions,
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

static int
is_caught(unsigned site)
{
    model_result r;
    model_weak_site = (int)site;
    r.fault[0] = 0;
    for (unsigned i = 0; i < protocol_count && !r.fault[0]; i++) {
        if (model_sites[site].protocols >> i & 1) {
            model_protocol_number = i;
            model_explore(&protocols[i], &r);
            if (r.fault[0]) {
                tap_note("%s in %s, relaxed: %s (%s, execution %llu)",
                         model_sites[site].order, model_sites[site].function,
                         r.fault, protocols[i].name,
                         (unsigned long long)(r.executions + r.cut));
            }
        }
    }
    model_weak_site = -1;
    return r.fault[0] != 0;
}

static void
test_weakened(void)
{
    unsigned count = model_site_count, caught = 0;
    for (unsigned site = 0; site < count; site++) {
        int found = is_caught(site);
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
    for (unsigned i = 0; i < small_protocol_count; i++) {
        test_thorough(&small_protocols[i]);
    }
    for (unsigned i = 0; i < protocol_count; i++) {
        test_protocol(i);
    }
    tap_note("%llu executions in all", (unsigned long long)executions);
    unsigned met = model_site_count;
    for (unsigned i = 0; i < wrong_protocol_count; i++) {
        test_wrong(&wrong_protocols[i]);
    }
    ok_int(model_site_count, met, "no order is met in the wrong ones only");
    test_weakened();
    list_sites();
    return tap_done();
}
