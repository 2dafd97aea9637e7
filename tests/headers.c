/* SPDX-License-Identifier: MIT
 *
 * The public headers compile, each first and twice, and their initialisers
 * are complete.
 */
#include <tabor/driver.h>
#include <tabor/tabor.h>
#include <tabor/tempo.h>

#include <tabor/driver.h>
#include <tabor/tabor.h>
#include <tabor/tempo.h>

#include "tap.h"

int
main(void)
{
    tap_start();
    tabor_engine_config engine = TABOR_ENGINE_CONFIG;
    tabor_client_config client = TABOR_CLIENT_CONFIG;
    tabor_play_params play = TABOR_PLAY;
    tabor_voice_params voice = TABOR_VOICE;
    ok(engine.struct_size == sizeof engine && engine.rate == 48000 &&
           engine.channels == 2 && engine.block == 256 && engine.voices == 256,
       "an engine's defaults are those of the manual");
    ok(client.struct_size == sizeof client && client.queue == 1024,
       "a client's queue has 1024 slots");
    ok(play.struct_size == sizeof play && play.velocity == 1 &&
           play.gain == 1 && play.rate == 1 && play.at == TABOR_ASAP,
       "a play's defaults are neutral");
    ok(voice.struct_size == sizeof voice && voice.which == 0,
       "a change's defaults change nothing");
    ok(strlen(tabor_version()) > 0, "the library tells its version");
    for (int i = 0; i <= TABOR_ERR_FORKED; i++) {
        ok(strcmp(tabor_status_text((tabor_status)i), "unknown status") != 0,
           "status %d has words: %s", i, tabor_status_text((tabor_status)i));
    }
    const char *const words[] = {"velocity", "gain", "pan", NULL};
    ok(strcmp(tabor_nearest("velocty", words), "velocity") == 0 &&
           strcmp(tabor_nearest("gian", words), "gain") == 0 &&
           !tabor_nearest("quantum", words),
       "a misspelt word finds its nearest, a strange one none");
    return tap_done();
}
