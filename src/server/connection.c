#include "server/connection.h"

#include "base/clock.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

struct rw_result {
    MYSQL_RES *rows;
};

/* Server and client errors that pass by themselves. Numbers without a name differ between the dialects' headers. */
static const unsigned retry_errors[] = {
    CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR, CR_SERVER_GONE_ERROR, CR_SERVER_LOST, CR_SERVER_LOST_EXTENDED, CR_UNKNOWN_HOST,
    CR_SERVER_HANDSHAKE_ERR, 2014 /* out of sync: after a cancelled call */, 1040 /* too many connections */,
    1047 /* node not ready (wsrep) */, 1053 /* shutdown */, 1077, 1079, 1080, 1105 /* unknown: a dying server says so */,
    1129 /* host blocked */, 1152 /* aborted */, 1158, 1159, 1160, 1161 /* network */, 1184, 1205 /* lock wait */,
    1213 /* deadlock */, 1226 /* user limit */, 1290 /* read_only option */, 1317 /* interrupted */, 1836 /* read-only mode */,
    1927 /* connection killed */, 3024, 3032 /* offline */, 3168 /* server not ready */, 4031 /* inactivity */,
    1020 /* record changed (snapshot isolation) */, 1180 /* error during commit */, 5014, 5015};

static const unsigned config_errors[] = {1044 /* access to schema */, 1045 /* login */, 1130 /* host not allowed */,
                                         1142 /* table privilege */, 1143, 1227 /* global privilege */, 1251, 1370,
                                         1698 /* login */, 1820 /* password expired */, 2059, 2061, 4151};

static bool listed(const unsigned *list, size_t n, unsigned number)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == number) return true;
    return false;
}

/* One number stands for a refused certificate and for a line that was cut in the middle of TLS. */
static bool is_refused_tls(const char *message)
{
    static const char *const words[] = {"certificate", "Certificate", "verif", "required", "support", "Validation", "protocol version"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(message, words[i])) return true;
    return false;
}

static rw_error_class class_of(unsigned number, const char *message)
{
    if (number == CR_SSL_CONNECTION_ERROR) return is_refused_tls(message) ? RW_ERR_CONFIG : RW_ERR_RETRY;
    if (listed(retry_errors, G_N_ELEMENTS(retry_errors), number)) return RW_ERR_RETRY;
    if (listed(config_errors, G_N_ELEMENTS(config_errors), number)) return RW_ERR_CONFIG;
    return RW_ERR_STOP;
}

unsigned rw_connection_errno(const rw_connection *c) { return mysql_errno(c->mysql); }

bool rw_connection_fail(rw_connection *c, const char *what, GError **error)
{
    unsigned number = mysql_errno(c->mysql);
    return rw_fail(error, number ? class_of(number, mysql_error(c->mysql)) : RW_ERR_RETRY, "site %s: %s: %s (%u)", c->site, what,
                   number ? mysql_error(c->mysql) : "the connection was lost", number);
}

