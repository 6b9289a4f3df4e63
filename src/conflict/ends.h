/* ends: how the policies that combine rows treat deletes: a delete ends a row for good, and what comes after is a new one.
 *
 * A delete wins over writes that it had not seen, whatever the stamps: there is nothing left to combine with. Of two deletes the later one
 * is kept as the row's end. Pure, any thread.
 */
#pragma once
#include "conflict/policy.h"

rw_verdict rw_ends_settle(const rw_conflict *conflict, rw_verdict combine); /* combine: what becomes of two writes of a living row */
