/* fuzz_conf: any bytes as ringway.cnf.
 *
 * Whatever is accepted must print, and what was printed must be accepted and print the same. Opens no file.
 */
#include "conf/conf.h"
#include "conf/print.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(rw_conf) conf = rw_conf_parse("/fuzz/r.cnf", (const char *)data, size, &error);
    if (!conf) {
        if (!g_error_matches(error, RW_ERROR, RW_ERR_CONFIG) || !*error->message) abort();
        return 0;
    }
    g_autofree char *once = rw_conf_print(conf);
    g_autoptr(rw_conf) again = rw_conf_parse("/fuzz/r.cnf", once, strlen(once), NULL);
    if (!again) abort();
    g_autofree char *twice = rw_conf_print(again);
    if (strcmp(once, twice) != 0) abort();
    return 0;
}
