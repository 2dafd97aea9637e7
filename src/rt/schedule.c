/* SPDX-License-Identifier: MIT */
#include "rt/schedule.h"

/* A node has four kids: half as many levels as with two, and the four lie next
 * to each other. */
#define KIDS 4

/* Signed difference: what is in flight is far less than 2^31 apart. */
static inline int
before(const tabor_rt_key *a, const tabor_rt_key *b)
{
    if (a->frame != b->frame) {
        return a->frame < b->frame;
    }
    if (a->owner != b->owner) {
        return a->owner < b->owner;
    }
    return (int32_t)(a->seq - b->seq) < 0;
}

static void
place(tabor_rt *rt, uint32_t i, tabor_rt_key key)
{
    rt->heap[i] = key;
    rt->clients[key.owner]->heap_at[key.slab] = i;
}

/* Put a key into the hole at i, or nearer to the top. */
static void
sift_up(tabor_rt *rt, uint32_t i, tabor_rt_key key)
{
    while (i > 0) {
        uint32_t parent = (i - 1) / KIDS;
        if (!before(&key, &rt->heap[parent])) {
            break;
        }
        place(rt, i, rt->heap[parent]);
        i = parent;
    }
    place(rt, i, key);
}

/* The first of the kids of i, of which there is one at least. */
static inline uint32_t
first_kid(const tabor_rt *rt, uint32_t i)
{
    uint32_t kid = KIDS * i + 1, end = kid + KIDS;
    uint32_t first = kid;
    end = end < rt->heap_size ? end : rt->heap_size;
    for (kid++; kid < end; kid++) {
        if (before(&rt->heap[kid], &rt->heap[first])) {
            first = kid;
        }
    }
    return first;
}

/* Put a key into the hole at i, or further down. */
static void
sift_down(tabor_rt *rt, uint32_t i, tabor_rt_key key)
{
    while (KIDS * i + 1 < rt->heap_size) {
        uint32_t kid = first_kid(rt, i);
        if (!before(&rt->heap[kid], &key)) {
            break;
        }
        place(rt, i, rt->heap[kid]);
        i = kid;
    }
    place(rt, i, key);
}

TABOR_RT int
tabor_slab_take(tabor_rt_client *client)
{
    if (client->slab_free_count == 0) {
        return -1;
    }
    return client->slab_free[--client->slab_free_count];
}

TABOR_RT void
tabor_slab_give(tabor_rt_client *client, unsigned slab)
{
    client->slab_free[client->slab_free_count++] = (uint16_t)slab;
    client->done++;
}

TABOR_RT int
tabor_schedule_push(tabor_rt *rt, unsigned owner, const tabor_command *command)
{
    tabor_rt_client *c = rt->clients[owner];
    int slab = tabor_slab_take(c);
    if (slab < 0) {
        return -1;
    }
    c->slab[slab] = *command;
    /* a frame that has passed means now: late commands keep their order */
    uint64_t frame = command->frame > rt->frame ? command->frame : rt->frame;
    tabor_rt_key key = {.frame = frame,
                        .seq = command->seq,
                        .slab = (uint16_t)slab,
                        .owner = (uint8_t)owner};
    sift_up(rt, rt->heap_size++, key);
    return slab;
}

TABOR_RT uint64_t
tabor_schedule_next(const tabor_rt *rt)
{
    return rt->heap_size ? rt->heap[0].frame : TABOR_NEVER;
}

static tabor_rt_key
take(tabor_rt *rt, uint32_t i)
{
    tabor_rt_key key = rt->heap[i];
    tabor_rt_key last = rt->heap[--rt->heap_size];
    if (i == rt->heap_size) {
        return key;
    }
    if (before(&last, &key)) {
        sift_up(rt, i, last);
    } else {
        sift_down(rt, i, last);
    }
    return key;
}

TABOR_RT tabor_rt_key
tabor_schedule_pop(tabor_rt *rt)
{
    tabor_rt_key key = take(rt, 0);
    if (rt->heap_size) { /* the next command comes near while this is done */
        const tabor_rt_key *next = &rt->heap[0];
        __builtin_prefetch(&rt->clients[next->owner]->slab[next->slab]);
    }
    return key;
}

TABOR_RT void
tabor_schedule_remove(tabor_rt *rt, unsigned owner, unsigned slab)
{
    tabor_schedule_free(rt, take(rt, rt->clients[owner]->heap_at[slab]));
}

TABOR_RT void
tabor_schedule_purge(tabor_rt *rt, unsigned owner)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < rt->heap_size; i++) {
        if (rt->heap[i].owner == owner) {
            tabor_schedule_free(rt, rt->heap[i]);
        } else {
            rt->heap[kept++] = rt->heap[i];
        }
    }
    rt->heap_size = kept;
    for (uint32_t i = kept; i-- > 0;) {
        sift_down(rt, i, rt->heap[i]);
    }
}

TABOR_RT void
tabor_schedule_free(tabor_rt *rt, tabor_rt_key key)
{
    tabor_slab_give(rt->clients[key.owner], key.slab);
}
