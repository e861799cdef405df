/* The pieces that GTIDs and positions are written with; for gtid.c and position_*.c. Pure.
 *
 * The take functions read text from r: false when it is not there; r then stands anywhere. */
#ifndef DRC_MODEL_GTID_TEXT_H
#define DRC_MODEL_GTID_TEXT_H

#include "common/model/gtid.h"

#define GTID_GNO_MAX ((uint64_t)INT64_MAX - 1) /* MySQL's bound */
#define GTID_UUID_TEXT_LEN 37

void gtid_uuid_text(char out[GTID_UUID_TEXT_LEN], const uint8_t uuid[16]);

bool gtid_take_char(struct bytes *r, char c);
/* Decimal digits, at most `max`. */
bool gtid_take_number(struct bytes *r, uint64_t *out, uint64_t max);
bool gtid_take_maria(struct bytes *r, struct gtid_mariadb *out);
bool gtid_take_uuid(struct bytes *r, uint8_t out[16]);
/* Folded to lower case. */
bool gtid_take_tag(struct bytes *r, char out[GTID_TAG_MAX + 1]);

/* Wire form; reading marks r bad when malformed. */
void gtid_put_tag(const char *tag, struct buf *out);
void gtid_read_tag(char out[GTID_TAG_MAX + 1], struct bytes *r);
void gtid_read_maria(struct gtid_mariadb *out, struct bytes *r);

#endif
