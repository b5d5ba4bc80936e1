/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "base/settings.h"

G_BEGIN_DECLS

/* Types of later layers: the registry passes them through and never looks inside. */
typedef struct _FerryConnection FerryConnection;
typedef struct _FerryImapAssembly FerryImapAssembly;
typedef struct _FerryImapCommand FerryImapCommand;
typedef struct _FerryImapEvent FerryImapEvent;
typedef struct _FerryImapFetch FerryImapFetch;
typedef struct _FerryImapMessage FerryImapMessage;
typedef struct _FerryImapSearch FerryImapSearch;
typedef struct _FerryImapSession FerryImapSession;
typedef struct _FerryImapStatus FerryImapStatus;
typedef struct _FerryImapUpdate FerryImapUpdate;
typedef struct _FerryImapValue FerryImapValue;
typedef struct _FerryImapWriter FerryImapWriter;
typedef struct _FerryMailboxInfo FerryMailboxInfo;
typedef struct _FerryRegistry FerryRegistry;

/**
 * FerryContributionKind:
 *
 * What a module can contribute; see doc/architecture.md for each.
 */
typedef enum {
	FERRY_CONTRIBUTION_CAPABILITY,
	FERRY_CONTRIBUTION_COMMAND,
	FERRY_CONTRIBUTION_ARGUMENT_RULE,
	FERRY_CONTRIBUTION_FETCH_ITEM,
	FERRY_CONTRIBUTION_FETCH_MODIFIER,
	FERRY_CONTRIBUTION_STORE_MODIFIER,
	FERRY_CONTRIBUTION_SEARCH_KEY,
	FERRY_CONTRIBUTION_SEARCH_RETURN,
	FERRY_CONTRIBUTION_SEARCH_RESULT,
	FERRY_CONTRIBUTION_SORT_KEY,
	FERRY_CONTRIBUTION_STATUS_ITEM,
	FERRY_CONTRIBUTION_LIST_SELECTION,
	FERRY_CONTRIBUTION_LIST_RETURN,
	FERRY_CONTRIBUTION_SELECT_PARAMETER,
	FERRY_CONTRIBUTION_APPEND_DATA,
	FERRY_CONTRIBUTION_UPDATE_WRITER,
	FERRY_CONTRIBUTION_TOLD_ITEM,
	FERRY_CONTRIBUTION_ACCOUNT_LISTENER,
	FERRY_CONTRIBUTION_ANNOUNCEMENT_POLICY,
	FERRY_CONTRIBUTION_RESPONSE_CODE,
	FERRY_CONTRIBUTION_ENABLE,
	FERRY_CONTRIBUTION_SESSION_DATA,
	FERRY_CONTRIBUTION_PROGRESS_LISTENER,
	FERRY_CONTRIBUTION_PROTOCOL,
	FERRY_CONTRIBUTION_SASL_MECHANISM,
	FERRY_CONTRIBUTION_STORE,
	FERRY_CONTRIBUTION_LOADER,
	FERRY_CONTRIBUTION_TEXT_TRANSLATOR,
	FERRY_CONTRIBUTION_EVENT_NAME,
	FERRY_CONTRIBUTION_EVENT_POLICY,
	FERRY_CONTRIBUTION_SETTING,
	FERRY_CONTRIBUTION_N_KINDS,
} FerryContributionKind;

/**
 * FerryPhase:
 * @FERRY_PHASE_BEFORE_LOGIN: not authenticated
 * @FERRY_PHASE_AUTHENTICATED: signed in, no mailbox selected
 * @FERRY_PHASE_SELECTED: signed in, a mailbox selected
 * @FERRY_PHASE_AFTER_LOGIN: both of the former
 * @FERRY_PHASE_ANY: always
 *
 * The states of RFC 9051 §3 in which a capability is advertised or a command is valid.
 */
typedef enum {
	FERRY_PHASE_BEFORE_LOGIN = 1 << 0,
	FERRY_PHASE_AUTHENTICATED = 1 << 1,
	FERRY_PHASE_SELECTED = 1 << 2,
	FERRY_PHASE_AFTER_LOGIN = FERRY_PHASE_AUTHENTICATED | FERRY_PHASE_SELECTED,
	FERRY_PHASE_ANY = FERRY_PHASE_BEFORE_LOGIN | FERRY_PHASE_AFTER_LOGIN,
} FerryPhase;

