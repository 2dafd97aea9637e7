/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C stops Lua's code and nothing else.
 *
 * The signal's handler may do one thing to Lua: set a hook, in the coroutine
 * that runs (coroutine.h notes which that is); the hook raises the error. The
 * first signal raises once, so that the script can clean up. A second one, or
 * that the script has computed on for a little, raises again and again, also
 * in those who catch the error, until the console has control:
 * "while true do pcall(f) end" ends too. So does a script that has used up its
 * time or its instructions.
 */
#include "clock.h"
#include "console.h"
#include "coroutine.h"

#include <lauxlib.h>

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#define STEP     100     /* instructions between two counts */
#define GRACE_NS 5000000 /* of computing, to clean up after a Ctrl-C */

static lua_State *volatile running; /* NULL: nothing to interrupt */
static volatile sig_atomic_t signals;
static int has_told; /* whoever runs, of a signal */

/* Budgets of the code that runs: what has run out raises in whatever runs,
 * again and again, as a second Ctrl-C does. */
typedef enum budget {
    BUDGET_LEFT,
    BUDGET_TIME,
    BUDGET_INSTRUCTIONS
} budget;

static volatile sig_atomic_t spent; /* a budget; set by a handler too */
static const console_settings *limits;
static uint64_t counted; /* instructions, not too few by more than STEP */
static timer_t timer, grace;
static int has_grace;
static int collects; /* garbage, before anything else runs */

static void count(lua_State *L, lua_Debug *where);

/* The hook of whoever has not been interrupted. */
static void
set_base_hook(lua_State *L)
{
    if (limits->instructions || !isnan(limits->budget)) {
        lua_sethook(L, count, LUA_MASKCOUNT, STEP);
    } else {
        lua_sethook(L, NULL, 0, 0);
    }
}

static void
tell(lua_State *L)
{
    if (spent == BUDGET_TIME) {
        luaL_error(L, "out of time: the limit is --budget %f (seconds)",
                   limits->budget);
    }
    if (spent == BUDGET_INSTRUCTIONS) {
        luaL_error(L, "out of time: the limit is --instructions %I",
                   (lua_Integer)limits->instructions);
    }
    has_told = 1;
    luaL_error(L, "interrupted");
}

static void
stop(lua_State *L, lua_Debug *where)
{
    (void)where;
    if (signals < 2 && !spent) {
        set_base_hook(L);
    }
    if (collects) {
        collects = 0;
        lua_gc(L, LUA_GCCOLLECT);
    }
    if (signals || spent) {
        tell(L);
    }
}

static void
set_hook(lua_State *L)
{
    lua_sethook(L, stop,
                LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void
count(lua_State *L, lua_Debug *where)
{
    (void)where;
    counted += STEP;
    if (limits->instructions && counted > limits->instructions && !spent) {
        spent = BUDGET_INSTRUCTIONS;
    }
    if (spent) {
        set_hook(L);
        tell(L);
    }
}

static void
begin_grace(void)
{
    const struct itimerspec when = {.it_value = {.tv_nsec = GRACE_NS}};
    if (has_grace && signals == 1) {
        timer_settime(grace, 0, &when, NULL);
    }
}

static void
handle(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    if (number == SIGINT) {
        signals = signals + (signals < 2);
        begin_grace();
    } else if (info->si_value.sival_ptr == &grace) {
        signals = signals > 0 ? 2 : 0;
    } else if (!spent) {
        spent = BUDGET_TIME;
    }
    if (running && (signals || spent)) {
        set_hook(running);
    }
}

/* --------------------------------------------------------- coroutines -- */

static void
enter(lua_State *co)
{
    running = co;
    counted += STEP; /* a short run in a coroutine ends before it is counted */
    if (signals >= 2 || spent) {
        set_hook(co);
    }
}

/* lua_resume() for the tasks of a clock: one that is stopped passes it on. */
static int
resume_task(lua_State *co, lua_State *from, int arguments, int *results)
{
    lua_State *before = running;
    if (before) {
        enter(co);
    }
    const int status = lua_resume(co, from, arguments, results);
    if (before) {
        enter(before);
        if (status > LUA_YIELD && signals) {
            set_hook(before);
        }
    }
    return status;
}

static int
is_interrupted(void)
{
    return signals > 0 || spent;
}

static lua_State *
get_running(void)
{
    return running;
}

static const coroutine_watcher watcher = {get_running, enter};

/* ------------------------------------------------------------ console -- */

static void
catch_signal(int number)
{
    struct sigaction action = {.sa_sigaction = handle,
                               .sa_flags = SA_SIGINFO}; /* no SA_RESTART */
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGVTALRM);
    sigaction(number, &action, NULL);
}

/* Of the thread's own time, so that neither waiting nor sound costs any.
 * Returns whether there is one. */
static int
make_timer(timer_t *made)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGVTALRM,
                             .sigev_value = {.sival_ptr = made}};
    return timer_create(CLOCK_THREAD_CPUTIME_ID, &event, made) == 0;
}

/* seconds: from now on, 0 = never */
static void
set_timer(double seconds)
{
    if (isnan(limits->budget)) {
        return; /* and no number for a timer */
    }
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)seconds}};
    when.it_value.tv_nsec =
        (long)((seconds - (double)when.it_value.tv_sec) * 1e9);
    timer_settime(timer, 0, &when, NULL);
}

void
interrupt_install(lua_State *L, const console_settings *settings)
{
    limits = settings;
    catch_signal(SIGINT);
    catch_signal(SIGVTALRM);
    has_grace = make_timer(&grace);
    if (!isnan(settings->budget) && !make_timer(&timer)) {
        luaL_error(L, "--budget: no timer: %s", strerror(errno));
    }
    set_base_hook(L);
    coroutine_watch(L, &watcher);
    task_hosted_by.resume = resume_task;
    task_hosted_by.is_interrupted = is_interrupted;
}

void
interrupt_arm(lua_State *L)
{
    signals = 0;
    has_told = 0;
    spent = BUDGET_LEFT;
    counted = 0;
    running = L;
    set_base_hook(L);
    set_timer(limits->budget);
}

void
interrupt_collect(void)
{
    if (running) {
        collects = 1;
        set_hook(running);
    }
}

int
interrupt_disarm(lua_State *L)
{
    const int came = signals > 0;
    running = NULL;
    set_timer(0);
    if (came && has_grace) {
        const struct itimerspec never = {.it_value = {0}};
        timer_settime(grace, 0, &never, NULL);
    }
    set_base_hook(L);
    signals = has_told ? 0 : signals;
    spent = BUDGET_LEFT;
    return came;
}

int
interrupt_is_due(void)
{
    return signals > 0;
}

int
interrupt_take(void)
{
    const int came = signals > 0;
    signals = 0;
    return came;
}

void
interrupt_again(void)
{
    signals = 1;
    has_told = 0;
}
