/* Which columns go into which: the definition's side of each rule of convert_rules.c. Pure. */
#ifndef DRC_TARGET_CONVERT_FIT_H
#define DRC_TARGET_CONVERT_FIT_H

#include "common/target/convert_rules.h"

enum convert_fit convert_fits_same(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_integer(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_integer_decimal(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_float(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_decimal(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_bit(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_temporal(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_date(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_members(struct convert_pair *p, struct arena *a);

enum convert_fit convert_fits_text(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_charset(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_bytes(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_json_text(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_text_json(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_uuid_text(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_inet_text(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_text_uuid(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_text_inet(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_fixed_bytes(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_own_vector(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_vector_bytes(struct convert_pair *p, struct arena *a);
enum convert_fit convert_fits_bytes_vector(struct convert_pair *p, struct arena *a);

#endif
