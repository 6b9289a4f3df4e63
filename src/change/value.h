/* value: one column value from the log's packed form to the text that a server would SELECT for it.
 *
 * The canonical text is what MySQL and MariaDB print for the column in a session with time_zone '+00:00': it is compared byte for byte
 * with the current row and is the body of the literal that is written. Exceptions, chosen so that the text is exact on every server:
 *   FLOAT, DOUBLE  %.17g of the value as a double (compare as numbers, bit by bit, not as text)
 *   ENUM, SET, BIT unsigned decimal number (select them as col+0)
 *   JSON (MySQL)   the text MySQL prints for the document
 *   BINARY(n)      (STRING with charset 63) is padded with zeros to n, which the log strips
 * In: the column with sign and charset known, the value's slice from rw_image_split (not NULL). Out: appended to `out`.
 * false: the bytes do not fit the type (never guessed). No allocation but the growth of `out`.
 */
#pragma once
#include "change/table.h"

bool rw_value_text(const rw_column *column, rw_slice value, GString *out);
