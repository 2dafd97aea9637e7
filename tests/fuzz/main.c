/* SPDX-License-Identifier: MIT
 *
 * A fuzzing target as a program of its own, without coverage:
 *
 *   TARGET                  TAP: its corpus and fuzz_runs mutations of it, the
 *                           same ones each time; TABOR_FUZZ_RUNS=n: so many
 *   TARGET --hunt SECONDS   mutations that go on for that long
 *   TARGET --seeds FOLDER   write the corpus there, as libFuzzer wants it
 *   TARGET FILE...          try these inputs
 *
 * An input that ends the process is left in t-fuzz-NAME.bad.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "fuzz.h"
#include "tap.h"

#define MOST_SEEDS 512
#define MOST_BYTES 65536

typedef struct input {
    size_t size;
    uint8_t *bytes;
} input;

static input seeds[MOST_SEEDS];
static unsigned seed_count;
static input present = {0, NULL}; /* what is being tried */
static char bad[4096];
static uint64_t dice = 88172645463325252u;

static uint64_t
roll(uint64_t sides)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice % sides;
}

static void
give(const void *bytes, size_t size)
{
    if (seed_count < MOST_SEEDS && size <= MOST_BYTES) {
        uint8_t *copy = malloc(size + 1);
        if (copy) {
            memcpy(copy, bytes, size);
            seeds[seed_count++] = (input){size, copy};
        }
    }
}

/* ------------------------------------------------------------- corpus -- */

/* A text of the corpus: bytes as two hexadecimal digits, a text in quotes for
 * its bytes; from a semicolon on a line is a remark. Returns the bytes. */
static size_t
read_text(FILE *file, uint8_t *bytes)
{
    size_t n = 0;
    for (int c; (c = fgetc(file)) != EOF && n < MOST_BYTES;) {
        char digits[3] = {(char)c};
        if (c == ';') {
            while ((c = fgetc(file)) != EOF && c != '\n') {
            }
        } else if (c == '"') {
            while ((c = fgetc(file)) != EOF && c != '"' && n < MOST_BYTES) {
                bytes[n++] = (uint8_t)c;
            }
        } else if (c > ' ') {
            digits[1] = (char)fgetc(file);
            bytes[n++] = (uint8_t)strtoul(digits, NULL, 16);
        }
    }
    return n;
}

static void
read_corpus(void)
{
    static uint8_t bytes[MOST_BYTES];
    char folder[512], path[1024];
    const char *source = getenv("srcdir");
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s",
             source ? source : ".", fuzz_name);
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *file = strstr(e->d_name, ".txt") ? fopen(path, "r") : NULL;
        if (file) {
            give(bytes, read_text(file, bytes));
            fclose(file);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

/* Folders are read in any order, and a run is to be the same each time. */
static int
compare(const void *a, const void *b)
{
    const input *x = a, *y = b;
    size_t n = x->size < y->size ? x->size : y->size;
    int order = memcmp(x->bytes, y->bytes, n);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* ------------------------------------------------------------ mutate -- */

static size_t
change_bytes(uint8_t *bytes, size_t size)
{
    static const uint64_t telling[] = {
        0,          1,          0x7f,         0x80,
        0xff,       0x7fff,     0x8000,       0xffff,
        0x10000,    0x7fffffff, 0x80000000,   0xffffffff,
        0x7f800000, 0x7fc00000, 0x4000000000, UINT64_MAX};
    size_t at = roll(size);
    uint64_t value = telling[roll(sizeof telling / sizeof *telling)];
    size_t width = (size_t)1 << roll(4);
    switch (roll(4)) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << roll(8));
        break;
    case 1:
        bytes[at] = (uint8_t)roll(256);
        break;
    case 2:
        bytes[at] = (uint8_t)(bytes[at] + roll(17) - 8);
        break;
    default:
        memcpy(bytes + at, &value, width < size - at ? width : size - at);
    }
    return size;
}

/* Put bytes of another seed, or of this one, in between or over it. */
static size_t
paste(uint8_t *bytes, size_t size)
{
    const input *from = &seeds[roll(seed_count)];
    size_t start = roll(from->size + 1), at = roll(size + 1);
    size_t n = roll(from->size - start + 1);
    if (roll(2)) {
        n = n < MOST_BYTES - at ? n : MOST_BYTES - at;
        memcpy(bytes + at, from->bytes + start, n);
        return at + n > size ? at + n : size;
    }
    n = n < MOST_BYTES - size ? n : MOST_BYTES - size;
    memmove(bytes + at + n, bytes + at, size - at);
    memcpy(bytes + at, from->bytes + start, n);
    return size + n;
}

