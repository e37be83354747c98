-- Who may do what. `balise migrate` does this after the migrations, every time: so a table that came with one of them is
-- walled by having a column `site`, and a function that was replaced is again what it has to be. One table at a time: who
-- stores waits for none of them long.
--
-- Whoever owns the tables migrates and moves sites. `balise_collector` is for a collector's login: it calls functions, and
-- reads which sites and tokens there are. `balise_site` reads one site, the one that `as_site` was told; a question is always
-- asked as it, whatever the login.

do $$
declare
  walled regclass;
  called regprocedure;
begin
  for walled in
    select attrelid from pg_attribute join pg_class on pg_class.oid = attrelid
    where attname = 'site' and attnum > 0 and not attisdropped and relkind in ('r', 'p') and not relispartition
      and relnamespace = current_schema()::regnamespace and not relrowsecurity
    order by attrelid
  loop
    execute format('alter table %s enable row level security', walled);
    execute format('create policy one_site on %s using (site = current_site())', walled);
    if walled <> 'tokens'::regclass then execute format('grant select on %s to balise_site', walled); end if;
    commit;
  end loop;

  if not (select relrowsecurity from pg_class where oid = 'sites'::regclass) then
    alter table sites enable row level security;
    create policy one_site on sites using (id = current_site());
    create policy every_site on sites to balise_collector using (true);
    create policy every_token on tokens to balise_collector using (true);
    grant select on sites, folds to balise_site;
    grant select on sites, tokens, folds to balise_collector;
    commit;
  end if;

  grant select on packed_events to balise_site;

  -- What a collector calls acts for the owner. Each of them is told its sites.
  for called in
    select oid from pg_proc
    where pronamespace = current_schema()::regnamespace and proname = any (array[
      'store_here', 'erase', 'erase_copy', 'forgotten_since_copies', 'arrive', 'draw_quota', 'keep_day_share',
      'destroy_dead_shares', 'prepare_partitions', 'retain_step', 'pack_step', 'sweep_step', 'fold_step', 'note_fold_failure', 'stored_between',
      'set_aside', 'expire_dead_letters', 'dead_letters_held'])
    order by oid
  loop
    execute format('alter function %s security definer set search_path = %I, pg_temp', called, current_schema());
    execute format('revoke execute on function %s from public', called);
    execute format('grant execute on function %s to balise_collector', called);
    commit;
  end loop;
end
$$;
