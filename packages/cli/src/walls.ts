import { readFile } from 'node:fs/promises'
import type pg from 'pg'

const roles = ['balise_site', 'balise_collector'] as const

/** Roles belong to the whole server: another migration, of another database, may be making them at this moment. */
const passing_codes = ['42710', '23505', 'XX000'] // duplicate_object, unique_violation, tuple concurrently updated
const attempts_max = 10

const insufficient_privilege = '42501'

/** What an administrator runs where a database's owner may not make roles. */
export const roles_statements = `create role balise_site nologin;
create role balise_collector nologin;
grant balise_site to balise_collector;
grant balise_site to OWNER;`

/**
 * Makes the roles of `roles.sql`, where they are missing, and sets who may do what. False where this user may not make
 * them: then sites are kept apart by what each statement says, and by nothing else.
 */
export const raiseWalls = async (client: pg.Client): Promise<boolean> => {
  for (let attempt = 1; ; attempt++) {
    try {
      await makeRoles(client)
      break
    } catch (failure) {
      const code = failure instanceof Error && 'code' in failure ? String(failure.code) : ''
      if (code === insufficient_privilege) return false
      if (!passing_codes.includes(code) || attempt === attempts_max) throw failure
    }
  }
  await client.query(await readFile(new URL('../../collector/roles.sql', import.meta.url), 'utf8'))
  return true
}

const makeRoles = async (client: pg.Client): Promise<void> => {
  for (const role of roles) {
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
    if (rowCount === 0) await client.query(`create role ${role} nologin`)
  }
  const { rows } = await client.query<{ collector: boolean; owner: boolean }>(`
    select pg_has_role('balise_collector', 'balise_site', 'member') as collector,
      pg_has_role(current_user, 'balise_site', 'usage') as owner`)
  if (!rows[0]?.collector) await client.query('grant balise_site to balise_collector')
  if (!rows[0]?.owner) await client.query('grant balise_site to current_user')
}
