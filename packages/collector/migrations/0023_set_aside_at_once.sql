-- What no database will have lies in none but the database (decision 0025): nobody asks any more who of a file was forgotten.
drop function forgotten_among(integer[], uuid[]);
