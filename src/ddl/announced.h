/* announced: may a logged statement be what a server wrote for a statement that was announced?
 *
 * Servers rewrite what they log (quotes, comments, a CREATE ... LIKE or SELECT in full, a DROP in parts), but it stays a statement about
 * the same tables. In doubt the answer is yes: only two statements about tables that share no table give no. Any thread.
 */
#pragma once
#include "base/slice.h"

bool rw_ddl_may_be(rw_slice announced, rw_slice logged);
