"""Files come in here, each through its mapping, and go to a running server as events like anybody's.

It runs in a process of its own: `python -m services.importing FILE --site SITE --tz ZONE`.
"""
