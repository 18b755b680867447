/**
 * What makes PostgreSQL tell when the two tables change, so that sync need not wait for its next look.
 *
 * The message holds the table's name and nothing of its rows. Row triggers would send one a row; these send one a
 * statement.
 */

export const NOTIFY_CHANNEL = 'plenum_sync'

/** Run once by the owner of the tables; `SET search_path` first where they are not in the default schema. */
export const NOTIFY_SQL: string = `-- tells plenum sync when connections or variables change; safe to run again
BEGIN;
CREATE OR REPLACE FUNCTION plenum_sync_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.pg_notify('${NOTIFY_CHANNEL}', TG_TABLE_NAME);
  RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS plenum_sync ON connection;
CREATE TRIGGER plenum_sync AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON connection
  FOR EACH STATEMENT EXECUTE FUNCTION plenum_sync_notify();
DROP TRIGGER IF EXISTS plenum_sync ON variable;
CREATE TRIGGER plenum_sync AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON variable
  FOR EACH STATEMENT EXECUTE FUNCTION plenum_sync_notify();
COMMIT;
-- to remove it: DROP FUNCTION plenum_sync_notify() CASCADE;
`