/**
 * FerryOrdering:
 * @FERRY_ORDERING_ANY: neither reads nor changes the selected mailbox's numbering; updates of every
 *   kind may follow (EXPUNGE included)
 * @FERRY_ORDERING_NUMBERS: uses message sequence numbers: no EXPUNGE may be sent while it runs
 *   (RFC 9051 §7.5.1: FETCH, STORE, SEARCH)
 * @FERRY_ORDERING_ALONE: changes the session's state: nothing before it may still run, nothing
 *   behind it starts
 *
 * How a command may be mixed with others that are pipelined around it (RFC 9051 §5.5).
 */
typedef enum {
	FERRY_ORDERING_ANY,
	FERRY_ORDERING_NUMBERS,
	FERRY_ORDERING_ALONE,
} FerryOrdering;

/**
 * FerryNeeds:
 * @FERRY_NEEDS_NOTHING: the UID alone
 * @FERRY_NEEDS_METADATA: flags, dates, size, ids: what a view row holds
 * @FERRY_NEEDS_HEADERS: the raw header block
 * @FERRY_NEEDS_STRUCTURE: envelope, body structure and the part table
 * @FERRY_NEEDS_RAW: the octets of the whole message
 * @FERRY_NEEDS_ENVELOPE: enough of the header for ENVELOPE; cheaper than the exact header block
 *
 * What must be at hand about a message before an item can be written or a key evaluated.
 */
typedef enum {
	FERRY_NEEDS_NOTHING = 0,
	FERRY_NEEDS_METADATA = 1 << 0,
	FERRY_NEEDS_HEADERS = 1 << 1,
	FERRY_NEEDS_STRUCTURE = 1 << 2,
	FERRY_NEEDS_RAW = 1 << 3,
	FERRY_NEEDS_ENVELOPE = 1 << 4,
} FerryNeeds;

/**
 * FerryNews:
 * @FERRY_NEWS_NONE: nothing
 * @FERRY_NEWS_ARRIVALS: new messages
 * @FERRY_NEWS_CHANGES: changed flags
 * @FERRY_NEWS_EXPUNGES: messages that are gone
 * @FERRY_NEWS_ALL: all of these
 *
 * What can be told of a selected mailbox.
 */
typedef enum { /*< flags >*/
	FERRY_NEWS_NONE = 0,
	FERRY_NEWS_ARRIVALS = 1 << 0,
	FERRY_NEWS_CHANGES = 1 << 1,
	FERRY_NEWS_EXPUNGES = 1 << 2,
	FERRY_NEWS_ALL = FERRY_NEWS_ARRIVALS | FERRY_NEWS_CHANGES | FERRY_NEWS_EXPUNGES,
} FerryNews;

/**
 * FerryMoment:
 * @FERRY_MOMENT_COMMAND: a command is about to get its tagged line
 * @FERRY_MOMENT_IDLE: the client idles
 * @FERRY_MOMENT_BETWEEN: no command is running
 *
 * When news can be told (RFC 9051 §7).
 */
typedef enum {
	FERRY_MOMENT_COMMAND,
	FERRY_MOMENT_IDLE,
	FERRY_MOMENT_BETWEEN,
} FerryMoment;

/**
 * FerryContribution:
 * @kind: what it is
 * @name: its name in upper case ASCII, as the protocol writes it
 * @module: the module that contributed it, "base" for the library itself
 * @grammar: (nullable): how its arguments are parsed, see core/imap/grammar; of an event name, how
 *   it is spelt
 * @flags: #FerryPhase or #FerryNeeds, as the kind wants
 * @ordering: of a command
 * @func: (nullable): the main callback; its type follows from the kind
 * @prepare: (nullable): the second callback of kinds that have one
 * @user_data: for both
 *
 * One entry of the registry; owned by it and unchanged once the registry is sealed.
 */
typedef struct {
	FerryContributionKind kind;
	char *name;
	char *module;
	char *grammar;
	guint flags;
	FerryOrdering ordering;
	GCallback func;
	GCallback prepare;
	gpointer user_data;
	/*< private >*/
	GDestroyNotify destroy;
} FerryContribution;

