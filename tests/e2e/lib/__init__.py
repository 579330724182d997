"""What the end-to-end tests and the benchmarks share: temporary homes and hubs, MCP over stdio, raw HTTP.

Nothing here sleeps to let something happen: every wait is for a line, an exit or an answer.
"""
