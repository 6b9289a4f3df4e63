/* absence: a delete that this site makes itself, of a row that it does not hold.
 *
 * The row of another site breaks a constraint here and loses. It is not written here, but other sites may hold it, and may never see the clash: so
 * this site deletes it, as an application would right after the window: a change with a stamp of its own that has seen the row. As there is
 * no row here to delete, the log shows it as a row of ringway.change, in the window's own transaction, so that neither a crash nor an
 * application can come between. Readers take it for that delete (flow/route/router.h), whatever the row is like at theirs.
 * Owner: one thread. Errors: the session's.
 */
#pragma once
#include "flow/apply/bind.h"

bool rw_absence_write(const rw_binding *b, rw_slice image, unsigned source, rw_connection *target, GError **error);
void rw_absence_trim_sql(GString *sql); /* DELETE of what is long read */
