/* SPDX-License-Identifier: MIT
 *
 * The decoding worker from its host's side: whatever a worker does, loading
 * gives an error, the engine plays on and nothing is left behind. The workers
 * are those of workers/planted.c, named by links to it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "control/worker.h"
#include "control/worker_path.h"
#include "helpers.h"
#include "workers/fragile.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#define SOUND   "t-worker.wav"
#define FRAGILE "t-worker-fragile.wav"

static rig r;
static char real_worker[4096], link_name[256];

/* From now on files are decoded by the planted worker of that name. */
static void
plant(const char *name)
{
    char target[4096];
    unlink(link_name);
    snprintf(link_name, sizeof link_name, "./t-worker-%s", name);
    snprintf(target, sizeof target, "%s/tests/planted", getenv("builddir"));
    unlink(link_name);
    if (symlink(target, link_name) != 0) {
        printf("Bail out! can't make %s\n", link_name);
        exit(1);
    }
    setenv("TABOR_DECODER", link_name, 1);
}

static void
unplant(void)
{
    unlink(link_name);
    setenv("TABOR_DECODER", real_worker, 1);
}

static void
save_sine(const char *path, uint32_t rate)
{
    tabor_audio *a;
    must(tabor_audio_new(200000, 1, rate, &a));
    for (uint64_t i = 0; i < a->frames; i++) {
        a->values[i] = (float)(0.5 * sin((double)i * 0.05));
    }
    must(tabor_audio_save(a, path));
    tabor_audio_free(a);
}

/* The status of loading a file, whose sample is dropped. */
static tabor_status
load(const char *path)
{
    tabor_handle sample;
    tabor_status st = tabor_sample_load(r.client, path, NULL, &sample);
    if (st == TABOR_OK) {
        tabor_sample_release(r.client, sample);
    }
    return st;
}

static int
says(const char *words)
{
    return strstr(tabor_error(), words) != NULL;
}

/* Frames of the engine go on, and the voice that was started sounds. */
static int
plays_on(void)
{
    const uint64_t before = tabor_engine_frame(r.engine);
    while (tabor_engine_frame(r.engine) == before) {
        usleep(1000); /* or alarm() ends the test */
    }
    tabor_stats stats;
    tabor_get_stats(r.client, &stats);
    return stats.voices == 1;
}

static void
fails(const char *worker, tabor_status status, const char *words)
{
    plant(worker);
    tabor_status st = load(SOUND);
    ok(st == status && says(SOUND ": ") && says(words) && plays_on(),
       "a worker that does \"%s\": %s", worker, tabor_error());
    unplant();
}

/* ------------------------------------------------------------- trouble -- */

static void
test_crashes(void)
{
    fails("crash", TABOR_ERR_DECODE, "crashed on it: Segmentation fault");
    fails("abort", TABOR_ERR_DECODE, "crashed on it: Aborted");
    fails("fail", TABOR_ERR_DECODE, "fails with status 3: reinstall");
    fails("silent", TABOR_ERR_DECODE, "gave no answer");
    fails("spin", TABOR_ERR_LIMIT, "20 s of processor time");
    fails("big", TABOR_ERR_DECODE, "File size limit");
    tabor_worker_patience_ms = 300;
    fails("hang", TABOR_ERR_DECODE, "more than 0.3 s, and was given up");
    tabor_worker_patience_ms = TABOR_MAX_DECODE_MS;
    plant("eat");
    load(SOUND);
    const char *ate = strstr(tabor_error(), "ate ");
    const long mib = ate ? atol(ate + 4) : 0;
#ifdef SANITIZED
    tap_note("its shadow has no limit: %ld MiB", mib);
#else
    ok(mib > 1024 && mib < 1280, "a worker that takes all memory gets %ld MiB",
       mib);
#endif
    unplant();
}

