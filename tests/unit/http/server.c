#include "http/server.h"

#include "http/client.h"
#include "http/host.h"
#include "http/page.h"

#include <gio/gio.h>
#include <string.h>

static char *status_json(void *user)
{
    g_atomic_int_inc((gint *)user);
    return g_strdup("{\"name\":\"shop \303\251\"}");
}

static char *no_status(void *user)
{
    (void)user;
    return NULL;
}

static rw_http *start(gint *asked)
{
    g_autoptr(GError) error = NULL;
    rw_http *http = rw_http_start(NULL, 0, asked ? status_json : no_status, asked, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(rw_http_port(http), >, 0);
    return http;
}

static GSocketConnection *connect_to(const rw_http *http)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_set_timeout(client, 20);
    GSocketConnection *connection = g_socket_client_connect_to_host(client, "127.0.0.1", (guint16)rw_http_port(http), NULL, &error);
    g_assert_no_error(error);
    return connection;
}

/* Everything that the server answers until it closes the connection. */
static char *exchange(const rw_http *http, const char *request)
{
    g_autoptr(GSocketConnection) connection = connect_to(http);
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    g_output_stream_write_all(out, request, strlen(request), NULL, NULL, NULL);
    GString *answer = g_string_new(NULL);
    char chunk[4096];
    for (gssize n; (n = g_input_stream_read(in, chunk, sizeof chunk, NULL, NULL)) > 0;) g_string_append_len(answer, chunk, n);
    return g_string_free(answer, FALSE);
}

static char *request(const rw_http *http, const char *method, const char *path, const char *host)
{
    g_autofree char *text = g_strdup_printf("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", method, path, host);
    return exchange(http, text);
}

static void assert_code(const char *answer, unsigned code)
{
    g_autofree char *start = g_strdup_printf("HTTP/1.1 %u ", code);
    if (!g_str_has_prefix(answer, start)) g_error("not %u: %s", code, answer);
}

static void assert_has(const char *answer, const char *words)
{
    if (!strstr(answer, words)) g_error("\"%s\" is not in: %s", words, answer);
}

static void test_status(void)
{
    gint asked = 0;
    g_autoptr(rw_http) http = start(&asked);
    g_autofree char *answer = request(http, "GET", "/status", "localhost");
    assert_code(answer, 200);
    assert_has(answer, "Content-Type: application/json\r\n");
    assert_has(answer, "Cache-Control: no-store\r\n");
    assert_has(answer, "X-Content-Type-Options: nosniff\r\n");
    assert_has(answer, "\r\n\r\n{\"name\":\"shop \303\251\"}");
    g_autofree char *with_query = request(http, "GET", "/status?x=1", "localhost");
    assert_code(with_query, 200);
    g_assert_cmpint(asked, ==, 2);
}

static void test_page(void)
{
    gint asked = 0;
    g_autoptr(rw_http) http = start(&asked);
    g_autofree char *answer = request(http, "GET", "/", "localhost");
    assert_code(answer, 200);
    assert_has(answer, "Content-Type: text/html; charset=utf-8\r\n");
    assert_has(answer, "Content-Security-Policy: default-src 'none'; ");
    const char *body = strstr(answer, "\r\n\r\n") + 4;
    g_assert_true(g_str_has_prefix(body, "<!doctype html>"));
    g_assert_cmpuint(strlen(body), ==, rw_page_bytes);
    g_assert_null(strstr(body, "innerHTML"));
    g_assert_null(strstr(body, "://"));
    g_assert_cmpint(asked, ==, 0);
}

/* A browser runs the script only if the policy has its digest. */
static void test_policy(void)
{
    static const char *const tags[] = {"script", "style"};
    g_autofree char *page = g_strndup((const char *)rw_page, rw_page_bytes);
    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
        g_autofree char *open = g_strdup_printf("<%s>", tags[i]), *close = g_strdup_printf("</%s>", tags[i]);
        const char *from = strstr(page, open) + strlen(open), *end = strstr(from, close);
        guint8 digest[32];
        gsize bytes = sizeof digest;
        g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
        g_checksum_update(checksum, (const guchar *)from, end - from);
        g_checksum_get_digest(checksum, digest, &bytes);
        g_autofree char *base64 = g_base64_encode(digest, bytes);
        g_autofree char *rule = g_strdup_printf("%s-src 'sha256-%s'", tags[i], base64);
        assert_has(rw_page_policy, rule);
    }
    g_assert_null(strstr(rw_page_policy, "unsafe"));
}

static void test_refused(void)
{
    gint asked = 0;
    g_autoptr(rw_http) http = start(&asked);
    static const char *const paths[] = {"/x", "/status/", "//", "/../etc/passwd", "/index.html", "/status%2f"};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *answer = request(http, "GET", paths[i], "localhost");
        assert_code(answer, 404);
        assert_has(answer, "X-Content-Type-Options: nosniff\r\n");
    }
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get"};
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        g_autofree char *answer = request(http, methods[i], "/status", "localhost"), *page = request(http, methods[i], "/", "localhost");
        assert_code(answer, 405);
        assert_has(answer, "Allow: GET, HEAD\r\n");
        assert_code(page, 405);
    }
    g_autofree char *body = exchange(http, "POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000000\r\n\r\nx");
    assert_code(body, 405);
    g_assert_cmpint(asked, ==, 0);
    g_autofree char *head = request(http, "HEAD", "/status", "localhost");
    assert_code(head, 200);
    assert_has(head, "Content-Length: 18\r\n");
    g_assert_true(g_str_has_suffix(head, "\r\n\r\n"));
}

