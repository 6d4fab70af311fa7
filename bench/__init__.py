"""Measurements of the real server beside a bare one. See README.md in this folder."""
