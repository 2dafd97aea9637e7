/* SPDX-License-Identifier: MIT
 *
 * Lua programs in the console's sandbox. An input is the decisions of a
 * grammar that makes programs over all of the API: each calls any method of
 * any object with any arguments and goes on if that raised. If its first byte
 * is odd, the rest is itself a program, of any text.
 *
 * Each program has a state and an engine of its own. Afterwards all memory of
 * Lua is back and as many descriptors are open as before.
 */
#include "config.h"

#include <dirent.h>
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <time.h>

#include "console.h"
#include "fuzz.h"
#include "lua_tabor.h"

const char fuzz_name[] = "lua";
const unsigned fuzz_runs = 400;

static uint64_t programs, calls, raised;

/* ----------------------------------------------------------- grammar -- */

static const char *const methods[] = {
    "adsr",  "at",    "batch",   "cancel",  "clock",  "close",  "db",
    "frame", "gain",  "get",     "kit",     "load",   "meters", "now",
    "off",   "on",    "open",    "panic",   "ping",   "play",   "play_many",
    "poll",  "read",  "release", "render",  "save",   "seek",   "set",
    "slice", "stats", "stop",    "stdio",   "unload", "wait",   "__close",
    "__gc",  "__len", "__eq",    "__index", "frames", "ended",  "alive"};
static const char *const keys[] = {
    "at",       "at_frame",    "attack",      "bits",      "block",
    "channels", "choke",       "count",       "decay",     "dither",
    "driver",   "duration",    "env",         "fade",      "fade_in",
    "fade_out", "frames",      "gain",        "hold",      "kernel",
    "late",     "limiter",     "loop",        "loop_fade", "name",
    "offset",   "on_full",     "pan",         "pitch",     "queue",
    "ramp",     "rate",        "release",     "seconds",   "sustain",
    "tag",      "trusted",     "velocity",    "voices",    "wake",
    "nonsense", "[1]",         "[2]",         "[1.5]",     "after",
    "before",   "after_frame", "before_frame"};
static const char *const numbers[] = {"0",
                                      "1",
                                      "-1",
                                      "0.5",
                                      "2",
                                      "1e-9",
                                      "0.01",
                                      "100",
                                      "4096",
                                      "48000",
                                      "65536",
                                      "0/0",
                                      "1/0",
                                      "-1/0",
                                      "1e308",
                                      "2^31",
                                      "2^32",
                                      "2^53",
                                      "2^63",
                                      "64",
                                      "127",
                                      "math.maxinteger",
                                      "math.mininteger",
                                      "-0.0",
                                      "0.003"};
static const char *const words[] = {
    "offline", "null",       "ring",        "fade",     "cut",    "play",
    "drop",    "raise",      "wait",        "catch_up", "linear", "sinc16",
    "sinc32",  "ended",      "late",        "xrun",     "poll",   "kick",
    "",        "x\\0y",      "/etc/passwd", "queue",    "any",    "device_lost",
    "collect", "../kick.wav"};

typedef struct writer {
    fuzz_input *in;
    size_t used;
    char text[32768];
} writer;

__attribute__((format(printf, 2, 3))) static void
put(writer *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t room = sizeof w->text - w->used;
    int n = vsnprintf(w->text + w->used, room, format, args);
    w->used += n > 0 && (size_t)n < room ? (size_t)n : 0;
    va_end(args);
}

#define pick(w, list)                                                          \
    (list)[fuzz_byte((w)->in) % (sizeof(list) / sizeof *(list))]

static void put_expression(writer *w, int depth);

static void
put_list(writer *w, int depth)
{
    put(w, "{");
    for (unsigned n = fuzz_byte(w->in) % 6; n > 0; n--) {
        put_expression(w, depth);
        put(w, ",");
    }
    put(w, "}");
}

static void
put_options(writer *w, int depth)
{
    put(w, "{");
    for (unsigned n = fuzz_byte(w->in) % 5; n > 0; n--) {
        put(w, "%s=", pick(w, keys));
        put_expression(w, depth);
        put(w, ",");
    }
    put(w, "}");
}

static void
put_object(writer *w)
{
    put(w, "o[%u]", 1 + fuzz_byte(w->in) % 12);
}

static void
put_expression(writer *w, int depth)
{
    unsigned way = fuzz_byte(w->in) % (depth > 0 ? 12 : 8);
    switch (way) {
    case 0:
    case 1:
    case 2:
        put(w, "%s", pick(w, numbers));
        break;
    case 3:
        put(w, "\"%s\"", pick(w, words));
        break;
    case 4:
        put(w, "%s", fuzz_byte(w->in) % 2 ? "true" : "nil");
        break;
    case 5:
        put(w, "%u", fuzz_byte(w->in));
        break;
    case 6:
    case 7:
        put_object(w);
        break;
    case 8:
        put_list(w, depth - 1);
        break;
    case 9:
    case 10:
        put_options(w, depth - 1);
        break;
    default:
        put(w, "function() call(");
        put_object(w);
        put(w, ",\"%s\",", pick(w, methods));
        put_expression(w, depth - 1);
        put(w, ") end");
    }
}

