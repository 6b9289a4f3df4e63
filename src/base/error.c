#include "base/error.h"

G_DEFINE_QUARK(ringway-error, rw_error)

bool rw_fail(GError **error, rw_error_class class, const char *format, ...)
{
    if (!error) return false;
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(RW_ERROR, (gint)class, format, args);
    va_end(args);
    return false;
}
