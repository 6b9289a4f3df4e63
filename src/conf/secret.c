#include "conf/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_BYTES = 4096 };

void rw_secret_free(char *secret)
{
    if (!secret) return;
    explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

char *rw_secret_variable(const char *site)
{
    g_autofree char *upper = g_ascii_strup(site, -1);
    for (char *c = upper; *c; c++)
        if (!g_ascii_isalnum(*c)) *c = '_';
    return g_strdup_printf("RINGWAY_%s_PASSWORD", upper);
}

static bool check_mode(int fd, const rw_site_conf *site, GError **error)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return rw_fail(error, RW_ERR_CONFIG, "%s: password file of site %s: %s", site->password_file, site->name, g_strerror(errno));
    if (!S_ISREG(st.st_mode))
        return rw_fail(error, RW_ERR_CONFIG, "%s: password file of site %s: not a regular file; name a file that holds the password",
                       site->password_file, site->name);
    if (st.st_mode & S_IRWXO)
        return rw_fail(error, RW_ERR_CONFIG, "%s: password file of site %s: other users can access it; run: chmod 600 '%s'",
                       site->password_file, site->name, site->password_file);
    return true;
}

static char *first_line(char *buffer, size_t len, const rw_site_conf *site, GError **error)
{
    char *end = memchr(buffer, '\n', len);
    size_t n = end ? (size_t)(end - buffer) : len;
    if (n && buffer[n - 1] == '\r') n--;
    const char *why = NULL;
    if (n == 0) why = "its first line is empty; write the password there";
    else if (!end && len == LONGEST_BYTES) why = "its first line is longer than any password; name the right file";
    else if (memchr(buffer, '\0', n)) why = "it is not a text file; name the right file";
    if (!why) return g_strndup(buffer, n);
    rw_fail(error, RW_ERR_CONFIG, "%s: password file of site %s: %s", site->password_file, site->name, why);
    return NULL;
}

static char *read_file(const rw_site_conf *site, GError **error)
{
    /* O_NONBLOCK: a path that names a pipe must be refused, not waited for. */
    int fd = open(site->password_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        rw_fail(error, RW_ERR_CONFIG, "%s: password file of site %s: %s; create it or correct password_file", site->password_file,
                site->name, g_strerror(errno));
        return NULL;
    }
    char *password = NULL;
    if (check_mode(fd, site, error)) {
        char buffer[LONGEST_BYTES];
        size_t len = 0;
        ssize_t n = 0;
        while (len < sizeof buffer && (n = read(fd, buffer + len, sizeof buffer - len)) != 0) {
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) break;
            len += (size_t)n;
        }
        if (n < 0) rw_fail(error, RW_ERR_CONFIG, "%s: password file of site %s: %s", site->password_file, site->name, g_strerror(errno));
        else password = first_line(buffer, len, site, error);
        explicit_bzero(buffer, sizeof buffer);
    }
    close(fd);
    return password;
}

bool rw_secret_load(rw_site_conf *site, GError **error)
{
    g_autofree char *variable = rw_secret_variable(site->name);
    const char *env = g_getenv(variable);
    char *password = NULL;
    if (env && *env) password = g_strdup(env);
    else if (site->password_file) password = read_file(site, error);
    else return true;
    if (!password) return false;
    rw_secret_free(site->password);
    site->password = password;
    site->password_from_env = env && *env;
    return true;
}
