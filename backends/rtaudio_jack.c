/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "rtaudio_jack.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

#define PATIENCE_MS 300 /* libjack tells of a death within 130 */

static _Thread_local jack_life *opening;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static jack_life *lives; /* under lock, as is what they hold */

/* ------------------------------------------------------------ deaths -- */

/* libjack's types, without its header: RtAudio may be built without it. */
typedef struct _jack_client jack_client;
typedef void (*shutdown_handler)(void *arg);
typedef void (*shutdown_setter)(jack_client *client, shutdown_handler handler,
                                void *arg);

/* Called by librtaudio in the place of libjack's own; see the header. */
__attribute__((visibility("default"))) void
jack_on_shutdown(jack_client *client, shutdown_handler handler, void *arg);

/* On a thread of libjack's that is about to end. */
static void
on_death(void *arg)
{
    jack_life *life = arg;
    atomic_store_explicit(&life->gone, 1, memory_order_release);
}

static shutdown_setter
find_setter(void)
{
    shutdown_setter setter = NULL;
    void *libjack = dlopen("libjack.so.0", RTLD_LAZY | RTLD_NOLOAD);
    if (libjack) {
        *(void **)&setter = dlsym(libjack, "jack_on_shutdown");
        dlclose(libjack); /* librtaudio keeps it */
    }
    return setter;
}

void
jack_on_shutdown(jack_client *client, shutdown_handler handler, void *arg)
{
    const shutdown_setter setter = find_setter();
    if (!setter) {
        return;
    }
    if (opening) {
        setter(client, on_death, opening);
    } else {
        setter(client, handler, arg); /* somebody else's client */
    }
}

void
jack_watch_next_client(jack_life *life)
{
    opening = life;
}

bool
jack_is_gone(const jack_life *life)
{
    return atomic_load_explicit(&life->gone, memory_order_acquire);
}

/* --------------------------------------------------------- questions -- */

void
jack_life_begin(jack_life *life)
{
    pthread_mutex_lock(&lock);
    life->next = lives;
    lives = life;
    pthread_mutex_unlock(&lock);
}

void
jack_life_end(jack_life *life)
{
    pthread_mutex_lock(&lock);
    for (jack_life **at = &lives; *at; at = &(*at)->next) {
        if (*at == life) {
            *at = life->next;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
}

static uint32_t
calls_of(const jack_life *life)
{
    return atomic_load_explicit(life->calls, memory_order_acquire);
}

static void
begin_wait(void)
{
    pthread_mutex_lock(&lock);
    for (jack_life *life = lives; life; life = life->next) {
        life->seen = calls_of(life);
    }
    pthread_mutex_unlock(&lock);
}

/* silent: streams without a callback since begin_wait(); dead: those of a
 * server that died, not closed yet. */
static void
count_lives(int *silent, int *dead)
{
    *silent = *dead = 0;
    pthread_mutex_lock(&lock);
    for (const jack_life *life = lives; life; life = life->next) {
        *dead += jack_is_gone(life);
        *silent += calls_of(life) == life->seen;
    }
    pthread_mutex_unlock(&lock);
}

bool
jack_may_ask(void)
{
    const struct timespec nap = {0, 1000000};
    int silent, dead;
    begin_wait();
    count_lives(&silent, &dead);
    for (int ms = 0; ms < PATIENCE_MS && (silent || dead); ms++) {
        nanosleep(&nap, NULL);
        count_lives(&silent, &dead);
    }
    return !dead;
}
