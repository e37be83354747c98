-- Two visits may share a session, under two visitors, or a session the name of a visitor: their events had the same ids, where they
-- happened in the same millisecond, and could not both be unpacked.

-- As in 0016, but of what is random in both names.
create or replace function packed_id(at timestamptz, nth bigint, session uuid, visitor uuid) returns uuid
language sql stable parallel safe as $$
  select encode(
    int8send(((extract(epoch from at) * 1000)::bigint << 16) | (7 << 12) | nth)
      || set_byte(substr(names, 1, 8), 0, get_byte(names, 0) & 63 | 128),
    'hex')::uuid
  from decode(md5(uuid_send(visitor) || coalesce(uuid_send(session), '')), 'hex') as names
$$;
