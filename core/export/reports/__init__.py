"""Reports for people: one page, a table and a map."""
