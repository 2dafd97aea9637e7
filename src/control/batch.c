/* SPDX-License-Identifier: MIT
 *
 * Batches: commands gathered on the client's side and sent with one store.
 */
#include "config.h"

#include <stdlib.h>

#include "control/client.h"
#include "control/status.h"

TABOR_API tabor_status
tabor_batch_begin(tabor_client *client)
{
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK) {
        return st;
    }
    pthread_mutex_lock(&client->mutex);
    if (client->batch) {
        st = tabor_fail(TABOR_ERR_INVALID,
                        "a batch is open already: end it first");
    } else {
        client->batch_count = 0;
        client->batch =
            calloc(tabor_client_most(client), sizeof *client->batch);
        if (!client->batch) {
            st = tabor_fail(TABOR_ERR_NO_MEMORY, "no memory for a batch");
        }
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}

static void
end_batch(tabor_client *c)
{
    free(c->batch);
    c->batch = NULL;
    c->batch_count = 0;
}

TABOR_API tabor_status
tabor_batch_commit(tabor_client *client)
{
    tabor_status st = tabor_engine_check(client->engine);
    if (st != TABOR_OK) {
        return st;
    }
    pthread_mutex_lock(&client->mutex);
    if (!client->batch) {
        st = tabor_fail(TABOR_ERR_INVALID, "no batch is open");
    } else if (client->batch_count == 0) {
        end_batch(client);
    } else if ((st = tabor_client_reserve_now(client, client->batch_count,
                                              0)) == TABOR_OK) {
        tabor_client_send_now(client, client->batch, client->batch_count);
        end_batch(client);
    }
    pthread_mutex_unlock(&client->mutex);
    return st;
}

TABOR_API void
tabor_batch_abandon(tabor_client *client)
{
    if (client->engine->forks != tabor_forks()) {
        return;
    }
    pthread_mutex_lock(&client->mutex);
    for (uint32_t i = 0; i < client->batch_count; i++) {
        if (client->batch[i].type == TABOR_COMMAND_PLAY_SAMPLE) {
            tabor_client_free_play(client, client->batch[i].target);
        } else if (client->batch[i].type == TABOR_COMMAND_RETIRE_SAMPLE) {
            /* unloaded it is all the same, and must be freed */
            tabor_releases_add(&client->releases, client->batch[i].target);
        }
    }
    end_batch(client);
    pthread_mutex_unlock(&client->mutex);
}
