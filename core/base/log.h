/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FerryLogFormat:
 * @FERRY_LOG_TEXT: a line for people
 * @FERRY_LOG_JSON: an object on each line, for machines
 *
 * What a line of the log looks like.
 */
typedef enum {
	FERRY_LOG_TEXT,
	FERRY_LOG_JSON,
} FerryLogFormat;

gboolean ferry_log_set_up(const char *level, FerryLogFormat format);
char *ferry_log_escape(const char *text, gssize length);

G_END_DECLS
