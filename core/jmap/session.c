/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A credential's view of a backend
 *
 * Specification: RFC 8620 §2 (session object), §1.7 (URLs)
 * Implementation: what the session object says; it is read again when a reply names another state
 *   or the backend was away (session-open.c)
 */
#include <string.h>

#include "jmap/error.h"
#include "jmap/session-open-private.h"

enum {
	SIGNAL_SESSION_CHANGED,
	SIGNAL_EXPIRED,
	N_SIGNALS,
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(FerryJmapSession, ferry_jmap_session, G_TYPE_OBJECT)
static void
ferry_jmap_session_dispose(GObject *object)
{
	FerryJmapSession *self = FERRY_JMAP_SESSION(object);

	g_clear_pointer(&self->scheduler, ferry_jmap_scheduler_free);
	g_clear_object(&self->backend);
	G_OBJECT_CLASS(ferry_jmap_session_parent_class)->dispose(object);
}

static void
ferry_jmap_session_finalize(GObject *object)
{
	FerryJmapSession *self = FERRY_JMAP_SESSION(object);

	g_clear_pointer(&self->credential, ferry_jmap_credential_unref);
	g_clear_pointer(&self->object, ferry_jmap_session_object_free);
	ferry_jmap_gate_clear(&self->uploads);
	ferry_jmap_gate_clear(&self->downloads);
	g_free(self->refreshed_for);
	g_clear_object(&self->refresh);
	g_ptr_array_unref(self->movers);
	G_OBJECT_CLASS(ferry_jmap_session_parent_class)->finalize(object);
}

static void
ferry_jmap_session_class_init(FerryJmapSessionClass *klass)
{
	GObjectClass *object_class = G_OBJECT_CLASS(klass);

	object_class->dispose = ferry_jmap_session_dispose;
	object_class->finalize = ferry_jmap_session_finalize;
	/**
	 * FerryJmapSession::session-changed:
	 * @self: the session
	 *
	 * The session object was read again and differs: accounts, rights or limits may be others.
	 */
	signals[SIGNAL_SESSION_CHANGED] =
		g_signal_new("session-changed", FERRY_TYPE_JMAP_SESSION, G_SIGNAL_RUN_LAST, 0, NULL,
			     NULL, NULL, G_TYPE_NONE, 0);
	/**
	 * FerryJmapSession::expired:
	 * @self: the session
	 *
	 * The backend does not accept the credential any more. Emitted once.
	 */
	signals[SIGNAL_EXPIRED] =
		g_signal_new("expired", FERRY_TYPE_JMAP_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
			     NULL, G_TYPE_NONE, 0);
}

static void
ferry_jmap_session_init(FerryJmapSession *self)
{
	self->scheduler = ferry_jmap_scheduler_new(self);
	self->movers = g_ptr_array_new_with_free_func(g_object_unref);
	ferry_jmap_gate_init(&self->uploads, 1);
	ferry_jmap_gate_init(&self->downloads, 4);
}

/**
 * ferry_jmap_session_new:
 * @backend: where to
 * @credential: who asks
 *
 * Returns: (transfer full): a session that is not open yet
 */
FerryJmapSession *
ferry_jmap_session_new(FerryJmapBackend *backend, FerryJmapCredential *credential)
{
	FerryJmapSession *self = g_object_new(FERRY_TYPE_JMAP_SESSION, NULL);

	self->backend = g_object_ref(backend);
	self->credential = ferry_jmap_credential_ref(credential);
	return self;
}

/**
 * ferry_jmap_session_get_backend:
 * @self: a session
 *
 * Returns: (transfer none): its backend
 */
FerryJmapBackend *
ferry_jmap_session_get_backend(FerryJmapSession *self)
{
	return self->backend;
}

/**
 * ferry_jmap_session_get_credential:
 * @self: a session
 *
 * Returns: (transfer none): its credential
 */
FerryJmapCredential *
ferry_jmap_session_get_credential(FerryJmapSession *self)
{
	return self->credential;
}

/* private: a URL of the session object, absolute; "" where there is none, which no request
 * passes. @values: name and value in turns */
char *
ferry_jmap_session_make_url(FerryJmapSession *self, FerryJmapUrl url, const char *const *values)
{
	if (self->object == NULL)
		return g_strdup("");
	return ferry_jmap_session_object_make_url(self->object, url, values);
}

/**
 * ferry_jmap_session_is_open:
 * @self: a session
 *
 * Returns: whether the session object was read
 */
gboolean
ferry_jmap_session_is_open(FerryJmapSession *self)
{
	return self->object != NULL;
}

/**
 * ferry_jmap_session_get_url:
 * @self: a session
 *
 * Returns: (nullable): where the session object was found (RFC 8620 §2), redirects followed; %NULL
 *   where the session is not open
 */
const char *
ferry_jmap_session_get_url(FerryJmapSession *self)
{
	return self->object != NULL ? self->object->base_url : NULL;
}

/**
 * ferry_jmap_session_get_username:
 * @self: a session
 *
 * Returns: (nullable): the user name that the backend knows the credential by
 */
const char *
ferry_jmap_session_get_username(FerryJmapSession *self)
{
	if (self->object == NULL)
		return NULL;
	return ferry_jmap_value_get_string(self->object->value, "username");
}

/**
 * ferry_jmap_session_get_accounts:
 * @self: a session
 *
 * Returns: (transfer none) (element-type FerryJmapAccountInfo) (nullable): the accounts that the
 *   credential may see, %NULL where the session is not open; valid until the session object is
 *   read again
 */
GPtrArray *
ferry_jmap_session_get_accounts(FerryJmapSession *self)
{
	return self->object != NULL ? self->object->accounts : NULL;
}

/**
 * ferry_jmap_session_find_account:
 * @self: a session
 * @account_id: a JMAP accountId
 *
 * Returns: (transfer none) (nullable): the account, valid until the session object is read again
 */
const FerryJmapAccountInfo *
ferry_jmap_session_find_account(FerryJmapSession *self, const char *account_id)
{
	for (guint i = 0; self->object != NULL && i < self->object->accounts->len; i++) {
		const FerryJmapAccountInfo *info = g_ptr_array_index(self->object->accounts, i);

		if (g_str_equal(info->id, account_id))
			return info;
	}
	return NULL;
}

static FerryJmapValue *
get_of(FerryJmapSession *self, const char *member, const char *name)
{
	g_autoptr(FerryJmapValue) object = NULL;

	if (self->object != NULL)
		object = ferry_jmap_value_get(self->object->value, member);
	return object != NULL ? ferry_jmap_value_get_member(object, name) : NULL;
}

/**
 * ferry_jmap_session_get_primary_account:
 * @self: a session
 * @capability: a capability URI
 *
 * Returns: (transfer none) (nullable): the id of the user's own account for it; where the server
 *   names none, the only personal account that has it. Valid until the session object is read again
 */
const char *
ferry_jmap_session_get_primary_account(FerryJmapSession *self, const char *capability)
{
	g_autoptr(FerryJmapValue) value = get_of(self, "primaryAccounts", capability);
	const char *id = value != NULL ? ferry_jmap_value_get_string(value, NULL) : NULL;
	guint n_found = 0;

	if (id != NULL) {
		const FerryJmapAccountInfo *info = ferry_jmap_session_find_account(self, id);

		return info != NULL ? info->id : NULL;
	}
	for (guint i = 0; self->object != NULL && i < self->object->accounts->len; i++) {
		const FerryJmapAccountInfo *info = g_ptr_array_index(self->object->accounts, i);
		g_autoptr(FerryJmapValue) has = NULL;

		if (!info->is_personal || info->capabilities == NULL)
			continue;
		has = ferry_jmap_value_get_member(info->capabilities, capability);
		if (has != NULL) {
			id = info->id;
			n_found++;
		}
	}
	return n_found == 1 ? id : NULL;
}

/**
 * ferry_jmap_session_has_capability:
 * @self: a session
 * @capability: a capability URI
 *
 * Returns: whether the server has it, for some account at least
 */
gboolean
ferry_jmap_session_has_capability(FerryJmapSession *self, const char *capability)
{
	g_autoptr(FerryJmapValue) value = ferry_jmap_session_get_capability(self, capability);

	return value != NULL;
}

/**
 * ferry_jmap_session_get_capability:
 * @self: a session
 * @capability: a capability URI
 *
 * Returns: (transfer full) (nullable): what the session object says of it
 */
FerryJmapValue *
ferry_jmap_session_get_capability(FerryJmapSession *self, const char *capability)
{
	return get_of(self, "capabilities", capability);
}

/**
 * ferry_jmap_session_get_limit:
 * @self: a session
 * @limit: which limit
 *
 * Returns: the limit that the server states, at least 1, or a careful one where it states none
 */
guint64
ferry_jmap_session_get_limit(FerryJmapSession *self, FerryJmapLimit limit)
{
	g_return_val_if_fail((guint)limit < FERRY_JMAP_N_LIMITS, 1);
	if (self->object == NULL)
		return 1;
	return self->object->limits[limit];
}

/* private */
FerryJmapGate *
ferry_jmap_session_get_upload_gate(FerryJmapSession *self)
{
	return &self->uploads;
}

/* private */
FerryJmapGate *
ferry_jmap_session_get_download_gate(FerryJmapSession *self)
{
	return &self->downloads;
}

/* private: a reply named the session state */
void
ferry_jmap_session_saw_state(FerryJmapSession *self, const char *session_state)
{
	const char *known = ferry_jmap_value_get_string(self->object->value, "state");

	if (session_state == NULL || g_strcmp0(session_state, known) == 0)
		return;
	/* a server whose replies never agree with its session object is asked once per state */
	if (g_strcmp0(session_state, self->refreshed_for) == 0)
		return;
	g_free(self->refreshed_for);
	self->refreshed_for = g_strdup(session_state);
	ferry_jmap_session_refresh(self);
}

/* private: the backend did not answer, or not as one */
void
ferry_jmap_session_saw_outage(FerryJmapSession *self)
{
	self->suspect = TRUE;
}

/* private: the session object was read again and is another */
void
ferry_jmap_session_emit_changed(FerryJmapSession *self)
{
	g_signal_emit(self, signals[SIGNAL_SESSION_CHANGED], 0);
}

/* private: 401 on a session that was open */
GError *
ferry_jmap_session_saw_rejection(FerryJmapSession *self)
{
	if (!self->rejected) {
		self->rejected = TRUE;
		g_signal_emit(self, signals[SIGNAL_EXPIRED], 0);
	}
	return g_error_new_literal(FERRY_ERROR, FERRY_ERROR_EXPIRED,
				   "the backend does not accept the credential any more");
}

/**
 * ferry_jmap_session_send_async:
 * @self: an open session
 * @request: what to send; not to be changed afterwards
 * @flags: how
 * @cancellable: (nullable): cancels it; what was sent may have been executed nevertheless
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: passed to @callback
 *
 * Sends method calls, joined with those of others and parted as the limits of the session demand.
 */
void
ferry_jmap_session_send_async(FerryJmapSession *self, FerryJmapRequest *request,
			      FerryJmapSendFlags flags, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_jmap_session_send_async);
	if (self->object == NULL) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_FAILED,
					"the session is not open");
		return;
	}
	/* after an outage its URLs, or the backend's next address, may be others */
	if (self->suspect)
		ferry_jmap_session_refresh(self);
	ferry_jmap_scheduler_send(self->scheduler, request, flags, g_steal_pointer(&task));
}

/**
 * ferry_jmap_session_send_finish:
 * @self: a session
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the answers to all calls, or %NULL where the request as a
 *   whole failed: %FERRY_ERROR_UNAVAILABLE, %FERRY_ERROR_EXPIRED, %FERRY_ERROR_BACKEND,
 *   %FERRY_ERROR_LIMIT, %FERRY_JMAP_ERROR_LOST_ANSWER, %FERRY_JMAP_ERROR_REQUEST_TOO_LARGE
 */
FerryJmapReply *
ferry_jmap_session_send_finish(FerryJmapSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
