/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include "base/error.h"

G_BEGIN_DECLS

typedef struct _FerryAccountManager FerryAccountManager;
typedef struct _FerryAccountSession FerryAccountSession;
typedef struct _FerryAccount FerryAccount;
/**
 * FerryMailAccount:
 *
 * One accountId of a login: its mailboxes, its Email and Mailbox state, its generation.
 */
typedef struct _FerryMailAccount FerryMailAccount;
typedef struct _FerryMailbox FerryMailbox;
/**
 * FerryMailboxInfo:
 *
 * A mailbox as LIST shows it. Immutable.
 */
typedef struct _FerryMailboxInfo FerryMailboxInfo;
/**
 * FerryMailboxList:
 *
 * The mailboxes that a session may see, by name. Immutable; a change makes a new one.
 */
typedef struct _FerryMailboxList FerryMailboxList;
/**
 * FerryMailboxDelta:
 *
 * What happened in a mailbox between two views. Immutable.
 */
typedef struct _FerryMailboxDelta FerryMailboxDelta;
/**
 * FerryView:
 *
 * The messages of a mailbox at one moment: UIDs in ascending order, each with its metadata.
 * Immutable, so that it may be kept and read from any thread; a change makes a new one that shares
 * what is the same.
 */
typedef struct _FerryView FerryView;

/**
 * FerryMessageFlags:
 * @FERRY_MESSAGE_SEEN: `$seen`, \Seen
 * @FERRY_MESSAGE_ANSWERED: `$answered`, \Answered
 * @FERRY_MESSAGE_FLAGGED: `$flagged`, \Flagged
 * @FERRY_MESSAGE_DRAFT: `$draft`, \Draft
 * @FERRY_MESSAGE_DELETED: \Deleted: never a keyword, kept by the store per (mailbox, UID)
 *
 * The system flags of RFC 9051 §2.3.2. All other keywords are in the row's keyword set.
 */
typedef enum { /*< flags >*/
	FERRY_MESSAGE_SEEN = 1 << 0,
	FERRY_MESSAGE_ANSWERED = 1 << 1,
	FERRY_MESSAGE_FLAGGED = 1 << 2,
	FERRY_MESSAGE_DRAFT = 1 << 3,
	FERRY_MESSAGE_DELETED = 1 << 4,
} FerryMessageFlags;

/**
 * FerryMailboxRights:
 *
 * What this login may do in a mailbox: JMAP's myRights (RFC 8621 §2), bit by bit, and whether it
 * may share it (mayShare; mayAdmin in Cyrus's form).
 */
typedef enum { /*< flags >*/
	FERRY_RIGHT_READ_ITEMS = 1 << 0,
	FERRY_RIGHT_ADD_ITEMS = 1 << 1,
	FERRY_RIGHT_REMOVE_ITEMS = 1 << 2,
	FERRY_RIGHT_SET_SEEN = 1 << 3,
	FERRY_RIGHT_SET_KEYWORDS = 1 << 4,
	FERRY_RIGHT_CREATE_CHILD = 1 << 5,
	FERRY_RIGHT_RENAME = 1 << 6,
	FERRY_RIGHT_DELETE = 1 << 7,
	FERRY_RIGHT_SUBMIT = 1 << 8,
	FERRY_RIGHT_SHARE = 1 << 9,
} FerryMailboxRights;

/**
 * FERRY_RIGHTS_ALL:
 *
 * Every right of #FerryMailboxRights.
 */
#define FERRY_RIGHTS_ALL ((FerryMailboxRights)0x3ff)

/**
 * FerryFlagsMode:
 * @FERRY_FLAGS_ADD: +FLAGS
 * @FERRY_FLAGS_REMOVE: -FLAGS
 * @FERRY_FLAGS_REPLACE: FLAGS
 *
 * What a STORE does with the flags it names (RFC 9051 §6.4.6).
 */
typedef enum {
	FERRY_FLAGS_ADD,
	FERRY_FLAGS_REMOVE,
	FERRY_FLAGS_REPLACE,
} FerryFlagsMode;

/**
 * FerryNeed:
 * @FERRY_NEED_NOTHING: what the view holds is enough
 * @FERRY_NEED_HEADERS: the header block, exact octets, up to and with the empty line
 * @FERRY_NEED_STRUCTURE: the scanned structure (ENVELOPE, BODYSTRUCTURE, section offsets)
 * @FERRY_NEED_RAW: all octets of the message
 * @FERRY_NEED_ENVELOPE: enough of the header for ENVELOPE; cheaper than HEADERS, because clean
 *   values may come in bulk and the block need not be exact
 *
 * What a command needs of each message beyond the metadata in the view (design: needs).
 */
typedef enum { /*< flags >*/
	FERRY_NEED_NOTHING = 0,
	FERRY_NEED_HEADERS = 1 << 0,
	FERRY_NEED_STRUCTURE = 1 << 1,
	FERRY_NEED_RAW = 1 << 2,
	FERRY_NEED_ENVELOPE = 1 << 3,
} FerryNeed;

/**
 * FerryGoneReason:
 * @FERRY_GONE_DELETED: the mailbox was deleted, or is no longer visible
 * @FERRY_GONE_RENEWED: its UIDVALIDITY was renewed; every UID told is void
 * @FERRY_GONE_ACCOUNT: the account ended (credentials expired, shutting down)
 *
 * Why a mailbox that a session had open is no longer there.
 */
typedef enum {
	FERRY_GONE_DELETED,
	FERRY_GONE_RENEWED,
	FERRY_GONE_ACCOUNT,
} FerryGoneReason;

/**
 * FerryProgressFunc:
 * @done: messages handled so far
 * @total: messages in all; 0 when not known yet
 * @user_data: (closure): what was given with the function
 *
 * Tells how far a long operation is. Called on the account's thread, not more than once a second.
 */
typedef void (*FerryProgressFunc)(guint64 done, guint64 total, gpointer user_data);

G_END_DECLS
