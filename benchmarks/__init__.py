"""The figures that the README states: one module for each, one command each, and all of them in one table."""
