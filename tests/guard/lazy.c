/* SPDX-License-Identifier: MIT
 *
 * A thread-local as a module has it that is loaded at run time: made for each
 * thread when that thread first touches it. Large, so that it does not fit
 * into what the loader keeps in reserve.
 */
static _Thread_local int values[16384];

int *sin_lazy(void);

__attribute__((visibility("default"))) int *
sin_lazy(void)
{
    return values;
}
