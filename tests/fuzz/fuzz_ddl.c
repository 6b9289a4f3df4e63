/* fuzz_ddl: statement texts of any bytes; the first byte picks the modes.
 *
 * What must hold: no crash; an unknown statement lists nothing; a known one about tables lists something; names are not empty; the
 * suffix to cut lies inside the statement, and without it the statement is of the same kind on the same objects.
 */
#include "ddl/classify.h"

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cut(rw_slice text, uint64_t mode, const rw_ddl *ddl)
{
    size_t from = ddl->cut_offset_bytes, length = ddl->cut_length_bytes;
    if (length < sizeof "START TRANSACTION" - 1 || from > text.len || length > text.len - from) abort();
    g_autoptr(GByteArray) cut = g_byte_array_new();
    g_byte_array_append(cut, text.data, (guint)from);
    g_byte_array_append(cut, text.data + from + length, (guint)(text.len - from - length));
    rw_ddl again;
    rw_ddl_classify_mode(rw_slice_of(cut->data, cut->len), "d", mode, &again);
    if (again.kind != ddl->kind || again.n_objects != ddl->n_objects || again.start_transaction) abort();
    rw_ddl_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    uint64_t mode = (data[0] & 1 ? RW_SQL_MODE_ANSI_QUOTES : 0) | (data[0] & 2 ? RW_SQL_MODE_NO_BACKSLASH_ESCAPES : 0);
    rw_slice text = rw_slice_of(data + 1, size - 1);
    rw_ddl ddl;
    rw_ddl_classify_mode(text, "d", mode, &ddl);
    bool listed = ddl.kind == RW_DDL_TABLE || ddl.kind == RW_DDL_TEMPORARY || ddl.kind == RW_DDL_DATABASE;
    if (!ddl.what || (ddl.kind == RW_DDL_UNKNOWN && ddl.n_objects) || (listed && !ddl.n_objects)) abort();
    for (unsigned i = 0; i < ddl.n_objects; i++)
        if (!*ddl.objects[i].schema || (ddl.kind != RW_DDL_DATABASE && !*ddl.objects[i].name)) abort();
    if (ddl.start_transaction) check_cut(text, mode, &ddl);
    rw_ddl_clear(&ddl);
    return 0;
}
