/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

typedef enum {
	QUOTA_STORAGE,
	QUOTA_MESSAGE,
	QUOTA_MAILBOX,
	QUOTA_N_RESOURCES,
} QuotaResource;

/* A quota root: at most one limit for each resource; storage in octets. */
typedef struct {
	char *name;
	gboolean limited[QUOTA_N_RESOURCES];
	guint64 used[QUOTA_N_RESOURCES];
	guint64 limit[QUOTA_N_RESOURCES];
} QuotaRoot;

void quota_root_free(QuotaRoot *self);
void quota_root_write(const QuotaRoot *self, FerryImapWriter *writer);
GPtrArray *quota_roots_parse(FerryJmapValue *answer, const char *account_id, gboolean draft);
const QuotaRoot *quota_roots_find(GPtrArray *roots, const char *name);
char *quota_root_dup_account(const char *name);
