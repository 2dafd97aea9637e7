/* SPDX-License-Identifier: MIT
 *
 * Opens a driver by name and says what came of it, for tests/drivers.sh.
 */
#include <tabor/tabor.h>

#include <stdio.h>

int
main(int argc, char **argv)
{
    tabor_engine_config config = TABOR_ENGINE_CONFIG;
    config.driver = argc > 1 ? argv[1] : "auto";
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
