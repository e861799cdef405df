/* Records of an imagined stream for the stream tests: transaction n has GTID 0-1-10n, writers differ by epoch and
 * instance.
 *
 * Include after cmocka.h. */
#ifndef DRC_TESTS_STREAM_KIT_H
#define DRC_TESTS_STREAM_KIT_H

#include "common/model/stream.h"

/* A writer's (epoch, instance). */
struct epoch {
    uint64_t number;
    uint64_t instance;
};

static inline struct gtid gtid_of(uint64_t seq)
{
    if (seq == 0)
        return (struct gtid){0};
    return (struct gtid){
        .flavor = FLAVOR_MARIADB, .maria = {.domain = 0, .server = 1, .seq = 10 * seq}
    };
}

/* Computed once: tests ask for it all the time. */
static inline uint64_t chain_of(uint64_t seq)
{
    static uint64_t chains[8192];
    static uint64_t known;
    assert_in_range(seq, 0, 8191);
    for (; known < seq; known++) {
        struct gtid g = gtid_of(known + 1);
        chains[known + 1] = chain_next(chains[known], &g);
    }
    return chains[seq];
}

static inline struct record record_of(enum record_kind kind, struct epoch e, uint64_t seq)
{
    struct record r = {.kind = kind, .epoch = e.number, .instance = e.instance, .seq = seq, .gtid = gtid_of(seq)};
    memset(r.stream, 'A', sizeof(r.stream));
    r.chain = chain_of(seq);
    return r;
}

static inline struct record fragment_of(struct epoch e, uint64_t seq, uint32_t fragment, bool last)
{
    struct record r = record_of(RECORD_DATA, e, seq);
    r.flags = (uint8_t)((fragment == 0 ? RECORD_FIRST : 0) | (last ? RECORD_LAST : 0));
    r.fragment = fragment;
    r.prev_seq = seq - 1;
    r.prev_chain = chain_of(seq - 1);
    r.prev_gtid = gtid_of(seq - 1);
    r.body = span_str("rows");
    return r;
}

static inline struct record data_of(struct epoch e, uint64_t seq)
{
    return fragment_of(e, seq, 0, true);
}

/* Through the codec, as a reader gets it. */
static inline int accept_bytes(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    struct buf wire = {0};
    struct record back;
    record_write(rec, &wire);
    assert_int_equal(record_read(&back, buf_span(&wire), err), 0);
    int rc = stream_accept(s, &back, out, err);
    buf_free(&wire);
    return rc;
}

static inline void accept_at(struct stream *s, struct record rec, enum stream_verdict want, int line)
{
    struct err err = {0};
    enum stream_verdict got = STREAM_VOID;
    if (accept_bytes(s, &rec, &got, &err))
        fail_msg("line %d: stopped: %s", line, err.text);
    if (got != want)
        fail_msg("line %d: verdict %d, wanted %d", line, got, want);
}

/* The reader stops with 69, saying `says`. Its state is of no use after that: it is freed. */
static inline void refuse_at(struct stream *s, struct record rec, const char *says, int line)
{
    struct err err = {0};
    enum stream_verdict got;
    if (!accept_bytes(s, &rec, &got, &err))
        fail_msg("line %d: taken, verdict %d", line, got);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    if (!strstr(err.text, says))
        fail_msg("line %d: said: %s", line, err.text);
    stream_free(s);
}

#define ACCEPT(s, rec, want) accept_at(s, rec, want, __LINE__)
#define REFUSE(s, rec, says) refuse_at(s, rec, says, __LINE__)

static inline void announce(struct stream *s, struct epoch e, uint64_t seq)
{
    ACCEPT(s, record_of(RECORD_EPOCH, e, 0), STREAM_CONTROL);
    ACCEPT(s, record_of(RECORD_RESUME, e, seq), STREAM_CONTROL);
}

#endif
