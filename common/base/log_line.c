/* One line of the log as text or JSON. Every text that goes in is cut to what is left of the line's room first. */
#include "common/base/log_line.h"

#include <inttypes.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"

#define CUT "..."
#define FIELDS_MAX 16

/* The first bytes of `s`, at most *room, whole characters. */
static struct span taken(struct span s, size_t *room, bool *cut)
{
    *cut = s.n > *room;
    if (*cut) {
        s.n = *room;
        while (s.n > 0 && (s.p[s.n] & 0xc0) == 0x80)
            s.n--;
    }
    *room -= s.n;
    return s;
}

static void put_text(struct buf *out, struct span s, size_t *room)
{
    bool cut;
    utf8_put_printable(out, taken(s, room, &cut), SIZE_MAX);
    if (cut)
        buf_put_str(out, CUT);
}

static void put_json(struct buf *out, struct span s, size_t *room)
{
    bool cut;
    utf8_put_json(out, taken(s, room, &cut));
    if (cut)
        buf_put_str(out, CUT);
}

static bool is_bare(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\')
            return false;
    }
    return s.n > 0;
}

/* Between double quotes. */
static void put_quoted(struct buf *out, struct span s, size_t *room)
{
    while (s.n > 0 && *room > 0) {
        size_t n = 0;
        while (n < s.n && s.p[n] != '"' && s.p[n] != '\\')
            n++;
        put_text(out, span_of(s.p, n), room);
        if (n<s.n && * room> 0) {
            buf_put_u8(out, '\\');
            buf_put_u8(out, s.p[n++]);
            --*room;
        }
        s = span_of(s.p + n, s.n - n);
    }
}

static void put_value(struct buf *out, const struct log_field *f, size_t *room)
{
    bool bare = is_bare(f->text) && (f->kind != LOG_KIND_NAME || is_bare(f->more));
    if (!bare)
        buf_put_u8(out, '"');
    put_quoted(out, f->text, room);
    if (f->kind == LOG_KIND_NAME) {
        buf_put_u8(out, '.');
        put_quoted(out, f->more, room);
    }
    if (!bare)
        buf_put_u8(out, '"');
}

static void put_number(struct buf *out, const struct log_field *f)
{
    if (f->kind == LOG_KIND_SIGNED)
        buf_printf(out, "%" PRId64, (int64_t)f->number);
    else
        buf_printf(out, "%" PRIu64, f->number);
}

static bool is_number(const struct log_field *f)
{
    return f->kind == LOG_KIND_UNSIGNED || f->kind == LOG_KIND_SIGNED;
}

/* What is said, the details behind it. */
static void put_message(struct buf *out, const struct log_line *line, size_t *room,
                        void (*put)(struct buf *, struct span, size_t *))
{
    bool begun = line->says && *line->says;
    if (begun)
        put(out, span_str(line->says), room);
    for (size_t i = 0; i < line->count; i++) {
        if (line->fields[i].key || line->fields[i].text.n == 0)
            continue;
        if (begun)
            buf_put_str(out, ": ");
        put(out, line->fields[i].text, room);
        begun = true;
    }
    if (line->repeated) {
        buf_put_str(out, ": ");
        put(out, span_str(line->repeated), room);
    }
}

void log_line_text(struct buf *out, const struct log_line *line)
{
    char id[MESSAGE_TEXT_LEN];
    size_t room = LOG_LINE_TEXTS;
    if (line->id != MESSAGE_NONE)
        buf_printf(out, "%s ", message_text(id, line->id));
    put_message(out, line, &room, put_text);
    for (size_t i = 0; i < line->count && i < FIELDS_MAX; i++) {
        const struct log_field *f = &line->fields[i];
        if (!f->key)
            continue;
        buf_printf(out, " %.32s=", f->key);
        if (is_number(f))
            put_number(out, f);
        else
            put_value(out, f, &room);
    }
}

static void put_json_fields(struct buf *out, const struct log_line *line, size_t *room)
{
    const char *comma = "";
    for (size_t i = 0; i < line->count && i < FIELDS_MAX; i++) {
        const struct log_field *f = &line->fields[i];
        if (!f->key)
            continue;
        buf_printf(out, "%s\"%.32s\":", comma, f->key);
        comma = ",";
        if (is_number(f)) {
            put_number(out, f);
            continue;
        }
        buf_put_u8(out, '"');
        put_json(out, f->text, room);
        if (f->kind == LOG_KIND_NAME) {
            buf_put_u8(out, '.');
            put_json(out, f->more, room);
        }
        buf_put_u8(out, '"');
    }
}

void log_line_json(struct buf *out, const struct log_line *line)
{
    char id[MESSAGE_TEXT_LEN], time[CLOCK_TEXT_LEN];
    size_t room = LOG_LINE_TEXTS;
    clock_text(time, line->wall_us);
    buf_printf(out, "{\"time\":\"%s\",\"level\":\"%s\"", time, log_level_name(line->level));
    if (line->id != MESSAGE_NONE)
        buf_printf(out, ",\"id\":\"%s\"", message_text(id, line->id));
    buf_put_str(out, ",\"message\":\"");
    put_message(out, line, &room, put_json);
    buf_put_str(out, "\",\"fields\":{");
    put_json_fields(out, line, &room);
    buf_put_str(out, "}}");
}
