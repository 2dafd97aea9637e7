/* SPDX-License-Identifier: MIT
 *
 * Coroutines on the audio clock: what the files about time share.
 *
 *   clock.c    the class: run, wait, sync, tempo, ...
 *   loop.c     named loops, and what a reloaded file does to them
 *   task.c     one coroutine: made, resumed, ended
 *   agenda.c   who waits, in the order of what is waited for
 *   drive.c    the clocks of an engine: who is due runs, then time passes
 *   tardy.c    what came too late, by whom, and what would have helped
 *
 * A task's logical time stands still while it runs, and stamps what it sends.
 * Tasks run one after the other in the order of their logical times, up to the
 * clock's latency ahead of what is heard. Who waits for a beat stays in a heap
 * keyed in beats, so that a change of tempo moves all of them and none.
 *
 * As lua_tabor.h says: [control], in the thread that runs the Lua state.
 */
#ifndef LUA_CLOCK_H
#define LUA_CLOCK_H

#include "lua_tabor.h"

#include <tabor/tempo.h>

#define CLOCK_CLASS "tabor.Clock"
#define TASK_CLASS  "tabor.Task"

extern const object_kind clock_kind, task_kind;

typedef struct lua_clock lua_clock;
typedef struct lua_task lua_task;

/* ------------------------------------------------------------- agenda -- */

/* A heap of tasks, the least (key, seq) first. */
typedef struct agenda {
    lua_task **tasks; /* owned; the tasks are borrowed */
    size_t count, room;
} agenda;

/* Returns 0 without memory. */
int agenda_add(agenda *a, lua_task *t);
void agenda_remove(agenda *a, lua_task *t);
void agenda_free(agenda *a);

/* NULL if nobody waits. */
lua_task *agenda_first(const agenda *a);

/* --------------------------------------------------------------- task -- */

/* User values of a task. */
enum {
    TASK_CLOCK = 1,
    TASK_THREAD, /* its coroutine; nil once it is over */
    TASK_NAME,
    TASK_BODY, /* of a loop: the function that runs */
    TASK_NEXT, /* the one that takes over at the boundary, false = none */
    TASK_GOOD, /* the last one that has come to its end, or nil */
    TASK_VALUES = TASK_GOOD
};

typedef enum task_state {
    TASK_WAITS,   /* for key, in beats */
    TASK_SYNCS,   /* likewise; after a stall for the grid's next line */
    TASK_SLEEPS,  /* until key, in seconds */
    TASK_WATCHES, /* for what watched is, until key at most */
    TASK_RUNS,
    TASK_OVER
} task_state;

struct lua_task {
    const object_kind *kind;
    lua_clock *clock; /* borrowed: the task keeps it alive */
    lua_State *co;    /* NULL once it is over */
    const char *name; /* TASK_NAME's text */
    task_state state;
    int arguments;       /* on co's stack, for the first resume */
    int is_doomed;       /* cancelled while it ran */
    int starts;          /* it, or its body, has not run yet */
    int by_seconds;      /* its logical time came from a sleep */
    int is_loop;         /* TASK_BODY runs again and again */
    int stops;           /* of a loop: at its next boundary */
    int is_fresh;        /* of a loop: this body has not come to its end yet */
    uint64_t passes;     /* of a loop */
    double began;        /* of a loop: the second at which its pass began */
    uint32_t generation; /* see loop_reload_begin() */
    double beat, second; /* its logical time, since the clock began */
    uint64_t frame;      /* the same, of the engine */
    double key;
    double grid, offset; /* of a sync */
    const void *watched; /* a Voice or a Task, on co's stack */
    uint64_t seq;
    size_t place;  /* in its agenda */
    uint32_t idle; /* times it was resumed while its time stood still */
};

lua_task *task_check(lua_State *L, int index);

/* Push a new Task that calls the function on top, below its arguments, which
 * it takes. It waits for nothing yet. clock, name: indices */
lua_task *task_push(lua_State *L, int clock, int name, int arguments);

/* Let it wait. Raises without memory. */
void task_wait_until(lua_State *L, lua_task *t, task_state state, double key);

/* It wakes at the time that it waits for: make that its own. */
void task_wake(lua_task *t);

/* Run it until it waits again, ends or fails. What goes wrong in it is
 * reported; only an interruption is raised. */
void task_run(lua_State *L, lua_task *t);

/* End it, now or, if it runs, when it waits next; pending variables are
 * closed. */
void task_end(lua_State *L, lua_task *t);

/* In the task that runs, wait for the Voice or Task at index, as long as
 * seconds or INFINITY; k then continues, with index as its context. Returns
 * what its caller returns. */
int task_watch(lua_State *L, lua_task *t, int index, double seconds,
               lua_KFunction k);

/* Push the Task that t is; t is not over. */
void task_push_again(lua_State *L, const lua_task *t);

/* Close what its coroutine has pending, so that it can run another function;
 * nobody resumes it now. Returns as lua_resume() does. */
int task_close_pending(lua_State *L, lua_task *t);

/* Has come what it watches for? */
int task_sees(const lua_task *t);

/* The engine's task that runs L, and may wait in it; raises in the name of
 * what if it may not. NULL: no task runs. */
