/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

/* the name is taken letter by letter */
/* clang-format off */
G_DEFINE_QUARK(ferry-error-quark, ferry_error)
/* clang-format on */
