/* SPDX-License-Identifier: MIT
 *
 * What the system does to a process: it is stopped and continued, hit by
 * signals, forked, its wall clock is set, it has no rights. The piece goes on,
 * on its frames.
 *
 * Each case has a process of its own, and all run side by side.
 */
#define _GNU_SOURCE /* setresuid */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#include "cases.h"
#include "helpers.h"

#define LENGTH 2400
#define SECOND 1000000000ull

/* ------------------------------------------------------------- the piece -- */

/* The linker puts this in front of the library's calls: the wall clock jumps a
 * day to and fro whenever somebody looks at it. */
int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
static _Atomic int jumps, looks;

int
__wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
    int result = __real_clock_gettime(clock, t);
    atomic_fetch_add(&looks, 1);
    if (clock != CLOCK_MONOTONIC) {
        t->tv_sec += atomic_fetch_add(&jumps, 1) % 2 ? 86400 : -86400;
    }
    return result;
}

static uint64_t
now_ns(void)
{
    struct timespec t;
    __real_clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

typedef struct piece {
    rig r;
    tabor_handle sample;
    uint32_t plays, ended, wrong, failed;
    uint64_t next; /* frame of the next play */
} piece;

static piece
piece_open(void)
{
    piece p = {.r = rig_open("null", 256, 64, 1024)};
    p.sample = rig_ramp(&p.r, LENGTH, 2);
    p.next = tabor_engine_frame(p.r.engine) + 12000;
    return p;
}

/* A play each 50 ms, half a second ahead. */
static void
piece_send(piece *p)
{
    tabor_play_params params = TABOR_PLAY;
    tabor_handle voice;
    while (p->next < tabor_engine_frame(p->r.engine) + 24000) {
        params.at = p->next;
        params.tag = 1 + p->plays;
        p->failed +=
            tabor_play(p->r.client, p->sample, &params, &voice) != TABOR_OK;
        p->plays++;
        p->next += 2400;
    }
}

/* Each play begins where it was asked to, a multiple of 2400 frames from the
 * first, and plays to its end. */
static void
piece_read(piece *p)
{
    tabor_event e;
    while (tabor_poll(p->r.client, &e, 1)) {
        if (e.type != TABOR_EVENT_ENDED) {
            continue;
        }
        p->ended++;
        p->wrong += e.reason != TABOR_FINISHED || e.late != 0 ||
                    e.frame != e.value + LENGTH || (p->next - e.value) % 2400;
    }
}

/* A little of every control call. */
static void
piece_step(piece *p)
{
    uint64_t cookie, ns;
    tabor_handle spare;
    tabor_audio *copy;
    piece_send(p);
    tabor_status waited = tabor_client_wait(p->r.client, 20000000);
    p->failed += waited != TABOR_OK && waited != TABOR_ERR_TIMEOUT;
    piece_read(p);
    p->failed += tabor_ping_send(p->r.client, &cookie) != TABOR_OK ||
                 tabor_ping_wait(p->r.client, cookie, 20 * SECOND, &ns);
    p->failed += tabor_sample_copy(p->r.client, p->sample, &copy) != TABOR_OK;
    p->failed += tabor_sample_add(p->r.client, copy, "spare", &spare) ||
                 tabor_sample_unload(p->r.client, spare, TABOR_UNLOAD_RING);
    tabor_audio_free(copy);
}

/* Wait for all of it, and judge. */
static void
piece_judge(piece *p, const char *what)
{
    uint64_t until = now_ns() + 20 * SECOND;
    while (p->ended < p->plays && now_ns() < until) {
        tabor_client_wait(p->r.client, 20000000);
        piece_read(p);
    }
    ok(p->plays > 10 && p->ended == p->plays && p->wrong == 0,
       "%s: all %u plays of a piece begin and end on their frames", what,
       p->plays);
    ok_int((int)p->failed, 0, "%s: no call fails", what);
    ok_int(tabor_engine_close(p->r.engine), TABOR_OK, "%s: a clean exit", what);
    tabor_client_close(p->r.client);
}

static void
piece_play(piece *p, double seconds)
{
    uint64_t until = now_ns() + (uint64_t)(seconds * 1e9);
    while (now_ns() < until) {
        piece_step(p);
    }
}

/* ---------------------------------------------------------------- cases -- */

static _Atomic int signals;

static void
count_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals, 1);
}

