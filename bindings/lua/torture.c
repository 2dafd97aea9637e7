/* SPDX-License-Identifier: MIT
 *
 * tabor torture: does sound wait for a script here? A second console plays
 * while its Lua is busy, with the guard preloaded; then the guard's report is
 * told in words. guard/report.c describes it.
 */
#include "console.h"

#include <tabor/tabor.h>

#include <getopt.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What the other console runs, after "local SECONDS = n". */
static const char play[] =
    "local VOICES, LENGTH = 1000, engine.rate // 100\n"
    "local values, numbers, wanted, due = {}, {}, {}, {}\n"
    "for i = 1, LENGTH do values[i] = 0.01 end\n"
    "local sample = assert(engine:load(values, { rate = engine.rate }))\n"
    "assert(engine:ping())\n"
    "local first = engine:frame() + engine.rate // 2\n"
    "local every = math.max(1, math.floor(SECONDS * engine.rate / VOICES))\n"
    "local last = first + VOICES * every + LENGTH\n"
    "for i = 1, VOICES do\n"
    "  local frame = first + (i - 1) * every\n"
    "  due[assert(sample:play { at_frame = frame }).id] = frame\n"
    "end\n"
    "local calls, longest = 0, 0\n"
    "while engine:frame() < last do\n"
    "  for i = 1, 200000 do numbers[i] = math.random() end\n"
    "  local began = os.clock()\n"
    "  table.sort(numbers)\n"
    "  calls, longest = calls + 1, math.max(longest, os.clock() - began)\n"
    "end\n"
    "local told, exact, deadline = 0, 0, engine:now() + 10\n"
    "repeat\n"
    "  for _, event in ipairs(engine:poll()) do\n"
    "    if event.type == 'ended' then\n"
    "      local frame = due[event.voice.id]\n"
    "      told = told + 1\n"
    "      if event.reason == 'finished' and event.started == frame and\n"
    "         event.frame == frame + LENGTH then exact = exact + 1 end\n"
    "    end\n"
    "  end\n"
    "until told == VOICES or engine:now() > deadline\n"
    "local stats = engine:stats()\n"
    "print(('%s on %s: %d Hz, blocks of %d, %s real-time priority'):format(\n"
    "  engine.driver, engine.device, engine.rate, engine.block,\n"
    "  stats.realtime and 'with' or 'without'))\n"
    "print(('Lua: busy in %d calls, the longest %.2f s'):format(calls,\n"
    "  longest))\n"
    "print(('voices: %d played, %d told to have ended, %d on their exact ' ..\n"
    "  'frames; %d xruns'):format(VOICES, told, exact, stats.xruns))\n"
    "os.exit(exact == VOICES and 0 or 3, true)\n";
#define VOICES_LOST 3

typedef struct wish {
    const char *driver;
    double seconds;
} wish;

/* ---------------------------------------------------------------- words -- */

static int
complain(const char *what)
{
    fprintf(stderr,
            "tabor torture: %s\nUsage: tabor torture [--driver NAME] "
            "[--seconds N]\n",
            what);
    return CONSOLE_USAGE;
}

static int
read_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return end != text && !*end && *seconds >= 0.1 && *seconds <= 3600
               ? CONSOLE_OK
               : complain("--seconds goes from 0.1 to 3600");
}

static int
read_wish(int argc, char **argv, wish *w)
{
    static const struct option known[] = {
        {"driver", required_argument, NULL, 'd'},
        {"seconds", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0}};
    int status = CONSOLE_OK, found;
    opterr = 0;
    while (status == CONSOLE_OK &&
           (found = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (found == 'd') {
            w->driver = optarg;
        } else if (found == 's') {
            status = read_seconds(optarg, &w->seconds);
        } else {
            status = complain("unknown option, or one without its value");
        }
    }
    if (status == CONSOLE_OK && optind < argc) {
        status = complain("it takes options only");
    }
    return status;
}

/* ---------------------------------------------------------------- play -- */

/* What was loaded goes first, so that it may stand before the guard. */
static void
prepare(const char *report)
{
    char loaded[8192];
    const char *guard = tabor_guard_path();
    const char *before = getenv("LD_PRELOAD");
    if (access(guard, R_OK) == 0) {
        snprintf(loaded, sizeof loaded, "%s %s", before ? before : "", guard);
        setenv("LD_PRELOAD", loaded, 1);
    } else {
        printf("the audio thread: not looked at, as there is no %s\n", guard);
    }
    setenv("TABOR_GUARD_REPORT", report, 1);
}

/* Returns the other console's exit status, or -1. */
static int
run_player(const wish *w)
{
    char code[sizeof play + 64];
    snprintf(code, sizeof code, "local SECONDS = %.3f\n%s", w->seconds, play);
    char *with_driver[] = {"tabor", "--driver", (char *)w->driver,
                           "-e",    code,       NULL};
    char *without[] = {"tabor", "-e", code, NULL};
    pid_t pid;
    int status;
    if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL,
                    w->driver ? with_driver : without, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return -1;
    }
    return WEXITSTATUS(status);
}

