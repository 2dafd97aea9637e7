/* SPDX-License-Identifier: MIT */
#include "console.h"

#include <tabor/tabor.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONG_DRIVER = 256,
    LONG_DEVICE,
    LONG_RATE,
    LONG_CHANNELS,
    LONG_BLOCK,
    LONG_SET,
    LONG_LIMITER,
    LONG_NO_DITHER,
    LONG_LOG,
    LONG_RENDER,
    LONG_SECONDS,
    LONG_BITS,
    LONG_REPLAY,
    LONG_SANDBOX,
    LONG_ALLOW,
    LONG_MEM,
    LONG_BUDGET,
    LONG_INSTRUCTIONS,
    LONG_WATCH,
    LONG_PYTHON,
    LONG_LIST_DEVICES,
    LONG_QUIET,
    LONG_VERSION,
    LONG_HELP
};

static const struct option known[] = {
    {"driver", required_argument, NULL, LONG_DRIVER},
    {"device", required_argument, NULL, LONG_DEVICE},
    {"rate", required_argument, NULL, LONG_RATE},
    {"channels", required_argument, NULL, LONG_CHANNELS},
    {"block", required_argument, NULL, LONG_BLOCK},
    {"set", required_argument, NULL, LONG_SET},
    {"limiter", no_argument, NULL, LONG_LIMITER},
    {"no-dither", no_argument, NULL, LONG_NO_DITHER},
    {"log", required_argument, NULL, LONG_LOG},
    {"render", required_argument, NULL, LONG_RENDER},
    {"seconds", required_argument, NULL, LONG_SECONDS},
    {"bits", required_argument, NULL, LONG_BITS},
    {"replay", required_argument, NULL, LONG_REPLAY},
    {"sandbox", no_argument, NULL, LONG_SANDBOX},
    {"allow", required_argument, NULL, LONG_ALLOW},
    {"mem", required_argument, NULL, LONG_MEM},
    {"budget", required_argument, NULL, LONG_BUDGET},
    {"instructions", required_argument, NULL, LONG_INSTRUCTIONS},
    {"watch", no_argument, NULL, LONG_WATCH},
    {"python", required_argument, NULL, LONG_PYTHON},
    {"list-devices", no_argument, NULL, LONG_LIST_DEVICES},
    {"quiet", no_argument, NULL, LONG_QUIET},
    {"version", no_argument, NULL, LONG_VERSION},
    {"help", no_argument, NULL, LONG_HELP},
    {NULL, 0, NULL, 0}};

__attribute__((format(printf, 1, 2))) static int
complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("tabor: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\nTry 'tabor --help'.\n", stderr);
    va_end(args);
    return CONSOLE_USAGE;
}

static int
complain_unknown(const char *word)
{
    const char *names[sizeof known / sizeof *known];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        names[i] = known[i].name;
    }
    const char *near =
        strncmp(word, "--", 2) == 0 ? tabor_nearest(word + 2, names) : NULL;
    if (near) {
        return complain("unknown option '%s' (did you mean '--%s'?)", word,
                        near);
    }
    return complain("unknown option '%s'", word);
}

static int
read_count(const char *name, uint32_t low, uint32_t high, uint32_t *out)
{
    char *end;
    errno = 0;
    const unsigned long n = strtoul(optarg, &end, 10);
    if (!isdigit((unsigned char)*optarg) || *end || errno || n < low ||
        n > high) {
        return complain("%s takes a whole number from %u to %u, not '%s'", name,
                        low, high, optarg);
    }
    *out = (uint32_t)n;
    return CONSOLE_OK;
}

static int
read_seconds(const char *name, double *out)
{
    char *end;
    const double seconds = strtod(optarg, &end);
    if (end == optarg || *end || !(seconds > 0) || isinf(seconds)) {
        return complain("%s takes a number above 0, not '%s'", name, optarg);
    }
    *out = seconds;
    return CONSOLE_OK;
}

