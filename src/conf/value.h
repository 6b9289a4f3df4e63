/* value: the text of one option to the field that it fills.
 *
 * In: an entry of the file, or the preset of an option, and the section's struct. Out: the field of the type that options.h promises;
 * strings and lists in it are owned by the struct and freed with rw_value_clear. One thread at a time, before the conf is published.
 * Errors: RW_ERR_CONFIG "path:line: why; what to do"; never with the text of a secret. Refuses what is out of range, not among the
 * choices, or not there yet.
 */
#pragma once
#include "conf/conf.h"
#include "conf/file.h"

/* Frees what the field held. The sites of a policy are not looked at: build.c knows them. */
bool rw_value_set(const rw_option *option, void *target, const char *text, const char *path, unsigned line, GError **error);
void rw_value_clear(const rw_option *option, void *target); /* wipes if secret */
/* As it may stand in a file, owned; NULL if the field holds nothing. Secrets come as ******. */
char *rw_value_print(const rw_option *option, const void *target);
bool rw_host_is_local(const char *address); /* a loopback address or the path of a socket */
