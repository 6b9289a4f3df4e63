/* file: a binary log file as events, for tests, fuzzing and benchmarks.
 *
 * Maps the whole file; slices hold until log_file_close. The last event of a file that was cut short is given as it is: the decoder
 * has to say what is wrong with it.
 */
#pragma once
#include "base/cursor.h"
#include "base/error.h"

typedef struct {
    GMappedFile *map;
    rw_slice rest;
} log_file;

static inline bool log_file_open(log_file *file, const char *path, GError **error)
{
    enum { MAGIC_BYTES = 4 };
    file->map = g_mapped_file_new(path, FALSE, error);
    if (!file->map) return false;
    file->rest = rw_slice_of(g_mapped_file_get_contents(file->map), g_mapped_file_get_length(file->map));
    if (file->rest.len < MAGIC_BYTES || memcmp(file->rest.data, "\xfe" "bin", MAGIC_BYTES) != 0) {
        g_clear_pointer(&file->map, g_mapped_file_unref);
        return rw_fail(error, RW_ERR_STOP, "%s is not a binary log: it does not begin with fe 'bin'", path);
    }
    file->rest = (rw_slice){file->rest.data + MAGIC_BYTES, file->rest.len - MAGIC_BYTES};
    return true;
}

static inline void log_file_close(log_file *file) { g_clear_pointer(&file->map, g_mapped_file_unref); }

/* Cuts the next event off what is left, by the length in its header. */
static inline bool log_cut_event(rw_slice *rest, rw_slice *event)
{
    enum { LENGTH_AT = 9, HEADER_BYTES = 19 };
    if (rest->len == 0) return false;
    size_t bytes = rest->len >= HEADER_BYTES ? (size_t)rw_load_le(rest->data + LENGTH_AT, 4) : rest->len;
    if (bytes < HEADER_BYTES || bytes > rest->len) bytes = rest->len;
    *event = (rw_slice){rest->data, bytes};
    *rest = (rw_slice){rest->data + bytes, rest->len - bytes};
    return true;
}