/* Calls that may well succeed: the prelude's objects, and what they take. */
static const struct {
    unsigned object;
    const char *method, *takes; /* a letter each, see put_argument() */
} likely[] = {{1, "load", "lO"},   {1, "play", "2O"},  {1, "play_many", "2O"},
              {1, "render", "t"},  {1, "batch", "f"},  {1, "cancel", ""},
              {1, "gain", "t"},    {1, "stop", "t"},   {1, "panic", ""},
              {1, "poll", ""},     {1, "on", "ef"},    {1, "stats", ""},
              {1, "meters", ""},   {1, "ping", ""},    {2, "play", "O"},
              {2, "play", "O"},    {2, "slice", "tt"}, {2, "unload", "w"},
              {3, "set", "O"},     {3, "stop", "t"},   {3, "release", ""},
              {3, "seek", "t"},    {4, "get", "i"},    {4, "get", "ii"},
              {5, "adsr", "tttt"}, {5, "open", "O"},   {6, "stop", "t"},
              {6, "set", "O"},     {9, "stop", ""},    {9, "play", "O"},
              {8, "set", "O"}};

static void
put_argument(writer *w, char kind)
{
    static const char *const modes[] = {"ring", "fade", "cut"};
    static const char *const events[] = {"ended", "late", "xrun", "pong"};
    unsigned byte = fuzz_byte(w->in);
    switch (byte % 8 ? kind : 0) {
    case 'O':
        put_options(w, 1);
        break;
    case 'l':
        put_list(w, 1);
        break;
    case 't':
        put(w, "%g", byte / 4096.0);
        break;
    case 'i':
        put(w, "%u", byte % 40);
        break;
    case '2':
        put(w, "o[2]");
        break;
    case 'w':
        put(w, "\"%s\"", modes[byte % 3]);
        break;
    case 'e':
        put(w, "\"%s\"", events[byte % 4]);
        break;
    case 'f':
        put(w, "function() call(o[2],\"play\",");
        put_options(w, 1);
        put(w, ") end");
        break;
    default:
        put_expression(w, 2);
    }
}

static void
put_likely(writer *w)
{
    unsigned which = fuzz_byte(w->in) % (sizeof likely / sizeof *likely);
    put(w, "call(o[%u],\"%s\"", likely[which].object, likely[which].method);
    for (const char *kind = likely[which].takes; *kind; kind++) {
        put(w, ",");
        put_argument(w, *kind);
    }
    put(w, ")\n");
}

static void
put_call(writer *w)
{
    put(w, "call(");
    put_object(w);
    put(w, ",\"%s\"", pick(w, methods));
    for (unsigned n = fuzz_byte(w->in) % 4; n > 0; n--) {
        put(w, ",");
        put_expression(w, 2);
    }
    put(w, ")\n");
}

static void
put_statement(writer *w)
{
    static const char *const others[] = {"tostring(%s)",
                                         "#%s",
                                         "%s == o[2]",
                                         "%s[1]",
                                         "%s.x",
                                         "o[1].gain + %s",
                                         "collectgarbage()",
                                         "rawlen(%s)",
                                         "next(%s)"};
    char object[16];
    unsigned way = fuzz_byte(w->in) % 8;
    if (way > 0) {
        (way > 2 ? put_likely : put_call)(w);
        return;
    }
    snprintf(object, sizeof object, "o[%u]", 1 + fuzz_byte(w->in) % 12);
    put(w, "try(function() return ");
    const char *other = pick(w, others);
    const char *place = strstr(other, "%s");
    put(w, "%.*s%s%s", (int)(place ? place - other : (long)strlen(other)),
        other, place ? object : "", place ? place + 2 : "");
    put(w, " end)\n");
}

static const char prelude[] =
    "local o, last = {}, 6\n"
    "local function keep(good, first)\n"
    "  if not good then raised() elseif type(first) == 'userdata' then\n"
    "    last = last % 12 + 1 o[last] = first\n"
    "  end\n"
    "end\n"
    "local function call(x, name, ...)\n"
    "  if name == 'wait' then return keep(pcall(x.wait, x, 0)) end\n"
    "  keep(pcall(function(...)\n"
    "    return (x == tabor and tabor[name] or x[name])(x, ...) end, ...))\n"
    "end\n"
    "local function try(f) keep(pcall(f)) end\n"
    "o[1] = engine\n"
    "o[2] = o[1]:load { 0.1, 0.5, -0.5, 1, -1, 0.25, 0, 0.75 }\n"
    "o[3] = o[2]:play { loop = true }\n"
    "o[4] = o[1]:render { frames = 16 }\n"
    "o[5] = tabor\n"
    "o[6] = o[1]:play_many(o[2], { at = { 0.001, 0.002 } })\n";

