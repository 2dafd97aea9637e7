/* SPDX-License-Identifier: MIT
 *
 * What a decoding worker that was taken over may answer: any bytes, sealed or
 * not, of a size that fits their head or not. An input is a byte that says so,
 * then the answer.
 */
#include "config.h"

#include <fcntl.h>
#include <stddef.h>

#include "control/answer.h"
#include "memory.h"

const char fuzz_name[] = "answer";
const unsigned fuzz_runs = 20000;

enum {
    HOW_UNSEALED = 1,
    HOW_FIT = 2, /* the file has the size that its head promises */
    HOW_MOST = 1 << 20
};

static uint64_t sounds, refusals;

static void
fit(int fd, const uint8_t *bytes, size_t size)
{
    tabor_answer head;
    if (size < sizeof head) {
        return;
    }
    memcpy(&head, bytes, sizeof head);
    uint64_t values = head.frames * head.channels;
    if (head.frames < HOW_MOST && values < HOW_MOST &&
        ftruncate(fd, (off_t)(sizeof head + values * sizeof(float)))) {
        perror("ftruncate");
        exit(1);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_input in = {bytes, size};
    unsigned how = fuzz_byte(&in);
    char path[64];
    int fd = fuzz_file(in.bytes, in.left, path);
    tabor_audio *audio = NULL;
    if (how & HOW_FIT) {
        fit(fd, in.bytes, in.left);
    }
    if (!(how & HOW_UNSEALED)) {
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    }
    tabor_status st = tabor_answer_take(fd, &audio);
    if (st == TABOR_OK) {
        fuzz_hold(!(how & HOW_UNSEALED), "it could still be changed");
        fuzz_hold_sound(audio);
        sounds++;
        tabor_audio_free(audio);
    } else {
        fuzz_hold(audio == NULL, "a sound and an error");
        fuzz_hold_error(st);
        refusals++;
    }
    close(fd);
    return 0;
}

size_t
fuzz_change(uint8_t *bytes, size_t size, uint32_t seed)
{
    static const struct {
        uint8_t at, width;
    } fields[] = {{8, 4},  {12, 4}, {16, 8}, {16, 4}, {24, 4},
                  {28, 4}, {32, 8}, {40, 8}, {40, 4}};
    static const uint64_t values[] = {
        0,        1,          2,          3,         5,      7,
        64,       65,         3999,       4000,      768000, 768001,
        1u << 27, UINT32_MAX, 1ull << 62, UINT64_MAX};
    const unsigned count = sizeof fields / sizeof *fields;
    if (size < 1 + sizeof(tabor_answer)) {
        return 0;
    }
    memcpy(bytes + 1 + fields[seed % count].at,
           &values[seed / count % (sizeof values / sizeof *values)],
           fields[seed % count].width);
    return size;
}

void
fuzz_seeds(void (*give)(const void *bytes, size_t size))
{
    tabor_answer a = {.magic = TABOR_ANSWER_MAGIC,
                      .version = TABOR_ANSWER_VERSION,
                      .kind = TABOR_ANSWER_SOUND,
                      .frames = 4,
                      .channels = 2,
                      .rate = 48000,
                      .loop_start = 1,
                      .loop_end = 3};
    const float values[8] = {0.5f, -0.5f, 1.0f};
    uint8_t bytes[1 + sizeof a + sizeof values] = {0};
    for (unsigned kind = 0; kind <= TABOR_ANSWER_NO_JAIL; kind++) {
        a.kind = kind;
        a.status = kind ? TABOR_ERR_DECODE : TABOR_OK;
        snprintf(a.text, sizeof a.text, "some words");
        bytes[0] = kind == TABOR_ANSWER_SOUND ? HOW_FIT : 0;
        memcpy(bytes + 1, &a, sizeof a);
        memcpy(bytes + 1 + sizeof a, values, sizeof values);
        give(bytes, sizeof bytes);
    }
    a.kind = TABOR_ANSWER_REFUSED; /* without a word why */
    a.text[0] = '\0';
    memcpy(bytes + 1, &a, sizeof a);
    give(bytes, 1 + sizeof a);
}

int
fuzz_looked(void)
{
    printf("# %llu answers were sounds, %llu were refused\n",
           (unsigned long long)sounds, (unsigned long long)refusals);
    return sounds > 0 && refusals > 0;
}
