/* change: rows of ringway.change: changes of a window that its row events cannot show, for who reads this site's log.
 *
 * own     a delete that this site makes itself, of a row that it does not hold. The row of another site breaks a constraint here and loses. It is
 *         not written here, but other sites may hold it, and may never see the clash: so this site deletes it, as an application would right
 *         after the window: a change with a stamp of its own that has seen the row. In the window's transaction, so that neither a crash nor
 *         an application can come between. Readers take it for that delete (flow/route/router.h), whatever the row is like at theirs.
 * trace   a change of the window that left no row event, because the row was as wanted already. A site behind this one may hold something
 *         else: without it, it would not hear of the change. Only where links hand on.
 * Owner: one thread. Errors: the session's.
 */
#pragma once
#include "flow/apply/bind.h"

void rw_change_own_sql(const rw_binding *b, rw_slice image, unsigned source, GString *sql);
void rw_change_trace_sql(const rw_binding *b, rw_slice before, rw_slice after, unsigned source, GString *sql); /* data NULL: none */
void rw_change_trim_sql(GString *sql); /* DELETE of what is long read */
