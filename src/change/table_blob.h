/* table_blob: a table's definition as bytes, for a row that travels outside of row events (ringway.change).
 *
 * encode appends to `out`; decode gives a new table (one reference), NULL if the bytes are not such a definition: every length is checked.
 * Format, version 1: u8 version, u8 has_names, u16 columns; per column: u8 type, u16 meta, u8 flags (1 nullable, 2 has_sign, 4 unsigned),
 * u16 charset, u8 length of name, name. Little-endian.
 */
#pragma once
#include "change/table.h"

void rw_table_encode(const rw_table *table, GByteArray *out);
rw_table *rw_table_decode(const char *schema, const char *name, rw_slice bytes);
