/* text: pieces of value.h's work, for the decoder's own files.
 *
 * Each appends to `out`, and gives false, having appended anything or nothing, where the bytes are not a value of the type.
 */
#pragma once
#include "base/slice.h"

#include <glib.h>

void rw_text_unsigned(GString *out, uint64_t n);
void rw_text_signed(GString *out, int64_t n);

/* decimal.c: digits packed as servers do, nine in four bytes, big-endian, the sign in the first bit. */
bool rw_text_decimal(GString *out, unsigned precision, unsigned scale, rw_slice packed);

/* temporal.c: types as they stand in rows, and the 64-bit form inside JSON documents. */
bool rw_text_date(GString *out, rw_slice three);
bool rw_text_year(GString *out, rw_slice one);
bool rw_text_time_old(GString *out, rw_slice three);
bool rw_text_datetime_old(GString *out, rw_slice eight);
bool rw_text_timestamp(GString *out, rw_slice seconds_and_fraction, unsigned digits, bool big_endian);
bool rw_text_time2(GString *out, rw_slice packed, unsigned digits);
bool rw_text_datetime2(GString *out, rw_slice packed, unsigned digits);
bool rw_text_json_date(GString *out, int64_t packed);
bool rw_text_json_time(GString *out, int64_t packed);
bool rw_text_json_datetime(GString *out, int64_t packed);

/* json.c: MySQL's binary JSON to the text that MySQL prints. */
bool rw_text_json(GString *out, rw_slice document);