static void
test_signals(const char *what)
{
    piece p = piece_open();
    /* no SA_RESTART: each call that waits is interrupted */
    const struct sigaction action = {.sa_handler = count_signal};
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0}, {0}};
    sigaction(SIGPROF, &action, NULL);
    sigaction(SIGVTALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    pid_t me = getpid();
    pid_t sender = fork(); /* a timer of our own would need alarm()'s */
    if (sender == 0) {
        for (;;) {
            kill(me, SIGUSR1);
            nanosleep(&(struct timespec){0, 150000}, NULL);
        }
    }
    setitimer(ITIMER_PROF, &often, NULL);
    uint64_t began = now_ns();
    /* as many as 5 kHz are in half a second, however long a busy machine
     * takes to send them */
    while (atomic_load(&signals) < 2500 && now_ns() < began + 60 * SECOND) {
        piece_play(&p, 1);
    }
    double seconds = (double)(now_ns() - began) * 1e-9;
    setitimer(ITIMER_PROF, &never, NULL);
    kill(sender, SIGKILL);
    waitpid(sender, NULL, 0);
    int came = atomic_load(&signals);
    ok(came >= 2500, "signals: %d came, %.0f a second", came, came / seconds);
    piece_judge(&p, what);
}

static void
test_clock(const char *what)
{
    piece p = piece_open();
    for (int i = 0; i < 40; i++) {
        struct timespec t;
        __wrap_clock_gettime(CLOCK_REALTIME, &t);
        piece_step(&p);
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    ok(atomic_load(&looks) > 100 && atomic_load(&jumps) == 40,
       "the wall clock: jumps 40 times a day; nobody else looks at it "
       "in %d looks at clocks",
       atomic_load(&looks));
    piece_judge(&p, what);
}

static void
test_rights(const char *what)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_MEMLOCK, &none);
    setrlimit(RLIMIT_RTPRIO, &none);
    setrlimit(RLIMIT_NICE, &none);
    int is_root = geteuid() == 0;
    if (is_root && setresuid(65534, 65534, 65534) != 0) {
        ok(0, "no rights: root can't give them up");
        return;
    }
    piece p = piece_open();
    piece_play(&p, 1);
    tabor_stats stats;
    tabor_get_stats(p.r.client, &stats);
    ok(geteuid() != 0 && stats.realtime == 0,
       "no rights: it plays, and says that it has no real-time priority");
    piece_judge(&p, what);
}

/* ---------------------------------------------------------------- stops -- */

/* What the clock said, each few milliseconds. */
typedef struct look {
    uint64_t ns, frame;
} look;

#define LOOKS 4000

static size_t
look_on(piece *p, look *seen, double seconds)
{
    uint64_t until = now_ns() + (uint64_t)(seconds * 1e9);
    size_t n = 0;
    while (n < LOOKS && now_ns() < until) {
        piece_send(p);
        piece_read(p);
        seen[n++] = (look){now_ns(), tabor_engine_frame(p->r.engine)};
        nanosleep(&(struct timespec){0, 3000000}, NULL);
    }
    return n;
}

/* The look after the longest gap. */
static size_t
find_gap(const look *seen, size_t n)
{
    size_t at = 1;
    for (size_t i = 1; i < n; i++) {
        if (seen[i].ns - seen[i - 1].ns > seen[at].ns - seen[at - 1].ns) {
            at = i;
        }
    }
    return at;
}