static int
read_bits(uint32_t *out)
{
    static const char *const words[] = {"16", "24", "32"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(optarg, words[i]) == 0) {
            *out = 16 + 8 * (uint32_t)i;
            return CONSOLE_OK;
        }
    }
    return complain("--bits takes 16, 24 or 32 (float), not '%s'", optarg);
}

/* A list in which argc entries and the NULL have room. */
static void
append(const char **list, const char *text)
{
    while (*list) {
        list++;
    }
    *list = text;
}

static int
read_set(console_settings *s)
{
    const char *equals = strchr(optarg, '=');
    if (!equals || equals == optarg) {
        return complain("--set takes KEY=VALUE, not '%s'", optarg);
    }
    append(s->sets, optarg);
    return CONSOLE_OK;
}

/* What a script may take. */
static int
read_limit(console_settings *s, int found)
{
    switch (found) {
    case LONG_MEM:
        return read_count("--mem", 1, 1 << 20, &s->mem);
    case LONG_BUDGET:
        return read_seconds("--budget", &s->budget);
    case LONG_INSTRUCTIONS:
        return read_count("--instructions", 1000, UINT32_MAX, &s->instructions);
    case LONG_ALLOW:
        append(s->allows, optarg);
        return CONSOLE_OK;
    default:
        s->sandbox = 1;
        return CONSOLE_OK;
    }
}

static int
read_option(console_settings *s, int found)
{
    switch (found) {
    case 'e':
        append(s->codes, optarg);
        return CONSOLE_OK;
    case 'i':
        s->interactive = 1;
        return CONSOLE_OK;
    case LONG_DRIVER:
        s->driver = optarg;
        return CONSOLE_OK;
    case LONG_DEVICE:
        s->device = optarg;
        return CONSOLE_OK;
    case LONG_RATE:
        return read_count("--rate", TABOR_MIN_RATE, TABOR_MAX_RATE, &s->rate);
    case LONG_CHANNELS:
        return read_count("--channels", 1, TABOR_MAX_CHANNELS, &s->channels);
    case LONG_BLOCK:
        return read_count("--block", 1, TABOR_MAX_BLOCK, &s->block);
    case LONG_SET:
        return read_set(s);
    case LONG_LIMITER:
        s->limiter = 1;
        return CONSOLE_OK;
    case LONG_NO_DITHER:
        s->no_dither = 1;
        return CONSOLE_OK;
    case LONG_LOG:
        s->log = optarg;
        return CONSOLE_OK;
    case LONG_REPLAY:
        s->replay = optarg;
        return CONSOLE_OK;
    case LONG_RENDER:
        s->render = optarg;
        return CONSOLE_OK;
    case LONG_SECONDS:
        return read_seconds("--seconds", &s->seconds);
    case LONG_BITS:
        return read_bits(&s->bits);
    case LONG_SANDBOX:
    case LONG_ALLOW:
    case LONG_MEM:
    case LONG_BUDGET:
    case LONG_INSTRUCTIONS:
        return read_limit(s, found);
    case LONG_WATCH:
        s->watch = 1;
        return CONSOLE_OK;
    case LONG_QUIET:
        s->quiet = 1;
        return CONSOLE_OK;
    case LONG_PYTHON:
        return complain("--python comes first, and needs two scripts: tabor "
                        "--python brain.py live.lua");
    case LONG_LIST_DEVICES:
        s->task = TASK_LIST_DEVICES;
        return CONSOLE_OK;
    case LONG_VERSION:
        s->task = TASK_VERSION;
        return CONSOLE_OK;
    default:
        s->task = TASK_HELP;
        return CONSOLE_OK;
    }
}

static int
has_limits(const console_settings *s)
{
    return s->sandbox || *s->allows || s->mem || s->instructions ||
           !isnan(s->budget);
}

