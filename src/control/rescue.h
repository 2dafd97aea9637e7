/* SPDX-License-Identifier: MIT
 *
 * The thread that closes a dead stream and opens a living one, however long
 * either takes.
 */
#ifndef TABOR_CONTROL_RESCUE_H
#define TABOR_CONTROL_RESCUE_H

#include "control/device.h"

/* dead: given away, or NULL. NULL is returned if there is no thread or memory
 * for it; dead is then left behind.  [control] */
tabor_rescue *tabor_rescue_start(const tabor_driver *driver, tabor_order *order,
                                 tabor_rt *rt, int wake_fd, tabor_stream *dead);

/* The new stream, its gate shut, once it calls; then owned by the caller. NULL
 * until then.  [any] */
tabor_stream *tabor_rescue_result(tabor_rescue *rescue);

/* The driver's calls that have not returned in their time, or said that they
 * had to leave something behind, since this was last asked.  [any] */
uint32_t tabor_rescue_hung(tabor_rescue *rescue, uint64_t now_ns);

/* Not needed any more: it ends by itself as soon as it can. Waits for it for
 * half a second.  [control] */
void tabor_rescue_end(tabor_rescue *rescue);

#endif
