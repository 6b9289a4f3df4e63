#include "http/server.h"

#include "http/host.h"
#include "http/page.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 32, BACKLOG = 32, IDLE_TIMEOUT_S = 10, CONNECTION_BYTES = 16 * 1024 };

struct rw_http {
    struct MHD_Daemon *daemon;
    rw_http_status_fn status_json;
    void *user;
    char *configured; /* address as given */
    char numeric[NI_MAXHOST];
    unsigned port;
    bool loopback;
};

static bool add_headers(struct MHD_Response *response, const char *type)
{
    const struct {
        const char *name, *value;
    } headers[] = {
        {"Content-Type", type},
        {"Content-Security-Policy", rw_page_policy},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++)
        if (MHD_add_response_header(response, headers[i].name, headers[i].value) != MHD_YES) return false;
    return true;
}

/* Takes over `response`, which may be NULL for lack of memory: then the connection is closed. */
static enum MHD_Result reply(struct MHD_Connection *connection, unsigned code, const char *type, struct MHD_Response *response)
{
    if (!response) return MHD_NO;
    bool good = add_headers(response, type);
    if (good && code == MHD_HTTP_METHOD_NOT_ALLOWED) good = MHD_add_response_header(response, "Allow", "GET, HEAD") == MHD_YES;
    enum MHD_Result result = good ? MHD_queue_response(connection, code, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned code, const char *text)
{
    return reply(connection, code, "text/plain; charset=utf-8",
                 MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_page(const rw_http *http, struct MHD_Connection *connection)
{
    (void)http;
    return reply(connection, MHD_HTTP_OK, "text/html; charset=utf-8",
                 MHD_create_response_from_buffer(rw_page_bytes, (void *)(uintptr_t)rw_page, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_status(const rw_http *http, struct MHD_Connection *connection)
{
    char *json = http->status_json(http->user);
    if (!json) return reply_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "The status is not there yet.\n");
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(strlen(json), json, g_free);
    if (!response) g_free(json);
    return reply(connection, MHD_HTTP_OK, "application/json", response);
}

static const struct {
    const char *path;
    enum MHD_Result (*send)(const rw_http *http, struct MHD_Connection *connection);
} pages[] = {{"/", send_page}, {"/status", send_status}};

static enum MHD_Result answer(const rw_http *http, struct MHD_Connection *connection, const char *path, const char *method)
{
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    if (http->loopback && !rw_http_host_is_local(host, http->configured, http->numeric))
        return reply_text(connection, MHD_HTTP_FORBIDDEN, "This address answers to its own name only; ask for localhost.\n");
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (strcmp(path, pages[i].path) != 0) continue;
        if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) return pages[i].send(http, connection);
        return reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
    }
    return reply_text(connection, MHD_HTTP_NOT_FOUND, "There is / and /status.\n");
}

/* libmicrohttpd calls once after the headers, where an answer leaves any body unread, and again after the body. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
                                  const char *body, size_t *body_bytes, void **seen)
{
    (void)version;
    (void)body;
    if (*body_bytes > 0) return MHD_NO;
    bool may_have_body = strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
    if (!*seen && !may_have_body) {
        *seen = connection;
        return MHD_YES;
    }
    return answer(user, connection, path, method);
}

static bool listen_on(const struct addrinfo *place, int *fd)
{
    int on = 1;
    *fd = socket(place->ai_family, place->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, place->ai_protocol);
    if (*fd < 0) return false;
    if (setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && bind(*fd, place->ai_addr, place->ai_addrlen) == 0 &&
        listen(*fd, BACKLOG) == 0)
        return true;
    int why = errno;
    close(*fd);
    errno = why;
    return false;
}

static bool is_loopback(const struct sockaddr_storage *place)
{
    if (place->ss_family == AF_INET) return ntohl(((const struct sockaddr_in *)place)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)place)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == IN_LOOPBACKNET);
}

/* What the socket is bound to tells what a name or port 0 came to. */
static bool learn_place(rw_http *http, int fd)
{
    struct sockaddr_storage place = {0};
    socklen_t bytes = sizeof place;
    char port[NI_MAXSERV];
    if (getsockname(fd, (struct sockaddr *)&place, &bytes) != 0) return false;
    if (getnameinfo((struct sockaddr *)&place, bytes, http->numeric, sizeof http->numeric, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    http->port = (unsigned)g_ascii_strtoull(port, NULL, 10);
    http->loopback = is_loopback(&place);
    return true;
}

static int open_socket(rw_http *http, unsigned port, GError **error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *places = NULL;
    g_autofree char *service = g_strdup_printf("%u", port);
    int code = getaddrinfo(http->configured, service, &hints, &places);
    if (code != 0) {
        rw_fail(error, RW_ERR_CONFIG, "http: address %s: %s; correct the option http", http->configured, gai_strerror(code));
        return -1;
    }
    int fd = -1;
    bool bound = false;
    for (const struct addrinfo *place = places; place && !bound; place = place->ai_next) bound = listen_on(place, &fd);
    int why = errno;
    freeaddrinfo(places);
    if (bound && learn_place(http, fd)) return fd;
    if (bound) close(fd);
    rw_fail(error, RW_ERR_CONFIG, "http: cannot listen on %s port %u: %s; choose another address in the option http, or leave it empty",
            http->configured, port, g_strerror(why));
    return -1;
}

/* Signals are for the program's own threads, so that they are handled where they are waited for. */
static bool start_daemon(rw_http *http, int fd)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    http->daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return http->daemon != NULL;
}

rw_http *rw_http_start(const char *address, unsigned port, rw_http_status_fn status_json, void *user, GError **error)
{
    rw_http *http = g_new0(rw_http, 1);
    http->configured = g_strdup(address && *address ? address : "127.0.0.1");
    http->status_json = status_json;
    http->user = user;
    int fd = open_socket(http, port, error);
    if (fd >= 0 && start_daemon(http, fd)) return http;
    if (fd >= 0) {
        /* libmicrohttpd has closed fd or not, depending on how far it came; to close another's by mistake would be worse than a leak. */
        rw_fail(error, RW_ERR_RETRY, "http: cannot start the thread for %s port %u; raise the limits on threads and open files",
                http->configured, http->port);
    }
    rw_http_stop(http);
    return NULL;
}

unsigned rw_http_port(const rw_http *http) { return http->port; }

void rw_http_stop(rw_http *http)
{
    if (!http) return;
    if (http->daemon) MHD_stop_daemon(http->daemon);
    g_free(http->configured);
    g_free(http);
}