/* A take has its engine's options and its length in it. */
static int
check_replay(const console_settings *s)
{
    const int opens_engine = s->driver || s->device || s->rate || s->channels ||
                             s->block || *s->sets || s->log || s->limiter;
    if (!s->render) {
        return complain("--replay needs --render FILE: a take is rendered into "
                        "a sound file");
    }
    if (s->script < s->argc) {
        return complain("--replay runs no script: what is '%s' for?",
                        s->argv[s->script]);
    }
    if (*s->codes || s->interactive || s->watch || opens_engine ||
        !isnan(s->seconds) || has_limits(s)) {
        return complain("--replay goes with --render, --bits, --no-dither and "
                        "--quiet only: a take has all else in it");
    }
    return CONSOLE_OK;
}

/* What each option allows, but not together. */
static int
check_together(const console_settings *s)
{
    const int has_work = s->script < s->argc || *s->codes;
    if (s->replay) {
        return check_replay(s);
    }
    if (*s->allows && !s->sandbox) {
        return complain("--allow goes with --sandbox: without it a script may "
                        "read what you may");
    }
    if (s->watch &&
        (s->script >= s->argc || strcmp(s->argv[s->script], "-") == 0)) {
        return complain("--watch needs a script's file to watch");
    }
    if (!s->render && (!isnan(s->seconds) || s->bits)) {
        return complain("%s goes with --render",
                        s->bits ? "--bits" : "--seconds");
    }
    if (!s->render) {
        return CONSOLE_OK;
    }
    if (s->interactive || s->watch) {
        return complain("--render and %s: a render has no prompt",
                        s->watch ? "--watch" : "-i");
    }
    if (!has_work) {
        return complain("--render needs a script, or -e");
    }
    if (s->driver && strcmp(s->driver, "offline") != 0) {
        return complain("--render uses the driver offline, not '%s'",
                        s->driver);
    }
    return CONSOLE_OK;
}

/* "-e" and "-x" alike: the word that getopt stopped at. */
static int
complain_found(int found, char **argv, int index)
{
    if (found == ':') {
        return complain("option '%s' needs a value", argv[optind - 1]);
    }
    const char *word = argv[index];
    const char *equals = strchr(word, '=');
    char name[64];
    snprintf(name, sizeof name, "%.*s",
             (int)(equals ? equals - word : (long)strlen(word)), word);
    return complain_unknown(name);
}

/* Whoever is not trusted has limits, given or not. */
static void
limit_sandbox(console_settings *s)
{
    if (s->sandbox) {
        s->mem = s->mem ? s->mem : SANDBOX_MEM;
        s->budget = isnan(s->budget) ? SANDBOX_BUDGET : s->budget;
        s->instructions =
            s->instructions ? s->instructions : SANDBOX_INSTRUCTIONS;
    }
}

int
settings_read(int argc, char **argv, console_settings *settings)
{
    console_settings s = {
        .seconds = NAN, .budget = NAN, .argc = argc, .argv = argv};
    const size_t room = (size_t)argc + 1;
    int status = CONSOLE_OK;
    int found;
    s.codes = calloc(room, sizeof *s.codes);
    s.sets = calloc(room, sizeof *s.sets);
    s.allows = calloc(room, sizeof *s.allows);
    *settings = s;
    if (!s.codes || !s.sets || !s.allows) {
        return complain("not enough memory");
    }
    opterr = 0;
    int before = optind;
    while (status == CONSOLE_OK &&
           (found = getopt_long(argc, argv, "+:e:i", known, NULL)) != -1) {
        status = found == '?' || found == ':'
                     ? complain_found(found, argv, before)
                     : read_option(&s, found);
        before = optind;
    }
    s.script = optind;
    if (status == CONSOLE_OK && s.task == TASK_RUN) {
        status = check_together(&s);
    }
    limit_sandbox(&s);
    *settings = s;
    return status;
}

void
settings_free(console_settings *settings)
{
    free(settings->codes);
    free(settings->sets);
    free(settings->allows);
}