/* A peer that vanished without a word (power, network) must not hold a session for the kernel's default of hours. */
static void watch_peer(MYSQL *mysql, unsigned seconds)
{
    int fd = mysql_get_socket(mysql), on = 1, idle = 5, interval = 2;
    int count = MAX(1, ((int)seconds - idle) / interval);
    unsigned timeout_ms = seconds * 1000;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

static void set_tls(MYSQL *mysql, const rw_site_conf *site)
{
    my_bool enforce = site->ssl_mode != RW_SSL_DISABLED;
    /* The library checks the chain whenever it has a CA, and this option adds the host name. */
    my_bool verify = site->ssl_mode == RW_SSL_VERIFY_IDENTITY;
    bool chain = site->ssl_mode == RW_SSL_VERIFY_CA || verify;
    if (enforce) mysql_ssl_set(mysql, site->ssl_key, site->ssl_cert, chain ? site->ssl_ca : NULL, NULL, NULL);
    mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

/* One round trip for all that must be known of any server. */
static bool introduce(rw_connection *c, GError **error)
{
    g_autoptr(rw_result) row = rw_connection_queryf(c, error, "SELECT @@max_allowed_packet, %s, %s, %s, %s, %s", c->dialect->identity, c->dialect->unfit,
                                                     c->dialect->shares_gtids, c->dialect->one_writer, c->dialect->cluster);
    rw_slice cells[6];
    if (!row) return false;
    if (!rw_result_next(row, cells, 6)) return rw_fail(error, RW_ERR_BUG, "site %s: a server does not say who it is", c->site);
    c->max_packet_bytes = rw_cell_number(cells[0]);
    g_strlcpy(c->identity, "", sizeof c->identity);
    if (cells[1].data) memcpy(c->identity, cells[1].data, MIN(cells[1].len, sizeof c->identity - 1));
    c->unfit = rw_cell_text(cells[2]);
    c->shares_gtids = rw_cell_number(cells[3]) != 0;
    c->one_writer = rw_cell_number(cells[4]) != 0;
    g_autofree char *cluster = rw_cell_text(cells[5]);
    g_strlcpy(c->cluster, cluster ? cluster : "", sizeof c->cluster);
    return true;
}

static bool handshake(rw_connection *c, const rw_site_conf *site, rw_connection_limits limits, GError **error)
{
    MYSQL *mysql = c->mysql;
    unsigned connect_s = limits.connect_timeout_s;
    mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    /* The handshake itself must end, too: a frozen server accepts and says nothing. */
    unsigned read_s = limits.read_timeout_s ? limits.read_timeout_s : 0;
    if (read_s) mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
    mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "ringway");
    set_tls(mysql, site);
    unsigned long flags = CLIENT_MULTI_STATEMENTS | CLIENT_FOUND_ROWS;
    const rw_host *host = &site->hosts.host[c->host];
    bool local = host->port == 0;
    if (!mysql_real_connect(mysql, local ? "localhost" : host->name, site->user, site->password, NULL, host->port,
                            local ? host->name : NULL, flags))
        return rw_connection_fail(c, "cannot connect", error);
    c->thread_id = (uint32_t)mysql_thread_id(mysql);
    c->version = g_strdup(mysql_get_server_info(mysql));
    c->dialect = rw_dialect_find(c->version);
    if (!c->dialect)
        return rw_fail(error, RW_ERR_CONFIG, "site %s: server version %s is not supported; use MariaDB 10.5 or later, or MySQL 8.2 or later",
                       c->site, c->version);
    if (limits.dead_peer_s) watch_peer(mysql, limits.dead_peer_s);
    return introduce(c, error);
}

rw_connection *rw_connection_open_host(const rw_site_conf *site, unsigned host, rw_connection_limits limits, GError **error)
{
    rw_connection *c = g_new0(rw_connection, 1);
    c->site = g_strdup(site->name);
    c->host = host;
    c->address = rw_host_text(&site->hosts.host[host]);
    c->max_packet_bytes = 16 * 1024; /* until the server says */
    c->mysql = mysql_init(NULL);
    if (handshake(c, site, limits, error)) return c;
    rw_connection_close(c);
    return NULL;
}

void rw_connection_close(rw_connection *c)
{
    if (!c) return;
    mysql_close(c->mysql);
    g_free(c->site);
    g_free(c->address);
    g_free(c->unfit);
    g_free(c->version);
    g_free(c);
}

void rw_connection_cancel(rw_connection *c) { mariadb_cancel(c->mysql); }

bool rw_connection_send(rw_connection *c, rw_slice sql, GError **error)
{
    if (sql.len + 1 > c->max_packet_bytes)
        return rw_fail(error, RW_ERR_STOP,
                       "site %s: a statement of %zu bytes is larger than max_allowed_packet (%" G_GUINT64_FORMAT
                       "); raise max_allowed_packet there", c->site, sql.len, c->max_packet_bytes);
    c->used_us = rw_clock_us();
    if (mysql_send_query(c->mysql, (const char *)sql.data, sql.len)) return rw_connection_fail(c, "cannot send", error);
    return true;
}

/* libmariadb reads the first result by one call and later ones by another; the status word tells which is due. */
bool rw_connection_next_result(rw_connection *c, rw_result **result, uint64_t *affected, GError **error)
{
    if (result) *result = NULL;
    bool later = rw_connection_has_more(c);
    if (later ? mysql_next_result(c->mysql) != 0 : mysql_read_query_result(c->mysql) != 0)
        return rw_connection_fail(c, "a statement failed", error);
    MYSQL_RES *rows = mysql_store_result(c->mysql);
    if (!rows && mysql_field_count(c->mysql)) return rw_connection_fail(c, "cannot read a result", error);
    if (affected) *affected = mysql_affected_rows(c->mysql);
    if (rows && result) {
        *result = g_new(rw_result, 1);
        (*result)->rows = rows;
    } else if (rows) {
        mysql_free_result(rows);
    }
    return true;
}

bool rw_connection_has_more(rw_connection *c) { return mysql_more_results(c->mysql); }

bool rw_connection_keep(rw_connection *c, GError **error)
{
    return rw_clock_us() - c->used_us < G_USEC_PER_SEC || rw_connection_run(c, "DO 0", error);
}

rw_result *rw_connection_query(rw_connection *c, const char *sql, GError **error)
{
    rw_result *first = NULL;
    if (!rw_connection_send(c, rw_slice_str(sql), error)) return NULL;
    if (!rw_connection_next_result(c, &first, NULL, error)) return NULL;
    while (rw_connection_has_more(c))
        if (!rw_connection_next_result(c, NULL, NULL, error)) {
            rw_result_free(first);
            return NULL;
        }
    if (!first) rw_fail(error, RW_ERR_BUG, "site %s: a query gave no rows: %s", c->site, sql);
    return first;
}

rw_result *rw_connection_queryf(rw_connection *c, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *sql = g_strdup_vprintf(format, args);
    va_end(args);
    return rw_connection_query(c, sql, error);
}

bool rw_connection_run(rw_connection *c, const char *sql, GError **error)
{
    if (!rw_connection_send(c, rw_slice_str(sql), error)) return false;
    do {
        if (!rw_connection_next_result(c, NULL, NULL, error)) return false;
    } while (rw_connection_has_more(c));
    return true;
}

bool rw_connection_runf(rw_connection *c, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *sql = g_strdup_vprintf(format, args);
    va_end(args);
    return rw_connection_run(c, sql, error);
}

bool rw_result_next(rw_result *result, rw_slice *cells, unsigned n)
{
    MYSQL_ROW row = mysql_fetch_row(result->rows);
    if (!row) return false;
    unsigned long *lengths = mysql_fetch_lengths(result->rows);
    g_assert(n <= mysql_num_fields(result->rows));
    for (unsigned i = 0; i < n; i++) cells[i] = row[i] ? rw_slice_of(row[i], lengths[i]) : (rw_slice){NULL, 0};
    return true;
}

void rw_result_free(rw_result *result)
{
    if (!result) return;
    mysql_free_result(result->rows);
    g_free(result);
}

char *rw_cell_text(rw_slice cell) { return cell.data ? g_strndup((const char *)cell.data, cell.len) : NULL; }

uint64_t rw_cell_number(rw_slice cell)
{
    g_autofree char *text = rw_cell_text(cell);
    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

char *rw_connection_value(rw_connection *c, const char *sql, GError **error)
{
    g_autoptr(rw_result) result = rw_connection_query(c, sql, error);
    rw_slice cell;
    if (!result || !rw_result_next(result, &cell, 1) || !cell.data) return NULL;
    return g_strndup((const char *)cell.data, cell.len);
}

char *rw_connection_own_gtids(rw_connection *c, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT %s", c->dialect->own_gtids);
    return rw_connection_value(c, sql, error);
}

void rw_sql_quote(GString *sql, rw_slice text)
{
    g_string_append_c(sql, '\'');
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = text.data[i];
        if (b != '\'' && b != '\\' && b != '\0') continue;
        g_string_append_len(sql, (const char *)text.data + plain, (gssize)(i - plain));
        g_string_append(sql, b == '\0' ? "\\0" : b == '\'' ? "\\'" : "\\\\");
        plain = i + 1;
    }
    g_string_append_len(sql, (const char *)text.data + plain, (gssize)(text.len - plain));
    g_string_append_c(sql, '\'');
}

void rw_sql_name(GString *sql, const char *name)
{
    g_string_append_c(sql, '`');
    for (; *name; name++) {
        if (*name == '`') g_string_append_c(sql, '`');
        g_string_append_c(sql, *name);
    }
    g_string_append_c(sql, '`');
}

uint64_t rw_connection_affected(rw_connection *c) { return mysql_affected_rows(c->mysql); }

void rw_sql_hex(GString *sql, rw_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    g_string_append(sql, "x'");
    for (size_t i = 0; i < bytes.len; i++) {
        g_string_append_c(sql, digits[bytes.data[i] >> 4]);
        g_string_append_c(sql, digits[bytes.data[i] & 15]);
    }
    g_string_append_c(sql, '\'');
}
