"""The page: its server, what it is told, and what it is made of; see `docs/page.md`."""
