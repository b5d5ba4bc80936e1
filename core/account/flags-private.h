/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/flags.h"

/* The keyword of one flag; NULL for \Deleted. */
const char *ferry_flags_get_keyword(FerryMessageFlags flag);
/* 0 where the keyword is none of the four system keywords. */
FerryMessageFlags ferry_flags_from_keyword(const char *keyword);

/* The flags among keywords that are joined by one space, as the store keeps them. */
guint8 ferry_keyword_flags_from_joined(const char *joined);