/**
 * FerryCapabilityFunc:
 * @session: the session that asks
 *
 * Decides whether a capability is there for this session, its TLS and its account, and how it is
 * spelt (`APPENDLIMIT=1000` carries a value).
 *
 * Returns: (transfer full) (nullable): the text to advertise, or %NULL to leave it out
 */
typedef char *(*FerryCapabilityFunc)(FerryImapSession *session, gpointer user_data);

/**
 * FerryCommandFunc:
 * @command: the command with its parsed arguments; the callee ends it, now or later, with
 *   ferry_imap_command_finish() or ferry_imap_command_fail()
 *
 * Runs a command. It writes its untagged responses; the tagged line is never its own.
 */
typedef void (*FerryCommandFunc)(FerryImapCommand *command, gpointer user_data);

/**
 * FerryArgumentRuleFunc:
 * @command: a command about to run
 *
 * A module's veto on another's command, before its handler runs.
 *
 * Returns: %TRUE to let it run; else @error is its tagged answer
 */
typedef gboolean (*FerryArgumentRuleFunc)(FerryImapCommand *command, gpointer user_data,
					  GError **error);

/**
 * FerryFetchPrepareFunc:
 * @fetch: the FETCH being planned
 * @arguments: (nullable): the item's or modifier's own arguments
 *
 * Called once for each FETCH that names the item, before the first message: adds what the item
 * needs beyond its declared needs (ferry_imap_fetch_add_need(), ferry_imap_fetch_add_property()).
 *
 * Returns: %FALSE with @error set where the arguments are not acceptable
 */
typedef gboolean (*FerryFetchPrepareFunc)(FerryImapFetch *fetch, FerryImapValue *arguments,
					  gpointer user_data, GError **error);

/**
 * FerryFetchWriteFunc:
 * @fetch: the FETCH
 * @message: the message, with everything that was asked for
 * @arguments: (nullable): the item's own arguments
 * @writer: where `NAME value` goes
 *
 * Writes one item of one FETCH response.
 */
typedef void (*FerryFetchWriteFunc)(FerryImapFetch *fetch, FerryImapMessage *message,
				    FerryImapValue *arguments, FerryImapWriter *writer,
				    gpointer user_data);

/**
 * FerryModifierFunc:
 * @command: the FETCH, STORE or SELECT
 * @arguments: (nullable): the modifier's arguments
 *
 * Applies a modifier before the command runs.
 *
 * Returns: %FALSE with @error set where it is not acceptable
 */
typedef gboolean (*FerryModifierFunc)(FerryImapCommand *command, FerryImapValue *arguments,
				      gpointer user_data, GError **error);

/**
 * FerrySearchPrepareFunc:
 * @search: the SEARCH being planned
 * @arguments: (nullable): the key's or option's arguments
 *
 * Called once for each SEARCH that names the key; checks arguments and adds needs.
 *
 * Returns: %FALSE with @error set where the arguments are not acceptable
 */
typedef gboolean (*FerrySearchPrepareFunc)(FerryImapSearch *search, FerryImapValue *arguments,
					   gpointer user_data, GError **error);

/**
 * FerrySearchMatchFunc:
 * @search: the SEARCH
 * @message: a candidate, with everything that was asked for
 * @arguments: (nullable): the key's arguments
 *
 * Judges one message. Called only where keys that cost less left it undecided.
 *
 * Returns: whether @message matches the key
 */
typedef gboolean (*FerrySearchMatchFunc)(FerryImapSearch *search, FerryImapMessage *message,
					 FerryImapValue *arguments, gpointer user_data);

/**
 * FerrySearchResultFunc:
 * @search: the SEARCH, with its matches
 * @arguments: (nullable): the option's arguments
 * @writer: where `NAME value` goes
 *
 * Writes an ESEARCH return data item (or, as search-result contributor, adds to the answer of any
 * SEARCH) once the matches are known.
 */
typedef void (*FerrySearchResultFunc)(FerryImapSearch *search, FerryImapValue *arguments,
				      FerryImapWriter *writer, gpointer user_data);

/**
 * FerrySortKeyFunc:
 * @search: the search of a SORT, which ran
 * @message: one of its matches
 *
 * Returns: what @message is sorted by; lower numbers come first
 */
typedef gint64 (*FerrySortKeyFunc)(FerryImapSearch *search, FerryImapMessage *message,
				   gpointer user_data);

