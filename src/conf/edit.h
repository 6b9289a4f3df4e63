/* edit: one line more in ringway.cnf, and everything else as people wrote it.
 *
 * In: the text. Out: the text with "key = value" as the first line of a site's section, owned; a line of that key that the section has already is
 * replaced; value NULL: such a line is left out. write puts it in the file's place at once (a temporary file beside it, then a rename), with the same mode.
 * Errors: RW_ERR_CONFIG, with path and cause. The file may hold passwords: nothing of it is logged.
 */
#pragma once
#include "base/error.h"

char *rw_conf_edit_load(const char *path, GError **error); /* the text of the file; owned */
char *rw_conf_edit_site(const char *text, const char *site, const char *key, const char *value, GError **error);
bool rw_conf_edit_write(const char *path, const char *text, GError **error);
