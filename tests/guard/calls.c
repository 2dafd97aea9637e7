/* SPDX-License-Identifier: MIT
 *
 * Faults for tests/rt-calls.py to find, one a root. Never linked.
 */
#include <alloca.h>
#include <stdlib.h>
#include <string.h>

#define APART __attribute__((noinline, noipa))

void use(void *memory);
int innocent(int n);
int recurses(int n);
int calls_pointer(int n);
int allocates(int n);
void *calls_malloc(int n);
int has_large_frame(int n);
int touches_little(int n);

extern int (*volatile pointer)(int);

static APART int
leaf(int n)
{
    return n * n;
}

int
innocent(int n)
{
    return leaf(n) + 1;
}

static int back(int n);

APART int
recurses(int n)
{
    return n ? back(n - 1) + 1 : 0;
}

static APART int
back(int n)
{
    return recurses(n / 2) * 3;
}

int
calls_pointer(int n)
{
    return pointer(n) + 1;
}

int
allocates(int n)
{
    volatile char *memory = alloca((size_t)n);
    memory[n / 2] = 1;
    return memory[n / 3];
}

static APART void *
inner(int n)
{
    void *memory = malloc((size_t)n);
    return memory ? memory : &pointer;
}

void *
calls_malloc(int n)
{
    return (char *)inner(n + 1) + 1;
}

int
has_large_frame(int n)
{
    volatile char memory[9000];
    memory[n] = 1;
    return memory[n / 2];
}

int
touches_little(int n)
{
    volatile char memory[1500];
    memory[n] = 1;
    return memory[n / 2];
}
