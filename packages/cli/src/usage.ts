/** What `balise --help` prints. */
export const usage = `balise: the operator's verbs. All but pepper want DATABASE_URL, and DATABASES where there are others.

  balise migrate                              bring every database to the newest schema
  balise site add KEY [--time-zone ZONE]      make a site, or change what is named of one
                      [--host HOST ...|any] [--bots refuse|count]
                      [--events-per-day N|any]
                      [--database NAME]       a new one lives there, not at home
  balise site move KEY --to NAME              move a site to another database, while it is in use
  balise site retention KEY --months N|all    keep raw events for so many months,
                      [--sums keep|drop]      and what they added up to for ever, or not
  balise token create --site KEY [--scope query|privacy ...] [--label TEXT]
                                              make a token and print it, once
  balise rollups check [--site KEY]           prove that rollups and visits equal a count over raw events
  balise rollups rebuild [--site KEY]         make them anew from raw events, answers staying exact
  balise dead-letters list [--site KEY]       tell which events a database would not have, and why
  balise dead-letters retry [--site KEY]      store those that it will have now
  balise pepper                               print a new pepper for PEPPERS`
