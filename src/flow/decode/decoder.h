/* decoder: events of a MySQL or MariaDB binary log, from bytes to meaning.
 *
 * In: one event per rw_decoder_feed, as it stands in the log (19-byte header, body, CRC32 if the FORMAT_DESCRIPTION event said so);
 * the bytes are borrowed until the next feed. Out: rw_decoder_next gives the events within, in order: usually one, none for an event
 * that no stage needs, many for MySQL's TRANSACTION_PAYLOAD (inflated as a stream, so memory stays flat). What an event points at holds
 * until the next rw_decoder_next: take all of it before, and call next until it gives false before the next feed.
 * Errors: class RW_ERR_STOP, naming the event type; checksum failure and truncation too. An event type that is not known and does not
 * carry the ignorable flag (0x80) is an error. After an error the decoder must be freed.
 * Owner: one thread. No allocation per row; one per new table definition.
 * Refuses, by name: PARTIAL_UPDATE_ROWS (39), XA_PREPARE (38, and MariaDB's), START_ENCRYPTION in files (164), INCIDENT (26),
 * MariaDB's PARTIAL_ROW_DATA (172) and ALTER in two parts, LOAD DATA in statement format, format versions before 4, row events before
 * V1 GA (20-22). The whole list is dispatch.c.
 * Does not know: connections, origins, filters, targets.
 * Sources: MySQL libs/mysql/binlog/event/{binlog_event,control_events,rows_event,statement_events}.h; MariaDB sql/log_event.h;
 * https://dev.mysql.com/doc/dev/mysql-server/latest/ ; https://mariadb.com/kb/en/2-binlog-event-header/ .
 */
#pragma once
#include "base/error.h"
#include "change/event.h"

typedef struct rw_decoder rw_decoder;

typedef struct {
    bool from_stream; /* a dump, not a file: LogPos 0 and artificial events are to be expected */
    bool checksum;    /* verify CRC32 where the log carries it */
    bool initial_checksum; /* before the first FORMAT_DESCRIPTION: does an event end in a CRC (a stream that was asked for CRC32) */
} rw_decoder_options;

rw_decoder *rw_decoder_new(rw_decoder_options options);
void rw_decoder_free(rw_decoder *decoder);

/* `event` is one whole event; fed before the last one was drained: RW_ERR_BUG. */
bool rw_decoder_feed(rw_decoder *decoder, rw_slice event, GError **error);
/* true and *out filled: an event. false: none left (*error unset) or a failure (*error set). */
bool rw_decoder_next(rw_decoder *decoder, rw_event *out, GError **error);
/* Where the log stands after the event that was fed last, in the file that the last ROTATE named; 0: not known yet. */
uint64_t rw_decoder_place(const rw_decoder *decoder);
