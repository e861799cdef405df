/* libmicrohttpd with one polling thread, its bounds, and the few headers that every answer has. */
#include "common/link/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/stop.h"

#define BACKLOG 64
#define MEMORY_OF_ONE 16384u /* bytes: request line and headers */
#define IDLE_S 10u           /* without a byte */
#define SWEEP_MS 1000u

/* A client whose time runs. */
struct guest {
    int fd; /* -1: none */
    uint64_t since_ms;
};

struct http {
    struct MHD_Daemon *daemon;
    http_handler *handler;
    void *context;
    bool loopback;
    pthread_mutex_t lock; /* of guests */
    struct guest guests[HTTP_MOST_CLIENTS + 1];
    struct stop *stop;
    pthread_t sweeper;
};

/* ---- who may ask ---- */

static bool is_loopback(const char *name)
{
    return strncmp(name, "127.", 4) == 0 || strcmp(name, "localhost") == 0 || strcmp(name, "::1") == 0;
}

bool http_is_loopback(const struct host_config *where)
{
    return is_loopback(where->name);
}

bool http_host_is_ours(const char *host)
{
    if (!host || *host == '[')
        return true; /* HTTP/1.0; an address of IPv6 */
    size_t n = strcspn(host, ":");
    if (n == strlen("localhost") && strncasecmp(host, "localhost", n) == 0)
        return true;
    return n > 0 && strspn(host, "0123456789.") >= n;
}

/* ---- clients that take too long ---- */

static void put_guest(struct http *h, int was, int is)
{
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < sizeof h->guests / sizeof *h->guests; i++) {
        if (h->guests[i].fd != was)
            continue;
        h->guests[i] = (struct guest){is, clock_mono_ms()};
        break;
    }
    pthread_mutex_unlock(&h->lock);
}

/* The server closes the socket only after this has been told of it. */
static void on_connection(void *context, struct MHD_Connection *c, void **unused,
                          enum MHD_ConnectionNotificationCode what)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    (void)unused;
    if (!info)
        return;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        put_guest(context, -1, info->connect_fd);
    else
        put_guest(context, info->connect_fd, -1);
}

static void *sweep(void *context)
{
    struct http *h = context;
    (void)pthread_setname_np(pthread_self(), "http sweeper");
    while (!stop_wait(h->stop, SWEEP_MS)) {
        uint64_t now = clock_mono_ms();
        pthread_mutex_lock(&h->lock);
        for (size_t i = 0; i < sizeof h->guests / sizeof *h->guests; i++)
            if (h->guests[i].fd >= 0 && now - h->guests[i].since_ms > HTTP_PATIENCE_S * 1000u)
                (void)shutdown(h->guests[i].fd, SHUT_RDWR);
        pthread_mutex_unlock(&h->lock);
    }
    return NULL;
}

/* ---- answering ---- */

static enum MHD_Result send_answer(struct MHD_Connection *c, struct http_answer *a, const char *allow)
{
    static const char nothing[] = "default-src 'none'";
    struct MHD_Response *r = MHD_create_response_from_buffer(
        a->body.len, a->body.data ? (void *)a->body.data : (void *)"", MHD_RESPMEM_MUST_COPY);
    if (!r)
        return MHD_NO;
    const char *policy = a->policy.len > 0 ? buf_cstr(&a->policy) : nothing;
    const struct {
        const char *name;
        const char *value;
    } headers[] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE,  a->type      },
        {MHD_HTTP_HEADER_CONNECTION,    "close"      },
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"   },
        {"Content-Security-Policy",     policy       },
        {"X-Content-Type-Options",      "nosniff"    },
        {"X-Frame-Options",             "DENY"       },
        {"Referrer-Policy",             "no-referrer"},
        {MHD_HTTP_HEADER_ALLOW,         allow        },
    };
    enum MHD_Result rc = MHD_YES;
    for (size_t i = 0; i < sizeof headers / sizeof *headers && rc == MHD_YES; i++)
        if (headers[i].value)
            rc = MHD_add_response_header(r, headers[i].name, headers[i].value);
    if (rc == MHD_YES)
        rc = MHD_queue_response(c, a->status, r);
    MHD_destroy_response(r);
    return rc;
}

