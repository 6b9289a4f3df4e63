/* set: a MySQL GTID set.
 *
 * In: text as servers print it ("uuid:1-5:7:tag:1-3,uuid:...", any white space and new lines, any case), or the binary form of
 * PREVIOUS_GTIDS. Out: canonical text (lower case, sorted by uuid then tag, merged intervals, "," between uuids, no white space)
 * and the binary form that COM_BINLOG_DUMP_GTID takes: the old one unless a tag is in the set, so that servers before 8.3 understand it.
 * Cost: adding the next number of the uuid that was added last is constant; anything else is a binary search.
 * Owner: one thread at a time; free with rw_gtid_set_free.
 * Errors: class RW_ERR_CONFIG for text, naming the place in it; RW_ERR_STOP for binary, which comes from a server. A set is
 * unchanged after an error.
 * Refuses: numbers outside 1..2^63-2, intervals that run backwards, a uuid without numbers, tags longer than 32.
 * Source of the format: MySQL manual, "GTID Format and Storage"; sql/rpl_gtid_set.cc (Gtid_set::encode).
 */
#pragma once
#include "base/error.h"
#include "base/slice.h"

typedef struct rw_gtid_set rw_gtid_set;

rw_gtid_set *rw_gtid_set_new(void);
rw_gtid_set *rw_gtid_set_copy(const rw_gtid_set *set);
void rw_gtid_set_free(rw_gtid_set *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rw_gtid_set, rw_gtid_set_free)

/* NULL and *error on failure; "" is the empty set. */
rw_gtid_set *rw_gtid_set_parse(const char *text, GError **error);
rw_gtid_set *rw_gtid_set_decode(rw_slice binary, GError **error);
char *rw_gtid_set_format(const rw_gtid_set *set);
void rw_gtid_set_encode(const rw_gtid_set *set, GByteArray *out); /* appends */

/* gtid: one transaction, "uuid:n" or "uuid:tag:n". Adding one that is there is no error. */
bool rw_gtid_set_add(rw_gtid_set *set, const char *gtid, GError **error);
/* false for what is no GTID, too: no transaction of that name is in the set. */
bool rw_gtid_set_contains(const rw_gtid_set *set, const char *gtid);

void rw_gtid_set_union(rw_gtid_set *set, const rw_gtid_set *other); /* set := set + other */
bool rw_gtid_set_is_subset(const rw_gtid_set *part, const rw_gtid_set *whole);
bool rw_gtid_set_is_empty(const rw_gtid_set *set);
bool rw_gtid_set_has_tags(const rw_gtid_set *set);
