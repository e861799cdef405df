/* The HTTP server by its socket: methods, names of the host, clients that are many, slow or rude. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "common/link/http.h"
#include "tests/unit/cmocka_all.h"

static void handler(void *context, const char *path, struct http_answer *out)
{
    (void)context;
    out->status = strcmp(path, "/") == 0 ? 200 : 404;
    buf_printf(&out->body, "path %s\n", path);
}

static uint16_t free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    (void)close(fd);
    return ntohs(a.sin_port);
}

static struct http *start(struct host_config *where)
{
    struct http *h;
    struct err err = {0};
    *where = (struct host_config){(char *)"127.0.0.1", free_port()};
    if (http_start(&h, where, handler, NULL, &err) != 0)
        fail_msg("%s", err.text);
    return h;
}

static int dial(const struct host_config *where)
{
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(where->port)};
    const struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

/* What the server says until it hangs up. */
static void talk(const struct host_config *where, const char *request, char *answer, size_t size)
{
    size_t n = 0;
    ssize_t got;
    int fd = dial(where);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    while (n < size - 1 && (got = recv(fd, answer + n, size - 1 - n, 0)) > 0)
        n += (size_t)got;
    answer[n] = '\0';
    (void)close(fd);
}

static void requests(void **state)
{
    (void)state;
    struct host_config where;
    struct http *h = start(&where);
    const struct {
        const char *request;
        const char *status;
        const char *part;
        const char *absent;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: localhost:1\r\n\r\n",                        "HTTP/1.1 200", "\r\n\r\npath /\n",  "Allow" },
        {"GET /?a=b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",                      "HTTP/1.1 200", "\r\n\r\npath /\n",  "a=b"   },
        {"GET / HTTP/1.0\r\n\r\n",                                             "HTTP/1.",      " 200 ",             "Allow" },
        {"GET / HTTP/1.1\r\nHost: [::1]:9\r\n\r\n",                            "HTTP/1.1 200", "nosniff",           "Allow" },
        {"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n",                         "HTTP/1.1 200", "Content-Length: 7", "path /"},
        {"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n",                   "HTTP/1.1 404",
         "Content-Security-Policy: default-src 'none'\r\n",                                                         "Allow" },
        {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",                       "HTTP/1.1 421", "localhost",         "path /"},
        {"GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n",             "HTTP/1.1 421", "localhost",         "path /"},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405", "Allow: GET, HEAD",
         "path /"                                                                                                           },
        {"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n",                       "HTTP/1.1 405", "Allow: GET, HEAD",  "path /"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char answer[4096];
        talk(&where, cases[i].request, answer, sizeof answer);
        if (strncmp(answer, cases[i].status, strlen(cases[i].status)) != 0 || !strstr(answer, cases[i].part) ||
            strstr(answer, cases[i].absent))
            fail_msg("%s\nis answered by\n%s", cases[i].request, answer);
        assert_non_null(strstr(answer, "Connection: close"));
    }
    http_stop(&h);
    assert_null(h);
}

/* More than it serves at a time, none of which says anything: they neither stop it nor hold up its end. */
static void silent_clients(void **state)
{
    (void)state;
    struct host_config where;
    struct http *h = start(&where);
    int fds[HTTP_MOST_CLIENTS - 4];
    char answer[4096];
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        fds[i] = dial(&where);
        assert_int_equal(send(fds[i], "GET /", 5, MSG_NOSIGNAL), 5);
    }
    talk(&where, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 200 "));
    int more[16];
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        more[i] = dial(&where); /* some wait to be accepted */
    http_stop(&h);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        (void)close(fds[i]);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        (void)close(more[i]);
}

static void rude_clients(void **state)
{
    (void)state;
    struct host_config where;
    struct http *h = start(&where);
    char answer[4096];
    char *line = xmalloc(65536);
    memset(line, 'a', 65535);
    memcpy(line, "GET /", 5);
    line[65535] = '\0';
    int fd = dial(&where);
    (void)send(fd, line, 65535, MSG_NOSIGNAL); /* a line without end: more than it keeps */
    while (recv(fd, answer, sizeof answer, 0) > 0)
        continue;
    (void)close(fd);
    talk(&where, "\x16\x03\x01 nonsense\r\n\r\n", answer, sizeof answer);
    talk(&where, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 200 "));
    free(line);
    http_stop(&h);
}

static void a_taken_port_is_tried_again_later(void **state)
{
    (void)state;
    struct host_config where;
    struct http *h = start(&where), *second;
    struct err err = {0};
    assert_int_equal(http_start(&second, &where, handler, NULL, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    assert_non_null(strstr(err.text, "Address already in use"));
    http_stop(&h);
    assert_int_equal(http_start(&second, &where, handler, NULL, &err), 0);
    http_stop(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(silent_clients),
        cmocka_unit_test(rude_clients),
        cmocka_unit_test(a_taken_port_is_tried_again_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
