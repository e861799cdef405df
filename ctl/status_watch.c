/* drcctl status --watch: one thread looks, which may take its time; this one draws, and hears keys and signals. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/stop.h"
#include "ctl/status_frame.h"

#define ENTER "\x1b[?1049h\x1b[?25l" /* the other screen, without cursor */
#define LEAVE "\x1b[?25h\x1b[?1049l"
#define HOME "\x1b[H"
#define CLEAR_LINE "\x1b[K"
#define CLEAR_REST "\x1b[J"

struct watch {
    const struct watch_options *options;
    struct config *config;
    struct stop *stop;
    bool terminal;
    int looked_fd; /* readable: there is a new picture */
    pthread_mutex_t lock;
    struct pair_status status; /* of the last look, under the lock */
    struct frame_rate *rates;
    char clock[CLOCK_TEXT_LEN];
    bool any; /* there was a look */
};

/* ---- looking ---- */

/* The look goes on beside the lock, into another status; then what both have found changes places. */
static void *look(void *context)
{
    struct watch *w = context;
    struct pair_status other;
    const uint64_t one = 1;
    status_open(&other, w->config);
    do {
        status_look(&other);
        pthread_mutex_lock(&w->lock);
        struct link_status *last = w->status.links; /* the connections stay here */
        w->status.links = other.links;
        other.links = last;
        (void)clock_text(w->clock, clock_wall_us());
        for (size_t i = 0; i < w->status.count; i++)
            frame_rate_note(&w->rates[i], &w->status.links[i], clock_mono_ms());
        w->any = true;
        pthread_mutex_unlock(&w->lock);
        ssize_t n = write(w->looked_fd, &one, sizeof one);
        (void)n;
    } while (!stop_wait(w->stop, (unsigned)w->options->interval_ms));
    status_free(&other);
    return NULL;
}

/* ---- drawing ---- */

static void put_whole(struct buf *out)
{
    for (size_t sent = 0; sent < out->len;) {
        ssize_t n = write(STDOUT_FILENO, out->data + sent, out->len - sent);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return; /* nobody reads it */
        sent += n > 0 ? (size_t)n : 0;
    }
}

/* Line by line over what is there, so that nothing flickers. */
static void draw(struct watch *w)
{
    struct winsize size = {0};
    struct buf picture = {0}, out = {0};
    size_t row = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
        size = (struct winsize){.ws_col = 80, .ws_row = 24};
    pthread_mutex_lock(&w->lock);
    if (w->any)
        frame_put(&picture, &w->status, w->rates, w->clock, size.ws_col, true);
    else
        buf_put_str(&picture, "looking …\n");
    pthread_mutex_unlock(&w->lock);
    buf_put_str(&out, HOME);
    for (const char *line = buf_cstr(&picture); *line && row + 1 < size.ws_row; row++) {
        size_t n = strcspn(line, "\n");
        buf_printf(&out, "%.*s" CLEAR_LINE "\r\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
    buf_printf(&out,
               "\x1b[2mq: quit%s"
               "\x1b[0m" CLEAR_LINE CLEAR_REST,
               "");
    put_whole(&out);
    buf_free(&picture);
    buf_free(&out);
}

static void print(struct watch *w)
{
    struct buf out = {0};
    pthread_mutex_lock(&w->lock);
    if (w->options->json)
        status_print_json(&w->status, stdout);
    else
        frame_put_lines(&out, &w->status, w->rates, w->clock);
    pthread_mutex_unlock(&w->lock);
    fputs(buf_cstr(&out), stdout);
    (void)fflush(stdout);
    buf_free(&out);
}

/* ---- keys and signals ---- */

static int hear_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        (void)sigaddset(&set, all[i]);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True: it is to end. */
static bool take_signal(struct watch *w, int fd)
{
    struct signalfd_siginfo s;
    if (read(fd, &s, sizeof s) != (ssize_t)sizeof s || s.ssi_signo == SIGTSTP)
        return false; /* a terminal in this state is not to be left behind */
    if (s.ssi_signo != SIGWINCH)
        return true;
    if (w->terminal)
        draw(w);
    return false;
}

static bool take_key(void)
{
    char key;
    ssize_t n = read(STDIN_FILENO, &key, 1);
    return n == 0 || (n == 1 && (key == 'q' || key == 'Q' || key == 3)) || (n < 0 && errno != EINTR && errno != EAGAIN);
}

static void follow(struct watch *w, int signal_fd)
{
    struct pollfd fds[] = {
        {.fd = signal_fd,                                               .events = POLLIN},
        {.fd = w->looked_fd,                                            .events = POLLIN},
        {.fd = w->terminal && isatty(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = STDOUT_FILENO,                                           .events = 0     }, /* an end that nobody reads any more */
    };
    uint64_t n;
    for (;;) {
        if (poll(fds, sizeof fds / sizeof fds[0], -1) < 0 && errno != EINTR)
            return;
        if ((fds[0].revents && take_signal(w, signal_fd)) || (fds[2].revents && take_key()) ||
            fds[3].revents & (POLLERR | POLLHUP))
            return;
        if (!(fds[1].revents & POLLIN) || read(w->looked_fd, &n, sizeof n) < 0)
            continue;
        if (w->terminal)
            draw(w);
        else
            print(w);
        if (ferror(stdout))
            return;
    }
}

/* ---- the terminal ---- */

/* Single keys, not shown. False: standard input is none. */
static bool take_terminal(struct termios *before)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, before) < 0)
        return false;
    raw = *before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void on_terminal(struct watch *w, int signal_fd)
{
    struct termios before;
    struct buf escape = {0};
    bool taken = take_terminal(&before);
    buf_put_str(&escape, ENTER);
    put_whole(&escape);
    draw(w);
    follow(w, signal_fd);
    buf_clear(&escape);
    buf_put_str(&escape, LEAVE);
    put_whole(&escape);
    buf_free(&escape);
    if (taken)
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

int status_watch(struct config *config, const struct watch_options *options)
{
    /* Lives as long as the process: the thread that looks may hang in a look when this one ends. */
    struct watch *w = xcalloc(1, sizeof *w);
    pthread_t thread;
    int signal_fd = hear_signals();
    *w = (struct watch){.options = options,
                        .config = config,
                        .stop = stop_new(),
                        .terminal = !options->json && isatty(STDOUT_FILENO),
                        .looked_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                        .rates = xcalloc(config->link_count + 1, sizeof *w->rates)};
    pthread_mutex_init(&w->lock, NULL);
    status_open(&w->status, config);
    int failed = signal_fd < 0 || w->looked_fd < 0 ? errno : pthread_create(&thread, NULL, look, w);
    if (failed) {
        fprintf(stderr, "drcctl: cannot watch: %s\n", strerror(failed));
        return EXIT_TRY_AGAIN;
    }
    if (w->terminal)
        on_terminal(w, signal_fd);
    else
        follow(w, signal_fd);
    (void)fflush(stdout);
    _exit(EXIT_DONE);
}