/**
 * FerryStatusFunc:
 * @status: the STATUS of one mailbox
 * @writer: where `NAME value` goes
 *
 * Writes one STATUS item (`NAME value`) of one mailbox.
 */
typedef void (*FerryStatusFunc)(FerryImapStatus *status, FerryImapWriter *writer,
				gpointer user_data);

/**
 * FerryListFunc:
 * @command: the LIST
 * @mailbox_name: the full name of a mailbox that LIST is about to tell
 * @arguments: (nullable): the option's arguments
 * @writer: where a return option writes
 *
 * As selection option: whether the mailbox is selected. As return option: whether it wrote
 * something after the LIST response.
 */
typedef gboolean (*FerryListFunc)(FerryImapCommand *command, const char *mailbox_name,
				  FerryImapValue *arguments, FerryImapWriter *writer,
				  gpointer user_data);

/**
 * FerryAppendDataFunc:
 * @command: the APPEND, or another command that takes messages
 * @element: the element with its arguments
 * @assembly: the message that it stands for, empty
 *
 * Makes the octets of a message: adds them with ferry_imap_assembly_add_async() and ends, now or
 * later, with ferry_imap_assembly_done().
 */
typedef void (*FerryAppendDataFunc)(FerryImapCommand *command, FerryImapValue *element,
				    FerryImapAssembly *assembly, gpointer user_data);

/**
 * FerryUpdateFunc:
 * @session: the session that is told
 * @update: arrivals, changes and expunges that may be told now
 * @writer: where responses go
 *
 * Tells the client of changes in its selected mailbox in place of or beside the base's
 * `* n EXISTS`, `* n FETCH (FLAGS …)` and `* n EXPUNGE`.
 *
 * Returns: %TRUE where nothing is left for the writers behind it
 */
typedef gboolean (*FerryUpdateFunc)(FerryImapSession *session, FerryImapUpdate *update,
				    FerryImapWriter *writer, gpointer user_data);

/**
 * FerryToldItemFunc:
 * @session: the session that is told
 * @message: a message whose change is told
 * @writer: where `NAME value` goes
 *
 * Writes one item of a FETCH response that tells of a change: one that was not asked for, or that
 * says that its own command set \Seen.
 */
typedef void (*FerryToldItemFunc)(FerryImapSession *session, FerryImapMessage *message,
				  FerryImapWriter *writer, gpointer user_data);

/**
 * FerryAccountListenerFunc:
 * @session: a session that is signed in
 * @event: what happened
 *
 * Hears of everything that happens in the account of a session: see #FerryImapEvent for what, and
 * for when it may write.
 */
typedef void (*FerryAccountListenerFunc)(FerryImapSession *session, FerryImapEvent *event,
					 gpointer user_data);

/**
 * FerryAnnouncementFunc:
 * @session: a session with a selected mailbox
 * @moment: what its client is doing
 * @news: what it would be told now: what the policies before this one left
 *
 * Decides what a client is told of its selected mailbox, and when. What it is not told is kept.
 * Expunges are never told while a command with message numbers runs, whatever is answered.
 *
 * Returns: what it is told now
 */
typedef FerryNews (*FerryAnnouncementFunc)(FerryImapSession *session, FerryMoment moment,
					   FerryNews news, gpointer user_data);

/**
 * FerryResponseCodeFunc:
 * @command: the command that is answered
 *
 * Makes a response code for one place in the answers: see ferry_registry_add_response_code().
 *
 * Returns: (transfer full) (nullable): a response code without brackets, or %NULL
 */
typedef char *(*FerryResponseCodeFunc)(FerryImapCommand *command, gpointer user_data);

/**
 * FerryEnableFunc:
 * @session: the session of the client
 *
 * Called when a client enables the name (RFC 9051 §6.3.1).
 *
 * Returns: whether the name is enabled for this session from now on
 */
typedef gboolean (*FerryEnableFunc)(FerryImapSession *session, gpointer user_data);

/**
 * FerryEventNameFunc:
 * @session: the session of the client
 *
 * Called each time a client asks for an event by its name.
 *
 * Returns: whether it can be told of it
 */
typedef gboolean (*FerryEventNameFunc)(FerryImapSession *session, gpointer user_data);

