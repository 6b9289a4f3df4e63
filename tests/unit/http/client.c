#include "http/client.h"

#include <gio/gio.h>
#include <string.h>

typedef struct {
    GSocketListener *listener;
    GBytes *answer;
    bool stay;    /* leave the connection open until the client goes */
    char *asked;  /* what the client sent first */
} peer;

static gpointer serve(gpointer user)
{
    peer *p = user;
    g_autoptr(GSocketConnection) connection = g_socket_listener_accept(p->listener, NULL, NULL, NULL);
    g_assert_nonnull(connection);
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    char buffer[4096];
    gssize n = g_input_stream_read(in, buffer, sizeof buffer - 1, NULL, NULL);
    p->asked = g_strndup(buffer, n > 0 ? (gsize)n : 0);
    g_output_stream_write_all(out, g_bytes_get_data(p->answer, NULL), g_bytes_get_size(p->answer), NULL, NULL, NULL);
    while (p->stay && g_input_stream_read(in, buffer, sizeof buffer, NULL, NULL) > 0) continue;
    return NULL;
}

/* What the client makes of an answer; *asked, if wanted, is what it sent. */
static char *get_bytes(GBytes *answer, bool stay, unsigned timeout_ms, char **asked, GError **error)
{
    peer p = {g_socket_listener_new(), answer, stay, NULL};
    guint16 port = g_socket_listener_add_any_inet_port(p.listener, NULL, NULL);
    GThread *thread = g_thread_new("peer", serve, &p);
    char *body = rw_http_get("127.0.0.1", port, "/status", timeout_ms, error);
    g_thread_join(thread);
    g_object_unref(p.listener);
    g_bytes_unref(answer);
    if (asked) *asked = p.asked;
    else g_free(p.asked);
    return body;
}

static char *get(const char *answer, GError **error) { return get_bytes(g_bytes_new(answer, strlen(answer)), false, 20000, NULL, error); }

static void assert_refused(const char *answer, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(get(answer, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_UNREACHABLE);
    if (!strstr(error->message, words)) g_error("\"%s\" is not in \"%s\"", words, error->message);
}

static void test_answers(void)
{
    static const char *const good[] = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.0 200 OK\r\n\r\n{}",
                                       "HTTP/1.1 200 OK\r\nX: y\r\ncontent-length:2\r\nContent-Type: x\r\n\r\n{}"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *body = get(good[i], &error);
        g_assert_no_error(error);
        g_assert_cmpstr(body, ==, "{}");
    }
}

static void test_request(void)
{
    g_autofree char *asked = NULL;
    static const char answer[] = "HTTP/1.1 200 OK\r\n\r\n";
    g_autofree char *body = get_bytes(g_bytes_new_static(answer, sizeof answer - 1), false, 20000, &asked, NULL);
    g_assert_cmpstr(body, ==, "");
    g_assert_true(g_str_has_prefix(asked, "GET /status HTTP/1.0\r\nHost: 127.0.0.1:"));
    g_assert_true(g_str_has_suffix(asked, "\r\n\r\n"));
}

static void test_refused(void)
{
    assert_refused("", "not a Ringway");
    assert_refused("SSH-2.0-x\r\n\r\n", "not a Ringway");
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", "not a Ringway");
    assert_refused("HTTP/2.0 200 OK\r\n\r\n", "not a Ringway");
    assert_refused("HTTP/1.1", "not a Ringway");
    assert_refused("HTTP/1.1 404 Not Found\r\n\r\nx", "404");
    assert_refused("HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "301");
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", "cut off");
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}", "cut off");
    assert_refused("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}", "cut off");
    g_autoptr(GError) error = NULL;
    static const char nul[] = "HTTP/1.1 200 OK\r\n\r\n{\0}";
    g_assert_null(get_bytes(g_bytes_new_static(nul, sizeof nul - 1), false, 20000, NULL, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_UNREACHABLE);
}

static GBytes *answer_of(gsize bytes)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
    char *answer = g_strnfill(bytes, 'x');
    memcpy(answer, head, sizeof head - 1);
    return g_bytes_new_take(answer, bytes);
}

static void test_size(void)
{
    enum { MAX_BYTES = 16 * 1024 * 1024 };
    g_autoptr(GError) error = NULL;
    g_autofree char *largest = get_bytes(answer_of(MAX_BYTES), false, 60000, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(largest);
    g_assert_null(get_bytes(answer_of(MAX_BYTES + 1), false, 60000, NULL, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_UNREACHABLE);
    g_assert_nonnull(strstr(error->message, "too long"));
}

static void test_silence(void)
{
    enum { LIMIT_MS = 200 };
    gint64 from_us = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    static const char part[] = "HTTP/1.1 200 OK\r\n";
    g_assert_null(get_bytes(g_bytes_new_static(part, sizeof part - 1), true, LIMIT_MS, NULL, &error));
    gint64 took_us = g_get_monotonic_time() - from_us;
    g_assert_error(error, RW_ERROR, RW_ERR_UNREACHABLE);
    g_assert_cmpint(took_us, >=, LIMIT_MS * 1000);
    g_assert_cmpint(took_us, <, 10 * G_USEC_PER_SEC);
}

static void test_nobody(void)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    g_socket_listener_close(listener);
    g_autoptr(GError) error = NULL;
    g_assert_null(rw_http_get("127.0.0.1", port, "/status", 20000, &error));
    g_assert_error(error, RW_ERROR, RW_ERR_UNREACHABLE);
    g_autofree char *place = g_strdup_printf("127.0.0.1:%u: ", port);
    g_assert_nonnull(strstr(error->message, place));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/client/answers", test_answers);
    g_test_add_func("/http/client/request", test_request);
    g_test_add_func("/http/client/refused", test_refused);
    g_test_add_func("/http/client/size", test_size);
    g_test_add_func("/http/client/silence", test_silence);
    g_test_add_func("/http/client/nobody", test_nobody);
    return g_test_run();
}
