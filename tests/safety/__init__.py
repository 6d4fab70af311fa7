"""Tests of personal safety."""
