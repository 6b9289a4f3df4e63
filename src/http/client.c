#include "http/client.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX_BYTES = 16 * 1024 * 1024, CHUNK_BYTES = 16 * 1024 };

typedef struct {
    const char *address;
    unsigned port;
    gint64 deadline_us;
    int fd;
} exchange;

static bool give_up(const exchange *x, GError **error, const char *why)
{
    const char *open = strchr(x->address, ':') ? "[" : "", *close_ = *open ? "]" : "";
    return rw_fail(error, RW_ERR_UNREACHABLE, "http: %s%s%s:%u: %s", open, x->address, close_, x->port, why);
}

/* Until the socket is ready; false with errno ETIMEDOUT when time is up. */
static bool wait_for(const exchange *x, short events)
{
    for (;;) {
        gint64 left_us = x->deadline_us - rw_clock_us();
        if (left_us <= 0) {
            errno = ETIMEDOUT;
            return false;
        }
        struct pollfd ready = {.fd = x->fd, .events = events};
        int n = poll(&ready, 1, (int)MIN((left_us + 999) / 1000, (gint64)G_MAXINT));
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return false;
    }
}

static bool connect_to(exchange *x, const struct addrinfo *place)
{
    x->fd = socket(place->ai_family, place->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, place->ai_protocol);
    if (x->fd < 0) return false;
    if (connect(x->fd, place->ai_addr, place->ai_addrlen) == 0) return true;
    int why = errno;
    if (why == EINPROGRESS) {
        socklen_t bytes = sizeof why;
        if (!wait_for(x, POLLOUT) || getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &why, &bytes) != 0) why = errno;
        if (why == 0) return true;
    }
    close(x->fd);
    x->fd = -1;
    errno = why;
    return false;
}

static bool open_connection(exchange *x, GError **error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *places = NULL;
    g_autofree char *service = g_strdup_printf("%u", x->port);
    int code = getaddrinfo(x->address, service, &hints, &places);
    if (code != 0) return give_up(x, error, gai_strerror(code));
    bool connected = false;
    for (const struct addrinfo *place = places; place && !connected; place = place->ai_next) connected = connect_to(x, place);
    int why = errno;
    freeaddrinfo(places);
    return connected || give_up(x, error, g_strerror(why));
}

static bool send_request(const exchange *x, const char *path, GError **error)
{
    bool six = strchr(x->address, ':') != NULL;
    g_autofree char *request = g_strdup_printf("GET %s HTTP/1.0\r\nHost: %s%s%s:%u\r\nConnection: close\r\n\r\n", path, six ? "[" : "",
                                               x->address, six ? "]" : "", x->port);
    for (size_t sent = 0, all = strlen(request); sent < all;) {
        ssize_t n = send(x->fd, request + sent, all - sent, MSG_NOSIGNAL);
        if (n >= 0) sent += (size_t)n;
        else if (errno != EINTR && (errno != EAGAIN || !wait_for(x, POLLOUT))) return give_up(x, error, g_strerror(errno));
    }
    return true;
}

static bool receive_all(const exchange *x, GString *answer, GError **error)
{
    char chunk[CHUNK_BYTES];
    for (;;) {
        /* Also between chunks: a peer that never pauses must not outlast the limit. */
        if (!wait_for(x, POLLIN)) return give_up(x, error, g_strerror(errno));
        ssize_t n = recv(x->fd, chunk, sizeof chunk, 0);
        if (n == 0) return true;
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return give_up(x, error, g_strerror(errno));
        if (answer->len + (size_t)n > ANSWER_MAX_BYTES) return give_up(x, error, "the answer is too long for a Ringway");
        g_string_append_len(answer, chunk, n);
    }
}

/* The value of Content-Length in the headers that end before `end`; -1: none. */
static gint64 content_length(const char *headers, const char *end)
{
    static const char name[] = "\r\nContent-Length:";
    for (const char *line = headers; line < end; line++) {
        if (g_ascii_strncasecmp(line, name, sizeof name - 1) != 0) continue;
        guint64 n = g_ascii_strtoull(line + sizeof name - 1, NULL, 10);
        return (gint64)MIN(n, (guint64)G_MAXINT64);
    }
    return -1;
}

static char *body_of(const exchange *x, const GString *answer, GError **error)
{
    const char *end = strstr(answer->str, "\r\n\r\n");
    bool http = end && g_str_has_prefix(answer->str, "HTTP/1.") && g_ascii_isdigit(answer->str[7]) && answer->str[8] == ' ';
    if (!http) {
        give_up(x, error, "what listens there is not a Ringway");
        return NULL;
    }
    guint64 code = g_ascii_strtoull(answer->str + 9, NULL, 10);
    if (code != 200) {
        g_autofree char *why = g_strdup_printf("the answer was %" G_GUINT64_FORMAT ", not 200", code);
        give_up(x, error, why);
        return NULL;
    }
    const char *body = end + 4;
    size_t bytes = answer->len - (size_t)(body - answer->str);
    gint64 promised = content_length(answer->str, end);
    if (promised >= 0 && (guint64)promised != bytes) {
        give_up(x, error, "the answer was cut off");
        return NULL;
    }
    if (memchr(body, '\0', bytes)) {
        give_up(x, error, "the answer is not text");
        return NULL;
    }
    return g_strndup(body, bytes);
}

char *rw_http_get(const char *address, unsigned port, const char *path, unsigned timeout_ms, GError **error)
{
    exchange x = {.address = address, .port = port, .deadline_us = rw_clock_us() + (gint64)timeout_ms * 1000, .fd = -1};
    if (!open_connection(&x, error)) return NULL;
    g_autoptr(GString) answer = g_string_new(NULL);
    char *body = NULL;
    if (send_request(&x, path, error) && receive_all(&x, answer, error)) body = body_of(&x, answer, error);
    close(x.fd);
    return body;
}