static void refuse(struct http_answer *a, unsigned status, const char *why)
{
    a->status = status;
    buf_printf(&a->body, "%s\n", why);
}

static enum MHD_Result answer(struct http *h, struct MHD_Connection *c, const char *path, const char *method)
{
    struct http_answer a = {.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8"};
    const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    bool good = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (!good)
        refuse(&a, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
    else if (h->loopback && !http_host_is_ours(host))
        refuse(&a, MHD_HTTP_MISDIRECTED_REQUEST, "ask by an address, or as localhost");
    else
        h->handler(h->context, path, &a);
    enum MHD_Result rc = send_answer(c, &a, good ? NULL : "GET, HEAD");
    buf_free(&a.body);
    buf_free(&a.policy);
    return rc;
}

/* Called for each request when its headers have come, then for what it brings with it, which nobody asked for: that
 * ends the connection. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *c, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **seen)
{
    static char marker;
    (void)version;
    (void)upload;
    if (!*seen && strcmp(method, MHD_HTTP_METHOD_GET) == 0) {
        *seen = &marker;
        return MHD_YES;
    }
    return *upload_size > 0 ? MHD_NO : answer(context, c, path, method);
}

static void on_trouble(void *context, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void on_trouble(void *context, const char *fmt, va_list ap)
{
    char text[300];
    (void)context;
    (void)vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http: %s", text);
}

/* ---- life ---- */

static int listen_at(int *out, const struct addrinfo *a)
{
    int one = 1;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (a->ai_family == AF_INET6) /* the same on every system: [::] is IPv6 alone */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        *out = fd;
        return 0;
    }
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}

static int open_socket(int *out, const struct host_config *where, struct err *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", where->port);
    int failed = getaddrinfo(where->name, port, &hints, &found);
    if (failed)
        return err_retry(err, "cannot listen on %s:%s: %s", where->name, port, gai_strerror(failed));
    int rc = listen_at(out, found);
    if (rc)
        (void)err_retry(err, "cannot listen on %s:%s: %s", where->name, port, strerror(errno));
    freeaddrinfo(found);
    return rc;
}

int http_start(struct http **out, const struct host_config *where, http_handler *handler, void *context,
               struct err *err)
{
    int fd = -1;
    *out = NULL;
    if (open_socket(&fd, where, err))
        return -1;
    struct http *h = xcalloc(1, sizeof *h);
    *h = (struct http){.handler = handler, .context = context, .loopback = is_loopback(where->name)};
    pthread_mutex_init(&h->lock, NULL);
    h->stop = stop_new();
    for (size_t i = 0; i < sizeof h->guests / sizeof *h->guests; i++)
        h->guests[i].fd = -1;
    int failed = pthread_create(&h->sweeper, NULL, sweep, h);
    if (!failed)
        h->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                                     on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_trouble, h, MHD_OPTION_LISTEN_SOCKET,
                                     fd, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_CONNECTION_LIMIT,
                                     (unsigned)HTTP_MOST_CLIENTS, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
                                     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_OF_ONE, MHD_OPTION_END);
    if (h->daemon) {
        *out = h;
        return 0;
    }
    (void)close(fd);
    (void)err_retry(err, "no thread to be had for HTTP");
    if (!failed) {
        stop_request(h->stop, "failed");
        (void)pthread_join(h->sweeper, NULL);
    }
    stop_free(&h->stop);
    pthread_mutex_destroy(&h->lock);
    free(h);
    return -1;
}

void http_stop(struct http **http)
{
    struct http *h = *http;
    if (!h)
        return;
    MHD_stop_daemon(h->daemon); /* closes what it listens on, too */
    stop_request(h->stop, "stopped");
    (void)pthread_join(h->sweeper, NULL);
    stop_free(&h->stop);
    pthread_mutex_destroy(&h->lock);
    free(h);
    *http = NULL;
}
