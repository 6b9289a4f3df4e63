/* json_text: are two JSON texts the same document?
 *
 * A MySQL server stores a parsed document and prints it its own way, a MariaDB server keeps the text as written; a row's image from one
 * must be compared with the row of the other. Same means: white space and the order of members do not count; of members with one
 * name the last one counts; strings are compared by what they stand for, after unescaping; integers of any length by their digits,
 * other numbers as doubles, an integer with a fraction by value (1 and 1.0 are the same, and so are all zeros).
 * In: two texts, borrowed. Memory: about twice the texts, given back before it returns. Time: n log n. Any thread. No errors.
 * Refuses to understand: what is not JSON by RFC 8259 in UTF-8, containers more than 100 deep, numbers beyond a double, lone surrogates
 * (MySQL takes none of these). Such a text is the same only as the very same bytes.
 */
#pragma once
#include "base/slice.h"

bool rw_json_text_equal(rw_slice a, rw_slice b);
