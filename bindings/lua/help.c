/* SPDX-License-Identifier: MIT */
#include "console.h"

#include <tabor/tabor.h>

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "Usage: tabor [options] [script.lua [arguments]]\n"
    "       tabor --python script.py script.lua [--driver NAME] "
    "[--render FILE]\n"
    "       tabor torture [--driver NAME] [--seconds N]\n"
    "Play sounds from Lua: run a script, or sit at a prompt with an engine "
    "open.\n"
    "\n"
    "  -e CODE           run CODE\n"
    "  -i                go to the prompt after the script or -e\n"
    "  --watch           go to the prompt after the script, and run it again\n"
    "                    whenever its file changes\n"
    "  -                 read the script from standard input\n"
    "  --driver NAME     the audio driver (auto)\n"
    "  --device NAME     the driver's name for the device (its default)\n"
    "  --rate N          frames per second (48000)\n"
    "  --channels N      channels (2)\n"
    "  --block N         frames that the device asks for at once (256)\n"
    "  --set KEY=VALUE   an option of the driver's own\n"
    "  --limiter         keep what is too loud below 1, without clipping\n"
    "  --log FILE        record a take: all that engine does, into FILE\n"
    "  --render FILE     no sound: render what the script plays into FILE\n"
    "  --seconds N       so much of it (up to the end of the last voice)\n"
    "  --bits N          of a value in FILE: 16, 24, or 32 for float\n"
    "  --no-dither       only round to 16 or 24 bits, here and on a device\n"
    "  --replay TAKE     with --render: render what --log has recorded\n"
    "  --sandbox         run scripts that are not trusted: no files, no "
    "system\n"
    "  --allow FOLDER    with --sandbox: sounds beneath FOLDER may be loaded\n"
    "  --mem N           MiB that scripts may take (no limit; 256 sandboxed)\n"
    "  --budget N        seconds of CPU for each script or line (no limit; "
    "10)\n"
    "  --instructions N  of Lua for each (no limit; 2000000000)\n"
    "  --python PY LUA   a Python and a Lua script on one engine\n"
    "  --list-devices    tell what there is to play on\n"
    "  --quiet           no banner, no progress, no warnings\n"
    "  --version         tell the version\n"
    "  --help            tell this\n"
    "\n"
    "A script finds the module as tabor, an engine that opens when it is\n"
    "first touched as engine, and play(sound, options) and load(sound), where\n"
    "a sound is a path or the name of one that came with Tabor.\n"
    "torture tries on this machine whether sound waits for anything.\n"
    "Status: 0 good, 1 failed, 2 wrong usage, 130 interrupted.\n"
    "\n"
    "Drivers:\n";

static void
print_driver(void *user, const tabor_driver_info *driver)
{
    (void)user;
    printf("  %-17s %s\n", driver->name, driver->title);
    for (const char *line = driver->options; *line;) {
        size_t length = strcspn(line, "\n");
        printf("  %-17s   --set %.*s\n", "", (int)length, line);
        line += length + (line[length] != '\0');
    }
}

int
help_print(void)
{
    fputs(usage, stdout);
    if (tabor_drivers_list(print_driver, NULL) != TABOR_OK) {
        fprintf(stderr, "tabor: %s\n", tabor_error());
        return CONSOLE_FAILED;
    }
    return CONSOLE_OK;
}

/* ------------------------------------------------------------ devices -- */

static void
print_device(void *user, const tabor_device_info *device)
{
    size_t *count = user;
    *count += 1;
    FILE *f = screen_out();
    fprintf(f, "%s  \"%s\"  %u out, %u in ", device->driver, device->name,
            device->outputs, device->inputs);
    for (size_t i = 0; i < device->rate_count; i++) {
        fprintf(f, " %u", device->rates[i]);
    }
    fputs(device->is_default ? "  (default)\n" : "\n", f);
}

static void
print_missing(void *user, const tabor_driver_info *driver)
{
    (void)user;
    if (!driver->available) {
        fprintf(screen_out(), "%s  not available: %s\n", driver->name,
                driver->why);
    }
}

int
help_list_devices(const char *driver)
{
    size_t count = 0;
    if (tabor_devices_list(driver, print_device, &count) != TABOR_OK) {
        fprintf(screen_err(), "tabor: %s\n", tabor_error());
        return CONSOLE_FAILED;
    }
    if (!driver) {
        tabor_drivers_list(print_missing, NULL);
    } else if (count == 0) {
        fprintf(screen_out(), "%s  no devices\n", driver);
    }
    return CONSOLE_OK;
}