/* In the process that is stopped. */
static void
be_stopped(const char *what, double pause)
{
    static look seen[LOOKS];
    piece p = piece_open();
    size_t n = look_on(&p, seen, pause + 3), gap = find_gap(seen, n);
    double slept = (double)(seen[gap].ns - seen[gap - 1].ns) * 1e-9;
    size_t later = gap;
    while (later + 1 < n && seen[later].ns < seen[gap].ns + SECOND / 2) {
        later++;
    }
    ok(slept > pause * 0.8, "%s: for %.2f s", what, slept);
    uint64_t frames = seen[later].frame - seen[gap - 1].frame;
    double passed = (double)(seen[later].ns - seen[gap].ns) * 1e-9;
    /* what it is allowed to make up for, and a block */
    ok(passed > 0.3 && (double)frames < (passed + 0.3) * 48000,
       "%s: no burst: %.0f ms after it %.0f ms have been rendered", what,
       passed * 1e3, (double)frames / 48);
    tabor_clock clock;
    tabor_engine_get_clock(p.r.engine, &clock);
    ok(clock.epoch <= 2, "%s: at most one resync (%u)", what, clock.epoch / 2);
    piece_judge(&p, what);
}

/* In the case's process: it starts another one, and stops that. */
static void
test_stop(const char *what)
{
    double pause = getenv("TABOR_LONG") ? 10 : 2;
    pid_t player = fork();
    if (player == 0) {
        alarm(60);
        be_stopped(what, pause);
        fflush(stdout);
        _exit(0);
    }
    nanosleep(&(struct timespec){1, 0}, NULL);
    kill(player, SIGSTOP);
    nanosleep(&(struct timespec){(time_t)pause, 0}, NULL);
    kill(player, SIGCONT);
    int status = -1;
    waitpid(player, &status, 0);
    ok(status == 0, "%s: the player ends well", what);
}

/* ---------------------------------------------------------------- forks -- */

static _Atomic int forked_all;

static void *
play_on(void *user)
{
    while (!atomic_load(&forked_all)) {
        piece_step(user);
    }
    return NULL;
}

/* In a forked child: the parent's engine is not for it, its own one is. */
static void
be_child(piece *p)
{
    tabor_handle voice;
    float out[256 * 2];
    alarm(20);
    int refused =
        tabor_play(p->r.client, p->sample, NULL, &voice) == TABOR_ERR_FORKED &&
        tabor_client_wait(p->r.client, 1000) == TABOR_ERR_FORKED;
    tabor_engine_close(p->r.engine);
    tabor_client_close(p->r.client);
    rig own = rig_open("offline", 256, 8, 64);
    tabor_handle sample = rig_ramp(&own, 256, 2);
    must(tabor_play(own.client, sample, NULL, &voice));
    must(tabor_engine_render(own.engine, 256, out));
    rig_close(&own);
    _exit(refused && out[200] != 0 ? 0 : 3);
}

static void
test_forks(const char *what)
{
    int times = getenv("TABOR_LONG") ? 200 : 60;
    piece p = piece_open();
    pthread_t player;
    int well = 0;
    pthread_create(&player, NULL, play_on, &p);
    for (int i = 0; i < times; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            be_child(&p);
        }
        int status = -1;
        waitpid(pid, &status, 0);
        well += status == 0;
        nanosleep(&(struct timespec){0, 1000000 + i * 7919 % 3000000}, NULL);
    }
    atomic_store(&forked_all, 1);
    pthread_join(player, NULL);
    ok_int(well, times,
           "forks: at any moment, from another thread; children that know "
           "whose engine it is, and play on one of their own");
    piece_judge(&p, what);
}

/* ----------------------------------------------------------------- main -- */

static tap_case cases[] = {{.test = test_signals, .name = "signals"},
                           {.test = test_clock, .name = "the wall clock"},
                           {.test = test_rights, .name = "no rights"},
                           {.test = test_stop, .name = "stopped"},
                           {.test = test_forks, .name = "forks"}};

int
main(void)
{
    tap_start();
    tap_cases_run(cases, sizeof cases / sizeof *cases);
    return tap_done();
}
