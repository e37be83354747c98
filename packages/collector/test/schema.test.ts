import pg from 'pg'
import { expect, test } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'

/** What makes up a schema, each as SQL that gives one line of text or more. Partitions of a month come and go. */
const parts: Record<string, string> = {
  types: `
    select format('create type %s as enum (%s);', typname, string_agg(quote_literal(enumlabel), ', ' order by enumsortorder))
    from pg_type join pg_enum on enumtypid = pg_type.oid
    where typnamespace = 'public'::regnamespace
    group by typname order by typname`,
  tables: `
    select format(E'create table %s (\\n%s\\n)%s%s;', relname,
      string_agg(format('  %s %s%s%s%s', quote_ident(attname), format_type(atttypid, atttypmod),
        case when attnotnull then ' not null' end,
        case when attidentity <> '' then ' generated always as identity' end,
        ' default ' || pg_get_expr(adbin, adrelid)), E',\\n' order by attnum),
      ' partition by ' || pg_get_partkeydef(pg_class.oid),
      case when reloptions is not null then format(' with (%s)', array_to_string(reloptions, ', ')) end)
    from pg_class
    join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
    group by pg_class.oid, relname, reloptions order by relname`,
  partitions: `
    select format('create table %s partition of %s %s%s;', child.relname, inhparent::regclass,
      pg_get_expr(child.relpartbound, child.oid), ' partition by ' || pg_get_partkeydef(child.oid))
    from pg_class as child join pg_inherits on inhrelid = child.oid
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname !~ '_\\d{4}_\\d{2}$'
    order by relname`,
  views: `
    select format(E'create view %s with (%s) as\n%s', viewname, array_to_string(reloptions, ', '), definition)
    from pg_views join pg_class on pg_class.oid = viewname::regclass
    where schemaname = 'public' order by viewname`,
  constraints: `
    select format('alter table %s add constraint %s %s;', relname, conname, pg_get_constraintdef(pg_constraint.oid))
    from pg_constraint join pg_class on pg_class.oid = conrelid
    where relnamespace = 'public'::regnamespace and not relispartition and contype <> 'n'
    order by relname, conname`,
  indexes: `
    select pg_get_indexdef(indexrelid) || ';'
    from pg_index join pg_class on pg_class.oid = indrelid
    where relnamespace = 'public'::regnamespace and relname !~ '_\\d{4}_\\d{2}$'
      and not exists (select from pg_inherits where inhrelid = indexrelid)
      and not exists (select from pg_constraint where conindid = indexrelid)
    order by indexrelid::regclass::text`,
  functions: `
    select pg_get_functiondef(oid) || ';' from pg_proc
    where pronamespace = 'public'::regnamespace order by oid::regprocedure::text`,
  triggers: `
    select pg_get_triggerdef(pg_trigger.oid) || ';'
    from pg_trigger join pg_class on pg_class.oid = tgrelid
    where not tgisinternal and not relispartition and relnamespace = 'public'::regnamespace order by relname, tgname`,
  walls: `
    select format('create policy %s on %s to %s using %s;', policyname, tablename, array_to_string(roles, ', '), qual)
    from pg_policies where schemaname = 'public' order by tablename, policyname`,
  grants: `
    select format('grant %s on %s to %s;', lower(privilege_type), table_name, grantee)
    from information_schema.role_table_grants
    where table_schema = 'public' and grantee like 'balise\\__%' order by table_name, grantee, privilege_type`,
}

const schemaOf = async (url: string): Promise<string> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const dumped: string[] = [
    '-- The schema that the migrations lead to, for reading and for comparing. It is never run.',
  ]
  for (const [part, statement] of Object.entries(parts)) {
    const { rows } = await client.query<[string]>({ text: statement, rowMode: 'array' })
    dumped.push(`-- ${part}`, ...rows.map(([text]) => text.trimEnd()))
  }
  await client.end()
  return `${dumped.join('\n\n')}\n`
}

test('the schema is the one that schema.sql shows; renew it: vitest run packages/collector/test/schema.test.ts --update', async () => {
  const { url, drop } = await migratedDatabase()
  const schema = await schemaOf(url)
  await drop()
  await expect(schema).toMatchFileSnapshot('../schema.sql')
})