static void
test_lies(void)
{
    static const char *const words[][2] = {
        {"kind", "(kind)"},       {"short", "(size)"},
        {"long", "(size)"},       {"huge", "(shape)"},
        {"none", "(shape)"},      {"wide", "(shape)"},
        {"slow", "(shape)"},      {"fast", "(shape)"},
        {"loop", "(loop)"},       {"start", "(loop)"},
        {"status", "(status)"},   {"nan", "(values)"},
        {"infinite", "(values)"}, {"unsealed", "(seals)"},
        {"half", "(seals)"},      {"stub", "(length)"},
        {"text", "????????"},     {"magic", "not this Tabor's: reinstall"},
        {"version", "reinstall"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        fails(words[i][0], TABOR_ERR_DECODE, words[i][1]);
    }
    plant("honest");
    tabor_audio *audio = NULL;
    ok(tabor_audio_read(SOUND, &audio) == TABOR_OK && audio->frames == 4 &&
           audio->values[3] == 0.5f,
       "one that lies in nothing is believed");
    tabor_audio_free(audio);
    unplant();
}

/* Jailed, it dies; free, it does it and lives. */
static void
test_escapes(void)
{
    static const char *const words[] = {
        "open",  "connect",   "exec", "program", "reprogram", "fork", "kill",
        "trace", "aborthost", "stat", "dup",     "limits",    "ring", "x32",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char free_one[64];
        snprintf(free_one, sizeof free_one, "free-%s", words[i]);
        fails(free_one, TABOR_ERR_DECODE, "alive");
        fails(words[i], TABOR_ERR_DECODE, "what no decoder needs");
    }
    /* where the kernel has no old door, to knock is to crash */
    plant("olddoor");
    ok(load(SOUND) == TABOR_ERR_DECODE && !says("alive"),
       "nor by a 32-bit program's door: %s", tabor_error());
    unplant();
}

/* -------------------------------------------------------- surroundings -- */

static void
test_surroundings(void)
{
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGXCPU);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    signal(SIGXCPU, SIG_IGN);
    int kept = open("/dev/zero", O_RDONLY); /* without O_CLOEXEC */
    plant("tell");
    load(SOUND);
    ok(says("open=5 null=1 environ=0 blocked=0 ignored=0 session=1 policy=0 "
            "cpu=20 file=1 core=0 processes=0"),
       "a worker inherits nothing of its host: %s", tabor_error());
    unplant();
    close(kept);
    signal(SIGXCPU, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
test_closed_descriptors(void)
{
    int kept[3];
    for (int fd = 0; fd < 3; fd++) {
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    }
    for (int fd = 0; fd < 3; fd++) {
        close(fd);
    }
    tabor_status st = load(SOUND);
    for (int fd = 0; fd < 3; fd++) {
        dup2(kept[fd], fd);
        close(kept[fd]);
    }
    ok_int(st, TABOR_OK, "a host that has closed 0, 1 and 2 can load");
}

static void
no_worker(const char *path, const char *words)
{
    setenv("TABOR_DECODER", path, 1);
    tabor_read_params params = TABOR_READ;
    tabor_audio *audio = NULL;
    tabor_status st = load(SOUND);
    ok(st == TABOR_ERR_DECODE && says(path) && says(words) &&
           says("reinstall Tabor, or load the file as trusted"),
       "no worker, no sound: %s", tabor_error());
    params.trusted = 1;
    ok(tabor_audio_read_as(SOUND, &params, &audio) == TABOR_OK &&
           audio->frames == 200000,
       "but a trusted file needs none");
    tabor_audio_free(audio);
    unplant();
}

static void
test_no_worker(void)
{
    no_worker("./t-worker-is-not-there", "No such file");
    no_worker("./" SOUND, "Permission denied");
    no_worker("/bin/false", "fails with status 1");
    fails("unjailable", TABOR_ERR_DECODE, "or load the file as trusted");
}

/* ------------------------------------------------------------ children -- */

static void
reap_all(int signal_number)
{
    (void)signal_number;
    const int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    errno = saved;
}

/* A host's own ways with its children. */
static void
with_handler(const char *what, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGCHLD, &action, NULL);
    int loaded = 0, failed = 0;
    for (int i = 0; i < 10; i++) {
        loaded += load(SOUND) == TABOR_OK;
        plant(i % 2 ? "crash" : "half");
        failed += load(SOUND) == TABOR_ERR_DECODE;
        unplant();
    }
    signal(SIGCHLD, SIG_DFL);
    ok(loaded == 10 && failed == 10 && waitpid(-1, NULL, WNOHANG) < 0,
       "a host that %s: %d of 10 load, %d of 10 are refused", what, loaded,
       failed);
}

static _Atomic int ticks;

static void
tick(int signal_number)
{
    (void)signal_number;
    atomic_fetch_add_explicit(&ticks, 1, memory_order_relaxed);
}

static void
test_interruptions(void)
{
    struct sigaction action = {.sa_handler = tick}; /* no SA_RESTART */
    const struct itimerval often = {{0, 500}, {0, 500}},
                           never = {{0, 0}, {0, 0}};
    int loaded = 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 20; i++) {
        loaded += load(SOUND) == TABOR_OK;
    }
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
    alarm(170);
    ok(loaded == 20 && ticks > 10, "%d of 20 load under %d signals", loaded,
       (int)ticks);
}

