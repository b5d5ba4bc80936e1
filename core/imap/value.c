/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsed arguments
 *
 * Specification: RFC 9051 §4 (data formats), §9
 * Implementation: one reference-counted type for every kind of argument, made by grammar.c
 */
#include "imap/value.h"

#include <string.h>

#include "imap/value-private.h"

struct _FerryImapValue {
	gatomicrefcount ref_count;
	FerryImapValueKind kind;
	gint32 zone;
	union {
		guint64 number;
		gint64 time;
		char *text;
		FerryImapSet *set;
		FerryImapSection *section;
		FerryImapSpool *spool;
		const FerryContribution *contribution;
	};
	char *name;          /* of an ITEM; of a mailbox name: as it was typed */
	GPtrArray *children; /* LIST, ITEM: FerryImapValue or NULL */
};

G_DEFINE_BOXED_TYPE(FerryImapValue, ferry_imap_value, ferry_imap_value_ref, ferry_imap_value_unref)

static FerryImapValue *
value_new(FerryImapValueKind kind)
{
	FerryImapValue *self = g_new0(FerryImapValue, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->kind = kind;
	return self;
}

static void
unref_nullable(gpointer value)
{
	if (value != NULL)
		ferry_imap_value_unref(value);
}

void
ferry_imap_section_free(FerryImapSection *self)
{
	g_free(self->path);
	g_strfreev(self->fields);
	g_free(self->text);
	g_free(self);
}

FerryImapValue *
ferry_imap_value_new_nil(void)
{
	return value_new(FERRY_IMAP_VALUE_NIL);
}

FerryImapValue *
ferry_imap_value_new_atom(const char *text, gsize length)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_ATOM);

	self->text = g_strndup(text, length);
	return self;
}

/* Takes @text. */
FerryImapValue *
ferry_imap_value_new_string(char *text)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_STRING);

	self->text = text;
	return self;
}

/* A mailbox name. Takes both; @written is the name in UTF-8 before it was made normal. */
FerryImapValue *
ferry_imap_value_new_mailbox(char *name, char *written)
{
	FerryImapValue *self = ferry_imap_value_new_string(name);

	self->name = written;
	return self;
}

FerryImapValue *
ferry_imap_value_new_number(guint64 number)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_NUMBER);

	self->number = number;
	return self;
}

FerryImapValue *
ferry_imap_value_new_list(void)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_LIST);

	self->children = g_ptr_array_new_with_free_func(unref_nullable);
	return self;
}

/* Takes @set. */
FerryImapValue *
ferry_imap_value_new_set(FerryImapSet *set)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_SET);

	self->set = set;
	return self;
}

FerryImapValue *
ferry_imap_value_new_day(gint32 day)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_DATE);

	self->time = day;
	return self;
}

FerryImapValue *
ferry_imap_value_new_time(gint64 seconds, gint32 zone)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_DATE_TIME);

	self->time = seconds;
	self->zone = zone;
	return self;
}

FerryImapValue *
ferry_imap_value_new_item(const char *name, const FerryContribution *contribution)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_ITEM);

	self->name = g_strdup(name);
	self->contribution = contribution;
	self->children = g_ptr_array_new_with_free_func(unref_nullable);
	return self;
}

/* Takes @section. */
FerryImapValue *
ferry_imap_value_new_section(FerryImapSection *section)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_SECTION);

	self->section = section;
	return self;
}

/* Takes @spool. */
FerryImapValue *
ferry_imap_value_new_data(FerryImapSpool *spool)
{
	FerryImapValue *self = value_new(FERRY_IMAP_VALUE_DATA);

	self->spool = spool;
	return self;
}

/* Takes @child. */
void
ferry_imap_value_add_child(FerryImapValue *self, FerryImapValue *child)
{
	g_ptr_array_add(self->children, child);
}

/* Takes the elements of @children, not the array. */
void
ferry_imap_value_add_children(FerryImapValue *self, GPtrArray *children)
{
	for (guint i = 0; i < children->len; i++) {
		FerryImapValue *child = children->pdata[i];

		g_ptr_array_add(self->children, child != NULL ? ferry_imap_value_ref(child) : NULL);
	}
}

/**
 * ferry_imap_value_ref:
 *
 * Returns: (transfer full): @self
 */
