"""What a server is asked, by its general log, which costs it more than a counter and tells one table's statements from another's."""


class Statements:
    """`with Statements(server) as asked: ...` notes all that the server is asked in between."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.server.sql("SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log = ON")
        return self

    def __exit__(self, *_):
        self.server.sql("SET GLOBAL general_log = OFF")

    def executed(self, pattern):
        """How many statements that fit the pattern, as LIKE has it, were run by daemons; those prepared are counted once run."""
        query = "SELECT COUNT(*) FROM mysql.general_log WHERE command_type IN ('Execute', 'Query') AND argument LIKE %s"
        return self.server.value(query + " AND user_host LIKE '%%drc%%'", (pattern,))