static void *
load_ten(void *user)
{
    (void)user;
    intptr_t loaded = 0;
    for (int i = 0; i < 10; i++) {
        loaded += load(SOUND) == TABOR_OK;
    }
    return (void *)loaded;
}

static void
test_threads(void)
{
    pthread_t threads[4];
    intptr_t all = 0;
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, load_ten, NULL);
    }
    for (int i = 0; i < 4; i++) {
        void *loaded = NULL;
        pthread_join(threads[i], &loaded);
        all += (intptr_t)loaded;
    }
    ok_int(all, 40, "four threads load ten files each");
}

/* A host that is killed takes its worker with it. */
static void
test_orphan(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    plant("hang");
    pid_t host = fork();
    if (host == 0) {
        tabor_audio *audio;
        tabor_audio_read(SOUND, &audio);
        _exit(0);
    }
    char children[64], word[16] = "";
    snprintf(children, sizeof children, "/proc/%ld/task/%ld/children",
             (long)host, (long)host);
    while (!*word) { /* until it has its worker, or alarm() ends the test */
        FILE *f = fopen(children, "r");
        if (f && fscanf(f, "%15s", word) != 1) {
            *word = '\0';
        }
        if (f) {
            fclose(f);
        }
        usleep(1000);
    }
    usleep(20000); /* past its first line, most probably; both ways it ends */
    kill(host, SIGKILL);
    int status = 0, ended = 0;
    waitpid(host, &status, 0);
    pid_t worker = (pid_t)atol(word);
    ended = waitpid(worker, &status, 0) == worker;
    unplant();
    ok(ended && (WIFEXITED(status) ||
                 (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)),
       "a worker does not outlive its host");
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* ---------------------------------------------------------------- file -- */

static void
test_changing(void)
{
    struct stat info = {0};
    fails("cut", TABOR_ERR_DECODE, "truncated");
    stat(SOUND, &info);
    ok(info.st_size > 400000 && info.st_size < 401000,
       "(it was cut while it was read: to %ld bytes)", (long)info.st_size);
    save_sine(SOUND, 48000);
    plant("grown");
    tabor_audio *audio = NULL;
    tabor_status st = tabor_audio_read(SOUND, &audio);
    stat(SOUND, &info);
    ok(st == TABOR_OK && audio->frames == 200000 && info.st_size > 804096,
       "a file that grows while it is read ends where its header says");
    tabor_audio_free(audio);
    unplant();
    save_sine(SOUND, 48000);
}

/* The same file, the same bug in the decoder, with and without a jail. */
static void
test_control(void)
{
    plant("decode");
    tabor_status st = load(FRAGILE);
    ok(st == TABOR_ERR_DECODE && says("crashed on it: Segmentation") &&
           plays_on(),
       "a file that crashes the decoder: %s", tabor_error());
    ok_int(load(SOUND), TABOR_OK, "(it decodes others)");
    unplant();
    fflush(stdout);
    pid_t host = fork();
    if (host == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        tabor_read_params params = TABOR_READ;
        tabor_audio *audio;
        params.trusted = 1;
        _exit(tabor_audio_read_as(SOUND, &params, &audio) == TABOR_OK &&
                      tabor_audio_read_as(FRAGILE, &params, &audio) == TABOR_OK
                  ? 0
                  : 2);
    }
    int status = 0;
    waitpid(host, &status, 0);
#ifdef SANITIZED
    ok(WIFEXITED(status) && WEXITSTATUS(status) != 0 &&
           WEXITSTATUS(status) != 2,
       "trusted, it is the host's end: status %d of a sanitizer",
       WEXITSTATUS(status));
#else
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
       "trusted, it is the host's end: signal %d", WTERMSIG(status));
#endif
}

