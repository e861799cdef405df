/* What a link does about a DDL statement of its source. */
#ifndef DRC_MODEL_DDL_PLAN_H
#define DRC_MODEL_DDL_PLAN_H

/* links[].ddl of the pair file. */
enum ddl_policy {
    DDL_PAUSE,  /* wait until the target fits, or somebody says resume */
    DDL_APPLY,  /* run it */
    DDL_IGNORE, /* put it into the journal and go on */
};

#endif
