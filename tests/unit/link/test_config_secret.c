/* Where passwords may come from, and what is refused about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/mem.h"
#include "common/link/config.h"

/* A directory with a pair file, whose region's source of a password each test chooses. */
struct place {
    char directory[64];
    char *pair_file;
    char *password_file;
    struct config *config;
};

static int make_place(void **state)
{
    struct place *p = xcalloc(1, sizeof *p);
    (void)snprintf(p->directory, sizeof p->directory, "/tmp/drc-secret-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    p->pair_file = xasprintf("%s/drc.yaml", p->directory);
    p->password_file = xasprintf("%s/secret", p->directory);
    *state = p;
    return 0;
}

static int drop_place(void **state)
{
    struct place *p = *state;
    config_free(&p->config);
    (void)unlink(p->password_file);
    (void)rmdir(p->directory);
    (void)unsetenv("DRC_PASSWORD_EU_1");
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    free(p->pair_file);
    free(p->password_file);
    free(p);
    return 0;
}

static void write_secret(struct place *p, const char *text, size_t len, mode_t mode)
{
    FILE *f = fopen(p->password_file, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(p->password_file, mode), 0);
}

/* `region` and `kafka` are more keys for these mappings. */
static void load(struct place *p, const char *region, const char *kafka)
{
    struct buf text = {0};
    struct err err = {0};
    buf_printf(&text,
               "pair: p\n"
               "kafka: {bootstrap: [\"k:1\"]%s}\n"
               "regions:\n"
               "  eu-1: {host: h, user: u, replica_id: 1, start: now%s}\n"
               "links: []\n"
               "tables: {include: [a.b]}\n",
               kafka, region);
    config_free(&p->config);
    if (config_parse(&p->config, p->pair_file, buf_span(&text), &err) < 0)
        fail_msg("%s", err.text);
    buf_free(&text);
}

static void assert_password(struct place *p, const char *password)
{
    struct err err = {0};
    if (config_password(p->config, "eu-1", &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(p->config->regions[0].password, password);
}

/* `fmt` is what follows "FILE:line:column: regions.eu-1: ". */
__attribute__((format(printf, 3, 4))) static void assert_refused(struct place *p, int column, const char *fmt, ...)
{
    struct err err = {0};
    char text[500];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    char *message = xasprintf("%s:4:%d: regions.eu-1: %s", p->pair_file, column, text);
    assert_int_equal(config_password(p->config, "eu-1", &err), -1);
    assert_string_equal(err.text, message);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_null(p->config->regions[0].password);
    free(message);
}

#define WITH_FILE ", password_file: secret"
#define FILE_COLUMN 70

static void a_file_that_only_its_owner_can_read_is_taken(void **state)
{
    struct place *p = *state;
    load(p, WITH_FILE, "");
    write_secret(p, "hunter2\n", 8, 0600);
    assert_password(p, "hunter2");
    write_secret(p, " with blanks \r\n", 15, 0400);
    assert_password(p, " with blanks ");
    write_secret(p, "bare", 4, 0600);
    assert_password(p, "bare");
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    struct place *p = *state;
    static const unsigned modes[] = {0640, 0604, 0660, 0644, 0610};
    load(p, WITH_FILE, "");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_secret(p, "hunter2\n", 8, modes[i]);
        assert_refused(p, FILE_COLUMN, "%s can be read by others (mode %04o); run: chmod 600 %s", p->password_file,
                       modes[i], p->password_file);
    }
}

static void a_file_of_another_user_is_roots_only(void **state)
{
    struct place *p = *state;
    if (geteuid() != 0)
        return; /* only root can give a file away */
    load(p, WITH_FILE, "");
    write_secret(p, "hunter2\n", 8, 0600);
    assert_int_equal(chown(p->password_file, 4321, (gid_t)-1), 0);
    assert_int_equal(chmod(p->directory, 0755), 0);
    assert_int_equal(chmod(p->password_file, 0644), 0);
    assert_int_equal(seteuid(4322), 0);
    assert_refused(p, FILE_COLUMN, "%s belongs to another user (uid 4321); run: chown 4322 %s", p->password_file,
                   p->password_file);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(p->password_file, 0600), 0);
    assert_password(p, "hunter2");
}

static void a_file_that_holds_no_password_is_refused(void **state)
{
    struct place *p = *state;
    char *longest = xcalloc(1, 5000);
    load(p, WITH_FILE, "");
    assert_refused(p, FILE_COLUMN, "%s: cannot be opened: No such file or directory; write the password to it",
                   p->password_file);
    write_secret(p, "\n", 1, 0600);
    assert_refused(p, FILE_COLUMN, "%s is empty; write the password to it", p->password_file);
    write_secret(p, "", 0, 0600);
    assert_refused(p, FILE_COLUMN, "%s is empty; write the password to it", p->password_file);
    write_secret(p, "one\ntwo\n", 8, 0600);
    assert_refused(p, FILE_COLUMN, "%s has more than one line; it must hold the password only", p->password_file);
    write_secret(p, "one\0two", 7, 0600);
    assert_refused(p, FILE_COLUMN, "%s has more than one line; it must hold the password only", p->password_file);
    memset(longest, 'x', 4999);
    write_secret(p, longest, 4096, 0600);
    longest[4096] = '\0';
    assert_password(p, longest);
    load(p, WITH_FILE, "");
    write_secret(p, longest, 4097, 0600);
    longest[4096] = 'x';
    write_secret(p, longest, 4097, 0600);
    assert_refused(p, FILE_COLUMN, "%s is longer than 4096 bytes; it must hold the password only", p->password_file);
    free(longest);
    load(p, ", password_file: .", "");
    assert_refused(p, FILE_COLUMN, "%s/. is no regular file; write the password to one", p->directory);
}

static void the_environment_is_taken(void **state)
{
    struct place *p = *state;
    load(p, "", "");
    assert_int_equal(setenv("DRC_PASSWORD_EU_1", "from env", 1), 0);
    assert_password(p, "from env");
    assert_int_equal(setenv("DRC_PASSWORD_EU_1", "", 1), 0);
    assert_password(p, "");
}

static void a_systemd_credential_is_taken(void **state)
{
    struct place *p = *state;
    load(p, ", credential: secret", "");
    assert_refused(p, 67,
                   "credential secret: no credentials were passed in ($CREDENTIALS_DIRECTORY is not set); add "
                   "LoadCredential=secret:FILE to the systemd unit");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", p->directory, 1), 0);
    assert_refused(p, 67, "%s: cannot be opened: No such file or directory; write the password to it",
                   p->password_file);
    write_secret(p, "cred\n", 5, 0440); /* systemd's own modes are its business */
    assert_password(p, "cred");
}

static void exactly_one_source_must_be_there(void **state)
{
    struct place *p = *state;
    load(p, "", "");
    assert_refused(p, 3,
                   "it has no password; give password_file (a file that only its owner can read), credential (of "
                   "systemd), or set the environment variable DRC_PASSWORD_EU_1");
    assert_int_equal(setenv("DRC_PASSWORD_EU_1", "x", 1), 0);
    load(p, WITH_FILE, "");
    assert_refused(
        p, FILE_COLUMN,
        "its password is given twice, by password_file and by the environment's DRC_PASSWORD_EU_1; keep one");
    load(p, ", credential: secret", "");
    assert_refused(p, 67,
                   "its password is given twice, by credential and by the environment's DRC_PASSWORD_EU_1; keep one");
}

static void an_unknown_region_is_a_mistake_of_the_command_line(void **state)
{
    struct place *p = *state;
    struct err err = {0};
    load(p, "", "");
    assert_int_equal(config_password(p->config, "us", &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
}

static void kafkas_password_becomes_a_property(void **state)
{
    struct place *p = *state;
    struct err err = {0};
    load(p, "", "");
    assert_int_equal(config_kafka_password(p->config, "eu-1", &err), 0);
    assert_int_equal(p->config->regions[0].kafka.property_count, 1);
    assert_string_equal(p->config->regions[0].kafka.properties[0].name, "security.protocol");
    assert_string_equal(p->config->regions[0].kafka.properties[0].value, "ssl");
    load(p, "", ", password_file: secret");
    write_secret(p, "kafka!\n", 7, 0644);
    assert_int_equal(config_kafka_password(p->config, "eu-1", &err), -1);
    char *message = xasprintf("%s:2:44: kafka: %s can be read by others (mode 0644); run: chmod 600 %s", p->pair_file,
                              p->password_file, p->password_file);
    assert_string_equal(err.text, message);
    free(message);
    write_secret(p, "kafka!\n", 7, 0600);
    assert_int_equal(config_kafka_password(p->config, "eu-1", &err), 0);
    assert_int_equal(p->config->regions[0].kafka.property_count, 2);
    assert_string_equal(p->config->regions[0].kafka.properties[0].value, "sasl_ssl");
    assert_string_equal(p->config->regions[0].kafka.properties[1].name, "sasl.password");
    assert_string_equal(p->config->regions[0].kafka.properties[1].value, "kafka!");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_file_that_only_its_owner_can_read_is_taken),
        IN_PLACE(a_file_that_others_can_read_is_refused),
        IN_PLACE(a_file_of_another_user_is_roots_only),
        IN_PLACE(a_file_that_holds_no_password_is_refused),
        IN_PLACE(the_environment_is_taken),
        IN_PLACE(a_systemd_credential_is_taken),
        IN_PLACE(exactly_one_source_must_be_there),
        IN_PLACE(an_unknown_region_is_a_mistake_of_the_command_line),
        IN_PLACE(kafkas_password_becomes_a_property),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
