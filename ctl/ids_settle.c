/* Which residue class each region's ids shall have, and the statements that bring it about. Pure. */
#include <inttypes.h>
#include <string.h>

#include "common/base/mem.h"
#include "ctl/ids.h"

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b > 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static bool is_kept(const struct ids_settings *s)
{
    return s->increment > 0 && s->offset >= 1 && s->offset <= s->increment;
}

bool ids_collide(const struct ids_settings *a, const struct ids_settings *b)
{
    if (!is_kept(a) || !is_kept(b))
        return true;
    uint64_t both = gcd(a->increment, b->increment);
    return a->offset % both == b->offset % both;
}

static bool any_collide(const struct ids_facts *f)
{
    for (size_t i = 0; i < f->count; i++)
        for (size_t k = 0; k < i; k++)
            if (f->regions[i].writes && f->regions[k].writes &&
                ids_collide(&f->regions[i].settings, &f->regions[k].settings))
                return true;
    return false;
}

/* Does a region before `end`, or any that has its offset already, plan with this offset? */
static bool is_taken(const struct ids_facts *f, uint64_t offset)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->regions[i].planned.offset == offset)
            return true;
    return false;
}

static void plan_offsets(struct ids_facts *f, uint64_t increment, bool all)
{
    for (size_t i = 0; i < f->count; i++) {
        struct ids_region *r = &f->regions[i];
        bool takes_part = all || r->writes;
        bool fits = r->settings.increment == increment && is_kept(&r->settings);
        if (takes_part)
            r->planned =
                (struct ids_settings){increment, fits && !is_taken(f, r->settings.offset) ? r->settings.offset : 0};
    }
    for (size_t i = 0; i < f->count; i++) {
        struct ids_settings *planned = &f->regions[i].planned;
        uint64_t offset = 1;
        while (planned->increment > 0 && planned->offset == 0 && is_taken(f, offset))
            offset++;
        if (planned->increment > 0 && planned->offset == 0)
            planned->offset = offset;
    }
}

void ids_plan_settings(struct ids_facts *f, unsigned regions)
{
    uint64_t increment = regions;
    bool all = regions > 0;
    for (size_t i = 0; i < f->count; i++) {
        f->regions[i].planned = (struct ids_settings){0};
        if (!all && f->regions[i].writes)
            increment++;
    }
    for (size_t i = 0; i < f->count; i++)
        if (!all && f->regions[i].writes && f->regions[i].settings.increment > increment)
            increment = f->regions[i].settings.increment;
    if (all || any_collide(f))
        plan_offsets(f, increment, all);
    for (size_t i = 0; i < f->count; i++)
        if (f->regions[i].planned.increment == 0)
            f->regions[i].planned = f->regions[i].settings;
}

uint64_t ids_type_limit(const char *column_type)
{
    static const struct {
        const char *name;
        uint64_t limit;
        uint64_t limit_unsigned;
    } types[] = {
        {"tinyint",   INT8_MAX,          UINT8_MAX        },
        {"smallint",  INT16_MAX,         UINT16_MAX       },
        {"mediumint", 8388607,           16777215         },
        {"int",       INT32_MAX,         UINT32_MAX       },
        {"bigint",    INT64_MAX,         UINT64_MAX       },
        {"float",     UINT64_C(1) << 24, UINT64_C(1) << 24},
        {"double",    UINT64_C(1) << 53, UINT64_C(1) << 53},
    };
    size_t n = strcspn(column_type, "( ");
    bool positive = strstr(column_type, "unsigned") != NULL;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i].name) == n && memcmp(types[i].name, column_type, n) == 0)
            return positive ? types[i].limit_unsigned : types[i].limit;
    return 0;
}

/* ---- statements ---- */

static char *take_text(struct buf *b)
{
    char *text = xstrdup(buf_cstr(b));
    buf_free(b);
    return text;
}

static void put_object(struct buf *out, const char *db, const char *name)
{
    db_put_name(out, span_str(db));
    buf_put_str(out, ".");
    db_put_name(out, span_str(name));
}

char *ids_settings_sql(enum flavor flavor, const struct ids_settings *s)
{
    const char *how = flavor == FLAVOR_MYSQL ? "PERSIST" : "GLOBAL";
    return xasprintf("SET %s auto_increment_increment = %" PRIu64 ", %s auto_increment_offset = %" PRIu64 ";", how,
                     s->increment, how, s->offset);
}

/* Each region's own matter, hence out of the binlog: a link would wait with it. */
#define NOT_LOGGED "SET SESSION sql_log_bin = 0; "

char *ids_counter_sql(const struct ids_table *t, uint64_t next)
{
    struct buf b = {0};
    buf_put_str(&b, NOT_LOGGED "ALTER TABLE ");
    put_object(&b, t->db, t->name);
    buf_printf(&b, " AUTO_INCREMENT = %" PRIu64 ";", next);
    return take_text(&b);
}

/* A comment takes no X'…'. */
static void put_quoted(struct buf *out, const char *text)
{
    buf_put_u8(out, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '\'' || *p == '\\')
            buf_put_u8(out, (uint8_t)*p);
        buf_put_u8(out, (uint8_t)*p);
    }
    buf_put_u8(out, '\'');
}

char *ids_widen_sql(const struct ids_table *t)
{
    struct buf b = {0};
    buf_put_str(&b, "ALTER TABLE ");
    put_object(&b, t->db, t->name);
    buf_put_str(&b, " MODIFY ");
    db_put_name(&b, span_str(t->column));
    buf_put_str(&b, " BIGINT UNSIGNED NOT NULL AUTO_INCREMENT");
    if (*t->comment) {
        buf_put_str(&b, " COMMENT ");
        put_quoted(&b, t->comment);
    }
    buf_put_str(&b, ";");
    return take_text(&b);
}

/* The first value of the class that is not before `next`, in the direction that the sequence goes. False: there is
 * none. */
static bool first_of_class(int64_t *out, int64_t next, const struct ids_settings *class, bool down)
{
    __int128 step = (__int128)class->increment;
    __int128 past = (((__int128)next - (__int128)class->offset) % step + step) % step;
    __int128 value = next + (past == 0 ? 0 : down ? -past : step - past);
    *out = (int64_t)value;
    return value == (__int128)*out;
}

static int64_t furthest_next(const struct ids_facts *f, const char *db, const char *name, bool down, int64_t next)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct ids_sequence *s = ids_find_sequence(&f->regions[i], db, name);
        if (s && (down ? s->next < next : s->next > next))
            next = s->next;
    }
    return next;
}

char *ids_sequence_sql(const struct ids_facts *f, size_t at, const char *db, const char *name)
{
    const struct ids_region *r = &f->regions[at];
    const struct ids_sequence *s = ids_find_sequence(r, db, name);
    struct buf b = {0};
    int64_t value, next;
    if (!s || s->increment == 0)
        return NULL;
    bool down = s->increment < 0;
    int64_t step = down ? -(int64_t)r->planned.increment : (int64_t)r->planned.increment;
    if (s->increment == step && first_of_class(&value, s->next, &r->planned, down) && value == s->next)
        return NULL;
    next = furthest_next(f, db, name, down, s->next);
    if (!first_of_class(&value, next, &r->planned, down))
        value = next;
    buf_put_str(&b, NOT_LOGGED "ALTER SEQUENCE ");
    put_object(&b, db, name);
    buf_printf(&b, " INCREMENT BY %" PRId64 " RESTART WITH %" PRId64 ";", step, value);
    return take_text(&b);
}
