"""Clients of HTTP and OSCQuery, and panels in Chromium, as child processes of a test."""