lua_task *task_of(lua_State *L, const lua_engine *e, const char *what);

int task_cancel(lua_State *L);
void task_class(lua_State *L);

/* What an embedder may do otherwise. */
typedef struct task_host {
    int (*resume)(lua_State *co, lua_State *from, int arguments, int *results);
    int (*is_interrupted)(void);
    void (*print)(const char *text); /* a report that nobody else takes */
} task_host;
extern task_host task_hosted_by;

/* -------------------------------------------------------------- clock -- */

/* User values of a clock. */
enum {
    CLOCK_ENGINE = 1,
    CLOCK_TASKS,  /* light userdata -> Task, of those that are not over */
    CLOCK_LOOPS,  /* name -> Task */
    CLOCK_REPORT, /* function(task, text) or nil */
    CLOCK_VALUES = CLOCK_REPORT
};

/* Who was late or refused, and where in the script. */
#define CLOCK_CULPRITS 16
typedef struct clock_culprit {
    char task[48], where[80];
    uint64_t late, refused, worst; /* worst: frames */
} clock_culprit;

struct lua_clock {
    const object_kind *kind;
    lua_engine *engine; /* borrowed: a user value keeps it alive */
    lua_clock *next;    /* of the engine's */
    tabor_tempo *tempo; /* owned; NULL once closed */
    double bpm;         /* that it was made with */
    double latency, slip;
    agenda beats, seconds, watching;
    int has_begun;
    uint64_t origin;     /* the frame of second 0, once it has begun */
    double last;         /* the second of the last task that ran */
    double front;        /* see clock_front(); of the turn below */
    uint64_t front_turn; /* 0 = none */
    uint64_t next_seq;
    uint64_t alive;
    uint64_t endless; /* loops that were not told to stop */
    uint64_t slips;
    double slipped; /* seconds */
    uint64_t late, refused, worst;
    clock_culprit culprits[CLOCK_CULPRITS];
    size_t culprit_count;
};

lua_clock *clock_check(lua_State *L, int index);

/* Push the Clock that c is. */
void clock_push(lua_State *L, const lua_clock *c);

/* Seconds of the clock as a frame of the engine, and back. */
uint64_t clock_frame(const lua_clock *c, double second);
double clock_second(const lua_clock *c, uint64_t frame);

/* The seconds at which what the main part of a script does now takes place:
 * the same for all of it until it waits, and behind what tasks have done. */
double clock_front(lua_clock *c);
double clock_front_beat(lua_clock *c);

/* The first line of a grid behind a beat. */
double clock_line_after(double beat, double grid, double offset);

/* Raises in the name of what if the clock or its engine is closed. */
void clock_check_open(lua_State *L, const lua_clock *c, const char *what);

/* The next task that wakes by itself, or NULL. second: out, when */
lua_task *clock_next(const lua_clock *c, double *second);

/* End all its tasks. */
void clock_end_tasks(lua_State *L, lua_clock *c);

/* engine:clock(options) */
int engine_clock(lua_State *L);
void clock_class(lua_State *L);

/* --------------------------------------------------------------- loop -- */

/* clock:loop(name, fn, grid) */
int clock_loop(lua_State *L);

/* The body of a loop has come to its end, or failed: does it go on? Pushes
 * nothing; what runs next is on its coroutine's stack then. */
int loop_goes_on(lua_State *L, lua_task *t, int has_failed);

/* A script that starts loops and tasks is about to run again, in place of its
 * last run; end: it has, and if ok what it has not named again ends. */
void loop_reload_begin(lua_State *L);
void loop_reload_end(lua_State *L, int ok);

/* --------------------------------------------------------------- drive -- */

/* Pull events, then run the tasks that are due on the engine at index. Returns
 * seconds until it should be called again, INFINITY if nobody waits. Raises
 * only for an interruption. Does nothing if it is under way already. */
double clocks_run(lua_State *L, int index);

/* The same on an engine that somebody else renders: what is due up to frame. */
void clocks_run_to(lua_State *L, int index, uint64_t frame);

/* Render, with the tasks that are due on the way. */
tabor_status clocks_render(lua_State *L, int index, uint64_t frames,
                           float *out);

/* Run who is due on the engine at index, then sleep until somebody is, an event
 * comes or seconds have passed, and tell the handlers what came. */
void clocks_idle(lua_State *L, int index, double seconds);

/* Let time pass on the engine at index until task is over, or all tasks of
 * clock are; either may be NULL, seconds INFINITY. Raises if nobody renders. */
void clocks_wait(lua_State *L, int index, const lua_task *task,
                 const lua_clock *clock, double seconds);

/* Tasks that are not over. */
uint64_t clocks_alive(const lua_engine *e);

/* Is nobody left but loops, one of which nobody told to stop? */
int clocks_are_endless(const lua_engine *e);

/* The engine at index is about to close. */
void clocks_close(lua_State *L, int index);

/* --------------------------------------------------------------- tardy -- */

/* The frame that stamps what the running task of the engine sends; counts it
 * if that has passed. */
uint64_t tardy_stamp(lua_State *L, const lua_engine *e);

/* What the running task sent was refused. */
void tardy_note_refused(lua_State *L, const lua_engine *e);

/* clock:stats() */
int clock_stats(lua_State *L);

#endif
