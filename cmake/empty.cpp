// A source for targets that have none of their own.
