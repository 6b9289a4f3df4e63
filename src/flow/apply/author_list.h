/* author_list: the authors of a window's rows, numbered as they are listed in its writers (conflict/writers.h).
 *
 * Authors are told apart by address: those of one transaction share one. The next row mostly has the same one as the row before.
 * Owner: one thread.
 */
#pragma once
#include "conflict/writers.h"

typedef struct {
    GHashTable *numbers; /* rw_author -> number + 1 */
    const rw_author *last;
    unsigned last_number;
} rw_author_list;

void rw_author_list_init(rw_author_list *list);
void rw_author_list_clear(rw_author_list *list); /* frees */
void rw_author_list_reset(rw_author_list *list);
/* Lists it in writers if it is not there yet. */
unsigned rw_author_list_number(rw_author_list *list, const rw_author *author, rw_writers *writers);
