/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "control/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/audio.h"
#include "control/status.h"
#include "link/handle.h"

tabor_status
tabor_samples_init(tabor_samples *table, uint32_t rate)
{
    memset(table, 0, sizeof *table);
    table->rate = rate;
    table->slots = aligned_alloc(64, TABOR_MAX_SAMPLES * sizeof *table->slots);
    table->entries = calloc(TABOR_MAX_SAMPLES, sizeof *table->entries);
    if (!table->slots || !table->entries) {
        free(table->slots);
        free(table->entries);
        return tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for an engine");
    }
    memset(table->slots, 0, TABOR_MAX_SAMPLES * sizeof *table->slots);
    pthread_mutex_init(&table->mutex, NULL);
    return TABOR_OK;
}

void
tabor_samples_free(tabor_samples *table)
{
    for (uint32_t i = 0; i < table->used; i++) {
        tabor_sample_memory_leave(table->entries[i].memory);
    }
    free(table->slots);
    free(table->entries);
    pthread_mutex_destroy(&table->mutex);
}

/* ----------------------------------------------------------------- word -- */

/* One who holds a sample, in an entry's word. Counted there, so that nobody
 * finds what the last one is giving back. */
#define HOLDER       UINT64_C(0x100)
#define HOLDERS      UINT64_C(0xffffff00)
#define MOST_HOLDERS (HOLDERS / HOLDER)

/* Put after in the place of before, which is what the word was; says what it is
 * if it was not. */
static int
exchange(tabor_sample_entry *e, uint64_t *before, uint64_t after)
{
    return atomic_compare_exchange_weak_explicit(
        &e->word, before, after, memory_order_acq_rel, memory_order_acquire);
}

static int
is_live(uint64_t word, uint32_t generation)
{
    return (word & ~HOLDERS) == tabor_slot_word(generation, TABOR_SLOT_LIVE);
}

/* ----------------------------------------------------------------- put -- */

/* What the audio thread reads of a new sample. */
static tabor_status
fill_slot(const tabor_samples *table, const tabor_audio *audio, uint32_t i)
{
    tabor_sample_slot *slot = &table->slots[i];
    tabor_sample_memory *memory;
    tabor_status st = tabor_sample_memory_new(audio, table->rate, &memory);
    if (st != TABOR_OK) {
        return st;
    }
    slot->values = memory->view.values;
    slot->stride = memory->view.stride;
    slot->frames = (uint32_t)memory->view.frames;
    slot->channels = memory->view.channels;
    table->entries[i].memory = memory;
    return TABOR_OK;
}

static void
free_slot(tabor_samples *table, uint32_t i)
{
    tabor_sample_memory_leave(table->entries[i].memory);
    table->entries[i].memory = NULL;
    table->in_use--;
    tabor_slot_clear(&table->slots[i], table->entries[i].generation);
}

/* Under the mutex. */
static void
reclaim(tabor_samples *table)
{
    for (uint32_t i = 0; i < table->used; i++) {
        if (tabor_slot_is_retired(&table->slots[i])) {
            free_slot(table, i);
        }
    }
}

static tabor_status
find_slot(tabor_samples *table, uint32_t *index)
{
    if (table->used < TABOR_MAX_SAMPLES) {
        *index = table->used++;
        return TABOR_OK;
    }
    reclaim(table);
    for (uint32_t i = 0; i < TABOR_MAX_SAMPLES; i++) {
        /* the last generation of a slot is never used: it would wrap */
        if (!table->entries[i].memory &&
            table->entries[i].generation < UINT32_MAX - 1) {
            *index = i;
            return TABOR_OK;
        }
    }
    return tabor_fail_full("samples", 1, 0, "unload some");
}

static tabor_status
put_resampled(tabor_samples *table, const tabor_audio *audio, const char *name,
              tabor_handle *sample)
{
    pthread_mutex_lock(&table->mutex);
    uint32_t i = 0;
    tabor_status st = find_slot(table, &i);
    if (st == TABOR_OK) {
        st = fill_slot(table, audio, i);
    }
    if (st == TABOR_OK) {
        tabor_sample_entry *e = &table->entries[i];
        uint32_t generation = ++e->generation;
        snprintf(e->name, sizeof e->name, "%s", name ? name : "");
        atomic_store_explicit(&e->frames, (uint32_t)audio->frames,
                              memory_order_relaxed);
        atomic_store_explicit(&e->loop_start, (uint32_t)audio->loop_start,
                              memory_order_relaxed);
        atomic_store_explicit(&e->loop_end, (uint32_t)audio->loop_end,
                              memory_order_relaxed);
        e->serial = ++table->serial;
        atomic_store_explicit(
            &e->word, tabor_slot_word(generation, TABOR_SLOT_LIVE) | HOLDER,
            memory_order_release);
        tabor_slot_publish(&table->slots[i], generation);
        table->in_use++;
        *sample = tabor_handle_make(TABOR_KIND_SAMPLE, 0, i, generation);
        tabor_take_add_sample(table->take, *sample, &table->slots[i]);
    }
    pthread_mutex_unlock(&table->mutex);
    return st;
}

