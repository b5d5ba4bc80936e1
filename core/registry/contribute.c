/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be contributed: one call for each kind
 *
 * Implementation: every call fills a FerryContribution and adds it; each can be called from other
 *   languages, so callbacks have types of their own and closures with their ends
 */
#include "registry/registry-private.h"

/**
 * ferry_registry_add_capability:
 * @name: as advertised, without a value
 * @phases: when it is advertised
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): decides for a session
 *
 * Adds a capability (RFC 9051 §7.2.2).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_capability(FerryRegistry *self, const char *name, FerryPhase phases,
			      FerryCapabilityFunc func, gpointer user_data, GDestroyNotify destroy,
			      GError **error)
{
	return ferry_registry_add(self,
				  &(FerryContribution){.kind = FERRY_CONTRIBUTION_CAPABILITY,
						       .name = (char *)name,
						       .flags = phases,
						       .func = G_CALLBACK(func),
						       .user_data = user_data,
						       .destroy = destroy},
				  error);
}

/**
 * ferry_registry_add_command:
 * @name: the command, `UID X` for a UID form
 * @grammar: (nullable): its arguments; %NULL for none
 * @phases: the states it is valid in
 * @ordering: what may run beside it
 * @handler: (scope notified) (closure user_data) (destroy destroy): runs it
 *
 * Adds a command.
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_command(FerryRegistry *self, const char *name, const char *grammar,
			   FerryPhase phases, FerryOrdering ordering, FerryCommandFunc handler,
			   gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ferry_registry_add(self,
				  &(FerryContribution){.kind = FERRY_CONTRIBUTION_COMMAND,
						       .name = (char *)name,
						       .grammar = (char *)grammar,
						       .flags = phases,
						       .ordering = ordering,
						       .func = G_CALLBACK(handler),
						       .user_data = user_data,
						       .destroy = destroy},
				  error);
}

/* The kinds with one callback and perhaps a grammar differ in type only. */
#define ADD_SIMPLE(KIND, NAME, GRAMMAR, FUNC)                                                      \
	ferry_registry_add(self,                                                                   \
			   &(FerryContribution){.kind = FERRY_CONTRIBUTION_##KIND,                 \
						.name = (char *)(NAME),                            \
						.grammar = (char *)(GRAMMAR),                      \
						.func = G_CALLBACK(FUNC),                          \
						.user_data = user_data,                            \
						.destroy = destroy},                               \
			   error)

#define ADD_PREPARED(KIND, NAME, GRAMMAR, NEEDS, PREPARE, FUNC)                                    \
	ferry_registry_add(self,                                                                   \
			   &(FerryContribution){.kind = FERRY_CONTRIBUTION_##KIND,                 \
						.name = (char *)(NAME),                            \
						.grammar = (char *)(GRAMMAR),                      \
						.flags = (NEEDS),                                  \
						.prepare = G_CALLBACK(PREPARE),                    \
						.func = G_CALLBACK(FUNC),                          \
						.user_data = user_data,                            \
						.destroy = destroy},                               \
			   error)