/**
 * FerryEventPolicyFunc:
 * @session: a session that is signed in
 * @event: the name of an event, as it was registered
 * @info: (nullable): the mailbox in which it happened; %NULL: it concerns the login as a whole
 * @wanted: what the policies before this one left
 *
 * Decides whether a client is told of an event, selected mailbox or not.
 *
 * Returns: whether it is
 */
typedef gboolean (*FerryEventPolicyFunc)(FerryImapSession *session, const char *event,
					 FerryMailboxInfo *info, gboolean wanted,
					 gpointer user_data);

/**
 * FerrySessionResetFunc:
 * @session: the session
 *
 * Forgets what the module keeps with a session: when the session ends or is no longer signed in.
 */
typedef void (*FerrySessionResetFunc)(FerryImapSession *session, gpointer user_data);

/**
 * FerryProgressListenerFunc:
 * @command: a command of a signed-in client that runs for some time
 *
 * Hears, about once a second, that a command still runs: for how long
 * (ferry_imap_command_get_running_time()) and how far it is, where that is known
 * (ferry_imap_command_get_progress()). May write an untagged response.
 */
typedef void (*FerryProgressListenerFunc)(FerryImapCommand *command, gpointer user_data);

/**
 * FerryProtocolFunc:
 * @connection: a new client
 * @context: the worker's services: accounts, limits, registry snapshot, the listener's settings
 *
 * Starts a session of a listener's protocol on a connection and keeps it alive until it closes.
 */
typedef void (*FerryProtocolFunc)(FerryConnection *connection, GObject *context,
				  gpointer user_data);

/**
 * FerryLoaderFunc:
 * @registry: an open registry
 * @name: what the module's key file calls it
 * @path: the `Module` of its key file in the key file's folder, without a suffix
 * @user_data: (closure): as given
 * @error: return location
 *
 * Loads a module that is not a shared object, and lets it register what it contributes. Called once
 * for each registry.
 *
 * Returns: %FALSE with @error set where it cannot work; what it had registered is forgotten
 */
typedef gboolean (*FerryLoaderFunc)(FerryRegistry *registry, const char *name, const char *path,
				    gpointer user_data, GError **error);

/**
 * FerryTextTranslatorFunc:
 * @session: the session of the client
 * @text: what is for people to read in an OK, NO, BAD or BYE, or the prefix of a namespace, in
 *   English; may hold figures and names
 * @user_data: (closure): as given
 *
 * Says a text in the language that a client asked for (RFC 5255 §3). UTF-8 is for clients that
 * did ask.
 *
 * Returns: (transfer full) (nullable): the text in that language, or %NULL to leave it as it is
 */
typedef char *(*FerryTextTranslatorFunc)(FerryImapSession *session, const char *text,
					 gpointer user_data);

/**
 * FerryRegistry:
 *
 * What the library and its modules contribute. Open while they register; immutable once it is
 * sealed, and then safe to read from any thread. A session keeps the registry it began with.
 */
#define FERRY_TYPE_REGISTRY (ferry_registry_get_type())
G_DECLARE_FINAL_TYPE(FerryRegistry, ferry_registry, FERRY, REGISTRY, GObject)

FerryRegistry *ferry_registry_new(void);
void ferry_registry_seal(FerryRegistry *self);
gboolean ferry_registry_is_sealed(FerryRegistry *self);
void ferry_registry_set_module(FerryRegistry *self, const char *module);
void ferry_registry_set_settings(FerryRegistry *self, FerrySettings *settings);
FerrySettings *ferry_registry_get_settings(FerryRegistry *self);

const FerryContribution *ferry_registry_lookup(FerryRegistry *self, FerryContributionKind kind,
					       const char *name);
const FerryContribution *ferry_registry_lookup_n(FerryRegistry *self, FerryContributionKind kind,
						 const char *name, gsize length);
GPtrArray *ferry_registry_list(FerryRegistry *self, FerryContributionKind kind);
const char *ferry_contribution_kind_to_string(FerryContributionKind kind);

