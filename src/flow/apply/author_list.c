#include "flow/apply/author_list.h"

void rw_author_list_init(rw_author_list *l) { *l = (rw_author_list){.numbers = g_hash_table_new(NULL, NULL)}; }

void rw_author_list_clear(rw_author_list *l) { g_hash_table_unref(l->numbers); }

void rw_author_list_reset(rw_author_list *l)
{
    g_hash_table_remove_all(l->numbers);
    l->last = NULL;
}

unsigned rw_author_list_number(rw_author_list *l, const rw_author *author, rw_writers *writers)
{
    if (author == l->last) return l->last_number;
    unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(l->numbers, author));
    if (!number) {
        rw_writers_add_txn(writers, author);
        number = writers->txns->len;
        g_hash_table_insert(l->numbers, (gpointer)author, GUINT_TO_POINTER(number));
    }
    l->last = author;
    l->last_number = number - 1;
    return number - 1;
}
