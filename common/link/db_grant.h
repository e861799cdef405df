/* From a server's refusal to the statement that mends it: which privilege, on what, for which account. Pure. */
#ifndef DRC_LINK_DB_GRANT_H
#define DRC_LINK_DB_GRANT_H

#include "common/base/buf.h"
#include "common/base/span.h"

/* CURRENT_USER()'s answer, drc@%, as GRANT takes it: 'drc'@'%'. */
void db_put_account(struct buf *out, struct span current_user);

/* Append such as "GRANT SELECT ON `shop`.`item` TO 'drc'@'%';" for the server's error `code` with its English text.
 * `account` as db_put_account gives it. False, and nothing appended, when the text does not tell what is missing (a
 * wrong password, a host that is not let in). */
bool db_put_grant(struct buf *out, unsigned code, const char *text, const char *account);

#endif