FerryImapValue *
ferry_imap_value_ref(FerryImapValue *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_imap_value_unref:
 *
 * Gives back a reference.
 */
void
ferry_imap_value_unref(FerryImapValue *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	switch (self->kind) {
	case FERRY_IMAP_VALUE_STRING:
		/* it may be a password */
		if (self->text != NULL)
			explicit_bzero(self->text, strlen(self->text));
		G_GNUC_FALLTHROUGH;
	case FERRY_IMAP_VALUE_ATOM:
		g_free(self->text);
		break;
	case FERRY_IMAP_VALUE_SET:
		ferry_imap_set_unref(self->set);
		break;
	case FERRY_IMAP_VALUE_SECTION:
		ferry_imap_section_free(self->section);
		break;
	case FERRY_IMAP_VALUE_DATA:
		ferry_imap_spool_unref(self->spool);
		break;
	default:
		break;
	}
	g_free(self->name);
	g_clear_pointer(&self->children, g_ptr_array_unref);
	g_free(self);
}

/**
 * ferry_imap_value_get_kind:
 *
 * Returns: what it is
 */
FerryImapValueKind
ferry_imap_value_get_kind(FerryImapValue *self)
{
	return self->kind;
}

/**
 * ferry_imap_value_get_written:
 *
 * Returns: (nullable): a mailbox name in UTF-8 as the client typed it, `inbox` for example; of
 *   anything else what ferry_imap_value_get_text() says
 */
const char *
ferry_imap_value_get_written(FerryImapValue *self)
{
	return self->name != NULL ? self->name : ferry_imap_value_get_text(self);
}

/**
 * ferry_imap_value_get_text:
 *
 * Returns: (nullable): the text of an ATOM or STRING, the name of an ITEM in capitals, else %NULL
 */
const char *
ferry_imap_value_get_text(FerryImapValue *self)
{
	if (self->kind == FERRY_IMAP_VALUE_ATOM || self->kind == FERRY_IMAP_VALUE_STRING)
		return self->text;
	return self->name;
}

/**
 * ferry_imap_value_is:
 * @word: a word in ASCII
 *
 * Returns: whether the text of the value is @word, in any case
 */
gboolean
ferry_imap_value_is(FerryImapValue *self, const char *word)
{
	const char *text = ferry_imap_value_get_text(self);

	return text != NULL && g_ascii_strcasecmp(text, word) == 0;
}

/**
 * ferry_imap_value_get_number:
 *
 * Returns: the number of a NUMBER, else 0
 */
guint64
ferry_imap_value_get_number(FerryImapValue *self)
{
	return self->kind == FERRY_IMAP_VALUE_NUMBER ? self->number : 0;
}

/**
 * ferry_imap_value_get_day:
 *
 * Returns: days since 1970-01-01 of a DATE, else 0
 */
gint32
ferry_imap_value_get_day(FerryImapValue *self)
{
	return self->kind == FERRY_IMAP_VALUE_DATE ? (gint32)self->time : 0;
}

/**
 * ferry_imap_value_get_time:
 * @zone: (out) (optional): minutes east of UTC
 *
 * Returns: Unix seconds of a DATE_TIME, else 0
 */
gint64
ferry_imap_value_get_time(FerryImapValue *self, gint32 *zone)
{
	if (zone != NULL)
		*zone = self->zone;
	return self->kind == FERRY_IMAP_VALUE_DATE_TIME ? self->time : 0;
}

/**
 * ferry_imap_value_get_set:
 *
 * Returns: (transfer none) (nullable): the sequence-set of a SET
 */
FerryImapSet *
ferry_imap_value_get_set(FerryImapValue *self)
{
	return self->kind == FERRY_IMAP_VALUE_SET ? self->set : NULL;
}

/**
 * ferry_imap_value_get_section:
 *
 * Returns: (transfer none) (nullable): what a SECTION says
 */
const FerryImapSection *
ferry_imap_value_get_section(FerryImapValue *self)
{
	return self->kind == FERRY_IMAP_VALUE_SECTION ? self->section : NULL;
}

/**
 * ferry_imap_value_get_n_children:
 *
 * Returns: how many elements a LIST, how many argument slots an ITEM has
 */
guint
ferry_imap_value_get_n_children(FerryImapValue *self)
{
	return self->children != NULL ? self->children->len : 0;
}

/**
 * ferry_imap_value_get_child:
 * @index: from 0
 *
 * Returns: (transfer none) (nullable): a child; %NULL for an optional argument that was left out,
 *   and behind the last
 */
FerryImapValue *
ferry_imap_value_get_child(FerryImapValue *self, guint index)
{
	if (index >= ferry_imap_value_get_n_children(self))
		return NULL;
	return self->children->pdata[index];
}

/**
 * ferry_imap_value_get_contribution:
 *
 * Returns: (transfer none) (nullable): what the registry knows of an ITEM; %NULL for AND, OR, NOT
 *   and SET of a search
 */
const FerryContribution *
ferry_imap_value_get_contribution(FerryImapValue *self)
{
	return self->kind == FERRY_IMAP_VALUE_ITEM ? self->contribution : NULL;
}

/**
 * ferry_imap_value_dup_strv:
 *
 * Returns: (transfer full): the texts of a LIST's children
 */
char **
ferry_imap_value_dup_strv(FerryImapValue *self)
{
	GPtrArray *strv = g_ptr_array_new();

	for (guint i = 0; i < ferry_imap_value_get_n_children(self); i++) {
		FerryImapValue *child = self->children->pdata[i];
		const char *text = child != NULL ? ferry_imap_value_get_text(child) : NULL;

		if (text != NULL)
			g_ptr_array_add(strv, g_strdup(text));
	}
	g_ptr_array_add(strv, NULL);
	return (char **)g_ptr_array_free(strv, FALSE);
}

/**
 * ferry_imap_value_get_size:
 *
 * Returns: octets of a DATA, else 0
 */
guint64
ferry_imap_value_get_size(FerryImapValue *self)
{
	return self->kind == FERRY_IMAP_VALUE_DATA ? self->spool->size : 0;
}

/**
 * ferry_imap_value_is_binary:
 *
 * Returns: whether a DATA came as literal8 and holds NUL (RFC 3516)
 */
gboolean
ferry_imap_value_is_binary(FerryImapValue *self)
{
	return self->kind == FERRY_IMAP_VALUE_DATA && self->spool->has_nul;
}

/**
 * ferry_imap_value_get_fd:
 *
 * Returns: the unlinked file that holds a DATA, still owned by @self; -1 where it is in memory
 */
int
ferry_imap_value_get_fd(FerryImapValue *self)
{
	return self->kind == FERRY_IMAP_VALUE_DATA ? self->spool->fd : -1;
}

/**
 * ferry_imap_value_dup_bytes:
 * @error: return location
 *
 * Returns: (transfer full): the octets of a DATA (mapped where they are in a file), or of the text
 */
GBytes *
ferry_imap_value_dup_bytes(FerryImapValue *self, GError **error)
{
	const char *text = ferry_imap_value_get_text(self);

	if (self->kind == FERRY_IMAP_VALUE_DATA)
		return ferry_imap_spool_dup_bytes(self->spool, error);
	return g_bytes_new(text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}
