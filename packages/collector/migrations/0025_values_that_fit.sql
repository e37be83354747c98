-- A path or an endpoint of more than 2,704 bytes cannot be indexed, and rollups are kept by it: one such event held up every fold
-- of its database. The door cuts them at 2,000 bytes now. What came before and is not folded yet is cut here; what could be folded
-- all the same, since it compresses well, stays as it was counted.
update pages set path = left(path, 2000)
where octet_length(path) > 2000 and not exists (select from deeds where deeds.site = pages.site and page = pages.id);

update actions set endpoint = left(endpoint, 600)
where octet_length(endpoint) > 2000 and not exists (select from deeds where deeds.site = actions.site and action = actions.id);