/**
 * ferry_registry_add_argument_rule:
 * @command: the command it watches, or `*` for all
 * @func: (scope notified) (closure user_data) (destroy destroy): the rule
 *
 * Adds a rule that may refuse another module's command.
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_argument_rule(FerryRegistry *self, const char *command,
				 FerryArgumentRuleFunc func, gpointer user_data,
				 GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(ARGUMENT_RULE, command, NULL, func);
}

/**
 * ferry_registry_add_fetch_item:
 * @name: the item, without arguments or section
 * @grammar: (nullable): what may follow the name
 * @needs: what must be at hand about each message
 * @prepare: (nullable) (scope notified) (closure user_data): called once a command
 * @write: (scope notified) (closure user_data) (destroy destroy): writes it
 *
 * Adds a FETCH data item (RFC 9051 §6.4.5).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_fetch_item(FerryRegistry *self, const char *name, const char *grammar,
			      FerryNeeds needs, FerryFetchPrepareFunc prepare,
			      FerryFetchWriteFunc write, gpointer user_data, GDestroyNotify destroy,
			      GError **error)
{
	return ADD_PREPARED(FETCH_ITEM, name, grammar, needs, prepare, write);
}

/**
 * ferry_registry_add_fetch_modifier:
 * @name: the modifier's name
 * @grammar: (nullable): what follows the name
 * @func: (scope notified) (closure user_data) (destroy destroy): applies it
 *
 * Adds a FETCH modifier (RFC 4466 §2.4).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_fetch_modifier(FerryRegistry *self, const char *name, const char *grammar,
				  FerryModifierFunc func, gpointer user_data,
				  GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(FETCH_MODIFIER, name, grammar, func);
}

/**
 * ferry_registry_add_store_modifier:
 * @name: the modifier's name
 * @grammar: (nullable): what follows the name
 * @func: (scope notified) (closure user_data) (destroy destroy): applies it
 *
 * Adds a STORE modifier (RFC 4466 §2.5).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_store_modifier(FerryRegistry *self, const char *name, const char *grammar,
				  FerryModifierFunc func, gpointer user_data,
				  GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(STORE_MODIFIER, name, grammar, func);
}

/**
 * ferry_registry_add_search_key:
 * @name: the key's name
 * @grammar: (nullable): the key's arguments
 * @needs: what must be at hand about each candidate
 * @prepare: (nullable) (scope notified) (closure user_data): called once a command
 * @match: (scope notified) (closure user_data) (destroy destroy): the test
 *
 * Adds a SEARCH key (RFC 9051 §6.4.4).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_search_key(FerryRegistry *self, const char *name, const char *grammar,
			      FerryNeeds needs, FerrySearchPrepareFunc prepare,
			      FerrySearchMatchFunc match, gpointer user_data,
			      GDestroyNotify destroy, GError **error)
{
	return ADD_PREPARED(SEARCH_KEY, name, grammar, needs, prepare, match);
}

/**
 * ferry_registry_add_search_return:
 * @name: the option's name
 * @grammar: (nullable): the option's arguments
 * @prepare: (nullable) (scope notified) (closure user_data): called once a command
 * @write: (scope notified) (closure user_data) (destroy destroy): writes the return data
 *
 * Adds a SEARCH RETURN option (RFC 9051 §6.4.4, RFC 4466 §2.6).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_search_return(FerryRegistry *self, const char *name, const char *grammar,
				 FerrySearchPrepareFunc prepare, FerrySearchResultFunc write,
				 gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_PREPARED(SEARCH_RETURN, name, grammar, 0, prepare, write);
}

/**
 * ferry_registry_add_search_result:
 * @name: a name of its own, for messages and tables
 * @write: (scope notified) (closure user_data) (destroy destroy): adds to the answer
 *
 * Adds something to the answer of every SEARCH (as MODSEQ does).
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_search_result(FerryRegistry *self, const char *name, FerrySearchResultFunc write,
				 gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(SEARCH_RESULT, name, NULL, write);
}

/**
 * ferry_registry_add_sort_key:
 * @prepare: (nullable) (scope notified) (closure user_data): called once a command, with the key's
 *   name for arguments
 * @func: (scope notified) (closure user_data) (destroy destroy): the number to sort by
 *
 * Adds a key of SORT (RFC 5256 §3) beside those that the module for it has. What @func needs to
 * know of messages @prepare asks for with ferry_imap_search_add_look().
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_sort_key(FerryRegistry *self, const char *name, FerrySearchPrepareFunc prepare,
			    FerrySortKeyFunc func, gpointer user_data, GDestroyNotify destroy,
			    GError **error)
{
	return ADD_PREPARED(SORT_KEY, name, NULL, 0, prepare, func);
}

/**
 * ferry_registry_add_status_item:
 * @name: the item's name
 * @needs: %FERRY_NEEDS_NOTHING where the mailbox's counts suffice, %FERRY_NEEDS_METADATA where its
 *   view must be loaded
 * @write: (scope notified) (closure user_data) (destroy destroy): writes it
 *
 * Adds a STATUS item (RFC 9051 §6.3.11).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_status_item(FerryRegistry *self, const char *name, FerryNeeds needs,
			       FerryStatusFunc write, gpointer user_data, GDestroyNotify destroy,
			       GError **error)
{
	return ADD_PREPARED(STATUS_ITEM, name, NULL, needs, NULL, write);
}

/**
 * ferry_registry_add_list_selection:
 * @name: the option's name
 * @func: (scope notified) (closure user_data) (destroy destroy): selects mailboxes
 *
 * Adds a LIST selection option (RFC 9051 §6.3.9.1).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_list_selection(FerryRegistry *self, const char *name, FerryListFunc func,
				  gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(LIST_SELECTION, name, NULL, func);
}

/**
 * ferry_registry_add_list_return:
 * @name: the option's name
 * @grammar: (nullable): the option's arguments
 * @func: (scope notified) (closure user_data) (destroy destroy): writes what it returns
 *
 * Adds a LIST return option (RFC 9051 §6.3.9.2).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_list_return(FerryRegistry *self, const char *name, const char *grammar,
			       FerryListFunc func, gpointer user_data, GDestroyNotify destroy,
			       GError **error)
{
	return ADD_SIMPLE(LIST_RETURN, name, grammar, func);
}

/**
 * ferry_registry_add_select_parameter:
 * @name: the parameter's name
 * @grammar: (nullable): the parameter's arguments
 * @func: (scope notified) (closure user_data) (destroy destroy): applies it
 *
 * Adds a SELECT and EXAMINE parameter (RFC 4466 §2.1).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_select_parameter(FerryRegistry *self, const char *name, const char *grammar,
				    FerryModifierFunc func, gpointer user_data,
				    GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(SELECT_PARAMETER, name, grammar, func);
}

/**
 * ferry_registry_add_append_data:
 * @name: the word that stands where the message data would
 * @grammar: (nullable): what follows the name; message data in it is `literal`, behind a word of
 *   the grammar (`"TEXT" literal`), first of all, or first in parentheses
 * @func: (scope notified) (closure user_data) (destroy destroy): makes the message
 *
 * Adds a form of message data to APPEND and the commands like it (RFC 4466 §2.2, append-data-ext).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_append_data(FerryRegistry *self, const char *name, const char *grammar,
			       FerryAppendDataFunc func, gpointer user_data, GDestroyNotify destroy,
			       GError **error)
{
	return ADD_SIMPLE(APPEND_DATA, name, grammar, func);
}

/**
 * ferry_registry_add_update_writer:
 * @name: a name of its own, for messages and tables
 * @func: (scope notified) (closure user_data) (destroy destroy): tells of changes
 *
 * Adds a writer of updates. The newest is asked first, the base's own last.
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_update_writer(FerryRegistry *self, const char *name, FerryUpdateFunc func,
				 gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(UPDATE_WRITER, name, NULL, func);
}

/**
 * ferry_registry_add_told_item:
 * @name: the item's name; a FETCH that asks for the fetch item of this name has it once
 * @func: (scope notified) (closure user_data) (destroy destroy): writes it
 *
 * Adds an item to FETCH responses that tell of changes, in sessions that want to be told more than
 * flags; see ferry_imap_session_tell_details().
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_told_item(FerryRegistry *self, const char *name, FerryToldItemFunc func,
			     gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(TOLD_ITEM, name, NULL, func);
}

/**
 * ferry_registry_add_account_listener:
 * @name: the module's own
 * @func: (scope notified) (closure user_data) (destroy destroy): hears of events
 *
 * Has every signed-in session's events heard: changes in any mailbox of its account, what its
 * client was told, and when it may be told something; see #FerryImapEvent.
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_account_listener(FerryRegistry *self, const char *name,
				    FerryAccountListenerFunc func, gpointer user_data,
				    GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(ACCOUNT_LISTENER, name, NULL, func);
}

/**
 * ferry_registry_add_announcement_policy:
 * @name: the module's own
 * @func: (scope notified) (closure user_data) (destroy destroy): decides
 *
 * Adds a say in what clients are told of their selected mailbox, and when. The base tells
 * everything that RFC 9051 allows before tagged lines and while the client idles, and nothing
 * between commands; policies are asked in the order they were registered, each with what those
 * before it left.
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_announcement_policy(FerryRegistry *self, const char *name,
				       FerryAnnouncementFunc func, gpointer user_data,
				       GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(ANNOUNCEMENT_POLICY, name, NULL, func);
}

/**
 * ferry_registry_add_response_code:
 * @place: a command's name without `UID` for its tagged answer, `*` for the tagged OK of any
 *   command that has no other code, or `SELECT` for an untagged OK while selecting
 * @func: (scope notified) (closure user_data) (destroy destroy): makes the code
 *
 * Adds a response code to answers (RFC 9051 §7.1).
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_response_code(FerryRegistry *self, const char *place, FerryResponseCodeFunc func,
				 gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(RESPONSE_CODE, place, NULL, func);
}

/**
 * ferry_registry_add_enable:
 * @name: the name, in any case
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): called when it is
 * enabled
 *
 * Adds a name that ENABLE accepts (RFC 9051 §6.3.1).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_enable(FerryRegistry *self, const char *name, FerryEnableFunc func,
			  gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(ENABLE, name, NULL, func);
}

/**
 * ferry_registry_add_event_name:
 * @name: the name, spelt as it is shown; clients write it in any case
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): called when a client
 * asks for it
 *
 * Adds an event beside those of messages and of mailboxes' names, which clients can ask for by its
 * name where a module lets them (RFC 5465 §5, §8). Whoever adds it tells of it:
 * ferry_imap_session_wants_event() says to whom.
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_event_name(FerryRegistry *self, const char *name, FerryEventNameFunc func,
			      gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(EVENT_NAME, name, name, func);
}

/**
 * ferry_registry_add_event_policy:
 * @name: the module's own
 * @func: (scope notified) (closure user_data) (destroy destroy): decides
 *
 * Adds a say in which of the events of ferry_registry_add_event_name() a client is told of;
 * policies are asked in the order they were registered, each with what those before it left.
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_event_policy(FerryRegistry *self, const char *name, FerryEventPolicyFunc func,
				gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(EVENT_POLICY, name, NULL, func);
}

/**
 * ferry_registry_add_session_data:
 * @name: the name under which it is kept
 * @reset: (scope notified) (closure user_data) (destroy destroy): forgets it
 *
 * Says that a module keeps data with sessions (under its own name), and how to forget it.
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_session_data(FerryRegistry *self, const char *name, FerrySessionResetFunc reset,
				gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(SESSION_DATA, name, NULL, reset);
}

/**
 * ferry_registry_add_progress_listener:
 * @func: (scope notified) (closure user_data) (destroy destroy): hears of commands that still run
 *
 * Adds a listener to commands that take their time (RFC 9585 is one use).
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_progress_listener(FerryRegistry *self, const char *name,
				     FerryProgressListenerFunc func, gpointer user_data,
				     GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(PROGRESS_LISTENER, name, NULL, func);
}

/**
 * ferry_registry_add_protocol:
 * @name: what `protocol=` of a listener names, in any case
 * @func: (scope notified) (closure user_data) (destroy destroy): serves a connection
 *
 * Adds a protocol that listeners can speak.
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_protocol(FerryRegistry *self, const char *name, FerryProtocolFunc func,
			    gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(PROTOCOL, name, NULL, func);
}

/**
 * ferry_registry_add_sasl_mechanism: (skip)
 * @name: the mechanism as AUTH= advertises it
 * @mechanism: its FerrySaslMechanism, static
 *
 * Adds a SASL mechanism (RFC 4422).
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_sasl_mechanism(FerryRegistry *self, const char *name, gconstpointer mechanism,
				  GError **error)
{
	gpointer user_data = (gpointer)mechanism;
	GDestroyNotify destroy = NULL;

	return ADD_SIMPLE(SASL_MECHANISM, name, NULL, NULL);
}

/**
 * ferry_registry_add_loader:
 * @name: the name of the module that adds it, which is what `Loader` of a key file names
 * @load: (scope notified) (closure user_data) (destroy destroy): loads a module
 *
 * Adds a loader of modules that are not shared objects, such as those in another language.
 *
 * Returns: %FALSE with @error set where the name is taken
 */
gboolean
ferry_registry_add_loader(FerryRegistry *self, const char *name, FerryLoaderFunc load,
			  gpointer user_data, GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(LOADER, name, NULL, load);
}

/**
 * ferry_registry_add_text_translator:
 * @name: the module's own
 * @func: (scope notified) (closure user_data) (destroy destroy): translates a text, or does not
 *
 * Adds a translator of what answers say in words (RFC 5255 §3). The first that knows a text says
 * it.
 *
 * Returns: %FALSE with @error set on failure
 */
gboolean
ferry_registry_add_text_translator(FerryRegistry *self, const char *name,
				   FerryTextTranslatorFunc func, gpointer user_data,
				   GDestroyNotify destroy, GError **error)
{
	return ADD_SIMPLE(TEXT_TRANSLATOR, name, NULL, func);
}
