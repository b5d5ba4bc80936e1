/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Everything that an extension may use. */
#include "ferry-protocol.h"
#include "account/memo.h"
#include "imap/append.h"
#include "imap/assembly.h"
#include "imap/command.h"
#include "imap/event.h"
#include "imap/fetch.h"
#include "imap/message.h"
#include "imap/search.h"
#include "imap/session.h"
#include "imap/status.h"
#include "imap/store.h"
#include "imap/told.h"
#include "imap/update.h"
#include "imap/value.h"
#include "imap/writer.h"
#include "message/date.h"
#include "message/envelope-reader.h"
#include "message/subject.h"
#include "message/text-search.h"