gboolean ferry_registry_add_capability(FerryRegistry *self, const char *name, FerryPhase phases,
				       FerryCapabilityFunc func, gpointer user_data,
				       GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_command(FerryRegistry *self, const char *name, const char *grammar,
				    FerryPhase phases, FerryOrdering ordering,
				    FerryCommandFunc handler, gpointer user_data,
				    GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_argument_rule(FerryRegistry *self, const char *command,
					  FerryArgumentRuleFunc func, gpointer user_data,
					  GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_fetch_item(FerryRegistry *self, const char *name, const char *grammar,
				       FerryNeeds needs, FerryFetchPrepareFunc prepare,
				       FerryFetchWriteFunc write, gpointer user_data,
				       GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_fetch_modifier(FerryRegistry *self, const char *name,
					   const char *grammar, FerryModifierFunc func,
					   gpointer user_data, GDestroyNotify destroy,
					   GError **error);
gboolean ferry_registry_add_store_modifier(FerryRegistry *self, const char *name,
					   const char *grammar, FerryModifierFunc func,
					   gpointer user_data, GDestroyNotify destroy,
					   GError **error);
gboolean ferry_registry_add_search_key(FerryRegistry *self, const char *name, const char *grammar,
				       FerryNeeds needs, FerrySearchPrepareFunc prepare,
				       FerrySearchMatchFunc match, gpointer user_data,
				       GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_search_return(FerryRegistry *self, const char *name,
					  const char *grammar, FerrySearchPrepareFunc prepare,
					  FerrySearchResultFunc write, gpointer user_data,
					  GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_search_result(FerryRegistry *self, const char *name,
					  FerrySearchResultFunc write, gpointer user_data,
					  GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_sort_key(FerryRegistry *self, const char *name,
				     FerrySearchPrepareFunc prepare, FerrySortKeyFunc func,
				     gpointer user_data, GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_status_item(FerryRegistry *self, const char *name, FerryNeeds needs,
					FerryStatusFunc write, gpointer user_data,
					GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_list_selection(FerryRegistry *self, const char *name,
					   FerryListFunc func, gpointer user_data,
					   GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_list_return(FerryRegistry *self, const char *name, const char *grammar,
					FerryListFunc func, gpointer user_data,
					GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_select_parameter(FerryRegistry *self, const char *name,
					     const char *grammar, FerryModifierFunc func,
					     gpointer user_data, GDestroyNotify destroy,
					     GError **error);
gboolean ferry_registry_add_append_data(FerryRegistry *self, const char *name, const char *grammar,
					FerryAppendDataFunc func, gpointer user_data,
					GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_update_writer(FerryRegistry *self, const char *name,
					  FerryUpdateFunc func, gpointer user_data,
					  GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_told_item(FerryRegistry *self, const char *name, FerryToldItemFunc func,
				      gpointer user_data, GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_account_listener(FerryRegistry *self, const char *name,
					     FerryAccountListenerFunc func, gpointer user_data,
					     GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_announcement_policy(FerryRegistry *self, const char *name,
						FerryAnnouncementFunc func, gpointer user_data,
						GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_response_code(FerryRegistry *self, const char *place,
					  FerryResponseCodeFunc func, gpointer user_data,
					  GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_enable(FerryRegistry *self, const char *name, FerryEnableFunc func,
				   gpointer user_data, GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_event_name(FerryRegistry *self, const char *name,
				       FerryEventNameFunc func, gpointer user_data,
				       GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_event_policy(FerryRegistry *self, const char *name,
					 FerryEventPolicyFunc func, gpointer user_data,
					 GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_session_data(FerryRegistry *self, const char *name,
					 FerrySessionResetFunc reset, gpointer user_data,
					 GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_progress_listener(FerryRegistry *self, const char *name,
					      FerryProgressListenerFunc func, gpointer user_data,
					      GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_protocol(FerryRegistry *self, const char *name, FerryProtocolFunc func,
				     gpointer user_data, GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_sasl_mechanism(FerryRegistry *self, const char *name,
					   gconstpointer mechanism, GError **error);
gboolean ferry_registry_add_loader(FerryRegistry *self, const char *name, FerryLoaderFunc load,
				   gpointer user_data, GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_text_translator(FerryRegistry *self, const char *name,
					    FerryTextTranslatorFunc func, gpointer user_data,
					    GDestroyNotify destroy, GError **error);
gboolean ferry_registry_add_setting(FerryRegistry *self, const char *key, FerrySettingType type,
				    const char *initial, const char *check, gboolean required,
				    const char *description, GError **error);
gboolean ferry_registry_add_settings(FerryRegistry *self, const FerrySetting *table, gsize n_rows,
				     GError **error);

G_END_DECLS
