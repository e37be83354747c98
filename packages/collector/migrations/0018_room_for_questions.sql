-- A question over visits tells visitors apart within each path: some hundred thousand rows of a hash table, in 4 MB of which it
-- would go to disk and back. Whoever gave the server more than this keeps it.
create or replace function as_site(of_site integer) returns void
language plpgsql as $$
begin
  if not exists (select from sites where id = of_site and lives_on is null) then
    raise exception 'a site does not live on this database' using errcode = '57M02', detail = of_site;
  end if;
  perform set_config('balise.site', of_site::text, true);
  perform set_config('jit', 'off', true);
  if pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('32MB') then
    perform set_config('work_mem', '32MB', true);
  end if;
  if to_regrole('balise_site') is not null and pg_has_role('balise_site', 'member') then
    perform set_config('role', 'balise_site', true);
  end if;
end
$$;
