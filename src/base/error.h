/* error: what went wrong, and the class that decides what happens next.
 *
 * GError with domain RW_ERROR; the code is the class. A message is one line: what, why, what to do. A function either logs or
 * returns an error, never both. Hot paths use a sticky flag (cursor.h) and make the GError once, at their edge.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>

typedef enum {
    RW_ERR_RETRY,       /* passes by itself: lost connection, deadlock, lock wait, read-only target */
    RW_ERR_STANDBY,     /* another process does it: wait until it ends */
    RW_ERR_CONFLICT,    /* a row at the target is not what the change expects */
    RW_ERR_STOP,        /* not understood or not supported: the link stops, others go on */
    RW_ERR_CONFIG,      /* refused configuration or usage: exit 2 */
    RW_ERR_UNREACHABLE, /* a site cannot be reached, from a verb that needs it now: exit 3 */
    RW_ERR_INTERRUPTED, /* asked to end */
    RW_ERR_BUG,         /* an invariant of our own does not hold: exit 4 */
} rw_error_class;

#define RW_ERROR rw_error_quark()
GQuark rw_error_quark(void);

/* Sets *error and gives false, so that a failing function can `return rw_fail(...)`. */
bool rw_fail(GError **error, rw_error_class class, const char *format, ...) G_GNUC_PRINTF(3, 4);