static void
write_program(writer *w)
{
    w->used = 0;
    if (fuzz_byte(w->in) & 1) {
        put(w, "%.*s", (int)w->in->left, (const char *)w->in->bytes);
        return;
    }
    put(w, "%s", prelude);
    for (int n = 0; w->in->left > 0 && n < 64 && w->used < 30000; n++) {
        put_statement(w);
    }
    put(w, "call(o[1], 'render', 0.001)\n");
}

/* ---------------------------------------------------------------- run -- */

static int
count_raised(lua_State *L)
{
    (void)L;
    raised++;
    return 0;
}

static int
prepare(lua_State *L)
{
    const console_settings *s = lua_touserdata(L, 1);
    sandbox_install(L, s);
    lua_settop(L, 0);
    interrupt_install(L, s);
    globals_install(L, s);
    lua_pushcfunction(L, count_raised);
    lua_setglobal(L, "raised");
    return 0;
}

static uint64_t
count_descriptors(void)
{
    uint64_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir)) {
        n++;
    }
    if (dir) {
        closedir(dir);
    }
    return n;
}

/* Ctrl-C for who waits too long: a second, then again and again. */
static void
set_patience(int seconds)
{
    static timer_t timer;
    static int made;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGINT};
    if (!made && timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) {
        perror("timer_create");
        exit(1);
    }
    made = 1;
    struct itimerspec when = {.it_value.tv_sec = seconds,
                              .it_interval.tv_nsec = seconds ? 100000000 : 0};
    timer_settime(timer, 0, &when, NULL);
}

static void
run(const char *text)
{
    static const char *none[] = {NULL};
    static char *no_arguments[] = {NULL};
    static const console_settings settings = {.driver = "offline",
                                              .channels = 1,
                                              .sets = none,
                                              .codes = none,
                                              .allows = none,
                                              .quiet = 1,
                                              .sandbox = 1,
                                              .mem = 48,
                                              .budget = NAN,
                                              .instructions = 40000,
                                              .argv = no_arguments};
    lua_State *L = memory_new_state(settings.mem);
    fuzz_hold(L != NULL, "no memory for a state");
    lua_pushcfunction(L, prepare);
    lua_pushlightuserdata(L, (void *)&settings);
    fuzz_hold(lua_pcall(L, 1, 0, 0) == LUA_OK, "%s", lua_tostring(L, -1));
    set_patience(1);
    int status = chunk_run_string(L, text);
    set_patience(0);
    fuzz_hold(status == CONSOLE_OK || status == CONSOLE_FAILED ||
                  status == CONSOLE_INTERRUPTED,
              "status %d", status);
    fuzz_hold(lua_gettop(L) == 0, "%d values on the stack", lua_gettop(L));
    lua_close(L);
    fuzz_hold(memory_used() == 0, "%zu bytes are left", memory_used());
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static writer w;
    static FILE *nowhere;
    fuzz_input in = {bytes, size};
    FILE *out = stdout, *err = stderr;
    nowhere = nowhere ? nowhere : fopen("/dev/null", "w");
    w.in = &in;
    write_program(&w);
    if (getenv("TABOR_FUZZ_SHOW")) {
        fputs(w.text, stderr);
    } else {
        stdout = stderr = nowhere; /* what it prints and why it failed */
    }
    const uint64_t before = count_descriptors();
    run(w.text);
    stdout = out;
    stderr = err;
    programs++;
    for (const char *c = w.text; (c = strstr(c, "\ncall(")); c++) {
        calls++;
    }
    uint64_t after = count_descriptors();
    fuzz_hold(after == before, "%llu descriptors are open, there were %llu",
              (unsigned long long)after, (unsigned long long)before);
    return 0;
}

void
fuzz_seeds(void (*give)(const void *bytes, size_t size))
{
    uint8_t bytes[200];
    uint32_t word = 1;
    for (unsigned i = 0; i < 24; i++) {
        for (size_t n = 0; n < sizeof bytes; n++) {
            word = word * 1664525u + 1013904223u;
            bytes[n] = (uint8_t)(word >> 24);
        }
        bytes[0] = 0;
        give(bytes, 40 + i * 6);
    }
}

int
fuzz_looked(void)
{
    printf("# %llu programs, %llu calls, %llu of them raised\n",
           (unsigned long long)programs, (unsigned long long)calls,
           (unsigned long long)raised);
    return calls > 0 && raised > 0 && raised < calls;
}
