"""The simulated restaurant: the one place where data is made up, and nothing but `make demo` starts it."""
