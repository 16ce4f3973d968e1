"""Readers and generators, one file per data set."""
