# Run as a script by drc_embed: writes FILE's bytes as the C array NAME into OUT.
file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(.....................................................................................)" "\\1\n"
       bytes "${bytes}")
file(WRITE ${OUT} "/* Made from ${NAME}'s file. */
#include \"common/base/span.h\"
extern const struct span ${NAME};
static const unsigned char bytes[] = {
${bytes}};
const struct span ${NAME} = {bytes, sizeof bytes};
")
