/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configuration says about a backend
 *
 * Specification: none
 * Implementation: the values with their defaults; core/daemon fills them in
 */
#include "account/manager.h"

G_DEFINE_BOXED_TYPE(FerryAccountSettings, ferry_account_settings, ferry_account_settings_copy,
		    ferry_account_settings_free)

/**
 * ferry_account_settings_new:
 * @urls: (array zero-terminated=1): where the backend is
 *
 * Returns: (transfer full): settings with their defaults
 */
FerryAccountSettings *
ferry_account_settings_new(const char *const *urls)
{
	FerryAccountSettings *self = g_new0(FerryAccountSettings, 1);

	self->urls = g_strdupv((char **)urls);
	self->allow_plaintext = g_strdup("loopback");
	self->text_search = g_strdup("server");
	self->shared_prefix = g_strdup("Shared Folders");
	self->freshness_ms = 1000;
	self->poll_s = 10;
	self->ping_s = 30;
	self->select_timeout_s = 300;
	self->request_timeout_s = 30;
	self->idle_unload_s = 600;
	self->raw_cache_size = G_GUINT64_CONSTANT(1) << 30;
	self->text_scan_limit = 100;
	return self;
}

/**
 * ferry_account_settings_copy: (skip)
 * @self: settings
 *
 * Returns: (transfer full): a copy
 */
FerryAccountSettings *
ferry_account_settings_copy(const FerryAccountSettings *self)
{
	FerryAccountSettings *copy = g_new(FerryAccountSettings, 1);

	*copy = *self;
	copy->urls = g_strdupv(self->urls);
	copy->trusted_hosts = g_strdupv(self->trusted_hosts);
	copy->ca_file = g_strdup(self->ca_file);
	copy->allow_plaintext = g_strdup(self->allow_plaintext);
	copy->text_search = g_strdup(self->text_search);
	copy->shared_prefix = g_strdup(self->shared_prefix);
	copy->domains = g_strdupv(self->domains);
	return copy;
}

/**
 * ferry_account_settings_free: (skip)
 * @self: (transfer full): settings
 *
 * Frees them.
 */
void
ferry_account_settings_free(FerryAccountSettings *self)
{
	g_strfreev(self->urls);
	g_strfreev(self->trusted_hosts);
	g_free(self->ca_file);
	g_free(self->allow_plaintext);
	g_free(self->text_search);
	g_free(self->shared_prefix);
	g_strfreev(self->domains);
	g_free(self);
}
