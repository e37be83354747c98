-- What some visitors' events add up to is read by the visitors' own index. As long as it was a plain condition, `stored_by` drew its
-- coarse index in, by which every page was read, and each event on it compared with every visitor. As `changes` does it since 0015.
do $$ begin
  execute replace(
    pg_get_functiondef('contributions'::regproc),
    'visitor = any (of_visitors) and stored_by < below',
    'visitor = any (of_visitors) and (stored_by < below) is true'
  );
end $$;
