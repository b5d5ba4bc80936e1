/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryMessageAddressKind:
 * @FERRY_MESSAGE_ADDRESS_MAILBOX: an address
 * @FERRY_MESSAGE_ADDRESS_GROUP_START: the name of a group, in mailbox; its members follow
 * @FERRY_MESSAGE_ADDRESS_GROUP_END: the end of a group
 *
 * What an entry of an address list is (RFC 5322 §3.4).
 */
typedef enum {
	FERRY_MESSAGE_ADDRESS_MAILBOX,
	FERRY_MESSAGE_ADDRESS_GROUP_START,
	FERRY_MESSAGE_ADDRESS_GROUP_END,
} FerryMessageAddressKind;

/**
 * FerryMessageAddress:
 * @kind: what the entry is
 * @name: (nullable): the display name, unquoted and unfolded, else raw
 * @route: (nullable): the source route of RFC 822, as it stands
 * @mailbox: (nullable): the local part, or the name of the group
 * @host: (nullable): the domain, "MISSING_DOMAIN" where the address has none
 *
 * One entry of an address list, as ENVELOPE shows it (RFC 9051 §7.5.2).
 */
typedef struct {
	FerryMessageAddressKind kind;
	const char *name;
	const char *route;
	const char *mailbox;
	const char *host;
} FerryMessageAddress;

/**
 * FerryMessageAddressFunc:
 * @address: an entry; it and its strings live only during the call
 * @user_data: what ferry_message_address_foreach() was given
 *
 * Takes one entry of an address list.
 */
typedef void (*FerryMessageAddressFunc)(const FerryMessageAddress *address, gpointer user_data);

void ferry_message_address_foreach(const char *value, gsize length, FerryMessageAddressFunc func,
				   gpointer user_data);

G_END_DECLS