/* ------------------------------------------------------------ leftovers -- */

static int
count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;
    while (dir && readdir(dir)) {
        count++;
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

static long
resident_kb(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long resident = 0;
    if (f) {
        if (fscanf(f, "%*d %ld", &resident) != 1) {
            resident = 0;
        }
        fclose(f);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
test_leftovers(void)
{
    static const char *const words[] = {"crash", "nan", "open", "decode"};
    const int descriptors = count_descriptors();
    long before = 0;
    int loaded = 0, refused = 0;
    for (int i = 0; i < 100; i++) {
        plant(words[i % 4]);
        loaded += load(SOUND) == TABOR_OK;
        refused += load(i % 2 ? FRAGILE : "t-worker-none.wav") != TABOR_OK;
        unplant();
        before = i == 20 ? resident_kb() : before;
    }
    const long growth = resident_kb() - before;
    ok(loaded == 25 && refused == 100 && plays_on(),
       "after %d loads and %d failures the engine plays", loaded, 75 + refused);
    ok_int(count_descriptors(), descriptors, "no descriptor is left of them");
    ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no process either");
#ifndef SANITIZED /* its quarantine keeps what is freed */
    ok(growth < 8000, "and of 60 MB of sound %ld kB more memory", growth);
#else
    tap_note("%ld kB more memory", growth);
#endif
}

/* ---------------------------------------------------------------- path -- */

/* Run as a set-user-ID program that somebody else has started. */
static int
tell_path(void)
{
    char path[4096];
    tabor_worker_path(path, sizeof path);
    printf("%lu %s\n", getauxval(AT_SECURE), path);
    return 0;
}

static int
copy_self(const char *path)
{
    char command[512];
    snprintf(command, sizeof command, "cp /proc/%ld/exe %s && chmod 4755 %s",
             (long)getpid(), path, path);
    return system(command);
}

static void
test_secure(void)
{
    const char *copy = "./t-worker-suid";
    char command[512], path[4096] = "";
    unsigned long secure = 0;
    snprintf(command, sizeof command,
             "TABOR_DECODER=/evil setpriv --reuid=65534 --clear-groups %s "
             "--path",
             copy);
    FILE *f =
        getuid() == 0 && copy_self(copy) == 0 ? popen(command, "r") : NULL;
    const int got = f ? fscanf(f, "%lu %4095s", &secure, path) : 0;
    if (f) {
        pclose(f);
    }
    unlink(copy);
    if (got != 2 || secure != 1) {
        printf("ok %d - a set-user-ID program does not listen to "
               "TABOR_DECODER # SKIP needs root and such programs\n",
               ++tap_count);
        return;
    }
    ok(strcmp(path, "/evil") != 0 && path[0] == '/',
       "a set-user-ID program takes %s, whatever TABOR_DECODER says", path);
}

int
main(int count, char **words)
{
    if (count == 2 && strcmp(words[1], "--path") == 0) {
        return tell_path();
    }
    tap_start();
    r = rig_open("null", 256, 256, 1024);
    tabor_handle voice;
    tabor_play_params params = TABOR_PLAY;
    params.loop = TABOR_LOOP_SAMPLE;
    must(tabor_play(r.client, rig_ramp(&r, 4800, 2), &params, &voice));
    tabor_worker_path(real_worker, sizeof real_worker);
    save_sine(SOUND, 48000);
    save_sine(FRAGILE, FRAGILE_RATE);
    ok(load(SOUND) == TABOR_OK && plays_on(), "a sound loads");
    test_crashes();
    test_lies();
    test_escapes();
    test_surroundings();
    test_closed_descriptors();
    test_no_worker();
    with_handler("ignores its children", SIG_IGN);
    with_handler("waits for all its children", reap_all);
    test_interruptions();
    test_threads();
    test_orphan();
    test_changing();
    test_control();
    test_leftovers();
    test_secure();
    ok(plays_on(), "and the voice from the start still sounds");
    remove(SOUND);
    remove(FRAGILE);
    rig_close(&r);
    return tap_done();
}
