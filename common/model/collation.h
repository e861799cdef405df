/* What a collation's number says about the bytes of a column: the character set. Pure.
 *
 * The numbers of MariaDB and MySQL agree where both have them. MariaDB's NOPAD collations are their base plus 1024, its
 * UCA-14.0.0 ones lie in blocks of 256 from 2048 on. */
#ifndef DRC_MODEL_COLLATION_H
#define DRC_MODEL_COLLATION_H

#include <stdbool.h>

/* "utf8mb4", "latin1", "binary", …; NULL for a number that is not known. */
const char *collation_charset(unsigned collation);
/* Are its texts UTF-8 (utf8mb4, utf8mb3, ascii)? */
bool collation_is_utf8(unsigned collation);

#endif