static size_t
cut(uint8_t *bytes, size_t size)
{
    size_t at = roll(size), n = 1 + roll(size - at);
    memmove(bytes + at, bytes + at + n, size - at - n);
    return size - n;
}

static void
mutate(void)
{
    const input *from = &seeds[roll(seed_count)];
    memcpy(present.bytes, from->bytes, from->size);
    size_t size = from->size;
    for (uint64_t n = (uint64_t)1 << roll(6); n > 0; n--) {
        uint64_t way = roll(10);
        if (fuzz_change && roll(3) == 0 &&
            fuzz_change(present.bytes, size, (uint32_t)roll(UINT32_MAX))) {
            continue;
        }
        if (way == 0 || size == 0) {
            size = paste(present.bytes, size);
        } else if (way == 1) {
            size = cut(present.bytes, size);
        } else {
            size = change_bytes(present.bytes, size);
        }
    }
    present.size = size;
}

/* --------------------------------------------------------------- try -- */

/* Calls only what a signal's handler may. */
static void
keep_input(int number)
{
    int fd = open(bad, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    ssize_t ignored = write(fd, present.bytes, present.size);
    static const char said[] =
        "Bail out! an input broke it, see t-fuzz-*.bad\n";
    ignored = write(STDOUT_FILENO, said, sizeof said - 1);
    (void)ignored;
    signal(number, SIG_DFL);
    raise(number);
}

static void
try_seed(const input *seed)
{
    memcpy(present.bytes, seed->bytes, seed->size);
    present.size = seed->size;
    LLVMFuzzerTestOneInput(present.bytes, present.size);
}

static void
try_all(unsigned runs)
{
    for (unsigned i = 0; i < seed_count; i++) {
        try_seed(&seeds[i]);
    }
    for (unsigned i = 0; i < runs; i++) {
        mutate();
        LLVMFuzzerTestOneInput(present.bytes, present.size);
    }
}

static int
hunt(double seconds)
{
    struct timespec start, now;
    unsigned long tried = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        try_all(100);
        tried += seed_count + 100;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((double)(now.tv_sec - start.tv_sec) < seconds);
    printf("# %lu inputs, without coverage\n", tried);
    return !fuzz_looked();
}

static int
write_seeds(const char *folder)
{
    char path[1024];
    for (unsigned i = 0; i < seed_count; i++) {
        snprintf(path, sizeof path, "%s/%03u", folder, i);
        FILE *file = fopen(path, "wb");
        if (!file ||
            fwrite(seeds[i].bytes, 1, seeds[i].size, file) != seeds[i].size ||
            fclose(file) != 0) {
            return 1;
        }
    }
    return seed_count == 0;
}

static int
try_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s: no such input\n", path);
        return 1;
    }
    present.size = fread(present.bytes, 1, MOST_BYTES, file);
    fclose(file);
    return LLVMFuzzerTestOneInput(present.bytes, present.size);
}

static int
test(void)
{
    const char *asked = getenv("TABOR_FUZZ_RUNS");
    unsigned runs = asked ? (unsigned)atoi(asked) : fuzz_runs;
    tap_start();
    ok(seed_count > 0, "there are %u inputs to begin with", seed_count);
    try_all(runs);
    ok(runs > 0, "they and %u mutations of them break no promise", runs);
    ok(fuzz_looked(), "there was something to look at");
    remove(bad);
    return tap_done();
}

int
main(int argc, char **argv)
{
    char here[3072] = "";
    snprintf(bad, sizeof bad, "%s/t-fuzz-%s.bad",
             getcwd(here, sizeof here) ? here : ".", fuzz_name);
    present.bytes = calloc(1, MOST_BYTES);
    if (!present.bytes) {
        return 1;
    }
    const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        signal(numbers[i], keep_input);
    }
    read_corpus();
    fuzz_seeds(give);
    qsort(seeds, seed_count, sizeof *seeds, compare);
    if (argc == 1) {
        return test();
    }
    if (argc == 3 && strcmp(argv[1], "--hunt") == 0) {
        return hunt(atof(argv[2]));
    }
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
        return write_seeds(argv[2]);
    }
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        failed |= try_file(argv[i]);
    }
    return failed;
}