static void test_host(void)
{
    static const char *const good[] = {"localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:9580", "[::1]:80", "localhost:"};
    static const char *const bad[] = {"evil.example", "evil.example:9580", "localhost.evil.example", "localhost.", "127.0.0.1.evil.example",
                                      "127.0.0.2", "[::2]", "[::1", "::1", "[::1]x", "localhost:80x", "user@localhost", "[localhost]x:1",
                                      ":80"};
    gint asked = 0;
    g_autoptr(rw_http) http = start(&asked);
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *answer = request(http, "GET", "/status", good[i]);
        assert_code(answer, 200);
    }
    gint before = asked;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *answer = request(http, "GET", "/status", bad[i]), *page = request(http, "GET", "/", bad[i]);
        assert_code(answer, 403);
        assert_code(page, 403);
    }
    g_autofree char *none = exchange(http, "GET /status HTTP/1.0\r\n\r\n");
    assert_has(none, " 403 ");
    g_assert_cmpint(asked, ==, before);

    g_assert_true(rw_http_host_is_local("shop.example:80", "shop.example", "127.0.1.1"));
    g_assert_true(rw_http_host_is_local("127.0.1.1", "shop.example", "127.0.1.1"));
    g_assert_false(rw_http_host_is_local("", "shop.example", "127.0.1.1"));
    g_assert_false(rw_http_host_is_local(NULL, "shop.example", "127.0.1.1"));
}

/* On an address that others can reach, Ringway cannot know by which names they do. */
static void test_any_address(void)
{
    gint asked = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(rw_http) http = rw_http_start("0.0.0.0", 0, status_json, &asked, &error);
    g_assert_no_error(error);
    g_autofree char *answer = request(http, "GET", "/status", "db1.example:9580");
    assert_code(answer, 200);
}

static void test_six(void)
{
    gint asked = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(rw_http) http = rw_http_start("::1", 0, status_json, &asked, &error);
    if (!http) {
        g_test_skip("no IPv6 here");
        return;
    }
    g_autofree char *json = rw_http_get("::1", rw_http_port(http), "/status", 20000, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json, ==, "{\"name\":\"shop \303\251\"}");
}

static void test_not_yet(void)
{
    g_autoptr(rw_http) http = start(NULL);
    g_autofree char *answer = request(http, "GET", "/status", "localhost");
    assert_code(answer, 503);
}

static void test_cannot_listen(void)
{
    gint asked = 0;
    g_autoptr(rw_http) http = start(&asked);
    g_autoptr(GError) in_use = NULL, elsewhere = NULL;
    g_assert_null(rw_http_start("127.0.0.1", rw_http_port(http), status_json, &asked, &in_use));
    g_assert_error(in_use, RW_ERROR, RW_ERR_CONFIG);
    assert_has(in_use->message, "in use");
    g_assert_null(rw_http_start("192.0.2.1", 0, status_json, &asked, &elsewhere));
    g_assert_error(elsewhere, RW_ERROR, RW_ERR_CONFIG);
    assert_has(elsewhere->message, "192.0.2.1");
    rw_http_stop(NULL);
}

static gpointer ask_often(gpointer user)
{
    const rw_http *http = user;
    for (unsigned i = 0; i < 50; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *json = rw_http_get("127.0.0.1", rw_http_port(http), "/status", 20000, &error);
        g_assert_no_error(error);
        g_assert_nonnull(json);
    }
    return NULL;
}

static void test_many(void)
{
    gint asked = 0;
    g_autoptr(rw_http) http = start(&asked);
    GThread *threads[4];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) threads[i] = g_thread_new("ask", ask_often, http);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) g_thread_join(threads[i]);
    g_assert_cmpint(asked, ==, 200);
}

/* Peers that connect and say nothing use up the connections, not the program; when they go, it answers again. */
static void test_silent_peers(void)
{
    gint asked = 0;
    g_autoptr(rw_http) http = start(&asked);
    g_autoptr(GPtrArray) silent = g_ptr_array_new_with_free_func(g_object_unref);
    for (unsigned i = 0; i < 50; i++) g_ptr_array_add(silent, connect_to(http));
    g_ptr_array_set_size(silent, 0);
    g_autofree char *answer = request(http, "GET", "/status", "localhost");
    assert_code(answer, 200);
    g_autoptr(GSocketConnection) last = connect_to(http);
    g_assert_true(g_socket_connection_is_connected(last));
    gint64 from_us = g_get_monotonic_time();
    rw_http_stop(g_steal_pointer(&http));
    g_assert_cmpint(g_get_monotonic_time() - from_us, <, 5 * G_USEC_PER_SEC);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/server/status", test_status);
    g_test_add_func("/http/server/page", test_page);
    g_test_add_func("/http/server/policy", test_policy);
    g_test_add_func("/http/server/refused", test_refused);
    g_test_add_func("/http/server/host", test_host);
    g_test_add_func("/http/server/any_address", test_any_address);
    g_test_add_func("/http/server/six", test_six);
    g_test_add_func("/http/server/not_yet", test_not_yet);
    g_test_add_func("/http/server/cannot_listen", test_cannot_listen);
    g_test_add_func("/http/server/many", test_many);
    g_test_add_func("/http/server/silent_peers", test_silent_peers);
    return g_test_run();
}
