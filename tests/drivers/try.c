/* SPDX-License-Identifier: MIT
 *
 * Opens drivers by name and says what came of each, for tests/drivers.sh.
 * "--secure" says whether the kernel has marked this program as one that has
 * more rights than its caller.
 */
#include <tabor/tabor.h>

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

static int
try_driver(const char *name)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = name;
    tabor_engine *engine;
    tabor_status st = tabor_engine_open(&config, &engine);
    if (st != TABOR_OK) {
        printf("%s: %s\n", tabor_status_text(st), tabor_error());
        return 1;
    }
    tabor_client *client;
    uint64_t cookie, ns;
    st = tabor_client_open(engine, NULL, &client);
    if (st == TABOR_OK) {
        st = tabor_ping_send(client, &cookie);
        if (st == TABOR_OK) {
            st = tabor_ping_wait(client, cookie, 5000000000u, &ns);
        }
        tabor_client_close(client);
    }
    tabor_engine_info info;
    tabor_engine_get_info(engine, &info);
    printf("%s on %s: %s\n", info.driver, info.device, tabor_status_text(st));
    tabor_engine_close(engine);
    return st != TABOR_OK;
}

int
main(int argc, char **argv)
{
    int failed = 0;
    if (argc > 1 && strcmp(argv[1], "--secure") == 0) {
        puts(getauxval(AT_SECURE) ? "yes" : "no");
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        failed |= try_driver(argv[i]);
    }
    return failed;
}