/* ---------------------------------------------------------------- tell -- */

enum {
    CALLBACKS,
    WAKES,
    DISPATCH,
    FIRST_OFFENCE,
    FIRST_RARE = FIRST_OFFENCE + 7 /* told only if there are any */
};

/* Names in the report, and in words where they are offences. */
static const struct {
    const char *name, *words;
} figures[] = {
    {"callbacks", NULL},
    {"wakes", NULL},
    {"dispatch", NULL},
    {"allocation", "allocations"},
    {"free", "frees"},
    {"lock", "locks"},
    {"sleep", "sleeps"},
    {"syscall", "system calls"},
    {"fault", "page faults"},
    {"switch", "voluntary switches"},
    {"thread-local", "thread-locals made"},
    {"stdio", "calls of stdio"},
    {"file", "calls of files"},
    {"loader", "calls of the loader"},
    {"environment", "looks at the environment"},
    {"thread", "calls of threads"},
};
#define FIGURES (sizeof figures / sizeof *figures)

/* Add one process's figures; line is taken apart. */
static void
add_figures(char *line, unsigned long sums[FIGURES])
{
    char *rest;
    for (char *word = strtok_r(line, " \n", &rest); word;
         word = strtok_r(NULL, " \n", &rest)) {
        char *equals = strchr(word, '=');
        for (size_t i = 0; equals && i < FIGURES; i++) {
            size_t length = strlen(figures[i].name);
            if ((size_t)(equals - word) == length &&
                strncmp(word, figures[i].name, length) == 0) {
                sums[i] += strtoul(equals + 1, NULL, 10);
            }
        }
    }
}

/* Print what the guard has to say. Returns how many offences there were. */
static unsigned long
tell(FILE *report)
{
    unsigned long sums[FIGURES] = {0}, offences = 0;
    char line[8192];
    while (fgets(line, sizeof line, report)) {
        if (strncmp(line, "guard ", 6) == 0) {
            add_figures(line, sums);
        } else {
            fputs(line, stdout); /* where */
        }
    }
    if (sums[CALLBACKS] == 0) {
        puts("the audio thread: no callback was seen");
        return access(tabor_guard_path(), R_OK) == 0;
    }
    printf("the audio thread, %lu callbacks:", sums[CALLBACKS]);
    for (size_t i = FIRST_OFFENCE; i < FIGURES; i++) {
        offences += sums[i];
        if (sums[i] || i < FIRST_RARE) {
            printf(" %lu %s,", sums[i], figures[i].words);
        }
    }
    printf(" and %lu wake-ups, which are allowed\n", sums[WAKES]);
    if (!sums[DISPATCH]) {
        puts("  (this kernel does not show system calls: not all were seen)");
    }
    return offences;
}

static int
judge(int status, FILE *report)
{
    if (status != 0 && status != VOICES_LOST) {
        fputs("tabor torture: not tried, as the player did not come to its "
              "end\n",
              stderr);
        return CONSOLE_USAGE;
    }
    unsigned long offences = tell(report);
    if (offences) {
        printf("verdict: FOUND: %lu offences in the callback\n", offences);
        return CONSOLE_FAILED;
    }
    if (status == VOICES_LOST) {
        puts("verdict: FOUND: voices were not told, or not on their frames");
        return CONSOLE_FAILED;
    }
    puts("verdict: sound did not wait for Lua");
    return CONSOLE_OK;
}

int
torture_run(int argc, char **argv)
{
    wish w = {.seconds = 3.0};
    int status = read_wish(argc, argv, &w);
    if (status != CONSOLE_OK) {
        return status;
    }
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/tabor-XXXXXX", folder ? folder : "/tmp");
    int fd = mkstemp(path);
    FILE *report = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!report) {
        perror(path);
        return CONSOLE_USAGE;
    }
    prepare(path);
    fflush(stdout);
    status = judge(run_player(&w), report);
    fclose(report);
    unlink(path);
    return status;
}