tabor_status
tabor_samples_put(tabor_samples *table, const tabor_audio *audio,
                  const char *name, tabor_handle *sample)
{
    tabor_status st = tabor_audio_check_shape(
        name ? name : "the sound", audio->frames, audio->channels, audio->rate);
    if (st != TABOR_OK) {
        return st;
    }
    if (audio->frames == 0) {
        return tabor_fail(TABOR_ERR_INVALID, "%s has no frames",
                          name ? name : "the sound");
    }
    if (audio->rate == table->rate) {
        return put_resampled(table, audio, name, sample);
    }
    tabor_audio *resampled;
    st = tabor_audio_resample(audio, table->rate, &resampled);
    if (st != TABOR_OK) {
        return st;
    }
    if (resampled->frames == 0) {
        st = tabor_fail(TABOR_ERR_INVALID,
                        "%s is too short for a frame at %u Hz",
                        name ? name : "the sound", table->rate);
    } else {
        st = put_resampled(table, resampled, name, sample);
    }
    tabor_audio_free(resampled);
    return st;
}

void
tabor_samples_undo(tabor_samples *table, tabor_handle sample)
{
    unsigned i = tabor_handle_slot(sample);
    pthread_mutex_lock(&table->mutex);
    tabor_samples_close(table, sample);
    free_slot(table, i);
    pthread_mutex_unlock(&table->mutex);
}

void
tabor_samples_reclaim(tabor_samples *table)
{
    pthread_mutex_lock(&table->mutex);
    reclaim(table);
    pthread_mutex_unlock(&table->mutex);
}

/* ---------------------------------------------------------------- look -- */

static tabor_sample_entry *
entry_of(tabor_samples *table, tabor_handle sample)
{
    unsigned i = tabor_handle_slot(sample);
    if (tabor_handle_kind(sample) != TABOR_KIND_SAMPLE ||
        i >= TABOR_MAX_SAMPLES) {
        return NULL;
    }
    tabor_sample_entry *e = &table->entries[i];
    return is_live(atomic_load_explicit(&e->word, memory_order_acquire),
                   tabor_handle_generation(sample))
               ? e
               : NULL;
}

static tabor_status
fail_stale(void)
{
    return tabor_fail(TABOR_ERR_STALE, "the sample was unloaded");
}

tabor_status
tabor_samples_look(tabor_samples *table, tabor_handle sample,
                   tabor_sample_size *size)
{
    tabor_sample_entry *e = entry_of(table, sample);
    if (!e) {
        return fail_stale();
    }
    size->frames = atomic_load_explicit(&e->frames, memory_order_relaxed);
    size->loop_start =
        atomic_load_explicit(&e->loop_start, memory_order_relaxed);
    size->loop_end = atomic_load_explicit(&e->loop_end, memory_order_relaxed);
    return TABOR_OK;
}

/* Take so many holders from a sample; without any it is closed. */
static int
take_holders(tabor_samples *table, tabor_handle sample, uint64_t holders)
{
    const uint32_t generation = tabor_handle_generation(sample);
    tabor_sample_entry *e = entry_of(table, sample);
    uint64_t word =
        e ? atomic_load_explicit(&e->word, memory_order_acquire) : 0;
    while (e && is_live(word, generation)) {
        const int is_last = (word & HOLDERS) <= holders * HOLDER;
        const uint64_t after =
            is_last ? tabor_slot_word(generation, TABOR_SLOT_RETIRED)
                    : word - holders * HOLDER;
        if (exchange(e, &word, after)) {
            return is_last;
        }
    }
    return 0;
}

int
tabor_samples_close(tabor_samples *table, tabor_handle sample)
{
    return take_holders(table, sample, MOST_HOLDERS);
}

