/* The Kafka headers of a stream's records. */
#include "common/stream/headers.h"

#include <inttypes.h>
#include <stdio.h>

size_t stream_headers_fill(struct stream_headers *out, enum record_kind kind, uint64_t epoch, uint64_t seq,
                           const struct gtid *gtid)
{
    size_t n = 0;
    snprintf(out->epoch, sizeof out->epoch, "%" PRIu64, epoch);
    snprintf(out->seq, sizeof out->seq, "%" PRIu64, seq);
    out->list[n++] = (struct kafka_header){"drc-epoch", span_str(out->epoch)};
    out->list[n++] = (struct kafka_header){"drc-seq", span_str(out->seq)};
    out->list[n++] = (struct kafka_header){"drc-gtid", span_str(gtid_text(out->gtid, gtid))};
    if (kind != RECORD_DATA)
        out->list[n++] = (struct kafka_header){"drc-kind", span_str(record_kind_name(kind))};
    return n;
}
