/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Before @soup sends @message. */
void ferry_jmap_quick_ack_watch(SoupSession *soup, SoupMessage *message);

G_END_DECLS