int
tabor_samples_leave(tabor_samples *table, tabor_handle sample)
{
    return take_holders(table, sample, 1);
}

/* ---------------------------------------------------------------- find -- */

/* The newest live one of that name, or NULL.  Under the mutex. */
static tabor_sample_entry *
newest(tabor_samples *table, const char *name)
{
    tabor_sample_entry *found = NULL;
    for (uint32_t i = 0; i < table->used; i++) {
        tabor_sample_entry *e = &table->entries[i];
        if (e->memory && (!found || e->serial > found->serial) &&
            strncmp(e->name, name, sizeof e->name - 1) == 0 &&
            is_live(atomic_load_explicit(&e->word, memory_order_acquire),
                    e->generation)) {
            found = e;
        }
    }
    return found;
}

static tabor_status
hold(tabor_sample_entry *e, const char *name)
{
    uint64_t word = atomic_load_explicit(&e->word, memory_order_acquire);
    while (is_live(word, e->generation)) {
        if ((word & HOLDERS) == HOLDERS) {
            return tabor_fail(TABOR_ERR_LIMIT,
                              "sample '%s' was found too often: let go of some",
                              name);
        }
        if (exchange(e, &word, word + HOLDER)) {
            return TABOR_OK;
        }
    }
    return TABOR_ERR_STALE;
}

tabor_status
tabor_samples_find(tabor_samples *table, const char *name, tabor_handle *sample)
{
    tabor_status st = TABOR_ERR_STALE;
    pthread_mutex_lock(&table->mutex);
    while (st == TABOR_ERR_STALE) {
        tabor_sample_entry *e = newest(table, name);
        if (!e) {
            st = tabor_fail(TABOR_ERR_MISSING,
                            "no sample is called '%s': load it, or name it so "
                            "when it is loaded",
                            name);
        } else if ((st = hold(e, name)) == TABOR_OK) {
            *sample = tabor_handle_make(TABOR_KIND_SAMPLE, 0,
                                        (unsigned)(e - table->entries),
                                        e->generation);
        }
    }
    pthread_mutex_unlock(&table->mutex);
    return st;
}

/* ---------------------------------------------------------------- ask -- */

tabor_status
tabor_samples_info(tabor_samples *table, tabor_handle sample,
                   tabor_sample_info *info)
{
    pthread_mutex_lock(&table->mutex);
    tabor_sample_entry *e = entry_of(table, sample);
    if (e) {
        const tabor_sample_slot *slot =
            &table->slots[tabor_handle_slot(sample)];
        info->frames = slot->frames;
        info->channels = slot->channels;
        info->rate = table->rate;
        info->loop_start =
            atomic_load_explicit(&e->loop_start, memory_order_relaxed);
        info->loop_end =
            atomic_load_explicit(&e->loop_end, memory_order_relaxed);
        snprintf(info->name, sizeof info->name, "%s", e->name);
    }
    pthread_mutex_unlock(&table->mutex);
    return e ? TABOR_OK : fail_stale();
}

static void
interleave(const tabor_sample_slot *slot, tabor_audio *out)
{
    for (uint32_t c = 0; c < slot->channels; c++) {
        for (uint64_t i = 0; i < slot->frames; i++) {
            out->values[i * slot->channels + c] =
                slot->values[c * slot->stride + i];
        }
    }
}

tabor_status
tabor_samples_copy(tabor_samples *table, tabor_handle sample,
                   tabor_audio **audio)
{
    pthread_mutex_lock(&table->mutex);
    tabor_status st;
    if (!entry_of(table, sample)) {
        st = fail_stale();
    } else {
        /* under the mutex nobody frees it */
        const tabor_sample_slot *slot =
            &table->slots[tabor_handle_slot(sample)];
        st = tabor_audio_new(slot->frames, slot->channels, table->rate, audio);
        if (st == TABOR_OK) {
            interleave(slot, *audio);
        }
    }
    pthread_mutex_unlock(&table->mutex);
    return st;
}

tabor_status
tabor_samples_view(tabor_samples *table, tabor_handle sample,
                   const tabor_view **view)
{
    pthread_mutex_lock(&table->mutex);
    tabor_sample_entry *e = entry_of(table, sample);
    if (e) {
        /* under the mutex the table doesn't give its own up */
        tabor_sample_memory_hold(e->memory);
        *view = &e->memory->view;
    }
    pthread_mutex_unlock(&table->mutex);
    return e ? TABOR_OK : fail_stale();
}
